package pipeline_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"palermo/load/template"
	"palermo/pipeline"
	"palermo/schemas"
)

// TestToolsForms lets LibreOffice fill in the form of each source in several languages, and save it as a workbook and as a
// spreadsheet of its own. `make test-receipts` runs it.
func TestToolsForms(t *testing.T) {
	if _, err := exec.LookPath("soffice"); os.Getenv("PALERMO_RECEIPT_TOOLS") == "" || err != nil {
		t.Skip("not tested: `make test-receipts` runs this, where soffice is")
	}
	dir := t.TempDir()
	var jobs strings.Builder
	var files []string
	set := builtinSet(t)
	rows, forms := map[string]int{}, map[string]*template.Form{}
	for _, src := range pipeline.TemplateSources(set) {
		for _, lang := range spokenHere {
			form := formFor(t, src.Source, lang)
			path := filepath.Join(dir, src.Source+"-"+lang)
			write(t, path+".xlsx", formBytes(t, form))
			fmt.Fprintf(&jobs, "OPEN\t%s.xlsx\n", path)
			n := 0
			for i := range form.Sheets[:min(2, len(form.Sheets))] {
				n += 12
				for _, c := range fillIn(&form.Sheets[i], 12) {
					act := "TEXT"
					if c.typ == template.Day || c.typ == template.Whole || c.typ == template.Number {
						act = "TYPE"
					}
					fmt.Fprintf(&jobs, "%s\t%s\t%s\t%s\n", act, c.sheet, c.cell, c.text)
				}
			}
			fmt.Fprintf(&jobs, "SAVE\t%[1]s-filled.xlsx\tCalc MS Excel 2007 XML\nSAVE\t%[1]s-filled.ods\tcalc8\nCLOSE\n", path)
			files = append(files, path+"-filled.xlsx", path+"-filled.ods")
			forms[path+"-filled.xlsx"] = form
			rows[path+"-filled.xlsx"], rows[path+"-filled.ods"] = n, n
		}
	}
	list := filepath.Join(dir, "jobs")
	write(t, list, []byte(jobs.String()))
	if b, err := exec.Command("../.ci/office/work", list).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			sum := quiet(t, inspectedFile(t, f, schemas.Builtin(), set))
			if got := int(sum.Loaded) + sum.Skipped["no_consent"]; got != rows[f] || sum.Rejected > 0 {
				t.Errorf("%d rows of %d came back: %+v", got, rows[f], sum)
			}
			if form := forms[f]; form != nil {
				stillRefuses(t, f, form)
			}
		})
	}
}

// stillRefuses checks that LibreOffice took the checks for what they are: what it saved refuses the same, for the thousand rows
// below the last that it keeps.
func stillRefuses(t *testing.T, path string, form *template.Form) {
	t.Helper()
	book, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	s := &form.Sheets[0]
	dvs, err := book.GetDataValidations(s.Name)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range s.Columns {
		want := map[template.Type]string{template.Choice: "list", template.Day: "date", template.Whole: "whole", template.Number: "decimal"}[c.Type]
		if want == "" {
			continue
		}
		if !slices.ContainsFunc(dvs, func(d *excelize.DataValidation) bool {
			return d.Type == want && d.ShowErrorMessage && (d.ErrorStyle == nil || *d.ErrorStyle == "stop") && covers(d.Sqref, i+1, below(s)+500)
		}) {
			t.Errorf("%s: %s is not checked any more", s.Name, c.Header)
		}
	}
}

// covers reports whether the cell is in one of the ranges.
func covers(ranges string, col, row int) bool {
	for _, r := range strings.Fields(ranges) {
		from, to, ok := strings.Cut(r, ":")
		if !ok {
			to = from
		}
		c1, r1, err1 := excelize.CellNameToCoordinates(from)
		c2, r2, err2 := excelize.CellNameToCoordinates(to)
		if err1 == nil && err2 == nil && c1 <= col && col <= c2 && r1 <= row && row <= r2 {
			return true
		}
	}
	return false
}
