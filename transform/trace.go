package transform

import (
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"

	"palermo/diag"
	"palermo/mappings"
	"palermo/schemas"
)

// Trace is how one field of one row came about: the way back from a value to its cell.
type Trace struct {
	Field  string            `json:"field"`
	Values map[string]string `json:"values"` // by column of the target; a null is not there
	Cells  []TraceCell       `json:"cells,omitempty"`
	Rule   string            `json:"rule,omitempty"`   // what decided
	Status string            `json:"status,omitempty"` // the kind of empty
	Said   diag.Pos          `json:"said"`             // where the mapping says so
	Codes  diag.Pos          `json:"codes"`            // the line of the codes file; zero where there is none
	Note   string            `json:"note,omitempty"`   // the judgement noted there
}

// TraceCell is a cell that had a say.
type TraceCell struct {
	Column string `json:"column,omitempty"` // the header; empty for a cell above the table
	Row    int    `json:"row"`
	Col    int    `json:"col"`
	Text   string `json:"text"`           // as read: for those who may see it
	Word   string `json:"word,omitempty"` // of a cell that holds a list, the word that the row is about
	Used   bool   `json:"used"`           // it decided; else it was passed over

	shown, shownWord string // Text and Word as far as a mapping lists them
}

// Hide leaves of the cell's text only words that the mapping lists, and the shape of any other: a
// shifted column can put a name anywhere. With all, only the shape is left.
func (c *TraceCell) Hide(all bool) {
	switch {
	case c.Text == "":
	case all:
		c.Text, c.Word = Shape(c.Text), shapeOf(c.Word)
	default:
		c.Text, c.Word = c.shown, c.shownWord
	}
}

func shapeOf(word string) string {
	if word == "" {
		return ""
	}
	return Shape(word)
}

// Trace explains each field of row i of a batch that Rows gave, in the order of the target's fields. It
// changes nothing of the table's counts.
func (t *Table) Trace(raw *schemas.Batch, i int) ([]Trace, error) {
	n := int(raw.Record.NumRows())
	t.forget(n)
	return t.traceFields(raw, i, t.outcomes(raw, n), t.identify(raw, []int{i}))
}

func (t *Table) traceFields(raw *schemas.Batch, i int, got [][]*outcome, who []identity) ([]Trace, error) {
	b, err := t.build(t.output(raw, got, []int{i}, who))
	if err != nil {
		return nil, err
	}
	defer b.Release()
	values := rowValues(b, 0)
	var out []Trace
	for k := range t.fields {
		tr := t.trace(&t.fields[k], got[k], raw, i)
		tr.Values = fieldValues(t.fields[k].plan.field, values)
		out = append(out, tr)
	}
	return out, nil
}

// rowValues is row n of a harmonised batch, by column; a null is not there.
func rowValues(b *schemas.Batch, n int) map[string]string {
	values := map[string]string{}
	for c, f := range b.Record.Schema().Fields() {
		if col := b.Record.Column(c); col.IsValid(n) {
			values[f.Name] = valueText(col, n)
		}
	}
	return values
}

// fieldValues is the values of the columns of one field.
func fieldValues(f *schemas.Field, values map[string]string) map[string]string {
	out := map[string]string{}
	for _, c := range f.Columns() {
		if v, ok := values[c.Name]; ok {
			out[c.Name] = v
		}
	}
	return out
}

func valueText(a interface{ ValueStr(int) string }, n int) string {
	if d, ok := a.(*array.Dictionary); ok {
		return d.Dictionary().ValueStr(d.GetValueIndex(n))
	}
	return a.ValueStr(n)
}

