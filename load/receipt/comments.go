package receipt

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"palermo/diag"
)

// notes is the comments of one sheet: the two parts that hold them, and what is added.
type notes struct {
	book    *book
	sheet   string // the sheet's part
	title   string // the first line of each
	marks   []mark // those with a note
	comment string // name of the part of texts
	drawing string // name of the part of boxes; empty until the sheet's own one is known
	drawID  string // the relation to the drawing, where the sheet has none
}

// newNotes plans the comments of a sheet, and relates the parts that it lacks.
func (b *book) newNotes(sheet, title string, all []mark) (*notes, error) {
	n := &notes{book: b, sheet: sheet, title: title}
	for _, m := range all {
		if m.note != "" {
			n.marks = append(n.marks, m)
		}
	}
	if len(n.marks) == 0 {
		return n, nil
	}
	rels, err := b.relations(sheet)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(rels, func(r relation) bool { return r.is("comments") }); i >= 0 {
		n.comment = rels[i].part
	} else {
		n.comment = b.free("xl/commentspalermo%d.xml")
		if _, err := b.relate(sheet, "comments", n.comment); err != nil {
			return nil, err
		}
		if err := b.declare(n.comment, typePrefix+"comments+xml"); err != nil {
			return nil, err
		}
		b.set(n.comment, fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<comments xmlns="%s"><authors></authors><commentList></commentList></comments>`, b.mainSpace()))
	}
	return n, b.declareVML()
}

// relateDrawing makes the drawing that a sheet lacks. Whether it lacks one is known only at the
// end of its part, so that a relation is made before and taken back where it is not needed.
func (n *notes) relateDrawing() (id string, err error) {
	if len(n.marks) == 0 {
		return "", nil
	}
	n.drawing = n.book.free("xl/drawings/vmlDrawingpalermo%d.vml")
	n.book.set(n.drawing, []byte(emptyDrawing))
	n.drawID, err = n.book.relate(n.sheet, "vmlDrawing", n.drawing)
	return n.drawID, err
}

// useDrawing takes the drawing that the sheet names itself instead of the new one.
func (n *notes) useDrawing(id string) error {
	rels, err := n.book.relations(n.sheet)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(rels, func(r relation) bool { return r.ID == id && r.Mode != "External" })
	if i < 0 || !n.book.has(rels[i].part) {
		return unfit("a sheet names a drawing that is not there")
	}
	if err := n.book.unrelate(n.sheet, n.drawID); err != nil {
		return err
	}
	n.book.unset(n.drawing)
	n.drawing = rels[i].part
	return nil
}

// write writes the two parts.
func (n *notes) write(firstID int) (nextID int, err error) {
	if len(n.marks) == 0 {
		return firstID, nil
	}
	boxes, err := n.texts()
	if err != nil {
		return 0, err
	}
	return n.boxes(boxes, firstID)
}

// texts adds the comments, to those that are there where there are some; boxes is the marks that
// had none, and so have no box.
func (n *notes) texts() (boxes []mark, err error) {
	raw, err := n.book.read(n.comment)
	if err != nil {
		return nil, err
	}
	if raw, err = withList(raw); err != nil {
		return nil, err
	}
	w := &noteWriter{notes: n, there: map[string]bool{}, byCell: map[string]*mark{}, threads: threaded(raw)}
	for i := range n.marks {
		w.byCell[diag.Cell(n.marks[i].row, n.marks[i].col)] = &n.marks[i]
	}
	if _, err := edit(raw, w.survey); err != nil {
		return nil, err
	}
	out, err := edit(raw, w.each)
	if err == nil && w.ends != 2 {
		err = unfit("its comments lack a list")
	}
	n.book.set(n.comment, out)
	return w.boxes, err
}

// noteWriter adds comments as the part of texts runs through.
type noteWriter struct {
	*notes
	authors int
	there   map[string]bool  // cells that have a comment
	byCell  map[string]*mark // what is to be said of a cell
	threads map[string]bool  // authors of conversations
	at      *mark            // what is to be added to the comment that is being read
	ends    int              // of lists that were met
	boxes   []mark
}

// survey finds what is there.
func (w *noteWriter) survey(_ *rewriter, t *tag) error {
	if t.depth == 3 && t.starts("author") {
		w.authors++
	}
	if t.depth == 3 && t.starts("comment") {
		ref, _ := t.attr("ref")
		w.there[ref] = true
	}
	return nil
}

func (w *noteWriter) each(rw *rewriter, t *tag) error {
	switch {
	case t.depth == 2 && t.ends("authors"):
		w.ends++
		rw.put("<" + t.prefix() + "author>" + noteAuthor + "</" + t.prefix() + "author>")
	case t.depth == 2 && t.ends("commentList"):
		w.ends++
		w.others(rw, t.prefix())
	case t.depth == 3 && t.starts("comment"):
		ref, _ := t.attr("ref")
		w.at = nil
		if id, _ := t.attr("authorId"); !w.threads[id] {
			w.at = w.byCell[ref]
		}
	case w.at != nil:
		return w.within(rw, t)
	}
	rw.keep(t)
	return nil
}

// within adds to a comment that is there: its text becomes runs, since runs follow.
func (w *noteWriter) within(rw *rewriter, t *tag) error {
	switch {
	case t.depth == 4 && t.starts("text") && t.kind == empty:
		rw.write(t.opened())
		rw.put(w.runs(t.prefix(), w.at, false) + "</" + string(t.full()) + ">")
	case t.depth == 5 && t.name() == "t":
		plain(rw, t)
	case t.depth == 4 && t.ends("text"):
		rw.put(w.runs(t.prefix(), w.at, true))
		rw.keep(t)
		w.at = nil
	default:
		rw.keep(t)
	}
	return nil
}

// others writes the comments of cells that had none.
func (w *noteWriter) others(rw *rewriter, p string) {
	for i := range w.marks {
		m := &w.marks[i]
		if ref := diag.Cell(m.row, m.col); !w.there[ref] {
			w.boxes = append(w.boxes, *m)
			rw.put(fmt.Sprintf(`<%[1]scomment ref="%[2]s" authorId="%[3]d"><%[1]stext>%[4]s</%[1]stext></%[1]scomment>`, p, ref, w.authors, w.runs(p, m, false)))
		}
	}
}

// plain writes the tag of a plain text within a run.
func plain(rw *rewriter, t *tag) {
	p := t.prefix()
	switch t.kind {
	case opens:
		rw.put("<" + p + "r>")
		rw.keep(t)
	case closes:
		rw.keep(t)
		rw.put("</" + p + "r>")
	default:
		rw.put("<" + p + "r>")
		rw.keep(t)
		rw.put("</" + p + "r>")
	}
}

// withList makes sure that the two lists of the part have a start and an end.
func withList(raw []byte) ([]byte, error) {
	return edit(raw, func(rw *rewriter, t *tag) error {
		if t.depth == 2 && t.kind == empty && (t.name() == "authors" || t.name() == "commentList") {
			rw.write(t.opened())
			rw.put("</" + string(t.full()) + ">")
			return nil
		}
		rw.keep(t)
		return nil
	})
}

// runs is the text of a comment of ours: its title, and what is to be said. after says that
// another's text stands before it.
func (n *notes) runs(p string, m *mark, after bool) string {
	title := n.title
	if after {
		title = "\n\n" + title
	}
	return fmt.Sprintf(`<%[1]sr><%[1]srPr><%[1]sb/><%[1]ssz val="9"/><%[1]srFont val="Tahoma"/><%[1]sfamily val="2"/></%[1]srPr><%[1]st xml:space="preserve">%[2]s</%[1]st></%[1]sr>`+
		`<%[1]sr><%[1]srPr><%[1]ssz val="9"/><%[1]srFont val="Tahoma"/><%[1]sfamily val="2"/></%[1]srPr><%[1]st xml:space="preserve">%[3]s</%[1]st></%[1]sr>`,
		p, escape(title), escape("\n"+m.note))
}

// threaded is the authors, by number, of comments that are only the shadow of a conversation: what is added
// to one would not be shown.
func threaded(raw []byte) map[string]bool {
	out := map[string]bool{}
	for i, m := range authorText.FindAllSubmatch(raw, -1) {
		if bytes.HasPrefix(m[1], []byte("tc=")) {
			out[strconv.Itoa(i)] = true
		}
	}
	return out
}

var authorText = regexp.MustCompile(`<(?:\w+:)?author(?:\s[^>]*)?>([^<]*)</`)

const emptyDrawing = `<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:x="urn:schemas-microsoft-com:office:excel"></xml>`

const shapeType = `<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>`

// boxes adds the boxes of comments to the drawing. Drawings of comments are an old form that is not always
// well formed, so that all that is looked for is its end.
func (n *notes) boxes(marks []mark, id int) (int, error) {
	raw, err := n.book.read(n.drawing)
	if err != nil {
		return 0, err
	}
	end := bytes.LastIndex(raw, []byte("</xml>"))
	if end < 0 {
		return 0, unfit("a drawing of comments cannot be added to")
	}
	var b strings.Builder
	if !bytes.Contains(raw, []byte("<o:shapelayout")) {
		var blocks []string
		for k := id / 1024; k <= (id+len(marks))/1024; k++ {
			blocks = append(blocks, strconv.Itoa(k))
		}
		b.WriteString(`<o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="` + strings.Join(blocks, ",") + `"/></o:shapelayout>`)
	}
	if !bytes.Contains(raw, []byte(`id="_x0000_t202"`)) {
		b.WriteString(shapeType)
	}
	for _, m := range marks {
		id++
		lines := strings.Count(m.note, "\n") + 2 + len([]rune(m.note))/45
		row := max(m.row-2, 0)
		fmt.Fprintf(&b, `<v:shape id="_x0000_s%d" type="#_x0000_t202" style="position:absolute;margin-left:60pt;margin-top:2pt;width:240pt;height:%dpt;z-index:1;visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/><v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>`+
			`<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>%d, 15, %d, 2, %d, 15, %d, 4</x:Anchor><x:AutoFill>False</x:AutoFill><x:Row>%d</x:Row><x:Column>%d</x:Column></x:ClientData></v:shape>`,
			id, 14*lines, min(m.col, maxCol-5), row, min(m.col+4, maxCol-1), min(row+lines, maxRow-1), m.row-1, m.col-1)
	}
	n.book.set(n.drawing, concat(raw[:end], []byte(b.String()), raw[end:]))
	return (id/1024 + 1) * 1024, nil
}

var shapeNumber = regexp.MustCompile(`_x0000_s(\d{1,9})`)

// freeShape is the first number of a block of shapes that no drawing of the book uses.
func (b *book) freeShape() (int, error) {
	most := 0
	for _, f := range b.zip.File {
		if !strings.HasSuffix(strings.ToLower(f.Name), ".vml") || b.gone[f.Name] {
			continue
		}
		raw, err := b.read(f.Name)
		if err != nil {
			return 0, err
		}
		for _, m := range shapeNumber.FindAllSubmatch(raw, -1) {
			if n, err := strconv.Atoi(string(m[1])); err == nil {
				most = max(most, n)
			}
		}
	}
	return (most/1024 + 1) * 1024, nil
}
