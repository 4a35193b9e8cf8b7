package assist

import (
	"cmp"
	"fmt"
	"slices"

	"palermo/schemas"
)

// Proposal is what a column could be, how sure that is from 0 to 1, and why.
type Proposal struct {
	Meaning
	Score  float64 `json:"score"`
	Reason string  `json:"reason"`

	called string // the name that it has in common with the column
}

// Assigned is a column and what it could be, the likeliest first.
type Assigned struct {
	Column    *Column
	Proposals []Proposal
	Certain   bool // the first is filled in; else it is a question
	Fallback  bool // another column fills the same field, and this one where that gives nothing
}

// Line is the line of certainty: what scores less is a question.
const Line = 0.82

// margin is by how much the first must be ahead of another field for it to be certain.
const margin = 0.05

// Suggestion is what a table could be.
type Suggestion struct {
	Table   *Table
	Target  string
	Score   float64 // how well the columns fit the target
	Next    string  // the next best target
	Columns []Assigned
	Across  []int // columns, by their number, that are headed by years: a figure of each
}

// Suggest says what the table and its columns could be. For each target it holds every column against its
// fields; the one that explains most of the columns is the table's.
func (l *Lexicon) Suggest(t *Table) *Suggestion {
	var all [][]Proposal
	for i := range t.Columns {
		all = append(all, l.propose(&t.Columns[i]))
	}
	s := &Suggestion{Table: t, Across: yearsAcross(t)}
	second := 0.0
	for _, target := range targets {
		if l.schema.Table(target) == nil {
			continue
		}
		score := fits(target, all)
		if score > s.Score {
			s.Next, second = s.Target, s.Score
			s.Target, s.Score = target, score
		} else if score > second {
			s.Next, second = target, score
		}
	}
	if t := l.schema.Table(s.Target); len(s.Across) > 0 && (t == nil || t.Field("year") == nil || t.Field("value") == nil) {
		s.Target, s.Next = "statistic", s.Target // figures of years are counts before they are anything else
	}
	s.assign(all)
	return s
}

// yearsAcross is the columns that are headed by years and hold numbers, where there are several.
func yearsAcross(t *Table) []int {
	var out []int
	for i := range t.Columns {
		c := &t.Columns[i]
		if kindOf(c.Name) == Year && (c.Type == Whole || c.Type == Number || c.Type == Blank || c.Type == Year) {
			out = append(out, c.Col)
		}
	}
	if len(out) < 3 || t.HeaderRows > 1 {
		return nil
	}
	return out
}

// fits is how much of the table the target explains: the mean of its columns' best scores, but for those below
// a half, which explain nothing.
func fits(target string, all [][]Proposal) float64 {
	tables := family(target)
	sum := 0.0
	fields := map[Meaning]bool{}
	for _, ps := range all {
		for _, p := range ps {
			if slices.Contains(tables, p.Table) && p.Score >= 0.5 {
				sum += p.Score
				fields[p.Meaning] = true
				break
			}
		}
	}
	if len(all) == 0 {
		return 0
	}
	return sum / float64(len(all)) * (0.7 + 0.3*float64(len(fields))/float64(len(all)))
}

// assign keeps the proposals of the target, and says which are certain. A field that only one column can fill
// goes to the likelier.
func (s *Suggestion) assign(all [][]Proposal) {
	tables := family(s.Target)
	for i := range s.Table.Columns {
		a := Assigned{Column: &s.Table.Columns[i]}
		for _, p := range all[i] {
			if slices.Contains(tables, p.Table) {
				a.Proposals = append(a.Proposals, p)
			}
		}
		a.Certain = certain(a.Proposals)
		s.Columns = append(s.Columns, a)
	}
	s.share()
}

// fallbackLine is the score from which a second column for one field stands in where the first says nothing.
const fallbackLine = 0.9

