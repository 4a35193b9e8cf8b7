package extract

import (
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"path"
	"slices"
	"strings"
	"unicode"

	"palermo/diag"
	"palermo/extract/sheet"
	"palermo/extract/zipfile"
)

const (
	maxMembers    = 200 // files of an archive
	maxMemberName = 255 // bytes
)

var (
	errOverLimit = errors.New("it is over the limit")
	errNested    = errors.New("an archive within an archive")
)

// openZip tells the kinds of files that are zip files apart.
func (f *File) openZip() error {
	a, err := zipfile.Open(f.f, f.size, zipfile.Options{MaxBytes: f.o.MaxUnzipBytes})
	if err != nil {
		return f.placed(err)
	}
	has := func(name string) bool { return a.Find(name) != nil }
	switch {
	case has("mimetype") && (has(odsContent) || has("encrypted-package") || has(odsManifest)):
		return f.openODS(a)
	case has("[Content_Types].xml"), sheet.IsWorkbook(a), has("xl/workbook.bin"), has("word/document.xml"), has("ppt/presentation.xml"):
		return f.openBook()
	case f.member != "":
		return fault(errNested, diag.FileFormat, f.pos(), "this is a zip archive within another; unpack it and put its files into the outer one")
	}
	return f.openArchive(a)
}

// archive is a zip file of files. What its members are read from was inflated once; of the members
// that are not being read only the last is open.
type archive struct {
	f       *File
	members []*member
	last    *member
	held    int64 // bytes of members in memory
}

// member is one file of an archive.
type member struct {
	name  string
	bytes source
	size  int64
	file  *File // nil where it is not open
	users int   // passes over its rows that are under way
}

// kept is a source that outlives the File that reads it.
type kept struct{ source }

func (kept) Close() error { return nil }

// openArchive makes the sheets of all members those of the file. A member of a kind that is not read
// is passed over with a note; one that is locked, damaged or hostile is the whole file's fault.
func (f *File) openArchive(z *zipfile.Archive) error {
	a := &archive{f: f}
	f.parts, f.format = a, "zip"
	es, err := a.list(z)
	if err != nil {
		return err
	}
	for _, e := range es {
		m := &member{name: memberName(e.Name)}
		if err := a.unpack(m, e); err != nil {
			return err
		}
		a.members = append(a.members, m)
	}
	for _, m := range a.members {
		if err := a.sheets(m); err != nil {
			return err
		}
	}
	switch {
	case len(f.sheets) > 0:
		return nil
	case len(a.members) > 0:
		return fault(nil, diag.FileFormat, f.pos(), "no file in the archive is of a kind that is read")
	}
	return fault(nil, diag.FileEmpty, f.pos(), "the archive has no file")
}

// list is the files of the archive without what other programs put beside them.
func (a *archive) list(z *zipfile.Archive) ([]*zipfile.Entry, error) {
	var out []*zipfile.Entry
	names := map[string]bool{}
	for _, e := range z.Entries {
		if e.IsDir() || leftBehind(e.Name) {
			continue
		}
		name := memberName(e.Name)
		switch {
		case len(name) > maxMemberName || strings.Contains(name, ":"):
			return nil, fault(nil, diag.FilePartUnsafe, a.f.pos(), "entry %d of %d has a name that is too long, or names a drive", e.No, len(z.Entries))
		case names[name]:
			return nil, fault(nil, diag.FilePartRepeated, a.f.pos(), "entry %d of %d looks like another one", e.No, len(z.Entries))
		}
		names[name] = true
		out = append(out, e)
	}
	if len(out) > maxMembers {
		return nil, fault(nil, diag.FileTooLarge, a.f.pos(), "%d files are over the limit of %d", len(out), maxMembers)
	}
	return out, nil
}

// leftBehind reports whether the member is none of its sender's: __MACOSX, .DS_Store, Thumbs.db, lock
// files.
func leftBehind(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") || strings.HasPrefix(part, "~$") || part == "__MACOSX" {
			return true
		}
	}
	base := strings.ToLower(path.Base(name))
	return base == "thumbs.db" || base == "desktop.ini"
}

// memberName is the name in a form that can stand in a place: text without control characters.
func memberName(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return '\ufffd'
		}
		return r
	}, s)
}

