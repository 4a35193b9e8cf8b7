package transform

import (
	"fmt"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"palermo/schemas"
)

// output is the rows of one batch to be built: each comes from a row of a raw batch.
type output struct {
	table  *schemas.Table
	fields []fieldPlan
	raw    *schemas.Batch
	rows   []int                     // the row of the raw batch that each comes from
	cols   []int                     // the column in the file that each comes from, 0 for none; nil where the raw batch knows
	at     func(k, n int) *outcome   // what field k of row n came out as; nil for palermo's own
	own    func(k, n int) ownOutcome // what palermo fills field k of row n with
	fixed  func(k int) *outcome      // what field k came out as in every row; nil where it may differ
}

// ownOutcome is a text or a number that palermo fills a field with.
type ownOutcome struct {
	text   string
	number float64
}

// build makes the harmonised batch.
func (t *Table) build(o output) (*schemas.Batch, error) {
	schema := o.table.BatchSchema()
	cols := make([]arrow.Array, 0, schema.NumFields())
	defer func() {
		for _, c := range cols {
			c.Release()
		}
	}()
	cols = append(cols, t.rowNumbers(o), t.colNumbers(o))
	all := make([]int, len(o.rows))
	for n := range all {
		all[n] = n
	}
	for k := range o.fields {
		f := &o.fields[k]
		for _, c := range f.field.Columns() {
			a, err := t.outputColumn(o, c, f, k, all)
			if err != nil {
				return nil, err
			}
			cols = append(cols, a)
		}
	}
	rec := array.NewRecordBatch(schema, cols, int64(len(o.rows)))
	return &schemas.Batch{Origin: t.origin, Table: o.table.Name, Record: rec}, nil
}

func (t *Table) outputColumn(o output, c schemas.Column, f *fieldPlan, k int, all []int) (arrow.Array, error) {
	switch {
	case !f.own.varies():
		if same := o.fixed(k); same != nil {
			return t.constant(o.table, c, f, same, len(all))
		}
		return t.column(c, f, all, func(n int) *outcome { return o.at(k, n) })
	case c.Type == schemas.Text:
		b := array.NewStringBuilder(t.mem)
		defer b.Release()
		b.Reserve(len(all))
		for n := range all {
			if text := o.own(k, n).text; text != "" {
				b.Append(text)
			} else {
				b.AppendNull()
			}
		}
		return b.NewArray(), nil
	}
	return t.numbers(c, all, func(n int) (float64, bool) { return o.own(k, n).number, true })
}

func (t *Table) rowNumbers(o output) arrow.Array {
	b := array.NewInt64Builder(t.mem)
	defer b.Release()
	b.Reserve(len(o.rows))
	for _, i := range o.rows {
		b.UnsafeAppend(int64(o.raw.Row(i)))
	}
	return b.NewArray()
}

func (t *Table) colNumbers(o output) arrow.Array {
	b := array.NewInt32Builder(t.mem)
	defer b.Release()
	b.Reserve(len(o.rows))
	for n, i := range o.rows {
		col := rawCol(o.raw, i)
		if o.cols != nil {
			col = o.cols[n]
		}
		if col == 0 {
			b.UnsafeAppendBoolToBitmap(false)
			continue
		}
		b.UnsafeAppend(int32(col))
	}
	return b.NewArray()
}

// rawCol is the column in the file of a row that was one cell; 0 for any other.
func rawCol(raw *schemas.Batch, i int) int {
	if c := raw.Record.Column(1).(*array.Int32); c.IsValid(i) {
		return int(c.Value(i))
	}
	return 0
}

// cellID is the id of a row that is known by where it stands. It leads back to the cell without a
// look-up.
func (t *Table) cellID(raw *schemas.Batch, i int) string {
	id := make([]byte, 0, 40)
	id = append(append(id, t.origin.Submission...), '.')
	id = append(strconv.AppendInt(id, int64(t.origin.SheetNo), 10), '.')
	id = strconv.AppendInt(id, int64(raw.Row(i)), 10)
	if c := rawCol(raw, i); c > 0 {
		id = strconv.AppendInt(append(id, '.'), int64(c), 10)
	}
	return string(id)
}

