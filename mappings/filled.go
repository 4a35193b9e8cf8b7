package mappings

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"palermo/schemas"
)

// Filled is how a table comes back in a template that was filled in: with other words in its cells, and with more columns for what
// the mapping has in one.
type Filled struct {
	Labels  map[string]map[string]string // by header: what was offered, and the word of the mapping that it stands for
	Columns map[string]int               // by header of a list: in how many columns its words stand
	Example string                       // what stands in the first column of the example's case reference
}

// ReasonTemplate is why rows are skipped that a template brought itself.
const ReasonTemplate = "template"

// Extra is the header of column k, from 2, of a list that stands in several.
func Extra(header string, k int) string { return fmt.Sprintf("%s (%d)", header, k) }

// Filled is the mapping as it reads templates: its table i takes what was offered for the words that it stands for, reads
// numbers and days only as a workbook holds them, and skips a copy of the example. Nothing else is different, and m is not changed.
func (m *Mapping) Filled(s *schemas.Schema, i int, f Filled) *Mapping {
	out := *m
	out.Tables = slices.Clone(m.Tables)
	out.codes = maps.Clone(m.codes)
	t := &out.Tables[i]
	b := &filling{m: &out, s: s, Filled: f}
	t.Recognise = Recognise{Headers: t.Recognise.Headers}
	t.Stated, t.Unnamed, t.Until, t.CopyOf = nil, nil, "", "" // of files that others lay out
	t.Columns = b.columns(t.Target, t.Columns)
	for j := range t.FromSheet {
		if j == 0 {
			t.FromSheet = slices.Clone(t.FromSheet)
		}
		v := &t.FromSheet[j]
		v.Codes = b.codes(SheetName, Use{Table: t.Target, Field: v.To, Codes: v.Codes, By: v.By})
	}
	t.Children = b.children(t.Children)
	if t.Record != nil && len(t.Record.Case) > 0 && f.Example != "" {
		t.Skip = append(slices.Clone(t.Skip), Skip{Column: t.Record.Case[0], Is: []string{f.Example}, Reason: ReasonTemplate})
	}
	return &out
}

// SheetName is what stands for a header where the name of the sheet is meant.
const SheetName = "\x00sheet"

type filling struct {
	m *Mapping
	s *schemas.Schema
	Filled
}

// codes makes a codes file that has what was offered too, and gives its name.
func (b *filling) codes(header string, u Use) string {
	if len(b.Labels[header]) == 0 || u.Codes == "" && u.By == "" {
		return u.Codes
	}
	entries := map[string]string{}
	old := b.m.codes[u.Codes]
	for label, word := range b.Labels[header] {
		if code := u.Means(b.m, b.s, word); code != "" && (old == nil || old.Lookup(label) == nil) {
			entries[label] = code
		}
	}
	if len(entries) == 0 {
		return u.Codes
	}
	name := u.Codes + "+labels"
	if !b.fits(name, entries) {
		name += " " + header
	}
	l := b.m.codes[name]
	if l == nil {
		l = &ValueList{Name: name, index: map[string]int{}}
		if old != nil {
			l.file, l.Entries, l.index = old.file, slices.Clone(old.Entries), maps.Clone(old.index)
		}
		b.m.codes[name] = l
	}
	for _, label := range slices.Sorted(maps.Keys(entries)) {
		if l.Lookup(label) == nil {
			l.index[label] = len(l.Entries)
			l.Entries = append(l.Entries, ValueEntry{Word: label, Code: entries[label], Note: "offered by the template"})
		}
	}
	return name
}

// fits reports whether what was offered means nothing else in the codes file, should there be one.
func (b *filling) fits(name string, entries map[string]string) bool {
	l := b.m.codes[name]
	if l == nil {
		return true
	}
	for label, code := range entries {
		if e := l.Lookup(label); e != nil && e.Code != code {
			return false
		}
	}
	return true
}

func (b *filling) columns(table string, in []Column) []Column {
	out := slices.Clone(in)
	for j := range out {
		c := &out[j]
		if c.Parse != "" {
			c.Thousands, c.Decimal, c.Form, c.Footnotes = "", "", "", nil
		}
		c.Codes = b.codes(c.From, Use{Table: table, Field: c.To, Codes: c.Codes, By: c.By})
		for _, l := range []*[]string{&c.Missing, &c.Unknown, &c.NotApply, &c.Suppressed, &c.Zero} {
			*l = b.with(c.From, *l)
		}
		c.When = b.when(c.When)
	}
	return out
}

// with is the words with what was offered for any of them.
func (b *filling) with(header string, words []string) []string {
	out := slices.Clone(words)
	labels := b.Labels[header]
	for _, label := range slices.Sorted(maps.Keys(labels)) {
		if slices.Contains(words, labels[label]) && !slices.Contains(out, label) {
			out = append(out, label)
		}
	}
	return out
}

func (b *filling) when(in map[string][]string) map[string][]string {
	if in == nil {
		return nil
	}
	out := map[string][]string{}
	for header, words := range in {
		out[header] = b.with(header, words)
	}
	return out
}

// children makes one child of each flag, since columns may offer different words, and one of each column of a list.
func (b *filling) children(in []Child) []Child {
	var out []Child
	for _, c := range in {
		c.When = b.when(c.When)
		switch {
		case len(c.Flags) > 0:
			out = append(out, b.flags(c)...)
		case c.Split != "":
			header := c.Split
			c.Codes = b.codes(header, Use{Table: c.To, Field: c.Field, Codes: c.Codes, By: c.By})
			for label := range b.Labels[header] {
				if c.At != "" && strings.Contains(label, c.At) { // as a country whose name has a comma
					c.At = ""
				}
			}
			out = append(out, c)
			for k := 2; k <= b.Columns[header]; k++ {
				c.Split = Extra(header, k)
				out = append(out, c)
			}
		default:
			out = append(out, b.numbered(c)...)
		}
	}
	return out
}

func (b *filling) flags(c Child) []Child {
	var out []Child
	for _, header := range slices.Sorted(maps.Keys(c.Flags)) {
		one := c
		one.Flags = map[string]string{header: c.Flags[header]}
		for _, l := range []*[]string{&one.Yes, &one.No, &one.Unknown, &one.Declined, &one.NotCollected} {
			*l = b.with(header, *l)
		}
		one.Answers = b.codes(header, Use{Table: c.To, Field: "answer_code", Codes: c.Answers})
		out = append(out, one)
	}
	return out
}

// numbered makes one child of each number: what is offered is by the column's own name.
func (b *filling) numbered(c Child) []Child {
	var out []Child
	for _, n := range c.Numbers() {
		one := c
		one.N, one.Columns = "", slices.Clone(c.Columns)
		for k := range one.Columns {
			one.Columns[k].From = strings.ReplaceAll(one.Columns[k].From, Numbered, n)
		}
		one.Columns = b.columns(c.To, one.Columns)
		out = append(out, one)
	}
	return out
}

// Hold holds table i of the mapping against a sheet's first rows. HeaderRow is 0 where no row has any of its headers.
func (m *Mapping) Hold(i int, sheet string, rows []PreviewRow) Candidate {
	return m.candidate(i, sheet, rows)
}
