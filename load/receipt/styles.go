package receipt

import (
	"fmt"
	"slices"
	"strconv"

	"palermo/diag"
)

// maxStyles is how many styles a workbook can have, with some room.
const maxStyles = 65_000

// markFills is the colours of marked cells by severity. They are colours that no palette offers, so
// that a colour of ours is known when the workbook comes back.
var markFills = map[diag.Severity]string{diag.Error: "FFFFC7C1", diag.Warning: "FFFFEBA1", diag.Info: "FFD6E6F5"}

// look is a style of the added sheet.
type look int

const (
	lookText   look = iota
	lookQuoted      // text that begins as a formula does
	lookNote        // runs on over the cells beside it
	lookTitle
	lookHeading
	lookHead
	lookLink
	lookError
	lookWarning
	lookInfo
	looks
)

// styles is the part that says how cells look, with what is added to it. A style of a marked cell
// is the cell's old one with another fill.
type styles struct {
	part    string
	raw     []byte
	prefix  string
	old     [][]byte // the raw entries of cellXfs
	counts  map[string]int
	fills   map[diag.Severity]int
	first   int // the first of the looks
	marked  map[markStyle]int
	entries [][]byte // the raw entries that are added to cellXfs
}

type markStyle struct {
	old      int
	severity diag.Severity
}

const emptyStyles = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<styleSheet xmlns="%s"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs></styleSheet>`

func (b *book) openStyles() (*styles, error) {
	s := &styles{counts: map[string]int{}, fills: map[diag.Severity]int{}, marked: map[markStyle]int{}}
	i := slices.IndexFunc(b.rels, func(r relation) bool { return r.is("styles") })
	var err error
	if i >= 0 {
		s.part = b.rels[i].part
		s.raw, err = b.read(s.part)
	} else {
		if s.part = "xl/styles.xml"; b.has(s.part) {
			s.part = b.free("xl/stylespalermo%d.xml")
		}
		s.raw = fmt.Appendf(nil, emptyStyles, b.mainSpace())
		if _, err = b.relate(b.main, "styles", s.part); err == nil {
			err = b.declare(s.part, typePrefix+"styles+xml")
		}
	}
	if err != nil {
		return nil, err
	}
	return s, s.survey()
}

// survey finds the entries of each list, and plans what is added.
func (s *styles) survey() error {
	var list string
	var entry []byte
	lists := map[string]bool{"fonts": true, "fills": true, "borders": true, "cellXfs": true}
	_, err := edit(s.raw, func(_ *rewriter, t *tag) error {
		switch {
		case t.depth == 2 && t.kind == opens && lists[t.name()]:
			list, s.prefix = t.name(), t.prefix()
			s.counts[list] += 0
		case t.depth == 2 && t.kind == closes:
			list = ""
		case t.depth == 3 && list != "" && t.kind != closes:
			s.counts[list]++
			entry = nil
		}
		if list == "cellXfs" && t.depth >= 3 {
			entry = append(entry, t.raw...)
			if t.depth == 3 && t.kind != opens {
				s.old = append(s.old, entry)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for list := range lists {
		if s.counts[list] == 0 {
			return unfit("its styles lack a list")
		}
	}
	for i, severity := range []diag.Severity{diag.Info, diag.Warning, diag.Error} {
		s.fills[severity] = s.counts["fills"] + i
	}
	s.addLooks()
	return nil
}

// addLooks adds the styles of our own sheet.
func (s *styles) addLooks() {
	s.first = len(s.old)
	font := s.counts["fonts"] // title, bold, link
	grey := s.counts["fills"] + 3
	wrap := `<` + s.prefix + `alignment vertical="top" wrapText="1"/>`
	align := wrap
	xf := func(font, fill int, attrs string) {
		s.entries = append(s.entries, fmt.Appendf(nil,
			`<%[1]sxf numFmtId="49" fontId="%[2]d" fillId="%[3]d" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1" applyFill="1" applyAlignment="1"%[4]s>%[5]s</%[1]sxf>`,
			s.prefix, font, fill, attrs, align))
	}
	for l := range looks {
		align = wrap
		switch l {
		case lookNote:
			align = ""
			xf(font+3, 0, "")
		case lookText:
			xf(font+3, 0, "")
		case lookQuoted:
			xf(font+3, 0, ` quotePrefix="1"`)
		case lookTitle:
			align = ""
			xf(font, 0, "")
		case lookHeading:
			xf(font+1, grey, "")
		case lookHead:
			xf(font+1, 0, "")
		case lookLink:
			xf(font+2, 0, "")
		case lookError:
			xf(font+3, s.fills[diag.Error], "")
		case lookWarning:
			xf(font+3, s.fills[diag.Warning], "")
		case lookInfo:
			xf(font+3, s.fills[diag.Info], "")
		}
	}
}

