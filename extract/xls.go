package extract

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"

	"palermo/diag"
	"palermo/extract/cell"
)

// Records of BIFF8 that are looked at.
const (
	biffFormula  = 0x0006
	biffEOF      = 0x000a
	biff1904     = 0x0022
	biffFilePass = 0x002f
	biffContinue = 0x003c
	biffSheet    = 0x0085
	biffMulRK    = 0x00bd
	biffRString  = 0x00d6
	biffXF       = 0x00e0
	biffSST      = 0x00fc
	biffLabelSST = 0x00fd
	biffNumber   = 0x0203
	biffLabel    = 0x0204
	biffBoolErr  = 0x0205
	biffString   = 0x0207
	biffRK       = 0x027e
	biffFormat   = 0x041e
	biffBOF      = 0x0809
)

const (
	xlsBytes = 96 << 20 // of the stream, which is held in memory
	xlsRows  = 1 << 16
	xlsCols  = 1 << 8
)

var errXLS = errors.New("the records are not those of a workbook")

func badXLS(format string, a ...any) error {
	return fmt.Errorf("%w: %s", errXLS, fmt.Sprintf(format, a...))
}

// record is one record of the stream.
type record struct {
	typ  uint16
	data []byte
}

// xlsBook is the stream of a workbook, and what its first part says of all sheets.
type xlsBook struct {
	f       *File
	stream  []byte
	strings []string
	formats map[int]cell.Shows // number formats that are the workbook's own
	styles  []cell.Shows       // what each cell style makes of a number
	ifmts   []int              // the number format of each style
	own1904 bool
	ordered map[int]bool // by where a sheet starts: its cells stand in order
}

// openXLS opens a workbook of Excel 97 to 2003.
func (f *File) openXLS(c *compound) error {
	stream, err := c.stream("Workbook", min(f.size, xlsBytes))
	switch {
	case errors.Is(err, errOverLimit) && f.size > xlsBytes:
		return fault(err, diag.FileTooLarge, f.pos(), "the workbook is over the limit of %d bytes", xlsBytes)
	case err != nil:
		return fault(err, diag.FileDamaged, f.pos(), "the workbook cannot be read to its end")
	}
	b := &xlsBook{f: f, stream: stream, formats: map[int]cell.Shows{}, ordered: map[int]bool{}}
	f.format = "xls"
	err = b.globals()
	var bad *Error
	switch {
	case errors.As(err, &bad):
		return err
	case err != nil:
		return fault(err, diag.FileDamaged, f.pos(), "the workbook's list of sheets cannot be read")
	case len(f.sheets) == 0:
		return fault(nil, diag.FileEmpty, f.pos(), "the workbook has no sheet with cells")
	}
	return nil
}

// next is the record at the offset and where the next one begins.
func (b *xlsBook) next(at int) (record, int, error) {
	if at < 0 || at+4 > len(b.stream) {
		return record{}, 0, badXLS("it ends before its last record")
	}
	n := int(binary.LittleEndian.Uint16(b.stream[at+2:]))
	if at+4+n > len(b.stream) {
		return record{}, 0, badXLS("it ends within a record")
	}
	return record{binary.LittleEndian.Uint16(b.stream[at:]), b.stream[at+4 : at+4+n]}, at + 4 + n, nil
}

// begin reads the record that begins a part, and gives its kind.
func (b *xlsBook) begin(at int) (kind uint16, next int, err error) {
	r, next, err := b.next(at)
	switch {
	case err != nil:
		return 0, 0, err
	case r.typ != biffBOF || len(r.data) < 4:
		return 0, 0, badXLS("a part has no beginning")
	case binary.LittleEndian.Uint16(r.data) != 0x0600:
		return 0, 0, fault(nil, diag.FileFormat, b.f.pos(), "this is an .xls workbook%s", tooOld)
	}
	return binary.LittleEndian.Uint16(r.data[2:]), next, nil
}

const (
	biffGlobals   = 0x0005
	biffWorksheet = 0x0010
)

// globals reads the first part of the stream.
func (b *xlsBook) globals() error {
	kind, at, err := b.begin(0)
	if err != nil {
		return err
	}
	if kind != biffGlobals {
		return badXLS("it does not begin with what is about all sheets")
	}
	names := map[string]bool{}
	for {
		r, next, err := b.next(at)
		if err != nil {
			return err
		}
		at = next
		switch r.typ {
		case biffEOF:
			return b.resolve()
		case biffFilePass:
			return fault(nil, diag.FilePassword, b.f.pos(), "the workbook is protected by a password, in the old way that is not read; "+howToLock)
		case biff1904:
			b.own1904 = len(r.data) >= 2 && r.data[0] == 1
		case biffFormat:
			err = b.format(r.data)
		case biffXF:
			if len(r.data) < 4 {
				return badXLS("a short record")
			}
			b.ifmts = append(b.ifmts, int(binary.LittleEndian.Uint16(r.data[2:])))
		case biffSheet:
			err = b.sheet(r.data, names)
		case biffSST:
			at, err = b.sharedStrings(r.data, next)
		}
		if err != nil {
			return err
		}
	}
}

// resolve says of each style what it makes of a number.
func (b *xlsBook) resolve() error {
	for _, id := range b.ifmts {
		how, own := b.formats[id]
		if !own {
			how = cell.BuiltinShows(id)
		}
		b.styles = append(b.styles, how)
	}
	return nil
}