// acted is the one field that each of several columns may fill, in a row of its own: a state signs, and ratifies.
var acted = Meaning{Table: "treaty_action", Field: "acted"}

// share settles who fills a field that several columns could. The likeliest does, the one with more in it where
// they are alike; the others stand in for it, or are questions.
func (s *Suggestion) share() {
	by := map[Meaning][]int{}
	for i := range s.Columns {
		if a := &s.Columns[i]; a.Certain && a.Proposals[0].Table == s.Target {
			by[a.Proposals[0].Meaning] = append(by[a.Proposals[0].Meaning], i)
		}
	}
	for _, at := range by {
		slices.SortStableFunc(at, func(i, j int) int {
			a, b := &s.Columns[i], &s.Columns[j]
			return cmp.Or(cmp.Compare(b.Proposals[0].Score, a.Proposals[0].Score), cmp.Compare(b.Column.Filled, a.Column.Filled))
		})
		names := map[string]bool{phraseOf(s.Columns[at[0]].Column.Name).joined: true}
		for _, i := range at[1:] {
			a := &s.Columns[i]
			if a.Proposals[0].Meaning == acted {
				continue
			}
			name := phraseOf(a.Column.Name).joined
			a.Certain = a.Proposals[0].Score >= fallbackLine && !names[name] // AgeRange2 beside AgeRange says nothing
			a.Fallback = a.Certain
			names[name] = true
		}
	}
}

// certain reports whether the first proposal is beyond doubt. One with the same words as the next is not, unless
// both are the same field of different tables: a route's country of origin is the record's.
func certain(ps []Proposal) bool {
	if len(ps) == 0 || ps[0].Score < Line {
		return false
	}
	for _, p := range ps[1:] {
		if p.Score > ps[0].Score-margin && !(p.Code == ps[0].Code && sameAlias(p, ps[0])) {
			return false
		}
	}
	return true
}

// sameAlias reports whether two proposals come from one name that a column has for both.
func sameAlias(a, b Proposal) bool { return a.called == b.called }

// propose is what the column could be in any table, the likeliest first.
func (l *Lexicon) propose(c *Column) []Proposal {
	if c.Name == "" {
		return nil
	}
	best := map[Meaning]Proposal{}
	order := []Meaning{}
	put := func(m Meaning, score float64, reason string) {
		old, ok := best[m]
		if !ok {
			order = append(order, m)
		}
		if !ok || score > old.Score {
			best[m] = Proposal{m, score, reason, reason}
		}
	}
	c.asks = l.saysYesAndNo(c)
	l.byHeader(c, put)
	l.byAll(c, put)
	out := make([]Proposal, 0, len(order))
	for _, m := range order {
		p := best[m]
		l.weigh(c, &p)
		if p.Score > 0.2 {
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b Proposal) int { return cmp.Compare(b.Score, a.Score) })
	return out
}

// byHeader proposes by what the column is called.
func (l *Lexicon) byHeader(c *Column, put func(Meaning, float64, string)) {
	whole := phraseOf(c.Name)
	l.hits(whole, 1, c, put)
	above, last, ok := cutLast(c.Name)
	if !ok {
		l.inContext(whole, c, put)
		return
	}
	under := *c
	under.asks = c.asks || c.Type == Words && c.Distinct <= 8 // the heading says of what it is the answer
	l.hits(phraseOf(last), 0.97, &under, func(m Meaning, s float64, why string) {
		if m.Code != "" && !l.about(phraseOf(above), m) {
			if !c.asks {
				return
			}
			s *= 0.85
		}
		put(m, s, why)
	})
}

// hits proposes what has a name like the phrase.
func (l *Lexicon) hits(p phrase, weight float64, c *Column, put func(Meaning, float64, string)) {
	seen := map[int]bool{}
	for _, t := range p.tokens {
		for _, i := range l.begins[t[:min(len(t), stem)]] {
			if seen[i] {
				continue
			}
			seen[i] = true
			a := &l.aliases[i]
			if a.what.Code != "" && !c.asks {
				continue
			}
			s := weight * p.similar(a.phrase)
			if a.part {
				s *= 0.92
			}
			if s >= 0.45 {
				put(a.what, s, fmt.Sprintf("called “%s” %s", a.text, a.from))
			}
		}
	}
}

