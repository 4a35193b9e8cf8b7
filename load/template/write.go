package template

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// listSheet is the name of the hidden sheet that choices are looked up on.
const listSheet = "palermo lists"

// The cells of the first sheet that are asked for, all in column B.
const (
	rowKind = 5
	rowFrom = 6
	rowTo   = 7
	rowNone = 8
)

// lastRow is the last row of a sheet: what is checked is checked to the end.
const lastRow = 1 << 20

// Write writes the empty workbook of the form.
func Write(w io.Writer, form *Form) error {
	if err := form.check(); err != nil {
		return err
	}
	t, err := textsOf(form.Language)
	if err != nil {
		return err
	}
	f := excelize.NewFile()
	defer f.Close()
	b := &writer{f: f, form: form, texts: t, where: map[string]string{}}
	b.start()
	for i := range form.Sheets {
		b.sheet(&form.Sheets[i])
	}
	for _, sheet := range f.GetSheetList() {
		b.print(sheet)
	}
	b.stamp()
	b.do(f.SetSheetVisible(listSheet, false))
	f.SetActiveSheet(0)
	if b.err != nil {
		return fmt.Errorf("make the template: %w", b.err)
	}
	return f.Write(w)
}

// writer stops at its first error.
type writer struct {
	f     *excelize.File
	form  *Form
	texts *texts
	first string            // name of the first sheet
	lists int               // columns of the sheet of lists that are used
	where map[string]string // where a list of these words stands already
	err   error
}

func (b *writer) do(err error) {
	if b.err == nil {
		b.err = err
	}
}

func (b *writer) text(key string) string { return b.texts.Texts[key] }

func (b *writer) style(s *excelize.Style) int {
	id, err := b.f.NewStyle(s)
	b.do(err)
	return id
}

func (b *writer) put(sheet string, col, row int, text string, style int) {
	if text == "" {
		return
	}
	at := cell(col, row)
	b.do(b.f.SetCellStr(sheet, at, text))
	if style > 0 {
		b.do(b.f.SetCellStyle(sheet, at, at, style))
	}
}

// cell is a cell's name; both numbers count from 1.
func cell(col, row int) string {
	name, err := excelize.CoordinatesToCellName(col, row)
	if err != nil {
		panic(err) // our own numbers
	}
	return name
}

func fill(colour string) excelize.Fill {
	return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{colour}}
}

var wrapped = &excelize.Alignment{Vertical: "top", WrapText: true}

// start makes the first sheet and that of the lists.
func (b *writer) start() {
	b.first = b.text("start")
	for n := 2; b.taken(b.first); n++ {
		b.first = fmt.Sprintf("%s %d", b.text("start"), n)
	}
	b.do(b.f.SetSheetName("Sheet1", b.first))
	_, err := b.f.NewSheet(listSheet)
	b.do(err)
	title := b.style(&excelize.Style{Font: &excelize.Font{Bold: true, Size: 16}})
	label := b.style(&excelize.Style{Font: &excelize.Font{Bold: true}, Alignment: wrapped})
	note := b.style(&excelize.Style{Alignment: wrapped})
	ask := b.style(&excelize.Style{Fill: fill("FFF2B3"), NumFmt: 49, Alignment: wrapped, Border: box})
	day := b.style(&excelize.Style{Fill: fill("FFF2B3"), CustomNumFmt: &isoDay, Alignment: wrapped, Border: box})
	s := b.first
	b.do(b.f.SetColWidth(s, "A", "B", 44))
	b.do(b.f.SetColWidth(s, "C", "C", 60))
	b.put(s, 1, 1, b.form.Title, title)
	b.put(s, 1, 2, b.text("title_note"), 0)
	b.put(s, 1, 3, b.text("draft"), 0)
	for _, q := range []struct {
		row           int
		label, help   string
		answer        string
		style         int
		answerIsFixed bool
	}{
		{rowKind, b.text("kind"), b.text("kind_help"), b.texts.Kinds[kindOrder[0]], ask, true},
		{rowFrom, b.text("from"), b.text("period_help"), "", day, false},
		{rowTo, b.text("to"), b.text("day_help"), "", day, false},
		{rowNone, b.text("none"), b.text("none_help"), b.text("no"), ask, true},
	} {
		b.put(s, 1, q.row, q.label, label)
		b.put(s, 3, q.row, q.help, note)
		b.do(b.f.SetCellStyle(s, cell(2, q.row), cell(2, q.row), q.style))
		b.put(s, 2, q.row, q.answer, q.style)
		b.do(b.f.SetRowHeight(s, q.row, 32))
	}
	var kinds []string
	for _, k := range kindOrder {
		kinds = append(kinds, b.texts.Kinds[k])
	}
	b.validate(s, cell(2, rowKind), &Column{Type: Choice, Words: kinds})
	b.validate(s, cell(2, rowFrom)+":"+cell(2, rowTo), &Column{Type: Day})
	b.validate(s, cell(2, rowNone), &Column{Type: Choice, Words: []string{b.text("yes"), b.text("no")}})
	b.put(s, 1, rowNone+2, b.text("return"), 0)
	if b.form.Contact != "" {
		b.put(s, 1, rowNone+3, b.text("contact")+": "+b.form.Contact, 0)
	}
}

