package testreal

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"palermo/fixtures"
)

// TestFilledTemplate compares the one case that the standard's authors filled in with the raw XML of the
// workbook: what stands in its cells, in the standard's words.
func TestFilledTemplate(t *testing.T) {
	db, ids := openSources(t)
	const path = "htcds/v1.0_with_sample_row/HTCDS Excel Spreadsheet multi select with validation v1.0.xlsm"
	rows, err := fixtures.RawSheetAt(realFile(strings.Split(path, "/")...), 1)
	if err != nil {
		t.Fatal(err)
	}
	var labels, filled []string
	cases := 0
	for _, r := range rows {
		texts := 0
		for _, c := range r.Cells {
			if c != "" {
				texts++
			}
		}
		switch {
		case r.Num == 3:
			labels = r.Cells
		case r.Num > 3 && texts > 1:
			cases++
			filled = r.Cells
		}
	}
	cell := func(label string) string { return filled[slices.Index(labels, label)] }
	id := ids[path]
	if got := number(t, db, `SELECT count(*) FROM record WHERE _submission = ?`, id); got != cases || got != 1 {
		t.Fatalf("%d records, the workbook has %d cases", got, cases)
	}
	lower := func(words string) string { // as codes are written
		return strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(words))
	}
	list := func(label string) []string { return strings.Split(cell(label), "; ") }
	for _, c := range []struct {
		table, field, label string
		codes               map[string]string // what is not said by the label itself
	}{
		{"record_citizenship", "citizenship_code", "Nationality", map[string]string{"Angola": "AGO", "Fiji": "FJI"}},
		{"record_act", "way_code", "Method of Recruitment", map[string]string{"At work": "work"}},
		{"record_means", "means_code", "Methods of Control", map[string]string{"Threatens children/family": "threat_to_family", "Physical threats": "threat_of_violence"}},
		{"record_exploitation", "activity_code", "Forced Labour Industry", nil},
	} {
		var want []string
		for _, w := range list(c.label) {
			if code := c.codes[w]; code != "" {
				want = append(want, code)
			} else {
				want = append(want, lower(w))
			}
		}
		got := linesOf(t, db, `SELECT `+c.field+` FROM `+c.table+` WHERE _submission = ? ORDER BY ordinal`, id)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-raw +loaded):\n%s", c.label, d)
		}
	}
	var purposes []string
	for _, w := range append(list("Type of Exploitation"), list("Type of Sex Exploitation")...) {
		purposes = append(purposes, map[string]string{"Forced adoption": "illegal_adoption", "Remote Interactive Services": "remote_sexual_services"}[w])
		if purposes[len(purposes)-1] == "" {
			purposes[len(purposes)-1] = lower(w)
		}
	}
	if d := cmp.Diff(purposes, linesOf(t, db, `SELECT purpose_code FROM record_purpose WHERE _submission = ? ORDER BY ordinal`, id)); d != "" {
		t.Errorf("purposes (-raw +loaded):\n%s", d)
	}
	var serial int
	fmt.Sscan(cell("Incoming Referral Date"), &serial)
	when := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, serial)
	want := strings.Join([]string{when.Format("2006-01") + "-01", lower(cell("Status")), "change_of_location", "additional_services", "case_management"}, "|")
	got := linesOf(t, db, `SELECT strftime(referral_from, '%Y-%m-%d'), case_status_code, referral_reason_code, onward_referral_reason_code, record_kind_code FROM record WHERE _submission = ?`, id)
	if d := cmp.Diff([]string{want}, got); d != "" {
		t.Errorf("the record (-raw +loaded):\n%s", d)
	}
	// a child's or an adult's case is read against the law like any other: no age is stated here
	if got := linesOf(t, db, `SELECT definition_code FROM assessment AS a JOIN record AS r ON a.subject_id = r.record_id WHERE r._submission = ? ORDER BY 1`, id); !slices.Contains(got, "palermo") {
		t.Errorf("the case was assessed under %q", got)
	}
}

// TestNumberedRowsAreNoCases: the templates that nobody filled in hold a thousand numbers and no case.
func TestNumberedRowsAreNoCases(t *testing.T) {
	db, ids := openSources(t)
	for _, f := range sourceFiles {
		if f.source != "htcds" || strings.Contains(f.path, "sample_row") {
			continue
		}
		if n := number(t, db, `SELECT count(*) FROM record WHERE _submission = ?`, ids[f.path]); n != 0 {
			t.Errorf("%s: %d records", f.path, n)
		}
	}
}
