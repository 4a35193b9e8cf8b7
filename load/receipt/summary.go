package receipt

import (
	"fmt"
	"regexp"
	"strings"

	"palermo/diag"
)

// summary writes the sheet that is added: the page, with each place a link to its cell. All
// cells are text written in line, so that nothing in them is ever a formula.
type summary struct {
	book   *book
	styles *styles
	page   *Page
	rows   strings.Builder
	links  strings.Builder
	cells  strings.Builder // of the row that is being written
	high   int             // how many lines it has
	row    int
	col    int
	moved  map[int]int // rows of a file of text by the number of their line; nil: rows are as they are
}

// runsAsFormula reports whether a program may read the text as a formula when it is typed, pasted or kept as CSV.
func runsAsFormula(text string) bool {
	return text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0]))
}

func (s *summary) next() {
	s.row++
	s.col = 0
}

// widths is how wide the columns are, in letters.
var widths = []int{44, 44, 20, 20, 12, 10, 10, 10, 10, 10, 14}

// begin begins a row. Its height is that of its longest text, since not every program finds it.
func (s *summary) begin() {
	s.next()
	s.high = 1
}

func (s *summary) end() {
	fmt.Fprintf(&s.rows, `<row r="%d" ht="%d" customHeight="1">%s</row>`, s.row, min(15*s.high+3, 400), s.cells.String())
	s.cells.Reset()
}

// lines is how many lines the text takes in the column.
func lines(text string, col int) (n int) {
	width := widths[min(col, len(widths))-1]
	for part := range strings.SplitSeq(text, "\n") {
		n += 1 + len([]rune(part))*10/(9*width)
	}
	return n
}

// maxText is how long a text of a cell may be.
const maxText = 32_767

func (s *summary) cell(l look, text string) {
	s.col++
	if text == "" {
		return
	}
	if runsAsFormula(text) && (l == lookText || l == lookNote) {
		l = lookQuoted
	}
	if r := []rune(text); len(r) > maxText {
		text = string(r[:maxText])
	}
	switch l {
	case lookNote:
	case lookTitle:
		s.high = max(s.high, 2)
	default:
		s.high = max(s.high, lines(text, s.col))
	}
	fmt.Fprintf(&s.cells, `<c r="%s" s="%d" t="inlineStr"><is><t xml:space="preserve">%s</t></is></c>`,
		diag.Cell(s.row, s.col), s.styles.look(l), escapeCell(text))
}

// link is a cell that leads to a place; where the workbook has no such sheet, it is only a text.
func (s *summary) link(text, sheet string, c Cell) {
	no := s.book.sheet(sheet)
	if no < 0 || text == "" || runsAsFormula(text) {
		s.cell(lookText, text)
		return
	}
	s.cell(lookLink, text)
	target := reference(s.book.sheets[no].name) + "!" + c.Name()
	fmt.Fprintf(&s.links, `<hyperlink ref="%s" location="%s" display="%s"/>`, diag.Cell(s.row, s.col), escape(target), escape(text))
}

// reference is the sheet's name as a formula has it.
func reference(sheet string) string { return "'" + strings.ReplaceAll(sheet, "'", "''") + "'" }

// escapeCell is the text of a cell in line. What looks like the form in which a cell holds a sign
// that XML cannot, _x000D_, is kept from being read so.
func escapeCell(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if text[i] == '_' && signCode.MatchString(text[i:]) {
			b.WriteString("_x005F")
		}
		b.WriteByte(text[i])
	}
	return escape(b.String())
}

func (s *summary) line(look look, texts ...string) {
	s.begin()
	for _, t := range texts {
		s.cell(look, t)
	}
	s.end()
}

func (s *summary) heading(key string) {
	s.next()
	s.begin()
	s.cell(lookHeading, s.page.Text(key))
	for range len(widths) - 1 {
		s.col++
		fmt.Fprintf(&s.cells, `<c r="%s" s="%d"/>`, diag.Cell(s.row, s.col), s.styles.look(lookHeading))
	}
	s.end()
}

// head is the headers of a table.
func (s *summary) head(keys ...string) {
	s.begin()
	for _, k := range keys {
		s.cell(lookHead, s.page.Text(k))
	}
	s.end()
}

func (s *summary) none() { s.line(lookNote, s.page.Text("none")) }