// column builds one physical column of a field.
func (t *Table) column(c schemas.Column, f *fieldPlan, loaded []int, at func(int) *outcome) (arrow.Array, error) {
	switch c.Part {
	case schemas.PartStatus:
		return t.codes(c.Codes, loaded, func(i int) int {
			o := at(i)
			return cached(&o.coded.status, func() int { return t.statusOf(c.Codes, o) })
		})
	case schemas.PartAsReported:
		return t.texts(loaded, at, func(o *outcome) (string, bool) { return o.shown(), !o.blank && !o.away }), nil
	case schemas.PartText:
		return t.texts(loaded, at, func(o *outcome) (string, bool) { return o.shown(), !o.blank && !o.away }), nil
	case schemas.PartPrecision:
		return t.codes(c.Codes, loaded, t.wordIndex(c.Codes, at, func(o *outcome) (string, *int32) { return o.value.precision, &o.coded.precision }))
	case schemas.PartBasis:
		return t.codes(c.Codes, loaded, t.wordIndex(c.Codes, at, func(o *outcome) (string, *int32) { return o.basis, &o.coded.basis }))
	case schemas.PartHigh:
		return t.numbers(c, loaded, func(i int) (float64, bool) { o := at(i); return o.value.high, o.has && o.value.hasHigh })
	case schemas.PartLow:
		return t.numbers(c, loaded, func(i int) (float64, bool) { o := at(i); return o.value.low, o.has && o.value.hasLow })
	}
	switch c.Type {
	case schemas.Code:
		return t.codes(f.field.Codes, loaded, func(i int) int {
			if o := at(i); o.has {
				return int(o.value.low)
			}
			return -1
		})
	case schemas.Text:
		return t.texts(loaded, at, func(o *outcome) (string, bool) { return o.said(), o.has }), nil
	}
	return t.numbers(c, loaded, func(i int) (float64, bool) { o := at(i); return o.value.low, o.has && o.value.hasLow })
}

// wordIndex says for each row which code of the list a word of its outcome is, or -1.
func (t *Table) wordIndex(list string, at func(int) *outcome, of func(*outcome) (string, *int32)) func(int) int {
	l := t.plan.schema.List(list)
	return func(i int) int {
		o := at(i)
		if !o.has || l == nil {
			return -1
		}
		word, known := of(o)
		return cached(known, func() int { return l.Index(word) })
	}
}

// shown is the word where the mapping lists it, else its shape.
func (o *outcome) shown() string {
	if o.listed {
		return o.word
	}
	if o.shape == "" {
		o.shape = Shape(o.word)
	}
	return o.shape
}

// statusOf is the index of the outcome's kind of empty in the list, or -1.
func (t *Table) statusOf(list string, o *outcome) int {
	switch {
	case o.has:
		return -1
	case o.status == statusNone: // a word that could not be read, in a field that can do without
		return t.plan.schema.List(list).Index(statusUnmapped)
	}
	return t.plan.schema.List(list).Index(o.status)
}

func (t *Table) texts(loaded []int, at func(int) *outcome, of func(*outcome) (string, bool)) arrow.Array {
	b := array.NewStringBuilder(t.mem)
	defer b.Release()
	b.Reserve(len(loaded))
	for _, i := range loaded {
		if s, ok := of(at(i)); ok {
			b.Append(s)
		} else {
			b.AppendNull()
		}
	}
	return b.NewArray()
}

// listArray is the codes of a list as a dictionary, built once a table.
type listArray struct{ codes arrow.Array }

func (t *Table) codes(list string, loaded []int, of func(i int) int) (arrow.Array, error) {
	dict, err := t.dictionary(list)
	if err != nil {
		return nil, err
	}
	b := array.NewInt32Builder(t.mem)
	defer b.Release()
	b.Reserve(len(loaded))
	for _, i := range loaded {
		if n := of(i); n >= 0 {
			b.UnsafeAppend(int32(n))
		} else {
			b.UnsafeAppendBoolToBitmap(false)
		}
	}
	index := b.NewArray()
	defer index.Release()
	return array.NewDictionaryArray(schemas.RawDictionary, index, dict), nil
}

func (t *Table) dictionary(list string) (arrow.Array, error) {
	if l := t.lists[list]; l != nil {
		return l.codes, nil
	}
	l := t.plan.schema.List(list)
	if l == nil {
		return nil, fmt.Errorf("no code list %q", list)
	}
	b := array.NewStringBuilder(t.mem)
	defer b.Release()
	for _, c := range l.Codes {
		b.Append(c.Code)
	}
	t.lists[list] = &listArray{b.NewArray()}
	return t.lists[list].codes, nil
}

// numbers builds a column of numbers, days, instants or truths.
func (t *Table) numbers(c schemas.Column, loaded []int, of func(i int) (float64, bool)) (arrow.Array, error) {
	b := array.NewBuilder(t.mem, c.ArrowType())
	defer b.Release()
	b.Reserve(len(loaded))
	for _, i := range loaded {
		x, ok := of(i)
		if !ok {
			b.AppendNull()
			continue
		}
		switch b := b.(type) {
		case *array.Int64Builder:
			b.UnsafeAppend(int64(x))
		case *array.Float64Builder:
			b.UnsafeAppend(x)
		case *array.BooleanBuilder:
			b.UnsafeAppend(x != 0)
		case *array.Date32Builder:
			b.UnsafeAppend(arrow.Date32(x))
		case *array.TimestampBuilder:
			b.UnsafeAppend(arrow.Timestamp(x))
		default:
			return nil, fmt.Errorf("column %s: no builder for %s", c.Name, c.Type)
		}
	}
	return b.NewArray(), nil
}

// dateText is a day as 2006-01-02.
func dateText(days float64) string {
	return time.Unix(int64(days)*86400, 0).UTC().Format(time.DateOnly)
}
