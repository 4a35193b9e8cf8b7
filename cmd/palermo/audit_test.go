package main

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// audited is every command that shows what a received file says as it is, or whose name a record bears, and the word for
// it in the audit file, by the command and its flag.
var audited = map[string]string{
	"explain --personal":         "explain --personal",
	"explain --with-names":       "explain --with-names",
	"inspect":                    "inspect", // of a received file
	"review export --with-names": "review export --with-names",
	"purge":                      "purge",
}

// unaudited is every other command: none shows more of a received file than its name, codes, counts and shapes of words. A new
// command is a line here or above, and so a decision.
var unaudited = strings.Fields(`check completion confirm demo diff doctor init key key/check key/rotate link man map/suggest map/check map/test
	plan release report seal review/export review/import review/status rollback run runs runs/show schema sources template version watch withdraw explain`)

// TestAudit: every command is known to show names or not, every flag that speaks of names is, and what shows them leaves
// a line in the audit file, which the tests of package pipeline hold each of them to.
func TestAudit(t *testing.T) {
	a := &app{stdout: io.Discard, stderr: io.Discard, env: func(string) string { return "" }, now: time.Now}
	found := map[string]bool{}
	speaks := regexp.MustCompile(`\b(names|audit|personal)\b`)
	var each func(c *cobra.Command)
	each = func(c *cobra.Command) {
		path := strings.ReplaceAll(strings.TrimPrefix(c.CommandPath(), "palermo "), " ", "/")
		if c.Runnable() && c.HasParent() && path != "map" && path != "review" {
			found[path] = true
		}
		for _, f := range []string{"personal", "with-names", "names", "raw"} {
			if flag := c.Flags().Lookup(f); flag != nil && speaks.MatchString(flag.Usage) {
				found[strings.ReplaceAll(path, "/", " ")+" --"+f] = true
			}
		}
		for _, sub := range c.Commands() {
			each(sub)
		}
	}
	each(a.root())
	code := ""
	files, err := filepath.Glob("../../pipeline/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil && !strings.HasSuffix(f, "_test.go") {
			code += string(b)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		word, is := audited[name]
		switch {
		case is && !strings.Contains(code, `"`+word+`"`):
			t.Errorf("%s: nothing writes its line to the audit file", name)
		case !is && !slices.Contains(unaudited, name):
			t.Errorf("%s: does it show names, or what a file says? Put it into one of the lists", name)
		}
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(audited)), unaudited) {
		if !found[name] {
			t.Errorf("%s: no such command", name)
		}
	}
}
