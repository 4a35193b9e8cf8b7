package extract_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"palermo/extract"
	"palermo/extract/extracttest"
)

func TestXLSXSuite(t *testing.T) {
	extracttest.Run(t, extracttest.Format{Open: extract.Open, Write: func(t testing.TB, path string, grid [][]string) {
		f := excelize.NewFile()
		for i, cells := range grid {
			for j, c := range cells {
				if c != "" {
					must(t, f.SetCellStr("Sheet1", cellName(t, j+1, i+1), c))
				}
			}
		}
		write(t, path, inflated(t, f, nil, func(name, body string) string {
			if name == "xl/worksheets/sheet1.xml" {
				return onlyRows(body, grid)
			}
			return body
		}))
	}})
}

// onlyRows takes out the rows that the grid does not have: excelize writes them all.
func onlyRows(body string, grid [][]string) string {
	return regexp.MustCompile(`<row r="(\d+)"[^>]*(></row>|/>)`).ReplaceAllStringFunc(body, func(row string) string {
		for i, cells := range grid {
			if cells == nil && strings.HasPrefix(row, fmt.Sprintf(`<row r="%d"`, i+1)) {
				return ""
			}
		}
		return row
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func cellName(t testing.TB, col, row int) string {
	t.Helper()
	s, err := excelize.CoordinatesToCellName(col, row)
	must(t, err)
	return s
}

// inflated is the workbook's bytes, after each part went through edit; parts in drop are left
// out.
func inflated(t testing.TB, f *excelize.File, drop []string, edit func(name, body string) string) []byte {
	t.Helper()
	b, err := f.WriteToBuffer()
	must(t, err)
	return repack(t, b.Bytes(), drop, edit)
}

func repack(t testing.TB, b []byte, drop []string, edit func(name, body string) string) []byte {
	t.Helper()
	zr, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	must(t, err)
	var out bytes.Buffer
	zw := zip.NewWriter(&out)
parts:
	for _, z := range zr.File {
		for _, d := range drop {
			if z.Name == d {
				continue parts
			}
		}
		r, err := z.Open()
		must(t, err)
		body, err := io.ReadAll(r)
		must(t, err)
		w, err := zw.Create(z.Name)
		must(t, err)
		_, err = io.WriteString(w, edit(z.Name, string(body)))
		must(t, err)
	}
	must(t, zw.Close())
	return out.Bytes()
}

// sheetXML is a workbook whose first sheet has the given rows, as XML, and the shared strings
// "one" and "two".
func sheetXML(t testing.TB, rows string) []byte {
	t.Helper()
	f := excelize.NewFile()
	must(t, f.SetCellStr("Sheet1", "A1", "one"))
	must(t, f.SetCellStr("Sheet1", "B1", "two"))
	_, err := f.NewStyle(&excelize.Style{NumFmt: 14}) // style 1
	must(t, err)
	return inflated(t, f, nil, func(name, body string) string {
		if name != "xl/worksheets/sheet1.xml" {
			return body
		}
		i, j := strings.Index(body, "<sheetData>"), strings.Index(body, "</sheetData>")
		return body[:i] + "<sheetData>" + rows + body[j:]
	})
}

func TestXLSXCells(t *testing.T) {
	for _, c := range []struct{ name, rows, want string }{
		{"shared strings", `<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="s"><v>1</v></c></row>`, "1: one||two"},
		{"no references", `<row><c t="s"><v>0</v></c><c><v>5</v></c></row><row><c><v>6</v></c></row>`, "1: one|5;2: 6"},
		{"rows left out", `<row r="3"><c r="B3"><v>1</v></c></row><row r="7"><c r="A7"><v>2</v></c></row>`, "3: |1;7: 2"},
		{"rows without cells", `<row r="1"/><row r="2"></row><row r="4"><c r="A4" s="1"/></row>`, "1: ;2: ;4: "},
		{"formula with text", `<row r="1"><c r="A1" t="str"><f>B1</f><v>text</v></c></row>`, "1: text"},
		{"formula with number", `<row r="1"><c r="A1"><f>1+1</f><v>2</v></c></row>`, "1: 2"},
		{"formula with date", `<row r="1"><c r="A1" s="1"><f>TODAY()</f><v>45000</v></c></row>`, "1: 2023-03-15"},
		{"inline string", `<row r="1"><c r="A1" t="inlineStr"><is><t>in</t></is></c></row>`, "1: in"},
		{"rich inline string", `<row r="1"><c r="A1" t="inlineStr"><is><r><t>a</t></r><r><t xml:space="preserve"> b</t></r></is></c></row>`, "1: a b"},
		{"empty inline string", `<row r="1"><c r="A1" t="inlineStr"><is><t></t></is></c><c r="B1"><v>1</v></c></row>`, "1: |1"},
		{"truths", `<row r="1"><c r="A1" t="b"><v>1</v></c><c r="B1" t="b"><v>0</v></c></row>`, "1: TRUE|FALSE"},
		{"errors", `<row r="1"><c r="A1" t="e"><v>#N/A</v></c><c r="B1" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>`, "1: #N/A|#DIV/0!"},
		{"ISO date cells", `<row r="1"><c r="A1" t="d"><v>2023-03-15T00:00:00Z</v></c><c r="B1" t="d"><v>2023-03-15T10:30:00</v></c></row>`, "1: 2023-03-15|2023-03-15T10:30:00"},
		{"numbers", `<row r="1"><c r="A1"><v>0.10000000000000001</v></c><c r="B1"><v>1E-1</v></c><c r="C1"><v>1.23456789012345E+18</v></c><c r="D1"><v>-0</v></c><c r="E1"><v>1E+300</v></c><c r="F1"><v>2021</v></c></row>`, "1: 0.1|0.1|1234567890123450000|0|1e+300|2021"},
		{"text in a date style", `<row r="1"><c r="A1" s="1" t="s"><v>0</v></c><c r="B1" s="1" t="str"><v>15/03/2023</v></c></row>`, "1: one|15/03/2023"},
		{"odd XML", "<!-- a > b --><row\tr='1' spans=\"1:2\" x=\"a>b\"><?pi > ?><c r = 'A1' t='s' ><v>0</v><extLst><ext uri=\"x\"><y/></ext></extLst></c></row>", "1: one"},
		{"CDATA", `<row r="1"><c r="A1"><v><![CDATA[7]]></v></c></row>`, "1: 7"},
		{"cells in another order", `<row r="1"><c r="C1"><v>3</v></c><c r="A1"><v>1</v></c></row>`, "1: 1||3"},
		{"lower-case reference", `<row r="1"><c r="b1"><v>7</v></c></row>`, "1: |7"},
	} {
		lines, _, err := readAll(t, sheetXML(t, c.rows), extract.Options{})
		if d := cmp.Diff(c.want, strings.Join(lines, ";")); d != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", c.name, err, d)
		}
	}
}

// TestXLSXDamage: what a reader could lose or move in silence is an error at its place.
func TestXLSXDamage(t *testing.T) {
	for _, c := range []struct{ name, rows, want string }{
		{"a string that is not there", `<row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="B2" t="s"><v>99</v></c></row>`, "file.damaged f[Sheet1]!B2"},
		{"a negative string", `<row r="2"><c r="B2" t="s"><v>-1</v></c></row>`, "file.damaged f[Sheet1]!B2"},
		{"rows out of order", `<row r="5"><c r="A5"><v>1</v></c></row><row r="3"><c r="A3"><v>2</v></c></row>`, "file.damaged f[Sheet1]!5"},
		{"a row twice", `<row r="5"><c r="A5"><v>1</v></c></row><row r="5"><c r="A5"><v>2</v></c></row>`, "file.damaged f[Sheet1]!5"},
		{"a cell twice", `<row r="1"><c r="C1"><v>1</v></c><c r="A1"><v>2</v></c><c r="C1"><v>1</v></c></row>`, "file.damaged f[Sheet1]!C1"},
		{"a cell of another row", `<row r="1"><c r="A7"><v>1</v></c></row>`, "file.damaged f[Sheet1]!1"},
		{"a bad character", "<row r=\"1\"><c r=\"A1\" t=\"str\"><v>a\x01b</v></c></row><row r=\"2\"><c r=\"A2\"><v>1</v></c></row>", "file.damaged f[Sheet1]!A1"},
		{"an unknown entity", `<row r="1"><c r="A1"><v>1</v></c><c r="B1" t="str"><v>&nope;</v></c></row>`, "file.damaged f[Sheet1]!B1"},
		{"XML cut off", `<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2"><v>1`, "file.damaged f[Sheet1]!A2"},
		{"a document type", `<!DOCTYPE x><row r="1"><c r="A1"><v>1</v></c></row>`, "file.doctype f[Sheet1]"},
		{"a row beyond the last", `<row r="1048577"><c r="A1048577"><v>1</v></c></row>`, "file.damaged f[Sheet1]"},
		{"a column beyond the last", `<row r="1"><c r="XFE1"><v>1</v></c></row>`, "file.damaged f[Sheet1]!1"},
	} {
		_, _, err := readAll(t, sheetXML(t, c.rows), extract.Options{Name: "f"})
		if code(err) != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

// workbook is made by excelize: what people's workbooks hold.
func workbook(t testing.TB, base1904 bool) *excelize.File {
	t.Helper()
	f := excelize.NewFile()
	if base1904 {
		must(t, f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &base1904}))
	}
	set := func(cell string, v any, style *excelize.Style) {
		must(t, f.SetCellValue("Sheet1", cell, v))
		if style != nil {
			id, err := f.NewStyle(style)
			must(t, err)
			must(t, f.SetCellStyle("Sheet1", cell, cell, id))
		}
	}
	custom := func(s string) *excelize.Style { return &excelize.Style{CustomNumFmt: &s} }
	set("A1", time.Date(2023, 3, 15, 0, 0, 0, 0, time.UTC), nil)
	set("B1", time.Date(2023, 3, 15, 10, 30, 0, 0, time.UTC), nil)
	set("C1", 0.4375, &excelize.Style{NumFmt: 20})
	set("D1", 1.5, &excelize.Style{NumFmt: 46})
	set("E1", 0.5, &excelize.Style{NumFmt: 9})
	set("F1", "15/03/2023", &excelize.Style{NumFmt: 14})
	set("G1", 2021, nil)
	set("H1", true, nil)
	set("I1", 3.25, custom(`0.00" days"`))
	set("J1", 0.1+0.2, nil)
	set("K1", 45000.75, custom(`dd.mm.yyyy\ hh:mm`))
	set("L1", 45000, custom(`[$-409]mmmm\-yy;@`))
	return f
}

func TestXLSXDates(t *testing.T) {
	for _, c := range []struct {
		base1904 bool
		want     string
	}{
		{false, "1: 2023-03-15|2023-03-15T10:30:00|10:30:00|36:00:00|0.5|15/03/2023|2021|TRUE|3.25|0.3|2023-03-15T18:00:00|2023-03-15"},
		{true, "1: 2023-03-15|2023-03-15T10:30:00|10:30:00|36:00:00|0.5|15/03/2023|2021|TRUE|3.25|0.3|2027-03-16T18:00:00|2027-03-16"},
	} {
		lines, notes, err := readAll(t, inflated(t, workbook(t, c.base1904), nil, asIs), extract.Options{})
		if d := cmp.Diff(c.want, strings.Join(lines, ";")); d != "" || err != nil || len(notes) > 0 {
			t.Errorf("1904 %v: %v, notes %v (-want +got):\n%s", c.base1904, err, notes, d)
		}
	}
}

func asIs(_, body string) string { return body }

func TestXLSXLayout(t *testing.T) {
	f := excelize.NewFile()
	must(t, f.SetCellStr("Sheet1", "A1", "over both"))
	must(t, f.MergeCell("Sheet1", "A1", "B2"))
	must(t, f.SetCellStr("Sheet1", "C3", "hidden row"))
	must(t, f.SetRowVisible("Sheet1", 3, false))
	must(t, f.SetColVisible("Sheet1", "C", false))
	must(t, f.SetCellRichText("Sheet1", "A4", []excelize.RichTextRun{{Text: "rich "}, {Text: "text", Font: &excelize.Font{Bold: true}}}))
	_, err := f.NewSheet("Second")
	must(t, err)
	must(t, f.SetCellInt("Second", "B2", 7))
	must(t, f.SetSheetVisible("Second", false))
	path := filepath.Join(t.TempDir(), "w")
	write(t, path, inflated(t, f, nil, func(name, body string) string {
		body = strings.Replace(body, "<dimension ref=\"A1:C4\"", "<dimension ref=\"A1\"", 1)
		if name == "xl/worksheets/_rels/sheet1.xml.rels" {
			t.Errorf("unexpected part")
		}
		return body
	}))
	lines, _, err := readAll(t, mustRead(t, path), extract.Options{})
	if d := cmp.Diff([]string{"1: over both", "3: ||hidden row", "4: rich text", "2: |7"}, dropBlank(lines, "1: ")); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	file, err := extract.Open(path, extract.Options{TmpDir: t.TempDir()})
	must(t, err)
	defer file.Close()
	var got []string
	for _, s := range file.Sheets() {
		got = append(got, fmt.Sprintf("%d %s %v", s.No, s.Name, s.Hidden))
	}
	if d := cmp.Diff([]string{"1 Sheet1 false", "2 Second true"}, got); d != "" {
		t.Errorf("sheets (-want +got):\n%s", d)
	}
}

func mustRead(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	return b
}

func dropBlank(lines []string, blank string) []string {
	var out []string
	for _, l := range lines {
		if l != blank {
			out = append(out, l)
		}
	}
	return out
}

// TestXLSXDanglingDrawing: a sheet may refer to a drawing that is not in the container.
func TestXLSXDanglingDrawing(t *testing.T) {
	f := workbook(t, false)
	var b bytes.Buffer
	_, err := f.WriteTo(&b)
	must(t, err)
	in := repack(t, b.Bytes(), nil, func(name, body string) string {
		if name == "xl/worksheets/sheet1.xml" {
			return strings.Replace(body, "</sheetData>", `</sheetData><drawing xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:id="rId9"/>`, 1)
		}
		return body
	})
	if lines, _, err := readAll(t, in, extract.Options{}); err != nil || len(lines) != 1 {
		t.Errorf("%d rows, %v, want 1", len(lines), err)
	}
}

func TestXLSXNoSavedResult(t *testing.T) {
	in := sheetXML(t, `<row r="1"><c r="A1"><v>1</v></c><c r="B1"><f>A1</f></c></row><row r="2"><c r="B2"><f>A1</f><v></v></c><c r="C2" t="str"><f>""</f><v></v></c></row>`)
	lines, notes, err := readAll(t, in, extract.Options{Name: "f"})
	if d := cmp.Diff([]string{"1: 1", "2: "}, lines); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	want := []string{"f[Sheet1]!B1: 2 formulas were saved without their result; they are read as blank [value.not_calculated]"}
	var got []string
	for _, n := range notes {
		got = append(got, n.String())
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("notes (-want +got):\n%s", d)
	}
}

// TestXLSXNotes: a workbook with macros (.xlsm) and a chart among its sheets is read, and says so.
func TestXLSXNotes(t *testing.T) {
	f := workbook(t, false)
	must(t, f.AddChartSheet("Chart", &excelize.Chart{Type: excelize.Col, Series: []excelize.ChartSeries{{Name: "Sheet1!$A$1", Values: "Sheet1!$A$1:$B$1"}}}))
	must(t, f.AddVBAProject(vbaProject))
	in := inflated(t, f, nil, asIs)
	lines, notes, err := readAll(t, in, extract.Options{Name: "f"})
	if err != nil || len(lines) != 1 {
		t.Errorf("%d rows, %v, want 1", len(lines), err)
	}
	var got []string
	for _, n := range notes {
		got = append(got, fmt.Sprintf("%s %s", n.Code, n.Pos))
	}
	if d := cmp.Diff([]string{"file.macros f", "sheet.skipped f[Chart]"}, got); d != "" {
		t.Errorf("notes (-want +got):\n%s", d)
	}
}

// vbaProject is what excelize takes for a project of macros: the start of a compound file.
var vbaProject = append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 2048)...)

