package extract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"

	"github.com/xuri/excelize/v2"

	"palermo/diag"
)

// values gives the text of a sheet's cells, row by row. It is the one thing that the workbook
// library is used for.
type values interface {
	// row is the cells of the row of that number, from the first column on, valid until the
	// next call. Numbers only go up; a row that is not there has no cells.
	row(num int) ([]string, error)
	close() error
}

// library is what opens the sheets of one workbook.
type library interface {
	open(sheet string) (values, error)
	shows() []shows // what each cell style makes of a number
	close() error
}

// book is an opened workbook.
type book struct {
	c      *container
	lib    library
	tmp    string
	styles []shows
}

func (f *File) openBook() error {
	c, err := f.openContainer()
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(f.o.TmpDir, "extract-")
	if err != nil {
		return err
	}
	f.book = &book{c: c, tmp: tmp}
	lib, err := openExcelize(f, tmp)
	if err != nil {
		return fault(err, diag.FileDamaged, f.pos(), "the workbook cannot be read")
	}
	f.book.lib, f.book.styles = lib, lib.shows()
	for _, s := range c.sheets {
		f.sheets = append(f.sheets, f.sheet(s))
	}
	f.format = "xlsx"
	return nil
}

func (b *book) close() error {
	var err error
	if b.lib != nil {
		err = b.lib.close()
	}
	return errors.Join(err, os.RemoveAll(b.tmp))
}

func (f *File) sheet(p sheetPart) Sheet {
	s := f.newSheet(p.name)
	s.Hidden = p.hidden
	s.rows = func(ctx context.Context) iter.Seq2[Row, error] {
		return func(yield func(Row, error) bool) {
			if err := f.book.walk(ctx, s, p, yield); err != nil {
				yield(Row{}, err)
			}
		}
	}
	return s
}

