package disclose

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// Protected is a cube of which every cell is either shown or withheld.
type Protected struct {
	l    *lattice
	rule SmallCells

	Small  int // cells withheld since they, or what changed in them since an earlier release, are too small
	Beside int // cells withheld to keep others from being worked out
	Closed int // tables that could not be protected, and are withheld whole
}

// Protect decides which cells of the cube's tables are withheld. What is too small is, and so is a cell that an
// earlier release showed, and in which too little has changed since. For each of these numbers it then looks for
// other people that would give the same tables, here and in the earlier release, and in which the number is
// another: the numbers it can have so must span rule.Least. Where they do not, the cells are withheld beside it that
// cost least to make it so. The people are real ones moved about, four cells of a table at a time or two or eight (the
// corners of a hypercube), so that the span is not an estimate: whoever has the tables cannot rule any of it out.
//
// so is what was decided already, as against another earlier release; nil for nothing. Its cells stay withheld.
func Protect(c *Cube, rule SmallCells, so *Protected) (*Protected, error) {
	l, err := newLattice(c)
	if err != nil {
		return nil, err
	}
	p := &protector{lattice: l, need: rule.Least, out: &Protected{l: l, rule: rule}}
	p.leave = slices.ContainsFunc(c.Atoms, func(a Atom) bool { return a.Gone > 0 })
	p.hows = howsFor(c.Was != nil, p.leave)
	p.keep(so)
	p.withholdSmall()
	for _, t := range p.targets() {
		if !p.protect(t, false) && !p.protect(t, true) {
			p.close(t.m.mask)
		}
	}
	p.tally()
	return p.out, nil
}

type protector struct {
	*lattice
	need  int64
	leave bool                   // somebody is gone since the earlier release
	hows  []quantity             // what a move may do to the parts
	moved map[*cell][parts]int64 // of the innermost cells of the tables, beside what they are
	out   *Protected
}

// keep takes over what was withheld already.
func (p *protector) keep(so *Protected) {
	if so == nil {
		return
	}
	p.out.Closed = so.Closed
	at := make([]uint16, len(p.cube.Sizes))
	for mask, m := range so.l.margins {
		own := p.margins[mask]
		if own == nil {
			continue
		}
		for key, c := range m.cells {
			if c.withheld {
				m.place(key, at)
				p.at(own, at).withheld = true
			}
		}
	}
}

func (p *protector) withholdSmall() {
	for _, m := range p.margins {
		for _, c := range m.cells {
			if p.out.rule.IsSmall(now.of(c.n)) || c.was == WasShown && p.changedLittle(c) {
				c.withheld = true
			}
		}
	}
}

// changedLittle reports whether the difference of what two releases show of a cell would tell of too few people.
func (p *protector) changedLittle(c *cell) bool {
	if d := net.of(c.n); p.out.rule.IsSmall(max(d, -d)) {
		return true
	}
	return !p.turnsOver(c) && (p.out.rule.IsSmall(c.n[gone]) || p.out.rule.IsSmall(c.n[added]))
}

// turnsOver reports whether any number of the people of a cell may be others than those of the earlier release, for all that the
// tables tell: where some are known to be gone, as many of those in both may be too, with others come in their place.
func (p *protector) turnsOver(c *cell) bool { return p.leave && c.n[both] >= p.need }

// target is one number that nobody may work out.
type target struct {
	m    *margin
	at   []uint16 // by all dimensions
	what quantity
}

// targets is what must be protected, in the order in which it is: the innermost first, since what they need withheld
// often serves their margins too.
func (p *protector) targets() []target {
	var out []target
	for _, mask := range p.order {
		m := p.margins[mask]
		for _, key := range m.keys() {
			c := m.cells[key]
			for _, q := range p.sensitive(c) {
				at := make([]uint16, len(p.cube.Sizes))
				m.place(key, at)
				out = append(out, target{m, at, q})
			}
		}
	}
	return out
}

func (p *protector) sensitive(c *cell) []quantity {
	var out []quantity
	small := func(q quantity) {
		if p.out.rule.IsSmall(q.of(c.n)) {
			out = append(out, q)
		}
	}
	small(now)
	if c.was == WasWithheld {
		small(before)
	}
	if c.was == NotThere {
		return out
	}
	if d := net.of(c.n); p.out.rule.IsSmall(max(d, -d)) {
		out = append(out, net)
	}
	if !p.turnsOver(c) {
		small(left)
		small(came)
	}
	return out
}

