package extract

import (
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"

	"palermo/diag"
	"palermo/extract/zipfile"
)

const (
	maxSheetRows = 1 << 20
	maxSheetCols = 1 << 14

	odsType     = "application/vnd.oasis.opendocument.spreadsheet"
	odsContent  = "content.xml"
	odsManifest = "META-INF/manifest.xml"
	odsRepeat   = 16 // bytes that a cell counts for, beside its text, that stands in the file only as a repetition
)

// openODS opens an OpenDocument spreadsheet. Its parts are read once to their ends, and its content is gone over
// once for the names of its sheets.
func (f *File) openODS(a *zipfile.Archive) error {
	if err := a.Check(context.Background()); err != nil {
		return f.placed(err)
	}
	kind, err := smallPart(a.Find("mimetype"), 256)
	switch {
	case err != nil:
		return fault(err, diag.FileDamaged, f.pos(), "the container cannot be read")
	case !strings.HasPrefix(string(kind), odsType):
		return fault(nil, diag.FileFormat, f.pos(), "this is an OpenDocument file, but no spreadsheet")
	}
	locked, err := odsLocked(a.Find(odsManifest))
	switch {
	case err != nil:
		return fault(err, diag.FileDamaged, f.pos(), "the container's manifest cannot be read")
	case locked || a.Find("encrypted-package") != nil:
		return fault(nil, diag.FilePassword, f.pos(), "the spreadsheet is protected by a password, in a way that is not read; "+howToLock)
	}
	content := a.Find(odsContent)
	if content == nil {
		return fault(nil, diag.FileDamaged, f.pos(), "the spreadsheet has no content")
	}
	b := &odsBook{f: f, open: func() io.Reader { return content.Open() }}
	f.format = "ods"
	if err := b.list(); err != nil {
		return b.fault(err, f.pos(), "the spreadsheet cannot be read to its end")
	}
	if len(f.sheets) == 0 {
		return fault(nil, diag.FileEmpty, f.pos(), "the spreadsheet has no sheet")
	}
	return nil
}

// smallPart is the bytes of a part that is short.
func smallPart(e *zipfile.Entry, limit int64) ([]byte, error) {
	if e == nil {
		return nil, errors.New("a part is missing")
	}
	return io.ReadAll(io.LimitReader(e.Open(), limit))
}

// odsLocked reports whether the manifest says that parts are encrypted.
func odsLocked(e *zipfile.Entry) (bool, error) {
	if e == nil {
		return false, nil // some writers have none
	}
	x := newODSTokens(e.Open())
	for {
		kind, name, err := x.next()
		switch {
		case err == io.EOF:
			return false, nil
		case err != nil:
			return false, err
		case kind == odsStart && name == "manifest:encryption-data":
			return true, nil
		}
	}
}

// odsBook is the content of a spreadsheet.
type odsBook struct {
	f    *File
	open func() io.Reader // from its beginning
}

// body goes to the tables of the spreadsheet and calls see for each, with its number from 1, when its
// start tag was read. see leaves it closed. hidden is the names of the styles of hidden tables.
func (b *odsBook) body(see func(x *odsTokens, no int, hidden map[string]bool) error) error {
	x := newODSTokens(b.open())
	hidden := map[string]bool{}
	no := 0
	for {
		kind, name, err := x.next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case kind == odsStart && name == "style:style" && x.attr("style:family") == "table":
			if err := hiddenStyle(x, hidden); err != nil {
				return err
			}
		case kind == odsStart && name == "table:table" && x.open[len(x.open)-2] == "office:spreadsheet":
			no++
			if err := see(x, no, hidden); err != nil {
				return err
			}
		case kind == odsStart && (name == "table:named-range" || name == "table:named-expression") && x.open[len(x.open)-3] == "office:spreadsheet":
			b.f.odsName(x.attr("table:name"), x.attr("table:cell-range-address"), x.attr("table:expression"))
		case kind == odsStart && odsAside[name]:
			if err := x.skip(); err != nil {
				return err
			}
		}
	}
}

