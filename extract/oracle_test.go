package extract_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"palermo/extract"
	"palermo/extract/extracttest"
)

// TestFixturesAsExcelize: each healthy workbook of the fixtures reads as excelize reads it.
func TestFixturesAsExcelize(t *testing.T) {
	paths, err := filepath.Glob("../fixtures/*/in/*.xlsx")
	must(t, err)
	if len(paths) < 9 {
		t.Fatalf("%d workbooks", len(paths))
	}
	for _, p := range paths {
		asExcelize(t, p)
	}
}

func asExcelize(t *testing.T, path string) int {
	t.Helper()
	c, err := extracttest.WithExcelize(path)
	if err != nil || c.Cells == 0 || len(c.Unlike) > 0 {
		t.Errorf("%s: %v; %d cells, unlike excelize: %q", filepath.Base(path), err, c.Cells, c.Unlike)
	}
	return c.Cells
}

// TestMadeAsExcelize: 80 workbooks that excelize makes at random read as it reads them.
func TestMadeAsExcelize(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w")
	cells := 0
	for seed := range uint64(80) {
		g := &generator{r: rand.New(rand.NewPCG(seed, 1)), t: t}
		write(t, path, g.workbook())
		cells += asExcelize(t, path)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if cells < 5_000 {
		t.Errorf("only %d cells", cells)
	}
}

// generator makes workbooks of all that excelize can write and people do.
type generator struct {
	r      *rand.Rand
	t      *testing.T
	f      *excelize.File
	styles []int
}

func (g *generator) one(of ...string) string { return of[g.r.IntN(len(of))] }

var numberFormats = []string{"0.00", "dd/mm/yyyy", "yyyy-mm-dd hh:mm:ss", "[h]:mm", "hh:mm", `0" days"`, "[$-409]d-mmm-yy;@", "General", "@", `#,##0.00_);[Red]\(#,##0.00\)`}

func (g *generator) workbook() []byte {
	g.f = excelize.NewFile()
	defer g.f.Close()
	if base := g.r.IntN(3) == 0; base {
		must(g.t, g.f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &base}))
	}
	g.styles = []int{0}
	for _, n := range []int{1, 9, 14, 15, 18, 20, 22, 31, 45, 46, 49, 58} {
		g.style(&excelize.Style{NumFmt: n})
	}
	for _, code := range numberFormats {
		g.style(&excelize.Style{CustomNumFmt: &code})
	}
	for n := range 1 + g.r.IntN(3) {
		name := fmt.Sprintf("Sheet%d", n+1)
		if n > 0 {
			_, err := g.f.NewSheet(name)
			must(g.t, err)
			must(g.t, g.f.SetSheetVisible(name, g.r.IntN(2) == 0))
		}
		if g.r.IntN(4) == 0 {
			g.stream(name)
		} else {
			g.sheet(name)
		}
	}
	var b bytes.Buffer
	_, err := g.f.WriteTo(&b)
	must(g.t, err)
	return b.Bytes()
}

func (g *generator) style(s *excelize.Style) {
	id, err := g.f.NewStyle(s)
	must(g.t, err)
	g.styles = append(g.styles, id)
}

func (g *generator) place() string {
	col, row := 1+g.r.IntN(12), 1+g.r.IntN(40)
	if g.r.IntN(40) == 0 {
		col = 1 + g.r.IntN(400)
	}
	return cellName(g.t, col, row)
}

func (g *generator) sheet(name string) {
	must(g.t, g.f.SetCellStr(name, "B2", "never empty"))
	for range 20 + g.r.IntN(200) {
		g.cell(name, g.place())
	}
	if g.r.IntN(3) == 0 {
		must(g.t, g.f.MergeCell(name, "C3", "E5"))
	}
	must(g.t, g.f.SetRowVisible(name, 7, g.r.IntN(2) == 0))
	must(g.t, g.f.SetColVisible(name, "D", g.r.IntN(2) == 0))
	if g.r.IntN(3) == 0 {
		must(g.t, g.f.AddComment(name, excelize.Comment{Cell: "B2", Author: "a", Paragraph: []excelize.RichTextRun{{Text: "a comment"}}}))
	}
}

func (g *generator) cell(sheet, at string) {
	var err error
	switch g.r.IntN(9) {
	case 0:
		err = g.f.SetCellFormula(sheet, at, "SUM(1,2)") // has no saved result
	case 1:
		err = g.f.SetCellRichText(sheet, at, []excelize.RichTextRun{{Text: g.text()}, {Text: g.text(), Font: &excelize.Font{Bold: true}}})
	case 2:
		err = g.f.SetCellBool(sheet, at, g.r.IntN(2) == 0)
	case 3, 4:
		err = g.f.SetCellStr(sheet, at, g.text())
	default:
		err = g.f.SetCellValue(sheet, at, g.number())
	}
	must(g.t, err)
	must(g.t, g.f.SetCellStyle(sheet, at, at, g.styles[g.r.IntN(len(g.styles))]))
}