// howsFor is what a move may do to the parts at a corner that gains. Where nobody is gone since the earlier release,
// whoever attacks may know that nobody is.
func howsFor(again, leave bool) []quantity {
	hows := []quantity{{0, 0, 1}}
	if again {
		hows = append(hows, quantity{0, 1, 0}, quantity{0, 1, -1}) // the latter changes the earlier count, and not this one
	}
	if leave {
		hows = append(hows, quantity{1, 0, 0}, quantity{-1, 1, 0}) // the latter changes this count, and not the earlier one
	}
	return hows
}

// move is people moved between the corners of a hypercube: each corner that gains has as many neighbours that lose, so
// that no margin over the dimensions of the hypercube changes.
type move struct {
	over     uint32
	other    []uint16 // by dimension of over, the category across
	how      quantity
	sign     int64 // of the corner that the target is at
	rest     map[uint32][]uint16
	withhold []*cell // what must be withheld for it, and is not yet
	capacity int64
	cost     float64
}

// protect moves people until the target's numbers span what is needed, up first and then down. Where more is needed than
// what is withheld allows, and it may withhold more, it does.
func (p *protector) protect(t target, more bool) bool {
	have := int64(0)
	for _, up := range []int64{1, -1} {
		p.moved = map[*cell][parts]int64{}
		for have < p.need {
			m := p.best(t, up, false, p.need-have)
			if m == nil && more {
				m = p.best(t, up, true, p.need-have)
			}
			if m == nil {
				break
			}
			for _, c := range m.withhold {
				c.withheld = true
			}
			n := min(m.capacity, p.need-have)
			p.apply(m, n)
			have += n
		}
	}
	return have >= p.need
}

// best is the move that changes the target by most, up to what is wanted; of those that need more withheld, the one that
// costs least for what it gives. It is nil where there is none.
func (p *protector) best(t target, up int64, more bool, want int64) *move {
	var best *move
	score := func(m *move) float64 {
		gives := float64(min(m.capacity, want))
		if more {
			return m.cost / gives
		}
		return -gives
	}
	try := func(m *move) bool {
		if m.capacity > 0 && (best == nil || score(m) < score(best)) {
			best = m
		}
		return !more && best != nil && best.capacity >= want
	}
	for over := t.m.mask; over != 0; over = (over - 1) & t.m.mask {
		for _, how := range p.hows {
			by := t.what.of(how)
			if by == 0 {
				continue
			}
			if p.across(t, over, how, up*by, more, try) {
				return best
			}
		}
	}
	return best
}

// across tries the hypercubes over the dimensions, until try says that it is enough.
func (p *protector) across(t target, over uint32, how quantity, sign int64, more bool, try func(*move) bool) bool {
	var dims []int
	var lists [][]uint16
	most := [...]int{0, 40, 12, 6, 5, 4, 3, 3}[min(bits.OnesCount32(over), 7)]
	for d := range p.cube.Sizes {
		if over&(1<<d) == 0 {
			continue
		}
		list := p.neighbours(t, d, how, more, most)
		if len(list) == 0 {
			return false
		}
		dims, lists = append(dims, d), append(lists, list)
	}
	other := make([]uint16, len(p.cube.Sizes))
	return each(lists, func(pick []uint16) bool {
		for i, d := range dims {
			other[d] = pick[i]
		}
		m := &move{over: over, other: slices.Clone(other), how: how, sign: sign, rest: map[uint32][]uint16{}, capacity: math.MaxInt64}
		return p.fit(t, m, more) && try(m)
	})
}

// each calls f with one of each list, until it returns true.
func each(lists [][]uint16, f func([]uint16) bool) bool {
	pick := make([]uint16, len(lists))
	var from func(i int) bool
	from = func(i int) bool {
		if i == len(lists) {
			return f(pick)
		}
		for _, v := range lists[i] {
			pick[i] = v
			if from(i + 1) {
				return true
			}
		}
		return false
	}
	return from(0)
}

