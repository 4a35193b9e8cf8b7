package link

import "math"

const (
	mostSure = 0.98 // of a list's records: so many at most are taken to have a partner
	settled  = 20   // rounds in which it is found how many have
)

// amongRivals is the pairs as they stand where a record has at most one partner on each other list:
// the odds of a pair are held against those of the record's other pairs with that list, and against
// its having no partner there, instead of against the pair alone. So a pair without a rival gains
// what is known of the lists. The weaker of a pair's two sides counts. No pair loses: of rivals only
// the strongest can join, and where the lists have a person twice, rivals say nothing against each
// other. Pairs of one list are as they were.
func (l *Linker) amongRivals(pairs []Pair) []Pair {
	lists := int32(l.table.lists())
	records := make([]float64, lists)
	for i := range int32(l.Len()) {
		records[l.table.list(i)]++
	}
	type side struct{ record, list int32 }
	odds := map[side]float64{}
	sides := make([][2]side, len(pairs))
	for i, p := range pairs {
		sides[i] = [2]side{{p.A, l.table.list(p.B)}, {p.B, l.table.list(p.A)}}
		for _, s := range sides[i] {
			odds[s] += math.Exp2(p.Bits)
		}
	}
	out := make([]Pair, len(pairs))
	copy(out, pairs)
	for range settled {
		expected := make([]float64, lists*lists) // pairs of a record of the one list with the other
		for i, p := range out {
			for k, s := range sides[i] {
				expected[sides[i][1-k].list*lists+s.list] += Probability(p.Bits)
			}
		}
		for i, p := range pairs {
			a, b := sides[i][1].list, sides[i][0].list
			if a == b {
				continue
			}
			against := 0.0
			for k, s := range sides[i] {
				of := sides[i][1-k].list
				none := 1 - min(expected[of*lists+s.list]/records[of], mostSure)
				against = max(against, none+max(odds[s]-math.Exp2(p.Bits), 0))
			}
			out[i].Bits = p.Bits - math.Log2(min(against, 1))
		}
	}
	return out
}
