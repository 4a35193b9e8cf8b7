package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"palermo/load/template"
	"palermo/mappings"
	"palermo/schemas"
)

// agencyForm is the empty workbook of a source in a language, and how it is read when it comes back.
type agencyForm struct {
	form    *template.Form
	tables  []int             // of the mapping, one for each form of the source
	mapping *mappings.Mapping // that reads those tables as the workbook has them
}

// listColumns is in how many columns the words of a list stand: a cell with a drop-down holds one.
const listColumns = 3

// NoTemplate says why there is no template.
type NoTemplate struct {
	Source, Language string
	Known            bool     // the source has a mapping
	Sources          []string // those that there are templates of
	Languages        []string // empty where the language is known
}

func (e *NoTemplate) Error() string {
	switch {
	case len(e.Languages) > 0:
		return fmt.Sprintf("no language %q: there are %s", e.Language, strings.Join(e.Languages, ", "))
	case e.Known:
		return fmt.Sprintf("%s has no case records, so that there is no template; there are templates of %s", e.Source, strings.Join(e.Sources, ", "))
	}
	return fmt.Sprintf("no source %q; there are templates of %s", e.Source, strings.Join(e.Sources, ", "))
}

// TemplateSource is a source that there is a template of.
type TemplateSource struct {
	Source string   `json:"source"`
	Title  string   `json:"title"`
	Forms  []string `json:"forms"` // the mapping's names
}

// TemplateSources is the sources that there are templates of: those with case records.
func TemplateSources(set *mappings.Set) []TemplateSource {
	var out []TemplateSource
	for _, m := range set.Mappings {
		t := TemplateSource{Source: m.Source.ID, Title: m.Source.Title}
		for _, i := range offered(m, "en") {
			t.Forms = append(t.Forms, m.Tables[i].Record.Form)
		}
		if len(t.Forms) > 0 {
			out = append(out, t)
		}
	}
	return out
}

// TemplateLanguages is the languages that a template can be in.
func TemplateLanguages() ([]string, error) { return template.Languages() }

// Template is the empty workbook of the source in the language, made of its mapping and the schema. The error is a *NoTemplate
// where there is none.
func Template(s *schemas.Schema, set *mappings.Set, source, language string) (*template.Form, error) {
	languages, err := template.Languages()
	if err != nil {
		return nil, err
	}
	if !slices.Contains(languages, language) {
		return nil, &NoTemplate{Source: source, Language: language, Languages: languages}
	}
	m := set.Source(source)
	if m == nil || len(offered(m, language)) == 0 {
		no := &NoTemplate{Source: source, Language: language, Known: m != nil}
		for _, t := range TemplateSources(set) {
			no.Sources = append(no.Sources, t.Source)
		}
		return nil, no
	}
	return newForm(s, m, language).form, nil
}

// offered is the tables of case records that a template asks for. Where entries say how a template is made, only their forms are
// asked for, else all. Of the entries for one form those count most whose headers are in the language, then those that say how,
// then those in English; of equal ones the last, which is the newest. A table that reads cells above its header has none.
func offered(m *mappings.Mapping, language string) []int {
	var forms []string
	best, said := map[string]int{}, map[string]bool{}
	rank := func(t *mappings.Table) int {
		switch l := t.Template; {
		case l == nil:
			return 1
		case l.Language == language:
			return 3
		case l.Language == "" || l.Language == "en":
			return 2
		}
		return 0
	}
	for i := range m.Tables {
		t := &m.Tables[i]
		if t.Record == nil || len(t.Record.Case) == 0 || t.Unpivot != nil || len(t.FromCell) > 0 {
			continue
		}
		old, have := best[t.Record.Form]
		if !have {
			forms = append(forms, t.Record.Form)
		}
		if !have || rank(t) >= rank(&m.Tables[old]) {
			best[t.Record.Form] = i
		}
		if t.Template != nil {
			said[t.Record.Form] = true
		}
	}
	var out []int
	for _, f := range forms {
		if len(said) == 0 || said[f] {
			out = append(out, best[f])
		}
	}
	return out
}

