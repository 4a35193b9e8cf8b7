package schemas_test

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"palermo/schemas"
)

// count is one published count of the tests: the year tells cells apart.
type count struct {
	id, source, submission string
	date                   string // of the vintage; empty for none
	reporter, as           string // code, and the source's word
	year                   int
	low, high              float64
}

func publish(t testing.TB, db *sql.DB, release string, nights map[string]int, counts []count) {
	t.Helper()
	exec(t, db, `INSERT INTO source (source_id, title, release, mapping_digest) VALUES ('s', 'S', ?, 'd')`, release)
	for id, night := range nights {
		exec(t, db, `INSERT INTO submission (submission_id, receipt_no, received_at, night, kind_code, status_code, bytes,
			rows_read, rows_loaded, rows_rejected, rows_skipped)
			VALUES (?, 'r', TIMESTAMPTZ '2025-01-01 00:00:00+00', ?, 'new_cases', 'accepted', 1, 1, 1, 0, 0)`, id, night)
	}
	for i, c := range counts {
		var date, code any
		if c.date != "" {
			date = c.date
		}
		if c.reporter != "" {
			code = c.reporter
		}
		exec(t, db, `INSERT INTO statistic (statistic_id, source_id, vintage, vintage_date, reporter_code, reporter_code_as_reported,
			indicator_code, dimension_code, sex_code, age_code, year, unit_code, value_low, value_high, is_total,
			_submission, _sheet, _row)
			VALUES (?, 's', coalesce(?, 'form'), ?::DATE, ?, ?, 'detected_victims', 'total', 'total', 'total', ?, 'persons', ?, ?, true, ?, 1, ?)`,
			c.id, date, date, code, c.as, c.year, c.low, c.high, c.submission, i+1)
	}
}