func (s *styles) look(l look) int { return s.first + int(l) }

// mark is the style that is the old one with the colour of the severity.
func (s *styles) mark(old int, severity diag.Severity) (int, error) {
	if old < 0 || old >= len(s.old) {
		old = 0
	}
	key := markStyle{old, severity}
	if n, known := s.marked[key]; known {
		return n, nil
	}
	n := len(s.old) + len(s.entries)
	if n >= maxStyles {
		return 0, unfit("it has too many styles")
	}
	s.entries = append(s.entries, recoloured(s.old[old], s.fills[severity]))
	s.marked[key] = n
	return n, nil
}

// recoloured is the entry of cellXfs with another fill.
func recoloured(xf []byte, fill int) []byte {
	start, rest := startTag(xf)
	return concat(withAttr(withAttr(start, "fillId", strconv.Itoa(fill)), "applyFill", "1"), rest)
}

// quote makes the style one of text that a program must not read as a formula.
func (s *styles) quote(style int) {
	if style < 0 || style >= len(s.old) {
		return
	}
	start, rest := startTag(s.old[style])
	s.old[style] = concat(withAttr(start, "quotePrefix", "1"), rest)
}

// written is the part with everything that was added.
func (s *styles) written() ([]byte, error) {
	p := s.prefix
	font := func(inner string) string {
		return "<" + p + "font>" + inner + "<" + p + `sz val="11"/><` + p + `name val="Calibri"/><` + p + `family val="2"/></` + p + "font>"
	}
	add := map[string]string{
		"fonts": "<" + p + "font><" + p + `b/><` + p + `sz val="16"/><` + p + `name val="Calibri"/><` + p + `family val="2"/></` + p + "font>" +
			font("<"+p+"b/>") + fmt.Sprintf(`<%[1]sfont><%[1]su/><%[1]ssz val="11"/><%[1]scolor rgb="FF0B4FA0"/><%[1]sname val="Calibri"/><%[1]sfamily val="2"/></%[1]sfont>`, p) + font(""),
	}
	for _, colour := range []string{markFills[diag.Info], markFills[diag.Warning], markFills[diag.Error], "FFE4E4E4"} {
		add["fills"] += fmt.Sprintf(`<%[1]sfill><%[1]spatternFill patternType="solid"><%[1]sfgColor rgb="%[2]s"/><%[1]sbgColor indexed="64"/></%[1]spatternFill></%[1]sfill>`, p, colour)
	}
	more := map[string]int{"fonts": 4, "fills": 4, "cellXfs": len(s.entries)}
	list, entry := "", 0
	return edit(s.raw, func(rw *rewriter, t *tag) error {
		switch name := t.name(); {
		case t.depth == 2 && t.kind == opens && more[name] > 0:
			list, entry = name, 0
			rw.write(withAttr(t.raw, "count", strconv.Itoa(s.counts[name]+more[name])))
		case t.depth == 2 && t.kind == closes && more[name] > 0:
			rw.put(add[name])
			if name == "cellXfs" {
				rw.write(concat(s.entries...))
			}
			rw.keep(t)
			list = ""
		case list == "cellXfs" && t.depth == 3 && t.kind != closes:
			rw.write(s.old[entry])
			entry++
			rw.drop(t)
		default:
			rw.keep(t)
		}
		return nil
	})
}
