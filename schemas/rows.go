package schemas

import (
	"fmt"
	"math"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Rows gathers rows of one table by the names of their columns, for the small tables that no
// file's columns become: ledger, value map, diagnostics, reference. It is not safe for two
// goroutines. Release it unless Batch was called.
type Rows struct {
	mem     memory.Allocator
	table   *Table
	columns []arrow.Field
	place   map[string]int // column name to index
	build   []array.Builder
	codes   []*codeColumn // of code columns; else nil
	n       int64
	err     error // of a value that was set
}

// codeColumn is the dictionary of a code column: the whole list where the table knows it, so that
// an index is a code's place in its list; else the words as they come.
type codeColumn struct {
	list  *CodeList
	words []string
	index map[string]int32
}

// NewRows is an empty batch of t to be. Its columns are those of t.BatchSchema.
func NewRows(mem memory.Allocator, t *Table) *Rows {
	r := &Rows{mem: mem, table: t, columns: t.BatchSchema().Fields(), place: map[string]int{}}
	lists := map[string]*CodeList{}
	for _, c := range t.Columns() {
		lists[c.Name] = t.lists[c.Codes]
	}
	for i, f := range r.columns {
		r.place[f.Name] = i
		var code *codeColumn
		typ := f.Type
		if arrow.TypeEqual(typ, RawDictionary) {
			code, typ = newCodeColumn(lists[f.Name]), RawDictionary.IndexType
		}
		r.codes = append(r.codes, code)
		r.build = append(r.build, array.NewBuilder(mem, typ))
	}
	return r
}

func newCodeColumn(l *CodeList) *codeColumn {
	c := &codeColumn{list: l, index: map[string]int32{}}
	if l != nil {
		for _, e := range l.Codes {
			c.put(e.Code)
		}
	}
	return c
}

func (c *codeColumn) put(word string) int32 {
	i := int32(len(c.words))
	c.words, c.index[word] = append(c.words, word), i
	return i
}

// Add appends one row. A column that is not named, or whose value is nil, is null. Values are
// string for text and code, int or int64 for integer, float64 or int for real, bool for truth,
// time.Time for date and timestamp. It is an error, and nothing is appended, where a column is
// unknown, a value is of another type, a code is not of its list, or a required value is missing.
func (r *Rows) Add(row map[string]any) error {
	for name := range row {
		if _, ok := r.place[name]; !ok {
			return fmt.Errorf("table %s: no column %q", r.table.Name, name)
		}
	}
	for i, f := range r.columns {
		if err := r.check(i, row[f.Name]); err != nil {
			return fmt.Errorf("table %s: column %s: %w", r.table.Name, f.Name, err)
		}
	}
	for i, f := range r.columns {
		r.append(i, row[f.Name])
	}
	r.n++
	return nil
}

func (r *Rows) check(i int, v any) error {
	f := r.columns[i]
	if v == nil {
		if !f.Nullable {
			return fmt.Errorf("a value is required")
		}
		return nil
	}
	ok := false
	switch f.Type.ID() {
	case arrow.STRING:
		_, ok = v.(string)
	case arrow.DICTIONARY:
		var word string
		if word, ok = v.(string); ok && r.codes[i].list != nil && r.codes[i].list.Index(word) < 0 {
			return fmt.Errorf("not a code of %s", r.codes[i].list.Name)
		}
	case arrow.INT64:
		_, ok = whole(v)
	case arrow.INT32:
		n, isWhole := whole(v)
		ok = isWhole && n >= math.MinInt32 && n <= math.MaxInt32
	case arrow.FLOAT64:
		_, isWhole := whole(v)
		_, isReal := v.(float64)
		ok = isWhole || isReal
	case arrow.BOOL:
		_, ok = v.(bool)
	case arrow.DATE32, arrow.TIMESTAMP:
		_, ok = v.(time.Time)
	}
	if !ok {
		return fmt.Errorf("a value of type %T where %s is needed", v, f.Type)
	}
	return nil
}

func whole(v any) (int64, bool) {
	switch n := v.(type) {
	case int:
		return int64(n), true
	case int64:
		return n, true
	}
	return 0, false
}

// append takes a value that check has passed.
func (r *Rows) append(i int, v any) {
	if v == nil {
		r.build[i].AppendNull()
		return
	}
	n, _ := whole(v)
	switch b := r.build[i].(type) {
	case *array.StringBuilder:
		b.Append(v.(string))
	case *array.Int32Builder:
		if c := r.codes[i]; c != nil {
			b.Append(c.of(v.(string)))
			return
		}
		b.Append(int32(n))
	case *array.Int64Builder:
		b.Append(n)
	case *array.Float64Builder:
		if f, ok := v.(float64); ok {
			b.Append(f)
			return
		}
		b.Append(float64(n))
	case *array.BooleanBuilder:
		b.Append(v.(bool))
	case *array.Date32Builder:
		b.Append(arrow.Date32FromTime(v.(time.Time)))
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(v.(time.Time).UnixMicro()))
	}
}

func (c *codeColumn) of(word string) int32 {
	if i, ok := c.index[word]; ok {
		return i
	}
	return c.put(word)
}

// Len is the number of rows.
func (r *Rows) Len() int { return int(r.n) }

// Batch is the rows gathered, which the caller then owns, and ends r. Its Origin is empty.
func (r *Rows) Batch() *Batch {
	columns := make([]arrow.Array, len(r.build))
	for i, b := range r.build {
		columns[i] = b.NewArray()
		if c := r.codes[i]; c != nil {
			columns[i] = c.dictionary(r.mem, columns[i])
		}
		defer columns[i].Release()
	}
	record := array.NewRecordBatch(arrow.NewSchema(r.columns, nil), columns, r.n)
	r.Release()
	return &Batch{Table: r.table.Name, Record: record}
}

// dictionary is the code column with those indices, which it takes over.
func (c *codeColumn) dictionary(mem memory.Allocator, indices arrow.Array) arrow.Array {
	defer indices.Release()
	b := array.NewStringBuilder(mem)
	defer b.Release()
	b.AppendValues(c.words, nil)
	words := b.NewArray()
	defer words.Release()
	return array.NewDictionaryArray(RawDictionary, indices, words)
}

// Release gives up what was gathered. It may be called more than once.
func (r *Rows) Release() {
	for _, b := range r.build {
		b.Release()
	}
	r.build = nil
}
