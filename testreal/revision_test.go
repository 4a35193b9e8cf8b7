package testreal

import (
	"slices"
	"strings"
	"testing"
)

// TestRevisionReal counts what changed between the vintages of 2023 and 2025 in the raw XML, where no free text tells
// cells apart, and compares: cells in both, changed, gone and new.
func TestRevisionReal(t *testing.T) {
	db, _ := open(t)
	cells := func(folder string) map[string][]string {
		rows := rawRows(t, folder)
		col := map[string]int{}
		for i, h := range rows[2].Cells {
			col[h] = i
		}
		out := map[string][]string{}
		for _, r := range rows[3:] {
			at := func(h string) string { return r.Cells[col[h]] }
			if d := at("Dimension"); d != "Total" && d != "by form of exploitation" {
				continue
			}
			code := at("Iso3_code")
			if code == "" {
				code = at("Country") // Sark
			}
			key := strings.Join([]string{code, at("Indicator"), at("Dimension"), at("Category"), at("Sex"), at("Age"), at("Year")}, "|")
			out[key] = append(out[key], strings.ReplaceAll(at("txtVALUE"), ",", ""))
		}
		for _, v := range out {
			slices.Sort(v)
		}
		return out
	}
	older, newer := cells("2023-05-30"), cells("2025-04-14")
	want := map[string]int{}
	for key, v := range older {
		switch w, ok := newer[key]; {
		case !ok:
			want["gone"]++
		case slices.Equal(v, w):
			want["same"]++
		default:
			want["changed"]++
		}
	}
	for key := range newer {
		if older[key] == nil {
			want["new"]++
		}
	}
	for change, n := range want {
		got := number(t, db, `SELECT count(*) FROM revision WHERE source_id = 'unodc_glotip' AND vintage_from = DATE '2023-05-30' AND vintage_to = DATE '2025-04-14'
			AND dimension_code IN ('total', 'by_exploitation') AND change = ?`, change)
		if got != n || n < 100 {
			t.Errorf("%s: %d cells, other code finds %d", change, got, n)
		}
	}
	all := number(t, db, `SELECT count(*) FROM revision`)
	if gone := number(t, db, `SELECT count(*) FROM revision WHERE change = 'gone' AND reporter_scope_code = 'regional_aggregate'`); gone == 0 || all < 55000 {
		t.Errorf("%d cells, %d of regions gone", all, gone)
	}
	t.Logf("cells without free text: %v; all: same %d, changed %d, gone %d, new %d", want,
		number(t, db, `SELECT count(*) FROM revision WHERE change = 'same'`), number(t, db, `SELECT count(*) FROM revision WHERE change = 'changed'`),
		number(t, db, `SELECT count(*) FROM revision WHERE change = 'gone'`), number(t, db, `SELECT count(*) FROM revision WHERE change = 'new'`))
	if n := number(t, db, `SELECT count(DISTINCT states_status) FROM coverage`); n < 3 {
		t.Errorf("coverage knows %d statuses of states", n)
	}
	if n := number(t, db, `SELECT count(*) FROM definition_crosswalk WHERE element = 'purpose' AND source_id = 'unodc_glotip' AND standing = 'named'`); n == 0 {
		t.Error("no word of GLOTIP stands in Article 3")
	}
}
