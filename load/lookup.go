package load

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// Lookup finds the first row of a Parquet file in which each column of where has the value given
// as text, and returns its values by column, as text; a null is not there. It is nil where there is
// no such row.
func Lookup(ctx context.Context, path string, where map[string]string) (map[string]string, error) {
	return lookup(ctx, nil, path, where)
}

func lookup(ctx context.Context, o Opener, path string, where map[string]string) (map[string]string, error) {
	columns := slices.Sorted(maps.Keys(where))
	var row map[string]string
	err := o.with(path, func(r *file.Reader) error {
		from, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{BatchSize: projectRows}, memory.DefaultAllocator)
		if err != nil {
			return err
		}
		schema, err := from.Schema()
		if err != nil {
			return err
		}
		var some, all []int
		for i := range schema.NumFields() {
			if all = append(all, i); slices.Contains(columns, schema.Field(i).Name) {
				some = append(some, i)
			}
		}
		if len(some) != len(columns) {
			return fmt.Errorf("not all of the columns %v are there", columns)
		}
		for g := range r.NumRowGroups() {
			// the columns asked for alone first, and the row only where the row group has it
			if row, err = lookupIn(ctx, from, g, some, where); err != nil || row == nil {
				continue
			}
			row, err = lookupIn(ctx, from, g, all, where)
			return err
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look up a row: %w", err)
	}
	return row, nil
}

func lookupIn(ctx context.Context, from *pqarrow.FileReader, group int, columns []int, where map[string]string) (map[string]string, error) {
	rr, err := from.GetRecordReader(ctx, columns, []int{group})
	if err != nil {
		return nil, err
	}
	defer rr.Release()
	for rr.Next() {
		rec := rr.RecordBatch()
		for i := range int(rec.NumRows()) {
			if holds(rec, i, where) {
				return rowText(rec, i), nil
			}
		}
	}
	if err := rr.Err(); err != nil && err != io.EOF {
		return nil, err
	}
	return nil, nil
}

// holds reports whether row i has every value asked for.
func holds(rec arrow.RecordBatch, i int, where map[string]string) bool {
	for c, f := range rec.Schema().Fields() {
		if want, ok := where[f.Name]; ok && (rec.Column(c).IsNull(i) || Text(rec.Column(c), i) != want) {
			return false
		}
	}
	return true
}

func rowText(rec arrow.RecordBatch, i int) map[string]string {
	out := map[string]string{}
	for c, f := range rec.Schema().Fields() {
		if rec.Column(c).IsValid(i) {
			out[f.Name] = Text(rec.Column(c), i)
		}
	}
	return out
}

// Text is value i of a column as text: that of a dictionary's entry where the column has one.
func Text(a arrow.Array, i int) string {
	if d, ok := a.(*array.Dictionary); ok {
		return d.Dictionary().ValueStr(d.GetValueIndex(i))
	}
	return a.ValueStr(i)
}

// Rows hands f each batch of a Parquet file's rows, of the columns named, in their order. f borrows
// the batch.
func Rows(ctx context.Context, path string, columns []string, f func(arrow.RecordBatch) error) error {
	return rowsOf(ctx, nil, path, columns, f)
}

func rowsOf(ctx context.Context, o Opener, path string, columns []string, f func(arrow.RecordBatch) error) error {
	err := o.with(path, func(r *file.Reader) error {
		from, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{BatchSize: projectRows}, memory.DefaultAllocator)
		if err != nil {
			return err
		}
		schema, err := from.Schema()
		if err != nil {
			return err
		}
		var at []int
		for _, c := range columns {
			i := schema.FieldIndices(c)
			if len(i) != 1 {
				return fmt.Errorf("no column %q", c)
			}
			at = append(at, i[0])
		}
		rr, err := from.GetRecordReader(ctx, at, nil)
		if err != nil {
			return err
		}
		defer rr.Release()
		for rr.Next() {
			if err := f(rr.RecordBatch()); err != nil {
				return err
			}
		}
		if err := rr.Err(); err != nil && err != io.EOF {
			return err
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read rows: %w", err)
	}
	return nil
}

// Select is Lookup for every row that has the values, in their order.
func Select(ctx context.Context, path string, where map[string]string) ([]map[string]string, error) {
	var out []map[string]string
	err := withReader(path, func(r *file.Reader) error {
		from, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{BatchSize: projectRows}, memory.DefaultAllocator)
		if err != nil {
			return err
		}
		rr, err := from.GetRecordReader(ctx, nil, nil)
		if err != nil {
			return err
		}
		defer rr.Release()
		for rr.Next() {
			rec := rr.RecordBatch()
			for i := range int(rec.NumRows()) {
				if holds(rec, i, where) {
					out = append(out, rowText(rec, i))
				}
			}
		}
		if err := rr.Err(); err != nil && err != io.EOF {
			return err
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("select rows: %w", err)
	}
	return out, nil
}
