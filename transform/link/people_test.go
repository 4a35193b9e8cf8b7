package link

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
)

// people is made-up records of made-up persons: each person has from one to four, with errors.
func madeUpPeople(seed uint64, persons int) (*Table, []int32) {
	r := rand.New(rand.NewPCG(seed, 1))
	word := func(n int) string {
		s := ""
		for range n {
			s += string("bdgklmnprstvz"[r.IntN(13)]) + string("aeiou"[r.IntN(5)])
		}
		return s
	}
	pool := func(n, syllables int) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = word(syllables)
		}
		return out
	}
	given, family, towns := pool(60, 2), pool(300, 3), pool(40, 3)
	// the square makes some words common and others rare
	draw := func(of []string) string { x := r.Float64(); return of[int(x*x*float64(len(of)))] }
	typo := func(s string) string {
		i := r.IntN(len(s))
		return s[:i] + string(rune('a'+r.IntN(26))) + s[i+1:]
	}
	var cols [5][]string
	var ids []string
	var truth []int32
	for p := range persons {
		g, f, town := draw(given), draw(family), draw(towns)
		birth := fmt.Sprintf("%04d-%02d-%02d", 1960+r.IntN(40), 1+r.IntN(12), 1+r.IntN(28))
		for range 1 + r.IntN(4) {
			row := [5]string{g, f, birth, town, "x"}
			if r.IntN(8) == 0 {
				row[0] = typo(g)
			}
			if r.IntN(8) == 0 {
				row[1] = typo(f)
			}
			if r.IntN(10) == 0 {
				row[2] = birth[:4]
			}
			if r.IntN(6) == 0 {
				row[3] = draw(towns)
			}
			if r.IntN(12) == 0 {
				row[r.IntN(4)] = ""
			}
			for i := range cols {
				cols[i] = append(cols[i], row[i])
			}
			ids = append(ids, fmt.Sprintf("r%06x", r.Uint32N(1<<24))+fmt.Sprint(len(ids)))
			truth = append(truth, int32(p))
		}
	}
	t := &Table{IDs: ids}
	for i, n := range []string{"given", "family", "birth", "town", "all"} {
		t.Columns = append(t.Columns, NewColumn(n, cols[i]))
	}
	return t, truth
}

func peopleSpec() Spec {
	return Spec{
		Fields: []Field{{Name: "given", Kind: Name}, {Name: "family", Kind: Name}, {Name: "birth", Kind: Birth}, {Name: "town", Kind: Text}, {Name: "all", Kind: Text}},
		Comparisons: []Comparison{
			{Name: "given", Levels: []Level{{Is: "equal", Of: []string{"given"}, Frequency: "given"}, {Is: "jaro_winkler", Of: []string{"given"}, Least: 0.85}}},
			{Name: "family", Levels: []Level{{Is: "equal", Of: []string{"family"}, Frequency: "family"}, {Is: "jaro_winkler", Of: []string{"family"}, Least: 0.85}}},
			{Name: "birth", Levels: []Level{{Is: "equal", Of: []string{"birth.exact"}}, {Is: "digits", Of: []string{"birth.exact"}, Most: 1}}},
			{Name: "birth interval", UnlessBoth: []string{"birth.exact"}, Levels: []Level{{Is: "overlap", Of: []string{"birth"}}}},
			{Name: "town", Levels: []Level{{Is: "equal", Of: []string{"town"}, Frequency: "town"}}},
		},
		Blocking: []Rule{{On: []string{"given", "family"}}, {On: []string{"family", "birth.years"}}, {On: []string{"given", "birth"}}, {On: []string{"birth", "town"}}},
	}
}

func mustOpen(t testing.TB, s Spec, tb *Table) *Linker {
	t.Helper()
	l, err := Open(s, tb)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func mustFit(t testing.TB, l *Linker) *Model {
	t.Helper()
	m, err := l.Fit(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func mustScore(t testing.TB, l *Linker, m *Model) []Pair {
	t.Helper()
	p, err := l.Scorer(m).Score(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// inOrderOf is what the records are of, by their numbers.
func inOrderOf(l *Linker, truth []int32) []int32 {
	out := make([]int32, len(truth))
	for i := range out {
		out[i] = truth[l.Row(int32(i))]
	}
	return out
}

// named is pairs by the ids of their records.
func named(l *Linker, pairs []Pair) []string {
	var out []string
	for _, p := range pairs {
		out = append(out, fmt.Sprint(l.ID(p.A), " ", l.ID(p.B), " ", l.Rules(p), " ", p.Pattern, " ", p.Bits))
	}
	return out
}

// subset is some rows of a table, in the order given.
func subset(t *Table, rows []int) *Table {
	out := &Table{Lists: t.Lists}
	for _, i := range rows {
		out.IDs = append(out.IDs, t.IDs[i])
		if t.List != nil {
			out.List = append(out.List, t.List[i])
		}
	}
	for _, c := range t.Columns {
		words := make([]string, len(rows))
		for k, i := range rows {
			if c.At[i] != Missing {
				words[k] = c.Words[c.At[i]]
			}
		}
		out.Columns = append(out.Columns, NewColumn(c.Name, words))
	}
	return out
}