func (g *generator) stream(name string) {
	w, err := g.f.NewStreamWriter(name)
	must(g.t, err)
	for row := 1; row < 40; row += 1 + g.r.IntN(2) {
		cells := []any{"row"}
		for range g.r.IntN(12) {
			var v any = g.number()
			switch g.r.IntN(4) {
			case 0:
				v = nil
			case 1:
				v = g.text()
			}
			cells = append(cells, excelize.Cell{StyleID: g.styles[g.r.IntN(len(g.styles))], Value: v})
		}
		must(g.t, w.SetRow(cellName(g.t, 1, row), cells))
	}
	must(g.t, w.Flush())
}

func (g *generator) number() any {
	switch g.r.IntN(6) {
	case 0:
		return g.r.IntN(70) // among them the days that were not
	case 1:
		return float64(g.r.IntN(50_000*86_400)) / 86_400 // to the second
	case 2:
		return g.r.NormFloat64() * 1e6
	case 3:
		return time.Date(1904+g.r.IntN(150), 3, 1+g.r.IntN(28), g.r.IntN(24), g.r.IntN(60), 0, 0, time.UTC)
	case 4:
		return float64(g.r.IntN(1000)) * 1e-9
	}
	return g.r.IntN(100_000) - 1000
}

func (g *generator) text() string {
	words := []string{"one", " two ", "", "três", "Türkiye", "日本", "𝔘𝔫𝔦", "<b>&amp;\"'", "a\nb", "\ttab", "_x0041_", "_x005F_x0041_", "_x", "1,000", "007", "=1+1", "  ", "a\rb", "]]>", "\u00a0x", "é̂"}
	var b strings.Builder
	for range 1 + g.r.IntN(3) {
		b.WriteString(g.one(words...))
	}
	return b.String()
}

// dialect is one thing that some writer does otherwise than Excel. Where excelize reads it
// otherwise than it is meant, excelize says how: the table of all differences that are known.
type dialect struct {
	name     string
	change   func(*pack)
	excelize string
}

var dialects = []dialect{
	{"plain", func(*pack) {}, ""},
	{"rows without numbers", func(p *pack) { p.rowRefs = false }, ""},
	{"cells without references", func(p *pack) { p.cellRefs = false }, ""},
	{"no references at all", func(p *pack) { p.rowRefs, p.cellRefs = false, false }, ""},
	{"no dimension", func(p *pack) { p.dimension = "" }, ""},
	{"a dimension that is not so", func(p *pack) { p.dimension = "A1:A1" }, ""},
	{"inline strings", func(p *pack) { p.inline = true; p.parts["xl/sharedStrings.xml"] = "" }, ""},
	{"strings as results of formulas", func(p *pack) { p.asFormula = true }, ""},
	{"rich text with what is pronounced", func(p *pack) { p.rich = true }, ""},
	{"no styles", func(p *pack) { p.dates = false; p.parts["xl/styles.xml"] = "" }, ""},
	{"targets from the root", func(p *pack) { p.target = "/xl/" }, ""},
	{"targets with a dot", func(p *pack) { p.target = "./" }, ""},
	{"LibreOffice", func(p *pack) {
		p.head, p.dimension = `<sheetPr filterMode="false"><pageSetUpPr fitToPage="false"/></sheetPr>`, ""
		p.rowAttrs = ` customFormat="false" ht="12.8" hidden="false" outlineLevel="0" collapsed="false"`
	}, ""},
	{"Google Sheets", func(p *pack) {
		p.head, p.dimension, p.rowAttrs = `<sheetPr><outlinePr summaryBelow="0" summaryRight="0"/></sheetPr>`, "", ""
	}, ""},
	{"Numbers", func(p *pack) {
		p.rowAttrs, p.tail = ` ht="20.25" customHeight="1"`, `<pageMargins left="1" right="1" top="1" bottom="1" header="0.25" footer="0.25"/>`
	}, ""},
	{"openpyxl", func(p *pack) {
		p.head, p.typed = `<sheetPr><outlinePr summaryBelow="1" summaryRight="1"/><pageSetUpPr/></sheetPr>`, true
	}, ""},
	{"space in tags", func(p *pack) { p.space = "\n  " }, ""},
	{"1904", func(p *pack) { p.base1904 = true }, ""},
	{"hidden", func(p *pack) { p.state, p.rowAttrs = ` state="veryHidden"`, ` hidden="1"` }, ""},
	{"a byte-order mark", func(p *pack) { p.encode = func(s string) string { return "\ufeff" + s } }, ""},
	{"strict namespaces", func(p *pack) { p.strict = true }, ""},
	{"prefixes", func(p *pack) { p.prefix = "x:" }, ""},
	{"backslashes in names", func(p *pack) { p.backslash = true }, ""},
	{"UTF-16", func(p *pack) { p.encode = utf16Text }, "does not read UTF-16"},
	{"Latin-1", func(p *pack) { p.encode = latin1Text }, ""},
	{"cells in another order", func(p *pack) { p.reverse = true }, "puts a cell behind those that were read before, wherever it says that it stands"},
	{"another name of the workbook", func(p *pack) { p.workbook = "xl/book2.xml" }, ""},
}

