package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"palermo/diag"
	"palermo/extract"
	"palermo/transform/link"
)

// linkFile is a file of records for linkage, column by column.
type linkFile struct {
	name    string // without its folder
	columns []link.Column
	rows    int
	ragged  int // rows with text beyond the header, which are in no column
	nested  int // columns that hold lists or structures, and are left out
}

func (f *linkFile) column(name string) *link.Column {
	for i := range f.columns {
		if f.columns[i].Name == name {
			return &f.columns[i]
		}
	}
	return nil
}

// LinkFileError is a file that linkage cannot use, and why.
type LinkFileError struct{ Diagnostic diag.Diagnostic }

func (e *LinkFileError) Error() string { return e.Diagnostic.String() }

func linkFileError(c diag.Code, p diag.Pos, format string, a ...any) error {
	return &LinkFileError{diag.Diagnostic{Code: c, Severity: diag.Error, Pos: p, Message: fmt.Sprintf(format, a...)}}
}

// parquetMagic begins a Parquet file.
const parquetMagic = "PAR1"

// readLinkFile reads the wanted columns of a CSV or a Parquet file, whatever its name says.
func readLinkFile(ctx context.Context, path string, wanted wantedColumns) (*linkFile, error) {
	magic, err := firstBytes(path, len(parquetMagic))
	if err != nil {
		return nil, err
	}
	read := readLinkCSV
	if magic == parquetMagic {
		read = readLinkParquet
	}
	f, err := read(ctx, path, wanted)
	if err != nil {
		return nil, err
	}
	return f, f.refuseReleased()
}

func firstBytes(path string, n int) (string, error) {
	in, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer in.Close()
	b := make([]byte, n)
	k, err := io.ReadFull(in, b)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return "", err
	}
	return string(b[:k]), nil
}

// released is the table of rows of anonymised and synthetic releases: nobody's record, so that a
// link between two of them is of no persons.
const released = "released_case"

// markers are the columns in which a file may say what its rows are.
var markers = []string{"synthetic", "_synthetic", "is_synthetic", "_table", "record_type"}

// refuseReleased refuses the rows of a release by what the file says of itself.
func (f *linkFile) refuseReleased() error {
	refuse := func() error {
		return linkFileError(diag.LinkReleased, diag.Pos{File: f.name}, "its rows are of table %s", released)
	}
	for _, c := range f.columns {
		if c.Name == released+"_id" {
			return refuse()
		}
		for _, m := range markers {
			if !strings.EqualFold(c.Name, m) {
				continue
			}
			for _, w := range c.Words {
				if strings.EqualFold(w, released) {
					return refuse()
				}
			}
		}
	}
	return nil
}

// wantedColumns is the columns that linkage needs; nil: all.
type wantedColumns map[string]bool

func (w wantedColumns) has(name string) bool {
	return w == nil || w[name] || name == released+"_id" ||
		slices.ContainsFunc(markers, func(m string) bool { return strings.EqualFold(name, m) })
}

// linkChunk is how many rows go from the reading of a CSV to its columns at once.
const linkChunk = 4096

// readLinkCSV reads rows in one goroutine and makes columns of them in others.
func readLinkCSV(ctx context.Context, path string, wanted wantedColumns) (*linkFile, error) {
	name := filepath.Base(path)
	in, err := openApart(ctx, path, extract.Options{Name: name}, extract.Limits{})
	if err != nil {
		return nil, linkOpenError(err)
	}
	defer in.Close()
	if in.Format() != "csv" {
		return nil, linkFileError(diag.FileFormat, diag.Pos{File: name}, "palermo link reads CSV and Parquet, not workbooks")
	}
	f := &linkFile{name: name}
	g := &gathering{wanted: wanted}
	head, err := f.streamCSV(ctx, in.Sheets()[0], g)
	g.wait()
	if err != nil {
		return nil, linkOpenError(err)
	}
	for i, n := range head {
		if n != "" && g.columns[i] != nil {
			f.columns = append(f.columns, g.columns[i].column(n))
		}
	}
	return f, f.checkHeader()
}

// gatherers is how many goroutines make columns.
const gatherers = 2

// gathering makes columns of chunks of rows: each goroutine takes every second column, so that a
// column's words come in the order of its rows.
type gathering struct {
	wanted  wantedColumns
	columns []*linkColumn // nil: not wanted
	chunks  [gatherers]chan [][]string
	work    sync.WaitGroup
}

func (g *gathering) start(head []string) {
	g.columns = make([]*linkColumn, len(head))
	for i, name := range head {
		if g.wanted.has(name) {
			g.columns[i] = newLinkColumn()
		}
	}
	for k := range g.chunks {
		g.chunks[k] = make(chan [][]string, 2)
		g.work.Go(func() {
			for chunk := range g.chunks[k] {
				for i := k; i < len(chunk); i += gatherers {
					if c := g.columns[i]; c != nil {
						c.add(chunk[i])
					}
				}
			}
		})
	}
}

func (g *gathering) take(chunk [][]string) {
	for _, c := range g.chunks {
		c <- chunk
	}
}

func (g *gathering) wait() {
	for _, c := range g.chunks {
		if c != nil {
			close(c)
		}
	}
	g.work.Wait()
}

// linkOpenError is a finding of extract as this package's own.
func linkOpenError(err error) error {
	var e *extract.Error
	if errors.As(err, &e) {
		return &LinkFileError{e.Diagnostic}
	}
	return err
}

// streamCSV hands over the cells below the header, column by column in chunks.
func (f *linkFile) streamCSV(ctx context.Context, s extract.Sheet, g *gathering) (head []string, err error) {
	var chunk [][]string
	for row, err := range s.Rows(ctx) {
		switch {
		case err != nil:
			return nil, err
		case len(row.Cells) == 0:
		case head == nil:
			for _, c := range row.Cells {
				head = append(head, headerName(c))
			}
			g.start(head)
			chunk = newChunk(len(head))
		case len(row.Cells) > len(head):
			f.ragged++
		default:
			for i := range chunk {
				c := ""
				if i < len(row.Cells) {
					c = row.Cells[i]
				}
				chunk[i] = append(chunk[i], c)
			}
			if f.rows++; len(chunk[0]) == linkChunk {
				g.take(chunk)
				chunk = newChunk(len(head))
			}
		}
	}
	if head != nil {
		g.take(chunk)
	}
	return head, nil
}

func newChunk(width int) [][]string {
	chunk := make([][]string, width)
	for i := range chunk {
		chunk[i] = make([]string, 0, linkChunk)
	}
	return chunk
}

// headerName is a header as columns are named by: without blanks around it, and one blank within.
func headerName(s string) string { return strings.Join(strings.Fields(s), " ") }

func (f *linkFile) checkHeader() error {
	if len(f.columns) == 0 {
		return linkFileError(diag.ColumnMissing, diag.Pos{File: f.name}, "it has no header")
	}
	seen := map[string]bool{}
	for _, c := range f.columns {
		if seen[c.Name] {
			return linkFileError(diag.LinkColumn, diag.Pos{File: f.name}, "two columns have the same header")
		}
		seen[c.Name] = true
	}
	return nil
}
