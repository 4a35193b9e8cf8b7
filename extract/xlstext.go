package extract

import (
	"encoding/binary"
	"unicode/utf16"
)

// xlsStrings is how many shared texts a workbook may have.
const xlsStrings = 4 << 20

// xlsText reads texts that may go over into following records. Where the characters of a text are cut,
// the next record begins with a byte that says anew how wide they are; where anything else is cut, it does
// not.
type xlsText struct {
	rest []byte
	more func() ([]byte, bool) // the next record's data; nil where there can be none
}

// take is the next n bytes, which are copied where they are cut.
func (x *xlsText) take(n int) ([]byte, error) {
	if n <= len(x.rest) {
		b := x.rest[:n]
		x.rest = x.rest[n:]
		return b, nil
	}
	var out []byte
	for {
		k := min(n-len(out), len(x.rest))
		out = append(out, x.rest[:k]...)
		x.rest = x.rest[k:]
		if len(out) == n {
			return out, nil
		}
		if !x.fill() {
			return nil, badXLS("a text that ends before its end")
		}
	}
}

// drop passes over n bytes.
func (x *xlsText) drop(n int) error {
	for n > len(x.rest) {
		n -= len(x.rest)
		if !x.fill() {
			return badXLS("a text that ends before its end")
		}
	}
	x.rest = x.rest[n:]
	return nil
}

func (x *xlsText) fill() bool {
	if x.more == nil {
		return false
	}
	var ok bool
	x.rest, ok = x.more()
	return ok
}

// counted reads a text that begins with its length, in one or two bytes.
func (x *xlsText) counted(width int) (string, error) {
	b, err := x.take(width + 1)
	if err != nil {
		return "", err
	}
	n := int(b[0])
	if width == 2 {
		n = int(binary.LittleEndian.Uint16(b))
	}
	return x.text(n, b[width])
}

// text reads n characters and what belongs to them: the runs of rich text and what East Asian editions
// add are passed over.
func (x *xlsText) text(n int, flags byte) (string, error) {
	runs, extra := 0, 0
	if flags&8 != 0 {
		b, err := x.take(2)
		if err != nil {
			return "", err
		}
		runs = int(binary.LittleEndian.Uint16(b))
	}
	if flags&4 != 0 {
		b, err := x.take(4)
		if err != nil {
			return "", err
		}
		extra = int(binary.LittleEndian.Uint32(b) & 0x7fffffff)
	}
	s, err := x.characters(n, flags&1 != 0)
	if err != nil {
		return "", err
	}
	return s, x.drop(4*runs + extra)
}

func (x *xlsText) characters(n int, wide bool) (string, error) {
	units := make([]uint16, 0, n)
	for {
		size := 1
		if wide {
			size = 2
		}
		for len(units) < n && len(x.rest) >= size {
			u := uint16(x.rest[0])
			if wide {
				u = binary.LittleEndian.Uint16(x.rest)
			}
			units = append(units, u)
			x.rest = x.rest[size:]
		}
		if len(units) == n {
			return string(utf16.Decode(units)), nil
		}
		if len(x.rest) > 0 || !x.fill() || len(x.rest) == 0 {
			return "", badXLS("a text that ends before its end")
		}
		wide = x.rest[0]&1 != 0
		x.rest = x.rest[1:]
	}
}

// continued is the data of the records that go on with the one before them, from the offset on; at is
// moved behind them.
func (b *xlsBook) continued(at *int) func() ([]byte, bool) {
	return func() ([]byte, bool) {
		r, next, err := b.next(*at)
		if err != nil || r.typ != biffContinue {
			return nil, false
		}
		*at = next
		return r.data, true
	}
}

// sharedStrings reads the texts that cells refer to. It gives where the next record begins.
func (b *xlsBook) sharedStrings(data []byte, next int) (int, error) {
	if len(data) < 8 || b.strings != nil {
		return 0, badXLS("the shared texts are short, or there twice")
	}
	n := binary.LittleEndian.Uint32(data[4:])
	if n > xlsStrings {
		return 0, badXLS("it says that it has more than %d texts", xlsStrings)
	}
	x := &xlsText{rest: data[8:], more: b.continued(&next)}
	b.strings = []string{}
	for range n {
		s, err := x.counted(2)
		if err != nil {
			return 0, err
		}
		b.strings = append(b.strings, s)
	}
	return next, nil
}

// longText is the text of a formula's result, which may go over into records that follow.
func (b *xlsBook) longText(data []byte, next int) (string, error) {
	return (&xlsText{rest: data, more: b.continued(&next)}).counted(2)
}
