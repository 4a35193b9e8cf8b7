package receipt

import (
	"context"
	"strconv"

	"palermo/diag"
)

// sheetPatch colours the cells of one sheet as its part runs through.
type sheetPatch struct {
	styles  *styles
	marks   []mark // what is left to do, in the order of rows
	drawing string // the id of a relation to a drawing of comments, to be named where the sheet names none
	space   string // the namespace of relations

	prefix  string
	row     int // the row that is being read
	col     int
	rowLook int // the style of the row, or -1
	columns []columnLook
	inRows  bool
	past    bool   // the rows
	named   string // the id of the drawing that the sheet names
	done    bool   // the drawing is named
}

type columnLook struct{ from, to, style int }

// after is the elements that stand behind legacyDrawing.
var after = map[string]bool{"legacyDrawingHF": true, "picture": true, "oleObjects": true, "controls": true, "webPublishItems": true, "tableParts": true, "extLst": true}

func (p *sheetPatch) each(ctx context.Context, rw *rewriter, t *tag) error {
	if p.inRows {
		return p.inside(ctx, rw, t)
	}
	name := t.name()
	switch {
	case t.depth == 1 && t.kind != closes && name != "worksheet":
		return unfit("a sheet is no worksheet")
	case name == "sheetView" && t.depth == 3 && t.kind != closes:
		rw.write(withoutAttr(t.raw, "tabSelected"))
	case name == "col" && t.depth == 3 && t.kind != closes:
		p.column(t)
		rw.keep(t)
	case t.depth == 2 && t.starts("sheetData"):
		return p.begin(rw, t)
	case t.depth == 2 && t.starts("legacyDrawing"):
		p.named = relationID(t)
		p.done = true
		rw.keep(t)
	case p.past && t.depth == 2 && t.kind != closes && after[name], t.depth == 1 && t.kind == closes:
		p.name(rw)
		rw.keep(t)
	default:
		rw.keep(t)
	}
	return nil
}

// name names the drawing of comments.
func (p *sheetPatch) name(rw *rewriter) {
	if !p.done && p.drawing != "" {
		rw.put(`<` + p.prefix + `legacyDrawing xmlns:r="` + p.space + `" r:id="` + p.drawing + `"/>`)
	}
	p.done = true
}

func (p *sheetPatch) column(t *tag) {
	style, ok := number(t, "style")
	from, _ := number(t, "min")
	to, _ := number(t, "max")
	if ok {
		p.columns = append(p.columns, columnLook{from, to, style})
	}
}

func number(t *tag, attr string) (int, bool) {
	s, ok := t.attr(attr)
	n, err := strconv.Atoi(s)
	return n, ok && err == nil
}

func (p *sheetPatch) begin(rw *rewriter, t *tag) error {
	p.prefix = t.prefix()
	if t.kind == opens {
		p.inRows = true
		rw.keep(t)
		return nil
	}
	p.past = true
	if len(p.marks) == 0 {
		rw.keep(t)
		return nil
	}
	rw.write(t.opened())
	if err := p.rowsBefore(rw, maxRow+1); err != nil {
		return err
	}
	rw.put("</" + string(t.full()) + ">")
	return nil
}

func (p *sheetPatch) inside(ctx context.Context, rw *rewriter, t *tag) error {
	switch t.depth {
	case 2: // the end of the rows
		p.inRows, p.past = false, true
		if err := p.rowsBefore(rw, maxRow+1); err != nil {
			return err
		}
		rw.keep(t)
		return nil
	case 3:
		return p.rowTag(ctx, rw, t)
	case 4:
		if t.kind != closes {
			return p.cellTag(rw, t)
		}
	}
	rw.keep(t)
	return nil
}

func (p *sheetPatch) rowTag(ctx context.Context, rw *rewriter, t *tag) error {
	if t.kind == closes {
		if err := p.cellsBefore(rw, maxCol+1); err != nil {
			return err
		}
		rw.keep(t)
		return nil
	}
	row, stated := number(t, "r")
	if !stated {
		row = p.row + 1
	}
	if row <= p.row {
		return unfit("the rows of a sheet are not in order")
	}
	if err := p.rowsBefore(rw, row); err != nil {
		return err
	}
	if row&0xFFF == 0 && ctx.Err() != nil {
		return ctx.Err()
	}
	p.row, p.col, p.rowLook = row, 0, -1
	if style, ok := number(t, "s"); ok {
		p.rowLook = style
	}
	if t.kind == opens || len(p.marks) == 0 || p.marks[0].row != row {
		rw.keep(t)
		return nil
	}
	rw.write(t.opened())
	if err := p.cellsBefore(rw, maxCol+1); err != nil {
		return err
	}
	rw.put("</" + string(t.full()) + ">")
	return nil
}

func (p *sheetPatch) cellTag(rw *rewriter, t *tag) error {
	if len(p.marks) == 0 || p.marks[0].row != p.row || t.name() != "c" {
		rw.keep(t)
		return nil
	}
	col := p.col + 1
	if at, ok := t.attr("r"); ok {
		var valid bool
		if _, col, valid = diag.ParseCell(at); !valid {
			return unfit("a cell of a sheet has no place")
		}
	}
	if col <= p.col {
		return unfit("the cells of a row are not in order")
	}
	if err := p.cellsBefore(rw, col); err != nil {
		return err
	}
	p.col = col
	if len(p.marks) == 0 || p.marks[0].row != p.row || p.marks[0].col != col {
		rw.keep(t)
		return nil
	}
	old, _ := number(t, "s")
	style, err := p.styles.mark(old, p.marks[0].severity)
	if err != nil {
		return err
	}
	rw.write(withAttr(t.raw, "s", strconv.Itoa(style)))
	p.marks = p.marks[1:]
	return nil
}

// cellsBefore writes the marked cells of the row that the sheet does not have, up to a column.
func (p *sheetPatch) cellsBefore(rw *rewriter, col int) error {
	for len(p.marks) > 0 && p.marks[0].row == p.row && p.marks[0].col < col {
		m := p.marks[0]
		style, err := p.styles.mark(p.blankLook(m.col), m.severity)
		if err != nil {
			return err
		}
		rw.put(`<` + p.prefix + `c r="` + diag.Cell(m.row, m.col) + `" s="` + strconv.Itoa(style) + `"/>`)
		p.marks = p.marks[1:]
	}
	return nil
}

// rowsBefore writes the rows with marked cells that the sheet does not have, up to a row.
func (p *sheetPatch) rowsBefore(rw *rewriter, row int) error {
	for len(p.marks) > 0 && p.marks[0].row < row {
		p.row, p.rowLook = p.marks[0].row, -1
		rw.put(`<` + p.prefix + `row r="` + strconv.Itoa(p.row) + `">`)
		if err := p.cellsBefore(rw, maxCol+1); err != nil {
			return err
		}
		rw.put(`</` + p.prefix + `row>`)
	}
	return nil
}

// blankLook is the style of a cell that the sheet does not have: that of its row, or its column.
func (p *sheetPatch) blankLook(col int) int {
	if p.rowLook >= 0 {
		return p.rowLook
	}
	for _, c := range p.columns {
		if col >= c.from && col <= c.to {
			return c.style
		}
	}
	return 0
}
