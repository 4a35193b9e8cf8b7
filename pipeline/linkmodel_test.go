package pipeline_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/zap"

	"palermo/fixtures"
	"palermo/load"
	"palermo/pipeline"
	"palermo/transform/link"
)

// TestModelIsKept: a home with few records links by the built-in model; the first run with enough
// estimates one, which stays until somebody asks for another, and stands in what it was used for.
func TestModelIsKept(t *testing.T) {
	t.Parallel()
	few, _ := caseFiles(t, fixtures.CasesOptions{CTM: 60, RCP: 30, Seed: 5})
	home := newHome(t, few)
	s := run(t, home, pipeline.Options{Now: clock(1)})
	chosen := filepath.Join(home, "state", "models", "current")
	if _, err := os.Stat(chosen); !s.Linkage.BuiltIn || err == nil {
		t.Errorf("of %d records a model was estimated", s.Linkage.Records)
	}
	if f, err := openHome(t, home).FitModel(t.Context(), zap.NewNop()); err == nil {
		t.Errorf("of %d records a model was estimated on request", f.Records)
	}
	if s := run(t, home, pipeline.Options{Now: clock(2)}); s.Status != pipeline.RunNothingNew {
		t.Errorf("the same again: %s", s.Status)
	}
	files, _ := caseFiles(t, fixtures.CasesOptions{CTM: 900, RCP: 500, Seed: 6})
	names := slices.Sorted(maps.Keys(files))
	for _, name := range names[1:] {
		drop(t, home, strings.Replace(name, "/", "/more_", 1), files[name])
	}
	s = run(t, home, pipeline.Options{Now: clock(3)})
	model := strings.TrimSpace(string(read(t, home, "state/models/current")))
	if s.Linkage.BuiltIn || s.Linkage.Model != model {
		t.Errorf("linked by %s, chosen is %s", s.Linkage.Model, model)
	}
	dir, m, err := load.Current(home)
	check(t, err)
	if m.LinkageModel != model || m.States["persons"] == "" {
		t.Errorf("the manifest names model %q and registry %q", m.LinkageModel, m.States["persons"])
	}
	footer, err := load.ReadFooter(filepath.Join(dir, "parquet", "person", "person.parquet"))
	check(t, err)
	if footer.Metadata["palermo.linkage_model"] != model {
		t.Errorf("a footer names model %q", footer.Metadata["palermo.linkage_model"])
	}
	drop(t, home, strings.Replace(names[0], "/", "/more_", 1), files[names[0]])
	if s = run(t, home, pipeline.Options{Now: clock(4)}); s.Linkage.Model != model {
		t.Error("a later run has another model")
	}
	f, err := openHome(t, home).FitModel(t.Context(), zap.NewNop())
	check(t, err)
	again, err := openHome(t, home).FitModel(t.Context(), zap.NewNop())
	check(t, err)
	if f.Before != model || f.Model == model || again.Model != f.Model {
		t.Errorf("estimated anew: %s after %s, then %s", f.Model, f.Before, again.Model)
	}
	if s = run(t, home, pipeline.Options{Now: clock(5)}); s.Status != pipeline.RunPublished || s.Linkage.Model != f.Model {
		t.Errorf("%s, after another model was chosen", s.Status)
	}
}

// TestEstimateRefused: an estimate that cannot be right does not fail the night. The built-in model
// stands in, the estimate is kept, and only what a person asks for fails.
func TestEstimateRefused(t *testing.T) {
	t.Parallel()
	wholeRun(t)
	dir := t.TempDir()
	check(t, fixtures.Cases(dir, fixtures.CasesOptions{CTM: 900, Seed: 5}))
	c := readCaseTable(t, filepath.Join(dir, "iom_chisinau", "ctm_assistance.csv"), ',', nil)
	for i, row := range c.rows[1:] { // all of one sex, so that agreement in it says nothing; and each three times
		c.set(row, "Sex", "F")
		for n := range 2 {
			again := slices.Clone(row)
			c.set(again, "Case No", fmt.Sprintf("MD/9%d/%05d", n, i))
			c.rows = append(c.rows, again)
		}
	}
	home := newHome(t, map[string][]byte{"iom_chisinau/cases.csv": c.bytes(t)})
	s := run(t, home, pipeline.Options{Now: clock(1)})
	if s.Status != pipeline.RunPublished || s.Linkage == nil || !s.Linkage.BuiltIn || s.Linkage.Persons == 0 {
		t.Fatalf("%s, %+v", s.Status, s.Linkage)
	}
	if kept := string(read(t, home, "state/models/refused.txt")); !strings.Contains(kept, "sex") || !strings.Contains(kept, "bits") {
		t.Errorf("kept of the estimate:\n%s", kept)
	}
	if s := run(t, home, pipeline.Options{Now: clock(2)}); s.Status != pipeline.RunNothingNew {
		t.Errorf("the same again: %s", s.Status)
	}
	var insane *link.InsaneError
	if _, err := openHome(t, home).FitModel(t.Context(), zap.NewNop()); !errors.As(err, &insane) || insane.Comparison != "sex" {
		t.Errorf("asked for: %v", err)
	}
}

func TestLinkageConfig(t *testing.T) {
	home := newHome(t, nil)
	for text, ok := range map[string]bool{
		"linkage: {link: 0.95, review: 0.5, sources: [rcp, iom_ctm]}": true, "linkage: {link: 0.5}": true,
		"linkage: {link: 0.5, review: 0.6}": false, "linkage: {link: 1}": false, "linkage: {review: -0.1}": false, "linkage: {lnik: 0.9}": false,
	} {
		write(t, filepath.Join(home, "palermo.yaml"), []byte(text))
		_, err := pipeline.OpenHome(home, "")
		var bad *pipeline.ConfigError
		if errors.As(err, &bad) == ok || !ok && err == nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}