// odsName keeps what a name of the spreadsheet refers to, where it was asked for, as a workbook would say it: $Start.$B$5 is
// Start!$B$5.
func (f *File) odsName(name, at, expression string) {
	if !slices.Contains(f.o.Names, name) {
		return
	}
	if at == "" {
		at = expression
	} else if i := strings.LastIndexByte(at, '.'); i >= 0 {
		at = strings.TrimPrefix(at[:i], "$") + "!" + at[i+1:]
	}
	if !isName(at) {
		return
	}
	if f.names == nil {
		f.names = map[string]string{}
	}
	f.names[name] = at
}

// odsAside is the elements in which there may be tables that are none of the spreadsheet's.
var odsAside = map[string]bool{"table:tracked-changes": true, "office:scripts": true, "office:forms": true, "table:dde-links": true}

// hiddenStyle reads a style of tables.
func hiddenStyle(x *odsTokens, hidden map[string]bool) error {
	name := x.attr("style:name")
	return x.each(func(child string) error {
		if child == "style:table-properties" && x.attr("table:display") == "false" {
			hidden[name] = true
		}
		return x.skip()
	})
}

func (b *odsBook) list() error {
	names := map[string]bool{}
	return b.body(func(x *odsTokens, no int, hidden map[string]bool) error {
		name := x.attr("table:name")
		if key := strings.ToLower(name); names[key] {
			return badODS("two sheets have one name")
		} else {
			names[key] = true
		}
		s := b.f.newSheet(name)
		s.Hidden = hidden[x.attr("table:style-name")]
		s.rows = func(ctx context.Context) iter.Seq2[Row, error] {
			return func(yield func(Row, error) bool) {
				if err := b.walk(ctx, s, no, yield); err != nil {
					yield(Row{}, err)
				}
			}
		}
		b.f.sheets = append(b.f.sheets, s)
		return x.leap()
	})
}

// errLeft says that nobody wants more rows.
var errLeft = errors.New("no more rows are wanted")

// walk yields the rows of the table of that number. Its error is not yet yielded.
func (b *odsBook) walk(ctx context.Context, s Sheet, no int, yield func(Row, error) bool) error {
	t := &odsTable{ctx: ctx, s: s, yield: yield}
	err := b.body(func(x *odsTokens, n int, _ map[string]bool) error {
		if n != no {
			return x.leap()
		}
		if err := t.read(x); err != nil {
			return err
		}
		return errLeft
	})
	var bad *Error
	switch {
	case errors.Is(err, errLeft):
		t.note()
		return nil
	case err == nil || errors.As(err, &bad) || ctx.Err() != nil:
		return err
	}
	return b.fault(err, s.pos(t.last, 0), "the sheet cannot be read to its end; this is the last row that was found")
}

// fault is what it means that the XML cannot be read.
func (b *odsBook) fault(err error, at diag.Pos, why string) error {
	if errors.Is(err, errLongToken) {
		return fault(err, diag.RowTooLong, at, "a cell, or what should be a tag, is over the limit of %d bytes", odsToken)
	}
	return fault(err, diag.FileDamaged, at, "%s", why)
}

// odsTable is one pass over a table.
type odsTable struct {
	ctx     context.Context
	s       Sheet
	yield   func(Row, error) bool
	last    int // the last row that was read
	cells   []string
	stands  bool  // the row has a cell with a value, be it blank
	repeats int64 // bytes that repetitions count for

	para   []byte
	bare   int // formulas without a saved result
	bareAt diag.Pos
}

// read reads the rows of the table whose start tag was read.
func (t *odsTable) read(x *odsTokens) error {
	return x.each(func(name string) error {
		switch name {
		case "table:table-row":
			return t.row(x)
		case "table:table-rows", "table:table-header-rows", "table:table-row-group":
			return t.read(x)
		}
		return x.skip()
	})
}

