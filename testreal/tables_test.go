package testreal

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"palermo/extract"
	"palermo/fixtures"
	"palermo/mappings"
	"palermo/pipeline"
)

// tableFile is one real file of tables, and what becomes of it: the source and the vintage, or none.
type tableFile struct {
	path    []string
	source  string // empty: no mapping knows it, and none may
	vintage string
	read    int // rows, or value cells where the table is unpivoted; of the sheets that are known
}

var tableFiles = []tableFile{
	{[]string{"national_sdg_16_2_2", "ba_indicator_16-2-2.csv"}, "sdg_16_2_2", "Bosnia and Herzegovina", 293},
	{[]string{"national_sdg_16_2_2", "ba-srp_indicator_16-2-2.csv"}, "sdg_16_2_2", "Republika Srpska (Bosnia and Herzegovina)", 156},
	{[]string{"national_sdg_16_2_2", "ba-bih_indicator_16-2-2.csv"}, "sdg_16_2_2", "Federation of Bosnia and Herzegovina", 24},
	{[]string{"national_sdg_16_2_2", "hr_indicator_16-2-2.csv"}, "sdg_16_2_2", "Croatia", 96},
	{[]string{"national_sdg_16_2_2", "md_indicator_16-2-2_2023.csv"}, "sdg_16_2_2", "Republic of Moldova", 325},
	{[]string{"national_sdg_16_2_2", "me_indicator_16-2-2.csv"}, "sdg_16_2_2", "Montenegro", 14},
	{[]string{"national_sdg_16_2_2", "gb_indicator_16-2-2.csv"}, "sdg_16_2_2", "United Kingdom", 429},
	{[]string{"national_sdg_16_2_2", "mt_indicator_16-2-2.csv"}, "sdg_16_2_2", "Malta", 84},
	{[]string{"national_sdg_16_2_2", "jm_indicator_16-2-2.csv"}, "sdg_16_2_2", "Jamaica", 35},
	{[]string{"national_sdg_16_2_2", "es-pv_indicator_16-2-2.csv"}, "sdg_16_2_2", "Basque Country (Spain)", 47},
	{[]string{"national_sdg_16_2_2", "es-cn_indicator_16-2-2.csv"}, "sdg_16_2_2", "Canary Islands (Spain)", 90},
	{[]string{"national_sdg_16_2_2", "ua_indicator_16-2-2.csv"}, "", "", 0}, // land cleared of mines, under the same number

	{[]string{"uk_nrm", "2013_exploitation_type.csv"}, "uk_nrm", "2013, by exploitation", 11 * 3},
	{[]string{"uk_nrm", "2014_exploitation_type.csv"}, "uk_nrm", "2014, by exploitation", 12 * 4},
	{[]string{"uk_nrm", "2015_exploitation_type.csv"}, "uk_nrm", "2015, by exploitation", 12 * 5},
	{[]string{"uk_nrm", "2013_referrals_all.csv"}, "uk_nrm", "2013, by nationality", 31 * 3},
	{[]string{"uk_nrm", "2014_referrals_all.csv"}, "uk_nrm", "2014, by nationality", 101 * 4},
	{[]string{"uk_nrm", "2015_referrals_all.csv"}, "uk_nrm", "2015, by nationality", 109 * 6},
	{[]string{"uk_nrm", "nrm_referrals_ngo_2023_q3.csv"}, "uk_nrm", "cube by first responder", 12238},
	{[]string{"uk_nrm", "nrm_referrals_longitudinal.csv"}, "uk_nrm", "quarters by place of exploitation", 870},

	{[]string{"india_ncrb", "purpose.csv"}, "ncrb", "by purpose, 12 purposes", 39 * 12},
	{[]string{"statcan", "trafficking_data.csv"}, "statcan", "CSV of the table, 16 columns", 80},
	{[]string{"walkfree_gsi", "gsi_prevalence.xlsx"}, "walkfree", "2023 edition, summary data", -1},

	// Tables that are no source of ours: of how many are on several lists, of codes of countries, of crimes in
	// general, and what a student drew from GLOTIP without what makes its rows distinct.
	{[]string{"agency_overlap", "UKdat.csv"}, "", "", 0},
	{[]string{"agency_overlap", "Ned.csv"}, "", "", 0},
	{[]string{"agency_overlap", "NewOrl.csv"}, "", "", 0},
	{[]string{"agency_overlap", "Western.csv"}, "", "", 0},
	{[]string{"country_codes", "all.csv"}, "", "", 0},
	{[]string{"country_codes", "country-codes.csv"}, "", "", 0},
	{[]string{"country_codes", "iso3166-3.json"}, "", "", 0},
	{[]string{"legacy_xls", "table-1.xls"}, "", "", 0},
	{[]string{"unodc_glotip", "derived", "Total_year_wise_data.csv"}, "", "", 0},
}

