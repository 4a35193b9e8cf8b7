// Package palermo_test holds the folders to the design: which package may import which.
package palermo_test

import (
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// anything marks the packages that join the others: they may import every one of ours.
const anything = "*"

// mayImport is every package of the module and which of ours it may import. A new folder is a
// line here, and so a decision.
var mayImport = map[string][]string{
	".": nil, // this test

	"diag":     nil,
	"sandbox":  {"diag"},
	"schemas":  {"diag"},
	"mappings": {"schemas", "diag"},
	"seal":     nil, // it is handed files, and names none

	"extract":             {"extract/cell", "extract/sheet", "extract/zipfile", "mappings", "schemas", "diag", "sandbox"},
	"extract/intake":      {"mappings", "schemas", "diag", "sandbox"},
	"extract/cell":        nil,
	"extract/zipfile":     {"diag"},
	"extract/sheet":       {"extract/cell", "extract/zipfile", "diag"}, // no schema: a workbook as text
	"extract/extracttest": {"extract", "extract/cell", "mappings", "schemas", "diag", "sandbox"},
	"transform":           {"transform/assess", "mappings", "schemas", "diag"},
	"transform/assess":    {"schemas", "diag"},
	"transform/link":      {"transform/link/name", "transform/link/days"}, // no schema: who calls it says what a column is
	"transform/disclose":  nil,                                            // numbers: who calls it says what a column is
	"transform/link/days": nil,
	"transform/link/name": nil,
	"load":                {"schemas", "diag", "sandbox"}, // what it must know of a mapping is handed to it
	"load/loadtest":       {"load", "schemas", "diag", "sandbox"},
	"load/receipt":        {"diag"},                 // all that a receipt says is handed to it
	"load/report":         {"load/receipt", "diag"}, // as is all that a report shows; languages are those of receipts
	"load/template":       nil,                      // as is a form

	"assist":            {"mappings", "schemas", "diag"}, // what it looks at is handed to it
	"assist/assisttest": {"assist", "extract", "mappings", "schemas", "diag", "sandbox"},

	"telemetry": nil, // all that is told is handed to it

	"pipeline": {"assist", "telemetry", "extract", "extract/intake", "transform", "transform/assess", "transform/link", "transform/disclose", "load", "load/receipt", "load/report", "load/template", "mappings", "schemas", "seal", "diag", "sandbox"},

	"fixtures":         nil,
	"fixtures/hostile": nil,
	"fixtures/gen":     {"fixtures"},

	"cmd/palermo": {anything},
	"bench":       {anything},
	"testreal":    {anything},
	"testlong":    {anything},
}

// mayImportFixtures is the packages that may import fixtures outside their tests: what is made up
// must not find its way into what is real.
var mayImportFixtures = []string{"cmd/palermo", "bench", "fixtures/gen", "testreal", "testlong"}

func TestImportDirection(t *testing.T) {
	got := packages(t)
	for _, p := range slices.Sorted(maps.Keys(got)) {
		allowed, known := mayImport[p]
		if !known {
			t.Errorf("%s: no such folder in the design: add it to mayImport, or put its code where it belongs", p)
			continue
		}
		for _, i := range got[p] {
			switch {
			case i == "fixtures" && !slices.Contains(mayImportFixtures, p):
				t.Errorf("%s imports fixtures, which only %v may", p, mayImportFixtures)
			case !slices.Contains(allowed, i) && !slices.Contains(allowed, anything):
				t.Errorf("%s imports %s; it may import %v", p, i, allowed)
			}
		}
	}
	for p := range mayImport {
		if _, there := got[p]; !there {
			t.Errorf("mayImport names %s, and there is no such package", p)
		}
	}
}

// TestLayersAreApart says of the table itself what the design promises whatever is added to it.
func TestLayersAreApart(t *testing.T) {
	layers := []string{"extract", "transform", "load"}
	for p, allowed := range mayImport {
		own, _, _ := strings.Cut(p, "/")
		if !slices.Contains(layers, own) {
			continue
		}
		for _, i := range allowed {
			other, _, _ := strings.Cut(i, "/")
			if other != own && slices.Contains(layers, other) {
				t.Errorf("%s may import %s: only pipeline joins extract, transform and load", p, i)
			}
			if own == "load" && other == "mappings" {
				t.Errorf("%s may import %s: load is handed what it must know of a mapping", p, i)
			}
		}
	}
}

// packages is the module's packages and which of ours each imports outside its tests.
func packages(t *testing.T) map[string][]string {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-f", `{{.Module.Path}} {{.ImportPath}} {{join .Imports " "}}`, "./...")
	cmd.Stderr = t.Output()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("list the packages: %v", err)
	}
	found := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		module, pkg, imports := words[0], words[1], words[2:]
		name := func(path string) string {
			if path == module {
				return "."
			}
			return strings.TrimPrefix(path, module+"/")
		}
		found[name(pkg)] = nil
		for _, i := range imports {
			if strings.HasPrefix(i, module+"/") {
				found[name(pkg)] = append(found[name(pkg)], name(i))
			}
		}
	}
	return found
}
