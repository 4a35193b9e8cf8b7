package link

// A memo remembers similarities of words, since the same two words meet in many pairs. Each worker
// has one. It forgets when two pairs fall on one place, and never changes a result.
type memo struct {
	slots [][]similarity
	list  []int32 // the records' lists, for tests of two lists
}

type similarity struct {
	a, b int32
	of   float64
}

const memoBits = 15

func (l *Linker) newMemo() *memo {
	m := &memo{slots: make([][]similarity, l.compare.slots), list: l.table.List}
	for i := range m.slots {
		m.slots[i] = make([]similarity, 1<<memoBits)
		for k := range m.slots[i] {
			m.slots[i][k].a = Missing
		}
	}
	return m
}

// of is what work says of the words a and b, whose order is nothing to it.
func (m *memo) of(slot int, a, b int32, work func(a, b int32) float64) float64 {
	if a > b {
		a, b = b, a
	}
	s := &m.slots[slot][(uint64(a)<<32|uint64(uint32(b)))*0x9e3779b97f4a7c15>>(64-memoBits)]
	if s.a != a || s.b != b {
		*s = similarity{a, b, work(a, b)}
	}
	return s.of
}
