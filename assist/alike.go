package assist

import (
	"strings"
	"unicode"
)

// alike is how much two tokens are one word: 1 where they are the same, less where they share their stem.
func alike(a, b string) float64 {
	if a == b {
		return 1
	}
	if s := sameStem(a, b); s >= 0.92 || !sameConcept(a, b) {
		return s
	}
	return 0.93
}

// sameStem is alike by letters alone.
func sameStem(a, b string) float64 {
	if len(a) > len(b) {
		a, b = b, a
	}
	n := 0
	for n < len(a) && a[n] == b[n] {
		n++
	}
	switch {
	case doneTo(a) && (doing(b) || doer(b)) || doneTo(b) && (doing(a) || doer(a)): // the referred are not the referring, nor the referrer
		return 0.5
	case n == 4 && len(b)-n > 1, n == 5 && len(a)-n > 2: // the state is no status, the province no provider
		return 0.7
	case n == 5 && n < len(a) && len(b)-n > 1 && a[n] != b[n] && !inflected(a[n:], b[n:]): // consent, conseil
		return 0.7
	case n >= 4 && len(b)-n <= 3:
		return 0.92
	case n >= 5 && n == len(a) && len(b)-n <= 4, n >= 8 && n == len(a): // transport, transportation
		return 0.88
	case n >= 3 && n == len(a) && len(b)-n <= min(2, n-2): // the case of cas_, but no e-mail (имейл) of a name (име)
		return 0.9
	case n >= 5 && float64(n) >= 0.6*float64(len(a)):
		return 0.75
	}
	return 0
}

func doneTo(t string) bool { return len(t) > 5 && strings.HasSuffix(t, "ed") }
func doing(t string) bool  { return len(t) > 5 && strings.HasSuffix(t, "ing") }
func doer(t string) bool {
	return len(t) > 5 && (strings.HasSuffix(t, "er") || strings.HasSuffix(t, "or"))
}

// sameScript reports whether two texts are written in one script: Latin, or another.
func sameScript(a, b string) bool {
	other := func(s string) bool {
		return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) && !unicode.Is(unicode.Latin, r) })
	}
	return other(a) == other(b)
}

// similar is how much two phrases say the same, from 0 to 1, where a word may stand for another of one concept.
func (p phrase) similar(q phrase) float64 { return p.similarBy(q, alike) }

// similarBy is similar where tokens are as alike as the function says.
func (p phrase) similarBy(q phrase, alike func(a, b string) float64) float64 {
	if p.joined == q.joined && p.joined != "" {
		return 1
	}
	if len(p.tokens) == 0 || len(q.tokens) == 0 {
		return 0
	}
	used := make([]bool, len(q.tokens))
	sum, all := 0.0, 0.0
	for _, u := range q.tokens {
		all += weightOf(u)
	}
	for _, t := range p.tokens {
		best, at := 0.0, -1
		for j, u := range q.tokens {
			if !used[j] {
				if s := alike(t, u); s > best {
					best, at = s, j
				}
			}
		}
		all += weightOf(t)
		if at >= 0 {
			used[at] = true
			sum += best * (weightOf(t) + weightOf(q.tokens[at]))
		}
	}
	s := sum / all
	if s >= 0.99 {
		return 0.99 // the same words in another order
	}
	return s
}

// inflected reports whether two endings could be of one word: one of them is short.
func inflected(a, b string) bool { return min(len(a), len(b)) < 2 }
