package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"
)

// The sheets of a review workbook, and the columns that are read back.
const (
	reviewGuide   = "Read me"
	reviewSheet   = "Pairs"
	reviewPair    = "Pair"
	reviewVerdict = "Verdict"
	reviewReason  = "Reason"
)

// bookRow is one row of a review workbook: a pair in one of its two orientations.
type bookRow struct {
	number string
	pair   *openPair
	turned bool // the pair's second record stands first
}

// bookColumn is a column of a review workbook that says something of the pair.
type bookColumn struct {
	title string
	width float64
	text  func(r bookRow) string
}

// both makes a column for each of the two records.
func both(title string, width float64, of func(s *side) string) []bookColumn {
	at := func(k int) func(r bookRow) string {
		return func(r bookRow) string {
			if r.turned {
				return of(&r.pair.sides[1-k])
			}
			return of(&r.pair.sides[k])
		}
	}
	return []bookColumn{{title + " 1", width, at(0)}, {title + " 2", width, at(1)}}
}

// bookColumns is what is shown of a pair beside the cells to fill in.
func bookColumns(comparisons []string, withNames bool) []bookColumn {
	out := []bookColumn{
		{"Probability", 11, func(r bookRow) string { return fmt.Sprintf("%.1f %%", 100*r.pair.probability) }},
		{"Evidence in bits", 10, func(r bookRow) string { return fmt.Sprintf("%+.1f", r.pair.bits) }},
		{"Would join", 16, func(r bookRow) string {
			a, b := r.pair.sizes[0], r.pair.sizes[1]
			if r.turned {
				a, b = b, a
			}
			return fmt.Sprintf("%d + %d records", a, b)
		}},
	}
	if withNames {
		out = append(out, both("Name", 24, func(s *side) string { return s.name })...)
		out = append(out, both("Case reference", 16, func(s *side) string { return s.reference })...)
	}
	out = append(out, both("Birth year", 13, func(s *side) string { return s.birth })...)
	out = append(out, both("Sex", 9, func(s *side) string { return s.sex })...)
	out = append(out, both("Citizenship", 12, func(s *side) string { return s.citizenship })...)
	out = append(out, both("Origin", 9, func(s *side) string { return s.origin })...)
	out = append(out, both("Source", 11, func(s *side) string { return s.source })...)
	out = append(out, both("Form", 12, func(s *side) string { return s.form })...)
	out = append(out, both("Registered", 12, func(s *side) string { return s.registered })...)
	for _, c := range comparisons {
		out = append(out, bookColumn{strings.ToUpper(c[:1]) + c[1:], 22, func(r bookRow) string { return r.pair.levels[c] }})
	}
	return append(out, bookColumn{"Found by", 30, func(r bookRow) string { return r.pair.rules }})
}

// bookDigest is of the cells that nobody should change, so that a row whose cells were moved to
// another pair's number is found.
func bookDigest(cells []string) string {
	sum := sha256.Sum256([]byte(strings.Join(cells, "\x1f")))
	return hex.EncodeToString(sum[:8])
}

// writeBook writes the workbook.
func writeBook(w io.Writer, rows []bookRow, columns []bookColumn) (err error) {
	f := excelize.NewFile()
	defer f.Close()
	b := &bookWriter{f: f}
	b.do(func() error { return f.SetSheetName("Sheet1", reviewGuide) })
	b.guide()
	b.do(func() error { _, err := f.NewSheet(reviewSheet); return err })
	b.pairs(rows, columns)
	if b.err != nil {
		return fmt.Errorf("make the workbook: %w", b.err)
	}
	f.SetActiveSheet(0)
	_, err = f.WriteTo(w)
	return err
}

// bookWriter stops at its first error.
type bookWriter struct {
	f   *excelize.File
	err error
}

func (b *bookWriter) do(f func() error) {
	if b.err == nil {
		b.err = f()
	}
}

func (b *bookWriter) style(s *excelize.Style) (id int) {
	b.do(func() (err error) { id, err = b.f.NewStyle(s); return err })
	return id
}

func (b *bookWriter) text(sheet string, col, row int, text string) {
	b.do(func() error { return b.f.SetCellStr(sheet, cellName(col, row), text) })
}

// cellName is a cell's name; both numbers count from 1.
func cellName(col, row int) string {
	name, err := excelize.CoordinatesToCellName(col, row)
	if err != nil {
		panic(err) // our own numbers
	}
	return name
}

