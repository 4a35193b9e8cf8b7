package mappings_test

import (
	"slices"
	"strings"
	"testing"

	"palermo/mappings"
)

// FuzzRecognise holds all built-in mappings against rows: lines of text, their cells parted by tabs.
func FuzzRecognise(f *testing.F) {
	set, ds, err := mappings.Load(mappings.Builtin())
	if err != nil || len(ds) > 0 {
		f.Fatal(ds, err)
	}
	for _, m := range set.Mappings {
		for i := range m.Tables {
			f.Add("sheet", "title\n\n"+strings.Join(slices.Concat(m.Tables[i].Recognise.Headers, []string{"more"}), "\t")+"\n1\t2\t3")
		}
	}
	f.Add("", "Iso3_code\tCountry\tRegion\tSubregion\tIndicator\tDimension\tCategory\tSex\tAge\tYear\tUnit of measurement\ttxtVALUE\tSource")
	f.Fuzz(func(t *testing.T, sheet, text string) {
		var rows []mappings.PreviewRow
		for i, line := range strings.Split(text, "\n") {
			rows = append(rows, mappings.PreviewRow{Num: i + 1, Cells: strings.Split(line, "\t")})
		}
		for _, c := range set.Recognise(sheet, rows) {
			if !c.Unheaded && (c.HeaderRow < 1 || c.HeaderRow > len(rows)) {
				t.Fatalf("the header is said to stand in row %d of %d", c.HeaderRow, len(rows))
			}
			if c.Matches() && len(c.HeaderCells(rows)) == 0 {
				t.Fatal("a table is known by a header without cells")
			}
			c.HeaderParts(rows)
			c.Near()
		}
	})
}
