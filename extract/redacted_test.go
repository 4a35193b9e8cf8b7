package extract_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"palermo/extract"
)

// everyRow is every row of a file, by sheet.
func everyRow(t *testing.T, f *extract.File) map[int][]extract.Row {
	t.Helper()
	out := map[int][]extract.Row{}
	for _, sh := range f.Sheets() {
		for r, err := range sh.Rows(context.Background()) {
			if err != nil {
				t.Fatal(err)
			}
			out[sh.No] = append(out[sh.No], extract.Row{Num: r.Num, Cells: slices.Clone(r.Cells), Gone: r.Gone})
		}
	}
	return out
}

// TestRedact: an extract reads as its file does but for the rows that are gone, which keep their numbers, and none of
// whose text is in its bytes; an extract of an extract lacks the rows of both.
func TestRedact(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := filepath.Join(dir, "a.csv")
	if err := os.WriteFile(text, []byte("name,no\nAda,1\nGerda,2\n\n\"Ma,ria\n<é>\",3\nZoë,4\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{text, filepath.Join("testdata", "kinds.ods"), filepath.Join("testdata", "kinds.xls")} {
		f, err := extract.Open(path, extract.Options{})
		if err != nil {
			t.Fatal(err)
		}
		want, notes, sheets := everyRow(t, f), f.Notes(), len(f.Sheets())
		redacted := func(from *extract.File, nth int) (out []byte, gone extract.Row) {
			var b bytes.Buffer
			n := 0
			rows, err := extract.Redact(context.Background(), from, func(sheet, row int, cells []string) bool {
				if n++; n == nth {
					gone = extract.Row{Num: row, Cells: slices.Clone(cells)}
				}
				return n == nth
			}, &b)
			if err != nil || rows != 1 {
				t.Fatalf("%s: %d rows, %v", path, rows, err)
			}
			return b.Bytes(), gone
		}
		first, one := redacted(f, 2)
		again, _ := redacted(f, 2)
		if !bytes.Equal(first, again) {
			t.Errorf("%s: made twice, the extract is another", path)
		}
		format := f.Format()
		f.Close()
		open := func(b []byte) *extract.File {
			at := filepath.Join(dir, "extract")
			if err := os.WriteFile(at, b, 0o600); err != nil {
				t.Fatal(err)
			}
			if f, err := extract.Open(at, extract.Options{}); err == nil {
				if f.Format() != "zip" {
					t.Errorf("%s: an extract that nobody asked for was taken for one", path)
				}
				f.Close()
			}
			f, err := extract.Open(at, extract.Options{Redacted: true})
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
		g := open(first)
		if g.Format() != format || len(g.Sheets()) != sheets || len(g.Notes()) > len(notes) {
			t.Errorf("%s: %s with %d sheets and %d notes, want %s, %d, %d", path, g.Format(), len(g.Sheets()), len(g.Notes()), format, sheets, len(notes))
		}
		second, two := redacted(g, 2)
		got := everyRow(t, g)
		g.Close()
		h := open(second)
		both := everyRow(t, h)
		h.Close()
		for no, rows := range want {
			for i, r := range rows {
				a, b := got[no][i], both[no][i]
				switch gone := no == 1 && r.Num == one.Num; {
				case gone && (!a.Gone || len(a.Cells) > 0 || a.Num != r.Num || !b.Gone):
					t.Errorf("%s: row %d is not gone", path, r.Num)
				case !gone && (a.Gone || a.Num != r.Num || !slices.Equal(a.Cells, r.Cells)):
					t.Errorf("%s: row %d is %q, want %q", path, r.Num, a.Cells, r.Cells)
				}
			}
		}
		if slices.ContainsFunc(both[1], func(r extract.Row) bool { return r.Num == two.Num && !r.Gone }) && two.Num > 0 && len(want) == 1 {
			t.Errorf("%s: row %d is not gone from the second", path, two.Num)
		}
		if word := strings.Join(one.Cells, ""); len(word) > 3 && bytes.Contains(first, []byte(one.Cells[0])) && path == text {
			t.Errorf("%s: text of the row is in the extract", path)
		}
	}
}
