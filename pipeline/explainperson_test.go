package pipeline_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"palermo/fixtures"
	"palermo/pipeline"
)

// TestExplainLinks: a pair's evidence sums to its weight, ids of either zone do, and names are told
// only after a line is in the audit file.
func TestExplainLinks(t *testing.T) {
	t.Parallel()
	files, truth := caseFiles(t, fixtures.CasesOptions{CTM: 300, RCP: 100, Seed: 5})
	home := newHome(t, files)
	run(t, home, pipeline.Options{})
	h, err := pipeline.ReadHome(home, "")
	check(t, err)
	id := stewardRecord(t)
	a, b := joinedPair(t, truth, memberships(t, home), id)
	x, err := h.ExplainPair(t.Context(), id(a), id(b), false)
	check(t, err)
	sum := x.PriorBits
	for _, e := range x.Evidence {
		sum += e.Bits + e.Rarity
	}
	if !x.Joined || len(x.Evidence) < 3 || x.Names != nil || sum-x.TotalBits > 1e-9 || x.TotalBits-sum > 1e-9 {
		t.Errorf("%+v", x)
	}
	p, err := h.ExplainPerson(t.Context(), id(a), false)
	check(t, err)
	if len(p.Records) != 2 || len(p.Links) != 1 || len(p.Values) < 2 || p.Records[0].Place == "" {
		t.Errorf("%+v", p)
	}
	analyst := query(t, open(t, home), `SELECT sex_record_id, person_id FROM person WHERE records = 2 AND sex_record_id IS NOT NULL ORDER BY 2`)
	for _, other := range strings.Split(analyst[0], "|") {
		if q, err := h.ExplainPerson(t.Context(), other, false); err != nil || len(q.Records) != 2 {
			t.Errorf("%s, an analyst's id: %v", other, err)
		}
	}
	if q, err := h.ExplainPair(t.Context(), p.Person, id(b), false); err != nil || q.A != x.A || q.B != x.B {
		t.Errorf("of the person: %+v, %v", q, err)
	}
	audit := filepath.Join(home, "state", "audit.jsonl")
	if _, err := os.Stat(audit); err == nil {
		t.Error("asking without names is noted")
	}
	x, err = h.ExplainPair(t.Context(), id(a), id(b), true)
	check(t, err)
	if len(x.Names) != 2 || x.Names[0] == "" || x.Names[1] == "" {
		t.Error("names are not told")
	}
	noted := string(read(t, home, "state/audit.jsonl"))
	if strings.Count(noted, "\n") != 1 || !strings.Contains(noted, id(a)) || strings.Contains(noted, strings.Fields(x.Names[0])[0]) {
		t.Errorf("noted: %q", noted)
	}
	check(t, os.Remove(audit))
	check(t, os.Mkdir(audit, 0o700)) // nothing can be noted there
	if x, err := h.ExplainPerson(t.Context(), id(a), true); err == nil {
		t.Errorf("told without a note: %d records", len(x.Records))
	}
	check(t, os.RemoveAll(filepath.Join(home, "steward")))
	if _, err := h.ExplainPair(t.Context(), id(a), id(b), false); err != pipeline.ErrNotSteward {
		t.Errorf("without the stewards' database: %v", err)
	}
}
