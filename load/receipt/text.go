package receipt

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"os"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// TextRow is one row of a file of text, and the number of its line there.
type TextRow struct {
	Line  int
	Cells []string
}

// AnnotateRows writes a file of text as a workbook with its receipt in it. Every cell is text, as it
// stood in the file; one that begins as a formula does is marked as text, so that no program reads it as one.
// dir is where a file may lie for the time of the call. The error is ErrNoWorkbook where the rows do not
// fit into a sheet.
func AnnotateRows(ctx context.Context, rows iter.Seq2[TextRow, error], dir string, w io.Writer, in *Input) (err error) {
	f, err := os.CreateTemp(dir, "receipt-*.xlsx")
	if err != nil {
		return fmt.Errorf("make a file for the receipt: %w", err)
	}
	defer func() {
		f.Close()
		os.Remove(f.Name())
	}()
	made, err := writeRows(ctx, rows, f, dir, places(in))
	if err != nil {
		return err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	return annotate(ctx, f, size, w, textInput(in), made)
}

// places is the lines that the receipt names.
func places(in *Input) map[int]bool {
	out := map[int]bool{}
	for _, f := range in.Findings {
		for _, c := range f.Cells {
			out[c.Row] = true
		}
	}
	for _, d := range in.Duplicates {
		for _, row := range d.Rows {
			out[row] = true
		}
	}
	return out
}

// textSheet is the name of the sheet that the rows are on.
const textSheet = "CSV"

// textInput is the input with the places of a file of text on its one sheet.
func textInput(in *Input) *Input {
	out := *in
	out.Sheets, out.Findings, out.Duplicates = nil, nil, nil
	for _, s := range in.Sheets {
		s.Name = textSheet
		out.Sheets = append(out.Sheets, s)
	}
	for _, f := range in.Findings {
		if len(f.Cells) > 0 {
			f.Sheet = textSheet
		}
		out.Findings = append(out.Findings, f)
	}
	for _, d := range in.Duplicates {
		d.Sheet = textSheet
		out.Duplicates = append(out.Duplicates, d)
	}
	return &out
}

// writeRows writes the rows as a plain workbook. Rows stand one below the other, whatever their lines
// are, so that one whose cell has a line break leaves no blank row behind.
func writeRows(ctx context.Context, rows iter.Seq2[TextRow, error], w io.Writer, dir string, named map[int]bool) (text, error) {
	f := excelize.NewFile(excelize.Options{TmpDir: dir})
	defer f.Close()
	if err := f.SetSheetName("Sheet1", textSheet); err != nil {
		return text{}, err
	}
	plain, err := f.NewStyle(&excelize.Style{NumFmt: 49})
	if err != nil {
		return text{}, err
	}
	// Another style than the plain one, though it looks the same: it is the one that is marked.
	quoted, err := f.NewStyle(&excelize.Style{NumFmt: 49, Alignment: &excelize.Alignment{Horizontal: "left"}})
	if err != nil {
		return text{}, err
	}
	sw, err := f.NewStreamWriter(textSheet)
	if err != nil {
		return text{}, err
	}
	if err := sw.SetColStyle(1, maxCol, plain); err != nil { // what is typed below the rows is text too
		return text{}, err
	}
	made := text{moved: map[int]int{}, quote: []int{quoted}}
	n := 0
	var cells []any
	for r, err := range rows {
		if err != nil {
			return text{}, err
		}
		if n++; n > maxRow || len(r.Cells) > maxCol {
			return text{}, unfit("it has more rows or columns than a sheet")
		}
		if n%4096 == 0 && ctx.Err() != nil {
			return text{}, ctx.Err()
		}
		if named[r.Line] {
			made.moved[r.Line] = n
		}
		cells = cells[:0]
		for _, s := range r.Cells {
			c, err := textCell(s, plain, quoted)
			if err != nil {
				return text{}, err
			}
			cells = append(cells, c)
		}
		if err := sw.SetRow(fmt.Sprintf("A%d", n), cells); err != nil {
			return text{}, err
		}
	}
	if err := sw.Flush(); err != nil {
		return text{}, err
	}
	return made, f.Write(w)
}

// textCell is a cell that is text whatever it holds.
func textCell(s string, plain, quoted int) (any, error) {
	switch {
	case len(s) > maxText && len([]rune(s)) > maxText:
		return nil, unfit("a cell is longer than a workbook can hold")
	case !holdable(s):
		return nil, unfit("a cell has a sign that a workbook cannot hold")
	case runsAsFormula(s):
		return excelize.Cell{StyleID: quoted, Value: s}, nil
	case s == "":
		return nil, nil
	}
	return excelize.Cell{StyleID: plain, Value: s}, nil
}

// holdable reports whether a workbook gives the text back as it is. It holds no control character, and
// reads what looks like the code of one.
func holdable(s string) bool {
	return utf8.ValidString(s) && !twoCodes.MatchString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
	})
}

// twoCodes is the code of half a sign, or one that shares its stroke with the next, which programs read in different ways.
var twoCodes = regexp.MustCompile(`_x[dD][89a-fA-F][0-9a-fA-F]{2}_|_x[0-9a-fA-F]{4}_x[0-9a-fA-F]{4}_`)

// StripRows writes the rows of a receipt of a file of text that came back, as CSV with commas and in
// UTF-8: each cell as it stood in the file, or as the agency has changed it. Blank cells at the end of a row
// are left out. The stamp is nil, and nothing is written, where the workbook is no such receipt.
func StripRows(ctx context.Context, src io.ReaderAt, size int64, dir string, w io.Writer) (*Stamp, error) {
	stamp, err := Recognise(src, size)
	if err != nil || stamp == nil || !stamp.Text {
		return nil, err
	}
	f, err := excelize.OpenReader(io.NewSectionReader(src, 0, size), excelize.Options{TmpDir: dir, RawCellValue: true})
	if err != nil {
		return nil, unfit("the workbook cannot be read")
	}
	defer f.Close()
	sheets := f.GetSheetList()
	at := slices.IndexFunc(sheets, func(s string) bool { return s != stamp.Sheet })
	if at < 0 {
		return nil, unfit("its rows are gone")
	}
	rows, err := f.Rows(sheets[at])
	if err != nil {
		return nil, unfit("its rows cannot be read")
	}
	defer rows.Close()
	out := csv.NewWriter(w)
	for n := 0; rows.Next(); n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		cells, err := rows.Columns()
		if err != nil {
			return nil, unfit("a row cannot be read")
		}
		if err := out.Write(cells); err != nil {
			return nil, err
		}
	}
	out.Flush()
	return stamp, out.Error()
}
