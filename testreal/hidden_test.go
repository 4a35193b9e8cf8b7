package testreal

import (
	"io/fs"
	"path/filepath"
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

// What all sources together reach where no word of theirs is known at all, in whole hundredths.
const (
	blindPrecision = 0.99
	blindRecall    = 0.74
	blindFirst     = 0.90
	blindThree     = 0.92
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
	var all, blind assisttest.Figures
	for _, m := range set.Mappings {
		if len(files[m.Source.ID]) == 0 {
			continue
		}
		f, err := assisttest.Hide(t.Context(), s, set, m.Source.ID, files[m.Source.ID], t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		b, err := assisttest.HideAll(t.Context(), s, set, m.Source.ID, files[m.Source.ID], t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Log(f.Row(m.Source.ID))
		t.Log(b.Row(m.Source.ID + ", blind"))
		for _, w := range f.Wrong {
			t.Logf("%s, wrong: %s", m.Source.ID, w)
		}
		all.Add(f)
		blind.Add(b)
		if f.Precision() < precisionGoal || f.Recall() < recallGoal || f.First() < firstGoal || f.Three() < threeGoal {
			t.Errorf("%s is below the goals", m.Source.ID)
		}
		if b.Precision() < precisionGoal {
			t.Errorf("%s: what is filled in blindly is right in less than %.2f", m.Source.ID, precisionGoal)
		}
	}
	t.Log(all.Row("all"))
	t.Log(blind.Row("all, blind"))
	if all.Precision() < precisionGoal || all.Recall() < recallGoal || all.First() < firstGoal || all.Three() < threeGoal {
		t.Errorf("all sources together are below the goals: %s", all.Row("all"))
	}
	if blind.Precision() < blindPrecision || blind.Recall() < blindRecall || blind.First() < blindFirst || blind.Three() < blindThree {
		t.Errorf("all sources together are below what they reached blindly: %s", blind.Row("all"))
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
