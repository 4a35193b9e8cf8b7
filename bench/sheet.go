package main

import (
	"context"
	"errors"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/xuri/excelize/v2"

	"palermo/extract"
	"palermo/fixtures"
	"palermo/schemas"
)

// seed is of everything that is made up here.
const seed = 1

func makeSheet(_ context.Context, o options) (int64, error) {
	return int64(o.sheetRows), fixtures.WideSheet(o.to, o.sheetRows, o.sheetCols, seed)
}

// palermoSheet reads the first sheet to raw batches and drops them.
func palermoSheet(ctx context.Context, o options) (rows int64, err error) {
	f, err := extract.Open(o.in, extract.Options{Name: "wide.xlsx"})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	t, err := wideTable(ctx, f)
	if err != nil {
		return 0, err
	}
	for b, err := range t.reader(nil).Batches(ctx) {
		if err != nil {
			return rows, err
		}
		rows += b.Record.NumRows()
		b.Release()
	}
	return rows, nil
}

// table is a table of a sheet with its header.
type table struct {
	sheet  extract.Sheet
	header extract.Row
	above  []extract.Row // the first rows, the header among them
}

// wideTable is the table of the first sheet: its header is the first row with two cells or more.
func wideTable(ctx context.Context, f *extract.File) (*table, error) {
	s := f.Sheets()[0]
	rows, err := extract.Preview(ctx, s, 0)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		if len(r.Cells) > 1 {
			return &table{s, r, rows}, nil
		}
	}
	return nil, errors.New("no header")
}

// reader reads all columns; those named in plain without a dictionary.
func (t *table) reader(plain map[string]bool) *extract.Reader {
	spec := extract.Spec{HeaderRow: t.header.Num,
		Origin: schemas.Origin{Submission: "bench", File: "wide", SheetNo: 1}}
	for i, cell := range t.header.Cells {
		name := extract.Header(cell)
		spec.Columns = append(spec.Columns, extract.Column{Name: name, Col: i + 1, Plain: plain[name]})
	}
	return extract.NewReader(t.sheet, spec, memory.DefaultAllocator)
}

// excelizeSheet is the plainest loop over a sheet that excelize can stream.
func excelizeSheet(_ context.Context, o options) (n int64, err error) {
	f, err := excelize.OpenFile(o.in)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	rows, err := f.Rows(f.GetSheetName(0))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		cells, err := rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return n, err
		}
		if len(cells) > 1 {
			n++
		}
	}
	return n - 1, rows.Error() // less the header
}
