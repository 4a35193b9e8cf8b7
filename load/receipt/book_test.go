package receipt

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"palermo/diag"
)

func parseCell(s string) (int, int, bool) { return diag.ParseCell(s) }

// sample is a receipt with every section.
func sample(lang string) *Input {
	in := &Input{
		Number: "PAL-2026-000123", Agency: "shelter_a", Language: lang, Contact: "data@example.org", Name: "cases.xlsx",
		Received: time.Date(2026, 3, 1, 8, 30, 0, 0, time.UTC), Made: time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC),
		State: AcceptedInPart, Kind: "full_replacement", KindBy: "agency", From: "2024-01-01", To: "2024-12-31",
		Sheets: []Sheet{
			{Name: "Cases & more", Unit: Rows, Read: 120, Loaded: 100, Rejected: 15, Skipped: map[string]int64{"blank_row": 4, "total_row": 1}},
			{Name: "Totals", Unit: Cells, Read: 21, Loaded: 21},
		},
		Duplicates: []Duplicate{{Sheet: "Cases & more", Rows: []int{3, 9}}},
	}
	add := func(code diag.Code, severity diag.Severity, sheet, column string, row, col int) {
		in.Add(diag.Diagnostic{Code: code, Severity: severity, Pos: diag.Pos{Sheet: sheet, Row: row, Col: col}}, column, 0)
	}
	for row := 3; row <= 9; row++ {
		add(diag.ValueNotDate, diag.Error, "Cases & more", "Date", row, 3)
	}
	add(diag.CodeUnmapped, diag.Warning, "Cases & more", "Sex", 4, 2)
	add(diag.ValueBlank, diag.Warning, "Cases & more", "Age", 5, 7)  // no such cell in its row
	add(diag.ValueBlank, diag.Warning, "Cases & more", "Age", 40, 7) // no such row
	add(diag.ColumnExtra, diag.Warning, "Cases & more", "Remarks", 1, 4)
	add(diag.ValueNotCount, diag.Error, "Totals", "n", 2, 2)
	add(diag.RowRagged, diag.Error, "Totals", "", 3, 0)
	add(diag.FileEncodingUsed, diag.Info, "", "", 0, 0)
	add(diag.MappingSyntax, diag.Error, "", "", 0, 0) // for no agency
	return in
}

// must makes a workbook of steps, each of which may fail.
type must struct{ t testing.TB }

func (m must) do(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

// sampleBook is a workbook with much of what programs put into one.
func sampleBook(t testing.TB) []byte {
	t.Helper()
	m := must{t}
	f := excelize.NewFile()
	defer f.Close()
	const sheet = "Cases & more"
	m.do(f.SetSheetName("Sheet1", sheet))
	_, err := f.NewSheet("Totals")
	m.do(err)
	red, err := f.NewStyle(&excelize.Style{Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"00FF00"}}, Font: &excelize.Font{Italic: true}, NumFmt: 14, Alignment: &excelize.Alignment{WrapText: true}})
	m.do(err)
	m.do(f.SetSheetRow(sheet, "A1", &[]any{"Ref", "Sex", "Date", "Remarks"}))
	for row := 2; row <= 12; row++ {
		m.do(f.SetSheetRow(sheet, fmt.Sprintf("A%d", row), &[]any{fmt.Sprintf("C-%03d", row), "f", 38000 + row, "=not a formula"}))
		m.do(f.SetCellFormula(sheet, fmt.Sprintf("E%d", row), fmt.Sprintf("C%d+1", row)))
	}
	m.do(f.SetCellStyle(sheet, "C2", "C12", red))
	m.do(f.SetColWidth(sheet, "A", "B", 31))
	m.do(f.SetColStyle(sheet, "G", red))
	m.do(f.SetRowVisible(sheet, 6, false))
	m.do(f.AutoFilter(sheet, "A1:D12", nil))
	m.do(f.AddComment(sheet, excelize.Comment{Cell: "C3", Author: "Ana", Text: "look <again>"}))
	m.do(f.AddComment(sheet, excelize.Comment{Cell: "A2", Author: "Ana", Paragraph: []excelize.RichTextRun{{Text: "mine"}}}))
	m.do(f.SetCellValue("Totals", "A1", "what"))
	m.do(f.SetSheetRow("Totals", "A2", &[]any{"rows", "many"}))
	m.do(f.SetSheetRow("Totals", "A3", &[]any{"x", 1, 2, 3}))
	m.do(f.AddChart("Totals", "E1", &excelize.Chart{Type: excelize.Col, Series: []excelize.ChartSeries{{Name: "Totals!$A$1", Values: "Totals!$B$2:$B$3"}}}))
	m.do(f.SetDefinedName(&excelize.DefinedName{Name: "area", RefersTo: "Totals!$A$1:$B$3"}))
	m.do(f.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Area", RefersTo: "Totals!$A$1:$B$3", Scope: "Totals"}))
	m.do(f.AddTable("Totals", &excelize.Table{Range: "A10:B12", Name: "tab"}))
	f.SetActiveSheet(1)
	var b bytes.Buffer
	m.do(f.Write(&b))
	return b.Bytes()
}

