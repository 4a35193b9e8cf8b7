package extract

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// survey reads the structure of a sheet's XML: which rows stand there, which cells each has, of
// which type and style, and which of them hold text. It does not read the text. It is what the
// values from the workbook library are held against, so that none is lost or moved in silence,
// and it knows what the library's row iterator does not say: styles, and rows that stand in the
// file without a value.
type survey struct {
	x       tokens
	strings *stringTable
	rowSeen int
	inData  bool
	done    bool
	cells   []cellMark
}

// cellMark is what the survey says of one cell.
type cellMark struct {
	col   int
	style int
	typ   cellType
	text  bool // it holds text, so a blank value would be a loss
	bare  bool // a formula without a saved result
}

type cellType byte

const (
	typeNumber cellType = iota
	typeBool
	typeDate
	typeText
	typeShared
)

const (
	maxSheetRows = 1 << 20
	maxSheetCols = 1 << 14
)

var errSheet = errors.New("the sheet's XML is not what a sheet holds")

func badSheet(format string, a ...any) error {
	return fmt.Errorf("%w: %s", errSheet, fmt.Sprintf(format, a...))
}

func newSurvey(r io.Reader, st *stringTable) *survey {
	return &survey{x: tokens{r: bufio.NewReaderSize(r, 64<<10)}, strings: st}
}

// next is the number of the next row and its cells, which are valid until the call after. It is
// io.EOF once the sheet was read to its proper end.
func (s *survey) next() (int, []cellMark, error) {
	for !s.done {
		t, err := s.x.next()
		if err == io.EOF {
			s.done = true
			break
		}
		if err != nil {
			return 0, nil, err
		}
		switch name := t.name(); {
		case string(name) == "sheetData":
			s.inData = t.opens()
		case s.inData && t.opens() && string(name) == "row":
			return s.row(t)
		case s.inData && t.kind == tagEmpty && string(name) == "row":
			num, err := s.rowNumber(t)
			return num, nil, err
		}
	}
	if s.x.depth != 0 || !s.x.any {
		return 0, nil, badSheet("it ends before its last element")
	}
	return 0, nil, io.EOF
}

func (s *survey) rowNumber(t token) (int, error) {
	num := s.rowSeen + 1
	if v, ok := t.attr("r"); ok {
		n, err := strconv.Atoi(string(v))
		if err != nil {
			return 0, badSheet("a row has no number after row %d", s.rowSeen)
		}
		num = n
	}
	if num <= s.rowSeen || num > maxSheetRows {
		return 0, badSheet("row %d follows row %d", num, s.rowSeen)
	}
	s.rowSeen = num
	return num, nil
}

func (s *survey) row(t token) (int, []cellMark, error) {
	num, err := s.rowNumber(t)
	if err != nil {
		return 0, nil, err
	}
	s.cells = s.cells[:0]
	depth := s.x.depth
	for {
		t, err := s.x.next()
		if err != nil {
			return 0, nil, unexpected(err)
		}
		if s.x.depth < depth {
			return num, s.cells, nil
		}
		if t.kind == tagClose || string(t.name()) != "c" {
			continue
		}
		if err := s.cell(t, num); err != nil {
			return 0, nil, err
		}
	}
}

func unexpected(err error) error {
	if err == io.EOF {
		return badSheet("it ends before its last element")
	}
	return err
}

// cell reads one cell: t is its opening tag.
func (s *survey) cell(t token, row int) error {
	m, err := s.mark(t, row)
	if err != nil {
		return err
	}
	if t.kind == tagEmpty {
		s.cells = append(s.cells, m)
		return nil
	}
	var value, formula, inline, phonetic bool
	index := -1
	for depth := s.x.depth; s.x.depth >= depth; {
		t, err := s.x.next()
		if err != nil {
			return unexpected(err)
		}
		open := t.opens()
		switch string(t.name()) {
		case "f":
			formula = true
		case "is":
			inline = open
		case "rPh":
			phonetic = open
		case "v":
			if open {
				if index, err = s.x.text(&value); err != nil {
					return err
				}
			}
		case "t":
			if open && inline && !phonetic && m.typ == typeText {
				if _, err = s.x.text(&m.text); err != nil {
					return err
				}
			}
		}
	}
	m.bare = formula && !value && m.typ == typeNumber
	if m.typ == typeShared && value {
		if m.text, err = s.strings.holds(index); err != nil {
			return fmt.Errorf("row %d, column %d: %w", row, m.col, err)
		}
	} else if value && !t.is("t", "inlineStr") {
		m.text = true
	}
	s.cells = append(s.cells, m)
	return nil
}

