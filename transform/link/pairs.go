package link

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// A shard is neighbouring blocks of a rule: about as many pairs as in any other. Shards are
// independent, and which worker takes one decides nothing.
type shard struct{ rule, from, to int }

// pairsPerShard is small enough to spread over a few cores, and to cancel soon.
const pairsPerShard = 1 << 18

func (b *blocking) shards() []shard {
	var out []shard
	for r := range b.blocks {
		rb := &b.blocks[r]
		from, pairs := 0, int64(0)
		for k := range rb.len() {
			if pairs += b.count(rb.of(k)); pairs >= pairsPerShard {
				out = append(out, shard{r, from, k + 1})
				from, pairs = k+1, 0
			}
		}
		if from < rb.len() {
			out = append(out, shard{r, from, rb.len()})
		}
	}
	return out
}

// each hands f every pair of the shard, the smaller record first, once over all shards. again, if
// not nil, leaves only pairs that it asks for.
func (b *blocking) each(s shard, again *revisit, f func(x, y int32, mask uint32)) {
	b.meet(s, again, func(x, y int32, first bool) {
		if first {
			f(x, y, b.mask(x, y))
		}
	})
}

// meet hands f every two records that a block of the shard brings together, and whether it is the
// first of all blocks that does.
func (b *blocking) meet(s shard, again *revisit, f func(x, y int32, first bool)) {
	rb := &b.blocks[s.rule]
	for k := s.from; k < s.to; k++ {
		whole := again == nil || again.gone[Gone{s.rule, rb.keys[k]}]
		members := rb.of(k)
		for i, x := range members {
			for _, y := range members[i+1:] {
				if !whole && !again.fresh[x] && !again.fresh[y] {
					continue
				}
				if b.across != nil && b.across.list(x) == b.across.list(y) {
					continue
				}
				f(x, y, b.firstIn(s.rule, rb.first+uint32(k), x, y))
			}
		}
	}
}

// repeat hands f every pair of the shard, and the outcome that it came to when it was seen.
func (b *blocking) repeat(s shard, seen *seenShard, f func(x, y, outcome int32)) {
	rb := &b.blocks[s.rule]
	met, of := 0, seen.of
	for k := s.from; k < s.to; k++ {
		members := rb.of(k)
		for i, x := range members {
			for _, y := range members[i+1:] {
				if b.across != nil && b.across.list(x) == b.across.list(y) {
					continue
				}
				if seen.first[met>>6]>>(met&63)&1 == 1 {
					f(x, y, of[0])
					of = of[1:]
				}
				met++
			}
		}
	}
}

// parallel runs work for each number below n on all cores, each worker with what start gives it,
// and stops at the context's end.
func parallel[W any](ctx context.Context, n int, start func() W, work func(w W, i int)) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			w := start()
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				work(w, i)
			}
		})
	}
	wg.Wait()
	return ctx.Err()
}
