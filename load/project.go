package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"palermo/schemas"
)

// ProjectOptions says what changes on the way to a zone beside its columns. The zero value is
// usable.
type ProjectOptions struct {
	Metadata  map[string]string // of the footer, over that of the source
	Rewrite   Rewrite           // of the rows, before they are made coarser; nil for none
	Allocator memory.Allocator  // of the rows held until a row group is full; nil means Arrow's default

	groupRows int // as in ParquetOptions
}

// Project writes at dst the rows of a file of the lake as the zone may hold them: t is the whole
// table, as it is declared. Columns that the zone may not hold are never read; those it may hold
// only coarser are made so. A file that would hold the same is copied, byte for byte. The footer's
// metadata is that of the source, with o's added. It is an error where nothing of the table may
// stand in the zone, or the file lacks a column that stands there.
func Project(ctx context.Context, src, dst string, t *schemas.Table, z schemas.Zone, o ProjectOptions) error {
	in := t.In(z)
	if in == nil {
		return fmt.Errorf("table %s: not for the %s zone", t.Name, z)
	}
	same := false
	err := withReader(src, func(r *file.Reader) error {
		fr, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{BatchSize: projectRows}, memory.DefaultAllocator)
		if err != nil {
			return fmt.Errorf("%s: %w", src, err)
		}
		have, err := fr.Schema()
		if err != nil {
			return fmt.Errorf("%s: %w", src, err)
		}
		was := footerOf(r).Metadata
		o.Metadata = merged(was, o.Metadata)
		if same = o.Rewrite == nil && maps.Equal(was, o.Metadata) && sameFields(have, in.StoredSchema()); same {
			return nil
		}
		return project(ctx, fr, dst, in, o)
	})
	if err != nil || !same {
		return err
	}
	return copyFile(ctx, src, dst)
}

// projectRows is how many rows are in memory beside those of a row group.
const projectRows = 16 << 10

// sameFields compares names, types, order and what the fields' metadata says; not what pqarrow
// adds to it.
func sameFields(have, want *arrow.Schema) bool {
	if have.NumFields() != want.NumFields() {
		return false
	}
	for i := range have.NumFields() {
		h, w := have.Field(i), want.Field(i)
		if h.Name != w.Name || h.Nullable != w.Nullable || !arrow.TypeEqual(h.Type, w.Type) {
			return false
		}
		for _, k := range []string{"codes", "meaning", "unit", "class", "ref", "coarsened"} {
			a, _ := h.Metadata.GetValue(k)
			b, _ := w.Metadata.GetValue(k)
			if a != b {
				return false
			}
		}
	}
	return true
}

func merged(a, b map[string]string) map[string]string {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

func project(ctx context.Context, from *pqarrow.FileReader, dst string, t *schemas.Table, o ProjectOptions) error {
	columns, err := columnIndices(from, t)
	if err != nil {
		return err
	}
	w, err := Create(dst, t, ParquetOptions{Metadata: o.Metadata, Allocator: o.Allocator, groupRows: o.groupRows})
	if err != nil {
		return err
	}
	if err := copyRows(ctx, from, columns, o.Rewrite, w); err != nil {
		w.Abort()
		return err
	}
	return w.Close()
}

func columnIndices(from *pqarrow.FileReader, t *schemas.Table) ([]int, error) {
	s := from.ParquetReader().MetaData().Schema
	var at []int
	for _, c := range t.Columns() {
		i := s.ColumnIndexByName(c.Name)
		if i < 0 {
			return nil, fmt.Errorf("table %s: column %s: not in the file", t.Name, c.Name)
		}
		at = append(at, i)
	}
	return at, nil
}

func copyRows(ctx context.Context, from *pqarrow.FileReader, columns []int, rewrite Rewrite, w *Writer) error {
	if from.ParquetReader().NumRows() == 0 {
		return nil
	}
	rr, err := from.GetRecordReader(ctx, columns, nil)
	if err != nil {
		return err
	}
	defer rr.Release()
	for rr.Next() {
		if err := writeRewritten(ctx, rr.RecordBatch(), rewrite, w); err != nil {
			return err
		}
	}
	if err := rr.Err(); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

func writeRewritten(ctx context.Context, rec arrow.RecordBatch, rewrite Rewrite, w *Writer) error {
	if rewrite != nil {
		n := rec.NumRows()
		var err error
		if rec, err = rewrite(rec); err != nil {
			return fmt.Errorf("table %s: rewrite: %w", w.table.Name, err)
		}
		defer rec.Release()
		if rec.NumRows() != n {
			return fmt.Errorf("table %s: rewrite: %d rows became %d", w.table.Name, n, rec.NumRows())
		}
	}
	return w.Write(ctx, &schemas.Batch{Table: w.table.Name, Record: rec})
}
