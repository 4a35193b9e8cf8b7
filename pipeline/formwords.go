package pipeline

import (
	"cmp"
	"slices"
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"palermo/mappings"
	"palermo/schemas"
)

// choice is one line of a drop-down: what is offered, and the word of the mapping that it stands for.
type choice struct {
	word, label string
	codes       []string // what each use of the column makes of the word
}

// saysNothing is what no case worker means to say.
var saysNothing = []string{"*not_collected", "*suppressed", "not_collected"}

// choices is what may be chosen in a column: a line for each thing that its words can mean. A column that holds no words has none.
func (a *asker) choices(asked *mappings.Asked) []choice {
	var uses []mappings.Use
	for _, u := range asked.Uses {
		if u.Codes != "" || u.By != "" || len(u.Flags) > 0 {
			uses = append(uses, u)
		}
	}
	if len(uses) == 0 {
		return nil
	}
	if t := a.entry.Template; t != nil && t.Offers[asked.Header] != nil {
		return a.given(uses, t.Offers[asked.Header])
	}
	var out []choice
	seen := map[string]int{}
	for _, w := range a.words(uses) {
		c := choice{word: w}
		for k := range uses {
			c.codes = append(c.codes, uses[k].Means(a.mapping, a.schema, w))
		}
		key := strings.Join(c.codes, "\x00")
		at, again := seen[key]
		switch {
		case w == "" || !meant(uses, c.codes):
		case !again:
			seen[key] = len(out)
			out = append(out, c)
		case a.ownWords() && w == a.plain(uses, &c): // as a country's name, where a code has the same meaning
			out[at] = c
		}
	}
	for k := range out {
		out[k].label = a.label(uses, &out[k])
	}
	apart(out)
	for k := range out { // a word of the mapping that means something else is no label
		for n := range uses {
			if code := uses[n].Means(a.mapping, a.schema, out[k].label); code != "" && code != out[k].codes[n] {
				out[k].label = out[k].label + " (" + out[k].word + ")"
				break
			}
		}
	}
	a.sort(uses, out)
	return out
}

// meant reports whether somebody may want to say this, and each use of the column knows it: what one does not know
// would be a finding.
func meant(uses []mappings.Use, codes []string) bool {
	says := false
	for k, code := range codes {
		if code == "*unmapped" || code == "" && !uses[k].Fallback {
			return false
		}
		says = says || code != "" && !slices.Contains(saysNothing, code)
	}
	return says
}

// words is the words that the uses know, those of their lists first.
func (a *asker) words(uses []mappings.Use) []string {
	var out []string
	for k := range uses {
		out = append(out, uses[k].Words(a.mapping)...)
	}
	for k := range uses {
		out = append(out, a.reference(&uses[k])...)
	}
	return out
}

// reference is the words by which the schema itself knows the codes of a use.
func (a *asker) reference(u *mappings.Use) []string {
	f := a.fieldOf(u)
	if u.By == "" || f == nil {
		return nil
	}
	var out []string
	if f.Codes != "country" {
		if l := a.schema.List(f.Codes); l != nil && u.By == schemas.ByCode {
			for _, c := range l.Codes {
				out = append(out, c.Code)
			}
		}
		return out
	}
	for _, c := range a.schema.Countries {
		word, coded := map[string]string{schemas.ByCode: c.Code, schemas.ByAlpha2: c.Alpha2, schemas.ByNumeric: c.Numeric}[u.By]
		if !coded {
			word = c.Label
		}
		if code, ok := a.schema.Country(u.By, word); ok && code == c.Code {
			out = append(out, word)
		}
	}
	return out
}

func (a *asker) ownWords() bool { return a.entry.Template != nil && a.entry.Template.OwnWords }

// given is the choices that the mapping lists.
func (a *asker) given(uses []mappings.Use, words []string) []choice {
	var out []choice
	for _, w := range words {
		c := choice{word: w}
		for k := range uses {
			c.codes = append(c.codes, uses[k].Means(a.mapping, a.schema, w))
		}
		c.label = a.label(uses, &c)
		out = append(out, c)
	}
	apart(out)
	return out
}

// label is what is offered for a choice: the label of the first code that it has, in the language.
func (a *asker) label(uses []mappings.Use, c *choice) string {
	if a.ownWords() {
		return c.word
	}
	return a.plain(uses, c)
}

// plain is the label of a choice in our own words.
func (a *asker) plain(uses []mappings.Use, c *choice) string {
	for k, code := range c.codes {
		if !strings.HasPrefix(code, "*") {
			if l := a.labelOf(&uses[k], code); l != "" {
				return l
			}
		}
	}
	if l := a.labelIn("value_status", strings.TrimPrefix(c.codes[0], "*")); l != "" {
		return l
	}
	return c.word
}

// labelOf is the label of a use's code; a field of texts has none.
func (a *asker) labelOf(u *mappings.Use, code string) string {
	f := a.fieldOf(u)
	if f == nil || f.Codes == "" {
		return code
	}
	return a.labelIn(f.Codes, code)
}

func (a *asker) labelIn(list, code string) string {
	l := a.schema.List(list)
	if l == nil || l.Index(code) < 0 {
		return ""
	}
	labels := l.Codes[l.Index(code)].Labels
	for _, tag := range spoken(a.language) {
		if w := mappings.Word(labels[tag]); w != "" {
			return w
		}
	}
	return ""
}

// spoken is the tags under which labels of a language may be, the best first; English is understood best of what is left.
func spoken(tag string) []string {
	out := []string{tag}
	if base, script, _ := strings.Cut(tag, "-"); script != "Latn" && base != tag {
		out = append(out, base)
	}
	return append(out, "en")
}

// apart makes labels that are the same different, by the words that they stand for.
func apart(cs []choice) {
	n := map[string]int{}
	for _, c := range cs {
		n[strings.ToLower(c.label)]++
	}
	for k := range cs {
		if n[strings.ToLower(cs[k].label)] > 1 && cs[k].label != cs[k].word {
			cs[k].label += " (" + cs[k].word + ")"
		}
	}
}

// sort puts choices into the order of the code list, countries into that of their names. Kinds of empty come last.
func (a *asker) sort(uses []mappings.Use, cs []choice) {
	f := a.fieldOf(&uses[0])
	if f == nil {
		return
	}
	empty := func(c choice) int {
		if strings.HasPrefix(c.codes[0], "*") {
			return 1
		}
		return 0
	}
	if f.Codes == "country" {
		by := collate.New(language.Make(a.language))
		slices.SortStableFunc(cs, func(x, y choice) int {
			return cmp.Or(cmp.Compare(empty(x), empty(y)), by.CompareString(x.label, y.label), cmp.Compare(x.label, y.label))
		})
		return
	}
	l := a.schema.List(f.Codes)
	if l == nil {
		return
	}
	slices.SortStableFunc(cs, func(x, y choice) int {
		return cmp.Or(cmp.Compare(empty(x), empty(y)), cmp.Compare(l.Index(x.codes[0]), l.Index(y.codes[0])))
	})
}
