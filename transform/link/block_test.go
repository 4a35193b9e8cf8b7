package link

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pairsOfBlocks is every pair that the rules bring, with their rules.
func pairsOfBlocks(l *Linker) []string {
	var out []string
	for _, s := range l.blocking.shards() {
		l.blocking.each(s, nil, func(a, b int32, mask uint32) {
			out = append(out, fmt.Sprintf("%s%s:%b", l.ID(a), l.ID(b), mask))
		})
	}
	slices.Sort(out)
	return out
}

func blockTable(rows ...[3]string) *Table {
	var cols [3][]string
	t := &Table{}
	for i, r := range rows {
		t.IDs = append(t.IDs, string(rune('a'+i)))
		for k := range cols {
			cols[k] = append(cols[k], r[k])
		}
	}
	for k, n := range []string{"x", "y", "z"} {
		t.Columns = append(t.Columns, NewColumn(n, cols[k]))
	}
	return t
}

func TestBlocks(t *testing.T) {
	spec := func(cap int, rules ...Rule) Spec {
		return Spec{Fields: []Field{{Name: "x", Kind: Code}, {Name: "y", Kind: Code}, {Name: "z", Kind: Name}},
			Comparisons: []Comparison{{Name: "x", Levels: []Level{{Is: "equal", Of: []string{"x"}}}}},
			Blocking:    rules, Limits: Limits{Block: cap}}
	}
	x, y := Rule{On: []string{"x"}}, Rule{On: []string{"y"}}
	for _, tc := range []struct {
		name string
		spec Spec
		rows [][3]string
		want []string
		lost []int64
	}{
		{"two rules, each pair once with both", spec(9, x, y), [][3]string{{"p", "q"}, {"p", "q"}, {"p", "r"}}, []string{"ab:11", "ac:1", "bc:1"}, []int64{0, 0}},
		// "not the key of an earlier rule" must not hold of two records that both lack it
		{"missing in an earlier rule", spec(9, x, y), [][3]string{{"", "q"}, {"", "q"}, {"p", "q"}}, []string{"ab:10", "ac:10", "bc:10"}, []int64{0, 0}},
		// nor of a key whose block was dropped
		{"dropped in an earlier rule", spec(2, x, y), [][3]string{{"p", "q"}, {"p", "q"}, {"p", "r"}}, []string{"ab:10"}, []int64{3, 0}},
		{"parted by a further feature", spec(2, Rule{On: []string{"x"}, Refine: []string{"y"}}), [][3]string{{"p", "q"}, {"p", "q"}, {"p", "r"}, {"p", "r"}}, []string{"ab:1", "cd:1"}, []int64{4}},
		{"several keys a record, each pair once", spec(9, Rule{On: []string{"z.token"}}), [][3]string{{"", "", "ana maria"}, {"", "", "maria ana"}, {"", "", "ana"}}, []string{"ab:1", "ac:1", "bc:1"}, []int64{0}},
		{"all missing", spec(9, x), [][3]string{{"", "q"}, {"unknown", "q"}, {"n/a", ""}}, nil, []int64{0}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := mustOpen(t, tc.spec, blockTable(tc.rows...))
			if d := cmp.Diff(tc.want, pairsOfBlocks(l)); d != "" {
				t.Errorf("pairs (-want +got):\n%s", d)
			}
			var lost []int64
			for _, r := range l.Blocks().Rules {
				lost = append(lost, r.Lost)
			}
			if d := cmp.Diff(tc.lost, lost); d != "" {
				t.Errorf("lost (-want +got):\n%s", d)
			}
		})
	}
}

// TestBlocksAgainstAllPairs: the rules bring what a plain look at all pairs says they bring.
func TestBlocksAgainstAllPairs(t *testing.T) {
	for seed := range uint64(10) {
		tb, _ := madeUpPeople(seed, 150)
		l := mustOpen(t, peopleSpec(), tb)
		var want []string
		for a := range int32(l.Len()) {
			for b := a + 1; b < int32(l.Len()); b++ {
				mask := uint32(0)
				for r, rule := range l.spec.Blocking {
					if bring(l, rule, a, b) {
						mask |= 1 << r
					}
				}
				if mask != 0 {
					want = append(want, fmt.Sprintf("%s%s:%b", l.ID(a), l.ID(b), mask))
				}
			}
		}
		slices.Sort(want)
		if d := cmp.Diff(want, pairsOfBlocks(l)); d != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, d)
		}
	}
}

func bring(l *Linker, rule Rule, a, b int32) bool {
	for _, of := range rule.On {
		f := l.features.get(of)
		if !slices.ContainsFunc(f.set(a), func(w int32) bool { return slices.Contains(f.set(b), w) }) {
			return false
		}
	}
	return true
}

// TestBudget: over the budget the largest blocks go first, and what they cost is said.
func TestBudget(t *testing.T) {
	rows := make([][3]string, 30)
	for i := range rows {
		rows[i] = [3]string{"p", fmt.Sprint(i / 3)}
	}
	l := mustOpen(t, Spec{Fields: []Field{{Name: "x", Kind: Code}, {Name: "y", Kind: Code}},
		Comparisons: []Comparison{{Name: "x", Levels: []Level{{Is: "equal", Of: []string{"x"}}}}},
		Blocking:    []Rule{{On: []string{"x"}}, {On: []string{"y"}}}, Limits: Limits{PairsPerRecord: 5}}, blockTable(rows...))
	r := l.Blocks()
	if r.Rules[0].Lost != 435 || r.Rules[0].Pairs != 0 || r.Rules[1].Pairs != 30 || r.Pairs != 30 || len(pairsOfBlocks(l)) != 30 {
		t.Errorf("%+v", r)
	}
}
