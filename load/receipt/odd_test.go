package receipt

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"palermo/diag"
)

// oddBook makes a package of parts; nil parts are left out.
func oddBook(t testing.TB, change map[string]string) []byte {
	t.Helper()
	const head = `<?xml version="1.0" encoding="UTF-8"?>`
	parts := map[string]string{
		"[Content_Types].xml": head + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>` +
			`<Override PartName="/xl/workbook.xml" ContentType="` + typePrefix + `sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="` + typePrefix + `worksheet+xml"/></Types>`,
		"_rels/.rels":                `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a" Type="` + relTransitional + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml":            head + `<workbook xmlns="` + mainNormal + `" xmlns:r="` + relTransitional + `"><sheets><sheet name="S" sheetId="7" r:id="x"/></sheets><calcPr calcId="1"/></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="x" Type="` + relTransitional + `/worksheet" Target="/xl/worksheets/sheet1.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml":   head + `<worksheet xmlns="` + mainNormal + `"><sheetData><row><c t="inlineStr"><is><t>a</t></is></c><c><v>1</v></c></row><row r="4"><c r="B4"><v>2</v></c></row></sheetData><tableParts count="0"/></worksheet>`,
	}
	maps.Copy(parts, change)
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		if parts[name] == "" {
			continue
		}
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(parts[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func oddInput() *Input {
	in := &Input{Number: "PAL-2026-000125", State: AcceptedInPart}
	for _, c := range []Cell{{1, 1}, {1, 2}, {1, 4}, {2, 3}, {4, 1}, {4, 2}, {9, 1}} {
		in.Add(diag.Diagnostic{Code: diag.ValueMissing, Severity: diag.Error, Pos: diag.Pos{Sheet: "S", Row: c.Row, Col: c.Col}}, "", 0)
	}
	return in
}

const worksheet = `<worksheet xmlns="` + mainNormal + `">`

func TestOddPackages(t *testing.T) {
	for name, change := range map[string]map[string]string{
		"no styles, no places": nil,
		"no rows":              {"xl/worksheets/sheet1.xml": worksheet + `<sheetData/></worksheet>`},
		"blank rows":           {"xl/worksheets/sheet1.xml": worksheet + `<sheetData><row r="1"/><row r="4" s="0" customFormat="1" /></sheetData></worksheet>`},
		"comments within":      {"xl/worksheets/sheet1.xml": worksheet + `<!-- <row r="3"> --><sheetData><?x <c?><row r="2"><c r="C2" t="str"><f>"a>b"</f><v><![CDATA[<c r="D2">]]></v></c></row></sheetData></worksheet>`},
		"a long tag":           {"xl/worksheets/sheet1.xml": worksheet + `<sheetData><row r="1" x="` + strings.Repeat("a>", 50_000) + `"><c r="A1"/></row></sheetData></worksheet>`},
		"a prefix": {
			"xl/worksheets/sheet1.xml": `<x:worksheet xmlns:x="` + mainNormal + `"><x:sheetData><x:row r="1"><x:c r="A1"><x:v>1</x:v></x:c></x:row></x:sheetData></x:worksheet>`,
			"xl/workbook.xml":          `<x:workbook xmlns:x="` + mainNormal + `" xmlns:q="` + relTransitional + `"><x:sheets><x:sheet name="S" sheetId="7" q:id="x"/></x:sheets></x:workbook>`,
		},
		"the strict form": {
			"_rels/.rels":                `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a" Type="` + relStrict + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
			"xl/workbook.xml":            `<workbook xmlns="` + mainStrict + `" xmlns:r="` + relStrict + `"><sheets><sheet name="S" sheetId="7" r:id="x"/></sheets></workbook>`,
			"xl/_rels/workbook.xml.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="x" Type="` + relStrict + `/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
			"xl/worksheets/sheet1.xml":   strings.Replace(worksheet, mainNormal, mainStrict, 1) + `<sheetData/></worksheet>`,
		},
		"the same sheet name": {"xl/workbook.xml": `<workbook xmlns="` + mainNormal + `" xmlns:r="` + relTransitional + `"><bookViews><workbookView activeTab="1"/></bookViews><sheets><sheet name="S" sheetId="7" r:id="x"/><sheet name="receipt" sheetId="9" r:id="y"/></sheets><definedNames/></workbook>`,
			"xl/_rels/workbook.xml.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="x" Type="` + relTransitional + `/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="y" Type="` + relTransitional + `/worksheet" Target="worksheets/sheet2.xml"/></Relationships>`,
			"xl/worksheets/sheet2.xml":   worksheet + `<sheetViews><sheetView tabSelected="1" workbookViewId="0"/></sheetViews><sheetData/></worksheet>`,
			"[Content_Types].xml":        `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="` + typePrefix + `worksheet+xml"/><Override PartName="/xl/workbook.xml" ContentType="` + typePrefix + `sheet.main+xml"/></Types>`},
	} {
		t.Run(name, func(t *testing.T) {
			book := oddBook(t, change)
			got := annotated(t, book, oddInput())
			checkPackage(t, got)
			f := openSample(t, got)
			for _, at := range []string{"A1", "B1", "D1", "C2", "A4", "B4", "A9"} {
				if c := colourOf(t, got, f, "S", at); c != "FFFFC7C1" {
					t.Errorf("%s has the colour %q", at, c)
				}
			}
			if n := len(commentsOf(t, f, "S")); n != 7 {
				t.Errorf("%d comments", n)
			}
			back, s := stripped(t, got)
			checkPackage(t, back)
			if s.Number != "PAL-2026-000125" {
				t.Errorf("the stamp is %+v", s)
			}
			same(t, contents(t, book), contents(t, back))
		})
	}
}

// colourOf is the colour of a cell in a workbook without a theme, of which excelize says none.
func colourOf(t *testing.T, book []byte, f *excelize.File, sheet, at string) string {
	t.Helper()
	id, err := f.GetCellStyle(sheet, at)
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		Fills []struct {
			Colour struct {
				RGB string `xml:"rgb,attr"`
			} `xml:"patternFill>fgColor"`
		} `xml:"fills>fill"`
		Xfs []struct {
			Fill int `xml:"fillId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if err := xml.Unmarshal([]byte(part(t, book, "xl/styles.xml")), &s); err != nil {
		t.Fatal(err)
	}
	return s.Fills[s.Xfs[id].Fill].Colour.RGB
}

func same(t *testing.T, want, got map[string]map[string]string) {
	t.Helper()
	for sheet, cells := range want {
		if !maps.Equal(cells, got[sheet]) {
			t.Errorf("the cells of %s are %v, want %v", sheet, got[sheet], cells)
		}
	}
}

func TestNoWorkbook(t *testing.T) {
	for name, book := range map[string][]byte{
		"text":          []byte("a,b\n1,2\n"),
		"no workbook":   oddBook(t, map[string]string{"xl/workbook.xml": ""}),
		"no relations":  oddBook(t, map[string]string{"_rels/.rels": ""}),
		"cut":           oddBook(t, map[string]string{"xl/worksheets/sheet1.xml": worksheet + `<sheetData><row r="1"><c r="A1"`}),
		"never closed":  oddBook(t, map[string]string{"xl/worksheets/sheet1.xml": worksheet + `<sheetData><row r="1">`}),
		"entities":      oddBook(t, map[string]string{"xl/worksheets/sheet1.xml": `<!DOCTYPE a [<!ENTITY b "c">]>` + worksheet + `<sheetData/></worksheet>`}),
		"rows turned":   oddBook(t, map[string]string{"xl/worksheets/sheet1.xml": worksheet + `<sheetData><row r="4"/><row r="1"/></sheetData></worksheet>`}),
		"cells turned":  oddBook(t, map[string]string{"xl/worksheets/sheet1.xml": worksheet + `<sheetData><row r="1"><c r="B1"/><c r="A1"/></row></sheetData></worksheet>`}),
		"no place":      oddBook(t, map[string]string{"xl/worksheets/sheet1.xml": worksheet + `<sheetData><row r="1"><c r="?"/></row></sheetData></worksheet>`}),
		"UTF-16":        oddBook(t, map[string]string{"xl/workbook.xml": "\xff\xfe<\x00"}),
		"a receipt":     annotated(t, oddBook(t, nil), oddInput()),
		"another sheet": oddBook(t, map[string]string{"xl/worksheets/sheet1.xml": `<html></html>`}),
	} {
		err := Annotate(context.Background(), bytes.NewReader(book), int64(len(book)), &bytes.Buffer{}, oddInput())
		if !errors.Is(err, ErrNoWorkbook) {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
}

func TestTwoPartsOfOneName(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range []string{"xl/workbook.xml", "XL/workbook.xml"} {
		if _, err := z.Create(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	err := Annotate(context.Background(), bytes.NewReader(b.Bytes()), int64(b.Len()), &bytes.Buffer{}, oddInput())
	if !errors.Is(err, ErrNoWorkbook) {
		t.Errorf("the error is %v", err)
	}
}

// FuzzAnnotate changes the parts of a workbook: no panic, and what is written is a package that opens.
func FuzzAnnotate(f *testing.F) {
	f.Add(worksheet+`<sheetData><row r="1"><c r="A1" s="0"><v>1</v></c></row></sheetData></worksheet>`, `<comments xmlns="`+mainNormal+`"><authors><author>A</author></authors><commentList><comment ref="A1" authorId="0"><text><t>x</t></text></comment></commentList></comments>`)
	f.Add(worksheet+`<sheetData/><legacyDrawing r:id="v"/></worksheet>`, `<comments><authors/><commentList/></comments>`)
	f.Fuzz(func(t *testing.T, sheet, comments string) {
		book := oddBook(t, map[string]string{
			"xl/worksheets/sheet1.xml": sheet, "xl/comments1.xml": comments,
			"xl/worksheets/_rels/sheet1.xml.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="c" Type="` + relTransitional + `/comments" Target="../comments1.xml"/></Relationships>`,
		})
		var out, back bytes.Buffer
		if err := Annotate(context.Background(), bytes.NewReader(book), int64(len(book)), &out, oddInput()); err != nil {
			return
		}
		s, err := Strip(context.Background(), bytes.NewReader(out.Bytes()), int64(out.Len()), &back)
		if err != nil || s == nil {
			t.Fatalf("a receipt that was just written is none: %+v, %v", s, err)
		}
	})
}

func TestEscapeCell(t *testing.T) {
	for text, want := range map[string]string{
		"_x000D_": "_x005F_x000D_", "_x005F_x003D_": "_x005F_x005F_x005F_x003D_", "a_x": "a_x", "_x00G0_": "_x00G0_", "<b>&": "&lt;b&gt;&amp;", "": "", "_": "_",
	} {
		if got := escapeCell(text); got != want {
			t.Errorf("%q is written as %q, want %q", text, got, want)
		}
	}
}
