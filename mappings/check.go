package mappings

import (
	"fmt"
	"maps"
	"slices"

	"palermo/diag"
	"palermo/schemas"
)

// Check holds the mapping against the schema: targets, fields, code lists and codes files. The
// names of rules are transform's to check. Every finding has its place in the mapping.
func (m *Mapping) Check(s *schemas.Schema) []diag.Diagnostic {
	c := &checker{m: m, s: s}
	if m.Source.Title == "" {
		c.add(diag.MappingIncomplete, "a source must have a title", "source")
	}
	if !slices.Contains([]string{DriftEvolve, DriftQuarantine, DriftRefuse}, m.Source.DriftMode()) {
		c.add(diag.MappingRule, "drift is evolve, quarantine or refuse", "source", "drift")
	}
	if len(m.Tables) == 0 {
		c.add(diag.MappingIncomplete, "a mapping must have at least one table", "tables")
	}
	for i := range m.Tables {
		c.table(i)
	}
	return c.ds
}

type checker struct {
	m  *Mapping
	s  *schemas.Schema
	ds []diag.Diagnostic
}

func (c *checker) add(code diag.Code, message string, at ...any) {
	c.ds = append(c.ds, c.m.finding(code, message, at...))
}

func (c *checker) table(i int) {
	t := &c.m.Tables[i]
	if t.Vintage == "" {
		c.add(diag.MappingIncomplete, "a table must name its vintage", "tables", i)
	}
	if !slices.Contains([]string{"", TriedReal, TriedFixture}, t.Tried) {
		c.add(diag.MappingSyntax, fmt.Sprintf("a table is tried on real files or on a fixture, not on %q", t.Tried), "tables", i, "tried")
	}
	if len(t.Recognise.Headers) == 0 && len(t.Recognise.Unheaded) == 0 {
		c.add(diag.MappingIncomplete, "a table must say which headers it is recognised by", "tables", i, "recognise")
	}
	target := c.s.Table(t.Target)
	if target == nil {
		c.add(diag.MappingTarget, fmt.Sprintf("no target table %q", t.Target), "tables", i, "target")
		return
	}
	c.headers(i, t)
	c.layout(i, t)
	c.unpivot(i, t)
	filled := map[string]bool{}
	for j := range t.Columns {
		c.columnOf(&t.Columns[j], target, filled, t, "tables", i, "columns", j)
	}
	for j := range t.Children {
		c.child(i, j)
	}
	for j, v := range t.Several {
		c.several(i, j, &v, target, filled)
	}
	for j := range t.Joined {
		c.joined(i, j, target, filled)
	}
	for j, v := range t.FromCell {
		if _, _, ok := diag.ParseCell(v.At); !ok {
			c.add(diag.MappingSyntax, fmt.Sprintf("%q does not name a cell", v.At), "tables", i, "from_cell", j, "at")
		}
		c.fill(target, v.To, filled, "tables", i, "from_cell", j, "to")
		c.codes(target.Field(v.To), v.Codes, v.By, "tables", i, "from_cell", j)
	}
	for j, v := range t.FromSheet {
		c.fill(target, v.To, filled, "tables", i, "from_sheet", j, "to")
		c.codes(target.Field(v.To), v.Codes, v.By, "tables", i, "from_sheet", j)
	}
	c.stated(i, t.Stated)
	for _, name := range slices.Sorted(maps.Keys(t.Constants)) {
		c.constant(i, target, name, t.Constants[name], filled)
	}
	c.totals(i, t, target)
	for j, name := range t.Key {
		if target.Field(name) == nil {
			c.add(diag.MappingField, fmt.Sprintf("%s has no field %q", target.Name, name), "tables", i, "key", j)
		}
	}
}

