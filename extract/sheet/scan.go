package sheet

import (
	"bytes"
	"fmt"
	"io"
	"slices"
)

// scanner reads the XML of one part: tags, and the text of the elements that are asked for. It
// holds the elements against their ends, and refuses a document type; it knows no namespaces, so
// a prefix on an element is passed over.
type scanner struct {
	src      io.Reader
	srcErr   error
	buf      []byte
	pos, end int // the bytes of buf that are not used yet

	names  []byte // of the open elements, one after the other
	depths []int  // where the name of each starts
	rooted bool   // a first element was met
	strict bool   // between elements there is white space only
}

const (
	firstBuffer = 64 << 10
	maxBuffer   = 8 << 20 // the longest tag or text
	maxDepth    = 256
	maxTagName  = 1024
)

// xmlError says what is wrong with the bytes of a part. Other errors are the container's, or the
// machine's.
type xmlError string

func (e xmlError) Error() string { return string(e) }

const (
	errTooLong  xmlError = "a text or a tag is over the limit"
	errDocType  xmlError = "it declares a document type"
	errCutOff   xmlError = "it ends before its last element"
	errMismatch xmlError = "an element has no proper end"
	errPlace    xmlError = "an element stands where none of its name can"
)

func malformed(format string, a ...any) error { return xmlError(fmt.Sprintf(format, a...)) }

func newScanner(src io.Reader) *scanner { return &scanner{src: src, buf: make([]byte, firstBuffer)} }

type tagKind byte

const (
	tagOpen tagKind = iota
	tagClose
	tagEmpty
)

// tag is one tag. It is valid until the next one, or a text, is read.
type tag struct {
	kind tagKind
	name []byte // without its prefix
	rest []byte // its attributes
}

func (t tag) is(name string) bool { return t.kind != tagClose && string(t.name) == name }

func (t tag) isOneOf(names []string) bool { return slices.ContainsFunc(names, t.is) }

// fill reads more bytes behind those that are not used yet, which it may move. It is the source's
// error where there are none.
func (s *scanner) fill() error {
	if s.srcErr != nil {
		return s.srcErr
	}
	if s.pos > 0 {
		s.end = copy(s.buf, s.buf[s.pos:s.end])
		s.pos = 0
	}
	if s.end == len(s.buf) {
		if len(s.buf) >= maxBuffer {
			return errTooLong
		}
		s.buf = append(s.buf, make([]byte, len(s.buf))...)
	}
	before := s.end
	for s.srcErr == nil && s.end < len(s.buf) {
		var n int
		n, s.srcErr = s.src.Read(s.buf[s.end:])
		s.end += n
	}
	if s.end == before {
		return s.srcErr
	}
	return nil
}

// has reports whether the bytes that are not used yet start with the mark.
func (s *scanner) has(mark string) (bool, error) {
	for s.end-s.pos < len(mark) {
		if err := s.fill(); err == io.EOF {
			return false, nil
		} else if err != nil {
			return false, err
		}
	}
	return string(s.buf[s.pos:s.pos+len(mark)]) == mark, nil
}

// index is how far on c is. The bytes up to it are in the buffer then.
func (s *scanner) index(c byte) (int, error) {
	for seen := 0; ; {
		if i := bytes.IndexByte(s.buf[s.pos+seen:s.end], c); i >= 0 {
			return seen + i, nil
		}
		seen = s.end - s.pos
		if err := s.fill(); err != nil {
			return 0, cutOff(err)
		}
	}
}

func cutOff(err error) error {
	if err == io.EOF {
		return errCutOff
	}
	return err
}

// next is the next tag. It is io.EOF once the first element was closed and nothing follows.
func (s *scanner) next() (tag, error) {
	for {
		if err := s.toTag(); err != nil {
			return tag{}, err
		}
		if s.end-s.pos < 2 {
			if err := s.fill(); err != nil {
				return tag{}, cutOff(err)
			}
		}
		switch s.buf[s.pos+1] {
		case '!':
			if err := s.passDeclaration(); err != nil {
				return tag{}, err
			}
		case '?':
			if err := s.pass("?>"); err != nil {
				return tag{}, err
			}
		default:
			return s.tag()
		}
	}
}

// toTag passes over text, to the next angle bracket.
func (s *scanner) toTag() error {
	for {
		i := bytes.IndexByte(s.buf[s.pos:s.end], '<')
		text := s.buf[s.pos:s.end]
		if i >= 0 {
			text = text[:i]
		}
		if (s.strict || len(s.depths) == 0) && s.stray(text) {
			return malformed("there is text where none can be")
		}
		s.pos += len(text)
		if i >= 0 {
			return nil
		}
		if err := s.fill(); err == io.EOF && s.rooted && len(s.depths) == 0 {
			return io.EOF
		} else if err != nil {
			return cutOff(err)
		}
	}
}

