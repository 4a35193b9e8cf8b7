package mappings_test

import (
	"encoding/csv"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// words reads a codes file of unodc_glotip: word to code.
func words(t *testing.T, name string) map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join("unodc_glotip", "codes", name+".csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	recs, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, r := range recs[1:] {
		out[r[0]] = r[1]
	}
	return out
}

// A label's country and what kind of place it names are two files; they say so of the same labels,
// and not against each other.
func TestGlotipScopesInStep(t *testing.T) {
	country, scope := words(t, "citizenship"), words(t, "citizenship_scope")
	if d := cmp.Diff(slices.Sorted(maps.Keys(country)), slices.Sorted(maps.Keys(scope))); d != "" {
		t.Fatalf("labels (-citizenship +citizenship_scope):\n%s", d)
	}
	ofCountry := []string{"country", "former_country", "disputed_area", "own", "count_in_label"}
	for label, code := range country {
		s := scope[label]
		switch {
		case strings.HasPrefix(s, "*"):
			t.Errorf("%q has no scope", label)
		case !strings.HasPrefix(code, "*") && !slices.Contains(ofCountry, s):
			t.Errorf("%q is %s, yet its scope is %s", label, code, s)
		case code == "*unmapped" && s != "ambiguous", code == "*unknown" && s != "unknown":
			t.Errorf("%q is %s, yet its scope is %s", label, code, s)
		case code == "*not_applicable" && slices.Contains([]string{"country", "ambiguous", "unknown"}, s):
			t.Errorf("%q has no country, yet its scope is %s", label, s)
		}
	}
}

func TestGlotipLabels(t *testing.T) {
	tests := []struct{ label, code, scope string }{
		{"Ukraineans", "UKR", "country"},
		{"M\ufffdXICO", "MEX", "country"},
		{"brésilien", "BRA", "country"},
		{"Swedesh", "SWE", "country"},
		{"Kosovar", "XKX", "disputed_area"},
		{"Netherlands (own country)", "NLD", "own"},
		{"97 albanian", "ALB", "count_in_label"},
		{"3 nigériens et 1 tunisien", "*not_applicable", "several"},
		{"Congo", "*unmapped", "ambiguous"},
		{"Congolese", "*unmapped", "ambiguous"},
		{"Guinean", "*unmapped", "ambiguous"},
		{"Korean", "*unmapped", "ambiguous"},
		{"Dominican", "*unmapped", "ambiguous"},
		{"nigériens", "*unmapped", "ambiguous"},
		{"Nationals", "*not_applicable", "own"},
		{"Abroad", "*not_applicable", "abroad"},
		{"TOTAL POR AÑO", "*not_applicable", "total"},
		{"Q6.1_19s_2019", "*not_applicable", "placeholder"},
		{"Rohingya", "*not_applicable", "people"},
		{"", "*unknown", "unknown"},
	}
	country, scope := words(t, "citizenship"), words(t, "citizenship_scope")
	for _, tt := range tests {
		if country[tt.label] != tt.code || scope[tt.label] != tt.scope {
			t.Errorf("%q is %q, %q; want %q, %q", tt.label, country[tt.label], scope[tt.label], tt.code, tt.scope)
		}
	}
}

// A label that lost letters stands in the files only where it has one reading, which the note
// gives; it is never a pattern.
func TestGlotipLostLettersAreExplained(t *testing.T) {
	f, err := os.ReadFile(filepath.Join("unodc_glotip", "codes", "citizenship.csv"))
	if err != nil {
		t.Fatal(err)
	}
	recs, err := csv.NewReader(strings.NewReader(string(f))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range recs {
		if strings.ContainsRune(r[0], utf8.RuneError) && r[2] == "" {
			t.Errorf("line %d: a label with lost letters has no note", i+1)
		}
	}
}
