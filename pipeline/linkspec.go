package pipeline

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"

	"palermo/diag"
	"palermo/transform/link"
)

// readLinkSpec reads a link.yaml strictly: a word that it does not have is an error at its place.
// What it leaves out is zero.
func readLinkSpec(path string) (link.Spec, *linkPlaces, error) {
	places := &linkPlaces{file: filepath.Base(path)}
	var s link.Spec
	b, err := os.ReadFile(path)
	if err != nil {
		return s, nil, err
	}
	if err := yaml.Unmarshal(b, &places.tree); err != nil {
		return s, nil, &ConfigError{places.yaml(err)}
	}
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(&s); err != nil && err != io.EOF {
		return s, nil, &ConfigError{places.yaml(err)}
	}
	return s, places, nil
}

// linkPlaces knows where in a link.yaml a thing stands.
type linkPlaces struct {
	file string
	tree yaml.Node
}

var (
	linkYAMLLine    = regexp.MustCompile(`line (\d+): (.*)`)
	linkYAMLUnknown = regexp.MustCompile(`field (\S+) not found in type \S+`)
)

// yaml is what the YAML library has found.
func (l *linkPlaces) yaml(err error) []diag.Diagnostic {
	messages := []string{err.Error()}
	var typed *yaml.TypeError
	if errors.As(err, &typed) {
		messages = typed.Errors
	}
	var out []diag.Diagnostic
	for _, m := range messages {
		d := l.finding(m)
		if g := linkYAMLLine.FindStringSubmatch(m); g != nil {
			d.Pos.Row, _ = strconv.Atoi(g[1])
			d.Message = g[2]
		}
		if g := linkYAMLUnknown.FindStringSubmatch(d.Message); g != nil {
			d.Message = fmt.Sprintf("there is no entry %q here", g[1])
			d.Pos.Col = columnOf(&l.tree, d.Pos.Row, g[1])
		}
		out = append(out, d)
	}
	return out
}

func (l *linkPlaces) finding(message string) diag.Diagnostic {
	return diag.Diagnostic{Code: diag.LinkSyntax, Severity: diag.Error, Pos: diag.Pos{File: l.file}, Message: message}
}

func columnOf(n *yaml.Node, line int, text string) int {
	if n.Kind == yaml.ScalarNode && n.Line == line && n.Value == text {
		return n.Column
	}
	for _, c := range n.Content {
		if col := columnOf(c, line, text); col > 0 {
			return col
		}
	}
	return 0
}

// faults are what is wrong with the spec, at their places; where a path ends early, at the last
// thing on it.
func (l *linkPlaces) faults(fs []link.Fault) error {
	if len(fs) == 0 {
		return nil
	}
	var ds []diag.Diagnostic
	for _, f := range fs {
		d := l.finding(f.Message)
		n := &l.tree
		if len(n.Content) > 0 {
			n = n.Content[0]
			for _, step := range f.Path {
				next := stepInto(n, step)
				if next == nil {
					break
				}
				n = next
			}
			d.Pos.Row, d.Pos.Col = n.Line, n.Column
		}
		ds = append(ds, d)
	}
	return &ConfigError{ds}
}

func stepInto(n *yaml.Node, step any) *yaml.Node {
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

// linkYAML is the spec as a link.yaml: a field, a level and a rule have a line each, and what
// became of each column stands beside it.
func linkYAML(s link.Spec, columns []link.Inferred) ([]byte, error) {
	var doc yaml.Node
	if err := doc.Encode(s); err != nil {
		return nil, err
	}
	doc.HeadComment = "What palermo link looked at: every word is explained in docs/link.md. Give this file to --config to use it again."
	fields := stepInto(&doc, "fields")
	inLines(fields)
	inLines(stepInto(&doc, "blocking"))
	if cs := stepInto(&doc, "comparisons"); cs != nil {
		for _, c := range cs.Content {
			inLines(stepInto(c, "levels"))
		}
	}
	why := map[string]string{}
	out := ""
	for _, c := range columns {
		if c.Field == "" {
			out += fmt.Sprintf("\nLeft out: %s: %s.", printable(c.Column), c.Why)
		} else if why[c.Field] == "" {
			why[c.Field] = c.Why
		}
	}
	for i, f := range s.Fields {
		fields.Content[i].LineComment = why[f.Name]
	}
	doc.HeadComment += out
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(&doc); err != nil {
		return nil, err
	}
	return b.Bytes(), enc.Close()
}

// printable is the text without what a terminal or an editor would obey.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, s)
}

// inLines gives each entry of a list a line of its own.
func inLines(list *yaml.Node) {
	if list == nil {
		return
	}
	for _, n := range list.Content {
		n.Style = yaml.FlowStyle
	}
}
