package schemas

import (
	"strings"
	"testing"
	"testing/fstest"
	"unicode"
)

// languages is the languages that receipts and templates can be in.
var languages = []string{"en", "bg", "es", "fr", "mk", "ro", "ru", "sq", "sr-Cyrl", "sr-Latn", "uk"}

func TestNoCodeLacksALabel(t *testing.T) {
	s := Builtin()
	var have []string
	for _, l := range s.Languages() {
		have = append(have, l.Tag)
		if l.Tag != "en" && l.Status != LabelsDraft && l.Status != LabelsApproved {
			t.Errorf("%s is neither a draft nor approved", l.Tag)
		}
	}
	if strings.Join(have, " ") != strings.Join(languages, " ") {
		t.Errorf("languages %q, want %q", have, languages)
	}
	for _, list := range s.Lists {
		for _, lang := range languages {
			seen := map[string]string{}
			for i := range list.Codes {
				e := &list.Codes[i]
				label := e.Label(lang)
				switch {
				case !e.HasLabel(lang):
					t.Errorf("%s: %s has no label in %s", list.Name, e.Code, lang)
				case seen[label] != "" && list.Name != countryList:
					t.Errorf("%s: %s and %s have one label in %s", list.Name, seen[label], e.Code, lang)
				case strings.TrimSpace(label) != label:
					t.Errorf("%s: the label of %s in %s has blanks around it", list.Name, e.Code, lang)
				}
				seen[label] = e.Code
			}
		}
	}
}

// A label in the wrong script is in another language's file.
func TestLabelsAreInTheirScript(t *testing.T) {
	for _, list := range Builtin().Lists {
		for i := range list.Codes {
			for _, lang := range []string{"bg", "mk", "ru", "sr-Cyrl", "uk"} {
				if label := list.Codes[i].Label(lang); !strings.ContainsFunc(label, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }) {
					t.Errorf("%s: %s has no Cyrillic letter in %s", list.Name, list.Codes[i].Code, lang)
				}
			}
			for _, lang := range []string{"es", "fr", "ro", "sq", "sr-Latn"} {
				if label := list.Codes[i].Label(lang); strings.ContainsFunc(label, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }) {
					t.Errorf("%s: %s has a Cyrillic letter in %s", list.Name, list.Codes[i].Code, lang)
				}
			}
		}
	}
}

func TestLabel(t *testing.T) {
	s := Builtin()
	label := func(list, code, lang string) string {
		l := s.List(list)
		return l.Codes[l.Index(code)].Label(lang)
	}
	for _, tt := range []struct{ list, code, lang, want string }{
		{"sex", "female", "fr", "Féminin"},
		{"sex", "female", "sr-Latn", "Ženski"},
		{"sex", "female", "sr-Cyrl", "Женски"},
		{"sex", "female", "de", "Female"}, // no such language: English
		{"sex", "female", "fr-CA", "Féminin"},
		{"country", "SRB", "sr-Cyrl", "Србија"}, // names of countries say sr
		{"country", "BUR", "ro", "Birmania (până în 1989)"},
	} {
		if got := label(tt.list, tt.code, tt.lang); got != tt.want {
			t.Errorf("%s.%s in %s is %q, want %q", tt.list, tt.code, tt.lang, got, tt.want)
		}
	}
}

// TestBadLabels holds what a file of labels may not say.
func TestBadLabels(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"another's file":       {"language: es\nname: x\nstatus: draft\napproved_by: \"\"\n", "in the file of another"},
		"no status":            {"language: fr\nname: x\nstatus: done\napproved_by: \"\"\n", "no status"},
		"approved by nobody":   {"language: fr\nname: x\nstatus: approved\napproved_by: \"\"\n", "who approves"},
		"a draft with a name":  {"language: fr\nname: x\nstatus: draft\napproved_by: A\n", "who approves"},
		"no such list":         {"language: fr\nname: x\nstatus: draft\napproved_by: \"\"\nlabels: {sexx: {female: F}}\n", `no code list "sexx"`},
		"no such code":         {"language: fr\nname: x\nstatus: draft\napproved_by: \"\"\nlabels: {sex: {femal: F}}\n", `no code "femal"`},
		"an empty label":       {"language: fr\nname: x\nstatus: draft\napproved_by: \"\"\nlabels: {sex: {female: \" \"}}\n", "empty label"},
		"a word it has not":    {"language: fr\nname: x\nstatus: draft\nby: A\n", "field by not found"},
		"a language as prefix": {"language: fr-CA\nname: x\nstatus: draft\napproved_by: \"\"\n", "in the file of another"},
	} {
		t.Run(name, func(t *testing.T) {
			l := loader{fsys: fstest.MapFS{"labels/fr.yaml": {Data: []byte(tt.text)}},
				s: &Schema{lists: map[string]*CodeList{"sex": {Name: "sex", Codes: []CodeEntry{{Code: "female", Labels: map[string]string{}}}, index: map[string]int{"female": 0}}}}}
			err := l.labelsOf("labels/fr.yaml")
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}
