package transform

import (
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow/array"

	"palermo/diag"
	"palermo/mappings"
	"palermo/schemas"
)

// Result is what became of the rows of one raw batch: each is loaded, rejected or skipped.
type Result struct {
	Batches   []*schemas.Batch // the target's rows first, then those of other tables; the caller's. Empty when none was loaded
	Loaded    int              // rows of the raw batch that were loaded
	Rejected  []Reject
	Skipped   map[string]int // rows by reason: total_row, footnote, repeated_header, blank_cell, no_consent, purged, and what Input.Leave says
	NoConsent []Known        // rows whose person does not consent to the keeping of the data
}

// Release gives up every batch of the result.
func (r *Result) Release() {
	for _, b := range r.Batches {
		b.Release()
	}
}

// Reject is one row that could not be loaded. Cells is the whole row as it was read.
type Reject struct {
	Row, Col int // Col is of the cell that is the reason; 0 when it is no one cell
	Code     diag.Code
	Field    string
	Cells    []string
	Known    Known // zero where the row has no case reference
}

// Facts looks at one batch that Rows gave in the first pass. It borrows the batch.
func (t *Table) Facts(raw *schemas.Batch) {
	for _, x := range t.indexes {
		x.add(raw)
	}
	for _, f := range t.facts {
		switch col := raw.Record.Column(f.raw).(type) {
		case *array.Dictionary:
			words := col.Dictionary().(*array.String)
			for ; f.upTo < words.Len(); f.upTo++ {
				f.holds = f.holds || f.says(words.Value(f.upTo))
			}
		case *array.String:
			for i := range col.Len() {
				f.holds = f.holds || col.IsValid(i) && f.says(col.Value(i))
			}
		}
	}
}

// Apply harmonises the rows of one batch that Rows gave. It borrows raw; the result's batch is the
// caller's. Findings about words wait for Finish; findings about rows are added to ds.
func (t *Table) Apply(raw *schemas.Batch, ds *diag.List) (Result, error) {
	n := int(raw.Record.NumRows())
	res := Result{Skipped: map[string]int{}}
	t.forget(n)
	keep := t.skip(raw, &res)
	got := t.outcomes(raw, n)
	loaded := make([]int, 0, n)
	for i := range n {
		if !keep[i] {
			continue
		}
		if t.purged(raw, i) {
			res.Skipped[ReasonPurged]++
			continue
		}
		if t.refused(got, i) {
			res.Skipped["no_consent"]++
			res.NoConsent = append(res.NoConsent, t.known(raw, i))
			continue
		}
		if reason := t.leaves(raw, i); reason != "" {
			res.Skipped[reason]++
			continue
		}
		t.count(raw, got, i)
		if r, bad := t.reject(raw, got, i); bad {
			res.Rejected = append(res.Rejected, r)
			continue
		}
		loaded = append(loaded, i)
	}
	t.keys.check(t, raw, got, loaded, ds)
	for _, b := range t.totals {
		b.add(t, raw, got, loaded)
	}
	if res.Loaded = len(loaded); res.Loaded == 0 {
		return res, nil
	}
	if err := t.batches(raw, got, loaded, &res, ds); err != nil {
		res.Release()
		return Result{}, fmt.Errorf("transform: %w", err)
	}
	return res, nil
}

// batches builds the target's batch, and those of the children.
func (t *Table) batches(raw *schemas.Batch, got [][]*outcome, loaded []int, res *Result, ds *diag.List) error {
	who := t.identify(raw, loaded)
	if !t.plan.inner {
		b, err := t.build(t.output(raw, got, loaded, who))
		if err != nil {
			return err
		}
		res.Batches = append(res.Batches, b)
	}
	t.hear(got, loaded, who)
	for g := range t.children {
		t.children[g].within(t, got)
		b, err := t.childBatch(&t.children[g], raw, loaded, who, ds)
		if err != nil {
			return err
		}
		if b != nil {
			res.Batches = append(res.Batches, b)
		}
	}
	if t.assessor != nil {
		b := t.assessor.batch(len(loaded))
		b.Origin = t.origin
		res.Batches = append(res.Batches, b)
	}
	return nil
}

