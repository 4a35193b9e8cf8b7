package pipeline_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"palermo/fixtures"
	"palermo/pipeline"
)

// histories counts persons by year, territory and lists, without the code that is tested. person
// says who a record is of.
func histories(t *testing.T, home string, person func(record string) string) map[string]int {
	t.Helper()
	on := map[string]map[string]bool{} // "year territory person" to lists
	for _, row := range query(t, openNewestSteward(t, home), `SELECT r.record_id, r.source_id,
		CASE WHEN year(coalesce(registration_from, identification_from, referral_from, interview_date_from)) = year(coalesce(registration_to, identification_to, referral_to, interview_date_to))
			THEN year(coalesce(registration_from, identification_from, referral_from, interview_date_from))::VARCHAR ELSE '-' END, coalesce(reporting_country_code, '-')
		FROM record AS r WHERE r.is_current`) {
		f := strings.Split(row, "|")
		at := f[2] + " " + f[3] + " " + person(f[0])
		if on[at] == nil {
			on[at] = map[string]bool{}
		}
		on[at][f[1]] = true
	}
	out := map[string]int{}
	for at, lists := range on {
		f := strings.Fields(at)
		out[f[0]+" "+f[1]+" "+strings.Join(slices.Sorted(maps.Keys(lists)), "+")]++
	}
	return out
}

// published is the histories of a draw.
func published(t *testing.T, home string, draw int) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, row := range query(t, openNewestSteward(t, home), fmt.Sprintf(`SELECT coalesce(year::VARCHAR, '-'), coalesce(territory_code, '-'), lists, combination, persons
		FROM capture_history WHERE draw = %d`, draw)) {
		f := strings.Split(row, "|")
		var on []string
		for i, l := range strings.Split(f[2], "; ") {
			if f[3][i] == '1' {
				on = append(on, l)
			}
		}
		n, err := strconv.Atoi(f[4])
		check(t, err)
		out[f[0]+" "+f[1]+" "+strings.Join(on, "+")] = n
	}
	return out
}

// onSeveral is how many persons stand on more than one list of their year and territory.
func onSeveral(h map[string]int) (n int) {
	for at, persons := range h {
		if strings.Contains(at, "+") {
			n += persons
		}
	}
	return n
}

// TestCaptureHistories: draw 0 is the published persons, and the true number of persons on several
// lists lies among those of the draws.
func TestCaptureHistories(t *testing.T) {
	t.Parallel()
	files, truth := caseFiles(t, fixtures.CasesOptions{CTM: 900, RCP: 500, Seed: 5})
	home := newHome(t, files)
	run(t, home, pipeline.Options{})
	members := memberships(t, home)
	if d := cmp.Diff(histories(t, home, func(r string) string { return members[r].person }), published(t, home, 0)); d != "" {
		t.Fatalf("draw 0 (-persons +histories):\n%s", d)
	}
	if want, drawn := trueAndDrawn(t, home, truth); want == 0 || slices.Min(drawn) > want || slices.Max(drawn) < want {
		t.Errorf("on several lists: truth %d, drawn %v", want, drawn)
	}
	db := openNewestSteward(t, home)
	if got := query(t, db, `SELECT source_id, operator, dependent_with, overlaps_with FROM capture_list ORDER BY 1`); strings.Join(got, " ") != "iom_ctm|IOM|rcp|rcp rcp|IOM|iom_ctm|iom_ctm" {
		t.Errorf("lists: %v", got)
	}
	if got := query(t, db, `SELECT DISTINCT lists, dependent FROM capture_history WHERE lists LIKE '%;%'`); strings.Join(got, " ") != "iom_ctm; rcp|iom_ctm ~ rcp" {
		t.Errorf("dependent lists: %v", got)
	}
	if got := query(t, open(t, home), `SELECT count(*) FROM information_schema.tables WHERE table_name LIKE 'capture%'`); got[0] != "0" {
		t.Error("analysts have capture histories")
	}
}

// TestCaptureHistoriesWithoutNames: where one list has no names, much is in doubt; the
// published persons are on too few lists, and the truth lies among the draws.
func TestCaptureHistoriesWithoutNames(t *testing.T) {
	t.Parallel()
	wholeRun(t)
	files, truth := caseFiles(t, fixtures.CasesOptions{CTM: 900, RCP: 500, Seed: 5})
	for name, b := range files {
		if strings.HasSuffix(name, "regional_workbook.xlsx") {
			files[name] = withoutNames(t, b)
		}
	}
	home := newHome(t, files)
	run(t, home, pipeline.Options{})
	want, drawn := trueAndDrawn(t, home, truth)
	got := onSeveral(published(t, home, 0))
	if slices.Min(drawn) > want || slices.Max(drawn) < want || slices.Min(drawn) == slices.Max(drawn) || got > want*9/10 {
		t.Errorf("on several lists: truth %d, published %d, drawn %v", want, got, drawn)
	}
}

// trueAndDrawn is how many persons stand on several lists in truth, and in each draw.
func trueAndDrawn(t *testing.T, home string, truth []map[string]string) (want int, drawn []int) {
	t.Helper()
	id, of := stewardRecord(t), map[string]string{}
	for _, r := range truth {
		of[id(r)] = r["person"]
	}
	want = onSeveral(histories(t, home, func(r string) string { return of[r] }))
	for n := 1; n <= 20; n++ {
		drawn = append(drawn, onSeveral(published(t, home, n)))
	}
	t.Logf("on several lists: truth %d, published %d, drawn %v", want, onSeveral(published(t, home, 0)), drawn)
	return want, drawn
}
