package testreal

import (
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"palermo/diag"
	"palermo/fixtures"
	"palermo/pipeline"
)

const (
	vpData  = "ctdc/CTDC_VPsynthetic_condensed.csv"
	excerpt = "ctdc/global_dataset_14_apr_2020_excerpt.csv"
)

// vpPublished asks for each variable of the victim-perpetrator data how many rows have each of its values,
// in the words of the publisher's own frequency tables.
var vpPublished = map[string]string{
	"yearRegister":          `CASE WHEN registration_year_low = registration_year_high THEN registration_year_low::VARCHAR ELSE registration_year_low || '-' || registration_year_high END`,
	"gender":                `CASE sex_code WHEN 'female' THEN 'Female' WHEN 'male' THEN 'Male' END`,
	"majorityStatus":        `CASE adult_code WHEN 'adult' THEN 'Adult' WHEN 'child' THEN 'Minor' END`,
	"isForcedLabour":        `CASE WHEN list_contains(string_split(purposes, ';'), 'forced_labour') THEN '1' END`,
	"isSexualExploit":       `CASE WHEN list_contains(string_split(purposes, ';'), 'sexual_exploitation') THEN '1' END`,
	"UN_COO_Region":         `replace(origin_region, ' or ', '/')`,
	"UN_COE_Region":         `replace(exploitation_region, ' or ', '/')`,
	"IP_Exploiter":          `CASE WHEN list_contains(string_split(perpetrator_roles, ';'), 'exploiter') THEN '1' END`,
	"IP_RecruiterBroker":    `CASE WHEN list_contains(string_split(perpetrator_roles, ';'), 'recruiter') THEN '1' END`,
	"IP_TransactionProcess": `CASE WHEN list_contains(string_split(perpetrator_roles, ';'), 'mover_or_trader') THEN '1' END`,
	"IP_ControlAbuseKidnap": `CASE WHEN list_contains(string_split(perpetrator_roles, ';'), 'controller_or_kidnapper') THEN '1' END`,
	"IP_Gender":             `regexp_replace(regexp_replace(perpetrator_sexes, '\bfemale', 'Female'), '\bmale', 'Male')`,
	"IP_ageBroad":           `replace(perpetrator_ages, '-', '--')`,
	"IP_citizen_UNRegion":   `replace(perpetrator_regions, ' or ', '/')`,
	"IP_Relation":           `replace(replace(replace(recruiter_relationships, 'stranger_or_other', 'StrangerUnknownOther'), 'friend', 'FriendAcquaintance'), 'family_or_partner', 'FamilyIntimatePartner')`,
	"IP_PayMoney":           `CASE perpetrator_paid_code WHEN 'yes' THEN 'Yes' WHEN 'no' THEN 'No' END`,
}

// frequencies is the publisher's frequency tables: by variable, the rows that have each value.
func frequencies(t *testing.T) map[string]map[string]int {
	t.Helper()
	rows, err := fixtures.RawSheetAt(realFile("ctdc", "CTDC_VPsynthetic_dict_20221201.xlsx"), 2)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]int{}
	var at string
	for _, r := range rows {
		cell := func(i int) string {
			if i < len(r.Cells) {
				return r.Cells[i]
			}
			return ""
		}
		var n int
		fmt.Sscan(cell(2), &n)
		switch {
		case vpPublished[cell(0)] != "":
			at = cell(0)
			out[at] = map[string]int{}
		case cell(0) == "Missing" || cell(0) == "Total":
			if cell(0) == "Missing" {
				out[at][""] = n
			}
		case n > 0 && cell(1) != "" && cell(1) != "Total":
			value := cell(1)
			if at == "IP_PayMoney" && value == "No;Yes" { // one of several perpetrators was paid
				value = "Yes"
			}
			out[at][sorted(value)] += n
		}
	}
	return out
}

// sorted is the values of a joined text in alphabetical order.
func sorted(joined string) string {
	parts := strings.Split(joined, ";")
	slices.Sort(parts)
	return strings.Join(parts, ";")
}

