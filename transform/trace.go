package transform

import (
	"github.com/apache/arrow-go/v18/arrow/array"

	"palermo/diag"
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
	Text   string `json:"text"` // as read: for those who may see it
	Used   bool   `json:"used"` // it decided; else it was passed over
}

// Trace explains each field of row i of a raw batch, in the order of the target's fields. It
// changes nothing of the table's counts.
func (t *Table) Trace(raw *schemas.Batch, i int) ([]Trace, error) {
	got := t.outcomes(raw, int(raw.Record.NumRows()))
	t.forget(int(raw.Record.NumRows()))
	b, err := t.build(t.output(raw, got, []int{i}, t.identify(raw, []int{i})))
	if err != nil {
		return nil, err
	}
	defer b.Release()
	values := map[string]string{}
	for c, f := range b.Record.Schema().Fields() {
		if col := b.Record.Column(c); col.IsValid(0) {
			values[f.Name] = valueText(col)
		}
	}
	var out []Trace
	for k := range t.fields {
		tr := t.trace(&t.fields[k], got[k], raw, i)
		tr.Values = map[string]string{}
		for _, c := range t.fields[k].plan.field.Columns() {
			if v, ok := values[c.Name]; ok {
				tr.Values[c.Name] = v
			}
		}
		out = append(out, tr)
	}
	return out, nil
}

func valueText(a interface{ ValueStr(int) string }) string {
	if d, ok := a.(*array.Dictionary); ok {
		return d.Dictionary().ValueStr(d.GetValueIndex(0))
	}
	return a.ValueStr(0)
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
		tr.Cells = []TraceCell{{Row: f.plan.cell.row, Col: f.plan.cell.col, Text: f.fixed.word, Used: true}}
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
			if r >= 0 {
				tr.Cells = append(tr.Cells, t.cell(raw, r, i, used))
			}
		}
	}
}

func (t *Table) traceColumns(tr *Trace, f *boundField, o *outcome, raw *schemas.Batch, i int) {
	tr.Rule, tr.Status = o.rule, o.status
	for _, c := range f.columns {
		used := o.col == c.col && !o.away
		tr.Cells = append(tr.Cells, t.cell(raw, c.raw, i, used))
		if o.col != c.col {
			continue
		}
		tr.Said = t.plan.mapping.Pos("tables", t.plan.index, "columns", c.plan.order)
		l := t.plan.mapping.Codes(c.plan.column.Codes)
		if l == nil {
			continue
		}
		if e := l.Lookup(o.word); e != nil {
			tr.Codes, tr.Note = l.Pos(e), e.Note
		}
	}
}

func (t *Table) cell(raw *schemas.Batch, r, i int, used bool) TraceCell {
	h := t.header[r-2]
	return TraceCell{Column: h.Name, Row: raw.Row(i), Col: h.Col, Text: text(raw.Record.Column(r), i), Used: used}
}
