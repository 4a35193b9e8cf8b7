//go:build !race

package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"palermo/assist/assisttest"
	"palermo/mappings"
	"palermo/schemas"
)

// The goals of each source: of the columns that are filled in, of those that the mapping reads, and of the words that
// its value maps have codes for.
const (
	precisionGoal = 0.95
	recallGoal    = 0.70
	firstGoal     = 0.80
	threeGoal     = 0.90
)

// ownFormat is the source that palermo writes itself: nobody drafts a mapping for it, and no agency changes its headers.
const ownFormat = "palermo_release"

// TestSuggestHidden hides each source that has fixtures, and measures what is suggested for it. Run with -v it prints
// the table of the manual, and with PALERMO_ASSIST what went wrong.
func TestSuggestHidden(t *testing.T) {
	t.Parallel()
	s := schemas.Builtin()
	set, _, err := mappings.Load(mappings.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	var all assisttest.Figures
	manual, err := os.ReadFile("../docs/assistant.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range set.Mappings {
		if m.Source.ID == ownFormat {
			continue
		}
		var files []string // some stand in a folder: a batch of them
		for _, pattern := range []string{"*", "*/*"} {
			found, err := filepath.Glob(filepath.Join("../fixtures", m.Source.ID, "in", pattern))
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, found...)
		}
		if len(files) == 0 {
			continue
		}
		f, err := assisttest.Hide(t.Context(), s, set, m.Source.ID, files, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		all.Add(f)
		row := f.Row(m.Source.ID)
		t.Log(row)
		for _, w := range f.Wrong {
			t.Logf("%s, wrong: %s", m.Source.ID, w)
		}
		if os.Getenv("PALERMO_ASSIST") != "" {
			t.Log("open:\n" + strings.Join(f.Open, "\n") + "\nlost:\n" + strings.Join(f.Lost, "\n"))
		}
		if f.Precision() < precisionGoal || f.Recall() < recallGoal || f.First() < firstGoal || f.Three() < threeGoal {
			t.Errorf("%s is below the goals", m.Source.ID)
		}
		if !strings.Contains(string(manual), row) {
			t.Errorf("docs/assistant.md has other figures of %s: its row is now %s", m.Source.ID, row)
		}
	}
	t.Log(all.Row("all"))
	if all.Precision() < precisionGoal || all.Recall() < recallGoal || all.First() < firstGoal || all.Three() < threeGoal {
		t.Errorf("all sources together are below the goals: %s", all.Row("all"))
	}
}
