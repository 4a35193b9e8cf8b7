package link

import (
	"strconv"
	"testing"
)

func TestWords(t *testing.T) {
	var w Words
	const n = 10_000
	for i := range 3 * n {
		place, added := w.Index(strconv.Itoa(i % n))
		if int(place) != i%n || added != (i < n) {
			t.Fatalf("word %d: place %d, added %t", i, place, added)
		}
	}
	if len(w.List) != n || w.List[n-1] != strconv.Itoa(n-1) {
		t.Errorf("%d words, the last %q", len(w.List), w.List[len(w.List)-1])
	}
}
