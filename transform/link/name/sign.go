package name

import "math/bits"

// A Sign is what bytes a string has, but not where: enough to see of most pairs of strings that they
// are not alike, without looking at either.
type Sign struct {
	bag uint64 // for each value of a byte's lower half, a bit for each of its first four bytes
	n   int32  // bytes
}

// SignOf is the sign of s.
func SignOf(s string) Sign {
	g := Sign{n: int32(len(s))}
	for i := range len(s) {
		at := 4 * (s[i] & 15)
		had := g.bag >> at & 15
		g.bag |= (had<<1 | 1) & 15 << at
	}
	return g
}

// missing is how many bytes of g at least have no equal in h.
func (g Sign) missing(h Sign) int { return bits.OnesCount64(g.bag &^ h.bag) }

// LeastEdits is a number that the Levenshtein distance of the two strings is not below.
func (g Sign) LeastEdits(h Sign) int {
	return max(g.missing(h), h.missing(g), int(max(g.n-h.n, h.n-g.n)))
}

// MostJaroWinkler is a number that JaroWinkler of the two strings is not above.
func (g Sign) MostJaroWinkler(h Sign) float64 {
	common := float64(min(int(g.n)-g.missing(h), int(h.n)-h.missing(g)))
	if common <= 0 {
		return 0
	}
	const rounding = 1e-9
	s := (common/float64(g.n)+common/float64(h.n)+1)/3 + rounding
	if s <= 0.7 {
		return s
	}
	return s + 0.4*(1-s)
}
