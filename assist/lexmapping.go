package assist

import (
	"strings"

	"palermo/mappings"
)

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
