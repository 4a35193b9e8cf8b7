package link

import "fmt"

// Missing is the index of a value that a record does not have.
const Missing = int32(-1)

// A Table is the records that are linked, column by column. The order of its records decides
// nothing: results are the same for any order, up to the records' numbers.
type Table struct {
	IDs     []string // one a record, no two the same
	Lists   []string // the lists that the records stand on; none where there is one only
	List    []int32  // for each record, which of Lists; nil where there is one only
	Columns []Column
}

// A Column is one field of all records: its distinct words, and which of them each record has. It
// is how the batches of this project carry text, so that a word is looked at once.
type Column struct {
	Name  string
	Words []string
	At    []int32 // index into Words, or Missing
}

// Len is the number of records.
func (t *Table) Len() int { return len(t.IDs) }

func (t *Table) column(name string) *Column {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i]
		}
	}
	return nil
}

// list is the number of the record's list.
func (t *Table) list(i int32) int32 {
	if t.List == nil {
		return 0
	}
	return t.List[i]
}

func (t *Table) lists() int { return max(1, len(t.Lists)) }

func (t *Table) check() error {
	if t.List != nil && len(t.List) != len(t.IDs) {
		return fmt.Errorf("link: %d records and %d places in lists", len(t.IDs), len(t.List))
	}
	for _, c := range t.Columns {
		if len(c.At) != len(t.IDs) {
			return fmt.Errorf("link: column %q has %d of %d records", c.Name, len(c.At), len(t.IDs))
		}
	}
	return nil
}

// NewColumn makes a column of words, one a record; the empty word is missing.
func NewColumn(name string, words []string) Column {
	c := Column{Name: name, At: make([]int32, len(words))}
	var known Words
	for i, w := range words {
		if c.At[i] = Missing; w != "" {
			c.At[i], _ = known.Index(w)
		}
	}
	c.Words = known.List
	return c
}

// counts is how many records have each word.
func (c *Column) counts() []int {
	n := make([]int, len(c.Words))
	for _, w := range c.At {
		if w != Missing {
			n[w]++
		}
	}
	return n
}
