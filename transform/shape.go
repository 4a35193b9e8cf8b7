package transform

import (
	"fmt"
	"strings"
	"unicode"
)

// scripts is what Shape can tell apart; a letter of any other is "other".
var scripts = []struct {
	name  string
	table *unicode.RangeTable
}{
	{"Latin", unicode.Latin}, {"Cyrillic", unicode.Cyrillic}, {"Greek", unicode.Greek}, {"Arabic", unicode.Arabic},
	{"Hebrew", unicode.Hebrew}, {"Armenian", unicode.Armenian}, {"Georgian", unicode.Georgian}, {"Han", unicode.Han},
	{"Thai", unicode.Thai}, {"Devanagari", unicode.Devanagari},
}

// Shape is what may be shown of a word that no mapping lists: its length and script, as
// "[11 characters, Latin]". A shifted column can put a name anywhere, so the word itself stays
// where stewards are.
func Shape(word string) string {
	n := 0
	var found []string
	note := func(s string) {
		for _, f := range found {
			if f == s {
				return
			}
		}
		found = append(found, s)
	}
	for _, r := range word {
		n++
		switch {
		case unicode.IsDigit(r):
			note("digits")
		case unicode.IsLetter(r):
			note(scriptOf(r))
		}
	}
	size := fmt.Sprintf("%d characters", n)
	if n == 1 {
		size = "1 character"
	}
	if len(found) == 0 {
		return "[" + size + "]"
	}
	return "[" + size + ", " + strings.Join(found, " and ") + "]"
}

func scriptOf(r rune) string {
	for _, s := range scripts {
		if unicode.Is(s.table, r) {
			return s.name
		}
	}
	return "other"
}
