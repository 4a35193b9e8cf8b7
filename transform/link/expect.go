package link

import (
	"math"
	"slices"
)

// An expectation is the pairs that are compared, counted by what they came to, as expectation and
// maximisation go through them.
//
// What is expected of a pair is by all of its evidence, and by the share of all pairs, compared or
// not, that are of one person: a pair of strangers that a rule has brought together is not taken for
// more than it is. How often persons agree in a comparison is then counted in the pairs that some
// rule brings which does not condition on it, since the rules that do have made them agree.
type expectation struct {
	l        *Linker
	outcomes []counted // mask: the place in frees
	frees    []uint64  // sets of comparisons, as bits: those that some rule of a pair does not condition on
	n        int       // comparisons
	levels   []uint8   // of all outcomes, a row each
	pairs    []float64 // by stratum: all that there are
	most     []float64 // by stratum: the most that lambda may be
	lambda   []float64 // by stratum: the share of them that are of one person
	steps    int
}

func (l *Linker) newExpectation(counts []counted) *expectation {
	e := &expectation{l: l, n: len(l.compare.ladders)}
	_, e.pairs = l.strata()
	e.lambda, e.most = make([]float64, len(e.pairs)), l.mostMatches(e.pairs)
	free := l.freed()
	place := map[uint64]uint32{}
	t := newTally()
	for _, c := range counts {
		f := free(c.mask)
		k, known := place[f]
		if !known {
			k = uint32(len(e.frees))
			place[f] = k
			e.frees = append(e.frees, f)
		}
		t.add(outcome{c.stratum, k, c.pattern}, c.pairs)
	}
	e.outcomes = t.sorted()
	for _, c := range e.outcomes {
		e.levels = l.appendLevels(e.levels, c.pattern)
	}
	return e
}

// freed is the comparisons that some of a pair's rules does not condition on; where all rules
// condition on a comparison, it is counted in all pairs.
func (l *Linker) freed() func(mask uint32) uint64 {
	by := make([]uint64, len(l.spec.Blocking))
	any := uint64(0)
	for r, rule := range l.spec.Blocking {
		for i, fitted := range l.fittedBy(rule) {
			if fitted {
				by[r] |= 1 << i
			}
		}
		any |= by[r]
	}
	return func(mask uint32) uint64 {
		free := ^any
		for r := range by {
			if mask>>r&1 == 1 {
				free |= by[r]
			}
		}
		return free
	}
}

func (l *Linker) appendLevels(to []uint8, p Pattern) []uint8 {
	for i := range l.compare.ladders {
		to = append(to, uint8(l.compare.digit(p, i)))
	}
	return to
}

// mostMatches is, by stratum, the most that the share of matches among its pairs may be.
func (l *Linker) mostMatches(pairs []float64) []float64 {
	n := l.listSizes()
	var out []float64
	for y := range n {
		for x := range y + 1 {
			most := 0.5
			if k := l.spec.Limits.MatchesPerRecord; k > 0 && pairs[len(out)] > 0 {
				most = min(most, (k*min(n[x], n[y])+smoothing)/pairs[len(out)])
			}
			out = append(out, most)
		}
	}
	return out
}

// start is where the estimation starts: one person in two records, and pairs of one person that
// nearly always agree.
func (e *expectation) start(m *Model) {
	all := 0.0
	for _, n := range e.pairs {
		all += n
	}
	for s := range e.lambda {
		e.lambda[s] = min(e.most[s], float64(e.l.Len())/2/max(all, 1))
	}
	for i := range m.Comparisons {
		c := &m.Comparisons[i]
		for k := range c.M {
			c.M[k] = startingM(k, len(c.M))
		}
		c.Given.spread(c.M)
	}
}

// maximise estimates m and the priors, u fixed, from where they are.
func (e *expectation) maximise(m *Model) {
	const most, still = 300, 1e-5
	for e.steps = 1; e.steps < most; e.steps++ {
		if e.step(m) < still {
			break
		}
	}
	names, _ := e.l.strata()
	m.Priors = m.Priors[:0]
	for s, name := range names {
		if e.pairs[s] > 0 {
			m.Priors = append(m.Priors, Prior{name, e.lambda[s]})
		}
	}
}

// tables is the expected pairs of one comparison: by the level of the comparison that it depends on,
// 0 for all of them, and its own level.
type tables [][]float64

