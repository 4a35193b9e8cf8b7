package mappings

import "testing"

func TestWord(t *testing.T) {
	for in, want := range map[string]string{" a b ": "a b", "\ufeffx\u00a0": "x", "e\u0301": "é", "A": "A", "": ""} {
		if got := Word(in); got != want {
			t.Errorf("Word(%q) = %q, want %q", in, got, want)
		}
	}
}
