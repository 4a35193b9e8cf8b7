package assist

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"sync"

	"palermo/mappings"
	"palermo/schemas"
)

//go:embed fields.csv
var fieldWords []byte

//go:embed words.csv
var codeWords []byte

// Meaning is what a column may be: a field of a table, or of a column that says yes and no, one code of a field.
type Meaning struct {
	Table string `json:"table"`
	Field string `json:"field"`
	Code  string `json:"code,omitempty"`
}

func (m Meaning) String() string {
	if m.Code != "" {
		return m.Table + "." + m.Field + "=" + m.Code
	}
	return m.Table + "." + m.Field
}

// alias is a name for a meaning, and where it is from.
type alias struct {
	phrase
	text string
	from string // as "Romanian", "CTDC", "the mapping rcp"
	what Meaning
	part bool // only part of what stands there: weighs less
}

// word is a word for a code, and where it is from.
type word struct {
	phrase
	text   string
	folded string
	from   string
	code   string
	part   bool
}

// Lexicon is what fields and codes are called. It does not change; several goroutines may ask it.
type Lexicon struct {
	schema  *schemas.Schema
	aliases []alias
	begins  map[string][]int // by the first letters of a token: aliases

	words map[string][]word            // by list
	exact map[string]map[string][]int  // by list and joined phrase: words
	first map[string]map[string][]int  // by list and the first letters of a token: words
	often map[string]map[string]int    // by list and code: words of mappings that mean it
	said  map[string]string            // list and phrase: the first code that the whole phrase is a word for
	had   map[string]bool              // list, phrase and code of a word that is there
	known map[string]map[string]string // by list and folded word: a kind of empty that mappings give it

	spelt func() map[string][]int // by a spelling: words of the list of countries; made when first asked for

	regions map[string]bool // words of parts of the world
}

// stem and wordStem is by how many letters of a token aliases and words are looked up.
const (
	stem     = 3
	wordStem = 2
)

// keysOf is by what a token is looked up: its first letters, and what it is another word for.
func keysOf(t string, letters int) []string {
	out := []string{t[:min(len(t), letters)]}
	for _, c := range concepts()[t] {
		out = append(out, "="+c)
	}
	return out
}

// like is the names that share the beginning of a word with the phrase, or what it is a word for, each once.
func (l *Lexicon) like(p phrase) []int {
	var out []int
	seen := map[int]bool{}
	for _, t := range p.tokens {
		for _, key := range keysOf(t, stem) {
			for _, i := range l.begins[key] {
				if !seen[i] {
					seen[i] = true
					out = append(out, i)
				}
			}
		}
	}
	return out
}

// NewLexicon is what is known without the sources that are hidden: neither their mappings, nor the words that
// were added for them. Hiding is for measuring; nothing is hidden by default.
func NewLexicon(s *schemas.Schema, set *mappings.Set, hidden ...string) (*Lexicon, error) {
	return newLexicon(s, set, false, hidden...)
}

// NewBlindLexicon is NewLexicon that does not even know the words of the hidden sources that published vocabularies
// have too.
func NewBlindLexicon(s *schemas.Schema, set *mappings.Set, hidden ...string) (*Lexicon, error) {
	return newLexicon(s, set, true, hidden...)
}

func newLexicon(s *schemas.Schema, set *mappings.Set, blind bool, hidden ...string) (*Lexicon, error) {
	l := &Lexicon{schema: s, begins: map[string][]int{}, words: map[string][]word{}, exact: map[string]map[string][]int{},
		first: map[string]map[string][]int{}, often: map[string]map[string]int{}, said: map[string]string{}, had: map[string]bool{}, known: map[string]map[string]string{}}
	if err := l.addFieldWords(set, blind, hidden); err != nil {
		return nil, err
	}
	l.addSchema(hidden)
	if err := l.addCodeWords(own(set, hidden), blind); err != nil {
		return nil, err
	}
	l.addAkin()
	l.regions = regionsOf(s)
	l.flags()
	for _, m := range set.Mappings {
		if !slices.Contains(hidden, m.Source.ID) {
			l.addMapping(m)
		}
	}
	l.lend()
	for i := range l.aliases {
		for _, t := range l.aliases[i].tokens {
			for _, key := range keysOf(t, stem) {
				if at := l.begins[key]; len(at) == 0 || at[len(at)-1] != i {
					l.begins[key] = append(l.begins[key], i)
				}
			}
		}
	}
	l.spelt = sync.OnceValue(l.spellings)
	for list, ws := range l.words {
		l.exact[list], l.first[list] = map[string][]int{}, map[string][]int{}
		for i, w := range ws {
			l.exact[list][w.joined] = append(l.exact[list][w.joined], i)
			for _, t := range w.tokens {
				for _, key := range keysOf(t, wordStem) {
					if at := l.first[list][key]; len(at) == 0 || at[len(at)-1] != i {
						l.first[list][key] = append(at, i)
					}
				}
			}
		}
	}
	return l, nil
}

