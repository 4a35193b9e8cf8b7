package mappings

import (
	"maps"
	"slices"
)

// Needs is the columns on which the meaning of others depends, sorted: those of the case reference, of conditions, of
// facts, and of rows that are skipped. A table that lacks one of them cannot be read by the entry.
func (t *Table) Needs() []string {
	out := map[string]bool{}
	conditions := func(cs []Column) {
		for _, c := range cs {
			nameWhen(out, c.When)
		}
	}
	conditions(t.Columns)
	for _, s := range t.Several {
		for _, f := range s.From {
			out[f] = true
		}
		nameWhen(out, s.When)
	}
	for i := range t.Children {
		conditions(t.Children[i].Columns)
		nameWhen(out, t.Children[i].When)
	}
	if t.Record != nil {
		for _, c := range t.Record.Case {
			out[c] = true
		}
	}
	for _, f := range t.Facts {
		out[f.Column] = true
	}
	for _, s := range t.Skip {
		out[s.Column] = true
	}
	return slices.Sorted(maps.Keys(out))
}
