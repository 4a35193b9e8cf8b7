package mappings

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestApprovals(t *testing.T) {
	for name, tt := range map[string]struct{ csv, want string }{
		"without":             {"source_value,code,note\nF,female,\n", ""},
		"with":                {ApprovedHeader + "\nF,female,,equal,A. Steward,2026-05-30\nM,male,,,,\n", ""},
		"another header":      {"source_value,code,note,by\nF,female,,x\n", "may go on with equivalence"},
		"no such equivalence": {ApprovedHeader + "\nF,female,,same,A,2026-05-30\n", "an equivalence is"},
		"nobody":              {ApprovedHeader + "\nF,female,,equal,,2026-05-30\n", "both who and when"},
		"never":               {ApprovedHeader + "\nF,female,,equal,A,\n", "both who and when"},
		"another form of day": {ApprovedHeader + "\nF,female,,equal,A,30.05.2026\n", "written as 2026-05-30"},
		"too few cells":       {ApprovedHeader + "\nF,female,\n", "wrong number of fields"},
	} {
		fsys := fstest.MapFS{
			"x/mapping.yaml":  {Data: []byte("source: {id: x, title: X}\ntables: [{vintage: a, recognise: {headers: [S]}, target: statistic, columns: [{from: S, to: sex_code, codes: sex}]}]\n")},
			"x/codes/sex.csv": {Data: []byte(tt.csv)},
		}
		m, ds, err := Decode(fsys, "x")
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, d := range ds {
			found = append(found, d.String())
		}
		if all := strings.Join(found, "\n"); tt.want == "" && all != "" || !strings.Contains(all, tt.want) {
			t.Errorf("%s: %q, want %q", name, all, tt.want)
		}
		if tt.want == "" && name == "with" {
			if e := m.Codes("sex").Lookup("F"); e.Equivalence != "equal" || e.ApprovedBy != "A. Steward" || e.ApprovedOn != "2026-05-30" {
				t.Errorf("%+v", e)
			}
		}
	}
}
