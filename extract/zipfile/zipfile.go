package zipfile

import (
	"cmp"
	"context"
	"io"
	"slices"
	"strings"

	"palermo/diag"
)

// Options limits what a container may claim. The zero value of each field stands for its default.
type Options struct {
	MaxEntries int   // 10,000
	MaxBytes   int64 // of all entries together, inflated; 4 GiB
	MaxRatio   int64 // of inflated bytes to packed ones, once there are more than 16 MiB; 400
	Package    bool  // an Office package: no part may declare a document type
}

const (
	ratioGrace = 16 << 20
	maxName    = 1024
)

func (o Options) withDefaults() Options {
	if o.MaxEntries <= 0 {
		o.MaxEntries = 10_000
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 4 << 30
	}
	if o.MaxRatio <= 0 {
		o.MaxRatio = 400
	}
	return o
}

// Archive is an opened container. Its entries may be read by several goroutines at once.
type Archive struct {
	Entries []*Entry // in the order of the directory

	r       io.ReaderAt
	o       Options
	byName  map[string]*Entry
	dirAt   int64 // where the directory starts
	claimed int64 // inflated bytes of all entries
}

// Entry is one entry as the directory has it.
type Entry struct {
	Name string // with slashes, whatever the writer used; its bytes may be no UTF-8
	No   int    // its place in the directory, from 1
	Size int64  // inflated
	UTF8 bool   // the container says that the name is UTF-8

	a        *Archive
	flags    uint16
	method   uint16
	crc      uint32
	packed   int64
	headerAt int64
	dataAt   int64
}

// IsDir reports whether the entry is a folder.
func (e *Entry) IsDir() bool { return strings.HasSuffix(e.Name, "/") }

// Open reads the directory of the container in the first size bytes of r, and holds it against
// the rules of the package. Nothing is inflated yet. The error is a *Fault or r's.
func Open(r io.ReaderAt, size int64, o Options) (*Archive, error) {
	a := &Archive{r: r, o: o.withDefaults(), byName: map[string]*Entry{}}
	if err := a.readDirectory(size); err != nil {
		return nil, err
	}
	for _, e := range a.Entries {
		if err := a.admit(e); err != nil {
			return nil, err
		}
	}
	if err := a.checkRatio(a.claimed, a.packed()); err != nil {
		return nil, err
	}
	if err := a.checkPlaces(); err != nil {
		return nil, err
	}
	return a, nil
}

// Find is the entry of that name, without regard to case, or nil.
func (a *Archive) Find(name string) *Entry { return a.byName[strings.ToLower(name)] }

// admit holds one entry's claims against the rules.
func (a *Archive) admit(e *Entry) error {
	if why := unsafePath(e.Name); why != "" {
		return fault(nil, diag.FilePartUnsafe, "entry %d of %d: %s", e.No, len(a.Entries), why)
	}
	key := strings.ToLower(strings.TrimSuffix(e.Name, "/"))
	if a.byName[key] != nil {
		return fault(nil, diag.FilePartRepeated, "entry %d of %d has the name of another one", e.No, len(a.Entries))
	}
	a.byName[key] = e
	if e.flags&(1<<0|1<<6|1<<13) != 0 || e.method == 99 {
		return fault(nil, diag.FilePassword, "the archive is protected by a password")
	}
	if e.method != stored && e.method != deflated {
		return fault(nil, diag.FileFormat, "entry %d of %d is packed in a way that is not read", e.No, len(a.Entries))
	}
	a.claimed += e.Size
	if a.claimed > a.o.MaxBytes || a.claimed < 0 {
		return fault(nil, diag.FileTooLarge, "unpacked, the file is over the limit of %d bytes", a.o.MaxBytes)
	}
	return a.checkRatio(e.Size, e.packed)
}

func (a *Archive) checkRatio(size, packed int64) error {
	if size > ratioGrace && size/a.o.MaxRatio > packed {
		return fault(nil, diag.FileBomb, "unpacked, it or a part of it is more than %d times as large", a.o.MaxRatio)
	}
	return nil
}

func (a *Archive) packed() int64 {
	var n int64
	for _, e := range a.Entries {
		n += e.packed
	}
	return n
}

// unsafePath says what is wrong with a name, or nothing.
func unsafePath(name string) string {
	switch {
	case name == "":
		return "it has no name"
	case len(name) > maxName:
		return "its name is too long"
	case strings.HasPrefix(name, "/"):
		return "its path starts at the root"
	case len(name) > 1 && name[1] == ':' && (name[0]|0x20 >= 'a' && name[0]|0x20 <= 'z'):
		return "its path names a drive"
	}
	for i := range len(name) {
		if name[i] < ' ' || name[i] == 0x7f {
			return "its name has a control character"
		}
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return "its path leads out of the container"
		}
	}
	return ""
}

// checkPlaces holds each entry's own header against the directory, and says that no two entries
// share a byte, which is how a small file is made to unpack without end.
func (a *Archive) checkPlaces() error {
	order := slices.Clone(a.Entries)
	slices.SortStableFunc(order, func(x, y *Entry) int { return cmp.Compare(x.headerAt, y.headerAt) })
	end := int64(0)
	for i, e := range order {
		if i == 0 && e.headerAt != 0 {
			return fault(nil, diag.FileContainerFalse, "there are bytes before its first entry")
		}
		if e.headerAt < end {
			return fault(nil, diag.FileContainerFalse, "entry %d of %d overlaps another one", e.No, len(a.Entries))
		}
		if err := a.readHeader(e); err != nil {
			return err
		}
		end = e.dataAt + e.packed
		if end > a.dirAt || end < 0 {
			return fault(nil, diag.FileContainerFalse, "entry %d of %d overlaps the directory", e.No, len(a.Entries))
		}
	}
	return nil
}

// Check reads every entry to its end, in their order. It is what makes sure of an archive before
// anything of it is used.
func (a *Archive) Check(ctx context.Context) error {
	c := &checker{buf: make([]byte, 128<<10)}
	for _, e := range a.Entries {
		if err := c.check(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

type checker struct {
	r   Reader
	buf []byte
}

func (c *checker) check(ctx context.Context, e *Entry) error {
	c.r.Reset(e)
	first := true
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := io.ReadFull(&c.r, c.buf)
		if first && e.a.o.Package && isXML(e.Name) {
			if err := checkProlog(e, c.buf[:n]); err != nil {
				return err
			}
		}
		first = false
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func isXML(name string) bool {
	name = strings.ToLower(name)
	return strings.HasSuffix(name, ".xml") || strings.HasSuffix(name, ".rels") || strings.HasSuffix(name, ".vml")
}
