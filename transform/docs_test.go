package transform_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"palermo/transform"
)

// sections is the heading in docs/mapping.md under which each kind of rule is listed.
var sections = map[string]string{
	"parse":   "### Parse rules",
	"form":    "### Forms of dates",
	"facts":   "### Facts",
	"several": "### Rules for several columns",
	"repair":  "### Repairs",
	"part":    "### Parts",
}

// row is a line of a table whose first cell is a name.
var row = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|")

// TestRulesAreDocumented holds docs/mapping.md to the rules: all of them, and no other.
func TestRulesAreDocumented(t *testing.T) {
	b, err := os.ReadFile("../docs/mapping.md")
	if err != nil {
		t.Fatal(err)
	}
	for kind, names := range transform.Rules() {
		heading, ok := sections[kind]
		if !ok {
			t.Errorf("rules of the kind %q have no section", kind)
			continue
		}
		if d := cmp.Diff(names, listed(t, string(b), heading)); d != "" {
			t.Errorf("docs/mapping.md, %q, does not list the rules that there are (-rules +page):\n%s", heading, d)
		}
	}
}

// listed is the names in the table under the heading, sorted.
func listed(t *testing.T, page, heading string) []string {
	t.Helper()
	_, rest, found := strings.Cut(page, "\n"+heading+"\n")
	if !found {
		t.Fatalf("docs/mapping.md has no %q", heading)
	}
	section, _, _ := strings.Cut(rest, "\n#")
	var out []string
	for _, g := range row.FindAllStringSubmatch(section, -1) {
		out = append(out, g[1])
	}
	slices.Sort(out)
	return out
}
