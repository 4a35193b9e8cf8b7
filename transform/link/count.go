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
	slots []counted // pairs 0: free
	used  int
}

func newTally() *tally { return &tally{slots: make([]counted, 1<<12)} }

func (t *tally) add(o outcome, n int64) {
	s := t.find(o)
	if s.pairs == 0 {
		if t.used++; 2*t.used > len(t.slots) {
			t.grow()
			s = t.find(o)
		}
		s.outcome = o
	}
	s.pairs += n
}

func (t *tally) find(o outcome) *counted {
	h := mix(mix(uint64(o.pattern), uint64(o.mask)), uint64(o.stratum))
	for i := h; ; i++ {
		s := &t.slots[i&uint64(len(t.slots)-1)]
		if s.pairs == 0 || s.outcome == o {
			return s
		}
	}
}

func (t *tally) grow() {
	old := t.slots
	t.slots = make([]counted, 2*len(old))
	for _, s := range old {
		if s.pairs > 0 {
			*t.find(s.outcome) = s
		}
	}
}

// sorted is the outcomes in an order that no worker decides.
func (t *tally) sorted() []counted {
	var out []counted
	for _, s := range t.slots {
		if s.pairs > 0 {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b counted) int {
		return cmp.Or(cmp.Compare(a.stratum, b.stratum), cmp.Compare(a.mask, b.mask), cmp.Compare(a.pattern, b.pattern))
	})
	return out
}

// keptPatterns is how many pairs' patterns are kept for Score, which then need not compare again:
// eight bytes each. More than that are compared twice.
const keptPatterns = 1 << 25

// count streams every pair and keeps only how many came to what, and, of as many as memory allows,
// the patterns in the order of the pairs.
func (l *Linker) count(ctx context.Context) ([]counted, error) {
	type worker struct {
		tally *tally
		memo  *memo
	}
	var workers []worker
	shards := l.blocking.shards()
	start := func() worker { return worker{newTally(), l.newMemo()} }
	made := make(chan worker, len(shards))
	var kept [][]Pattern
	if l.blocking.report.Pairs <= keptPatterns {
		kept = make([][]Pattern, len(shards))
	}
	err := parallel(ctx, len(shards), func() worker {
		w := start()
		made <- w
		return w
	}, func(w worker, i int) {
		l.blocking.each(shards[i], nil, func(a, b int32, mask uint32) {
			p := l.compare.pattern(w.memo, a, b)
			w.tally.add(outcome{l.stratum(a, b), mask, p}, 1)
			if kept != nil {
				kept[i] = append(kept[i], p)
			}
		})
	})
	close(made)
	if err != nil {
		return nil, err
	}
	l.keepPatterns(kept)
	for w := range made {
		workers = append(workers, w)
	}
	sum := newTally()
	for _, w := range workers {
		for _, s := range w.tally.slots {
			if s.pairs > 0 {
				sum.add(s.outcome, s.pairs)
			}
		}
	}
	return sum.sorted(), nil
}

func (l *Linker) keepPatterns(kept [][]Pattern) {
	l.once.Lock()
	defer l.once.Unlock()
	l.patterns = kept
}

func (l *Linker) knownPatterns() [][]Pattern {
	l.once.Lock()
	defer l.once.Unlock()
	return l.patterns
}
