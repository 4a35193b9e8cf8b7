package pipeline_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"

	"palermo/pipeline"
)

// explainViews leads the first row of some views back: as many persons or records stand behind the number as it says, and
// each of those shown has a cell that gives the answer.
func explainViews(t *testing.T, h *pipeline.Home, home string) {
	t.Helper()
	db, ctx := open(t, home), context.Background()
	for _, tt := range []struct{ view, column, keys, answer string }{
		{"means_used", "n_yes", "source_id, is_control, means_code", "means_code"},
		{"exploitation_by_year", "n_yes_high", "source_id, year_basis_code, year, purpose_code", "purpose_code"},
		{"victims_by_education", "n_answered", "source_id, education_code", ""},
		{"article_3_status", "n_yes", "source_id, status_code, act_state_code, means_state_code, purpose_state_code, missing_elements", ""},
	} {
		keys := map[string]string{}
		names := strings.Split(tt.keys, ", ")
		row := strings.Split(query(t, db, "SELECT concat_ws('|', "+tt.keys+", "+tt.column+") FROM "+tt.view+" WHERE "+tt.column+" > 2 ORDER BY ALL LIMIT 1")[0], "|")
		for i, name := range names {
			keys[name] = row[i]
		}
		x, err := h.ExplainView(ctx, tt.view, tt.column, keys, 2, false)
		if err != nil {
			t.Fatalf("%s of %v: %v", tt.view, keys, err)
		}
		behind := x.Persons
		if x.Row["unit_code"] == "records" {
			behind = x.Records
		}
		if want := row[len(names)]; x.Value != want || strconv.Itoa(behind) != want || len(x.People) == 0 || len(x.People) > 2 {
			t.Errorf("%s.%s is %s, told as %s with %d behind it and %d shown", tt.view, tt.column, want, x.Value, behind, len(x.People))
		}
		for _, w := range x.People {
			for _, r := range w.Records {
				if len(r.Cells) == 0 {
					t.Errorf("%s: record %s leads to no cell", tt.view, r.Record)
				}
				for _, c := range r.Cells {
					if c.Submission.ID == "" || c.Row == 0 || strings.HasPrefix(c.Submission.Name, "legacy") {
						t.Errorf("%s: record %s leads to no row, or shows the name of its file", tt.view, r.Record)
					}
					if tt.answer != "" && (len(c.Fields) == 0 || c.Fields[0].Rule == "" && c.Fields[len(c.Fields)-1].Rule == "") {
						t.Errorf("%s: record %s leads to no rule", tt.view, r.Record)
					}
				}
			}
		}
	}
	var ambiguous *pipeline.AmbiguousError
	if _, err := h.ExplainView(ctx, "means_used", "n_yes", nil, 1, false); !errors.As(err, &ambiguous) || ambiguous.Rows < 2 {
		t.Errorf("a row that is not named: %v", err)
	}
	if _, err := h.ExplainView(ctx, "means_used", "n_no", nil, 1, false); !errors.Is(err, pipeline.ErrNotFound) {
		t.Errorf("a column that is not there: %v", err)
	}
}
