package link

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestClusterGuard(t *testing.T) {
	pair := func(a, b int32, bits float64) Pair { return Pair{A: a, B: b, Bits: bits} }
	guard := Guard{Average: -2, Unscored: -6}
	for _, tc := range []struct {
		name        string
		pairs       []Pair
		constraints []Constraint
		guard       Guard
		want        []int32
	}{
		{"a chain of good pairs", []Pair{pair(0, 1, 20), pair(1, 2, 20), pair(0, 2, 3)}, nil, guard, []int32{0, 0, 0, 3, 4, 5}},
		{"one bridge between groups that speak against", []Pair{pair(0, 1, 30), pair(2, 3, 30), pair(1, 2, 9), pair(0, 2, -9), pair(0, 3, -9)}, nil, guard, []int32{0, 0, 2, 2, 4, 5}},
		{"the same bridge without the guard", []Pair{pair(0, 1, 30), pair(2, 3, 30), pair(1, 2, 9), pair(0, 2, -9), pair(0, 3, -9)}, nil, Guard{Off: true}, []int32{0, 0, 0, 0, 4, 5}},
		{"must not", []Pair{pair(0, 1, 30)}, []Constraint{{0, 1, false}}, guard, []int32{0, 1, 2, 3, 4, 5}},
		{"must not, by way of a third", []Pair{pair(0, 1, 30), pair(1, 2, 20), pair(0, 2, 25)}, []Constraint{{2, 0, false}}, guard, []int32{0, 0, 2, 3, 4, 5}},
		{"must, without any pair", nil, []Constraint{{4, 1, true}}, guard, []int32{0, 1, 2, 3, 1, 5}},
		{"must, and what must not be with either", []Pair{pair(1, 5, 30)}, []Constraint{{4, 1, true}, {4, 5, false}}, guard, []int32{0, 1, 2, 3, 1, 5}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := Cluster(6, tc.pairs, BitsOf(0.99), tc.guard, tc.constraints).Of; !slices.Equal(got, tc.want) {
				t.Errorf("%v, want %v", got, tc.want)
			}
		})
	}
	if c := Cluster(3, nil, 6, guard, []Constraint{{0, 1, true}, {1, 2, true}, {0, 2, false}}); len(c.Broken) != 1 {
		t.Errorf("broken %v", c.Broken)
	}
}

// TestClusterProperties: whatever the pairs and constraints, no cluster holds two records that must
// be apart, all that must be together are, every merge is explained, and the order of the pairs
// decides nothing.
func TestClusterProperties(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 5))
		n := 2 + r.IntN(30)
		var pairs []Pair
		var constraints []Constraint
		for a := range int32(n) {
			for b := a + 1; b < int32(n); b++ {
				if r.IntN(4) == 0 {
					pairs = append(pairs, Pair{A: a, B: b, Bits: float64(r.IntN(40) - 12)})
				}
				if r.IntN(60) == 0 {
					constraints = append(constraints, Constraint{a, b, r.IntN(3) == 0})
				}
			}
		}
		guard := Guard{Average: -2, Unscored: -6}
		c := Cluster(n, pairs, 6, guard, constraints)
		for _, k := range constraints {
			if same := c.Of[k.A] == c.Of[k.B]; same != k.Same && !slices.Contains(c.Broken, k) {
				t.Fatalf("seed %d: constraint %+v does not hold", seed, k)
			}
		}
		of := newForest(n)
		for _, m := range c.Merges {
			if !m.Constrained && (m.By.Bits < 6 || m.Average < guard.Average) {
				t.Fatalf("seed %d: merge %+v has no reason", seed, m)
			}
			of.unite(m.By.A, m.By.B)
		}
		for i := range int32(n) {
			if of.root(i) != c.Of[i] {
				t.Fatalf("seed %d: the merges give other clusters than %v", seed, c.Of)
			}
		}
		r.Shuffle(len(pairs), func(i, k int) { pairs[i], pairs[k] = pairs[k], pairs[i] })
		if again := Cluster(n, pairs, 6, guard, constraints); fmt.Sprint(again.Of) != fmt.Sprint(c.Of) {
			t.Fatalf("seed %d: the order of the pairs decides", seed)
		}
	}
}
