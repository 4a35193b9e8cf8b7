package transform

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"palermo/schemas"
)

// constants is the columns whose every row is the same, by table and column: built once a file, as
// long as the longest batch so far, and cut to each.
type constants map[string]arrow.Array

// constant is n rows of a column that has the one outcome in every row.
func (t *Table) constant(table *schemas.Table, c schemas.Column, f *fieldPlan, o *outcome, n int) (arrow.Array, error) {
	name := table.Name + "." + c.Name
	a := t.same[name]
	if a == nil || a.Len() < n {
		made, err := t.column(c, f, make([]int, n), func(int) *outcome { return o })
		if err != nil {
			return nil, err
		}
		if a != nil {
			a.Release()
		}
		a = made
		t.same[name] = a
	}
	return array.NewSlice(a, 0, int64(n)), nil
}

func (s constants) release() {
	for _, a := range s {
		a.Release()
	}
	clear(s)
}

// fixed is the outcome of field k that is the same in every row, whichever of the parts makes it; nil
// where it may differ.
func (g *childGroup) fixed(k int) *outcome {
	if g.same == nil {
		g.same = make([]*outcome, len(g.fields))
		for k := range g.same {
			g.same[k] = g.agreed(k)
		}
	}
	return g.same[k]
}

func (g *childGroup) agreed(k int) *outcome {
	first := g.parts[0].fields[k].fixed
	if first == nil || g.parts[0].outer != nil || slices.ContainsFunc(g.parts, func(p *boundChild) bool {
		o := p.fields[k].fixed
		return o == nil || *o != *first
	}) {
		return nil
	}
	return first
}
