package testreal

import (
	"bytes"
	"context"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/xuri/excelize/v2"

	"palermo/diag"
	"palermo/load/receipt"
)

// TestReceiptOfARealWorkbook marks cells of a workbook that another program has written, and takes the marks out again.
func TestReceiptOfARealWorkbook(t *testing.T) {
	book, err := os.ReadFile(realFile("unodc_glotip", "2023-05-30_11col", "data_glotip.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	was := cellsOf(t, book)
	in := &receipt.Input{Number: "PAL-2026-000001", State: receipt.AcceptedInPart}
	for _, sheet := range slices.Sorted(maps.Keys(was)) {
		for row := 3; row < 5000; row += 7 {
			in.Add(diag.Diagnostic{Code: diag.ValueNotCount, Severity: diag.Error, Pos: diag.Pos{Sheet: sheet, Row: row, Col: 1 + row%12}}, "", 0)
		}
	}
	var marked, back bytes.Buffer
	if err := receipt.Annotate(context.Background(), bytes.NewReader(book), int64(len(book)), &marked, in); err != nil {
		t.Fatal(err)
	}
	stamp, err := receipt.Strip(context.Background(), bytes.NewReader(marked.Bytes()), int64(marked.Len()), &back)
	if err != nil || stamp == nil || stamp.Number != in.Number {
		t.Fatalf("the stamp is %+v, %v", stamp, err)
	}
	with, is := cellsOf(t, marked.Bytes()), cellsOf(t, back.Bytes())
	if len(with) != len(was)+1 || len(is) != len(was) {
		t.Errorf("%d sheets, then %d, then %d", len(was), len(with), len(is))
	}
	for sheet, rows := range was {
		if !slices.EqualFunc(rows, with[sheet], slices.Equal) || !slices.EqualFunc(rows, is[sheet], slices.Equal) {
			t.Errorf("the cells of %s differ", sheet)
		}
	}
}

func cellsOf(t *testing.T, book []byte) map[string][][]string {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(book), excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string][][]string{}
	for _, sheet := range f.GetSheetList() {
		if out[sheet], err = f.GetRows(sheet); err != nil {
			t.Fatal(err)
		}
	}
	return out
}
