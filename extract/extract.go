package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"

	"palermo/diag"
	"palermo/extract/sheet"
)

// Options limits what Open and the reading of a File may use. The zero value of each field
// stands for its default.
type Options struct {
	Name          string // the file's name in places; empty leaves places without a file
	TmpDir        string // for temporary files, should a format need any; the system's by default
	MaxBytes      int64  // of the file; 4 GiB
	MaxUnzipBytes int64  // of a workbook's parts together, inflated; 4 GiB
	MaxPartBytes  int64  // of what of a workbook is held in memory; 256 MiB
	MaxRowBytes   int    // of one record of a text file, or the text of one row; 8 MiB
	MaxCellBytes  int    // of one cell; 1 MiB
	MaxColumns    int    // of one row; 16,384

	Secrets []Secret // what opens files that their sender closed; tried in their order
	Names   []string // names of a workbook that File.Names is to have

	Redacted bool // the file is an extract that Redact wrote; without it such a file is one like any other

	BatchRows       int // rows of a raw batch; 8,192
	DictionaryWords int // distinct words of a column before its batches carry plain text; 65,536
	DictionaryBytes int // and the bytes of those words; 4 MiB
}

func (o Options) withDefaults() Options {
	set := func(n *int, def int) {
		if *n <= 0 {
			*n = def
		}
	}
	set64 := func(n *int64, def int64) {
		if *n <= 0 {
			*n = def
		}
	}
	set64(&o.MaxBytes, 4<<30)
	set64(&o.MaxUnzipBytes, 4<<30)
	set64(&o.MaxPartBytes, 256<<20)
	set(&o.MaxRowBytes, 8<<20)
	set(&o.MaxCellBytes, 1<<20)
	set(&o.MaxColumns, 16384)
	set(&o.BatchRows, 8192)
	set(&o.DictionaryWords, 65536)
	set(&o.DictionaryBytes, 4<<20)
	return o
}

// Error says that a file, or the rest of it, cannot be read, and why: as a finding with its code
// and place, which can be shown to the sender. Errors of the machine (no such file, a failing
// disk, no room for temporary files) are not of this type.
type Error struct {
	Diagnostic diag.Diagnostic
	Err        error // the cause, or nil
}

