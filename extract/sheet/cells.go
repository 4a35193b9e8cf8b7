package sheet

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"palermo/extract/cell"
)

// cellType is what a cell's value is, as its tag says.
type cellType byte

const (
	typeNumber cellType = iota
	typeBool
	typeDate
	typeText // the result of a formula, or an error
	typeShared
	typeInline
)

func typeOf(t []byte) cellType {
	switch string(t) {
	case "", "n":
		return typeNumber
	case "s":
		return typeShared
	case "b":
		return typeBool
	case "d":
		return typeDate
	case "inlineStr":
		return typeInline
	}
	return typeText
}

// quick reads a cell of one of the forms in which nearly all are written,
//
//	<c r="B7" s="3" t="s"><f>SUM(A7:A9)</f><v>12</v></c>
//	<c r="B7" t="inlineStr"><is><t>text</t></is></c>
//
// where it lies in the buffer and there is nothing particular about it. Else it does nothing and
// is false, and cell reads it, which does the same.
func (r *Reader) quick() bool {
	b := r.s.buf[r.s.pos:r.s.end]
	if len(b) < 8 || b[0] != '<' || b[1] != 'c' || b[2] != ' ' && b[2] != '>' {
		return false
	}
	var ref []byte
	c := cellState{}
	i := 2
	for i+4 < len(b) && b[i] == ' ' && b[i+2] == '=' && b[i+3] == '"' {
		name, from := b[i+1], i+4
		n := bytes.IndexByte(b[from:min(len(b), from+16)], '"')
		if n < 0 {
			return false
		}
		v := b[from : from+n]
		switch name {
		case 'r':
			ref = v
		case 's':
			if c.style = smallNumber(v); c.style < 0 {
				return false
			}
		case 't':
			c.typ = typeOf(v)
		default:
			return false
		}
		i = from + n + 1
	}
	switch {
	case i+1 >= len(b):
		return false
	case b[i] == '/' && b[i+1] == '>':
		if !r.quickAt(ref) {
			return false
		}
		r.s.pos += i + 2
		return true
	case b[i] != '>':
		return false
	}
	v, length := quickValue(b[i+1:], c.typ == typeInline)
	if length == 0 || len(r.used) >= MaxColumns || !r.quickPut(ref, c, v) {
		return false
	}
	r.s.pos += i + 1 + length
	return true
}

// quickValue is the value that a cell has and the length of all that is in it, with its end; 0
// where it is not of one of the usual forms.
func quickValue(b []byte, inline bool) (v []byte, length int) {
	from := 0
	if bytes.HasPrefix(b, []byte("<f>")) {
		n := bytes.IndexByte(b[3:], '<')
		if n < 0 || !bytes.HasPrefix(b[3+n:], []byte("</f>")) {
			return nil, 0
		}
		from = 3 + n + 4
	}
	const preserved = `<is><t xml:space="preserve">`
	open, end := "<v>", "</v></c>"
	if inline {
		open, end = "<is><t>", "</t></is></c>"
		if bytes.HasPrefix(b[from:], []byte(preserved)) {
			open = preserved
		}
	}
	if !bytes.HasPrefix(b[from:], []byte(open)) {
		return nil, 0
	}
	from += len(open)
	n := bytes.IndexByte(b[from:], '<')
	if n < 1 || !bytes.HasPrefix(b[from+n:], []byte(end)) {
		return nil, 0
	}
	return b[from : from+n], from + n + len(end)
}

// quickAt is at where the reference can only be meant in one way.
func (r *Reader) quickAt(ref []byte) bool {
	if ref == nil {
		if r.row.last >= MaxColumns {
			return false
		}
		r.row.last++
		return true
	}
	col, row := cellName(ref)
	if row != r.row.num || col < 1 || col > MaxColumns {
		return false
	}
	r.row.last = col
	return true
}

// quickPut places a value that needs no decoding.
func (r *Reader) quickPut(ref []byte, c cellState, v []byte) bool {
	from := len(r.text)
	room := r.b.o.MaxRowBytes - from - r.row.shared
	if c.typ == typeShared {
		s, ok := r.b.strings.at(smallNumber(v))
		if !ok || len(s) > room || !r.quickAt(ref) {
			return false
		}
		if s != "" {
			r.row.shared += len(s)
			r.used = append(r.used, placed{col: r.row.last, shared: s})
		}
		return true
	}
	plain := len(v) <= min(room, r.b.o.MaxCellBytes)
	if c.typ == typeNumber {
		plain = len(v) <= 32 && room >= 32 && decimal(v)
	} else if plain {
		plain = isPlain(v)
	}
	if !plain || !r.quickAt(ref) {
		return false
	}
	r.text = r.b.appendValue(r.text, v, c)
	r.used = append(r.used, placed{col: r.row.last, from: from, to: len(r.text)})
	return true
}

// isPlain reports whether the text means itself, and is more than white space.
func isPlain(b []byte) bool {
	ascii := true
	for i, c := range b {
		switch {
		case c >= utf8.RuneSelf:
			ascii = false
		case c < ' ' || c == '&' || c == '_' && i+1 < len(b) && b[i+1] == 'x':
			return false
		}
	}
	return b[0] > ' ' && b[len(b)-1] > ' ' && (ascii || utf8.Valid(b))
}

