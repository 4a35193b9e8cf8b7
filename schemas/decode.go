package schemas

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"

	"gopkg.in/yaml.v3"
)

// document is a YAML file read a second time, for places.
type document struct {
	file string
	root yaml.Node
}

// fault is something wrong at one place of a declaration.
type fault struct {
	doc       *document
	line, col int
	message   string
}

func (f *fault) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", f.doc.file, f.line, f.col, f.message)
}

// decode reads a YAML file strictly into v. Its error has a place, or is that of reading.
func decode(fsys fs.FS, file string, v any) (*document, error) {
	b, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, err
	}
	d := &document{file: file}
	if err := yaml.Unmarshal(b, &d.root); err != nil {
		return nil, d.placed(err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(v); err != nil {
		return nil, d.placed(err)
	}
	return d, nil
}

var (
	lineMessage  = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*?)(?: in type .*)?$`)
	unknownField = regexp.MustCompile(`^field (\S+) not found$`)
)

// placed gives an error of yaml.v3, which has only lines, its columns.
func (d *document) placed(err error) error {
	var typed *yaml.TypeError
	if !errors.As(err, &typed) {
		return d.placedLine(err.Error())
	}
	var all []error
	for _, m := range typed.Errors {
		all = append(all, d.placedLine(m))
	}
	return errors.Join(all...)
}

func (d *document) placedLine(m string) error {
	f := &fault{doc: d, line: 1, col: 1, message: m}
	parts := lineMessage.FindStringSubmatch(m)
	if parts == nil {
		return f
	}
	f.line, _ = strconv.Atoi(parts[1])
	f.message = parts[2]
	if name := unknownField.FindStringSubmatch(parts[2]); name != nil {
		f.message = fmt.Sprintf("unknown entry %q", name[1])
		if n := find(&d.root, f.line, name[1]); n != nil {
			f.col = n.Column
		}
	}
	return f
}

// find is the scalar of that text on that line.
func find(n *yaml.Node, line int, text string) *yaml.Node {
	if n.Kind == yaml.ScalarNode && n.Line == line && n.Value == text {
		return n
	}
	for _, c := range n.Content {
		if got := find(c, line, text); got != nil {
			return got
		}
	}
	return nil
}

// errorf is a fault at the beginning of the document; at moves it.
func (d *document) errorf(format string, args ...any) *fault {
	return &fault{doc: d, line: 1, col: 1, message: fmt.Sprintf(format, args...)}
}

// at places the fault at the value that the keys and indexes lead to; where the path ends early,
// at the last value on it.
func (f *fault) at(path ...any) *fault {
	n := &f.doc.root
	if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	for _, step := range path {
		next := child(n, step)
		if next == nil {
			break
		}
		n = next
	}
	f.line, f.col = n.Line, n.Column
	return f
}

func child(n *yaml.Node, step any) *yaml.Node {
	switch s := step.(type) {
	case int:
		if n.Kind == yaml.SequenceNode && s < len(n.Content) {
			return n.Content[s]
		}
	case string:
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == s {
				return n.Content[i+1]
			}
		}
	}
	return nil
}
