package assist

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strings"

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
	text string
	from string
	code string
	part bool
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

	regions map[string]bool // words of parts of the world
}

// stem is by how many letters of a token aliases are looked up.
const stem = 3

// NewLexicon is what is known without the sources that are hidden: neither their mappings, nor the words that
// were added for them. Hiding is for measuring; nothing is hidden by default.
func NewLexicon(s *schemas.Schema, set *mappings.Set, hidden ...string) (*Lexicon, error) {
	l := &Lexicon{schema: s, begins: map[string][]int{}, words: map[string][]word{}, exact: map[string]map[string][]int{},
		first: map[string]map[string][]int{}, often: map[string]map[string]int{}, said: map[string]string{}, had: map[string]bool{}, known: map[string]map[string]string{}}
	if err := l.addFieldWords(hidden); err != nil {
		return nil, err
	}
	l.addSchema(hidden)
	if err := l.addCodeWords(own(set, hidden)); err != nil {
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
			key := t[:min(len(t), stem)]
			if at := l.begins[key]; len(at) == 0 || at[len(at)-1] != i {
				l.begins[key] = append(l.begins[key], i)
			}
		}
	}
	for list, ws := range l.words {
		l.exact[list], l.first[list] = map[string][]int{}, map[string][]int{}
		for i, w := range ws {
			l.exact[list][w.joined] = append(l.exact[list][w.joined], i)
			for _, t := range w.tokens {
				key := t[:min(len(t), 2)]
				if at := l.first[list][key]; len(at) == 0 || at[len(at)-1] != i {
					l.first[list][key] = append(at, i)
				}
			}
		}
	}
	return l, nil
}

func (l *Lexicon) addFieldWords(hidden []string) error {
	recs, err := csv.NewReader(bytes.NewReader(fieldWords)).ReadAll()
	if err != nil {
		return fmt.Errorf("assist: read the words for fields: %w", err)
	}
	for i, r := range recs[1:] {
		table, field, _ := strings.Cut(r[0], ".")
		if t := l.schema.Table(table); t == nil || t.Field(field) == nil {
			if len(l.schema.Tables) > 20 { // a schema of a test has other tables
				return fmt.Errorf("assist: fields.csv:%d: no field %q", i+2, r[0])
			}
			continue
		}
		if !slices.Contains(hidden, r[3]) || r[3] == "" {
			l.alias(r[2], "in "+languageName(r[1]), Meaning{Table: table, Field: field}, false)
		}
	}
	return nil
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
func (l *Lexicon) addCodeWords(hidden map[string]bool) error {
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
		if !hidden[fold(r[3])] {
			l.word(r[0], r[3], "a word for it in "+languageName(r[2]), r[1], false)
		}
	}
	return nil
}

// languageName is the English name of a language of the texts.
func languageName(tag string) string {
	return cmp.Or(map[string]string{"en": "English", "fr": "French", "es": "Spanish", "ru": "Russian", "uk": "Ukrainian", "bg": "Bulgarian",
		"mk": "Macedonian", "sr": "Serbian", "sr-Cyrl": "Serbian", "sr-Latn": "Serbian", "ro": "Romanian", "sq": "Albanian",
		"bs": "Bosnian", "de": "German", "el": "Greek", "hr": "Croatian", "hu": "Hungarian", "it": "Italian", "nl": "Dutch", "pt": "Portuguese", "sl": "Slovenian", "tr": "Turkish"}[tag], tag)
}

