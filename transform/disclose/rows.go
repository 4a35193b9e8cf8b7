package disclose

import (
	"cmp"
	"errors"
	"math"
	"slices"
)

// Rows is one row a person: what of it identifies, by column. Nobody's row is twice there.
type Rows struct {
	Columns []Column
	// Strata are groups of rows that are made alike only among themselves, as those that stood together in
	// an earlier release; nil for one group. They are no column: they are not shown.
	Strata []uint32
}

// Column is one identifying column. Codes are small numbers that the caller gives to values; 0 is a value that is not
// there, and looks the same as one that was blanked.
type Column struct {
	Codes  []uint32
	Coarse []uint32 // by code, the code of the coarser value that may stand for it, as of a year that of its period; nil for none
	Weight float64  // what a blank costs; 0 means 1
}

// Level says how much of a value is shown.
type Level uint8

// The levels, from all to nothing.
const (
	Whole Level = iota
	Coarser
	Blank
)

// Anonymised says of each row what of it may be shown, so that each combination of values shown is of k rows or
// more. It holds the combinations once, not the rows.
type Anonymised struct {
	rows   *Rows
	of     []uint32  // by row, its combination
	levels [][]Level // by combination and column; nil where it cannot be shown
	counts []int64   // by combination

	Classes  int   // combinations of what is shown
	Smallest int64 // rows of the smallest of them; 0 for none
}

// Shown reports whether the row can be shown at all.
func (a *Anonymised) Shown(row int) bool { return a.levels[a.of[row]] != nil }

// Code is what is shown of a row's value: its code, that of the coarser value, or 0. The row must be Shown.
func (a *Anonymised) Code(row, column int) uint32 {
	c := &a.rows.Columns[column]
	return c.at(c.Codes[row], a.levels[a.of[row]][column])
}

// Level is how much of a row's value is shown. The row must be Shown.
func (a *Anonymised) Level(row, column int) Level { return a.levels[a.of[row]][column] }

func (c *Column) at(code uint32, l Level) uint32 {
	switch {
	case l == Whole:
		return code
	case l == Coarser:
		return c.Coarse[code]
	}
	return 0
}

func (c *Column) weight() float64 {
	if c.Weight == 0 {
		return 1
	}
	return c.Weight
}

// ErrTooManyValues says that the columns have more combinations than can be numbered.
var ErrTooManyValues = errors.New("the identifying columns have too many values")

// Anonymise blanks, or makes coarser, as little as it finds to be enough, so that each combination of values, blanks
// among them, is of k rows or of none.
//
// It tries the ways to blank from the cheapest to the dearest. Of those that cost the same it takes the one
// that serves most rows; rows also join a combination that is shown already. At the end each row moves to
// the cheapest combination that others hold up. Rows that even with all blank would be fewer than k are left out.
func Anonymise(rows *Rows, k int64) (*Anonymised, error) {
	s, err := newSearch(rows, k)
	if err != nil {
		return nil, err
	}
	for _, ways := range s.byCost() {
		s.protect(ways)
	}
	for range 3 {
		if !s.improve() {
			break
		}
	}
	return s.result(), nil
}

// search is one run of Anonymise over the distinct combinations of values.
type search struct {
	rows   *Rows
	k      int64
	of     []uint32
	tuples []uint32 // of width len(Columns)+1 each: the codes, and the stratum
	counts []int64
	ways   []way
	chosen []int32 // by combination, the way; -1 while it has none
	radix  []uint64
	loss   []float64 // by column, what the coarser value loses of the whole one
	shown  map[uint64]int64
}

// way is how much is shown of each column.
type way struct {
	levels []Level
	cost   float64
}

func newSearch(rows *Rows, k int64) (*search, error) {
	s := &search{rows: rows, k: k, shown: map[uint64]int64{}}
	if err := s.number(); err != nil {
		return nil, err
	}
	s.combine()
	for i := range rows.Columns {
		s.loss = append(s.loss, s.lostByCoarser(i))
	}
	s.enumerate(nil, 0)
	slices.SortStableFunc(s.ways, func(a, b way) int { return cmp.Compare(a.cost, b.cost) })
	s.chosen = slices.Repeat([]int32{-1}, len(s.counts))
	return s, nil
}

