package transform

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"palermo/diag"
	"palermo/mappings"
	"palermo/schemas"
)

// Header is one column of the table as it stands in the file. Its place in the slice given to
// Open is its place among the columns of each raw batch.
type Header struct {
	Name  string                // in the form of mappings.Word
	Col   int                   // in the file, from 1
	Parts []mappings.HeaderPart `json:",omitempty"` // what the header's rows say, from above; needed where the table is unpivoted
}

// Input is one table of one file, as far as a plan must know it before its rows come.
type Input struct {
	Origin    schemas.Origin
	Sheet     string                    // the sheet's own name, that a mapping may read; in an archive not that of its place
	Header    []Header                  // its columns, as each raw batch has them
	HeaderRow int                       // where the header stands, from 1
	Above     func(row, col int) string // the text of a cell above the table
	IDs       IDs                       // for case data; may be nil for tables of statistics
	Places    int                       // how many places of words with findings are handed to the list of findings; beyond, they are only counted
	Purged    func(Known, int) bool     // whether a row of that number is of somebody who was erased; asked first of all. May be nil
	Leave     func(Known) string        // why a row is left out, "" where it is not; asked once of each row that nothing else skips. May be nil
}

// IDs makes keyed ids: who lacks the key cannot tell whose they are. Equal arguments give equal ids.
type IDs interface {
	Record(source, agency, form, caseReference string) string
	Case(source, agency, caseReference string) string
	Row(agency, table, text string, ordinal int) string // of a row without a case reference
}

// Table is a plan bound to one table of one file. It is used by one goroutine: Facts for each
// raw batch of a first pass if the plan needs it, then Apply for each raw batch, then Finish.
type Table struct {
	plan      *Plan
	origin    schemas.Origin
	sheetName string
	mem       memory.Allocator
	header    []Header
	ids       IDs

	columns []*boundColumn // in the mapping's order; those that the file has
	fields  []boundField   // in the order of the target's fields
	skips   []boundSkip
	only    []boundOnly
	facts   map[string]*boundFact
	lists   map[string]*listArray
	keys    *keys
	totals  []*boundTotal
	indexes map[string]*rowIndex // by the column whose words lead to rows
	same    constants
	made    []made       // see childBatch
	buffers [][]*outcome // see room

	unpivot *unpivoter // nil where a row of the file is a row

	caseCols []int // of the case reference, in raw records
	children []childGroup
	joined   []*boundJoined
	assessor *assessor        // nil where there are no records
	versions map[uint64]int32 // rows so far of a record, by the hash of its id
	unkeyed  map[string]int   // equal rows so far without a case reference, by their digest
	erased   func(Known, int) bool
	leave    func(Known) string
	places   int     // that may still be noted
	knowns   []Known // of the rows of the batch at hand, as far as they were asked for
}

// boundField is what fills one field in this file.
type boundField struct {
	plan     *fieldPlan
	columns  []*boundColumn
	severals []*boundSeveral
	joined   *boundJoined
	fixed    *outcome // the same for every row; nil where columns fill the field
}

type boundSeveral struct {
	raw  []int
	when []wordSet
	rule func(cells, words []string) bool
	plan severalPlan

	maker severalMaker        // of a rule that makes values
	made  map[string]*outcome // by the words
	order []*outcome          // as first made
	yes   *outcome
	no    *outcome
	away  *outcome // a row that it does not speak about
}

type boundSkip struct {
	words wordSet
	skip  *mappings.Skip
}

// boundOnly skips rows in which none of the columns holds anything.
type boundOnly struct {
	skip  *mappings.Skip
	empty []int // in raw records
}

func (t *Table) bindOnly(s *mappings.Skip) boundOnly {
	b := boundOnly{skip: s}
	for i, h := range t.header {
		if !slices.Contains(s.Only, h.Name) {
			b.empty = append(b.empty, i+2)
		}
	}
	return b
}

// hit reports whether row i is such a row.
func (b *boundOnly) hit(raw *schemas.Batch, i int) bool {
	for _, c := range b.empty {
		if mappings.Word(text(raw.Record.Column(c), i)) != "" {
			return false
		}
	}
	return true
}

type boundFact struct {
	raw   int
	words []string // that it holds by too
	rule  func(string) bool
	asked
	holds bool
}

func (f *boundFact) says(word string) bool { return f.rule(word) || slices.Contains(f.words, word) }

// asked remembers how much of a dictionary has been asked already.
type asked struct{ upTo int }

