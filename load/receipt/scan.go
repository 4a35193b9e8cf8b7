package receipt

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"html"
	"io"
)

// ErrNoWorkbook is the error for a file that cannot be given back as a workbook: it is none, it is protected, or it
// is built in a way that cannot be added to without a risk to it. The page and the JSON form say all that there is to say.
var ErrNoWorkbook = errors.New("the file cannot be given back as a workbook")

func unfit(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrNoWorkbook, fmt.Sprintf(format, args...))
}

type tagKind byte

const (
	opens tagKind = iota
	closes
	empty
)

// tag is one tag of an XML part with its angle brackets. It is valid until the next one is read.
type tag struct {
	raw   []byte
	kind  tagKind
	depth int // of its element: 1 for the root
}

// full is the tag's name with its prefix.
func (t *tag) full() []byte {
	b := t.raw[1:]
	if t.kind == closes {
		b = b[1:]
	}
	for i, c := range b {
		if c == ' ' || c == '>' || c == '/' || c == '\t' || c == '\n' || c == '\r' {
			return b[:i]
		}
	}
	return b
}

// name is the tag's name without its prefix.
func (t *tag) name() string {
	b := t.full()
	return string(b[bytes.IndexByte(b, ':')+1:])
}

// prefix is the prefix of the tag's name with its colon, or nothing.
func (t *tag) prefix() string {
	b := t.full()
	return string(b[:bytes.IndexByte(b, ':')+1])
}

// starts reports whether the tag begins an element of that name.
func (t *tag) starts(name string) bool { return t.kind != closes && t.name() == name }

// ends reports whether the tag ends an element of that name that has content.
func (t *tag) ends(name string) bool { return t.kind == closes && t.name() == name }

// attr is the value of the attribute of that full name, with its entities resolved.
func (t *tag) attr(name string) (string, bool) {
	from, to := attrSpan(t.raw, name)
	if from < 0 {
		return "", false
	}
	return html.UnescapeString(string(t.raw[from:to])), true
}

// attrSpan is where the value of the attribute stands in the tag, or -1.
func attrSpan(raw []byte, name string) (from, to int) {
	at := 0
	for {
		eq := bytes.IndexByte(raw[at:], '=')
		if eq < 0 {
			return -1, -1
		}
		eq += at
		key := bytes.TrimRight(raw[at:eq], " \t\r\n")
		if j := bytes.LastIndexAny(key, " \t\r\n"); j >= 0 {
			key = key[j+1:]
		}
		q := eq + 1
		for q < len(raw) && raw[q] != '"' && raw[q] != '\'' {
			q++
		}
		if q >= len(raw) {
			return -1, -1
		}
		n := bytes.IndexByte(raw[q+1:], raw[q])
		if n < 0 {
			return -1, -1
		}
		if string(key) == name {
			return q + 1, q + 1 + n
		}
		at = q + n + 2
	}
}

// withAttr is the tag with the attribute set; the value needs no escape.
func withAttr(raw []byte, name, value string) []byte {
	if from, to := attrSpan(raw, name); from >= 0 {
		return concat(raw[:from], []byte(value), raw[to:])
	}
	end := len(raw) - 1
	if raw[end-1] == '/' {
		end--
	}
	return concat(raw[:end], []byte(" "+name+`="`+value+`"`), raw[end:])
}

// withoutAttr is the tag without the attribute.
func withoutAttr(raw []byte, name string) []byte {
	from, to := attrSpan(raw, name)
	if from < 0 {
		return raw
	}
	start := bytes.LastIndex(raw[:from], []byte(name))
	return concat(bytes.TrimRight(raw[:start], " \t\r\n"), raw[to+1:])
}

func concat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// opened is an empty tag as one that opens an element.
func (t *tag) opened() []byte {
	if t.kind != empty {
		return t.raw
	}
	return concat(bytes.TrimRight(t.raw[:len(t.raw)-2], " \t\r\n"), []byte(">"))
}

// rewriter copies an XML part byte for byte, but for what each does of a tag: keep it, write
// something in its place or beside it, or drop its element.
type rewriter struct {
	r       *bufio.Reader
	w       *bufio.Writer
	depth   int
	dropped int // depth of the element that is being dropped; 0: none
	seen    bool
	long    []byte
}

// rewrite runs through the part. each is asked of every tag outside dropped elements.
func rewrite(r io.Reader, w io.Writer, each func(rw *rewriter, t *tag) error) error {
	rw := &rewriter{r: bufio.NewReaderSize(r, 1<<16), w: bufio.NewWriterSize(w, 1<<16)}
	for {
		more, err := rw.between()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		t, err := rw.next()
		if err != nil {
			return err
		}
		if t.raw == nil {
			continue
		}
		if rw.dropped > 0 {
			if t.kind == closes && t.depth == rw.dropped {
				rw.dropped = 0
			}
			continue
		}
		if err := each(rw, &t); err != nil {
			return err
		}
	}
	if rw.depth != 0 || !rw.seen {
		return unfit("a part ends before its end")
	}
	return rw.w.Flush()
}

