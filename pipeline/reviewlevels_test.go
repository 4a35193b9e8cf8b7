package pipeline

import (
	"fmt"
	"testing"

	"palermo/transform/link"
)

// AgreementOf is the agreement of one reviewer's two answers about each of some pairs.
func AgreementOf(answers [][2]string) Agreement {
	last := map[answerKey]answer{}
	for i, v := range answers {
		a, b := fmt.Sprint("r", i, "a"), fmt.Sprint("r", i, "b")
		last[answerKey{"x", a, b}], last[answerKey{"x", b, a}] = answer{Verdict: v[0]}, answer{Verdict: v[1]}
	}
	return agreement(last)
}

// TestLevelWords: every level of the built-in model has plain words.
func TestLevelWords(t *testing.T) {
	m, err := link.DecodeModel(builtInModel)
	if err != nil {
		t.Fatal(err)
	}
	known := map[[2]string]bool{}
	for _, c := range m.Comparisons {
		for _, says := range c.Levels {
			k := [2]string{c.Name, says}
			known[k] = true
			if levelWords[k] == "" {
				t.Errorf("no words for %q", k)
			}
		}
	}
	for k := range levelWords {
		if !known[k] {
			t.Errorf("%q is no level", k)
		}
	}
}
