package transform

import (
	"fmt"
	"slices"
	"strings"

	"palermo/diag"
	"palermo/mappings"
)

// Stated is what a table says of its submission. What it does not say is empty.
type Stated struct {
	Kind     string // a code of the list submission_kind
	From, To string // the period of a full replacement, as ISO 8601 days
	InFile   bool   // a cell or the sheet's name says the kind; else the mapping does
}

// stated checks the dates and forms of what a table says of its submission.
func (c *compiler) stated(s *mappings.Stated) {
	if s == nil {
		return
	}
	day := func(key, word string) {
		if _, bad := parseDate(word, params{}); word != "" && bad != "" {
			c.add(diag.MappingCode, "this is not a day, a month or a year", "submission", key)
		}
	}
	day("from", s.From)
	day("to", s.To)
	forms := func(list string, vs []mappings.StatedCell) {
		for j, v := range vs {
			if _, ok := layouts[v.Form]; !ok {
				c.add(diag.MappingRule, fmt.Sprintf("no form of dates %q", v.Form), "submission", list, j, "form")
			}
		}
	}
	forms("from_cell", s.FromCell)
	forms("from_sheet", s.FromSheet)
}

// Stated is what a table in the file says of its submission. cell gives the text of a cell, of the
// table's own sheet where sheet is "". A cell that cannot be read is added to ds, and says nothing. at is the
// sheet's place, and name its own name.
func (p *Plan) Stated(at diag.Pos, name string, cell func(sheet string, row, col int) string, ds *diag.List) Stated {
	s := p.entry.Stated
	if s == nil {
		return Stated{}
	}
	out := Stated{Kind: s.Kind}
	out.From, _ = edgeDay("from", s.From, "")
	out.To, _ = edgeDay("to", s.To, "")
	read := func(v *mappings.StatedCell, word string, at diag.Pos) {
		if word = mappings.Word(word); word == "" {
			return
		}
		bad := diag.SubmissionPeriod
		ok := false
		switch v.To {
		case "kind":
			bad = diag.SubmissionKind
			out.Kind, ok = p.kind(v, word)
			out.InFile = true
		case "from":
			out.From, ok = edgeDay(v.To, word, v.Form)
		case "to":
			out.To, ok = edgeDay(v.To, word, v.Form)
		}
		if !ok {
			ds.Add(finding(bad, at, "", "what the file says of itself cannot be read"))
		}
	}
	for i := range s.FromCell {
		v := &s.FromCell[i]
		row, col, _ := diag.ParseCell(v.At)
		in := diag.Pos{File: at.File, Sheet: at.Sheet, Row: row, Col: col}
		if v.Sheet != "" {
			in.Sheet = strings.TrimSuffix(at.Sheet, name) + v.Sheet // beside it in the same workbook
		}
		read(v, cell(v.Sheet, row, col), in)
	}
	for i := range s.FromSheet {
		read(&s.FromSheet[i], name, at)
	}
	return out
}

// kind is the code for a word. A word that has none is no kind, whatever the mapping's constant: a
// file that says something else must not replace or take back anything.
func (p *Plan) kind(v *mappings.StatedCell, word string) (code string, ok bool) {
	if l := p.mapping.Codes(v.Codes); v.Codes != "" && l != nil {
		e := l.Lookup(word)
		if e == nil || e.Status() != "" {
			return "", false
		}
		return e.Code, true
	}
	if slices.Contains([]string{"new_cases", "correction", "full_replacement", "withdrawal"}, word) {
		return word, true
	}
	return "", false
}

// edgeDay is the first or last day that a word can mean: a month or a year is a period itself.
func edgeDay(which, word, form string) (string, bool) {
	if word == "" {
		return "", false
	}
	v, bad := parseDate(word, params{form: form})
	if bad != "" {
		return "", false
	}
	if which == "from" {
		return dateText(v.low), true
	}
	return dateText(v.high), true
}