// xml is the whole sheet. selected: it is the one that is shown first.
func (s *summary) xml(capped bool) []byte {
	s.top(capped)
	s.accounts()
	s.findings("fix", s.page.Fix)
	s.findings("inform", s.page.Inform)
	s.skipped()
	s.duplicates()
	s.heading("next")
	for _, step := range s.page.Steps {
		s.line(lookNote, step.Text)
	}
	if s.page.Draft != "" {
		s.next()
		s.line(lookNote, s.page.Draft)
	}
	links := ""
	if s.links.Len() > 0 {
		links = "<hyperlinks>" + s.links.String() + "</hyperlinks>"
	}
	var cols strings.Builder
	for i, w := range widths {
		fmt.Fprintf(&cols, `<col min="%d" max="%d" width="%d" customWidth="1"/>`, i+1, i+1, w)
	}
	rtl := ""
	if s.page.Direction == "rtl" {
		rtl = ` rightToLeft="1"`
	}
	return fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<worksheet xmlns="%s"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr><sheetViews><sheetView showGridLines="0" tabSelected="1"%s workbookViewId="0"/></sheetViews><sheetFormatPr defaultRowHeight="15"/>`+
		`<cols>%s</cols><sheetData>%s</sheetData>%s<pageMargins left="0.5" right="0.5" top="0.6" bottom="0.6" header="0.3" footer="0.3"/><pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/></worksheet>`,
		s.book.mainSpace(), rtl, cols.String(), s.rows.String(), links)
}

func (s *summary) top(capped bool) {
	p := s.page
	s.line(lookTitle, p.Title)
	s.line(lookHead, p.Word, p.Meaning)
	for _, f := range p.Facts {
		s.begin()
		s.cell(lookHead, f.Label)
		s.cell(lookText, f.Text)
		s.end()
	}
	s.next()
	s.line(lookNote, p.Text("link_note"))
	s.line(lookNote, p.Text("colour_note"))
	if capped {
		s.line(lookNote, p.Text("cap_note"))
	}
	if s.moved != nil {
		s.line(lookNote, p.Text("text_note"))
	}
}

func (s *summary) accounts() {
	s.heading("accepted")
	if len(s.page.Accounts) == 0 {
		s.none()
		return
	}
	s.head("sheet_name", "rows_accepted", "rows_failed", "rows_skipped", "rows_read")
	for _, a := range s.page.Accounts {
		s.begin()
		s.sheet(a.Sheet)
		for _, text := range []string{a.Accepted, a.Failed, a.Skipped, a.Read} {
			s.cell(lookText, text)
		}
		s.end()
	}
}

// sheet is a sheet's name as a link to it.
func (s *summary) sheet(name string) {
	if name == "" {
		s.link(s.page.Text("whole_file"), name, Cell{1, 1})
		return
	}
	s.link(name, name, Cell{1, 1})
}

func (s *summary) findings(section string, lines Lines) {
	s.heading(section)
	if len(lines.All) == 0 {
		s.none()
		return
	}
	s.head("problem", "right", "sheet_name", "column", "how_often", "where")
	for _, l := range lines.All {
		s.begin()
		wrong := l.Wrong
		if l.Word != "" {
			wrong += "\n" + l.Word
		}
		s.cell(severityLook(l.Severity), wrong)
		s.cell(lookText, l.Right)
		if l.Sheet == "" && len(l.Places) > 0 {
			s.cell(lookText, "") // a file of text has one sheet, and it has no name
		} else {
			s.sheet(l.Sheet)
		}
		s.cell(lookText, l.Column)
		s.cell(lookText, l.Count)
		s.places(l.Places, l.More)
		s.end()
	}
	if lines.More != "" {
		s.line(lookNote, lines.More)
	}
}

// severityLook is the colour of a line, which is that of its cells.
func severityLook(severity diag.Severity) look {
	switch severity {
	case diag.Info:
		return lookInfo
	case diag.Warning:
		return lookWarning
	}
	return lookError
}

func (s *summary) places(places []Place, more string) {
	for _, p := range places {
		cell := p.Cell
		name := p.Name
		if row, ok := s.moved[cell.Row]; ok {
			cell.Row = row
			if cell.Col > 0 {
				name = cell.Name()
			}
		}
		s.link(name, p.Sheet, cell)
	}
	s.cell(lookText, more)
}

func (s *summary) skipped() {
	s.heading("skipped")
	if len(s.page.Skipped) == 0 {
		s.none()
		return
	}
	s.head("reason", "sheet_name", "how_often")
	for _, k := range s.page.Skipped {
		s.begin()
		s.cell(lookText, k.Why)
		s.sheet(k.Sheet)
		s.cell(lookText, k.Count)
		s.end()
	}
}

func (s *summary) duplicates() {
	s.heading("duplicates")
	if len(s.page.Duplicates) == 0 {
		s.none()
		return
	}
	s.line(lookNote, s.page.Text("duplicates_note"))
	s.head("sheet_name", "where")
	for _, d := range s.page.Duplicates {
		s.begin()
		s.sheet(d.Sheet)
		s.places(d.Places, d.More)
		s.end()
	}
}

// signCode is what a program reads as one sign: _x, four digits of sixteen, _.
var signCode = regexp.MustCompile(`^_x[0-9A-Fa-f]{4}_`)
