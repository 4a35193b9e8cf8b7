package sheet

import (
	"bytes"
	"errors"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"palermo/diag"
	"palermo/extract/cell"
	"palermo/extract/zipfile"
)

// Options limits what reading a workbook may use. The zero value of each field stands for its
// default.
type Options struct {
	MaxHeldBytes int64 // of what is held in memory: shared strings, styles, comments; 256 MiB
	MaxCellBytes int   // of one cell; 1 MiB
	MaxRowBytes  int   // of the text of one row; 8 MiB
	MaxTextBytes int64 // of the text of one sheet, shared strings counted where they are used; 4 GiB

	Names []string // names of the workbook to keep
}

func (o Options) withDefaults() Options {
	if o.MaxHeldBytes <= 0 {
		o.MaxHeldBytes = 256 << 20
	}
	if o.MaxCellBytes <= 0 {
		o.MaxCellBytes = 1 << 20
	}
	if o.MaxRowBytes <= 0 {
		o.MaxRowBytes = 8 << 20
	}
	if o.MaxTextBytes <= 0 {
		o.MaxTextBytes = 4 << 30
	}
	return o
}

// Book is an opened workbook. Several of its sheets may be read at once.
type Book struct {
	Sheets []Sheet           // those with cells, in the workbook's order
	Notes  []diag.Diagnostic // what was found that does not stop the reading
	Names  map[string]string // names of the workbook that were asked for, and what they refer to

	a        *zipfile.Archive
	o        Options
	base1904 bool
	styles   []cell.Shows
	strings  *sharedStrings
}

// Sheet is one sheet as the workbook lists it.
type Sheet struct {
	Name  string
	State State

	part *zipfile.Entry
}

// State is whether people see a sheet. Hidden ones are read like others.
type State byte

// The states: a very hidden sheet is one that only a macro can show.
const (
	Visible State = iota
	Hidden
	VeryHidden
)

const (
	maxSheetName = 1024
	maxSheets    = 10_000
)

// Open reads what a workbook says of itself: its sheets, styles and shared strings. The archive
// should have been checked. The error is a *zipfile.Fault, or that of the archive's reader.
func Open(a *zipfile.Archive, o Options) (*Book, error) {
	b := &Book{a: a, o: o.withDefaults()}
	held := &room{b.o.MaxHeldBytes}
	at, err := workbookPart(a, held)
	if err != nil {
		return nil, partFault(err, "the container's list of parts")
	}
	rels, err := readRelations(a, at, held)
	if err == nil {
		err = b.readWorkbook(at, rels, held)
	}
	if err != nil {
		return nil, partFault(err, "the workbook's list of sheets")
	}
	if e := rels.part(a, "styles", "xl/styles.xml"); e != nil {
		if err := b.readStyles(e); err != nil {
			return nil, partFault(err, "the workbook's styles")
		}
	}
	if e := rels.part(a, "sharedStrings", "xl/sharedStrings.xml"); e != nil {
		if err := b.readShared(e, held); err != nil {
			return nil, partFault(err, "the workbook's shared strings")
		}
	}
	b.note()
	return b, nil
}

// partFault is the finding for a part that cannot be read.
func partFault(err error, what string) error {
	var f *zipfile.Fault
	switch {
	case errors.As(err, &f):
		return err
	case errors.Is(err, errDocType):
		return zipfile.NewFault(nil, diag.FileDoctype, diag.Pos{}, "%s declares a document type", what)
	case errors.Is(err, errTooLong):
		return zipfile.NewFault(nil, diag.RowTooLong, diag.Pos{}, "%s has a text that is over the limit", what)
	case isMachine(err):
		return err
	}
	return zipfile.NewFault(err, diag.FileDamaged, diag.Pos{}, "%s cannot be read", what)
}

// isMachine reports whether the error is none of the scanner's own: of a disk that fails.
func isMachine(err error) bool {
	var e xmlError
	return !errors.As(err, &e)
}

