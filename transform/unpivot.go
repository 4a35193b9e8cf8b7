package transform

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"palermo/diag"
	"palermo/mappings"
	"palermo/schemas"
)

// levelPlan is one row of the header of value columns.
type levelPlan struct {
	is     []string
	parse  string // names parsers; empty where only the words of is are known
	params params
}

func (l *levelPlan) knows(word string) bool {
	if word == "" {
		return false
	}
	if slices.Contains(l.is, word) || l.parse == "" {
		return slices.Contains(l.is, word)
	}
	_, bad := parsers[l.parse].read(l.params.bare(word), l.params)
	return bad == ""
}

// unpivot checks the rules that the block names, and that the headers which the table is recognised
// by are columns that the mapping reads.
func (c *compiler) unpivot(p *Plan) {
	u := p.entry.Unpivot
	if u == nil {
		return
	}
	for k, l := range u.Levels {
		if _, ok := parsers[l.Parse]; l.Parse != "" && !ok {
			c.add(diag.MappingRule, fmt.Sprintf("no parse rule %q", l.Parse), "unpivot", "levels", k, "parse")
			return
		}
		if _, ok := layouts[l.Form]; !ok {
			c.add(diag.MappingRule, fmt.Sprintf("no form of dates %q", l.Form), "unpivot", "levels", k, "form")
			return
		}
		p.levels = append(p.levels, levelPlan{l.Is, l.Parse, params{form: l.Form, footnotes: l.Footnotes}})
	}
	for j, h := range p.entry.Recognise.Headers {
		if !p.entry.Names(h) && !p.holdsValues(mappings.Parts(h)) {
			c.add(diag.MappingIncomplete, fmt.Sprintf("column %q is neither mapped nor listed under ignore, and no level knows it", h), "recognise", "headers", j)
		}
	}
}

// holdsValues reports whether a column with these header cells is a value column.
func (p *Plan) holdsValues(parts []string) bool {
	if len(p.levels) == 0 || len(parts) != len(p.levels) {
		return false
	}
	for k := range p.levels {
		if !p.levels[k].knows(parts[k]) {
			return false
		}
	}
	return true
}

// HoldsValues reports whether a column of the file is a value column of the entry, whose mapping has been
// checked.
func HoldsValues(t *mappings.Table, h Header) bool {
	if t.Unpivot == nil || t.Names(h.Name) {
		return false
	}
	p := Plan{}
	for _, l := range t.Unpivot.Levels {
		p.levels = append(p.levels, levelPlan{l.Is, l.Parse, params{form: l.Form, footnotes: l.Footnotes}})
	}
	return p.holdsValues(texts(h.Parts))
}

// Unpivots reports whether each value cell of a row is a row of the target.
func (p *Plan) Unpivots() bool { return p.entry.Unpivot != nil }

// Inner reports whether the children of a row are rows of the target, in place of the row itself.
func (p *Plan) Inner() bool { return p.inner }

// unpivoter makes of each value cell of a raw batch one row. The rows of its batches hold the columns
// that the mapping names, then those that the block makes: the levels, the value, the words above, the
// base.
type unpivoter struct {
	block     *mappings.Unpivot
	headerRow int
	mem       memory.Allocator
	values    []valueColumn
	byCol     map[int]int // column in the file to its place in values
	kept      []int       // columns of the wide record
	header    []Header    // of the batches that it makes; a made column's Col is -1 less its place here
	made      []wordColumn
	above     []aboveState
	base      *baseState
	blanks    bool // the mapping says what a blank value cell means

	wide  *schemas.Batch // what the batch at hand is made of: rows from first on
	first int
	from  [][]int // for each thing above, then the base: in which row it stands, for each row of wide
}

type valueColumn struct {
	raw   int
	col   int
	parts []mappings.HeaderPart
	base  int // place in values of the column that the base stands in; -1 for none
}

// aboveState is the last word of a column so far.
type aboveState struct {
	raw, col int
	is       []string
	word     string
	row      int
}

// baseState is the cells of the last row that holds bases.
type baseState struct {
	raw    int
	is     []string
	within int // place in above of what a base belongs to; -1 for nothing
	begun  int // the row in which that began
	cells  []string
	row    int
}

func (b *baseState) forget() {
	clear(b.cells)
	b.row = 0
}

