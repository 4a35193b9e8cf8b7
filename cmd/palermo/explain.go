package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"palermo/diag"
	"palermo/pipeline"
	"palermo/schemas"
	"palermo/transform"
)

func (a *app) explainCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "explain ID [FIELD | RECORD] | VIEW COLUMN KEY=VALUE...",
		Short: "Lead a published value back to its cell",
		Long: `Lead a published row back to the cells it came from: the submission, the sheet, the cell and its text, the
rule that read it, the code it became, and the lines of the mapping that say so. The cells are read again
from the received file, by the mapping that the row was made with.

ID is the row's id, as in the column statistic_id, which ends with the column of the cell where a row of the
file holds several counts; or _submission._sheet._row of any table that has them; or a
record_id, with @2 for its second version; or a person_id or episode_id, which leads to its records. What else
can be asked about a record is named at the end: RECORD_ID/TABLE/ORDINAL for a row of another table, and
RECORD_ID/assessment/DEFINITION for how the record was read. With FIELD, a field or a column of it, the whole
way is told; without it, each field that is filled has one line.

With the id of a person, the records that it is of are told, what holds them together and which value came
from which; with two ids, of records or of a person and a record, the evidence for and against their being one
person, field by field. That is for stewards: it reads their database of the published snapshot.

With the name of a view, a number of it is led back: in COLUMN of the row that has the values KEY=VALUE, to the persons and records, or the
published counts, that it counts, and of the first few of them to episode, record, submission, cell, rule and code. --html FILE writes the same as a page.

Of case records what names or endangers a person is left out, and any word that no mapping lists is shown as
its length and script, unless --personal is given: then a line in state/audit.jsonl of the home says who asked,
when, and for which row.`,
		Example: `  palermo explain s0123456789abcdef.1.42
  palermo explain s0123456789abcdef.1.42 value
  palermo explain r0123456789abcdef01234567/record_means/3
  palermo explain r0123456789abcdef01234567/assessment/palermo
  palermo explain means_used n_yes source_id=iom_ctm is_control=false means_code=threat`,
		Args: cobra.MinimumNArgs(1),
	}
	personal := c.Flags().Bool("personal", false, "show what names or endangers a person too; a line in the home's audit file says who asked")
	withNames := c.Flags().Bool("with-names", false, "of persons and pairs, show the names too; a line in the home's audit file says who asked")
	first := c.Flags().Int("few", 3, "of a number of a view, how many of the persons or counts behind it to show")
	html := c.Flags().String("html", "", "of a number of a view, write the explanation to this file too, as a page")
	c.RunE = a.does("explain", func(ctx context.Context, args []string) (*result, error) {
		if schemas.Builtin().View(args[0]) != nil {
			return a.explainView(ctx, args, *first, *personal, *html)
		}
		if len(args) > 2 {
			return nil, usagef("an id has at most one field or record beside it; no view is called %q", args[0])
		}
		if last := args[len(args)-1]; pipeline.IsLinkageID(last) && (len(args) == 2 || last[0] == 'p') {
			return a.explainLinkage(ctx, args, *withNames)
		}
		return a.explain(ctx, args, *personal)
	})
	return c
}

// explained is what --json holds of explain.
type explained struct {
	*pipeline.Explanation
	Differs []string `json:"differs"` // columns in which the published row is not what the cells give now

	only string // the field asked for
}

func (a *app) explain(ctx context.Context, args []string, personal bool) (*result, error) {
	h, err := a.readHome()
	if err != nil {
		return nil, err
	}
	show := h.Explain
	if personal {
		show = h.ExplainPersonal
	}
	all, err := show(ctx, args[0])
	if err != nil {
		return nil, err
	}
	x := all[0]
	e := &explained{Explanation: x, Differs: append([]string{}, x.Differs()...)}
	if len(args) == 2 {
		if err := e.narrow(args[1]); err != nil {
			return nil, err
		}
	}
	return &result{ok: x.Rejected == nil && len(e.Differs) == 0, summary: e.headline(), value: e, text: e.text}, nil
}

