package load

import (
	"errors"

	"github.com/apache/arrow-go/v18/parquet/file"
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
func ReadFooter(path string) (Footer, error) { return Opener(nil).ReadFooter(path) }

// ReadFooter is the function ReadFooter for such a file.
func (o Opener) ReadFooter(path string) (Footer, error) {
	var f Footer
	err := o.with(path, func(r *file.Reader) error {
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
func withReader(path string, f func(*file.Reader) error) error { return Opener(nil).with(path, f) }
