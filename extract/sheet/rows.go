package sheet

import (
	"context"
	"errors"
	"io"
	"strconv"

	"palermo/diag"
	"palermo/extract/zipfile"
)

// The last row and the last column that a sheet can have.
const (
	MaxRows    = 1 << 20
	MaxColumns = 1 << 14
)

// Row is one row that stands in the sheet. A row may have no cells with text.
type Row struct {
	Num    int // from 1
	Hidden bool

	// Cells is the text of each cell, from the first column on to the last with text; "" where
	// there is none. It is valid until the next call of Next, and must not be changed. The strings
	// themselves may be kept; each holds on to the text of its row, or of some shared strings.
	Cells []string
}

// Reader reads the rows of one sheet, from the first to the last. It is not safe for two
// goroutines. It must be closed.
type Reader struct {
	b     *Book
	sheet Sheet
	in    input
	s     scanner
	state state
	err   error // why there are no more rows
	atCol int   // of the cell that is being read; 0 elsewhere

	row     rowState
	cells   []string // one for each column up to the last one used so far
	used    []placed // the cells of the row with text
	text    []byte   // of these cells, where it is not shared
	scratch []byte
	rows    int   // asked for
	total   int64 // bytes of the text of all rows

	merged     []Range
	hiddenCols []Range
	bare       int // formulas without a saved result
	bareRow    int
	bareCol    int
}

type state byte

const (
	beforeRows state = iota
	inRows
	afterRows
)

// rowState is what is known of the row that is being read.
type rowState struct {
	num     int
	last    int // the column of the last cell
	implied bool
	shared  int // bytes of shared strings
}

// placed is a cell with text: a shared string, or a piece of the row's own text.
type placed struct {
	col      int
	from, to int
	shared   string
}

// Rows starts reading the sheet of that index in Sheets.
func (b *Book) Rows(i int) (*Reader, error) {
	r := &Reader{b: b, sheet: b.Sheets[i]}
	in, err := openPart(r.sheet.part)
	if err != nil {
		return nil, r.fault(err)
	}
	r.in, r.s = in, *newScanner(in)
	return r, nil
}

// errClosed is what a Reader that was closed gives, unless it had come to its end.
var errClosed = errors.New("sheet: the reader is closed")

// Close ends the reading. It may be called again.
func (r *Reader) Close() {
	r.in.Close()
	r.in.ahead = nil
	if r.err == nil {
		r.err = errClosed
	}
}

// Next is the next row. It is io.EOF after the last, once the part was read to its proper end;
// else a *zipfile.Fault, ctx's error, or that of the container's reader.
func (r *Reader) Next(ctx context.Context) (Row, error) {
	if r.err != nil {
		return Row{}, r.err
	}
	if r.rows++; r.rows%256 == 1 {
		r.err = ctx.Err()
	}
	var row Row
	if r.err == nil {
		row, r.err = r.next()
	}
	if r.err == nil || r.err == io.EOF {
		return row, r.err
	}
	r.err = r.fault(r.err)
	return Row{}, r.err
}

// Uncalculated is how many formulas were read so far that were saved without their result, and
// where the first stands. They read as "".
func (r *Reader) Uncalculated() (n, row, col int) { return r.bare, r.bareRow, r.bareCol }

// fault puts an error at the place where reading stands.
func (r *Reader) fault(err error) error {
	at := diag.Pos{Sheet: r.sheet.Name, Row: r.row.num, Col: r.atCol}
	var f *zipfile.Fault
	var bad xmlError
	switch {
	case errors.As(err, &f):
		d := f.Diagnostic
		d.Pos = at
		return &zipfile.Fault{Diagnostic: d, Err: f.Err}
	case errors.Is(err, errDocType):
		return zipfile.NewFault(nil, diag.FileDoctype, at, "the sheet declares a document type")
	case errors.Is(err, errTooLong):
		return zipfile.NewFault(nil, diag.RowTooLong, at, "a cell or a row has more text than the limit")
	case errors.As(err, &bad):
		return zipfile.NewFault(err, diag.FileDamaged, at, "the sheet cannot be read to its end; this is the last place that was found")
	}
	return err
}

// next goes on to the end of the next row.
func (r *Reader) next() (Row, error) {
	for {
		if r.state == inRows {
			row, ok, err := r.nextRow()
			if ok || err != nil {
				return row, err
			}
			continue
		}
		t, err := r.s.next()
		if err != nil {
			if err == io.EOF && r.state == beforeRows {
				err = malformed("it has no place for rows")
			}
			return Row{}, err
		}
		if err := r.part(t); err != nil {
			return Row{}, err
		}
	}
}

// part reads what stands beside the rows.
func (r *Reader) part(t tag) error {
	if t.kind == tagClose {
		return nil
	}
	switch depth := depthIn(t, 0); {
	case len(r.s.depths) == depth:
		if string(t.name) != "worksheet" || t.kind == tagEmpty {
			return malformed("it is no sheet of cells")
		}
		return nil
	case string(t.name) == "sheetData":
		if r.state != beforeRows {
			return malformed("it has two places for rows")
		}
		r.state = afterRows
		if t.kind == tagOpen {
			r.state, r.s.strict = inRows, true
		}
		return nil
	case string(t.name) == "cols" && t.kind == tagOpen:
		return r.columns()
	case string(t.name) == "mergeCells" && t.kind == tagOpen:
		return r.mergedCells()
	}
	return r.s.skip(t, "sheetData")
}

