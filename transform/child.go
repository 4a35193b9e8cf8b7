package transform

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"palermo/diag"
	"palermo/mappings"
	"palermo/schemas"
)

// childPlan is how at most one row of another table comes from a row of the source; where split is
// set, one for each word of a list. A child of a mapping becomes several plans: one for each flag,
// one for each number.
type childPlan struct {
	table  *schemas.Table
	fields []fieldPlan
	order  int    // of the child in the mapping
	list   bool   // its column holds a list of words, each of which makes a row
	split  string // what stands between the words of a list; empty where the cell is one word
	field  int    // index into fields of the field that a flag or a split is about; -1 for none
	flag   bool   // a row is made only where the answer has a code
	when   map[string][]string
}

func (c *compiler) child(ch *mappings.Child, j int, p *Plan) []childPlan {
	at := []any{"children", j}
	t := c.s.Table(ch.To)
	if t == nil {
		c.add(diag.MappingTarget, fmt.Sprintf("no target table %q", ch.To), append(at, "to")...)
		return nil
	}
	var out []childPlan
	switch {
	case len(ch.Flags) > 0:
		for _, column := range slices.Sorted(maps.Keys(ch.Flags)) {
			out = append(out, c.flag(ch, t, j, column, ch.Flags[column]))
		}
	case ch.Split != "":
		out = append(out, c.splitChild(ch, t, j))
	default:
		for _, n := range c.numbers(ch, at) {
			out = append(out, c.columnsChild(ch, t, j, n))
		}
	}
	for i := range out {
		for _, f := range out[i].fields {
			for _, col := range f.columns {
				col.table = t.Name
			}
		}
		c.childConstants(ch, &out[i], at)
		if p.inner {
			c.inner(&out[i], p, at)
			continue
		}
		c.required(t, out[i].fields, at...)
	}
	return out
}

// inner checks a child of the target itself: what the table's own columns and constants fill is the
// same in each of its rows, and it fills the rest.
func (c *compiler) inner(ch *childPlan, p *Plan, at []any) {
	both := slices.Clone(ch.fields)
	for k := range both {
		switch f := &p.fields[k]; {
		case f.filled() && both[k].filled():
			c.add(diag.MappingRepeated, fmt.Sprintf("field %q is filled by the table's own columns already", f.field.Name), at...)
		case f.filled():
			both[k] = *f
		}
	}
	c.required(p.table, both, at...)
}

func (c *compiler) emptyChild(ch *mappings.Child, t *schemas.Table, j int) childPlan {
	p := childPlan{table: t, order: j, field: -1, when: ch.When}
	p.fields, _ = c.fields(t)
	return p
}

// place finds a field of the child's table, and reports one that is not there.
func (c *compiler) place(p *childPlan, name string, at ...any) *fieldPlan {
	for i := range p.fields {
		if p.fields[i].field.Name == name {
			return &p.fields[i]
		}
	}
	c.add(diag.MappingField, fmt.Sprintf("%s has no field %q", p.table.Name, name), at...)
	return nil
}

// answerField is the field that says whether a flag's code is stated or denied.
const answerField = "answer_code"

func (c *compiler) flag(ch *mappings.Child, t *schemas.Table, j int, column, code string) childPlan {
	at := []any{"children", j}
	p := c.emptyChild(ch, t, j)
	p.flag = true
	f, answer := c.place(&p, ch.Field, append(at, "field")...), c.place(&p, answerField, append(at, "to")...)
	if f == nil || answer == nil {
		return p
	}
	p.field = slices.IndexFunc(p.fields, func(o fieldPlan) bool { return o.field == f.field })
	f.constant = c.constantAt(f, ch.Field, code, append(at, "flags", column))
	f.constant.word = column
	col := c.column(answer, &mappings.Column{From: mappings.Word(column), To: answerField, Codes: ch.Answers, Optional: ch.Optional}, j, append(at, "flags", column))
	col.answers = c.answers(map[string][]string{"yes": ch.Yes, "no": ch.No, "unknown": ch.Unknown, "declined": ch.Declined}, append(at, "flags", column))
	for _, w := range ch.NotCollected {
		col.special[w] = special{statusNotCollected, "not_collected"}
	}
	answer.columns = []*columnPlan{col}
	return p
}

func (c *compiler) splitChild(ch *mappings.Child, t *schemas.Table, j int) childPlan {
	at := []any{"children", j}
	p := c.emptyChild(ch, t, j)
	p.list, p.split = true, ch.At
	if f := c.place(&p, ch.Field, append(at, "field")...); f != nil {
		p.field = slices.IndexFunc(p.fields, func(o fieldPlan) bool { return o.field == f.field })
		f.columns = []*columnPlan{c.column(f, &mappings.Column{From: ch.Split, To: ch.Field, Codes: ch.Codes, By: ch.By, Repair: ch.Repair, Optional: ch.Optional,
			NotApply: nil, Unknown: ch.Unknown, Missing: ch.NotCollected}, j, at)}
	}
	return p
}

func (c *compiler) columnsChild(ch *mappings.Child, t *schemas.Table, j int, n string) childPlan {
	p := c.emptyChild(ch, t, j)
	if len(ch.Columns) == 0 {
		c.add(diag.MappingIncomplete, "a child has flags, split or columns", "children", j)
	}
	for k := range ch.Columns {
		at := []any{"children", j, "columns", k}
		col := ch.Columns[k]
		col.From = strings.ReplaceAll(col.From, mappings.Numbered, n)
		if f := c.place(&p, col.To, append(at, "to")...); f != nil {
			f.columns = append(f.columns, c.column(f, &col, k, at))
		}
	}
	return p
}

// numbers is what {n} stands for, one after the other; one empty text where nothing is numbered.
func (c *compiler) numbers(ch *mappings.Child, at []any) []string {
	out := ch.Numbers()
	if out == nil {
		c.add(diag.MappingSyntax, fmt.Sprintf("%q is no range of numbers, as 1..5", ch.N), append(at, "n")...)
	}
	return out
}

func (c *compiler) childConstants(ch *mappings.Child, p *childPlan, at []any) {
	for _, name := range slices.Sorted(maps.Keys(ch.Constants)) {
		where := append(slices.Clone(at), "constants", name)
		f := c.place(p, name, where...)
		if f == nil {
			continue
		}
		if len(f.columns) > 0 || f.constant != nil {
			c.add(diag.MappingRepeated, fmt.Sprintf("field %q is filled already", name), where...)
			continue
		}
		f.constant = c.constantAt(f, name, ch.Constants[name], where)
	}
}
