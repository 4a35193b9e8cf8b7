package link

import (
	"context"
	"math"
	"slices"
)

// smoothing is added to each expected count, so that a level that was never seen keeps a
// probability.
const smoothing = 0.1

// Fit estimates a model from the table alone: u from the words' frequencies and a sample, m by
// expectation and maximisation over the counts of the patterns, a session a rule, and the prior of
// each pair of lists as the share of its pairs that the model itself takes for one person. It is an
// *InsaneError where the result cannot be right.
func (l *Linker) Fit(ctx context.Context) (*Model, error) {
	counts, err := l.count(ctx)
	if err != nil {
		return nil, err
	}
	m := &Model{Spec: l.spec, Records: l.Len(), Frequencies: l.rarities()}
	l.emptyComparisons(m)
	s := l.sample()
	l.unlike(m, s, 0)
	for _, c := range counts {
		m.Pairs += c.pairs
	}
	for range refits {
		l.alike(m, counts)
		l.priors(m, counts)
		l.unlike(m, s, l.matchShare(m))
	}
	l.alike(m, counts)
	l.priors(m, counts)
	pool(m)
	if err := sane(m, s); err != nil {
		return nil, err
	}
	m.seal()
	return m, nil
}

// refits is how often u is freed from the pairs of one person that are among any two records, with
// the m and prior found so far. In small tables they are many.
const refits = 2

func (l *Linker) emptyComparisons(m *Model) {
	for _, c := range l.spec.Comparisons {
		mc := ModelComparison{Name: c.Name}
		n := len(c.Levels) + 1
		for _, lv := range c.Levels {
			mc.Levels = append(mc.Levels, lv.String())
		}
		mc.Levels = append(mc.Levels, "else")
		mc.M, mc.U = make([]float64, n), make([]float64, n)
		for k := range mc.M {
			mc.M[k] = startingM(k, n)
		}
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

// alike estimates m: a session for each rule, over the pairs that the rule brings, leaving out the
// comparisons of fields that it conditions on, and then the average of the sessions by the square
// root of the matches that each expects.
func (l *Linker) alike(m *Model, counts []counted) {
	m.Sessions = nil
	sum := make([][]float64, len(m.Comparisons))
	weight := make([]float64, len(m.Comparisons))
	for i := range m.Comparisons {
		sum[i] = make([]float64, len(m.Comparisons[i].M))
	}
	for r, rule := range l.spec.Blocking {
		fitted := l.fittedBy(rule)
		if !slices.Contains(fitted, true) {
			continue
		}
		in := project(counts, r)
		if len(in) == 0 {
			continue
		}
		s, ms := l.session(m, in, fitted)
		s.Rule = rule.String()
		m.Sessions = append(m.Sessions, s)
		w := math.Sqrt(s.Matches)
		for i := range m.Comparisons {
			if !fitted[i] {
				continue
			}
			for k, v := range ms[i] {
				sum[i][k] += w * v
			}
			weight[i] += w
		}
	}
	for i := range m.Comparisons {
		c := &m.Comparisons[i]
		if c.Fitted = weight[i] > 0; !c.Fitted {
			continue
		}
		for k := range c.M {
			c.M[k] = sum[i][k] / weight[i]
		}
	}
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

// project is the outcomes of one rule's pairs, without lists and rules.
func project(counts []counted, rule int) []counted {
	t := newTally()
	for _, c := range counts {
		if c.mask>>rule&1 == 1 {
			t.add(outcome{pattern: c.pattern}, c.pairs)
		}
	}
	return t.sorted()
}

// session is expectation and maximisation over one rule's pairs, u fixed.
func (l *Linker) session(m *Model, in []counted, fitted []bool) (Session, [][]float64) {
	const most, still = 100, 1e-5
	ms := make([][]float64, len(m.Comparisons))
	for i := range ms {
		ms[i] = slices.Clone(m.Comparisons[i].M)
	}
	s := Session{}
	total := 0.0
	for _, c := range in {
		s.Pairs += c.pairs
		total += float64(c.pairs)
	}
	lambda := 0.1
	for s.Steps = 1; s.Steps <= most; s.Steps++ {
		next := make([][]float64, len(ms))
		for i := range next {
			next[i] = make([]float64, len(ms[i]))
		}
		s.Matches = 0
		for _, c := range in {
			odds := lambda / (1 - lambda)
			for i := range ms {
				if d := l.compare.digit(c.pattern, i); d > 0 && fitted[i] {
					odds *= ms[i][d-1] / m.Comparisons[i].U[d-1]
				}
			}
			p := probability(odds) * float64(c.pairs)
			s.Matches += p
			for i := range ms {
				if d := l.compare.digit(c.pattern, i); d > 0 {
					next[i][d-1] += p
				}
			}
		}
		moved := math.Abs(s.Matches/total - lambda)
		lambda = min(max(s.Matches/total, 1e-9), 1-1e-9)
		for i := range ms {
			if !fitted[i] {
				continue
			}
			n := 0.0
			for k := range next[i] {
				next[i][k] += smoothing
				n += next[i][k]
			}
			for k := range next[i] {
				moved = max(moved, math.Abs(next[i][k]/n-ms[i][k]))
				ms[i][k] = next[i][k] / n
			}
		}
		if moved < still {
			break
		}
	}
	return s, ms
}

func probability(odds float64) float64 {
	if math.IsInf(odds, 1) {
		return 1
	}
	return odds / (1 + odds)
}

// priors finds, for each pair of lists, the share of pairs that are of one person: the one that
// the model, with that share as its prior, gives back.
func (l *Linker) priors(m *Model, counts []counted) {
	const most, still = 200, 1e-9
	names, pairs := l.strata()
	m.Priors = m.Priors[:0]
	ratio := make([]float64, len(counts))
	for i, c := range counts {
		ratio[i] = m.ratio(&l.compare, c.pattern)
	}
	for s, name := range names {
		if pairs[s] == 0 {
			continue
		}
		lambda := min(0.5, float64(l.Len())/pairs[s])
		for range most {
			sum := smoothing
			for i, c := range counts {
				if int(c.stratum) == s {
					sum += float64(c.pairs) * probability(ratio[i]*lambda/(1-lambda))
				}
			}
			next := min(sum/pairs[s], 0.5)
			moved := math.Abs(next - lambda)
			if lambda = next; moved < still*lambda {
				break
			}
		}
		m.Priors = append(m.Priors, Prior{name, lambda})
	}
}

// ratio is how much likelier the pattern is among pairs of one person than of two.
func (m *Model) ratio(c *comparer, p Pattern) float64 {
	r := 1.0
	for i := range m.Comparisons {
		if d := c.digit(p, i); d > 0 {
			r *= m.Comparisons[i].M[d-1] / m.Comparisons[i].U[d-1]
		}
	}
	return r
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
