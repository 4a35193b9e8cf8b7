package sheet

import (
	"io"

	"palermo/diag"
	"palermo/extract/zipfile"
)

// sharedStrings is the texts that cells refer to by number. They stand in chunks of memory; what
// they take is counted.
type sharedStrings struct {
	pages [][]string // each of pageStrings but the last
	n     int
	room  *room
	text  []byte // of the strings that are in no chunk yet
	ends  []int32
}

const (
	pageStrings = 4096
	chunkBytes  = 256 << 10
	headerBytes = 16 // what a string takes beside its text
)

// room is how many bytes may still be held in memory.
type room struct{ left int64 }

func (r *room) take(n int64) error {
	if r.left -= n; r.left < 0 {
		return zipfile.NewFault(nil, diag.FileTooLarge, diag.Pos{}, "what of the workbook must be held in memory is over the limit")
	}
	return nil
}

// readStrings reads the part of shared strings.
func readStrings(r io.Reader, maxCell int, room *room) (*sharedStrings, error) {
	st := &sharedStrings{room: room}
	s := newScanner(r)
	root, err := s.next()
	if err != nil {
		return nil, cutOff(err)
	}
	if string(root.name) != "sst" {
		return nil, malformed("it holds no strings")
	}
	for {
		t, err := s.next()
		if err == io.EOF {
			st.flush()
			return st, nil
		}
		if err != nil {
			return nil, err
		}
		switch {
		case t.is("si"):
			if st.text, err = s.richText(t, st.text, maxCell); err == nil {
				err = st.end()
			}
		default:
			err = s.skip(t, "si")
		}
		if err != nil {
			return nil, err
		}
	}
}

// richText adds the text of an element like si or is: its own, and that of its runs, without
// what is only said of how to pronounce it.
func (s *scanner) richText(t tag, to []byte, limit int) ([]byte, error) {
	if t.kind == tagEmpty {
		return to, nil
	}
	from := len(to)
	for depth := len(s.depths); ; {
		t, err := s.next()
		if err != nil {
			return to, cutOff(err)
		}
		switch {
		case t.kind == tagClose:
			if len(s.depths) < depth {
				return to, nil
			}
		case string(t.name) == "r" && t.kind == tagOpen:
			// its text comes with the next tags
		case string(t.name) == "t":
			if t.kind == tagOpen {
				start := len(to)
				if to, err = s.text(to, limit-(start-from)); err == nil {
					to = unescape(to, start)
				}
			}
		default:
			err = s.skip(t)
		}
		if err != nil {
			return to, err
		}
	}
}

// end ends a string.
func (st *sharedStrings) end() error {
	last := 0
	if n := len(st.ends); n > 0 {
		last = int(st.ends[n-1])
	}
	st.ends = append(st.ends, int32(len(st.text)))
	if err := st.room.take(headerBytes + int64(len(st.text)-last)); err != nil {
		return err
	}
	if len(st.text) >= chunkBytes || len(st.ends) >= pageStrings {
		st.flush()
	}
	return nil
}

// flush puts the pending strings into a chunk.
func (st *sharedStrings) flush() {
	chunk := string(st.text)
	from := int32(0)
	for _, to := range st.ends {
		if st.n%pageStrings == 0 {
			st.pages = append(st.pages, make([]string, 0, pageStrings))
		}
		last := len(st.pages) - 1
		st.pages[last] = append(st.pages[last], chunk[from:to])
		st.n++
		from = to
	}
	st.text, st.ends = st.text[:0], st.ends[:0]
}

// at is the string of that number, from 0. A workbook without shared strings is a nil receiver.
func (st *sharedStrings) at(i int) (string, bool) {
	if st == nil || i < 0 || i >= st.n {
		return "", false
	}
	return st.pages[i/pageStrings][i%pageStrings], true
}