// hear gives the assessor what the records' own rows say.
func (t *Table) hear(got [][]*outcome, loaded []int, who []identity) {
	a := t.assessor
	if a == nil {
		return
	}
	a.begin(len(loaded))
	for n, i := range loaded {
		a.record(n, who[n], said{t.plan.fields, a.fields, func(k int) *outcome {
			if f := t.fields[k].fixed; f != nil || got[k] == nil {
				return f
			}
			return got[k][i]
		}})
	}
}

// output is the target's rows.
func (t *Table) output(raw *schemas.Batch, got [][]*outcome, loaded []int, who []identity) output {
	return output{table: t.plan.table, fields: t.plan.fields, raw: raw, rows: loaded,
		at: func(k, n int) *outcome {
			if f := t.fields[k].fixed; f != nil {
				return f
			}
			return got[k][loaded[n]]
		},
		fixed: func(k int) *outcome { return t.fields[k].fixed },
		own: func(k, n int) ownOutcome {
			if t.plan.fields[k].own == ownCellID {
				return ownOutcome{text: t.cellID(raw, loaded[n])}
			}
			return who[n].own(t.plan.fields[k].own)
		}}
}

// refused reports whether the person of row i does not consent to the keeping of the data.
func (t *Table) refused(got [][]*outcome, i int) bool {
	k := t.plan.consent
	if k < 0 || got[k] == nil || !got[k][i].has {
		return false
	}
	return t.fields[k].refuses(got[k][i])
}

// skip says which rows are kept, and counts the others by the reason the mapping gives.
func (t *Table) skip(raw *schemas.Batch, res *Result) []bool {
	keep := make([]bool, raw.Record.NumRows())
	for i := range keep {
		keep[i] = true
	}
	for s := range t.skips {
		hit := t.skips[s].words.rows(raw.Record)
		for i := range keep {
			if keep[i] && hit[i] {
				keep[i] = false
				res.Skipped[t.skips[s].skip.Reason]++
			}
		}
	}
	for k := range t.only {
		for i := range keep {
			if keep[i] && t.only[k].hit(raw, i) {
				keep[i] = false
				res.Skipped[t.only[k].skip.Reason]++
			}
		}
	}
	if u := t.unpivot; u != nil && !u.blanks {
		value := raw.Record.Column(t.raw(u.block.Value))
		for i := range keep {
			if keep[i] && value.IsNull(i) {
				keep[i] = false
				res.Skipped["blank_cell"]++
			}
		}
	}
	return keep
}

// outcomes is, for each field, the outcome of each row: nil where a field is palermo's own.
func (t *Table) outcomes(raw *schemas.Batch, n int) [][]*outcome {
	t.bindFacts()
	for _, b := range t.joined {
		b.read(raw, n)
	}
	got := make([][]*outcome, len(t.fields))
	spare := t.room(len(t.fields), n)
	for k := range t.fields {
		f := &t.fields[k]
		if f.fixed != nil || f.plan.own.varies() {
			continue
		}
		got[k] = t.room(k, n)
		if f.joined != nil {
			for i := range got[k] {
				got[k][i] = f.joined.states[i].out[f.plan.part]
			}
			continue
		}
		for v, s := range f.severals {
			s.outcomes(raw, got[k], v == 0)
		}
		f.read(raw, got[k], spare)
	}
	return got
}

// read puts the outcome of each row into out: of the first column, or of a fallback where those
// before it gave nothing. spare is room for the fallbacks.
func (f *boundField) read(raw *schemas.Batch, out, spare []*outcome) {
	for c, col := range f.columns {
		if c == 0 {
			col.outcomes(raw.Record, active(raw, col.when), out)
			continue
		}
		col.outcomes(raw.Record, active(raw, col.when), spare)
		for i, first := range out {
			if first.blank || first.away {
				out[i] = spare[i]
			}
		}
	}
}

// room is the buffer for the outcomes of field k, kept from batch to batch.
func (t *Table) room(k, n int) []*outcome {
	for len(t.buffers) <= k {
		t.buffers = append(t.buffers, nil)
	}
	if cap(t.buffers[k]) < n {
		t.buffers[k] = make([]*outcome, n)
	}
	return t.buffers[k][:n]
}

