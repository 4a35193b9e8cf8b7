package load

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
)

// Source is the bytes of a Parquet file.
type Source interface {
	parquet.ReaderAtSeeker
	io.Closer
}

// Opener opens Parquet files that do not lie there as they are, but sealed. Nil opens those that do.
type Opener func(path string) (Source, error)

// Rows is the function Rows for such a file.
func (o Opener) Rows(ctx context.Context, path string, columns []string, f func(arrow.RecordBatch) error) error {
	return rowsOf(ctx, o, path, columns, f)
}

// Lookup is the function Lookup for such a file.
func (o Opener) Lookup(ctx context.Context, path string, where map[string]string) (map[string]string, error) {
	return lookup(ctx, o, path, where)
}

func (o Opener) open(path string) (Source, error) {
	if o != nil {
		return o(path)
	}
	return os.Open(path)
}

func (o Opener) with(path string, f func(*file.Reader) error) (err error) {
	in, err := o.open(path)
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
