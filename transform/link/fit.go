package link

import (
	"context"
	"slices"
)

// smoothing is added to each expected count, so that a level that was never seen keeps a
// probability.
const smoothing = 0.1

// Fit estimates a model from the table alone: u from the words' frequencies and a sample, which
// comparisons depend on which from the same sample, and m and the prior of each pair of lists by
// expectation and maximisation over the counts of the patterns. It is an *InsaneError where the
// result cannot be right.
func (l *Linker) Fit(ctx context.Context) (*Model, error) {
	counts, err := l.count(ctx)
	if err != nil {
		return nil, err
	}
	m := &Model{Spec: l.spec, Records: l.Len(), Frequencies: l.rarities()}
	for _, c := range counts {
		m.Pairs += c.pairs
	}
	l.emptyComparisons(m)
	s, e := l.sample(), l.newExpectation(counts)
	e.start(m)
	l.unlike(m, s, 0)
	e.maximise(m)
	l.depend(m, s)
	e.start(m)
	for range refits {
		e.maximise(m)
		l.unlike(m, s, l.matchShare(m))
		l.depend(m, s)
	}
	e.maximise(m)
	e.sessions(m, counts)
	pool(m)
	if err := sane(m, s); err != nil {
		return nil, err
	}
	m.seal()
	return m, nil
}

// refits is how often u, and what depends on what, are freed from the pairs of one person that are
// among any two records, with the m and prior found so far. In small tables they are many.
const refits = 3

func (l *Linker) emptyComparisons(m *Model) {
	for _, c := range l.spec.Comparisons {
		mc := ModelComparison{Name: c.Name, Fitted: true}
		n := len(c.Levels) + 1
		for _, lv := range c.Levels {
			mc.Levels = append(mc.Levels, lv.String())
		}
		mc.Levels = append(mc.Levels, "else")
		mc.M, mc.U = make([]float64, n), make([]float64, n)
		m.Comparisons = append(m.Comparisons, mc)
	}
}

// startingM is where the estimation of m starts: the first level nearly always, the last seldom.
func startingM(k, levels int) float64 {
	if k == 0 {
		return 0.9
	}
	return 0.1 / float64(levels-1)
}

// fittedBy is the comparisons that the rule does not condition on: none of its fields is theirs.
func (l *Linker) fittedBy(rule Rule) []bool {
	out := make([]bool, len(l.compare.ladders))
	for i := range out {
		out[i] = true
		for _, of := range rule.On {
			for _, f := range l.compare.ladders[i].fields {
				if shared(l.sources(before(of, ".")), l.sources(f)) {
					out[i] = false
				}
			}
		}
	}
	return out
}

// sources is the columns of a field.
func (l *Linker) sources(field string) []string {
	for _, f := range l.spec.Fields {
		if f.Name == field {
			if len(f.From) > 0 {
				return f.From
			}
			return []string{f.Name}
		}
	}
	return nil
}

func shared(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// matchShare is the share of all pairs that are of one person.
func (l *Linker) matchShare(m *Model) float64 {
	_, pairs := l.strata()
	sum, all, k := 0.0, 0.0, 0
	for _, n := range pairs {
		if n == 0 {
			continue
		}
		sum += m.Priors[k].Lambda * n
		all += n
		k++
	}
	if all == 0 {
		return 0
	}
	return sum / all
}
