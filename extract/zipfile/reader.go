package zipfile

import (
	"bufio"
	"errors"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"
)

// Reader reads an entry's bytes and holds them against what the directory claims: length,
// checksum, and that the packed bytes end where they should. It ends with io.EOF, a *Fault, or
// the error of the container's reader. The zero value is ready for Reset. It is not safe for two
// goroutines.
type Reader struct {
	e      *Entry
	packed section
	in     *bufio.Reader
	flate  io.ReadCloser // kept from entry to entry
	n      int64
	crc    uint32
	err    error
}

// Open is a reader of the entry from its first byte.
func (e *Entry) Open() *Reader {
	r := &Reader{}
	r.Reset(e)
	return r
}

// Reset starts at the first byte of the entry.
func (r *Reader) Reset(e *Entry) {
	r.e, r.n, r.crc, r.err = e, 0, 0, nil
	r.packed = section{r: e.a.r, at: e.dataAt, left: e.packed}
	if r.in == nil {
		r.in = bufio.NewReaderSize(&r.packed, 32<<10)
	} else {
		r.in.Reset(&r.packed)
	}
	if e.method != deflated {
		return
	}
	if r.flate == nil {
		r.flate = flate.NewReader(r.in)
		return
	}
	if err := r.flate.(flate.Resetter).Reset(r.in, nil); err != nil {
		r.err = err
	}
}

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.inflate(p)
	r.n += int64(n)
	r.crc = crc32.Update(r.crc, crc32.IEEETable, p[:n])
	switch {
	case r.n > r.e.Size:
		n, err = 0, damaged(nil, "entry %d of %d is longer than the container says", r.e.No, len(r.e.a.Entries))
	case err == io.EOF:
		err = r.end()
	case err != nil && r.packed.err != nil:
		err = r.packed.err
	case err != nil:
		err = damaged(err, "entry %d of %d cannot be read to its end", r.e.No, len(r.e.a.Entries))
	}
	r.err = err
	return n, err
}

func (r *Reader) inflate(p []byte) (int, error) {
	if r.e.method == stored {
		return r.in.Read(p)
	}
	return r.flate.Read(p)
}

func (r *Reader) end() error {
	switch {
	case r.n != r.e.Size:
		return damaged(nil, "entry %d of %d is shorter than the container says", r.e.No, len(r.e.a.Entries))
	case r.crc != r.e.crc:
		return damaged(nil, "entry %d of %d is not what was packed", r.e.No, len(r.e.a.Entries))
	case r.packed.left > 0 || r.in.Buffered() > 0:
		return damaged(nil, "entry %d of %d has bytes behind its end", r.e.No, len(r.e.a.Entries))
	}
	return io.EOF
}

// section is an entry's packed bytes. It keeps the error of the machine, which an inflater may
// take for its own.
type section struct {
	r    io.ReaderAt
	at   int64
	left int64
	err  error
}

func (s *section) Read(p []byte) (int, error) {
	if s.left <= 0 {
		return 0, io.EOF
	}
	n, err := s.r.ReadAt(p[:min(int64(len(p)), s.left)], s.at)
	s.at += int64(n)
	s.left -= int64(n)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	if err != nil {
		s.err = err
		if err == io.EOF {
			s.err = io.ErrUnexpectedEOF
		}
	}
	return n, err
}