func (f tableFile) name() string { return strings.Join(f.path, "/") }

// tablesHome is one home with each of the files under a name that says nothing, run once for all tests.
var tablesHome = homeOf(func() (out []dropped) {
	for i, f := range tableFiles {
		out = append(out, dropped{f.path, fmt.Sprintf("agency_%02d/upload.bin", i)})
	}
	return out
})

// openTables is the database of the home, and the submission of each file.
func openTables(t *testing.T) (*sql.DB, map[string]string) {
	t.Helper()
	return openHome(t, tablesHome, func(s pipeline.Submission) string {
		n, err := strconv.Atoi(strings.TrimPrefix(s.Agency, "agency_"))
		if err != nil {
			t.Fatal(err)
		}
		return tableFiles[n].name()
	})
}

// TestTablesRecognised: each file is recognised by what it contains, each row is accounted for, and what is
// no source of ours has no source.
func TestTablesRecognised(t *testing.T) {
	db, ids := openTables(t)
	for _, f := range tableFiles {
		var source, vintage sql.NullString
		if err := db.QueryRow(`SELECT source_id, vintage_form FROM submission WHERE submission_id = ?`, ids[f.name()]).Scan(&source, &vintage); err != nil {
			t.Fatalf("%s: %v", f.name(), err)
		}
		if source.String != f.source || source.Valid == (f.source == "") || vintage.String != f.vintage {
			t.Errorf("%s: source %q, vintage %q; want %q, %q", f.name(), source.String, vintage.String, f.source, f.vintage)
		}
		if n := number(t, db, `SELECT count(*) FROM row_balance WHERE submission_id = ? AND read <> loaded + rejected + skipped`, ids[f.name()]); n > 0 {
			t.Errorf("%s: %d tables do not add up", f.name(), n)
		}
		if f.source == "" {
			if n := number(t, db, `SELECT coalesce(sum(loaded), 0) FROM row_balance WHERE submission_id = ?`, ids[f.name()]); n > 0 {
				t.Errorf("%s: %d rows were loaded", f.name(), n)
			}
			if n := number(t, db, `SELECT count(*) FROM diagnostic WHERE submission_id = ? AND code IN ('source.unknown', 'file.format')`, ids[f.name()]); n != 1 {
				t.Errorf("%s: %d findings say why it was refused, want 1", f.name(), n)
			}
			if n := number(t, db, `SELECT count(*) FROM diagnostic WHERE submission_id = ? AND code = 'vintage.unknown'`, ids[f.name()]); n > 0 {
				t.Errorf("%s is said to be a new form of a known source", f.name())
			}
			continue
		}
		read := number(t, db, `SELECT coalesce(sum(read), 0) FROM row_balance WHERE submission_id = ? AND loaded > 0`, ids[f.name()])
		rejected := number(t, db, `SELECT coalesce(sum(rejected), 0) FROM row_balance WHERE submission_id = ?`, ids[f.name()])
		blank := number(t, db, `SELECT coalesce(sum(skipped), 0) FROM row_balance WHERE submission_id = ? AND loaded > 0`, ids[f.name()])
		if f.read >= 0 && read-blank != f.read || rejected > 0 {
			t.Errorf("%s: read %d, skipped %d, rejected %d; the file has %d", f.name(), read, blank, rejected, f.read)
		}
		if n := number(t, db, `SELECT count(*) FROM diagnostic WHERE submission_id = ? AND code IN ('column.extra', 'column.missing')`, ids[f.name()]); n > 0 && !strings.Contains(f.name(), "ba-srp") {
			t.Errorf("%s: %d columns are not as the mapping says", f.name(), n)
		}
	}
}

