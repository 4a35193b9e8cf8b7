package extract

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"palermo/diag"
)

// What goes over the pipes between a parent and the worker that reads a file for it. The parent
// sends requests, a line of JSON each; the worker answers with frames: a byte for the kind, the
// length of the payload in four bytes, the payload. All that a worker sends is held against limits
// before it is believed.

// request is what the parent asks for: one of them.
type request struct {
	Open *Options `json:"open,omitempty"` // first
	Rows int      `json:"rows,omitempty"` // the rows of the sheet of this number
	Stop bool     `json:"stop,omitempty"` // no more of them
}

// Kinds of frames.
const (
	frameOpened = 'O' // opened, as JSON
	frameRows   = 'R' // a block of rows
	frameEnd    = 'E' // no more rows; opened again, for its notes
	frameFault  = 'F' // the finding that ends the reading, as JSON
)

const (
	frameHead  = 5
	maxFrame   = 32 << 20
	maxRowText = 16 << 20 // of one row's cells together

	blockRows = 1024
	blockText = 512 << 10
	firstRows = 32 // of the first block: a preview wants no more

	maxSheets   = 10_000
	maxName     = 1 << 10 // bytes of a sheet's name, and of what a name of the workbook refers to
	maxMessage  = 500
	maxNotes    = 10_000
	maxNoteRows = 1 << 40
)

// opened is what the worker says of the file.
type opened struct {
	Format string            `json:"format"`
	Sheets []Sheet           `json:"sheets,omitempty"`
	Names  map[string]string `json:"names,omitempty"`
	Notes  []diag.Diagnostic `json:"notes,omitempty"`
	Mark   string            `json:"mark,omitempty"`
}

// frameWriter writes frames.
type frameWriter struct {
	w    io.Writer
	head [frameHead]byte
}

func (f *frameWriter) write(kind byte, parts ...[]byte) error {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	if n > maxFrame {
		return fmt.Errorf("a frame of %d bytes", n)
	}
	f.head[0] = kind
	binary.LittleEndian.PutUint32(f.head[1:], uint32(n))
	if _, err := f.w.Write(f.head[:]); err != nil {
		return err
	}
	for _, p := range parts {
		if _, err := f.w.Write(p); err != nil {
			return err
		}
	}
	return nil
}

func (f *frameWriter) json(kind byte, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return f.write(kind, b)
}

// errNonsense says that a worker sent what no worker sends.
var errNonsense = errors.New("sent what no reader of a file sends")

// frameReader reads frames. A payload is valid until the next.
type frameReader struct {
	r    *bufio.Reader
	buf  []byte
	head [frameHead]byte
}

func (f *frameReader) next() (kind byte, payload []byte, err error) {
	if _, err := io.ReadFull(f.r, f.head[:]); err != nil {
		return 0, nil, err
	}
	n := int(binary.LittleEndian.Uint32(f.head[1:]))
	if n > maxFrame {
		return 0, nil, errNonsense
	}
	if n > cap(f.buf) {
		f.buf = make([]byte, max(n, blockText+blockText/4))
	}
	f.buf = f.buf[:n]
	if _, err := io.ReadFull(f.r, f.buf); err != nil {
		return 0, nil, err
	}
	return f.head[0], f.buf, nil
}

// block is rows on their way: first, for each row, its number as the step from the row before, how
// many cells it has and the length of each; then the text of all cells.
type block struct {
	rows  int
	last  int // the number of the last row
	shape []byte
	text  []byte
}

// add adds a row, and reports whether its text is UTF-8.
func (b *block) add(r Row) bool {
	b.shape = binary.AppendUvarint(b.shape, uint64(r.Num-b.last))
	b.shape = binary.AppendUvarint(b.shape, uint64(len(r.Cells)))
	start, shape, text := len(b.text), b.shape, b.text
	for _, c := range r.Cells {
		if len(c) < 0x80 { // nearly always
			shape = append(shape, byte(len(c)))
		} else {
			shape = binary.AppendUvarint(shape, uint64(len(c)))
		}
		text = append(text, c...)
	}
	b.shape, b.text = shape, text
	b.last = r.Num
	b.rows++
	return utf8.Valid(text[start:])
}

// write sends the block and empties it.
func (b *block) write(f *frameWriter) error {
	var head [2 * binary.MaxVarintLen64]byte
	n := binary.PutUvarint(head[:], uint64(b.rows))
	n += binary.PutUvarint(head[n:], uint64(len(b.shape)))
	err := f.write(frameRows, head[:n], b.shape, b.text)
	b.rows, b.shape, b.text = 0, b.shape[:0], b.text[:0]
	return err
}

// blockReader takes blocks of one pass over a sheet apart. Nothing in a payload is believed: each
// length and number is held against what is left and what a sheet can have.
type blockReader struct {
	o        Options
	rowsLeft int64 // of the pass
	textLeft int64

	last  int // the number of the row before
	rows  int // left in the block
	shape []byte
	text  string
	cells []string
}

