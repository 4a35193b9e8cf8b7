package assist

import (
	"cmp"
	"slices"
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
	Level     bool // it is one of several that are headed by values: its header is what the first says, its cells are figures
}

// Line is the line of certainty: what scores less is a question.
const Line = 0.82

// margin is by how much the first must be ahead of another field for it to be certain.
const margin = 0.05

// Suggestion is what a table could be.
type Suggestion struct {
	Table  *Table
	Target string
	Score  float64 // how well the columns fit the target
	Next   string  // the next best target

	Doubtful bool // what the table is about is not certain: then no column is

	Columns []Assigned
	Across  []int // columns, by their number, that are headed by years or by words of a code list: a figure of each
}

// Suggest says what the table and its columns could be. For each target it holds every column against its
// fields; the one that explains most of the columns is the table's, if the table holds what such a table must.
func (l *Lexicon) Suggest(t *Table) *Suggestion {
	var all [][]Proposal
	l.prepare(t)
	for i := range t.Columns {
		all = append(all, l.propose(&t.Columns[i]))
	}
	s := &Suggestion{Table: t, Across: yearsAcross(t)}
	level := map[int]Meaning{}
	for _, col := range s.Across {
		level[col] = Meaning{Table: "statistic", Field: "year"}
	}
	if len(s.Across) == 0 {
		for _, x := range l.spreadOf(t) {
			s.Across = append(s.Across, x.col)
			level[x.col] = x.what
		}
	}
	order, clear := l.choose(t, all, len(s.Across))
	if len(order) > 0 {
		s.Target, s.Score = order[0].target, order[0].explains
		if len(order) > 1 && order[1].score > 0 {
			s.Next = order[1].target
		}
	}
	s.Doubtful = !clear
	if s.Target != "statistic" && !isYears(level) {
		s.Across, level = nil, map[int]Meaning{} // it holds persons: a column for each answer to a question
	}
	if s.Target == "estimate" && clear {
		for _, x := range l.measuresAcross(t, all) {
			s.Across = append(s.Across, x.col)
			level[x.col] = x.what
		}
	}
	if t := l.schema.Table(s.Target); isYears(level) && (t == nil || t.Field("year") == nil || t.Field("value") == nil) {
		s.Target, s.Next, s.Doubtful = "statistic", s.Target, false // figures of years are counts before they are anything else
	}
	l.assign(s, all, level)
	return s
}

