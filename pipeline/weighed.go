package pipeline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"fmt"
	"os"

	"palermo/load"
	"palermo/transform/link"
)

// weighed is the pairs that a run has weighed: what the next one, with the same model, need not
// weigh again. It stands beside the person registry and is named by the same manifest. It decides
// nothing: where it is gone or damaged, all pairs are weighed, and come to the same.
type weighed struct {
	Format  int
	Model   string // its id, with the thresholds that pairs were kept by
	Records []string
	Digests []uint64 // by record: of what its pairs were made and weighed by
	Gone    []link.Gone
	Pairs   pairColumns
}

// pairColumns is pairs, column by column: of millions, a structure each would take the longest to
// read of all that a night reads.
type pairColumns struct {
	A, B    []int32
	Rules   []uint32
	Pattern []uint64
	Bits    []float64
}

func columnsOf(pairs []link.Pair) pairColumns {
	n := len(pairs)
	c := pairColumns{make([]int32, n), make([]int32, n), make([]uint32, n), make([]uint64, n), make([]float64, n)}
	for i, p := range pairs {
		c.A[i], c.B[i], c.Rules[i], c.Pattern[i], c.Bits[i] = p.A, p.B, p.Rules, uint64(p.Pattern), p.Bits
	}
	return c
}

// whole reports whether all columns have as many values.
func (c *pairColumns) whole() bool {
	n := len(c.A)
	return len(c.B) == n && len(c.Rules) == n && len(c.Pattern) == n && len(c.Bits) == n
}

// at is pair i.
func (c *pairColumns) at(i int) link.Pair {
	return link.Pair{A: c.A[i], B: c.B[i], Rules: c.Rules[i], Pattern: link.Pattern(c.Pattern[i]), Bits: c.Bits[i]}
}

const (
	weighedFormat = 2
	weighedName   = "pairs" // in a manifest's states
	weighedFile   = "pairs.gob"
)

// weighedBy is the model, and all else beside the records that a pair's weight and being kept
// depend on.
func (k *linkage) weighedBy() string {
	return fmt.Sprint(k.model.ID, " ", linkFormat, " ", k.linker.Spec().Thresholds.Keep)
}

// weigh weighs the pairs: those of records that are new or have changed, and where nothing is left
// of an earlier run, or all is to be made again, every one.
func (k *linkage) weigh(ctx context.Context, r *run) (err error) {
	k.digests = k.linker.Digests()
	before := r.readWeighed()
	if before == nil || before.Model != k.weighedBy() || r.Full {
		k.fresh = k.linker.Len()
		k.pairs, err = k.scorer.Score(ctx)
		return err
	}
	now, fresh := before.in(k.linker, k.digests)
	for _, f := range fresh {
		if f {
			k.fresh++
		}
	}
	var pairs []link.Pair
	for i := range before.Pairs.A {
		p := before.Pairs.at(i)
		if p.A, p.B = now[p.A], now[p.B]; p.A >= 0 && p.B >= 0 {
			pairs = append(pairs, p)
		}
	}
	k.pairs, err = k.scorer.Update(ctx, pairs, before.Gone, fresh)
	return err
}

// in is the numbers that the records have in l, -1 for those that are not there or have changed, and
// which of l's records are none of these. Both are in the order of their ids.
func (w *weighed) in(l *link.Linker, digests []uint64) (now []int32, fresh []bool) {
	now, fresh = make([]int32, len(w.Records)), make([]bool, l.Len())
	i := 0
	for n, id := range w.Records {
		for i < l.Len() && l.ID(int32(i)) < id {
			fresh[i] = true
			i++
		}
		now[n] = -1
		if i < l.Len() && l.ID(int32(i)) == id {
			if fresh[i] = digests[i] != w.Digests[n]; !fresh[i] {
				now[n] = int32(i)
			}
			i++
		}
	}
	for ; i < l.Len(); i++ {
		fresh[i] = true
	}
	return now, fresh
}

// readWeighed reads what the published run has weighed; nil where there is none, or none that is whole.
func (r *run) readWeighed() *weighed {
	_, m, err := load.Current(r.Dir)
	if err != nil || m == nil || m.States[weighedName] == "" {
		return nil
	}
	b, err := os.ReadFile(r.path(stateDir, runsDir, m.Run, weighedFile))
	if err != nil {
		return nil
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != m.States[weighedName] {
		return nil
	}
	w := &weighed{}
	if err := gob.NewDecoder(bytes.NewReader(b)).Decode(w); err != nil || w.Format != weighedFormat || len(w.Digests) != len(w.Records) || !w.Pairs.whole() {
		return nil
	}
	return w
}

// writeWeighed writes the pairs beside the registry of the snapshot that is being made, and returns
// their hash.
func (r *run) writeWeighed(k *linkage) (string, error) {
	w := weighed{Format: weighedFormat, Model: k.weighedBy(), Digests: k.digests, Gone: k.linker.Gone(), Pairs: columnsOf(k.pairs)}
	for i := range int32(k.linker.Len()) {
		w.Records = append(w.Records, k.linker.ID(i))
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(w); err != nil {
		return "", fmt.Errorf("write the pairs: %w", err)
	}
	return r.writeState(weighedFile, b.Bytes())
}