// Open binds the plan to one table of a file. What is wrong with the header is added to ds: a
// missing column leaves its fields empty, and an extra one is not loaded.
func (p *Plan) Open(in Input, mem memory.Allocator, ds *diag.List) (*Table, error) {
	in.Origin.Source, in.Origin.Vintage = p.mapping.Source.ID, p.entry.Vintage
	t := &Table{plan: p, origin: in.Origin, sheetName: in.Sheet, mem: mem, header: in.Header, ids: in.IDs, erased: in.Purged, leave: in.Leave, places: in.Places, facts: map[string]*boundFact{}, lists: map[string]*listArray{},
		versions: map[uint64]int32{}, unkeyed: map[string]int{}, same: constants{}}
	if p.entry.Record != nil && in.IDs == nil {
		return nil, errors.New("transform: rows of case data need ids")
	}
	if p.Unpivots() {
		t.unpivot = newUnpivoter(p, in, mem)
	}
	t.checkHeader(in.HeaderRow, ds)
	if t.unpivot != nil {
		t.header = t.unpivot.header
	}
	for i := range p.fields {
		f, err := t.field(&p.fields[i], in.Above, ds)
		if err != nil {
			return nil, err
		}
		t.fields = append(t.fields, f)
	}
	t.vintage()
	if err := t.bindChildren(); err != nil {
		return nil, err
	}
	var err error
	if t.assessor, err = t.newAssessor(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(t.columns, func(a, b *boundColumn) int { return a.plan.order - b.plan.order })
	for i := range p.entry.Skip {
		s := &p.entry.Skip[i]
		if len(s.Only) > 0 {
			t.only = append(t.only, t.bindOnly(s))
			continue
		}
		if raw := t.raw(s.Column); raw >= 0 {
			words := newWordSet(raw, s.Is)
			words.starts = s.Starts
			t.skips = append(t.skips, boundSkip{words, s})
		}
	}
	for name, f := range p.entry.Facts {
		if raw := t.raw(f.Column); raw >= 0 {
			t.facts[name] = &boundFact{raw: raw, words: f.Words, rule: facts[f.Rule]}
		}
	}
	t.keys = newKeys(p.key)
	if err := t.bindTotals(); err != nil {
		return nil, err
	}
	if r := p.entry.Record; r != nil {
		for _, name := range r.Case {
			if raw := t.raw(name); raw >= 0 {
				t.caseCols = append(t.caseCols, raw)
			}
		}
	}
	return t, nil
}

// raw is the place of the named column in raw records, or -1.
func (t *Table) raw(name string) int {
	for i, h := range t.header {
		if h.Name == name {
			return i + 2 // after _row and _col
		}
	}
	return -1
}

func (t *Table) checkHeader(headerRow int, ds *diag.List) {
	at := func(col int) diag.Pos {
		return diag.Pos{File: t.origin.File, Sheet: t.origin.Sheet, Row: headerRow, Col: col}
	}
	seen := map[string]bool{}
	for _, h := range t.header {
		if t.plan.entry.Names(h.Name) && !seen[h.Name] {
			seen[h.Name] = true
			continue
		}
		if t.unpivot != nil {
			if _, ok := t.unpivot.byCol[h.Col]; ok {
				continue
			}
		}
		ds.Add(finding(diag.ColumnExtra, at(h.Col), "", "the mapping does not name this column"))
	}
	reported := map[string]bool{}
	for _, made := range t.plan.entry.Unpivot.Made() {
		seen[made] = true
	}
	for _, c := range t.plan.wanted() {
		if !seen[c.From] && !c.Optional && !reported[c.From] {
			reported[c.From] = true
			ds.Add(finding(diag.ColumnMissing, at(0), c.To, fmt.Sprintf(noColumn, c.From)))
		}
	}
}

// noColumn is what is said of a column that is not in the table.
const noColumn = "the table has no column %q"

// MissingColumn is the header that a finding of column.missing is about, as the form has it; "" for another finding.
func MissingColumn(d diag.Diagnostic) string {
	var name string
	if d.Code != diag.ColumnMissing {
		return ""
	}
	if _, err := fmt.Sscanf(d.Message, noColumn, &name); err != nil {
		return ""
	}
	return name
}

// wanted is every column that the plan reads, its children's too.
func (p *Plan) wanted() []mappings.Column {
	out := slices.Concat(p.entry.Columns, p.joinedColumns())
	for _, ch := range p.childs {
		for _, f := range ch.fields {
			for _, c := range f.columns {
				out = append(out, *c.column)
			}
		}
	}
	if u := p.entry.Unpivot; u != nil {
		for _, a := range u.Above {
			out = append(out, mappings.Column{From: a.Column})
		}
		if u.Base != nil {
			out = append(out, mappings.Column{From: u.Base.Column})
		}
	}
	return out
}

func finding(c diag.Code, at diag.Pos, field, message string) diag.Diagnostic {
	return diag.Diagnostic{Code: c, Severity: diag.Codes[c].Severity, Pos: at, Field: field, Message: message}
}

func (t *Table) field(p *fieldPlan, cell func(row, col int) string, ds *diag.List) (boundField, error) {
	f := boundField{plan: p}
	switch {
	case p.constant != nil:
		own := *p.constant // of the plan, which other files share
		f.fixed = &own
	case p.cell != nil:
		f.fixed = t.fromCell(p, cell, ds)
	case p.own == ownSourceID:
		f.fixed = &outcome{word: t.origin.Source, has: true, listed: true}
	case p.own == ownCurrent:
		f.fixed = &outcome{value: exactly(1), has: true, listed: true}
	case p.own == ownForm && t.plan.entry.Record != nil:
		f.fixed = &outcome{word: t.plan.entry.Record.Form, has: true, listed: true}
	}
	if p.joined != nil {
		f.joined = t.bindJoined(p.joined)
		return f, nil
	}
	for _, sp := range p.severals {
		s, err := t.several(sp)
		if err != nil {
			return f, err
		}
		f.severals = append(f.severals, s)
	}
	for _, c := range p.columns {
		raw := t.raw(c.column.From)
		if raw < 0 {
			continue
		}
		b := newBoundColumn(c, p, raw, t.header[raw-2].Col)
		if of := c.column.RowOf; of != "" {
			index := t.indexFor(of)
			b.leads = func(word string) *outcome { return t.leads(index, word) }
		}
		b.when = t.when(c.column.When)
		f.columns = append(f.columns, b)
		t.columns = append(t.columns, b)
	}
	if f.fixed == nil && len(f.severals) == 0 && len(f.columns) == 0 && !p.own.varies() {
		f.fixed = &outcome{status: statusNotCollected, blank: true}
	}
	return f, nil
}

// fromCell reads the cell above the table, or the sheet's name, once for all rows.
func (t *Table) fromCell(p *fieldPlan, cell func(row, col int) string, ds *diag.List) *outcome {
	word, at := mappings.Word(t.sheetName), diag.Pos{File: t.origin.File, Sheet: t.origin.Sheet}
	if p.cell.row > 0 {
		word = mappings.Word(cell(p.cell.row, p.cell.col))
		at.Row, at.Col = p.cell.row, p.cell.col
	}
	if word == "" {
		ds.Add(finding(diag.ValueBlank, at, p.field.Name, "the cell above the table is blank"))
		return &outcome{status: statusNotCollected, blank: true}
	}
	o := p.cell.reader.read(word)
	if o.finding != "" {
		ds.Add(finding(o.finding, at, p.field.Name, reason(o.finding)))
	}
	return o
}

func (t *Table) several(p severalPlan) (*boundSeveral, error) {
	s := &boundSeveral{rule: severals[p.Rule], maker: severalMakers[p.Rule], plan: p}
	for _, name := range p.From {
		s.raw = append(s.raw, t.raw(name))
	}
	rule := "rule:" + p.Rule
	s.yes = &outcome{value: exactly(1), has: true, listed: true, rule: rule}
	s.no = &outcome{value: exactly(0), has: true, listed: true, rule: rule}
	s.away = &outcome{status: statusNotApplicable, rule: "when", away: true}
	s.when = t.when(p.When)
	return s, nil
}

// when says in which rows something speaks: those where each of the columns holds one of its
// words.
func (t *Table) when(when map[string][]string) []wordSet {
	var out []wordSet
	for _, name := range slices.Sorted(maps.Keys(when)) {
		out = append(out, newWordSet(t.raw(name), when[name])) // where the table lacks the column, in no row
	}
	return out
}

// vintage fills the field vintage: the date of publication where the file states it, else the
// name of the form.
func (t *Table) vintage() {
	word := t.origin.Vintage
	for _, f := range t.fields {
		if f.plan.field.Name == "vintage_date" && f.fixed != nil && f.fixed.has {
			word = dateText(f.fixed.value.low)
		}
	}
	for i := range t.fields {
		if t.fields[i].plan.own == ownVintage {
			t.fields[i].fixed = &outcome{word: word, has: true, listed: true}
		}
	}
}
