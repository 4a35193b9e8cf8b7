package extract

import (
	"context"
	"fmt"
	"iter"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"palermo/diag"
	"palermo/schemas"
)

// StopBlankRow ends a table at the first row without text below its first row with text.
const StopBlankRow = "blank_row"

// Spec says which part of a sheet is the table, and which of its columns are wanted.
type Spec struct {
	Origin    schemas.Origin
	HeaderRow int      // the number of the row that holds the header
	Width     int      // how many columns the header has; 0: up to its last cell with text
	Columns   []Column // in the order of the batches
	Stop      string   // what ends the table: nothing, or StopBlankRow
	NoHeader  bool     // the table has no header: HeaderRow is 0, and its rows begin with the first
	Cut       bool     // what stands beyond the header's width is no part of the table

	// Ragged, where it is set, is handed each row that has text beyond the header's width. Such
	// a row is in no batch. The row is valid during the call; an error ends the reading.
	Ragged func(Row) error
}

// Column is one wanted column.
type Column struct {
	Name  string // of the batches' field: the header, in the form that Header gives
	Col   int    // its number in the file, from 1
	Plain bool   // plain text from the first batch on: identifiers, free text
}

// Counts is what became of the rows below the header. Read is the sum of the others.
type Counts struct {
	Read      int64 // rows that stand in the file below the header, to the end of the sheet
	Batched   int64 // in a batch
	Blank     int64 // without text
	Ragged    int64 // with text beyond the header's width
	BelowStop int64 // with text, but below the end of the table: footnotes
	Gone      int64 // with text once, of which Redact left nothing
}

// Reader reads one table of a sheet as raw batches. It is not safe for two goroutines.
type Reader struct {
	sheet  Sheet
	spec   Spec
	mem    memory.Allocator
	o      Options
	counts Counts
}

// NewReader is a reader of the table that spec describes. The batches' memory comes from mem.
func NewReader(s Sheet, spec Spec, mem memory.Allocator) *Reader {
	return &Reader{sheet: s, spec: spec, mem: mem, o: s.file.o}
}

// Counts is what became of the rows that the latest call of Batches has gone over so far.
func (r *Reader) Counts() Counts { return r.counts }

