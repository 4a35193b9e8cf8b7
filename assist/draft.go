package assist

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"palermo/mappings"
	"palermo/schemas"
)

// Open is what stands in a draft where a person must decide: no code, field or form is called so, and a
// mapping that still holds one is refused at its place.
const Open = "?"

// Draft is a mapping as it could be. It can be used once its questions are answered.
type Draft struct {
	Source    string
	Files     map[string][]byte // by path below the mapping's folder
	Filled    int               // columns that were filled in
	Questions []string          // in the order in which they stand
	Words     int               // words that were given a code
	OpenWords int               // words that were not
}

// DraftOptions is what a draft is told.
type DraftOptions struct {
	Source  string            // the id
	Title   string            // of the source
	Vintage string            // of the table
	Known   *mappings.Mapping // the source's mapping so far, which the draft adds a vintage to; nil for none
}

// Draft writes the suggestion as a mapping.
func (l *Lexicon) Draft(s *Suggestion, o DraftOptions) (*Draft, error) {
	w := &drafter{l: l, s: s, o: o, d: &Draft{Source: o.Source, Files: map[string][]byte{}}, filled: map[string]bool{}, codes: map[string]*codesDraft{}}
	w.table()
	text := w.b.String()
	if o.Known != nil {
		old := strings.TrimRight(string(o.Known.Files()["mapping.yaml"]), "\n")
		text = old + "\n\n" + text
	} else {
		text = fmt.Sprintf("# A draft. Every “?” is a question, and the mapping is refused until none is left. What stands behind a\n# line is how sure it is, from 0 to 1, and why.\nsource:\n  id: %s\n  title: %s\n  release: partial\n\ntables:\n",
			o.Source, quote(o.Title)) + text
	}
	w.d.Files["mapping.yaml"] = []byte(text)
	for _, name := range slices.Sorted(maps.Keys(w.codes)) {
		b, err := w.codes[name].write()
		if err != nil {
			return nil, err
		}
		w.d.Files["codes/"+name+".csv"] = b
	}
	return w.d, nil
}

type drafter struct {
	l      *Lexicon
	s      *Suggestion
	o      DraftOptions
	d      *Draft
	b      strings.Builder
	filled map[string]bool // fields of the target
	codes  map[string]*codesDraft
}

func (w *drafter) line(indent int, format string, args ...any) {
	w.b.WriteString(strings.Repeat(" ", indent) + fmt.Sprintf(format, args...) + "\n")
}

// ask notes a question, and gives its text for a comment.
func (w *drafter) ask(format string, args ...any) string {
	q := fmt.Sprintf(format, args...)
	w.d.Questions = append(w.d.Questions, q)
	return fmt.Sprintf("# QUESTION %d: %s", len(w.d.Questions), q)
}

func (w *drafter) table() {
	t := w.s.Table
	w.line(2, "- vintage: %s", quote(w.o.Vintage))
	w.line(4, "recognise: {headers: [%s]}", strings.Join(w.headers(), ", "))
	if t.HeaderRows > 1 {
		w.line(4, "header: {rows: %d}", t.HeaderRows)
	}
	if w.s.Target == "" || w.s.Doubtful {
		w.line(4, "target: %q  %s", Open, w.doubt())
		w.columns()
		return
	}
	next := ""
	if w.s.Next != "" {
		next = "; next " + w.s.Next
	}
	w.line(4, "target: %s  # %.2f of it is explained%s", w.s.Target, w.s.Score, next)
	w.record()
	w.across()
	w.columns()
	w.joined()
	w.children()
	w.constants()
}

// headers is what the table could be recognised by: the first few columns whose meaning is certain.
func (w *drafter) headers() []string {
	const enough = 8
	var out []string
	for _, a := range w.s.Columns {
		if h := quote(a.Column.Name); a.Certain && len(out) < enough && !slices.Contains(out, h) && (w.s.Across == nil || !slices.Contains(w.s.Across, a.Column.Col)) {
			out = append(out, h)
		}
	}
	if len(out) == 0 {
		w.line(4, "%s", w.ask("no column is certain: by which headers is the table known?"))
		return []string{quote(Open)}
	}
	return out
}