// taken reports whether one of the form's sheets has the name.
func (b *writer) taken(name string) bool {
	for i := range b.form.Sheets {
		if strings.EqualFold(b.form.Sheets[i].Name, name) {
			return true
		}
	}
	return strings.EqualFold(name, listSheet)
}

var (
	isoDay = "yyyy-mm-dd"
	box    = []excelize.Border{{Type: "left", Color: "767676", Style: 1}, {Type: "right", Color: "767676", Style: 1}, {Type: "top", Color: "767676", Style: 1}, {Type: "bottom", Color: "767676", Style: 1}}
)

// sheet makes one table to fill in.
func (b *writer) sheet(s *Sheet) {
	_, err := b.f.NewSheet(s.Name)
	b.do(err)
	head := b.style(&excelize.Style{Font: &excelize.Font{Bold: true}, Fill: fill("E4E4E4"), Alignment: wrapped, Border: box, NumFmt: 49})
	needed := b.style(&excelize.Style{Font: &excelize.Font{Bold: true}, Fill: fill("FFD9A8"), Alignment: wrapped, Border: box, NumFmt: 49})
	example := b.style(&excelize.Style{Font: &excelize.Font{Italic: true, Color: "595959"}, NumFmt: 49})
	row := s.headerRow()
	for i := range s.Columns {
		c := &s.Columns[i]
		letters, err := excelize.ColumnNumberToName(i + 1)
		b.do(err)
		b.do(b.f.SetColStyle(s.Name, letters, b.columnStyle(c.Type)))
		b.do(b.f.SetColWidth(s.Name, letters, letters, float64(min(max(utf8.RuneCountInString(c.Header)+4, 14), 40))))
		style := head
		if c.Required {
			style = needed
		}
		b.header(s, i, style)
		if s.hasExample() {
			b.put(s.Name, i+1, s.top()-1, c.Example, example)
		}
		b.comment(s.Name, cell(i+1, row), b.help(c))
		b.validate(s.Name, cell(i+1, row+1)+":"+cell(i+1, lastRow), c)
	}
	if s.hasExample() {
		b.put(s.Name, 1, s.top()-2, b.text("example"), example)
	}
	b.do(b.f.SetPanes(s.Name, &excelize.Panes{Freeze: true, YSplit: row, TopLeftCell: cell(1, row+1), ActivePane: "bottomLeft"}))
}

// header writes the header of column i. What stands over several columns stands over each of them, so that sorting and filters
// work; a column that has less has its header in each row.
func (b *writer) header(s *Sheet, i, style int) {
	c := &s.Columns[i]
	for k := range s.headerRows() - 1 {
		text := c.Header
		if k < len(c.Above) && c.Above[k] != "" {
			text = c.Above[k]
		}
		b.put(s.Name, i+1, s.top()+k, text, style)
	}
	b.put(s.Name, i+1, s.headerRow(), c.Header, style)
}