// neighbours is the categories across in one dimension that are worth a try: those withheld already, then the smallest
// cells that have enough people, then the largest of the others.
func (p *protector) neighbours(t target, d int, how quantity, more bool, most int) []uint16 {
	type candidate struct {
		category uint16
		rank     int
		n        int64
	}
	var all []candidate
	at := slices.Clone(t.at)
	for v := range p.cube.Sizes[d] {
		if at[d] = uint16(v); at[d] == t.at[d] {
			continue
		}
		c := p.at(t.m, at)
		if !p.allows(c, how, more) {
			continue
		}
		x := candidate{uint16(v), 0, now.of(c.n)}
		switch {
		case c.withheld:
			x.n = -x.n
		case x.n >= p.need:
			x.rank = 1
		default:
			x.rank, x.n = 2, -x.n
		}
		all = append(all, x)
	}
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.n, b.n), cmp.Compare(a.category, b.category))
	})
	var out []uint16
	for _, x := range all[:min(most, len(all))] {
		out = append(out, x.category)
	}
	return out
}

// allows reports whether a cell may change as a move changes it, or may where more may be withheld.
func (p *protector) allows(c *cell, how quantity, more bool) bool {
	if before.of(how) != 0 && c.was == WasShown {
		return false
	}
	return now.of(how) == 0 || c.withheld || more
}

// fit finds, in each table that has the dimensions of the move, the rest of the place of the people who move, and what
// they come to. It reports whether there is one.
func (p *protector) fit(t target, m *move, more bool) bool {
	var tables []uint32
	seen, shared := uint32(0), uint32(0)
	for _, table := range p.tables {
		if table&m.over == m.over {
			tables = append(tables, table)
			shared |= seen & table
			seen |= table
		}
	}
	fixed := m.over | t.m.mask
	shared &^= fixed
	var best *move
	at := slices.Clone(t.at)
	p.places(shared, 64, at, func() bool {
		one := *m
		one.rest, one.withhold, one.cost = map[uint32][]uint16{}, nil, 0
		for _, table := range tables {
			if !p.fitTable(table, table&^(fixed|shared), at, &one, more) {
				return false
			}
		}
		if best == nil || one.cost < best.cost || one.cost == best.cost && one.capacity > best.capacity {
			best = &one
		}
		return false
	})
	if best == nil {
		return false
	}
	*m = *best
	return true
}

// places sets at to each combination of categories of the dimensions, or, where there are more than limit, to those of
// the categories with most people, until f returns true.
func (p *protector) places(dims uint32, limit int, at []uint16, f func() bool) {
	var of []int
	var lists [][]uint16
	product := 1
	for d, size := range p.cube.Sizes {
		if dims&(1<<d) != 0 {
			of = append(of, d)
			product *= size
			list := make([]uint16, size)
			for v := range list {
				list[v] = uint16(v)
			}
			lists = append(lists, list)
		}
	}
	if product > limit {
		for i, d := range of {
			m := p.margins[1<<d]
			slices.SortStableFunc(lists[i], func(a, b uint16) int {
				return cmp.Compare(p.people(m, d, b), p.people(m, d, a))
			})
			share := max(2, int(math.Pow(float64(limit), 1/float64(len(of)))))
			lists[i] = lists[i][:min(share, len(lists[i]))]
		}
	}
	each(lists, func(pick []uint16) bool {
		for i, d := range of {
			at[d] = pick[i]
		}
		return f()
	})
}

// people is how many are counted in one category of one dimension.
func (p *protector) people(m *margin, d int, category uint16) int64 {
	at := make([]uint16, len(p.cube.Sizes))
	at[d] = category
	c := m.cells[m.key(at)]
	if c == nil {
		return 0
	}
	return now.of(c.n)
}

// fitTable finds the best place in one table, and adds what it takes to the move.
func (p *protector) fitTable(table, free uint32, at []uint16, m *move, more bool) bool {
	found := false
	var capacity int64
	var cost float64
	var withhold []*cell
	margins := p.above(m.over, table)
	own := slices.Clone(at)
	var rest []uint16
	p.places(free, 4096, own, func() bool {
		n, price, cells := p.weigh(table, margins, own, m, more)
		if n == 0 || found && (price > cost || price == cost && n <= capacity) {
			return false
		}
		found, capacity, cost, withhold, rest = true, n, price, cells, slices.Clone(own)
		return false
	})
	if !found {
		return false
	}
	m.rest[table] = rest
	m.capacity = min(m.capacity, capacity)
	m.cost += cost
	m.withhold = append(m.withhold, withhold...)
	return true
}

