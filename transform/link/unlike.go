package link

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// sampled is how many pairs of any two records, from a sample, were at each level of each
// comparison, and for comparisons whose first level is equality, the exact share of it.
type sampled struct {
	patterns []counted   // what the sample's pairs came to
	at       [][]float64 // by comparison and level, without missing
	first    []float64   // exact share of the first level among all pairs; < 0 where it is not known
}

// sampleRecords gives some two million pairs.
const sampleRecords = 2000

// sample draws records by the hash of their ids, so that their order decides nothing.
func (l *Linker) sample() *sampled {
	s := &sampled{}
	for i := range l.compare.ladders {
		s.at = append(s.at, make([]float64, len(l.compare.ladders[i].steps)+1))
	}
	s.first = make([]float64, len(s.at))
	_ = parallel(context.Background(), len(s.first), func() struct{} { return struct{}{} }, func(_ struct{}, i int) {
		s.first[i] = l.exactShare(i)
	})
	s.patterns = l.patternsOf(l.sampleOf(sampleRecords))
	for _, c := range s.patterns {
		for i := range s.at {
			if d := l.compare.digit(c.pattern, i); d > 0 {
				s.at[i][d-1] += float64(c.pairs)
			}
		}
	}
	return s
}

// patternsOf counts what the pairs of the records come to. Counts are whole numbers, so that it
// does not matter who counts what.
func (l *Linker) patternsOf(chosen []int32) []counted {
	made := make(chan *counter, len(chosen))
	_ = parallel(context.Background(), len(chosen), func() *counter {
		w := l.newCounter()
		made <- w
		return w
	}, func(w *counter, k int) {
		for _, b := range chosen[k+1:] {
			if !l.spec.Across || l.table.list(chosen[k]) != l.table.list(b) {
				w.add(chosen[k], b, 0)
			}
		}
		w.flush()
		w.of = w.of[:0]
	})
	close(made)
	sum := newTally()
	for w := range made {
		for _, c := range w.tally.sorted() {
			sum.add(c.outcome, c.pairs)
		}
	}
	return sum.sorted()
}

func (l *Linker) sampleOf(n int) []int32 {
	type hashed struct {
		hash uint64
		rec  int32
	}
	all := make([]hashed, 0, l.Len())
	below := func(bound uint64) {
		for i, id := range l.table.IDs {
			if h := mix(hashOf(id), 0); h <= bound {
				all = append(all, hashed{h, int32(i)})
			}
		}
	}
	if l.Len() > 4*n { // the least n hashes are below twice their share, but for a marvel
		below(math.MaxUint64 / uint64(l.Len()) * uint64(2*n))
	}
	if len(all) < n {
		all = all[:0]
		below(math.MaxUint64)
	}
	slices.SortFunc(all, func(a, b hashed) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.rec, b.rec)) })
	out := make([]int32, min(n, len(all)))
	for i := range out {
		out[i] = all[i].rec
	}
	slices.Sort(out)
	return out
}

// exactShare is the share of all pairs that have the comparison's first level, where that is the
// equality of features: the sum over the words of n(n-1) in N(N-1), no sample needed.
func (l *Linker) exactShare(i int) float64 {
	c := l.spec.Comparisons[i]
	if len(c.UnlessBoth) > 0 || len(c.UnlessEqual) > 0 || c.Levels[0].Is != equality {
		return -1
	}
	var fs []*feature
	for _, of := range c.Levels[0].Of {
		fs = append(fs, l.features.get(of))
	}
	class, classes := l.classes(fs)
	lists := l.table.lists()
	n, all := make([]float64, classes*lists), make([]float64, lists)
	ladder := &l.compare.ladders[i]
	for r := range int32(l.Len()) {
		if !some(ladder.asked, func(p *facet) bool { return p.f.has(r) }) {
			continue
		}
		list := int(l.table.list(r))
		all[list]++
		if class[r] != Missing {
			n[int(class[r])*lists+list]++
		}
	}
	equal := 0.0 // whole numbers: in any order the same sum
	for in := range slices.Chunk(n, lists) {
		equal += pairsOf(in, l.spec.Across)
	}
	if total := pairsOf(all, l.spec.Across); total > 0 {
		return equal / total
	}
	return -1
}

// classes numbers the records by their words of the features: the same number for the same words in
// all, Missing where one is missing.
func (l *Linker) classes(fs []*feature) (class []int32, classes int) {
	class, classes = fs[0].at, len(fs[0].words)
	for _, f := range fs[1:] {
		known, next := map[uint64]int32{}, make([]int32, len(class))
		for r, k := range class {
			if k == Missing || f.at[r] == Missing {
				next[r] = Missing
				continue
			}
			both := uint64(k)<<32 | uint64(f.at[r])
			to, ok := known[both]
			if !ok {
				to = int32(len(known))
				known[both] = to
			}
			next[r] = to
		}
		class, classes = next, len(known)
	}
	return class, classes
}

