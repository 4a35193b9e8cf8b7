package testreal

import (
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"palermo/assist/assisttest"
	"palermo/extract"
	"palermo/mappings"
	"palermo/schemas"
)

// The goals of each source, as those of pipeline's test over fixtures.
const (
	precisionGoal = 0.95
	recallGoal    = 0.70
	firstGoal     = 0.80
	threeGoal     = 0.90
)

// heldSources is the sources that are held to all four goals one by one. The others are below one of the last three, as
// docs/assistant.md says; the first holds for each.
var heldSources = []string{"ctdc", "unodc_glotip", "walkfree"}

// What all sources together reach, in whole hundredths: recall is below its goal, since half of the columns are those of
// the templates of htcds.
const (
	allPrecision = 0.99
	allRecall    = 0.62
	allFirst     = 0.90
	allThree     = 0.92
)

// TestSuggestHiddenReal hides each source that has real files, and measures what is suggested for them: all files under
// data/ but those for linkage are tried, each counts for the source that recognises it.
func TestSuggestHiddenReal(t *testing.T) {
	s := schemas.Builtin()
	set, ds, err := mappings.Load(mappings.Builtin())
	if err != nil || len(ds) > 0 {
		t.Fatal(err, ds)
	}
	files := map[string][]string{}
	err = filepath.WalkDir(realFile(), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.Contains(path, string(filepath.Separator)+"linkage"+string(filepath.Separator)) {
			return err
		}
		if id := sourceOf(t, set, path); id != "" {
			files[id] = append(files[id], path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var all assisttest.Figures
	for _, m := range set.Mappings {
		if len(files[m.Source.ID]) == 0 {
			continue
		}
		f, err := assisttest.Hide(t.Context(), s, set, m.Source.ID, files[m.Source.ID], t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Log(f.Row(m.Source.ID))
		for _, w := range f.Wrong {
			t.Logf("%s, wrong: %s", m.Source.ID, w)
		}
		all.Add(f)
		good := f.Recall() >= recallGoal && f.First() >= firstGoal && f.Three() >= threeGoal
		switch held := slices.Contains(heldSources, m.Source.ID); {
		case f.Precision() < precisionGoal:
			t.Errorf("%s: what is filled in is right in less than %.2f", m.Source.ID, precisionGoal)
		case held && !good:
			t.Errorf("%s is below the goals", m.Source.ID)
		case !held && good:
			t.Errorf("%s reaches the goals: hold it to them", m.Source.ID)
		case !good:
			t.Logf("%s is below the goals, and is not held to them yet", m.Source.ID)
		}
	}
	t.Log(all.Row("all"))
	if all.Precision() < allPrecision || all.Recall() < allRecall || all.First() < allFirst || all.Three() < allThree {
		t.Errorf("all sources together are below what they reached: %s", all.Row("all"))
	}
}

// sourceOf is the source that recognises a sheet of the file; empty for none.
func sourceOf(t *testing.T, set *mappings.Set, path string) string {
	t.Helper()
	f, err := extract.Open(path, extract.Options{Name: filepath.Base(path), TmpDir: t.TempDir()})
	if err != nil {
		return ""
	}
	defer f.Close()
	for _, sh := range f.Sheets() {
		rows, err := extract.Preview(t.Context(), sh, mappings.PreviewRows)
		if err != nil {
			continue
		}
		if best := set.Recognise(sh.Title(), assisttest.Preview(rows)); len(best) > 0 && best[0].Matches() {
			return best[0].Mapping.Source.ID
		}
	}
	return ""
}
