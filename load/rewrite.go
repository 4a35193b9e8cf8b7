package load

import (
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// A Rewrite changes the values of some columns of a batch on its way to a zone. It is handed the
// batches of one file in the order of their rows, with the columns that the zone holds, codes as
// dictionaries or plain; it borrows each, and returns one of as many rows that its caller
// releases: it may be the same one, retained. It never changes an array in place.
type Rewrite func(arrow.RecordBatch) (arrow.RecordBatch, error)

// Chain is one rewrite after another, without those that are nil; nil where none is left.
func Chain(steps ...Rewrite) Rewrite {
	steps = slices.DeleteFunc(slices.Clone(steps), func(r Rewrite) bool { return r == nil })
	if len(steps) == 0 {
		return nil
	}
	return func(rec arrow.RecordBatch) (arrow.RecordBatch, error) {
		rec.Retain()
		for _, step := range steps {
			next, err := step(rec)
			rec.Release()
			if err != nil {
				return nil, err
			}
			rec = next
		}
		return rec, nil
	}
}

// RewriteIDs is the rewrite that puts f of each id in its place, in the columns named: ids under
// the key of a zone. A null stays one. f is called once for each run of equal ids in a batch, and
// must give equal ids for equal ones. A column that is not in the batch, or is no text, is an
// error: an id that went on as it was would join the zones.
func RewriteIDs(columns []string, f func(string) string) Rewrite {
	return func(rec arrow.RecordBatch) (arrow.RecordBatch, error) {
		return ReplaceColumns(rec, columns, func(a arrow.Array) (arrow.Array, error) { return mapTexts(a, f) })
	}
}

// ReplaceColumns is the batch with f of each column named in its place, and of its type. The
// caller releases the batch, and f's arrays are the batch's.
func ReplaceColumns(rec arrow.RecordBatch, columns []string, f func(arrow.Array) (arrow.Array, error)) (arrow.RecordBatch, error) {
	return ReplaceEach(rec, columns, func(_ string, a arrow.Array) (arrow.Array, error) { return f(a) })
}

// ReplaceEach is ReplaceColumns where f is told the column's name.
func ReplaceEach(rec arrow.RecordBatch, columns []string, f func(string, arrow.Array) (arrow.Array, error)) (arrow.RecordBatch, error) {
	fields, arrays := rec.Schema().Fields(), slices.Clone(rec.Columns())
	var made []arrow.Array
	defer func() { releaseAll(made) }()
	for _, name := range columns {
		at := rec.Schema().FieldIndices(name)
		if len(at) != 1 {
			return nil, fmt.Errorf("column %s: %d times in the batch", name, len(at))
		}
		a, err := f(name, rec.Column(at[0]))
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", name, err)
		}
		made = append(made, a)
		if a.Len() != int(rec.NumRows()) {
			return nil, fmt.Errorf("column %s: %d values for %d rows", name, a.Len(), rec.NumRows())
		}
		fields[at[0]].Type, arrays[at[0]] = a.DataType(), a
	}
	md := rec.Schema().Metadata()
	return array.NewRecordBatch(arrow.NewSchema(fields, &md), arrays, rec.NumRows()), nil
}

// mapTexts is f of each text, as plain utf8. It asks f once for a run of equal ones: the rows of a
// child table stand by their record.
func mapTexts(a arrow.Array, f func(string) string) (arrow.Array, error) {
	text, err := textOf(a)
	if err != nil {
		return nil, err
	}
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	b.Reserve(a.Len())
	var last, made string
	asked := false
	for i := range a.Len() {
		s, ok := text(i)
		if !ok {
			b.AppendNull()
			continue
		}
		if !asked || s != last {
			last, made, asked = s, f(s), true
		}
		b.Append(made)
	}
	return b.NewArray(), nil
}
