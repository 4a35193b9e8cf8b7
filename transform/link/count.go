package link

import (
	"cmp"
	"context"
	"slices"
)

// outcome is what a pair comes to when its records are forgotten: which lists, which rules, which
// levels.
type outcome struct {
	stratum uint32
	mask    uint32
	pattern Pattern
}

// counted is an outcome and the number of its pairs.
type counted struct {
	outcome
	pairs int64
}

// tally counts outcomes: some thousands of them for millions of pairs.
type tally struct {
	of    []counted // in the order in which they were met
	slots []int32   // places in of, from 1; 0: free
}

func newTally() *tally { return &tally{slots: make([]int32, 1<<12)} }

// add counts n more pairs of the outcome, and says which of the tally's it is.
func (t *tally) add(o outcome, n int64) int32 {
	s := t.find(o)
	if *s == 0 {
		if t.of = append(t.of, counted{outcome: o}); 2*len(t.of) > len(t.slots) {
			t.grow()
			s = t.find(o)
		}
		*s = int32(len(t.of))
	}
	t.of[*s-1].pairs += n
	return *s - 1
}

func (t *tally) find(o outcome) *int32 {
	h := mix(mix(uint64(o.pattern), uint64(o.mask)), uint64(o.stratum))
	for i := h; ; i++ {
		s := &t.slots[i&uint64(len(t.slots)-1)]
		if *s == 0 || t.of[*s-1].outcome == o {
			return s
		}
	}
}

// grow makes room: all but the last outcome find their new place.
func (t *tally) grow() {
	t.slots = make([]int32, 2*len(t.slots))
	for i := range t.of[:len(t.of)-1] {
		*t.find(t.of[i].outcome) = int32(i + 1)
	}
}

// sorted is the outcomes in an order that no worker decides.
func (t *tally) sorted() []counted {
	out := slices.Clone(t.of)
	slices.SortFunc(out, compareOutcomes)
	return out
}

func compareOutcomes(a, b counted) int {
	return cmp.Or(cmp.Compare(a.stratum, b.stratum), cmp.Compare(a.mask, b.mask), cmp.Compare(a.pattern, b.pattern))
}

// seen is what every pair came to when they were counted, shard by shard, so that Score need not
// look at a pair again to know that it is far below what is kept.
type seen struct {
	outcomes []counted
	shards   []seenShard
}

// seenShard is that of one shard, in the order in which its blocks bring pairs.
type seenShard struct {
	first []uint64 // a bit for each pair that a block brings: whether it is the first that does
	pairs int      // of which first has a bit
	of    []int32  // for each first one, its outcome
}

func (s *seenShard) met(first bool) {
	if s.pairs&63 == 0 {
		s.first = append(s.first, 0)
	}
	if first {
		s.first[s.pairs>>6] |= 1 << (s.pairs & 63)
	}
	s.pairs++
}

// keptPairs is how many pairs are remembered as seen: four bytes each and a bit for each rule that
// brings it. Where there are more, all are compared twice.
const keptPairs = 1 << 26

// count streams every pair and keeps only how many came to what, and, of as many as memory allows,
// what each came to.
func (l *Linker) count(ctx context.Context) ([]counted, error) {
	shards := l.blocking.shards()
	made := make(chan *counter, len(shards))
	keep := l.blocking.report.Pairs <= keptPairs
	by := make([]*counter, len(shards))
	kept := &seen{shards: make([]seenShard, len(shards))}
	err := parallel(ctx, len(shards), func() *counter {
		w := l.newCounter()
		made <- w
		return w
	}, func(w *counter, i int) {
		by[i] = w
		if keep {
			w.shard(shards[i], &kept.shards[i])
		} else {
			w.shard(shards[i], nil)
		}
	})
	close(made)
	if err != nil {
		return nil, err
	}
	sum := newTally()
	for w := range made {
		for _, c := range w.tally.of {
			sum.add(c.outcome, c.pairs)
		}
	}
	kept.outcomes = sum.sorted()
	if keep {
		kept.renumber(by)
		l.keepSeen(kept)
	}
	return kept.outcomes, nil
}

// counter is one worker of count.
type counter struct {
	linker *Linker
	tally  *tally
	memo   *memo

	of       []int32 // for each pair of the shard, its outcome
	a, b     []int32 // the pairs that wait to be compared
	rules    []uint32
	patterns [compared]Pattern
}

func (l *Linker) newCounter() *counter {
	return &counter{linker: l, tally: newTally(), memo: l.newMemo()}
}

// compared is how many pairs are compared at once.
const compared = 512

// shard counts the pairs of a shard; into, if not nil, gets what each came to.
func (w *counter) shard(s shard, into *seenShard) {
	b := w.linker.blocking
	b.meet(s, nil, func(x, y int32, first bool) {
		if into != nil {
			into.met(first)
		}
		if first {
			w.add(x, y, b.mask(x, y))
		}
	})
	w.flush()
	if into != nil {
		into.of = slices.Clone(w.of)
	}
	w.of = w.of[:0]
}

// add takes a pair, and compares those that wait when there are enough.
func (w *counter) add(a, b int32, mask uint32) {
	w.a, w.b, w.rules = append(w.a, a), append(w.b, b), append(w.rules, mask)
	if len(w.a) == compared {
		w.flush()
	}
}

func (w *counter) flush() {
	l := w.linker
	l.compare.patterns(w.memo, w.a, w.b, w.patterns[:len(w.a)])
	for i, mask := range w.rules {
		w.of = append(w.of, w.tally.add(outcome{l.stratum(w.a[i], w.b[i]), mask, w.patterns[i]}, 1))
	}
	w.a, w.b, w.rules = w.a[:0], w.b[:0], w.rules[:0]
}

// renumber makes the outcomes' numbers, which are each worker's own, places in outcomes.
func (s *seen) renumber(by []*counter) {
	now := map[*counter][]int32{}
	for _, w := range by {
		if now[w] != nil {
			continue
		}
		to := make([]int32, len(w.tally.of))
		for i, c := range w.tally.of {
			k, _ := slices.BinarySearchFunc(s.outcomes, c, compareOutcomes)
			to[i] = int32(k)
		}
		now[w] = to
	}
	for i := range s.shards {
		to := now[by[i]]
		for k, o := range s.shards[i].of {
			s.shards[i].of[k] = to[o]
		}
	}
}

func (l *Linker) keepSeen(s *seen) {
	l.once.Lock()
	defer l.once.Unlock()
	l.seen = s
}

func (l *Linker) knownPairs() *seen {
	l.once.Lock()
	defer l.once.Unlock()
	return l.seen
}