// rawTable is a real text file, by a reader of the standard library: a row for each line, by its header.
func rawTable(t *testing.T, path ...string) []map[string]string {
	t.Helper()
	b, err := os.ReadFile(realFile(path...))
	if err != nil {
		t.Fatal(err)
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	b = bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	r := csv.NewReader(bytes.NewReader(b))
	r.FieldsPerRecord = -1
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, l := range lines[1:] {
		row := map[string]string{}
		for i, h := range lines[0] {
			if i < len(l) && h != "" {
				row[h] = l[i]
			}
		}
		out = append(out, row)
	}
	return out
}

// rawSum adds the column up over the rows in which the others hold what is said, without thousands marks. A blank,
// and a mark for none, is nothing.
func rawSum(t *testing.T, rows []map[string]string, column string, is map[string]string) float64 {
	t.Helper()
	sum := 0.0
	for _, r := range rows {
		fits := true
		for k, v := range is {
			fits = fits && strings.TrimSpace(r[k]) == v
		}
		text := strings.ReplaceAll(strings.TrimSpace(r[column]), ",", "")
		if !fits || text == "" || text == "-" || text == "NA" {
			continue
		}
		x, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatalf("%s is not a number", column)
		}
		sum += x
	}
	return sum
}

// total is one published total: the file, what of its column is added up, and the query that gives the same.
type total struct {
	path   []string
	column string
	is     map[string]string
	where  string // of statistic, beside the submission
}

type is = map[string]string