// record says how a row of case data is known again.
func (w *drafter) record() {
	if w.s.Target != "record" {
		return
	}
	var refs []string
	for _, a := range w.s.Columns {
		if a.Certain && a.Proposals[0].Field == "case_reference" {
			refs = append(refs, quote(a.Column.Name))
			w.d.Filled++
		}
	}
	if len(refs) == 0 {
		w.line(4, "%s", w.ask("which columns are the case reference? record: {case: [COLUMN], form: NAME}"))
		return
	}
	w.line(4, "record: {case: [%s], form: main}", strings.Join(refs, ", "))
}

// across unpivots years that stand as headers.
func (w *drafter) across() {
	if len(w.s.Across) == 0 {
		return
	}
	w.line(4, "unpivot: {levels: [{as: The year, parse: year}], value: The figure}  # %d columns are headed by years", len(w.s.Across))
}

func (w *drafter) columns() {
	w.line(4, "columns:")
	if len(w.s.Across) > 0 {
		w.line(6, "- {from: The year, to: year, parse: year}")
		w.line(6, "- {from: The figure, to: value, parse: count_or_below}")
		w.filled["year"], w.filled["value"] = true, true
	}
	any := len(w.s.Across) > 0
	named := map[string]bool{}
	for i := range w.s.Columns {
		a := &w.s.Columns[i]
		name := a.Column.Name
		switch {
		case slices.Contains(w.s.Across, a.Column.Col) || name == "" || named[name]:
			continue
		case a.Certain && (a.Proposals[0].Table != w.s.Target || a.Proposals[0].Field == "case_reference" || w.isJoined(a)):
			named[name] = true
			continue
		}
		named[name], any = true, true
		if !a.Certain {
			w.openColumn(a)
			continue
		}
		w.column(6, a)
	}
	if !any {
		w.line(6, "[]")
	}
}

func (w *drafter) openColumn(a *Assigned) {
	var could []string
	for _, p := range a.Proposals[:min(3, len(a.Proposals))] {
		could = append(could, fmt.Sprintf("%s (%.2f, %s)", p.Meaning, p.Score, p.Reason))
	}
	q := fmt.Sprintf("column %s, %s, %d different words: ", quote(a.Column.Name), a.Column.Type, a.Column.Distinct)
	if len(could) == 0 {
		q += "nothing is like it. Move it to ignore?"
	} else {
		q += strings.Join(could, "; ") + "?"
	}
	w.line(6, "- {from: %s, to: %q}  %s", quote(a.Column.Name), Open, w.ask("%s", oneLine(q)))
}

func (w *drafter) column(indent int, a *Assigned) {
	p := a.Proposals[0]
	f := w.l.schema.Table(p.Table).Field(p.Field)
	how, ok := w.reading(a.Column, f, p.Table)
	if !ok {
		w.line(indent, "- {from: %s, to: %q}  %s", quote(a.Column.Name), Open, w.ask("column %s is %s (%.2f, %s), but how is it read? %s", quote(a.Column.Name), p.Meaning, p.Score, oneLine(p.Reason), how))
		return
	}
	w.d.Filled++
	fallback := ""
	if w.filled[p.Field] {
		fallback = ", fallback: true"
	}
	w.filled[p.Field] = true
	w.line(indent, "- {from: %s, to: %s, %s%s}  # %.2f %s", quote(a.Column.Name), p.Field, how, fallback, p.Score, oneLine(p.Reason))
}

// reading is how the column's words become values of the field; not ok with the reason why that is not certain.
func (w *drafter) reading(c *Column, f *schemas.Field, table string) (string, bool) {
	switch f.Type {
	case schemas.Code:
		return w.coding(c, f), true
	case schemas.Date:
		form, ok := formOf(c)
		if !ok {
			return form, false
		}
		if f.Interval && c.Type == Year && f.Name == "period" {
			return "parse: year_period", true
		}
		if f.Class == schemas.ClassDirect {
			form += ", plain: true"
		}
		return "parse: date" + form, true
	case schemas.Integer:
		switch {
		case f.Name == "age_years":
			return "parse: age_interval", true
		case f.Name == "year":
			return "parse: year", true
		}
		return w.numbers(c, "parse: count")
	case schemas.Real:
		if c.Type == Number && !below(c) {
			return w.numbers(c, "parse: number")
		}
		if f.Interval {
			return w.numbers(c, "parse: count_or_below")
		}
		return w.numbers(c, "parse: number")
	case schemas.Text:
		if f.Class == schemas.ClassDirect || c.Type == Text {
			return "parse: text, plain: true", true
		}
		return "parse: text", true
	}
	return "it is yes or no for a field of truths", false
}