// newForm makes the form of a source.
func newForm(s *schemas.Schema, m *mappings.Mapping, language string) *agencyForm {
	f := &agencyForm{form: &template.Form{Source: m.Source.ID, Title: m.Source.Title, Language: language}, tables: offered(m, language), mapping: m}
	for _, i := range f.tables {
		a := &asker{schema: s, mapping: m, entry: &m.Tables[i], language: language,
			filled: mappings.Filled{Labels: map[string]map[string]string{}, Columns: map[string]int{}}}
		columns := a.columns(m.Asked(i))
		for _, name := range a.sheets() {
			f.form.Sheets = append(f.form.Sheets, template.Sheet{Name: f.sheetName(name), HeaderRow: a.entry.HeaderRow, HeaderRows: a.entry.Header.Rows, Columns: columns})
		}
		f.mapping = f.mapping.Filled(s, i, a.filled)
	}
	f.form.Version = version(f.form)
	return f
}

// version changes with whatever the form asks.
func version(f *template.Form) string {
	b, err := json.Marshal(f)
	if err != nil {
		panic(err) // texts and numbers
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:4])
}

// sheetName is the name, or one like it that no other sheet has.
func (f *agencyForm) sheetName(name string) string {
	taken := func(n string) bool {
		return slices.ContainsFunc(f.form.Sheets, func(s template.Sheet) bool { return strings.EqualFold(s.Name, n) })
	}
	out := name
	for k := 2; taken(out); k++ {
		out = fmt.Sprintf("%s %d", name, k)
	}
	return out
}

// asker makes the columns of one table.
type asker struct {
	schema   *schemas.Schema
	mapping  *mappings.Mapping
	entry    *mappings.Table
	language string
	filled   mappings.Filled
}

// sheets is the names of the sheets that have the table: one for each word that a sheet's name may be, else one by the form.
func (a *asker) sheets() []string {
	var uses []mappings.Use
	for _, v := range a.entry.FromSheet {
		uses = append(uses, mappings.Use{Table: a.entry.Target, Field: v.To, Codes: v.Codes, By: v.By, Parse: v.Parse})
	}
	var out []string
	if choices := a.choices(&mappings.Asked{Uses: uses}); len(choices) > 0 {
		labels := map[string]string{}
		for _, c := range choices {
			if !canName(c.label) {
				c.label = c.word
			}
			if c.word != "" && canName(c.label) && labels[c.label] == "" {
				labels[c.label] = c.word
				out = append(out, c.label)
			}
		}
		a.filled.Labels[mappings.SheetName] = labels
	}
	if len(out) == 0 {
		r := []rune(strings.ReplaceAll(a.entry.Record.Form, "_", " "))
		r[0] = unicode.ToUpper(r[0])
		out = append(out, string(r[:min(len(r), 28)]))
	}
	return out
}

// canName reports whether a sheet can have the name.
func canName(s string) bool {
	return s != "" && utf8.RuneCountInString(s) <= 31 && !strings.ContainsAny(s, `[]:*?/\'`) && !strings.HasPrefix(s, "*")
}

func (a *asker) columns(asked []mappings.Asked) []template.Column {
	var out []template.Column
	for k := range asked {
		c, more := a.column(&asked[k])
		out = append(out, c)
		for n := 2; n <= more; n++ {
			extra := c
			extra.Header, extra.Required, extra.Example = mappings.Extra(c.Header, n), false, ""
			out = append(out, extra)
		}
		if asked[k].Header == a.entry.Record.Case[0] {
			a.filled.Example = c.Example
		}
	}
	return out
}

