package transform

import (
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"palermo/schemas"
)

// wordColumn builds a raw column word by word, with a dictionary that only grows from batch to batch.
// Past maxWords distinct words its batches carry plain text.
type wordColumn struct {
	index map[string]int32
	words []string
	rows  []int32 // of the batch at hand; -1 for a blank
	plain []string
	dict  arrow.Array // of words, as far as they were when it was built
}

func (c *wordColumn) begin() { c.rows, c.plain = c.rows[:0], c.plain[:0] }

func (c *wordColumn) add(word string) {
	if c.index == nil {
		c.index = map[string]int32{}
	}
	if word == "" {
		c.rows, c.plain = append(c.rows, -1), append(c.plain, "")
		return
	}
	i, ok := c.index[word]
	if !ok && len(c.words) <= maxWords {
		word = strings.Clone(word)
		i = int32(len(c.words))
		c.index[word], c.words = i, append(c.words, word)
	}
	c.rows, c.plain = append(c.rows, i), append(c.plain, word)
}

// array is the column of the batch at hand. The caller releases it.
func (c *wordColumn) array(mem memory.Allocator) arrow.Array {
	if len(c.words) > maxWords {
		b := array.NewStringBuilder(mem)
		defer b.Release()
		for _, w := range c.plain {
			if w == "" {
				b.AppendNull()
			} else {
				b.Append(w)
			}
		}
		return b.NewArray()
	}
	if c.dict == nil || c.dict.Len() < len(c.words) {
		c.release()
		b := array.NewStringBuilder(mem)
		defer b.Release()
		b.AppendValues(c.words, nil)
		c.dict = b.NewArray()
	}
	index := indices(mem, c.rows)
	defer index.Release()
	return array.NewDictionaryArray(schemas.RawDictionary, index, c.dict)
}

func (c *wordColumn) release() {
	if c.dict != nil {
		c.dict.Release()
		c.dict = nil
	}
}

func indices(mem memory.Allocator, rows []int32) arrow.Array {
	b := array.NewInt32Builder(mem)
	defer b.Release()
	b.Reserve(len(rows))
	for _, i := range rows {
		if i < 0 {
			b.UnsafeAppendBoolToBitmap(false)
		} else {
			b.UnsafeAppend(i)
		}
	}
	return b.NewArray()
}

// repeated is the cells of a raw column from first to last, each times over. The caller releases it.
func repeated(mem memory.Allocator, a arrow.Array, first, last, times int) arrow.Array {
	if d, ok := a.(*array.Dictionary); ok {
		rows := make([]int32, 0, (last-first)*times)
		for i := first; i < last; i++ {
			at := int32(-1)
			if d.IsValid(i) {
				at = int32(d.GetValueIndex(i))
			}
			for range times {
				rows = append(rows, at)
			}
		}
		index := indices(mem, rows)
		defer index.Release()
		return array.NewDictionaryArray(schemas.RawDictionary, index, d.Dictionary())
	}
	b := array.NewStringBuilder(mem)
	defer b.Release()
	for i := first; i < last; i++ {
		for range times {
			if a.IsNull(i) {
				b.AppendNull()
			} else {
				b.Append(text(a, i))
			}
		}
	}
	return b.NewArray()
}
