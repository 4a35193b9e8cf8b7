package schemas_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"palermo/schemas"
)

// Of two vintages each cell is the same, changed, gone or new; copies of a vintage count once, and a cell in several
// rows is compared as all of them.
func TestRevision(t *testing.T) {
	for _, tt := range []struct {
		release string
		want    []string
	}{
		{"complete", []string{"2023-05-30|2025-04-14|ALB|2018|same|5|5|5", "2023-05-30|2025-04-14|ALB|2019|changed|5|7|7",
			"2023-05-30|2025-04-14|BGR|2019|same|3|3|4", "2023-05-30|2025-04-14|BGR|2020|changed|3|3|9",
			"2023-05-30|2025-04-14|MLT|2019|new|<nil>|1|1", "2023-05-30|2025-04-14|SAM|2019|gone|9|<nil>|<nil>", "2025-04-14|2026-04-01|ALB|2018|gone|5|<nil>|<nil>",
			"2025-04-14|2026-04-01|ALB|2019|same|7|7|7"}},
		{"partial", nil},
	} {
		db := open(t)
		create(t, db, schemas.ZoneAnalyst)
		publish(t, db, tt.release, map[string]int{"old": 1, "new": 2, "copy": 3, "newest": 4, "undated": 1}, []count{
			{"o1", "s", "old", "2023-05-30", "ALB", "ALB", 2018, 5, 5}, {"n1", "s", "new", "2025-04-14", "ALB", "Albania", 2018, 5, 5},
			{"o2", "s", "old", "2023-05-30", "ALB", "ALB", 2019, 5, 5}, {"n2", "s", "new", "2025-04-14", "ALB", "ALB", 2019, 7, 7}, {"c2", "s", "copy", "2025-04-14", "ALB", "ALB", 2019, 6, 6},
			{"o3", "s", "old", "2023-05-30", "", "SAM", 2019, 9, 9}, {"n3", "s", "new", "2025-04-14", "MLT", "MLT", 2019, 1, 1},
			{"o4", "s", "old", "2023-05-30", "BGR", "BGR", 2019, 3, 3}, {"o5", "s", "old", "2023-05-30", "BGR", "BGR", 2019, 4, 4},
			{"n4", "s", "new", "2025-04-14", "BGR", "BGR", 2019, 4, 4}, {"n5", "s", "new", "2025-04-14", "BGR", "BGR", 2019, 3, 3},
			{"o6", "s", "old", "2023-05-30", "BGR", "BGR", 2020, 3, 3}, {"n6", "s", "new", "2025-04-14", "BGR", "BGR", 2020, 3, 3}, {"n7", "s", "new", "2025-04-14", "BGR", "BGR", 2020, 9, 9},
			{"u1", "s", "undated", "", "ALB", "ALB", 2018, 1, 1}, {"t1", "s", "newest", "2026-04-01", "ALB", "ALB", 2019, 7, 7},
		})
		got := rows(t, db, `SELECT vintage_from::VARCHAR, vintage_to::VARCHAR, reporter, year, change, low_from, low_to, high_to FROM revision
			WHERE vintage_to < DATE '2026-01-01' OR reporter = 'ALB' ORDER BY ALL`)
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.release, d)
		}
	}
}