func annotated(t testing.TB, book []byte, in *Input) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Annotate(context.Background(), bytes.NewReader(book), int64(len(book)), &out, in); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// rawParts is the parts of a package as they lie in the container.
func rawParts(t testing.TB, b []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.OpenRaw()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(raw)
	}
	return out
}

func part(t testing.TB, b []byte, name string) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	r, err := z.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// contents is every cell of a workbook as it is stored: value, formula; by sheet.
func contents(t testing.TB, b []byte, without ...string) map[string]map[string]string {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string]map[string]string{}
	for _, sheet := range f.GetSheetList() {
		if len(without) > 0 && sheet == without[0] {
			continue
		}
		out[sheet] = map[string]string{}
		rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range rows {
			for j, v := range r {
				at := diag.Cell(i+1, j+1)
				formula, err := f.GetCellFormula(sheet, at)
				if err != nil {
					t.Fatal(err)
				}
				if v != "" || formula != "" {
					out[sheet][at] = v + "|" + formula
				}
			}
		}
	}
	return out
}

func TestAnnotate(t *testing.T) {
	book := sampleBook(t)
	checkPackage(t, book)
	got := annotated(t, book, sample(English))
	checkPackage(t, got)
	if d := cmp.Diff(contents(t, book), contents(t, got, "Receipt")); d != "" {
		t.Errorf("the cells differ:\n%s", d)
	}
	if again := annotated(t, book, sample(English)); !bytes.Equal(got, again) {
		t.Error("the same input gives other bytes")
	}
	before, after := rawParts(t, book), rawParts(t, got)
	changes := map[string]bool{"[Content_Types].xml": true, "xl/workbook.xml": true, "xl/_rels/workbook.xml.rels": true, "xl/styles.xml": true,
		"xl/worksheets/sheet1.xml": true, "xl/worksheets/sheet2.xml": true, "xl/worksheets/_rels/sheet2.xml.rels": true, "xl/worksheets/_rels/sheet1.xml.rels": true,
		"xl/comments1.xml": true, "xl/drawings/vmlDrawing1.vml": true}
	for name, raw := range before {
		if !changes[name] && after[name] != raw {
			t.Errorf("%s was not copied byte for byte", name)
		}
	}
	f, err := excelize.OpenReader(bytes.NewReader(got))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if d := cmp.Diff([]string{"Receipt", "Cases & more", "Totals"}, f.GetSheetList()); d != "" {
		t.Error(d)
	}
	for at, colour := range map[string]string{"C3": "FFC7C1", "B4": "FFEBA1", "G5": "FFEBA1", "G40": "FFEBA1", "D1": "D6E6F5"} {
		if got := fillOf(t, f, "Cases & more", at); got != colour {
			t.Errorf("%s has the colour %s, want %s", at, got, colour)
		}
	}
	if got := fillOf(t, f, "Cases & more", "C2"); got != "00FF00" {
		t.Errorf("C2, which is right, has the colour %s", got)
	}
	style, err := f.GetCellStyle("Cases & more", "C3")
	if err != nil {
		t.Fatal(err)
	}
	if s, err := f.GetStyle(style); err != nil || s.NumFmt != 14 || !s.Font.Italic || !s.Alignment.WrapText {
		t.Errorf("C3 lost what else its style says: %+v, %v", s, err)
	}
	notes := commentsOf(t, f, "Cases & more")
	if s := notes["C3"]; !strings.HasPrefix(s, "look <again>") || !strings.Contains(s, "palermo PAL-2026-000123") || !strings.Contains(s, "2003-04-03") {
		t.Errorf("the comment of C3 is %q", s)
	}
	if notes["A2"] != "mine" || !strings.Contains(notes["G40"], "The cell is blank") {
		t.Errorf("comments: %q", notes)
	}
	if v, err := f.GetRowVisible("Cases & more", 6); err != nil || v {
		t.Error("the hidden row is shown")
	}
	local := false
	for _, n := range f.GetDefinedName() {
		local = local || n.Name == "_xlnm.Print_Area" && n.Scope == "Totals" && n.RefersTo == "Totals!$A$1:$B$3"
	}
	if !local {
		t.Errorf("the print area is lost: %+v", f.GetDefinedName())
	}
}

