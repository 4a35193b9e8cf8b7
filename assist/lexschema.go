package assist

import (
	"maps"
	"slices"
	"strings"

	"palermo/schemas"
)

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
	l.addNames(table, f)
	if l.general(table, f.Name) {
		return // "sex" alone is not that of a recruiter
	}
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
		if _, sdmx, ok := strings.Cut(e.Ref, "SDMX "); ok {
			l.word(list.Name, strings.Trim(strings.Fields(sdmx)[0], ";,"), "its code in SDMX", e.Code, false)
		}
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
