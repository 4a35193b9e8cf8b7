package extract

import (
	"strings"

	"palermo/diag"
	"palermo/extract/cell"
)

// odsValues is the attribute that holds the value of a cell of each type.
var odsValues = map[string]string{"float": "office:value", "percentage": "office:value", "currency": "office:value",
	"date": "office:date-value", "time": "office:time-value", "boolean": "office:boolean-value"}

// odsCell is what the start tag of a cell says.
type odsCell struct {
	typ, value string
	isError    bool
	formula    bool
}

// text is what the cell reads as: its value, never the form in which it is shown, but for text and
// errors, which have no other.
func (c odsCell) text(shown string) string {
	switch {
	case c.isError || c.value == "":
		return shown
	case c.typ == "boolean":
		return strings.ToUpper(c.value)
	case c.typ == "date":
		return isoText(c.value)
	case c.typ == "time":
		if clock, ok := isoDuration(c.value); ok {
			return clock
		}
		return c.value
	case c.typ == "string":
		return c.value
	}
	return string(cell.AppendNumber(nil, []byte(c.value)))
}

// isoText is a date as a workbook writes it, without a time of zero.
func isoText(s string) string {
	s = strings.TrimSuffix(s, "Z")
	whole, frac, found := strings.Cut(s, ".")
	if found && strings.Trim(frac, "0") == "" {
		s = whole
	}
	return strings.TrimSuffix(s, "T00:00:00")
}

// maxMillis is where a time is none: beyond the year 9999 from 1900 on.
const maxMillis = 2958465 * 24 * 60 * 60 * 1000

// isoDuration is "PT10H30M00S" as hours, minutes and seconds.
func isoDuration(s string) (string, bool) {
	rest, ok := strings.CutPrefix(s, "PT")
	if !ok {
		return "", false
	}
	var millis float64
	for _, unit := range []struct {
		letter string
		millis float64
	}{{"H", 3_600_000}, {"M", 60_000}, {"S", 1000}} {
		n, after, found := strings.Cut(rest, unit.letter)
		if !found {
			continue
		}
		f, ok := cell.ParseNumber([]byte(n))
		if !ok || f < 0 {
			return "", false
		}
		millis += f * unit.millis
		rest = after
	}
	if rest != "" || !(millis >= 0 && millis < maxMillis) {
		return "", false
	}
	return string(cell.AppendClock(nil, int64(millis+0.5))), true
}

// text is what is written in the cell: its paragraphs, one a line, without comments and drawings.
func (t *odsTable) text(x *odsTokens) (string, error) {
	t.para = t.para[:0]
	paragraphs := 0
	err := x.each(func(name string) error {
		if name != "text:p" && name != "text:h" {
			return x.skip()
		}
		if paragraphs++; paragraphs > 1 {
			t.para = append(t.para, '\n')
		}
		return t.paragraph(x)
	})
	return string(t.para), err
}

// odsInline is the elements within a paragraph whose text is part of it.
var odsInline = map[string]bool{"text:span": true, "text:a": true, "text:ruby": true, "text:ruby-base": true, "text:date": true, "text:time": true,
	"text:sheet-name": true, "text:title": true, "text:file-name": true, "text:page-number": true, "text:meta": true}

// paragraph adds the text of the paragraph whose start tag was read. White space counts once, as the
// format has it; more of it is an element.
func (t *odsTable) paragraph(x *odsTokens) error {
	depth, start := len(x.open), len(t.para)
	for {
		kind, name, err := x.next()
		if err != nil {
			return err
		}
		switch {
		case kind == odsText:
			t.squeeze(x.text, start)
		case kind == odsEnd && len(x.open) < depth:
			return nil
		case kind == odsEnd, odsInline[name]:
		case name == "text:s":
			if err := t.spaces(x); err != nil {
				return err
			}
		case name == "text:tab":
			t.para = append(t.para, '\t')
		case name == "text:line-break":
			t.para = append(t.para, '\n')
		default:
			if err := x.skip(); err != nil {
				return err
			}
		}
		if len(t.para) > t.s.file.o.MaxCellBytes {
			return fault(nil, diag.RowTooLong, t.s.pos(t.last+1, 0), "a cell is over the limit of %d bytes", t.s.file.o.MaxCellBytes)
		}
	}
}

func (t *odsTable) squeeze(text []byte, start int) {
	for _, c := range text {
		if c == '\t' || c == '\n' || c == '\r' {
			c = ' '
		}
		if c == ' ' && (len(t.para) == start || t.para[len(t.para)-1] == ' ') {
			continue
		}
		t.para = append(t.para, c)
	}
}

// spaces adds the spaces that an element stands for.
func (t *odsTable) spaces(x *odsTokens) error {
	n := 1
	if c := x.attr("text:c"); c != "" {
		var err error
		if n, err = odsCount(c); err != nil {
			return err
		}
	}
	t.para = append(t.para, strings.Repeat(" ", n)...)
	return nil
}
