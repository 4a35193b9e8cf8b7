package assist

import (
	"slices"
	"strings"
)

// brackets finds the word without what stands in brackets behind it: a code, or a note.
func (l *Lexicon) brackets(list, text string, look bool, put func(string, float64, string)) {
	at := strings.IndexAny(text, "([")
	if !look || at < 3 {
		return
	}
	l.exactly(list, text[:at], func(code string, score float64, why string) {
		put(code, 0.9*score, why+", without what stands in brackets")
	})
}

// dimensions finds by what a count is broken down where the word is a form of exploitation, or a country.
func (l *Lexicon) dimensions(list, text string, put func(string, float64, string)) {
	if list != "dimension" {
		return
	}
	if ps := l.Codes("purpose", text); len(ps) > 0 && ps[0].Score >= 0.4 && !strings.HasPrefix(ps[0].Code, "*") {
		put("by_exploitation", 0.6*ps[0].Score, "could be a form of exploitation: "+ps[0].Reason)
	}
	if ps := l.Codes(countryList, text); len(ps) > 0 && ps[0].Score >= 0.9 {
		for i, code := range []string{"by_citizenship", "by_destination", "by_origin"} {
			put(code, 0.5-0.05*float64(i), "a country")
		}
	}
}

// under finds the codes of a short list that the column is called after.
func (l *Lexicon) under(list, header string, put func(string, float64, string)) {
	codes := l.schema.List(list).Codes
	if header == "" || list == countryList || len(codes) > mostUnder {
		return
	}
	tokens := phraseOf(header).tokens
	for i := range codes {
		said := phraseOf(strings.ReplaceAll(codes[i].Code, "_", " ")).tokens
		last := said[len(said)-1]
		if len(last) > 3 && slices.ContainsFunc(tokens, func(t string) bool { return alike(t, last) > 0.9 }) {
			put(codes[i].Code, 0.55, "the column is called after it")
		}
	}
}

// mostUnder is of how many codes a list is at most for a column to be called after one.
const mostUnder = 20

// nearly finds words that are like it.
func (l *Lexicon) nearly(list string, p phrase, put func(string, float64, string)) {
	seen := map[int]bool{}
	for _, t := range p.tokens {
		for _, key := range keysOf(t, wordStem) {
			for _, i := range l.first[list][key] {
				if seen[i] {
					continue
				}
				seen[i] = true
				w := &l.words[list][i]
				score := max(0.93*p.similar(w.phrase), 0.92*near(p.joined, w.joined))
				if w.part {
					score *= 0.97
				}
				if score >= 0.35 {
					put(w.code, score, "like “"+w.text+"”, "+w.from)
				}
			}
		}
	}
}

// misspelt finds names of countries whose letters stand in another order, whose vowels are others, or that end alike.
func (l *Lexicon) misspelt(list string, p phrase, put func(string, float64, string)) {
	if list != countryList || len(p.joined) < leastContained {
		return
	}
	for _, key := range spellings(p.joined) {
		for _, i := range l.spelt()[key] {
			w := &l.words[list][i]
			score := 0.92 * near(p.joined, w.joined)
			switch key[0] {
			case '%':
				score = max(score, 0.72)
			case '~':
				score = max(score, 0.62)
			default: // many names for peoples end alike
				if p.joined[0] != w.joined[0] || score < 0.6 {
					continue
				}
			}
			if score >= 0.35 {
				put(w.code, score, "spelt like “"+w.text+"”, "+w.from)
			}
		}
	}
}

// spellings is the words of the list of countries by what a misspelt one is looked up.
func (l *Lexicon) spellings() map[string][]int {
	out := map[string][]int{}
	for i, w := range l.words[countryList] {
		if len(w.joined) >= leastContained {
			for _, key := range spellings(w.joined) {
				out[key] = append(out[key], i)
			}
		}
	}
	return out
}

// spellings is by what a misspelt name is looked up: its letters in order of the alphabet, its consonants, its end.
func spellings(joined string) []string {
	letters := []byte(joined)
	slices.Sort(letters)
	consonants := strings.Map(func(r rune) rune {
		if strings.ContainsRune("aeiouy", r) {
			return -1
		}
		return r
	}, joined)
	out := []string{"%" + string(letters), "$" + joined[max(0, len(joined)-4):]}
	if len(consonants) >= 3 {
		out = append(out, "~"+consonants)
	}
	return out
}

// leastContained is of how many letters a word is at least that is looked for inside others.
const leastContained = 4

// contained finds words of the list that stand inside the text: the rate of persons charged per 100,000 is of persons
// charged. The more of the text a word is, the likelier; it is never certain, since the rest may say another thing.
func (l *Lexicon) contained(list, text string, put func(string, float64, string)) {
	if list == countryList {
		return
	}
	whole := strings.Join(strings.Fields(fold(text)), " ")
	for i := range l.words[list] {
		w := &l.words[list][i]
		if len(w.folded) < leastContained || len(w.folded) >= len(whole) || MachineCode(w.text) || !standsIn(w.folded, whole) {
			continue
		}
		score := 0.5 + 0.35*float64(len(w.folded))/float64(len(whole))
		if w.part {
			score *= 0.9
		}
		put(w.code, score, "has “"+w.text+"” in it, "+w.from)
	}
}

// standsIn reports whether the words stand in the text, as words of their own.
func standsIn(words, text string) bool {
	for from := 0; ; {
		at := strings.Index(text[from:], words)
		if at < 0 {
			return false
		}
		at += from
		end := at + len(words)
		if (at == 0 || !letter(text[at-1])) && (end == len(text) || !letter(text[end])) {
			return true
		}
		from = at + 1
	}
}

// letter reports whether the byte is of a letter or digit, or of a rune that is none of ASCII.
func letter(b byte) bool {
	return b >= 0x80 || b >= 'a' && b <= 'z' || b >= '0' && b <= '9'
}