func (b *xlsBook) format(data []byte) error {
	if len(data) < 2 {
		return badXLS("a short record")
	}
	code, err := (&xlsText{rest: data[2:]}).counted(2)
	if err != nil {
		return err
	}
	b.formats[int(binary.LittleEndian.Uint16(data))] = cell.FormatShows(code)
	return nil
}

// sheet adds a sheet, if it is a worksheet.
func (b *xlsBook) sheet(data []byte, names map[string]bool) error {
	if len(data) < 7 {
		return badXLS("a short record")
	}
	name, err := (&xlsText{rest: data[6:]}).counted(1)
	if err != nil {
		return err
	}
	if names[name] {
		return badXLS("two sheets have one name")
	}
	names[name] = true
	if data[5] != 0 { // a chart, a macro sheet, a module
		return nil
	}
	at := int(binary.LittleEndian.Uint32(data))
	s := b.f.newSheet(name)
	s.Hidden = data[4]&3 != 0
	s.rows = func(ctx context.Context) iter.Seq2[Row, error] {
		return func(yield func(Row, error) bool) {
			if err := b.walk(ctx, s, at, yield); err != nil {
				yield(Row{}, err)
			}
		}
	}
	b.f.sheets = append(b.f.sheets, s)
	return nil
}

// walk yields the rows of the sheet that starts there. Its error is not yet yielded.
func (b *xlsBook) walk(ctx context.Context, s Sheet, at int, yield func(Row, error) bool) error {
	kind, begin, err := b.begin(at)
	if err == nil && kind != biffWorksheet {
		err = badXLS("a sheet is none")
	}
	t := &xlsTable{b: b, s: s, ctx: ctx, yield: yield}
	if err == nil {
		err = t.read(begin)
	}
	var bad *Error
	switch {
	case errors.Is(err, errLeft):
		return nil
	case err == nil || errors.As(err, &bad) || ctx.Err() != nil:
		return err
	}
	return fault(err, diag.FileDamaged, s.pos(t.row, 0), "the sheet cannot be read to its end; this is the last row that was found")
}

// xlsTable is one pass over a sheet.
type xlsTable struct {
	b     *xlsBook
	s     Sheet
	ctx   context.Context
	yield func(Row, error) bool

	row   int // the row that cells are being put into, from 1; 0 before the first
	cells []string
	aside []xlsCell // cells of a sheet whose cells are not in the order of rows
	sort  bool
}

// xlsCell is a cell that waits for its place.
type xlsCell struct {
	row, col int
	text     string
}

// read yields the rows. Cells stand row by row in what spreadsheet programs write; where they do not,
// a second pass sorts them.
func (t *xlsTable) read(begin int) error {
	inOrder, err := t.b.inOrder(begin)
	if err != nil {
		return err
	}
	t.sort = !inOrder
	if err := t.b.cells(t.ctx, begin, t.put); err != nil {
		return err
	}
	slices.SortStableFunc(t.aside, func(a, b xlsCell) int { return a.row - b.row })
	t.sort = false
	for _, c := range t.aside {
		if err := t.put(c.row, c.col, c.text); err != nil {
			return err
		}
	}
	return t.flush()
}

// put puts a cell into its row, from 1, and column, from 0.
func (t *xlsTable) put(row, col int, text string) error {
	if t.sort {
		t.aside = append(t.aside, xlsCell{row, col, text})
		return nil
	}
	if row != t.row {
		if err := t.flush(); err != nil {
			return err
		}
		t.row = row
	}
	for len(t.cells) <= col {
		t.cells = append(t.cells, "")
	}
	if t.cells[col] != "" {
		return badXLS("a cell stands twice")
	}
	t.cells[col] = text
	return nil
}

// flush yields the row that is whole.
func (t *xlsTable) flush() error {
	if t.row == 0 {
		return nil
	}
	if t.row%256 == 0 && t.ctx.Err() != nil {
		return t.ctx.Err()
	}
	row := Row{Num: t.row, Cells: trim(t.cells)}
	if err := t.s.checkRow(row); err != nil {
		return err
	}
	if !t.yield(row, nil) {
		return errLeft
	}
	t.cells = t.cells[:0]
	return nil
}

// inOrder reports whether the cells of the sheet stand in the order of their rows.
func (b *xlsBook) inOrder(begin int) (bool, error) {
	if known, ok := b.ordered[begin]; ok {
		return known, nil
	}
	last, ok := 0, true
	err := b.records(begin, func(r record, _ int) error {
		if isCell(r.typ) && len(r.data) >= 2 {
			row := int(binary.LittleEndian.Uint16(r.data))
			ok = ok && row >= last
			last = row
		}
		return nil
	})
	b.ordered[begin] = ok
	return ok, err
}

func isCell(typ uint16) bool {
	switch typ {
	case biffNumber, biffRK, biffMulRK, biffLabelSST, biffLabel, biffRString, biffFormula, biffBoolErr:
		return true
	}
	return false
}

// records calls see for each record of the part, without those of charts within it. see gets where the next
// one begins.
func (b *xlsBook) records(at int, see func(record, int) error) error {
	for depth := 0; ; {
		r, next, err := b.next(at)
		if err != nil {
			return err
		}
		at = next
		switch {
		case r.typ == biffBOF:
			depth++
		case r.typ == biffEOF && depth == 0:
			return nil
		case r.typ == biffEOF:
			depth--
		case depth == 0:
			if err := see(r, next); err != nil {
				return err
			}
		}
	}
}
