package link

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// doubted is the pairs that a draw may join: below a link, and likelier than not to be one.
func doubted(l *Linker, best *Clusters) func(p Pair) bool {
	t := l.Spec().Thresholds
	return func(p Pair) bool {
		return p.Bits >= BitsOf(0.05) && p.Bits < BitsOf(t.Link) && best.Of[p.A] != best.Of[p.B]
	}
}

// byID is a partition as the ids of each record's cluster-mates say it: the same for any order of
// the records.
func byID(l *Linker, of []int32) []string {
	least := map[int32]string{}
	for i, c := range of {
		if id := l.ID(int32(i)); least[c] == "" || id < least[c] {
			least[c] = id
		}
	}
	var out []string
	for i, c := range of {
		out = append(out, l.ID(int32(i))+" "+least[c])
	}
	slices.Sort(out)
	return out
}

// TestDraws: draw 0 is the best partition; the others differ from it, come out the same for any
// order of the records, and are what clustering everything anew gives.
func TestDraws(t *testing.T) {
	tb, _ := madeUpPeople(4, 300)
	l := mustOpen(t, peopleSpec(), tb)
	m := mustFit(t, l)
	pairs := mustScore(t, l, m)
	constraints := []Constraint{{0, 1, true}, {5, 9, false}}
	best := l.Cluster(pairs, constraints)
	d := l.Draws(best, pairs, constraints, doubted(l, best))
	if len(d.doubt) == 0 {
		t.Fatal("no pair is in doubt: nothing is tested")
	}
	if got := d.Draw(m.ID, 0); !slices.Equal(got, best.Of) {
		t.Error("draw 0 is not the best partition")
	}
	perm := rand.New(rand.NewPCG(1, 2)).Perm(tb.Len())
	l2 := mustOpen(t, peopleSpec(), subset(tb, perm))
	pairs2 := mustScore(t, l2, m)
	best2 := l2.Cluster(pairs2, constraints) // records are numbered by their ids
	d2 := l2.Draws(best2, pairs2, constraints, doubted(l2, best2))
	different := 0
	for n := 1; n <= 20; n++ {
		got := d.Draw(m.ID, n)
		if !slices.Equal(byID(l, got), byID(l2, d2.Draw(m.ID, n))) {
			t.Fatalf("draw %d hangs on the order of the records", n)
		}
		if !slices.Equal(got, best.Of) {
			different++
		}
		if got[0] != got[1] || got[5] == got[9] {
			t.Fatalf("draw %d breaks a constraint", n)
		}
		anew := slices.Clone(pairs)
		for i, p := range anew {
			switch {
			case !doubted(l, best)(p):
			case chance(m.ID, n, l.ID(p.A), l.ID(p.B)) < Probability(p.Bits):
				anew[i].Bits = max(p.Bits, d.link)
			}
		}
		if want := l.Cluster(anew, constraints).Of; !slices.Equal(got, want) {
			t.Fatalf("draw %d is not what clustering everything gives", n)
		}
	}
	if different == 0 {
		t.Error("every draw is the best partition")
	}
	if other := d.Draw("another seed", 1); slices.Equal(byID(l, other), byID(l, d.Draw(m.ID, 1))) {
		t.Error("the seed decides nothing")
	}
}

// TestDrawsJoinAsOftenAsLikely: a pair with nothing beside it joins in as many draws as its
// probability says.
func TestDrawsJoinAsOftenAsLikely(t *testing.T) {
	const draws = 4000
	for _, p := range []float64{0.1, 0.6, 0.9} {
		pair := Pair{A: 0, B: 1, Bits: BitsOf(p)}
		best := Cluster(3, []Pair{pair}, BitsOf(0.99), Guard{Average: -2, Unscored: -6}, nil)
		d := &Draws{best: best, pairs: []Pair{pair}, doubt: []int{0}, ids: func(i int32) string { return fmt.Sprint("r", i) }, link: BitsOf(0.99),
			cluster: func(pairs []Pair, k []Constraint) *Clusters {
				return Cluster(3, pairs, BitsOf(0.99), Guard{Average: -2, Unscored: -6}, k)
			}, touched: []bool{true, true, false}}
		joined := 0.0
		for n := 1; n <= draws; n++ {
			if of := d.Draw("m", n); of[0] == of[1] {
				joined++
			}
		}
		if sd := math.Sqrt(p * (1 - p) / draws); math.Abs(joined/draws-p) > 4*sd {
			t.Errorf("a pair of probability %.2f joins in %.3f of the draws", p, joined/draws)
		}
	}
}

func TestHistories(t *testing.T) {
	//                 0  1  2  3  4  5  6: records 0, 1, 2 are one person, 3 and 4 another
	of := []int32{0, 0, 0, 3, 3, 5, 6}
	got := Histories(of, []Sighting{
		{0, "b", "2001", "MDA"}, {1, "a", "2001", "MDA"}, {2, "a", "2001", "MDA"}, // twice on a
		{3, "a", "2001", "MDA"}, {4, "b", "2002", "MDA"}, // met in two years
		{5, "c", "2001", "MDA"},
		{6, "b", "", "MDA"},
	})
	abc := []string{"a", "b", "c"}
	want := []History{
		{"", "MDA", []string{"b"}, "1", 1},
		{"2001", "MDA", abc, "001", 1},
		{"2001", "MDA", abc, "100", 1},
		{"2001", "MDA", abc, "110", 1},
		{"2002", "MDA", []string{"b"}, "1", 1},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("\n%v\nwant\n%v", got, want)
	}
	if Histories(nil, nil) != nil {
		t.Error("histories of nobody")
	}
}
