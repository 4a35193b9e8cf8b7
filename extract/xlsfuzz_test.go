package extract

import (
	"context"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"testing"

	"palermo/extract/cell"
)

// biff is a stream of records.
func biff(records ...record) []byte {
	var b []byte
	for _, r := range records {
		b = binary.LittleEndian.AppendUint16(b, r.typ)
		b = binary.LittleEndian.AppendUint16(b, uint16(len(r.data)))
		b = append(b, r.data...)
	}
	return b
}

// FuzzXLS changes the records of a workbook, which bytes of a whole container rarely reach.
func FuzzXLS(f *testing.F) {
	c := must(os.Open(filepath.Join("testdata", "base1904.xls")))
	d, err := readCompound(c)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(must(d.stream("Workbook", 1<<20)))
	bof := func(kind byte) record { return record{biffBOF, []byte{0, 6, kind, 0}} }
	number := binary.LittleEndian.AppendUint64([]byte{0, 0, 0, 0, 0, 0}, math.Float64bits(45000))
	f.Add(biff(bof(5), record{biffSheet, []byte("\x2a\x00\x00\x00\x00\x00\x01\x00s")}, record{biffSST, []byte("\x01\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00ab")}, record{biffEOF, nil},
		bof(16), record{biffNumber, number}, record{biffFormula, append([]byte("\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff"), 0)}, record{biffString, []byte("\x03\x00\x01a\x00b\x00")},
		record{biffContinue, []byte("\x00c")}, record{biffMulRK, []byte("\x02\x00\x00\x00\x00\x00\x06\x00\x00\x00\x00\x00")}, record{biffEOF, nil}))
	f.Fuzz(func(t *testing.T, stream []byte) {
		b := &xlsBook{f: &File{o: Options{}.withDefaults()}, stream: stream, formats: map[int]cell.Shows{}, ordered: map[int]bool{}}
		if b.globals() != nil {
			return
		}
		for _, s := range b.f.sheets {
			last := 0
			for r, err := range s.Rows(context.Background()) {
				if err == nil && r.Num <= last {
					t.Fatal("row numbers do not go up")
				}
				last = r.Num
			}
		}
	})
}

// FuzzCompound changes the container.
func FuzzCompound(f *testing.F) {
	f.Add(must(os.ReadFile(filepath.Join("testdata", "base1904.xls"))))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := readCompound(inMemory(b))
		if err != nil {
			return
		}
		for name := range c.streams {
			_, _ = c.stream(name, 1<<20)
		}
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestXLSText: a text may be cut anywhere, and is then wide or narrow anew.
func TestXLSText(t *testing.T) {
	whole := "a text that is cut"
	for cut := range len(whole) + 1 {
		wide := []byte{1}
		for _, c := range []byte(whole[cut:]) {
			wide = append(wide, c, 0)
		}
		data := append([]byte{1, 0, 0, 0, 1, 0, 0, 0, byte(len(whole)), 0, 8, 1, 0}, whole[:cut]...) // rich: one run follows
		records := []record{{biffSST, data}, {biffContinue, append(wide, 0, 0, 0, 0)}}
		if cut == len(whole) {
			records = []record{{biffSST, append(data, 0, 0)}, {biffContinue, []byte{0, 0}}}
		}
		b := &xlsBook{stream: biff(append(records, record{biffEOF, nil})...)}
		r, next, err := b.next(0)
		if err == nil {
			next, err = b.sharedStrings(r.data, next)
		}
		if err != nil || len(b.strings) != 1 || b.strings[0] != whole {
			t.Fatalf("cut at %d: %q, %v", cut, b.strings, err)
		}
		if r, _, err := b.next(next); err != nil || r.typ != biffEOF {
			t.Errorf("cut at %d: behind the texts: %v, %v", cut, r, err)
		}
	}
}