// newUnpivoter binds the block to the columns of one file. A value column whose header stands there
// a second time is none.
func newUnpivoter(p *Plan, in Input, mem memory.Allocator) *unpivoter {
	u := &unpivoter{block: p.entry.Unpivot, headerRow: in.HeaderRow, mem: mem, byCol: map[int]int{}}
	seen := map[string]bool{}
	for i, h := range in.Header {
		switch {
		case p.entry.Names(h.Name) && !seen[h.Name]:
			u.kept = append(u.kept, i+2)
			u.header = append(u.header, Header{Name: h.Name, Col: h.Col})
		case !p.entry.Names(h.Name) && !seen[h.Name] && p.holdsValues(texts(h.Parts)):
			u.byCol[h.Col] = len(u.values)
			u.values = append(u.values, valueColumn{raw: i + 2, col: h.Col, parts: h.Parts, base: -1})
		}
		seen[h.Name] = true
	}
	for _, name := range u.block.Made() {
		u.header = append(u.header, Header{Name: name, Col: -1 - len(u.header)})
	}
	u.made = make([]wordColumn, len(u.block.Made()))
	place := func(name string) (raw, col int) {
		for i, h := range in.Header {
			if h.Name == name {
				return i + 2, h.Col
			}
		}
		return -1, 0
	}
	for _, a := range u.block.Above {
		raw, col := place(a.Column)
		u.above = append(u.above, aboveState{raw: raw, col: col, is: a.Is})
	}
	if b := u.block.Base; b != nil {
		raw, _ := place(b.Column)
		within := slices.IndexFunc(u.block.Above, func(a mappings.Above) bool { return a.As == b.Within })
		u.base = &baseState{raw: raw, is: b.Is, within: within, cells: make([]string, len(u.values))}
		u.findBases(b)
	}
	for _, c := range p.fields {
		for _, col := range c.columns {
			_, means := col.special[""]
			u.blanks = u.blanks || means && col.column.From == u.block.Value
		}
	}
	return u
}

func texts(parts []mappings.HeaderPart) []string {
	out := make([]string, len(parts))
	for i := range parts {
		out[i] = parts[i].Text
	}
	return out
}

// findBases says, for each value column, in which its base stands: the one whose header differs as
// the block says, and not otherwise.
func (u *unpivoter) findBases(b *mappings.Base) {
	for i := range u.values {
		want := texts(u.values[i].parts)
		for k, l := range u.block.Levels {
			if w, ok := b.Level[l.As]; ok {
				want[k] = w
			}
		}
		u.values[i].base = slices.IndexFunc(u.values, func(v valueColumn) bool { return slices.Equal(texts(v.parts), want) })
	}
}

// rewind forgets what stood above, for another pass.
func (u *unpivoter) rewind() {
	for k := range u.above {
		u.above[k].word, u.above[k].row = "", 0
	}
	if u.base != nil {
		u.base.forget()
		u.base.begun = 0
	}
}

// Rows is the batches of rows that raw is applied as: raw itself, or one row a value cell where the
// table is unpivoted. A batch is borrowed, and valid until the next.
func (t *Table) Rows(raw *schemas.Batch) iter.Seq[*schemas.Batch] {
	return func(yield func(*schemas.Batch) bool) {
		u := t.unpivot
		if u == nil {
			yield(raw)
			return
		}
		n := int(raw.Record.NumRows())
		step := max(1, longRows/max(1, len(u.values)))
		for first := 0; first < n && len(u.values) > 0; first += step {
			b := u.long(raw, first, min(first+step, n))
			more := yield(b)
			b.Release()
			if !more {
				return
			}
		}
	}
}

// longRows is about how many rows a batch of value cells has.
const longRows = 8192

// long is one row for each value cell of the rows from first to last. The caller releases it.
func (u *unpivoter) long(raw *schemas.Batch, first, last int) *schemas.Batch {
	u.wide, u.first, u.from = raw, first, make([][]int, len(u.above)+1)
	rows, cols := array.NewInt64Builder(u.mem), array.NewInt32Builder(u.mem)
	defer rows.Release()
	defer cols.Release()
	for k := range u.made {
		u.made[k].begin()
	}
	for i := first; i < last; i++ {
		u.look(raw, i)
		for v := range u.values {
			rows.Append(int64(raw.Row(i)))
			cols.Append(int32(u.values[v].col))
			u.cell(raw, i, v)
		}
	}
	arrays := []arrow.Array{rows.NewArray(), cols.NewArray()}
	for _, c := range u.kept {
		arrays = append(arrays, repeated(u.mem, raw.Record.Column(c), first, last, len(u.values)))
	}
	for k := range u.made {
		arrays = append(arrays, u.made[k].array(u.mem))
	}
	names, nums, plain := make([]string, len(u.header)), make([]int, len(u.header)), make([]bool, len(u.header))
	for k, h := range u.header {
		names[k], nums[k] = h.Name, max(h.Col, 0)
		_, plain[k] = arrays[k+2].(*array.String)
	}
	rec := array.NewRecordBatch(schemas.RawSchema(names, nums, plain), arrays, int64((last-first)*len(u.values)))
	for _, a := range arrays {
		a.Release()
	}
	return &schemas.Batch{Origin: raw.Origin, Record: rec}
}

