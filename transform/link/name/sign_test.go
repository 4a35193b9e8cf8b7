package name

import (
	"math/rand/v2"
	"testing"
)

// TestSign holds the bounds against what they bound, of strings that are alike, unlike, long and short.
func TestSign(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 2))
	letters := []string{"ab", "abcdefghijklmnopqrstuvwxyz ", "0123456789", "aq0 pb"} // a, q and 0 look the same in a sign, as b and p do not
	draw := func() string {
		from := letters[r.IntN(len(letters))]
		b := make([]byte, 1+r.IntN(24))
		for i := range b {
			b[i] = from[r.IntN(len(from))]
		}
		return string(b)
	}
	sharp := 0
	for range 100_000 {
		a, b := draw(), draw()
		if r.IntN(2) == 0 { // a few bytes from one another
			x := []byte(a)
			for range r.IntN(4) {
				x[r.IntN(len(x))] = "ab01"[r.IntN(4)]
			}
			b = string(x)
		}
		g, h := SignOf(a), SignOf(b)
		edits, least := Levenshtein(a, b, 100), g.LeastEdits(h)
		if least > edits || h.LeastEdits(g) != least {
			t.Fatalf("%q and %q: at least %d edits, and %d do", a, b, least, edits)
		}
		alike, most := JaroWinkler(a, b), g.MostJaroWinkler(h)
		if most < alike || h.MostJaroWinkler(g) != most {
			t.Fatalf("%q and %q: at most %v alike, and they are %v", a, b, most, alike)
		}
		if least == edits && edits > 0 || most < 0.7 {
			sharp++
		}
	}
	if sharp < 25_000 {
		t.Errorf("the signs tell %d of 100000 pairs apart", sharp)
	}
}
