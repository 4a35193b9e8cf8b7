package link

import "slices"

// A comparer finds the levels of pairs. It is compiled once and safe for many goroutines, each
// with a memo of its own.
type comparer struct {
	ladders []ladder
	slots   int
}

// A ladder is a comparison, compiled.
type ladder struct {
	name        string
	fields      []string   // the names of the fields it looks at
	asked       []*feature // missing where either record lacks any of all of these
	unlessBoth  []*feature
	unlessEqual []*feature
	steps       []step
	radix       uint64 // its place in a pattern

	one   *feature // the feature that all steps are of, if two words of it decide the level; else nil
	slot  int      // of the levels of two words of it, in a memo
	equal bool     // its first step is that the words are the same
}

// A step is a level, compiled: every part holds.
type step struct {
	parts     []element
	frequency *feature // whose rarity counts; nil: none
}

type element struct {
	f    *feature
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
			l.unlessBoth = append(l.unlessBoth, fs.get(of))
		}
		for _, of := range cmp.UnlessEqual {
			l.unlessEqual = append(l.unlessEqual, fs.get(of))
		}
		for _, lv := range cmp.Levels {
			var s step
			if lv.Is == exchanged {
				s.parts = append(s.parts, exchange(fs.get(lv.Of[0]), fs.get(lv.Of[1])))
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
				s.parts = append(s.parts, element{f, tests[lv.Is](f, lv, slot)})
				l.ask(f, of)
			}
			if lv.Frequency != "" {
				s.frequency = fs.get(lv.Frequency)
			}
			l.steps = append(l.steps, s)
		}
		l.one, l.slot, l.equal = l.ofOne(cmp.Levels), len(c.ladders), cmp.Levels[0].Is == equality
		c.ladders = append(c.ladders, l)
	}
	c.slots = len(slots)
	return c
}

// ofOne is the feature that all steps are of, where its words alone decide: no sets, no lists whose
// order counts.
func (l *ladder) ofOne(levels []Level) *feature {
	if len(l.unlessBoth)+len(l.unlessEqual) > 0 {
		return nil
	}
	f := l.steps[0].parts[0].f
	for k, s := range l.steps {
		if len(s.parts) != 1 || s.parts[0].f != f || f.sets != nil || levels[k].Is == exchanged || levels[k].Is == daysAfter {
			return nil
		}
	}
	return f
}

// ask notes that the ladder looks at the feature.
func (l *ladder) ask(f *feature, of string) {
	field := before(of, ".")
	for _, have := range l.fields {
		if have == field {
			return
		}
	}
	l.fields = append(l.fields, field)
	l.asked = append(l.asked, f)
}

// pattern is the levels of records a and b.
func (c *comparer) pattern(m *memo, a, b int32) Pattern {
	p := uint64(0)
	for i := range c.ladders {
		l := &c.ladders[i]
		p += uint64(l.level(m, a, b)) * l.radix
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
			into[k] += Pattern(uint64(l.level(m, a[k], b[k])) * l.radix)
		}
	}
}

func (l *ladder) level(m *memo, a, b int32) int {
	if f := l.one; f != nil {
		x, y := f.at[a], f.at[b]
		switch {
		case x < 0 || y < 0:
			return 0
		case x == y && l.equal:
			return 1
		}
		return m.level(l, x, y, a, b)
	}
	if l.missing(a, b) {
		return 0
	}
	return l.first(m, a, b)
}

// first is the first step that holds, from 1; one more than there are where none does.
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
		p := &s.parts[i]
		if p.f.at[a] == Missing || p.f.at[b] == Missing || !p.test(m, a, b) {
			return false
		}
	}
	return true
}

func (l *ladder) missing(a, b int32) bool {
	if !slices.ContainsFunc(l.asked, func(f *feature) bool { return f.at[a] >= 0 && f.at[b] >= 0 }) {
		return true
	}
	if len(l.unlessBoth) > 0 && all(l.unlessBoth, func(f *feature) bool { return f.has(a) && f.has(b) }) {
		return true
	}
	for _, f := range l.unlessEqual {
		if f.has(a) && f.has(b) && f.at[a] != f.at[b] {
			return true
		}
	}
	return false
}

func all(fs []*feature, ok func(*feature) bool) bool {
	for _, f := range fs {
		if !ok(f) {
			return false
		}
	}
	return true
}

// level is the pattern's digit of comparison i.
func (c *comparer) digit(p Pattern, i int) int {
	l := &c.ladders[i]
	return int(uint64(p) / l.radix % uint64(len(l.steps)+2))
}

// equality is the test that two words are the same.
const equality = "equal"

// exchanged is the one test of two features: each record has the other's word in the other place.
const exchanged = "exchanged"

// daysAfter is the one test that asks on which lists the records stand.
const daysAfter = "days_after"

func exchange(f, g *feature) element {
	return element{f, func(_ *memo, a, b int32) bool {
		return g.has(a) && g.has(b) && f.words[f.at[a]] == g.words[g.at[b]] && g.words[g.at[a]] == f.words[f.at[b]]
	}}
}
