package link

import (
	"cmp"
	"math"
	"slices"
)

// Some comparisons say in part what others have said: two records of one town have one postcode, and
// who has a name common in a country has that country's citizenship. Each comparison depends on one
// other at most, so that they hang together as trees, and has m and u by the level of that one.

const (
	leastMutual   = 5e-4 // bits of information about one comparison in another, from which it depends on it
	surely        = 3    // times what chance alone would give
	fewestTold    = 3    // comparisons from which on dependence can be told from the pairs of one person among the strangers
	matchesBeside = 5    // expected pairs that a level is taken to have as in all pairs, beside those that it has
	pairsBeside   = 1    // the same, of pairs of two persons
)

// depend finds from the sample which comparisons depend on which among strangers, and how.
func (l *Linker) depend(m *Model, s *sampled) {
	for i := range m.Comparisons {
		m.Comparisons[i].Given = nil
	}
	if len(m.Comparisons) < fewestTold {
		return
	}
	t := l.strangers(m, s)
	m.hang(t.tree(m))
	for i := range m.Comparisons {
		c, on := &m.Comparisons[i], m.dependsOn(i)
		if on < 0 {
			continue
		}
		for level, seen := range t.joint(on, i, len(c.Given.U), len(c.U)) {
			lift(c.Given.U[level], c.U, seen, pairsBeside)
		}
	}
}

// strangers is the pairs of the sample, each counted as far as it is of two persons.
type strangers struct {
	levels [][]uint8
	weight []float64
}

func (l *Linker) strangers(m *Model, s *sampled) *strangers {
	t := &strangers{}
	o, prior := m.odds(), oddsOf(l.matchShare(m))
	for _, c := range s.patterns {
		levels := l.appendLevels(nil, c.pattern)
		t.levels = append(t.levels, levels)
		t.weight = append(t.weight, (1-probability(o.product(levels)*prior))*float64(c.pairs))
	}
	return t
}

// joint counts by the levels of two comparisons, from 1, which have so many.
func (t *strangers) joint(a, b, na, nb int) [][]float64 {
	out := make([][]float64, na)
	for k := range out {
		out[k] = make([]float64, nb)
	}
	for k, levels := range t.levels {
		if x, y := levels[a], levels[b]; x > 0 && y > 0 {
			out[x-1][y-1] += t.weight[k]
		}
	}
	return out
}

// mutual is how many bits the one comparison tells about the other, and over how many pairs.
func mutual(joint [][]float64) (bits, pairs float64) {
	column := make([]float64, len(joint[0]))
	row := make([]float64, len(joint))
	for x := range joint {
		for y, n := range joint[x] {
			row[x] += n
			column[y] += n
			pairs += n
		}
	}
	for x := range joint {
		for y, n := range joint[x] {
			if n > 0 {
				bits += n / pairs * math.Log2(n*pairs/(row[x]*column[y]))
			}
		}
	}
	return bits, pairs
}

// tree is, for each comparison, those that it hangs together with: of all dependences the strongest
// that close no ring.
func (t *strangers) tree(m *Model) [][]int {
	type edge struct {
		a, b int
		bits float64
	}
	var edges []edge
	n := len(m.Comparisons)
	for a := range n {
		for b := a + 1; b < n; b++ {
			na, nb := len(m.Comparisons[a].M), len(m.Comparisons[b].M)
			bits, pairs := mutual(t.joint(a, b, na, nb))
			byChance := float64((na-1)*(nb-1)) / (2 * math.Ln2 * max(pairs, 1))
			if bits > leastMutual && bits > surely*byChance {
				edges = append(edges, edge{a, b, bits})
			}
		}
	}
	slices.SortStableFunc(edges, func(x, y edge) int { return cmp.Compare(y.bits, x.bits) })
	whole, near := newForest(n), make([][]int, n)
	for _, e := range edges {
		if a, b := int32(e.a), int32(e.b); whole.root(a) != whole.root(b) {
			whole.unite(a, b)
			near[e.a], near[e.b] = append(near[e.a], e.b), append(near[e.b], e.a)
		}
	}
	return near
}

// hang makes each comparison depend on its neighbour on the way to the one in its tree in which two
// strangers agree the most seldom.
func (m *Model) hang(near [][]int) {
	order := make([]int, len(near))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(m.Comparisons[a].U[0], m.Comparisons[b].U[0]) })
	seen := make([]bool, len(near))
	var below func(i int)
	below = func(i int) {
		seen[i] = true
		for _, k := range near[i] {
			if !seen[k] {
				m.Comparisons[k].dependOn(&m.Comparisons[i])
				below(k)
			}
		}
	}
	for _, i := range order {
		if !seen[i] {
			below(i)
		}
	}
}

func (c *ModelComparison) dependOn(on *ModelComparison) {
	c.Given = &Given{Comparison: on.Name}
	for range on.M {
		c.Given.M = append(c.Given.M, slices.Clone(c.M))
		c.Given.U = append(c.Given.U, slices.Clone(c.U))
	}
}

// spread sets every m to that of all pairs.
func (g *Given) spread(m []float64) {
	if g != nil {
		for s := range g.M {
			copy(g.M[s], m)
		}
	}
}

// lift sets a row to the shares of all pairs, each raised or lowered as what was seen is more or less
// than was to be expected by them. So many pairs as beside says are taken to have been seen as
// expected, so that what is seldom seen stays near the shares of all.
func lift(row, all, seen []float64, beside float64) {
	n, sum := 0.0, 0.0
	for _, v := range seen {
		n += v
	}
	for k := range row {
		row[k] = all[k] * (seen[k] + beside) / (n*all[k] + beside)
		sum += row[k]
	}
	for k := range row {
		row[k] /= sum
	}
}