func below(c *Column) bool {
	return slices.ContainsFunc(c.Words, func(w WordCount) bool { return strings.HasPrefix(w.Word, "<") })
}

// numbers is the rule, where no word has a mark that could stand between thousands or before decimals.
func (w *drafter) numbers(c *Column, rule string) (string, bool) {
	for _, x := range c.Words {
		if strings.ContainsAny(x.Word, ",") || strings.Count(x.Word, ".") > 1 {
			return rule + " needs its thousands and decimal marks", false
		}
	}
	return rule, true
}

// formOf is the form of dates that all days of the column have, and no other; not ok where several fit.
func formOf(c *Column) (string, bool) {
	forms := map[string]func(p [3]int) bool{
		"dd/mm/yyyy": func(p [3]int) bool { return p[0] <= 31 && p[1] <= 12 },
		"mm/dd/yyyy": func(p [3]int) bool { return p[0] <= 12 && p[1] <= 31 },
	}
	marks := map[string]bool{}
	fits := map[string]bool{"dd/mm/yyyy": true, "mm/dd/yyyy": true}
	for _, w := range c.Words {
		mark, p, ok := dayParts(w.Word)
		if !ok {
			continue
		}
		marks[mark] = true
		if mark == "/" {
			for name, fit := range forms {
				fits[name] = fits[name] && fit(p)
			}
		}
	}
	switch {
	case len(marks) > 1:
		return "its days are written in several ways", false
	case len(marks) == 0, marks["-"]:
		return "", true
	case marks["y/"]:
		return ", form: yyyy/mm/dd", true
	case marks["."]:
		return ", form: dd.mm.yyyy", true
	case marks[" "]:
		return ", form: d Mon yyyy", true
	case fits["dd/mm/yyyy"] && !fits["mm/dd/yyyy"]:
		return ", form: dd/mm/yyyy", true
	case fits["mm/dd/yyyy"] && !fits["dd/mm/yyyy"]:
		return ", form: mm/dd/yyyy", true
	}
	return "its days fit both dd/mm/yyyy and mm/dd/yyyy", false
}

// dayParts is the mark between the parts of a day, and the parts; "y/" where the year is first.
func dayParts(w string) (string, [3]int, bool) {
	var p [3]int
	if _, err := fmt.Sscanf(w, "%4d-%2d-%2d", &p[0], &p[1], &p[2]); err == nil {
		return "-", p, true
	}
	if n, _ := fmt.Sscanf(w, "%d/%d/%d", &p[0], &p[1], &p[2]); n == 3 {
		if p[0] > 31 {
			return "y/", p, true
		}
		return "/", p, true
	}
	if n, _ := fmt.Sscanf(w, "%d.%d.%d", &p[0], &p[1], &p[2]); n == 3 {
		return ".", p, true
	}
	if f := strings.Fields(w); len(f) == 3 && kindOf(w) == Date {
		return " ", p, true
	}
	return "", p, false
}

// coding is how the words of a coded column are read: for countries by the property of the list that has most of
// them, and with a codes file for the others; else by a codes file that has them all.
func (w *drafter) coding(c *Column, f *schemas.Field) string {
	words := c.parts()
	if f.Codes != countryList {
		return "codes: " + w.codesFile(f, words)
	}
	by, has := "name", -1
	var left []WordCount
	for _, property := range []string{"name", "citizenship", "code", "alpha2"} {
		n, rest := 0, []WordCount(nil)
		for _, x := range words {
			if _, ok := w.l.schema.Country(property, x.Word); ok {
				n++
			} else {
				rest = append(rest, x)
			}
		}
		if n > has {
			by, has, left = property, n, rest
		}
	}
	if len(left) == 0 {
		w.d.Words += has
		return "by: " + by
	}
	w.d.Words += has
	return "codes: " + w.codesFile(f, left) + ", by: " + by
}