// weigh is how many people can move so in the table, and which cells must be withheld for it at what cost; none where a
// cell may not change.
func (p *protector) weigh(table uint32, margins []*margin, at []uint16, m *move, more bool) (int64, float64, []*cell) {
	capacity, cost := int64(math.MaxInt64), 0.0
	var withhold []*cell
	corner := make([]uint16, len(at))
	for _, g := range margins {
		away := bits.OnesCount32(table &^ g.mask)
		for i := range 1 << bits.OnesCount32(m.over) {
			parity := m.corner(i, at, corner)
			c := p.at(g, corner)
			if !p.allows(c, m.how, more) {
				return 0, 0, nil
			}
			if now.of(m.how) != 0 && !c.withheld {
				withhold = append(withhold, c)
				cost += (5 + float64(now.of(c.n))) * math.Pow(2, float64(away))
			}
			if g.mask != table {
				continue
			}
			for part := range parts {
				if change := m.sign * parity * m.how[part]; change < 0 {
					capacity = min(capacity, c.n[part]+p.moved[c][part])
				}
			}
		}
	}
	return capacity, cost, withhold
}

// corner sets to to the i-th corner of the move in a place, and returns 1 where it does as the target's, and -1 where it
// does the opposite.
func (m *move) corner(i int, at, to []uint16) int64 {
	copy(to, at)
	parity := int64(1)
	for rest, d := m.over, 0; rest != 0; d++ {
		if rest&(1<<d) == 0 {
			continue
		}
		rest &^= 1 << d
		if i&1 == 1 {
			to[d] = m.other[d]
			parity = -parity
		}
		i >>= 1
	}
	return parity
}

// apply moves n people.
func (p *protector) apply(m *move, n int64) {
	to := make([]uint16, len(p.cube.Sizes))
	for table, at := range m.rest {
		for i := range 1 << bits.OnesCount32(m.over) {
			parity := m.corner(i, at, to)
			c := p.at(p.margins[table], to)
			d := p.moved[c]
			for part := range parts {
				d[part] += m.sign * parity * m.how[part] * n
			}
			p.moved[c] = d
		}
	}
}

// close gives up the tables that have the margin. Where there is one, all of it is withheld but the margins that others have
// too: of those nobody can tell how they are parted. Where there are several, all of them are.
func (p *protector) close(mask uint32) {
	var tables []uint32
	for _, table := range p.tables {
		if table&mask == mask {
			tables = append(tables, table)
		}
	}
	for _, table := range tables {
		p.out.Closed++
		for _, m := range p.above(0, table) {
			if len(tables) == 1 && slices.ContainsFunc(p.tables, func(o uint32) bool { return o != table && m.mask&^o == 0 }) {
				continue
			}
			at := make([]uint16, len(p.cube.Sizes))
			p.places(m.mask, math.MaxInt, at, func() bool {
				p.at(m, at).withheld = true
				return false
			})
		}
	}
}

func (p *protector) tally() {
	for _, m := range p.margins {
		for _, c := range m.cells {
			switch {
			case !c.withheld:
			case p.out.rule.IsSmall(now.of(c.n)) || c.was == WasShown && p.changedLittle(c):
				p.out.Small++
			default:
				p.out.Beside++
			}
		}
	}
}

// Cell is one cell of a protected cube. Its count is for the publisher's eyes.
type Cell struct {
	Dims  []int    // of its margin, in ascending order
	At    []uint16 // its categories of these
	Count int64
	Shown
}

// Cells is every cell that somebody is in or that is withheld, by margin, those of most dimensions first, and by category.
// All other cells of the tables are shown as zero.
func (p *Protected) Cells(f func(Cell)) {
	at := make([]uint16, len(p.l.cube.Sizes))
	for _, mask := range p.l.order {
		m := p.l.margins[mask]
		for _, key := range m.keys() {
			c := m.cells[key]
			n := now.of(c.n)
			if n == 0 && !c.withheld {
				continue
			}
			m.place(key, at)
			own := make([]uint16, len(m.dims))
			for i, d := range m.dims {
				own[i] = at[d]
			}
			shown := Shown{Withheld: true}
			if !c.withheld {
				shown = p.rule.Show(n)
			}
			f(Cell{m.dims, own, n, shown})
		}
	}
}
