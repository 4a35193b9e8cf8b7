package link

import (
	"context"
	"slices"
)

// A comparer finds the levels of pairs. It is compiled once and safe for many goroutines, each
// with a memo of its own.
type comparer struct {
	ladders []ladder
	slots   int

	columns []*feature // those of a word a record that ladders look at
	rows    []int32    // by record, its words in columns, so that what a pair is compared by stands together
}

// A ladder is a comparison, compiled.
type ladder struct {
	name        string
	fields      []string // the names of the fields it looks at
	asked       []facet  // missing where either record lacks any of all of these
	unlessBoth  []facet
	unlessEqual []facet
	steps       []step
	radix       uint64 // its place in a pattern

	ofWords bool    // a word a record of each of its features is all that it looks at
	one     *facet  // the feature that all steps are of, if two words of it decide the level; else nil
	kept    bool    // the level of two words of it is worth remembering
	least   float64 // two unequal words that are less alike by Jaro and Winkler are at no level; 0: that says nothing
	slot    int     // of the levels of two words of it, in a memo
	equal   bool    // its first step is that the words are the same
}

// A facet is a feature that a ladder looks at, and its place in a row of the comparer's; -1: its records
// have sets.
type facet struct {
	f  *feature
	at int
}

// has reports whether both records have the feature.
func (p *facet) has(a, b int32) bool { return p.f.has(a) && p.f.has(b) }

// A step is a level, compiled: every part holds.
type step struct {
	parts     []element
	frequency *feature // whose rarity counts; nil: none
}

type element struct {
	facet
	test test
}

// Pattern is the levels of a pair in every comparison, as the digits of a number of mixed radix: 0
// is missing, 1 the best level, one more than there are levels is a difference.
type Pattern uint64

func compile(spec *Spec, fs *features) comparer {
	c := comparer{}
	slots := map[string]int{}
	radix := uint64(1)
	for _, cmp := range spec.Comparisons {
		l := ladder{name: cmp.Name, radix: radix}
		radix *= uint64(len(cmp.Levels) + 2)
		for _, of := range cmp.UnlessBoth {
			l.unlessBoth = append(l.unlessBoth, c.facet(fs.get(of)))
		}
		for _, of := range cmp.UnlessEqual {
			l.unlessEqual = append(l.unlessEqual, c.facet(fs.get(of)))
		}
		for _, lv := range cmp.Levels {
			var s step
			if lv.Is == exchanged {
				s.parts = append(s.parts, element{c.facet(fs.get(lv.Of[0])), exchange(fs.get(lv.Of[0]), fs.get(lv.Of[1]))})
				l.steps = append(l.steps, s)
				continue
			}
			for _, of := range lv.Of {
				f := fs.get(of)
				slot, ok := slots[lv.Is+" "+of]
				if !ok {
					slot = len(slots)
					slots[lv.Is+" "+of] = slot
				}
				p := c.facet(f)
				s.parts = append(s.parts, element{p, tests[lv.Is](f, lv, slot)})
				l.ask(p, of)
			}
			if lv.Frequency != "" {
				s.frequency = fs.get(lv.Frequency)
			}
			l.steps = append(l.steps, s)
		}
		l.ofWords = l.isOfWords()
		l.one, l.slot, l.equal = l.ofOne(), len(c.ladders), cmp.Levels[0].Is == equality
		l.least = l.leastOf(cmp.Levels)
		l.kept = l.one != nil && 2*len(l.one.f.words) < len(l.one.f.at) && l.isCostly()
		c.ladders = append(c.ladders, l)
	}
	c.slots = len(slots)
	c.fill(fs.table.Len())
	return c
}

// facet gives the feature a place in the rows.
func (c *comparer) facet(f *feature) facet {
	if f.sets != nil {
		return facet{f, -1}
	}
	at := slices.Index(c.columns, f)
	if at < 0 {
		at = len(c.columns)
		c.columns = append(c.columns, f)
	}
	return facet{f, at}
}

// fill makes the rows.
func (c *comparer) fill(records int) {
	const piece = 1 << 12
	width := len(c.columns)
	c.rows = make([]int32, records*width)
	_ = parallel(context.Background(), (records+piece-1)/piece, func() struct{} { return struct{}{} }, func(_ struct{}, p int) {
		from, to := p*piece, min((p+1)*piece, records)
		for k, f := range c.columns {
			for i := from; i < to; i++ {
				c.rows[i*width+k] = f.at[i]
			}
		}
	})
}

// row is the record's words.
func (c *comparer) row(i int32) []int32 {
	width := len(c.columns)
	return c.rows[int(i)*width:][:width]
}

func (l *ladder) isOfWords() bool {
	if slices.ContainsFunc(slices.Concat(l.asked, l.unlessBoth, l.unlessEqual), func(p facet) bool { return p.at < 0 }) {
		return false
	}
	for _, s := range l.steps {
		for _, p := range s.parts {
			if p.test.words == nil || p.at < 0 {
				return false
			}
		}
	}
	return true
}

// ofOne is the feature that all steps are of, where its words alone decide.
func (l *ladder) ofOne() *facet {
	if !l.ofWords || len(l.unlessBoth)+len(l.unlessEqual) > 0 {
		return nil
	}
	first := &l.steps[0].parts[0].facet
	for _, s := range l.steps {
		if len(s.parts) != 1 || s.parts[0].f != first.f {
			return nil
		}
	}
	return first
}

// leastOf is the least likeness that any level asks for, where all do.
func (l *ladder) leastOf(levels []Level) float64 {
	least := 1.0
	for _, lv := range levels {
		switch lv.Is {
		case equality:
		case jaroWinkler:
			least = min(least, lv.Least)
		default:
			return 0
		}
	}
	if l.one == nil || least == 1 || !l.equal {
		return 0
	}
	return least
}

