package extract

import (
	"bytes"
	"errors"
	"io"
)

var (
	errStrayQuote = errors.New("a quotation mark that opens in this line is not closed where a field ends")
	errLongRecord = errors.New("the record that starts in this line is over the limit")
	errWideRecord = errors.New("the record that starts in this line has more columns than the limit")
)

// lineReader stands between a text and encoding/csv. It turns every line end outside quotation
// marks into LF (CR alone, as old Macs wrote, and runs of CR before LF, as a text converted
// twice has them, count as one), counts lines, and stops at what the lenient csv reader would
// swallow, or take far more memory for than the text has bytes: a quoted field that both holds a stray quotation mark and goes over a line break, or
// that the end of the text leaves open, and a record over the limit of bytes or, beyond a piece of the text, of
// columns.
type lineReader struct {
	src   io.Reader
	delim byte
	limit int64 // bytes handed out beyond base that mean the record is too long
	width int   // columns that mean that it is too wide

	base   int64 // where the current record starts, set by the csv side
	out    int64 // bytes handed out
	lines  int   // line ends handed out
	delims int   // marks between fields since the last line end, as far as whole pieces were looked at
	last   byte  // last byte handed out; '\n' at the start
	quoted bool
	quote  bool // within quotes, the byte before was a quotation mark
	stray  bool // the quoted field holds a stray quotation mark
	broken bool // the quoted field goes over a line break
	opened int  // the line where the quoted field opens
	crs    int  // CRs that wait for what follows them

	in, ready []byte
	buf       [2][]byte
	err       error
}

func newLineReader(src io.Reader, delim byte, limit int64, width int) *lineReader {
	const size = 64 << 10
	return &lineReader{src: src, delim: delim, limit: limit, width: width, last: '\n',
		buf: [2][]byte{make([]byte, size), make([]byte, 0, size+16)}}
}

func (l *lineReader) Read(p []byte) (int, error) {
	for len(l.ready) == 0 && l.err == nil {
		l.fill()
	}
	if len(l.ready) == 0 {
		return 0, l.err
	}
	n := copy(p, l.ready)
	l.ready = l.ready[n:]
	l.out += int64(n)
	if l.out-l.base > l.limit && l.err == nil {
		l.err = errLongRecord
	}
	return n, nil
}

// fill reads a piece of the source and makes the bytes that are handed out for it.
func (l *lineReader) fill() {
	n, err := l.src.Read(l.buf[0])
	l.in = l.buf[0][:n]
	l.ready = l.buf[1][:0]
	for len(l.in) > 0 && l.err == nil {
		if l.quoted {
			l.inside()
		} else {
			l.outside()
		}
	}
	if l.err == nil && err != nil {
		l.err = err
		if err == io.EOF {
			l.end()
		}
	}
	l.buf[1] = l.ready[:0]
}

func (l *lineReader) emit(b ...byte) {
	l.ready = append(l.ready, b...)
	l.lines += bytes.Count(b, []byte{'\n'})
	l.last = b[len(b)-1]
}

// count counts the marks between fields of a record that goes over pieces of the text. One within a piece has no
// more than that has bytes.
func (l *lineReader) count(b []byte) {
	if nl := bytes.LastIndexByte(b, '\n'); nl >= 0 {
		l.delims, b = 0, b[nl+1:]
	}
	if l.delims += bytes.Count(b, []byte{l.delim}); l.delims > l.width {
		l.err = errWideRecord
	}
}

// outside takes bytes up to where a quoted field opens.
func (l *lineReader) outside() {
	if l.crs > 0 {
		l.afterCR()
		return
	}
	n := bytes.IndexByte(l.in, '"')
	if n < 0 {
		n = len(l.in)
	}
	if cr := bytes.IndexByte(l.in[:n], '\r'); cr >= 0 {
		n = cr
	}
	if n > 0 {
		l.count(l.in[:n])
		l.emit(l.in[:n]...)
		l.in = l.in[n:]
	}
	if len(l.in) == 0 || l.err != nil {
		return
	}
	c := l.in[0]
	l.in = l.in[1:]
	if c == '\r' {
		l.crs = 1
		return
	}
	if l.last == '\n' || l.last == l.delim {
		l.quoted, l.quote, l.stray, l.broken, l.opened = true, false, false, false, l.lines+1
	}
	l.emit(c)
}

// afterCR decides what the CRs before the next byte were.
func (l *lineReader) afterCR() {
	switch l.in[0] {
	case '\r':
		l.crs++
		l.in = l.in[1:]
	case '\n':
		l.crs, l.delims = 0, 0
		l.emit('\n')
		l.in = l.in[1:]
	default:
		l.endCRs()
	}
}

func (l *lineReader) endCRs() {
	for ; l.crs > 0; l.crs-- {
		l.emit('\n')
	}
	l.delims = 0
}

// inside takes bytes of a quoted field, up to its end.
func (l *lineReader) inside() {
	if l.quote {
		l.afterQuote()
		return
	}
	n := bytes.IndexByte(l.in, '"')
	whole := n >= 0
	if !whole {
		n = len(l.in) - 1
	}
	piece := l.in[:n+1]
	l.in = l.in[n+1:]
	if bytes.IndexByte(piece, '\n') >= 0 {
		l.broken = true
	}
	l.emit(piece...)
	l.quote = whole
	l.check()
}

// afterQuote decides what the quotation mark before the next byte was.
func (l *lineReader) afterQuote() {
	l.quote = false
	switch c := l.in[0]; c {
	case '"': // two stand for one
		l.emit(c)
		l.in = l.in[1:]
	case l.delim, '\n', '\r':
		l.quoted = false
	default:
		l.stray = true
		l.check()
	}
}

func (l *lineReader) check() {
	if l.stray && l.broken {
		l.err = errStrayQuote
	}
}

// end is called at the end of the text.
func (l *lineReader) end() {
	l.endCRs()
	if l.quoted && !l.quote {
		l.err = errStrayQuote
	}
}

// total is the number of lines, once the end was reached.
func (l *lineReader) total() int {
	if l.last != '\n' {
		return l.lines + 1
	}
	return l.lines
}