// bindFacts hands what the first pass found to the readers that asked for it.
func (t *Table) bindFacts() {
	for _, c := range t.columns {
		if f := t.facts[c.reader.below]; f != nil && f.holds {
			c.reader.params.below = 1
		}
	}
}

// active says, for each condition, in which rows it holds.
func active(raw *schemas.Batch, when []wordSet) [][]bool {
	var out [][]bool
	for i := range when {
		out = append(out, when[i].rows(raw.Record))
	}
	return out
}

// outcomes puts the rule's answer for each row into out: all rows for the first of a field, and
// those that none before it spoke about for a fallback.
func (s *boundSeveral) outcomes(raw *schemas.Batch, out []*outcome, first bool) {
	speaks := active(raw, s.when)
	cells := make([]string, len(s.raw))
	for i := range out {
		if !first && !out[i].away {
			continue
		}
		if out[i] = s.away; !all(speaks, i) {
			continue
		}
		for k, r := range s.raw {
			cells[k] = ""
			if r >= 0 {
				cells[k] = mappings.Word(text(raw.Record.Column(r), i))
			}
		}
		switch {
		case s.maker.make != nil:
			out[i] = s.value(cells)
		case s.rule(cells, s.plan.Words):
			out[i] = s.yes
		default:
			out[i] = s.no
		}
	}
}

// count notes that the outcomes of row i stood in one more row.
func (t *Table) count(raw *schemas.Batch, got [][]*outcome, i int) {
	for _, b := range t.joined {
		b.count(raw, i)
	}
	for k := range t.fields {
		if got[k] == nil || len(t.fields[k].columns)+len(t.fields[k].severals) == 0 {
			continue
		}
		o := got[k][i]
		if o.rows == 0 && len(t.fields[k].columns) == 0 {
			o.firstRow = raw.Row(i)
		} else if o.rows == 0 {
			o.firstRow, o.firstCol = t.stands(o.col, raw, i)
		}
		o.rows++
		t.note(o, raw, i)
	}
}

// reject says whether row i cannot be loaded: the first field, in the target's order, that the
// row cannot do without or whose word could not be read.
func (t *Table) reject(raw *schemas.Batch, got [][]*outcome, i int) (Reject, bool) {
	for k := range t.fields {
		f := &t.fields[k]
		if t.plan.inner && !f.plan.filled() {
			continue // the children's to fill
		}
		o := f.fixed
		if got[k] != nil {
			o = got[k][i]
		}
		code, bad := o.rejects(f.plan.field)
		if k == t.plan.consent && o != nil && o.finding != "" { // whether the row may be kept is not known
			code, bad = o.finding, true
		}
		if !bad {
			continue
		}
		r := Reject{Row: raw.Row(i), Code: code, Field: f.plan.field.Name, Cells: t.cells(raw, i)}
		if t.plan.entry.Record != nil && t.caseReference(raw, i) != "" {
			r.Known = t.known(raw, i)
		}
		if len(f.columns) > 0 {
			r.Col = f.columns[0].col
		}
		if t.unpivot != nil {
			r.Col = rawCol(raw, i)
		}
		return r, true
	}
	return Reject{}, false
}

// cells is the whole row as it was read.
func (t *Table) cells(raw *schemas.Batch, i int) []string {
	if t.unpivot != nil {
		return t.unpivot.cells(i)
	}
	out := make([]string, raw.Record.NumCols()-2)
	for c := range out {
		out[c] = text(raw.Record.Column(c+2), i)
	}
	return out
}

// Holding is the names of the facts that the first pass found to hold, sorted.
func (t *Table) Holding() []string {
	var out []string
	for name, f := range t.facts {
		if f.holds {
			out = append(out, name)
		}
	}
	out = append(out, t.holdIndexes()...)
	slices.Sort(out)
	return out
}

// Assume sets the facts that hold, as Holding gave them earlier, in place of a first pass.
func (t *Table) Assume(holding []string) {
	for name, f := range t.facts {
		f.holds = slices.Contains(holding, name)
	}
	t.assumeIndexes(holding)
}
