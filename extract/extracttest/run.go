package extracttest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"palermo/extract"
	"palermo/schemas"
)

// Format is how the suite writes and opens files of one format.
type Format struct {
	// Write writes the grid as the first sheet of a new file. A nil row is an empty line in a
	// format of lines, and no row at all in others.
	Write func(t testing.TB, path string, grid [][]string)

	// Open opens the file.
	Open func(path string, o extract.Options) (*extract.File, error)

	// EmptyLines says that a nil row of the grid stands in the file as a row without cells.
	EmptyLines bool
}

// Run runs the suite.
func Run(t *testing.T, f Format) {
	t.Run("rows", f.rows)
	t.Run("text as it stands", f.text)
	t.Run("stop early", f.stopEarly)
	t.Run("cancelled", f.cancelled)
	t.Run("preview and cells", f.preview)
	t.Run("batches", f.batches)
	t.Run("words stay", f.wordsStay)
	t.Run("cap on words", f.capped)
	t.Run("ragged rows", f.ragged)
	t.Run("end of table", f.stop)
	t.Run("no header row", f.headless)
	t.Run("no header at all", f.unheaded)
	t.Run("beside the table", f.beside)
}

func (f Format) open(t *testing.T, grid [][]string, o extract.Options) extract.Sheet {
	t.Helper()
	path := filepath.Join(t.TempDir(), "grid")
	f.Write(t, path, grid)
	o.TmpDir = t.TempDir()
	file, err := f.Open(path, o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := file.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	sheets := file.Sheets()
	if len(sheets) == 0 || sheets[0].No != 1 {
		t.Fatalf("sheets = %v, want one with number 1 first", sheets)
	}
	return sheets[0]
}

func read(t *testing.T, s extract.Sheet) []extract.Row {
	t.Helper()
	var got []extract.Row
	for r, err := range s.Rows(context.Background()) {
		if err != nil {
			t.Fatalf("rows: %v", err)
		}
		got = append(got, extract.Row{Num: r.Num, Cells: append([]string{}, r.Cells...)})
	}
	return got
}

// want is the rows of the grid that stand in a file of the format.
func (f Format) want(grid [][]string) []extract.Row {
	var out []extract.Row
	for i, cells := range grid {
		if cells != nil || f.EmptyLines {
			out = append(out, extract.Row{Num: i + 1, Cells: append([]string{}, cells...)})
		}
	}
	return out
}

func (f Format) rows(t *testing.T) {
	grid := [][]string{{"title"}, nil, nil, {"a", "b", "c"}, {"1", "", "3"}, nil, {"", "", "x"}}
	s := f.open(t, grid, extract.Options{})
	for pass := 1; pass <= 2; pass++ {
		if d := cmp.Diff(f.want(grid), read(t, s)); d != "" {
			t.Errorf("pass %d (-want +got):\n%s", pass, d)
		}
	}
}

func (f Format) text(t *testing.T) {
	grid := [][]string{{"héad", "Ł", "日本"}, {"two\nlines", `a "quoted" word`, "semi;colon,comma"}, {" kept ", "007", "1e5x"}}
	s := f.open(t, grid, extract.Options{})
	var got [][]string
	for _, r := range read(t, s) {
		got = append(got, r.Cells)
	}
	if d := cmp.Diff(grid, got); d != "" {
		t.Errorf("cells (-want +got):\n%s", d)
	}
}

func numbers(rows, cols int) [][]string {
	grid := [][]string{{}}
	for c := range cols {
		grid[0] = append(grid[0], fmt.Sprintf("c%d", c+1))
	}
	for r := range rows {
		var cells []string
		for c := range cols {
			cells = append(cells, fmt.Sprintf("v%d", r*(c+1)%7))
		}
		grid = append(grid, cells)
	}
	return grid
}

func (f Format) stopEarly(t *testing.T) {
	s := f.open(t, numbers(3000, 2), extract.Options{})
	for range s.Rows(context.Background()) {
		break
	}
	if n := len(read(t, s)); n != 3001 {
		t.Errorf("after a pass that was left, %d rows, want 3001", n)
	}
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	for b, err := range extract.NewReader(s, spec(grid2...), mem).Batches(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		b.Release()
		break
	}
}

var grid2 = []string{"c1", "c2"}

func spec(names ...string) extract.Spec {
	sp := extract.Spec{HeaderRow: 1, Origin: schemas.Origin{File: "grid", SheetNo: 1}}
	for i, n := range names {
		sp.Columns = append(sp.Columns, extract.Column{Name: n, Col: i + 1})
	}
	return sp
}

func (f Format) cancelled(t *testing.T) {
	s := f.open(t, numbers(5000, 2), extract.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n := 0
	var last error
	for _, err := range s.Rows(ctx) {
		n++
		last = err
		cancel()
	}
	if !errors.Is(last, context.Canceled) || n > 4000 {
		t.Errorf("after %d rows: %v, want context canceled soon", n, last)
	}
}

func (f Format) preview(t *testing.T) {
	s := f.open(t, numbers(100, 3), extract.Options{})
	ctx := context.Background()
	rows, err := extract.Preview(ctx, s, 0)
	if err != nil || len(rows) != extract.PreviewRows {
		t.Fatalf("preview = %d rows, %v, want %d", len(rows), err, extract.PreviewRows)
	}
	for _, r := range rows[1:4] {
		got, err := extract.Cells(ctx, s, r.Num)
		if d := cmp.Diff(r.Cells, got); err != nil || d != "" {
			t.Errorf("cells of row %d: %v (-want +got):\n%s", r.Num, err, d)
		}
	}
	if _, err := extract.Cells(ctx, s, 500); !errors.Is(err, extract.ErrNoRow) {
		t.Errorf("cells of row 500: %v, want ErrNoRow", err)
	}
}

// pull reads all batches of a table and hands each to see before it is released.
func pull(t *testing.T, r *extract.Reader, see func(*schemas.Batch)) {
	t.Helper()
	for b, err := range r.Batches(context.Background()) {
		if err != nil {
			t.Fatalf("batches: %v", err)
		}
		see(b)
		b.Release()
	}
	c := r.Counts()
	if c.Read != c.Batched+c.Blank+c.Ragged+c.BelowStop {
		t.Errorf("counts do not add up: %+v", c)
	}
}

// cell is the text of a cell of either form of a raw column, and whether it holds any.
func cell(col arrow.Array, i int) (string, bool) {
	if col.IsNull(i) {
		return "", false
	}
	if d, ok := col.(*array.Dictionary); ok {
		return d.Dictionary().(*array.String).Value(d.GetValueIndex(i)), true
	}
	return col.(*array.String).Value(i), true
}

func (f Format) batches(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	grid := [][]string{{"a", "b", "c"}, {"1", "x", "p"}, {"", "y"}, {"1", "  ", "q"}}
	s := f.open(t, grid, extract.Options{BatchRows: 2})
	sp := spec("a", "b")
	sp.Columns = append(sp.Columns, extract.Column{Name: "c", Col: 3, Plain: true})
	r := extract.NewReader(s, sp, mem)
	for pass := 1; pass <= 2; pass++ {
		var got []string
		pull(t, r, func(b *schemas.Batch) {
			got = append(got, dump(b)...)
			if b.Origin != sp.Origin || b.Table != "" {
				t.Errorf("origin = %+v, table %q", b.Origin, b.Table)
			}
			if p := b.Pos(0, 4); p.Col != 3 || p.Row < 2 {
				t.Errorf("pos of column c = %v", p)
			}
		})
		want := []string{"batch int64 int32 dictionary dictionary utf8", "2|null|1|x|p", "3|null|null|y|null",
			"batch int64 int32 dictionary dictionary utf8", "4|null|1|null|q"}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("pass %d (-want +got):\n%s", pass, d)
		}
		if c := (extract.Counts{Read: 3, Batched: 3}); r.Counts() != c {
			t.Errorf("pass %d: counts = %+v, want %+v", pass, r.Counts(), c)
		}
	}
}

func dump(b *schemas.Batch) []string {
	head := "batch"
	for _, f := range b.Record.Schema().Fields() {
		head += " " + f.Type.Name()
	}
	out := []string{head}
	for i := range int(b.Record.NumRows()) {
		line := fmt.Sprint(b.Row(i))
		for _, col := range b.Record.Columns()[1:] {
			text, ok := "null", false
			if col.DataType().ID() != arrow.INT32 {
				if text, ok = cell(col, i); !ok {
					text = "null"
				}
			}
			line += "|" + text
		}
		out = append(out, line)
	}
	return out
}

// wordsStay keeps all batches until the end: what an index means must not change, and a word
// must have one index.
func (f Format) wordsStay(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	grid := [][]string{{"a"}}
	for i := range 500 {
		grid = append(grid, []string{fmt.Sprintf("w%d", i*i%211)})
	}
	s := f.open(t, grid, extract.Options{BatchRows: 16})
	var kept []*schemas.Batch
	pull(t, extract.NewReader(s, spec("a"), mem), func(b *schemas.Batch) {
		b.Retain()
		kept = append(kept, b)
	})
	index := map[string]int{}
	row := 1
	for _, b := range kept {
		col := b.Record.Column(2).(*array.Dictionary)
		for i := range col.Len() {
			text, _ := cell(col, i)
			if text != grid[row][0] {
				t.Errorf("row %d = %q, want %q", row+1, text, grid[row][0])
			}
			row++
			if at, ok := index[text]; ok && at != col.GetValueIndex(i) {
				t.Errorf("%q has index %d and %d", text, at, col.GetValueIndex(i))
			}
			index[text] = col.GetValueIndex(i)
		}
		b.Release()
	}
	if row != len(grid) {
		t.Errorf("%d rows, want %d", row, len(grid))
	}
}

func (f Format) capped(t *testing.T) {
	for _, o := range []extract.Options{{BatchRows: 4, DictionaryWords: 6}, {BatchRows: 4, DictionaryBytes: 12}} {
		mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
		grid := [][]string{{"many", "few"}}
		for i := range 12 {
			grid = append(grid, []string{fmt.Sprintf("w%d", i), "x"})
		}
		s := f.open(t, grid, o)
		var types, got []string
		pull(t, extract.NewReader(s, spec("many", "few"), mem), func(b *schemas.Batch) {
			many, few := b.Record.Column(2), b.Record.Column(3)
			types = append(types, many.DataType().Name()+" "+few.DataType().Name())
			for i := range many.Len() {
				text, _ := cell(many, i)
				got = append(got, text)
			}
		})
		want := []string{"dictionary dictionary", "utf8 dictionary", "utf8 dictionary"}
		if d := cmp.Diff(want, types); d != "" {
			t.Errorf("%+v: types (-want +got):\n%s", o, d)
		}
		for i, text := range got {
			if text != grid[i+1][0] {
				t.Errorf("%+v: row %d = %q, want %q", o, i+2, text, grid[i+1][0])
			}
		}
		mem.AssertSize(t, 0)
	}
}

func (f Format) ragged(t *testing.T) {
	grid := [][]string{{"a", "b"}, {"1", "2"}, {"1", "2", "3"}, {"1", "2", "", ""}, {"1", "", "", "4"}}
	s := f.open(t, grid, extract.Options{})
	sp := spec("a", "b")
	var got [][]string
	sp.Ragged = func(r extract.Row) error {
		got = append(got, append([]string{fmt.Sprint(r.Num)}, r.Cells...))
		return nil
	}
	r := extract.NewReader(s, sp, memory.DefaultAllocator)
	pull(t, r, func(*schemas.Batch) {})
	if d := cmp.Diff([][]string{{"3", "1", "2", "3"}, {"5", "1", "", "", "4"}}, got); d != "" {
		t.Errorf("ragged (-want +got):\n%s", d)
	}
	if c := (extract.Counts{Read: 4, Batched: 2, Ragged: 2}); r.Counts() != c {
		t.Errorf("counts = %+v, want %+v", r.Counts(), c)
	}
	full := errors.New("full")
	sp.Ragged = func(extract.Row) error { return full }
	var last error
	for _, err := range extract.NewReader(s, sp, memory.DefaultAllocator).Batches(context.Background()) {
		last = err
	}
	if !errors.Is(last, full) {
		t.Errorf("error = %v, want that of Ragged", last)
	}
}

func (f Format) stop(t *testing.T) {
	grid := [][]string{{"a", "b"}, {""}, {"1"}, {"2", "x"}, {" "}, {"Note: footnotes", "", "", "wide"}, {""}, {"more"}}
	s := f.open(t, grid, extract.Options{})
	sp := spec("a", "b")
	sp.Stop = extract.StopBlankRow
	r := extract.NewReader(s, sp, memory.DefaultAllocator)
	pull(t, r, func(*schemas.Batch) {})
	got := r.Counts()
	if got.Batched != 2 || got.BelowStop != 2 || got.Ragged != 0 || got.Blank == 0 {
		t.Errorf("counts = %+v, want 2 rows and 2 below them", got)
	}
	sp.Stop = ""
	r = extract.NewReader(s, sp, memory.DefaultAllocator)
	pull(t, r, func(*schemas.Batch) {})
	if got := r.Counts(); got.Batched != 3 || got.Ragged != 1 || got.BelowStop != 0 {
		t.Errorf("counts = %+v, want 3 rows and 1 ragged", got)
	}
}

// unheaded: a table without a header begins with the first row.
func (f Format) unheaded(t *testing.T) {
	s := f.open(t, [][]string{{"a", "b"}, {"1", "2"}, {"3", "4", "5"}}, extract.Options{})
	sp := spec("first", "second")
	sp.HeaderRow, sp.NoHeader, sp.Width = 0, true, 2
	r := extract.NewReader(s, sp, memory.DefaultAllocator)
	pull(t, r, func(*schemas.Batch) {})
	if c := (extract.Counts{Read: 3, Batched: 2, Ragged: 1}); r.Counts() != c {
		t.Errorf("counts = %+v, want %+v", r.Counts(), c)
	}
	sp.HeaderRow = 1
	for _, err := range extract.NewReader(s, sp, memory.DefaultAllocator).Batches(context.Background()) {
		if err == nil {
			t.Error("a header row of a table without a header is no mistake")
		}
	}
}

// beside: what stands right of the table is not looked at.
func (f Format) beside(t *testing.T) {
	s := f.open(t, [][]string{{"a", "b", "", "List"}, {"1", "2", "", "x"}, {"", "", "", "y"}, {"3", "", "z"}}, extract.Options{})
	sp := spec("a", "b")
	sp.Width, sp.Cut = 2, true
	r := extract.NewReader(s, sp, memory.DefaultAllocator)
	pull(t, r, func(*schemas.Batch) {})
	if c := (extract.Counts{Read: 3, Batched: 2, Blank: 1}); r.Counts() != c {
		t.Errorf("counts = %+v, want %+v", r.Counts(), c)
	}
}

func (f Format) headless(t *testing.T) {
	s := f.open(t, [][]string{{"a"}, {"1"}}, extract.Options{})
	for _, sp := range []extract.Spec{{HeaderRow: 9}, {}, {HeaderRow: 1, Stop: "never"}, {HeaderRow: 1, Columns: []extract.Column{{Name: "a"}}}} {
		var last error
		for _, err := range extract.NewReader(s, sp, memory.DefaultAllocator).Batches(context.Background()) {
			last = err
		}
		if last == nil {
			t.Errorf("spec %+v: no error", sp)
		}
	}
}