// look notes what row i holds for itself and those below it.
func (u *unpivoter) look(raw *schemas.Batch, i int) {
	for k := range u.above {
		a := &u.above[k]
		if a.raw >= 0 {
			if w := mappings.Word(text(raw.Record.Column(a.raw), i)); w != "" && (len(a.is) == 0 || slices.Contains(a.is, w)) {
				a.word, a.row = strings.Clone(w), raw.Row(i)
			}
		}
		u.from[k] = append(u.from[k], a.row)
	}
	b := u.base
	if b == nil {
		return
	}
	if b.within >= 0 && u.above[b.within].row != b.begun {
		b.begun = u.above[b.within].row
		b.forget()
	}
	if b.raw >= 0 && slices.Contains(b.is, mappings.Word(text(raw.Record.Column(b.raw), i))) {
		b.row = raw.Row(i)
		for v := range u.values {
			b.cells[v] = strings.Clone(text(raw.Record.Column(u.values[v].raw), i))
		}
	}
	u.from[len(u.above)] = append(u.from[len(u.above)], b.row)
}

// cell adds what the made columns hold for one value cell.
func (u *unpivoter) cell(raw *schemas.Batch, i, v int) {
	k := 0
	add := func(word string) {
		u.made[k].add(word)
		k++
	}
	for l := range u.block.Levels {
		add(u.values[v].parts[l].Text)
	}
	add(text(raw.Record.Column(u.values[v].raw), i))
	for a := range u.above {
		add(u.above[a].word)
	}
	if u.base == nil {
		return
	}
	if b := u.values[v].base; b >= 0 {
		add(u.base.cells[b])
	} else {
		add("")
	}
}

// stands is the cell in which a column of row i stands: for one that the block makes, the header's,
// the value's, the one above or the base's. Where there is none, it is the value's.
func (u *unpivoter) stands(col int, raw *schemas.Batch, i int) (int, int) {
	k, row, at := -1-col-len(u.kept), raw.Row(i), rawCol(raw, i)
	v := u.byCol[at]
	if col >= 0 {
		return row, col
	}
	levels := len(u.block.Levels)
	switch a := k - levels - 1; {
	case k < levels:
		return u.headerRow - levels + 1 + k, u.values[v].parts[k].Col
	case a >= 0 && a < len(u.above):
		if from := u.from[a][i/len(u.values)]; from > 0 {
			return from, u.above[a].col
		}
	case a == len(u.above) && u.base != nil:
		if from := u.from[a][i/len(u.values)]; from > 0 && u.values[v].base >= 0 {
			return from, u.values[u.values[v].base].col
		}
	}
	return row, at
}

// cells is the whole row, as it was read, that row i of the batch at hand comes from.
func (u *unpivoter) cells(i int) []string {
	out := make([]string, u.wide.Record.NumCols()-2)
	for c := range out {
		out[c] = text(u.wide.Record.Column(c+2), u.first+i/len(u.values))
	}
	return out
}

func (u *unpivoter) release() {
	for k := range u.made {
		u.made[k].release()
	}
}

// stands is the row and column of the cell in which the column col of row i stands.
func (t *Table) stands(col int, raw *schemas.Batch, i int) (int, int) {
	if t.unpivot == nil {
		return raw.Row(i), col
	}
	return t.unpivot.stands(col, raw, i)
}

// Units is how many units of the account a row of the file is: one, or its value cells where the
// table is unpivoted. It is 0 where the file has no value column.
func (t *Table) Units() int {
	if t.unpivot == nil {
		return 1
	}
	return len(t.unpivot.values)
}

// Ragged is the rejection of a row with more cells than the header has columns: of each of its value
// cells where the table is unpivoted, since it is not clear which is which.
func (t *Table) Ragged(row int, cells []string) []Reject {
	if t.unpivot == nil {
		return []Reject{{Row: row, Code: diag.RowRagged, Cells: cells}}
	}
	var out []Reject
	for _, v := range t.unpivot.values {
		out = append(out, Reject{Row: row, Col: v.col, Code: diag.RowRagged, Cells: cells})
	}
	return out
}

// Rewind makes the table ready for another pass over its rows.
func (t *Table) Rewind() {
	if t.unpivot != nil {
		t.unpivot.rewind()
	}
}