// addFieldWords adds what fields are called, but for what is hidden: words that were added for a hidden source, and
// those that its headers alone have, unless a vocabulary of the field has them too.
func (l *Lexicon) addFieldWords(set *mappings.Set, blind bool, hidden []string) error {
	recs, err := csv.NewReader(bytes.NewReader(fieldWords)).ReadAll()
	if err != nil {
		return fmt.Errorf("assist: read the words for fields: %w", err)
	}
	only := headersOf(set, hidden)
	for i, r := range recs[1:] {
		table, field, _ := strings.Cut(r[0], ".")
		if t := l.schema.Table(table); t == nil || t.Field(field) == nil {
			if len(l.schema.Tables) > 20 { // a schema of a test has other tables
				return fmt.Errorf("assist: fields.csv:%d: no field %q", i+2, r[0])
			}
			continue
		}
		if !slices.Contains(hidden, r[3]) && (r[4] != "" && !blind || !only[phraseOf(r[2]).joined]) {
			l.alias(r[2], inLanguage+languageName(r[1]), Meaning{Table: table, Field: field}, false)
		}
	}
	return nil
}

// headersOf is the headers, folded, that only mappings of these sources name.
func headersOf(set *mappings.Set, sources []string) map[string]bool {
	out := map[string]bool{}
	if len(sources) == 0 {
		return out
	}
	each := func(hidden bool, do func(joined string)) {
		for _, m := range set.Mappings {
			if slices.Contains(sources, m.Source.ID) != hidden {
				continue
			}
			for i := range m.Tables {
				for _, name := range m.Tables[i].Named() {
					_, last, _ := cutLast(name)
					do(phraseOf(name).joined)
					do(phraseOf(last).joined)
				}
			}
		}
	}
	each(true, func(joined string) { out[joined] = true })
	each(false, func(joined string) { delete(out, joined) })
	return out
}

// own is the words that stand in the value maps of the sources.
func own(set *mappings.Set, sources []string) map[string]bool {
	out := map[string]bool{}
	for _, id := range sources {
		m := set.Source(id)
		if m == nil {
			continue
		}
		for _, name := range m.CodesFiles() {
			for _, e := range m.Codes(name).Entries {
				out[fold(e.Word)] = true
			}
		}
	}
	return out
}

// addCodeWords adds common words for codes, beside labels, but for those that are hidden.
func (l *Lexicon) addCodeWords(hidden map[string]bool, blind bool) error {
	recs, err := csv.NewReader(bytes.NewReader(codeWords)).ReadAll()
	if err != nil {
		return fmt.Errorf("assist: read the words for codes: %w", err)
	}
	for i, r := range recs[1:] {
		list := l.schema.List(r[0])
		if list == nil || list.Index(r[1]) < 0 {
			if len(l.schema.Tables) > 20 { // a schema of a test has other lists
				return fmt.Errorf("assist: words.csv:%d: list %q has no code %q", i+2, r[0], r[1])
			}
			continue
		}
		if r[4] != "" && !blind || !hidden[fold(r[3])] {
			l.word(r[0], r[3], "a word for it in "+languageName(r[2]), r[1], false)
		}
	}
	return nil
}

// inLanguage is how the origin of a name begins that is a word of a language.
const inLanguage = "in "

// languages is the English names of languages.
var languages = map[string]string{"en": "English", "fr": "French", "es": "Spanish", "ru": "Russian", "uk": "Ukrainian", "bg": "Bulgarian",
	"mk": "Macedonian", "sr": "Serbian", "sr-Cyrl": "Serbian", "sr-Latn": "Serbian", "ro": "Romanian", "sq": "Albanian",
	"bs": "Bosnian", "de": "German", "el": "Greek", "hr": "Croatian", "hu": "Hungarian", "it": "Italian", "nl": "Dutch", "pt": "Portuguese", "sl": "Slovenian", "tr": "Turkish"}

// languageName is the English name of a language of the texts.
func languageName(tag string) string {
	return cmp.Or(languages[tag], tag)
}

// Called is what the field is called in a language of fields.csv, the language by its English name.
func (l *Lexicon) Called(what Meaning, language string) []string {
	var out []string
	in := inLanguage + language
	for i := range l.aliases {
		if a := &l.aliases[i]; a.from == in && a.what == what {
			out = append(out, a.text)
		}
	}
	return out
}

func (l *Lexicon) alias(text, from string, what Meaning, part bool) {
	if p := phraseOf(text); len(p.tokens) > 0 {
		l.aliases = append(l.aliases, alias{p, text, from, what, part})
	}
}

func (l *Lexicon) word(list, text, from, code string, part bool) {
	p := phraseOf(text)
	if p.joined == "" {
		return
	}
	key := list + " " + p.joined + " " + code
	if l.had[key] {
		return
	}
	l.had[key] = true
	if phrase := list + " " + p.joined; !part && l.said[phrase] == "" {
		l.said[phrase] = code
	}
	l.words[list] = append(l.words[list], word{p, text, strings.Join(strings.Fields(fold(text)), " "), from, code, part})
}
