package sheet

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"palermo/extract/cell"
	"palermo/extract/zipfile"
)

// fuzzBook is a workbook for sheets that are fuzzed without a container.
func fuzzBook() *Book {
	st, err := readStrings(strings.NewReader(usual()["xl/sharedStrings.xml"]), 1000, &room{1 << 20})
	if err != nil {
		panic(err)
	}
	return &Book{o: Options{MaxCellBytes: 10_000, MaxRowBytes: 100_000}.withDefaults(), strings: st, styles: []cell.Shows{cell.ShowsNumber, cell.ShowsDate}}
}

// readXML is the cells with text of a sheet's XML, read through a buffer that starts with that
// size.
func readXML(b *Book, body []byte, buffer int) (map[string]string, error) {
	src, err := decoded(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r := &Reader{b: b, s: scanner{src: src, buf: make([]byte, buffer)}}
	out, last := map[string]string{}, 0
	for {
		row, err := r.Next(context.Background())
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if row.Num <= last {
			panic("row numbers do not go up")
		}
		last = row.Num
		for i, c := range row.Cells {
			if c != "" {
				out[fmt.Sprint(row.Num, i+1)] = strings.Clone(c)
			}
		}
	}
}

// FuzzSheet: no panic, only faults, the same whatever the buffer; and what is read is what a plain
// reading with encoding/xml finds, where it finds anything.
func FuzzSheet(f *testing.F) {
	f.Add([]byte(data(`<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" s="1"><v>45000.5</v></c></row>`)))
	f.Add([]byte(data(`<row/><row r="9"><c t="inlineStr"><is><t>x</t><rPh><t>y</t></rPh></is></c><c t="b"><v>1</v></c></row><!-- > -->`)))
	f.Add([]byte(`<x:worksheet><x:cols><x:col min="1" max="2" hidden="1"/></x:cols><x:sheetData><x:row><x:c r="A7" t="str"><x:f>1</x:f><x:v>&lt;&#65;_x0041_<![CDATA[<]]></x:v></x:c></x:row></x:sheetData><x:mergeCells><x:mergeCell ref="A1:B2"/></x:mergeCells></x:worksheet>`))
	f.Add([]byte(data(`<row r="3"><c r="A3" t="inlineStr"><is><t>in</t></is></c><c r="B3"><f>A1</f><v>7</v></c><c r="C3" s="1" t="str"><f>A1</f><v>w</v></c><c r="D3" t="inlineStr"><is><t xml:space="preserve"> x</t></is></c></row>`)))
	f.Add([]byte("\xff\xfe<\x00w\x00o\x00r\x00k\x00s\x00h\x00e\x00e\x00t\x00/\x00>\x00"))
	f.Add([]byte(`<?xml version="1.0" encoding="windows-1252"?>` + data(`<row><c t="e"><v>#N/A</v></c><c t="d"><v>2020-01-01T00:00:00Z</v></c></row>`)))
	b := fuzzBook()
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := readXML(b, body, 64<<10)
		again, err2 := readXML(b, body, 3)
		if (err == nil) != (err2 == nil) || !maps.Equal(got, again) {
			t.Fatalf("with another buffer: %v and %v", err, err2)
		}
		if !bytes.Contains(body, []byte("<!")) { // else it may stand in a text
			slow, err3 := readXML(b, bytes.ReplaceAll(body, []byte("<c "), []byte("<c  ")), 64<<10)
			if (err == nil) != (err3 == nil) || !maps.Equal(got, slow) {
				t.Fatalf("by the slow way: %v and %v, %q and %q", err, err3, got, slow)
			}
		}
		if err != nil {
			isFault(t, err)
			return
		}
		want, ok := plainRead(body)
		if !ok {
			return
		}
		for at := range got {
			if !want[at] {
				t.Errorf("a cell at %s that is not there", at)
			}
			delete(want, at)
		}
		if len(want) > 0 {
			t.Errorf("cells at %v are lost", slices.Sorted(maps.Keys(want)))
		}
	})
}

func isFault(t *testing.T, err error) {
	t.Helper()
	var f *zipfile.Fault
	var bad xmlError
	if !errors.As(err, &f) && !errors.As(err, &bad) {
		t.Fatalf("%v is no fault", err)
	}
}