// codesFile adds the words to the codes file for the field's list.
func (w *drafter) codesFile(f *schemas.Field, words []WordCount) string {
	name := w.fileFor(f)
	d := w.codes[name]
	if d == nil {
		d = &codesDraft{seen: map[string]bool{}}
		if w.o.Known != nil {
			d.keep(w.o.Known.Codes(name))
		}
		w.codes[name] = d
	}
	const most = 300 // more are no coded column
	for i, x := range words {
		if d.seen[x.Word] {
			continue
		}
		d.seen[x.Word] = true
		ps := w.l.Codes(f.Codes, x.Word)
		if len(ps) > 0 && ps[0].Score >= certainWord {
			d.add(x.Word, ps[0].Code, fmt.Sprintf("%.2f %s", ps[0].Score, ps[0].Reason))
			w.d.Words++
			continue
		}
		w.d.OpenWords++
		if i >= most {
			continue
		}
		var could []string
		for _, p := range ps {
			could = append(could, fmt.Sprintf("%s (%.2f, %s)", p.Code, p.Score, p.Reason))
		}
		d.add(x.Word, Open, "QUESTION: "+cmp.Or(strings.Join(could, "; "), "nothing is like it; *unmapped with the reason, if no code is certain"))
	}
	return name
}

// fileFor is the codes file for a field: that of the mapping so far, or one named after the field.
func (w *drafter) fileFor(f *schemas.Field) string {
	if w.o.Known != nil {
		for i := range w.o.Known.Tables {
			for _, d := range Decided(&w.o.Known.Tables[i]) {
				if d.What.Field == f.Name && d.Codes != "" {
					return d.Codes
				}
			}
		}
	}
	return strings.TrimSuffix(f.Name, "_code")
}

// constants asks for what a row cannot do without and no column fills.
func (w *drafter) constants() {
	var asked []string
	target := w.l.schema.Table(w.s.Target)
	if target == nil {
		return
	}
	for _, f := range target.Fields {
		if f.Required && !w.filled[f.Name] && !ownFilled[f.Name] {
			w.ask("%s.%s: what is it in every row?", w.s.Target, f.Name)
			asked = append(asked, fmt.Sprintf("%s: %q", f.Name, Open))
		}
	}
	if len(asked) > 0 {
		w.line(4, "constants: {%s}  # QUESTION %d: what a row cannot do without, and no column says", strings.Join(asked, ", "), len(w.d.Questions))
	}
}

// ownFilled is the fields that palermo fills itself.
var ownFilled = setOf(`record_id record_version case_id is_current source_id vintage ordinal rule form statistic_id estimate_id action_id
	rating_id released_case_id law_id claim_id`)

// oneLine is the text without what would end a comment.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// quote is the text as YAML holds it in a flow.
func quote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(s) != nil {
		return `""`
	}
	return strings.TrimSpace(b.String())
}

// codesDraft is a codes file in the making. What was decided before stays as it is.
type codesDraft struct {
	rows [][]string
	seen map[string]bool
}

func (d *codesDraft) keep(l *mappings.ValueList) {
	if l == nil {
		return
	}
	for _, e := range l.Entries {
		d.seen[e.Word] = true
		d.rows = append(d.rows, []string{e.Word, e.Code, e.Note, e.Equivalence, e.ApprovedBy, e.ApprovedOn})
	}
}

func (d *codesDraft) add(word, code, note string) {
	d.rows = append(d.rows, []string{word, code, oneLine(note), "", "", ""})
}

func (d *codesDraft) write() ([]byte, error) {
	var b strings.Builder
	c := csv.NewWriter(&b)
	if err := c.Write(strings.Split(mappings.ApprovedHeader, ",")); err != nil {
		return nil, err
	}
	if err := c.WriteAll(d.rows); err != nil {
		return nil, err
	}
	return []byte(b.String()), nil
}
