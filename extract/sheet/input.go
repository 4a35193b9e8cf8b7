package sheet

import (
	"bytes"
	"io"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"palermo/extract/zipfile"
)

// input is the text of a part as UTF-8. Whoever opens one closes it.
type input struct {
	io.Reader
	ahead *ahead // nil for a small part
}

// openPart reads a part from its start. A large one is inflated beside whoever reads it.
func openPart(e *zipfile.Entry) (input, error) {
	in := input{Reader: e.Open()}
	if e.Size > pieceBytes {
		in.ahead = readAhead(in.Reader)
		in.Reader = in.ahead
	}
	var err error
	if in.Reader, err = decoded(in.Reader); err != nil {
		in.Close()
	}
	return in, err
}

func (in input) Close() {
	if in.ahead != nil {
		in.ahead.close()
	}
}

// decoded is the text that r gives, as UTF-8: by its first bytes, or what it says of itself.
func decoded(r io.Reader) (io.Reader, error) {
	head := make([]byte, 256)
	n, err := io.ReadFull(r, head)
	head = head[:n]
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	enc, skip, err := encodingOf(head)
	if err != nil {
		return nil, err
	}
	r = io.MultiReader(bytes.NewReader(head[skip:]), r)
	if enc == nil {
		return r, nil
	}
	return transform.NewReader(r, enc.NewDecoder()), nil
}

// encodingOf is the encoding of a part, nil for UTF-8, and how many of its first bytes only say
// so.
func encodingOf(head []byte) (encoding.Encoding, int, error) {
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		return nil, 3, nil
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), 2, nil
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), 2, nil
	case bytes.HasPrefix(head, []byte("<\x00")):
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), 0, nil
	case bytes.HasPrefix(head, []byte("\x00<")):
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), 0, nil
	}
	// What is in single bytes is not UTF-16, whatever it says: a writer of strings says so.
	label := declaredEncoding(head)
	if label == "" || label == "utf-8" || strings.HasPrefix(label, "utf-16") {
		return nil, 0, nil
	}
	enc, err := htmlindex.Get(label)
	if err != nil {
		return nil, 0, malformed("it is in an encoding that is not read")
	}
	return enc, 0, nil
}

// declaredEncoding is what the XML declaration says, in small letters.
func declaredEncoding(head []byte) string {
	if !bytes.HasPrefix(head, []byte("<?xml")) {
		return ""
	}
	decl, _, _ := bytes.Cut(head[5:], []byte("?>"))
	for rest := decl; ; {
		name, value, left, err := attr(rest)
		if err != nil || name == nil {
			return ""
		}
		if string(name) == "encoding" {
			return strings.ToLower(string(value))
		}
		rest = left
	}
}

// ahead reads a reader in a goroutine of its own, a few pieces ahead of who reads it.
type ahead struct {
	full chan piece
	free chan []byte
	stop chan struct{}
	done chan struct{}
	cur  piece
	off  int
}

// piece is some bytes, and why there are no more.
type piece struct {
	b   []byte
	err error
}

const (
	pieceBytes = 128 << 10
	pieces     = 3
)

func readAhead(r io.Reader) *ahead {
	a := &ahead{full: make(chan piece, pieces), free: make(chan []byte, pieces), stop: make(chan struct{}), done: make(chan struct{})}
	for range pieces {
		a.free <- make([]byte, pieceBytes)
	}
	go a.run(r)
	return a
}

func (a *ahead) run(r io.Reader) {
	defer close(a.done)
	for {
		select {
		case <-a.stop:
			return
		case b := <-a.free:
			p := readPiece(r, b)
			a.full <- p // has room: there are no more pieces than it takes
			if p.err != nil {
				return
			}
		}
	}
}

// readPiece turns a panic into an error: nobody else could, in this goroutine.
func readPiece(r io.Reader, b []byte) (p piece) {
	defer func() {
		if v := recover(); v != nil {
			p = piece{err: malformed("its bytes stopped the inflater: %v", v)}
		}
	}()
	n, err := io.ReadFull(r, b)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	return piece{b[:n], err}
}

// Read implements io.Reader.
func (a *ahead) Read(p []byte) (int, error) {
	for a.off == len(a.cur.b) {
		if a.cur.err != nil {
			return 0, a.cur.err
		}
		if a.cur.b != nil {
			a.free <- a.cur.b[:pieceBytes]
		}
		a.cur, a.off = <-a.full, 0
	}
	n := copy(p, a.cur.b[a.off:])
	a.off += n
	return n, nil
}

// close ends the goroutine. The reader is not used after it.
func (a *ahead) close() {
	close(a.stop)
	<-a.done
}
