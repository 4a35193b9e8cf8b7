package transform

import (
	"slices"
	"strings"

	"palermo/diag"
	"palermo/mappings"
	"palermo/schemas"
	"palermo/transform/assess"
)

// RowTrace is how all that one row of a source became came about: the target's row, the rows of
// other tables, and what the assessment heard.
type RowTrace struct {
	Fields   []Trace
	Children []ChildTrace // in the order of the tables in the mapping, and of the rows within one
	Rejected *Reject      // why the row is not loaded; nil where it is
	// Statement is what the record was read to state; nil for a table without records. Entry i of
	// its acts, means and purposes comes from row i+1 of record_act, record_means and
	// record_purpose.
	Statement *assess.Statement
}

// ChildTrace is how one row of a table beside the target's came about.
type ChildTrace struct {
	Table   string  `json:"table"`
	Ordinal int     `json:"ordinal"`
	Col     int     `json:"col"` // in the file, from 1, as in _col
	Rule    string  `json:"rule"`
	Fields  []Trace `json:"fields"`
}

// Value is the value of a field that has one column.
func (c *ChildTrace) Value(field string) string {
	for i := range c.Fields {
		if c.Fields[i].Field == field {
			return c.Fields[i].Values[field]
		}
	}
	return ""
}

// Cells is the cells that decided the row, each once.
func (c *ChildTrace) Cells() []TraceCell {
	var out []TraceCell
	for _, f := range c.Fields {
		for _, cell := range f.Cells {
			if cell.Used && !slices.ContainsFunc(out, func(o TraceCell) bool { return o.Row == cell.Row && o.Col == cell.Col }) {
				out = append(out, cell)
			}
		}
	}
	return out
}

// TraceRow explains row i of a raw batch with the rows of other tables that come from it. The
// fields are explained also of a row that is not loaded; such a row has no children. It changes
// the table's counts of words, so that the table is of no use for anything else.
func (t *Table) TraceRow(raw *schemas.Batch, i int) (*RowTrace, error) {
	loaded, n := []int{i}, int(raw.Record.NumRows())
	t.forget(n)
	got, who := t.outcomes(raw, n), t.identify(raw, loaded)
	fields, err := t.traceFields(raw, i, got, who)
	if err != nil {
		return nil, err
	}
	out := &RowTrace{Fields: fields}
	if keep := t.skip(raw, &Result{Skipped: map[string]int{}}); !keep[i] {
		return out, nil
	}
	if r, rejected := t.reject(raw, got, i); rejected {
		out.Rejected = &r
		return out, nil
	}
	if t.refused(got, i) {
		return out, nil
	}
	t.hear(got, loaded, who)
	for g := range t.children {
		t.children[g].within(t, got)
		rows, err := t.traceChildren(&t.children[g], raw, i, who[0], fields)
		if err != nil {
			return nil, err
		}
		out.Children = append(out.Children, rows...)
	}
	if t.assessor != nil {
		out.Statement = &t.assessor.statements[0]
	}
	return out, nil
}

// traceChildren explains the rows of one table that come from row i, of which outer tells.
func (t *Table) traceChildren(g *childGroup, raw *schemas.Batch, i int, who identity, outer []Trace) ([]ChildTrace, error) {
	b, rows, err := t.childRows(g, raw, []int{i}, []identity{who}, &diag.List{})
	if err != nil || b == nil {
		return nil, err
	}
	defer b.Release()
	var out []ChildTrace
	for n := range rows {
		m := &rows[n]
		values := rowValues(b, n)
		c := ChildTrace{Table: g.table.Name, Ordinal: m.ordinal, Col: m.part.columns[0].col, Rule: m.rule()}
		for k := range g.fields {
			tr := t.traceChild(m, k, raw)
			if t.plan.inner && !g.fields[k].filled() && !m.part.fields[k].plan.filled() {
				tr = outer[k]
			}
			tr.Values = fieldValues(g.fields[k].field, values)
			c.Fields = append(c.Fields, tr)
		}
		out = append(out, c)
	}
	return out, nil
}

// traceChild is how field k of a child's row came about, without its values.
func (t *Table) traceChild(m *made, k int, raw *schemas.Batch) Trace {
	b := m.part
	f := &b.fields[k]
	tr := Trace{Field: f.plan.field.Name}
	at := []any{"tables", t.plan.index, "children", b.plan.order}
	pos := func(more ...any) diag.Pos { return t.plan.mapping.Pos(append(slices.Clone(at), more...)...) }
	switch {
	case f.plan.own != ownNone:
		tr.Rule = "palermo"
	case b.plan.flag && k == b.plan.field: // the column's name says which code, its word whether
		c := b.columns[0]
		tr.Rule, tr.Said = m.rule(), pos("flags", c.plan.column.From)
		tr.Cells = []TraceCell{t.columnCell(raw, c, m.i, true)}
	case f.plan.constant != nil:
		tr.Rule, tr.Said = "constant", pos("constants", tr.Field)
	case m.piece != nil && k == b.plan.field:
		tr.Rule, tr.Status, tr.Said = m.piece.rule, m.piece.status, pos("split")
		tr.Cells = []TraceCell{t.listCell(raw, m)}
		t.judgement(&tr, b.columns[0], m.piece.word)
	case len(f.columns) > 0:
		o := b.at(k, m.i)
		tr.Rule, tr.Status = o.rule, o.status
		for _, c := range f.columns {
			tr.Cells = append(tr.Cells, t.columnCell(raw, c, m.i, o.col == c.col && !o.away))
			if o.col == c.col {
				tr.Said = pos(b.plan.says(c)...)
				t.judgement(&tr, c, o.word)
			}
		}
	}
	return tr
}

// says is where the child says what its column is.
func (p *childPlan) says(c *boundColumn) []any {
	if p.flag {
		return []any{"flags", c.plan.column.From}
	}
	return []any{"columns", c.plan.order}
}

// listCell is the cell that a row of a list comes from.
func (t *Table) listCell(raw *schemas.Batch, m *made) TraceCell {
	b := m.part
	c := t.cell(raw, b.columns[0].raw, m.i, true)
	c.Word, c.shownWord = m.piece.word, m.piece.shown()
	var words []string
	for _, o := range b.list(raw, m.i) {
		words = append(words, o.shown())
	}
	sep := b.plan.split
	if sep == ";" || sep == "," {
		sep += " "
	}
	c.shown = strings.Join(words, sep)
	return c
}

// ListsSheet reports whether the mapping lists the name of a sheet, so that it may be shown.
func (p *Plan) ListsSheet(name string) bool {
	for i := range p.fields {
		if c := p.fields[i].cell; c != nil && c.row == 0 && c.reader.read(mappings.Word(name)).listed {
			return true
		}
	}
	return false
}