// narrow leaves only the field of that name, or that has a column of that name.
func (e *explained) narrow(name string) error {
	var names []string
	for _, f := range e.Fields {
		names = append(names, f.Field)
		_, isColumn := f.Values[name]
		if f.Field == name || isColumn || strings.HasPrefix(name, f.Field+"_") && slices.Contains(companions(), strings.TrimPrefix(name, f.Field)) {
			e.Fields, e.only = []transform.Trace{f}, f.Field
			return nil
		}
	}
	return usagef("table %s has no field %q%s", e.Table, name, nearest(name, names))
}

// companions are the endings of the columns that a field may stand for.
func companions() []string {
	return []string{"_text", "_low", "_high", "_from", "_to", "_status", "_as_reported", "_precision_code", "_basis_code"}
}

func (e *explained) headline() string {
	if e.Submission.ID == "" {
		return fmt.Sprintf("%s %s: made up of %d records", e.Table, e.ID, e.members())
	}
	at := e.at(diag.Pos{Row: e.Row, Col: e.Col})
	switch {
	case e.Rejected != nil:
		return fmt.Sprintf("%s: the row could not be read [%s]; it waits in quarantine", at, e.Rejected.Code)
	case len(e.Published) == 0:
		return fmt.Sprintf("%s: the row is not in the published snapshot", at)
	case len(e.Differs) > 0:
		return fmt.Sprintf("%s: the published row differs from what its cells give now, in %s", at, strings.Join(e.Differs, ", "))
	}
	return fmt.Sprintf("%s: table %s, from %s", at, e.Table, e.Submission.Agency)
}

// members is the number of records of a person or an episode.
func (e *explained) members() (n int) {
	for _, a := range e.Also {
		if a.Table == "record" {
			n++
		}
	}
	return n
}

// at is a place in the row's file.
func (e *explained) at(p diag.Pos) string {
	p.File, p.Sheet = e.Submission.Name, e.Sheet
	return p.String()
}

func (e *explained) text(p *printer) {
	s := &e.Submission
	p.line("%s  %s", p.bold(e.Table), e.ID)
	if s.ID != "" {
		p.line("  submission  %s (receipt %s): %s from %s, received %s UTC", s.ID, s.Receipt, s.Name, s.Agency, day(s.Received))
		p.line("  row         %s", e.at(diag.Pos{Row: e.Row, Col: e.Col}))
		p.line("  mapping     %s (%s)", e.Source, e.Vintage)
	}
	e.state(p)
	p.blank()
	if e.only != "" {
		e.story(p, &e.Fields[0])
		return
	}
	if e.Reading != nil {
		e.reading(p)
	} else {
		e.overview(p)
	}
	e.also(p)
}

// state says where the row is, if it is not simply published.
func (e *explained) state(p *printer) {
	switch {
	case e.Rejected != nil:
		p.line("  %s    %s%s [%s]", p.bad("rejected"), prefixed(e.Rejected.Field, ": "), diag.Codes[e.Rejected.Code].Meaning, string(e.Rejected.Code))
		p.line("              The row waits in quarantine, whole. %s", diag.Codes[e.Rejected.Code].Advice)
	case len(e.Published) == 0:
		p.line("  %s   the row is not in the current snapshot", p.warn("published"))
	}
	for _, c := range e.Differs {
		p.line("  %s     column %s is published as %s; the cells give %s now", p.warn("differs"), c, text(e.Published[c]), text(e.now(c)))
	}
}

func prefixed(s, sep string) string {
	if s == "" {
		return ""
	}
	return s + sep
}

func text(s string) string {
	if s == "" {
		return "nothing"
	}
	return fmt.Sprintf("%q", s)
}