// step is one expectation and one maximisation. It says by how much anything moved.
func (e *expectation) step(m *Model) float64 {
	o := m.odds()
	next := make([]tables, e.n)
	for i := range next {
		for range o.of[i] {
			next[i] = append(next[i], make([]float64, len(m.Comparisons[i].M)+1))
		}
	}
	matches := make([]float64, len(e.lambda))
	for k := range e.outcomes {
		c := &e.outcomes[k]
		row := e.levels[k*e.n : (k+1)*e.n]
		expected := probability(o.product(row)*oddsOf(e.lambda[c.stratum])) * float64(c.pairs)
		matches[c.stratum] += expected
		free := e.frees[c.mask]
		for i, d := range row {
			if free>>i&1 == 0 {
				continue
			}
			next[i][0][d] += expected
			if on := o.on[i]; on >= 0 && row[on] > 0 {
				next[i][row[on]][d] += expected
			}
		}
	}
	moved := 0.0
	for s, n := range e.pairs {
		if n > 0 {
			to := min((matches[s]+smoothing)/n, e.most[s])
			moved = max(moved, math.Abs(to-e.lambda[s])/e.lambda[s])
			e.lambda[s] = to
		}
	}
	for i := range next {
		moved = max(moved, m.Comparisons[i].setM(next[i]))
	}
	return moved
}

// setM sets m to what is expected. It says by how much it moved.
func (c *ModelComparison) setM(expected tables) (moved float64) {
	all := expected[0][1:]
	sum := 0.0
	for k := range all {
		all[k] += smoothing
		sum += all[k]
	}
	for k := range c.M {
		to := all[k] / sum
		moved = max(moved, math.Abs(to-c.M[k]))
		c.M[k] = to
	}
	if c.Given != nil {
		for s := range c.Given.M {
			lift(c.Given.M[s], c.M, expected[s+1][1:], matchesBeside)
		}
	}
	return moved
}

// sessions says what each rule brings: pairs, and how many of them are expected to be of one person.
func (e *expectation) sessions(m *Model, counts []counted) {
	o := m.odds()
	m.Sessions = nil
	for _, rule := range e.l.spec.Blocking {
		m.Sessions = append(m.Sessions, Session{Rule: rule.String(), Steps: e.steps})
	}
	var row []uint8
	for _, c := range counts {
		row = e.l.appendLevels(row[:0], c.pattern)
		expected := probability(o.product(row)*oddsOf(e.lambda[c.stratum])) * float64(c.pairs)
		for r := range m.Sessions {
			if c.mask>>r&1 == 1 {
				m.Sessions[r].Pairs += c.pairs
				m.Sessions[r].Matches += expected
			}
		}
	}
	m.Sessions = slices.DeleteFunc(m.Sessions, func(s Session) bool { return s.Pairs == 0 })
}

// odds is how much likelier each level is for one person than for two.
type odds struct {
	on []int    // by comparison: the one that it depends on; -1: none
	of []tables // by comparison: by the level of that one, 0 where it is missing or none, and its own, 0 missing
}

func (m *Model) odds() odds {
	o := odds{}
	for i := range m.Comparisons {
		c := &m.Comparisons[i]
		rows := tables{ratios(c.M, c.U)}
		if c.Given != nil {
			for s := range c.Given.M {
				rows = append(rows, ratios(c.Given.M[s], c.Given.U[s]))
			}
		}
		o.on, o.of = append(o.on, m.dependsOn(i)), append(o.of, rows)
	}
	return o
}

// ratios is m by u, after the 1 of a level that is missing.
func ratios(m, u []float64) []float64 {
	out := []float64{1}
	for k := range m {
		out = append(out, m[k]/u[k])
	}
	return out
}

// product is the odds of a pair with these levels.
func (o *odds) product(levels []uint8) float64 {
	r := 1.0
	for i, d := range levels {
		on := 0
		if o.on[i] >= 0 {
			on = int(levels[o.on[i]])
		}
		r *= o.of[i][on][d]
	}
	return r
}

func oddsOf(p float64) float64 { return p / (1 - p) }

func probability(odds float64) float64 {
	if math.IsInf(odds, 1) {
		return 1
	}
	return odds / (1 + odds)
}
