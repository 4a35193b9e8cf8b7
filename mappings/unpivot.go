package mappings

import (
	"fmt"
	"slices"
	"strings"

	"palermo/diag"
)

// Unpivot makes one row of each value cell of a row. The cells of a value column's header are its
// levels, from above: a period, a measure, a sex. Columns of the mapping then read a level, the
// value, the last word above and the base by the names they are given here.
type Unpivot struct {
	Levels []Level `yaml:"levels" json:"levels"`                   // what the rows of the header say, from above; a column is a value column where each level knows its word
	Value  string  `yaml:"value" json:"value"`                     // the name under which columns read the value cell
	Above  []Above `yaml:"above,omitempty" json:"above,omitempty"` // words that count for the rows below them: headings, and labels merged over several rows
	Base   *Base   `yaml:"base,omitempty" json:"base,omitempty"`   // the cell that a share is of
}

// Level is one row of the header of the value columns. It knows the words that the rule reads, and
// those listed.
type Level struct {
	As        string   `yaml:"as" json:"as"`                                   // the name under which columns read it
	Parse     string   `yaml:"parse,omitempty" json:"parse,omitempty"`         // the named rule that reads its words
	Form      string   `yaml:"form,omitempty" json:"form,omitempty"`           // the form of dates
	Footnotes []string `yaml:"footnotes,omitempty" json:"footnotes,omitempty"` // marks of footnotes after a word
	Is        []string `yaml:"is,omitempty" json:"is,omitempty"`               // its words, or those beside what the rule reads
}

// Above is the last word of a column that stands in the row or above it.
type Above struct {
	As     string   `yaml:"as" json:"as"`                     // the name under which columns read it
	Column string   `yaml:"column" json:"column"`             // the column that is looked at
	Is     []string `yaml:"is,omitempty" json:"is,omitempty"` // the words that count; any by default
}

// Base is the cell that a share is of: it stands in the row, or in the last one above it, whose
// column holds one of the words, under the same header but for some levels.
type Base struct {
	As     string            `yaml:"as" json:"as"`                             // the name under which columns read it
	Column string            `yaml:"column" json:"column"`                     // the column that is looked at
	Is     []string          `yaml:"is" json:"is"`                             // the words of the rows that hold a base
	Within string            `yaml:"within,omitempty" json:"within,omitempty"` // the thing above that a base belongs to: where another begins, there is none until its own row
	Level  map[string]string `yaml:"level,omitempty" json:"level,omitempty"`   // the levels in which the base's header differs, and their words there
}

// Made is the names that an unpivot block makes, in the order of its text.
func (u *Unpivot) Made() []string {
	if u == nil {
		return nil
	}
	var out []string
	for _, l := range u.Levels {
		out = append(out, l.As)
	}
	out = append(out, u.Value)
	for _, a := range u.Above {
		out = append(out, a.As)
	}
	if u.Base != nil {
		out = append(out, u.Base.As)
	}
	return out
}

// mayHold reports whether a column with these header cells may be a value column: each level lists
// its word, or has a rule, which is asked when the table is opened.
func (u *Unpivot) mayHold(parts []string) bool {
	if u == nil || len(parts) != len(u.Levels) {
		return false
	}
	for k, l := range u.Levels {
		if parts[k] == "" || l.Parse == "" && !slices.Contains(l.Is, parts[k]) {
			return false
		}
	}
	return true
}

// Parts is the joined name of a column of a header of several rows, taken apart again.
func Parts(name string) []string { return strings.Split(name, between) }

func (u *Unpivot) normalise() {
	if u == nil {
		return
	}
	for k := range u.Levels {
		l := &u.Levels[k]
		l.As = Word(l.As)
		words(l.Is)
		words(l.Footnotes)
	}
	u.Value = Word(u.Value)
	for k := range u.Above {
		a := &u.Above[k]
		a.As, a.Column = Word(a.As), Word(a.Column)
		words(a.Is)
	}
	if b := u.Base; b != nil {
		b.As, b.Column, b.Within = Word(b.As), Word(b.Column), Word(b.Within)
		words(b.Is)
		level := map[string]string{}
		for name, word := range b.Level {
			level[Word(name)] = Word(word)
		}
		b.Level = level
	}
}