// stated checks what the table says of its submission, but for dates, which are transform's to read.
func (c *checker) stated(i int, s *Stated) {
	if s == nil {
		return
	}
	kind := &schemas.Field{Name: "kind", Type: schemas.Code, Codes: "submission_kind"}
	at := func(more ...any) []any { return append([]any{"tables", i, "submission"}, more...) }
	if l := c.s.List(kind.Codes); s.Kind != "" && l != nil && l.Index(s.Kind) < 0 {
		c.add(diag.MappingCode, fmt.Sprintf("no kind of submission is called %q", s.Kind), at("kind")...)
	}
	part := func(v *StatedCell, at []any) {
		if !slices.Contains([]string{"kind", "from", "to"}, v.To) {
			c.add(diag.MappingField, fmt.Sprintf("a submission has no %q: kind, from and to are what it can say", v.To), append(at, "to")...)
		}
		if v.Codes != "" && v.To != "kind" {
			c.add(diag.MappingCodes, "only the kind has codes", append(at, "codes")...)
		}
		c.codes(kind, v.Codes, "", at...)
	}
	for j := range s.FromCell {
		v := &s.FromCell[j]
		if _, _, ok := diag.ParseCell(v.At); !ok {
			c.add(diag.MappingSyntax, fmt.Sprintf("%q does not name a cell", v.At), at("from_cell", j, "at")...)
		}
		part(v, at("from_cell", j))
	}
	for j := range s.FromSheet {
		if v := &s.FromSheet[j]; v.At != "" || v.Sheet != "" {
			c.add(diag.MappingSyntax, "the sheet's name stands in no cell", at("from_sheet", j)...)
		}
		part(&s.FromSheet[j], at("from_sheet", j))
	}
}

// headers checks that each header the table is recognised by is mapped or ignored, so that no
// column is known and yet lost.
func (c *checker) headers(i int, t *Table) {
	named := t.named()
	for j, h := range t.Recognise.Headers {
		if !named[h] && !t.Unpivot.mayHold(Parts(h)) {
			c.add(diag.MappingIncomplete, fmt.Sprintf("column %q is neither mapped nor listed under ignore", h), "tables", i, "recognise", "headers", j)
		}
	}
	for j, h := range t.Recognise.Holds {
		switch {
		case h.Column != "" && !slices.Contains(t.Recognise.Headers, h.Column):
			c.add(diag.MappingIncomplete, fmt.Sprintf("column %q is not among the headers that the table is recognised by", h.Column), "tables", i, "recognise", "holds", j, "column")
		case len(h.Is)+len(h.Starts) == 0 || slices.Contains(h.Starts, ""):
			c.add(diag.MappingIncomplete, "say which words the column holds: is or starts", "tables", i, "recognise", "holds", j)
		}
	}
	for j, h := range t.Ignore {
		for _, col := range t.Columns {
			if col.From == h {
				c.add(diag.MappingRepeated, fmt.Sprintf("column %q is both mapped and ignored", h), "tables", i, "ignore", j)
				break
			}
		}
	}
}

// columnOf checks one column of t, which stands at its place in the mapping's text.
func (c *checker) columnOf(col *Column, target *schemas.Table, filled map[string]bool, t *Table, at ...any) {
	place := func(key string) []any { return append(slices.Clone(at), key) }
	if col.From == "" {
		c.add(diag.MappingIncomplete, "a column must say which header it is from", at...)
	}
	if col.Fallback != filled[col.To] {
		if col.Fallback {
			c.add(diag.MappingIncomplete, fmt.Sprintf("no column before this one fills %q, so it is no fallback", col.To), place("fallback")...)
		} else {
			c.add(diag.MappingRepeated, fmt.Sprintf("field %q is filled already; say fallback: true if this column stands in for the other", col.To), place("to")...)
		}
	}
	f := target.Field(col.To)
	if f == nil {
		c.add(diag.MappingField, fmt.Sprintf("%s has no field %q", target.Name, col.To), place("to")...)
		return
	}
	filled[col.To] = true
	coded := col.Codes != "" || col.By != ""
	words := f.Type == schemas.Text && col.By == "" // a codes file may give the text of a field too
	switch {
	case coded && col.Parse != "":
		c.add(diag.MappingRepeated, "a column is read by parse or by codes, not both", place("parse")...)
	case col.RowOf != "":
		c.rowOf(col, f, t, place("row_of"))
	case !coded && col.Parse == "":
		c.add(diag.MappingIncomplete, fmt.Sprintf("say how %q is read: parse or codes", col.To), at...)
	}
	if coded && f.Type != schemas.Code && !words {
		c.add(diag.MappingCodes, fmt.Sprintf("field %q is not a code", col.To), place("codes")...)
	} else {
		c.codes(f, col.Codes, col.By, at...)
	}
	if col.Below != "" {
		if _, ok := t.Facts[col.Below]; !ok {
			c.add(diag.MappingRule, fmt.Sprintf("no fact %q", col.Below), place("below")...)
		}
	}
}

