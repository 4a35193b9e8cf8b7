package link

import (
	"slices"
	"strings"

	"palermo/transform/link/name"
)

// Inference is a spec made from what a table's columns are called and hold, and what became of
// each column.
type Inference struct {
	Spec    Spec
	Columns []Inferred
}

// Inferred says what was made of one column.
type Inferred struct {
	Column string `json:"column"`
	Field  string `json:"field,omitempty"` // none: it was left out
	Why    string `json:"why"`
}

// Infer makes a spec for the table: fields and their kinds, comparisons, and rules that bring
// together as many pairs of one person as the limits allow. What have says stays as it is; what it
// leaves out is inferred. Names and words decide, so that the same columns always give the same
// spec, whatever the order of the records.
func Infer(t *Table, have Spec) Inference {
	in := &inference{table: t, spec: have}
	if len(have.Fields) > 0 {
		in.stated(have.Fields)
	} else {
		in.guess()
	}
	in.spec.Fields = nil
	for _, f := range in.fields {
		in.spec.Fields = append(in.spec.Fields, f.Field)
	}
	if len(have.Comparisons) == 0 {
		in.ladders()
		in.narrow()
		in.halves()
	}
	if len(have.Blocking) == 0 {
		in.rules()
	}
	return Inference{in.spec, in.columns}
}

// guess makes fields of the columns.
func (in *inference) guess() {
	for i := range in.table.Columns {
		in.profiles = append(in.profiles, profileOf(&in.table.Columns[i]))
	}
	in.birthParts()
	for i := range in.profiles {
		in.field(&in.profiles[i])
	}
	in.names()
}

// stated takes the fields as they are given, each with the role that its kind and its name tell.
func (in *inference) stated(fields []Field) {
	fs := &features{spec: &in.spec, table: in.table}
	for _, f := range fs.spec.Fields {
		p := profileOf(fs.source(f))
		column := f.Name
		if len(f.From) > 0 {
			column = f.From[0]
		}
		in.fields = append(in.fields, inferredField{Field: f, role: roleAs(f.Kind, roleOf(column)), p: &p})
	}
}

// roleAs is the role of a field of the kind, whose column's name tells the role.
func roleAs(k Kind, told role) role {
	of := map[Kind][]role{ // the first where the name tells none of them
		Name: {roleFull, roleGiven, roleSurname}, Text: {roleText}, Code: {roleCode}, Date: {roleDate}, Birth: {roleBirth},
		Number: {roleAmount, roleAge}, Reference: {roleNumber, rolePhone, rolePost}, Email: {roleEmail},
	}[k]
	switch {
	case slices.Contains(of, told):
		return told
	case len(of) > 0:
		return of[0]
	}
	return noRole
}

type inference struct {
	table    *Table
	spec     Spec
	profiles []profile
	fields   []inferredField
	columns  []Inferred
	used     map[string]bool // columns that are part of another field
}

// inferredField is a field with what its column holds.
type inferredField struct {
	Field
	role role
	p    *profile
	no   bool // not compared
}

func (in *inference) leave(p *profile, why string) {
	in.columns = append(in.columns, Inferred{Column: p.column.Name, Why: why})
}

func (in *inference) add(p *profile, r role, f Field, why string) {
	f.Name = in.fieldName(p.column.Name)
	if len(f.From) == 0 && f.Name != p.column.Name {
		f.From = []string{p.column.Name}
	}
	in.fields = append(in.fields, inferredField{Field: f, role: r, p: p})
	in.columns = append(in.columns, Inferred{p.column.Name, f.Name, why})
}

// fieldName is a column's name as a field can have it: words with "_" between, once.
func (in *inference) fieldName(column string) string {
	base := strings.ReplaceAll(column, ".", "_")
	if base != column || strings.ContainsAny(column, " ") {
		base = strings.Join(strings.Fields(name.Fold(column)), "_")
	}
	n := base
	for i := 2; slices.ContainsFunc(in.fields, func(f inferredField) bool { return f.Name == n }); i++ {
		n = base + "_" + string(rune('0'+i%10))
	}
	return n
}

func (in *inference) by(r role) []*inferredField {
	var out []*inferredField
	for i := range in.fields {
		if in.fields[i].role == r {
			out = append(out, &in.fields[i])
		}
	}
	return out
}