// Agencies and states stand beside one another for each country and year; late, nil and missing are three things.
func TestCoverage(t *testing.T) {
	db := open(t)
	create(t, db, schemas.ZoneAnalyst)
	exec(t, db, `INSERT INTO source (source_id, title, release, mapping_digest) VALUES ('unodc_glotip', 'G', 'complete', 'd')`)
	for i, c := range []struct {
		country, sex    string
		year, low, high int
	}{{"ALB", "total", 2019, 10, 10}, {"ALB", "female", 2019, 8, 8}, {"ALB", "total", 2021, 0, 4}, {"BGR", "total", 2019, 0, 0}, {"BGR", "total", 2022, 7, 7}, {"MLT", "total", 2020, 1, 1}} {
		exec(t, db, `INSERT INTO statistic BY NAME SELECT ?::VARCHAR AS statistic_id, 'unodc_glotip' AS source_id, 'v' AS vintage, DATE '2025-04-14' AS vintage_date,
			? AS reporter_code, 'country' AS reporter_scope_code, 'detected_victims' AS indicator_code, 'total' AS dimension_code, ? AS sex_code, 'total' AS age_code,
			?::INTEGER AS year, 'persons' AS unit_code, ?::DOUBLE AS value_low, ?::DOUBLE AS value_high, true AS is_total, 's' AS _submission, 1 AS _sheet, 1 AS _row`,
			i, c.country, c.sex, c.year, c.low, c.high)
	}
	for i, r := range []struct{ country, from, to, person string }{
		{"ALB", "2019-03-01", "2019-03-01", "p1"}, {"ALB", "2019-05-01", "2019-05-01", "p1"}, {"ALB", "2019-12-01", "2020-01-31", "p2"},
		{"XKX", "2019-01-01", "2019-12-31", "p3"}, {"", "2019-01-01", "2019-01-01", "p4"},
	} {
		var country any
		if r.country != "" {
			country = r.country
		}
		exec(t, db, `INSERT INTO record BY NAME SELECT 'r' || ? AS record_id, 1 AS record_version, 'c' || ? AS case_id, true AS is_current, 'iom_ctm' AS source_id,
			? AS reporting_country_code, ?::DATE AS registration_from, ?::DATE AS registration_to, 's' AS _submission, 1 AS _sheet, ? AS _row`, i, i, country, r.from, r.to, i+1)
		exec(t, db, `INSERT INTO person_record BY NAME SELECT 'r' || ? AS record_id, ? AS person_id`, i, r.person)
	}
	got := rows(t, db, `SELECT country_code, year, agencies_low, agencies_high, agencies_status, states_low, states_high, states_status FROM coverage ORDER BY ALL`)
	want := []string{
		"ALB|2019|1|3|reported|10|10|reported", "ALB|2020|0|1|reported|<nil>|<nil>|missing", "ALB|2021|<nil>|<nil>|missing|0|4|reported", "ALB|2022|<nil>|<nil>|missing|<nil>|<nil>|late",
		"BGR|2019|<nil>|<nil>|missing|0|0|nil", "BGR|2020|<nil>|<nil>|missing|<nil>|<nil>|missing", "BGR|2021|<nil>|<nil>|missing|<nil>|<nil>|late", "BGR|2022|<nil>|<nil>|missing|7|7|reported",
		"MLT|2019|<nil>|<nil>|missing|<nil>|<nil>|missing", "MLT|2020|<nil>|<nil>|missing|1|1|reported", "MLT|2021|<nil>|<nil>|missing|<nil>|<nil>|late", "MLT|2022|<nil>|<nil>|missing|<nil>|<nil>|late",
		"XKX|2019|1|1|reported|<nil>|<nil>|missing", "XKX|2020|<nil>|<nil>|missing|<nil>|<nil>|missing", "XKX|2021|<nil>|<nil>|missing|<nil>|<nil>|missing", "XKX|2022|<nil>|<nil>|missing|<nil>|<nil>|missing",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("coverage (-want +got):\n%s", d)
	}
}

// Each word stands by what its code is in Article 3.
func TestDefinitionCrosswalk(t *testing.T) {
	db := open(t)
	create(t, db, schemas.ZoneAnalyst)
	for _, list := range []string{"act", "means", "purpose"} {
		for i, c := range schemas.Builtin().List(list).Codes {
			exec(t, db, `INSERT INTO code BY NAME SELECT ? AS list, ? AS code, ?::BIGINT AS ordinal, nullif(?, '') AS parent_code, 'l' AS label_en, nullif(?, '') AS ref, 'm' AS list_meaning`,
				list, c.Code, i+1, c.Parent, c.Ref)
		}
	}
	for i, w := range []struct{ field, word, code, status string }{
		{"purpose_code", "Sexual", "sexual_exploitation", ""}, {"record_purpose.purpose_code", "Prostitution", "prostitution", ""}, {"purpose_code", "Begging", "begging", ""},
		{"record_means.means_code", "Kidnapped", "abduction", ""}, {"record_means.means_code", "Friend", "", "not_applicable"}, {"record_act.act_code", "Receipt", "receipt", ""},
		{"sex_code", "F", "female", ""}, {"purpose_code", "Kidneys", "organ_removal", ""},
	} {
		var code, status any
		if w.code != "" {
			code = w.code
		} else {
			status = w.status
		}
		exec(t, db, `INSERT INTO value_map BY NAME SELECT 's' AS source_id, 'f' AS vintage_form, 'd' AS mapping_digest, 's' AS submission_id, 1 AS sheet, ? AS ordinal, 'C' AS column_name,
			1 AS column_no, ? AS field, ? AS word, true AS is_listed, ? AS code, ? AS value_status, 'codes:x' AS rule, 3 AS rows, 2 AS first_row, 1 AS first_col`, i+1, w.field, w.word, code, status)
	}
	got := rows(t, db, `SELECT element, word, code, kind_of, standing, article, files, rows FROM definition_crosswalk ORDER BY ALL`)
	want := []string{"act|Receipt|receipt|<nil>|named|3(a)|1|3", "means|Friend|<nil>|<nil>|none|<nil>|1|3", "means|Kidnapped|abduction|<nil>|named|3(a)|1|3",
		"purpose|Begging|begging|other|beyond|<nil>|1|3", "purpose|Kidneys|organ_removal|<nil>|named|3(a)|1|3", "purpose|Prostitution|prostitution|sexual_exploitation|named|3(a)|1|3",
		"purpose|Sexual|sexual_exploitation|<nil>|named|3(a)|1|3"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("crosswalk (-want +got):\n%s", d)
	}
}

