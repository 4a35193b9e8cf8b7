package assist

import (
	"maps"
	"slices"
	"strings"

	"palermo/mappings"
)

// Decision is one thing that a mapping says of a column.
type Decision struct {
	Column string
	What   Meaning
	Codes  string // the codes file that reads it
	By     string
	Part   string // the part of the word that is read
	Unsaid bool   // it only says when another column speaks
}

// Decided is what a table entry of a mapping says of its columns, in the order in which it says it. Names that
// are made by unpivoting are left out.
func Decided(t *mappings.Table) []Decision {
	var out []Decision
	made := t.Unpivot.Made()
	add := func(d Decision) {
		if d.Column != "" && !slices.Contains(made, d.Column) {
			out = append(out, d)
		}
	}
	column := func(table string, c mappings.Column) {
		what := Meaning{Table: table, Field: c.To}
		add(Decision{Column: c.From, What: what, Codes: c.Codes, By: c.By, Part: c.Part})
		for _, w := range slices.Sorted(maps.Keys(c.When)) {
			if w != c.From {
				add(Decision{Column: w, What: what, Unsaid: true})
			}
		}
	}
	if t.Record != nil {
		for _, c := range t.Record.Case {
			// Of several, each is only a part of what a case is known by.
			add(Decision{Column: c, What: Meaning{Table: t.Target, Field: "case_reference"}, Unsaid: len(t.Record.Case) > 1})
		}
	}
	for _, c := range t.Columns {
		column(t.Target, c)
	}
	for _, s := range t.Several {
		for _, from := range s.From {
			add(Decision{Column: from, What: Meaning{Table: t.Target, Field: s.To}, Unsaid: true})
		}
	}
	for i := range t.Children {
		ch := &t.Children[i]
		for _, name := range slices.Sorted(maps.Keys(ch.Flags)) {
			add(Decision{Column: name, What: Meaning{Table: ch.To, Field: ch.Field, Code: ch.Flags[name]}})
		}
		if ch.Split != "" {
			add(Decision{Column: ch.Split, What: Meaning{Table: ch.To, Field: ch.Field}, Codes: ch.Codes, By: ch.By})
		}
		for _, n := range ch.Numbers() {
			for _, c := range ch.Columns {
				c.From = strings.ReplaceAll(c.From, mappings.Numbered, n)
				column(ch.To, c)
			}
		}
	}
	if t.Unpivot != nil {
		for _, a := range t.Unpivot.Above {
			add(Decision{Column: a.Column, What: Meaning{Table: t.Target, Field: "breakdown_value"}, Unsaid: true})
		}
	}
	return out
}

// Joined is what a table entry says of the columns from which it joins codes in one text: of a flag the code, of a
// list the field. A column whose yes only says that nothing is specified is Unsaid.
func Joined(t *mappings.Table) []Decision {
	var out []Decision
	for i := range t.Joined {
		j := &t.Joined[i]
		what := Meaning{Table: t.Target, Field: j.To}
		for _, flags := range []map[string]string{j.Flags, j.Also} {
			for _, name := range slices.Sorted(maps.Keys(flags)) {
				out = append(out, Decision{Column: name, What: Meaning{what.Table, what.Field, flags[name]}})
			}
		}
		for _, name := range j.Unspecified {
			out = append(out, Decision{Column: name, What: what, Unsaid: true})
		}
		if j.Split != "" {
			out = append(out, Decision{Column: j.Split, What: what, Codes: j.Codes, By: j.By})
		}
	}
	return out
}
