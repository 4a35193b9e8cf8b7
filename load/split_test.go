package load

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"palermo/load/loadtest"
	"palermo/schemas"
)

func TestSplitIsASink(t *testing.T) {
	loadtest.Run(t, func(t *testing.T, table *schemas.Table) (loadtest.Sink, func() ([][]string, error)) {
		mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
		dir := t.TempDir()
		lake, vault := filepath.Join(dir, "lake", "a.parquet"), filepath.Join(dir, "vault", "a.parquet")
		s, err := CreateSplit(lake, vault, table, ParquetOptions{Allocator: mem})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			mem.AssertSize(t, 0)
			if _, err := os.Stat(filepath.Dir(vault)); s.HasVault() || !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a vault was made for nothing: %v", err)
			}
		})
		return s, func() ([][]string, error) { return readRows(lake) }
	})
}

// withDirect is the sample table whose note is direct, and lies in the vault.
func withDirect() *schemas.Table {
	table := loadtest.Table()
	table.Fields[2].Class = schemas.ClassDirect
	return table
}

// keep is the columns of the rows that are at the places.
func keep(rows [][]string, at ...int) [][]string {
	out := make([][]string, len(rows))
	for i, row := range rows {
		for _, j := range at {
			out[i] = append(out[i], row[j])
		}
	}
	return out
}

func TestSplit(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	dir := t.TempDir()
	lake, vault := filepath.Join(dir, "lake", "a.parquet"), filepath.Join(dir, "vault", "a.parquet")
	s, err := CreateSplit(lake, vault, withDirect(), ParquetOptions{Allocator: mem, Metadata: map[string]string{"m": "1"}})
	if err != nil {
		t.Fatal(err)
	}
	for from := range 5 {
		b := loadtest.Batch(mem, from*10, 10, loadtest.Form(from)%loadtest.Forms)
		if err := s.Write(context.Background(), b); err != nil {
			t.Fatal(err)
		}
		b.Release()
	}
	if s.Rows() != 50 || !s.HasVault() {
		t.Errorf("%d rows, a vault: %t", s.Rows(), s.HasVault())
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range loadtest.Table().Columns() {
		names = append(names, c.Name)
	}
	note := slices.Index(names, "note")
	whole := loadtest.Rows(0, 50)
	inLake := []int{}
	for i := range names {
		if i != note {
			inLake = append(inLake, i)
		}
	}
	n := len(names)
	for path, at := range map[string][]int{lake: inLake, vault: {0, note, n - 4, n - 3, n - 2, n - 1}} {
		got, err := readRows(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(keep(whole, at...), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
		f, err := ReadFooter(path)
		if err != nil || f.Metadata["m"] != "1" {
			t.Errorf("footer of %s = %v, %v", path, f.Metadata, err)
		}
		for p, want := range map[string]fs.FileMode{path: 0o600, filepath.Dir(path): 0o700 | fs.ModeDir} {
			if fi, err := os.Stat(p); err != nil || fi.Mode() != want {
				t.Errorf("mode of %s = %v, %v; want %v", p, fi.Mode(), err, want)
			}
		}
	}
	if b, err := os.ReadFile(lake); err != nil || strings.Contains(string(b), "A note") {
		t.Errorf("the lake's footer names the direct column, %v", err)
	}
}

// Neither file appears where one of them cannot be written, or both were given up.
func TestSplitIsAllOrNothing(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(s *Split, vault string) error
	}{
		{"aborted", func(s *Split, _ string) error { s.Abort(); return s.Close() }},
		{"a batch of another table", func(s *Split, _ string) error {
			b := loadtest.Batch(memory.NewGoAllocator(), 0, 10, loadtest.Plain)
			b.Table = "another"
			return errors.Join(s.Write(context.Background(), b), s.Close())
		}},
		{"a batch without a column of the lake", func(s *Split, _ string) error {
			b := loadtest.Batch(memory.NewGoAllocator(), 0, 10, loadtest.Plain)
			at := b.Record.Schema().FieldIndices("cases")[0]
			b.Record = array.NewRecordBatch(arrow.NewSchema(slices.Delete(b.Record.Schema().Fields(), at, at+1), nil),
				slices.Delete(slices.Clone(b.Record.Columns()), at, at+1), 10)
			if err := s.Write(context.Background(), b); err == nil {
				return nil
			}
			return s.Close()
		}},
		{"a vault that cannot be named", func(s *Split, vault string) error {
			if err := os.Mkdir(vault, 0o700); err != nil {
				return nil
			}
			err := s.Close()
			_ = os.Remove(vault)
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			vault := filepath.Join(dir, "vault.parquet")
			s, err := CreateSplit(filepath.Join(dir, "lake.parquet"), vault, withDirect(), ParquetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if err := c.end(s, vault); err == nil {
				t.Error("no error")
			}
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("%d files were left, %s among them", len(left), left[0].Name())
			}
		})
	}
}

func TestCreateSplitFails(t *testing.T) {
	dir := t.TempDir()
	blocked := filepath.Join(dir, "blocked")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	free, not := filepath.Join(dir, "a.parquet"), filepath.Join(blocked, "a.parquet")
	onlyDirect := &schemas.Table{Name: "names", Fields: []schemas.Field{{Name: "name", Type: schemas.Text, Class: schemas.ClassDirect}}}
	for _, c := range []struct {
		lake, vault string
		table       *schemas.Table
	}{{not, free, withDirect()}, {free, not, withDirect()}, {free, free + "2", onlyDirect}} {
		if _, err := CreateSplit(c.lake, c.vault, c.table, ParquetOptions{}); err == nil {
			t.Errorf("CreateSplit(%s, %s) = nil", c.lake, c.vault)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("%d files were left", len(left)-1)
	}
}
