package sheet

import (
	"strconv"

	"palermo/extract/cell"
	"palermo/extract/zipfile"
)

const (
	maxStyles  = 1 << 17
	maxFormats = 1 << 16
)

// readStyles reads what each style of a cell makes of a number.
func (b *Book) readStyles(e *zipfile.Entry) error {
	formats := map[string]cell.Shows{}
	in := "" // the element below the first one
	return eachTag(e, func(s *scanner, t tag) error {
		if t.kind == tagClose {
			return nil
		}
		switch len(s.depths) {
		case depthIn(t, 0):
			if string(t.name) != "styleSheet" {
				return malformed("it holds no styles")
			}
		case depthIn(t, 1):
			in = string(t.name)
		case depthIn(t, 2):
			if in == "numFmts" && string(t.name) == "numFmt" {
				return addFormat(formats, t)
			}
			if in == "cellXfs" && string(t.name) == "xf" {
				return b.addStyle(formats, t)
			}
		}
		return nil
	})
}

func addFormat(formats map[string]cell.Shows, t tag) error {
	v, err := t.attrs("numFmtId", "formatCode")
	if err != nil {
		return err
	}
	if len(formats) == maxFormats || len(v[0]) > 20 {
		return malformed("it has too many number formats")
	}
	formats[v[0]] = cell.FormatShows(v[1])
	return nil
}

// addStyle takes a style of cells into the list. The formats stand before the styles.
func (b *Book) addStyle(formats map[string]cell.Shows, t tag) error {
	v, err := t.attrs("numFmtId")
	if err != nil {
		return err
	}
	id := v[0]
	if len(b.styles) == maxStyles {
		return malformed("it has too many styles")
	}
	how, ok := formats[id]
	if n, err := strconv.Atoi(id); !ok && err == nil {
		how = cell.BuiltinShows(n)
	}
	b.styles = append(b.styles, how)
	return nil
}