func (t *odsTable) row(x *odsTokens) error {
	n, err := odsCount(x.attr("table:number-rows-repeated"))
	if err != nil {
		return err
	}
	if t.last%256 == 0 && t.ctx.Err() != nil {
		return t.ctx.Err()
	}
	t.cells, t.stands = t.cells[:0], false
	col := 0
	err = x.each(func(name string) error {
		if name != "table:table-cell" && name != "table:covered-table-cell" {
			return x.skip()
		}
		return t.cell(x, &col)
	})
	if err != nil {
		return err
	}
	cells := trim(t.cells)
	if !t.stands {
		t.last = min(t.last+n, maxSheetRows)
		return nil
	}
	return t.repeat(cells, n)
}

// repeat yields the row as often as it stands.
func (t *odsTable) repeat(cells []string, n int) error {
	size := int64(0)
	for _, c := range cells {
		size += int64(len(c))
	}
	for i := range n {
		if t.last++; t.last > maxSheetRows {
			return badODS("more rows than a sheet can have")
		}
		if i > 0 {
			if err := t.repeated(max(len(cells), 1), size); err != nil {
				return err
			}
			if t.last%256 == 0 && t.ctx.Err() != nil {
				return t.ctx.Err()
			}
		}
		row := Row{Num: t.last, Cells: cells}
		if err := t.s.checkRow(row); err != nil {
			return err
		}
		if !t.yield(row, nil) {
			return errLeft
		}
	}
	return nil
}

// repeated counts cells that stand in the file only as a repetition.
func (t *odsTable) repeated(cells int, size int64) error {
	t.repeats += int64(cells)*odsRepeat + size
	if t.repeats > t.s.file.o.MaxPartBytes {
		return fault(nil, diag.FileTooLarge, t.s.pos(t.last, 0), "with its repetitions the sheet is over the limit")
	}
	return nil
}

// cell reads a cell, with what it stands for up to the next one.
func (t *odsTable) cell(x *odsTokens, col *int) error {
	n, err := odsCount(x.attr("table:number-columns-repeated"))
	if err != nil {
		return err
	}
	c := odsCell{typ: x.attr("office:value-type"), isError: x.attr("calcext:value-type") == "error", formula: x.attr("table:formula") != ""}
	c.value = x.attr(odsValues[c.typ])
	if c.typ == "string" {
		c.value = x.attr("office:string-value")
	}
	shown, err := t.text(x)
	if err != nil {
		return err
	}
	text := c.text(shown)
	t.stands = t.stands || c.typ != "" || text != ""
	if text == "" {
		if c.formula && c.typ == "" {
			t.countBare(*col + 1)
		}
		*col = min(*col+n, maxSheetCols)
		return nil
	}
	if *col+n > maxSheetCols {
		return badODS("more columns than a sheet can have")
	}
	if n > 1 {
		if err := t.repeated(n-1, int64(n-1)*int64(len(text))); err != nil {
			return err
		}
	}
	for len(t.cells) < *col {
		t.cells = append(t.cells, "")
	}
	for range n {
		t.cells = append(t.cells, text)
	}
	*col += n
	return nil
}

func (t *odsTable) countBare(col int) {
	if t.bare == 0 {
		t.bareAt = t.s.pos(t.last+1, col)
	}
	t.bare++
}

// note reports formulas without a result, once for a sheet however often it is read.
func (t *odsTable) note() { t.s.noteBare(t.bare, t.bareAt.Row, t.bareAt.Col) }

// odsCount is how often a row or a cell stands.
func odsCount(s string) (int, error) {
	if s == "" {
		return 1, nil
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' || n > maxSheetRows {
			return 0, badODS("a repetition that is no number, or over the limit")
		}
		n = n*10 + int(s[i]-'0')
	}
	if n == 0 || n > maxSheetRows {
		return 0, badODS("a repetition that is no number, or over the limit")
	}
	return n, nil
}
