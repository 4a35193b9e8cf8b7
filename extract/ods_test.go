package extract_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"palermo/extract"
	"palermo/extract/extracttest"
)

const odsHead = `<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"` +
	` xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"` +
	` xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"` +
	` xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0">`

const odsTail = `</office:spreadsheet></office:body></office:document-content>`

// odsOf is a spreadsheet of the given content between its first and last tags.
func odsOf(t testing.TB, content string) []byte {
	t.Helper()
	return zipped(t, "mimetype", "application/vnd.oasis.opendocument.spreadsheet", "content.xml", content)
}

// odsSheet is a spreadsheet whose only sheet, "s", has the rows.
func odsSheet(t testing.TB, rows string) []byte {
	return odsOf(t, odsHead+`<office:body><office:spreadsheet><table:table table:name="s">`+rows+`</table:table>`+odsTail)
}

// zipped is a zip file of names and bodies by turns.
func zipped(t testing.TB, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(parts); i += 2 {
		w, err := z.Create(parts[i])
		must(t, err)
		_, err = io.WriteString(w, parts[i+1])
		must(t, err)
	}
	must(t, z.Close())
	return b.Bytes()
}

func TestODSSuite(t *testing.T) {
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", " ", "<text:s/>", "\n", "</text:p><text:p>")
	extracttest.Run(t, extracttest.Format{Open: extract.Open, Write: func(t testing.TB, path string, grid [][]string) {
		var b strings.Builder
		for _, cells := range grid {
			b.WriteString(`<table:table-row>`)
			for _, c := range cells {
				b.WriteString(`<table:table-cell office:value-type="string"><text:p>` + escape.Replace(c) + `</text:p></table:table-cell>`)
			}
			b.WriteString(`<table:table-cell table:number-columns-repeated="1000"/></table:table-row>`)
		}
		write(t, path, odsSheet(t, b.String()))
	}})
}

func TestODSCells(t *testing.T) {
	cell := func(attrs, shown string) string {
		return `<table:table-cell ` + attrs + `><text:p>` + shown + `</text:p></table:table-cell>`
	}
	row := func(cells ...string) string {
		return `<table:table-row>` + strings.Join(cells, "") + `</table:table-row>`
	}
	text := func(s string) string { return cell(`office:value-type="string"`, s) }
	for _, c := range []struct{ name, rows, want string }{
		{"numbers", row(cell(`office:value-type="float" office:value="0.10000000000000001"`, "0,1"), cell(`office:value-type="float" office:value="1E3"`, "1.000")), "1: 0.1|1000"},
		{"percentage, currency", row(cell(`office:value-type="percentage" office:value="0.25"`, "25 %"), cell(`office:value-type="currency" office:currency="EUR" office:value="1234.5"`, "1.234,50 €")), "1: 0.25|1234.5"},
		{"dates", row(cell(`office:value-type="date" office:date-value="2023-03-15"`, "15/03/23"), cell(`office:value-type="date" office:date-value="2023-03-15T00:00:00"`, ""), cell(`office:value-type="date" office:date-value="2023-03-15T10:30:00.500"`, "")), "1: 2023-03-15|2023-03-15|2023-03-15T10:30:00.500"},
		{"times", row(cell(`office:value-type="time" office:time-value="PT10H30M00S"`, "10:30"), cell(`office:value-type="time" office:time-value="PT36H00M00.25S"`, ""), cell(`office:value-type="time" office:time-value="soon"`, "")), "1: 10:30:00|36:00:00.250|soon"},
		{"truths", row(cell(`office:value-type="boolean" office:boolean-value="true"`, "WAHR"), cell(`office:value-type="boolean" office:boolean-value="false"`, "FALSCH")), "1: TRUE|FALSE"},
		{"errors", row(cell(`table:formula="of:=NA()" office:value-type="string" office:string-value="" calcext:value-type="error"`, "#N/A")), "1: #N/A"},
		{"text beside its value", row(cell(`office:value-type="string" office:string-value="whole text"`, "whole…")), "1: whole text"},
		{"text without a type", row(cell("", "plain")), "1: plain"},
		{"white space", row(text("  a \n b<text:s text:c=\"3\"/>c<text:tab/>d<text:line-break/>e ")), "1: a b   c\td\ne "},
		{"paragraphs", row(`<table:table-cell office:value-type="string"><text:p>one</text:p><text:p/><text:p>two</text:p></table:table-cell>`), "1: one\n\ntwo"},
		{"spans and links", row(text(`<text:span>bo<text:span>ld</text:span></text:span> and <text:a>a link</text:a>`)), "1: bold and a link"},
		{"a comment", row(`<table:table-cell office:value-type="string"><office:annotation><text:p>secret</text:p></office:annotation><text:p>seen<office:annotation><text:p>secret</text:p></office:annotation></text:p></table:table-cell>`), "1: seen"},
		{"a drawing with a table", row(`<table:table-cell><draw:frame><draw:text-box><table:table><table:table-row>` + text("x") + `</table:table-row></table:table></draw:text-box></draw:frame><text:p>cell</text:p></table:table-cell>`), "1: cell"},
		{"repeated cells", row(`<table:table-cell table:number-columns-repeated="2"/>`, cell(`office:value-type="float" office:value="7" table:number-columns-repeated="3"`, "7"), `<table:table-cell table:number-columns-repeated="16000"/>`), "1: ||7|7|7"},
		{"repeated rows", `<table:table-row table:number-rows-repeated="3">` + text("a") + `</table:table-row>` + `<table:table-row table:number-rows-repeated="1000"><table:table-cell/></table:table-row>` + row(text("b")), "1: a;2: a;3: a;1004: b"},
		{"rows to the end of the sheet", row(text("a")) + `<table:table-row table:number-rows-repeated="1048575"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>`, "1: a"},
		{"covered cells", row(`<table:table-cell table:number-columns-spanned="2" office:value-type="string"><text:p>wide</text:p></table:table-cell>`, `<table:covered-table-cell/>`, text("beside")), "1: wide||beside"},
		{"groups and headers", `<table:table-header-rows>` + row(text("h")) + `</table:table-header-rows><table:table-row-group><table:table-row-group>` + row(text("a")) + `</table:table-row-group>` + row(text("b")) + `</table:table-row-group>`, "1: h;2: a;3: b"},
		{"hidden rows", `<table:table-row table:visibility="collapse">` + text("a") + `</table:table-row>`, "1: a"},
		{"entities", row(text("&lt;&amp;&#233;&gt;")), "1: <&é>"},
	} {
		lines, _, err := readAll(t, odsSheet(t, c.rows), extract.Options{})
		if d := cmp.Diff(c.want, strings.Join(lines, ";")); d != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", c.name, err, d)
		}
	}
}