func (b *Book) readShared(e *zipfile.Entry, held *room) error {
	in, err := openPart(e)
	if err != nil {
		return err
	}
	defer in.Close()
	b.strings, err = readStrings(in, b.o.MaxCellBytes, held)
	return err
}

// note says what a steward should know of the workbook.
func (b *Book) note() {
	var macros, links bool
	for _, e := range b.a.Entries {
		name := strings.ToLower(e.Name)
		macros = macros || strings.HasSuffix(name, "/vbaproject.bin") || strings.Contains(name, "/macrosheets/")
		links = links || strings.Contains(name, "/externallinks/") || strings.HasSuffix(name, "/connections.xml")
	}
	if macros {
		b.Notes = append(b.Notes, zipfile.NewFault(nil, diag.FileMacros, diag.Pos{}, "the workbook holds macros, which are never run").Diagnostic)
	}
	if links {
		b.Notes = append(b.Notes, zipfile.NewFault(nil, diag.FileExternalLinks, diag.Pos{}, "the workbook refers to other files, which are not opened").Diagnostic)
	}
}

// relations is where the parts are that one part refers to, in its order.
type relations []relation

type relation struct {
	id     string
	kind   string // the end of its type, as worksheet
	target string // a name in the container, or "" outside it
}

// usualWorkbook is where all known writers put the workbook.
const usualWorkbook = "xl/workbook.xml"

// IsWorkbook reports whether there is a part in the archive that should be a workbook.
func IsWorkbook(a *zipfile.Archive) bool {
	at, err := workbookPart(a, &room{1 << 20})
	return a.Find(at) != nil || err != nil && a.Find(usualWorkbook) != nil
}

// workbookPart is the name of the part that is the workbook.
func workbookPart(a *zipfile.Archive, held *room) (string, error) {
	rels, err := readRelations(a, "", held)
	if err != nil {
		return "", err
	}
	if e := rels.part(a, "officeDocument", usualWorkbook); e != nil {
		return e.Name, nil
	}
	return usualWorkbook, nil
}

// part is the part of that kind, or the one that stands where it usually does, or nil.
func (rels relations) part(a *zipfile.Archive, kind, usual string) *zipfile.Entry {
	for _, r := range rels {
		if r.kind == kind {
			return a.Find(r.target)
		}
	}
	return a.Find(usual)
}

// readRelations reads what the part of that name refers to. A part without references has none.
func readRelations(a *zipfile.Archive, name string, held *room) (relations, error) {
	dir, file := path.Split(name)
	e := a.Find(dir + "_rels/" + file + ".rels")
	if e == nil {
		return nil, nil
	}
	if err := held.take(e.Size); err != nil {
		return nil, err
	}
	var rels relations
	err := eachTag(e, func(s *scanner, t tag) error {
		if !t.is("Relationship") || len(s.depths) != depthIn(t, 1) {
			return nil
		}
		v, err := t.attrs("Id", "Type", "Target", "TargetMode")
		if err != nil {
			return err
		}
		r := relation{id: v[0], kind: v[1][strings.LastIndexByte(v[1], '/')+1:]}
		if !strings.EqualFold(v[3], "External") {
			r.target = resolve(a, dir, v[2])
		}
		rels = append(rels, r)
		return nil
	})
	return rels, err
}

// depthIn is how deep the scanner stands after the tag of an element that stands in that many.
func depthIn(t tag, outer int) int {
	if t.kind == tagOpen {
		return outer + 1
	}
	return outer
}

