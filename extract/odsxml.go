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
	odsDepth = 256      // elements within each other
	odsToken = 16 << 20 // bytes of one tag or one run of text
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
	r *bufio.Reader
	n int
}

var errLongToken = badODS("a tag or a text of more than %d bytes", odsToken)

func (t *tokenReader) ReadByte() (byte, error) {
	if t.n++; t.n > odsToken {
		return 0, errLongToken
	}
	return t.r.ReadByte()
}

func (t *tokenReader) Read(p []byte) (int, error) {
	if t.n += len(p); t.n > odsToken {
		return 0, errLongToken
	}
	return t.r.Read(p)
}

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