// nextRow reads a row; ok is false where there are no more.
func (r *Reader) nextRow() (Row, bool, error) {
	r.atCol = 0
	t, err := r.s.next()
	if err != nil {
		return Row{}, false, cutOff(err)
	}
	switch {
	case t.kind == tagClose:
		r.state, r.s.strict = afterRows, false
		return Row{}, false, nil
	case string(t.name) != "row":
		return Row{}, false, r.s.skip(t, "row", "c")
	}
	row, err := r.rowTag(t)
	if err != nil {
		return Row{}, false, err
	}
	for i := range r.used {
		r.cells[r.used[i].col-1] = ""
	}
	r.used, r.text = r.used[:0], r.text[:0]
	if t.kind == tagOpen {
		if err := r.readCells(); err != nil {
			return Row{}, false, err
		}
	}
	row.Num = r.row.num
	err = r.place(&row)
	return row, err == nil, err
}

// readCells reads the cells of the row that was opened, to its end.
func (r *Reader) readCells() error {
	for {
		if r.quick() {
			continue
		}
		t, err := r.s.next()
		if err != nil {
			return cutOff(err)
		}
		if t.kind == tagClose {
			return nil
		}
		if string(t.name) == "c" {
			err = r.cell(t)
		} else {
			err = r.s.skip(t, "row", "c")
		}
		if err != nil {
			return err
		}
		r.atCol = 0
	}
}

// rowTag reads what the tag of a row says. A row without a number follows the one before.
func (r *Reader) rowTag(t tag) (row Row, err error) {
	num, implied := r.row.num+1, true
	for rest := t.rest; ; {
		name, v, left, err := attr(rest)
		if err != nil {
			return row, err
		}
		if name == nil {
			break
		}
		switch string(name) {
		case "r":
			implied = false
			if num, err = strconv.Atoi(string(v)); err != nil {
				return row, malformed("a row has no number")
			}
		case "hidden":
			row.Hidden = isTrue(string(v))
		}
		rest = left
	}
	if num <= r.row.num || num > MaxRows {
		return row, malformed("row %d follows row %d", num, r.row.num)
	}
	r.row = rowState{num: num, implied: implied}
	return row, nil
}

// place puts the texts of the row into its cells.
func (r *Reader) place(row *Row) error {
	if len(r.used) == 0 {
		return nil
	}
	own, last := string(r.text), 0
	for i := range r.used {
		p := &r.used[i]
		for p.col > len(r.cells) {
			r.cells = append(r.cells, "")
		}
		if r.cells[p.col-1] != "" {
			r.atCol = p.col
			return malformed("two cells stand on one place")
		}
		if p.shared != "" {
			r.cells[p.col-1] = p.shared
			p.shared = ""
		} else {
			r.cells[p.col-1] = own[p.from:p.to]
		}
		last = max(last, p.col)
	}
	r.total += int64(len(r.text) + r.row.shared)
	if r.total > r.b.o.MaxTextBytes {
		return zipfile.NewFault(nil, diag.FileTooLarge, diag.Pos{}, "the text of the sheet is over the limit")
	}
	row.Cells = r.cells[:last]
	return nil
}

// at says where the next cell stands: at its reference, or beside the cell before.
func (r *Reader) at(ref []byte) (col int, err error) {
	col = r.row.last + 1
	if ref != nil {
		var row int
		if col, row = cellName(ref); row != r.row.num {
			if !r.row.implied || r.row.last > 0 || row < r.row.num || row > MaxRows {
				return 0, malformed("row %d has a cell of another row", r.row.num)
			}
			r.row.num = row
		}
	}
	if col < 1 || col > MaxColumns {
		return 0, malformed("a cell of row %d is in no column that a sheet has", r.row.num)
	}
	r.row.last = col
	return col, nil
}

// putShared places a shared string.
func (r *Reader) putShared(col int, s string) error {
	if s == "" {
		return nil
	}
	r.row.shared += len(s)
	return r.put(placed{col: col, shared: s})
}

// putOwn places the text that was added to the row's since from.
func (r *Reader) putOwn(col, from int) error {
	if len(r.text) == from {
		return nil
	}
	return r.put(placed{col: col, from: from, to: len(r.text)})
}

func (r *Reader) put(p placed) error {
	r.used = append(r.used, p)
	if len(r.used) > MaxColumns {
		return malformed("row %d has two cells on one place", r.row.num)
	}
	if len(r.text)+r.row.shared > r.b.o.MaxRowBytes {
		r.atCol = p.col
		return errTooLong
	}
	return nil
}

// cellName reads a cell's name, as F42; zeros where it is none.
func cellName(b []byte) (col, row int) {
	i := 0
	for ; i < len(b) && i < 4; i++ {
		c := b[i] &^ 0x20
		if c < 'A' || c > 'Z' {
			break
		}
		col = col*26 + int(c-'A') + 1
	}
	for _, c := range b[i:] {
		if c < '0' || c > '9' || row > MaxRows {
			return 0, 0
		}
		row = row*10 + int(c-'0')
	}
	return col, row
}
