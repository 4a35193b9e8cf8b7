package pipeline_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"palermo/fixtures"
	"palermo/pipeline"
)

// casesHome is a home with n imaginary cases of each database in its drop folder.
func casesHome(t *testing.T, n int) string {
	t.Helper()
	home := newHome(t, nil)
	dir := t.TempDir()
	if err := fixtures.Cases(dir, fixtures.CasesOptions{CTM: n, RCP: n, Seed: 5, NoReports: true}); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "truth.csv")); err != nil {
		t.Fatal(err)
	}
	agency := "."
	if raced {
		agency = "iom_chisinau"
	}
	if err := os.CopyFS(filepath.Join(home, "drop", agency), os.DirFS(filepath.Join(dir, agency))); err != nil {
		t.Fatal(err)
	}
	return home
}

// TestExplainCases walks from 200 random case records back to their cells. What is published is
// what the cells give, names are shown only to who asks for them, and asking leaves a line.
func TestExplainCases(t *testing.T) {
	home := casesHome(t, 150)
	run(t, home, pipeline.Options{})
	h, err := pipeline.ReadHome(home, "")
	if err != nil {
		t.Fatal(err)
	}
	places := query(t, open(t, home), `SELECT _submission || '.' || _sheet || '.' || _row FROM record ORDER BY ALL`)
	rng := rand.New(rand.NewPCG(3, 3))
	var ids []string
	for range sized(200, 20) {
		ids = append(ids, places[rng.IntN(len(places))])
	}
	xs, err := h.Explain(context.Background(), ids...)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range xs {
		if d := x.Differs(); len(d) > 0 || len(x.Published) == 0 {
			t.Errorf("%s differs in %v, published %d columns", x.ID, d, len(x.Published))
		}
		for _, f := range x.Fields {
			if f.Field == "family_name" && len(f.Cells) == 1 && f.Cells[0].Text != "" && !strings.HasPrefix(f.Cells[0].Text, "[") {
				t.Errorf("%s shows a name to who did not ask for it", x.ID)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(home, "state", "audit.jsonl")); err == nil {
		t.Error("an audit line was written, though nothing personal was shown")
	}
	checkPersonal(t, h, home, ids[:3])
}

func checkPersonal(t *testing.T, h *pipeline.Home, home string, ids []string) {
	t.Helper()
	xs, err := h.ExplainPersonal(context.Background(), ids...)
	if err != nil {
		t.Fatal(err)
	}
	names := 0
	for _, x := range xs {
		for _, f := range x.Fields {
			if f.Field == "family_name" && f.Values["family_name"] != "" {
				names++
				if f.Values["family_name"] != f.Cells[0].Text {
					t.Errorf("%s: the name is not that of its cell", x.ID)
				}
			}
		}
	}
	if names == 0 {
		t.Error("nothing personal was shown to who asked for it")
	}
	lines := strings.Split(strings.TrimSpace(string(read(t, home, "state", "audit.jsonl"))), "\n")
	if len(lines) != len(ids) {
		t.Errorf("%d audit lines for %d rows", len(lines), len(ids))
	}
	for i, l := range lines {
		if !strings.Contains(l, fmt.Sprintf("%q", strings.SplitN(ids[i], ".", 2)[0])) {
			t.Errorf("audit line %d does not name its submission: %s", i, l)
		}
	}
}
