package zipfile_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"palermo/diag"
	"palermo/extract/zipfile"
)

// entry is one entry of a container that is made by hand, so that it can lie.
type entry struct {
	name, local string // local: the name before the data, where it is another
	body        []byte // inflated
	raw         []byte // packed; made of body where it is nil
	method      uint16
	flags       uint16
	made        uint16
	attributes  uint32
	size        int64 // inflated, as claimed; of body where it is 0
	at          int64 // where the directory says that it stands; -1: where it does
	crc         uint32
	descriptor  bool
	large       bool // sizes in the extra field
}

func file(name, body string) entry { return entry{name: name, body: []byte(body), method: 8, at: -1} }

func deflated(b []byte) []byte {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, 9)
	if err != nil {
		panic(err)
	}
	if _, err := w.Write(b); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

var le = binary.LittleEndian

// container writes the entries. What it writes is right where the entries do not say otherwise.
func container(entries ...entry) []byte {
	var out, dir []byte
	for _, e := range entries {
		if e.raw == nil {
			e.raw = e.body
			if e.method == 8 {
				e.raw = deflated(e.body)
			}
		}
		if e.size == 0 {
			e.size = int64(len(e.body))
		}
		if e.crc == 0 {
			e.crc = crc32.ChecksumIEEE(e.body)
		}
		if e.at < 0 {
			e.at = int64(len(out))
		}
		if e.local == "" {
			e.local = e.name
		}
		packed, size := uint32(len(e.raw)), uint32(e.size)
		var extra []byte
		if e.large {
			extra = le.AppendUint16(extra, 1)
			extra = le.AppendUint16(extra, 16)
			extra = le.AppendUint64(extra, uint64(e.size))
			extra = le.AppendUint64(extra, uint64(len(e.raw)))
			packed, size = 1<<32-1, 1<<32-1
		}
		sizes := [3]uint32{e.crc, packed, size}
		if e.descriptor {
			e.flags |= 8
			sizes = [3]uint32{}
		}
		out = le.AppendUint32(out, 0x04034b50)
		out = append(out, 20, 0)
		out = le.AppendUint16(out, e.flags)
		out = le.AppendUint16(out, e.method)
		out = append(out, 0, 0, 0, 0)
		for _, n := range sizes {
			out = le.AppendUint32(out, n)
		}
		out = le.AppendUint16(out, uint16(len(e.local)))
		out = le.AppendUint16(out, uint16(len(extra)))
		out = append(append(append(out, e.local...), extra...), e.raw...)
		if e.descriptor {
			out = append(out, "PK\x07\x08"...)
			out = le.AppendUint32(le.AppendUint32(le.AppendUint32(out, e.crc), packed), size)
		}
		dir = le.AppendUint32(dir, 0x02014b50)
		dir = le.AppendUint16(dir, e.made|20)
		dir = append(dir, 20, 0)
		dir = le.AppendUint16(dir, e.flags)
		dir = le.AppendUint16(dir, e.method)
		dir = append(dir, 0, 0, 0, 0)
		dir = le.AppendUint32(le.AppendUint32(le.AppendUint32(dir, e.crc), packed), size)
		dir = le.AppendUint16(dir, uint16(len(e.name)))
		dir = le.AppendUint16(dir, uint16(len(extra)))
		dir = append(dir, 0, 0, 0, 0, 0, 0)
		dir = le.AppendUint32(dir, e.attributes)
		dir = le.AppendUint32(dir, uint32(e.at))
		dir = append(append(dir, e.name...), extra...)
	}
	return append(append(out, dir...), end(len(entries), len(dir), len(out))...)
}

func end(entries, size, at int) []byte {
	b := []byte("PK\x05\x06\x00\x00\x00\x00")
	b = le.AppendUint16(le.AppendUint16(b, uint16(entries)), uint16(entries))
	b = le.AppendUint32(le.AppendUint32(b, uint32(size)), uint32(at))
	return append(b, 0, 0)
}

// read opens and checks a container, and gives what its entries hold.
func read(b []byte, o zipfile.Options) (map[string]string, error) {
	a, err := zipfile.Open(bytes.NewReader(b), int64(len(b)), o)
	if err != nil {
		return nil, err
	}
	if err := a.Check(context.Background()); err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, e := range a.Entries {
		body, err := io.ReadAll(e.Open())
		if err != nil {
			return nil, err
		}
		out[e.Name] = string(body)
	}
	return out, nil
}