func (l *ladder) isCostly() bool {
	return slices.ContainsFunc(l.steps, func(s step) bool {
		return slices.ContainsFunc(s.parts, func(e element) bool { return e.test.costly })
	})
}

// ask notes that the ladder looks at the feature.
func (l *ladder) ask(p facet, of string) {
	field := before(of, ".")
	for _, have := range l.fields {
		if have == field {
			return
		}
	}
	l.fields = append(l.fields, field)
	l.asked = append(l.asked, p)
}

// pattern is the levels of records a and b.
func (c *comparer) pattern(m *memo, a, b int32) Pattern {
	p := uint64(0)
	x, y := c.row(a), c.row(b)
	for i := range c.ladders {
		l := &c.ladders[i]
		p += uint64(l.level(m, a, b, x, y)) * l.radix
	}
	return Pattern(p)
}

// patterns is the levels of records a[i] and b[i]. It goes through them comparison by comparison, so
// that what one comparison looks at stays near.
func (c *comparer) patterns(m *memo, a, b []int32, into []Pattern) {
	clear(into)
	for i := range c.ladders {
		l := &c.ladders[i]
		for k := range a {
			into[k] += Pattern(uint64(l.level(m, a[k], b[k], c.row(a[k]), c.row(b[k]))) * l.radix)
		}
	}
}

// level is the level of records a and b, whose rows are x and y.
func (l *ladder) level(m *memo, a, b int32, x, y []int32) int {
	if l.one != nil {
		v, w := x[l.one.at], y[l.one.at]
		switch {
		case v < 0 || w < 0:
			return 0
		case v == w && l.equal:
			return 1
		case l.kept:
			return m.level(l, v, w)
		}
		return l.ofTwo(m, v, w)
	}
	if l.ofWords {
		if l.missingWords(x, y) {
			return 0
		}
		return l.firstOfWords(m, x, y)
	}
	if l.missing(a, b) {
		return 0
	}
	return l.first(m, a, b)
}

// ofTwo is the first step that holds of two words, from 1; one more than there are where none does.
func (l *ladder) ofTwo(m *memo, v, w int32) int {
	if f := l.one.f; l.least > 0 && f.signs[v].MostJaroWinkler(f.signs[w]) < l.least {
		return len(l.steps) + 1
	}
	for k := range l.steps {
		if l.steps[k].parts[0].test.words(m, v, w) {
			return k + 1
		}
	}
	return len(l.steps) + 1
}

func (l *ladder) firstOfWords(m *memo, x, y []int32) int {
	for k := range l.steps {
		if l.steps[k].holdsOfWords(m, x, y) {
			return k + 1
		}
	}
	return len(l.steps) + 1
}

func (s *step) holdsOfWords(m *memo, x, y []int32) bool {
	for i := range s.parts {
		p := &s.parts[i]
		if v, w := x[p.at], y[p.at]; v < 0 || w < 0 || !p.test.words(m, v, w) {
			return false
		}
	}
	return true
}

func (l *ladder) missingWords(x, y []int32) bool {
	both := func(p *facet) bool { return x[p.at] >= 0 && y[p.at] >= 0 }
	for i := range l.unlessEqual {
		if p := &l.unlessEqual[i]; both(p) && x[p.at] != y[p.at] {
			return true
		}
	}
	if len(l.unlessBoth) > 0 && all(l.unlessBoth, both) {
		return true
	}
	return !some(l.asked, both)
}

func (l *ladder) first(m *memo, a, b int32) int {
	for k := range l.steps {
		if l.steps[k].holds(m, a, b) {
			return k + 1
		}
	}
	return len(l.steps) + 1
}

func (s *step) holds(m *memo, a, b int32) bool {
	for i := range s.parts {
		if p := &s.parts[i]; !p.has(a, b) || !p.test.holds(m, p.f, a, b) {
			return false
		}
	}
	return true
}

func (l *ladder) missing(a, b int32) bool {
	both := func(p *facet) bool { return p.has(a, b) }
	for i := range l.unlessEqual {
		if p := &l.unlessEqual[i]; both(p) && p.f.at[a] != p.f.at[b] {
			return true
		}
	}
	if len(l.unlessBoth) > 0 && all(l.unlessBoth, both) {
		return true
	}
	return !some(l.asked, both)
}

func some(ps []facet, ok func(*facet) bool) bool {
	for i := range ps {
		if ok(&ps[i]) {
			return true
		}
	}
	return false
}

func all(ps []facet, ok func(*facet) bool) bool {
	return !some(ps, func(p *facet) bool { return !ok(p) })
}

// level is the pattern's digit of comparison i.
func (c *comparer) digit(p Pattern, i int) int {
	l := &c.ladders[i]
	return int(uint64(p) / l.radix % uint64(len(l.steps)+2))
}

// equality is the test that two words are the same.
const equality = "equal"

// jaroWinkler is the test that two words are alike by Jaro and Winkler.
const jaroWinkler = "jaro_winkler"

// exchanged is the one test of two features: each record has the other's word in the other place.
const exchanged = "exchanged"

// daysAfter is the one test that asks on which lists the records stand.
const daysAfter = "days_after"

func exchange(f, g *feature) test {
	return ofRecords(func(_ *memo, a, b int32) bool {
		return g.has(a) && g.has(b) && f.words[f.at[a]] == g.words[g.at[b]] && g.words[g.at[a]] == f.words[f.at[b]]
	})
}
