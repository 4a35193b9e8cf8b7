package extract

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"iter"
	"strings"

	"palermo/diag"
)

// openText makes a text file one sheet.
func (f *File) openText(head []byte) error {
	cs, err := f.findCharset(head)
	if err != nil {
		return err
	}
	if cs.enc != nil {
		f.notes.Add(finding(diag.FileEncodingUsed, f.pos(), "read as %s, found from its bytes", cs.name))
	}
	t := &textFile{f: f, cs: cs}
	sample := make([]byte, dialectBytes)
	n, err := io.ReadFull(t.text(), sample)
	whole := err == io.EOF || err == io.ErrUnexpectedEOF
	if err != nil && !whole {
		return err
	}
	t.delim = findDelimiter(sample[:n], whole)
	s := f.newSheet("")
	s.rows = t.rows
	f.sheets, f.format = []Sheet{s}, "csv"
	return nil
}

// textFile is a file of delimited text.
type textFile struct {
	f     *File
	cs    charset
	delim byte
}

// text is the file from its beginning, as UTF-8.
func (t *textFile) text() io.Reader {
	return t.cs.decode(io.NewSectionReader(t.f.f, t.cs.skip, t.f.size-t.cs.skip))
}

// readAhead is the bytes that the csv reader may have taken beyond the record it is at.
const readAhead = 64 << 10

func (t *textFile) rows(ctx context.Context) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		l := newLineReader(t.text(), t.delim, int64(t.f.o.MaxRowBytes)+2*readAhead, 4*t.f.o.MaxColumns)
		r := csv.NewReader(bufio.NewReaderSize(l, readAhead))
		r.Comma = rune(t.delim)
		r.LazyQuotes = true
		r.FieldsPerRecord = -1
		r.ReuseRecord = true
		c := csvCursor{f: t.f, l: l, r: r, line: 1}
		for {
			if c.seen%1024 == 0 && ctx.Err() != nil {
				yield(Row{}, ctx.Err())
				return
			}
			row, err := c.next()
			if err != nil && err != io.EOF {
				yield(Row{}, err)
				return
			}
			if !c.blanksBefore(row.Num, yield) || err == io.EOF || !yield(row, nil) {
				return
			}
			c.line = c.after
		}
	}
}

// csvCursor walks over the records of one pass.
type csvCursor struct {
	f           *File
	l           *lineReader
	r           *csv.Reader
	line, after int // the lines where the next record may start: before and after the current one
	seen        int
}

// next is the next record. At the end it is io.EOF and a row whose number is one past the last
// line.
func (c *csvCursor) next() (Row, error) {
	start := c.r.InputOffset()
	c.l.base = start
	c.seen++
	rec, err := c.r.Read()
	switch {
	case err == io.EOF:
		return Row{Num: c.l.total() + 1}, io.EOF
	case err != nil:
		return Row{}, c.fault(err)
	}
	line, _ := c.r.FieldPos(0)
	last := len(rec) - 1
	end, _ := c.r.FieldPos(last)
	c.after = end + strings.Count(rec[last], "\n") + 1
	row := Row{Num: line, Cells: trim(rec)}
	if size := c.r.InputOffset() - start; size > int64(c.f.o.MaxRowBytes) {
		return Row{}, fault(nil, diag.RowTooLong, c.f.at(line, 0), "a record of %d bytes is over the limit of %d", size, c.f.o.MaxRowBytes)
	} else if size > int64(c.f.o.MaxCellBytes) || len(rec) > c.f.o.MaxColumns {
		err = c.f.sheets[0].checkRow(row)
	}
	return row, err
}

// blanksBefore yields the empty lines, which encoding/csv passes over, up to the line. It
// reports whether more rows are wanted.
func (c *csvCursor) blanksBefore(line int, yield func(Row, error) bool) bool {
	for ; c.line < line; c.line++ {
		if !yield(Row{Num: c.line}, nil) {
			return false
		}
	}
	return true
}

func (c *csvCursor) fault(err error) error {
	switch {
	case errors.Is(err, errStrayQuote):
		return fault(nil, diag.RowTooLong, c.f.at(c.l.opened, 0), "%s", errStrayQuote)
	case errors.Is(err, errWideRecord):
		return fault(nil, diag.RowTooLong, c.f.at(c.line, 0), "%s of %d", errWideRecord, c.f.o.MaxColumns)
	case errors.Is(err, errLongRecord):
		return fault(nil, diag.RowTooLong, c.f.at(c.line, 0), "%s of %d bytes", errLongRecord, c.f.o.MaxRowBytes)
	}
	return err
}
