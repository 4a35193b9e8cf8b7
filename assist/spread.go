package assist

import (
	"fmt"
	"slices"
	"strings"

	"palermo/mappings"
)

// Counts often stand across: a column for each year, each sex, each form of exploitation. What such a column is called
// is then a value of a field, and what stands below it is the count.

// spread is a column of figures, and what the words of its header are.
type spread struct {
	col  int // as the file numbers it
	what Meaning
}

// leastYears is how many columns must be headed by years for years to stand across.
const leastYears = 3

// yearsAcross is the columns that are headed by years and hold figures, where there are several; also where a second row
// of the header says what is counted, and with them periods and totals beside.
func yearsAcross(t *Table) []int {
	var out []int
	years := 0
	for i := range t.Columns {
		c := &t.Columns[i]
		head := mappings.Parts(c.Name)[0]
		switch {
		case c.Type != Whole && c.Type != Number && c.Type != Blank && c.Type != Year && c.Type != Flag:
			continue
		case kindOf(head) == Year:
			years++
		case !ofYear(head) && !(saysAll(head) && len(out) > 0):
			continue
		}
		out = append(out, c.Col)
	}
	if years < leastYears || t.HeaderRows > 2 {
		return nil
	}
	return out
}

// ofYear reports whether the text names a period with its year: January to May 2003.
func ofYear(text string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(text, func(r rune) bool { return r < '0' || r > '9' }), func(n string) bool { return kindOf(n) == Year })
}

// spreadable is the fields of counts whose words stand as headers.
var spreadable = []Meaning{{"statistic", "sex_code", ""}, {"statistic", "age_code", ""}, {"statistic", "purpose_code", ""}, {"statistic", "citizenship_code", ""}}

// leastSpread is how many different codes the headers must name for certain.
const leastSpread = 2

// spreadOf is the columns of a table of counts whose headers are words of code lists: those from the first to the last
// that is for certain, and beside them what could be of the same lists, says other or unknown, or a total, if all of them
// hold figures. What a header without a code of its own means is a question, of which field it is a word is not.
func (l *Lexicon) spreadOf(t *Table) []spread {
	if t.HeaderRows > 1 || t.Rows == 0 {
		return nil
	}
	said := make([]Meaning, len(t.Columns))
	codes := map[string]bool{}
	first, last := -1, -1
	for i := range t.Columns {
		if !figures(&t.Columns[i]) {
			continue
		}
		if what, code := l.headerSays(t.Columns[i].Name); code != "" {
			said[i], codes[what.Field+" "+code] = what, true
			last = i
			if first < 0 {
				first = i
			}
		}
	}
	if len(codes) < leastSpread {
		return nil
	}
	for last+1 < len(t.Columns) && l.goesOn(&t.Columns[last+1], said[last]) {
		last++
		said[last] = said[last-1]
	}
	for first > 0 && l.goesOn(&t.Columns[first-1], said[first]) {
		first--
		said[first] = said[first+1]
	}
	return l.run(t.Columns[first:last+1], said[first:last+1])
}

// leastMeasures is how many columns of figures a table of estimates must have for each to be a measure of its own.
const leastMeasures = 3

// measuresAcross is the columns of a table of estimates that hold a figure each, where none is the value alone: what they
// are headed by is what they measure. How many people there are in all is no estimate of trafficking.
func (l *Lexicon) measuresAcross(t *Table, all [][]Proposal) []spread {
	what := Meaning{Table: "estimate", Field: "measure_code"}
	if f := l.schema.Table(what.Table); f == nil || f.Field(what.Field) == nil {
		return nil
	}
	var out []spread
	for i := range t.Columns {
		c := &t.Columns[i]
		_, last, _ := cutLast(c.Name)
		if !figures(c) || c.Type == Flag || everybody[phraseOf(last).joined] {
			continue
		}
		if slices.ContainsFunc(all[i], func(p Proposal) bool { return p.Table == what.Table && p.Score >= Line }) {
			return nil
		}
		out = append(out, spread{c.Col, what})
	}
	if len(out) < leastMeasures {
		return nil
	}
	return out
}

// everybody is words for all who live somewhere, folded.
var everybody = setOf(fold("population inhabitants habitants población habitantes население населення становништво stanovništvo население populație populația popullsia"))