// edit is rewrite for a part in memory.
func edit(part []byte, each func(rw *rewriter, t *tag) error) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(len(part) + 1024)
	err := rewrite(bytes.NewReader(part), &b, each)
	return b.Bytes(), err
}

// keep writes the tag as it is. Errors of writing are kept by the buffer and come with its Flush.
func (rw *rewriter) keep(t *tag) { rw.write(t.raw) }

func (rw *rewriter) write(b []byte) { rw.w.Write(b) }

func (rw *rewriter) put(s string) { rw.w.WriteString(s) }

// drop leaves out the tag and all of its element.
func (rw *rewriter) drop(t *tag) {
	if t.kind == opens {
		rw.dropped = t.depth
	}
}

// between copies what stands before the next tag. more is false at the end of the part.
func (rw *rewriter) between() (more bool, err error) {
	for {
		b, err := rw.r.ReadSlice('<')
		if err == nil {
			b = b[:len(b)-1]
		}
		if rw.dropped == 0 {
			rw.write(b)
		}
		switch err {
		case nil:
			return true, rw.r.UnreadByte()
		case bufio.ErrBufferFull:
		case io.EOF:
			return false, nil
		default:
			return false, err
		}
	}
}

// maxTag is the longest tag that is read.
const maxTag = 1 << 20

// next reads a tag. What is no tag of an element is copied, and the tag that is given back has no bytes.
func (rw *rewriter) next() (tag, error) {
	b, err := rw.upTo()
	if err != nil {
		return tag{}, err
	}
	switch {
	case bytes.HasPrefix(b, []byte("<!--")):
		return tag{}, rw.special(b, "-->")
	case bytes.HasPrefix(b, []byte("<![CDATA[")):
		return tag{}, rw.special(b, "]]>")
	case bytes.HasPrefix(b, []byte("<?")):
		return tag{}, rw.special(b, "?>")
	case bytes.HasPrefix(b, []byte("<!")):
		return tag{}, unfit("a part declares a document type")
	}
	quote := quoteAfter(b, 0)
	if quote != 0 {
		b = append([]byte(nil), b...)
	}
	for quote != 0 {
		more, err := rw.upTo()
		if err != nil {
			return tag{}, err
		}
		if len(b)+len(more) > maxTag {
			return tag{}, unfit("a part has a tag over the limit")
		}
		quote = quoteAfter(more, quote)
		b = append(b, more...)
	}
	return rw.element(b)
}

func (rw *rewriter) element(b []byte) (tag, error) {
	if len(b) < 3 {
		return tag{}, unfit("a part has a tag without a name")
	}
	rw.seen = true
	switch {
	case b[1] == '/':
		if rw.depth == 0 {
			return tag{}, unfit("a part has a tag that closes nothing")
		}
		rw.depth--
		return tag{b, closes, rw.depth + 1}, nil
	case b[len(b)-2] == '/':
		return tag{b, empty, rw.depth + 1}, nil
	}
	rw.depth++
	return tag{b, opens, rw.depth}, nil
}

// special copies a comment, a section of characters or an instruction to its end; b is what was
// read of it.
func (rw *rewriter) special(b []byte, end string) error {
	for {
		if rw.dropped == 0 {
			rw.write(b)
		}
		if bytes.HasSuffix(b, []byte(end)) {
			return nil
		}
		var err error
		if b, err = rw.upTo(); err != nil {
			return err
		}
	}
}

// upTo is the bytes up to and with the next closing bracket.
func (rw *rewriter) upTo() ([]byte, error) {
	b, err := rw.r.ReadSlice('>')
	if err == nil {
		return b, nil
	}
	rw.long = append([]byte(nil), b...)
	for err == bufio.ErrBufferFull && len(rw.long) < maxTag {
		b, err = rw.r.ReadSlice('>')
		rw.long = append(rw.long, b...)
	}
	if err == io.EOF || err == bufio.ErrBufferFull {
		return nil, unfit("a part ends within a tag, or has one over the limit")
	}
	return rw.long, err
}

// quoteAfter is the quotation mark that is open after the bytes, or 0; quote is the one before them.
func quoteAfter(b []byte, quote byte) byte {
	for _, c := range b {
		switch {
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case c == quote:
			quote = 0
		}
	}
	return quote
}

// startTag is the element's first tag, and what follows it.
func startTag(element []byte) (start, rest []byte) {
	var quote byte
	for i, c := range element {
		switch {
		case quote == 0 && c == '>':
			return element[: i+1 : i+1], element[i+1:]
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case c == quote:
			quote = 0
		}
	}
	return element, nil
}
