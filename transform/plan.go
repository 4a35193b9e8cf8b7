package transform

import (
	"fmt"
	"slices"
	"strings"

	"palermo/diag"
	"palermo/mappings"
	"palermo/schemas"
)

// Plan is a mapping's table held against its target: everything that can be wrong without data
// has been looked for. It is safe for several goroutines.
type Plan struct {
	mapping *mappings.Mapping
	entry   *mappings.Table
	index   int // of entry in mapping.Tables
	schema  *schemas.Schema
	table   *schemas.Table
	fields  []fieldPlan // in the order of table.Fields
	key     []int       // indices into fields
	consent int         // index into fields of the consent to keep the data; -1 for none
	childs  []childPlan
	levels  []levelPlan // of the header of value columns, where the table is unpivoted
	inner   bool        // children make the target's rows, in place of the row itself
}

// fieldPlan is what fills one field. At most one of columns, severals, constant and own does; a
// field that nothing fills stays empty.
type fieldPlan struct {
	field    *schemas.Field
	list     *schemas.CodeList
	columns  []*columnPlan // the first, then its fallbacks
	severals []severalPlan // the first, then its fallbacks
	constant *outcome
	cell     *cellPlan
	joined   *joinedPlan
	part     joinedPart // of joined
	own      ownField
}

// filled reports whether the mapping says what fills the field.
func (f *fieldPlan) filled() bool {
	return len(f.columns) > 0 || len(f.severals) > 0 || f.constant != nil || f.cell != nil || f.joined != nil
}

// columnPlan is how one column of the source fills one field.
type columnPlan struct {
	column  *mappings.Column
	order   int // in the mapping's list of columns
	reader  wordReader
	special map[string]special // words that mean a kind of empty
	answers map[string]string  // words of a flag, and the code of the list that each is
	basis   string             // the moment that the column's ages are about, a code of the list basis
	table   string             // of a child; empty for the target
}

// name is the field that the column fills: that of a child with its table.
func (c *columnPlan) name() string {
	if c.table != "" {
		return c.table + "." + c.column.To
	}
	return c.column.To
}

// severalPlan is how several columns of the source fill one field.
type severalPlan struct {
	*mappings.Several
	order int // in the mapping's list
}

type special struct{ status, rule string }

// cellPlan is how a cell above the table, or the sheet's name, fills a field for every row.
type cellPlan struct {
	row, col int // 0, 0: the sheet's name
	reader   wordReader
}

// ownField is a field that palermo fills itself.
type ownField int

const (
	ownNone     ownField = iota
	ownCellID            // where the row stands: "<submission>.<sheet>.<row>"
	ownSourceID          // the source's id
	ownVintage           // the publication's date where the file states it, else the form's name
	ownRecordID          // the keyed id of the record
	ownCaseID            // the keyed id of the case, whatever the form
	ownVersion           // the how-manieth row of the record in the file, from 1; numbered through at publication
	ownCurrent           // true; set at publication
	ownOrdinal           // the row's place among those of its record in its table, from 1
	ownRule              // what decided
	ownForm              // the form's name, as the mapping says
)

// ownFields is the fields that a mapping does not fill, in any table that has them.
var ownFields = map[string]ownField{
	"statistic_id": ownCellID,
	"action_id":    ownCellID,
	"rating_id":    ownCellID,
	"flow_id":      ownCellID,

	"released_case_id": ownCellID,

	"source_id":      ownSourceID,
	"vintage":        ownVintage,
	"record_id":      ownRecordID,
	"case_id":        ownCaseID,
	"record_version": ownVersion,
	"is_current":     ownCurrent,
	"ordinal":        ownOrdinal,
	"rule":           ownRule,
	"form":           ownForm,
}

// varies reports whether the field differs from row to row without the rows' cells saying so.
func (o ownField) varies() bool {
	switch o {
	case ownCellID, ownRecordID, ownCaseID, ownVersion, ownOrdinal, ownRule:
		return true
	}
	return false
}

// Compile holds table number i of the mapping against its target in the schema. The findings are
// everything wrong with it, mappings.Check's among them, with their places; the plan is nil when
// there are any.
func Compile(m *mappings.Mapping, i int, s *schemas.Schema) (*Plan, []diag.Diagnostic) {
	c := &compiler{m: m, i: i, s: s, ds: m.Check(s)}
	if len(c.ds) > 0 {
		return nil, c.ds
	}
	p := c.plan()
	if len(c.ds) > 0 {
		return nil, c.ds
	}
	return p, nil
}

type compiler struct {
	m  *mappings.Mapping
	i  int
	s  *schemas.Schema
	ds []diag.Diagnostic
}

