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

// hasWord reports whether the lexicon itself has the word for the code: what is hidden it has not.
func (l *Lexicon) hasWord(list string, p phrase, code string) bool {
	return slices.ContainsFunc(l.exact[list][p.joined], func(i int) bool { return l.words[list][i].code == code })
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