// unpivot checks what can be checked of the block without the rules.
func (c *checker) unpivot(i int, t *Table) {
	u := t.Unpivot
	if u == nil {
		return
	}
	at := func(steps ...any) []any { return append([]any{"tables", i, "unpivot"}, steps...) }
	if rows := max(t.Header.Rows, 1); len(u.Levels) != rows {
		c.add(diag.MappingIncomplete, fmt.Sprintf("the header has %s, so there must be as many levels", rowsText(rows)), at("levels")...)
	}
	if t.Record != nil || len(t.Children) > 0 {
		c.add(diag.MappingIncomplete, "rows of case data cannot be unpivoted", at()...)
	}
	for k, l := range u.Levels {
		if l.Parse == "" && len(l.Is) == 0 {
			c.add(diag.MappingIncomplete, "a level says which words it knows: parse, is, or both", at("levels", k)...)
		}
	}
	for k, a := range u.Above {
		if a.Column == "" {
			c.add(diag.MappingIncomplete, "say which column the words stand in", at("above", k)...)
		}
	}
	if u.Base != nil {
		c.base(u, at)
	}
	c.made(t, u, at)
}

func rowsText(n int) string {
	if n == 1 {
		return "1 row"
	}
	return fmt.Sprintf("%d rows", n)
}

func (c *checker) base(u *Unpivot, at func(...any) []any) {
	b := u.Base
	if b.Column == "" || len(b.Is) == 0 {
		c.add(diag.MappingIncomplete, "a base says which rows hold it: column and is", at("base")...)
	}
	if b.Within != "" && !slices.ContainsFunc(u.Above, func(a Above) bool { return a.As == b.Within }) {
		c.add(diag.MappingField, fmt.Sprintf("nothing above is called %q", b.Within), at("base", "within")...)
	}
	for name, word := range b.Level {
		k := slices.IndexFunc(u.Levels, func(l Level) bool { return l.As == name })
		switch {
		case k < 0:
			c.add(diag.MappingField, fmt.Sprintf("no level is called %q", name), at("base", "level", name)...)
		case !slices.Contains(u.Levels[k].Is, word):
			c.add(diag.MappingField, fmt.Sprintf("level %q does not list the word %q", name, word), at("base", "level", name)...)
		}
	}
}

// made checks the names that the block makes: each is one thing, and is read by something, so that
// no part of a header is known and yet lost.
func (c *checker) made(t *Table, u *Unpivot, at func(...any) []any) {
	read := t.read()
	seen := map[string]bool{}
	for _, name := range u.Made() {
		switch {
		case name == "":
			c.add(diag.MappingIncomplete, "each level, the value, and each thing above has a name", at()...)
		case seen[name] || slices.Contains(t.Recognise.Headers, name) || slices.Contains(t.Ignore, name):
			c.add(diag.MappingRepeated, fmt.Sprintf("%q names two things", name), at()...)
		case !read[name]:
			c.add(diag.MappingIncomplete, fmt.Sprintf("nothing reads %q", name), at()...)
		}
		seen[name] = true
	}
}

// read is the names of columns that the entry reads, or skips rows by.
func (t *Table) read() map[string]bool {
	out := map[string]bool{}
	nameColumns(out, t.Columns)
	for _, s := range t.Several {
		for _, f := range s.From {
			out[f] = true
		}
		nameWhen(out, s.When)
	}
	for _, s := range t.Skip {
		out[s.Column] = true
	}
	return out
}

// MayHold reports whether a column of that name could be one of values: every level could know its word.
func (u *Unpivot) MayHold(name string) bool { return u.mayHold(Parts(name)) }