// Called is what the field is called in a language of fields.csv, the language by its English name.
func (l *Lexicon) Called(what Meaning, language string) []string {
	var out []string
	in := "in " + language
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

// targets is the tables that mappings fill, in the order in which one is tried. Children follow their table.
var targets = []string{"record", "statistic", "released_case", "estimate", "treaty_action", "rating", "national_law", "claim", "reported_flow"}

// children is the tables that a row of another may have rows of.
var children = map[string][]string{"record": {"record_citizenship", "record_act", "record_means", "record_purpose", "record_assistance",
	"record_vulnerability", "record_route", "record_exploitation", "record_offer", "record_perpetrator", "record_followup"}}

// flagged is the fields of children that columns of yes and no may each be a code of.
var flagged = []Meaning{{"record_act", "act_code", ""}, {"record_means", "means_code", ""}, {"record_purpose", "purpose_code", ""},
	{"record_assistance", "assistance_code", ""}, {"record_vulnerability", "vulnerability_code", ""}}

// family is the target and its children.
func family(target string) []string { return append([]string{target}, children[target]...) }

// addSchema adds what the schema itself says: names of fields, of standards, and labels of codes.
func (l *Lexicon) addSchema(hidden []string) {
	for _, target := range targets {
		for _, name := range family(target) {
			t := l.schema.Table(name)
			if t == nil {
				continue
			}
			for i := range t.Fields {
				l.addField(name, &t.Fields[i], hidden)
			}
		}
	}
	for _, list := range l.schema.Lists {
		l.addList(list)
	}
	for _, d := range l.schema.Demonyms {
		if d.AddedFor == "" || !slices.Contains(hidden, d.AddedFor) {
			l.word("country", d.Word, "a word for its people, in "+languageName(d.Lang), d.Code, false)
		}
	}
	for _, n := range l.schema.Names {
		l.word("country", n.Name, "its name in "+languageName(n.Lang), n.Code, false)
	}
	for _, c := range l.schema.Countries {
		l.word("country", c.Code, "its ISO code", c.Code, false)
	}
}

// flags makes each word for a code the name of a column that says yes or no to it.
func (l *Lexicon) flags() {
	for _, f := range flagged {
		t := l.schema.Table(f.Table)
		if t == nil {
			continue
		}
		for _, w := range l.words[t.Field(f.Field).Codes] {
			l.aliases = append(l.aliases, alias{w.phrase, w.text, w.from, Meaning{f.Table, f.Field, w.code}, w.part})
		}
	}
	for _, f := range []string{"activities", "recruiter_relationships"} { // the others are lent
		what := Meaning{Table: "released_case", Field: f}
		if l.schema.Table(what.Table) == nil {
			continue
		}
		for _, w := range l.words[lists[what]] {
			if !w.part {
				l.aliases = append(l.aliases, alias{w.phrase, w.text, w.from, Meaning{what.Table, f, w.code}, false})
			}
		}
	}
}

// addField adds what standards call the field. Its own name is no better known to a stranger than its meaning.
func (l *Lexicon) addField(table string, f *schemas.Field, hidden []string) {
	what := Meaning{Table: table, Field: f.Name}
	if palermoOwn[f.Name] {
		return
	}
	if l.general(table, f.Name) {
		return // "sex" alone is not that of a recruiter
	}
	l.alias(strings.TrimSuffix(f.Name, "_code"), "the field's name", what, false)
	for _, ref := range []struct{ source, standard, name string }{{"htcds", "HTCDS", f.Ref.HTCDS}, {"ctdc", "CTDC", f.Ref.CTDC}, {"", "SDMX", f.Ref.SDMX}} {
		if ref.name == "" || ref.source != "" && slices.Contains(hidden, ref.source) {
			continue
		}
		name := ref.name
		if _, short, ok := strings.Cut(name, "_"); ok && ref.source == "htcds" {
			name = short
		}
		l.alias(name, "the name in "+ref.standard, what, true)
	}
}

// general reports whether the field is a child's, and others of its family have one of the same name.
func (l *Lexicon) general(table, field string) bool {
	for target, tables := range children {
		if !slices.Contains(tables, table) {
			continue
		}
		n := 0
		for _, name := range append([]string{target}, tables...) {
			if t := l.schema.Table(name); t != nil && t.Field(field) != nil {
				n++
			}
		}
		return n > 1
	}
	return false
}

// palermoOwn is the fields that palermo fills itself, and those that are no column of a source.
var palermoOwn = map[string]bool{"record_id": true, "record_version": true, "case_id": true, "is_current": true, "absent_since": true, "absent_reason_code": true,
	"source_id": true, "vintage": true, "ordinal": true, "rule": true, "form": true, "statistic_id": true, "estimate_id": true, "action_id": true, "rating_id": true,
	"released_case_id": true, "law_id": true, "claim_id": true, "overlaps_with": true, "is_total": true, "stage_code": true, "answer_code": true, "is_control": true}

func (l *Lexicon) addList(list *schemas.CodeList) {
	for i := range list.Codes {
		e := &list.Codes[i]
		l.word(list.Name, strings.ReplaceAll(e.Code, "_", " "), "the code itself", e.Code, false)
		for _, lang := range slices.Sorted(maps.Keys(e.Labels)) {
			l.word(list.Name, e.Labels[lang], "its label in "+languageName(lang), e.Code, false)
			for _, part := range alternatives(e.Labels[lang]) {
				l.word(list.Name, part, "part of its label in "+languageName(lang), e.Code, true)
			}
		}
	}
	if list.Name == "answer" || list.Name == "sex" || list.Name == "sex_dimension" {
		for w, code := range map[string]string{"f": "female", "m": "male", "ж": "female", "м": "male", "y": "yes", "n": "no"} {
			if list.Index(code) >= 0 {
				l.word(list.Name, w, "its first letter", code, false)
			}
		}
	}
}

// alternatives is what a label says one or the other of: "Shelter or accommodation", "Adăpost sau cazare".
func alternatives(label string) []string {
	for _, or := range []string{" or ", " ou ", " o ", " или ", " або ", " чи ", " sau ", " ose ", " ili ", ", ", " and ", " et ", " y ", " i ", " и ", " й ", " та ", " și ", " dhe "} {
		if strings.Contains(label, or) {
			var out []string
			for _, p := range strings.Split(label, or) {
				out = append(out, strings.TrimSpace(p))
			}
			return out
		}
	}
	return nil
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
	l.words[list] = append(l.words[list], word{p, text, from, code, part})
}

// fromMapping is how the origin of a name begins that another mapping gave.
const fromMapping = "the mapping "

// addMapping adds what a mapping decided: its columns and its words.
func (l *Lexicon) addMapping(m *mappings.Mapping) {
	from := fromMapping + m.Source.ID
	for i := range m.Tables {
		decided := append(Decided(&m.Tables[i]), Joined(&m.Tables[i])...)
		for _, d := range decided {
			if d.Unsaid || palermoOwn[d.What.Field] {
				continue
			}
			l.addDecidedWords(m, &d, from)
			if fieldsOf(decided, d.Column) > 2 { // what it means depends on other columns
				continue
			}
			if following[d.What.Field] && fieldsOf(decided, d.Column) > 1 {
				continue
			}
			l.alias(d.Column, from, d.What, false)
			if _, last, ok := cutLast(d.Column); ok {
				l.alias(last, from, d.What, true)
			}
		}
	}
}

// following is the fields that follow from what else a column fills: a form of exploitation is a count by forms.
var following = setOf("dimension_code population_code citizenship_scope_code partner_scope_code partner_role_code reporter_scope_code area_scope_code")

// fieldsOf is how many fields of one table the column is said to fill.
func fieldsOf(decided []Decision, column string) int {
	n := map[string]map[string]bool{}
	most := 0
	for _, d := range decided {
		if d.Column == column && !d.Unsaid && !palermoOwn[d.What.Field] {
			if n[d.What.Table] == nil {
				n[d.What.Table] = map[string]bool{}
			}
			n[d.What.Table][d.What.Field] = true
			most = max(most, len(n[d.What.Table]))
		}
	}
	return most
}

// cutLast is the last part of a header of several rows, and what stands above it.
func cutLast(header string) (above, last string, ok bool) {
	parts := mappings.Parts(header)
	if len(parts) < 2 {
		return "", header, false
	}
	return strings.Join(parts[:len(parts)-1], " "), parts[len(parts)-1], true
}

func (l *Lexicon) addDecidedWords(m *mappings.Mapping, d *Decision, from string) {
	t := l.schema.Table(d.What.Table)
	if t == nil || d.Codes == "" {
		return
	}
	f, values := t.Field(d.What.Field), m.Codes(d.Codes)
	if f == nil || f.Codes == "" || values == nil {
		return
	}
	for _, e := range values.Entries {
		if s := e.Status(); s != "" {
			if l.known[f.Codes] == nil {
				l.known[f.Codes] = map[string]string{}
			}
			l.known[f.Codes][fold(e.Word)] = s
			continue
		}
		if l.often[f.Codes] == nil {
			l.often[f.Codes] = map[string]int{}
		}
		l.often[f.Codes][e.Code]++
		if len([]rune(e.Word)) > 2 && !l.saysAnother(f.Codes, e.Word, e.Code) { // an abbreviation is its source's own
			l.word(f.Codes, e.Word, from, e.Code, false)
		}
	}
}

// saysAnother reports whether the word is already one for another code, as where a mapping turns an answer round.
func (l *Lexicon) saysAnother(list, text, code string) bool {
	said := l.said[list+" "+phraseOf(text).joined]
	return said != "" && said != code
}
