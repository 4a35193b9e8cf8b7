package schemas

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

func TestCitizenship(t *testing.T) {
	for _, tt := range []struct{ word, want, why string }{
		{"Romania", "ROU", ""},
		{"Romanians", "ROU", ""},
		{"roumaine", "ROU", ""},
		{"румынка", "ROU", ""},
		{"Румунка", "ROU", ""},
		{"Rumunka", "ROU", ""},
		{"român", "ROU", ""},
		{"молдовське", "MDA", ""},
		{"moldoveancă", "MDA", ""},
		{"Албанец", "ALB", ""},
		{"shqiptare", "ALB", ""},
		{"Kosovar", "XKX", ""},
		{"Zaire", "ZAR", ""},
		{"CONGOLESE", "", "either Congo"},
		{"конголезское", "", "either Congo"},
		{"Guinean", "", "of Guinea, Guinea-Bissau or Equatorial Guinea"},
		{"nigériens", "", "of Niger; often written for the people of Nigeria"},
		{"Dominicana", "", "of Dominica or of the Dominican Republic"},
		{"Korean", "", "North or South Korea"},
		{"Congo", "", "either Congo"}, // a name at the United Nations; in a text about somebody it is not one
		{"Југословен", "", "of the federation to 1992, or of Serbia and Montenegro"},
		{"Ruritanian", "", ""},
		{"", "", ""},
	} {
		got, why, ok := Builtin().Citizenship(tt.word)
		reason := ""
		if why != nil {
			reason = why.Reason
		}
		if got != tt.want || ok != (tt.want != "") || reason != tt.why {
			t.Errorf("Citizenship(%q) = %q, %q, %t, want %q, %q", tt.word, got, reason, ok, tt.want, tt.why)
		}
		if code, ok := Builtin().Country(ByCitizenship, tt.word); code != got || ok != (got != "") {
			t.Errorf("Country(citizenship, %q) = %q, %t", tt.word, code, ok)
		}
	}
}

// Every word for a people leads to its country, or is listed as ambiguous: none is lost to a word of another.
func TestDemonymsLeadSomewhere(t *testing.T) {
	s := Builtin()
	for _, d := range s.Demonyms {
		if got, _, ok := s.Citizenship(d.Word); !ok || got != d.Code {
			t.Errorf("%q (%s, %s) leads to %q", d.Word, d.Code, d.Lang, got)
		}
		if !norm.NFC.IsNormalString(d.Word) || strings.Join(strings.Fields(d.Word), " ") != d.Word || strings.ContainsRune(d.Word, '\uFFFD') {
			t.Errorf("%q is not a clean word", d.Word)
		}
	}
	for _, a := range s.Ambiguous {
		if a.Reason == "" || len(a.Codes) == 0 {
			t.Errorf("%q is ambiguous without saying why", a.Word)
		}
	}
}

// Citizenship text is read in every language of the labels.
func TestDemonymsInEveryLanguage(t *testing.T) {
	n := map[string]map[string]bool{}
	for _, d := range Builtin().Demonyms {
		if n[d.Lang] == nil {
			n[d.Lang] = map[string]bool{}
		}
		n[d.Lang][d.Code] = true
	}
	for _, lang := range []string{"bg", "en", "es", "fr", "mk", "ro", "ru", "sq", "sr", "sr-Latn", "uk"} {
		if len(n[lang]) < 45 {
			t.Errorf("%d countries have words for their people in %s", len(n[lang]), lang)
		}
	}
}