func zipOf(t testing.TB, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, n := range names {
		p, err := w.Create(n)
		must(t, err)
		_, err = io.WriteString(p, "<x/>")
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes()
}

func TestContainers(t *testing.T) {
	good := inflated(t, workbook(t, false), nil, asIs)
	flipped := bytes.Clone(good)
	flipped[bytes.Index(flipped, []byte("xl/worksheets/sheet1.xml"))+60] ^= 0xff
	for _, c := range []struct {
		name, want, says string
		in               []byte
	}{
		{"zip", "file.format f", "no file in the archive", zipOf(t, "a.txt")},
		{"OpenDocument", "file.format f", "OpenDocument", zipOf(t, "mimetype", "content.xml")},
		{"binary workbook", "file.format f", ".xlsb", zipOf(t, "[Content_Types].xml", "xl/workbook.bin")},
		{"Word", "file.format f", "no workbook", zipOf(t, "[Content_Types].xml", "word/document.xml")},
		{"old container", "file.damaged f", "", append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 70_000)...)},
		{"cut off", "file.damaged f", "", good[:len(good)/2]},
		{"flipped byte", "file.damaged f", "", flipped},
		{"two parts of a name", "file.part_repeated f", "entry 2 of 2", zipOf(t, "xl/workbook.xml", "XL/workbook.xml")},
		{"a path that leads out", "file.part_unsafe f", "entry 2 of 2", zipOf(t, "xl/workbook.xml", "../x.xml")},
		{"a document type", "file.doctype f", "document type", repack(t, good, nil, func(name, body string) string {
			return strings.Replace(body, "<styleSheet", "<!DOCTYPE x><styleSheet", 1)
		})},
		{"a bomb", "file.bomb f", "times as large", repack(t, good, nil, func(name, body string) string {
			return strings.Replace(body, "<sheetData>", "<sheetData>"+strings.Repeat(" ", 17<<20), 1)
		})},
		{"bytes behind it", "file.container_false f", "behind", append(bytes.Clone(good), "<html>"...)},
		{"no sheets", "file.damaged f", "", zipOf(t, "xl/workbook.xml")},
		{"sheet missing", "file.damaged f", "listed", repack(t, good, []string{"xl/worksheets/sheet1.xml"}, asIs)},
		{"string table missing", "file.damaged f[Sheet1]!F1", "", repack(t, good, []string{"xl/sharedStrings.xml"}, asIs)},
	} {
		_, _, err := readAll(t, c.in, extract.Options{Name: "f"})
		if code(err) != c.want || !strings.Contains(fmt.Sprint(err), c.says) {
			t.Errorf("%s: %v, want %s saying %q", c.name, err, c.want, c.says)
		}
	}
	if _, _, err := readAll(t, good, extract.Options{Name: "f", MaxUnzipBytes: 2000}); !strings.HasPrefix(code(err), "file.") {
		t.Errorf("over the unzip limit: %v", err)
	}
	if _, _, err := readAll(t, good, extract.Options{Name: "f", MaxPartBytes: 2000}); code(err) != "file.too_large f" {
		t.Errorf("over the part limit: %v, want file.too_large", err)
	}
}