// smallNumber is the whole number that b is, or -1.
func smallNumber(b []byte) int {
	if len(b) == 0 || len(b) > 9 {
		return -1
	}
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// decimal reports whether b has only characters that numbers have.
func decimal(b []byte) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return false
		}
	}
	return true
}

// cellState is what is known of a cell that is being read.
type cellState struct {
	col     int
	style   int
	typ     cellType
	formula bool
	valued  bool // it has a value, which is in scratch
	inline  bool // it has a text of its own, which is added to the row's
}

// cell reads one cell, whatever its form. t is its tag.
func (r *Reader) cell(t tag) error {
	c, err := r.cellTag(t)
	if err != nil {
		return err
	}
	r.atCol = c.col
	if t.kind == tagEmpty {
		return nil
	}
	from := len(r.text)
	r.scratch = r.scratch[:0]
	for depth := len(r.s.depths); ; {
		t, err := r.s.next()
		if err != nil {
			return cutOff(err)
		}
		if t.kind == tagClose && len(r.s.depths) < depth {
			break
		}
		if err := r.cellPart(t, &c); err != nil {
			return err
		}
	}
	return r.finish(c, from)
}

// cellTag reads the attributes of a cell.
func (r *Reader) cellTag(t tag) (c cellState, err error) {
	var ref []byte
	for rest := t.rest; ; {
		name, v, left, err := attr(rest)
		if err != nil {
			return c, err
		}
		if name == nil {
			break
		}
		switch string(name) {
		case "r":
			ref = v
		case "s":
			if c.style, err = strconv.Atoi(string(v)); err != nil {
				return c, malformed("a cell's style has no number")
			}
		case "t":
			c.typ = typeOf(v)
		}
		rest = left
	}
	c.col, err = r.at(ref)
	return c, err
}

// cellPart reads an element in a cell.
func (r *Reader) cellPart(t tag, c *cellState) error {
	limit := r.b.o.MaxCellBytes
	var err error
	switch name := string(t.name); {
	case name == "v" && t.kind == tagOpen:
		if c.valued {
			return malformed("a cell has two values")
		}
		c.valued = true
		r.scratch, err = r.s.text(r.scratch, limit)
		return err
	case name == "is" && t.kind == tagOpen:
		if c.inline {
			return malformed("a cell has two texts")
		}
		c.inline = true
		r.text, err = r.s.richText(t, r.text, limit)
		return err
	case name == "f":
		c.formula = true
	}
	return r.s.skip(t, "row", "c")
}

// finish places what was read of a cell. The row's text from there on is the cell's own.
func (r *Reader) finish(c cellState, from int) error {
	v := r.scratch
	if c.typ != typeText && c.typ != typeInline {
		v = bytes.TrimSpace(v)
	}
	switch {
	case len(r.text) > from: // whatever the tag says, a text is not lost
		if len(v) > 0 && c.typ != typeInline {
			return malformed("a cell has a value and a text")
		}
	case len(v) == 0:
		r.countBare(c)
		return nil
	case c.typ == typeShared:
		i := smallNumber(v)
		s, ok := r.b.strings.at(i)
		if !ok {
			return malformed("a shared string that is not in the workbook")
		}
		return r.putShared(c.col, s)
	default:
		r.text = r.b.appendValue(r.text, v, c)
	}
	return r.putOwn(c.col, from)
}

func (r *Reader) countBare(c cellState) {
	if !c.formula || c.typ != typeNumber {
		return
	}
	if r.bare == 0 {
		r.bareRow, r.bareCol = r.row.num, c.col
	}
	r.bare++
}

// appendValue adds what a value reads as: truths as spreadsheets show them, dates in ISO 8601,
// numbers as the shortest decimal.
func (b *Book) appendValue(to, v []byte, c cellState) []byte {
	switch c.typ {
	case typeBool:
		switch string(v) {
		case "1", "true":
			return append(to, "TRUE"...)
		case "0", "false":
			return append(to, "FALSE"...)
		}
	case typeDate:
		v = bytes.TrimSuffix(v, []byte("Z"))
		v = bytes.TrimSuffix(v, []byte(".000"))
		v = bytes.TrimSuffix(v, []byte("T00:00:00"))
	case typeNumber:
		return b.appendNumber(to, v, c.style)
	default:
		from := len(to)
		return unescape(append(to, v...), from)
	}
	return append(to, v...)
}

// appendNumber adds a number, as the date that its style shows where it does.
func (b *Book) appendNumber(to, v []byte, style int) []byte {
	if style >= 0 && style < len(b.styles) && b.styles[style] != cell.ShowsNumber {
		if f, ok := cell.ParseNumber(v); ok {
			if to, ok := cell.AppendDate(to, f, b.styles[style], b.base1904); ok {
				return to
			}
		}
	}
	return cell.AppendNumber(to, v)
}
