package name

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// romanise gives both readings of s in ASCII lower case, with one space between words, and how the
// second one sounds.
func romanise(s string) (first, second string, sounds reading) {
	if plain(s) {
		first = lower(s)
		return first, first, balkan
	}
	words := wordsOf(s)
	l := languageOf(words)
	var a, b strings.Builder
	for _, w := range words {
		part(&a)
		part(&b)
		letters.write(&a, &b, w, l)
	}
	return strings.TrimSuffix(a.String(), " "), strings.TrimSuffix(b.String(), " "), l.secondReading(words)
}

// part begins a word.
func part(b *strings.Builder) {
	if s := b.String(); s != "" && !strings.HasSuffix(s, " ") {
		b.WriteByte(' ')
	}
}

// plain is whether s is ASCII throughout.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// lower is romanise for ASCII, where there is nothing to read.
func lower(s string) string {
	if isLower(s) {
		return s
	}
	b := make([]byte, 0, len(s))
	open := false // a word has begun since the last space
	for i := range len(s) {
		c := s[i]
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		case c == '\'' || c == '`':
			continue
		default:
			open = false
			continue
		}
		if !open && len(b) > 0 {
			b = append(b, ' ')
		}
		open = true
		b = append(b, c)
	}
	return string(b)
}

// isLower is whether lower would give s as it is.
func isLower(s string) bool {
	blank := true // a space may not stand here
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			blank = false
		case c == ' ' && !blank:
			blank = true
		default:
			return false
		}
	}
	return !blank
}

// wordsOf parts s into words of lower-case runes: compatibility forms composed, look-alikes of
// another script mended, marks without a letter of their own taken off.
func wordsOf(s string) [][]rune {
	s = norm.NFKC.String(strings.ToValidUTF8(s, " "))
	var words [][]rune
	var w []rune
	end := func() {
		if len(w) > 0 {
			words = append(words, lowerCase(mend(w)))
		}
		w = nil
	}
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Cf, r), isApostrophe(r):
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.Is(unicode.Mn, r):
			w = append(w, r)
		default:
			end()
		}
	}
	end()
	return words
}

// isApostrophe is whether r stands inside a word and parts nothing: Мар'яна, O’Neill, oʻ.
func isApostrophe(r rune) bool {
	switch r {
	case '\'', '`', '´', '‘', '’', '‛', 'ʹ', 'ʻ', 'ʼ', 'ʽ', 'ʾ', 'ʿ', 'ˈ', '′', '＇':
		return true
	}
	return false
}

// lowerCase lowers w and takes off the marks that the table of letters does not know.
func lowerCase(w []rune) []rune {
	out := make([]rune, 0, len(w))
	for _, r := range w {
		r = unicode.ToLower(r)
		if r < 0x80 || letters.has(r) {
			out = append(out, r)
			continue
		}
		for _, d := range norm.NFKD.String(string(r)) {
			if !unicode.Is(unicode.Mn, d) {
				out = append(out, unicode.ToLower(d))
			}
		}
	}
	return out
}