// walk yields the rows of a sheet. Its error is not yet yielded.
func (b *book) walk(ctx context.Context, s Sheet, p sheetPart, yield func(Row, error) bool) (err error) {
	part, err := p.part.Open()
	if err != nil {
		return fault(err, diag.FileDamaged, s.pos(0, 0), "the sheet cannot be read")
	}
	defer func() { err = errors.Join(err, part.Close()) }()
	v, err := b.lib.open(p.name)
	if err != nil {
		return fault(err, diag.FileDamaged, s.pos(0, 0), "the sheet cannot be read")
	}
	defer func() { err = errors.Join(err, v.close()) }()

	m := merger{s: s, sv: newSurvey(part, b.c.strings), v: v, styles: b.styles, base1904: b.c.base1904}
	for n := 0; ; n++ {
		if n%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		row, err := m.next()
		if err == io.EOF {
			m.note()
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.checkRow(row); err != nil {
			return err
		}
		if !yield(row, nil) {
			return nil
		}
	}
}

// merger puts the values of a sheet where the survey says they stand, and stops where the two do
// not agree.
type merger struct {
	s        Sheet
	sv       *survey
	v        values
	styles   []shows
	base1904 bool
	cells    []string
	bare     int // formulas without a saved result
	bareAt   diag.Pos
}

func (m *merger) next() (Row, error) {
	num, marks, err := m.sv.next()
	if err == io.EOF {
		return Row{}, err
	}
	if err != nil {
		return Row{}, fault(err, diag.FileDamaged, m.s.pos(m.sv.rowSeen, 0), "the sheet cannot be read to its end; this is the last row that was found")
	}
	vals, err := m.v.row(num)
	if err != nil {
		return Row{}, fault(err, diag.FileDamaged, m.s.pos(num, 0), "the row cannot be read")
	}
	m.cells = m.cells[:0]
	placed := 0
	for _, k := range marks {
		val := ""
		if k.col <= len(vals) {
			val = vals[k.col-1]
		}
		switch {
		case val == "" && k.text:
			return Row{}, fault(nil, diag.FileDamaged, m.s.pos(num, k.col), "the cell's text cannot be read")
		case val == "":
			m.countBare(k, num)
			continue
		}
		placed++
		for len(m.cells) < k.col-1 {
			m.cells = append(m.cells, "")
		}
		m.cells = append(m.cells, m.text(val, k))
	}
	if placed != filled(vals) {
		return Row{}, fault(nil, diag.FileDamaged, m.s.pos(num, 0), "cells of the row are not where they say they are")
	}
	return Row{Num: num, Cells: trim(m.cells)}, nil
}

func filled(vals []string) int {
	n := 0
	for _, v := range vals {
		if v != "" {
			n++
		}
	}
	return n
}

func (m *merger) countBare(k cellMark, row int) {
	if !k.bare {
		return
	}
	if m.bare == 0 {
		m.bareAt = m.s.pos(row, k.col)
	}
	m.bare++
}

// note reports formulas without a result, once for a sheet however often it is read.
func (m *merger) note() { m.s.noteBare(m.bare, m.bareAt) }

// text is what a value reads as: truths as spreadsheets show them, dates in ISO 8601, numbers as
// the shortest decimal.
func (m *merger) text(val string, k cellMark) string {
	switch k.typ {
	case typeBool:
		switch val {
		case "1", "true":
			return "TRUE"
		case "0", "false":
			return "FALSE"
		}
	case typeDate:
		val = strings.TrimSuffix(val, "Z")
		val = strings.TrimSuffix(val, ".000")
		return strings.TrimSuffix(val, "T00:00:00")
	case typeNumber:
		if how := m.how(k.style); how != showsNumber {
			if f, ok := parseNumber(val); ok {
				if s, ok := isoDate(f, how, m.base1904); ok {
					return s
				}
			}
		}
		return number(val)
	}
	return val
}

func (m *merger) how(style int) shows {
	if style < 0 || style >= len(m.styles) {
		return showsNumber
	}
	return m.styles[style]
}

// excelizeBook reads workbooks with excelize, whose panics become errors.
type excelizeBook struct{ f *excelize.File }

func openExcelize(in *File, tmp string) (b *excelizeBook, err error) {
	defer recovered(&err)
	o := excelize.Options{RawCellValue: true, TmpDir: tmp, UnzipSizeLimit: in.o.MaxUnzipBytes}
	if in.secret { // its large parts stay in memory
		o.UnzipSizeLimit, o.UnzipXMLSizeLimit = in.o.MaxPartBytes, in.o.MaxPartBytes
	}
	f, err := excelize.OpenReader(io.NewSectionReader(in.f, 0, in.size), o)
	if err != nil {
		return nil, err
	}
	return &excelizeBook{f}, nil
}

// recovered turns a panic into an error.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("the workbook library stopped: %v", p)
	}
}

func (b *excelizeBook) open(sheet string) (v values, err error) {
	defer recovered(&err)
	rows, err := b.f.Rows(sheet)
	if err != nil {
		return nil, err
	}
	return &excelizeRows{rows: rows}, nil
}

func (b *excelizeBook) close() (err error) {
	defer recovered(&err)
	return b.f.Close()
}

func (b *excelizeBook) shows() []shows {
	s := b.f.Styles
	if s == nil || s.CellXfs == nil {
		return nil
	}
	custom := map[int]shows{}
	if s.NumFmts != nil {
		for _, n := range s.NumFmts.NumFmt {
			custom[n.NumFmtID] = formatShows(n.FormatCode)
		}
	}
	out := make([]shows, len(s.CellXfs.Xf))
	for i, xf := range s.CellXfs.Xf {
		if xf.NumFmtID == nil {
			continue
		}
		how, ok := custom[*xf.NumFmtID]
		if !ok {
			how = builtinShows(*xf.NumFmtID)
		}
		out[i] = how
	}
	return out
}

// excelizeRows is the values of one sheet. excelize's iterator goes over the numbers of all rows,
// also of those that are not there.
type excelizeRows struct {
	rows *excelize.Rows
	at   int
}

func (r *excelizeRows) row(num int) (vals []string, err error) {
	defer recovered(&err)
	for r.at < num {
		if !r.rows.Next() {
			return nil, errors.Join(io.ErrUnexpectedEOF, r.rows.Error())
		}
		r.at++
		if vals, err = r.rows.Columns(); err != nil {
			return nil, err
		}
	}
	return vals, nil
}

func (r *excelizeRows) close() (err error) {
	defer recovered(&err)
	return r.rows.Close()
}