func (t *Table) trace(f *boundField, got []*outcome, raw *schemas.Batch, i int) Trace {
	tr := Trace{Field: f.plan.field.Name}
	m, n := t.plan.mapping, t.plan.index
	switch {
	case f.plan.own != ownNone:
		tr.Rule = "palermo"
	case f.plan.constant != nil:
		tr.Rule, tr.Said = "constant", m.Pos("tables", n, "constants", tr.Field)
	case f.plan.cell != nil:
		tr.Rule, tr.Status, tr.Said = f.fixed.rule, f.fixed.status, m.Pos("tables", n, "from_cell")
		tr.Cells = []TraceCell{{Row: f.plan.cell.row, Col: f.plan.cell.col, Text: f.fixed.word, Used: true, shown: f.fixed.shown()}}
	case f.joined != nil:
		t.traceJoined(&tr, f, got[i], raw, i)
	case len(f.severals) > 0:
		t.traceSeverals(&tr, f, got[i], raw, i)
	case len(f.columns) > 0:
		t.traceColumns(&tr, f, got[i], raw, i)
	}
	return tr
}

func (t *Table) traceSeverals(tr *Trace, f *boundField, o *outcome, raw *schemas.Batch, i int) {
	tr.Rule, tr.Status = o.rule, o.status
	for _, s := range f.severals {
		used := o == s.yes || o == s.no
		if used {
			tr.Said = t.plan.mapping.Pos("tables", t.plan.index, "several", s.plan.order)
		}
		for _, r := range s.raw {
			if r < 0 {
				continue
			}
			c := t.cell(raw, r, i, used)
			if w := mappings.Word(c.Text); slices.Contains(s.plan.Words, w) || w != "" && t.listed(r, w) == w {
				c.shown = c.Text
			}
			tr.Cells = append(tr.Cells, c)
		}
	}
}

// listed is as much of a word as any column of the mapping that reads a raw column lists; not one
// of a field that names or endangers a person.
func (t *Table) listed(r int, word string) (most string) {
	for _, c := range t.columns {
		table := t.plan.table
		if c.plan.table != "" {
			table = t.plan.schema.Table(c.plan.table)
		}
		if f := table.Field(c.plan.column.To); c.raw == r && f != nil && schemas.ZoneSteward.Allows(f.Class) {
			most = longer(most, c.lists(word))
		}
	}
	return most
}

// lists is the part of a word that the column reads, where the mapping lists it.
func (b *boundColumn) lists(word string) string {
	part := word
	if cut := parts[b.plan.column.Part]; cut != nil {
		part = cut(word)
	}
	if part == "" || !strings.Contains(word, part) || !b.read(part).listed {
		return ""
	}
	return part
}

func longer(a, b string) string {
	if len(b) > len(a) {
		return b
	}
	return a
}

func (t *Table) traceColumns(tr *Trace, f *boundField, o *outcome, raw *schemas.Batch, i int) {
	tr.Rule, tr.Status = o.rule, o.status
	for _, c := range f.columns {
		tr.Cells = append(tr.Cells, t.columnCell(raw, c, i, o.col == c.col && !o.away))
		if o.col == c.col {
			tr.Said = t.plan.mapping.Pos("tables", t.plan.index, "columns", c.plan.order)
			t.judgement(tr, c, o.word)
		}
	}
}

// judgement adds the line of the codes file that has the word, and what is noted there.
func (t *Table) judgement(tr *Trace, c *boundColumn, word string) {
	l := t.plan.mapping.Codes(c.plan.column.Codes)
	if l == nil {
		return
	}
	e := l.Lookup(word)
	if e == nil {
		e = l.Lookup(c.reader.params.bare(word))
	}
	if e != nil {
		tr.Codes, tr.Note = l.Pos(e), e.Note
	}
}

// columnCell is the cell that a column reads in row i.
func (t *Table) columnCell(raw *schemas.Batch, c *boundColumn, i int, used bool) TraceCell {
	cell := t.cell(raw, c.raw, i, used)
	switch w := mappings.Word(cell.Text); longer(c.lists(w), t.listed(c.raw, w)) {
	case "":
	case w:
		cell.shown = cell.Text
	default:
		cell.shown = longer(c.lists(w), t.listed(c.raw, w))
	}
	return cell
}

// cell is a cell that may not be shown but as its shape.
func (t *Table) cell(raw *schemas.Batch, r, i int, used bool) TraceCell {
	h := t.header[r-2]
	row, col := t.stands(h.Col, raw, i)
	c := TraceCell{Column: h.Name, Row: row, Col: col, Text: text(raw.Record.Column(r), i), Used: used}
	c.shown = shapeOf(c.Text)
	return c
}