// totals is at least five of each source, over all its forms.
var totals = []total{
	{[]string{"national_sdg_16_2_2", "ba_indicator_16-2-2.csv"}, "Value", is{"Year": "2014", "SERIES": "VC_HTF_DETV", "SEX": "_T", "AGE": "_T"},
		`year = 2014 AND reporter_code = 'BIH' AND reporter_scope_code = 'country' AND dimension_code = 'total' AND sex_code = 'total' AND age_code = 'total' AND unit_code = 'persons'`},
	{[]string{"national_sdg_16_2_2", "ba_indicator_16-2-2.csv"}, "Value", is{"Year": "2014", "SERIES": "VC_HTF_DETV", "SEX": "M", "AGE": "_T"},
		`year = 2014 AND dimension_code = 'total' AND sex_code = 'male' AND age_code = 'total' AND unit_code = 'persons'`},
	{[]string{"national_sdg_16_2_2", "ba_indicator_16-2-2.csv"}, "Value", is{"SERIES": "VC_HTF_DETV", "SEX": "M", "AGE": "Y0T17"},
		`dimension_code = 'total' AND sex_code = 'male' AND age_years_high = 17 AND unit_code = 'persons'`},
	{[]string{"national_sdg_16_2_2", "ba-srp_indicator_16-2-2.csv"}, "Value", is{"SERIES": "VC_HTF_DETCA", "COMPOSITE_BREAKDOWN": "VC_HTF_03"},
		`indicator_code = 'offences' AND breakdown_value LIKE '%Article 146'`},
	{[]string{"national_sdg_16_2_2", "ba-srp_indicator_16-2-2.csv"}, "Value", is{"SERIES": "VC_HTF_DETV", "SEX": "F", "AGE": "_M"},
		`indicator_code = 'detected_victims' AND sex_code = 'female' AND age_code = 'child'`},
	{[]string{"national_sdg_16_2_2", "ba-bih_indicator_16-2-2.csv"}, "Value", is{"SORT": "TOT_VICTIM", "SEX": ""},
		`indicator_code = 'detected_victims' AND is_total`},
	{[]string{"national_sdg_16_2_2", "hr_indicator_16-2-2.csv"}, "31-40 godina", is{},
		`age_years_low = 31 AND age_years_high = 40`},
	{[]string{"national_sdg_16_2_2", "hr_indicator_16-2-2.csv"}, "Stariji od 50 godina", is{"Godina": "2018"},
		`year = 2018 AND age_years_low = 51`},
	{[]string{"national_sdg_16_2_2", "hr_indicator_16-2-2.csv"}, "Spolna eksploatacija", is{},
		`purpose_code = 'sexual_exploitation'`},
	{[]string{"national_sdg_16_2_2", "md_indicator_16-2-2_2023.csv"}, "Value", is{"Countries of destination": "Russian Federation"},
		`partner_code = 'RUS' AND partner_role_code = 'destination'`},
	{[]string{"national_sdg_16_2_2", "md_indicator_16-2-2_2023.csv"}, "Value", is{"Year": "2014", "Sex": "", "Groups of persons": "", "Countries of destination": "", "Forms of exploitation": ""},
		`year = 2014 AND dimension_code = 'total' AND sex_code = 'total' AND age_code = 'total'`},
	{[]string{"national_sdg_16_2_2", "me_indicator_16-2-2.csv"}, "Value", is{"Units": "count"}, `unit_code = 'persons'`},
	{[]string{"national_sdg_16_2_2", "gb_indicator_16-2-2.csv"}, "Value", is{"Year": "2021", "Sex": "", "Age": ""},
		`year = 2021 AND sex_code = 'total' AND age_code = 'total'`},
	{[]string{"national_sdg_16_2_2", "gb_indicator_16-2-2.csv"}, "Value", is{"Sex": "Female", "Age": "15 to 17"},
		`sex_code = 'female' AND age_years_low = 15 AND age_years_high = 17`},
	{[]string{"national_sdg_16_2_2", "mt_indicator_16-2-2.csv"}, "Value", is{"Sex": "Females"}, `sex_code = 'female'`},
	{[]string{"national_sdg_16_2_2", "mt_indicator_16-2-2.csv"}, "Value", is{"Broad citizenship": "Non-EU"},
		`citizenship_code_as_reported = 'Non-EU' AND citizenship_scope_code = 'region' AND dimension_code = 'by_citizenship'`},
	{[]string{"national_sdg_16_2_2", "jm_indicator_16-2-2.csv"}, "Value", is{"Disaggregation Level": "17 Years and Under"}, `age_code = 'child'`},
	{[]string{"national_sdg_16_2_2", "es-pv_indicator_16-2-2.csv"}, "Value", is{"Explotacion": ""}, `dimension_code = 'total'`},
	{[]string{"national_sdg_16_2_2", "es-cn_indicator_16-2-2.csv"}, "Value", is{"general.territorio": "ES70", "SERIE_TEMPORAL.Encabezado": "SERIE_TEMPORAL.VC_HTF_DETVSX"},
		`reporter_scope_code = 'subnational' AND purpose_code = 'sexual_exploitation'`},

	{[]string{"uk_nrm", "2013_referrals_all.csv"}, "Total", is{"Nationality/ Country of Origin": "Total"}, `sex_code = 'total' AND citizenship_scope_code = 'total'`},
	{[]string{"uk_nrm", "2013_exploitation_type.csv"}, "Total", is{"Claimed exploitation Type": "Total"}, `sex_code = 'total' AND dimension_code = 'total'`},
	{[]string{"uk_nrm", "2014_referrals_all.csv"}, "Total", is{"Country of Origin": "Total"}, `sex_code = 'total' AND citizenship_scope_code = 'total'`},
	{[]string{"uk_nrm", "2014_referrals_all.csv"}, "Male", is{"Country of Origin": "Vietnam"}, `sex_code = 'male' AND citizenship_code = 'VNM'`},
	{[]string{"uk_nrm", "2014_exploitation_type.csv"}, "Transgender", is{"Claimed exploitation Type": "Total"}, `sex_code = 'other' AND dimension_code = 'total'`},
	{[]string{"uk_nrm", "2015_referrals_all.csv"}, "Labour Exploitation", is{"Nationality/ Country of Origin": "Eritrea"}, `purpose_code = 'forced_labour' AND citizenship_code = 'ERI'`},
	{[]string{"uk_nrm", "2015_referrals_all.csv"}, "2015 Total", is{"Nationality/ Country of Origin": "Total"}, `citizenship_scope_code = 'total' AND purpose_code_status = 'not_applicable'`},
	{[]string{"uk_nrm", "2015_exploitation_type.csv"}, "Total 2015", is{"Claimed exploitation Type": "Minor - Sexual Exploitation (UK national)"}, `age_code = 'child' AND sex_code = 'total' AND citizenship_code = 'GBR'`},
	{[]string{"uk_nrm", "nrm_referrals_ngo_2023_q3.csv"}, "People", is{"First responder": "NGO and third sector total", "Exploitation type": "Total", "Age at exploitation": "Total", "Gender": "Total", "Nationality": "Total"},
		`breakdown_value = 'NGO and third sector total; Total' AND age_code = 'total' AND sex_code = 'total' AND citizenship_scope_code = 'total'`},
	{[]string{"uk_nrm", "nrm_referrals_ngo_2023_q3.csv"}, "People", is{"First responder": "Migrant Help", "Exploitation type": "Labour", "Age at exploitation": "Adult (18 or over)", "Gender": "Male", "Nationality": "Total"},
		`breakdown_value = 'Migrant Help; Labour' AND age_code = 'adult' AND sex_code = 'male' AND citizenship_scope_code = 'total'`},
	{[]string{"uk_nrm", "nrm_referrals_longitudinal.csv"}, "NRM referrals", is{"Year": "2022", "Location of exploitation": "Total"}, `year = 2022 AND is_total`},
	{[]string{"uk_nrm", "nrm_referrals_longitudinal.csv"}, "NRM referrals", is{"Quarter": "Q3", "Location of exploitation": "UK", "Age at exploitation": "Child (17 or under)"},
		`breakdown_value = 'United Kingdom' AND age_years_high = 17 AND month(period_from) = 7`},

	{[]string{"india_ncrb", "purpose.csv"}, "Total Persons", is{"State/UT": "Total (All India)"}, `breakdown_value = 'India' AND dimension_code = 'total'`},
	{[]string{"india_ncrb", "purpose.csv"}, "Forced Labour", is{"Category": "State", "State/UT": "Rajasthan"}, `breakdown_value = 'Rajasthan' AND purpose_code = 'forced_labour'`},
	{[]string{"india_ncrb", "purpose.csv"}, "Drug Peddling", is{"State/UT": "Total (All India)"}, `reporter_scope_code = 'country' AND purpose_code = 'drug_crime'`},
	{[]string{"india_ncrb", "purpose.csv"}, "Removal of Organs", is{"State/UT": "Total (States)"}, `breakdown_value = 'all states' AND purpose_code = 'organ_removal'`},
	{[]string{"india_ncrb", "purpose.csv"}, "Total Persons", is{"Category": "UT", "State/UT": "Delhi"}, `breakdown_value = 'Delhi' AND is_total AND dimension_code = 'total'`},

	{[]string{"statcan", "trafficking_data.csv"}, "VALUE", is{"Statistics": "Actual incidents"}, `indicator_code = 'offences' AND unit_code = 'offences'`},
	{[]string{"statcan", "trafficking_data.csv"}, "VALUE", is{"Statistics": "Percentage change in rate"}, `indicator_code = 'offences' AND unit_code = 'percent'`},
	{[]string{"statcan", "trafficking_data.csv"}, "VALUE", is{"Statistics": "Total, adult charged"}, `indicator_code = 'persons_charged' AND age_code = 'adult' AND unit_code = 'persons'`},
	{[]string{"statcan", "trafficking_data.csv"}, "VALUE", is{"Statistics": "Rate, youth charged per 100,000 population aged 12 to 17 years", "REF_DATE": "2019"}, `indicator_code = 'persons_charged' AND age_code = 'child' AND unit_code = 'per_100000' AND year = 2019`},
	{[]string{"statcan", "trafficking_data.csv"}, "VALUE", is{"Statistics": "Percent unfounded", "REF_DATE": "2020"}, `indicator_code = 'incidents_unfounded' AND unit_code = 'percent' AND year = 2020`},
}