// pairsOf is how many pairs there are of records, so many on each list.
func pairsOf(n []float64, across bool) float64 {
	sum, within := 0.0, 0.0
	for _, k := range n {
		sum += k
		within += k * (k - 1) / 2
	}
	all := sum * (sum - 1) / 2
	if across {
		return all - within
	}
	return all
}

// unlike sets u: the share of each level among all pairs, less what the share of pairs that are
// of one person brings to it.
func (l *Linker) unlike(m *Model, s *sampled, matches float64) {
	for i := range m.Comparisons {
		c := &m.Comparisons[i]
		n := 0.0
		for _, k := range s.at[i] {
			n += k
		}
		if n == 0 {
			for k := range c.U {
				c.U[k] = 1 / float64(len(c.U))
			}
			continue
		}
		p := make([]float64, len(c.U))
		for k := range p {
			p[k] = s.at[i][k] / n
		}
		if exact := s.first[i]; exact >= 0 && exact < 1 && p[0] < 1 {
			rest := (1 - exact) / (1 - p[0])
			p[0] = exact
			for k := 1; k < len(p); k++ {
				p[k] *= rest
			}
		}
		floor := 0.5 / n
		if s.first[i] >= 0 {
			floor = min(floor, 1/(float64(l.Len())*float64(l.Len())))
		}
		sum := 0.0
		for k := range p {
			f := floor
			if k > 0 {
				f = 0.5 / n
			}
			c.U[k] = max((p[k]-matches*c.M[k])/(1-matches), f, p[k]*leastUnlike)
			sum += c.U[k]
		}
		for k := range c.U {
			c.U[k] /= sum
		}
	}
}

// leastUnlike bounds what is taken away from a level: it may be that m is too high.
const leastUnlike = 0.1

// pool makes the weights of neighbouring levels equal where a worse one has the higher: there is
// too little to tell them apart.
func pool(m *Model) {
	for i := range m.Comparisons {
		c := &m.Comparisons[i]
		poolLevels(c.M, c.U)
		if c.Given != nil {
			for s := range c.Given.M {
				poolLevels(c.Given.M[s], c.Given.U[s])
			}
		}
	}
}

func poolLevels(m, u []float64) {
	type run struct {
		from, to int
		m, u     float64
	}
	var runs []run
	for k := range m {
		runs = append(runs, run{k, k + 1, m[k], u[k]})
		for len(runs) > 1 {
			a, b := runs[len(runs)-2], runs[len(runs)-1]
			if a.m/a.u >= b.m/b.u {
				break
			}
			runs = append(runs[:len(runs)-2], run{a.from, b.to, a.m + b.m, a.u + b.u})
		}
	}
	for _, r := range runs {
		for k := r.from; k < r.to; k++ {
			m[k] = r.m * u[k] / r.u
		}
	}
}

// nothing is the bits below which a level says nothing either way.
const nothing = 1e-6

// sane reports a model whose best agreement speaks against, or whose levels say the same.
func sane(m *Model, s *sampled) error {
	for i := range m.Comparisons {
		c := &m.Comparisons[i]
		seen := 0.0
		for _, k := range s.at[i] {
			seen += k
		}
		if seen == 0 || !c.Fitted {
			continue // no two records of the sample have it
		}
		switch bits := c.Bits(); {
		case slices.ContainsFunc(bits, func(b float64) bool { return math.IsNaN(b) || math.IsInf(b, 0) }):
			return &InsaneError{c.Name, "a weight is no number", m}
		case bits[0] < nothing:
			return &InsaneError{c.Name, "its best level does not speak for one person", m}
		case bits[len(bits)-1] > -nothing:
			return &InsaneError{c.Name, "a difference does not speak against one person", m}
		}
	}
	return nil
}

// rarities is how often the words occur of every feature whose frequency counts.
func (l *Linker) rarities() map[string]Rarity {
	out := map[string]Rarity{}
	for i := range l.compare.ladders {
		for _, s := range l.compare.ladders[i].steps {
			if s.frequency == nil || out[s.frequency.of].Count != nil {
				continue
			}
			r := Rarity{Count: map[uint64]int64{}}
			for w, n := range s.frequency.counts() {
				r.Records += n
				if n > 1 {
					r.Count[s.frequency.hash[w]] += n
				}
			}
			out[s.frequency.of] = r
		}
	}
	return out
}