// TestVictimPerpetratorFrequencies compares every variable with the publisher's frequency tables.
func TestVictimPerpetratorFrequencies(t *testing.T) {
	db, ids := openSources(t)
	published := frequencies(t)
	if len(published) != len(vpPublished) {
		t.Fatalf("the dictionary has %d of the %d variables", len(published), len(vpPublished))
	}
	for _, name := range slices.Sorted(maps.Keys(vpPublished)) {
		got := map[string]int{}
		for _, line := range linesOf(t, db, `SELECT coalesce(`+vpPublished[name]+`, ''), count(*) FROM released_case WHERE _submission = ? GROUP BY 1`, ids[vpData]) {
			i := strings.LastIndex(line, "|")
			var n int
			fmt.Sscan(line[i+1:], &n)
			got[sorted(line[:i])] += n
		}
		if d := cmp.Diff(published[name], got); d != "" {
			t.Errorf("%s (-published +counted):\n%s", name, d)
		}
	}
}

// rawCSV is a file of text as maps from header to cell.
func rawCSV(t *testing.T, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(realFile(strings.Split(path, "/")...))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, rec := range all[1:] {
		row := map[string]string{}
		for i, h := range all[0] {
			row[h] = strings.TrimSpace(rec[i])
		}
		out = append(out, row)
	}
	return out
}

// TestExcerptOfTheGlobalDataset counts again in the raw file what the rows state and deny.
func TestExcerptOfTheGlobalDataset(t *testing.T) {
	db, ids := openSources(t)
	rows := rawCSV(t, excerpt)
	count := func(of func(map[string]string) bool) int {
		n := 0
		for _, r := range rows {
			if of(r) {
				n++
			}
		}
		return n
	}
	means := func(r map[string]string) (yes, no int) {
		for h, v := range r {
			if strings.HasPrefix(h, "meansOfControl") && h != "meansOfControlNotSpecified" && h != "meansOfControlConcatenated" {
				yes += map[string]int{"1": 1}[v]
				no += map[string]int{"0": 1}[v]
			}
		}
		return yes, no
	}
	exploited := func(r map[string]string) bool {
		for _, h := range []string{"isForcedLabour", "isSexualExploit", "isOtherExploit", "isForcedMarriage", "isForcedMilitary", "isOrganRemoval", "isSlaveryAndPractices"} {
			if r[h] == "1" {
				return true
			}
		}
		return false
	}
	contains := func(field, code string) string {
		return `list_contains(string_split(coalesce(` + field + `, ''), ';'), '` + code + `')`
	}
	for _, c := range []struct {
		name, where string
		want        int
	}{
		{"rows", `true`, len(rows)},
		{"hotline", `record_kind_code = 'hotline'`, count(func(r map[string]string) bool { return r["Datasource"] == "Hotline" })},
		{"registered in 2002", `registration_year_low = 2002 AND registration_year_high = 2002`, count(func(r map[string]string) bool { return r["yearOfRegistration"] == "2002" })},
		{"children", `age_years_high < 18`, count(func(r map[string]string) bool { return r["ageBroad"] == "0--8" || r["ageBroad"] == "9--17" })},
		{"no age", `age_years_status = 'not_collected'`, count(func(r map[string]string) bool { return r["ageBroad"] == "-99" })},
		{"country unknown", `citizenship_code_status = 'unknown'`, count(func(r map[string]string) bool { return r["citizenship"] == "00" })},
		{"Moldova", `citizenship_code = 'MDA'`, count(func(r map[string]string) bool { return r["citizenship"] == "MD" })},
		{"minor at exploitation", `adult_at_exploitation_code = 'child'`, count(func(r map[string]string) bool { return r["majorityStatusAtExploit"] == "Minor" })},
		{"movement restricted", contains("means", "restricts_movement"), count(func(r map[string]string) bool { return r["meansOfControlRestrictsMovement"] == "1" })},
		{"any means", `means IS NOT NULL`, count(func(r map[string]string) bool { yes, _ := means(r); return yes > 0 })},
		{"means unknown", `means_status = 'unknown'`, count(func(r map[string]string) bool {
			yes, _ := means(r)
			return yes == 0 && r["meansOfControlNotSpecified"] == "1"
		})},
		{"means denied", `means_denied IS NOT NULL`, count(func(r map[string]string) bool {
			yes, no := means(r)
			return yes > 0 && no > 0 && r["meansOfControlNotSpecified"] != "1"
		})},
		{"sexual exploitation", contains("purposes", "sexual_exploitation"), count(func(r map[string]string) bool { return r["isSexualExploit"] == "1" })},
		{"sexual exploitation denied", contains("purposes_denied", "sexual_exploitation"), count(func(r map[string]string) bool { return r["isSexualExploit"] == "0" && exploited(r) })},
		{"forced labour denied", contains("purposes_denied", "forced_labour"), count(func(r map[string]string) bool { return r["isForcedLabour"] == "0" && exploited(r) })},
		{"zeros of whom nothing is known", `purposes_status = 'not_collected'`, count(func(r map[string]string) bool { return !exploited(r) })},
		{"peddling", contains("activities", "street_vending"), count(func(r map[string]string) bool { return r["typeOfLabourPeddling"] == "1" })},
		{"recruited by family", contains("recruiter_relationships", "family"), count(func(r map[string]string) bool { return r["recruiterRelationFamily"] == "1" })},
		{"abduction denied", `abduction_code = 'no'`, count(func(r map[string]string) bool { return r["isAbduction"] == "0" })},
	} {
		if got := number(t, db, `SELECT count(*) FROM released_case WHERE _submission = ? AND `+c.where, ids[excerpt]); got != c.want {
			t.Errorf("%s: %d, the raw file has %d", c.name, got, c.want)
		}
	}
}

