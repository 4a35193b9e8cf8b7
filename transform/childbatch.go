package transform

import (
	"fmt"
	"strings"

	"palermo/diag"
	"palermo/mappings"
	"palermo/schemas"
)

// childGroup is all that makes rows of one table beside the target's.
type childGroup struct {
	table  *schemas.Table
	fields []fieldPlan // of any of the parts: own fields and columns are the same for all
	at     map[string]int
	parts  []*boundChild
	same   []*outcome // see fixed
}

// boundChild is a childPlan bound to one file.
type boundChild struct {
	of      *Table
	plan    *childPlan
	fields  []boundField
	columns []*boundColumn
	when    []wordSet
	pieces  map[string][]*outcome // of a list, by the whole cell

	outer  func(k, i int) *outcome // what the target's own row says, for children of the target itself; else nil
	got    [][]*outcome            // of the batch at hand, by field; see read
	spare  []*outcome
	active [][]bool
}

// bindChildren binds every child whose columns the file has, grouped by their tables in the order
// of the mapping.
func (t *Table) bindChildren() error {
	at := map[string]int{}
	for i := range t.plan.childs {
		p := &t.plan.childs[i]
		b := &boundChild{of: t, plan: p, pieces: map[string][]*outcome{}}
		for k := range p.fields {
			f, err := t.field(&p.fields[k], nil, nil)
			if err != nil {
				return err
			}
			b.fields = append(b.fields, f)
			b.columns = append(b.columns, f.columns...)
		}
		if len(b.columns) == 0 || t.lacks(p.when) {
			continue
		}
		b.when = t.when(p.when)
		g, ok := at[p.table.Name]
		if !ok {
			g = len(t.children)
			at[p.table.Name] = g
			t.children = append(t.children, childGroup{table: p.table, fields: p.fields, at: fieldPlaces(p.fields)})
		}
		t.children[g].parts = append(t.children[g].parts, b)
	}
	return nil
}

// lacks reports whether the table has not all the columns that the condition asks: it holds in no row.
func (t *Table) lacks(when map[string][]string) bool {
	for name := range when {
		if t.raw(name) < 0 {
			return true
		}
	}
	return false
}

// read takes the outcomes of the rows of a raw batch.
func (b *boundChild) read(raw *schemas.Batch) {
	n := int(raw.Record.NumRows())
	b.active = active(raw, b.when)
	if len(b.spare) < n {
		b.spare, b.got = make([]*outcome, n), make([][]*outcome, len(b.fields))
	}
	for k := range b.fields {
		if f := &b.fields[k]; len(f.columns) > 0 && !b.plan.list {
			if len(b.got[k]) < n {
				b.got[k] = make([]*outcome, n)
			}
			f.read(raw, b.got[k][:n], b.spare[:n])
		}
	}
}

// at is what field k of row i came out as.
func (b *boundChild) at(k, i int) *outcome {
	if b.outer != nil && !b.fields[k].plan.filled() {
		return b.outer(k, i)
	}
	if f := b.fields[k].fixed; f != nil || b.got[k] == nil {
		return f
	}
	return b.got[k][i]
}

// speaks reports whether a row is to be made: a flag has an answer, or any column holds something.
func (b *boundChild) speaks(i int) bool {
	for k := range b.fields {
		if len(b.fields[k].columns) == 0 {
			continue
		}
		o := b.got[k][i]
		if b.plan.flag && o.has || !b.plan.flag && !o.blank && !o.away {
			return true
		}
	}
	return false
}

// list is the outcomes of the words in a cell that holds a list.
func (b *boundChild) list(raw *schemas.Batch, i int) []*outcome {
	c := b.columns[0]
	cell := text(raw.Record.Column(c.raw), i)
	if out, ok := b.pieces[cell]; ok {
		return out
	}
	var out []*outcome
	for _, w := range b.words(cell) {
		if w = mappings.Word(w); w != "" {
			out = append(out, c.word(w))
		}
	}
	if len(b.pieces) < maxWords {
		b.pieces[strings.Clone(cell)] = out
	}
	return out
}

// words is the words of a cell that holds a list. A word of the codes file may hold the mark that parts
// them: "Wholesale and retail trade; repair of motor vehicles". The longest such word is read.
func (b *boundChild) words(cell string) []string {
	if b.plan.split == "" {
		return []string{cell}
	}
	pieces := strings.Split(cell, b.plan.split)
	known := b.columns[0].reader.codes.lookup
	if known == nil || len(pieces) == 1 {
		return pieces
	}
	var out []string
	for i := 0; i < len(pieces); {
		n := 1
		for k := min(len(pieces)-i, maxPieces); k > 1; k-- {
			if _, _, ok := known(mappings.Word(strings.Join(pieces[i:i+k], b.plan.split))); ok {
				n = k
				break
			}
		}
		out = append(out, strings.Join(pieces[i:i+n], b.plan.split))
		i += n
	}
	return out
}

// maxPieces is how many pieces one word of a list may have.
const maxPieces = 4

// made is one row of a child table.
type made struct {
	part    *boundChild
	n       int      // of the loaded rows
	i       int      // of the raw batch
	piece   *outcome // of a list; else nil
	ordinal int
	again   int // rows before it from the same cell
}