func (e *Error) Error() string {
	s := "extract: " + e.Diagnostic.String()
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap is the cause, or nil.
func (e *Error) Unwrap() error { return e.Err }

func finding(c diag.Code, p diag.Pos, format string, a ...any) diag.Diagnostic {
	return diag.Diagnostic{Code: c, Severity: diag.Codes[c].Severity, Pos: p, Message: fmt.Sprintf(format, a...)}
}

func fault(cause error, c diag.Code, p diag.Pos, format string, a ...any) *Error {
	return &Error{Diagnostic: finding(c, p, format, a...), Err: cause}
}

// source is the bytes of a file: on a disk, or held in memory where they were decrypted.
type source interface {
	io.ReaderAt
	io.Closer
}

// File is an opened file. It is not safe for two goroutines.
type File struct {
	f      source
	size   int64
	o      Options
	format string
	sheets []Sheet
	names  map[string]string
	notes  diag.List
	book   *sheet.Book // nil where it is no .xlsx
	apart  *apart      // nil where the file is read in this process
	mark   string      // see Mark
	parts  *archive    // nil where it is no archive of files
	member string      // where it is itself one of an archive: which
	secret bool        // its bytes were decrypted: nothing of them is written to a disk
	opened int         // how often a secret opened something, which may hold what another opens
}

// Sheet is one sheet of a workbook, or the whole of a text file. It is valid until its File is
// closed.
type Sheet struct {
	Name   string // empty for a text file; in an archive it begins with the member's name
	No     int    // its place in the file, from 1
	Hidden bool   // hidden sheets are read like others
	Member string // the name of the archive's member that it is of; empty outside archives
	Gone   []int  `json:",omitempty"` // the numbers of rows that Redact left nothing of, rising

	file *File
	rows func(context.Context) iter.Seq2[Row, error]
}

// Row is one row that stands in the file. A row may have no cells with text; a row that a
// workbook leaves out is not a row, but an empty line of a text file is.
type Row struct {
	Num int // the row's number, or the line where the record starts; from 1

	// Cells is the text of each cell, from the first column on, without blank ones at the end.
	// It is valid until the next iteration.
	Cells []string

	Gone bool // it had text, of which Redact left nothing
}

// Open opens the file at path and finds its format and encoding from its content. A text file
// is scanned once for its encoding; a workbook's container is checked to its end. The error is an
// *Error where the file is at fault. The caller closes the File.
func Open(path string, o Options) (*File, error) {
	h, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return OpenFile(h, o)
}

// OpenFile is Open of a file that is open already, and that the File closes from now on.
func OpenFile(h *os.File, o Options) (*File, error) {
	f := &File{f: h, o: o.withDefaults()}
	st, err := h.Stat()
	if err == nil {
		f.size = st.Size()
		err = f.open()
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (f *File) open() error {
	if f.size > f.o.MaxBytes {
		return fault(nil, diag.FileTooLarge, f.pos(), "%d bytes are over the limit of %d", f.size, f.o.MaxBytes)
	}
	if f.o.Redacted {
		return f.openRedacted()
	}
	head := make([]byte, min(f.size, 8192))
	if _, err := f.f.ReadAt(head, 0); err != nil && err != io.EOF {
		return err
	}
	switch kind, why := sniff(head); kind {
	case kindZip:
		return f.openZip()
	case kindCFB:
		return f.openCompound()
	case kindAge:
		return f.openAge()
	case kindOther:
		return fault(nil, diag.FileFormat, f.pos(), "%s", why)
	}
	return f.openText(head)
}

// Sheets is the file's sheets, in their order.
func (f *File) Sheets() []Sheet { return f.sheets }

// Names is what the names that Options asked for refer to, as 'Sheet 1'!$A$1 or as a text in quotes, in an .xlsx or .ods
// that has them. A name that is defined for one sheet is not among them.
func (f *File) Names() map[string]string { return f.names }

// Format is what kind of file it is: "xlsx", "ods", "xls", "zip", or "csv" for any text with
// separated columns.
func (f *File) Format() string { return f.format }

// Notes is what was found about the file so far that did not stop its reading: the encoding
// used, and, once a sheet was read, formulas saved without their result.
func (f *File) Notes() []diag.Diagnostic {
	if f.parts != nil {
		for _, m := range f.parts.members {
			if m.file != nil {
				f.parts.note(m)
			}
		}
	}
	return f.notes.Kept()
}

// Close releases the file, removes its temporary files, and ends the worker that reads it.
func (f *File) Close() error {
	var err error
	if f.apart != nil {
		err = f.apart.close()
	}
	if f.parts != nil {
		err = errors.Join(err, f.parts.close())
	}
	return errors.Join(err, f.f.Close())
}

func (f *File) pos() diag.Pos { return f.at(0, 0) }

// at is a place in a file without sheets; in an archive its member stands for the sheet.
func (f *File) at(row, col int) diag.Pos {
	return diag.Pos{File: f.o.Name, Sheet: f.member, Row: row, Col: col}
}

// newSheet is the next sheet of the file, without its rows. The name is that within a workbook.
func (f *File) newSheet(name string) Sheet {
	s := Sheet{Name: name, No: len(f.sheets) + 1, Member: f.member, file: f}
	if f.member != "" {
		s.Name = f.member
		if name != "" {
			s.Name += "/" + name
		}
	}
	return s
}

// Title is the sheet's name within its workbook; empty for a text file.
func (s Sheet) Title() string {
	if s.Member == "" {
		return s.Name
	}
	return strings.TrimPrefix(strings.TrimPrefix(s.Name, s.Member), "/")
}

// Rows streams the sheet's rows in their order. It can be called again, for a second pass. After
// an error there are no more rows. The error is ctx's, an *Error, or the machine's.
func (s Sheet) Rows(ctx context.Context) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		blanks := 0
		for r, err := range s.rows(ctx) {
			if err == nil {
				_, r.Gone = slices.BinarySearch(s.Gone, r.Num)
				err = s.checkBlanks(&r, &blanks)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// maxBlanks is how many blank cells a sheet may have before others of wide rows, and one more for each byte
// of its file: a workbook names no blank cell, so that a few megabytes of it can stand for billions.
const (
	maxBlanks = 100_000_000
	wideRow   = 64
)

func (s Sheet) checkBlanks(r *Row, blanks *int) error {
	if len(r.Cells) <= wideRow {
		return nil
	}
	for _, c := range r.Cells {
		if c == "" {
			*blanks++
		}
	}
	if int64(*blanks) <= maxBlanks+s.file.size {
		return nil
	}
	err := fault(nil, diag.FileTooLarge, s.pos(r.Num, 0), "the rows down to this one have more than %d blank cells between others", maxBlanks)
	*r = Row{}
	return err
}

func (s Sheet) pos(row, col int) diag.Pos {
	return diag.Pos{File: s.file.o.Name, Sheet: s.Name, Row: row, Col: col}
}

// checkRow applies the limits on one row's columns and cells.
func (s Sheet) checkRow(r Row) error {
	if n := len(r.Cells); n > s.file.o.MaxColumns {
		return fault(nil, diag.RowTooLong, s.pos(r.Num, 0), "%d columns are over the limit of %d", n, s.file.o.MaxColumns)
	}
	for i, c := range r.Cells {
		if len(c) > s.file.o.MaxCellBytes {
			return fault(nil, diag.RowTooLong, s.pos(r.Num, i+1), "a cell of %d bytes is over the limit of %d", len(c), s.file.o.MaxCellBytes)
		}
	}
	return nil
}

// trim cuts blank cells off the end.
func trim(cells []string) []string {
	n := len(cells)
	for n > 0 && isBlank(cells[n-1]) {
		n--
	}
	return cells[:n]
}

type kind int

const (
	kindText kind = iota
	kindZip
	kindCFB
	kindAge
	kindOther
)

// magic is the first bytes of kinds of files that are met in drop folders and are not read.
var magic = []struct {
	prefix, what string
}{
	{"%PDF", "a PDF document"},
	{"PAR1", "a Parquet file"},
	{"ARROW1", "an Arrow file"},
	{"SQLite format 3\x00", "an SQLite database"},
	{"\x1f\x8b", "a gzip archive"},
	{"BZh", "a bzip2 archive"},
	{"\xfd7zXZ\x00", "an xz archive"},
	{"\x28\xb5\x2f\xfd", "a zstd archive"},
	{"7z\xbc\xaf\x27\x1c", "a 7z archive"},
	{"Rar!\x1a\x07", "a RAR archive"},
	{"\x89PNG\r\n\x1a\n", "a picture"},
	{"\xff\xd8\xff", "a picture"},
	{"GIF8", "a picture"},
	{"{\\rtf", "an RTF document"},
	{"\x09\x08\x10\x00", "an .xls workbook" + tooOld},
	{"\x09\x08\x08\x00", "an .xls workbook" + tooOld},
	{"\x09\x04\x06\x00", "an .xls workbook" + tooOld},
	{"\x09\x02\x06\x00", "an .xls workbook" + tooOld},
	{"\x09\x00\x04\x00", "an .xls workbook" + tooOld},
	{"\x7fELF", "a program"},
	{"MZ\x90", "a program"},
}

// sniff tells the kind of a file from its first bytes, and for a kind that is not read what it
// is.
func sniff(head []byte) (kind, string) {
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return kindZip, ""
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return kindCFB, ""
	case bytes.HasPrefix(head, []byte(ageBinary)), bytes.HasPrefix(head, []byte(ageArmored)):
		return kindAge, ""
	}
	for _, m := range magic {
		if bytes.HasPrefix(head, []byte(m.prefix)) {
			return kindOther, "this is " + m.what
		}
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte(bomUTF8)), " \t\r\n")
	switch {
	case markup(text):
		return kindOther, "this is a web page or XML, whatever its name says"
	case bytes.HasPrefix(text, []byte(`{"`)), bytes.HasPrefix(text, []byte(`[{`)):
		return kindOther, "this is JSON"
	}
	return kindText, ""
}

// markup reports whether the text starts with a tag. "<5" is not one.
func markup(text []byte) bool {
	if len(text) < 2 || text[0] != '<' {
		return false
	}
	c := text[1] | 0x20
	return c >= 'a' && c <= 'z' || text[1] == '!' || text[1] == '?'
}
