package transform

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"palermo/diag"
	"palermo/schemas"
)

// wordReader says what a word means for one field: by a parser, or by a codes file and a
// reference list. It is a value without state.
type wordReader struct {
	parse  string // names parsers; empty for codes
	params params
	below  string // the fact that params.below comes from
	single bool   // the field holds one value, not an interval

	codes  codesFile
	by     string
	list   *schemas.CodeList
	schema *schemas.Schema
	repair string // names repairs; empty for none
}

// codesFile is what a reader needs of mappings.ValueList.
type codesFile struct {
	name   string
	lookup func(word string) (code, status string, ok bool)
}

type readerSpec struct {
	parse, codes, by, repair string
	params                   params
	below                    string
}

// reader checks the names of rules and that they suit the field.
func (c *compiler) reader(f *fieldPlan, s readerSpec, at []any) wordReader {
	place := func(key string) []any { return append(slices.Clone(at), key) }
	r := wordReader{parse: s.parse, params: s.params, below: s.below, by: s.by, list: f.list, schema: c.s, repair: s.repair, single: !f.field.Interval}
	if s.parse != "" {
		p, ok := parsers[s.parse]
		switch {
		case !ok:
			c.add(diag.MappingRule, fmt.Sprintf("no parse rule %q", s.parse), place("parse")...)
		case !slices.Contains(p.fills, f.field.Type) || p.interval && !f.field.Interval:
			c.add(diag.MappingRule, fmt.Sprintf("rule %q does not fill a field like %q", s.parse, f.field.Name), place("parse")...)
		}
	}
	if _, ok := layouts[s.params.form]; !ok {
		c.add(diag.MappingRule, fmt.Sprintf("no form of dates %q", s.params.form), place("form")...)
	}
	if s.repair != "" && repairs[s.repair] == nil {
		c.add(diag.MappingRule, fmt.Sprintf("no repair rule %q", s.repair), place("repair")...)
	}
	if s.by != "" && s.by != "code" && f.field.Codes != "country" && scopes[f.field.Codes] == nil {
		c.add(diag.MappingRule, fmt.Sprintf("words for %q cannot be looked up by %q", f.field.Name, s.by), place("by")...)
	}
	if l := c.m.Codes(s.codes); s.codes != "" && l != nil {
		r.codes = codesFile{s.codes, func(word string) (string, string, bool) {
			e := l.Lookup(word)
			if e == nil {
				return "", "", false
			}
			return e.Code, e.Status(), true
		}}
	}
	return r
}

// read says what the word means. The word is in the form of mappings.Word and not blank.
func (r *wordReader) read(word string) *outcome {
	bare := r.params.bare(word)
	if r.parse != "" {
		o := r.parsed(bare)
		o.word = word
		return o
	}
	o := &outcome{word: word}
	if strings.ContainsRune(word, utf8.RuneError) {
		o.also = diag.ValueMojibake
	}
	if r.lookup(o, word) || bare != word && r.lookup(o, bare) {
		return o
	}
	if r.repair != "" {
		if mended, ok := repairs[r.repair](word); ok && r.lookup(o, mended) {
			o.rule = "repair:" + r.repair + "+" + o.rule
			o.also = diag.ValueRepaired
			return o
		}
	}
	o.status, o.finding, o.rule = statusUnmapped, diag.CodeUnmapped, "unmapped"
	return o
}

func (r *wordReader) parsed(word string) *outcome {
	o := &outcome{word: word, rule: "parse:" + r.parse}
	v, bad := parsers[r.parse].read(word, r.params)
	if bad == "" && r.single && v.low != v.high {
		bad = diag.ValueRange
	}
	if bad != "" {
		o.finding = bad
		return o
	}
	o.value, o.has, o.listed = v, true, r.parse != "text"
	return o
}

// lookup tries the codes file, then the reference list. It reports whether either has the word.
func (r *wordReader) lookup(o *outcome, word string) bool {
	if r.codes.lookup != nil {
		if code, status, ok := r.codes.lookup(word); ok {
			o.listed, o.rule = true, "codes:"+r.codes.name
			o.code(r.list, code, status)
			return true
		}
	}
	if r.by == "" {
		return false
	}
	code, ok := r.byReference(word)
	if !ok {
		return false
	}
	o.listed, o.rule = true, "by:"+r.by
	o.code(r.list, code, "")
	return true
}

// code sets what a listed word means. A word that is listed as having no certain code is still
// reported.
func (o *outcome) code(l *schemas.CodeList, code, status string) {
	if status != "" {
		o.status = status
		if status == statusUnmapped {
			o.finding = diag.CodeUnmapped
		}
		return
	}
	if l == nil { // a field of texts
		o.text, o.has = code, true
		return
	}
	o.value, o.has = exactly(float64(l.Index(code))), true
}

// scopes says, for the lists that tell what kind of place a word names, which code stands for
// each kind of entry of the country list.
var scopes = map[string]map[string]string{
	"country_scope":  {"country": "country", "territory": "country", "former": "former_country", "disputed": "disputed_area"},
	"reporter_scope": {"country": "country", "territory": "territory", "former": "country", "disputed": "territory"},
}

func (r *wordReader) byReference(word string) (string, bool) {
	kinds := scopes[r.list.Name]
	if r.list.Name != "country" && kinds == nil {
		return word, r.list.Index(word) >= 0
	}
	code, ok := r.schema.Country(r.by, word)
	if !ok || kinds == nil {
		return code, ok
	}
	scope, ok := kinds[r.schema.CountryKind(code)]
	return scope, ok
}
