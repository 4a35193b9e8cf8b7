package extract

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"palermo/schemas"
)

// column builds one text column of raw batches: indices into its words, or, once there are too
// many words or where the mapping says so, plain text.
type column struct {
	at    int // in the row, from 0
	words *words
	plain bool
	last  int32 // the index of the word before, for columns that repeat themselves

	indices *array.Int32Builder
	text    *array.StringBuilder
}

func newColumn(c Column, o Options, mem memory.Allocator) *column {
	return &column{at: c.Col - 1, plain: c.Plain, last: -1,
		words:   newWords(o.DictionaryWords, o.DictionaryBytes),
		indices: array.NewInt32Builder(mem), text: array.NewStringBuilder(mem)}
}

func (c *column) release() {
	c.indices.Release()
	c.text.Release()
}

func (c *column) reserve(n int) {
	if c.plain {
		c.text.Reserve(n)
		return
	}
	c.indices.Reserve(n)
}

// append adds the row's cell, and gives its length. A blank one is null.
func (c *column) append(cells []string) int {
	s := ""
	if c.at >= 0 && c.at < len(cells) {
		s = cells[c.at]
	}
	switch {
	case c.plain && isBlank(s):
		c.text.AppendNull()
	case c.plain:
		c.text.Append(s)
	case isBlank(s):
		c.indices.AppendNull()
	case c.last >= 0 && string(c.words.word(c.last)) == s:
		c.indices.Append(c.last)
	default:
		c.appendWord(s)
	}
	return len(s)
}

func (c *column) appendWord(s string) {
	i, ok := c.words.find(s)
	if ok {
		c.indices.Append(i)
		c.last = i
		return
	}
	c.turnPlain()
	c.text.Append(s)
}

// turnPlain writes out the words of the batch that is being built, and drops the dictionary;
// batches handed out before keep their own hold on it.
func (c *column) turnPlain() {
	c.plain = true
	idx := c.indices.NewInt32Array()
	defer idx.Release()
	c.text.Reserve(idx.Len())
	for i := range idx.Len() {
		if idx.IsNull(i) {
			c.text.AppendNull()
			continue
		}
		c.text.BinaryBuilder.Append(c.words.word(idx.Value(i)))
	}
	c.words = nil
}

// array is what was appended since the last call. The caller releases it.
func (c *column) array() arrow.Array {
	if c.plain {
		return c.text.NewArray()
	}
	idx := c.indices.NewInt32Array()
	defer idx.Release()
	dict := c.words.array()
	defer dict.Release()
	return array.NewDictionaryArray(schemas.RawDictionary, idx, dict)
}
