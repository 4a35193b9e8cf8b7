package assist

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// latin is Cyrillic letters in Latin ones, so that Serbian is one language in either script. The other
// languages are written alike on both sides of a comparison, and so need not be exact.
var latin = map[rune]string{
	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'ґ': "g", 'д': "d", 'ђ': "dj", 'ѓ': "gj", 'е': "e", 'ё': "e", 'є': "e", 'ж': "z", 'з': "z",
	'ѕ': "dz", 'и': "i", 'й': "j", 'ї': "i", 'і': "i", 'ј': "j", 'к': "k", 'л': "l", 'љ': "lj", 'м': "m", 'н': "n", 'њ': "nj", 'о': "o",
	'п': "p", 'р': "r", 'с': "s", 'т': "t", 'ћ': "c", 'ќ': "k", 'у': "u", 'ў': "u", 'ф': "f", 'х': "h", 'ц': "c", 'ч': "c", 'џ': "dz",
	'ш': "s", 'щ': "sc", 'ъ': "a", 'ы': "i", 'ь': "", 'э': "e", 'ю': "ju", 'я': "ja",
	'đ': "dj", 'ł': "l", 'ø': "o", 'ß': "ss", 'ı': "i", 'æ': "ae", 'œ': "oe",
}

// little is words that say nothing of what a column is about: articles, prepositions, prefixes of machine names.
var little = setOf(`a an the of or and in at on to by for with is was as per no nr num txt str val
	de la le les du des d l un une et ou au aux en par
	el los las del y o al por
	do za na i ili od ot od sa s so v vo u iz k ka
	si sau din pe cu al ale a e te i se nga me ne dhe ose prej
	ta z eur usd gbp chf`)

// byWhom is little words that change what stands before them where they end a header: assisted by.
var byWhom = setOf("by od ot od par por nga de")

func setOf(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

// fold is the text without case, marks and script.
func fold(s string) string { return foldComposed(norm.NFC.String(s)) }

// foldComposed is fold of a text whose marks are composed.
func foldComposed(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		r = unicode.ToLower(r)
		if r < 0x80 {
			b.WriteByte(byte(r))
			continue
		}
		if l, ok := latin[r]; ok {
			b.WriteString(l)
			continue
		}
		for _, d := range norm.NFKD.String(string(r)) {
			if !unicode.Is(unicode.Mn, d) {
				b.WriteRune(unicode.ToLower(d))
			}
		}
	}
	return b.String()
}

// phrase is a text as it is compared: its tokens, and them joined.
type phrase struct {
	tokens []string
	joined string
}

// phraseOf splits the text where words end: at blanks and marks, and inside names as typeOfExploit. Little
// words and numbers go, unless nothing else is there.
func phraseOf(text string) phrase {
	var all []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			all = append(all, foldComposed(string(word)))
			word = word[:0]
		}
	}
	runes := []rune(norm.NFC.String(text))
	for i, r := range runes {
		switch {
		case r == '\'' || r == '’':
			if i+2 < len(runes) && unicode.IsLetter(runes[i+1]) && unicode.IsLetter(runes[i+2]) { // d’origine, but not recruiter’s
				flush()
				continue
			}
			word = append(word, ' ') // what follows is an ending
		case !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r):
			flush()
		case i > 0 && unicode.IsUpper(r) && unicode.IsLower(runes[i-1]), i > 0 && unicode.IsDigit(r) != unicode.IsDigit(runes[i-1]) && unicode.IsLetter(r) != unicode.IsLetter(runes[i-1]),
			i > 0 && i+1 < len(runes) && unicode.IsUpper(r) && unicode.IsUpper(runes[i-1]) && unicode.IsLower(runes[i+1]):
			flush()
			word = append(word, r)
		default:
			word = append(word, r)
		}
	}
	flush()
	var tokens []string
	for i, t := range all {
		if cut, _, _ := strings.Cut(t, " "); cut != "" {
			t = cut
		}
		if t = strings.TrimSpace(t); t == "" || little[t] && !(i == len(all)-1 && i > 0 && byWhom[t]) || unicode.IsDigit(rune(t[0])) || len(t) == 1 {
			continue
		}
		tokens = append(tokens, t)
	}
	if len(tokens) == 0 {
		for _, t := range all {
			tokens = append(tokens, strings.ReplaceAll(t, " ", ""))
		}
	}
	return phrase{tokens, strings.Join(tokens, "")}
}

// near is how much two short texts are one, letter by letter: 1 less the share of pairs of letters that they
// do not share.
func near(a, b string) float64 {
	if a == b {
		return 1
	}
	if len(a) < 2 || len(b) < 2 {
		return 0
	}
	pairs := map[string]int{}
	for i := 0; i+2 <= len(a); i++ {
		pairs[a[i:i+2]]++
	}
	shared := 0
	for i := 0; i+2 <= len(b); i++ {
		if pairs[b[i:i+2]] > 0 {
			pairs[b[i:i+2]]--
			shared++
		}
	}
	s := 2 * float64(shared) / float64(len(a)+len(b)-2)
	if a[0] != b[0] {
		s *= 0.8
	}
	return s
}