// isYears reports whether columns are headed by years.
func isYears(level map[int]Meaning) bool {
	for _, m := range level {
		return m.Field == "year"
	}
	return false
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
func (l *Lexicon) assign(s *Suggestion, all [][]Proposal, level map[int]Meaning) {
	tables := family(s.Target)
	for i := range s.Table.Columns {
		a := Assigned{Column: &s.Table.Columns[i]}
		if what, ok := level[a.Column.Col]; ok {
			a.Level, a.Certain = true, !s.Doubtful
			a.Proposals = []Proposal{{Meaning: what, Score: 1, Reason: spreadReason(len(level))}}
			s.Columns = append(s.Columns, a)
			continue
		}
		for _, p := range all[i] {
			if slices.Contains(tables, p.Table) {
				a.Proposals = append(a.Proposals, p)
			}
		}
		a.Certain = !s.Doubtful && certain(a.Proposals)
		s.Columns = append(s.Columns, a)
	}
	s.settle()
	s.onlyNumbers()
	s.onlyCountries(l)
	s.onceJoined()
	s.share()
}

// onlyNumbers takes the one column of numbers in a table of counts for the count, whatever it is called.
func (s *Suggestion) onlyNumbers() {
	if s.Target != "statistic" || s.Doubtful || len(s.Across) > 0 {
		return
	}
	value := Meaning{Table: "statistic", Field: "value"}
	var only *Assigned
	for i := range s.Columns {
		a := &s.Columns[i]
		if a.Certain && a.Proposals[0].Meaning == value {
			return
		}
		if a.Certain || a.Column.Type != Whole && a.Column.Type != Number || a.Column.Distinct < 2 {
			continue
		}
		if only != nil {
			return
		}
		only = a
	}
	if only == nil || slices.ContainsFunc(only.Proposals, func(p Proposal) bool { return p.Meaning != value && p.Score >= 0.6 }) {
		return
	}
	p := Proposal{Meaning: value, Score: 0.85, Reason: "the only column of numbers"}
	only.Proposals = append([]Proposal{p}, slices.DeleteFunc(only.Proposals, func(p Proposal) bool { return p.Meaning == value })...)
	only.Certain = true
}

// ofCountries is the one country that a row of a table is of, for tables that have no other.
var ofCountries = map[string]string{"treaty_action": "country_code", "rating": "country_code", "national_law": "country_code", "estimate": "area_code"}

// onlyCountries takes the one column of countries for the country that a row is of, whatever it is called, in a table
// that has one.
func (s *Suggestion) onlyCountries(l *Lexicon) {
	what := Meaning{Table: s.Target, Field: ofCountries[s.Target]}
	if what.Field == "" || s.Doubtful {
		return
	}
	var only *Assigned
	for i := range s.Columns {
		a := &s.Columns[i]
		if a.Certain && a.Proposals[0].Meaning == what {
			return
		}
		if a.Level || a.Column.Filled == 0 || a.Column.Distinct < 3 || l.overlap(countryList, a.Column) < 0.6 {
			continue
		}
		if only != nil || a.Certain {
			return
		}
		only = a
	}
	if only == nil {
		return
	}
	p := Proposal{Meaning: what, Score: 0.85, Reason: "the only column of countries"}
	only.Proposals = append([]Proposal{p}, slices.DeleteFunc(only.Proposals, func(p Proposal) bool { return p.Meaning == what })...)
	only.Certain = true
}

// onceJoined leaves a column of joined codes open where others say them one by one: it says them a second time.
func (s *Suggestion) onceJoined() {
	single := map[Meaning]int{}
	for i := range s.Columns {
		if a := &s.Columns[i]; a.Certain && a.Proposals[0].Code != "" {
			single[Meaning{a.Proposals[0].Table, a.Proposals[0].Field, ""}]++
		}
	}
	for i := range s.Columns {
		if a := &s.Columns[i]; a.Certain && lists[a.Proposals[0].Meaning] != "" && single[a.Proposals[0].Meaning] > 0 {
			a.Certain = false
		}
	}
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
		if a := &s.Columns[i]; a.Certain && !a.Level && a.Proposals[0].Table == s.Target {
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

// together is fields that one column often fills both of: the one is no doubt about the other.
var together = [][2]string{{"year", "period"}, {"sex_code", "gender_code"}, {"age_code", "age_years"}, {"citizenship_code", "citizenship_scope_code"},
	{"reporter_code", "reporter_scope_code"}, {"area_code", "area_scope_code"}}

// goTogether reports whether one column often fills both fields.
func goTogether(a, b Meaning) bool {
	return a.Table == b.Table && slices.ContainsFunc(together, func(f [2]string) bool {
		return f[0] == a.Field && f[1] == b.Field || f[1] == a.Field && f[0] == b.Field
	})
}

// settle makes a column certain that could be one of several fields, where other columns are for certain all but one.
func (s *Suggestion) settle() {
	taken := map[Meaning]bool{}
	for i := range s.Columns {
		if a := &s.Columns[i]; a.Certain {
			taken[a.Proposals[0].Meaning] = true
		}
	}
	for i := range s.Columns {
		a := &s.Columns[i]
		if a.Certain || s.Doubtful || len(a.Proposals) < 2 || a.Proposals[0].Score < Line || taken[a.Proposals[0].Meaning] {
			continue
		}
		left := slices.DeleteFunc(slices.Clone(a.Proposals), func(p Proposal) bool { return taken[p.Meaning] })
		if certain(left) {
			a.Proposals, a.Certain = left, true
			a.Proposals[0].Reason += "; other columns are what else it could be"
		}
	}
}

// certain reports whether the first proposal is beyond doubt. One with the same words as the next is not, unless
// both are fields of different tables: a route's country of origin is the record's.
func certain(ps []Proposal) bool {
	if len(ps) == 0 || ps[0].Score < Line {
		return false
	}
	for _, p := range ps[1:] {
		if p.Score > ps[0].Score-margin && !goTogether(p.Meaning, ps[0].Meaning) && !(p.Code == ps[0].Code && p.Table != ps[0].Table && sameAlias(p, ps[0])) {
			return false
		}
	}
	return true
}
