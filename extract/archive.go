package extract

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"slices"
	"strings"
	"unicode"

	"palermo/diag"
)

const (
	maxParts      = 10_000
	maxMembers    = 200     // files of an archive
	maxMemberName = 255     // bytes
	bombBytes     = 8 << 20 // from here on a part's ratio counts
	bombRatio     = 300     // of inflated to compressed bytes; sheets of real workbooks stay below 100
)

var (
	errBomb      = errors.New("it becomes several hundred times as large")
	errOverLimit = errors.New("it is over the limit")
	errNested    = errors.New("an archive within an archive")
)

// openZip tells the kinds of files that are zip files apart.
func (f *File) openZip() error {
	zr, err := zip.NewReader(f.f, f.size)
	if err != nil {
		return fault(err, diag.FileDamaged, f.pos(), "the container cannot be read")
	}
	if err := f.checkEntries(zr.File); err != nil {
		return err
	}
	has := func(name string) bool {
		return slices.ContainsFunc(zr.File, func(z *zip.File) bool { return strings.EqualFold(strings.ReplaceAll(z.Name, `\`, "/"), name) })
	}
	switch {
	case has("mimetype") && (has(odsContent) || has("encrypted-package") || has(odsManifest)):
		return f.openODS(zr)
	case has("[Content_Types].xml"), has("xl/workbook.xml"), has("xl/workbook.bin"), has("word/document.xml"), has("ppt/presentation.xml"):
		return f.openBook()
	case f.member != "":
		return fault(errNested, diag.FileFormat, f.pos(), "this is a zip archive within another; unpack it and put its files into the outer one")
	}
	return f.openArchive(zr)
}

// checkEntries looks at what the directory of a zip file says, before anything is inflated.
func (f *File) checkEntries(zs []*zip.File) error {
	if len(zs) > maxParts {
		return fault(nil, diag.FileTooLarge, f.pos(), "%d parts are over the limit of %d", len(zs), maxParts)
	}
	seen, packed := map[string]bool{}, uint64(0)
	for i, z := range zs {
		if z.Flags&1 != 0 {
			return fault(nil, diag.FilePassword, f.pos(), "the zip archive is protected by a password, in a way that is not read; "+howToLock)
		}
		name := strings.ToLower(strings.ReplaceAll(z.Name, `\`, "/"))
		if seen[name] {
			return fault(nil, diag.FilePartRepeated, f.pos(), "entry %d of %d has the name of another one", i+1, len(zs))
		}
		seen[name] = true
		packed += z.CompressedSize64
		if z.CompressedSize64 > uint64(f.size) || packed > uint64(f.size) {
			return fault(nil, diag.FileDamaged, f.pos(), "parts of the container overlap, or are longer than the file")
		}
	}
	return nil
}

// inflation is a part of a zip file as it is inflated. It counts the actual bytes and stops where no
// honest part gets to.
type inflation struct {
	r             io.ReadCloser
	packed, limit int64
	n             int64
}

func inflate(z *zip.File, limit int64) (*inflation, error) {
	r, err := z.Open()
	if err != nil {
		return nil, err
	}
	return &inflation{r: r, packed: int64(z.CompressedSize64), limit: limit}, nil
}

func (i *inflation) Read(p []byte) (int, error) {
	n, err := i.r.Read(p)
	i.n += int64(n)
	switch {
	case i.n > i.limit:
		return n, errOverLimit
	case i.n > bombBytes && i.n > i.packed*bombRatio:
		return n, errBomb
	}
	return n, err
}

func (i *inflation) Close() error { return i.r.Close() }

// copyPart inflates a part to its end, where length and checksum are compared.
func copyPart(w io.Writer, z *zip.File, limit int64) (int64, error) {
	i, err := inflate(z, limit)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(w, i)
	return n, errors.Join(err, i.Close())
}

// partFault is what it means that a part cannot be inflated.
func (f *File) partFault(err error, at diag.Pos) error {
	switch {
	case errors.Is(err, errBomb), errors.Is(err, errOverLimit):
		return fault(err, diag.FileTooLarge, at, "unpacked, the file is over the limit")
	}
	return fault(err, diag.FileDamaged, at, "a part of the container cannot be read to its end")
}

// archive is a zip file of files. What its members are read from was inflated once; of the members
// that are not being read only the last is open.
type archive struct {
	f       *File
	members []*member
	last    *member
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
func (f *File) openArchive(zr *zip.Reader) error {
	a := &archive{f: f}
	f.parts, f.format = a, "zip"
	zs, err := a.list(zr)
	if err != nil {
		return err
	}
	budget := f.o.MaxUnzipBytes
	for _, z := range zs {
		m := &member{name: memberName(z.Name)}
		if err := a.unpack(m, z, budget); err != nil {
			return err
		}
		a.members = append(a.members, m)
		if budget -= m.size; f.o.MaxUnzipBytes-budget > bombBytes && f.o.MaxUnzipBytes-budget > f.size*bombRatio {
			return f.partFault(errBomb, f.pos())
		}
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
func (a *archive) list(zr *zip.Reader) ([]*zip.File, error) {
	var out []*zip.File
	names := map[string]bool{}
	for _, z := range zr.File {
		name := strings.ReplaceAll(z.Name, `\`, "/")
		switch mode := z.Mode(); {
		case !fs.ValidPath(strings.TrimSuffix(name, "/")) || strings.Contains(name, ":") || len(name) > maxMemberName:
			return nil, fault(nil, diag.FileUnsafe, a.f.pos(), "a name in the archive leads out of it, or is none")
		case strings.HasSuffix(name, "/"):
			continue
		case !mode.IsRegular():
			return nil, fault(nil, diag.FileUnsafe, a.f.pos(), "the archive holds a link, or something else that is not a plain file")
		case leftBehind(name):
			continue
		}
		if key := memberName(z.Name); names[key] {
			return nil, fault(nil, diag.FileDamaged, a.f.pos(), "the container has two parts of one name")
		} else {
			names[key] = true
		}
		out = append(out, z)
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
	s = strings.ToValidUTF8(strings.ReplaceAll(s, `\`, "/"), "\ufffd")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return '\ufffd'
		}
		return r
	}, s)
}

// unpack inflates a member: into a temporary file whose name is gone before the first byte, or, of
// what was decrypted, into memory.
func (a *archive) unpack(m *member, z *zip.File, budget int64) error {
	at := diag.Pos{File: a.f.o.Name, Sheet: m.name}
	if a.f.secret {
		var b bytes.Buffer
		n, err := copyPart(&b, z, min(budget, a.f.o.MaxPartBytes))
		if err != nil {
			return a.f.partFault(err, at)
		}
		m.bytes, m.size = inMemory(b.Bytes()), n
		return nil
	}
	h, err := os.CreateTemp(a.f.o.TmpDir, "extract-") // 0600
	if err != nil {
		return err
	}
	m.bytes = h
	if err := os.Remove(h.Name()); err != nil {
		return errors.Join(err, h.Close())
	}
	w := &diskWriter{w: h}
	m.size, err = copyPart(w, z, budget)
	switch {
	case w.err != nil:
		return errors.Join(w.err, h.Close())
	case err != nil:
		return errors.Join(a.f.partFault(err, at), h.Close())
	}
	return nil
}

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
