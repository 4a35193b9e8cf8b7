package zipfile

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"

	"palermo/diag"
)

// The numbers of a zip file's records, and their fixed lengths.
const (
	sigEntry     = 0x04034b50
	sigDirectory = 0x02014b50
	sigEnd       = 0x06054b50
	sigEnd64     = 0x06064b50
	sigLocator64 = 0x07064b50

	lenEntry     = 30
	lenDirectory = 46
	lenEnd       = 22
	lenEnd64     = 56
	lenLocator64 = 20

	stored   = 0
	deflated = 8

	flagDescriptor = 1 << 3 // sizes follow the data
	flagUTF8       = 1 << 11
)

// ending is what the end of a container says of its directory.
type ending struct {
	entries uint64
	size    int64
	at      int64
	records int64 // where the records at the end start: where the directory must end
}

func (a *Archive) readDirectory(size int64) error {
	end, err := a.readEnd(size)
	if err != nil {
		return err
	}
	if end.entries > uint64(a.o.MaxEntries) {
		return fault(nil, diag.FileTooLarge, "%d entries are over the limit of %d", end.entries, a.o.MaxEntries)
	}
	if end.at < 0 || end.size < 0 || end.at > end.records || end.size > end.records {
		return damaged(nil, "the directory is not where the container says")
	}
	if end.at+end.size != end.records {
		return fault(nil, diag.FileContainerFalse, "there are bytes before its first entry or around its directory")
	}
	a.dirAt = end.at
	r := bufio.NewReader(io.NewSectionReader(a.r, end.at, end.size))
	for no := 1; uint64(no) <= end.entries; no++ {
		e, err := readEntry(r, no)
		if err != nil {
			return err
		}
		e.a = a
		a.Entries = append(a.Entries, e)
	}
	if _, err := r.ReadByte(); err != io.EOF {
		return readFault(err, "the directory has more entries than the container says")
	}
	return nil
}

// readFault is the finding for a record that is cut off, or is not the one it should be, or the
// error of the machine.
func readFault(err error, what string) error {
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return damaged(nil, "%s", what)
	}
	return err
}

// readEnd finds the record at the end of the container. Only zeros may follow it: what else
// stands there may be another container, and which one is meant cannot be known.
func (a *Archive) readEnd(size int64) (ending, error) {
	tail := make([]byte, min(size, lenEnd+1<<16))
	if _, err := a.r.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return ending{}, err
	}
	found, junk := -1, false
	sig := []byte("PK\x05\x06")
	for i := bytes.LastIndex(tail, sig); i >= 0; i = bytes.LastIndex(tail[:i], sig) {
		if len(tail)-i < lenEnd {
			continue
		}
		rest := tail[i+lenEnd:]
		if n := int(binary.LittleEndian.Uint16(tail[i+20:])); n <= len(rest) && len(bytes.Trim(rest[n:], "\x00")) == 0 {
			if found >= 0 {
				return ending{}, fault(nil, diag.FileContainerFalse, "it has two ends")
			}
			found = i
		} else {
			junk = true
		}
	}
	switch {
	case found < 0 && junk:
		return ending{}, fault(nil, diag.FileContainerFalse, "there are bytes behind its end, or its end is cut off")
	case found < 0:
		return ending{}, damaged(nil, "the container cannot be read")
	}
	return a.parseEnd(tail[found:], size-int64(len(tail)-found))
}

func (a *Archive) parseEnd(b []byte, at int64) (ending, error) {
	le := binary.LittleEndian
	e := ending{entries: uint64(le.Uint16(b[10:])), size: int64(le.Uint32(b[12:])), at: int64(le.Uint32(b[16:])), records: at}
	large, found, err := a.parseEnd64(at)
	if err != nil {
		return e, err
	}
	if found {
		same := (e.entries == 0xffff || e.entries == large.entries) && (e.size == 0xffffffff || e.size == large.size) && (e.at == 0xffffffff || e.at == large.at)
		if !same {
			return e, fault(nil, diag.FileContainerFalse, "it has two ends")
		}
		return large, nil
	}
	if le.Uint16(b[4:]) != 0 || le.Uint16(b[6:]) != 0 || le.Uint16(b[8:]) != le.Uint16(b[10:]) {
		return e, damaged(nil, "it is one of several parts of a container")
	}
	return e, nil
}

// parseEnd64 reads the records for large containers, which stand before the usual one; found is
// false where there are none.
func (a *Archive) parseEnd64(before int64) (e ending, found bool, err error) {
	le := binary.LittleEndian
	b := make([]byte, lenEnd64)
	loc := b[:lenLocator64]
	end := before - lenLocator64
	if end < 0 {
		return e, false, nil
	}
	if _, err := a.r.ReadAt(loc, end); err != nil {
		return e, false, err
	}
	if le.Uint32(loc) != sigLocator64 {
		return e, false, nil
	}
	at := int64(le.Uint64(loc[8:]))
	if at < 0 || at > end-lenEnd64 {
		return e, false, damaged(nil, "the directory is not where the container says")
	}
	if _, err := a.r.ReadAt(b, at); err != nil {
		return e, false, err
	}
	if n := le.Uint64(b[4:]); le.Uint32(b) != sigEnd64 || n > uint64(end) || at+12+int64(n) != end {
		return e, false, damaged(nil, "the directory is not where the container says")
	}
	if le.Uint32(b[16:]) != 0 || le.Uint32(b[20:]) != 0 {
		return e, false, damaged(nil, "it is one of several parts of a container")
	}
	return ending{entries: le.Uint64(b[32:]), size: int64(le.Uint64(b[40:])), at: int64(le.Uint64(b[48:])), records: at}, true, nil
}

