package link

import (
	"fmt"
	"testing"
)

// TestAmongRivals: of two lists with one partner each, a pair that is alone gains, and two rivals for
// one record do not.
func TestAmongRivals(t *testing.T) {
	tb := &Table{Lists: []string{"a", "b"}}
	for i := range 8 {
		tb.IDs = append(tb.IDs, fmt.Sprint("r", i))
		tb.List = append(tb.List, int32(i%2))
	}
	tb.Columns = []Column{NewColumn("given", make([]string, 8))}
	spec := Spec{
		Fields:      []Field{{Name: "given", Kind: Name}},
		Comparisons: []Comparison{{Name: "given", Levels: []Level{{Is: "equal", Of: []string{"given"}}}}},
		Blocking:    []Rule{{On: []string{"given"}}},
		Across:      true, OneToOne: true,
	}
	l := mustOpen(t, spec, tb)
	pairs := []Pair{
		{A: 0, B: 1, Bits: 3}, // no rival
		{A: 2, B: 3, Bits: 6}, // two for one
		{A: 2, B: 5, Bits: 6},
		{A: 6, B: 7, Bits: -4}, // far below
		{A: 4, B: 6, Bits: 2},  // of one list
	}
	got := l.amongRivals(pairs)
	if got[0].Bits <= 3 || got[0].Bits > 3+6 {
		t.Errorf("a pair without a rival: %.2f bits of 3", got[0].Bits)
	}
	if got[1] != pairs[1] || got[2] != pairs[2] {
		t.Errorf("two rivals: %.2f and %.2f bits of 6", got[1].Bits, got[2].Bits)
	}
	if got[3].Bits > 0 {
		t.Errorf("a pair far below: %.2f bits of -4", got[3].Bits)
	}
	if got[4] != pairs[4] || pairs[0].Bits != 3 {
		t.Error("a pair of one list, or what was handed in, has changed")
	}
	if c := l.Cluster(pairs, nil); c.Of[3] != 2 || c.Of[5] != 5 {
		t.Errorf("of two rivals not one is joined: %v", c.Of)
	}
}