// guideLines is the sheet of instructions.
var guideLines = []string{
	"Are these two records of one person?",
	"",
	"Each row of the sheet Pairs is a pair of case records that may be of one person. The computer is not sure: please decide.",
	"Rows at the top settle most. You need not do them all, and need not do them in order.",
	"",
	"1. Look at the two records side by side: the columns end in 1 and 2.",
	"2. Choose a verdict in the yellow cell: same (one person), different (two persons), or unsure (it cannot be decided from this).",
	"3. Write the reason beside it in a few words, without names or case numbers.",
	"4. Save the file, and give it back to who sent it.",
	"",
	"Leave the verdict empty if you have not looked. Unsure is a verdict too: the pair is not asked again.",
	"You may sort or filter whole rows. Please change nothing else: a row whose number and contents do not belong together is not read.",
	"A few pairs are asked again, to see how well verdicts can be repeated. Please decide each row by itself.",
	"",
	"What the columns say",
	"Probability: how likely the two are of one person, by what was compared. 50 % is a coin.",
	"Evidence in bits: the same as a sum. Each bit up doubles the odds, each bit down halves them.",
	"Would join: how many records the two persons have now. A wrong \"same\" mixes up that many.",
	"Name, Birth date, Place and so on: what the comparison found, and in brackets what it adds in bits. Names themselves are not shown unless they were asked for. An empty cell: one of the two does not say.",
	"Registered: the month in which the record was taken. A person can have been trafficked, and registered, more than once: other years, countries or agencies do not make two persons.",
	"",
	"This sheet is about people. Keep it where only stewards can open it, and delete your copy when you have given it back.",
}

func (b *bookWriter) guide() {
	wrap := b.style(&excelize.Style{Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	bold := b.style(&excelize.Style{Font: &excelize.Font{Bold: true, Size: 13}, Alignment: &excelize.Alignment{WrapText: true}})
	for i, line := range guideLines {
		b.text(reviewGuide, 1, i+1, line)
		style := wrap
		if i == 0 || line == "What the columns say" {
			style = bold
		}
		b.do(func() error { return b.f.SetCellStyle(reviewGuide, cellName(1, i+1), cellName(1, i+1), style) })
	}
	b.do(func() error { return b.f.SetColWidth(reviewGuide, "A", "A", 100) })
}

func (b *bookWriter) pairs(rows []bookRow, columns []bookColumn) {
	head := b.style(&excelize.Style{Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"DDE6F0"}},
		Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	fill := b.style(&excelize.Style{Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"FFF6C8"}}, NumFmt: 49,
		Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	plain := b.style(&excelize.Style{NumFmt: 49, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	const fixed = 3
	titles := []string{reviewPair, reviewVerdict, reviewReason}
	widths := []float64{14, 12, 28}
	for _, c := range columns {
		titles, widths = append(titles, c.title), append(widths, c.width)
	}
	for i, t := range titles {
		b.text(reviewSheet, i+1, 1, t)
		letter, _, _ := strings.Cut(cellName(i+1, 1), "1")
		b.do(func() error { return b.f.SetColWidth(reviewSheet, letter, letter, widths[i]) })
	}
	b.do(func() error { return b.f.SetRowHeight(reviewSheet, 1, 32) }) // two lines
	last := max(len(rows)+1, 2)
	for i, r := range rows {
		b.text(reviewSheet, 1, i+2, r.number)
		for k, t := range cellsOfRow(r, columns) {
			b.text(reviewSheet, fixed+k+1, i+2, t)
		}
	}
	b.do(func() error { return b.f.SetCellStyle(reviewSheet, "A2", cellName(len(titles), last), plain) })
	b.do(func() error { return b.f.SetCellStyle(reviewSheet, "B2", cellName(fixed, last), fill) })
	b.do(func() error { return b.f.SetCellStyle(reviewSheet, "A1", cellName(len(titles), 1), head) })
	choice := excelize.NewDataValidation(true)
	choice.Sqref = "B2:" + cellName(2, last)
	choice.SetError(excelize.DataValidationErrorStyleStop, "Verdict", "Please choose same, different or unsure.")
	b.do(func() error { return choice.SetDropList([]string{VerdictSame, VerdictDifferent, VerdictUnsure}) })
	b.do(func() error { return b.f.AddDataValidation(reviewSheet, choice) })
	b.do(func() error {
		return b.f.SetPanes(reviewSheet, &excelize.Panes{Freeze: true, XSplit: fixed, YSplit: 1, TopLeftCell: "D2", ActivePane: "bottomRight"})
	})
	b.do(func() error { return b.f.AutoFilter(reviewSheet, "A1:"+cellName(len(titles), last), nil) })
	landscape := "landscape"
	b.do(func() error {
		return b.f.SetPageLayout(reviewSheet, &excelize.PageLayoutOptions{Orientation: &landscape, FitToHeight: new(int)})
	})
}

func cellsOfRow(r bookRow, columns []bookColumn) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c.text(r)
	}
	return out
}
