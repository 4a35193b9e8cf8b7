package assist

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"palermo/mappings"
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

// What an unpivoted table's header and its cells are called in a draft.
const (
	theYear    = "The year"
	theMeasure = "The measure"
	theHeading = "The heading"
	theHeader  = "The header"
	theFigure  = "The figure"
)

// across unpivots years and values of a field that stand as headers.
func (w *drafter) across() {
	switch n := len(w.s.Across); {
	case n == 0:
	case w.spreadYears():
		w.line(4, "unpivot: {levels: [%s], value: %s}  # %d columns are headed by years", strings.Join(w.yearLevels(), ", "), theFigure, n)
	default:
		var is []string
		for _, x := range w.s.headerWords() {
			is = append(is, quote(x.Word))
		}
		heading := ""
		if w.s.Table.HeaderRows > 1 {
			var above []string
			for _, h := range w.s.headerParts(0) {
				above = append(above, quote(h))
			}
			heading = fmt.Sprintf("{as: %s, is: [%s]}, ", theHeading, strings.Join(above, ", "))
		}
		w.line(4, "unpivot: {levels: [%s{as: %s, is: [%s]}], value: %s}  # %d columns are headed by values", heading, theHeader, strings.Join(is, ", "), theFigure, n)
	}
}

// yearLevels is the levels of a header of years: those, and what is counted below each.
func (w *drafter) yearLevels() []string {
	is := ""
	if others := w.noYears(); len(others) > 0 {
		is = ", is: [" + strings.Join(others, ", ") + "]"
	}
	out := []string{"{as: " + theYear + ", parse: " + w.yearRule() + is + "}"}
	if measures := w.s.headerParts(1); len(measures) > 0 {
		quoted := make([]string, len(measures))
		for i, m := range measures {
			quoted[i] = quote(m)
		}
		out = append(out, "{as: "+theMeasure+", is: ["+strings.Join(quoted, ", ")+"]}")
	}
	return out
}

// yearRule is the rule that reads the headers of years.
func (w *drafter) yearRule() string {
	if slices.ContainsFunc(w.s.headerParts(0), func(h string) bool { return kindOf(h) != Year }) {
		return "period"
	}
	return "year"
}

// noYears is the headers among years that name none.
func (w *drafter) noYears() []string {
	var out []string
	for _, h := range w.s.headerParts(0) {
		if !ofYear(h) {
			out = append(out, quote(h))
		}
	}
	return out
}

// spreadYears reports whether it is years that stand across.
func (w *drafter) spreadYears() bool {
	levels := w.s.levels()
	return len(levels) > 0 && levels[0].Field == "year"
}

// acrossColumns reads the headers and the figures of what stands across.
func (w *drafter) acrossColumns() {
	if w.spreadYears() {
		field, missing := map[string]string{"year": "year", "period": "period"}[w.yearRule()], ""
		if others := w.noYears(); len(others) > 0 {
			missing = ", missing: [" + strings.Join(others, ", ") + "]"
		}
		w.line(6, "- {from: %s, to: %s, parse: %s%s}", theYear, field, w.yearRule(), missing)
		w.filled[field] = true
		if measures := w.s.headerParts(1); len(measures) > 0 {
			var words []WordCount
			for _, m := range measures {
				words = append(words, WordCount{m, 1, w.s.Table.HeaderRow})
			}
			w.line(6, "- {from: %s, to: unit_code, codes: %s}", theMeasure, w.codesFile(w.l.schema.Table("statistic").Field("unit_code"), words))
			w.filled["unit_code"] = true
		}
	} else {
		if w.s.Table.HeaderRows > 1 {
			w.line(6, "- {from: %s, to: breakdown, parse: text}", theHeading)
			w.filled["breakdown"] = true
		}
		for _, m := range w.s.levels() {
			w.line(6, "- {from: %s, to: %s, codes: %s}", theHeader, m.Field, w.codesFile(w.l.schema.Table(m.Table).Field(m.Field), w.s.headerWords()))
			w.filled[m.Field] = true
		}
	}
	value, rule := "value", "count_or_below"
	if w.s.Target == "estimate" {
		value, rule = "value_central", "number"
	}
	w.line(6, "- {from: %s, to: %s, parse: %s}", theFigure, value, rule)
	w.filled[value] = true
	w.d.Filled += len(w.s.Across)
}

func (w *drafter) columns() {
	w.line(4, "columns:")
	if len(w.s.Across) > 0 {
		w.acrossColumns()
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
