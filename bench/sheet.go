package main

import (
	"context"
	"errors"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/xuri/excelize/v2"

	"palermo/extract"
	"palermo/fixtures"
	"palermo/mappings"
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
	r, err := reader(ctx, f.Sheets()[0])
	if err != nil {
		return 0, err
	}
	for b, err := range r.Batches(ctx) {
		if err != nil {
			return rows, err
		}
		rows += b.Record.NumRows()
		b.Release()
	}
	return rows, nil
}

// reader reads every column below the header, which is the first row with more than one cell.
func reader(ctx context.Context, s extract.Sheet) (*extract.Reader, error) {
	rows, err := extract.Preview(ctx, s, 0)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		if len(r.Cells) < 2 {
			continue
		}
		spec := extract.Spec{HeaderRow: r.Num, Origin: schemas.Origin{Submission: "bench", SheetNo: s.No}}
		for i, cell := range r.Cells {
			spec.Columns = append(spec.Columns, extract.Column{Name: mappings.Word(cell), Col: i + 1})
		}
		return extract.NewReader(s, spec, memory.DefaultAllocator), nil
	}
	return nil, errors.New("no header")
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
