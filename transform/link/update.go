package link

import (
	"cmp"
	"context"
	"maps"
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

// Digests is, for each record, a hash of all that pairs are made and weighed by: its list and its
// words in every form. That of an unchanged record may change as others come, for what is rare
// depends on them.
func (l *Linker) Digests() []uint64 {
	out := make([]uint64, l.Len())
	names := slices.Sorted(maps.Keys(l.features.made))
	hashes := make([][]uint64, len(names))
	for k, n := range names {
		hashes[k] = l.features.made[n].hash
	}
	var lists []uint64
	for _, n := range l.table.Lists {
		lists = append(lists, hashOf(n))
	}
	const piece = 1 << 12
	_ = parallel(context.Background(), (len(out)+piece-1)/piece, func() struct{} { return struct{}{} }, func(_ struct{}, p int) {
		for i := p * piece; i < min(len(out), (p+1)*piece); i++ {
			h := uint64(0)
			if lists != nil {
				h = lists[l.table.list(int32(i))]
			}
			for k, n := range names {
				h = mix(h, uint64(k)+1)
				for _, w := range l.features.made[n].set(int32(i)) {
					h = mix(h, hashes[k][w])
				}
			}
			out[i] = h
		}
	})
	return out
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
// whose Digest is another. The result is that of Score. Pairs of a block that has since passed its cap, and
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
		if p.Rules = s.l.blocking.mask(p.A, p.B); p.Rules != 0 {
			out = append(out, p)
		}
	}
	return slices.CompactFunc(s.l.inOrder(out), func(x, y Pair) bool { return x.A == y.A && x.B == y.B }), nil
}
