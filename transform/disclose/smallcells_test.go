package disclose

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSmallCellsShow(t *testing.T) {
	for _, c := range []struct {
		name string
		rule SmallCells
		n    int64
		want Shown
	}{
		{"zero is shown", Usual, 0, Shown{}},
		{"one", Usual, 1, Shown{Withheld: true}},
		{"one less than the least", Usual, 9, Shown{Withheld: true}},
		{"the least", Usual, 10, Shown{Count: 10}},
		{"down", Usual, 12, Shown{Count: 10}},
		{"up", Usual, 13, Shown{Count: 15}},
		{"halfway to the even multiple, down", SmallCells{Least: 3, Base: 10}, 25, Shown{Count: 20}},
		{"halfway to the even multiple, up", SmallCells{Least: 3, Base: 10}, 35, Shown{Count: 40}},
		{"what is shown is no zero", SmallCells{Least: 2, Base: 10}, 3, Shown{Count: 10}},
		{"no rounding", SmallCells{Least: 5}, 7, Shown{Count: 7}},
		{"no threshold", SmallCells{Base: 5}, 4, Shown{Count: 5}},
		{"a mistake", Usual, -3, Shown{Withheld: true}},
	} {
		if got := c.rule.Show(c.n); got != c.want {
			t.Errorf("%s: %+v.Show(%d) = %+v, want %+v", c.name, c.rule, c.n, got, c.want)
		}
	}
}

func TestSmallCellsRow(t *testing.T) {
	withheld := Shown{Withheld: true}
	exact := SmallCells{Least: 10}
	for _, c := range []struct {
		name   string
		counts []int64
		parts  []Shown
		total  Shown
	}{
		{"nothing is small", []int64{10, 20, 0}, []Shown{{Count: 10}, {Count: 20}, {}}, Shown{Count: 30}},
		{"one is small: the next smallest goes with it", []int64{3, 50, 12}, []Shown{withheld, {Count: 50}, withheld}, Shown{Count: 65}},
		{"two are small, and together too few", []int64{3, 4, 50, 12}, []Shown{withheld, withheld, {Count: 50}, withheld}, Shown{Count: 69}},
		{"two are small, and together enough", []int64{6, 4, 50}, []Shown{withheld, withheld, {Count: 50}}, Shown{Count: 60}},
		{"zeros hide nothing", []int64{3, 0, 0}, []Shown{withheld, {}, {}}, withheld},
		{"the total is small", []int64{3, 4}, []Shown{withheld, withheld}, withheld},
		{"nothing", nil, []Shown{}, Shown{}},
	} {
		parts, total := exact.Row(c.counts)
		if diff := cmp.Diff(c.parts, parts); diff != "" || total != c.total {
			t.Errorf("%s: Row(%v): total %+v, want %+v; parts (-want +got):\n%s", c.name, c.counts, total, c.total, diff)
		}
	}
}
