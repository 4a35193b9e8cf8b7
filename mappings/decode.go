package mappings

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"palermo/diag"
	"palermo/schemas"
)

// Decode reads the mapping in folder dir of fsys: mapping.yaml and codes/*.csv. What is wrong
// with them comes back as diagnostics with their places, and then the mapping is nil; the error
// is for files that cannot be read.
func Decode(fsys fs.FS, dir string) (*Mapping, []diag.Diagnostic, error) {
	file := path.Join(dir, "mapping.yaml")
	b, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, nil, fmt.Errorf("read mapping: %w", err)
	}
	m := &Mapping{file: file, codes: map[string]*ValueList{}}
	if ds := m.decodeYAML(b); len(ds) > 0 {
		return nil, ds, nil
	}
	ds, err := m.decodeCodes(fsys, dir)
	if err != nil {
		return nil, nil, err
	}
	if id := path.Base(dir); m.Source.ID != id {
		ds = append(ds, m.finding(diag.MappingIncomplete, "source.id must be the folder's name", "source", "id"))
	}
	if len(ds) > 0 {
		return nil, ds, nil
	}
	m.normalise()
	return m, nil, m.keep(fsys, dir)
}

// decodeYAML reads the text strictly, for meaning, and once more for places.
func (m *Mapping) decodeYAML(b []byte) []diag.Diagnostic {
	doc, faults := schemas.DecodeStrict(m.file, b, m)
	m.doc = doc
	var ds []diag.Diagnostic
	for _, f := range faults {
		d := diag.Diagnostic{Code: diag.MappingSyntax, Severity: diag.Error, Pos: f.Pos, Message: f.Message}
		switch {
		case f.Unknown != "":
			d.Message = fmt.Sprintf("the mapping language has no word %q here", f.Unknown)
		case f.Twice != "":
			d.Code = diag.MappingRepeated
		}
		ds = append(ds, d)
	}
	return ds
}

// Pos is the place of a part of the mapping: m.Pos("tables", 0, "columns", 1, "codes") is
// mapping.yaml:10:47. A part that is not written has the place of the nearest part around it.
func (m *Mapping) Pos(at ...any) diag.Pos {
	p := m.doc.Pos(at...)
	p.File = m.file
	return p
}

func (m *Mapping) finding(c diag.Code, message string, at ...any) diag.Diagnostic {
	return diag.Diagnostic{Code: c, Severity: diag.Error, Pos: m.Pos(at...), Message: message}
}

// decodeCodes reads every codes file of the folder.
func (m *Mapping) decodeCodes(fsys fs.FS, dir string) ([]diag.Diagnostic, error) {
	files, err := fs.Glob(fsys, path.Join(dir, "codes", "*.csv"))
	if err != nil {
		return nil, err
	}
	var all []diag.Diagnostic
	for _, f := range files {
		b, err := fs.ReadFile(fsys, f)
		if err != nil {
			return nil, fmt.Errorf("read codes: %w", err)
		}
		l, ds := decodeValueList(f, b)
		all = append(all, ds...)
		m.codes[l.Name] = l
	}
	return all, nil
}

func decodeValueList(file string, b []byte) (*ValueList, []diag.Diagnostic) {
	l := &ValueList{Name: strings.TrimSuffix(path.Base(file), ".csv"), file: file, index: map[string]int{}}
	r := csv.NewReader(bytes.NewReader(b))
	r.FieldsPerRecord = 0 // as many as the header
	var ds []diag.Diagnostic
	add := func(line int, c diag.Code, message string) {
		ds = append(ds, diag.Diagnostic{Code: c, Severity: diag.Error, Pos: diag.Pos{File: file, Row: line}, Message: message})
	}
	for header := true; ; header = false {
		rec, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			var pe *csv.ParseError
			line := 0
			if errors.As(err, &pe) {
				line, err = pe.Line, pe.Err
			}
			add(line, diag.MappingSyntax, err.Error())
			break
		}
		line, _ := r.FieldPos(0)
		if header {
			if h := strings.Join(rec, ","); h != CodesHeader && h != ApprovedHeader {
				add(line, diag.MappingSyntax, "the header must be "+CodesHeader+", and may go on with equivalence,approved_by,approved_on")
				break
			}
			continue
		}
		e := ValueEntry{Word: Word(rec[0]), Code: strings.TrimSpace(rec[1]), Note: rec[2], Line: line}
		if len(rec) > 3 {
			e.Equivalence, e.ApprovedBy, e.ApprovedOn = strings.TrimSpace(rec[3]), strings.TrimSpace(rec[4]), strings.TrimSpace(rec[5])
			if fault := e.approvalFault(); fault != "" {
				add(line, diag.MappingCode, fault)
			}
		}
		if _, twice := l.index[e.Word]; twice {
			add(line, diag.MappingRepeated, "this source value stands in the file twice")
			continue
		}
		l.index[e.Word] = len(l.Entries)
		l.Entries = append(l.Entries, e)
	}
	return l, ds
}

// Word is the form in which headers and words are compared: trimmed of white space of any kind
// and of byte-order marks, in Unicode NFC, and nothing looser.
func Word(s string) string {
	return norm.NFC.String(strings.TrimFunc(s, func(r rune) bool { return r <= ' ' || r == '\ufeff' || unicode.IsSpace(r) }))
}

