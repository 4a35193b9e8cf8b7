package transform

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"palermo/mappings"
)

// facts is every rule that a mapping may name for a fact: it is asked once for each distinct
// word of the column, and the fact holds when it says yes to any.
var facts = map[string]func(word string) bool{
	"has_zero": func(w string) bool { return strings.Trim(w, "0") == "" && w != "" }, // prints a count of none
}

// severals is every rule that a mapping may name under "several": a truth about some cells of a
// row and the words listed beside the rule.
var severals = map[string]func(cells, words []string) bool{
	"all_are": func(cells, words []string) bool { // each cell holds one of the words
		for _, c := range cells {
			if !slices.Contains(words, c) {
				return false
			}
		}
		return true
	},
	"any_is": func(cells, words []string) bool { // one cell at least holds one of the words
		for _, c := range cells {
			if slices.Contains(words, c) {
				return true
			}
		}
		return false
	},
}

// repairs is every rule that a mapping may name under "repair": it undoes a known damage to a
// word, or reports that the word does not have it.
var repairs = map[string]func(word string) (string, bool){
	"mojibake": repairMojibake,
}

// repairMojibake undoes UTF-8 that was read as Windows-1252: "TÃ¼rkiye" is "Türkiye". It does so
// only where each character goes back to one byte and the bytes are UTF-8, which text that was
// never broken does not do. Letters already lost to U+FFFD do not come back.
func repairMojibake(word string) (string, bool) {
	if strings.ContainsRune(word, utf8.RuneError) {
		return "", false
	}
	b := make([]byte, 0, len(word))
	high := false
	for _, r := range word {
		c, ok := charmap.Windows1252.EncodeRune(r)
		if !ok && r < 0x100 { // five bytes that Windows-1252 leaves undefined pass through
			c, ok = byte(r), true
		}
		if !ok {
			return "", false
		}
		high = high || c >= 0x80
		b = append(b, c)
	}
	if !high || !utf8.Valid(b) {
		return "", false
	}
	return string(b), true
}

// parts is every rule that a mapping may name under "part": it says which part of a word is read.
var parts = map[string]func(word string) string{
	"mark":      func(w string) string { _, mark := cutMark(w); return mark },
	"no_mark":   func(w string) string { rest, _ := cutMark(w); return rest },
	"no_number": cutNumbers,

	"bracket":    func(w string) string { _, inner := cutBracket(w); return inner },
	"no_bracket": func(w string) string { rest, _ := cutBracket(w); return rest },
}

// noMark is what the part "mark" reads where there is none.
const noMark = "none"

// cutMark cuts the letters off that stand at the end of a word, after a blank: "5 Mar 2003 a".
func cutMark(word string) (rest, mark string) {
	at := strings.LastIndexFunc(word, unicode.IsSpace)
	if at < 0 || strings.IndexFunc(word[at:], unicode.IsDigit) >= 0 {
		return word, noMark
	}
	return mappings.Word(word[:at]), mappings.Word(word[at:])
}

// cutNumbers cuts the numbers of footnotes off: "China 3, 4". They stand after a blank.
func cutNumbers(word string) string {
	name := strings.TrimRightFunc(word, func(r rune) bool { return unicode.IsDigit(r) || unicode.IsSpace(r) || r == ',' })
	first, _ := utf8.DecodeRuneInString(word[len(name):])
	if name == "" || !unicode.IsSpace(first) {
		return word
	}
	return name
}

// cutBracket takes a word and what stands in brackets behind it apart: "5,682 (490)". Without brackets
// at its end there is nothing in them.
func cutBracket(word string) (rest, inner string) {
	body, closed := strings.CutSuffix(word, ")")
	at := strings.LastIndex(body, "(")
	if !closed || at < 0 {
		return word, ""
	}
	return mappings.Word(body[:at]), mappings.Word(body[at+1:])
}
