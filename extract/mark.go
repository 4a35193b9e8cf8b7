package extract

import (
	"io"
	"slices"
)

// Mark is what a workbook says of itself beside its cells. Anybody could have written it.
type Mark struct {
	Text string   // for who opens the file; empty where it has none
	Ours []string // names of sheets that hold nothing of its sender, and are left out
}

// Marker finds the mark of a workbook, from its bytes. It is called in the worker that reads them.
type Marker func(src io.ReaderAt, size int64) Mark

// maxMark is how long the text of a mark may be.
const maxMark = 256

// Mark is the text of the file's mark, as its reader found it; a stranger's word.
func (f *File) Mark() string { return f.mark }

// marked finds the mark of an .xlsx file, and leaves out the sheets that it names. Those that stay keep their numbers.
func (f *File) marked(m Marker) {
	if m == nil || f.o.Redacted || f.format != "xlsx" {
		return
	}
	mark := m(f.f, f.size)
	f.mark = mark.Text
	left := slices.DeleteFunc(slices.Clone(f.sheets), func(s Sheet) bool { return slices.Contains(mark.Ours, s.Name) })
	if len(left) > 0 {
		f.sheets = left
	}
}
