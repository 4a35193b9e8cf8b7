package transform

import (
	"maps"
	"slices"
	"strings"

	"palermo/diag"
	"palermo/mappings"
	"palermo/schemas"
)

// joinedPart is which of the fields of a block of joined codes a field is.
type joinedPart int

const (
	joinedStated joinedPart = iota
	joinedDenied
	joinedStatus
)

// joinedPlan is a block that fills texts of several codes.
type joinedPlan struct {
	*mappings.Joined
	order   int // in the mapping's list
	list    *schemas.CodeList
	columns []*columnPlan
	codes   []string // of a flag, the code that each column states; "" for one that says that none is specified
	denies  []bool   // whether a no of the column denies its code
}

// joined plans one block, and gives it to each of the fields that it fills.
func (c *compiler) joined(p *Plan, j *mappings.Joined, order int, at map[string]int) {
	b := &joinedPlan{Joined: j, order: order, list: c.s.List(j.List)}
	place := []any{"joined", order}
	if j.Split != "" {
		f := &fieldPlan{field: &schemas.Field{Name: j.To, Type: schemas.Code, Codes: j.List}, list: b.list}
		if b.list == nil {
			f.field = &schemas.Field{Name: j.To, Type: schemas.Text}
		}
		col := &mappings.Column{From: j.Split, To: j.To, Codes: j.Codes, By: j.By, Unknown: j.Unknown, Missing: j.NotCollected}
		b.columns = []*columnPlan{c.column(f, col, order, place)}
	}
	for _, column := range slices.Sorted(maps.Keys(j.Flags)) {
		b.columns = append(b.columns, c.joinedFlag(j, column, order, append(place, "flags", column)))
		b.codes, b.denies = append(b.codes, j.Flags[column]), append(b.denies, true)
	}
	for _, column := range slices.Sorted(maps.Keys(j.Also)) {
		b.columns = append(b.columns, c.joinedFlag(j, column, order, append(place, "also", column)))
		b.codes, b.denies = append(b.codes, j.Also[column]), append(b.denies, false)
	}
	for _, column := range j.Unspecified {
		b.columns = append(b.columns, c.joinedFlag(j, column, order, append(place, "unspecified")))
		b.codes, b.denies = append(b.codes, ""), append(b.denies, false)
	}
	for part, name := range map[joinedPart]string{joinedStated: j.To, joinedDenied: j.Denied, joinedStatus: j.Status} {
		if name != "" {
			f := &p.fields[at[name]]
			f.joined, f.part = b, part
		}
	}
}

// joinedFlag is how the answer of a flag is read.
func (c *compiler) joinedFlag(j *mappings.Joined, column string, order int, at []any) *columnPlan {
	f := &fieldPlan{field: &schemas.Field{Name: j.To, Type: schemas.Code, Codes: "answer"}, list: c.s.List("answer")}
	col := c.column(f, &mappings.Column{From: column, To: j.To, Missing: j.NotCollected}, order, at)
	col.answers = c.answers(map[string][]string{"yes": j.Yes, "no": j.No, "unknown": j.Unknown}, at)
	return col
}

// answers is the words of a flag, and the code of the list answer that each is.
func (c *compiler) answers(lists map[string][]string, at []any) map[string]string {
	out := map[string]string{}
	for _, code := range slices.Sorted(maps.Keys(lists)) {
		for _, w := range lists[code] {
			if _, twice := out[w]; twice {
				c.add(diag.MappingRepeated, "a word is listed as two answers", at...)
			}
			out[w] = code
		}
	}
	return out
}

// boundJoined is a block bound to one file. Its fields share it.
type boundJoined struct {
	plan    *joinedPlan
	columns []*boundColumn
	codes   []string // see joinedPlan; of the columns that the file has
	denies  []bool
	said    [3]map[string]*outcome
	pieces  map[string][]*outcome // of a list, by the whole cell

	got    [][]*outcome // of the batch at hand: by column, then row; nil for a split
	cells  [][]*outcome // of a split: by row
	states []joinedState
}

// joinedState is what one row says.
type joinedState struct{ out [3]*outcome }

func (t *Table) bindJoined(p *joinedPlan) *boundJoined {
	for _, b := range t.joined {
		if b.plan == p {
			return b
		}
	}
	b := &boundJoined{plan: p, pieces: map[string][]*outcome{}}
	for k := range b.said {
		b.said[k] = map[string]*outcome{}
	}
	for k, c := range p.columns {
		raw := t.raw(c.column.From)
		if raw < 0 {
			continue
		}
		col := newBoundColumn(c, &fieldPlan{field: &schemas.Field{}}, raw, t.header[raw-2].Col)
		b.columns = append(b.columns, col)
		t.columns = append(t.columns, col)
		if len(p.codes) > 0 {
			b.codes, b.denies = append(b.codes, p.codes[k]), append(b.denies, p.denies[k])
		}
	}
	t.joined = append(t.joined, b)
	return b
}

// read takes what the rows of a raw batch say.
func (b *boundJoined) read(raw *schemas.Batch, n int) {
	b.got, b.cells, b.states = b.got[:0], b.cells[:0], make([]joinedState, n)
	switch {
	case len(b.columns) == 0:
	case b.plan.Split != "":
		for i := range n {
			b.cells = append(b.cells, b.list(text(raw.Record.Column(b.columns[0].raw), i)))
		}
	default:
		for _, c := range b.columns {
			out := make([]*outcome, n)
			c.outcomes(raw.Record, nil, out)
			b.got = append(b.got, out)
		}
	}
	for i := range n {
		b.states[i] = b.state(i)
	}
}

