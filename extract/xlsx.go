package extract

import (
	"context"
	"errors"
	"io"
	"iter"

	"palermo/diag"
	"palermo/extract/sheet"
	"palermo/extract/zipfile"
)

// openBook opens a workbook: its container is held against its directory, each part is read to
// its end once, and only then anything of it is used.
func (f *File) openBook() error {
	a, err := zipfile.Open(f.f, f.size, zipfile.Options{MaxBytes: f.o.MaxUnzipBytes, Package: true})
	if err != nil {
		return f.placed(err)
	}
	if why := noWorkbook(a); why != "" {
		return fault(nil, diag.FileFormat, f.pos(), "%s", why)
	}
	if err := a.Check(context.Background()); err != nil {
		return f.placed(err)
	}
	b, err := sheet.Open(a, sheet.Options{MaxHeldBytes: f.o.MaxPartBytes, MaxCellBytes: f.o.MaxCellBytes, MaxRowBytes: f.o.MaxRowBytes, MaxTextBytes: f.o.MaxUnzipBytes, Names: f.o.Names})
	if err != nil {
		return f.placed(err)
	}
	if len(b.Sheets) == 0 {
		return fault(nil, diag.FileEmpty, f.pos(), "the workbook has no sheet with cells")
	}
	f.book = b
	for _, d := range b.Notes {
		d.Pos = f.within(d.Pos)
		f.notes.Add(d)
	}
	for i := range b.Sheets {
		f.sheets = append(f.sheets, f.sheet(i))
	}
	f.format, f.names = "xlsx", b.Names
	return nil
}

// placed is a container's fault as an error of the package, with the file in its place. Other
// errors are the machine's.
func (f *File) placed(err error) error {
	var bad *zipfile.Fault
	if !errors.As(err, &bad) {
		return err
	}
	e := &Error{Diagnostic: bad.Diagnostic, Err: bad.Err}
	e.Diagnostic.Pos = f.within(e.Diagnostic.Pos)
	if e.Diagnostic.Code == diag.FilePassword {
		e.Diagnostic.Message = "the zip archive is protected by a password, in a way that is not read; " + howToLock
	}
	return e
}

// within is a place in the container as one in the file, or in the archive whose member the file is.
func (f *File) within(p diag.Pos) diag.Pos {
	p.File = f.o.Name
	switch {
	case f.member != "" && p.Sheet != "":
		p.Sheet = f.member + "/" + p.Sheet
	case f.member != "":
		p.Sheet = f.member
	}
	return p
}

// noWorkbook says what the container holds when it is no workbook that is read.
func noWorkbook(a *zipfile.Archive) string {
	has := func(name string) bool { return a.Find(name) != nil }
	switch {
	case has("xl/workbook.bin"):
		return "this is a binary .xlsb workbook"
	case has("word/document.xml"), has("ppt/presentation.xml"):
		return "this is an Office document, but no workbook"
	case sheet.IsWorkbook(a):
		return ""
	}
	return "this is an Office file in which no workbook is found"
}

func (f *File) sheet(i int) Sheet {
	in := f.book.Sheets[i]
	s := f.newSheet(in.Name)
	s.Hidden = in.State != sheet.Visible
	s.rows = func(ctx context.Context) iter.Seq2[Row, error] {
		return func(yield func(Row, error) bool) {
			if err := f.walk(ctx, s, i, yield); err != nil {
				yield(Row{}, err)
			}
		}
	}
	return s
}

// walk yields the rows of a sheet. Its error is not yet yielded.
func (f *File) walk(ctx context.Context, s Sheet, i int, yield func(Row, error) bool) error {
	r, err := f.book.Rows(i)
	if err != nil {
		return f.placed(err)
	}
	defer r.Close()
	for {
		in, err := r.Next(ctx)
		if err == io.EOF {
			s.noteBare(r.Uncalculated())
			return nil
		}
		if err != nil {
			return f.placed(err)
		}
		row := Row{Num: in.Num, Cells: trim(in.Cells)}
		if len(row.Cells) > f.o.MaxColumns { // their length is held by the reader: a row may be 16,000 blank cells and one
			return s.checkRow(row)
		}
		if !yield(row, nil) {
			return nil
		}
	}
}

// noteBare reports, once for a sheet however often it is read, formulas whose results are not
// there.
func (s Sheet) noteBare(n, row, col int) {
	if n == 0 {
		return
	}
	d := finding(diag.ValueNotCalculated, s.pos(row, col), "%d formulas were saved without their result; they are read as blank", n)
	if notes := &s.file.notes; notes.Count(d) == 0 {
		notes.Add(d)
	}
}
