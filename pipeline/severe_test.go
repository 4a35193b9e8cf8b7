package pipeline_test

import (
	"strings"
	"testing"

	"palermo/pipeline"
)

// TestSevereForms: what the form states of paid sexual services and of debts reaches the TVPA's
// statuses, and sexual exploitation alone never does.
func TestSevereForms(t *testing.T) {
	t.Parallel()
	home := newHome(t, map[string][]byte{"iom_chisinau/a.csv": read(t, "..", "fixtures", "iom_ctm", "in", "legacy_assistance.csv")})
	run(t, home, pipeline.Options{})
	db := open(t, home)
	const says = `EXISTS (FROM record_purpose AS p WHERE p.record_id = a.subject_id AND p.record_version = a.subject_version AND `
	for _, tc := range []struct{ what, q, want string }{
		{"paid sexual services are commercial sex", `SELECT count(*) > 0 FROM assessment AS a WHERE status_code IN ('severe_sex', 'severe_sex_minor')`, "true"},
		{"a debt in labour is a subjection", `SELECT count(*) > 0 FROM assessment AS a WHERE status_code = 'severe_labour'`, "true"},
		{"sexual exploitation alone is no commercial sex", `SELECT count(*) FROM assessment AS a WHERE status_code LIKE 'severe_sex%' AND NOT ` + says + `commercial_sex_code = 'yes')`, "0"},
		{"labour alone is no subjection", `SELECT count(*) FROM assessment AS a WHERE status_code = 'severe_labour' AND NOT ` + says + `purpose_code IN ('debt_bondage_purpose', 'slavery_servitude'))`, "0"},
		{"a debt beside sexual exploitation is no purpose", `SELECT count(*) FROM record_purpose AS d JOIN record_purpose AS s USING (record_id, record_version)
			WHERE d.purpose_code = 'debt_bondage_purpose' AND s.purpose_code = 'sexual_exploitation'`, "0"},
		{"control counts nowhere", `SELECT count(*) FROM assessment AS a WHERE definition_code = 'palermo' AND means_state_code = 'stated' AND NOT EXISTS
			(FROM record_means AS m WHERE m.record_id = a.subject_id AND m.record_version = a.subject_version AND m.answer_code = 'yes' AND NOT m.is_control)`, "0"},
	} {
		if got := strings.Join(query(t, db, tc.q), " "); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.what, got, tc.want)
		}
	}
}
