package schemas

import (
	"os"
	"strings"
	"testing"
)

func TestChecks(t *testing.T) {
	page, err := os.ReadFile("../docs/nights.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range Checks() {
		if !strings.Contains(string(page), "`"+c.Name+"`") {
			t.Errorf("docs/nights.md does not name the check %s", c.Name)
		}
	}
}

func TestLoadChecks(t *testing.T) {
	const good = "checks:\n  - {name: a, kind: range, severity: error, table: statistic, column: year, from: 1900, high: 0, meaning: m}\n"
	for _, c := range []struct{ name, from, to, want string }{
		{"as it is", "", "", ""},
		{"a kind that is none", "kind: range", "kind: rang", `checks.yaml:2:21: no kind of check "rang"`},
		{"a severity that is none", "severity: error", "severity: grave", `checks.yaml:2:38: no severity "grave"`},
		{"a column that is none", "column: year", "column: years", "no column of numbers statistic.years that analysts see"},
		{"a column of text", "column: year", "column: vintage", "no column of numbers statistic.vintage that analysts see"},
		{"a word that is not of the language", "from: 1900", "least: 1900", "checks.yaml:2:77"},
		{"no meaning", "meaning: m", "to: 1", "no meaning"},
		{"a name twice", "meaning: m}\n", "meaning: m}\n  - {name: a, kind: balance, severity: info, meaning: m}\n", "checks.yaml:3:12: a check has a name of its own"},
	} {
		_, err := LoadChecks("checks.yaml", []byte(strings.Replace(good, c.from, c.to, 1)), Builtin())
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
