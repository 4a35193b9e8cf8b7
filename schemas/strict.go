package schemas

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"palermo/diag"
)

// Document is the places of a YAML file that was read strictly.
type Document struct {
	File string
	root yaml.Node
}

// Fault is something that is wrong with the text of a document.
type Fault struct {
	Pos     diag.Pos // Row and Col are 0 where the YAML library does not say
	Message string
	Unknown string // the entry that there is not; empty for any other fault
	Twice   string // the entry that stands twice; empty for any other fault
}

func (f *Fault) Error() string { return f.Pos.String() + ": " + f.Message }

// DecodeStrict reads YAML into v, in which every entry must have its field, and once more for
// places: a type of v with a method UnmarshalYAML would turn the strictness off for all below it. The
// document is there even where there are faults, with as many places as could be read.
func DecodeStrict(file string, b []byte, v any) (*Document, []*Fault) {
	d := &Document{File: file}
	if err := yaml.Unmarshal(b, &d.root); err != nil {
		return d, []*Fault{d.fault(err.Error())}
	}
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	err := dec.Decode(v)
	var typed *yaml.TypeError
	switch {
	case err == nil:
		return d, nil
	case !errors.As(err, &typed):
		return d, []*Fault{d.fault(err.Error())}
	}
	var out []*Fault
	for _, m := range typed.Errors {
		out = append(out, d.fault(m))
	}
	return d, out
}

var (
	yamlLine    = regexp.MustCompile(`^line (\d+): `)
	yamlUnknown = regexp.MustCompile(`^field (\S+) not found in type \S+`)
	yamlTwice   = regexp.MustCompile(`^(?:field|mapping key) "?([^" ]+)"? already (?:set in type|defined)`)
)

// fault turns a message of the YAML library into one with a place, and without its Go types, which
// mean nothing to a reader.
func (d *Document) fault(message string) *Fault {
	f := &Fault{Pos: diag.Pos{File: d.File}}
	message = strings.TrimPrefix(message, "yaml: ")
	if g := yamlLine.FindStringSubmatch(message); g != nil {
		f.Pos.Row, _ = strconv.Atoi(g[1])
		message = strings.TrimPrefix(message, g[0])
	}
	if g := yamlUnknown.FindStringSubmatch(message); g != nil {
		f.Unknown, message = g[1], fmt.Sprintf("unknown entry %q", g[1])
	} else if g := yamlTwice.FindStringSubmatch(message); g != nil {
		f.Twice, message = g[1], fmt.Sprintf("%q stands twice", g[1])
	}
	if n := scalar(&d.root, f.Pos.Row, f.Unknown+f.Twice); n != nil {
		f.Pos.Col = n.Column
	}
	f.Message = message
	return f
}

// scalar is the first scalar of that text on that line, or nil.
func scalar(n *yaml.Node, line int, text string) *yaml.Node {
	if n.Kind == yaml.ScalarNode && n.Line == line && n.Value == text {
		return n
	}
	for _, c := range n.Content {
		if got := scalar(c, line, text); got != nil {
			return got
		}
	}
	return nil
}

// Pos is the place of the value that the keys and indexes lead to; where the path ends early, that
// of the last value on it. A nil document has no places.
func (d *Document) Pos(path ...any) diag.Pos {
	if d == nil {
		return diag.Pos{}
	}
	n := &d.root
	if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	for _, step := range path {
		next := below(n, step)
		if next == nil {
			break
		}
		n = next
	}
	return diag.Pos{File: d.File, Row: n.Line, Col: n.Column}
}

func below(n *yaml.Node, step any) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
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
