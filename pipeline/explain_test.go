package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"palermo/fixtures"
	"palermo/pipeline"
	"palermo/transform"
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
	t.Parallel()
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
	if !raced {
		explainViews(t, h, home)
		documentedQueries(t, home)
		dataPackageHolds(t, home)
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

// TestExplainCells walks from 200 random counts of unpivoted tables back to their cells: what is published is
// what the cells give, the value stands in the cell of the id, and the words of year and measure in
// the header above it.
func TestExplainCells(t *testing.T) {
	t.Parallel()
	home := newHome(t, map[string][]byte{"rcp/annual_report_2003.xlsx": read(t, "../fixtures/rcp/in", "annual_report_2003.xlsx"),
		"rcp/annual_report_2005.xlsx": read(t, "../fixtures/rcp/in", "annual_report_2005.xlsx")})
	run(t, home, pipeline.Options{})
	h, err := pipeline.ReadHome(home, "")
	if err != nil {
		t.Fatal(err)
	}
	all := query(t, open(t, home), `SELECT statistic_id FROM statistic ORDER BY ALL`)
	rng := rand.New(rand.NewPCG(3, 4))
	var ids []string
	for range 200 {
		ids = append(ids, all[rng.IntN(len(all))])
	}
	xs, err := h.Explain(context.Background(), ids...)
	if err != nil {
		t.Fatal(err)
	}
	bases := 0
	for _, x := range xs {
		if d := x.Differs(); len(d) > 0 || x.Published["statistic_id"] != x.ID || x.Rejected != nil {
			t.Errorf("%s differs in %v, published as %q", x.ID, d, x.Published["statistic_id"])
		}
		for _, f := range x.Fields {
			for _, c := range f.Cells {
				switch {
				case !c.Used:
				case f.Field == "value" && (c.Row != x.Row || c.Col != x.Col || c.Text != x.Published["value_text"]):
					t.Errorf("%s: the value is of row %d, column %d", x.ID, c.Row, c.Col)
				case f.Field == "year" && (c.Row != 4 || c.Col > x.Col || !strings.Contains(c.Text, x.Published["year"])):
					t.Errorf("%s: the year is of row %d, column %d", x.ID, c.Row, c.Col)
				case f.Field == "unit_code" && (c.Row != 5 || c.Col != x.Col):
					t.Errorf("%s: the unit is of row %d, column %d", x.ID, c.Row, c.Col)
				case f.Field == "base" && c.Text != "":
					if bases++; c.Row > x.Row || c.Col != x.Col-1 || c.Text != x.Published["base_text"] {
						t.Errorf("%s: the base is of row %d, column %d", x.ID, c.Row, c.Col)
					}
				}
			}
		}
	}
	if bases == 0 {
		t.Error("no share has led back to its base")
	}
	sub := strings.SplitN(ids[0], ".", 2)[0]
	for _, id := range []string{sub + ".1.6.1", sub + ".1.6", sub + ".1.5.2", sub + ".1.99.2"} {
		if _, err := h.Explain(context.Background(), id); !errors.Is(err, pipeline.ErrNotFound) {
			t.Errorf("%s names no value cell: %v", id, err)
		}
	}
}

// TestExplainTreaties walks from every action of the treaties back to its cells: the rows that children
// of the target make are found by their column, and the file's row by itself lists them.
func TestExplainTreaties(t *testing.T) {
	t.Parallel()
	home := newHome(t, map[string][]byte{"depositary/treaty_status.xlsx": read(t, "../fixtures/treaties/in", "status.xlsx"),
		"embassy/report.xlsx": read(t, "../fixtures/us_tip/in", "report.xlsx"), "collaborative/releases.xlsx": read(t, "../fixtures/ctdc/in", "releases.xlsx")})
	run(t, home, pipeline.Options{})
	h, err := pipeline.ReadHome(home, "")
	if err != nil {
		t.Fatal(err)
	}
	ids := query(t, open(t, home), `SELECT action_id FROM treaty_action ORDER BY ALL`)
	xs, err := h.Explain(context.Background(), ids...)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]bool{}
	for _, x := range xs {
		if d := x.Differs(); len(d) > 0 || x.Published["action_id"] != x.ID {
			t.Errorf("%s differs in %v, published as %q", x.ID, d, x.Published["action_id"])
		}
		for _, f := range x.Fields {
			if (f.Field == "act_code" || f.Field == "country_code") && f.Values[f.Field] != x.Published[f.Field] {
				t.Errorf("%s: %s came out as %q", x.ID, f.Field, f.Values[f.Field])
			}
			for _, c := range f.Cells {
				if f.Field == "acted" && f.Values["acted_from"] != "" && c.Used && (c.Col != x.Col || c.Row != x.Row || strings.HasPrefix(c.Text, "[")) {
					t.Errorf("%s was read from row %d, column %d: %q", x.ID, c.Row, c.Col, c.Text)
				}
			}
		}
		rows[x.ID[:strings.LastIndex(x.ID, ".")]] = true
	}
	listed := 0
	for id := range rows {
		xs, err := h.Explain(context.Background(), id)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range xs[0].Also {
			if !slices.Contains(ids, a.ID) {
				t.Errorf("%s lists %s, which is not published", id, a.ID)
			}
			listed++
		}
	}
	if len(ids) == 0 || listed != len(ids) {
		t.Errorf("%d actions, %d listed with their rows", len(ids), listed)
	}
	if _, err := h.Explain(context.Background(), ids[0][:strings.LastIndex(ids[0], ".")]+".99"); !errors.Is(err, pipeline.ErrNotFound) {
		t.Errorf("a column without an action: %v", err)
	}
	explainRows(t, h, query(t, open(t, home), `SELECT statistic_id FROM statistic UNION ALL SELECT rating_id FROM rating UNION ALL SELECT flow_id FROM reported_flow
		UNION ALL SELECT released_case_id FROM released_case ORDER BY ALL`))
}

// explainRows walks from rows of other tables back to their cells: two numbers of one cell have an id each, a
// table may have no header, and a text of codes is explained by the columns that decided it.
func explainRows(t *testing.T, h *pipeline.Home, ids []string) {
	t.Helper()
	xs, err := h.Explain(context.Background(), ids...)
	if err != nil {
		t.Fatal(err)
	}
	twice, joined, texts := 0, 0, map[string]bool{}
	for _, x := range xs {
		if d := x.Differs(); len(d) > 0 || x.Published == nil {
			t.Errorf("%s differs in %v; published: %v", x.ID, d, x.Published != nil)
		}
		if strings.Count(x.ID, ".") == 4 {
			twice++
		}
		for _, f := range x.Fields {
			if f.Field == "value" {
				texts[x.ID[:strings.Index(x.ID, ".")+4]+x.Published["value_text"]] = true
			}
			if f.Rule == "joined" && f.Values[f.Field] != "" && !strings.HasSuffix(f.Field, "_status") { // why nothing is stated may stand in no cell
				joined++
				if !slices.ContainsFunc(f.Cells, func(c transform.TraceCell) bool { return c.Used && c.Text != "" }) {
					t.Errorf("%s: no cell decided %s", x.ID, f.Field)
				}
			}
		}
	}
	if len(ids) < 50 || twice < 4 || joined < 40 || len(texts) < 10 {
		t.Errorf("%d rows, of which %d are a cell's second; %d texts of codes, %d values", len(ids), twice, joined, len(texts))
	}
}