// print makes the sheet fit the width of a page.
func (b *writer) print(sheet string) {
	fit, landscape, wide, high := true, "landscape", 1, 0
	b.do(b.f.SetSheetProps(sheet, &excelize.SheetPropsOptions{FitToPage: &fit}))
	b.do(b.f.SetPageLayout(sheet, &excelize.PageLayoutOptions{Orientation: &landscape, FitToWidth: &wide, FitToHeight: &high}))
}

// columnStyle is the format of a column's blank cells, which keeps what is typed from becoming something else.
func (b *writer) columnStyle(t Type) int {
	switch t {
	case Day:
		return b.style(&excelize.Style{CustomNumFmt: &isoDay})
	case Whole:
		return b.style(&excelize.Style{NumFmt: 1})
	case Number:
		return b.style(&excelize.Style{NumFmt: 0})
	}
	return b.style(&excelize.Style{NumFmt: 49})
}

// hint is what a cell of the type may hold, in a few words.
func (b *writer) hint(t Type) string {
	switch t {
	case Day:
		return b.text("day_help")
	case Whole:
		return b.text("a_whole")
	case Number:
		return b.text("a_number")
	case Choice:
		return b.text("choose")
	}
	return ""
}

func (b *writer) help(c *Column) string {
	var lines []string
	for _, s := range []string{c.Help, b.hint(c.Type)} {
		if s != "" {
			lines = append(lines, s)
		}
	}
	if c.Required {
		lines = append(lines, "("+b.text("required")+")")
	}
	if c.Example != "" {
		lines = append(lines, "→ "+c.Example)
	}
	return strings.Join(lines, "\n")
}

func (b *writer) comment(sheet, at, text string) {
	if text == "" {
		return
	}
	b.do(b.f.AddComment(sheet, excelize.Comment{
		Cell: at, Author: "palermo", Width: 320, Height: uint(40 + 18*(strings.Count(text, "\n")+utf8.RuneCountInString(text)/40)),
		Paragraph: []excelize.RichTextRun{{Text: text}},
	}))
}

// validate makes the workbook refuse what cannot stand in the cells.
func (b *writer) validate(sheet, cells string, c *Column) {
	dv := excelize.NewDataValidation(true)
	dv.SetSqref(cells)
	switch c.Type {
	case Text:
		return
	case Choice:
		dv.SetSqrefDropList(b.list(c.Words))
	case Day:
		from, to := c.From, c.To
		if from.IsZero() {
			from = time.Date(1900, 3, 1, 0, 0, 0, 0, time.UTC) // before that, programs disagree about the days
		}
		if to.IsZero() {
			to = time.Date(2100, 12, 31, 0, 0, 0, 0, time.UTC)
		}
		b.do(dv.SetRange(serial(from), serial(to), excelize.DataValidationTypeDate, excelize.DataValidationOperatorBetween))
	case Whole, Number:
		kind := excelize.DataValidationTypeWhole
		if c.Type == Number {
			kind = excelize.DataValidationTypeDecimal
		}
		least, most := -1e12, 1e12
		if c.Min != nil {
			least = *c.Min
		}
		if c.Max != nil {
			most = *c.Max
		}
		b.do(dv.SetRange(least, most, kind, excelize.DataValidationOperatorBetween))
	}
	dv.SetError(excelize.DataValidationErrorStyleStop, cut(b.text("not_listed"), 32), cut(b.text("not_listed_text"), 255))
	b.do(b.f.AddDataValidation(sheet, dv))
}

// serial is a day as workbooks count them.
func serial(day time.Time) float64 {
	return day.Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)).Hours() / 24
}

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

// list writes the words of a choice, and gives where they stand.
func (b *writer) list(words []string) string {
	key := strings.Join(words, "\x00")
	if at := b.where[key]; at != "" {
		return at
	}
	b.lists++
	for i, w := range words {
		b.put(listSheet, b.lists, i+1, w, 0)
	}
	letters, err := excelize.ColumnNumberToName(b.lists)
	b.do(err)
	b.where[key] = fmt.Sprintf("'%s'!$%s$1:$%s$%d", listSheet, letters, letters, len(words))
	return b.where[key]
}