// rowOf checks a column whose words lead to other rows of its table.
func (c *checker) rowOf(col *Column, f *schemas.Field, t *Table, at []any) {
	switch {
	case col.Parse != "" || col.Codes != "" || col.By != "":
		c.add(diag.MappingRepeated, "a column leads to another row, or is read by parse or codes, not both", at...)
	case f.Type != schemas.Text:
		c.add(diag.MappingField, fmt.Sprintf("%q holds no ids", col.To), at...)
	case t.Record != nil || t.Unpivot != nil || len(t.Children) > 0:
		c.add(diag.MappingIncomplete, "only a table whose rows are rows of the target may lead to rows of its own", at...)
	}
}

// child checks what can be checked of a child without its fields' rules: its table, and the codes
// files that its columns and lists name.
func (c *checker) child(i, j int) {
	ch := &c.m.Tables[i].Children[j]
	target := c.s.Table(ch.To)
	if target == nil {
		c.add(diag.MappingTarget, fmt.Sprintf("no target table %q", ch.To), "tables", i, "children", j, "to")
		return
	}
	if ch.Split != "" {
		c.codes(target.Field(ch.Field), ch.Codes, ch.By, "tables", i, "children", j)
	}
	if ch.Answers != "" {
		c.codes(target.Field("answer_code"), ch.Answers, "", "tables", i, "children", j)
	}
	filled := map[string]bool{}
	for k := range ch.Columns {
		c.columnOf(&ch.Columns[k], target, filled, &c.m.Tables[i], "tables", i, "children", j, "columns", k)
	}
}

func (c *checker) several(i, j int, v *Several, target *schemas.Table, filled map[string]bool) {
	earlier := slices.ContainsFunc(c.m.Tables[i].Several[:j], func(o Several) bool { return o.To == v.To })
	if v.Fallback && !earlier {
		c.add(diag.MappingIncomplete, fmt.Sprintf("nothing before this one fills %q, so it is no fallback", v.To), "tables", i, "several", j, "fallback")
	}
	if !v.Fallback || !earlier {
		c.fill(target, v.To, filled, "tables", i, "several", j, "to")
	}
}

// fill checks that the field exists and is filled once.
func (c *checker) fill(target *schemas.Table, name string, filled map[string]bool, at ...any) {
	switch {
	case target.Field(name) == nil:
		c.add(diag.MappingField, fmt.Sprintf("%s has no field %q", target.Name, name), at...)
	case filled[name]:
		c.add(diag.MappingRepeated, fmt.Sprintf("field %q is filled already", name), at...)
	}
	filled[name] = true
}

func (c *checker) constant(i int, target *schemas.Table, name, value string, filled map[string]bool) {
	c.fill(target, name, filled, "tables", i, "constants", name)
	f := target.Field(name)
	if f == nil || f.Type != schemas.Code {
		return
	}
	if l := c.s.List(f.Codes); l != nil && l.Index(value) < 0 {
		c.add(diag.MappingCode, fmt.Sprintf("list %q has no code %q", f.Codes, value), "tables", i, "constants", name)
	}
}

// codes checks a codes file and every code in it against the field's list.
func (c *checker) codes(f *schemas.Field, name, by string, at ...any) {
	place := func(key string) []any { return append(slices.Clone(at), key) }
	if !slices.Contains([]string{"", "code", "alpha2", "numeric", "name", "citizenship"}, by) {
		c.add(diag.MappingRule, fmt.Sprintf("words cannot be looked up by %q", by), place("by")...)
	}
	if name == "" || f == nil {
		return
	}
	l := c.m.Codes(name)
	if l == nil {
		c.add(diag.MappingCodes, fmt.Sprintf("no codes file codes/%s.csv", name), place("codes")...)
		return
	}
	list := c.s.List(f.Codes)
	if list == nil && f.Type != schemas.Text {
		return
	}
	for k := range l.Entries {
		c.entry(l, &l.Entries[k], f, list)
	}
}

func (c *checker) entry(l *ValueList, e *ValueEntry, f *schemas.Field, list *schemas.CodeList) {
	bad := func(message string) {
		c.ds = append(c.ds, diag.Diagnostic{Code: diag.MappingCode, Severity: diag.Error, Pos: l.Pos(e), Field: f.Name, Message: message})
	}
	if s := e.Status(); s != "" {
		if statuses := c.s.List("value_status"); statuses != nil && statuses.Index(s) < 0 {
			bad(fmt.Sprintf("no kind of empty is called %q", s))
		}
		return
	}
	switch {
	case list == nil && e.Code == "":
		bad("a word of this field becomes a text, or a kind of empty with a star")
	case list != nil && list.Index(e.Code) < 0:
		bad(fmt.Sprintf("list %q has no code %q", f.Codes, e.Code))
	}
}
