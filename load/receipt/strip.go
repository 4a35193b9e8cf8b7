package receipt

import (
	"bytes"
	"context"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"palermo/diag"
)

// Strip writes a receipt that came back without what a receipt adds: the first sheet, the colours, the comments, the
// stamp. What the agency has changed in its own sheets stays, and so does every part that Annotate did
// not change: the sheets themselves are copied byte for byte. A cell that had a colour of its own
// before it was marked has none afterwards. The stamp is nil, and nothing is written, where the workbook
// is no receipt.
func Strip(ctx context.Context, src io.ReaderAt, size int64, w io.Writer) (*Stamp, error) {
	b, err := openBook(src, size)
	if err != nil {
		return nil, err
	}
	stamp := b.stamp()
	if stamp == nil {
		return nil, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, step := range []func() error{
		func() error { return b.dropSheet(stamp.Sheet) },
		b.dropColours,
		func() error { return b.dropNotes(noteTitle(stamp.Number)) },
		b.dropTypes,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	z := newPackage(w)
	if err := z.put(typesPart, b.types); err != nil {
		return nil, err
	}
	return stamp, b.rest(z, nil)
}

// dropSheet takes out the sheet that was added, and the names of the stamp.
func (b *book) dropSheet(name string) error {
	at := slices.IndexFunc(b.sheets, func(s bookSheet) bool { return s.name == name })
	if at >= 0 && len(b.sheets) > 1 {
		s := b.sheets[at]
		if err := b.unrelate(b.main, s.id); err != nil {
			return err
		}
		if s.page != "" {
			b.gone[s.page] = true
			b.gone[b.named(relsName(s.page))] = true
		}
	} else {
		at = -1
	}
	no := -1
	out, err := edit(b.workbook, func(rw *rewriter, t *tag) error {
		switch n := t.name(); {
		case t.depth == 3 && t.starts("sheet"):
			if no++; no == at {
				rw.drop(t)
				return nil
			}
			rw.keep(t)
		case t.depth == 3 && t.kind != closes && n == "workbookView" && at >= 0:
			raw := t.raw
			for _, attr := range []string{"activeTab", "firstSheet"} {
				if k, ok := number(t, attr); ok && k > at {
					raw = withAttr(raw, attr, strconv.Itoa(k-1))
				}
			}
			rw.write(raw)
		case t.depth == 3 && t.kind != closes && n == "definedName":
			b.dropName(rw, t, at)
		default:
			rw.keep(t)
		}
		return nil
	})
	if err != nil {
		return err
	}
	out = emptyNames.ReplaceAll(out, nil)
	b.set(b.main, out)
	return nil
}

// emptyNames is a list of names that has none left, which programs do not like.
var emptyNames = regexp.MustCompile(`<(?:\w+:)?definedNames>\s*</(?:\w+:)?definedNames>`)

func (b *book) dropName(rw *rewriter, t *tag, at int) {
	name, _ := t.attr("name")
	local, isLocal := number(t, "localSheetId")
	switch {
	case name == stampName, name == stampSheet, isLocal && at >= 0 && local == at:
		rw.drop(t)
	case at >= 0:
		rw.write(shifted(t, at+1, -1))
	default:
		rw.keep(t)
	}
}

// dropColours takes the colours of marks out of the styles.
func (b *book) dropColours() error {
	i := slices.IndexFunc(b.rels, func(r relation) bool { return r.is("styles") })
	if i < 0 {
		return nil
	}
	raw, err := b.read(b.rels[i].part)
	if err != nil {
		return err
	}
	ours, err := markedFills(raw)
	if err != nil {
		return err
	}
	list := ""
	out, err := edit(raw, func(rw *rewriter, t *tag) error {
		switch {
		case t.depth == 2 && t.kind == opens:
			list = t.name()
		case t.depth == 3 && list == "cellXfs" && t.starts("xf"):
			if fill, _ := number(t, "fillId"); ours[fill] {
				rw.write(withAttr(t.raw, "fillId", "0"))
				return nil
			}
		}
		rw.keep(t)
		return nil
	})
	b.set(b.rels[i].part, out)
	return err
}

// markedFills is the numbers of the fills that have a colour of a mark.
func markedFills(raw []byte) (map[int]bool, error) {
	colours := slices.Collect(maps.Values(markFills))
	ours, no, list := map[int]bool{}, -1, ""
	_, err := edit(raw, func(_ *rewriter, t *tag) error {
		switch {
		case t.depth == 2 && t.kind == opens:
			list = t.name()
		case t.depth == 3 && list == "fills" && t.starts("fill"):
			no++
		case list == "fills" && t.starts("fgColor"):
			if rgb, ok := t.attr("rgb"); ok && slices.ContainsFunc(colours, func(c string) bool { return strings.EqualFold(c, rgb) }) {
				ours[no] = true
			}
		}
		return nil
	})
	return ours, err
}

// dropNotes takes our comments out, and what we added to others'.
func (b *book) dropNotes(title string) error {
	for _, s := range b.sheets {
		if s.part == "" || b.gone[s.part] {
			continue
		}
		rels, err := b.relations(s.part)
		if err != nil {
			return err
		}
		for _, r := range rels {
			if !r.is("comments") || !b.has(r.part) {
				continue
			}
			dropped, err := b.dropTexts(r.part, title)
			if err != nil {
				return err
			}
			for _, d := range rels {
				if d.is("vmlDrawing") && b.has(d.part) && len(dropped) > 0 {
					if err := b.dropBoxes(d.part, dropped); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

var (
	commentForm = regexp.MustCompile(`(?s)<(?:\w+:)?comment\s[^>]*>.*?</(?:\w+:)?comment>`)
	refForm     = regexp.MustCompile(`\sref=["']([A-Z]+[0-9]+)["']`)
	runForm     = regexp.MustCompile(`(?s)<(?:\w+:)?r>.*?</(?:\w+:)?r>|<(?:\w+:)?r\s*/>`)
	lineEnds    = regexp.MustCompile(`(?:[\r\n]|&#(?:10|13|x0?[aAdD]);|_x000[aAdD]_)*$`)
	textForm    = regexp.MustCompile(`(?s)<(?:\w+:)?t(?:\s[^>]*)?>(.*?)</(?:\w+:)?t>`)
)

// dropTexts takes our comments out of the part, and gives the cells that have none any more.
func (b *book) dropTexts(part, title string) (map[string]bool, error) {
	raw, err := b.read(part)
	if err != nil {
		return nil, err
	}
	dropped := map[string]bool{}
	out := commentForm.ReplaceAllFunc(raw, func(c []byte) []byte {
		kept, ours := withoutNote(c, escape(title))
		switch {
		case !ours:
			return c
		case kept == nil:
			if m := refForm.FindSubmatch(c); m != nil {
				dropped[string(m[1])] = true
			}
			return nil
		}
		return kept
	})
	b.set(part, out)
	return dropped, nil
}

// withoutNote is the comment without what follows our title: nil where nothing is left. ours is
// false where the title is not in it. Programs may have joined or cut the runs of its text.
func withoutNote(comment []byte, title string) (kept []byte, ours bool) {
	var text strings.Builder
	for _, m := range textForm.FindAllSubmatch(comment, -1) {
		text.Write(m[1])
	}
	before, _, ours := strings.Cut(text.String(), title)
	if !ours {
		return nil, false
	}
	before = before[:len(before)-len(lineEnds.FindString(before))]
	if before == "" {
		return nil, true
	}
	left := len(before) // letters of the text that stay
	kept = textForm.ReplaceAllFunc(comment, func(t []byte) []byte {
		m := textForm.FindSubmatchIndex(t)
		from, to := m[2], m[3]
		n := min(left, to-from)
		left -= n
		return concat(t[:from+n], t[to:])
	})
	return runForm.ReplaceAllFunc(kept, func(r []byte) []byte {
		for _, m := range textForm.FindAllSubmatch(r, -1) {
			if len(m[1]) > 0 {
				return r
			}
		}
		return nil
	}), true
}

var (
	shapeForm  = regexp.MustCompile(`(?s)<v:shape\s.*?</v:shape>`)
	rowForm    = regexp.MustCompile(`<x:Row>\s*(\d{1,7})\s*</x:Row>`)
	columnForm = regexp.MustCompile(`<x:Column>\s*(\d{1,5})\s*</x:Column>`)
)

// dropBoxes takes the boxes of the cells out of the drawing.
func (b *book) dropBoxes(part string, cells map[string]bool) error {
	raw, err := b.read(part)
	if err != nil {
		return err
	}
	b.set(part, shapeForm.ReplaceAllFunc(raw, func(s []byte) []byte {
		row, col := rowForm.FindSubmatch(s), columnForm.FindSubmatch(s)
		if row == nil || col == nil || !bytes.Contains(s, []byte(`ObjectType="Note"`)) {
			return s
		}
		r, _ := strconv.Atoi(string(row[1]))
		c, _ := strconv.Atoi(string(col[1]))
		if cells[diag.Cell(r+1, c+1)] {
			return nil
		}
		return s
	}))
	return nil
}

// dropTypes takes the content types of parts out that are gone.
func (b *book) dropTypes() error {
	out, err := edit(b.types, func(rw *rewriter, t *tag) error {
		if name, _ := t.attr("PartName"); t.starts("Override") && b.gone[b.named(strings.TrimPrefix(name, "/"))] {
			rw.drop(t)
			return nil
		}
		rw.keep(t)
		return nil
	})
	b.types = out
	return err
}