func (c *compiler) add(code diag.Code, message string, at ...any) {
	c.ds = append(c.ds, diag.Diagnostic{Code: code, Severity: diag.Error,
		Pos: c.m.Pos(slices.Concat([]any{"tables", c.i}, at)...), Message: message})
}

func (c *compiler) plan() *Plan {
	entry := &c.m.Tables[c.i]
	p := &Plan{mapping: c.m, entry: entry, index: c.i, schema: c.s, table: c.s.Table(entry.Target)}
	var at map[string]int
	p.fields, at = c.fields(p.table)
	p.consent = -1
	if i, ok := at["data_consent_code"]; ok {
		p.consent = i
	}
	c.rules(entry)
	for j := range entry.Columns {
		f := &p.fields[at[entry.Columns[j].To]]
		f.columns = append(f.columns, c.column(f, &entry.Columns[j], j, []any{"columns", j}))
	}
	for j := range entry.Several {
		v := &entry.Several[j]
		f := &p.fields[at[v.To]]
		f.severals = append(f.severals, severalPlan{v, j})
		if f.field.Type != schemas.Truth {
			c.add(diag.MappingRule, fmt.Sprintf("rule %q fills only truths", v.Rule), "several", j, "rule")
		}
	}
	for j := range entry.Joined {
		c.joined(p, &entry.Joined[j], j, at)
	}
	c.cells(p, at)
	for name, word := range entry.Constants {
		f := &p.fields[at[name]]
		f.constant = c.constantAt(f, name, word, []any{"constants", name})
	}
	for _, name := range entry.Key {
		p.key = append(p.key, at[name])
	}
	p.inner = slices.ContainsFunc(entry.Children, func(ch mappings.Child) bool { return ch.To == entry.Target })
	if !p.inner {
		c.required(p.table, p.fields)
	}
	if p.inner && entry.Unpivot != nil {
		c.add(diag.MappingIncomplete, "the target's rows are made by children or by unpivoting, not by both", "unpivot")
	}
	c.unpivot(p)
	c.record(p)
	c.stated(entry.Stated)
	for j := range entry.Children {
		if ch := &entry.Children[j]; p.inner && ch.To != entry.Target {
			c.add(diag.MappingIncomplete, "where children make the target's rows, all are of the target", "children", j, "to")
			continue
		}
		p.childs = append(p.childs, c.child(&entry.Children[j], j, p)...)
	}
	return p
}

// fields is the plans of a table's fields, still empty, and the place of each by its name.
func (c *compiler) fields(t *schemas.Table) ([]fieldPlan, map[string]int) {
	out, at := make([]fieldPlan, 0, len(t.Fields)), map[string]int{}
	for k := range t.Fields {
		f := &t.Fields[k]
		out = append(out, fieldPlan{field: f, list: c.s.List(f.Codes), own: ownFields[f.Name]})
		at[f.Name] = k
	}
	return out, at
}

// record checks that rows of case data say how they are known again.
func (c *compiler) record(p *Plan) {
	keyed := slices.ContainsFunc(p.fields, func(f fieldPlan) bool { return f.own == ownRecordID })
	switch {
	case keyed && p.entry.Record == nil:
		c.add(diag.MappingIncomplete, "rows of case data must say under record how they are known again", "target")
	case !keyed && (p.entry.Record != nil || len(p.entry.Children) > 0 && !p.inner):
		c.add(diag.MappingIncomplete, fmt.Sprintf("%s has no records, so neither record nor children belong here", p.table.Name), "target")
	}
}

// rules checks the names of rules that stand alone.
func (c *compiler) rules(t *mappings.Table) {
	for name, f := range t.Facts {
		if facts[f.Rule] == nil {
			c.add(diag.MappingRule, fmt.Sprintf("no fact rule %q", f.Rule), "facts", name, "rule")
		}
	}
	for j, v := range t.Several {
		if severals[v.Rule] == nil {
			c.add(diag.MappingRule, fmt.Sprintf("no rule %q for several columns", v.Rule), "several", j, "rule")
		}
	}
}

