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
	}
	t.Log(all.Row("all"))
	if all.Precision() < 0.95 || all.Recall() < 0.7 || all.First() < 0.8 || all.Three() < 0.9 {
		t.Errorf("below the goals: %s", all.Row("all"))
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