// TestXLSXLargeParts: a sheet is larger than what is held in memory, and nothing goes through files.
func TestXLSXLargeParts(t *testing.T) {
	const rows = 60_000
	var b strings.Builder
	for i := 1; i <= rows; i++ {
		fmt.Fprintf(&b, `<row r="%d" spans="1:6"><c r="A%d" t="s"><v>0</v></c><c r="B%d"><v>%d</v></c><c r="C%d" s="1"><v>45000</v></c><c r="D%d" t="inlineStr"><is><t>%s</t></is></c></row>`, i, i, i, i, i, i, strings.Repeat("pad ", 40))
	}
	path := filepath.Join(t.TempDir(), "w")
	write(t, path, sheetXML(t, b.String()))
	f, err := extract.Open(path, extract.Options{TmpDir: filepath.Join(t.TempDir(), "is not there"), MaxPartBytes: 64 << 10})
	must(t, err)
	defer f.Close()
	n := 0
	for r, err := range f.Sheets()[0].Rows(context.Background()) {
		must(t, err)
		if n++; r.Num != n || r.Cells[0] != "one" || r.Cells[1] != fmt.Sprint(n) || r.Cells[2] != "2023-03-15" {
			t.Fatalf("row %d = %d %q", n, r.Num, r.Cells[:3])
		}
	}
	if n != rows {
		t.Errorf("%d rows, want %d", n, rows)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(inflated(f, workbook(f, false), nil, asIs))
	f.Add(sheetXML(f, `<row r="1"><c r="A1" t="s"><v>0</v></c></row>`))
	f.Add(zipOf(f, "xl/workbook.xml"))
	f.Add([]byte("a,b\n1,2\n"))
	f.Add([]byte("\xff\xfea\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "f")
		write(t, path, b)
		o := extract.Options{TmpDir: t.TempDir(), MaxUnzipBytes: 1 << 20, MaxPartBytes: 1 << 20}
		file, err := extract.Open(path, o)
		if err != nil {
			return
		}
		defer file.Close()
		gridOf(file)
	})
}

// TestXLSXColumns: the limits on columns and cells.
func TestXLSXColumns(t *testing.T) {
	row := `<row r="1"><c r="J1" t="inlineStr"><is><t>0123456789</t></is></c></row>`
	for _, c := range []struct {
		o    extract.Options
		want string
	}{
		{extract.Options{MaxColumns: 10, MaxCellBytes: 10}, "<nil>"},
		{extract.Options{MaxColumns: 9}, "row.too_long f[Sheet1]!1"},
		{extract.Options{MaxCellBytes: 9}, "row.too_long f[Sheet1]!J1"},
	} {
		c.o.Name = "f"
		if _, _, err := readAll(t, sheetXML(t, row), c.o); code(err) != c.want {
			t.Errorf("%+v: %v, want %s", c.o, err, c.want)
		}
	}
}

// TestXLSXLongRows: one shared string of 1 MB in each of 300 cells makes batches of fewer rows,
// not one of 300 MB.
func TestXLSXLongRows(t *testing.T) {
	long := strings.Repeat("long ", 200_000)
	var b strings.Builder
	b.WriteString(`<row><c t="s"><v>1</v></c></row>`)
	for range 300 {
		b.WriteString(`<row><c t="s"><v>0</v></c></row>`)
	}
	in := repack(t, sheetXML(t, b.String()), nil, func(name, body string) string {
		if name == "xl/sharedStrings.xml" {
			return strings.Replace(body, ">one<", ">"+long+"<", 1)
		}
		return body
	})
	path := filepath.Join(t.TempDir(), "w")
	write(t, path, in)
	f, err := extract.Open(path, extract.Options{})
	must(t, err)
	defer f.Close()
	r := extract.NewReader(f.Sheets()[0], extract.Spec{HeaderRow: 1, Columns: []extract.Column{{Name: "a", Col: 1, Plain: true}}}, memory.DefaultAllocator)
	n := int64(0)
	for batch, err := range r.Batches(context.Background()) {
		must(t, err)
		if rows := batch.Record.NumRows(); rows > 40 {
			t.Errorf("a batch of %d rows", rows)
		}
		n += batch.Record.NumRows()
		batch.Release()
	}
	if n != 300 {
		t.Errorf("%d rows, want 300", n)
	}
}