// take begins with a block's payload, which it does not keep.
func (b *blockReader) take(payload []byte) error {
	rows, n := binary.Uvarint(payload)
	if n <= 0 {
		return errNonsense
	}
	shape, k := binary.Uvarint(payload[n:])
	if k <= 0 || shape > uint64(len(payload)-n-k) || rows > shape/2 || rows == 0 {
		return errNonsense
	}
	payload = payload[n+k:]
	b.rows, b.shape, b.text = int(rows), append(b.shape[:0], payload[:shape]...), string(payload[shape:])
	b.rowsLeft -= int64(rows)
	b.textLeft -= int64(len(b.text))
	if b.rowsLeft < 0 || b.textLeft < 0 || !utf8.ValidString(b.text) {
		return errNonsense
	}
	return nil
}

// row is the next row of the block, and false where there is none. Its cells are valid until the
// next call; their text for good.
func (b *blockReader) row() (Row, bool, error) {
	if b.rows == 0 {
		if len(b.shape)+len(b.text) > 0 {
			return Row{}, false, errNonsense
		}
		return Row{}, false, nil
	}
	b.rows--
	step, n := binary.Uvarint(b.shape)
	if n <= 0 || step == 0 || step > maxNoteRows || b.last+int(step) > maxNoteRows {
		return Row{}, false, errNonsense
	}
	b.last += int(step)
	cells, k := binary.Uvarint(b.shape[n:])
	if k <= 0 || cells > uint64(b.o.MaxColumns) || cells > uint64(len(b.shape)-n-k) {
		return Row{}, false, errNonsense
	}
	if b.shape = b.shape[n+k:]; !b.split(int(cells)) {
		return Row{}, false, errNonsense
	}
	return Row{Num: b.last, Cells: trim(b.cells)}, true, nil
}

// split takes the next cells off the text, and reports whether they can be what they say they are.
func (b *blockReader) split(n int) bool {
	shape, text, out := b.shape, b.text, b.cells[:0]
	for range n {
		if len(shape) == 0 {
			return false
		}
		size := int(shape[0])
		if size < 0x80 { // nearly always
			shape = shape[1:]
		} else {
			v, k := binary.Uvarint(shape)
			if k <= 0 || v > uint64(b.o.MaxCellBytes) {
				return false
			}
			size, shape = int(v), shape[k:]
		}
		if size > len(text) || size > b.o.MaxCellBytes || size < len(text) && !utf8.RuneStart(text[size]) { // no letter is cut
			return false
		}
		out, text = append(out, text[:size]), text[size:]
	}
	b.shape, b.text, b.cells = shape, text, out
	return true
}

// checkOpened holds what a worker says of a file against what a file can be, and what was asked for.
func checkOpened(o *opened, asked []string) error {
	if len(o.Sheets) == 0 || len(o.Sheets) > maxSheets || len(o.Format) > 16 || strings.Trim(o.Format, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return errNonsense
	}
	for name, text := range o.Names {
		if !slices.Contains(asked, name) || !isName(text) || strings.ContainsFunc(text, isControl) {
			return errNonsense
		}
	}
	if len(o.Mark) > maxMark || !utf8.ValidString(o.Mark) || strings.ContainsFunc(o.Mark, isControl) {
		return errNonsense
	}
	for i, s := range o.Sheets {
		if !slices.IsSorted(s.Gone) || !isName(s.Name) || !strings.HasPrefix(s.Name, s.Member) || s.No < 1 || i > 0 && s.No <= o.Sheets[i-1].No {
			return errNonsense
		}
	}
	return nil
}

// notOfFiles is what codes are about that no reading of a file finds; notFound is codes of files that
// are found without reading them, and decide something.
var (
	notOfFiles = []string{"home", "config", "mapping", "lake", "snapshot", "balance", "review", "link", "submission", "record", "source", "template", "vintage", "agreement"}
	notFound   = []diag.Code{diag.FileWithdrawn, diag.FileDuplicate, diag.FileSource, diag.FileAgreement, diag.FileNoAgency, diag.FileChanging}
)

// checkFinding makes a worker's finding one of ours: of a code about files, at a place that the file
// can have, with a message that can be shown.
func checkFinding(d *diag.Diagnostic, f *File) error {
	entry, known := diag.Codes[d.Code]
	about, _, _ := strings.Cut(string(d.Code), ".")
	if !known || slices.Contains(notOfFiles, about) || slices.Contains(notFound, d.Code) {
		return errNonsense
	}
	if len(d.Message) > maxMessage || !utf8.ValidString(d.Message) || strings.ContainsFunc(d.Message, isControl) {
		return errNonsense
	}
	p := &d.Pos
	if p.Row < 0 || p.Col < 0 || p.Row > maxNoteRows || p.Col > 1<<20 || !f.canFindAt(d.Code, p.Sheet) {
		return errNonsense
	}
	d.Severity, d.Field, d.Value, p.File = entry.Severity, "", "", f.o.Name
	return nil
}

// canFindAt reports whether a finding can be at a sheet of that name: one of the file's, or, where not
// all that has a name is a sheet that is read, any.
func (f *File) canFindAt(c diag.Code, sheet string) bool {
	if sheet == "" || slices.ContainsFunc(f.sheets, func(s Sheet) bool { return s.Name == sheet }) {
		return true
	}
	return isName(sheet) && (f.format == "" || f.format == "zip" || c == diag.SheetSkipped)
}

// isName reports whether a text can be the name of a sheet, or of a member of an archive.
func isName(s string) bool { return len(s) <= maxName && utf8.ValidString(s) }

func isControl(r rune) bool { return r < ' ' || r == 0x7f }
