package receipt

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// maxHeld is how many bytes of a part are held in memory; sheets and what is copied are not held.
const maxHeld = 64 << 20

// The namespaces and types of the two forms of the format, which differ in nothing else that matters here.
const (
	relTransitional = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	relStrict       = "http://purl.oclc.org/ooxml/officeDocument/relationships"
	mainStrict      = "http://purl.oclc.org/ooxml/spreadsheetml/main"
	mainNormal      = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	typePrefix      = "application/vnd.openxmlformats-officedocument.spreadsheetml."
	typesPart       = "[Content_Types].xml"
)

// book is a workbook's package as it was sent: where its parts are, and what is to stand in their
// place.
type book struct {
	zip      *zip.Reader
	parts    map[string]*zip.File // by their names in small letters, as the format compares them
	main     string               // name of the workbook's part
	workbook []byte
	rels     []relation // of the workbook
	types    []byte
	sheets   []bookSheet
	strict   bool

	changed map[string][]byte // parts that are held: instead of the old, or new
	added   []string          // names of new parts, in order
	gone    map[string]bool   // parts that are left out
}

// bookSheet is one sheet as the workbook lists it; part is empty for a sheet that is no grid, as
// one that is a chart, whose part is in page alone.
type bookSheet struct {
	name, id, part, page string
}

type relation struct {
	ID     string `xml:"Id,attr"`
	Type   string `xml:"Type,attr"`
	Target string `xml:"Target,attr"`
	Mode   string `xml:"TargetMode,attr"`
	part   string // the part that it leads to
}

// is reports whether the relation is of the kind, by the last word of its type.
func (r relation) is(kind string) bool { return path.Base(r.Type) == kind && r.Mode != "External" }

func openBook(src io.ReaderAt, size int64) (*book, error) {
	zr, err := zip.NewReader(src, size)
	if err != nil {
		return nil, unfit("it is no container")
	}
	b := &book{zip: zr, parts: map[string]*zip.File{}, changed: map[string][]byte{}, gone: map[string]bool{}}
	for _, f := range zr.File {
		key := strings.ToLower(f.Name)
		if b.parts[key] != nil || f.Flags&1 != 0 {
			return nil, unfit("two parts have one name, or a part is protected")
		}
		b.parts[key] = f
	}
	if b.types, err = b.read(typesPart); err != nil {
		return nil, err
	}
	root, err := b.relations("")
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(root, func(r relation) bool { return r.is("officeDocument") })
	if i < 0 {
		return nil, unfit("it has no workbook")
	}
	b.main = root[i].part
	if b.workbook, err = b.read(b.main); err != nil {
		return nil, err
	}
	if b.rels, err = b.relations(b.main); err != nil {
		return nil, err
	}
	b.strict = bytes.Contains(b.workbook, []byte(mainStrict))
	return b, b.list()
}

// read is the bytes of a part, as it is to be: the changed one where there is one.
func (b *book) read(name string) ([]byte, error) {
	name = b.named(name)
	if held, ok := b.changed[name]; ok {
		return held, nil
	}
	f := b.parts[strings.ToLower(name)]
	if f == nil {
		return nil, unfit("a part is missing")
	}
	r, err := f.Open()
	if err != nil {
		return nil, unfit("a part cannot be read")
	}
	defer r.Close()
	out, err := io.ReadAll(io.LimitReader(r, maxHeld+1))
	switch {
	case err != nil:
		return nil, unfit("a part cannot be read")
	case len(out) > maxHeld:
		return nil, unfit("a part is over the limit")
	case bytes.HasPrefix(out, []byte{0xFE, 0xFF}), bytes.HasPrefix(out, []byte{0xFF, 0xFE}):
		return nil, unfit("a part is not UTF-8")
	}
	return out, nil
}

// has reports whether there is such a part.
func (b *book) has(name string) bool {
	name = b.named(name)
	_, held := b.changed[name]
	return held || b.parts[strings.ToLower(name)] != nil && !b.gone[name]
}

// relsName is the name of the part that says what a part leads to.
func relsName(part string) string {
	return strings.TrimPrefix(path.Join(path.Dir(part), "_rels", path.Base(part)+".rels"), "/")
}

// relations is what a part leads to; "" is the package itself.
func (b *book) relations(part string) ([]relation, error) {
	name := "_rels/.rels"
	if part != "" {
		name = relsName(part)
	}
	if !b.has(name) {
		return nil, nil
	}
	raw, err := b.read(name)
	if err != nil {
		return nil, err
	}
	var doc struct {
		All []relation `xml:"Relationship"`
	}
	if err := xml.Unmarshal(raw, &doc); err != nil {
		return nil, unfit("a list of relations cannot be read")
	}
	for i := range doc.All {
		r := &doc.All[i]
		if r.part = r.Target; !strings.HasPrefix(r.Target, "/") {
			r.part = path.Join(path.Dir(part), r.Target)
		}
		r.part = b.named(strings.TrimPrefix(path.Clean("/"+r.part), "/"))
	}
	return doc.All, nil
}

// named is the name of a part as the container spells it.
func (b *book) named(name string) string {
	if f := b.parts[strings.ToLower(name)]; f != nil {
		return f.Name
	}
	return name
}

// list finds the sheets in the order of the workbook.
func (b *book) list() error {
	_, err := edit(b.workbook, func(_ *rewriter, t *tag) error {
		if !t.starts("sheet") || t.depth != 3 {
			return nil
		}
		s := bookSheet{}
		s.name, _ = t.attr("name")
		s.id = relationID(t)
		for _, r := range b.rels {
			if r.ID == s.id && r.Mode != "External" {
				s.page = r.part
				if r.is("worksheet") {
					s.part = r.part
				}
			}
		}
		b.sheets = append(b.sheets, s)
		return nil
	})
	if err == nil && len(b.sheets) == 0 {
		err = unfit("it has no sheets")
	}
	return err
}