func TestStatisticCurrent(t *testing.T) {
	nights := map[string]int{"a_old": 1, "z_copy": 2, "b_new": 3, "a_copy": 4, "undated": 1}
	counts := []count{
		// Two vintages, and a copy of the newer that came later under an earlier id.
		{"old1", "s", "a_old", "2023-05-30", "ALB", "ALB", 2019, 5, 5},
		{"new1", "s", "b_new", "2025-04-14", "ALB", "ALB", 2019, 7, 7},
		{"copy1", "s", "a_copy", "2025-04-14", "ALB", "Albania", 2019, 7, 7},
		// A cell that the newer vintage no longer has, and its copy of the same night's order.
		{"old2", "s", "a_old", "2023-05-30", "", "SAM", 2019, 9, 9},
		// The same cells in a copy that has lost its date, received first.
		{"undated1", "s", "undated", "", "ALB", "Albania", 2019, 5, 5},
		{"undated3", "s", "undated", "", "ROU", "Romania", 2019, 4, 4},
		// One key twice in the chosen submission: with one value, and with two.
		{"dup1", "s", "b_new", "2025-04-14", "BGR", "BGR", 2019, 3, 3},
		{"dup2", "s", "b_new", "2025-04-14", "BGR", "BGR", 2019, 3, 3},
		{"dup3", "s", "b_new", "2025-04-14", "BGR", "BGR", 2020, 0, 4},
		{"dup4", "s", "b_new", "2025-04-14", "BGR", "BGR", 2020, 11, 11},
		{"dup5", "s", "a_copy", "2025-04-14", "BGR", "Bulgaria", 2020, 12, 12},
	}
	for _, tt := range []struct {
		release string
		want    []string
	}{
		{"complete", []string{"dup1|2|false", "dup2|2|false", "dup3|2|true", "dup4|2|true", "new1|1|false"}},
		{"partial", []string{"dup1|2|false", "dup2|2|false", "dup3|2|true", "dup4|2|true", "new1|1|false", "old2|1|false", "undated3|1|false"}},
	} {
		t.Run(tt.release, func(t *testing.T) {
			db := open(t)
			create(t, db, schemas.ZoneAnalyst)
			publish(t, db, tt.release, nights, counts)
			got := rows(t, db, `SELECT statistic_id, key_rows, is_conflicting FROM statistic_current ORDER BY ALL`)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("current counts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStatisticCurrentOnlyUndated(t *testing.T) {
	db := open(t)
	create(t, db, schemas.ZoneAnalyst)
	publish(t, db, "complete", map[string]int{"b": 1, "a": 1}, []count{
		{"b1", "s", "b", "", "ALB", "Albania", 2019, 5, 5},
		{"a1", "s", "a", "", "ALB", "Albania", 2019, 5, 5},
		{"b2", "s", "b", "", "ROU", "Romania", 2019, 5, 5},
	})
	got := rows(t, db, `SELECT statistic_id FROM statistic_current ORDER BY ALL`)
	if diff := cmp.Diff([]string{"a1", "b2"}, got); diff != "" {
		t.Errorf("current counts (-want +got):\n%s", diff)
	}
}

func TestDiagnosticSummary(t *testing.T) {
	db := open(t)
	create(t, db, schemas.ZoneAnalyst)
	exec(t, db, `INSERT INTO diagnostic (submission_id, sheet, code, severity, field, message, n, "of") VALUES
		('s1', 1, 'code.unmapped', 'warning', 'sex_code', 'm', 1, 30), ('s1', 1, 'code.unmapped', 'warning', 'sex_code', 'm', 2, 30),
		('s2', 1, 'code.unmapped', 'warning', 'sex_code', 'm', 1, 1), ('s2', 1, 'value.missing', 'error', '', 'm', 1, 2)`)
	got := rows(t, db, `SELECT * FROM diagnostic_summary`)
	if diff := cmp.Diff([]string{"code.unmapped|warning|31|2", "value.missing|error|2|1"}, got); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
}

func TestRowBalanceSummary(t *testing.T) {
	db := open(t)
	create(t, db, schemas.ZoneAnalyst)
	exec(t, db, `INSERT INTO row_balance VALUES
		('s1', 1, 1, 'statistic', 'rows', 10, 7, 1, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0), ('s1', 2, 1, '', 'rows', 3, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 3, 0),
		('s2', 1, 1, 'statistic', 'cells', 10, 7, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0)`)
	got := rows(t, db, `SELECT * FROM row_balance_summary`)
	if diff := cmp.Diff([]string{"s1|rows|2|13|7|1|5|true", "s2|cells|1|10|7|1|1|false"}, got); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
}

// BenchmarkStatisticCurrent reads the whole view over 160,000 counts: two vintages and a copy.
func BenchmarkStatisticCurrent(b *testing.B) {
	db := open(b)
	create(b, db, schemas.ZoneAnalyst)
	publish(b, db, "partial", map[string]int{"v1": 1, "v2": 2, "copy": 3}, nil)
	for i, v := range []string{"v1", "v2", "copy"} {
		exec(b, db, fmt.Sprintf(`INSERT INTO statistic (statistic_id, source_id, vintage, vintage_date, reporter_code, reporter_code_as_reported,
			indicator_code, dimension_code, sex_code, age_code, citizenship_code_as_reported, year, unit_code, value_low, value_high, is_total, _submission, _sheet, _row)
			SELECT '%[1]s' || i, 's', 'v', DATE '2023-05-30' + INTERVAL %[2]d YEAR, 'R' || i %% 200, 'R' || i %% 200, 'detected_victims', 'total',
				'S' || i %% 5, 'A' || i %% 4, 'C' || i %% 97, 2003 + i %% 20, 'persons', i %% 7, i %% 7, false, '%[1]s', 1, i FROM range(53334) t(i)`, v, min(i, 1)))
	}
	for b.Loop() {
		var n int
		if err := db.QueryRow(`SELECT count(DISTINCT value_low) + sum(key_rows) FROM (SELECT * FROM statistic_current)`).Scan(&n); err != nil {
			b.Fatal(err)
		}
	}
}

// figureRecords puts n current records of the CTM, registered in June 2003, into the database; each
// is a person's of its own, but the last, which is that of the one before.
func figureRecords(t *testing.T, db *sql.DB, n int, columns string) {
	t.Helper()
	exec(t, db, `INSERT INTO source (source_id, title, mapping_digest) VALUES ('iom_ctm', 'S', 'd')`)
	exec(t, db, fmt.Sprintf(`INSERT INTO record BY NAME SELECT 'r' || i AS record_id, 1 AS record_version, 'c' || i AS case_id, true AS is_current,
		'iom_ctm' AS source_id, 'assistance' AS form, DATE '2003-06-01' AS registration_from, DATE '2003-06-30' AS registration_to,
		's' AS _submission, 1 AS _sheet, i AS _row, %s FROM range(%d) t(i)`, columns, n))
	exec(t, db, `INSERT INTO person_record SELECT record_id, 'p' || least(_row, ?::BIGINT - 2), 'e' || least(_row, ?::BIGINT - 2) FROM record`, n, n)
}

// A figure agrees within its own tolerance and not beyond, on records; persons stand beside.
func TestPublishedFigureAgrees(t *testing.T) {
	for _, tt := range []struct {
		figure string
		of     int // how many of 1000 records have the measure
		column string
		want   string
	}{
		{"iom.age_18_25", 569, "least(i // 569, 1) * 12 + 18 AS age_years_low, least(i // 569, 1) * 12 + 20 AS age_years_high", "56.9|569|1000|569|999|true"},
		{"iom.age_18_25", 568, "least(i // 568, 1) * 12 + 18 AS age_years_low, least(i // 568, 1) * 12 + 20 AS age_years_high", "56.8|568|1000|568|999|false"},
		{"iom.female", 810, "CASE WHEN i < 810 THEN 'female' ELSE 'male' END AS sex_code", "81|810|1000|810|999|false"},
		{"iom.female", 820, "CASE WHEN i < 820 THEN 'female' ELSE 'male' END AS sex_code", "82|820|1000|820|999|true"},
		{"iom.female", 821, "CASE WHEN i < 821 THEN 'female' ELSE 'male' END AS sex_code", "82.1|821|1000|821|999|false"},
		{"iom.married", 90, "CASE WHEN i < 90 THEN 'married' END AS marital_status_code", "9|90|1000|90|999|true"},
		{"iom.married", 91, "CASE WHEN i < 91 THEN 'married' END AS marital_status_code", "9.1|91|1000|91|999|false"},
		{"iom.cases", 1000, "NULL AS sex_code", "1000|1000|1000|999|999|false"},
		{"iom.cases", 5233, "NULL AS sex_code", "5233|5233|5233|5232|5232|true"},
		{"iom.origin_countries", 0, "NULL AS origin_country_code", "0|0|1000|0|999|false"},
	} {
		t.Run(fmt.Sprintf("%s of %d", tt.figure, tt.of), func(t *testing.T) {
			db := open(t)
			create(t, db, schemas.ZoneAnalyst)
			fillReference(t, db)
			figureRecords(t, db, max(1000, tt.of), tt.column)
			got := rows(t, db, `SELECT measured, n, base_n, persons, persons_base, agrees FROM published_figure WHERE figure_id = '`+tt.figure+`'`)
			if diff := cmp.Diff([]string{tt.want}, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.figure, diff)
			}
		})
	}
}

// Words agree as sets of the most frequent, and where a figure says so by how many others there are.
func TestPublishedFigureWords(t *testing.T) {
	db := open(t)
	create(t, db, schemas.ZoneAnalyst)
	fillReference(t, db)
	figureRecords(t, db, 1000, `CASE WHEN i < 300 THEN 'ngo' WHEN i < 500 THEN 'embassy' WHEN i < 700 THEN 'law_enforcement' WHEN i < 900 THEN 'international_organisation'
		ELSE 'self' END AS referral_source_code, 14 AS age_years_low, 17 AS age_years_high, CASE WHEN i < 900 THEN 'employed' ELSE 'self_employed' END AS work_status_code`)
	got := rows(t, db, `SELECT figure_id, measured_text, n, base_n, agrees FROM published_figure
		WHERE figure_id IN ('iom.referred_by', 'iom.minors_14_17', 'iom.work_kind', 'iom.minors_origins', 'rcp.countries', 'see.poor') ORDER BY figure_id`)
	want := []string{"iom.minors_14_17|14-17|1000|1000|true", "iom.minors_origins|<nil>|0|1000|false",
		"iom.referred_by|ngo embassy international_organisation law_enforcement|900|1000|true", "iom.work_kind|employed|900|1000|false",
		"rcp.countries|<nil>|<nil>|<nil>|<nil>", "see.poor|<nil>|<nil>|<nil>|<nil>"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("words (-want +got):\n%s", diff)
	}
}

// States are counted by treaty up to the last day, each once, whatever it did to be bound.
func TestPublishedFigureStates(t *testing.T) {
	db := open(t)
	create(t, db, schemas.ZoneAnalyst)
	fillReference(t, db)
	for i, a := range []struct{ country, as, treaty, act, day string }{
		{"ALB", "Albania", "palermo_protocol", "signature", "2000-12-12"}, {"ALB", "Albania", "palermo_protocol", "ratification", "2002-08-21"},
		{"BGR", "Bulgaria", "palermo_protocol", "signature", "2005-07-01"}, {"BGR", "Bulgaria", "palermo_protocol", "approval", "2005-07-02"},
		{"", "Some Union", "palermo_protocol", "accession", "2005-07-01"}, {"ALB", "Albania", "palermo_protocol", "denunciation", "2004-01-01"},
		{"ALB", "Albania", "untoc", "signature", "2000-12-12"}, {"ALB", "Albania", "coe_2005", "signature", "2005-05-16"},
	} {
		var code any
		if a.country != "" {
			code = a.country
		}
		exec(t, db, `INSERT INTO treaty_action BY NAME SELECT ?::VARCHAR AS action_id, 'treaties' AS source_id, 'v' AS vintage, ? AS country_code,
			? AS country_code_as_reported, ? AS treaty_code, ? AS act_code, ?::DATE AS acted_from, ?::DATE AS acted_to, 's' AS _submission, 1 AS _sheet, 1 AS _row`,
			i, code, a.as, a.treaty, a.act, a.day, a.day)
	}
	got := rows(t, db, `SELECT figure_id, measured, persons, agrees FROM published_figure WHERE source_id = 'treaties' ORDER BY figure_id`)
	want := []string{"convention.ratified|0|<nil>|false", "convention.signed|1|<nil>|false", "protocol.ratified|2|<nil>|false", "protocol.signed|2|<nil>|false",
		"smuggling.ratified|<nil>|<nil>|<nil>", "smuggling.signed|<nil>|<nil>|<nil>"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
}

// fillReference puts the codes and the published figures into the database.
func fillReference(t *testing.T, db *sql.DB) {
	t.Helper()
	for _, list := range []string{"purpose", "education", "recruitment_way"} { // those whose kinds the view asks for
		for i, c := range schemas.Builtin().List(list).Codes {
			exec(t, db, `INSERT INTO code BY NAME SELECT ? AS list, ? AS code, ?::BIGINT AS ordinal, nullif(?, '') AS parent_code, 'l' AS label_en, 'm' AS list_meaning`,
				list, c.Code, i+1, c.Parent)
		}
	}
	for _, f := range schemas.Builtin().Figures {
		day := func(d time.Time) any {
			if d.IsZero() {
				return nil
			}
			return d
		}
		number := func(x *float64) any {
			if x == nil {
				return nil
			}
			return *x
		}
		exec(t, db, `INSERT INTO figure BY NAME SELECT ? AS figure_id, nullif(?, '') AS source_id, 'p' AS population, ? AS counted_unit, 'p' AS period_stated,
			?::DATE AS period_from, ?::DATE AS period_to, 'm' AS measure, ? AS relation_code, ? AS value_text, ?::DOUBLE AS value_low, ?::DOUBLE AS value_high,
			'u' AS value_unit, ? AS nature_code, ?::BOOLEAN AS is_comparable, 'c' AS citation`,
			f.ID, f.Source, f.Counted, day(f.From), day(f.To), f.Relation, f.Text, number(f.Low), number(f.High), f.Nature, f.Comparable)
	}
}
