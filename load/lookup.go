package load

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// Lookup finds the row of a Parquet file whose text column key holds id, and returns its values
// by column, as text; a null is not there. It is nil where no row has the id.
func Lookup(ctx context.Context, path, key, id string) (map[string]string, error) {
	var row map[string]string
	err := withReader(path, func(r *file.Reader) error {
		from, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{BatchSize: projectRows}, memory.DefaultAllocator)
		if err != nil {
			return err
		}
		for g := range r.NumRowGroups() {
			if row, err = lookupGroup(ctx, from, g, key, id); err != nil || row != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look up a row: %w", err)
	}
	return row, nil
}

// lookupGroup reads the key alone first, and the row only where the row group has it.
func lookupGroup(ctx context.Context, from *pqarrow.FileReader, group int, key, id string) (map[string]string, error) {
	schema, err := from.Schema()
	if err != nil {
		return nil, err
	}
	at := schema.FieldIndices(key)
	if len(at) != 1 {
		return nil, fmt.Errorf("no column %q", key)
	}
	if row, err := lookupIn(ctx, from, group, []int{at[0]}, key, id); err != nil || row == nil {
		return nil, err
	}
	all := make([]int, schema.NumFields())
	for i := range all {
		all[i] = i
	}
	return lookupIn(ctx, from, group, all, key, id)
}

func lookupIn(ctx context.Context, from *pqarrow.FileReader, group int, columns []int, key, id string) (map[string]string, error) {
	rr, err := from.GetRecordReader(ctx, columns, []int{group})
	if err != nil {
		return nil, err
	}
	defer rr.Release()
	for rr.Next() {
		rec := rr.RecordBatch()
		keys := rec.Column(slices.IndexFunc(rec.Schema().Fields(), func(f arrow.Field) bool { return f.Name == key }))
		for i := range keys.Len() {
			if keys.IsValid(i) && Text(keys, i) == id {
				return rowText(rec, i), nil
			}
		}
	}
	if err := rr.Err(); err != nil && err != io.EOF {
		return nil, err
	}
	return nil, nil
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
	err := withReader(path, func(r *file.Reader) error {
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
