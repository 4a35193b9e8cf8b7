package testreal

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"palermo/load/template"
	"palermo/mappings"
	"palermo/pipeline"
	"palermo/schemas"
)

// TestFormOfHTCDS holds our template of the standard against the standard's own workbook: its headers, and on its sheet
// "validation" its lists.
func TestFormOfHTCDS(t *testing.T) {
	set, ds, err := mappings.Load(mappings.Builtin())
	if err != nil || len(ds) > 0 {
		t.Fatal(ds, err)
	}
	form, err := pipeline.Template(schemas.Builtin(), set, "htcds", "en")
	if err != nil {
		t.Fatal(err)
	}
	ours := map[string]template.Column{}
	for _, c := range form.Sheets[0].Columns {
		ours[c.Header] = c
	}
	f, err := excelize.OpenFile(realFile("htcds", "v2.0", "HTCDS Excel Spreadsheet single select with validation v2.0.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	theirs, err := f.GetRows("Case Sheet")
	if err != nil {
		t.Fatal(err)
	}
	known := set.Source("htcds").Tables[slices.IndexFunc(set.Source("htcds").Tables, func(e mappings.Table) bool { return e.Vintage == "template v2.0" })].Ignore
	asked := 0
	for _, h := range theirs[1] {
		h = mappings.Word(h)
		if _, ok := ours[h]; ok {
			asked++
		} else if h != "" && !slices.Contains(known, h) {
			t.Errorf("the template does not ask %q", h)
		}
	}
	if asked < 30 {
		t.Errorf("%d columns of the standard are asked", asked)
	}
	lists, err := f.GetCols("validation")
	if err != nil {
		t.Fatal(err)
	}
	held := 0
	for _, col := range lists {
		if len(col) < 4 {
			continue
		}
		header := mappings.Word(col[2])
		c, ok := ours[header]
		if !ok {
			continue
		}
		var want []string
		for _, w := range col[3:] {
			if w = mappings.Word(w); w != "" {
				want = append(want, w)
			}
		}
		got := slices.Clone(c.Words)
		if header == "Forced Labour Industry" { // in the order of our own list
			slices.Sort(want)
			slices.Sort(got)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", header, d)
		}
		held++
	}
	if held < 9 {
		t.Errorf("%d lists were compared", held)
	}
	if c := ours["Citizenship"]; len(c.Words) < 249 || strings.Join(c.Words[:1], "") != "Afghanistan" {
		t.Errorf("%d citizenships, from %q", len(c.Words), c.Words[0])
	}
}
