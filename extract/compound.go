package extract

import (
	"errors"
	"io"

	"github.com/richardlehane/mscfb"

	"palermo/diag"
)

// tooOld ends what is said of workbooks from before Excel 97.
const tooOld = " of a version before Excel 97; save it as .xlsx and send that"

// compound is an OLE2 compound file: the container of .xls workbooks, and of encrypted ones.
type compound struct {
	streams map[string]*mscfb.File
}

var errNoStream = errors.New("no such stream")

// openCompound tells what a compound file is.
func (f *File) openCompound() error {
	c, err := readCompound(f.f)
	if err != nil {
		return fault(err, diag.FileDamaged, f.pos(), "the container cannot be read")
	}
	switch {
	case c.has("EncryptedPackage"):
		return f.openLocked(c)
	case c.has("Workbook"):
		return f.openXLS(c)
	case c.has("Book"):
		return fault(nil, diag.FileFormat, f.pos(), "this is an .xls workbook%s", tooOld)
	}
	return fault(nil, diag.FileFormat, f.pos(), "this is an Office document, but no workbook")
}

// readCompound reads the directory of a compound file. Panics of the library become errors.
func readCompound(r io.ReaderAt) (c *compound, err error) {
	defer caught(&err)
	d, err := mscfb.New(r)
	if err != nil {
		return nil, err
	}
	c = &compound{streams: map[string]*mscfb.File{}}
	for _, s := range d.File {
		if len(s.Path) > 0 || s.FileInfo().IsDir() {
			continue
		}
		if _, twice := c.streams[s.Name]; twice {
			return nil, errors.New("two streams have one name")
		}
		c.streams[s.Name] = s
	}
	return c, nil
}

// caught turns a panic of a library into an error.
func caught(err *error) {
	if p := recover(); p != nil {
		*err = errors.New("the library that reads compound files stopped")
	}
}

func (c *compound) has(name string) bool { return c.streams[name] != nil }

// stream is all bytes of a stream that is no longer than the limit.
func (c *compound) stream(name string, limit int64) (b []byte, err error) {
	defer caught(&err)
	s := c.streams[name]
	switch {
	case s == nil:
		return nil, errNoStream
	case s.Size > limit:
		return nil, errOverLimit
	}
	b = make([]byte, s.Size)
	if _, err := s.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(s, b); err != nil && s.Size > 0 {
		return nil, err
	}
	return b, nil
}
