package mappings

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"palermo/schemas"
)

// Asked is one column of a table entry, with all that its cells fill: what an empty workbook for such a table must ask.
type Asked struct {
	Header string
	Uses   []Use // none of a column that the table is only known by
}

// Use is one thing that the cells of a column fill.
type Use struct {
	Table, Field string // both empty for the case reference
	Parse        string // the named rule that reads the cell; empty where it holds words
	Codes, By    string // what the words are looked up in
	Basis        string
	Fallback     bool

	List   bool              // the cell may hold several words
	Flags  map[string]string // of a column that is answered: its words, each with the code of the answer
	Asks   string            // the code that the answers are about, of the field AsksOf
	AsksOf string
	order  []string // the words of Flags in the mapping's order
}

// Words is the words that the use has a code for by the mapping's own lists, in the mapping's order. Those that only the schema
// has, as names of countries, are not among them.
func (u *Use) Words(m *Mapping) []string {
	out := slices.Clone(u.order)
	if l := m.codes[u.Codes]; l != nil {
		for i := range l.Entries {
			out = append(out, l.Entries[i].Word)
		}
	}
	return out
}

// Means is the code of a word, or with a star the kind of empty that it stands for; "" where the use does not know the word.
func (u *Use) Means(m *Mapping, s *schemas.Schema, word string) string {
	if code, ok := u.Flags[word]; ok {
		return code
	}
	if l := m.codes[u.Codes]; l != nil {
		if e := l.Lookup(word); e != nil {
			return e.Code
		}
	}
	if u.By == "" {
		return ""
	}
	list := ""
	if f := s.Table(u.Table).Field(u.Field); f != nil {
		list = f.Codes
	}
	if list == "country" {
		code, _ := s.Country(u.By, word)
		return code
	}
	if l := s.List(list); u.By == schemas.ByCode && l != nil && l.Index(word) >= 0 {
		return word
	}
	return ""
}

// Asked is what table i of the mapping reads, in the order in which the mapping names it: the case reference, the columns, those
// of children, and headers that the table is known by and that fill nothing.
func (m *Mapping) Asked(i int) []Asked {
	t := &m.Tables[i]
	a := &asking{at: map[string]int{}}
	if t.Record != nil {
		for _, h := range t.Record.Case {
			a.add(h, Use{})
		}
	}
	for j := range t.Columns {
		a.column(t.Target, &t.Columns[j])
	}
	for j := range t.Children {
		a.child(m, i, j)
	}
	for _, v := range t.Several {
		for _, h := range v.From {
			a.add(h, Use{Table: t.Target, Field: v.To, Parse: "text"})
		}
	}
	for _, h := range t.Recognise.Headers {
		a.find(h)
	}
	return a.out
}

type asking struct {
	out []Asked
	at  map[string]int
}

func (a *asking) find(header string) *Asked {
	if _, ok := a.at[header]; !ok {
		a.at[header] = len(a.out)
		a.out = append(a.out, Asked{Header: header})
	}
	return &a.out[a.at[header]]
}

func (a *asking) add(header string, u Use) {
	h := a.find(header)
	h.Uses = append(h.Uses, u)
}

func (a *asking) column(table string, c *Column) {
	a.add(c.From, Use{Table: table, Field: c.To, Parse: c.Parse, Codes: c.Codes, By: c.By, Basis: c.Basis, Fallback: c.Fallback})
}

func (a *asking) child(m *Mapping, i, j int) {
	ch := &m.Tables[i].Children[j]
	switch {
	case len(ch.Flags) > 0:
		u := ch.flagUse()
		for _, h := range m.flagOrder(i, j) {
			u.Asks, u.AsksOf = ch.Flags[h], ch.Field
			a.add(h, u)
		}
	case ch.Split != "":
		a.add(ch.Split, Use{Table: ch.To, Field: ch.Field, Codes: ch.Codes, By: ch.By, List: ch.At != ""})
	}
	for _, n := range ch.Numbers() {
		for _, c := range ch.Columns {
			c.From = strings.ReplaceAll(c.From, Numbered, n)
			a.column(ch.To, &c)
		}
	}
}

// flagUse is what the columns of a child's flags are answered with.
func (c *Child) flagUse() Use {
	u := Use{Table: c.To, Field: "answer_code", Codes: c.Answers, Flags: map[string]string{}}
	for _, l := range []struct {
		words []string
		code  string
	}{{c.Yes, "yes"}, {c.No, "no"}, {c.Unknown, "unknown"}, {c.Declined, "declined"}, {c.NotCollected, "*not_collected"}} {
		for _, w := range l.words {
			u.Flags[w] = l.code
			u.order = append(u.order, w)
		}
	}
	return u
}

// flagOrder is the columns of a child's flags as they stand in the mapping's text.
func (m *Mapping) flagOrder(i, j int) []string {
	out := slices.Sorted(maps.Keys(m.Tables[i].Children[j].Flags))
	if m.doc == nil {
		return out
	}
	slices.SortStableFunc(out, func(a, b string) int {
		x, y := m.Pos("tables", i, "children", j, "flags", a), m.Pos("tables", i, "children", j, "flags", b)
		return cmp.Or(cmp.Compare(x.Row, y.Row), cmp.Compare(x.Col, y.Col))
	})
	return out
}
