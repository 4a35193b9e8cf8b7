package name

import (
	"strings"
	"unicode"
)

// ownLetters is the letters that tell a language, those that tell more before those that tell
// less: Ukrainian і is also Belarusian, ы and ё are, beside Russian, also Kyrgyz and Belarusian.
var ownLetters = []struct {
	lang    language
	letters string
}{
	{"mo", "ӂ"},
	{"ky", "өүң"},
	{"be", "ў"},
	{"uk", "їєґ"},
	{"mk", "ѓќѕ"},
	{"sr", "ђћ"},
	{"sr", "љњџј"}, // Macedonian too, which reads them alike
	{"uk", "і"},
	{"ru", "ыэё"},
	{"bg", "ъ"},
	{"hbs", "čćđšž"},
	{"tr", "ğı"},
	{"ro", "ăâîșțţ"},
	{"sq", "ëç"}, // ş is both Romanian and Turkish, and tells nothing
}

// languageOf tells the language of a name by its letters; empty where they tell none.
func languageOf(words [][]rune) language {
	for _, own := range ownLetters {
		if anyOf(words, own.letters) {
			switch {
			case own.lang == "uk" && anyOf(words, "ыэё"):
				return "be"
			case own.lang == "bg" && !hasVowelYer(words):
				continue
			}
			return own.lang
		}
	}
	return ""
}

func anyOf(words [][]rune, letters string) bool {
	for _, w := range words {
		for _, r := range w {
			if r >= 0x80 && strings.ContainsRune(letters, r) {
				return true
			}
		}
	}
	return false
}

// hasVowelYer is whether an ъ is the Bulgarian vowel: Russian has it only before е, ё, ю, я.
func hasVowelYer(words [][]rune) bool {
	for _, w := range words {
		for i, r := range w {
			if r == 'ъ' && (i+1 == len(w) || !strings.ContainsRune("еёюя", w[i+1])) {
				return true
			}
		}
	}
	return false
}

// secondReading is how the second romanisation of words in l sounds. Plain Latin may be Romanian or
// Albanian; of a word with marks or in Cyrillic the sounds are known.
func (l language) secondReading(words [][]rune) reading {
	switch {
	case l == "ro", l == "" && !anyIn(words, unicode.Cyrillic):
		return balkan
	}
	return slavic
}

func anyIn(words [][]rune, script *unicode.RangeTable) bool {
	for _, w := range words {
		for _, r := range w {
			if unicode.Is(script, r) {
				return true
			}
		}
	}
	return false
}
