package extract

import (
	"context"
	"io"
	"strings"
	"testing"
)

// FuzzODS changes the content of a spreadsheet.
func FuzzODS(f *testing.F) {
	const head = `<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>`
	const tail = `</office:spreadsheet></office:body></office:document-content>`
	f.Add(head + `<table:table table:name="a"><table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-repeated="3" office:value-type="float" office:value="7"><text:p>7</text:p></table:table-cell></table:table-row></table:table>` + tail)
	f.Add(head + `<table:table table:name="a"><!-- > --></table:table><table:table table:name="b"><table:table-header-rows><table:table-row><table:covered-table-cell office:value-type="time" office:time-value="PT1H"/><table:table-cell><text:p>a<text:s text:c="2"/><![CDATA[x]]></text:p></table:table-cell></table:table-row></table:table-header-rows></table:table>` + tail)
	f.Fuzz(func(t *testing.T, content string) {
		in := &File{o: Options{MaxPartBytes: 1 << 16}.withDefaults()}
		b := &odsBook{f: in, open: func() io.Reader { return strings.NewReader(content) }}
		if b.list() != nil {
			return
		}
		for _, s := range in.sheets {
			last := 0
			for r, err := range s.Rows(context.Background()) {
				if err == nil && (r.Num <= last || r.Num > maxSheetRows || len(r.Cells) > maxSheetCols) {
					t.Fatal("a row that is none of a sheet")
				}
				last = r.Num
			}
		}
	})
}
