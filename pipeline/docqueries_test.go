package pipeline_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// sqlBlock is a query in a page of the manual.
var sqlBlock = regexp.MustCompile("(?s)\n```sql\n(.*?)\n```")

// statementEnd is where one of several statements of a block ends.
var statementEnd = regexp.MustCompile(`;[ \t]*(--[^\n]*)?\n`)

// copied is a query whose rows are written to a file.
var copied = regexp.MustCompile(`(?s)^COPY \((.*)\) TO .*$`)

// documentedQueries runs every query of the manual on the home, as it is pasted, but for the home's name.
func documentedQueries(t *testing.T, home string) {
	t.Helper()
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	db, ran := open(t, home), 0
	for _, page := range append(pages, "../README.md", "../docs/tutorial/README.md") {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range sqlBlock.FindAllStringSubmatch(string(b), -1) {
			for _, statement := range statementEnd.Split(block[1]+"\n", -1) {
				if statement = strings.TrimSpace(statement); statement == "" {
					continue
				}
				if inner := copied.FindStringSubmatch(statement); inner != nil {
					statement = inner[1]
				}
				from := db
				if strings.Contains(statement, "capture_history") {
					from = openNewestSteward(t, home)
				}
				ran++
				got := query(t, from, "SELECT count(*) FROM ("+strings.ReplaceAll(statement, "demo-home", home)+"\n)")
				if ofCases := strings.HasSuffix(page, "analysts.md") && !strings.Contains(statement, "statistic_current"); ofCases && got[0] == "0" {
					t.Errorf("%s: no row\n%s", page, statement)
				}
			}
		}
	}
	if ran < 15 {
		t.Errorf("only %d queries were found", ran)
	}
}
