package pipeline

import (
	"strings"
	"unicode"

	"github.com/zeebo/xxh3"

	"palermo/transform/link"
)

// linkColumn gathers one column. It keeps a word once, and without the blanks around it.
type linkColumn struct {
	words []string
	at    []int32
	slots []wordSlot      // of words, by hash
	text  strings.Builder // the newest words, one behind the other: a million words are few pieces of memory
}

// wordSlot is a word's place from 1 and the lower half of its hash; 0: free.
type wordSlot struct {
	word int32
	hash uint32
}

const (
	firstSlots = 1 << 10
	textPiece  = 1 << 16 // bytes
)

func newLinkColumn() *linkColumn { return &linkColumn{slots: make([]wordSlot, firstSlots)} }

func (c *linkColumn) add(cells []string) {
	for _, s := range cells {
		c.at = append(c.at, c.index(s))
	}
}

// index is the place of the word, which is added where it is new. The word is copied.
func (c *linkColumn) index(s string) int32 {
	s = strings.TrimFunc(s, unicode.IsSpace)
	if s == "" {
		return link.Missing
	}
	h := xxh3.HashString(s)
	slot := c.find(s, h)
	if slot.word == 0 {
		if 2*len(c.words) >= len(c.slots) {
			c.grow()
			slot = c.find(s, h)
		}
		c.words = append(c.words, c.copied(s))
		*slot = wordSlot{int32(len(c.words)), uint32(h)}
	}
	return slot.word - 1
}

// find is the slot of the word, or the free one where it would be.
func (c *linkColumn) find(s string, h uint64) *wordSlot {
	mask := uint64(len(c.slots) - 1)
	for i := h >> 20; ; i++ {
		slot := &c.slots[i&mask]
		if slot.word == 0 || slot.hash == uint32(h) && c.words[slot.word-1] == s {
			return slot
		}
	}
}

func (c *linkColumn) grow() {
	c.slots = make([]wordSlot, 4*len(c.slots))
	for i, w := range c.words {
		h := xxh3.HashString(w)
		*c.find(w, h) = wordSlot{int32(i + 1), uint32(h)}
	}
}

// copied is the word in memory of the column's own.
func (c *linkColumn) copied(s string) string {
	if c.text.Cap()-c.text.Len() < len(s) {
		c.text = strings.Builder{}
		c.text.Grow(max(textPiece, len(s)))
	}
	from := c.text.Len()
	c.text.WriteString(s)
	return c.text.String()[from:]
}

func (c *linkColumn) column(name string) link.Column {
	return link.Column{Name: name, Words: c.words, At: c.at}
}
