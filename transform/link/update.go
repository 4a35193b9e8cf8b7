package link

import (
	"cmp"
	"context"
	"slices"
)

// Gone is a block that a cap parted or dropped: its rule's place in the spec, and its key. A key
// is a hash of words.
type Gone struct {
	Rule int    `json:"rule"`
	Key  uint64 `json:"key"`
}

// Gone is the blocks that the caps parted or dropped, in order. With the pairs, it is what Update
// must know of an earlier run.
func (l *Linker) Gone() []Gone {
	return slices.SortedFunc(slices.Values(l.blocking.gone), func(a, b Gone) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Key, b.Key))
	})
}

// revisit is which pairs Update must weigh: those of fresh records, and those of blocks that
// brought no pairs before.
type revisit struct {
	fresh []bool
	gone  map[Gone]bool
}

// Update is Score for a table most of whose records an earlier run has weighed by the same model:
// pairs is what that run kept, by the numbers that their records have now, without those whose
// records are not there or have changed; gone is its Gone; fresh marks the records that are new or
// have changed. The result is that of Score. Pairs of a block that has since passed its cap, and
// that no other rule brings, are taken back; pairs of a block that no cap parts or drops any more
// are weighed.
func (s *Scorer) Update(ctx context.Context, pairs []Pair, gone []Gone, fresh []bool) ([]Pair, error) {
	again := &revisit{fresh: fresh, gone: map[Gone]bool{}}
	for _, g := range gone {
		again.gone[g] = true
	}
	out, err := s.score(ctx, again)
	if err != nil {
		return nil, err
	}
	for _, p := range pairs {
		if p.A > p.B {
			p.A, p.B = p.B, p.A
		}
		if fresh[p.A] || fresh[p.B] {
			continue
		}
		if p.Rules, _ = s.l.blocking.mask(p.A, p.B); p.Rules != 0 {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(x, y Pair) int { return cmp.Or(cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B)) })
	return slices.CompactFunc(out, func(x, y Pair) bool { return x.A == y.A && x.B == y.B }), nil
}