func fillOf(t testing.TB, f *excelize.File, sheet, at string) string {
	t.Helper()
	id, err := f.GetCellStyle(sheet, at)
	if err != nil {
		t.Fatal(err)
	}
	s, err := f.GetStyle(id)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Fill.Color) == 0 {
		return ""
	}
	return s.Fill.Color[0]
}

func commentsOf(t testing.TB, f *excelize.File, sheet string) map[string]string {
	t.Helper()
	all, err := f.GetComments(sheet)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, c := range all {
		s := c.Text
		for _, r := range c.Paragraph {
			if !strings.Contains(s, r.Text) {
				s += r.Text
			}
		}
		out[c.Cell] = s
	}
	return out
}

// TestMarksAreWhereTheFindingsAre plants 300 findings and counts the cells that have a colour of a mark.
func TestMarksAreWhereTheFindingsAre(t *testing.T) {
	f := excelize.NewFile()
	defer f.Close()
	m := must{t}
	rnd := rand.New(rand.NewPCG(1, 2))
	planted := map[string]bool{}
	in := &Input{Number: "PAL-2026-000127", State: AcceptedInPart}
	for _, sheet := range []string{"Sheet1", "B", "C"} {
		_, err := f.NewSheet(sheet)
		m.do(err)
		for row := 1; row <= 60; row++ {
			m.do(f.SetSheetRow(sheet, fmt.Sprintf("A%d", row), &[]any{row, "a", nil, 2.5, "b"}))
		}
		for n := 0; n < 100; {
			row, col := 1+rnd.IntN(70), 1+rnd.IntN(8)
			if at := sheet + "!" + diag.Cell(row, col); !planted[at] {
				planted[at] = true
				n++
				in.Add(diag.Diagnostic{Code: seenCodes()[rnd.IntN(len(seenCodes()))], Severity: diag.Severity(rnd.IntN(3)), Pos: diag.Pos{Sheet: sheet, Row: row, Col: col}}, "", 0)
			}
		}
	}
	var b bytes.Buffer
	m.do(f.Write(&b))
	got := openSample(t, annotated(t, b.Bytes(), in))
	colours := []string{"FFC7C1", "FFEBA1", "D6E6F5"}
	right, wrong := 0, 0
	for _, sheet := range []string{"Sheet1", "B", "C"} {
		notes := commentsOf(t, got, sheet)
		for row := 1; row <= 75; row++ {
			for col := 1; col <= 10; col++ {
				at := diag.Cell(row, col)
				marked := slices.Contains(colours, fillOf(t, got, sheet, at)) && strings.Contains(notes[at], "palermo PAL-2026-000127")
				switch {
				case marked && planted[sheet+"!"+at]:
					right++
				case marked:
					wrong++
				}
			}
		}
	}
	t.Logf("precision %.3f, recall %.3f", float64(right)/float64(right+wrong), float64(right)/float64(len(planted)))
	if right != 300 || wrong != 0 {
		t.Errorf("%d cells of 300 are marked, and %d others", right, wrong)
	}
}
