package receipt

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Annotate writes the agency's workbook with its receipt in it: the cells of the findings coloured and
// explained, and a first sheet that says all of it. Nothing else of the workbook changes. The workbook must not
// be a receipt already: one that came back goes through Strip before. The error is ErrNoWorkbook where
// the file cannot be given back so; what was written is then to be thrown away.
func Annotate(ctx context.Context, src io.ReaderAt, size int64, w io.Writer, in *Input) error {
	return annotate(ctx, src, size, w, in, text{})
}

// text is what is known of a workbook that was made of a file of text.
type text struct {
	moved map[int]int // row of the workbook by the number of the line; nil for a workbook as sent
	quote []int       // styles of text that must not be read as a formula
}

func annotate(ctx context.Context, src io.ReaderAt, size int64, w io.Writer, in *Input, made text) error {
	b, err := openBook(src, size)
	if err != nil {
		return err
	}
	if b.stamp() != nil {
		return unfit("it is a receipt already")
	}
	page, err := NewPage(in)
	if err != nil {
		return err
	}
	p := &patch{book: b, page: page, in: in, text: made}
	if p.styles, err = b.openStyles(); err != nil {
		return err
	}
	for _, style := range made.quote {
		p.styles.quote(style)
	}
	return p.write(ctx, w)
}

// patch is one workbook that gets its receipt.
type patch struct {
	book   *book
	styles *styles
	page   *Page
	in     *Input
	text   text
	marks  map[int][]mark
	capped bool
	notes  map[int]*notes
}

func (p *patch) write(ctx context.Context, w io.Writer) error {
	seen := p.in.seen()
	if p.text.moved != nil {
		moveCells(seen, p.text.moved)
	}
	p.marks, p.capped = marks(p.book, p.page.texts, seen)
	if err := p.prepare(); err != nil {
		return err
	}
	z := newPackage(w)
	if err := z.put(typesPart, p.book.types); err != nil {
		return err
	}
	streamed, err := p.sheets(ctx, z)
	if err != nil {
		return err
	}
	if err := p.finish(); err != nil {
		return err
	}
	return p.book.rest(z, streamed)
}

// moveCells turns lines of a file of text into rows of the workbook that was made of it.
func moveCells(seen []Finding, rows map[int]int) {
	for i := range seen {
		for k, c := range seen[i].Cells {
			if row, ok := rows[c.Row]; ok {
				seen[i].Cells[k].Row = row
			}
		}
	}
}

// prepare adds what must be known before the first part is written: the sheet, and the comments' parts.
func (p *patch) prepare() error {
	b := p.book
	part := b.free("xl/worksheets/sheetpalermo%d.xml")
	s := &summary{book: b, styles: p.styles, page: p.page, moved: p.text.moved}
	b.set(part, s.xml(p.capped))
	if err := b.declare(part, typePrefix+"worksheet+xml"); err != nil {
		return err
	}
	id, err := b.relate(b.main, "worksheet", part)
	if err != nil {
		return err
	}
	workbook, err := b.withSheet(p.page.Text("sheet"), id, stampText(p.in.Number, p.text.moved != nil))
	if err != nil {
		return err
	}
	b.set(b.main, workbook)
	p.notes = map[int]*notes{}
	for _, no := range slices.Sorted(maps.Keys(p.marks)) {
		if p.notes[no], err = b.newNotes(b.sheets[no].part, noteTitle(p.in.Number), p.marks[no]); err != nil {
			return err
		}
	}
	return nil
}

// sheets writes the sheets that change, and gives their parts.
func (p *patch) sheets(ctx context.Context, z *pack) (map[string]bool, error) {
	streamed := map[string]bool{}
	shape, err := p.book.freeShape()
	if err != nil {
		return nil, err
	}
	for no, s := range p.book.sheets {
		f := p.book.parts[strings.ToLower(s.page)]
		if f == nil || streamed[f.Name] {
			continue
		}
		marked := len(p.marks[no]) > 0
		if !marked {
			if chosen, err := selected(f); err != nil || !chosen {
				if err != nil {
					return nil, err
				}
				continue
			}
		}
		streamed[f.Name] = true
		if shape, err = p.sheet(ctx, z, f, no, shape); err != nil {
			return nil, err
		}
	}
	return streamed, nil
}