// goesOn reports whether the column could be one more of those beside it, whose headers are words of the field.
func (l *Lexicon) goesOn(c *Column, what Meaning) bool {
	return figures(c) && (saysAll(c.Name) || saysRest(c.Name) || l.couldBe(c.Name, what))
}

// couldBe reports whether the header is like a word of the field's list.
func (l *Lexicon) couldBe(name string, what Meaning) bool {
	const like = 0.4
	ps := l.Codes(l.schema.Table(what.Table).Field(what.Field).Codes, name)
	return kindOf(name) == Text && len(ps) > 0 && ps[0].Score >= like
}

// saysRest reports whether the header names what is left: other forms, of unknown age.
func saysRest(name string) bool {
	return slices.ContainsFunc(phraseOf(name).tokens, func(t string) bool { return rest[t] || flagWord(t) == "unknown" })
}

// rest is words for what no other column counts, folded.
var rest = setOf(fold("other others autre autres otro otra otros otras другой другие другое інший інші друго други друга ostalo ostali drugo drugi остало остали altul alta altele tjetër tjera unspecified"))

// run is the columns with what their headers are, one without a code of its own like its neighbour; nil where some hold no
// figures, or most are like no word of a list.
func (l *Lexicon) run(columns []Column, said []Meaning) []spread {
	var out []spread
	known, counts := 0, 0
	before := said[slices.IndexFunc(said, func(m Meaning) bool { return m.Field != "" })]
	for i := range columns {
		if !figures(&columns[i]) {
			return nil
		}
		if said[i].Field != "" {
			before = said[i]
			known++
		} else if l.goesOn(&columns[i], before) {
			known++
		}
		if columns[i].Type != Flag {
			counts++
		}
		out = append(out, spread{columns[i].Col, before})
	}
	if 2*known < len(out) || 2*counts < len(out) {
		return nil
	}
	return out
}

// figures reports whether the column could hold counts: numbers, also where a few are only 0 and 1.
func figures(c *Column) bool {
	switch c.Type {
	case Whole, Number:
		return true
	case Flag:
		return !slices.ContainsFunc(c.Words, func(w WordCount) bool { return kindOf(w.Word) == Text })
	}
	return false
}

// headerSays is the field of which the header is a word for certain, and its code.
func (l *Lexicon) headerSays(name string) (Meaning, string) {
	if name == "" || kindOf(name) == Year {
		return Meaning{}, ""
	}
	for _, m := range spreadable {
		t := l.schema.Table(m.Table)
		if t == nil || t.Field(m.Field) == nil || saysAll(name) {
			continue
		}
		list := t.Field(m.Field).Codes
		if code := l.Certain(list, name); code != "" && !strings.HasPrefix(code, "*") && (list != countryList || len([]rune(name)) > 3) {
			return m, code
		}
	}
	return Meaning{}, ""
}

// saysAll reports whether the header begins or ends with a word for all: Total persons, 2015 Total.
func saysAll(name string) bool {
	tokens := phraseOf(name).tokens
	return len(tokens) > 0 && (totals[tokens[0]] || totals[tokens[len(tokens)-1]])
}

// spreadReason says why a column is one of several.
func spreadReason(n int) string {
	return fmt.Sprintf("one of %d columns of figures that are headed by values", n)
}

// levels is what the headers of the columns that stand across are, each once, in their order.
func (s *Suggestion) levels() []Meaning {
	var out []Meaning
	for _, a := range s.Columns {
		if a.Level && !slices.Contains(out, a.Proposals[0].Meaning) {
			out = append(out, a.Proposals[0].Meaning)
		}
	}
	return out
}

// headerParts is what the given row of the header says over the columns that stand across, each text once.
func (s *Suggestion) headerParts(row int) []string {
	var out []string
	for _, a := range s.Columns {
		if parts := mappings.Parts(a.Column.Name); a.Level && row < len(parts) && !slices.Contains(out, parts[row]) {
			out = append(out, parts[row])
		}
	}
	return out
}

// headerWords is the headers of the columns that stand across, as words of a column: of a header of several rows the last.
func (s *Suggestion) headerWords() []WordCount {
	var out []WordCount
	for _, a := range s.Columns {
		_, last, _ := cutLast(a.Column.Name)
		if w := mappings.Word(last); a.Level && !slices.ContainsFunc(out, func(x WordCount) bool { return x.Word == w }) {
			out = append(out, WordCount{w, a.Column.Filled, s.Table.HeaderRow})
		}
	}
	return out
}