// mark reads the attributes of a cell's opening tag.
func (s *survey) mark(t token, row int) (cellMark, error) {
	m := cellMark{col: 1}
	if n := len(s.cells); n > 0 {
		m.col = s.cells[n-1].col + 1
	}
	last := m.col - 1
	if v, ok := t.attr("r"); ok {
		var at int
		if m.col, at = cellName(v); at != row {
			return m, badSheet("row %d has a cell of another row", row)
		}
	}
	if m.col <= last || m.col > maxSheetCols {
		return m, badSheet("row %d: column %d follows column %d", row, m.col, last)
	}
	if v, ok := t.attr("s"); ok {
		n, err := strconv.Atoi(string(v))
		if err != nil {
			return m, badSheet("row %d, column %d: its style has no number", row, m.col)
		}
		m.style = n
	}
	v, _ := t.attr("t")
	switch string(v) {
	case "", "n":
		m.typ = typeNumber
	case "b":
		m.typ = typeBool
	case "d":
		m.typ = typeDate
	case "s":
		m.typ = typeShared
	default:
		m.typ = typeText
	}
	return m, nil
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
		if c < '0' || c > '9' || row > maxSheetRows {
			return 0, 0
		}
		row = row*10 + int(c-'0')
	}
	return col, row
}

// stringTable is how many shared strings a workbook has, and which of them hold text.
type stringTable struct {
	n    int
	full []uint64
}

// readStringTable counts the shared strings.
func readStringTable(r io.Reader) (*stringTable, error) {
	st := &stringTable{}
	x := tokens{r: bufio.NewReaderSize(r, 64<<10)}
	var phonetic, text bool
	for {
		t, err := x.next()
		if err == io.EOF {
			if x.depth != 0 {
				return nil, badSheet("the shared strings end before their last element")
			}
			return st, nil
		}
		if err != nil {
			return nil, err
		}
		switch string(t.name()) {
		case "rPh":
			phonetic = t.opens()
		case "t":
			if t.opens() && !phonetic {
				if _, err := x.text(&text); err != nil {
					return nil, err
				}
			}
		case "si":
			if t.opens() {
				text = false
				continue
			}
			st.add(text && t.kind == tagClose)
		}
	}
}

func (st *stringTable) add(text bool) {
	if st.n%64 == 0 {
		st.full = append(st.full, 0)
	}
	if text {
		st.full[st.n/64] |= 1 << (st.n % 64)
	}
	st.n++
}

// holds reports whether the string of that index holds text. An index that the table does not
// have is an error.
func (st *stringTable) holds(i int) (bool, error) {
	if st == nil || i < 0 || i >= st.n {
		return false, badSheet("a shared string that is not in the workbook")
	}
	return st.full[i/64]&(1<<(i%64)) != 0, nil
}

// tokens is a scanner over the tags of an XML part. It keeps to what the parts of workbooks use:
// tags, text, comments, processing instructions and CDATA; a document type is refused.
type tokens struct {
	r     *bufio.Reader
	depth int
	any   bool // a first element was met
	long  []byte
}

type tagKind byte

const (
	tagOpen tagKind = iota
	tagClose
	tagEmpty
)

// token is one tag: its name and attributes, without the angle brackets and slashes. It is valid
// until the next one is read.
type token struct {
	kind tagKind
	b    []byte
}

func (t token) opens() bool { return t.kind == tagOpen }

// name is the tag's name without its prefix.
func (t token) name() []byte {
	b := t.b
	if i := bytes.IndexAny(b, " \t\r\n"); i >= 0 {
		b = b[:i]
	}
	return b[bytes.IndexByte(b, ':')+1:]
}

func (t token) is(attr, value string) bool {
	v, _ := t.attr(attr)
	return string(v) == value
}

// attr is the value of the attribute, which has no prefix.
func (t token) attr(name string) ([]byte, bool) {
	b := t.b
	for {
		i := bytes.IndexByte(b, '=')
		if i < 0 || i+1 >= len(b) {
			return nil, false
		}
		key := bytes.TrimRight(b[:i], " \t\r\n")
		if j := bytes.LastIndexAny(key, " \t\r\n"); j >= 0 {
			key = key[j+1:]
		}
		b = bytes.TrimLeft(b[i+1:], " \t\r\n")
		if len(b) == 0 {
			return nil, false
		}
		end := bytes.IndexByte(b[1:], b[0])
		if end < 0 {
			return nil, false
		}
		if string(key) == name {
			return b[1 : 1+end], true
		}
		b = b[end+2:]
	}
}

