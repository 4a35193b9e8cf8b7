package disclose

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// shapes is dimensions and tables as releases have them: one table, two that meet, three that meet in two dimensions.
var shapes = []struct {
	sizes  []int
	tables [][]int
}{
	{[]int{3, 4}, [][]int{{0, 1}}},
	{[]int{2, 3, 3}, [][]int{{0, 1, 2}}},
	{[]int{3, 4, 2}, [][]int{{0, 2}, {1, 2}}},
	{[]int{3, 2, 2, 3}, [][]int{{0, 1, 2}, {1, 2, 3}}},
	{[]int{2, 2, 5, 2}, [][]int{{0, 1, 2}, {0, 1, 3}}},
	{[]int{6, 5}, [][]int{{0, 1}}},
}

// people is some people at random, few in most categories, as of an earlier release and of the one after it.
func people(seed uint64, two bool) *Cube {
	r := rand.New(rand.NewPCG(seed, 11))
	shape := shapes[seed%uint64(len(shapes))]
	c := &Cube{Sizes: shape.sizes, Tables: shape.tables}
	leave := two && seed%3 == 0 // in two of three sets nobody leaves
	count := func(at []uint16) int64 {
		x := r.ExpFloat64() * 14
		for d, v := range at {
			x *= 1 - float64(v)*0.5/float64(shape.sizes[d])
		}
		if r.Float64() < 0.15 {
			return 0
		}
		return int64(x)
	}
	var lists [][]uint16
	for _, size := range shape.sizes {
		list := make([]uint16, size)
		for v := range list {
			list[v] = uint16(v)
		}
		lists = append(lists, list)
	}
	each(lists, func(pick []uint16) bool {
		a := Atom{At: slices.Clone(pick), New: count(pick)}
		if two {
			a.Both = a.New
			a.New = 0
			if r.Float64() < 0.4 {
				a.New = count(pick)
			}
			if leave && r.Float64() < 0.2 {
				a.Gone = count(pick) / 2
			}
		}
		c.Atoms = append(c.Atoms, a)
		return false
	})
	return c
}

// release is the tables of an earlier count as they were protected, and what is asked of them later.
func release(c *Cube, rule SmallCells) (*Protected, func(dims []int, at []uint16) Status, error) {
	earlier := &Cube{Sizes: c.Sizes, Tables: c.Tables}
	for _, a := range c.Atoms {
		earlier.Atoms = append(earlier.Atoms, Atom{At: a.At, New: a.Gone + a.Both})
	}
	p, err := Protect(earlier, rule, nil)
	if err != nil {
		return nil, nil, err
	}
	return p, func(dims []int, at []uint16) Status {
		full := make([]uint16, len(c.Sizes))
		mask := uint32(0)
		for i, d := range dims {
			full[d] = at[i]
			mask |= 1 << d
		}
		m := p.l.margins[mask]
		if x := m.cells[m.key(full)]; x != nil && x.withheld {
			return WasWithheld
		}
		return WasShown
	}, nil
}

// seen is all cells of the tables, in the order of Cells, with those that nobody is in.
func seen(c *Cube, p *Protected) []Cell {
	known := map[string]bool{}
	var out []Cell
	p.Cells(func(x Cell) {
		known[fmt.Sprint(x.Dims, x.At)] = true
		out = append(out, x)
	})
	for _, mask := range p.l.order {
		m := p.l.margins[mask]
		var lists [][]uint16
		for _, d := range m.dims {
			list := make([]uint16, c.Sizes[d])
			for v := range list {
				list[v] = uint16(v)
			}
			lists = append(lists, list)
		}
		each(lists, func(pick []uint16) bool {
			if !known[fmt.Sprint(m.dims, pick)] {
				out = append(out, Cell{Dims: m.dims, At: slices.Clone(pick)})
			}
			return false
		})
	}
	return out
}

// knows is what an attacker is told by a release.
func (a *attacker) knows(c *Cube, p *Protected, which []string) {
	for _, x := range seen(c, p) {
		var first map[int]float64
		for _, table := range c.Tables {
			if !contains(table, x.Dims) {
				continue
			}
			of := a.sum(c.Sizes, table, x.Dims, x.At, which)
			if !x.Withheld {
				a.is(of, float64(x.Count))
				continue
			}
			if first == nil { // the same people, whichever table they are counted in
				first = of
				continue
			}
			same := map[int]float64{}
			for i, f := range first {
				same[i] += f
			}
			for i, f := range of {
				same[i] -= f
			}
			a.is(same, 0)
		}
	}
}