// birthParts makes one date of columns that are the year, month and day of birth.
func (in *inference) birthParts() {
	in.used = map[string]bool{}
	part := map[role]*profile{}
	for i := range in.profiles {
		p := &in.profiles[i]
		if (p.role == roleYear || p.role == roleMonth || p.role == roleDay) && p.number > 0.9 && part[p.role] == nil {
			part[p.role] = p
		}
	}
	y, m, d := part[roleYear], part[roleMonth], part[roleDay]
	if y == nil || m == nil || d == nil {
		return
	}
	from := []string{y.column.Name, m.column.Name, d.column.Name}
	joined := (&features{spec: &in.spec, table: in.table}).source(Field{Name: "birth", From: from, Kind: Date})
	p := profileOf(joined)
	in.fields = append(in.fields, inferredField{Field: Field{Name: "birth", From: from, Kind: Birth, Form: "yyyy m d"}, role: roleBirth, p: &p})
	for _, c := range from {
		in.used[c] = true
		in.columns = append(in.columns, Inferred{c, "birth", "a part of the date of birth"})
	}
}

// Shares from which a column says too little, or something else than it should.
const (
	constant   = 0.99 // one word stands in so much of the column
	nearUnique = 0.98 // hardly two records have the same word
	mostly     = 0.8  // words that have to be of a kind
	fewWords   = 60   // distinct words of a closed list
	atLeast    = 0.02 // of the records have to have it
)

// field makes a field of the column, or says why there is none.
func (in *inference) field(p *profile) {
	switch {
	case in.used[p.column.Name]:
		return
	case p.distinct == 0:
		in.leave(p, "it is empty")
		return
	case p.filled < atLeast:
		in.leave(p, "nearly all records lack it")
		return
	case p.top > constant:
		in.leave(p, "nearly all records have the same")
		return
	case p.role == roleNone:
		in.leave(p, "it is about the file, by its name")
		return
	}
	if p.email > mostly {
		in.add(p, roleEmail, Field{Kind: Email}, "its words are e-mail addresses")
		return
	}
	if in.dateField(p) {
		return
	}
	switch p.role {
	case roleGiven, roleSurname, roleFull:
		if p.letters > mostly {
			in.add(p, p.role, Field{Kind: Name}, "a "+string(p.role)+", by its name")
			return
		}
	case roleNumber, rolePhone, rolePost:
		in.add(p, p.role, Field{Kind: Reference}, "a "+string(p.role)+", by its name")
		return
	}
	in.byContent(p)
}

// dateField makes a date of the column where its words are days.
func (in *inference) dateField(p *profile) bool {
	least := mostly
	if p.role == roleBirth || p.role == roleDate {
		least = 0.5
	}
	form, ambiguous := p.dateForm(least)
	birth := p.role == roleBirth || p.role == roleYear
	switch {
	case ambiguous:
		in.add(p, roleText, Field{Kind: Code}, "dates of which the day and the month cannot be told apart: compared as they stand")
		return true
	case form == "":
		return false
	case p.role == roleNumber || p.role == rolePhone || p.role == rolePost || p.role == roleAmount:
		return false // eight digits may look like a day
	case birth:
		if form == "yyyy-mm-dd" {
			form = ""
		}
		in.add(p, roleBirth, Field{Kind: Birth, Form: form}, "a date of birth, by its name and what it holds")
	case p.partial > 0.9 && p.role != roleDate:
		return false // numbers of four digits
	default:
		if form == "yyyy-mm-dd" {
			form = ""
		}
		in.add(p, roleDate, Field{Kind: Date, Form: form}, "its words are days")
	}
	return true
}

// byContent makes a field of a column whose name says little.
func (in *inference) byContent(p *profile) {
	switch {
	case p.role == roleAge && p.number > mostly:
		in.add(p, roleAge, Field{Kind: Number}, "an age, by its name")
	case p.number > mostly && (p.role == roleAmount || in.fractions(p)):
		in.add(p, roleAmount, Field{Kind: Number}, "its words are amounts")
	case p.unique > nearUnique && p.letters < mostly && p.role == noRole:
		in.leave(p, "hardly two records have the same")
	case p.distinct <= fewWords:
		in.add(p, roleCode, Field{Kind: Code}, "few distinct words")
	case p.digits > mostly && p.length >= 5 && p.role != roleText:
		in.add(p, roleNumber, Field{Kind: Reference}, "its words are numbers that count nothing")
	case p.letters < mostly || p.role == roleCode:
		in.add(p, roleCode, Field{Kind: Code}, "words of a list")
	case p.unique > nearUnique && p.tokens < 2 && p.role == noRole:
		in.leave(p, "hardly two records have the same")
	default:
		in.add(p, roleText, Field{Kind: Text}, "words")
	}
}

