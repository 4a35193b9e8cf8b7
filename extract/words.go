package extract

import (
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// words is the distinct texts of one column, in the order in which they were met. It only grows:
// an array made of it stays right, because what is added later lies behind its end, in the same
// memory or in a larger copy. So an array costs nothing but its header, however often one is
// made.
type words struct {
	index   map[string]int32
	offsets []int32
	data    []byte
	maxLen  int // words
	maxData int // bytes
}

func newWords(maxLen, maxData int) *words {
	return &words{index: map[string]int32{}, offsets: []int32{0}, maxLen: maxLen, maxData: maxData}
}

func (w *words) len() int { return len(w.offsets) - 1 }

func (w *words) word(i int32) []byte { return w.data[w.offsets[i]:w.offsets[i+1]] }

// find is the index of the word, which it adds where it is new. ok is false where there is no
// room for it.
func (w *words) find(s string) (i int32, ok bool) {
	if i, ok = w.index[s]; ok {
		return i, true
	}
	if w.len() == w.maxLen || len(w.data)+len(s) > w.maxData {
		return 0, false
	}
	i = int32(w.len())
	w.index[strings.Clone(s)] = i
	w.data = append(w.data, s...)
	w.offsets = append(w.offsets, int32(len(w.data)))
	return i, true
}

// array is the words so far. The caller releases it; its memory is Go's.
func (w *words) array() *array.String {
	offsets := memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(w.offsets[:len(w.offsets):len(w.offsets)]))
	text := memory.NewBufferBytes(w.data[:len(w.data):len(w.data)])
	d := array.NewData(arrow.BinaryTypes.String, w.len(), []*memory.Buffer{nil, offsets, text}, nil, 0, 0)
	defer d.Release()
	return array.NewStringData(d)
}