// worst is the narrowest span that the attacker is left with of a number that nobody may work out.
func (a *attacker) worst(t *testing.T, c *Cube, cells []Cell, which []string, small func(dims []int, at []uint16) bool) float64 {
	t.Helper()
	narrow := 1e18
	for _, x := range cells {
		if !small(x.Dims, x.At) {
			continue
		}
		for _, table := range c.Tables {
			if !contains(table, x.Dims) {
				continue
			}
			least, most, ok := a.bound(a.sum(c.Sizes, table, x.Dims, x.At, which))
			if !ok {
				t.Fatal("the tables fit no people at all")
			}
			narrow = min(narrow, most-least)
			break
		}
	}
	return narrow
}

// count is how many people of a cube a part of it is of.
func count(c *Cube, dims []int, at []uint16, of func(a *Atom) int64) int64 {
	var n int64
	for i := range c.Atoms {
		in := true
		for j, d := range dims {
			in = in && c.Atoms[i].At[d] == at[j]
		}
		if in {
			n += of(&c.Atoms[i])
		}
	}
	return n
}

func TestProtectWithstandsAnAttack(t *testing.T) {
	rule := SmallCells{Least: 5}
	for seed := range uint64(len(shapes)) {
		c := people(seed, false)
		p, err := Protect(c, rule, nil)
		if err != nil {
			t.Fatal(err)
		}
		isSmall := func(dims []int, at []uint16) bool {
			return rule.IsSmall(count(c, dims, at, func(a *Atom) int64 { return a.New }))
		}
		cells := seen(c, p)
		for _, x := range cells {
			if !x.Withheld && isSmall(x.Dims, x.At) {
				t.Errorf("set %d: cell %v of %v is shown, and small", seed, x.At, x.Dims)
			}
		}
		a := &attacker{names: map[string]int{}}
		a.knows(c, p, []string{""})
		if w := a.worst(t, c, cells, []string{""}, isSmall); w < float64(rule.Least)-1e-4 {
			t.Errorf("set %d: a small count is bounded within %.2f, and must be within no less than %d", seed, w, rule.Least)
		}
	}
}

func TestProtectWithstandsAnAttackOnTwoReleases(t *testing.T) {
	rule := SmallCells{Least: 4}
	for seed := range uint64(len(shapes)) {
		c := people(99+seed, true)
		first, was, err := release(c, rule)
		if err != nil {
			t.Fatal(err)
		}
		c.Was = was
		second, err := Protect(c, rule, nil)
		if err != nil {
			t.Fatal(err)
		}
		a := &attacker{names: map[string]int{}}
		then, later := []string{"both"}, []string{"both", "new"}
		if slices.ContainsFunc(c.Atoms, func(a Atom) bool { return a.Gone > 0 }) {
			then = append(then, "gone")
		}
		a.knows(c, first, then)
		a.knows(c, second, later)
		cells := seen(c, second)
		for what, of := range map[string]struct {
			which []string
			of    func(a *Atom) int64
		}{
			"the earlier count": {then, func(a *Atom) int64 { return a.Gone + a.Both }},
			"the later count":   {later, func(a *Atom) int64 { return a.Both + a.New }},
			"who came":          {[]string{"new"}, func(a *Atom) int64 { return a.New }},
			"who is gone":       {[]string{"gone"}, func(a *Atom) int64 { return a.Gone }},
		} {
			small := func(dims []int, at []uint16) bool { return rule.IsSmall(count(c, dims, at, of.of)) }
			if w := a.worst(t, c, cells, of.which, small); w < float64(rule.Least)-1e-4 {
				t.Errorf("set %d: %s is bounded within %.2f, and must be within no less than %d", seed, what, w, rule.Least)
			}
		}
	}
}

