package name

import "unicode"

// lookAlikes is Latin letters and the Cyrillic ones that look the same, side by side. Small letters
// stand apart from capitals: В looks like B, в does not look like b.
const (
	latinLooks    = "ABCEHIJKMOPSTXYaceijopsxy"
	cyrillicLooks = "АВСЕНІЈКМОРЅТХУасеіјорѕху"
)

var toCyrillic, toLatin = looks(latinLooks, cyrillicLooks), looks(cyrillicLooks, latinLooks)

func looks(from, to string) map[rune]rune {
	m := map[rune]rune{}
	t := []rune(to)
	for i, r := range []rune(from) {
		m[r] = t[i]
	}
	return m
}

// mend replaces the letters of w that look like those of the script it is written in but are of
// another. It does so only where one script has twice the letters of the other and all of the
// other's have a look-alike; else the word is as it was typed.
func mend(w []rune) []rune {
	latin, cyrillic := 0, 0
	for _, r := range w {
		switch {
		case unicode.Is(unicode.Latin, r):
			latin++
		case unicode.Is(unicode.Cyrillic, r):
			cyrillic++
		}
	}
	switch {
	case latin == 0 || cyrillic == 0:
		return w
	case cyrillic >= 2*latin:
		return replaced(w, unicode.Latin, toCyrillic)
	case latin >= 2*cyrillic:
		return replaced(w, unicode.Cyrillic, toLatin)
	}
	return w
}

func replaced(w []rune, script *unicode.RangeTable, by map[rune]rune) []rune {
	out := make([]rune, len(w))
	for i, r := range w {
		out[i] = r
		if !unicode.Is(script, r) {
			continue
		}
		like, ok := by[r]
		if !ok {
			return w
		}
		out[i] = like
	}
	return out
}
