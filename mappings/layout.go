package mappings

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"palermo/diag"
	"palermo/schemas"
)

// ignoresLike reports whether an entry of Ignore that ends in a star covers the header.
func (t *Table) ignoresLike(header string) bool {
	return slices.ContainsFunc(t.Ignore, func(i string) bool {
		start, ok := strings.CutSuffix(i, "*")
		return ok && strings.HasPrefix(header, start)
	})
}

// laidOut is a row of headers as the mapping knows its columns: those without a header get the names
// that it gives them, and what stands right of the last column goes.
func (t *Table) laidOut(cells []string) []string {
	cells = slices.Clone(cells)
	for letter, name := range t.Unnamed {
		_, col, ok := diag.ParseCell(letter + "1")
		if !ok {
			continue
		}
		for len(cells) < col {
			cells = append(cells, "")
		}
		if cells[col-1] == "" {
			cells[col-1] = name
		}
	}
	if k := slices.Index(cells, t.Until); t.Until != "" && k >= 0 {
		cells = cells[:k+1]
	}
	return cells
}

// around holds the rows above and below a header, rows[k], against what the entry is recognised by.
func (r *Recognise) around(c *Candidate, rows []PreviewRow, k int) {
	stands := func(rows []PreviewRow, words ...string) bool {
		return slices.ContainsFunc(rows, func(row PreviewRow) bool {
			return slices.ContainsFunc(row.Cells, func(cell string) bool { return slices.Contains(words, Word(cell)) })
		})
	}
	note := func(ok bool, word string) {
		if ok {
			c.Found = append(c.Found, word)
		} else {
			c.Missing = append(c.Missing, word)
		}
	}
	for _, w := range r.Above {
		note(stands(rows[:k], w), w)
	}
	if len(r.Holds) > 0 {
		note(stands(rows[k+1:], r.Holds...), strings.Join(r.Holds, ", "))
	}
}

// unheadedRows is how many rows a table without a header must have to be known by its words.
const unheadedRows = 5

// unheaded holds an entry without a header against a sheet: each row has just its columns, and each of
// their words is known.
func (m *Mapping) unheaded(i int, rows []PreviewRow) Candidate {
	t := &m.Tables[i]
	c := Candidate{Mapping: m, Table: i}
	n := 0
	for _, r := range rows {
		if len(r.Cells) == 0 {
			continue
		}
		if len(r.Cells) != len(t.Recognise.Unheaded) {
			return c
		}
		for k, cell := range r.Cells {
			if !m.knows(&t.Recognise.Unheaded[k], Word(cell)) {
				return c
			}
		}
		n++
	}
	if n < unheadedRows {
		return c
	}
	c.Unheaded, c.Columns, c.Named = true, len(t.Recognise.Unheaded), len(t.Recognise.Unheaded)
	for _, u := range t.Recognise.Unheaded {
		c.Found = append(c.Found, u.Name)
	}
	return c
}

func (m *Mapping) knows(u *Unheaded, word string) bool {
	if l := m.Codes(u.Codes); word == "" || l != nil && l.Lookup(word) != nil {
		return word != ""
	}
	if u.By == "" {
		return false
	}
	_, ok := schemas.Builtin().Country(u.By, word)
	return ok
}

// layout checks what the table says of its columns beside their headers.
func (c *checker) layout(i int, t *Table) {
	named := t.named()
	for _, letter := range slices.Sorted(maps.Keys(t.Unnamed)) {
		if _, _, ok := diag.ParseCell(letter + "1"); !ok || strings.ToUpper(letter) != letter {
			c.add(diag.MappingSyntax, fmt.Sprintf("%q is no column", letter), "tables", i, "unnamed", letter)
		}
		if !named[t.Unnamed[letter]] {
			c.add(diag.MappingIncomplete, fmt.Sprintf("column %q is neither mapped nor listed under ignore", t.Unnamed[letter]), "tables", i, "unnamed", letter)
		}
	}
	for k, u := range t.Recognise.Unheaded {
		if !named[u.Name] {
			c.add(diag.MappingIncomplete, fmt.Sprintf("column %q is neither mapped nor listed under ignore", u.Name), "tables", i, "recognise", "unheaded", k)
		}
		if u.Codes != "" && c.m.Codes(u.Codes) == nil {
			c.add(diag.MappingCodes, fmt.Sprintf("no codes file codes/%s.csv", u.Codes), "tables", i, "recognise", "unheaded", k, "codes")
		}
	}
	if len(t.Recognise.Unheaded) > 0 && (len(t.Recognise.Headers) > 0 || len(t.Recognise.Above) > 0 || t.Unpivot != nil || t.Header.Rows > 1) {
		c.add(diag.MappingIncomplete, "a table without a header is recognised by nothing else", "tables", i, "recognise", "unheaded")
	}
	for k, s := range t.Skip {
		if (s.Column == "") == (len(s.Only) == 0) {
			c.add(diag.MappingIncomplete, "rows are skipped by the words of a column, or since only some columns hold anything", "tables", i, "skip", k)
		}
	}
}
