package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/google/go-cmp/cmp"

	"palermo/load/loadtest"
	"palermo/schemas"
)

func TestWriterIsASink(t *testing.T) {
	loadtest.Run(t, func(t *testing.T, table *schemas.Table) (loadtest.Sink, func() ([][]string, error)) {
		mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
		path := filepath.Join(t.TempDir(), "sample", "a.parquet")
		w, err := Create(path, table, ParquetOptions{Allocator: mem})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { mem.AssertSize(t, 0) })
		return w, func() ([][]string, error) { return readRows(path) }
	})
}

// readRows is the rows of a Parquet file, as loadtest.Rows has them.
func readRows(path string) ([][]string, error) {
	rows := [][]string{}
	err := withReader(path, func(r *file.Reader) error {
		fr, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
		if err != nil {
			return err
		}
		tab, err := fr.ReadTable(context.Background())
		if err != nil {
			return err
		}
		defer tab.Release()
		tr := array.NewTableReader(tab, 0)
		defer tr.Release()
		for tr.Next() {
			rows = append(rows, loadtest.Text(tr.RecordBatch())...)
		}
		return tr.Err()
	})
	return rows, err
}

// groupRows is how many rows a row group has in tests, but for those of its real size.
const groupRows = 2048

// writeSample writes rows of the sample table in batches of the size, in forms that change from
// batch to batch.
func writeSample(t testing.TB, path string, rows, batch int, forms ...loadtest.Form) {
	t.Helper()
	w, err := Create(path, loadtest.Table(), ParquetOptions{Metadata: map[string]string{"b": "2", "a": "1", "c": "3"}, groupRows: groupRows})
	if err != nil {
		t.Fatal(err)
	}
	for from := 0; from < rows; from += batch {
		b := loadtest.Batch(memory.NewGoAllocator(), from, min(batch, rows-from), forms[from/batch%len(forms)])
		if err := w.Write(context.Background(), b); err != nil {
			t.Fatal(err)
		}
		b.Release()
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// The same rows give the same bytes, whatever the batches and their dictionaries were.
func TestSameRowsSameBytes(t *testing.T) {
	dir := t.TempDir()
	const rows = 2*groupRows + 500
	var want []byte
	for i, c := range []struct {
		batch int
		forms []loadtest.Form
	}{
		{rows, []loadtest.Form{loadtest.Plain}},
		{512, []loadtest.Form{loadtest.Dictionary}},
		{1023, []loadtest.Form{loadtest.Shuffled}},
		{97, []loadtest.Form{loadtest.Plain, loadtest.Shuffled, loadtest.Dictionary}},
	} {
		path := filepath.Join(dir, fmt.Sprint(i))
		writeSample(t, path, rows, c.batch, c.forms...)
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = got
		}
		if !bytes.Equal(want, got) {
			t.Errorf("batches of %d in forms %v: other bytes", c.batch, c.forms)
		}
	}
}

// The pages of a column have one encoding, however many words it has: the footer lists several in
// no fixed order.
func TestOneEncodingAColumn(t *testing.T) {
	for _, isKey := range []bool{true, false} {
		table := loadtest.Table()
		table.Fields[0].Key = isKey
		path := filepath.Join(t.TempDir(), "a.parquet")
		w, err := Create(path, table, ParquetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		b := loadtest.Batch(memory.NewGoAllocator(), 0, rowGroupRows+1, loadtest.Dictionary)
		defer b.Release()
		if err := errors.Join(w.Write(context.Background(), b), w.Close()); err != nil {
			t.Fatal(err)
		}
		err = withReader(path, func(r *file.Reader) error {
			for g := range r.NumRowGroups() {
				for i := range len(table.Columns()) {
					c, err := r.MetaData().RowGroup(g).ColumnChunk(i)
					if err != nil {
						return err
					}
					if n := dataEncodings(c); n > 1 {
						t.Errorf("column %s has pages in %d encodings", c.PathInSchema(), n)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func dataEncodings(c *metadata.ColumnChunkMetaData) int {
	seen := map[parquet.Encoding]bool{}
	for _, s := range c.EncodingStats() {
		seen[s.Encoding] = seen[s.Encoding] || s.PageType.String() != "DICTIONARY_PAGE"
	}
	n := 0
	for _, isData := range seen {
		if isData {
			n++
		}
	}
	return n
}

func TestFooter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.parquet")
	writeSample(t, path, 10, 10, loadtest.Plain)
	got, err := ReadFooter(path)
	if err != nil {
		t.Fatal(err)
	}
	want := Footer{Rows: 10, Metadata: map[string]string{"a": "1", "b": "2", "c": "3"}}
	for _, c := range loadtest.Table().Columns() {
		want.Columns = append(want.Columns, c.Name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("footer differs (-want +got):\n%s", diff)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b, []byte(createdBy)) || bytes.Contains(b, []byte("parquet-go version")) {
		t.Error("the footer names another maker")
	}
	if i, j := bytes.Index(b, []byte("\x01a")), bytes.Index(b, []byte("\x01c")); i > j {
		t.Error("metadata are not in the order of their keys")
	}
}

func TestColumnsKeepTypesAndMeaning(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.parquet")
	writeSample(t, path, 10, 10, loadtest.Plain)
	err := withReader(path, func(r *file.Reader) error {
		fr, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
		if err != nil {
			return err
		}
		got, err := fr.Schema()
		if err != nil {
			return err
		}
		if !sameFields(got, loadtest.Table().StoredSchema()) {
			t.Errorf("schema = %v\nwant %v", got, loadtest.Table().StoredSchema())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestDamagedParquetIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.parquet")
	writeSample(t, path, 100, 100, loadtest.Plain)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(whole); n += len(whole)/50 + 1 {
		if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadFooter(path); !errors.Is(err, ErrParquet) {
			t.Errorf("ReadFooter of the first %d bytes = %v", n, err)
		}
	}
	if _, err := ReadFooter(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("ReadFooter(none) = %v", err)
	}
}

func FuzzReadFooter(f *testing.F) {
	path := filepath.Join(f.TempDir(), "a.parquet")
	writeSample(f, path, 3, 3, loadtest.Plain)
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "b.parquet")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		_, _ = ReadFooter(path) // an error is fine, a panic is not
	})
}

func TestWriteRefuses(t *testing.T) {
	mem := memory.NewGoAllocator()
	for _, c := range []struct {
		name, want string
		change     func(*schemas.Table)
	}{
		{"a missing column", "column other: not in the batch", func(t *schemas.Table) {
			t.Fields = append(t.Fields, schemas.Field{Name: "other", Type: schemas.Text})
		}},
		{"a type", "column note: values of type utf8", func(t *schemas.Table) { t.Fields[2].Type = schemas.Real }},
		{"a unit of time", "column cases: values of type int64", func(t *schemas.Table) { t.Fields[3].Type = schemas.Timestamp }},
	} {
		t.Run(c.name, func(t *testing.T) {
			table := loadtest.Table()
			c.change(table)
			w, err := Create(filepath.Join(t.TempDir(), "a"), table, ParquetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			b := loadtest.Batch(mem, 0, 3, loadtest.Plain)
			defer b.Release()
			if err := w.Write(context.Background(), b); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Write = %v, want %q", err, c.want)
			}
			w.Abort()
		})
	}
}

// A table without Origin has no columns for the place of a row.
func TestTableWithoutOrigin(t *testing.T) {
	table := &schemas.Table{Name: "code", Fields: []schemas.Field{{Name: "code", Type: schemas.Code, Key: true}}}
	b := array.NewStringBuilder(memory.NewGoAllocator())
	b.AppendValues([]string{"x", "y"}, nil)
	a := b.NewArray()
	schema := arrow.NewSchema([]arrow.Field{{Name: "code", Type: arrow.BinaryTypes.String}}, nil)
	path := filepath.Join(t.TempDir(), "a")
	w, err := Create(path, table, ParquetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(context.Background(), &schemas.Batch{Table: "code", Record: array.NewRecordBatch(schema, []arrow.Array{a}, 2)}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := readRows(path)
	if diff := cmp.Diff([][]string{{"x"}, {"y"}}, got); diff != "" || err != nil {
		t.Errorf("rows differ (-want +got), %v:\n%s", err, diff)
	}
}

// A file has no name, old or temporary, until it is closed, and none after Abort.
func TestFileAppearsWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.parquet")
	w, err := Create(path, loadtest.Table(), ParquetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is there before Close: %v", err)
	}
	w.Abort()
	w.Abort()
	if err := w.Close(); err == nil {
		t.Error("Close after Abort = nil")
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("%d files left after Abort", len(left))
	}
}

// errSink fails from a byte on.
type errSink struct{ room int }

var errFull = errors.New("no room")

func (s *errSink) Write(p []byte) (int, error) {
	if len(p) > s.room {
		n := s.room
		s.room = 0
		return n, errFull
	}
	s.room -= len(p)
	return len(p), nil
}

// Wherever writing fails, the writer returns that error and does not panic. (Memory is not
// checked: pqarrow never releases the column that it could not write.)
func TestFailureAtAnyByte(t *testing.T) {
	var whole bytes.Buffer
	b := loadtest.Batch(memory.NewGoAllocator(), 0, 10_000, loadtest.Dictionary)
	defer b.Release()
	if err := writeTo(whole.Write, b); err != nil {
		t.Fatal(err)
	}
	for n := 0; n < whole.Len(); n += whole.Len()/20 + 1 {
		s := &errSink{room: n}
		if err := writeTo(s.Write, b); !errors.Is(err, errFull) {
			t.Errorf("with room for %d of %d bytes: %v", n, whole.Len(), err)
		}
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// writeTo writes the batch twice: some row groups, and a part of one.
func writeTo(sink writerFunc, b *schemas.Batch) error {
	w, err := newWriter(sink, loadtest.Table(), ParquetOptions{groupRows: groupRows})
	if err != nil {
		return err
	}
	for range 2 {
		if err := w.Write(context.Background(), b); err != nil {
			_ = w.Close()
			return err
		}
	}
	return w.Close()
}

func TestProject(t *testing.T) {
	dir := t.TempDir()
	src := filepath.Join(dir, "src.parquet")
	writeSample(t, src, groupRows+10, 512, loadtest.Dictionary)
	t.Run("same columns", func(t *testing.T) {
		dst := filepath.Join(t.TempDir(), "dst.parquet")
		if err := Project(context.Background(), src, dst, loadtest.Table(), schemas.ZonePrivate, ProjectOptions{Metadata: map[string]string{"a": "1"}}); err != nil {
			t.Fatal(err)
		}
		a, _ := os.ReadFile(src)
		b, _ := os.ReadFile(dst)
		if len(a) == 0 || !bytes.Equal(a, b) {
			t.Error("the copy has other bytes")
		}
		i, _ := os.Stat(src)
		j, _ := os.Stat(dst)
		if os.SameFile(i, j) {
			t.Error("the copy is a link")
		}
	})
	t.Run("fewer columns", func(t *testing.T) {
		mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
		defer mem.AssertSize(t, 0)
		dst := filepath.Join(t.TempDir(), "dst.parquet")
		o := ProjectOptions{Metadata: map[string]string{"z": "9"}, Allocator: mem}
		if err := Project(context.Background(), src, dst, loadtest.Table(), schemas.ZoneAnalyst, o); err != nil {
			t.Fatal(err)
		}
		f, err := ReadFooter(dst)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]string{"a": "1", "b": "2", "c": "3", "z": "9"}, f.Metadata); diff != "" {
			t.Errorf("metadata differ (-want +got):\n%s", diff)
		}
		want := loadtest.Rows(0, groupRows+10)
		for i := range want { // without the note, which is free text
			want[i] = append(want[i][:3:3], want[i][4:]...)
		}
		got, err := readRows(dst)
		if !slices.EqualFunc(want, got, slices.Equal[[]string]) || err != nil {
			t.Errorf("rows differ, %v", err)
		}
		if b, _ := os.ReadFile(dst); bytes.Contains(b, []byte("A note")) {
			t.Error("the left-out column is still named in the footer")
		}
	})
	for _, c := range []struct {
		name, want string
		change     func(*schemas.Table)
		zone       schemas.Zone
		rewrite    Rewrite
	}{
		{"a column that is not there", "column other: not in the file", func(t *schemas.Table) {
			t.Fields = append(t.Fields, schemas.Field{Name: "other", Type: schemas.Text, Class: schemas.ClassNone})
		}, schemas.ZoneSteward, nil},
		{"a table that may not stand there", "not for the analyst zone", func(t *schemas.Table) { t.Zone = schemas.ZoneSteward }, schemas.ZoneAnalyst, nil},
		{"a rewrite that fails", "rewrite: no room", func(*schemas.Table) {}, schemas.ZoneSteward,
			func(arrow.RecordBatch) (arrow.RecordBatch, error) { return nil, errFull }},
		{"a rewrite that loses rows", "rows became 1", func(*schemas.Table) {}, schemas.ZoneSteward,
			func(rec arrow.RecordBatch) (arrow.RecordBatch, error) { return rec.NewSlice(0, 1), nil }},
		{"a rewrite that loses a column", "column id: not in the batch", func(*schemas.Table) {}, schemas.ZoneSteward,
			func(rec arrow.RecordBatch) (arrow.RecordBatch, error) {
				s := rec.Schema()
				return array.NewRecordBatch(arrow.NewSchema(s.Fields()[1:], nil), rec.Columns()[1:], rec.NumRows()), nil
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			table := loadtest.Table()
			c.change(table)
			dst := filepath.Join(t.TempDir(), "dst.parquet")
			err := Project(context.Background(), src, dst, table, c.zone, ProjectOptions{Rewrite: c.rewrite})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Project = %v, want %q", err, c.want)
			}
			if left, _ := os.ReadDir(filepath.Dir(dst)); len(left) > 0 {
				t.Error("a file was left")
			}
		})
	}
}

// wideTable is a table of n columns, an integer among every eight, the others codes.
func wideTable(n int) *schemas.Table {
	table := &schemas.Table{Name: "wide", Origin: true}
	for i := range n {
		f := schemas.Field{Name: fmt.Sprintf("f%02d", i), Type: schemas.Code}
		if i%8 == 7 {
			f.Type = schemas.Integer
		}
		table.Fields = append(table.Fields, f)
	}
	return table
}

// writeWide writes the batch until there are so many rows.
func writeWide(b *testing.B, path string, table *schemas.Table, rows int, batch *schemas.Batch) {
	b.Helper()
	w, err := Create(path, table, ParquetOptions{})
	if err != nil {
		b.Fatal(err)
	}
	for w.Rows() < int64(rows) {
		if err := w.Write(context.Background(), batch); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkWriter writes a million rows of 40 columns, most of them codes, and the four of their
// place.
func BenchmarkWriter(b *testing.B) {
	const rows = 1_000_000
	table := wideTable(40)
	batch := wideBatch(memory.NewGoAllocator(), table, 8192)
	defer batch.Release()
	for b.Loop() {
		writeWide(b, filepath.Join(b.TempDir(), "wide.parquet"), table, rows, batch)
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// wideBatch is rows of codes with 2 to 200 words a column.
func wideBatch(mem memory.Allocator, t *schemas.Table, rows int) *schemas.Batch {
	schema := t.BatchSchema()
	arrays := make([]arrow.Array, schema.NumFields())
	for i, f := range schema.Fields() {
		switch f.Type.(type) {
		case *arrow.Int64Type:
			b := array.NewInt64Builder(mem)
			for r := range rows {
				b.Append(int64(r))
			}
			arrays[i] = b.NewArray()
		case *arrow.Int32Type:
			b := array.NewInt32Builder(mem)
			b.AppendNulls(rows)
			arrays[i] = b.NewArray()
		default:
			words, at := array.NewStringBuilder(mem), array.NewInt32Builder(mem)
			n := 2 + i*5
			for k := range n {
				words.Append(fmt.Sprintf("code_%d", k))
			}
			x := uint32(i)
			for range rows {
				x = x*1664525 + 1013904223
				at.Append(int32(x>>8) % int32(n))
			}
			arrays[i] = array.NewDictionaryArray(schemas.RawDictionary, at.NewArray(), words.NewArray())
		}
	}
	return &schemas.Batch{Origin: schemas.Origin{Submission: "s", SheetNo: 1}, Table: t.Name, Record: array.NewRecordBatch(schema, arrays, int64(rows))}
}
