package disclose

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math/bits"
	"slices"
)

// Cube is counts of people by several dimensions, and the tables that are to be shown of them. Every person
// is in one category of each dimension; what somebody can be in several of, as forms of exploitation, is a dimension
// for each, of yes and no.
type Cube struct {
	Sizes  []int   // by dimension, how many categories it has
	Tables [][]int // of each table, its dimensions in ascending order; it is shown with all of its margins
	Atoms  []Atom  // the people, by their categories of all dimensions
	Was    func(dims []int, at []uint16) Status
}

// Atom is the people who are in the same categories, parted by an earlier release: those who were counted there
// so and are no longer, those in both, and those who are new. Without one, all are New.
type Atom struct {
	At              []uint16 // by dimension
	Gone, Both, New int64
}

// Status is what an earlier release did with a cell.
type Status uint8

// What an earlier release did with a cell.
const (
	NotThere Status = iota // it has no such cell
	WasShown
	WasWithheld
)

// The parts of an Atom. What a release counts is the sum of two of them.
const (
	gone = iota
	both
	added
	parts
)

// What can be counted of the parts, and so bounded by whoever has the releases.
type quantity [parts]int64

var (
	before = quantity{1, 1, 0}  // the count of the earlier release
	now    = quantity{0, 1, 1}  // that of this one
	left   = quantity{1, 0, 0}  // who was counted there only
	came   = quantity{0, 0, 1}  // who is counted here only
	net    = quantity{-1, 0, 1} // how the count has changed
)

func (q quantity) of(n [parts]int64) int64 {
	return q[gone]*n[gone] + q[both]*n[both] + q[added]*n[added]
}

// ErrCyclic says that the tables of a cube hang together in a ring, so that what is shown of one bounds the others
// in ways that the tables apart do not.
var ErrCyclic = errors.New("the tables hang together in a ring: make one table of them, or leave one out")

const maxDimensions = 32

// cell is one count of one margin.
type cell struct {
	n        [parts]int64
	was      Status
	withheld bool
}

// margin is the counts by some of the dimensions.
type margin struct {
	mask  uint32
	dims  []int
	radix []uint64 // by dimension of dims
	cells map[uint64]*cell
}

// key is the number of a cell in its margin; at is by all dimensions.
func (m *margin) key(at []uint16) uint64 {
	k := uint64(0)
	for i, d := range m.dims {
		k += m.radix[i] * uint64(at[d])
	}
	return k
}

// place puts the categories of the key into at, which is by all dimensions.
func (m *margin) place(key uint64, at []uint16) {
	for i := len(m.dims) - 1; i >= 0; i-- {
		at[m.dims[i]] = uint16(key / m.radix[i])
		key %= m.radix[i]
	}
}

func (m *margin) keys() []uint64 { return slices.Sorted(maps.Keys(m.cells)) }

// lattice is every table of a cube with all of its margins. A margin that several tables have is there once.
type lattice struct {
	cube    *Cube
	margins map[uint32]*margin
	order   []uint32 // of the margins: those of most dimensions first
	tables  []uint32 // those that are no margin of another
}

func newLattice(c *Cube) (*lattice, error) {
	l := &lattice{cube: c, margins: map[uint32]*margin{}}
	if len(c.Sizes) > maxDimensions {
		return nil, fmt.Errorf("%d dimensions, and at most %d can be protected", len(c.Sizes), maxDimensions)
	}
	var masks []uint32
	for _, t := range c.Tables {
		m := uint32(0)
		for _, d := range t {
			if d < 0 || d >= len(c.Sizes) {
				return nil, fmt.Errorf("a table names dimension %d, and there are %d", d, len(c.Sizes))
			}
			m |= 1 << d
		}
		masks = append(masks, m)
	}
	slices.Sort(masks)
	masks = slices.Compact(masks)
	for _, m := range masks {
		if !slices.ContainsFunc(masks, func(o uint32) bool { return o != m && m&^o == 0 }) {
			l.tables = append(l.tables, m)
		}
	}
	if !acyclic(l.tables) {
		return nil, ErrCyclic
	}
	return l, l.count()
}

// acyclic reports whether the tables can be taken away one by one, each by then sharing with the rest only dimensions
// that one other table has too. Then whatever numbers fit each table, and agree where tables meet, fit people: what
// a table lets be guessed is all that the tables together let be guessed.
func acyclic(tables []uint32) bool {
	rest := slices.Clone(tables)
	for len(rest) > 1 {
		ear := slices.IndexFunc(rest, func(t uint32) bool { return isEar(t, rest) })
		if ear < 0 {
			return false
		}
		rest = slices.Delete(rest, ear, ear+1)
	}
	return true
}

func isEar(t uint32, rest []uint32) bool {
	shared := uint32(0)
	for _, o := range rest {
		if o != t {
			shared |= t & o
		}
	}
	return slices.ContainsFunc(rest, func(o uint32) bool { return o != t && shared&^o == 0 })
}

// count fills every margin.
func (l *lattice) count() error {
	for _, t := range l.tables {
		for sub := t; ; sub = (sub - 1) & t {
			if l.margins[sub] == nil {
				m, err := l.newMargin(sub)
				if err != nil {
					return err
				}
				l.margins[sub] = m
				l.order = append(l.order, sub)
			}
			if sub == 0 {
				break
			}
		}
	}
	slices.SortFunc(l.order, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(bits.OnesCount32(b), bits.OnesCount32(a)), cmp.Compare(a, b))
	})
	for i := range l.cube.Atoms {
		a := &l.cube.Atoms[i]
		if len(a.At) != len(l.cube.Sizes) {
			return fmt.Errorf("an atom is in %d dimensions of %d", len(a.At), len(l.cube.Sizes))
		}
		for d, c := range a.At {
			if int(c) >= l.cube.Sizes[d] {
				return fmt.Errorf("an atom is in category %d of dimension %d, which has %d", c, d, l.cube.Sizes[d])
			}
		}
		for _, mask := range l.order {
			c := l.at(l.margins[mask], a.At)
			c.n[gone] += a.Gone
			c.n[both] += a.Both
			c.n[added] += a.New
		}
	}
	return nil
}

func (l *lattice) newMargin(mask uint32) (*margin, error) {
	m := &margin{mask: mask, cells: map[uint64]*cell{}}
	product := uint64(1)
	for d, size := range l.cube.Sizes {
		if mask&(1<<d) == 0 {
			continue
		}
		m.dims = append(m.dims, d)
		m.radix = append(m.radix, product)
		high, low := bits.Mul64(product, uint64(max(size, 1)))
		if high != 0 {
			return nil, fmt.Errorf("a table of %d dimensions: %w", bits.OnesCount32(mask), ErrTooManyValues)
		}
		product = low
	}
	return m, nil
}

// at is the cell of the margin that has the categories of at, which is by all dimensions. One that
// nobody is in is made.
func (l *lattice) at(m *margin, at []uint16) *cell {
	key := m.key(at)
	c := m.cells[key]
	if c == nil {
		c = &cell{}
		if l.cube.Was != nil {
			own := make([]uint16, len(m.dims))
			for i, d := range m.dims {
				own[i] = at[d]
			}
			c.was = l.cube.Was(m.dims, own)
		}
		m.cells[key] = c
	}
	return c
}

// above is the margins of a table that have all the dimensions of sub, the table among them.
func (l *lattice) above(sub, table uint32) []*margin {
	var out []*margin
	rest := table &^ sub
	for more := rest; ; more = (more - 1) & rest {
		out = append(out, l.margins[sub|more])
		if more == 0 {
			return out
		}
	}
}