// relationID is the id attribute that has a prefix, whatever the prefix is.
func relationID(t *tag) string {
	for _, word := range strings.Fields(string(t.raw)) {
		key, _, ok := strings.Cut(word, "=")
		if ok && strings.HasSuffix(key, ":id") {
			id, _ := t.attr(key)
			return id
		}
	}
	return ""
}

// sheet is the number of the sheet of that name, or -1. A file with one sheet has no need of its name.
func (b *book) sheet(name string) int {
	return slices.IndexFunc(b.sheets, func(s bookSheet) bool { return s.part != "" && s.name == name })
}

// relBase is the namespace of relations in the form that the workbook has.
func (b *book) relBase() string {
	if b.strict {
		return relStrict
	}
	return relTransitional
}

func (b *book) mainSpace() string {
	if b.strict {
		return mainStrict
	}
	return mainNormal
}

// set holds what is to stand as the part.
func (b *book) set(name string, content []byte) {
	name = b.named(name)
	if _, held := b.changed[name]; !held && b.parts[strings.ToLower(name)] == nil {
		b.added = append(b.added, name)
	}
	b.changed[name] = content
}

// free is the first name of that pattern that no part has; the pattern has one %d.
func (b *book) free(pattern string) string {
	for n := 1; ; n++ {
		if name := fmt.Sprintf(pattern, n); !b.has(name) && !b.gone[name] {
			return name
		}
	}
}

// relate adds a relation of a part to another, and gives its id.
func (b *book) relate(from, kind, to string) (string, error) {
	all, err := b.relations(from)
	if err != nil {
		return "", err
	}
	id := ""
	for n := 1; id == "" || slices.ContainsFunc(all, func(r relation) bool { return r.ID == id }); n++ {
		id = fmt.Sprintf("rIdPalermo%d", n)
	}
	name := relsName(from)
	raw := []byte(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n" +
		`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>`)
	if b.has(name) {
		if raw, err = b.read(name); err != nil {
			return "", err
		}
	}
	raw, err = appendTo(raw, "Relationships", func(prefix string) string {
		return fmt.Sprintf(`<%sRelationship Id="%s" Type="%s/%s" Target="%s"/>`, prefix, id, b.relBase(), kind, escape(relative(from, to)))
	})
	b.set(name, raw)
	return id, err
}

// relative is how the part from names the part to.
func relative(from, to string) string {
	rel, err := filepath.Rel(filepath.FromSlash("/"+path.Dir(from)), filepath.FromSlash("/"+to))
	if err != nil {
		return "/" + to
	}
	return filepath.ToSlash(rel)
}

// declare adds the content type of a part, or of all parts that end in the extension.
func (b *book) declare(part, contentType string) (err error) {
	b.types, err = appendTo(b.types, "Types", func(prefix string) string {
		return fmt.Sprintf(`<%sOverride PartName="/%s" ContentType="%s"/>`, prefix, escape(part), contentType)
	})
	return err
}

// declareVML says what drawings of comments are, where nothing has said so.
func (b *book) declareVML() error {
	known := false
	if _, err := edit(b.types, func(_ *rewriter, t *tag) error {
		ext, _ := t.attr("Extension")
		known = known || t.starts("Default") && strings.EqualFold(ext, "vml")
		return nil
	}); err != nil || known {
		return err
	}
	var err error
	b.types, err = edit(b.types, func(rw *rewriter, t *tag) error {
		if rw.write(t.raw); t.starts("Types") && t.kind == opens {
			rw.put(`<` + t.prefix() + `Default Extension="vml" ContentType="application/vnd.openxmlformats-officedocument.vmlDrawing"/>`)
		}
		return nil
	})
	return err
}

// appendTo adds to the end of the part's root.
func appendTo(part []byte, root string, what func(prefix string) string) ([]byte, error) {
	done := false
	out, err := edit(part, func(rw *rewriter, t *tag) error {
		switch {
		case t.depth == 1 && t.ends(root):
			rw.put(what(t.prefix()))
			rw.keep(t)
			done = true
		case t.depth == 1 && t.kind == empty && t.starts(root):
			rw.write(t.opened())
			rw.put(what(t.prefix()) + "</" + string(t.full()) + ">")
			done = true
		default:
			rw.keep(t)
		}
		return nil
	})
	if err == nil && !done {
		err = unfit("a part has another root than it should")
	}
	return out, err
}

// escape is the text as it stands in an attribute or between tags. What XML cannot hold becomes
// the sign for an unknown letter.
func escape(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		panic(errors.Join(errors.New("a builder does not fail"), err))
	}
	return b.String()
}

// unset takes back a part that was new.
func (b *book) unset(name string) {
	delete(b.changed, name)
	b.added = slices.DeleteFunc(b.added, func(n string) bool { return n == name })
}

// unrelate takes a relation out.
func (b *book) unrelate(from, id string) error {
	name := relsName(from)
	raw, err := b.read(name)
	if err != nil {
		return err
	}
	raw, err = edit(raw, func(rw *rewriter, t *tag) error {
		if got, _ := t.attr("Id"); t.starts("Relationship") && got == id {
			rw.drop(t)
			return nil
		}
		rw.keep(t)
		return nil
	})
	b.set(name, raw)
	return err
}