// plainSheet is a sheet as encoding/xml takes it, without regard to order or anything particular.
type plainSheet struct {
	Rows []struct {
		R     string `xml:"r,attr"`
		Cells []struct {
			R string  `xml:"r,attr"`
			T string  `xml:"t,attr"`
			V *string `xml:"v"`
		} `xml:"c"`
	} `xml:"sheetData>row"`
}

// plainRead is the places of the cells with a value. ok is false where the sheet is not of the
// plain form: with references everywhere, of numbers and texts of formulas.
func plainRead(body []byte) (places map[string]bool, ok bool) {
	var s plainSheet
	if xml.Unmarshal(body, &s) != nil {
		return nil, false
	}
	places = map[string]bool{}
	for _, row := range s.Rows {
		for _, c := range row.Cells {
			col, num := cellName([]byte(c.R))
			if row.R == "" || c.R == "" || c.V == nil || c.T != "" && c.T != "n" && c.T != "str" {
				return nil, false
			}
			if *c.V == "" || c.T != "str" && strings.TrimSpace(*c.V) == "" {
				continue
			}
			places[fmt.Sprint(num, col)] = true
		}
	}
	return places, true
}

// FuzzStrings: no panic, only faults, and the memory that is held is counted.
func FuzzStrings(f *testing.F) {
	f.Add([]byte(usual()["xl/sharedStrings.xml"]))
	f.Add([]byte(`<sst count="9" uniqueCount="1"><si><t xml:space="preserve"> a&amp;b </t><rPh sb="0" eb="1"><t>c</t></rPh></si><si/><extLst/></sst>`))
	f.Add([]byte("\xef\xbb\xbf<sst><si><t>_xD83D__xDE00_&#xD83D;&#xDE00;\r\n</t></si></sst>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		src, err := decoded(bytes.NewReader(body))
		if err != nil {
			isFault(t, err)
			return
		}
		held := &room{1 << 16}
		st, err := readStrings(src, 1000, held)
		if err != nil {
			isFault(t, err)
			return
		}
		size := int64(0)
		for i := range st.n {
			s, ok := st.at(i)
			if !ok {
				t.Fatalf("no string %d", i)
			}
			size += int64(len(s)) + headerBytes
		}
		if size != 1<<16-held.left {
			t.Errorf("%d bytes are held and %d counted", size, 1<<16-held.left)
		}
	})
}

// FuzzParts: the parts that say where sheets are and what styles mean, and the comments.
func FuzzParts(f *testing.F) {
	u := usual()
	f.Add(u["xl/workbook.xml"], u["xl/_rels/workbook.xml.rels"], u["xl/styles.xml"], `<comments><commentList><comment ref="A1"><text><t>x</t></text></comment></commentList></comments>`)
	f.Add(`<workbook><workbookPr date1904="1"/><sheets><sheet name="a&amp;b" state="veryHidden" id="rId1"/></sheets></workbook>`, relsHead+`<Relationship Id="rId1" Type="/worksheet" Target="/xl\worksheets/../worksheets/sheet%31.xml"/></Relationships>`,
		`<styleSheet><numFmts><numFmt numFmtId="14" formatCode="[h]:mm;&quot;"/></numFmts><cellXfs><xf numFmtId="14"/></cellXfs></styleSheet>`, "")
	f.Fuzz(func(t *testing.T, workbook, rels, styles, comments string) {
		book, err := open(pack(with(map[string]string{
			"xl/workbook.xml": workbook, "xl/_rels/workbook.xml.rels": rels, "xl/styles.xml": styles, "xl/worksheets/sheet1.xml": data(`<row><c s="1"><v>1</v></c></row>`),
			"xl/worksheets/_rels/sheet1.xml.rels": relsHead + `<Relationship Id="a" Type="/comments" Target="../c.xml"/></Relationships>`, "xl/c.xml": comments,
		})), Options{})
		if err != nil {
			isFault(t, err)
			return
		}
		for i := range book.Sheets {
			if _, _, err := rows(book, i); err != nil {
				isFault(t, err)
			}
			if _, err := book.Comments(i); err != nil {
				isFault(t, err)
			}
		}
	})
}