// unpack inflates a member: into a temporary file whose name is gone before the first byte, into the file in memory
// where there is one, or, of what was decrypted, into memory.
func (a *archive) unpack(m *member, e *zipfile.Entry) error {
	at := &File{o: a.f.o, member: m.name} // whose faults are
	m.size = e.Size
	if a.f.secret {
		if a.held += e.Size; a.held > a.f.o.MaxPartBytes {
			return fault(errOverLimit, diag.FileTooLarge, at.pos(), "unpacked, the encrypted files are over the limit of %d bytes", a.f.o.MaxPartBytes)
		}
		b, err := io.ReadAll(e.Open())
		m.bytes = inMemory(b)
		return at.placed(err)
	}
	to, err := a.place(m)
	if err != nil {
		return err
	}
	w := &diskWriter{w: to}
	_, err = io.Copy(w, e.Open())
	switch {
	case w.err != nil:
		return errors.Join(w.err, m.bytes.Close())
	case err != nil:
		return errors.Join(at.placed(err), m.bytes.Close())
	}
	return nil
}

// place makes room for the bytes of a member.
func (a *archive) place(m *member) (io.Writer, error) {
	if s := a.f.o.scratch; s != nil {
		at := a.held
		a.held += m.size
		m.bytes = section{io.NewSectionReader(s, at, m.size)}
		return io.NewOffsetWriter(s, at), nil
	}
	h, err := os.CreateTemp(a.f.o.TmpDir, "extract-") // 0600
	if err != nil {
		return nil, err
	}
	m.bytes = h
	if err := os.Remove(h.Name()); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

// section is a part of a file, which outlives it.
type section struct{ *io.SectionReader }

func (section) Close() error { return nil }

// diskWriter keeps the disk's errors apart from the file's.
type diskWriter struct {
	w   io.Writer
	err error
}

func (d *diskWriter) Write(p []byte) (int, error) {
	n, err := d.w.Write(p)
	d.err = errors.Join(d.err, err)
	return n, err
}

// sheets adds the member's sheets to the file's.
func (a *archive) sheets(m *member) error {
	err := a.open(m)
	var bad *Error
	switch {
	case errors.As(err, &bad) && !errors.Is(err, errNested) && (bad.Diagnostic.Code == diag.FileFormat || bad.Diagnostic.Code == diag.FileEmpty):
		a.f.notes.Add(finding(diag.FileMember, bad.Diagnostic.Pos, "%s; the other files of the archive are read", bad.Diagnostic.Message))
		return nil
	case err != nil:
		return err
	}
	for i, s := range m.file.sheets {
		s.No, s.file = len(a.f.sheets)+1, a.f
		s.rows = func(ctx context.Context) iter.Seq2[Row, error] {
			return func(yield func(Row, error) bool) { a.walk(ctx, m, i, yield) }
		}
		a.f.sheets = append(a.f.sheets, s)
	}
	return nil
}

// open opens the member and closes the one before, if nobody reads it.
func (a *archive) open(m *member) error {
	if m.file != nil {
		return nil
	}
	if l := a.last; l != nil && l.users == 0 {
		if err := a.shut(l); err != nil {
			return err
		}
	}
	o := a.f.o
	file := &File{f: kept{m.bytes}, size: m.size, o: o, member: m.name, secret: a.f.secret, opened: a.f.opened}
	if err := file.open(); err != nil {
		return errors.Join(err, file.Close())
	}
	m.file, a.last = file, m
	return nil
}

// shut closes the member's file. What was noted of it stays.
func (a *archive) shut(m *member) error {
	if m.file == nil {
		return nil
	}
	a.note(m)
	err := m.file.Close()
	m.file = nil
	return err
}

// note takes over what was found about a member, each once however often it was opened.
func (a *archive) note(m *member) {
	for _, d := range m.file.notes.Kept() {
		if !slices.Contains(a.f.notes.Kept(), d) {
			a.f.notes.Add(d)
		}
	}
}

// walk yields the rows of the member's sheet of that index.
func (a *archive) walk(ctx context.Context, m *member, sheet int, yield func(Row, error) bool) {
	if err := a.open(m); err != nil {
		yield(Row{}, err)
		return
	}
	m.users++
	defer func() { m.users-- }()
	for r, err := range m.file.sheets[sheet].Rows(ctx) {
		if !yield(r, err) {
			return
		}
	}
}

func (a *archive) close() error {
	var err error
	for _, m := range a.members {
		err = errors.Join(err, a.shut(m), m.bytes.Close())
	}
	return err
}
