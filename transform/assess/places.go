package assess

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"palermo/diag"
)

var (
	yamlLine    = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*?)(?: in type .*)?$`)
	yamlUnknown = regexp.MustCompile(`^field (\S+) not found$`)
)

// syntax places what the YAML library has to say, which has lines only.
func (d *decoder) syntax(err error) {
	messages := []string{err.Error()}
	var typed *yaml.TypeError
	if errors.As(err, &typed) {
		messages = typed.Errors
	}
	for _, m := range messages {
		m, _, _ = strings.Cut(m, "\n")
		pos := diag.Pos{File: d.file, Row: 1, Col: 1}
		if g := yamlLine.FindStringSubmatch(m); g != nil {
			pos.Row, _ = strconv.Atoi(g[1])
			m = g[2]
		}
		if g := yamlUnknown.FindStringSubmatch(m); g != nil {
			m = fmt.Sprintf("unknown entry %q", g[1])
			if n := find(&d.tree, pos.Row, g[1]); n != nil {
				pos.Col = n.Column
			}
		}
		d.faults = append(d.faults, fmt.Errorf("%s: %s", pos, m))
	}
}

// find is the scalar of that text on that line, or nil.
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

// fault adds a fault at the value that the keys and indexes lead to; where the path ends early,
// at the last value on it.
func (d *decoder) fault(message string, path ...any) {
	d.faults = append(d.faults, fmt.Errorf("%s: %s", d.pos(path...), message))
}

// pos is the place of the value that the keys and indexes lead to; where the path ends early, of
// the last value on it.
func (d *decoder) pos(path ...any) diag.Pos {
	n := &d.tree
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
	return diag.Pos{File: d.file, Row: max(n.Line, 1), Col: max(n.Column, 1)}
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
