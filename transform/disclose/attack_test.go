package disclose

import (
	"fmt"
	"math"
)

// attacker knows every table that is shown, to the unit, and of one or two releases; that nobody is counted less than not
// at all; and nothing else. It is written apart from what protects: linear programs, and no hypercubes.
type attacker struct {
	names map[string]int // of the variables: a part of an innermost cell of a table
	rows  []equation
}

type equation struct {
	of map[int]float64
	is float64
}

func (a *attacker) variable(name string) int {
	i, known := a.names[name]
	if !known {
		i = len(a.names)
		a.names[name] = i
	}
	return i
}

// inside is every innermost cell of the table, as text, that adds up to a cell.
func inside(sizes []int, table []int, dims []int, at []uint16) []string {
	fixed := map[int]uint16{}
	for i, d := range dims {
		fixed[d] = at[i]
	}
	out := []string{fmt.Sprint(table)}
	for _, d := range table {
		var next []string
		for v := range sizes[d] {
			if f, ok := fixed[d]; ok && int(f) != v {
				continue
			}
			for _, s := range out {
				next = append(next, fmt.Sprintf("%s,%d", s, v))
			}
		}
		out = next
	}
	return out
}

func contains(table, dims []int) bool {
	n := 0
	for _, d := range dims {
		for _, t := range table {
			if t == d {
				n++
			}
		}
	}
	return n == len(dims)
}

// sum is a cell in the variables of one table.
func (a *attacker) sum(sizes []int, table []int, dims []int, at []uint16, which []string) map[int]float64 {
	of := map[int]float64{}
	for _, s := range inside(sizes, table, dims, at) {
		for _, part := range which {
			of[a.variable(s+part)] = 1
		}
	}
	return of
}

func (a *attacker) is(of map[int]float64, n float64) { a.rows = append(a.rows, equation{of, n}) }

// bound is the least and the most that the sum can be.
func (a *attacker) bound(of map[int]float64) (least, most float64, ok bool) {
	n := len(a.names)
	goal := make([]float64, n)
	for i, f := range of {
		goal[i] = f
	}
	least, ok = simplex(a.rows, goal, n)
	if !ok {
		return 0, 0, false
	}
	for i := range goal {
		goal[i] = -goal[i]
	}
	most, ok = simplex(a.rows, goal, n)
	return least, -most, ok
}

// simplex is the least that goal·x can be where the equations hold and no x is negative: the two-phase method on a dense
// table, by Bland's rule, which ends. Unbounded is minus infinity; ok is false where nothing satisfies the equations.
func simplex(rows []equation, goal []float64, n int) (float64, bool) {
	const eps = 1e-7
	m := len(rows)
	width := n + m + 1
	t := make([][]float64, m+1)
	basis := make([]int, m)
	for i, r := range rows {
		t[i] = make([]float64, width)
		sign := 1.0
		if r.is < 0 {
			sign = -1
		}
		for j, f := range r.of {
			t[i][j] = sign * f
		}
		t[i][n+i], t[i][width-1] = 1, sign*r.is
		basis[i] = n + i
	}
	run := func(cost []float64, columns int) float64 {
		z := make([]float64, width)
		copy(z, cost)
		for i, b := range basis {
			if c := cost[b]; c != 0 {
				for j := range z {
					z[j] -= c * t[i][j]
				}
			}
		}
		for {
			in := -1
			for j := range columns {
				if z[j] < -eps {
					in = j
					break
				}
			}
			if in < 0 {
				return -z[width-1]
			}
			out, ratio := -1, math.Inf(1)
			for i := range m {
				if t[i][in] > eps {
					if r := t[i][width-1] / t[i][in]; r < ratio-eps || r < ratio+eps && out >= 0 && basis[i] < basis[out] {
						out, ratio = i, r
					}
				}
			}
			if out < 0 {
				return math.Inf(-1)
			}
			p := t[out][in]
			for j := range width {
				t[out][j] /= p
			}
			for i := range m {
				if f := t[i][in]; i != out && f != 0 {
					for j := range width {
						t[i][j] -= f * t[out][j]
					}
				}
			}
			f := z[in]
			for j := range width {
				z[j] -= f * t[out][j]
			}
			basis[out] = in
		}
	}
	first := make([]float64, width)
	for i := range m {
		first[n+i] = 1
	}
	if run(first, n+m) > 1e-5 {
		return 0, false
	}
	for i, b := range basis { // what the first phase left in the basis at zero
		if b < n {
			continue
		}
		for j := range n {
			if math.Abs(t[i][j]) > eps {
				p := t[i][j]
				for k := range width {
					t[i][k] /= p
				}
				for r := range m {
					if f := t[r][j]; r != i && f != 0 {
						for k := range width {
							t[r][k] -= f * t[i][k]
						}
					}
				}
				basis[i] = j
				break
			}
		}
	}
	second := make([]float64, width)
	copy(second, goal)
	return run(second, n), true
}