// stray reports whether the text is more than white space, or zeros behind the last element.
func (s *scanner) stray(text []byte) bool {
	for _, c := range text {
		if !isSpace(c) && (c != 0 || !s.rooted || len(s.depths) > 0) {
			return true
		}
	}
	return false
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// passDeclaration passes over a comment, or over text that is marked as such.
func (s *scanner) passDeclaration() error {
	if ok, err := s.has("<!--"); err != nil {
		return err
	} else if ok {
		s.pos += 4
		return s.pass("-->")
	}
	if ok, err := s.has("<![CDATA["); err != nil {
		return err
	} else if !ok {
		return errDocType
	}
	if s.strict || len(s.depths) == 0 {
		return malformed("there is text where none can be")
	}
	return s.pass("]]>")
}

// pass goes to behind the mark.
func (s *scanner) pass(mark string) error {
	for {
		if i := bytes.Index(s.buf[s.pos:s.end], []byte(mark)); i >= 0 {
			s.pos += i + len(mark)
			return nil
		}
		s.pos = max(s.pos, s.end-len(mark)+1)
		if err := s.fill(); err != nil {
			return cutOff(err)
		}
	}
}

// tag reads the tag that starts here.
func (s *scanner) tag() (tag, error) {
	n, err := s.tagEnd()
	if err != nil {
		return tag{}, err
	}
	b := s.buf[s.pos+1 : s.pos+n]
	s.pos += n + 1
	if len(b) > 0 && b[0] == '/' {
		b = b[1:]
		for len(b) > 0 && isSpace(b[len(b)-1]) {
			b = b[:len(b)-1]
		}
		return s.close(b)
	}
	t := tag{kind: tagOpen}
	if len(b) > 0 && b[len(b)-1] == '/' {
		t.kind, b = tagEmpty, b[:len(b)-1]
	}
	i := 0
	for i < len(b) && !isSpace(b[i]) {
		i++
	}
	name := b[:i]
	t.name, t.rest = local(name), b[i:]
	switch {
	case len(t.name) == 0 || len(name) > maxTagName:
		return tag{}, malformed("a tag has no name")
	case len(s.depths) == 0 && s.rooted:
		return tag{}, malformed("something follows its last element")
	case len(s.depths) == maxDepth:
		return tag{}, malformed("its elements are nested too deep")
	}
	s.rooted = true
	if t.kind == tagOpen {
		s.depths = append(s.depths, len(s.names))
		s.names = append(s.names, name...)
	}
	return t, nil
}

// tagEnd is how far on the end of the tag is, which is no angle bracket in quotes.
func (s *scanner) tagEnd() (int, error) {
	quote := byte(0)
	for i := 1; ; {
		b := s.buf[s.pos:s.end]
		for ; i < len(b); i++ {
			switch c := b[i]; {
			case quote != 0:
				if c == quote {
					quote = 0
				}
			case c == '>':
				return i, nil
			case c == '"' || c == '\'':
				quote = c
			case c == '<':
				return 0, malformed("a tag has no end")
			}
		}
		if err := s.fill(); err != nil {
			return 0, cutOff(err)
		}
	}
}

func local(name []byte) []byte { return name[bytes.IndexByte(name, ':')+1:] }

func (s *scanner) close(name []byte) (tag, error) {
	last := len(s.depths) - 1
	if last < 0 || !bytes.Equal(s.names[s.depths[last]:], name) {
		return tag{}, errMismatch
	}
	s.names, s.depths = s.names[:s.depths[last]], s.depths[:last]
	return tag{kind: tagClose, name: local(name)}, nil
}

// skip passes over the rest of the element whose tag was read last. Neither it nor one within it
// may have a forbidden name.
func (s *scanner) skip(t tag, forbidden ...string) error {
	if t.isOneOf(forbidden) {
		return errPlace
	}
	if t.kind != tagOpen {
		return nil
	}
	strict := s.strict
	s.strict = false
	for depth := len(s.depths); len(s.depths) >= depth; {
		t, err := s.next()
		if err != nil {
			return cutOff(err)
		}
		if t.isOneOf(forbidden) {
			return errPlace
		}
	}
	s.strict = strict
	return nil
}

// text adds the text of the element that was opened last, and reads its end. There may be no
// elements in it.
func (s *scanner) text(to []byte, limit int) ([]byte, error) {
	from := len(to)
	for {
		n, err := s.index('<')
		if err != nil {
			return to, err
		}
		if to, err = appendText(to, s.buf[s.pos:s.pos+n]); err != nil {
			return to, err
		}
		s.pos += n
		if len(to)-from > limit {
			return to, errTooLong
		}
		if s.end-s.pos < 2 {
			if err := s.fill(); err != nil {
				return to, cutOff(err)
			}
		}
		switch s.buf[s.pos+1] {
		case '/':
			_, err := s.tag()
			return to, err
		case '?':
			err = s.pass("?>")
		case '!':
			to, err = s.marked(to)
		default:
			err = malformed("an element stands in a text")
		}
		if err != nil {
			return to, err
		}
	}
}

// marked adds text that stands as it is, or passes over a comment.
func (s *scanner) marked(to []byte) ([]byte, error) {
	cdata, err := s.has("<![CDATA[")
	if err != nil {
		return to, err
	}
	if !cdata {
		return to, s.passDeclaration()
	}
	s.pos += len("<![CDATA[")
	for seen := 0; ; {
		if i := bytes.Index(s.buf[s.pos+seen:s.end], []byte("]]>")); i >= 0 {
			if to, err = appendPlain(to, s.buf[s.pos:s.pos+seen+i]); err != nil {
				return to, err
			}
			s.pos += seen + i + 3
			return to, nil
		}
		seen = max(0, s.end-s.pos-2)
		if err := s.fill(); err != nil {
			return to, cutOff(err)
		}
	}
}
