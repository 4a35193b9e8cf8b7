package report

import (
	"embed"
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"

	"palermo/load/receipt"
)

//go:embed catalogues/*.yaml
var embedded embed.FS

// Labels says what a code of a list is called in the language of the page.
type Labels func(list, code string) string

// Page is a report said in a language, in the order in which it is read.
type Page struct {
	Language  string
	Direction string
	Title     string
	Subtitle  string
	Warning   string // that the data are made up; mostly empty
	Draft     string
	Tiles     []Tile
	Groups    []Group
	Notes     []string // at the end

	in     *Input
	texts  *receipt.Catalogue
	labels Labels
}

// Tile is one number that a reader wants first.
type Tile struct{ Number, Label string }

// Group is sections under one heading.
type Group struct {
	ID, Title string
	Sections  []Section
}

// Section is one question and its answer.
type Section struct {
	ID, Title string
	Notes     []string // before the figures
	Figures   []Figure
}

// Figure is a chart and the table of the same numbers. One of the two may not be there.
type Figure struct {
	Title  string // mostly empty: that of the section
	Below  bool   // the table has more columns than there is room for beside the chart
	Chart  template.HTML
	Legend []Key
	Table  *Table
}

// Key is what a colour stands for.
type Key struct{ Class, Text string }

// Table is rows under a head. The first cell of a row says what the row is.
type Table struct {
	Caption string
	Head    []string
	Rows    [][]Cell
	More    string
	Grid    bool // cells are marks, and coloured
}

// Wide reports whether a phone has no room for it, so that it is moved below its frame.
func (t *Table) Wide() bool { return len(t.Head) > 3 }

// HeadClass is the class of a head: over numbers it stands where they do.
func (t *Table) HeadClass(i int) string {
	if len(t.Rows) > 0 && t.Rows[0][i].Class == "n" {
		return "n"
	}
	return ""
}

// Cell is one cell of a table.
type Cell struct {
	Text   string
	Class  string // n for a number
	Hidden string // what a screen reader is told instead of a mark
}

// NewPage says the report in the language, with the codes' labels in it.
func NewPage(in *Input, language string, labels Labels) (*Page, error) {
	c, err := receipt.ReadCatalogue(embedded, "catalogues/"+receipt.Match(language)+".yaml")
	if err != nil {
		return nil, fmt.Errorf("read the texts: %w", err)
	}
	p := &Page{Language: c.Language, Direction: c.Direction, in: in, texts: c, labels: labels}
	p.Title = p.Text("title")
	if in.Agency != "" {
		p.Title = c.Text("agency_title", "agency", in.Agency)
	}
	p.Subtitle = c.Text("subtitle", "time", receipt.Clock(in.Made), "run", in.Run)
	if in.Synthetic {
		p.Warning = p.Text("synthetic")
	}
	if c.Status == receipt.StatusDraft {
		p.Draft = p.Text("draft")
	}
	for _, t := range in.Totals {
		p.Tiles = append(p.Tiles, Tile{p.span(t.Low, t.High), p.Text("total_" + t.What)})
	}
	p.group("picture", p.each("ages", p.ages), p.each("purposes", p.purposes), p.each("flows", p.flows), p.each("means", p.means), p.each("law", p.law), p.beside)
	p.group("intake", p.arrivals, p.changes)
	p.group("quality", p.coverage, p.completeness, p.checks, p.findings, p.words)
	p.group("linkage", p.persons, p.weights, p.waterfall, p.levels)
	p.Notes = []string{c.Text("note_hidden", "n", p.number(in.Least), "base", p.number(in.Base)), p.Text("note_assisted")}
	if in.Agency != "" {
		p.Notes[1] = p.Text("note_agency")
	}
	if in.Contact != "" {
		p.Notes = append(p.Notes, p.Text("contact")+": "+in.Contact)
	}
	return p, nil
}

// Text is a text of the page's language that has no placeholder.
func (p *Page) Text(key string) string { return p.texts.Text(key) }

// group adds the sections that there are, and the group where there are any.
func (p *Page) group(id string, sections ...func() *Section) {
	g := Group{ID: id, Title: p.Text("group_" + id)}
	for _, f := range sections {
		if s := f(); s != nil {
			g.Sections = append(g.Sections, *s)
		}
	}
	if len(g.Sections) > 0 {
		p.Groups = append(p.Groups, g)
	}
}