// fractions reports whether any of the column's words has a fraction.
func (in *inference) fractions(p *profile) bool {
	n := 0
	for _, w := range p.column.Words {
		if strings.Contains(w, ".") && isNumber(w) {
			n++
		}
	}
	return n*10 > len(p.column.Words)
}

// names makes one field of the columns of one part of a name, and leaves out what says a name
// again.
func (in *inference) names() {
	for _, r := range []role{roleGiven, roleSurname} {
		in.join(r)
	}
	in.agesBesideDates()
	in.repeated()
}

// join makes one field of several columns of one role: a first and a second given name.
func (in *inference) join(r role) {
	all := in.by(r)
	if len(all) < 2 {
		return
	}
	first := all[0]
	from := []string{}
	drop := map[string]bool{}
	for i, f := range all {
		from = append(from, f.p.column.Name)
		if i > 0 {
			drop[f.Name] = true
			in.note(f.p.column.Name, first.Name, "another part of the "+string(r))
		}
	}
	first.From = from
	in.fields = slices.DeleteFunc(in.fields, func(f inferredField) bool { return drop[f.Name] })
}

func (in *inference) note(column, field, why string) {
	for i := range in.columns {
		if in.columns[i].Column == column {
			in.columns[i].Field, in.columns[i].Why = field, why
		}
	}
}

// agesBesideDates notes that an age says the birth again.
func (in *inference) agesBesideDates() {
	if len(in.by(roleBirth)) == 0 {
		return
	}
	for _, a := range in.by(roleAge) {
		a.no = true
		in.note(a.p.column.Name, a.Name, "an age: compared only where a record has no date of birth")
	}
}

// saysAgain is the share of records whose full name holds the words of another name column, from
// which the two say one thing.
const saysAgain = 0.5

// repeated leaves full names out that say again what other name columns say.
func (in *inference) repeated() {
	given, surname := in.by(roleGiven), in.by(roleSurname)
	var kept []*inferredField
	drop := map[string]bool{}
	for _, f := range in.by(roleFull) {
		switch {
		case len(given) > 0 && len(surname) > 0 && in.contains(f, surname[0]) > saysAgain && in.contains(f, given[0]) > saysAgain:
			f.no = true
			in.note(f.p.column.Name, f.Name, "the given name and the surname once more: compared only where a record lacks one of them")
			if len(kept) > 0 {
				drop[f.Name] = true
				in.note(f.p.column.Name, "", "says what "+kept[0].Name+" says")
			}
			kept = append(kept, f)
		case len(kept) > 0 && in.contains(kept[0], f) > saysAgain:
			drop[f.Name] = true
			in.note(f.p.column.Name, "", "says what "+kept[0].Name+" says")
		default:
			kept = append(kept, f)
		}
	}
	in.fields = slices.DeleteFunc(in.fields, func(f inferredField) bool { return drop[f.Name] })
}

// containsRecords bounds how many records are looked at.
const containsRecords = 2000

// contains is the share of records in which field f has, in any order, most of the tokens that g
// has, as they sound.
func (in *inference) contains(f, g *inferredField) float64 {
	fs := &features{spec: &Spec{Fields: []Field{f.Field, g.Field}}, table: in.table, made: map[string]*feature{}}
	x, y := fs.source(f.Field), fs.source(g.Field)
	both, holds := 0.0, 0.0
	for _, i := range (&Linker{table: in.table}).sampleOf(containsRecords) {
		if x.At[i] == Missing || y.At[i] == Missing {
			continue
		}
		a, b := name.Parse(x.Words[x.At[i]]), name.Parse(y.Words[y.At[i]])
		if len(a.Tokens) == 0 || len(b.Tokens) == 0 {
			continue
		}
		both++
		n := 0
		for _, t := range b.Skeleton {
			if slices.Contains(a.Skeleton, t) {
				n++
			}
		}
		if 2*n >= len(b.Skeleton) {
			holds++
		}
	}
	if both == 0 {
		return 0
	}
	return holds / both
}