// number gives each column its place in the number of a combination.
func (s *search) number() error {
	product := uint64(1)
	place := func(codes []uint32, more []uint32) error {
		s.radix = append(s.radix, product)
		most := uint64(0)
		for _, list := range [][]uint32{codes, more} {
			for _, c := range list {
				most = max(most, uint64(c))
			}
		}
		if most+1 > math.MaxUint64/product {
			return ErrTooManyValues
		}
		product *= most + 1
		return nil
	}
	for i := range s.rows.Columns {
		if err := place(s.rows.Columns[i].Codes, s.rows.Columns[i].Coarse); err != nil {
			return err
		}
	}
	return place(s.rows.Strata, nil)
}

// combine finds the distinct combinations, in the order of their first rows.
func (s *search) combine() {
	width := len(s.rows.Columns) + 1
	at := map[uint64]uint32{}
	n := 0
	if len(s.rows.Columns) > 0 {
		n = len(s.rows.Columns[0].Codes)
	}
	s.of = make([]uint32, n)
	tuple := make([]uint32, width)
	for r := range n {
		key := uint64(0)
		for i := range s.rows.Columns {
			tuple[i] = s.rows.Columns[i].Codes[r]
			key += s.radix[i] * uint64(tuple[i])
		}
		if s.rows.Strata != nil {
			tuple[width-1] = s.rows.Strata[r]
			key += s.radix[width-1] * uint64(tuple[width-1])
		}
		c, known := at[key]
		if !known {
			c = uint32(len(s.counts))
			at[key] = c
			s.tuples = append(s.tuples, tuple...)
			s.counts = append(s.counts, 0)
		}
		s.of[r] = c
		s.counts[c]++
	}
}

// lostByCoarser is the share of what a column tells (its entropy) that its coarser values do not.
func (s *search) lostByCoarser(i int) float64 {
	c := &s.rows.Columns[i]
	if c.Coarse == nil {
		return 1
	}
	fine, coarse := map[uint32]float64{}, map[uint32]float64{}
	for t, n := range s.counts {
		code := s.tuple(t)[i]
		if code == 0 {
			continue
		}
		fine[code] += float64(n)
		coarse[c.Coarse[code]] += float64(n)
	}
	whole := entropy(fine)
	if whole == 0 {
		return 0
	}
	return 1 - entropy(coarse)/whole
}

func entropy(of map[uint32]float64) float64 {
	var sum, h float64
	codes := make([]uint32, 0, len(of))
	for c, n := range of {
		codes = append(codes, c)
		sum += n
	}
	slices.Sort(codes) // sums of floats hang on their order
	for _, c := range codes {
		h -= of[c] / sum * math.Log2(of[c]/sum)
	}
	return h
}

func (s *search) tuple(t int) []uint32 {
	width := len(s.rows.Columns) + 1
	return s.tuples[t*width : (t+1)*width]
}

// enumerate lists every way, with what it costs a row that has all values.
func (s *search) enumerate(levels []Level, cost float64) {
	i := len(levels)
	if i == len(s.rows.Columns) {
		s.ways = append(s.ways, way{slices.Clone(levels), cost})
		return
	}
	w := s.rows.Columns[i].weight()
	s.enumerate(append(levels, Whole), cost)
	if s.rows.Columns[i].Coarse != nil {
		s.enumerate(append(levels, Coarser), cost+w*s.loss[i])
	}
	s.enumerate(append(levels, Blank), cost+w)
}

// byCost is the ways in groups of about the same cost, from the cheapest: those within a quarter of a value are tried
// against each other.
func (s *search) byCost() [][]int32 {
	var out [][]int32
	var from float64
	for i, w := range s.ways {
		if len(out) == 0 || i == 1 || w.cost > from+0.25 {
			out = append(out, nil)
			from = w.cost
		}
		out[len(out)-1] = append(out[len(out)-1], int32(i))
	}
	return out
}

