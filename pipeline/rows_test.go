package pipeline

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/parquet/file"

	"palermo/schemas"
	"palermo/transform"
)

// TestRowWriterHoldsBytes: rows of megabytes are not held together, and none is lost.
func TestRowWriterHoldsBytes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "q.parquet")
	w, err := newRowWriter(nil, path, schemas.Builtin().Table("quarantine"))
	if err != nil {
		t.Fatal(err)
	}
	cells := strings.Repeat("x", 3<<20)
	const rows = 30 // 90 MB
	for n := range rows {
		r := quarantineRow("s", &SheetEntry{No: 1}, &transform.Reject{Row: n + 1, Cells: []string{cells}})
		if err := w.add(context.Background(), r); err != nil {
			t.Fatal(err)
		}
		if w.held >= flushBytes {
			t.Fatalf("after %d rows, %d bytes are held", n+1, w.held)
		}
	}
	if err := w.close(context.Background()); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := file.NewParquetReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if r.NumRows() != rows || r.NumRowGroups() != 4 {
		t.Errorf("%d rows in %d groups, want %d in 4", r.NumRows(), r.NumRowGroups(), rows)
	}
}