// TestDialects: a grid reads as it is meant in whatever dialect it is written, two at once too, and
// as excelize reads it but where the table says otherwise.
func TestDialects(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w")
	made := 0
	try := func(seed uint64, ds ...dialect) {
		made++
		p := newPack(rand.New(rand.NewPCG(seed, 2)))
		var name []string
		excused := false
		for _, d := range ds {
			d.change(p)
			name = append(name, d.name)
			excused = excused || d.excelize != ""
		}
		want, b := p.write(t)
		lines, _, err := readAll(t, b, extract.Options{})
		if err != nil || !slices.Equal(lines, want) {
			t.Errorf("%s: %v\n%q, want\n%q", strings.Join(name, ", "), err, lines, want)
			return
		}
		write(t, path, b)
		c, err := extracttest.WithExcelize(path)
		like := err == nil && c.Cells > 0 && len(c.Unlike) == 0
		if len(ds) == 1 && like == excused || !like && !excused {
			t.Errorf("%s: %v; %d cells, unlike excelize: %q", strings.Join(name, ", "), err, c.Cells, c.Unlike)
		}
	}
	for i, d := range dialects {
		try(uint64(i), d)
		for j := i % 3; j < i; j += 3 {
			try(uint64(i*100+j), dialects[j], d)
		}
	}
	if made < 130 {
		t.Errorf("only %d packages", made)
	}
}

// TestUnlikeExcelize is what single cells read as where excelize gives something else, with the
// reason. A difference that is gone fails the test too.
func TestUnlikeExcelize(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w")
	for _, c := range []struct{ why, rows, want, excelize string }{
		{"the result of a formula is escaped as any text is", `<row r="1"><c r="A1" t="str"><f>B1</f><v>a_x000D_b</v></c></row>`, "a\rb", "a_x000D_b"},
		{"two escapes make one character beyond the first 65,536", `<row r="1"><c r="A1" t="inlineStr"><is><t>_xD83D__xDE00_</t></is></c></row>`, "😀", ""},
		{"half an escaped character stays as it is written", `<row r="1"><c r="A1" t="inlineStr"><is><t>a_xD83D_</t></is></c></row>`, "a_xD83D_", "a"},
		{"two entities make one character, as Java's strings have it", `<row r="1"><c r="A1" t="str"><v>&#55357;&#56832;</v></c></row>`, "😀", "��"},
		{"white space around a number is none of it", `<row r="1"><c r="A1"><v> 5 </v></c></row>`, "5", " 5 "},
		{"white space around a truth is none of it", `<row r="1"><c r="A1" t="b"><v> 1 </v></c></row>`, "TRUE", " 1 "},
		{"a text is a text, whatever the cell's type says", `<row r="1"><c r="A1"><is><t>text</t></is></c></row>`, "text", ""},
		{"an escape is one within its run", `<row r="1"><c r="A1" t="inlineStr"><is><r><t>_x00</t></r><r><t>41_</t></r></is></c></row>`, "_x0041_", "A"},
		{"a row may have its number from its cells", `<row><c r="A1"><v>1</v></c></row><row><c r="A4"><v>9</v></c></row>`, "1;4: 9", "1"},
	} {
		in := sheetXML(t, c.rows)
		lines, _, err := readAll(t, in, extract.Options{})
		if got := strings.TrimPrefix(strings.Join(lines, ";"), "1: "); got != c.want || err != nil {
			t.Errorf("%s: %q, %v, want %q", c.why, got, err, c.want)
		}
		write(t, path, in)
		x, err := excelize.OpenFile(path)
		must(t, err)
		rows, err := x.Rows("Sheet1")
		must(t, err)
		rows.Next()
		cells, err := rows.Columns(excelize.Options{RawCellValue: true})
		if got := strings.Join(cells, "|"); got != c.excelize || err != nil || got == c.want {
			t.Errorf("%s: excelize gives %q, %v; the table has %q", c.why, got, err, c.excelize)
		}
		must(t, rows.Close())
		must(t, x.Close())
	}
}
