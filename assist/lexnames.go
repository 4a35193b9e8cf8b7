package assist

import (
	"strings"

	"palermo/schemas"
)

// nouns is what a row of a child is called where a column of the parent tells of it: Exploitation country, Recruiter sex.
var nouns = map[string][]string{
	"record_exploitation": {"exploitation"}, "record_perpetrator": {"perpetrator"}, "record_offer": {"offer", "offered"},
	"record_assistance": {"assistance", "service"}, "record_followup": {"follow-up"}, "record_route": {"route", "travel"},
}

// kindLists is the lists whose codes are kinds of organisations, so that a column of the field may be called after one.
var kindLists = map[string]bool{"entity_kind": true}

// addNames adds what follows from the schema itself: a field's name with the noun of its table, with what it holds
// where that is a day or a kind of organisation, and its meaning where that is short.
func (l *Lexicon) addNames(table string, f *schemas.Field) {
	what := Meaning{Table: table, Field: f.Name}
	name := bareField(f.Name)
	own := !l.general(table, f.Name)
	if own {
		l.alias(name, "the field's name", what, false)
		if raw := strings.TrimSuffix(f.Name, "_code"); bareField(raw) != strings.ReplaceAll(raw, "_", " ") {
			l.alias(raw, "the field's name", what, false)
		}
		switch {
		case f.Name == "title": // a column called Law holds its title
			_, noun, _ := strings.Cut(table, "_")
			l.alias(noun, "the name of the table", what, false)
		case f.Type == schemas.Date:
			l.alias(name+" date", "the field's name", what, false)
		case kindLists[f.Codes]:
			l.alias(name+" organisation", "the field's name", what, false)
		}
		if n := len(phraseOf(f.Meaning).tokens); n >= 2 && n <= longestMeaning {
			l.alias(f.Meaning, "what the field means", what, n > 3)
		}
	}
	if list := bareField(f.Codes); own && list != "" && list != name && !commonLists[f.Codes] {
		l.alias(list, "the name of its code list", what, false)
	}
	if list := lists[what]; list != "" && list != f.Name {
		l.alias(bareField(list), "the name of its code list", what, false)
	}
	if own && f.Codes != "" && !strings.HasSuffix(name, "status") {
		l.alias(name+" status", "the field's name", what, true)
	}
	for _, noun := range nouns[table] {
		l.alias(noun+" "+name, "the field's name, of its table", what, false)
	}
	if list := l.schema.List("act"); table == "record_act" && list != nil && f.Codes != list.Name {
		for i := range list.Codes {
			l.alias(list.Codes[i].Code+" "+name, "the field's name, of one act", what, false)
		}
	}
}

// commonLists is lists that many fields have, so that their names say little.
var commonLists = map[string]bool{countryList: true, "answer": true, "entity_kind": true, "sex": true, "activity": true, "unit": true, "country_scope": true, "pay_period": true}

// longestMeaning is of how many words a meaning may be to be a name.
const longestMeaning = 5

// bareField is the field's name without what says how it is kept.
func bareField(name string) string {
	for _, unit := range []string{"_code", "_years"} {
		name = strings.TrimSuffix(name, unit)
	}
	return strings.ReplaceAll(name, "_", " ")
}
