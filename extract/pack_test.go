package extract_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// pack is a workbook of one sheet, written by hand in some dialect.
type pack struct {
	grid [][]string // text; one that starts with # is a number, with @ the date that it means

	rowRefs, cellRefs, inline, asFormula, rich, typed, dates, base1904, strict, backslash, reverse bool

	dimension, head, tail, rowAttrs, state, prefix, space, target, workbook string

	encode func(string) string
	parts  map[string]string // in place of what is written; "" leaves the part out
}

func newPack(r *rand.Rand) *pack {
	p := &pack{rowRefs: true, cellRefs: true, dates: true, dimension: "A1:D9", rowAttrs: ` spans="1:4"`, target: "", workbook: "xl/workbook.xml",
		encode: func(s string) string { return s }, parts: map[string]string{}}
	for range 3 + r.IntN(6) {
		row := []string{"a & b", "é <c>"}
		for range r.IntN(3) {
			row = append(row, []string{"word", "#12.5", "@45000", "two\nlines", "#7"}[r.IntN(5)])
		}
		p.grid = append(p.grid, row)
	}
	return p
}

// want is the lines that readAll gives.
func (p *pack) want() []string {
	var out []string
	for i, row := range p.grid {
		var cells []string
		for _, c := range row {
			switch {
			case c == "@45000" && !p.dates:
				c = "45000"
			case c == "@45000" && p.base1904:
				c = "2027-03-16"
			case c == "@45000":
				c = "2023-03-15"
			}
			cells = append(cells, strings.TrimPrefix(c, "#"))
		}
		out = append(out, fmt.Sprintf("%d: %s", i+1, strings.Join(cells, "|")))
	}
	return out
}