// key is the number of what is shown of a combination.
func (s *search) key(t int, w *way) uint64 {
	tuple := s.tuple(t)
	n := len(s.rows.Columns)
	key := s.radix[n] * uint64(tuple[n])
	for i := range n {
		key += s.radix[i] * uint64(s.rows.Columns[i].at(tuple[i], w.levels[i]))
	}
	return key
}

// cost is what the way loses of the combination: a value that is not there cannot be lost.
func (s *search) cost(t int, w *way) float64 {
	var sum float64
	for i, code := range s.tuple(t)[:len(s.rows.Columns)] {
		switch {
		case code == 0:
		case w.levels[i] == Blank:
			sum += s.rows.Columns[i].weight()
		case w.levels[i] == Coarser:
			sum += s.rows.Columns[i].weight() * s.loss[i]
		}
	}
	return sum
}

// protect chooses among the ways for the combinations that have none, as long as one serves any: the one that serves
// most rows first. What a way serves seldom grows when another was taken, so that it is counted again only when
// its turn has come.
func (s *search) protect(ways []int32) {
	type turn struct {
		way    int32
		serves int64
	}
	left := make([]turn, 0, len(ways))
	for _, w := range ways {
		left = append(left, turn{w, s.serves(w)})
	}
	for len(left) > 0 {
		slices.SortStableFunc(left, func(a, b turn) int { return cmp.Compare(b.serves, a.serves) })
		if left[0].serves = s.serves(left[0].way); left[0].serves == 0 {
			left = left[1:]
			continue
		}
		if len(left) > 1 && left[0].serves < left[1].serves {
			continue
		}
		s.take(left[0].way)
		left = left[1:]
	}
}

// groups counts the rows without a way by what the way would show of them.
func (s *search) groups(w int32) map[uint64]int64 {
	n := map[uint64]int64{}
	for t, c := range s.chosen {
		if c < 0 {
			n[s.key(t, &s.ways[w])] += s.counts[t]
		}
	}
	return n
}

// serves is how many rows without a way the way would serve.
func (s *search) serves(w int32) int64 {
	var sum int64
	for key, n := range s.groups(w) {
		if n+s.shown[key] >= s.k {
			sum += n
		}
	}
	return sum
}

func (s *search) take(w int32) {
	n := s.groups(w)
	for t, c := range s.chosen {
		if c >= 0 {
			continue
		}
		key := s.key(t, &s.ways[w])
		if of := n[key]; of+s.shown[key] >= s.k {
			s.chosen[t] = w
		}
	}
	for key, of := range n {
		if of+s.shown[key] >= s.k {
			s.shown[key] += of
		}
	}
}

// improve moves combinations to a cheaper way whose combination others hold up, where those that stay behind are
// enough without them. It reports whether any moved.
func (s *search) improve() bool {
	moved := false
	for t := range s.counts {
		if s.chosen[t] <= 0 { // left out, or whole
			continue
		}
		now := &s.ways[s.chosen[t]]
		from, cost := s.key(t, now), s.cost(t, now)
		if rest := s.shown[from] - s.counts[t]; rest > 0 && rest < s.k {
			continue
		}
		for w := range s.ways {
			if s.ways[w].cost >= now.cost {
				break
			}
			to := s.key(t, &s.ways[w])
			if to == from || s.cost(t, &s.ways[w]) >= cost || s.shown[to] < s.k {
				continue
			}
			s.shown[from] -= s.counts[t]
			s.shown[to] += s.counts[t]
			s.chosen[t] = int32(w)
			moved = true
			break
		}
	}
	return moved
}

func (s *search) result() *Anonymised {
	a := &Anonymised{rows: s.rows, of: s.of, counts: s.counts, levels: make([][]Level, len(s.counts))}
	for t, w := range s.chosen {
		if w >= 0 {
			a.levels[t] = s.ways[w].levels
		}
	}
	for _, n := range s.shown {
		if n == 0 {
			continue
		}
		a.Classes++
		if a.Smallest == 0 || n < a.Smallest {
			a.Smallest = n
		}
	}
	return a
}
