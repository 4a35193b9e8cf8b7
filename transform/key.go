package transform

import (
	"encoding/binary"
	"math"

	"github.com/zeebo/xxh3"

	"palermo/diag"
	"palermo/schemas"
)

// keys finds rows that repeat a key. Both rows are kept: which of two figures is right is for
// their publisher to say.
type keys struct {
	fields []int
	seen   map[xxh3.Uint128]uint64 // key -> what the first such row says besides
	buf    []byte
}

func newKeys(fields []int) *keys {
	return &keys{fields: fields, seen: map[xxh3.Uint128]uint64{}}
}

// check looks at the loaded rows of a batch.
func (k *keys) check(t *Table, raw *schemas.Batch, got [][]*outcome, loaded []int, ds *diag.List) {
	if len(k.fields) == 0 {
		return
	}
	inKey := make([]bool, len(t.fields))
	for _, f := range k.fields {
		inKey[f] = true
	}
	for _, i := range loaded {
		key := xxh3.Hash128(k.bytes(t, got, i, func(f int) bool { return inKey[f] }))
		rest := xxh3.Hash(k.bytes(t, got, i, func(f int) bool { return !inKey[f] }))
		first, again := k.seen[key]
		if !again {
			k.seen[key] = rest
			continue
		}
		at := diag.Pos{File: t.origin.File, Sheet: t.origin.Sheet, Row: raw.Row(i), Col: rawCol(raw, i)}
		if first == rest {
			ds.Add(finding(diag.KeyDuplicate, at, "", "an earlier row has the same key and says the same"))
		} else {
			ds.Add(finding(diag.KeyConflict, at, "", "an earlier row has the same key and says something else"))
		}
	}
}

// bytes is what the chosen fields of row i say. The buffer is used again by the next call.
func (k *keys) bytes(t *Table, got [][]*outcome, i int, chosen func(field int) bool) []byte {
	k.buf = k.buf[:0]
	for f := range t.fields {
		if got[f] != nil && chosen(f) {
			k.buf = got[f][i].identity(append(k.buf, byte(f)))
		}
	}
	return k.buf
}

// identity appends what the outcome says: the value, or the kind of empty with the word, since
// two words without a code are two things.
func (o *outcome) identity(b []byte) []byte {
	if !o.has {
		b = append(append(b, 0), o.status...)
		b = append(append(b, 0), o.word...)
		return append(b, 0)
	}
	if !o.value.hasLow && !o.value.hasHigh {
		b = append(append(b, 1), o.said()...)
		return append(b, 0)
	}
	b = append(b, 2)
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(o.value.low))
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(o.value.high))
	if o.value.hasHigh {
		return append(b, 1)
	}
	return append(b, 0)
}
