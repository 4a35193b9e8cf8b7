package receipt

import (
	"maps"
	"slices"
	"time"

	"palermo/diag"
)

// firstCells is how many cells a line names; the workbook colours all of them.
const firstCells = 5

// maxLines is how many lines a section has before the rest is only counted.
const maxLines = 1000

// Page is a receipt said in a language, in the order in which it is read.
type Page struct {
	Language   string
	Direction  string
	Number     string
	Title      string
	Draft      string // that nobody who speaks the language has approved the texts; empty where somebody has
	State      State
	Word       string // of the state
	Meaning    string
	Facts      []Fact
	Accounts   []Account
	Fix        Lines
	Inform     Lines
	Skipped    []SkippedLine
	Duplicates []DuplicateLine
	Steps      []StepLine

	texts *Catalogue
}

// Text is a text of the page's language that has no placeholder.
func (p *Page) Text(key string) string { return p.texts.Text(key) }

// Fact is one thing about the file.
type Fact struct{ Label, Text string }

// Account is what became of the rows of a sheet.
type Account struct{ Sheet, Read, Accepted, Failed, Skipped string }

// Lines is findings, one line for all that are equal, and how many lines there is no room for.
type Lines struct {
	All  []Line
	More string
}

// Line is one finding as it is told.
type Line struct {
	Code         diag.Code
	Severity     diag.Severity // by which it is coloured: what asks nothing is for information
	Wrong, Right string
	Word         string // the whole sentence; mostly empty
	Sheet        string
	Column       string
	Count        string
	Places       []Place // the first few
	More         string  // how many more there are
}

// Place is a cell to look at.
type Place struct {
	Sheet string
	Cell  Cell
	Name  string
}

// SkippedLine is how many rows of a sheet were skipped for a reason.
type SkippedLine struct{ Sheet, Why, Count string }

// DuplicateLine is rows that may be about one case.
type DuplicateLine struct {
	Sheet  string
	Places []Place
	More   string
}

// StepLine is something to do.
type StepLine struct {
	Step Step
	Text string
}

// NewPage says the input in its language.
func NewPage(in *Input) (*Page, error) {
	c, err := CatalogueOf(in.Language)
	if err != nil {
		return nil, err
	}
	p := &Page{
		Language: c.Language, Direction: c.Direction, Number: in.Number, Title: c.Text("title", "receipt", in.Number),
		State: in.State, Word: c.States[in.State].Word, Meaning: c.States[in.State].Meaning, texts: c,
	}
	if c.Status == StatusDraft {
		p.Draft = c.Text("draft")
	}
	if in.Check {
		p.Meaning = c.Text("check")
	}
	p.Facts = facts(c, in)
	p.accounts(in)
	p.findings(in)
	for _, d := range in.Duplicates {
		p.Duplicates = append(p.Duplicates, p.duplicate(d))
	}
	for _, s := range in.steps() {
		p.Steps = append(p.Steps, StepLine{s, c.Steps[s]})
	}
	return p, nil
}

func facts(c *Catalogue, in *Input) []Fact {
	var out []Fact
	add := func(key, text string) {
		if text != "" {
			out = append(out, Fact{c.Text(key), text})
		}
	}
	add("number", in.Number)
	add("agency", in.Agency)
	add("file", in.Name)
	add("received", Clock(in.Received))
	add("made", Clock(in.Made))
	add("kind", kind(c, in))
	if in.SupersededBy != "" {
		add("state", c.Text("superseded_by", "receipt", in.SupersededBy))
	}
	add("contact", in.Contact)
	return out
}

// kind is what the file does, and who says so.
func kind(c *Catalogue, in *Input) string {
	s := c.Kinds[in.Kind]
	if s == "" {
		return ""
	}
	if in.From != "" && in.To != "" {
		s += ": " + c.Text("period", "from", in.From, "to", in.To)
	}
	if by := c.SaidBy[in.KindBy]; by != "" {
		s += " (" + by + ")"
	}
	return s
}

// Clock is a time to the minute, in the one zone that needs no explanation.
func Clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

func (p *Page) accounts(in *Input) {
	for _, s := range in.Sheets {
		unit := "rows"
		if s.Unit == Cells {
			unit = "cells"
		}
		n := func(k int64) string { return p.texts.Count(unit, k) }
		var skipped int64
		for _, reason := range slices.Sorted(maps.Keys(s.Skipped)) {
			k := s.Skipped[reason]
			skipped += k
			if k > 0 {
				p.Skipped = append(p.Skipped, SkippedLine{s.Name, p.texts.skipped(reason), n(k)})
			}
		}
		p.Accounts = append(p.Accounts, Account{s.Name, n(s.Read), n(s.Loaded), n(s.Rejected), n(skipped)})
	}
}

func (p *Page) findings(in *Input) {
	for _, f := range in.seen() {
		if toFix(f) {
			p.Fix.All = append(p.Fix.All, p.line(f))
		} else {
			p.Inform.All = append(p.Inform.All, p.line(f))
		}
	}
	for _, l := range []*Lines{&p.Fix, &p.Inform} {
		if over := len(l.All) - maxLines; over > 0 {
			l.All, l.More = l.All[:maxLines], p.texts.Count("more", int64(over))
		}
	}
}

func (p *Page) line(f Finding) Line {
	said := p.texts.Findings[f.Code]
	l := Line{
		Code: f.Code, Severity: shade(f), Wrong: said.Wrong, Right: said.Right,
		Sheet: f.Sheet, Column: f.Column, Count: p.texts.Count("places", int64(f.Count)),
	}
	if f.Word != "" {
		l.Word = p.texts.Text("word", "word", f.Word)
	}
	shown := f.Cells[:min(len(f.Cells), firstCells)]
	for _, c := range shown {
		l.Places = append(l.Places, p.place(f.Sheet, c))
	}
	if over := f.Count - len(shown); over > 0 && len(shown) > 0 {
		l.More = p.texts.Count("more", int64(over))
	}
	return l
}

func (p *Page) place(sheet string, c Cell) Place {
	name := c.Name()
	if c.Col == 0 {
		name = p.texts.Text("whole_row", "n", p.texts.Number(int64(c.Row)))
	}
	return Place{sheet, c, name}
}

func (p *Page) duplicate(d Duplicate) DuplicateLine {
	l := DuplicateLine{Sheet: d.Sheet}
	shown := d.Rows[:min(len(d.Rows), firstCells)]
	for _, row := range shown {
		l.Places = append(l.Places, p.place(d.Sheet, Cell{Row: row}))
	}
	if over := len(d.Rows) - len(shown); over > 0 {
		l.More = p.texts.Count("more", int64(over))
	}
	return l
}
