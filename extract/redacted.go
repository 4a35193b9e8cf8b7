package extract

import (
	"archive/zip"
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"

	"palermo/diag"
)

// A redacted extract stands in for a file of which some rows must go: it has what the readers of the file found in
// it, sheet by sheet and row by row under the same numbers, without the text of those rows. It is a zip archive of JSON:
// redactedHead, and for each sheet its rows, a line each, as a number and the cells.
const (
	redactedHead   = "extract.json"
	redactedFormat = 1
)

// redacted is the head of an extract.
type redacted struct {
	Extract int `json:"extract"` // redactedFormat
	opened
}

func redactedSheet(no int) string { return fmt.Sprintf("sheet-%d.jsonl", no) }

// Redact writes an extract of f without the rows of each sheet, by its number, that gone reports. The same file without
// the same rows gives the same bytes. It reports how many rows it left nothing of that f still had.
func Redact(ctx context.Context, f *File, gone func(sheet, row int, cells []string) bool, to io.Writer) (rows int, err error) {
	z := zip.NewWriter(to)
	head := redacted{Extract: redactedFormat}
	for _, sh := range f.Sheets() {
		w, err := z.Create(redactedSheet(sh.No))
		if err != nil {
			return rows, err
		}
		out := bufio.NewWriter(w)
		kept := sh
		kept.Gone = nil
		for r, err := range sh.Rows(ctx) {
			if err != nil {
				return rows, err
			}
			if !r.Gone && len(r.Cells) > 0 && gone(sh.No, r.Num, r.Cells) {
				r.Gone, r.Cells = true, nil
				rows++
			}
			if r.Gone {
				kept.Gone = append(kept.Gone, r.Num)
			}
			if err := writeRedacted(out, r); err != nil {
				return rows, err
			}
		}
		if err := out.Flush(); err != nil {
			return rows, err
		}
		head.Sheets = append(head.Sheets, kept)
	}
	head.Format, head.Names, head.Mark = f.Format(), f.Names(), f.Mark()
	for _, d := range f.Notes() { // all sheets were read: these are all there are
		if !head.gone(d.Pos) {
			head.Notes = append(head.Notes, d)
		}
	}
	w, err := z.Create(redactedHead)
	if err != nil {
		return rows, err
	}
	return rows, cmp.Or(json.NewEncoder(w).Encode(head), z.Close())
}

// gone reports whether a place is in a row that nothing is left of.
func (r *redacted) gone(p diag.Pos) bool {
	return p.Row > 0 && slices.ContainsFunc(r.Sheets, func(s Sheet) bool {
		_, gone := slices.BinarySearch(s.Gone, p.Row)
		return gone && s.Name == p.Sheet
	})
}

func writeRedacted(w *bufio.Writer, r Row) error {
	line := make([]any, 0, 1+len(r.Cells))
	line = append(line, r.Num)
	for _, c := range r.Cells {
		line = append(line, c)
	}
	b, err := json.Marshal(line)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// openRedacted opens an extract.
func (f *File) openRedacted() error {
	damaged := func(err error) error { return fault(err, diag.FileDamaged, f.pos(), "the extract cannot be read") }
	z, err := zip.NewReader(f.f, f.size)
	if err != nil {
		return damaged(err)
	}
	var head redacted
	if err := readRedacted(z, redactedHead, func(r io.Reader) error { return json.NewDecoder(r).Decode(&head) }); err != nil {
		return damaged(err)
	}
	maps.DeleteFunc(head.Names, func(name, _ string) bool { return !slices.Contains(f.o.Names, name) })
	if head.Extract != redactedFormat || checkOpened(&head.opened, f.o.Names) != nil {
		return damaged(errors.New("its head is of another format"))
	}
	f.format, f.sheets, f.names, f.mark = head.Format, head.Sheets, head.Names, head.Mark
	for _, d := range head.Notes {
		d.Pos.File = f.o.Name
		f.notes.Add(d)
	}
	for i := range f.sheets {
		s := &f.sheets[i]
		s.file = f
		name := redactedSheet(s.No)
		s.rows = func(ctx context.Context) iter.Seq2[Row, error] {
			return func(yield func(Row, error) bool) {
				err := readRedacted(z, name, func(r io.Reader) error { return redactedRows(ctx, r, yield) })
				if err != nil && !errors.Is(err, errEnough) {
					if ctx.Err() == nil {
						err = damaged(err)
					}
					yield(Row{}, err)
				}
			}
		}
	}
	return nil
}

func readRedacted(z *zip.Reader, name string, f func(io.Reader) error) error {
	r, err := z.Open(name)
	if err != nil {
		return err
	}
	return cmp.Or(f(bufio.NewReaderSize(r, 64<<10)), r.Close())
}

// errEnough says that no more rows are wanted.
var errEnough = errors.New("enough")

func redactedRows(ctx context.Context, r io.Reader, yield func(Row, error) bool) error {
	var line []any
	for d := json.NewDecoder(r); ; {
		line = line[:0]
		switch err := d.Decode(&line); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
		row := Row{}
		for i, v := range line {
			switch v := v.(type) {
			case float64:
				row.Num = int(v)
			case string:
				if i == 0 {
					return errNonsense
				}
				row.Cells = append(row.Cells, v)
			default:
				return errNonsense
			}
		}
		if row.Num < 1 {
			return errNonsense
		}
		if !yield(row, nil) {
			return errEnough
		}
	}
}