// normalise brings every word of the mapping into the form in which it is compared.
func (m *Mapping) normalise() {
	for i := range m.Tables {
		t := &m.Tables[i]
		words(t.Recognise.Headers)
		words(t.Recognise.Without)
		words(t.Recognise.Above)
		for j := range t.Recognise.Unheaded {
			t.Recognise.Unheaded[j].Name = Word(t.Recognise.Unheaded[j].Name)
		}
		t.Until = Word(t.Until)
		for j := range t.Joined {
			t.Joined[j].normalise()
		}
		for j := range t.Recognise.Holds {
			h := &t.Recognise.Holds[j]
			h.Column = Word(h.Column)
			words(h.Is)
			words(h.Starts)
		}
		for j := range t.Totals {
			t.Totals[j].When = whenWords(t.Totals[j].When)
		}
		words(t.Ignore)
		normaliseColumns(t.Columns)
		for j := range t.Children {
			t.Children[j].normalise()
		}
		if t.Record != nil {
			words(t.Record.Case)
		}
		for j := range t.Several {
			words(t.Several[j].From)
			words(t.Several[j].Words)
			t.Several[j].When = whenWords(t.Several[j].When)
		}
		t.Unpivot.normalise()
		if t.Template != nil {
			t.Template.Offers = whenWords(t.Template.Offers)
		}
		for name, f := range t.Facts {
			f.Column = Word(f.Column)
			words(f.Words)
			t.Facts[name] = f
		}
		for j := range t.Skip {
			t.Skip[j].Column = Word(t.Skip[j].Column)
			words(t.Skip[j].Is)
			words(t.Skip[j].Starts)
			words(t.Skip[j].Only)
		}
	}
}

func words(s []string) {
	for i := range s {
		s[i] = Word(s[i])
	}
}

func normaliseColumns(cs []Column) {
	for j := range cs {
		c := &cs[j]
		c.From, c.RowOf = Word(c.From), Word(c.RowOf)
		for _, l := range [][]string{c.Missing, c.Unknown, c.NotApply, c.Suppressed, c.Zero, c.Footnotes} {
			words(l)
		}
		c.When = whenWords(c.When)
	}
}

func (c *Child) normalise() {
	for _, l := range [][]string{c.Yes, c.No, c.Unknown, c.Declined, c.NotCollected} {
		words(l)
	}
	c.Split = Word(c.Split)
	normaliseColumns(c.Columns)
	c.When = whenWords(c.When)
	flags := map[string]string{}
	for column, code := range c.Flags {
		flags[Word(column)] = code
	}
	if len(flags) > 0 {
		c.Flags = flags
	}
}

func whenWords(when map[string][]string) map[string][]string {
	out := map[string][]string{}
	for column, words := range when {
		for _, w := range words {
			out[Word(column)] = append(out[Word(column)], Word(w))
		}
	}
	return out
}

// keep holds on to the folder's files, and makes their digest: names and contents, in the order
// of their names.
func (m *Mapping) keep(fsys fs.FS, dir string) error {
	names, err := fs.Glob(fsys, path.Join(dir, "codes", "*.csv"))
	if err != nil {
		return err
	}
	m.files = map[string][]byte{}
	h := sha256.New()
	for _, name := range append(names, path.Join(dir, "mapping.yaml")) {
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return fmt.Errorf("read mapping: %w", err)
		}
		short := strings.TrimPrefix(name, dir+"/")
		m.files[short] = b
		fmt.Fprintf(h, "%s %d\n", short, len(b))
		h.Write(b)
	}
	m.Digest = hex.EncodeToString(h.Sum(nil))
	return nil
}

// Files is what the mapping was decoded from, by path below its folder. The caller must not
// change it.
func (m *Mapping) Files() map[string][]byte { return m.files }

// Codes is the codes file of that name, or nil.
func (m *Mapping) Codes(name string) *ValueList { return m.codes[name] }

// CodesFiles is the names of the mapping's codes files, sorted.
func (m *Mapping) CodesFiles() []string { return slices.Sorted(maps.Keys(m.codes)) }

// Lookup is the entry for a word, which must be in the form that Word gives, or nil.
func (l *ValueList) Lookup(word string) *ValueEntry {
	if i, ok := l.index[word]; ok {
		return &l.Entries[i]
	}
	return nil
}

// Pos is the place of an entry in its codes file.
func (l *ValueList) Pos(e *ValueEntry) diag.Pos { return diag.Pos{File: l.file, Row: e.Line} }

// approvalFault is what is wrong with what the line says of its approval; empty for nothing.
func (e *ValueEntry) approvalFault() string {
	_, err := time.Parse(time.DateOnly, e.ApprovedOn)
	switch {
	case e.Equivalence != "" && !slices.Contains(Equivalences, e.Equivalence):
		return "an equivalence is equal, wider, narrower or inexact"
	case (e.ApprovedBy == "") != (e.ApprovedOn == ""):
		return "an approval says both who and when"
	case e.ApprovedOn != "" && err != nil:
		return "the day of an approval is written as 2026-05-30"
	}
	return ""
}

// Status is the kind of empty that the entry's code names with a star, as *unknown, or "".
func (e *ValueEntry) Status() string {
	s, _ := strings.CutPrefix(e.Code, "*")
	if s == e.Code {
		return ""
	}
	return s
}