// resolve is the name in the container that a target means.
func resolve(a *zipfile.Archive, dir, target string) string {
	target, _, _ = strings.Cut(strings.ReplaceAll(target, `\`, "/"), "#")
	name := strings.TrimPrefix(path.Clean("/"+target), "/")
	if !strings.HasPrefix(target, "/") {
		name = strings.TrimPrefix(path.Clean("/"+dir+target), "/")
	}
	if a.Find(name) != nil {
		return name
	}
	if plain, err := url.PathUnescape(name); err == nil && a.Find(plain) != nil {
		return plain
	}
	return name
}

// eachTag calls f with each tag of a part, to its proper end.
func eachTag(e *zipfile.Entry, f func(*scanner, tag) error) error {
	in, err := openPart(e)
	if err != nil {
		return err
	}
	defer in.Close()
	s := newScanner(in)
	for {
		t, err := s.next()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = f(s, t)
		}
		if err != nil {
			return err
		}
	}
}

// readWorkbook reads which sheets there are.
func (b *Book) readWorkbook(at string, rels relations, held *room) error {
	e := b.a.Find(at)
	if e == nil {
		return malformed("there is no workbook")
	}
	if err := held.take(e.Size); err != nil {
		return err
	}
	list := newSheetList(b, rels)
	in := "" // the element below the first one
	return eachTag(e, func(s *scanner, t tag) error {
		if t.kind == tagClose {
			return nil
		}
		switch len(s.depths) {
		case depthIn(t, 0):
			if string(t.name) != "workbook" {
				return malformed("it is no workbook")
			}
		case depthIn(t, 1):
			in = string(t.name)
			if in == "workbookPr" {
				v, err := t.attrs("date1904")
				b.base1904 = isTrue(v[0])
				return err
			}
		case depthIn(t, 2):
			switch {
			case in == "sheets" && string(t.name) == "sheet":
				return list.add(t)
			case in == "definedNames" && t.is("definedName") && t.kind == tagOpen:
				return b.name(s, t)
			}
		}
		return nil
	})
}

// maxNameText is how long what a name refers to may be to be kept.
const maxNameText = 1024

// name keeps what a name of the workbook refers to, where it was asked for. A name of one sheet is another name.
func (b *Book) name(s *scanner, t tag) error {
	v, err := t.attrs("name", "localSheetId")
	if err != nil {
		return err
	}
	if !slices.Contains(b.o.Names, v[0]) || v[1] != "" {
		return nil
	}
	text, err := s.text(nil, maxNameText)
	if err != nil {
		return err
	}
	if !utf8.Valid(text) || bytes.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return nil // none that a program writes
	}
	if b.Names == nil {
		b.Names = map[string]string{}
	}
	b.Names[v[0]] = string(text)
	return nil
}

func isTrue(v string) bool { return v == "1" || strings.EqualFold(v, "true") || v == "on" }

// sheetList is what is known while the list of sheets is read.
type sheetList struct {
	b     *Book
	rels  map[string]relation
	names map[string]bool
	parts map[*zipfile.Entry]bool
}

func newSheetList(b *Book, rels relations) *sheetList {
	l := &sheetList{b: b, rels: map[string]relation{}, names: map[string]bool{}, parts: map[*zipfile.Entry]bool{}}
	for _, r := range rels {
		l.rels[r.id] = r
	}
	return l
}

// add takes a sheet into the list. Its tag says its name; what it is, the reference says. A sheet
// without a reference is one of old macros.
func (l *sheetList) add(t tag) error {
	v, err := t.attrs("name", "state", "id")
	if err != nil {
		return err
	}
	name, id := v[0], v[2]
	key := strings.ToLower(name)
	r, known := l.rels[id]
	switch {
	case len(name) > maxSheetName || len(l.names) == maxSheets:
		return malformed("the name of a sheet or the number of sheets is over the limit")
	case l.names[key]:
		return malformed("two sheets have one name")
	case !known && id != "":
		return malformed("a sheet is listed but not there")
	}
	l.names[key] = true
	if r.kind != "worksheet" {
		l.b.Notes = append(l.b.Notes, zipfile.NewFault(nil, diag.SheetSkipped, diag.Pos{Sheet: name}, "it has no cells and was skipped").Diagnostic)
		return nil
	}
	e := l.b.a.Find(r.target)
	if e == nil || l.parts[e] {
		return malformed("a sheet is listed but not there, or is another one too")
	}
	l.parts[e] = true
	l.b.Sheets = append(l.b.Sheets, Sheet{Name: name, State: stateOf(v[1]), part: e})
	return nil
}

func stateOf(s string) State {
	switch s {
	case "", "visible":
		return Visible
	case "veryHidden":
		return VeryHidden
	}
	return Hidden
}