// each is a section with a figure of each source's cases.
func (p *Page) each(id string, figures func(*Cases) []Figure) func() *Section {
	return func() *Section {
		var all []Figure
		for i := range p.in.Cases {
			c := &p.in.Cases[i]
			for k, f := range figures(c) {
				if k == 0 {
					f.Title = c.Source
				}
				all = append(all, f)
			}
		}
		if len(all) == 0 {
			return nil
		}
		return p.section(id, all...)
	}
}

// section begins a section of which the catalogue has the title and, where it does, a note.
func (p *Page) section(id string, figures ...Figure) *Section {
	s := &Section{ID: id, Title: p.Text("title_" + id), Figures: figures}
	if note := p.Text("note_" + id); note != "" {
		s.Notes = append(s.Notes, note)
	}
	return s
}

func (p *Page) number(n int64) string { return p.texts.Number(n) }

// axis is a number of an axis.
func (p *Page) axis(v float64) string {
	if v != math.Trunc(v) {
		return p.decimal(v)
	}
	return p.number(int64(v))
}

// decimal is a number to one digit behind the point.
func (p *Page) decimal(v float64) string {
	s := strconv.FormatFloat(v, 'f', 1, 64)
	if s == "-0.0" {
		s = "0.0"
	}
	return strings.NewReplacer(".", p.Text("point"), "-", "−").Replace(s)
}

// span is a number, or the least and the most that it can be.
func (p *Page) span(low, high int64) string {
	if low == high {
		return p.number(low)
	}
	return p.number(low) + "–" + p.number(high)
}

// hiddenMark stands where a count is hidden, whatever the reason: which of two is the small one says too much.
const hiddenMark = "×"

// count is a count of people, or that it is hidden.
func (p *Page) count(c Count) string {
	if n, shown := c.Number(); shown {
		return p.number(n)
	}
	return hiddenMark
}

// between is the least and the most of a count of people.
func (p *Page) between(s Span) string {
	low, high := p.count(s.Low), p.count(s.High)
	if low == high {
		return low
	}
	return low + "–" + high
}

// height is a count in a chart: below 0 for a hidden one.
func height(c Count) float64 {
	if n, shown := c.Number(); shown {
		return float64(n)
	}
	return -1
}

// share is a part of a whole in whole percent; empty where either is hidden or the whole is nothing.
func (p *Page) share(part, all Count) string {
	n, a := part.Number()
	of, b := all.Number()
	if !a || !b || of == 0 {
		return ""
	}
	return p.percent(float64(n) / float64(of))
}

func (p *Page) percent(v float64) string {
	switch n := math.Round(100 * v); {
	case n == 0 && v > 0:
		return "<1\u202f%"
	case n == 100 && v < 1:
		return ">99\u202f%"
	default:
		return strconv.Itoa(int(n)) + "\u202f%"
	}
}

// label is what a code is called; no code is what is not known.
func (p *Page) label(list, code string) string {
	if code == "" {
		return p.Text("unknown")
	}
	if s := p.labels(list, code); s != "" {
		return s
	}
	return code
}

// table begins a table: its head is texts of the catalogue.
func (p *Page) table(caption string, head ...string) *Table {
	t := &Table{Caption: caption}
	for _, h := range head {
		t.Head = append(t.Head, p.Text(h))
	}
	return t
}

// row adds a row: what it is, and numbers.
func (t *Table) row(what string, numbers ...string) {
	cells := []Cell{{Text: what}}
	for _, n := range numbers {
		cells = append(cells, Cell{Text: n, Class: "n"})
	}
	t.Rows = append(t.Rows, cells)
}

// unit is whom a section counts.
func (p *Page) unit(code string) string { return p.Text("unit_" + code) }

// more says how many there was no room for.
func (p *Page) more(n int) string {
	if n == 0 {
		return ""
	}
	return p.texts.Count("more", int64(n))
}

func years(list []int) []string {
	out := make([]string, len(list))
	for i, y := range list {
		out[i] = strconv.Itoa(y)
	}
	return out
}

// tip is what a pointer is told.
func tip(parts ...string) string {
	return fmt.Sprintf("%s: %s", strings.Join(parts[:len(parts)-1], ", "), parts[len(parts)-1])
}
