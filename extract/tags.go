package extract

import (
	"bufio"
	"bytes"
)

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
