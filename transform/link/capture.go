package link

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
)

// Draws are partitions that the evidence allows beside the best one: how much of a count of
// persons, or of an overlap of lists, hangs on pairs that nobody has decided. In each draw a pair
// in doubt joins with its probability, and all else is as in the best partition.
type Draws struct {
	best        *Clusters
	pairs       []Pair // those of the components that a pair in doubt is in
	constraints []Constraint
	doubt       []int // in pairs
	ids         func(i int32) string
	cluster     func(pairs []Pair, constraints []Constraint) *Clusters
	link        float64
	touched     []bool // by record: whether a pair in doubt is in its component
}

// Draws prepares draws of the table's records. best is what Cluster made of the same pairs and
// constraints; doubt marks the pairs that may or may not be of one person.
func (l *Linker) Draws(best *Clusters, pairs []Pair, constraints []Constraint, doubt func(p Pair) bool) *Draws {
	d := &Draws{best: best, ids: l.ID, cluster: l.Cluster, link: BitsOf(l.spec.Thresholds.Link), touched: make([]bool, l.Len())}
	// No pair between two components is a link in any draw, so that a component without doubt comes
	// out the same each time.
	of := newForest(l.Len())
	var doubted []Pair
	for _, p := range pairs {
		in := doubt(p)
		if in {
			doubted = append(doubted, p)
		}
		if in || p.Bits >= d.link {
			of.unite(p.A, p.B)
		}
	}
	for _, k := range constraints {
		if k.Same {
			of.unite(k.A, k.B)
		}
	}
	roots := map[int32]bool{}
	for _, p := range doubted {
		roots[of.root(p.A)] = true
	}
	for i := range d.touched {
		d.touched[i] = roots[of.root(int32(i))]
	}
	for _, p := range pairs {
		if d.touched[p.A] && d.touched[p.B] {
			if doubt(p) {
				d.doubt = append(d.doubt, len(d.pairs))
			}
			d.pairs = append(d.pairs, p)
		}
	}
	for _, k := range constraints {
		if d.touched[k.A] && d.touched[k.B] {
			d.constraints = append(d.constraints, k)
		}
	}
	return d
}

// Draw is, for each record, the smallest number of a record of its cluster in draw n of the seed;
// draw 0 is the best partition. A draw hangs on the seed, its number and the records' ids alone.
// A pair that joins in a draw weighs as much as the least link does: constraints and the guard
// hold for it as for any.
func (d *Draws) Draw(seed string, n int) []int32 {
	if n == 0 || len(d.doubt) == 0 {
		return d.best.Of
	}
	pairs := slices.Clone(d.pairs)
	for _, i := range d.doubt {
		p := &pairs[i]
		if chance(seed, n, d.ids(p.A), d.ids(p.B)) < Probability(p.Bits) {
			p.Bits = max(p.Bits, d.link)
		} else {
			p.Bits = min(p.Bits, below(d.link))
		}
	}
	of := d.cluster(pairs, d.constraints).Of
	for i, touched := range d.touched {
		if !touched {
			of[i] = d.best.Of[i]
		}
	}
	return of
}

// below is a weight just too small for a link.
func below(link float64) float64 { return link - 1e-6 }

// chance is a number from 0 to 1, without 1, that the seed, the draw and the two ids decide.
func chance(seed string, draw int, a, b string) float64 {
	a, b = min(a, b), max(a, b)
	sum := sha256.Sum256(fmt.Appendf(nil, "%d|%s%d|%d|%s%d|%s", len(seed), seed, draw, len(a), a, len(b), b))
	return float64(binary.BigEndian.Uint64(sum[:])>>11) / (1 << 53)
}

// A Sighting is a record on a list: which, and where and when its person was met. What is not
// known is "".
type Sighting struct {
	Record          int32
	List            string
	Year, Territory string
}

// A History is how many persons were met in one year and territory on just these lists. Lists is
// those that have anybody there, in order; On has a digit for each: 1 where the persons stand on
// it, else 0.
type History struct {
	Year, Territory string
	Lists           []string
	On              string
	Persons         int
}

// Histories counts the persons of a partition by the lists on which they stand. of is each
// record's cluster. A person who was met in two years or territories is counted in both, each
// time by the lists of that one; one who stands on a list twice is counted once.
func Histories(of []int32, sightings []Sighting) []History {
	type cell struct{ year, territory string }
	lists := map[cell][]string{}
	persons := map[cell]map[int32]map[string]bool{}
	for _, s := range sightings {
		at := cell{s.Year, s.Territory}
		if persons[at] == nil {
			persons[at] = map[int32]map[string]bool{}
		}
		on := persons[at][of[s.Record]]
		if on == nil {
			on = map[string]bool{}
			persons[at][of[s.Record]] = on
		}
		on[s.List] = true
		if !slices.Contains(lists[at], s.List) {
			lists[at] = append(lists[at], s.List)
		}
	}
	var out []History
	for at, who := range persons {
		slices.Sort(lists[at])
		counts := map[string]int{}
		for _, on := range who {
			digits := make([]byte, len(lists[at]))
			for i, l := range lists[at] {
				digits[i] = '0'
				if on[l] {
					digits[i] = '1'
				}
			}
			counts[string(digits)]++
		}
		for on, n := range counts {
			out = append(out, History{at.year, at.territory, lists[at], on, n})
		}
	}
	slices.SortFunc(out, func(a, b History) int {
		return cmp.Or(cmp.Compare(a.Year, b.Year), cmp.Compare(a.Territory, b.Territory), cmp.Compare(a.On, b.On))
	})
	return out
}
