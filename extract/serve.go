package extract

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"unicode/utf8"

	"palermo/diag"
	"palermo/sandbox"
)

// Role is the role of the workers that OpenApart starts; Serve is what they do.
const Role = "extract"

// gcPercent lets a worker collect less often: what it makes is short-lived, and its limit of memory
// makes it collect where it must.
const gcPercent = 400

// Serve reads the file that the worker was handed, and answers the requests of its parent. A
// program that calls OpenApart gives it to sandbox.Main under the name Role.
func Serve(ctx context.Context, in io.Reader, out io.Writer) error { return serve(ctx, in, out, nil) }

// ServeMarked is Serve for a program that knows workbooks by a mark.
func ServeMarked(m Marker) sandbox.Role {
	return func(ctx context.Context, in io.Reader, out io.Writer) error { return serve(ctx, in, out, m) }
}

func serve(ctx context.Context, in io.Reader, out io.Writer, m Marker) error {
	s := &server{ctx: ctx, out: frameWriter{w: out}, requests: make(chan request)}
	go s.listen(in)
	r, ok := <-s.requests
	if !ok {
		return nil
	}
	if r.Open == nil {
		return errors.New("the first request does not open the file")
	}
	debug.SetGCPercent(gcPercent)
	h, err := sandbox.Received(0)
	if err != nil {
		return err
	}
	if r.Open.InMemory {
		if r.Open.scratch, err = sandbox.Received(1); err != nil {
			return err
		}
	}
	f, err := OpenFile(h, *r.Open)
	if err != nil {
		return s.fault(err)
	}
	defer f.Close()
	f.marked(m)
	s.file = f
	if err := s.out.json(frameOpened, s.opened()); err != nil {
		return err
	}
	return s.serve()
}

// server is the worker's side.
type server struct {
	ctx      context.Context
	file     *File
	out      frameWriter
	requests chan request
}

// listen takes requests, until the parent hangs up.
func (s *server) listen(in io.Reader) {
	defer close(s.requests)
	for d := json.NewDecoder(bufio.NewReader(in)); ; {
		var r request
		if d.Decode(&r) != nil {
			return
		}
		s.requests <- r
	}
}

func (s *server) opened() opened {
	return opened{Format: s.file.Format(), Sheets: s.file.Sheets(), Names: s.file.Names(), Notes: s.file.Notes(), Mark: s.file.Mark()}
}

func (s *server) serve() error {
	for r := range s.requests {
		if r.Rows == 0 { // a stop that came after the end
			continue
		}
		for _, sh := range s.file.Sheets() {
			if sh.No != r.Rows {
				continue
			}
			more, err := s.rows(sh)
			if err != nil || !more {
				return err
			}
			break
		}
	}
	return nil
}

// rows sends the rows of a sheet, and reports whether there may be more requests.
func (s *server) rows(sh Sheet) (more bool, err error) {
	var b block
	most := firstRows
	for row, err := range sh.Rows(s.ctx) {
		if err == nil {
			err = take(&b, sh, row)
		}
		if err != nil {
			if b.rows > 0 { // what came before the fault is right
				if err := b.write(&s.out); err != nil {
					return false, err
				}
			}
			return false, s.fault(err)
		}
		if b.rows < most && len(b.text) < blockText {
			continue
		}
		most = blockRows
		if err := b.write(&s.out); err != nil {
			return false, err
		}
		if stop, gone := s.asked(); gone {
			return false, nil
		} else if stop {
			break
		}
	}
	if b.rows > 0 {
		if err := b.write(&s.out); err != nil {
			return false, err
		}
	}
	return true, s.out.json(frameEnd, s.opened())
}

// asked reports whether the parent wants no more rows, or is gone.
func (s *server) asked() (stop, gone bool) {
	select {
	case r, ok := <-s.requests:
		return r.Stop, !ok
	default:
		return false, false
	}
}

// take adds a row to the block, unless it cannot be sent: it is too long, or no text.
func take(b *block, s Sheet, r Row) error {
	rows, last, shape, text := b.rows, b.last, len(b.shape), len(b.text)
	isText := b.add(r)
	size := len(b.text) - text
	if isText && size <= maxRowText {
		return nil
	}
	b.rows, b.last, b.shape, b.text = rows, last, b.shape[:shape], b.text[:text]
	for i, c := range r.Cells {
		if !utf8.ValidString(c) {
			return fault(nil, diag.FileEncoding, s.pos(r.Num, i+1), "the cell is not text in UTF-8")
		}
	}
	return fault(nil, diag.RowTooLong, s.pos(r.Num, 0), "a row of %d bytes is over the limit of %d", size, maxRowText)
}

// fault sends the finding that ends the reading. An error of the machine ends the worker.
func (s *server) fault(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return fmt.Errorf("read the file: %w", err)
	}
	return s.out.json(frameFault, e.Diagnostic)
}