// list is what the words of a cell came out as.
func (b *boundJoined) list(cell string) []*outcome {
	if out, ok := b.pieces[cell]; ok {
		return out
	}
	c := b.columns[0]
	var out []*outcome
	if o := c.byWhole(cell); o != nil {
		out = []*outcome{o}
	} else {
		for _, w := range splitAt(cell, b.plan.At) {
			out = append(out, c.word(w))
		}
	}
	if len(b.pieces) < maxWords {
		b.pieces[strings.Clone(cell)] = out
	}
	return out
}

// byWhole is what a cell that holds a list came out as, where the mapping lists it whole as a kind of
// empty; else nil.
func (b *boundColumn) byWhole(cell string) *outcome {
	if _, ok := b.plan.special[mappings.Word(cell)]; ok {
		return b.word(cell)
	}
	return nil
}

// splitAt is the words of a cell, parted by any of the marks; blanks are none.
func splitAt(cell string, marks []string) []string {
	for _, m := range marks[1:] {
		cell = strings.ReplaceAll(cell, m, marks[0])
	}
	var out []string
	for _, w := range strings.Split(cell, marks[0]) {
		if w = mappings.Word(w); w != "" {
			out = append(out, w)
		}
	}
	return out
}

// state is what row i says: codes stated, codes denied, and why none is stated.
func (b *boundJoined) state(i int) joinedState {
	var stated, denied []string
	var unknown, unmapped bool
	note := func(o *outcome, code string) {
		switch {
		case o.status == statusUnknown:
			unknown = true
		case !o.has && !o.blank && o.status != statusNotCollected:
			unmapped = true
		case !o.has:
		case code != "":
			stated = append(stated, code)
		default:
			stated = append(stated, b.code(o))
		}
	}
	if b.plan.Split != "" && len(b.cells) > 0 {
		for _, o := range b.cells[i] {
			note(o, "")
		}
	}
	for k := range b.got {
		o, code := b.got[k][i], b.codes[k]
		answer := ""
		if o.has {
			answer = b.code(o)
		}
		switch {
		case answer == "unknown" || answer == "yes" && code == "":
			unknown = true
		case answer == "no":
			if b.denies[k] {
				denied = append(denied, code)
			}
		case answer == "yes" || !o.has:
			note(o, code)
		}
	}
	if b.plan.Asked == mappings.AskedAnyYes && (len(stated) == 0 || unknown) {
		denied = nil
	}
	status := ""
	switch {
	case len(stated) > 0:
	case unmapped:
		status = statusUnmapped
	case unknown:
		status = statusUnknown
	case len(denied) == 0:
		status = statusNotCollected
	}
	return joinedState{[3]*outcome{b.text(joinedStated, stated, status), b.text(joinedDenied, denied, ""), b.text(joinedStatus, []string{status}, "")}}
}

// code is the code, or the text, that the outcome of a word is.
func (b *boundJoined) code(o *outcome) string {
	if o.text != "" {
		return o.text
	}
	return b.columns[0].reader.list.Codes[int(o.value.low)].Code
}

// text is the outcome that says the codes, in the order of their list and each once. Equal codes are one
// outcome.
func (b *boundJoined) text(part joinedPart, codes []string, status string) *outcome {
	if l := b.plan.list; l != nil && part != joinedStatus {
		slices.SortFunc(codes, func(x, y string) int { return l.Index(x) - l.Index(y) })
	} else {
		slices.Sort(codes)
	}
	word := strings.Join(slices.Compact(codes), ";")
	key := word
	if word == "" {
		key = "*" + status
	}
	o := b.said[part][key]
	if o == nil {
		o = &outcome{word: word, has: word != "", listed: true, status: status, rule: "joined"}
		b.said[part][key] = o
	}
	return o
}

// count notes the words of row i.
func (b *boundJoined) count(raw *schemas.Batch, i int) {
	for _, o := range b.heard(i) {
		o.seen(raw.Row(i))
	}
}

// heard is what the cells of row i came out as.
func (b *boundJoined) heard(i int) []*outcome {
	if b.plan.Split != "" {
		if len(b.cells) == 0 {
			return nil
		}
		return b.cells[i]
	}
	var out []*outcome
	for k := range b.got {
		out = append(out, b.got[k][i])
	}
	return out
}

// used reports whether the cell of column k in row i decided what part of the block says.
func (b *boundJoined) used(part joinedPart, k, i int) bool {
	if len(b.got) == 0 {
		return true
	}
	o := b.got[k][i]
	answer := ""
	if o.has {
		answer = b.code(o)
	}
	switch part {
	case joinedStated:
		return answer == "yes" && b.codes[k] != ""
	case joinedDenied:
		return answer == "no" && b.denies[k]
	}
	return !o.blank
}

// traceJoined says which cells a text of codes came from.
func (t *Table) traceJoined(tr *Trace, f *boundField, o *outcome, raw *schemas.Batch, i int) {
	tr.Rule, tr.Status = o.rule, o.status
	tr.Said = t.plan.mapping.Pos("tables", t.plan.index, "joined", f.joined.plan.order)
	for k, c := range f.joined.columns {
		cell := t.columnCell(raw, c, i, f.joined.used(f.plan.part, k, i))
		if f.joined.plan.Split != "" {
			var words []string
			for _, p := range f.joined.cells[i] {
				words = append(words, p.shown())
			}
			cell.shown = strings.Join(words, f.joined.plan.At[0])
		}
		tr.Cells = append(tr.Cells, cell)
	}
}

// joinedColumns is the columns of the blocks of joined codes, for what the header lacks.
func (p *Plan) joinedColumns() []mappings.Column {
	var out []mappings.Column
	for k := range p.entry.Joined {
		j := &p.entry.Joined[k]
		for _, name := range j.Columns() {
			out = append(out, mappings.Column{From: name, To: j.To, Optional: j.Optional})
		}
	}
	return out
}
