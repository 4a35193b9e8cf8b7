package transform

import (
	"fmt"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"palermo/schemas"
)

// build makes the harmonised batch of the loaded rows.
func (t *Table) build(raw *schemas.Batch, got [][]*outcome, loaded []int) (*schemas.Batch, error) {
	schema := t.plan.table.BatchSchema()
	cols := make([]arrow.Array, 0, schema.NumFields())
	defer func() {
		for _, c := range cols {
			c.Release()
		}
	}()
	cols = append(cols, t.rowNumbers(raw, loaded), t.colNumbers(raw, loaded))
	for k := range t.fields {
		f := &t.fields[k]
		at := func(i int) *outcome { return f.fixed }
		switch {
		case f.plan.own == ownCellID:
			cols = append(cols, t.cellIDs(raw, loaded))
			continue
		case got[k] != nil:
			at = func(i int) *outcome { return got[k][i] }
		}
		for _, c := range f.plan.field.Columns() {
			a, err := t.column(c, f.plan, loaded, at)
			if err != nil {
				return nil, err
			}
			cols = append(cols, a)
		}
	}
	rec := array.NewRecordBatch(schema, cols, int64(len(loaded)))
	return &schemas.Batch{Origin: t.origin, Table: t.plan.table.Name, Record: rec}, nil
}

func (t *Table) rowNumbers(raw *schemas.Batch, loaded []int) arrow.Array {
	b := array.NewInt64Builder(t.mem)
	defer b.Release()
	b.Reserve(len(loaded))
	for _, i := range loaded {
		b.UnsafeAppend(int64(raw.Row(i)))
	}
	return b.NewArray()
}

func (t *Table) colNumbers(raw *schemas.Batch, loaded []int) arrow.Array {
	from := raw.Record.Column(1).(*array.Int32)
	b := array.NewInt32Builder(t.mem)
	defer b.Release()
	b.Reserve(len(loaded))
	for _, i := range loaded {
		if from.IsNull(i) {
			b.UnsafeAppendBoolToBitmap(false)
			continue
		}
		b.UnsafeAppend(from.Value(i))
	}
	return b.NewArray()
}

// cellIDs is the id of each row: where it stands. It leads back to the cell without a look-up.
func (t *Table) cellIDs(raw *schemas.Batch, loaded []int) arrow.Array {
	from := raw.Record.Column(1).(*array.Int32)
	b := array.NewStringBuilder(t.mem)
	defer b.Release()
	b.Reserve(len(loaded))
	prefix := t.origin.Submission + "." + strconv.Itoa(t.origin.SheetNo) + "."
	id := []byte(prefix)
	for _, i := range loaded {
		id = strconv.AppendInt(id[:len(prefix)], int64(raw.Row(i)), 10)
		if from.IsValid(i) {
			id = strconv.AppendInt(append(id, '.'), int64(from.Value(i)), 10)
		}
		b.BinaryBuilder.Append(id)
	}
	return b.NewArray()
}

// column builds one physical column of a field.
func (t *Table) column(c schemas.Column, f *fieldPlan, loaded []int, at func(int) *outcome) (arrow.Array, error) {
	switch c.Part {
	case schemas.PartStatus:
		return t.codes(c.Codes, loaded, func(i int) int { return t.statusOf(c.Codes, at(i)) })
	case schemas.PartAsReported:
		return t.texts(loaded, at, func(o *outcome) (string, bool) { return o.shown(), !o.blank && !o.away }), nil
	case schemas.PartText:
		return t.texts(loaded, at, func(o *outcome) (string, bool) { return o.shown(), !o.blank && !o.away }), nil
	case schemas.PartPrecision, schemas.PartBasis:
		return t.codes(c.Codes, loaded, func(int) int { return -1 })
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
		return t.texts(loaded, at, func(o *outcome) (string, bool) { return o.word, o.has }), nil
	}
	return t.numbers(c, loaded, func(i int) (float64, bool) { o := at(i); return o.value.low, o.has && o.value.hasLow })
}

// shown is the word where the mapping lists it, else its shape.
func (o *outcome) shown() string {
	if o.listed {
		return o.word
	}
	return Shape(o.word)
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