// readEntry reads one entry of the directory.
func readEntry(r *bufio.Reader, no int) (*Entry, error) {
	le := binary.LittleEndian
	var b [lenDirectory]byte
	if _, err := io.ReadFull(r, b[:]); err != nil || le.Uint32(b[:]) != sigDirectory {
		return nil, readFault(err, "the directory cannot be read to its end")
	}
	name, extra, comment := int(le.Uint16(b[28:])), int(le.Uint16(b[30:])), int(le.Uint16(b[32:]))
	if name > maxName {
		return nil, fault(nil, diag.FilePartUnsafe, "entry %d: its name is too long", no)
	}
	rest := make([]byte, name+extra)
	_, err := io.ReadFull(r, rest)
	if err == nil {
		_, err = r.Discard(comment)
	}
	if err != nil {
		return nil, readFault(err, "the directory cannot be read to its end")
	}
	e := &Entry{Name: strings.ReplaceAll(string(rest[:name]), `\`, "/"), No: no, flags: le.Uint16(b[8:]), method: le.Uint16(b[10:]), crc: le.Uint32(b[16:]),
		packed: int64(le.Uint32(b[20:])), Size: int64(le.Uint32(b[24:])), headerAt: int64(le.Uint32(b[42:]))}
	e.UTF8 = e.flags&flagUTF8 != 0
	if !e.large(rest[name:]) {
		return nil, damaged(nil, "entry %d has no sizes", no)
	}
	if e.method == stored && e.packed != e.Size {
		return nil, fault(nil, diag.FileContainerFalse, "entry %d has two sizes", no)
	}
	if special(b[5], le.Uint32(b[38:])) {
		return nil, fault(nil, diag.FilePartUnsafe, "entry %d is a link or a device", no)
	}
	return e, nil
}

// large reads the sizes and the place that do not fit into four bytes, from the extra fields.
func (e *Entry) large(extra []byte) bool {
	want := []*int64{}
	for _, v := range []*int64{&e.Size, &e.packed, &e.headerAt} {
		if *v == 0xffffffff {
			want = append(want, v)
		}
	}
	if len(want) == 0 {
		return true
	}
	field, _ := extraField(extra, 1)
	for _, v := range want {
		if len(field) < 8 {
			return false
		}
		*v = int64(binary.LittleEndian.Uint64(field))
		if *v < 0 {
			return false
		}
		field = field[8:]
	}
	return true
}

func extraField(extra []byte, id uint16) ([]byte, bool) {
	le := binary.LittleEndian
	for len(extra) >= 4 {
		n := int(le.Uint16(extra[2:]))
		if n > len(extra)-4 {
			return nil, false
		}
		if le.Uint16(extra) == id {
			return extra[4 : 4+n], true
		}
		extra = extra[4+n:]
	}
	return nil, false
}

// special reports whether a container made on Unix (3) or macOS (19) says that an entry is
// neither a file nor a folder.
func special(madeOn byte, attributes uint32) bool {
	const format, folder, regular = 0xf000, 0x4000, 0x8000
	kind := attributes >> 16 & format
	return (madeOn == 3 || madeOn == 19) && kind != 0 && kind != folder && kind != regular
}

// readHeader reads the header that stands before an entry's data, and holds it against the
// directory.
func (a *Archive) readHeader(e *Entry) error {
	le := binary.LittleEndian
	b := make([]byte, lenEntry+maxName)
	if e.headerAt > a.dirAt-lenEntry {
		return damaged(nil, "entry %d of %d is not where the directory says", e.No, len(a.Entries))
	}
	n, err := a.r.ReadAt(b[:min(int64(len(b)), a.dirAt-e.headerAt)], e.headerAt)
	if err != nil && err != io.EOF {
		return err
	}
	b = b[:n]
	if n < lenEntry || le.Uint32(b) != sigEntry {
		return damaged(nil, "entry %d of %d is not where the directory says", e.No, len(a.Entries))
	}
	name, extra := int(le.Uint16(b[26:])), int(le.Uint16(b[28:]))
	e.dataAt = e.headerAt + lenEntry + int64(name) + int64(extra)
	same := name == len(e.Name) && lenEntry+name <= n &&
		strings.ReplaceAll(string(b[lenEntry:lenEntry+name]), `\`, "/") == e.Name &&
		le.Uint16(b[8:]) == e.method && le.Uint16(b[6:])&1 == e.flags&1 &&
		(le.Uint16(b[6:])&flagDescriptor != 0 || e.claimsAgree(b))
	if !same {
		return fault(nil, diag.FileContainerFalse, "entry %d of %d is not what the directory says", e.No, len(a.Entries))
	}
	return nil
}

// claimsAgree compares the sizes before the data with those in the directory. Some writers leave
// them out.
func (e *Entry) claimsAgree(b []byte) bool {
	le := binary.LittleEndian
	crc, packed, size := le.Uint32(b[14:]), le.Uint32(b[18:]), le.Uint32(b[22:])
	if crc == 0 && packed == 0 && size == 0 {
		return true
	}
	agree := func(claim uint32, v int64) bool { return claim == 0xffffffff || int64(claim) == v }
	return crc == e.crc && agree(packed, e.packed) && agree(size, e.Size)
}
