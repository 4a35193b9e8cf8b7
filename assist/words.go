package assist

import (
	"cmp"
	"slices"
	"strings"
)

// CodeProposal is a code that a word could mean, how sure that is from 0 to 1, and why.
type CodeProposal struct {
	Code   string  `json:"code"` // or a kind of empty with a star
	Score  float64 `json:"score"`
	Reason string  `json:"reason"`
}

// certainWord is the score from which a word's code is filled in: the word is one that means this code alone.
const certainWord = 0.95

// Codes is what a word of a column could mean in the code list, the likeliest first, three at most. The first is
// certain where its score is certainWord or more; a word that is listed as ambiguous has none that is.
func (l *Lexicon) Codes(list, text string) []CodeProposal { return l.CodesUnder(list, text, "") }

// CodesUnder is Codes of a word of the column of that name, which may say more than the word: a country under Country
// of destination.
func (l *Lexicon) CodesUnder(list, text, header string) []CodeProposal {
	if l.schema.List(list) == nil {
		return nil
	}
	best := map[string]CodeProposal{}
	put := func(code string, score float64, reason string) {
		if b, ok := best[code]; !ok || score > b.Score {
			best[code] = CodeProposal{code, score, reason}
		}
	}
	l.exactly(list, text, put)
	l.scope(list, text, put)
	l.brackets(list, text, len(best) == 0, put)
	if code := band(list, text); code != "" {
		for other, b := range best { // a phrase has no numbers, and here they are what counts
			if b.Score < 1 {
				delete(best, other)
			}
		}
		put(code, 0.97, "what its numbers say of ages")
	}
	l.mixed(list, text, put)
	p := phraseOf(text)
	if len(best) == 0 {
		l.nearly(list, p, put)
		l.misspelt(list, p, put)
		l.contained(list, text, put)
	}
	l.answers(list, text, put)
	l.dimensions(list, text, put)
	l.under(list, header, put)
	l.few(list, put, len(best))
	if s := l.empty(list, text); s != "" {
		put("*"+s, 0.97, "a word for a kind of empty")
	}
	out := make([]CodeProposal, 0, len(best))
	for _, b := range best {
		out = append(out, b)
	}
	slices.SortFunc(out, func(a, b CodeProposal) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Code, b.Code))
	})
	out = l.doubt(list, text, out)
	return out[:min(3, len(out))]
}

// exactly finds the word itself.
func (l *Lexicon) exactly(list, text string, put func(string, float64, string)) {
	p := phraseOf(text)
	whole := strings.Join(strings.Fields(fold(text)), " ")
	for _, i := range l.exact[list][p.joined] {
		w := &l.words[list][i]
		score := 0.98
		if w.folded == whole {
			score = 1
		}
		if w.part {
			score = 0.93
		}
		put(w.code, score, w.from)
	}
	if list == countryList {
		if code, _, ok := l.schema.Citizenship(text); ok && l.hasWord(list, p, code) {
			put(code, 1, "a name of the country or its people")
		}
		if code, ok := l.schema.Country("alpha2", text); ok && len(strings.TrimSpace(text)) == 2 {
			put(code, 0.97, "its ISO code of two letters")
		}
	}
}

// scopes is, for the lists that say what kind of place a word names, the code for each kind of country.
var scopes = map[string]map[string]string{
	"country_scope":  {"country": "country", "territory": "country", "former": "former_country", "disputed": "disputed_area"},
	"reporter_scope": {"country": "country", "territory": "territory", "former": "country", "disputed": "territory"},
}

// scope finds what kind of place the word names.
func (l *Lexicon) scope(list, text string, put func(string, float64, string)) {
	kinds := scopes[list]
	if kinds == nil {
		return
	}
	for _, p := range l.Codes(countryList, text) {
		if code := kinds[l.schema.CountryKind(p.Code)]; code != "" {
			put(code, p.Score, "names "+p.Code+": "+p.Reason)
		}
	}
	if c := l.Certain(countryList, text); list == "country_scope" && (c == "" || strings.HasPrefix(c, "*")) {
		l.severalPlaces(text, put)
	}
}

// countryList is the list of countries, which knows more than labels.
const countryList = "country"

// saysYes is the codes of lists that a plain yes or no stands for.
var saysYes = map[string]map[string]string{
	"answer":             {"yes": "yes", "no": "no"},
	"data_consent":       {"yes": "given", "no": "not_given"},
	"trafficking_status": {"yes": "actual", "no": "not_a_victim"},
	"assistance_answer":  {"yes": "provided", "no": "declined"},
}

// answers finds what a plain yes or no means in lists that answer a question in other words.
func (l *Lexicon) answers(list, text string, put func(string, float64, string)) {
	if nothing[fold(text)] && l.schema.List(list).Index("none") >= 0 {
		put("none", 0.85, "a word for nothing")
	}
	code := saysYes[list][flagWord(text)]
	if code != "" && l.schema.List(list).Index(code) >= 0 {
		put(code, 0.85, "a plain "+flagWord(text))
	}
}

