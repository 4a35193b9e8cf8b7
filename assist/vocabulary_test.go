//go:build !race

package assist

import (
	"bytes"
	"encoding/csv"
	"testing"

	"palermo/mappings"
	"palermo/schemas"
)

// TestHiddenWords holds that a hidden source is hidden: no name of a field is known that stands in its headers alone, but
// where a vocabulary of the list has it, or the schema itself; and none at all where the lexicon is blind.
func TestHiddenWords(t *testing.T) {
	set, _, err := mappings.Load(mappings.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	read := func(b []byte) [][]string {
		recs, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return recs[1:]
	}
	general := map[string]bool{}
	for _, file := range [][]byte{fieldWords, codeWords} {
		for i, r := range read(file) {
			if r[4] != "" && vocabularies[r[4]] == "" {
				t.Errorf("line %d: %q is no vocabulary of the list", i+2, r[4])
			}
			if r[4] != "" {
				general[phraseOf(r[2]).joined] = true
			}
		}
	}
	for _, source := range []string{"htcds", "iom_ctm"} { // they have the most words of their own
		only := headersOf(set, []string{source})
		for _, blind := range []bool{false, true} {
			l, err := newLexicon(schemas.Builtin(), set, blind, source)
			if err != nil {
				t.Fatal(err)
			}
			kept := 0
			for i := range l.aliases {
				a := &l.aliases[i]
				if a.from == fromMapping+source {
					t.Errorf("%q is known from the hidden mapping %s", a.text, source)
				}
				if len(a.from) < len(inLanguage) || a.from[:len(inLanguage)] != inLanguage || !only[a.joined] || a.what.Code != "" {
					continue
				}
				kept++
				if blind || !general[a.joined] {
					t.Errorf("%q %s is known, though %s alone has it", a.text, a.from, source)
				}
			}
			t.Logf("%s, blind %v: %d of %d words of its own headers are known from vocabularies", source, blind, kept, len(only))
			if !blind && kept == 0 {
				t.Errorf("%s: no word is known from a vocabulary: the test sees nothing", source)
			}
		}
	}
}

// TestConcepts reads the built-in concepts, which nothing else would find wrong before it is used.
func TestConcepts(t *testing.T) {
	for _, pair := range [][2]string{{"agency", "organisation"}, {"type", "vrsta"}, {"trafficker", "recruiter"}, {"sex", "sexual"}} {
		if !sameConcept(pair[0], fold(pair[1])) {
			t.Errorf("%q and %q are one concept", pair[0], pair[1])
		}
	}
	if sameConcept("sexual", "gender") || sameConcept("agency", "agent") {
		t.Error("words of two concepts are taken for one")
	}
}
