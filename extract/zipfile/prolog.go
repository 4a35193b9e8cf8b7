package zipfile

import (
	"bytes"
	"unicode/utf16"

	"palermo/diag"
)

// checkProlog refuses a part that declares a document type. What is declared in one can grow
// without end or name other files; no writer of workbooks needs it. It can only stand before the
// first element, and a reader of a part refuses one that comes later still.
func checkProlog(e *Entry, head []byte) error {
	if b := narrow(head); declaresType(b) {
		return fault(nil, diag.FileDoctype, "entry %d of %d declares a document type", e.No, len(e.a.Entries))
	}
	return nil
}

// narrow is the text as one byte a character where it is UTF-16, by its first bytes.
func narrow(b []byte) []byte {
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("<\x00")):
		return fromUTF16(b, 0, 1)
	case bytes.HasPrefix(b, []byte("\xfe\xff")), bytes.HasPrefix(b, []byte("\x00<")):
		return fromUTF16(b, 1, 0)
	}
	return b
}

func fromUTF16(b []byte, low, high int) []byte {
	units := make([]uint16, 0, len(b)/2)
	for ; len(b) > 1; b = b[2:] {
		units = append(units, uint16(b[low])|uint16(b[high])<<8)
	}
	return []byte(string(utf16.Decode(units)))
}

// declaresType reports whether there is a document type among what stands before the first
// element.
func declaresType(b []byte) bool {
	for {
		i := bytes.IndexByte(b, '<')
		if i < 0 {
			return false
		}
		b = b[i+1:]
		end := ""
		switch {
		case bytes.HasPrefix(b, []byte("!--")):
			b, end = b[3:], "-->"
		case bytes.HasPrefix(b, []byte("?")):
			end = "?>"
		default:
			return bytes.HasPrefix(b, []byte("!"))
		}
		if i = bytes.Index(b, []byte(end)); i < 0 {
			return false
		}
		b = b[i+len(end):]
	}
}