func (p *pack) write(t testing.TB) (want []string, b []byte) {
	t.Helper()
	if p.inline || p.asFormula {
		p.parts["xl/sharedStrings.xml"] = ""
	}
	main, rel := "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	if p.strict {
		main, rel = "http://purl.oclc.org/ooxml/spreadsheetml/main", "http://purl.oclc.org/ooxml/officeDocument/relationships"
	}
	sheet, shared := p.sheet()
	dir, file := "xl/", strings.TrimPrefix(p.workbook, "xl/")
	relation := func(id, kind, target string) string {
		return fmt.Sprintf(`<Relationship Id="%s" Type="%s/%s" Target="%s"/>`, id, rel, kind, target)
	}
	rels := func(all ...string) string {
		return `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` + strings.Join(all, "") + `</Relationships>`
	}
	base := "application/vnd.openxmlformats-officedocument.spreadsheetml."
	override := func(part, kind string) string {
		return fmt.Sprintf(`<Override PartName="/%s" ContentType="%s%s+xml"/>`, part, base, kind)
	}
	parts := map[string]string{
		"[Content_Types].xml": `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>` +
			override(p.workbook, "sheet.main") + override("xl/worksheets/sheet1.xml", "worksheet") + override("xl/sharedStrings.xml", "sharedStrings") + override("xl/styles.xml", "styles") + `</Types>`,
		"_rels/.rels": rels(relation("rId1", "officeDocument", p.workbook)),
		p.workbook: p.element("workbook", fmt.Sprintf(`xmlns%s="%s" xmlns:r="%s"`, p.colon(), main, rel),
			fmt.Sprintf(`<workbookPr date1904="%v"/><sheets><sheet name="Données" sheetId="1"%s r:id="rId1"/></sheets>`, p.base1904, p.state)),
		dir + "_rels/" + file + ".rels": rels(relation("rId1", "worksheet", p.target+"worksheets/sheet1.xml"), relation("rId2", "styles", p.target+"styles.xml"), relation("rId3", "sharedStrings", p.target+"sharedStrings.xml")),
		"xl/worksheets/sheet1.xml":      p.element("worksheet", fmt.Sprintf(`xmlns%s="%s"`, p.colon(), main), sheet),
		"xl/sharedStrings.xml":          p.element("sst", fmt.Sprintf(`xmlns%s="%s"`, p.colon(), main), shared),
		"xl/styles.xml": p.element("styleSheet", fmt.Sprintf(`xmlns%s="%s"`, p.colon(), main),
			`<cellStyleXfs count="1"><xf numFmtId="22"/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>`),
	}
	maps.Copy(parts, p.parts)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		body := parts[name]
		if body == "" {
			continue
		}
		stored := name
		if p.backslash {
			stored = strings.ReplaceAll(name, "/", `\`)
		}
		f, err := w.Create(stored)
		must(t, err)
		_, err = io.WriteString(f, p.encode(`<?xml version="1.0" encoding="UTF-8"?>`+body))
		must(t, err)
	}
	must(t, w.Close())
	return p.want(), out.Bytes()
}

func (p *pack) colon() string {
	if p.prefix == "" {
		return ""
	}
	return ":" + strings.TrimSuffix(p.prefix, ":")
}

// element is an element with its content, both with the prefix.
func (p *pack) element(name, attrs, content string) string {
	s := "<" + name + " " + attrs + ">" + content + "</" + name + ">"
	if p.prefix == "" {
		return s
	}
	s = strings.ReplaceAll(s, "</", "\x00")
	s = strings.ReplaceAll(s, "<", "<"+p.prefix)
	return strings.ReplaceAll(s, "\x00", "</"+p.prefix)
}

// sheet is the content of the sheet and of the shared strings.
func (p *pack) sheet() (sheet, shared string) {
	var b, st strings.Builder
	if p.dimension != "" {
		fmt.Fprintf(&b, `<dimension ref="%s"/>`, p.dimension)
	}
	b.WriteString(p.head + "<sheetData>")
	strs := 0
	for i, row := range p.grid {
		b.WriteString(p.space + "<row")
		if p.rowRefs {
			fmt.Fprintf(&b, ` r="%d"`, i+1)
		}
		b.WriteString(p.rowAttrs + ">")
		var cells []string
		for j, c := range row {
			cells = append(cells, p.cell(i, j, c, &st, &strs))
		}
		if p.reverse && p.cellRefs {
			slices.Reverse(cells)
		}
		b.WriteString(strings.Join(cells, p.space) + p.space + "</row>")
	}
	b.WriteString("</sheetData>" + p.tail)
	return b.String(), st.String()
}

func (p *pack) cell(i, j int, text string, shared *strings.Builder, strs *int) string {
	tag := "<c"
	if p.cellRefs {
		tag += fmt.Sprintf(` r="%c%d"`, 'A'+j, i+1)
	}
	number := ""
	if p.typed {
		number = ` t="n"`
	}
	text = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&#62;").Replace(text)
	switch {
	case text[0] == '@' && p.dates:
		return tag + ` s="1"` + number + "><v>" + text[1:] + "</v></c>"
	case text[0] == '#' || text[0] == '@':
		return tag + number + "><v>" + text[1:] + "</v></c>"
	case p.asFormula:
		return tag + ` t="str"><f>B1</f><v>` + text + "</v></c>"
	}
	t := "<t>" + text + "</t>"
	if p.rich {
		_, n := utf8.DecodeRuneInString(text)
		t = "<r><rPr><b/></rPr><t>" + text[:n] + `</t></r><r><t xml:space="preserve">` + text[n:] + `</t></r><rPh sb="0" eb="1"><t>nothing</t></rPh><phoneticPr fontId="1"/>`
	}
	if p.inline {
		return tag + ` t="inlineStr"><is>` + t + "</is></c>"
	}
	shared.WriteString("<si>" + t + "</si>")
	*strs++
	return fmt.Sprintf(`%s t="s"><v>%d</v></c>`, tag, *strs-1)
}

func utf16Text(s string) string {
	s, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(strings.Replace(s, "UTF-8", "UTF-16", 1))
	if err != nil {
		panic(err)
	}
	return s
}

func latin1Text(s string) string {
	s, err := charmap.ISO8859_1.NewEncoder().String(strings.Replace(s, "UTF-8", "ISO-8859-1", 1))
	if err != nil {
		panic(err)
	}
	return s
}