func TestODSFaults(t *testing.T) {
	row := func(attrs, cells string) string {
		return `<table:table-row ` + attrs + `>` + cells + `</table:table-row>`
	}
	word := `<table:table-cell office:value-type="string"><text:p>x</text:p></table:table-cell>`
	wide := `<table:table-cell office:value-type="string" table:number-columns-repeated="16384"><text:p>x</text:p></table:table-cell>`
	whole := string(odsSheet(t, row("", word)))
	for _, c := range []struct {
		name, want string
		b          []byte
	}{
		{"cut off", "file.damaged f", odsOf(t, odsHead+`<office:body><office:spreadsheet><table:table table:name="s"><table:table-row>`)},
		{"tags that cross", "file.damaged f[s]", odsSheet(t, `<table:table-row><table:table-cell></table:table-row></table:table-cell>`)},
		{"a document type", "file.damaged f", odsOf(t, `<!DOCTYPE x [<!ENTITY a "b">]>`+odsHead+`<office:body><office:spreadsheet>`+odsTail)},
		{"an entity that is none", "file.damaged f[s]", odsSheet(t, row("", `<table:table-cell><text:p>&lol;</text:p></table:table-cell>`))},
		{"nested deep", "file.damaged f[s]", odsSheet(t, row("", `<table:table-cell><text:p>`+strings.Repeat("<text:span>", 300)+strings.Repeat("</text:span>", 300)+`</text:p></table:table-cell>`))},
		{"a row repeated without end", "file.damaged f[s]", odsSheet(t, row(`table:number-rows-repeated="99999999999999999999"`, word))},
		{"a row repeated never", "file.damaged f[s]", odsSheet(t, row(`table:number-rows-repeated="0"`, word))},
		{"a row below the last", "file.damaged f[s]!1048577", odsSheet(t, row(`table:number-rows-repeated="1048576"`, "")+row("", word))},
		{"a cell beyond the last", "file.damaged f[s]", odsSheet(t, row("", wide+word))},
		{"a bomb of repetitions", "file.too_large f[s]!31", odsSheet(t, row(`table:number-rows-repeated="1048576"`, wide))},
		{"two sheets of a name", "file.damaged f", odsOf(t, odsHead+`<office:body><office:spreadsheet><table:table table:name="s"/><table:table table:name="S"/>`+odsTail)},
		{"no sheet", "file.empty f", odsOf(t, odsHead+`<office:body><office:spreadsheet>`+odsTail)},
		{"a text", "file.format f", zipped(t, "mimetype", "application/vnd.oasis.opendocument.text", "content.xml", odsHead+"</office:document-content>")},
		{"no content", "file.password f", zipped(t, "mimetype", "application/vnd.oasis.opendocument.spreadsheet", "encrypted-package", "x")},
		{"encrypted", "file.password f", zipped(t, "mimetype", "application/vnd.oasis.opendocument.spreadsheet", "content.xml", "garbage", "META-INF/manifest.xml",
			`<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry></manifest:manifest>`)},
		{"a cell over the limit", "row.too_long f[s]!A1", odsSheet(t, row("", `<table:table-cell office:value-type="string" office:string-value="`+strings.Repeat("y", 200)+`"/>`))},
		{"a text over the limit", "row.too_long f[s]!1", odsSheet(t, row("", `<table:table-cell office:value-type="string"><text:p>`+strings.Repeat("y", 200)+`</text:p></table:table-cell>`))},
		{"a text of many megabytes", "row.too_long f[s]!1", odsSheet(t, row("", `<table:table-cell><text:p>`+digits(5<<20)+`</text:p></table:table-cell>`))},
		{"cut off within a tag", "file.damaged f", odsOf(t, odsHead+`<office:body><office:spreadsheet><table:table table:name="s"><table:table-row x="`)},
		{"cut off within a comment", "file.damaged f", odsOf(t, odsHead+`<office:body><office:spreadsheet><table:table table:name="s"><!-- > --`)},
		{"the container cut off", "file.damaged f", []byte(whole[:len(whole)-30])},
	} {
		_, _, err := readAll(t, c.b, extract.Options{Name: "f", MaxCellBytes: 100, MaxPartBytes: 8 << 20})
		if code(err) != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

// digits is text that does not pack well.
func digits(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprint(&b, i*i)
	}
	return b.String()
}

// kinds is what stands in the workbook that LibreOffice wrote in both its formats; %s are the truths, of which
// it makes numbers in its own.
var kinds = []string{
	"1: word|12.5|0.25|2023-03-15|2023-03-15T10:30:00|10:30:00|%s|%s|1e+21|-0.1|1234.5|2023-03-15T18:00:00",
	"3: two\nlines|many   spaces  |tab\tinside|  lead|007|łódź عربى 日本 🙂|<&>\"'|bold and not",
	"5: merged", "6: |||beside", "7: #DIV/0!|#N/A|42|ab|2020-02-29|%s",
	"10: same|same|same|same|same|same", "11: same|same|same|same|same|same", "12: same|same|same|same|same|same",
	"13: same|same|same|same|same|same", "14: same|same|same|same|same|same", "20: " + strings.Repeat("|", 25) + "far",
	"1: unseen", "2: |" + strings.Repeat("long ", 900),
}

// checkKinds reads the file that LibreOffice wrote: each kind of value, a hidden sheet, comments that are not
// read, and more texts than one record holds.
func checkKinds(t *testing.T, name, yes, no string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	must(t, err)
	lines, notes, err := readAll(t, b, extract.Options{})
	if err != nil || len(notes) > 0 {
		t.Fatalf("%s: %v, notes %v", name, err, notes)
	}
	want := append([]string{}, kinds...)
	want[0], want[4] = fmt.Sprintf(want[0], yes, no), fmt.Sprintf(want[4], yes)
	for i := 1; i <= 900; i++ {
		want = append(want, fmt.Sprintf("%d: text number %d é|%d|Ł%d", i, i, i*7, i%40))
	}
	if d := cmp.Diff(want, lines); d != "" {
		t.Errorf("%s (-want +got):\n%s", name, d)
	}
	f, err := extract.Open(filepath.Join("testdata", name), extract.Options{})
	must(t, err)
	defer f.Close()
	var sheets []string
	for _, s := range f.Sheets() {
		sheets = append(sheets, fmt.Sprintf("%d %s %v", s.No, s.Name, s.Hidden))
	}
	if d := cmp.Diff([]string{"1 kinds false", "2 hidden true", "3 many false", "4 empty false"}, sheets); d != "" {
		t.Errorf("%s: sheets (-want +got):\n%s", name, d)
	}
}

// TestODSSheetsAfterOthers: a sheet that is passed over may hold anything that XML allows.
func TestODSSheetsAfterOthers(t *testing.T) {
	odd := `<table:table table:name="one"><!-- <a> --><table:table-row a=">" b='/>'><![CDATA[<b>]]]]><?pi > ?><x:y/><table:table-cell ><text:p>1</text:p></table:table-cell></table:table-row></table:table>`
	b := odsOf(t, odsHead+`<office:body><office:spreadsheet>`+odd+`<table:table table:name="none"/><table:table table:name="two"><table:table-row><table:table-cell><text:p>2</text:p></table:table-cell></table:table-row></table:table>`+odsTail)
	lines, _, err := readAll(t, b, extract.Options{})
	if got := strings.Join(lines, ";"); got != "1: 1;1: 2" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestODSOfLibreOffice(t *testing.T) { checkKinds(t, "kinds.ods", "1", "0") }
