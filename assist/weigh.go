package assist

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"palermo/schemas"
)

// weigh changes a proposal's score by what stands in the column.
func (l *Lexicon) weigh(c *Column, p *Proposal) {
	f := l.schema.Table(p.Table).Field(p.Field)
	p.Score *= suits(c.Type, f, p.Code != "")
	if p.Code == "" && (f.Type == schemas.Integer || f.Type == schemas.Real) && (c.Type == Words || c.Type == Text) && !hasDigits(c) {
		p.Score *= 0.7 // what has no number in it is none
	}
	if c.Type == Flag && f.Type == schemas.Code && p.Code == "" && !answers[f.Codes] && l.listed(f.Codes, c) < 0.5 {
		p.Score *= 0.75 // yes and no are none of its words
	}
	if f.Name == "age_years" && p.Score >= 0.5 && ageBands(c) {
		p.Score += 0.6 * (1 - p.Score)
		p.Reason += "; its cells hold ages from one to another"
	}
	if f.Name == "age_years" && c.Type == Words && l.overlap("age_dimension", c) >= 0.5 {
		p.Score *= 0.9 // its words are first of all child and adult
	}
	if f.Name == "breakdown_value" && (l.overlap(countryList, c) >= 0.3 || l.partsOfWorld(c)) {
		p.Score *= 0.7 // what is named are states, or parts of the world: no part of a state
	}
	if f.Codes == "gender" && c.Type == Blank {
		p.Score *= 0.85 // nothing shows that it says more than the sex
	}
	if p.Score == 0 || f.Type != schemas.Code || p.Code != "" || c.Type == Blank {
		return
	}
	if f.Codes == "gender" && l.overlap("sex", c) >= 0.95 {
		p.Score *= 0.85 // what says no more than the sex is the sex, whatever it is called
	}
	if machineWords(c) && !l.knowsAny(f.Codes, c) {
		p.Score *= 0.8 // words of a machine, which can say several things at once
	}
	o := l.overlap(f.Codes, c)
	switch {
	case o < 0.1 && c.Distinct >= 3 && strings.Contains(p.called, fromMapping):
		p.Score *= 0.8 // one source calls it so, and means other words
	case o >= 0.5:
		p.Score += 0.3 * o * (1 - p.Score)
		p.Reason += fmt.Sprintf("; %.0f %% of its cells hold words of the list %s", 100*o, f.Codes)
	case o == 0 && f.Codes == countryList:
		p.Score *= 0.8
	case o < 0.1 && c.Distinct >= 3:
		p.Score *= 0.93
	}
}

// partsOfWorld reports whether most words of the column name parts of the world.
func (l *Lexicon) partsOfWorld(c *Column) bool {
	n := 0
	for _, w := range c.Words {
		if slices.ContainsFunc(phraseOf(w.Word).tokens, func(t string) bool { return l.regions[t] }) {
			n++
		}
	}
	return n > 0 && 2*n >= len(c.Words)
}

// hasDigits reports whether some words of the column have digits in them.
func hasDigits(c *Column) bool {
	return slices.ContainsFunc(c.Words, func(w WordCount) bool { return strings.IndexFunc(w.Word, unicode.IsDigit) >= 0 })
}

// ageBands reports whether most cells of the column say from which to which age.
func ageBands(c *Column) bool {
	bands, all := 0, 0
	for _, w := range c.Words {
		all += w.Rows
		if _, _, ok := ages(w.Word); ok {
			bands += w.Rows
		}
	}
	return c.Type != Year && c.Type != Whole && 2*bands > all
}

// machineWords reports whether most words of the column are machine codes.
func machineWords(c *Column) bool {
	n := 0
	for _, w := range c.Words {
		if MachineCode(w.Word) {
			n++
		}
	}
	return n > 0 && 2*n >= len(c.Words)
}

// knowsAny reports whether the list has one of the column's words.
func (l *Lexicon) knowsAny(list string, c *Column) bool {
	return slices.ContainsFunc(c.Words, func(w WordCount) bool { return l.quickly(list, w.Word) })
}

// MachineCode reports whether a word is a code of a machine, which says nothing without its key: VC_HTF_DETV, Y_GE18.
func MachineCode(w string) bool {
	return strings.Contains(strings.Trim(w, "_"), "_") && strings.IndexFunc(w, func(r rune) bool { return r != '_' && r != '.' && !unicode.IsUpper(r) && !unicode.IsDigit(r) }) < 0
}

// answers is the lists of what is said to a question.
var answers = map[string]bool{"answer": true, "assistance_answer": true, "data_consent": true, "trafficking_status": true, "element_state": true}

// suits is how well a field can hold what the column looks like.
func suits(t Type, f *schemas.Field, flag bool) float64 {
	if flag {
		return map[Type]float64{Flag: 1, Blank: 0.95, Words: 0.95}[t]
	}
	if t == Blank {
		return 0.97
	}
	switch f.Type {
	case schemas.Code:
		return map[Type]float64{Words: 1, List: 1, Flag: 0.97, Text: 0.85, Whole: 0.85, Year: 0.3, Number: 0.3, Date: 0}[t]
	case schemas.Date:
		return map[Type]float64{Date: 1, Year: 0.95, Words: 0.9, Text: 0.8, Whole: 0.5, Number: 0.6}[t]
	case schemas.Integer:
		return map[Type]float64{Whole: 1, Year: 1, Number: 0.9, Flag: 0.9, Words: 0.97, Text: 0.7, Date: 0}[t]
	case schemas.Real:
		return map[Type]float64{Whole: 1, Number: 1, Year: 0.9, Flag: 0.8, Words: 0.85, Text: 0.75, Date: 0}[t]
	case schemas.Truth:
		return map[Type]float64{Flag: 1, Words: 0.8}[t]
	}
	return map[Type]float64{Text: 1, Words: 1, List: 0.97, Whole: 0.97, Number: 0.9, Year: 0.8, Date: 0.8, Flag: 0.75}[t]
}
