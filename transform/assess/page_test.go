package assess

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the generated parts of docs/assessment.md")

const page = "../../docs/assessment.md"

// TestPage holds the tables of the manual to the rules: what stands between the two comments of a
// part is generated, the rest is written by hand.
func TestPage(t *testing.T) {
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	want := string(b)
	parts := map[string]string{"vocabulary": vocabularyTable()}
	for _, d := range Builtin().Definitions {
		parts["elements "+d.Code] = elementTable(d)
		parts["rules "+d.Code] = ruleTable(d)
	}
	got := want
	for name, text := range parts {
		got = replacePart(t, got, name, text)
	}
	if *update {
		if err := os.WriteFile(page, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("docs/assessment.md is not in step (`go test ./transform/assess -update` writes it):\n%s", d)
	}
}

func replacePart(t *testing.T, text, name, part string) string {
	t.Helper()
	begin, end := "<!-- generated: "+name+" -->\n", "<!-- end -->"
	before, rest, found := strings.Cut(text, begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("docs/assessment.md has no part %q", name)
	}
	return before + begin + part + end + after
}

func vocabularyTable() string {
	var b strings.Builder
	b.WriteString("| word | values | asks |\n| --- | --- | --- |\n")
	for _, c := range vocabulary {
		values := slices.Clone(c.values)
		slices.Reverse(values)
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", c.word, strings.Join(values, ", "), c.asks)
	}
	return b.String()
}

func elementTable(d *Definition) string {
	var b strings.Builder
	b.WriteString("| element | article | words of the definition | our codes |\n| --- | --- | --- | --- |\n")
	for _, e := range d.Elements {
		for _, w := range e.Counts {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", e.Name, e.Article, w.Word, codes(w.Codes))
		}
		if len(e.Beside) > 0 {
			fmt.Fprintf(&b, "| %s |  | *not part of it* | %s |\n", e.Name, codes(e.Beside))
		}
		if len(e.DeniedBy) > 0 {
			fmt.Fprintf(&b, "| %s |  | *denied where all of these are* | %s |\n", e.Name, codes(e.DeniedBy))
		}
	}
	return b.String()
}

func codes(all []string) string { return "`" + strings.Join(all, "` `") + "`" }

func ruleTable(d *Definition) string {
	var b strings.Builder
	b.WriteString("| | rule | when | status | article | meaning | for example |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, r := range d.Set {
		ruleLine(&b, "each", r)
	}
	for i, r := range d.Rules {
		ruleLine(&b, fmt.Sprint(i+1), r)
	}
	return b.String()
}

func ruleLine(b *strings.Builder, place string, r *Rule) {
	var when []string
	for _, c := range r.When {
		when = append(when, c.Word+" "+strings.Join(c.Values, " or "))
	}
	if len(when) == 0 {
		when = []string{"whatever is left"}
	}
	fmt.Fprintf(b, "| %s | `%s` | %s | `%s` | %s | %s | %s |\n", place, r.Name, strings.Join(when, "; "), r.Status, r.Article, r.Note, r.Example)
}
