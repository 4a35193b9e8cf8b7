package schemas_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"palermo/schemas"
)

// uncountable are the numbers that something is behind of, but that are not how many.
var uncountable = map[string]bool{"published_figure": true, "statistic_current": true, "row_balance_summary": true, "revision": true, "distinct_victims": true}

// Each number of a view is that of what its query says is behind it: the two are written apart.
func TestBehindIsWhatIsCounted(t *testing.T) {
	db := cases(t)
	exec(t, db, `INSERT INTO assessment BY NAME SELECT 'record' AS subject_kind_code, record_id AS subject_id, record_version AS subject_version, d AS definition_code, s AS status_code,
		'stated' AS act_state_code, 'stated' AS means_state_code, 'stated' AS purpose_state_code, 'yes' AS child_at_act_code, 'yes' AS child_at_exploitation_code, 'none' AS consent_effect_code,
		'yes' AS exploitation_occurred_code, 'no' AS attempt_stated_code, 'unknown' AS border_code, 'no' AS smuggling_stated_code, 'yes' AS definition_in_force_code, 'r' AS rule, 'a' AS article
		FROM record, (VALUES ('palermo', 'elements_met'), ('tvpa', 'severe_sex'), ('tvpa', 'severe_labour'), ('coe_2005', 'insufficient_information')) t(d, s)`)
	counts := 0
	for _, v := range schemas.Builtin().Views {
		if v.Behind == "" || len(v.Keys()) == 0 {
			t.Errorf("view %s does not say what is behind it", v.Name)
			continue
		}
		exec(t, db, "CREATE OR REPLACE TEMP TABLE behind AS "+v.Behind)
		columns := rows(t, db, "SELECT column_name FROM duckdb_columns() WHERE table_name = 'behind'")
		for _, k := range append(v.Keys(), "counted") {
			if !slices.Contains(columns, k) {
				t.Errorf("behind view %s there is no column %s", v.Name, k)
			}
		}
		if uncountable[v.Name] || !slices.Contains(columns, "record_id") {
			continue
		}
		for _, column := range rows(t, db, "SELECT DISTINCT counted FROM behind WHERE record_id IS NOT NULL ORDER BY ALL") {
			counts++
			wrong := rows(t, db, fmt.Sprintf(`SELECT %[1]s, want, got FROM (
				SELECT %[2]s, any_value(v.%[3]s) AS want, count(DISTINCT %[4]s) AS got FROM %[5]s v
				LEFT JOIN behind b ON %[6]s AND b.counted = '%[3]s' LEFT JOIN person_record m ON m.record_id = b.record_id GROUP BY ALL)
				WHERE want IS DISTINCT FROM got`, strings.Join(v.Keys(), ", "), "v."+strings.Join(v.Keys(), ", v."), column, counted(v, column), v.Name, matching(v)))
			if len(wrong) > 0 {
				t.Errorf("view %s, column %s: %v", v.Name, column, wrong)
			}
		}
	}
	if counts < 60 {
		t.Errorf("only %d numbers were looked at", counts)
	}
}

// counted is what a number of the view is distinct of.
func counted(v *schemas.View, column string) string {
	if v.CountsPersons(column) {
		return "coalesce(m.person_id, b.record_id)"
	}
	return "b.record_id"
}

func matching(v *schemas.View) string {
	var on []string
	for _, k := range v.Keys() {
		on = append(on, fmt.Sprintf("b.%[1]s IN ('*', coalesce(v.%[1]s::VARCHAR, ''))", k))
	}
	return strings.Join(on, " AND ")
}
