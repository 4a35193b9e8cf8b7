package link

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const page = "../../docs/link.md"

// listedRow is a line of a table whose first cell is a word of link.yaml.
var listedRow = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|")

// TestWordsAreDocumented holds docs/link.md to the words of link.yaml: all of them, and no other.
func TestWordsAreDocumented(t *testing.T) {
	var kinds []string
	for _, k := range Kinds {
		kinds = append(kinds, string(k))
	}
	named := slices.DeleteFunc(slices.Collect(maps.Keys(forms)), func(s string) bool { return s == "" })
	for heading, words := range map[string][]string{
		"### Kinds":         kinds,
		"### Forms of days": slices.Clone(DateForms),
		"### Forms":         named,
		"### Tests":         append(slices.Collect(maps.Keys(tests)), exchanged),
	} {
		slices.Sort(words)
		if d := cmp.Diff(words, listed(t, heading)); d != "" {
			t.Errorf("docs/link.md, %q, does not list the words that there are (-words +page):\n%s", heading, d)
		}
	}
}

// TestFormsAreForTheirKinds holds the column "of kinds" to the code.
func TestFormsAreForTheirKinds(t *testing.T) {
	for _, l := range strings.Split(section(t, "### Forms"), "\n") {
		cells := strings.Split(l, "|")
		if !listedRow.MatchString(l) || len(cells) < 4 {
			continue
		}
		form := strings.Trim(cells[1], " `")
		var kinds []string
		for _, k := range forms[form].kinds {
			kinds = append(kinds, string(k))
		}
		want := strings.Join(kinds, ", ")
		if kinds == nil {
			want = "any"
		}
		if got := strings.TrimSpace(cells[2]); got != want {
			t.Errorf("docs/link.md says that form %s is of kinds %s; it is of %s", form, got, want)
		}
	}
}

func section(t *testing.T, heading string) string {
	t.Helper()
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(b), "\n"+heading+"\n")
	if !found {
		t.Fatalf("docs/link.md has no %q", heading)
	}
	s, _, _ := strings.Cut(rest, "\n#")
	return s
}

// listed is the words in the table under the heading, sorted.
func listed(t *testing.T, heading string) []string {
	t.Helper()
	var out []string
	for _, g := range listedRow.FindAllStringSubmatch(section(t, heading), -1) {
		out = append(out, g[1])
	}
	slices.Sort(out)
	return out
}
