package disclose

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// somebody is rows as a register has them: a few columns, most rows alike, and some that stand out.
func somebody(seed uint64, n int) *Rows {
	r := rand.New(rand.NewPCG(seed, 7))
	sizes := []int{2 + r.IntN(3), 3 + r.IntN(8), 4 + r.IntN(30), 2 + r.IntN(12)}
	rows := &Rows{}
	for _, size := range sizes {
		c := Column{Codes: make([]uint32, n)}
		for i := range c.Codes {
			x := r.Float64()
			c.Codes[i] = uint32(x * x * float64(size+1)) // some values are seldom; 0 is none
		}
		rows.Columns = append(rows.Columns, c)
	}
	years := &rows.Columns[2]
	for code := range sizes[2] + 1 {
		coarse := uint32(0)
		if code > 0 {
			coarse = uint32(sizes[2] + 1 + (code-1)/5)
		}
		years.Coarse = append(years.Coarse, coarse)
	}
	return rows
}

// shownOf is what is shown of a row, as text.
func shownOf(a *Anonymised, rows *Rows, i int) string {
	s := ""
	for c := range rows.Columns {
		s += fmt.Sprintf("%d|", a.Code(i, c))
	}
	return s
}

func TestAnonymiseEveryCombinationIsOfK(t *testing.T) {
	for seed := range uint64(40) {
		k := []int64{2, 5, 10, 11}[seed%4]
		rows := somebody(seed, 300)
		a, err := Anonymise(rows, k)
		if err != nil {
			t.Fatal(err)
		}
		n := map[string]int64{}
		for i := range rows.Columns[0].Codes {
			if !a.Shown(i) {
				continue
			}
			n[shownOf(a, rows, i)]++
			for c := range rows.Columns {
				code := rows.Columns[c].Codes[i]
				if got := a.Code(i, c); got != 0 && got != code && (rows.Columns[c].Coarse == nil || got != rows.Columns[c].Coarse[code]) {
					t.Fatalf("set %d: row %d shows %d in column %d, and is %d", seed, i, got, c, code)
				}
			}
		}
		least := int64(0)
		for what, of := range n {
			if of < k {
				t.Errorf("set %d: %s is shown of %d rows, fewer than %d", seed, what, of, k)
			}
			if least == 0 || of < least {
				least = of
			}
		}
		if len(n) != a.Classes || least != a.Smallest {
			t.Errorf("set %d: %d combinations, the smallest of %d; it says %d and %d", seed, len(n), least, a.Classes, a.Smallest)
		}
	}
}

// A stratum is not shown, and still no combination within one is of fewer than k.
func TestAnonymiseKeepsStrataApart(t *testing.T) {
	rows := somebody(3, 400)
	rows.Strata = make([]uint32, 400)
	for i := range rows.Strata {
		rows.Strata[i] = uint32(i % 3)
	}
	a, err := Anonymise(rows, 5)
	if err != nil {
		t.Fatal(err)
	}
	n := map[string]int{}
	for i := range rows.Strata {
		if a.Shown(i) {
			n[fmt.Sprint(rows.Strata[i], shownOf(a, rows, i))]++
		}
	}
	for what, of := range n {
		if of < 5 {
			t.Errorf("%s is shown of %d rows of a stratum", what, of)
		}
	}
}

func TestAnonymiseLosesLittle(t *testing.T) {
	column := func(codes ...uint32) Column { return Column{Codes: codes} }
	for _, c := range []struct {
		name        string
		rows        *Rows
		k           int64
		blanks, out int
	}{
		{"nothing stands out", &Rows{Columns: []Column{column(1, 1, 1, 2, 2, 2)}}, 3, 0, 0},
		{"one value, of one row: it is left out", &Rows{Columns: []Column{column(1, 1, 1, 2)}}, 3, 0, 1},
		{"one row joins those with no value", &Rows{Columns: []Column{column(0, 0, 0, 2)}}, 3, 1, 0},
		{"the column in which they differ is blanked, not the one they share", &Rows{Columns: []Column{column(1, 1, 1, 1), column(5, 6, 7, 8)}}, 3, 4, 0},
		{"fewer rows than k", &Rows{Columns: []Column{column(1, 1)}}, 3, 0, 2},
		{"no rows", &Rows{Columns: []Column{column()}}, 3, 0, 0},
	} {
		a, err := Anonymise(c.rows, c.k)
		if err != nil {
			t.Fatal(err)
		}
		blanks, out := 0, 0
		for i := range c.rows.Columns[0].Codes {
			if !a.Shown(i) {
				out++
				continue
			}
			for j := range c.rows.Columns {
				if a.Level(i, j) == Blank && c.rows.Columns[j].Codes[i] != 0 {
					blanks++
				}
			}
		}
		if blanks != c.blanks || out != c.out {
			t.Errorf("%s: %d values blanked and %d rows left out, want %d and %d", c.name, blanks, out, c.blanks, c.out)
		}
	}
}