// saysYesAndNo reports whether the column could be a flag.
func (l *Lexicon) saysYesAndNo(c *Column) bool {
	return c.Type == Flag || c.Type == Blank || c.Type == Words && c.Distinct <= 8 && (l.overlap("answer", c) >= 0.5 || l.overlap("assistance_answer", c) >= 0.5)
}

// byAll proposes a field each of whose names is part of what the column is called: "Ratification, Acceptance(A)".
func (l *Lexicon) byAll(c *Column, put func(Meaning, float64, string)) {
	p := phraseOf(c.Name)
	if len(p.tokens) < 3 {
		return
	}
	said := map[Meaning]map[string]bool{}
	for _, t := range p.tokens {
		for _, i := range l.begins[t[:min(len(t), stem)]] {
			a := &l.aliases[i]
			if a.what.Code != "" || len(a.tokens) != 1 || alike(t, a.tokens[0]) < 0.9 {
				continue
			}
			if said[a.what] == nil {
				said[a.what] = map[string]bool{}
			}
			said[a.what][t] = true
		}
	}
	for m, tokens := range said {
		if len(tokens) >= 3 {
			put(m, min(0.93, 0.5+0.75*float64(len(tokens))/float64(len(p.tokens))), "called by several of its names")
		}
	}
}

// inContext proposes codes for machine names whose first word says what kind of thing they are: meansThreats.
func (l *Lexicon) inContext(p phrase, c *Column, put func(Meaning, float64, string)) {
	if len(p.tokens) < 2 || !c.asks {
		return
	}
	head := phrase{p.tokens[:1], p.tokens[0]}
	rest := phrase{p.tokens[1:], joinTokens(p.tokens[1:])}
	l.hits(rest, 0.97, c, func(m Meaning, s float64, why string) {
		if m.Code != "" && l.about(head, m) {
			put(m, s, why)
		}
	})
}

func joinTokens(tokens []string) string {
	out := ""
	for _, t := range tokens {
		out += t
	}
	return out
}

// about reports whether the phrase names what the meaning's field is: the heading over its columns.
func (l *Lexicon) about(p phrase, m Meaning) bool {
	for _, t := range p.tokens {
		for _, i := range l.begins[t[:min(len(t), stem)]] {
			a := &l.aliases[i]
			if a.what.Table == m.Table && a.what.Code == "" && a.what.Field == m.Field && p.similar(a.phrase) >= 0.6 {
				return true
			}
		}
	}
	return false
}

// weigh changes a proposal's score by what stands in the column.
func (l *Lexicon) weigh(c *Column, p *Proposal) {
	f := l.schema.Table(p.Table).Field(p.Field)
	p.Score *= suits(c.Type, f, p.Code != "")
	if c.Type == Flag && f.Type == schemas.Code && p.Code == "" && !answers[f.Codes] && l.listed(f.Codes, c) < 0.5 {
		p.Score *= 0.75 // yes and no are none of its words
	}
	if p.Score == 0 || f.Type != schemas.Code || p.Code != "" || c.Type == Blank {
		return
	}
	o := l.overlap(f.Codes, c)
	switch {
	case o >= 0.5:
		p.Score += 0.3 * o * (1 - p.Score)
		p.Reason += fmt.Sprintf("; %.0f %% of its cells hold words of the list %s", 100*o, f.Codes)
	case o == 0 && c.Distinct >= 3 && f.Codes == "country":
		p.Score *= 0.8
	case o < 0.1 && c.Distinct >= 3:
		p.Score *= 0.93
	}
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