// Batches yields the table's rows, in their order. Who pulls a batch releases it. The schema is
// that of schemas.RawSchema; a column whose distinct words pass the cap carries plain text from
// that batch on. It can be called again, for a second pass, which gives the same batches. After
// an error there are no more; the error is one of those of Sheet.Rows, or Spec.Ragged's, or an
// *Error with code column.missing where the sheet has no header row.
func (r *Reader) Batches(ctx context.Context) iter.Seq2[*schemas.Batch, error] {
	return func(yield func(*schemas.Batch, error) bool) {
		if err := r.spec.check(); err != nil {
			yield(nil, fmt.Errorf("extract: table: %w", err))
			return
		}
		t := newTableBuilder(r)
		defer t.release()
		for row, err := range r.sheet.Rows(ctx) {
			if err == nil {
				err = t.take(row)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if t.full() && !yield(t.batch(), nil) {
				return
			}
		}
		switch {
		case !t.headed:
			yield(nil, t.headless())
		case t.rows.Len() > 0:
			yield(t.batch(), nil)
		}
	}
}

// tableBuilder is the state of one pass.
type tableBuilder struct {
	r       *Reader
	width   int
	headed  bool
	begun   bool // a row with text was met below the header
	stopped bool
	rows    *array.Int64Builder
	cols    *array.Int32Builder
	columns []*column
	text    int // bytes of the wanted cells of the batch
}

// maxBatchText is the bytes of text from which on a batch takes no more rows. Few files have rows
// so long; a workbook can make them of one shared string.
const maxBatchText = 32 << 20

// full reports whether the batch that is being built should be handed out.
func (t *tableBuilder) full() bool {
	return t.rows.Len() == t.r.o.BatchRows || t.text >= maxBatchText
}

func newTableBuilder(r *Reader) *tableBuilder {
	r.counts = Counts{}
	t := &tableBuilder{r: r, width: r.spec.Width, headed: r.spec.NoHeader, rows: array.NewInt64Builder(r.mem), cols: array.NewInt32Builder(r.mem)}
	for _, c := range r.spec.Columns {
		t.columns = append(t.columns, newColumn(c, r.o, r.mem))
	}
	return t
}

func (t *tableBuilder) release() {
	t.rows.Release()
	t.cols.Release()
	for _, c := range t.columns {
		c.release()
	}
}

// take puts a row where it belongs: above the table, into the batch, or aside.
func (t *tableBuilder) take(row Row) error {
	n := &t.r.counts
	if t.r.spec.Cut && t.width > 0 {
		row.Cells = cut(row.Cells, t.width)
	}
	switch header := t.r.spec.HeaderRow; {
	case row.Num < header:
		return nil
	case row.Num == header:
		t.headed = true
		if t.width == 0 {
			t.width = len(row.Cells)
		}
		return nil
	case !t.headed:
		return t.headless()
	}
	n.Read++
	switch {
	case row.Gone && !t.stopped:
		t.begun = true
		n.Gone++
	case row.Gone:
		n.BelowStop++
	case len(row.Cells) == 0:
		n.Blank++
		t.stopped = t.stopped || t.begun && t.r.spec.Stop == StopBlankRow
	case t.stopped:
		n.BelowStop++
	case len(row.Cells) > t.width:
		t.begun = true
		n.Ragged++
		if t.r.spec.Ragged != nil {
			return t.r.spec.Ragged(row)
		}
	default:
		t.begun = true
		n.Batched++
		t.append(row)
	}
	return nil
}

// cut is the first cells of a row, without those without text at its end.
func cut(cells []string, width int) []string {
	cells = cells[:min(len(cells), width)]
	for len(cells) > 0 && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	return cells
}

func (t *tableBuilder) headless() error {
	r := t.r
	return fault(nil, diag.ColumnMissing, r.sheet.pos(r.spec.HeaderRow, 0), "the sheet has no such row for a header")
}

func (t *tableBuilder) append(row Row) {
	if t.rows.Len() == 0 {
		t.reserve(t.r.o.BatchRows)
	}
	t.rows.UnsafeAppend(int64(row.Num))
	for _, c := range t.columns {
		t.text += c.append(row.Cells)
	}
}

func (t *tableBuilder) reserve(n int) {
	t.rows.Reserve(n)
	for _, c := range t.columns {
		c.reserve(n)
	}
}

// batch is the rows taken since the last one. The caller releases it.
func (t *tableBuilder) batch() *schemas.Batch {
	n := t.rows.Len()
	t.text = 0
	t.cols.AppendNulls(n)
	arrays := []arrow.Array{t.rows.NewArray(), t.cols.NewArray()}
	names, cols, plain := make([]string, len(t.columns)), make([]int, len(t.columns)), make([]bool, len(t.columns))
	for i, c := range t.columns {
		names[i], cols[i], plain[i] = t.r.spec.Columns[i].Name, t.r.spec.Columns[i].Col, c.plain
		arrays = append(arrays, c.array())
	}
	rec := array.NewRecordBatch(schemas.RawSchema(names, cols, plain), arrays, int64(n))
	for _, a := range arrays {
		a.Release()
	}
	return &schemas.Batch{Origin: t.r.spec.Origin, Record: rec}
}

// check reports what is wrong with the spec itself, which is a mistake of the caller.
func (s Spec) check() error {
	if s.HeaderRow < 1 && !s.NoHeader || s.NoHeader && (s.HeaderRow != 0 || s.Width == 0) {
		return fmt.Errorf("header row %d", s.HeaderRow)
	}
	if s.Stop != "" && s.Stop != StopBlankRow {
		return fmt.Errorf("stop %q", s.Stop)
	}
	for _, c := range s.Columns {
		if c.Col < 1 || s.Width > 0 && c.Col > s.Width {
			return fmt.Errorf("column %q has number %d", c.Name, c.Col)
		}
	}
	return nil
}