func code(err error) diag.Code {
	var f *zipfile.Fault
	if !errors.As(err, &f) {
		return ""
	}
	return f.Diagnostic.Code
}

func with(e entry, change func(*entry)) entry {
	change(&e)
	return e
}

func TestHonest(t *testing.T) {
	plain := container(file("a", "one"), file("b/c", strings.Repeat("two", 10_000)))
	for name, b := range map[string][]byte{
		"plain":            plain,
		"no entries":       end(0, 0, 0),
		"stored":           container(with(file("a", "one"), func(e *entry) { e.method = 0 })),
		"descriptors":      container(with(file("a", "one"), func(e *entry) { e.descriptor = true }), file("b", "two")),
		"large":            container(with(file("a", "one"), func(e *entry) { e.large = true }), file("b", "two")),
		"backslashes":      container(file(`xl\workbook.xml`, "<x/>")),
		"folders":          container(with(file("d/", ""), func(e *entry) { e.method = 0 }), file("d/a", "")),
		"zeros behind it":  append(bytes.Clone(plain), make([]byte, 512)...),
		"a comment":        append(bytes.Clone(plain[:len(plain)-2]), "\x05\x00hello"...),
		"a plain file":     container(with(file("a", "one"), func(e *entry) { e.made, e.attributes = 3<<8, 0o100644<<16 })),
		"no sizes before":  patched(container(with(file("a", "one"), func(e *entry) { e.method = 0 })), 14, make([]byte, 12)),
		"archive/zip":      written(t, "a", "b.xml"),
		"a large workbook": container(zeros("a", 16)),
	} {
		if _, err := read(b, zipfile.Options{Package: true}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	got, err := read(plain, zipfile.Options{})
	if err != nil || got["a"] != "one" || len(got["b/c"]) != 30_000 {
		t.Errorf("%d entries, %v", len(got), err)
	}
}

func patched(b []byte, at int, with []byte) []byte {
	copy(b[at:], with)
	return b
}

func written(t testing.TB, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, n := range names {
		p, err := w.Create(n)
		if err == nil {
			_, err = io.WriteString(p, "<x/>")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// end64 is a container whose end is in the large form.
func end64(b []byte) []byte {
	old := b[len(b)-22:]
	entries, size, at := uint64(le.Uint16(old[10:])), uint64(le.Uint32(old[12:])), uint64(le.Uint32(old[16:]))
	out := bytes.Clone(b[:len(b)-22])
	here := uint64(len(out))
	out = append(out, "PK\x06\x06"...)
	out = le.AppendUint64(out, 44)
	out = append(out, 45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	for _, n := range []uint64{entries, entries, size, at} {
		out = le.AppendUint64(out, n)
	}
	out = append(out, "PK\x06\x07\x00\x00\x00\x00"...)
	out = le.AppendUint64(out, here)
	out = append(out, 1, 0, 0, 0)
	return append(out, "PK\x05\x06\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00"...)
}

func TestLarge(t *testing.T) {
	good := end64(container(file("a", "one"), file("b", "two")))
	if got, err := read(good, zipfile.Options{}); err != nil || got["b"] != "two" {
		t.Errorf("%q, %v", got, err)
	}
	// Some writers write these records without need, beside the usual one.
	plain := container(file("a", "one"), file("b", "two"))
	both := append(bytes.Clone(good[:len(good)-22]), plain[len(plain)-22:]...)
	if got, err := read(both, zipfile.Options{}); err != nil || got["b"] != "two" {
		t.Errorf("%q, %v", got, err)
	}
	both[len(both)-12]++ // one entry more in the usual record
	if _, err := read(both, zipfile.Options{}); code(err) != diag.FileContainerFalse {
		t.Errorf("two ends that differ: %v", err)
	}
	for at := len(good) - 22 - 20 - 56; at < len(good); at++ { // every byte of the records at the end
		bad := bytes.Clone(good)
		bad[at] ^= 0x41
		_, err := read(bad, zipfile.Options{})
		if err != nil && code(err) == "" {
			t.Errorf("byte %d: %v is no fault", at, err)
		}
	}
}

func TestRefused(t *testing.T) {
	one, two := file("a", "one"), file("b", "two")
	good := container(one, two)
	inner := container(file("b", "x"))
	quoting := func() []byte { // the packed bytes of the first entry are those of the second with its header
		e := with(file("b", "xyz"), func(e *entry) { e.method = 0 })
		b := container(e)
		local := b[:30+1+3]
		first := with(file("a", string(local)), func(e *entry) { e.method = 0 })
		e.at = 30 + 1
		all := container(first, e)
		return all
	}()
	for _, c := range []struct {
		name string
		want diag.Code
		in   []byte
	}{
		{"nothing", diag.FileDamaged, nil},
		{"a header alone", diag.FileDamaged, []byte("PK\x03\x04")},
		{"cut off", diag.FileDamaged, good[:len(good)-10]},
		{"cut off in the data", diag.FileDamaged, good[:40]},
		{"junk before", diag.FileContainerFalse, append([]byte("#!/bin/sh\n"), good...)},
		{"junk before, counted in", diag.FileContainerFalse, shifted("PK\x03\x04 or more")},
		{"junk behind", diag.FileContainerFalse, append(bytes.Clone(good), "junk"...)},
		{"two containers", diag.FileContainerFalse, append(bytes.Clone(good), good...)},
		{"a container in the comment", diag.FileContainerFalse, append(append(bytes.Clone(good[:len(good)-2]), byte(len(inner)), 0), inner...)},
		{"fewer entries than it says", diag.FileDamaged, patched(bytes.Clone(good), len(good)-14, []byte{3, 0, 3, 0})},
		{"more entries than it says", diag.FileDamaged, patched(bytes.Clone(good), len(good)-14, []byte{1, 0, 1, 0})},
		{"several disks", diag.FileDamaged, patched(bytes.Clone(good), len(good)-18, []byte{1, 0})},
		{"one name twice", diag.FilePartRepeated, container(one, one)},
		{"one name twice but for case", diag.FilePartRepeated, container(file("xl/a", ""), file("XL/A", ""))},
		{"one name twice but for slashes", diag.FilePartRepeated, container(file("xl/a", ""), file(`xl\a`, ""))},
		{"up", diag.FilePartUnsafe, container(file("../a", ""))},
		{"up with backslashes", diag.FilePartUnsafe, container(file(`xl\..\..\a`, ""))},
		{"from the root", diag.FilePartUnsafe, container(file("/etc/a", ""))},
		{"a share", diag.FilePartUnsafe, container(file(`\\host\a`, ""))},
		{"a drive", diag.FilePartUnsafe, container(file("c:a", ""))},
		{"NUL", diag.FilePartUnsafe, container(file("a\x00.xml", ""))},
		{"no name", diag.FilePartUnsafe, container(file("", ""))},
		{"a long name", diag.FilePartUnsafe, container(file(strings.Repeat("a", 1025), ""))},
		{"a link", diag.FilePartUnsafe, container(with(one, func(e *entry) { e.made, e.attributes = 3<<8, 0o120777<<16 }))},
		{"a device", diag.FilePartUnsafe, container(with(one, func(e *entry) { e.made, e.attributes = 3<<8, 0o060644<<16 }))},
		{"a password", diag.FilePassword, container(with(one, func(e *entry) { e.flags = 1 }))},
		{"a strong password", diag.FilePassword, container(with(one, func(e *entry) { e.method = 99 }))},
		{"another packing", diag.FileFormat, container(with(one, func(e *entry) { e.method = 14 }))},
		{"all on one place", diag.FileContainerFalse, container(one, with(two, func(e *entry) { e.at = 0 }))},
		{"quoted entries", diag.FileContainerFalse, quoting},
		{"an entry in the directory", diag.FileContainerFalse, intoDirectory()},
		{"another name before the data", diag.FileContainerFalse, container(with(one, func(e *entry) { e.local = "b" }))},
		{"another size before the data", diag.FileContainerFalse, patched(bytes.Clone(good), 22, []byte{9})},
		{"a place beyond the end", diag.FileDamaged, container(one, with(two, func(e *entry) { e.at = 1 << 30 }))},
		{"two sizes of a stored entry", diag.FileContainerFalse, container(with(one, func(e *entry) { e.method, e.size = 0, 100 }))},
		{"longer than it says", diag.FileDamaged, container(with(one, func(e *entry) { e.size = 2 }))},
		{"shorter than it says", diag.FileDamaged, container(with(one, func(e *entry) { e.size = 200 }))},
		{"another checksum", diag.FileDamaged, container(with(one, func(e *entry) { e.crc = 7 }))},
		{"bytes behind the packed ones", diag.FileDamaged, container(with(one, func(e *entry) { e.raw = append(deflated(e.body), "more"...) }))},
		{"packed bytes cut off", diag.FileDamaged, container(with(one, func(e *entry) { e.raw = deflated(e.body)[:3] }))},
		{"no packed bytes", diag.FileDamaged, container(with(one, func(e *entry) { e.raw = []byte("\xff\xff\xff") }))},
		{"a bomb", diag.FileBomb, container(zeros("a", 17))},
		{"a bomb that lies", diag.FileDamaged, container(with(zeros("a", 17), func(e *entry) { e.size = 100 }))},
		{"a bomb of many", diag.FileBomb, container(zeros("a", 8), zeros("b", 8), zeros("c", 1))},
		{"a large entry without sizes", diag.FileDamaged, container(with(one, func(e *entry) { e.size = 1<<32 - 1 }))},
		{"a document type", diag.FileDoctype, container(file("a.xml", "<?xml version='1.0'?><!-- < --><!DOCTYPE x [<!ENTITY a 'b'>]><x/>"))},
		{"a document type in UTF-16", diag.FileDoctype, container(file("a.rels", "\xff\xfe<\x00!\x00D\x00O\x00C\x00"))},
	} {
		if _, err := read(c.in, zipfile.Options{Package: true}); code(err) != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

// shifted is a container whose entries all stand further on, as its directory says.
func shifted(junk string) []byte {
	b := container(with(file("a", "one"), func(e *entry) { e.at = int64(len(junk)) }))
	at := b[len(b)-6:]
	le.PutUint32(at, le.Uint32(at)+uint32(len(junk)))
	return append([]byte(junk), b...)
}

// intoDirectory is a container whose entry claims more packed bytes than there is room for.
func intoDirectory() []byte {
	b := container(with(file("a", "one"), func(e *entry) { e.descriptor = true }))
	return patched(b, bytes.Index(b, []byte("PK\x01\x02"))+20, []byte{60})
}

func TestNoDocumentType(t *testing.T) {
	for _, s := range []string{"", "<", "<x><![CDATA[<!DOCTYPE]]></x>", "<!-- <!DOCTYPE -->", "<?xml <!DOCTYPE ?><x/>", "no XML"} {
		if _, err := read(container(file("a.xml", s)), zipfile.Options{Package: true}); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
	if _, err := read(container(file("a.xml", "<!DOCTYPE x>")), zipfile.Options{}); err != nil {
		t.Errorf("outside a package: %v", err)
	}
}

func TestLimits(t *testing.T) {
	var many []entry
	for i := range 11 {
		many = append(many, file(fmt.Sprint(i), "12345"))
	}
	b := container(many...)
	for _, c := range []struct {
		o    zipfile.Options
		want diag.Code
	}{
		{zipfile.Options{MaxEntries: 10}, diag.FileTooLarge},
		{zipfile.Options{MaxBytes: 54}, diag.FileTooLarge},
		{zipfile.Options{MaxEntries: 11, MaxBytes: 55}, ""},
	} {
		if _, err := read(b, c.o); code(err) != c.want {
			t.Errorf("%+v: %v, want %q", c.o, err, c.want)
		}
	}
}

func TestFind(t *testing.T) {
	b := container(file("xl/sharedStrings.xml", "<x/>"))
	a, err := zipfile.Open(bytes.NewReader(b), int64(len(b)), zipfile.Options{})
	if err != nil || a.Find("XL/SharedStrings.xml") == nil || a.Find("xl") != nil {
		t.Errorf("not found as it should be: %v", err)
	}
}

func TestCancelled(t *testing.T) {
	b := container(file("a", "one"))
	a, err := zipfile.Open(bytes.NewReader(b), int64(len(b)), zipfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := a.Check(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want canceled", err)
	}
}

// failing is a disk that fails.
type failing struct {
	io.ReaderAt
	from int64
}

func (f failing) ReadAt(p []byte, at int64) (int, error) {
	if at == f.from {
		return 0, os.ErrPermission
	}
	return f.ReaderAt.ReadAt(p, at)
}

// TestMachineFails: an error of the disk is not the file's fault.
func TestMachineFails(t *testing.T) {
	b := container(file("a", "one"))
	a, err := zipfile.Open(failing{bytes.NewReader(b), 30 + 1}, int64(len(b)), zipfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Check(context.Background()); !errors.Is(err, os.ErrPermission) || code(err) != "" {
		t.Errorf("error = %v, want that of the disk", err)
	}
}

// TestBombsAreCheap: 1 MB that unpacks to 1 GB is refused at once, whatever it says of itself.
func TestBombsAreCheap(t *testing.T) {
	whole := zeros("a", 1024)
	lying := with(whole, func(e *entry) { e.size = 1 << 20 })
	var many []entry
	part := zeros("", 15)
	for i := range 100 {
		many = append(many, with(part, func(e *entry) { e.name = fmt.Sprint(i) }))
	}
	for name, b := range map[string][]byte{"honest": container(whole), "lying": container(lying), "many": container(many...)} {
		if len(b) > 2<<20 {
			t.Errorf("%s: %d bytes", name, len(b))
		}
		took, used := time.Hour, uint64(0)
		for range 3 { // the machine may be busy
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			_, err := read(b, zipfile.Options{})
			took = min(took, time.Since(start))
			runtime.ReadMemStats(&after)
			used = after.TotalAlloc - before.TotalAlloc
			if code(err) == "" {
				t.Errorf("%s: %v", name, err)
			}
		}
		if took > 100*time.Millisecond || used > 8<<20 {
			t.Errorf("%s: after %v and %d bytes", name, took, used)
		}
	}
}

// zeros is an entry of so many MiB of zeros, packed as small as can be: a piece that can follow
// itself, as often as is needed, and an end.
func zeros(name string, mib int) entry {
	mebibyte := make([]byte, 1<<20)
	var piece bytes.Buffer
	w, err := flate.NewWriter(&piece, 9)
	if err == nil {
		_, err = w.Write(mebibyte)
	}
	if err == nil {
		err = w.Flush()
	}
	if err != nil {
		panic(err)
	}
	crc := uint32(0)
	for range min(mib, 20) { // larger ones are not read to their end
		crc = crc32.Update(crc, crc32.IEEETable, mebibyte)
	}
	return entry{name: name, method: 8, at: -1, raw: append(bytes.Repeat(piece.Bytes(), mib), 1, 0, 0, 0xff, 0xff), size: int64(mib) << 20, crc: crc}
}

func FuzzArchive(f *testing.F) {
	f.Add(container(file("a", "one"), file("b.xml", "<!-- --><x/>")))
	f.Add(container(with(file("a", "one"), func(e *entry) { e.large = true }), with(file("b", "two"), func(e *entry) { e.descriptor = true })))
	f.Add(end64(container(file("a", "one"))))
	f.Add(container(with(file("a", "one"), func(e *entry) { e.method = 0 })))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := read(b, zipfile.Options{Package: true, MaxBytes: 1 << 20})
		if err != nil {
			if code(err) == "" {
				t.Errorf("%v is no fault", err)
			}
			return
		}
		// What is accepted, archive/zip reads alike.
		z, err := zip.NewReader(bytes.NewReader(bytes.TrimRight(b, "\x00")), int64(len(bytes.TrimRight(b, "\x00"))))
		if err != nil {
			z, err = zip.NewReader(bytes.NewReader(b), int64(len(b)))
		}
		if err != nil {
			return
		}
		for _, e := range z.File {
			if e.FileInfo().IsDir() {
				continue
			}
			r, err := e.Open()
			if err != nil {
				continue
			}
			body, err := io.ReadAll(r)
			if want, ok := got[strings.ReplaceAll(e.Name, `\`, "/")]; err == nil && (!ok || want != string(body)) {
				t.Errorf("entry %q: %q, archive/zip has %q", e.Name, want, body)
			}
		}
	})
}