// childBatch builds the rows of one table beside the target's; nil when there are none.
func (t *Table) childBatch(g *childGroup, raw *schemas.Batch, loaded []int, who []identity, ds *diag.List) (*schemas.Batch, error) {
	b, _, err := t.childRows(g, raw, loaded, who, ds)
	return b, err
}

// childRows is childBatch, with what each of the batch's rows was made from.
func (t *Table) childRows(g *childGroup, raw *schemas.Batch, loaded []int, who []identity, ds *diag.List) (*schemas.Batch, []made, error) {
	for _, p := range g.parts {
		p.read(raw)
	}
	rows := t.made[:0]
	for n, i := range loaded {
		rows = g.row(raw, n, i, rows, func(m made, f *fieldPlan) {
			at := diag.Pos{File: t.origin.File, Sheet: t.origin.Sheet, Row: raw.Row(i), Col: m.part.columns[0].col}
			ds.Add(finding(diag.ValueMissing, at, g.table.Name+"."+f.field.Name, "without it the statement cannot be kept"))
		})
	}
	t.made = rows // their room is used again
	if len(rows) == 0 {
		return nil, nil, nil
	}
	if t.assessor != nil {
		for k := range rows {
			m := &rows[k]
			t.assessor.child(m.n, g.table.Name, said{g.fields, g.at, func(f int) *outcome { return m.part.outcome(m, f) }})
		}
	}
	o := output{table: g.table, fields: g.fields, raw: raw, fixed: g.fixed, rows: make([]int, len(rows)), cols: make([]int, len(rows))}
	for k, m := range rows {
		o.rows[k], o.cols[k] = m.i, m.part.columns[0].col
	}
	o.at = func(k, n int) *outcome { return rows[n].part.outcome(&rows[n], k) }
	o.own = func(k, n int) ownOutcome {
		switch m := &rows[n]; g.fields[k].own {
		case ownOrdinal:
			return ownOutcome{number: float64(m.ordinal)}
		case ownRule:
			return ownOutcome{text: m.rule()}
		case ownCellID:
			id := fmt.Sprintf("%s.%d", t.cellID(raw, m.i), m.part.columns[0].col)
			if m.again > 0 {
				id = fmt.Sprintf("%s.%d", id, m.again+1)
			}
			return ownOutcome{text: id}
		default:
			return who[m.n].own(g.fields[k].own)
		}
	}
	b, err := t.build(o)
	return b, rows, err
}

// row adds the rows that come from row i of the raw batch, and counts their words. A row that
// lacks what its table cannot do without is handed to lacks in place of being added.
func (g *childGroup) row(raw *schemas.Batch, n, i int, rows []made, lacks func(made, *fieldPlan)) []made {
	ordinal, first := 0, len(rows)
	add := func(m made) {
		if f := m.lacks(); f != nil {
			lacks(m, f)
			return
		}
		ordinal++
		m.ordinal = ordinal
		for _, o := range rows[first:] {
			if o.part.columns[0].col == m.part.columns[0].col {
				m.again++
			}
		}
		rows = append(rows, m)
	}
	for _, p := range g.parts {
		switch {
		case !all(p.active, i):
		case p.plan.list:
			for _, piece := range p.list(raw, i) {
				piece.seen(raw.Row(i))
				p.of.note(piece, raw, i)
				if !piece.has && p.plan.fields[p.plan.field].field.Required {
					continue // listed as saying nothing here, or without a code, which is reported of the word
				}
				add(made{part: p, n: n, i: i, piece: piece})
			}
		default:
			p.seen(raw, i)
			if p.speaks(i) {
				add(made{part: p, n: n, i: i})
			}
		}
	}
	return rows
}

// seen counts the words of row i.
func (b *boundChild) seen(raw *schemas.Batch, i int) {
	for k := range b.fields {
		if len(b.fields[k].columns) > 0 {
			b.got[k][i].seen(raw.Row(i))
			b.of.note(b.got[k][i], raw, i)
		}
	}
}

// lacks is the first field that the row's table cannot do without and the row has no value for;
// nil where there is none.
func (m *made) lacks() *fieldPlan {
	for k := range m.part.fields {
		f := m.part.fields[k].plan
		if !f.field.Required || f.own != ownNone {
			continue
		}
		o := m.part.outcome(m, k)
		if !o.has && !(f.field.Status && o.listed) {
			return f
		}
	}
	return nil
}

// outcome is what field k of the row came out as.
func (b *boundChild) outcome(m *made, k int) *outcome {
	if m.piece != nil && k == b.plan.field {
		return m.piece
	}
	return b.at(k, m.i)
}

// rule is what decided the row.
func (m *made) rule() string {
	if m.piece != nil {
		return m.piece.rule
	}
	c := m.part.columns[0]
	if m.part.plan.flag {
		return "flags:" + c.plan.column.From
	}
	return "columns:" + c.plan.column.From
}

// within lets children of the target itself say what its own row says.
func (g *childGroup) within(t *Table, got [][]*outcome) {
	if !t.plan.inner {
		return
	}
	for _, p := range g.parts {
		p.outer = func(k, i int) *outcome {
			if f := t.fields[k].fixed; f != nil || got[k] == nil {
				return f
			}
			return got[k][i]
		}
	}
}
