package schemas_test

import (
	"database/sql"
	"fmt"
	"testing"

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
		('s1', 1, 1, 'statistic', 'rows', 10, 7, 1, 2, 2, 0, 0, 0, 0, 0, 0, 0), ('s1', 2, 1, '', 'rows', 3, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 3),
		('s2', 1, 1, 'statistic', 'cells', 10, 7, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0)`)
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
