package assist

import (
	"slices"
	"strings"

	"palermo/schemas"
)

// What a table is about is not said by what its columns are called alone: a country of origin stands in cases, in
// counts and in flows. What must be there besides is the target's evidence: a person to each row for a record, a
// figure for a count.

// choice is a target and what speaks for it.
type choice struct {
	target   string
	explains float64 // how much of the table, as fits says
	score    float64 // explains, by how strong the evidence is
	evident  bool
}

// How the score of a target changes by its evidence: sign is what no other kind of table has; a figure is in
// many kinds.
const (
	bySign     = 1.3
	byFigure   = 1.0
	byNothing  = 0.5
	clearAhead = 0.8 // the next target with evidence must score less than this share of the first
)

// choose orders the targets, the likeliest first. clear says whether the first is beyond doubt: there is evidence
// for it, and for no other that fits as well.
func (l *Lexicon) choose(t *Table, all [][]Proposal, across int) (order []choice, clear bool) {
	e := l.evidenceOf(t, all, across > 0)
	for _, target := range targets {
		if l.schema.Table(target) == nil {
			continue
		}
		c := choice{target: target, explains: fits(target, all)}
		if target == "statistic" && across >= leastMeasures && len(all) > 0 { // what stands across is explained
			c.explains = max(c.explains, float64(across)/float64(len(all)))
		}
		by := e.of(target)
		c.score, c.evident = c.explains*by, by > byNothing
		order = append(order, c)
	}
	slices.SortStableFunc(order, func(a, b choice) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return 0
	})
	if len(order) == 0 || order[0].score == 0 {
		return nil, false
	}
	clear = order[0].evident
	for _, c := range order[1:] {
		if c.evident && c.score >= clearAhead*order[0].score {
			clear = false
		}
	}
	return order, clear
}

// evidence is what a table holds that says what it is about.
type evidence struct {
	person    bool            // its rows are persons: a case number, a name, a day of birth
	figures   bool            // columns of numbers, or totals among words
	numbers   int             // columns of numbers that are neither years nor flags
	totals    bool            // totals among words
	flags     int             // columns that say yes or no to a code
	places    map[string]bool // fields of a flow that countries fill
	called    map[string]bool // fields of one target alone, as table.field, that a column is called
	estimates bool            // a column is headed by a word for estimating
}

func (l *Lexicon) evidenceOf(t *Table, all [][]Proposal, across bool) evidence {
	e := evidence{places: map[string]bool{}, called: map[string]bool{}}
	for i := range t.Columns {
		c := &t.Columns[i]
		e.person = e.person || isPersons(c, all[i])
		if c.Type == Number || c.Type == Whole && c.Distinct > 1 {
			e.numbers++
		}
		e.totals = e.totals || saysTotal(c)
		if c.Type == Flag && c.Filled > 0 || c.Type == Blank && saysCode(all[i]) {
			e.flags++
		}
		e.estimates = e.estimates || (c.Type == Number || c.Type == Whole || c.Type == Text) && estimating(c.Name)
		for _, p := range all[i] {
			if p.Score < Line || p.Code != "" {
				continue
			}
			name := p.Table + "." + p.Field
			if f := l.schema.Table(p.Table).Field(p.Field); flowPlaces[name] && (c.Type == Blank || l.overlap(f.Codes, c) >= 0.3) {
				e.places[name] = true
			}
			e.called[name] = e.called[name] || aloneIn(p, all[i]) || l.speaksFor(p, c)
		}
	}
	e.figures = across || e.numbers > 0 || e.totals
	return e
}

// aloneIn reports whether no other table has a field that the column could as well be.
func aloneIn(p Proposal, ps []Proposal) bool {
	return !slices.ContainsFunc(ps, func(o Proposal) bool { return o.Table != p.Table && o.Score > p.Score-margin })
}

// speaksFor reports whether the column's words are of a list that no other target has: what it is called is then no doubt.
func (l *Lexicon) speaksFor(p Proposal, c *Column) bool {
	list := l.schema.Table(p.Table).Field(p.Field).Codes
	if list == "" || c.Distinct < 3 || l.overlap(list, c) < 0.8 {
		return false
	}
	return !slices.ContainsFunc(targets, func(target string) bool {
		return target != p.Table && slices.ContainsFunc(family(target), func(name string) bool {
			t := l.schema.Table(name)
			return name != p.Table && t != nil && slices.ContainsFunc(t.Fields, func(f schemas.Field) bool { return f.Codes == list })
		})
	})
}

// of is how the evidence changes the score of a target.
func (e *evidence) of(target string) float64 {
	said := 0
	for _, f := range signs[target] {
		if e.called[target+"."+f] {
			said++
		}
	}
	yes := false
	switch target {
	case "record":
		yes = e.person
	case "released_case":
		yes = !e.person && !e.totals && e.flags >= 5 && e.flags > e.numbers
	case "reported_flow":
		yes = !e.person && len(e.places) >= 2
	case "statistic":
		if e.figures && !e.person && !e.estimates {
			return byFigure
		}
	case "estimate":
		yes = e.figures && !e.person && (e.estimates || said > 0)
	default:
		yes = !e.person && said > 0
	}
	if yes {
		return bySign
	}
	return byNothing
}

// signs is the fields that only the target has: a column called so says what its table is.
var signs = map[string][]string{
	"estimate":      {"measure_code", "value_central"},
	"treaty_action": {"acted"},
	"rating":        {"tier_code"},
	"national_law":  {"coverage_code", "article", "enacted", "penalty_years"},
	"claim":         {"cited_publisher", "cited_title", "cited_year", "method_code"},
}

// flowPlaces is the fields of a flow that hold the countries between which it goes.
var flowPlaces = map[string]bool{"reported_flow.origin_code": true, "reported_flow.transit_code": true, "reported_flow.destination_code": true}

// personal is the fields that only a row about one person has.
var personal = map[string]bool{"case_reference": true, "other_reference": true, "identity_number": true, "given_name": true, "family_name": true,
	"middle_name": true, "father_name": true, "birth": true, "email": true, "phone": true, "interview_date": true}

// isPersons reports whether the column is of persons: what it most likely is in case data is personal, and its cells
// differ as those of persons do.
func isPersons(c *Column, ps []Proposal) bool {
	for _, p := range ps {
		if p.Table != "record" {
			continue
		}
		if p.Score < Line || !personal[p.Field] {
			return false
		}
		return c.Filled == 0 || c.Many || 2*c.Distinct >= c.Filled
	}
	return false
}

// saysCode reports whether the column is most likely a flag of some code.
func saysCode(ps []Proposal) bool {
	return len(ps) > 0 && ps[0].Score >= Line && ps[0].Code != ""
}

// totals is words that stand for all where counts are broken down, folded.
var totals = setOf(fold(`total totals all both totale totaux ensemble всего итого усього всього общо вкупно укупно ukupno totali gjithsej`))

// saysTotal reports whether the column holds a word for all: Total, Total (States).
func saysTotal(c *Column) bool {
	return c.Type == Words && slices.ContainsFunc(c.Words, func(w WordCount) bool {
		first, _, _ := strings.Cut(fold(w.Word), " ")
		return totals[first]
	})
}

// estimates is how words for estimating begin, folded.
var estimates = strings.Fields(fold("estimat estimac stima prevalen prévalen оцен оцін procjen vlerësi"))

// estimating reports whether the name has a word for estimating.
func estimating(name string) bool {
	return slices.ContainsFunc(phraseOf(name).tokens, func(t string) bool {
		return slices.ContainsFunc(estimates, func(stem string) bool { return strings.HasPrefix(t, stem) })
	})
}