// column is one column of the workbook, and in how many a list stands.
func (a *asker) column(asked *mappings.Asked) (c template.Column, more int) {
	parts := strings.Split(asked.Header, " / ")
	if n := a.entry.Header.Rows; n < 2 || len(parts) > n {
		parts = []string{asked.Header}
	}
	c = template.Column{Header: parts[len(parts)-1], Above: parts[:len(parts)-1], Type: template.Text, Required: asked.Header == a.entry.Record.Case[0]}
	if len(c.Above) == 0 {
		c.Above = nil
	}
	c.Help = a.help(asked)
	isCase := c.Required
	c.Required = c.Required || a.needed(asked)
	if choices := a.choices(asked); len(choices) > 0 {
		labels := map[string]string{}
		for _, ch := range choices {
			c.Words = append(c.Words, ch.label)
			labels[ch.label] = ch.word
		}
		c.Type, c.Example = template.Choice, c.Words[0]
		a.filled.Labels[asked.Header] = labels
		if !slices.ContainsFunc(asked.Uses, func(u mappings.Use) bool { return !u.List }) {
			a.filled.Columns[asked.Header] = listColumns
			return c, listColumns
		}
		return c, 1
	}
	a.parsed(&c, asked)
	if isCase && c.Type == template.Text {
		c.Example = exampleCase
	}
	return c, 1
}

// exampleCase is the case reference of the example: a row that has it is the example, wherever it stands.
const exampleCase = "EXAMPLE-1"

// parsed is what a column may hold that a rule reads.
func (a *asker) parsed(c *template.Column, asked *mappings.Asked) {
	at := slices.IndexFunc(asked.Uses, func(u mappings.Use) bool { return u.Parse != "" })
	if at < 0 {
		return
	}
	bounds := func(least, most float64) { c.Min, c.Max = &least, &most }
	switch u := asked.Uses[at]; u.Parse {
	case "date":
		c.Type, c.Example = template.Day, "2024-03-15"
		if u.Field == "birth" {
			c.Example = "1999-07-02"
		}
	case "count", "count_or_below":
		c.Type, c.Example = template.Whole, "2"
		bounds(0, 1e9)
	case "number":
		c.Type, c.Example = template.Number, "120"
		bounds(0, 1e12)
	case "year":
		c.Type, c.Example = template.Whole, "2024"
		bounds(1900, 2100)
	case "age_interval":
		if u.Fallback {
			c.Type, c.Words, c.Example = template.Choice, ageBands, ageBands[3]
			return
		}
		c.Type, c.Example = template.Whole, "24"
		bounds(0, 120)
	default:
		c.Example = exampleTexts[u.Field]
	}
}

// ageBands is the bands of ages that are offered where the exact age is asked beside them: those of the field's releases.
var ageBands = []string{"0-8", "9-17", "18-20", "21-23", "24-26", "27-29", "30-38", "39-47", "48+"}

// exampleTexts is made up.
var exampleTexts = map[string]string{"family_name": "Example", "given_name": "Anna", "father_name": "Jon", "language": "Romanian", "origin_region": "North"}

// fieldOf is the field that a use fills; nil for a case reference.
func (a *asker) fieldOf(u *mappings.Use) *schemas.Field {
	t := a.schema.Table(u.Table)
	if t == nil {
		return nil
	}
	return t.Field(u.Field)
}

// help is what the fields that the column fills are, each said once.
func (a *asker) help(asked *mappings.Asked) string {
	var out []string
	for k := range asked.Uses {
		u := &asked.Uses[k]
		text := ""
		switch f := a.fieldOf(u); {
		case u.Table == "" || u.Field == "case_reference":
			text = a.fieldHelp("case")
		case u.Asks != "":
			text = a.labelOf(&mappings.Use{Table: u.Table, Field: u.AsksOf}, u.Asks)
		case f != nil:
			key := u.Field
			if u.Table != a.entry.Target {
				key = u.Table + "." + key
			}
			if text = a.fieldHelp(key); text == "" {
				text = f.Meaning
			}
		}
		if text != "" && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return strings.Join(out, "\n")
}

// fieldHelp is what the catalogue of the language says of a field; "" where it says nothing.
func (a *asker) fieldHelp(field string) string {
	text, err := template.FieldHelp(a.language, field)
	if err != nil {
		panic(err) // the catalogues are built in, and a test reads each
	}
	return text
}

// needed reports whether a row cannot do without the column, or should not.
func (a *asker) needed(asked *mappings.Asked) bool {
	return slices.ContainsFunc(asked.Uses, func(u mappings.Use) bool {
		f := a.fieldOf(&u)
		return f != nil && u.Table == a.entry.Target && !u.Fallback && (f.Required || f.Expected)
	})
}
