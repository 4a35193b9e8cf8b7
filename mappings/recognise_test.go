package mappings

import "testing"

// TestHolds: of two tables with one header, that is recognised which is about the right thing; the other is
// no new form of the source either.
func TestHolds(t *testing.T) {
	m := &Mapping{Source: Source{ID: "office"}, Tables: []Table{{
		Recognise: Recognise{Headers: []string{"Year", "SERIES", "Value"}, Holds: []Holds{{Column: "SERIES", Is: []string{"ALL"}, Starts: []string{"VC_HTF_"}}}},
		Ignore:    []string{"Year", "SERIES", "Value"},
	}}}
	set := &Set{Mappings: []*Mapping{m}}
	rows := func(series ...string) []PreviewRow {
		out := []PreviewRow{{Num: 1, Cells: []string{"A title"}}, {Num: 3, Cells: []string{"Year", "SERIES", "Value"}}}
		for i, s := range series {
			out = append(out, PreviewRow{Num: 4 + i, Cells: []string{"2031", s, "1"}})
		}
		return out
	}
	for _, tt := range []struct {
		name          string
		rows          []PreviewRow
		matches, near bool
	}{
		{"a beginning", rows("", "VC_HTF_DETV"), true, false},
		{"a word", rows(" ALL "), true, false},
		{"something else", rows("VC_IHR_PSRC", "VC_IHR_PSRCN"), false, false},
		{"no rows", rows(), false, false},
		{"a short row", append(rows(), PreviewRow{Num: 5, Cells: []string{"2031"}}), false, false},
		{"a header is missing", []PreviewRow{{Num: 1, Cells: []string{"Year", "SERIES"}}, {Num: 2, Cells: []string{"2031", "VC_HTF_DETV"}}}, false, true},
		{"a header is missing, and something else", []PreviewRow{{Num: 1, Cells: []string{"Year", "SERIES"}}, {Num: 2, Cells: []string{"2031", "X"}}}, false, false},
	} {
		best := set.Recognise("", tt.rows)
		if len(best) != 1 || best[0].Matches() != tt.matches || best[0].Near() != tt.near {
			t.Errorf("%s: %+v, want matches %t, near %t", tt.name, best, tt.matches, tt.near)
		}
	}
}
