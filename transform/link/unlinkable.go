package link

// Unlinkable is how many records cannot reach the weight with any other: what a record has in
// common with itself is the most that it can have in common.
func (s *Scorer) Unlinkable(bits float64) int {
	m, n := s.l.newMemo(), 0
	for i := range int32(s.l.Len()) {
		if s.weigh(i, i, s.l.compare.pattern(m, i, i)) < bits {
			n++
		}
	}
	return n
}