// An attack must succeed where nothing is withheld beside what is small: else it says nothing.
func TestTheAttackSucceedsOnWhatIsNotProtected(t *testing.T) {
	rule := SmallCells{Least: 5}
	c := &Cube{Sizes: []int{2, 2}, Tables: [][]int{{0, 1}}, Atoms: []Atom{{At: []uint16{0, 0}, New: 3}, {At: []uint16{0, 1}, New: 20}, {At: []uint16{1, 0}, New: 30}, {At: []uint16{1, 1}, New: 40}}}
	l, err := newLattice(c)
	if err != nil {
		t.Fatal(err)
	}
	p := &protector{lattice: l, need: rule.Least, out: &Protected{l: l, rule: rule}}
	p.withholdSmall()
	a := &attacker{names: map[string]int{}}
	a.knows(c, p.out, []string{""})
	least, most, ok := a.bound(a.sum(c.Sizes, c.Tables[0], []int{0, 1}, []uint16{0, 0}, []string{""}))
	if !ok || least < 2.999 || most > 3.001 {
		t.Errorf("the attack bounds the only withheld cell by %.2f and %.2f, want 3 and 3", least, most)
	}
}

func TestProtectRefusesTablesInARing(t *testing.T) {
	c := &Cube{Sizes: []int{2, 2, 2}, Tables: [][]int{{0, 1}, {1, 2}, {0, 2}}}
	if _, err := Protect(c, Usual, nil); !errors.Is(err, ErrCyclic) {
		t.Errorf("Protect of three tables in a ring: %v, want %v", err, ErrCyclic)
	}
	c.Tables = append(c.Tables, []int{0, 1, 2})
	if _, err := Protect(c, Usual, nil); err != nil {
		t.Errorf("Protect of three tables that are margins of a fourth: %v", err)
	}
}

func TestProtectClosesWhatCannotBeProtected(t *testing.T) {
	c := &Cube{Sizes: []int{2, 2}, Tables: [][]int{{0, 1}}, Atoms: []Atom{{At: []uint16{0, 1}, New: 3}}}
	p, err := Protect(c, Usual, nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	p.Cells(func(x Cell) {
		n++
		if !x.Withheld {
			t.Errorf("cell %v of %v is shown", x.At, x.Dims)
		}
	})
	if n != 9 || p.Closed == 0 {
		t.Errorf("%d cells are withheld and %d tables closed, want all 9 and one", n, p.Closed)
	}
}

// attackFile is what is written for the attack by other software (make test-release).
type attackFile struct {
	Least  int64        `json:"least"`
	Sizes  []int        `json:"sizes"`
	Tables [][]int      `json:"tables"`
	Leave  bool         `json:"leave"` // whether anybody is gone; else the attacker knows that nobody is
	Atoms  []Atom       `json:"atoms"` // the truth, to hold the bounds against
	Shown  [][]seenCell `json:"shown"` // by release
}

type seenCell struct {
	Dims     []int    `json:"dims"`
	At       []uint16 `json:"at"`
	Count    int64    `json:"count"`
	Withheld bool     `json:"withheld"`
}

// TestWriteAttackSets writes 200 sets for the attack by other software: as many of one release as of two.
func TestWriteAttackSets(t *testing.T) {
	dir := os.Getenv("PALERMO_ATTACK")
	if dir == "" {
		t.Skip("PALERMO_ATTACK names no folder: make test-release")
	}
	for seed := range uint64(200) {
		two := seed%2 == 1
		rule := SmallCells{Least: []int64{5, 10, 11}[seed/2%3]}
		c := people(1000+seed/2, two)
		f := attackFile{Least: rule.Least, Sizes: c.Sizes, Tables: c.Tables, Atoms: c.Atoms}
		cells := func(p *Protected) []seenCell {
			var out []seenCell
			for _, x := range seen(c, p) {
				s := seenCell{x.Dims, x.At, x.Count, x.Withheld}
				if s.Withheld {
					s.Count = 0
				}
				out = append(out, s)
			}
			return out
		}
		if two {
			first, was, err := release(c, rule)
			if err != nil {
				t.Fatal(err)
			}
			f.Shown = append(f.Shown, cells(first))
			c.Was = was
			f.Leave = slices.ContainsFunc(c.Atoms, func(a Atom) bool { return a.Gone > 0 })
		}
		p, err := Protect(c, rule, nil)
		if err != nil {
			t.Fatal(err)
		}
		f.Shown = append(f.Shown, cells(p))
		b, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("set%03d.json", seed)), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