func (p *patch) sheet(ctx context.Context, z *pack, f *zip.File, no, shape int) (int, error) {
	n := p.notes[no]
	sp := &sheetPatch{styles: p.styles, marks: p.marks[no], space: p.book.relBase()}
	each := func(rw *rewriter, t *tag) error { return sp.each(ctx, rw, t) }
	if p.book.sheets[no].part == "" {
		each = unselect
	}
	if n != nil {
		id, err := n.relateDrawing()
		if err != nil {
			return 0, err
		}
		sp.drawing = id
	}
	r, err := f.Open()
	if err != nil {
		return 0, unfit("a sheet cannot be read")
	}
	defer r.Close()
	w, err := z.create(f.Name)
	if err != nil {
		return 0, err
	}
	if err := rewrite(r, w, each); err != nil {
		return 0, err
	}
	if n == nil {
		return shape, nil
	}
	if sp.named != "" && len(n.marks) > 0 {
		if err := n.useDrawing(sp.named); err != nil {
			return 0, err
		}
	}
	return n.write(shape)
}

// unselect is for a sheet that is no grid: another one is shown first.
func unselect(rw *rewriter, t *tag) error {
	if t.starts("sheetView") {
		rw.write(withoutAttr(t.raw, "tabSelected"))
		return nil
	}
	rw.keep(t)
	return nil
}

// maxHead is how far into a sheet is looked for what stands before its rows.
const maxHead = 1 << 20

// selected reports whether the sheet is the one that is shown, or one of them.
func selected(f *zip.File) (bool, error) {
	r, err := f.Open()
	if err != nil {
		return false, unfit("a sheet cannot be read")
	}
	defer r.Close()
	head := make([]byte, 0, 8192)
	for len(head) < maxHead {
		n, err := r.Read(head[len(head):cap(head)])
		head = head[:len(head)+n]
		if at := bytes.Index(head, []byte("sheetData")); at >= 0 || err != nil {
			break
		}
		if len(head) == cap(head) {
			head = slices.Grow(head, len(head))
		}
	}
	return bytes.Contains(head, []byte("tabSelected")), nil
}

// finish makes the parts that are whole only after the sheets.
func (p *patch) finish() error {
	raw, err := p.styles.written()
	if err != nil {
		return err
	}
	p.book.set(p.styles.part, raw)
	return nil
}

// afterNames is the elements of a workbook that stand behind its names.
var afterNames = map[string]bool{
	"calcPr": true, "oleSize": true, "customWorkbookViews": true, "pivotCaches": true, "smartTagPr": true, "smartTagTypes": true,
	"webPublishing": true, "fileRecoveryPr": true, "webPublishObjects": true, "extLst": true,
}