// TestTablesTotals compares published totals with what other code adds up in the raw file.
func TestTablesTotals(t *testing.T) {
	db, ids := openTables(t)
	sources := map[string]int{}
	for _, x := range totals {
		want := rawSum(t, rawTable(t, x.path...), x.column, x.is)
		name := strings.Join(x.path, "/")
		var n int
		var got float64
		if err := db.QueryRow(`SELECT count(*), coalesce(sum(value_low), 0) FROM statistic WHERE _submission = ? AND (`+x.where+`)`, ids[name]).Scan(&n, &got); err != nil {
			t.Fatalf("%s: %v", x.where, err)
		}
		if n == 0 || math.Abs(got-want) > 1e-6 {
			t.Errorf("%s, %s %v: %d rows with %v, the file has %v", name, x.column, x.is, n, got, want)
		}
		sources[x.path[0]]++
	}
	for source, n := range sources {
		if n < 5 {
			t.Errorf("%s: only %d totals", source, n)
		}
	}
}

// TestWordsAreKnown: each word of the real files has its code, but for those that are ambiguous on purpose, and no rows
// of one file repeat a key.
func TestWordsAreKnown(t *testing.T) {
	db, ids := openTables(t)
	names := map[string]string{}
	for name, id := range ids {
		names[id] = name
	}
	rows, err := db.Query(`SELECT submission_id, code, field, max("of") FROM diagnostic WHERE code LIKE 'code.%' OR code LIKE 'value.%' OR code LIKE 'key.%' GROUP BY ALL ORDER BY ALL`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	got := map[string]int{}
	for rows.Next() {
		var id, code, field string
		var n int
		if err := rows.Scan(&id, &code, &field, &n); err != nil {
			t.Fatal(err)
		}
		got[names[id]+" "+code+" "+field] = n
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{
		"uk_nrm/2013_referrals_all.csv code.unmapped citizenship_code": 3, // Congo, a cell for each sex
		"uk_nrm/2014_referrals_all.csv code.unmapped citizenship_code": 4,
		"uk_nrm/2015_referrals_all.csv code.unmapped citizenship_code": 6,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("findings (-want +got):\n%s", d)
	}
}

// TestContradictionsAreFound: totals that their parts cannot add up to are found, in the years in which other
// code finds them, and nowhere else.
func TestContradictionsAreFound(t *testing.T) {
	db, ids := openTables(t)
	name := "national_sdg_16_2_2/ba_indicator_16-2-2.csv"
	rows := rawTable(t, "national_sdg_16_2_2", "ba_indicator_16-2-2.csv")
	of := func(r map[string]string) string { return r["Year"] + r["SERIES"] + r["SEX"] + r["AGE"] }
	byKey := map[string]string{}
	for _, r := range rows {
		if r["UNIT_MEASURE"] == "NUMBER" {
			byKey[of(r)] = r["Value"]
		}
	}
	want := 0
	for _, r := range rows {
		if r["UNIT_MEASURE"] != "NUMBER" || r["Value"] == "" {
			continue
		}
		whole, _ := strconv.ParseFloat(r["Value"], 64)
		for _, dim := range []struct {
			column, total string
			parts         [2]string
		}{{"SEX", "_T", [2]string{"F", "M"}}, {"AGE", "_T", [2]string{"Y0T17", "Y_GE18"}}} {
			if r[dim.column] != dim.total {
				continue
			}
			sum, known := 0.0, 0
			for _, p := range dim.parts {
				part := map[string]string{"Year": r["Year"], "SERIES": r["SERIES"], "SEX": r["SEX"], "AGE": r["AGE"]}
				part[dim.column] = p
				if x, err := strconv.ParseFloat(byKey[of(part)], 64); err == nil {
					sum, known = sum+x, known+1
				}
			}
			if sum > whole || known == 2 && sum < whole {
				want++
			}
		}
	}
	got := number(t, db, `SELECT coalesce(sum("of"), 0) FROM diagnostic WHERE submission_id = ? AND code = 'total.differs' AND n = 1`, ids[name])
	if want < 4 || got != want {
		t.Errorf("%d contradictions found, other code finds %d", got, want)
	}
	if n := number(t, db, `SELECT count(*) FROM statistic WHERE _submission = ? AND value_status = 'not_collected'`, ids[name]); n != 117 {
		t.Errorf("%d withdrawn figures, want 117", n)
	}
	if n := number(t, db, `SELECT count(*) FROM diagnostic WHERE submission_id = ? AND code = 'total.differs'`, ids["india_ncrb/purpose.csv"]); n > 0 {
		t.Errorf("%d totals of India differ from their parts, by the finding; they add up", n)
	}
}

// TestEstimatesReal compares the estimates with the workbook's XML, country by country, and holds them apart
// from counts.
func TestEstimatesReal(t *testing.T) {
	db, ids := openTables(t)
	id := ids["walkfree_gsi/gsi_prevalence.xlsx"]
	raw, err := fixtures.RawSheetAt(realFile("walkfree_gsi", "gsi_prevalence.xlsx"), 2)
	if err != nil {
		t.Fatal(err)
	}
	compared := map[string]int{}
	for _, r := range raw {
		if r.Num < 4 || len(r.Cells) == 0 || r.Cells[0] == "" {
			continue
		}
		for _, m := range []struct {
			col           int
			measure, unit string
		}{{3, "prevalence", "per_1000"}, {4, "modern_slavery", "persons"}, {10, "risk", "score"}, {16, "response", "percent"}} {
			var want, got sql.NullFloat64
			if m.col < len(r.Cells) && r.Cells[m.col] != "" {
				want.Valid = true
				if want.Float64, err = strconv.ParseFloat(r.Cells[m.col], 64); err != nil {
					t.Fatal(err)
				}
				compared[m.measure]++
			}
			err := db.QueryRow(`SELECT value_central FROM estimate WHERE _submission = ? AND _row = ? AND measure_code = ? AND unit_code = ?`, id, r.Num, m.measure, m.unit).Scan(&got)
			if err != nil && err != sql.ErrNoRows {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("row %d, %s: %v, the workbook has %v", r.Num, m.measure, got, want)
			}
		}
	}
	if compared["modern_slavery"] != 160 || compared["response"] < 170 {
		t.Errorf("compared %v", compared)
	}
	if n := number(t, db, `SELECT count(*) FROM estimate WHERE _submission = ? AND (value_low IS NOT NULL OR value_high IS NOT NULL OR method IS NULL OR area_code IS NULL)`, id); n > 0 {
		t.Errorf("%d estimates have bounds that nobody printed, or no method, or no country", n)
	}
	for _, table := range []string{"statistic", "record", "statistic_current"} {
		if n := number(t, db, fmt.Sprintf(`SELECT count(*) FROM %s WHERE _submission = ?`, table), id); n > 0 {
			t.Errorf("%d estimates stand among the rows of %s", n, table)
		}
	}
}

// folders is which sources may recognise the files of a folder.
var folders = map[string][]string{
	"unodc_glotip": {"unodc_glotip"}, "ctdc": {"ctdc"}, "htcds": {"htcds"}, "us_tip": {"us_tip"}, "national_sdg_16_2_2": {"sdg_16_2_2"}, "uk_nrm": {"uk_nrm"},
	"india_ncrb": {"ncrb"}, "statcan": {"statcan"}, "walkfree_gsi": {"walkfree"}, "agency_overlap": nil, "country_codes": nil, "legacy_xls": nil,
}

// TestNoFileIsAnothers holds every sheet of every real file against every mapping: none is recognised as the table of
// another source, nor said to be a new form of one.
func TestNoFileIsAnothers(t *testing.T) {
	set, found, err := mappings.Load(mappings.Builtin())
	if err != nil || len(found) > 0 {
		t.Fatal(err, found)
	}
	seen := 0
	err = filepath.WalkDir(realFile(), func(path string, d fs.DirEntry, err error) error {
		folder, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(path, realFile()), "/"), "/")
		if err != nil || d.IsDir() || folder == "linkage" {
			return err
		}
		f, err := extract.Open(path, extract.Options{Name: "upload.bin"})
		if err != nil {
			return nil // not a table
		}
		defer f.Close()
		for _, sh := range f.Sheets() {
			preview, err := extract.Preview(context.Background(), sh, mappings.PreviewRows)
			if err != nil {
				continue // text that is no table
			}
			rows := make([]mappings.PreviewRow, len(preview))
			for i, r := range preview {
				rows[i] = mappings.PreviewRow{Num: r.Num, Cells: r.Cells}
			}
			for _, c := range set.Recognise(sh.Title(), rows) {
				if source := c.Mapping.Source.ID; (c.Matches() || c.Near()) && !slices.Contains(folders[folder], source) {
					t.Errorf("%s, sheet %d, looks like %s (%s)", strings.TrimPrefix(path, realFile()), sh.No, source, c.Entry().Vintage)
				}
			}
			seen++
		}
		return nil
	})
	if err != nil || seen < 60 {
		t.Errorf("%d sheets seen; %v", seen, err)
	}
}

// TestExplainTables walks from some values of each table back to their cells.
func TestExplainTables(t *testing.T) {
	db, ids := openTables(t)
	home, err := tablesHome()
	if err != nil {
		t.Fatal(err)
	}
	h, err := pipeline.ReadHome(home, "")
	if err != nil {
		t.Fatal(err)
	}
	var asked []string
	for _, f := range tableFiles {
		table, key := "statistic", "statistic_id"
		if f.source == "walkfree" {
			table, key = "estimate", "estimate_id"
		}
		rows, err := db.Query(fmt.Sprintf(`SELECT %s FROM %s WHERE _submission = ? ORDER BY hash(%[1]s) LIMIT 8`, key, table), ids[f.name()])
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				t.Fatal(err)
			}
			asked = append(asked, id)
		}
		rows.Close()
	}
	if len(asked) < 150 {
		t.Fatalf("only %d values to explain", len(asked))
	}
	explained, err := h.Explain(context.Background(), asked...)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range explained {
		if d := x.Differs(); len(d) > 0 {
			t.Errorf("%s differs in %v", asked[i], d)
		}
	}
}
