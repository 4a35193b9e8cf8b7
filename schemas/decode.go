package schemas

import (
	"errors"
	"fmt"
	"io/fs"
)

// document is a declaration, with its places.
type document struct{ *Document }

// fault is something wrong at one place of a declaration.
type fault struct {
	doc       *document
	line, col int
	message   string
}

func (f *fault) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", f.doc.File, f.line, f.col, f.message)
}

// decode reads a YAML file strictly into v. Its error has a place, or is that of reading.
func decode(fsys fs.FS, file string, v any) (*document, error) {
	b, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, err
	}
	doc, faults := DecodeStrict(file, b, v)
	d := &document{doc}
	var all []error
	for _, f := range faults {
		all = append(all, &fault{d, max(f.Pos.Row, 1), max(f.Pos.Col, 1), f.Message})
	}
	if len(all) > 0 {
		return nil, errors.Join(all...)
	}
	return d, nil
}

// errorf is a fault at the beginning of the document; at moves it.
func (d *document) errorf(format string, args ...any) *fault {
	return &fault{doc: d, line: 1, col: 1, message: fmt.Sprintf(format, args...)}
}

// at places the fault at the value that the keys and indexes lead to; where the path ends early,
// at the last value on it.
func (f *fault) at(path ...any) *fault {
	p := f.doc.Pos(path...)
	f.line, f.col = p.Row, p.Col
	return f
}
