package diag_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"palermo/diag"
)

var update = flag.Bool("update", false, "write docs/diagnostics.md")

const page = "../docs/diagnostics.md"

// constant is one declared code: its Go name and what it says.
type constant struct {
	name string
	code diag.Code
}

// groups is the sections of the page, by the first word of their codes.
var groups = []struct {
	title string
	words []string
}{
	{"The file", []string{"file"}},
	{"What was recognised", []string{"source", "vintage", "sheet"}},
	{"What a submission does", []string{"submission", "record"}},
	{"Templates", []string{"template"}},
	{"Agreements", []string{"agreement"}},
	{"Columns and rows", []string{"column", "row"}},
	{"Values and keys", []string{"code", "value", "key", "total"}},
	{"The mapping and the settings", []string{"mapping", "config"}},
	{"The home and the run", []string{"home", "balance", "lake", "snapshot", "telemetry"}},
	{"Linkage of files", []string{"link"}},
	{"Review of pairs", []string{"review"}},
}

func TestCodesAreDescribed(t *testing.T) {
	declared := map[diag.Code]string{}
	for _, c := range constants(t) {
		if other, twice := declared[c.code]; twice {
			t.Errorf("%s and %s are both %q", other, c.name, c.code)
		}
		declared[c.code] = c.name
		e, ok := diag.Codes[c.code]
		if !ok {
			t.Errorf("%s (%q) is not in Codes", c.name, c.code)
			continue
		}
		for what, s := range map[string]string{"meaning": e.Meaning, "advice": e.Advice} {
			if !strings.HasSuffix(s, ".") {
				t.Errorf("%s: the %s is no sentence: %q", c.name, what, s)
			}
		}
	}
	for code := range diag.Codes {
		if declared[code] == "" {
			t.Errorf("Codes has %q, which no constant declares", code)
		}
	}
}

func TestDiagnosticsPage(t *testing.T) {
	got := markdown(t)
	if *update {
		if err := os.WriteFile(page, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("docs/diagnostics.md is not in step (`go test ./diag -update` writes it):\n%s", d)
	}
}

// constants is the codes of codes.go in the order in which they are declared.
func constants(t *testing.T) []constant {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []constant
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if typ, ok := v.Type.(*ast.Ident); ok && typ.Name == "Code" {
			s, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, constant{v.Names[0].Name, diag.Code(s)})
		}
		return false
	})
	if len(out) == 0 {
		t.Fatal("codes.go declares no codes")
	}
	return out
}

func markdown(t *testing.T) string {
	t.Helper()
	byWord := map[string][]diag.Code{}
	for _, c := range constants(t) {
		word, _, _ := strings.Cut(string(c.code), ".")
		byWord[word] = append(byWord[word], c.code)
	}
	var b strings.Builder
	b.WriteString(`# Diagnostics

What palermo says about files, values, mappings and the home. A code never changes its meaning, so
that scripts and agencies can rely on it. This page is generated from ` + "`diag/codes.go`" + `
(` + "`go test ./diag -update`" + `); a test holds the two in step.

A finding has a place (` + "`cases.csv:118:4`, `annex.xlsx[Table 3]!F42`" + `), a code and a reason, and is
counted; the first few of each kind are kept whole. Messages never quote a cell.

| severity | means |
| --- | --- |
| info | nothing to do |
| warning | something was kept but not understood, or is unusual |
| error | a row, a table or a file was not loaded; or, for the mapping, the settings and the home, the run did not start or did not finish |
`)
	for _, g := range groups {
		fmt.Fprintf(&b, "\n## %s\n\n| code | severity | meaning | advice |\n| --- | --- | --- | --- |\n", g.title)
		for _, word := range g.words {
			for _, c := range byWord[word] {
				e := diag.Codes[c]
				fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c, e.Severity, cell(e.Meaning), cell(e.Advice))
			}
			delete(byWord, word)
		}
	}
	for word := range byWord {
		t.Errorf("codes that start with %q have no section on the page: add the word to groups", word)
	}
	return b.String()
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
