package pipeline

import (
	"strings"
	"unicode"

	"github.com/apache/arrow-go/v18/arrow"

	"palermo/transform/link"
)

// linkColumn gathers one column. It keeps a word once, and without the blanks around it.
type linkColumn struct {
	words link.Words
	at    []int32
	days  map[arrow.Date32]int32 // of dates: the places of their words
	text  strings.Builder        // the newest words, one behind the other: a million words are few pieces of memory
}

const textPiece = 1 << 16 // bytes

func newLinkColumn() *linkColumn { return &linkColumn{} }

func (c *linkColumn) add(cells []string) {
	for _, s := range cells {
		c.at = append(c.at, c.index(s))
	}
}

// index is the place of the word, which is added where it is new. The word is copied.
func (c *linkColumn) index(s string) int32 {
	if s = trimmed(s); s == "" {
		return link.Missing
	}
	i, added := c.words.Index(s)
	if added {
		c.words.List[i] = c.copied(s)
	}
	return i
}

// trimmed is s without the blanks around it.
func trimmed(s string) string {
	const first, last = '!', '~' // of ASCII, those that are no blanks
	if n := len(s); n > 0 && first <= s[0] && s[0] <= last && first <= s[n-1] && s[n-1] <= last {
		return s
	}
	return strings.TrimFunc(s, unicode.IsSpace)
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
	return link.Column{Name: name, Words: c.words.List, At: c.at}
}