// TestReleasesAreNobody: equal rows of a release are all there, none is in any table of persons or
// records, and who asks for them to be linked is refused by what they are.
func TestReleasesAreNobody(t *testing.T) {
	db, ids := openSources(t)
	distinct := map[string]bool{}
	rows := rawCSV(t, excerpt)
	for _, r := range rows {
		distinct[fmt.Sprint(r)] = true
	}
	if len(distinct) >= len(rows)/2 {
		t.Fatalf("%d of %d rows differ: there is nothing to test", len(distinct), len(rows))
	}
	for _, path := range []string{excerpt, vpData} {
		if n := number(t, db, `SELECT count(*) FROM diagnostic WHERE submission_id = ? AND code LIKE 'key.%'`, ids[path]); n != 0 {
			t.Errorf("%s: %d rows are said to repeat others", path, n)
		}
		if n := number(t, db, `SELECT count(*) FROM record WHERE _submission = ?`, ids[path]); n != 0 {
			t.Errorf("%s: %d rows are records", path, n)
		}
	}
	if got, want := number(t, db, `SELECT count(*) FROM person_record`), number(t, db, `SELECT count(*) FROM record`); got != want {
		t.Errorf("%d records have a person, there are %d", got, want)
	}
	home, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	lake, err := filepath.Glob(filepath.Join(home, "lake", "*", "released_case*.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	current, err := filepath.Glob(filepath.Join(home, "current", "parquet", "released_case", "*.parquet"))
	if err != nil || len(lake)+len(current) == 0 {
		t.Fatal("no file of released cases", err)
	}
	for _, file := range append(lake, current...) {
		_, err := pipeline.LinkFiles(t.Context(), pipeline.LinkOptions{Files: []string{file}, Out: filepath.Join(t.TempDir(), "out"), ID: "released_case_id"})
		if err == nil || !strings.Contains(err.Error(), string(diag.LinkReleased)) {
			t.Errorf("%s: %v, want %s", filepath.Base(file), err, diag.LinkReleased)
		}
	}
}
