package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"palermo/schemas"
)

// Footer is what a Parquet file says of itself.
type Footer struct {
	Rows     int64
	Columns  []string
	Metadata map[string]string // as given to Create
}

// arrowKey is the key under which pqarrow keeps the Arrow schema.
const arrowKey = "ARROW:schema"

// ErrParquet is wrapped by every error about a file that is no whole Parquet file.
var ErrParquet = errors.New("not a whole Parquet file")

// ReadFooter reads the footer of a Parquet file, and none of its rows.
func ReadFooter(path string) (Footer, error) {
	var f Footer
	err := withReader(path, func(r *file.Reader) error {
		f = footerOf(r)
		return nil
	})
	return f, err
}

// CountRows is the number of rows that the footer states.
func CountRows(path string) (int64, error) {
	f, err := ReadFooter(path)
	return f.Rows, err
}

func footerOf(r *file.Reader) Footer {
	f := Footer{Rows: r.NumRows(), Metadata: map[string]string{}}
	s := r.MetaData().Schema
	for i := range s.NumColumns() {
		f.Columns = append(f.Columns, s.Column(i).Path())
	}
	kv := r.MetaData().KeyValueMetadata()
	for i, k := range kv.Keys() {
		if k != arrowKey {
			f.Metadata[k] = kv.Values()[i]
		}
	}
	return f
}

// withReader opens a Parquet file, and closes it. A damaged file is an error, even where the
// library panics over it.
func withReader(path string, f func(*file.Reader) error) (err error) {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%s: %w", path, ErrParquet)
		}
	}()
	r, err := file.NewParquetReader(in)
	if err != nil {
		return fmt.Errorf("%s: %w: %w", path, ErrParquet, err)
	}
	defer r.Close()
	return f(r)
}

// Project writes at dst the rows of a file that hold the columns of t, which is the file's table
// as a zone may see it. A file that has exactly these columns is copied, byte for byte. The
// footer's metadata is that of the source, with o's added.
func Project(ctx context.Context, src, dst string, t *schemas.Table, o ParquetOptions) error {
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
		if same = len(o.Metadata) == 0 && sameFields(have, t.StoredSchema()); same {
			return nil
		}
		o.Metadata = merged(footerOf(r).Metadata, o.Metadata)
		return project(ctx, fr, dst, t, o)
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
		for _, k := range []string{"codes", "meaning", "unit", "class", "ref"} {
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
	for k, v := range b {
		a[k] = v
	}
	return a
}

func project(ctx context.Context, from *pqarrow.FileReader, dst string, t *schemas.Table, o ParquetOptions) error {
	columns, err := columnIndices(from, t)
	if err != nil {
		return err
	}
	w, err := Create(dst, t, o)
	if err != nil {
		return err
	}
	if err := copyRows(ctx, from, columns, w); err != nil {
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

func copyRows(ctx context.Context, from *pqarrow.FileReader, columns []int, w *Writer) error {
	if from.ParquetReader().NumRows() == 0 {
		return nil
	}
	rr, err := from.GetRecordReader(ctx, columns, nil)
	if err != nil {
		return err
	}
	defer rr.Release()
	for rr.Next() {
		if err := w.Write(ctx, &schemas.Batch{Table: w.table.Name, Record: rr.RecordBatch()}); err != nil {
			return err
		}
	}
	if err := rr.Err(); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}
