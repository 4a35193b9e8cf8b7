package extract

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The name spaces of OpenDocument, by the prefix that they have here whatever a file calls them.
var odsSpaces = map[string]string{
	"urn:oasis:names:tc:opendocument:xmlns:office:1.0":                     "office",
	"urn:oasis:names:tc:opendocument:xmlns:table:1.0":                      "table",
	"urn:oasis:names:tc:opendocument:xmlns:text:1.0":                       "text",
	"urn:oasis:names:tc:opendocument:xmlns:style:1.0":                      "style",
	"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0":                   "manifest",
	"urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0": "calcext",
}

const (
	odsDepth = 256     // elements within each other
	odsToken = 4 << 20 // bytes of one tag or one run of text
)

var errODS = errors.New("the XML is not that of a spreadsheet")

func badODS(format string, a ...any) error {
	return fmt.Errorf("%w: %s", errODS, fmt.Sprintf(format, a...))
}

// odsTokens goes over XML, token by token. It is strict: what is open is closed in its order, there is
// no document type, and neither depth nor the length of a token is without limit.
type odsTokens struct {
	dec    *xml.Decoder
	in     *tokenReader
	spaces map[string]string // prefixes of the file to ours
	open   []string          // the elements that are open, outermost first
	start  xml.StartElement
	text   xml.CharData
}

// tokenReader counts the bytes that went into the token being read.
type tokenReader struct {
	r    *bufio.Reader
	n    int
	last [2]byte // the bytes that were read last
}

var errLongToken = badODS("a tag or a text of more than %d bytes", odsToken)

func (t *tokenReader) ReadByte() (byte, error) {
	if t.n++; t.n > odsToken {
		return 0, errLongToken
	}
	b, err := t.r.ReadByte()
	t.last[0], t.last[1] = t.last[1], b
	return b, err
}

// Read is not called: the decoder reads byte by byte, so that it is never ahead of its tokens.
func (t *tokenReader) Read([]byte) (int, error) { return 0, errors.ErrUnsupported }

func newODSTokens(r io.Reader) *odsTokens {
	in := &tokenReader{r: bufio.NewReaderSize(r, 64<<10)}
	return &odsTokens{dec: xml.NewDecoder(in), in: in, spaces: map[string]string{}}
}

type odsKind int

const (
	odsStart odsKind = iota
	odsEnd
	odsText
)

// next is the next tag or text. The start tag and the text are valid until the call after. At the
// end of the XML it is io.EOF.
func (x *odsTokens) next() (odsKind, string, error) {
	for {
		x.in.n = 0
		tok, err := x.dec.RawToken()
		switch {
		case err == io.EOF && len(x.open) > 0:
			return 0, "", io.ErrUnexpectedEOF
		case err != nil:
			return 0, "", err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if len(x.open) == odsDepth {
				return 0, "", badODS("elements are nested too deep")
			}
			if len(x.open) < 3 {
				x.declare(t.Attr)
			}
			name := x.name(t.Name)
			x.open = append(x.open, name)
			x.start = t
			return odsStart, name, nil
		case xml.EndElement:
			name := x.name(t.Name)
			if len(x.open) == 0 || x.open[len(x.open)-1] != name {
				return 0, "", badODS("a tag that closes nothing")
			}
			x.open = x.open[:len(x.open)-1]
			return odsEnd, name, nil
		case xml.CharData:
			x.text = t
			return odsText, "", nil
		case xml.Directive:
			return 0, "", badODS("it declares a document type")
		}
	}
}

func (x *odsTokens) declare(attrs []xml.Attr) {
	for _, a := range attrs {
		if ours, known := odsSpaces[a.Value]; known && a.Name.Space == "xmlns" {
			x.spaces[a.Name.Local] = ours
		}
	}
}

// name is the name with our prefix; empty where its name space is none of ours.
func (x *odsTokens) name(n xml.Name) string {
	if s, ok := x.spaces[n.Space]; ok {
		return s + ":" + n.Local
	}
	return ""
}

// attr is an attribute of the last start tag, "" where it has none.
func (x *odsTokens) attr(name string) string {
	space, local, _ := strings.Cut(name, ":")
	for _, a := range x.start.Attr {
		if a.Name.Local == local && x.spaces[a.Name.Space] == space {
			return a.Value
		}
	}
	return ""
}

// skip goes to the end of the element that was opened last.
func (x *odsTokens) skip() error {
	for depth := len(x.open) - 1; len(x.open) > depth; {
		if _, _, err := x.next(); err != nil {
			return err
		}
	}
	return nil
}

// leap is skip for what is long: it counts tags and looks at nothing else, which is many times as fast. What
// it passes over is held to the rules when it is read.
func (x *odsTokens) leap() error {
	if x.in.last == [2]byte{'/', '>'} { // nothing is within; the decoder has the end
		return x.skip()
	}
	for depth := 1; depth > 0; {
		if err := x.in.past('<'); err != nil {
			return err
		}
		head, err := x.in.r.Peek(8)
		if len(head) < 2 {
			return errors.Join(io.ErrUnexpectedEOF, err)
		}
		switch {
		case string(head[:min(3, len(head))]) == "!--":
			err = x.in.pastText("-->")
		case string(head) == "![CDATA[":
			err = x.in.pastText("]]>")
		case head[0] == '!':
			return badODS("it declares a document type")
		case head[0] == '?':
			err = x.in.pastText("?>")
		case head[0] == '/':
			depth--
			err = x.in.past('>')
		default:
			var closed bool
			if closed, err = x.in.pastTag(); !closed {
				depth++
			}
		}
		if err != nil {
			return err
		}
	}
	x.open = x.open[:len(x.open)-1]
	return nil
}

// past reads up to the byte.
func (t *tokenReader) past(c byte) error {
	for {
		switch _, err := t.r.ReadSlice(c); err {
		case nil:
			return nil
		case bufio.ErrBufferFull:
		case io.EOF:
			return io.ErrUnexpectedEOF
		default:
			return err
		}
	}
}

// pastText reads up to the end of the text, whose last byte is an angle bracket.
func (t *tokenReader) pastText(s string) error {
	var tail [3]byte
	for {
		b, err := t.r.ReadSlice('>')
		if err == io.EOF {
			return io.ErrUnexpectedEOF
		}
		if err != nil && err != bufio.ErrBufferFull {
			return err
		}
		for _, c := range b[max(0, len(b)-3):] {
			tail = [3]byte{tail[1], tail[2], c}
		}
		if err == nil && strings.HasSuffix(string(tail[:]), s) {
			return nil
		}
	}
}

// pastTag reads a start tag to its end, and reports whether it is one without content. An angle bracket in
// an attribute ends nothing.
func (t *tokenReader) pastTag() (closed bool, err error) {
	var quote, last byte
	for {
		c, err := t.r.ReadByte()
		switch {
		case err == io.EOF:
			return false, io.ErrUnexpectedEOF
		case err != nil:
			return false, err
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return last == '/', nil
		}
		last = c
	}
}

// each calls see for every child of the element that was opened last, with its name; see leaves the
// child closed. It ends behind the element.
func (x *odsTokens) each(see func(name string) error) error {
	depth := len(x.open)
	for {
		kind, name, err := x.next()
		if err != nil {
			return err
		}
		switch {
		case kind == odsStart:
			if err := see(name); err != nil {
				return err
			}
		case kind == odsEnd && len(x.open) < depth:
			return nil
		}
	}
}