// withSheet is the workbook's part with a first sheet and the stamp.
func (b *book) withSheet(name, id, stamp string) ([]byte, error) {
	name = b.freeSheet(name)
	sheetID, err := b.freeSheetID()
	if err != nil {
		return nil, err
	}
	names := func(p string) string {
		return fmt.Sprintf(`<%[1]sdefinedName name="%[2]s" hidden="1">%[3]s</%[1]sdefinedName><%[1]sdefinedName name="%[4]s" hidden="1">%[5]s</%[1]sdefinedName>`,
			p, stampName, escape(formulaText(stamp)), stampSheet, escape(reference(name)+"!$A$1"))
	}
	space, prefix := ` xmlns:palermo="`+b.relBase()+`"`, "palermo"
	if bytes.Contains(b.workbook, []byte(`xmlns:r="`+b.relBase()+`"`)) {
		space, prefix = "", "r"
	}
	past, done := false, false
	ours := func(rw *rewriter, t *tag) {
		if past && !done {
			p := t.prefix()
			rw.put("<" + p + "definedNames>" + names(p) + "</" + p + "definedNames>")
			done = true
		}
	}
	return edit(b.workbook, func(rw *rewriter, t *tag) error {
		switch n := t.name(); {
		case t.depth == 2 && t.starts("sheets"):
			rw.keep(t)
			rw.put(fmt.Sprintf(`<%[1]ssheet%[2]s name="%[3]s" sheetId="%[4]d" %[5]s:id="%[6]s"/>`, t.prefix(), space, escape(name), sheetID, prefix, id))
			past = true
		case t.depth == 3 && n == "workbookView" && t.kind != closes:
			rw.write(withAttr(withAttr(t.raw, "activeTab", "0"), "firstSheet", "0"))
		case t.depth == 3 && n == "definedName" && t.kind != closes:
			if stamped, _ := t.attr("name"); stamped == stampName || stamped == stampSheet {
				rw.drop(t) // one that nobody can read any more
			} else {
				rw.write(shifted(t, 0, 1))
			}
		case t.depth == 2 && n == "definedNames":
			done = true
			switch t.kind {
			case opens:
				rw.keep(t)
			case closes:
				rw.put(names(t.prefix()))
				rw.keep(t)
			default:
				rw.write(t.opened())
				rw.put(names(t.prefix()) + "</" + string(t.full()) + ">")
			}
		case t.depth == 2 && t.kind != closes && afterNames[n], t.depth == 1 && t.kind == closes:
			ours(rw, t)
			rw.keep(t)
		default:
			rw.keep(t)
		}
		return nil
	})
}

// shifted is the tag of a name whose sheet has moved by some places, if it stood at or after one.
func shifted(t *tag, from, by int) []byte {
	if n, ok := number(t, "localSheetId"); ok && n >= from {
		return withAttr(t.raw, "localSheetId", strconv.Itoa(n+by))
	}
	return t.raw
}

// freeSheet is the name, or the name with a number where a sheet has it.
func (b *book) freeSheet(name string) string {
	taken := func(name string) bool {
		return slices.ContainsFunc(b.sheets, func(s bookSheet) bool { return strings.EqualFold(s.name, name) })
	}
	free := name
	for n := 2; taken(free); n++ {
		free = fmt.Sprintf("%s %d", name, n)
	}
	return free
}

func (b *book) freeSheetID() (int, error) {
	most := 0
	_, err := edit(b.workbook, func(_ *rewriter, t *tag) error {
		if t.starts("sheet") && t.depth == 3 {
			id, _ := number(t, "sheetId")
			most = max(most, id)
		}
		return nil
	})
	return most + 1, err
}

// pack writes a package. Times and hosts do not reach it.
type pack struct{ z *zip.Writer }

func newPackage(w io.Writer) *pack {
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	return &pack{z}
}

func (p *pack) create(name string) (io.Writer, error) {
	return p.z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
}

func (p *pack) put(name string, content []byte) error {
	w, err := p.create(name)
	if err == nil {
		_, err = w.Write(content)
	}
	return err
}

// rest writes all parts that were not written yet: those that do not change as they lie in the
// container.
func (b *book) rest(z *pack, written map[string]bool) error {
	for _, f := range b.zip.File {
		var err error
		switch held, changed := b.changed[f.Name]; {
		case f.Name == typesPart || strings.EqualFold(f.Name, typesPart) || written[f.Name] || b.gone[f.Name]:
		case changed:
			err = z.put(f.Name, held)
		default:
			err = z.z.Copy(f)
		}
		if err != nil {
			return err
		}
	}
	for _, name := range b.added {
		if err := z.put(name, b.changed[name]); err != nil {
			return err
		}
	}
	return z.z.Close()
}