// next is the next tag. It is io.EOF at the end of the part.
func (x *tokens) next() (token, error) {
	for {
		if err := x.skipText(); err != nil {
			return token{}, err
		}
		t, tag, err := x.tag()
		if err != nil || tag {
			return t, err
		}
	}
}

// skipText passes over text, up to and with the next angle bracket.
func (x *tokens) skipText() error {
	for {
		_, err := x.r.ReadSlice('<')
		if err != bufio.ErrBufferFull {
			return err
		}
	}
}

// text passes over the text of the element just opened, up to its end or the next tag, which is
// left unread. It sets some where the text is more than white space, and gives the whole number
// that the text is, or -1.
func (x *tokens) text(some *bool) (int, error) {
	n, digits := 0, true
	for {
		b, err := x.r.ReadSlice('<')
		if err != nil && err != bufio.ErrBufferFull {
			return -1, unexpected(err)
		}
		if err == nil {
			b = b[:len(b)-1]
		}
		b = bytes.TrimSpace(b)
		*some = *some || len(b) > 0
		for _, c := range b {
			digits = digits && c >= '0' && c <= '9' && n < 1<<40
			n = n*10 + int(c-'0')
		}
		if err == nil {
			break
		}
	}
	if err := x.r.UnreadByte(); err != nil {
		return -1, err
	}
	if cdata, _ := x.r.Peek(9); string(cdata) == "<![CDATA[" {
		*some = true
		return -1, nil
	}
	if !digits {
		return -1, nil
	}
	return n, nil
}

// tag reads what follows an angle bracket. tag is false for what is no tag of an element.
func (x *tokens) tag() (t token, tag bool, err error) {
	b, err := x.upTo('>')
	if err != nil {
		return token{}, false, unexpected(err)
	}
	switch {
	case bytes.HasPrefix(b, []byte("!--")):
		return token{}, false, x.until(b[3:], "--")
	case bytes.HasPrefix(b, []byte("![CDATA[")):
		return token{}, false, x.until(b[8:], "]]")
	case bytes.HasPrefix(b, []byte("?")):
		return token{}, false, x.until(b[1:], "?")
	case bytes.HasPrefix(b, []byte("!")):
		return token{}, false, badSheet("it declares a document type")
	}
	for unclosedQuote(b) {
		more, err := x.upTo('>')
		if err != nil {
			return token{}, false, unexpected(err)
		}
		x.long = append(append(append(x.long[:0:0], b...), '>'), more...)
		b = x.long
	}
	return x.element(b)
}

func (x *tokens) element(b []byte) (token, bool, error) {
	x.any = true
	switch {
	case len(b) == 0 || x.depth == 0 && b[0] == '/':
		return token{}, false, badSheet("a tag that closes nothing")
	case b[0] == '/':
		x.depth--
		return token{kind: tagClose, b: b[1:]}, true, nil
	case b[len(b)-1] == '/':
		return token{kind: tagEmpty, b: b[:len(b)-1]}, true, nil
	}
	x.depth++
	return token{kind: tagOpen, b: b}, true, nil
}

// maxTag is the longest tag that is read.
const maxTag = 1 << 20

// upTo is the bytes up to the next such byte, without it.
func (x *tokens) upTo(c byte) ([]byte, error) {
	b, err := x.r.ReadSlice(c)
	if err == nil {
		return b[:len(b)-1], nil
	}
	x.long = append(x.long[:0:0], b...)
	for err == bufio.ErrBufferFull && len(x.long) < maxTag {
		b, err = x.r.ReadSlice(c)
		x.long = append(x.long, b...)
	}
	if err != nil {
		return nil, err
	}
	return x.long[:len(x.long)-1], nil
}

// until passes over bytes up to the mark and a closing angle bracket; b is what was read before
// the first one.
func (x *tokens) until(b []byte, mark string) error {
	for !bytes.HasSuffix(b, []byte(mark)) {
		var err error
		if b, err = x.r.ReadSlice('>'); err != nil && err != bufio.ErrBufferFull {
			return unexpected(err)
		}
		b = bytes.TrimSuffix(b, []byte{'>'})
	}
	return nil
}

// unclosedQuote reports whether a tag was cut within the value of an attribute.
func unclosedQuote(b []byte) bool {
	var quote byte
	for _, c := range b {
		switch {
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case c == quote:
			quote = 0
		}
	}
	return quote != 0
}