// nothing is words that say that there is none.
var nothing = setOf(fold(`none nothing without нет ничего без нема ништо nema ništa bez няма нищо немає нічого aucun aucune rien sans ninguno
	ninguna nada sin niciunul nimic fără asnjë asgjë pa`))

// fewCodes is how many codes a list may have for those that nothing speaks for to be named.
const fewCodes = 8

// few fills up with codes for a person to choose from, though nothing is sure of them: those that words of other
// mappings most often mean, and of a short list the others.
func (l *Lexicon) few(list string, put func(string, float64, string), have int) {
	if list == countryList {
		return
	}
	codes, often := l.schema.List(list).Codes, l.often[list]
	order := make([]string, 0, len(codes))
	for i := range codes {
		if often[codes[i].Code] > 0 || len(codes) <= fewCodes {
			order = append(order, codes[i].Code)
		}
	}
	slices.SortStableFunc(order, func(a, b string) int { return cmp.Compare(often[b], often[a]) })
	for i, code := range order {
		if i+have >= 3 {
			return
		}
		if often[code] > 0 {
			put(code, 0.1-0.01*float64(i), "what other words of the list often mean")
		} else {
			put(code, 0.1-0.01*float64(i), "one of the few codes of the list")
		}
	}
}

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

// hasWord reports whether the lexicon itself has the word for the code: what is hidden it has not.
func (l *Lexicon) hasWord(list string, p phrase, code string) bool {
	return slices.ContainsFunc(l.exact[list][p.joined], func(i int) bool { return l.words[list][i].code == code })
}

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
	if list != countryList || len(p.joined) < 4 {
		return
	}
	for _, key := range spellings(p.joined) {
		for _, i := range l.spelt[key] {
			w := &l.words[list][i]
			score := 0.92 * near(p.joined, w.joined)
			if key[0] != '$' {
				score = max(score, 0.66)
			}
			if score >= 0.35 {
				put(w.code, score, "spelt like “"+w.text+"”, "+w.from)
			}
		}
	}
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

// empty is the kind of empty that the word is known for: of the list answer's labels and those of value_status,
// and of other mappings for the same list.
func (l *Lexicon) empty(list, text string) string {
	if s := l.known[list][fold(text)]; s != "" && s != "unmapped" {
		return s
	}
	if own := l.schema.List(list); own.Index("unknown") >= 0 { // the list has codes of its own for it
		return ""
	}
	p := phraseOf(text)
	for _, i := range l.exact["value_status"][p.joined] {
		if c := l.words["value_status"][i].code; c != "unmapped" {
			return c
		}
	}
	switch flagWord(text) {
	case "unknown":
		return "unknown"
	case "not_collected":
		return "not_collected"
	}
	return ""
}

// doubt takes the certainty from what more than one code could be.
func (l *Lexicon) doubt(list, text string, out []CodeProposal) []CodeProposal {
	if list == countryList {
		if _, why, _ := l.schema.Citizenship(text); why != nil {
			out = nil
			for _, code := range why.Codes {
				out = append(out, CodeProposal{code, 0.6, "ambiguous: " + why.Reason})
			}
			return out
		}
	}
	if len(out) > 1 && out[0].Score-out[1].Score < 0.02 {
		for i := range out {
			if out[i].Score >= out[0].Score-0.02 {
				out[i].Score = min(out[i].Score, 0.9)
			}
		}
	}
	return out
}

// Certain is the code that the word means without doubt; empty where there is none.
func (l *Lexicon) Certain(list, text string) string {
	if out := l.Codes(list, text); len(out) > 0 && out[0].Score >= certainWord {
		return out[0].Code
	}
	return ""
}

// overlap is which share of the column's cells hold a word that the list has for certain.
func (l *Lexicon) overlap(list string, c *Column) float64 {
	known, all := 0, 0
	for i, w := range c.parts() {
		if i == 200 {
			break
		}
		all += w.Rows
		if l.quickly(list, w.Word) {
			known += w.Rows
		}
	}
	if all == 0 {
		return 0
	}
	return float64(known) / float64(all)
}

// listed is overlap without words that other mappings know as empty.
func (l *Lexicon) listed(list string, c *Column) float64 {
	known, all := 0, 0
	for _, w := range c.Words {
		all += w.Rows
		if len(l.exact[list][phraseOf(w.Word).joined]) > 0 {
			known += w.Rows
		}
	}
	return float64(known) / float64(max(all, 1))
}

// quickly is whether the list has the word itself, or a part of a label.
func (l *Lexicon) quickly(list, text string) bool {
	if len(l.exact[list][phraseOf(text).joined]) > 0 || l.known[list][fold(text)] != "" {
		return true
	}
	if list == countryList && len(text) == 2 {
		_, ok := l.schema.Country("alpha2", text)
		return ok
	}
	return false
}
