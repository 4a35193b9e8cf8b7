package link

// A memo remembers similarities of words, since the same two words meet in many pairs. Each worker
// has one. It forgets when two pairs fall on one place, and never changes a result.
type memo struct {
	slots  [][]similarity
	levels [][]levelOf // by ladder
	list   []int32     // the records' lists, for tests of two lists
}

type similarity struct {
	a, b int32
	of   float64
}

// levelOf is the level of two words in a ladder of one feature.
type levelOf struct {
	a, b  int32
	level int32
}

const memoBits = 14

func (l *Linker) newMemo() *memo {
	m := &memo{slots: make([][]similarity, l.compare.slots), levels: make([][]levelOf, len(l.compare.ladders)), list: l.table.List}
	for i := range m.slots {
		m.slots[i] = make([]similarity, 1<<memoBits)
		for k := range m.slots[i] {
			m.slots[i][k].a = Missing
		}
	}
	for i := range m.levels {
		if !l.compare.ladders[i].kept {
			continue
		}
		m.levels[i] = make([]levelOf, 1<<memoBits)
		for k := range m.levels[i] {
			m.levels[i][k].a = Missing
		}
	}
	return m
}

// level is the ladder's level of two words.
func (m *memo) level(l *ladder, v, w int32) int {
	if v > w {
		v, w = w, v
	}
	s := &m.levels[l.slot][slotOf(v, w)]
	if s.a != v || s.b != w {
		*s = levelOf{v, w, int32(l.ofTwo(m, v, w))}
	}
	return int(s.level)
}

// slotOf is where a memo keeps what it knows of two words, the smaller first.
func slotOf(a, b int32) uint64 {
	return (uint64(a)<<32 | uint64(uint32(b))) * 0x9e3779b97f4a7c15 >> (64 - memoBits)
}

// of is what work says of the words a and b, whose order is nothing to it.
func (m *memo) of(slot int, a, b int32, work func(a, b int32) float64) float64 {
	if a > b {
		a, b = b, a
	}
	s := &m.slots[slot][slotOf(a, b)]
	if s.a != a || s.b != b {
		*s = similarity{a, b, work(a, b)}
	}
	return s.of
}
