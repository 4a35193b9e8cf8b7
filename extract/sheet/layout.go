package sheet

import (
	"bytes"
	"strconv"
)

// Range is some columns or cells, from the first to the last row and column; rows are 0 where it
// is whole columns.
type Range struct{ FirstRow, FirstCol, LastRow, LastCol int }

// Merged is the ranges of merged cells, once all rows were read. Of such a range only the first
// cell has text.
func (r *Reader) Merged() []Range { return r.merged }

// HiddenColumns is the ranges of columns that people do not see, once the first row was read.
func (r *Reader) HiddenColumns() []Range { return r.hiddenCols }

// columns reads which columns are hidden.
func (r *Reader) columns() error {
	return r.children(func(t tag) error {
		v, err := t.attrs("hidden", "min", "max")
		if err != nil || string(t.name) != "col" || !isTrue(v[0]) {
			return err
		}
		first, err1 := strconv.Atoi(v[1])
		last, err2 := strconv.Atoi(v[2])
		if err1 != nil || err2 != nil || len(r.hiddenCols) >= MaxColumns {
			return malformed("its columns cannot be read")
		}
		r.hiddenCols = append(r.hiddenCols, Range{FirstCol: first, LastCol: last})
		return nil
	})
}

// maxMerged is how many merged ranges of one sheet are kept.
const maxMerged = 1 << 20

// mergedCells reads which cells are merged. A reference that cannot be read is passed over: it
// moves no text.
func (r *Reader) mergedCells() error {
	return r.children(func(t tag) error {
		if string(t.name) != "mergeCell" {
			return nil
		}
		v, err := t.attrs("ref")
		if err != nil {
			return err
		}
		first, last, found := bytes.Cut([]byte(v[0]), []byte(":"))
		if !found {
			last = first
		}
		var m Range
		m.FirstCol, m.FirstRow = cellName(first)
		m.LastCol, m.LastRow = cellName(last)
		if m.FirstCol > 0 && m.FirstRow > 0 && m.LastCol >= m.FirstCol && m.LastRow >= m.FirstRow && len(r.merged) < maxMerged {
			r.merged = append(r.merged, m)
		}
		return nil
	})
}

// children calls f with the tag of each element in the one that was opened last, to its end.
func (r *Reader) children(f func(tag) error) error {
	for depth := len(r.s.depths); ; {
		t, err := r.s.next()
		if err != nil {
			return cutOff(err)
		}
		if t.kind == tagClose && len(r.s.depths) < depth {
			return nil
		}
		if t.kind == tagClose || len(r.s.depths) != depthIn(t, depth) {
			continue
		}
		if string(t.name) == "sheetData" {
			return errPlace
		}
		if err := f(t); err != nil {
			return err
		}
	}
}
