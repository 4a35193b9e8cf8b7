package extract

import (
	"bufio"
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzBlock: no payload makes the parent panic, or take rows that a sheet cannot have; what the
// worker writes, the parent reads.
func FuzzBlock(f *testing.F) {
	var b block
	var sent bytes.Buffer
	w := frameWriter{w: &sent}
	b.add(Row{Num: 2, Cells: []string{"a", "", "été"}})
	b.add(Row{Num: 7})
	b.add(Row{Num: 8, Cells: []string{"x"}})
	if err := b.write(&w); err != nil {
		f.Fatal(err)
	}
	f.Add(sent.Bytes()[frameHead:])
	f.Add([]byte{1, 3, 1, 1, 1, 'a'})
	f.Fuzz(func(t *testing.T, payload []byte) {
		o := Options{MaxColumns: 100, MaxCellBytes: 1000}.withDefaults()
		r := blockReader{o: o, rowsLeft: 1000, textLeft: 1 << 20}
		if r.take(payload) != nil {
			return
		}
		last, again := 0, block{}
		for {
			row, ok, err := r.row()
			if err != nil {
				return
			}
			if !ok {
				break
			}
			if row.Num <= last || len(row.Cells) > o.MaxColumns || take(&again, Sheet{file: &File{}}, row) != nil {
				t.Fatalf("row %d after %d: %q", row.Num, last, row.Cells)
			}
			last = row.Num
		}
		var out bytes.Buffer
		if err := again.write(&frameWriter{w: &out}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestBlocks(t *testing.T) {
	rows := []Row{{Num: 3, Cells: []string{"a", "", "été"}}, {Num: 4, Cells: []string{}}, {Num: 1000, Cells: []string{"x"}}}
	var b block
	var sent bytes.Buffer
	for _, r := range rows {
		b.add(r)
	}
	if err := b.write(&frameWriter{w: &sent}); err != nil {
		t.Fatal(err)
	}
	fr := frameReader{r: bufio.NewReader(&sent)}
	kind, payload, err := fr.next()
	if err != nil || kind != frameRows {
		t.Fatal(kind, err)
	}
	r := blockReader{o: Options{}.withDefaults(), rowsLeft: 10, textLeft: 100}
	if err := r.take(payload); err != nil {
		t.Fatal(err)
	}
	var got []Row
	for row, ok, err := r.row(); ok; row, ok, err = r.row() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, row.clone())
	}
	if diff := cmp.Diff(rows, got); diff != "" {
		t.Errorf("(-sent +read):\n%s", diff)
	}
}