// now is what the cells give for a column.
func (e *explained) now(column string) string {
	for _, f := range e.Fields {
		if v, ok := f.Values[column]; ok {
			return v
		}
	}
	return ""
}

// overview has a line for each field that is filled.
func (e *explained) overview(p *printer) { e.grid(p, e.Fields) }

func (e *explained) grid(p *printer, fields []transform.Trace) {
	rows := [][]styled{p.cells("FIELD", "VALUE", "CELL", "TEXT", "RULE", "SAID AT")}
	var empty []string
	for i := range fields {
		f := &fields[i]
		if len(f.Values) == 0 {
			empty = append(empty, f.Field)
			continue
		}
		cell, word := e.used(f)
		rows = append(rows, p.cells(f.Field, shortly(values(f)), cell, shortly(word), f.Rule, said(f)))
	}
	p.grid("  ", nil, rows)
	if len(empty) > 0 {
		p.blank()
		p.line("  Empty: %s", strings.Join(empty, ", "))
	}
}

// used is the cell that decided, and its text.
func (e *explained) used(f *transform.Trace) (cell, word string) {
	for _, c := range f.Cells {
		if c.Used {
			word = c.Text
			if c.Word != "" {
				word = c.Word
			}
			return diag.Cell(c.Row, c.Col), word
		}
	}
	return "", ""
}

// values is a field's columns, without the field's name where that goes without saying.
func values(f *transform.Trace) string {
	if len(f.Values) == 1 && f.Values[f.Field] != "" {
		return f.Values[f.Field]
	}
	var parts []string
	for _, c := range sortedKeys(f.Values) {
		name := strings.TrimPrefix(strings.TrimPrefix(c, f.Field), "_")
		if name == "" {
			name = "code"
		}
		parts = append(parts, name+" "+f.Values[c])
	}
	return strings.Join(parts, ", ")
}

// shortly is the beginning of the text.
func shortly(s string) string {
	const width = 36
	if r := []rune(s); len(r) > width {
		return string(r[:width-3]) + "..."
	}
	return s
}

// said is where the mapping says so: the line of the codes file where there is one.
func said(f *transform.Trace) string {
	if f.Codes != (diag.Pos{}) {
		return f.Codes.String()
	}
	return f.Said.String()
}

// story is the whole way of one field.
func (e *explained) story(p *printer, f *transform.Trace) {
	p.line("%s", p.bold(f.Field))
	for _, c := range sortedKeys(f.Values) {
		p.line("  %s = %s%s", c, f.Values[c], e.publishedAs(c))
	}
	if len(f.Values) == 0 {
		p.line("  is empty")
	}
	for _, c := range f.Cells {
		how := ""
		if !c.Used {
			how = " (passed over)"
		}
		p.line("  %s cell     %s%s%s", p.from(), e.at(diag.Pos{Row: c.Row, Col: c.Col}), column(c.Column), how)
		p.line("    text     %s", text(c.Text))
	}
	if f.Rule != "" {
		p.line("  %s rule     %s", p.from(), f.Rule)
	}
	if f.Status != "" {
		p.line("    status   %s", strings.ReplaceAll(f.Status, "_", " "))
	}
	if f.Said != (diag.Pos{}) {
		p.line("  %s mapping  %s", p.from(), f.Said)
	}
	if f.Codes != (diag.Pos{}) {
		p.line("  %s codes    %s", p.from(), f.Codes)
	}
	if f.Note != "" {
		p.line("    note     %s", f.Note)
	}
}

func column(name string) string {
	if name == "" {
		return ""
	}
	return ", column " + name
}

// publishedAs says so where the current snapshot has something else.
func (e *explained) publishedAs(column string) string {
	if slices.Contains(e.Differs, column) {
		return fmt.Sprintf(" (published: %s)", text(e.Published[column]))
	}
	return ""
}

// from leads back to where a thing came from.
func (p *printer) from() styled { return p.sign("←", "<-") }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