// Cases are counted by the cuts that UNODC and the indicator ask for: persons once, records as the upper bound.
func TestDraftTables(t *testing.T) {
	db := open(t)
	create(t, db, schemas.ZoneAnalyst)
	for i, c := range schemas.Builtin().List("purpose").Codes {
		exec(t, db, `INSERT INTO code BY NAME SELECT 'purpose' AS list, ? AS code, ?::BIGINT AS ordinal, nullif(?, '') AS parent_code, 'l' AS label_en, 'm' AS list_meaning`, c.Code, i+1, c.Parent)
	}
	for i, r := range []struct {
		person, sex, status string
		low, high           any
		from, to            string
		purposes            []string
		citizenship         any
	}{
		{"p1", "female", "", 16, 16, "2019-03-01", "2019-03-01", []string{"prostitution", "begging"}, "ALB"},
		{"p1", "female", "", 17, 17, "2019-06-01", "2019-06-30", []string{"sexual_exploitation"}, "ALB"}, // the same person
		{"p2", "male", "", 30, 30, "2019-12-01", "2020-01-31", []string{"domestic_work"}, "MDA"},         // of one year or the other
		{"p3", "male", "not_a_victim", 30, 30, "2019-01-01", "2019-01-01", []string{"forced_labour"}, "MDA"},
		{"p4", "female", "", nil, nil, "2019-01-01", "2019-01-01", nil, nil},
	} {
		id := string(rune('a' + i))
		exec(t, db, `INSERT INTO record BY NAME SELECT ? AS record_id, 1 AS record_version, ? AS case_id, true AS is_current, 'iom_ctm' AS source_id, 'ALB' AS reporting_country_code,
			?::DATE AS registration_from, ?::DATE AS registration_to, ? AS sex_code, nullif(?, '') AS trafficking_status_code, ?::INTEGER AS age_years_low, ?::INTEGER AS age_years_high,
			's' AS _submission, 1 AS _sheet, ? AS _row`, id, id, r.from, r.to, r.sex, r.status, r.low, r.high, i+1)
		exec(t, db, `INSERT INTO person_record BY NAME SELECT ? AS record_id, ? AS person_id`, id, r.person)
		exec(t, db, `INSERT INTO record_citizenship BY NAME SELECT ? AS record_id, 1 AS record_version, 1 AS ordinal, ? AS citizenship_code, 's' AS _submission, 1 AS _sheet, 1 AS _row`, id, r.citizenship)
		for n, p := range r.purposes {
			exec(t, db, `INSERT INTO record_purpose BY NAME SELECT ? AS record_id, 1 AS record_version, ? AS ordinal, ? AS purpose_code, 'yes' AS answer_code, 'x' AS rule,
				's' AS _submission, 1 AS _sheet, 1 AS _row`, id, n+1, p)
		}
	}
	for q, want := range map[string][]string{
		`SELECT sex_code, age_code, value_low, value_high, is_total FROM unodc_questionnaire_draft WHERE year = 2019 AND dimension_code = 'total' ORDER BY ALL`: {
			"female|child|1|2|false", "female|total|2|3|true", "female|unknown|1|1|false", "male|adult|0|1|false", "male|total|0|1|true",
			"total|adult|0|1|true", "total|child|1|2|true", "total|total|2|4|true", "total|unknown|1|1|true"},
		`SELECT category_code, value_low, value_high FROM unodc_questionnaire_draft WHERE year = 2019 AND dimension_code = 'by_exploitation' AND sex_code = 'total' AND age_code = 'total' ORDER BY ALL`: {
			"forced_labour|0|1", "other|1|1", "sexual_exploitation|1|2", "unknown|1|1"},
		`SELECT category_code, value_low, value_high FROM unodc_questionnaire_draft WHERE year = 2019 AND dimension_code = 'by_citizenship' ORDER BY ALL`: {"ALB|1|2", "MDA|0|1", "unknown|1|1"},
		`SELECT year, series, value_low, value_high FROM sdg_16_2_2_draft WHERE sex = '_T' AND age = '_T' ORDER BY ALL`: {
			"2019|VC_HTF_DETV|2|4", "2019|VC_HTF_DETVFL|0|1", "2019|VC_HTF_DETVOP|1|1", "2019|VC_HTF_DETVSX|1|2", "2020|VC_HTF_DETV|0|1", "2020|VC_HTF_DETVFL|0|1"},
		`SELECT sex, age, value_low FROM sdg_16_2_2_draft WHERE series = 'VC_HTF_DETVSX' AND age = 'Y0T17' AND sex <> '_T'`: {"F|Y0T17|1"},
	} {
		if d := cmp.Diff(want, rows(t, db, q)); d != "" {
			t.Errorf("%s (-want +got):\n%s", q, d)
		}
	}
}
