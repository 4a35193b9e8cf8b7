package receipt

import (
	"errors"
	"html"
	"io"
	"regexp"
	"strings"
)

// The hidden names by which a workbook is known as a receipt. The first holds a text, the second leads
// to the sheet that was added, so that it is found when somebody has renamed it.
const (
	stampName  = "_palermo_receipt"
	stampSheet = "_palermo_sheet"
)

// Stamp is what a receipt says of itself when it comes back. Anybody could have written it: that the receipt is
// one of the agency's own is for the caller to see.
type Stamp struct {
	Number string
	Sheet  string // name of the sheet that was added; empty where somebody has removed it
	Text   bool   // it was made of a file of text
}

// stampText is the first name's text.
func stampText(number string, isText bool) string {
	kind := "workbook"
	if isText {
		kind = "text"
	}
	return "1 " + kind + " " + number
}

var stampForm = regexp.MustCompile(`^1 (workbook|text) (.{1,200})$`)

// formulaText is a text as a formula has it, and textOf its reverse.
func formulaText(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

func textOf(formula string) string {
	s := strings.TrimPrefix(strings.TrimSpace(formula), "=")
	return strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(s, `"`), `"`), `""`, `"`)
}

// Recognise is the stamp of a workbook, or nil where it is no receipt. A file that is no workbook is no receipt.
func Recognise(src io.ReaderAt, size int64) (*Stamp, error) {
	b, err := openBook(src, size)
	if errors.Is(err, ErrNoWorkbook) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return b.stamp(), nil
}

func (b *book) stamp() *Stamp {
	var s *Stamp
	if g := stampForm.FindStringSubmatch(textOf(b.definition(stampName))); g != nil {
		s = &Stamp{Number: g[2], Text: g[1] == "text"}
		s.Sheet = sheetOf(b.definition(stampSheet))
	}
	return s
}

var definedNames = regexp.MustCompile(`<(?:\w+:)?definedName\s([^>]*)>([^<]*)</`)
var nameAttr = regexp.MustCompile(`\bname=["']([^"']*)["']`)

// definition is what the name of the workbook stands for.
func (b *book) definition(name string) string {
	for _, m := range definedNames.FindAllSubmatch(b.workbook, -1) {
		if g := nameAttr.FindSubmatch(m[1]); g != nil && string(g[1]) == name {
			return html.UnescapeString(string(m[2]))
		}
	}
	return ""
}

// sheetOf is the sheet that a reference leads to.
func sheetOf(ref string) string {
	i := strings.LastIndexByte(ref, '!')
	if i < 0 {
		return ""
	}
	name := strings.TrimPrefix(strings.TrimPrefix(ref[:i], "="), "$")
	if len(name) > 1 && name[0] == '\'' {
		name = strings.ReplaceAll(name[1:len(name)-1], "''", "'")
	}
	if name == "#REF" {
		return ""
	}
	return name
}
