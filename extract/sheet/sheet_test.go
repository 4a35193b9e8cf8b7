package sheet

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"palermo/extract/zipfile"
)

const (
	relsHead = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`
	relBase  = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
)

// usual is the parts of a workbook with one sheet, which is to be added.
func usual() map[string]string {
	return map[string]string{
		"xl/workbook.xml":            `<workbook xmlns:r="x"><workbookPr/><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": relsHead + `<Relationship Id="rId1" Type="` + relBase + `worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
		"xl/styles.xml":              `<styleSheet><numFmts><numFmt numFmtId="165" formatCode="yyyy"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="165"/></cellXfs></styleSheet>`,
		"xl/sharedStrings.xml":       `<sst><si><t>zero</t></si><si><t/></si><si><r><t>t</t></r><r><t>wo</t></r></si></sst>`,
	}
}

func data(rows string) string { return `<worksheet><sheetData>` + rows + `</sheetData></worksheet>` }

// with is the usual parts with others in place of them or beside them; "" leaves one out.
func with(parts map[string]string) map[string]string {
	all := usual()
	maps.Copy(all, parts)
	return all
}

func pack(parts map[string]string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		if parts[name] == "" {
			continue
		}
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err == nil {
			_, err = io.WriteString(f, parts[name])
		}
		if err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func open(b []byte, o Options) (*Book, error) {
	a, err := zipfile.Open(bytes.NewReader(b), int64(len(b)), zipfile.Options{Package: true})
	if err == nil {
		err = a.Check(context.Background())
	}
	if err != nil {
		return nil, err
	}
	return Open(a, o)
}

// rows is the rows of a sheet, as "3: a|b".
func rows(b *Book, i int) (lines []string, r *Reader, err error) {
	if r, err = b.Rows(i); err != nil {
		return nil, r, err
	}
	defer r.Close()
	for {
		row, err := r.Next(context.Background())
		if err == io.EOF {
			return lines, r, nil
		}
		if err != nil {
			return lines, r, err
		}
		line := fmt.Sprintf("%d: %s", row.Num, strings.Join(row.Cells, "|"))
		if row.Hidden {
			line += " (hidden)"
		}
		lines = append(lines, line)
	}
}

// read is the rows of the first sheet.
func read(parts map[string]string, o Options) (string, error) {
	b, err := open(pack(parts), o)
	if err != nil {
		return "", err
	}
	if len(b.Sheets) == 0 {
		return "no sheets", nil
	}
	lines, _, err := rows(b, 0)
	return strings.Join(lines, ";"), err
}

func found(err error) string {
	var f *zipfile.Fault
	if !errors.As(err, &f) {
		return fmt.Sprint(err)
	}
	return fmt.Sprintf("%s %s", f.Diagnostic.Code, f.Diagnostic.Pos)
}

func TestParts(t *testing.T) {
	sheet := data(`<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" s="1"><v>45000</v></c><c r="C1" t="s"><v>2</v></c></row>`)
	const want = "1: zero|2023-03-15|two"
	rel := func(id, kind, target string) string {
		return fmt.Sprintf(`<Relationship Id="%s" Type="%s%s" Target="%s"/>`, id, relBase, kind, target)
	}
	rels := func(s string) map[string]string {
		return map[string]string{"xl/_rels/workbook.xml.rels": relsHead + s + "</Relationships>"}
	}
	for _, c := range []struct {
		name  string
		parts map[string]string
		want  string
	}{
		{"usual", nil, want},
		{"no styles", map[string]string{"xl/styles.xml": ""}, "1: zero|45000|two"},
		{"no strings", map[string]string{"xl/sharedStrings.xml": ""}, "file.damaged [S]!A1"},
		{"strings of another name", map[string]string{"xl/sharedStrings.xml": "", "xl/strings2.xml": usual()["xl/sharedStrings.xml"],
			"xl/_rels/workbook.xml.rels": relsHead + rel("rId1", "worksheet", "worksheets/sheet1.xml") + rel("a", "sharedStrings", "strings2.xml") + "</Relationships>"}, want},
		{"from the root", rels(rel("rId1", "worksheet", "/xl/worksheets/sheet1.xml")), want},
		{"with backslashes", rels(rel("rId1", "worksheet", `worksheets\sheet1.xml`)), want},
		{"through a folder", rels(rel("rId1", "worksheet", `../xl/./worksheets/Sheet1.XML`)), want},
		{"escaped", rels(rel("rId1", "worksheet", `worksheets/sheet%31.xml#A1`)), want},
		{"outside", rels(rel("rId1", "worksheet", `../../etc/sheet1.xml`)), "file.damaged "},
		{"outside by its mode", rels(strings.Replace(rel("rId1", "worksheet", `worksheets/sheet1.xml`), "/>", ` TargetMode="External"/>`, 1)), "file.damaged "},
		{"no such reference", rels(rel("rId2", "worksheet", `worksheets/sheet1.xml`)), "file.damaged "},
		{"no references", map[string]string{"xl/_rels/workbook.xml.rels": ""}, "file.damaged "},
		{"another workbook", map[string]string{"xl/workbook.xml": "", "book.xml": strings.ReplaceAll(usual()["xl/workbook.xml"], "x", "x"), "_rels/.rels": relsHead + rel("r", "officeDocument", "book.xml") + "</Relationships>",
			"_rels/book.xml.rels": relsHead + rel("rId1", "worksheet", "xl/worksheets/sheet1.xml") + rel("b", "styles", "xl/styles.xml") + "</Relationships>"}, want},
		{"no workbook", map[string]string{"xl/workbook.xml": ""}, "file.damaged "},
		{"two sheets of a name", map[string]string{"xl/workbook.xml": `<workbook><sheets><sheet name="S" id="rId1"/><sheet name="s" id="rId1"/></sheets></workbook>`}, "file.damaged "},
		{"one part as two sheets", map[string]string{"xl/workbook.xml": `<workbook><sheets><sheet name="S" id="rId1"/><sheet name="T" id="rId1"/></sheets></workbook>`}, "file.damaged "},
		{"a sheet of macros without a part", map[string]string{"xl/workbook.xml": `<workbook><sheets><sheet name="M" state="veryHidden" id=""/><sheet name="S" id="rId1"/></sheets></workbook>`}, want},
		{"sheets elsewhere", map[string]string{"xl/workbook.xml": `<workbook><x><sheet name="S" id="rId1"/></x></workbook>`}, "no sheets"},
		{"the list cut off", map[string]string{"xl/workbook.xml": `<workbook><sheets><sheet name="S" id="rId1"/>`}, "file.damaged "},
		{"no list", map[string]string{"xl/workbook.xml": `<styleSheet/>`}, "file.damaged "},
		{"a long name", map[string]string{"xl/workbook.xml": `<workbook><sheets><sheet name="` + strings.Repeat("S", 2000) + `" id="rId1"/></sheets></workbook>`}, "file.damaged "},
		{"styles cut off", map[string]string{"xl/styles.xml": `<styleSheet><cellXfs>`}, "file.damaged "},
		{"no styles in it", map[string]string{"xl/styles.xml": `<sst/>`}, "file.damaged "},
		{"formats within formats", map[string]string{"xl/styles.xml": `<styleSheet><dxfs><dxf><numFmt numFmtId="0" formatCode="yyyy"/></dxf></dxfs><cellXfs><xf/><xf numFmtId="14"/></cellXfs></styleSheet>`}, want},
		{"strings cut off", map[string]string{"xl/sharedStrings.xml": `<sst><si><t>zero</t></si>`}, "file.damaged "},
		{"strings that are none", map[string]string{"xl/sharedStrings.xml": `<worksheet/>`}, "file.damaged "},
		{"a document type in the strings", map[string]string{"xl/sharedStrings.xml": `<sst><!ENTITY a "b"></sst>`}, "file.doctype "},
		{"an element in a string", map[string]string{"xl/sharedStrings.xml": `<sst><si><t>a<b/></t></si></sst>`}, "file.damaged "},
		{"another encoding of the strings", map[string]string{"xl/sharedStrings.xml": "<?xml version='1.0' encoding='windows-1252'?><sst><si><t>ze\x80ro</t></si><si/><si><t>two</t></si></sst>"}, "1: ze€ro|2023-03-15|two"},
		{"UTF-16 that is none", map[string]string{"xl/sharedStrings.xml": "<?xml version='1.0' encoding='utf-16'?>" + usual()["xl/sharedStrings.xml"]}, want},
		{"an encoding that is not known", map[string]string{"xl/sharedStrings.xml": "<?xml version='1.0' encoding='klingon'?>" + usual()["xl/sharedStrings.xml"]}, "file.damaged "},
		{"no UTF-8", map[string]string{"xl/sharedStrings.xml": "<sst><si><t>\xff</t></si></sst>"}, "file.damaged "},
	} {
		parts := with(map[string]string{"xl/worksheets/sheet1.xml": sheet})
		maps.Copy(parts, c.parts)
		got, err := read(parts, Options{})
		if err != nil {
			got = found(err)
		}
		if got != c.want {
			t.Errorf("%s: %q, %v, want %q", c.name, got, err, c.want)
		}
	}
}

func TestSheets(t *testing.T) {
	for _, c := range []struct{ name, sheet, want string }{
		{"no root", ``, "file.damaged [S]"},
		{"another root", `<chartsheet/>`, "file.damaged [S]"},
		{"no rows", `<worksheet><sheetData/></worksheet>`, ""},
		{"no place for rows", `<worksheet><cols/></worksheet>`, "file.damaged [S]"},
		{"two places for rows", `<worksheet><sheetData/><sheetData/></worksheet>`, "file.damaged [S]"},
		{"a place for rows in another", `<worksheet><x><sheetData><row/></sheetData></x><sheetData/></worksheet>`, "file.damaged [S]"},
		{"rows of a drawing", `<worksheet><sheetData><row><c><v>1</v></c></row></sheetData><x><xdr:row>3</xdr:row><c/></x></worksheet>`, "1: 1"},
		{"rows in something else", data(`<x><row><c><v>1</v></c></row></x>`), "file.damaged [S]"},
		{"cells in something else", data(`<row r="3"><x><c><v>1</v></c></x></row>`), "file.damaged [S]!3"},
		{"cells in a cell", data(`<row r="3"><c><c><v>1</v></c></c></row>`), "file.damaged [S]!A3"},
		{"text between rows", data(`<row/>text<row/>`), "file.damaged [S]!1"},
		{"a tag that is broken", data(`<row r="1"></row>?row r="2"><c><v>1</v></c></row>`), "file.damaged [S]!1"},
		{"something else in a row", data(`<row><x><y/></x><c><v>1</v></c></row>`), "1: 1"},
		{"a wrong end", `<worksheet><sheetData><row><c><v>1</v></x></row></sheetData></worksheet>`, "file.damaged [S]!A1"},
		{"too many ends", data(`</row>`), "file.damaged [S]"},
		{"something behind", data(`<row/>`) + `<worksheet/>`, "file.damaged [S]!1"},
		{"text behind", data(`<row/>`) + `text`, "file.damaged [S]!1"},
		{"zeros behind", data(`<row/>`) + "\n\x00\x00", "1: "},
		{"deep", data(`<row/>` + strings.Repeat("<x>", 1000)), "file.damaged [S]!1"},
		{"an attribute without quotes", data(`<row r=1/>`), "file.damaged [S]"},
		{"a row without a number", data(`<row r="x"/>`), "file.damaged [S]"},
		{"row zero", data(`<row r="0"/>`), "file.damaged [S]"},
		{"a style without a number", data(`<row><c s="x"/></row>`), "file.damaged [S]!1"},
		{"styles that are not there", data(`<row><c s="7"><v>1</v></c><c s="-1"><v>2</v></c></row>`), "1: 1|2"},
		{"two values", data(`<row><c><v>1</v><v>2</v></c></row>`), "file.damaged [S]!A1"},
		{"two texts", data(`<row><c t="inlineStr"><is><t>1</t></is><is><t>1</t></is></c></row>`), "file.damaged [S]!A1"},
		{"a value and a text", data(`<row><c><v>1</v><is><t>1</t></is></c></row>`), "file.damaged [S]!A1"},
		{"a cell cut off", `<worksheet><sheetData><row r="2"><c r="C2"><v>1`, "file.damaged [S]!C2"},
		{"a string cut off", `<worksheet><sheetData><row r="2"><c r="C2" t="inlineStr"><is><t>1</t>`, "file.damaged [S]!C2"},
		{"a comment cut off", data(`<row/><!-- `), "file.damaged [S]!1"},
		{"CDATA between rows", data(`<row/><![CDATA[<row/>]]>`), "file.damaged [S]!1"},
		{"CDATA cut off", data(`<row><c><v><![CDATA[1`), "file.damaged [S]!A1"},
		{"comments and the like", `<!-- < --><?x > ?><worksheet><!-- <sheetData> --><sheetData><!-- --><row><?x?><c><!-- --><v>1<!-- -->2<?x?>3<![CDATA[4]]></v></c></row></sheetData></worksheet>`, "1: 1234"},
		{"entities", data(`<row><c t="str"><v>&lt;&#x41;&#66;&amp;amp;&quot;&apos;&gt;</v></c></row>`), `1: <AB&amp;"'>`},
		{"an entity of no character", data(`<row><c t="str"><v>&#0;</v></c></row>`), "file.damaged [S]!A1"},
		{"an entity without an end", data(`<row><c t="str"><v>a & b</v></c></row>`), "file.damaged [S]!A1"},
		{"half a character", data(`<row><c t="str"><v>a&#xD83D;</v></c></row>`), "1: a\ufffd"},
		{"line ends", data("<row><c t=\"str\"><v>a\r\nb\rc&#13;</v></c></row>"), "1: a\nb\nc\r"},
		{"escapes", data(`<row><c t="str"><v>_x000D__x005F_x000D__x00e9__x_xZZZZ_</v></c></row>`), "1: \r_x000D_é_x_xZZZZ_"},
		{"no style, no type", data(`<row><c/><c></c><c><v/></c><c><v></v></c><c><v>1</v></c></row>`), "1: ||||1"},
		{"an error", data(`<row><c t="e"><v>#REF!</v></c><c t="new"><v>x</v></c></row>`), "1: #REF!|x"},
		{"another word for true", data(`<row><c t="b"><v>true</v></c><c t="b"><v>2</v></c></row>`), "1: TRUE|2"},
		{"cells between those without a reference", data(`<row><c><v>1</v></c><c r="D1"><v>2</v></c><c><v>3</v></c></row>`), "1: 1|||2|3"},
		{"a reference of no cell", data(`<row><c r="1A"><v>1</v></c></row>`), "file.damaged [S]!1"},
		{"a reference of no row", data(`<row><c r="A"><v>1</v></c></row>`), "file.damaged [S]!1"},
		{"beyond the last column", data(`<row><c r="XFD1"><v>1</v></c><c><v>1</v></c></row>`), "file.damaged [S]!1"},
		{"one place for many cells", data("<row>" + strings.Repeat(`<c r="B1"><v>1</v></c>`, 20_000) + "</row>"), "file.damaged [S]!B1"},
		{"a cell outside rows", data(`<c r="A1"><v>1</v></c>`), "file.damaged [S]"},
		{"one place for two cells", data(`<row><c r="B1"><v>1</v></c><c r="B1"><v>1</v></c></row>`), "file.damaged [S]!B1"},
		{"a row from its cells", data(`<row><c r="A3"><v>1</v></c></row><row><c r="A4"><v>1</v></c></row>`), "3: 1;4: 1"},
		{"a row from its cells, backwards", data(`<row r="5"/><row><c r="A3"><v>1</v></c></row>`), "file.damaged [S]!6"},
		{"a row from its second cell", data(`<row><c><v>1</v></c><c r="B3"><v>1</v></c></row>`), "file.damaged [S]!1"},
	} {
		got, err := read(with(map[string]string{"xl/worksheets/sheet1.xml": c.sheet + " "}), Options{})
		if err != nil {
			got = found(err)
		}
		if got != c.want {
			t.Errorf("%s: %q, %v, want %q", c.name, got, err, c.want)
		}
	}
}

func TestLimits(t *testing.T) {
	long := strings.Repeat("x", 100)
	for _, c := range []struct {
		name string
		o    Options
		want string
	}{
		{"usual", Options{}, ""},
		{"held", Options{MaxHeldBytes: 400}, "file.too_large "},
		{"a shared string", Options{MaxCellBytes: 199}, "row.too_long "},
		{"a cell", Options{MaxCellBytes: 300, MaxRowBytes: 1000}, "row.too_long [S]!A2"},
		{"a row of shared strings", Options{MaxRowBytes: 599}, "row.too_long [S]!C1"},
		{"a sheet", Options{MaxTextBytes: 900}, "file.too_large [S]!2"},
	} {
		_, err := read(with(map[string]string{
			"xl/sharedStrings.xml":     `<sst><si><t>` + long + long + `</t></si></sst>`,
			"xl/worksheets/sheet1.xml": data(`<row>` + strings.Repeat(`<c t="s"><v>0</v></c>`, 3) + `</row><row><c t="inlineStr"><is><t>` + long + long + long + `</t><t>` + long + `</t></is></c></row>`),
		}), c.o)
		if err == nil && c.want == "" {
			continue
		}
		if got := found(err); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	_, err := read(with(map[string]string{"xl/worksheets/sheet1.xml": data(`<row><c t="str"><v>` + strings.Repeat("x", maxBuffer+1) + `</v></c></row>`)}), Options{})
	if got := found(err); got != "row.too_long [S]!A1" {
		t.Errorf("a text over the buffer: %q", got)
	}
}

func TestLayout(t *testing.T) {
	parts := with(map[string]string{
		"xl/worksheets/sheet1.xml": `<worksheet><cols><col min="2" max="3" hidden="1"/><col min="5" max="5" width="9"/></cols><sheetData>` +
			`<row r="1" hidden="true"><c><v>1</v></c></row><row r="2" hidden="0"><c><f>A1</f></c><c><f>A1</f><v></v></c></row></sheetData>` +
			`<mergeCells count="2"><mergeCell ref="A1:C2"/><mergeCell ref="D4"/><mergeCell ref="#REF!"/><mergeCell ref="B2:A1"/></mergeCells></worksheet>`,
		"xl/worksheets/_rels/sheet1.xml.rels": relsHead + `<Relationship Id="a" Type="` + relBase + `comments" Target="../comments1.xml"/><Relationship Id="b" Type="` + relBase + `hyperlink" Target="http://x" TargetMode="External"/></Relationships>`,
		"xl/comments1.xml":                    `<comments><authors><author>who</author></authors><commentList><comment ref="B7" authorId="0"><text><r><t>see </t></r><r><t>page 3</t></r></text></comment><comment ref="A1"><text><t>x</t></text></comment></commentList></comments>`,
	})
	b, err := open(pack(parts), Options{})
	if err != nil {
		t.Fatal(err)
	}
	lines, r, err := rows(b, 0)
	if d := cmp.Diff([]string{"1: 1 (hidden)", "2: "}, lines); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	if d := cmp.Diff([]Range{{1, 1, 2, 3}, {4, 4, 4, 4}}, r.Merged()); d != "" {
		t.Errorf("merged (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]Range{{0, 2, 0, 3}}, r.HiddenColumns()); d != "" {
		t.Errorf("hidden columns (-want +got):\n%s", d)
	}
	if n, row, col := r.Uncalculated(); n != 2 || row != 2 || col != 1 {
		t.Errorf("%d formulas without a result, the first at %d, %d", n, row, col)
	}
	got, err := b.Comments(0)
	if d := cmp.Diff([]Comment{{7, 2, "see page 3"}, {1, 1, "x"}}, got); d != "" || err != nil {
		t.Errorf("comments: %v (-want +got):\n%s", err, d)
	}
}

func TestNotes(t *testing.T) {
	rel := func(id, kind, target string) string {
		return fmt.Sprintf(`<Relationship Id="%s" Type="%s%s" Target="%s"/>`, id, relBase, kind, target)
	}
	b, err := open(pack(map[string]string{
		"xl/workbook.xml": `<workbook xmlns:r="x"><sheets><sheet name="Chart" r:id="c"/><sheet name="A" r:id="a" state="hidden"/><sheet name="Dialogue" r:id="d"/><sheet name="B" r:id="b" state="veryHidden"/><sheet name="C" r:id="e"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": relsHead + rel("a", "worksheet", "a.xml") + rel("b", "worksheet", "b.xml") + rel("e", "worksheet", "e.xml") +
			rel("c", "chartsheet", "c.xml") + rel("d", "dialogsheet", "d.xml") + "</Relationships>",
		"xl/a.xml": data(""), "xl/b.xml": data("<row/>"), "xl/c.xml": "<chartsheet/>", "xl/d.xml": "<dialogsheet/>", "xl/e.xml": data(""),
		"xl/vbaProject.bin": "x", "xl/externalLinks/externalLink1.xml": "<externalLink/>",
	}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range b.Sheets {
		got = append(got, fmt.Sprintf("%s %d", s.Name, s.State))
	}
	for _, d := range b.Notes {
		got = append(got, fmt.Sprintf("%s %s %s", d.Severity, d.Code, d.Pos))
	}
	want := []string{"A 1", "B 2", "C 0", "info sheet.skipped [Chart]", "info sheet.skipped [Dialogue]", "info file.macros ", "info file.external_links "}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if lines, _, err := rows(b, 1); len(lines) != 1 || err != nil {
		t.Errorf("a very hidden sheet: %q, %v", lines, err)
	}
}

// TestQuickAndSlow: the quick way reads what the slow one reads, wherever the buffer ends.
func TestQuickAndSlow(t *testing.T) {
	var b strings.Builder
	for i := 1; i < 40; i++ {
		fmt.Fprintf(&b, `<row r="%d"><c r="A%d" t="s"><v>%d</v></c><c r="C%d" s="1"><v>%d</v></c><c><v>%d.50</v></c><c r="F%d" s="1"/><c t="inlineStr"><is><t>in&lt;line</t></is></c><c t="b"><v>1</v></c><c t="s"><v>1</v></c><c s="9"><v>1E2</v></c>`+
			`<c><f>A1</f><v>7</v></c><c t="str"><f>A1</f><v>wörd_%d</v></c><c t="inlineStr"><is><t>in</t></is></c><c t="inlineStr"><is><t xml:space="preserve"> kept </t></is></c><c t="inlineStr"><is><t xml:space="preserve">kept</t></is></c><c t="e"><v>#N/A</v></c><c t="d"><v>2020-01-01T00:00:00Z</v></c><c t="str"><v>_x0041_</v></c></row>`,
			i, i, i%3, i, i*1000, i, i, i)
	}
	quick := data(b.String())
	slow := strings.ReplaceAll(quick, "<c ", "<c  ")
	slow = strings.ReplaceAll(slow, "<c>", "<c >") // and cells without attributes
	book, err := open(pack(with(map[string]string{"xl/worksheets/sheet1.xml": quick})), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for size := 2; size < 200; size++ {
		for _, xml := range []string{slow, quick} {
			r := &Reader{b: book, s: scanner{src: strings.NewReader(xml), buf: make([]byte, size)}}
			var lines []string
			for {
				row, err := r.Next(context.Background())
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatalf("buffer of %d: %v", size, err)
				}
				lines = append(lines, fmt.Sprintf("%d: %q", row.Num, row.Cells))
			}
			if want == nil {
				want = lines
			}
			if d := cmp.Diff(want, lines); d != "" || len(lines) != 39 {
				t.Fatalf("buffer of %d: (-want +got):\n%s", size, d)
			}
		}
	}
	if first := `1: ["" "" "1902-09-26" "1.5" "" "" "in<line" "TRUE" "" "100" "7" "wörd_1" "in" " kept " "kept" "#N/A" "2020-01-01" "A"]`; want[0] != first {
		t.Errorf("first row %s, want %s", want[0], first)
	}
}

// TestCells: a row's cells are gone with the next, its strings are not.
func TestCells(t *testing.T) {
	b, err := open(pack(with(map[string]string{"xl/worksheets/sheet1.xml": data(`<row><c><v>1</v></c><c><v>2</v></c><c r="XFD1"><v>3</v></c></row><row><c r="B2"><v>4</v></c></row>`)})), Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.Rows(0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	first, err := r.Next(context.Background())
	if err != nil || len(first.Cells) != MaxColumns {
		t.Fatal(len(first.Cells), err)
	}
	kept := []string{first.Cells[0], first.Cells[MaxColumns-1]}
	second, err := r.Next(context.Background())
	if d := cmp.Diff([]string{"", "4"}, second.Cells); d != "" || err != nil || kept[0] != "1" || kept[1] != "3" {
		t.Errorf("%v, kept %q (-want +got):\n%s", err, kept, d)
	}
	for range 2 {
		if _, err := r.Next(context.Background()); err != io.EOF {
			t.Errorf("at the end: %v", err)
		}
	}
}

func TestCancelled(t *testing.T) {
	b, err := open(pack(with(map[string]string{"xl/worksheets/sheet1.xml": data(strings.Repeat("<row/>", 100_000))})), Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.Rows(0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close() // ends the goroutine that reads ahead
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n := 0
	for ; err == nil; n++ {
		if n == 1000 {
			cancel()
		}
		_, err = r.Next(ctx)
	}
	if !errors.Is(err, context.Canceled) || n > 1300 {
		t.Errorf("after %d rows: %v", n, err)
	}
}

// TestClosed: a reader that was left early ends its goroutine, and gives no more rows.
func TestClosed(t *testing.T) {
	b, err := open(pack(with(map[string]string{"xl/worksheets/sheet1.xml": data(strings.Repeat("<row/>", 100_000))})), Options{})
	if err != nil {
		t.Fatal(err)
	}
	before := runtime.NumGoroutine()
	r, err := b.Rows(0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(context.Background()); err != nil {
		t.Fatal(err)
	}
	r.Close()
	r.Close()
	if _, err := r.Next(context.Background()); !errors.Is(err, errClosed) {
		t.Errorf("after it was closed: %v", err)
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines, before %d", n, before)
	}
}

// TestStringsInPages: more strings than a page and a chunk hold.
func TestStringsInPages(t *testing.T) {
	var b strings.Builder
	const n = 3*pageStrings + 7
	for i := range n {
		fmt.Fprintf(&b, "<si><t>%s%d</t></si>", strings.Repeat("x", i%200), i)
	}
	held := &room{64 << 20}
	st, err := readStrings(strings.NewReader("<sst>"+b.String()+"</sst>"), 1<<20, held)
	if err != nil || st.n != n {
		t.Fatal(st, err)
	}
	for i := range n {
		if s, ok := st.at(i); !ok || s != fmt.Sprintf("%s%d", strings.Repeat("x", i%200), i) {
			t.Fatalf("string %d is %q", i, s)
		}
	}
	if _, ok := st.at(n); ok {
		t.Error("a string beyond the last")
	}
	if used := 64<<20 - held.left; used < n*headerBytes {
		t.Errorf("%d bytes counted", used)
	}
}