// column is how col fills f; order is its place among the columns of the mapping, and at its place
// in the mapping's text.
func (c *compiler) column(f *fieldPlan, col *mappings.Column, order int, at []any) *columnPlan {
	p := &columnPlan{column: col, order: order, special: map[string]special{}, basis: col.Basis}
	if l := c.s.List("basis"); col.Basis != "" && (!f.field.Basis || l == nil || l.Index(col.Basis) < 0) {
		c.add(diag.MappingCode, fmt.Sprintf("%q takes no basis %q", col.To, col.Basis), append(slices.Clone(at), "basis")...)
	}
	for _, l := range []struct {
		words        []string
		status, rule string
	}{
		{col.Missing, statusNotCollected, "missing"},
		{col.Unknown, statusUnknown, "unknown"},
		{col.NotApply, statusNotApplicable, "not_applicable"},
		{col.Suppressed, statusSuppressed, "suppressed"},
	} {
		for _, w := range l.words {
			if slices.Contains(col.Zero, w) {
				c.add(diag.MappingRepeated, "a word is listed as a zero and as a kind of empty", slices.Concat(at, []any{l.rule})...)
			}
			if _, twice := p.special[w]; twice {
				c.add(diag.MappingRepeated, "a word is listed as two kinds of empty", slices.Concat(at, []any{l.rule})...)
			}
			p.special[w] = special{l.status, l.rule}
		}
	}
	if col.Part != "" && parts[col.Part] == nil {
		c.add(diag.MappingRule, fmt.Sprintf("no part %q", col.Part), append(slices.Clone(at), "part")...)
	}
	p.reader = c.reader(f, readerSpec{col.Parse, col.Codes, col.By, col.Repair,
		params{thousands: col.Thousands, decimal: col.Decimal, form: col.Form, footnotes: col.Footnotes}, col.Below}, at)
	if len(col.Zero) > 0 && f.field.Type != schemas.Integer && f.field.Type != schemas.Real {
		c.add(diag.MappingRule, fmt.Sprintf("%q holds no numbers, so no word means zero", col.To), append(slices.Clone(at), "zero")...)
	}
	for _, m := range col.Footnotes {
		if m == "" || strings.ContainsAny(m, "0123456789") {
			c.add(diag.MappingRule, "a mark of footnotes has no digits: they would be read as part of a number", append(slices.Clone(at), "footnotes")...)
		}
	}
	return p
}

func (c *compiler) cells(p *Plan, at map[string]int) {
	for j, v := range p.entry.FromCell {
		row, col, _ := diag.ParseCell(v.At)
		f := &p.fields[at[v.To]]
		r := c.reader(f, readerSpec{parse: v.Parse, codes: v.Codes, by: v.By, params: params{form: v.Form}}, []any{"from_cell", j})
		f.cell = &cellPlan{row, col, r}
	}
	for j, v := range p.entry.FromSheet {
		f := &p.fields[at[v.To]]
		r := c.reader(f, readerSpec{parse: v.Parse, codes: v.Codes, by: v.By}, []any{"from_sheet", j})
		f.cell = &cellPlan{0, 0, r}
	}
}

// constantAt reads a constant once: a code as itself, any other type by the rule that suits it.
func (c *compiler) constantAt(f *fieldPlan, name, word string, at []any) *outcome {
	r := wordReader{schema: c.s, list: f.list, by: "code"}
	switch f.field.Type {
	case schemas.Code:
		if f.list != nil && f.list.Index(word) >= 0 { // also of a list whose words are looked up as countries
			return &outcome{word: word, value: exactly(float64(f.list.Index(word))), has: true, listed: true, rule: "constant"}
		}
	case schemas.Truth:
		if word != "true" && word != "false" {
			c.add(diag.MappingCode, "a truth is true or false", at...)
		}
		o := &outcome{word: word, has: true, listed: true, rule: "constant"}
		if word == "true" {
			o.value = exactly(1)
		} else {
			o.value = exactly(0)
		}
		return o
	default:
		r = wordReader{parse: "text"}
		if f.field.Type != schemas.Text {
			r.parse = map[schemas.Type]string{schemas.Integer: "count", schemas.Real: "number", schemas.Date: "date"}[f.field.Type]
		}
	}
	o := r.read(word)
	o.rule, o.listed = "constant", true
	if !o.has {
		c.add(diag.MappingCode, fmt.Sprintf("%q cannot hold this constant", name), at...)
	}
	return o
}

// required checks that every field that a row cannot do without is filled by something.
func (c *compiler) required(t *schemas.Table, fields []fieldPlan, at ...any) {
	for _, f := range fields {
		filled := f.filled()
		if (f.field.Required || f.field.Key) && !filled && f.own == ownNone {
			c.add(diag.MappingIncomplete, fmt.Sprintf("nothing fills %q, and %s cannot do without it", f.field.Name, t.Name), at...)
		}
		if f.own != ownNone && filled {
			c.add(diag.MappingRepeated, fmt.Sprintf("%q is filled by palermo itself", f.field.Name), at...)
		}
	}
}

// Target is the table that the plan fills.
func (p *Plan) Target() *schemas.Table { return p.table }

// Entry is the mapping's table entry.
func (p *Plan) Entry() *mappings.Table { return p.entry }

// Mapping is the mapping that the plan was compiled from.
func (p *Plan) Mapping() *mappings.Mapping { return p.mapping }

// NeedsFacts reports whether the table must be passed through once before its rows are applied.
func (p *Plan) NeedsFacts() bool { return len(p.entry.Facts) > 0 }
