package sheet

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// appendText adds what a run of XML text means: its entities decoded, its line ends as one
// character. A character that XML does not have, and bytes that are no UTF-8, are errors.
func appendText(to, b []byte) ([]byte, error) {
	for {
		i := bytes.IndexByte(b, '&')
		if i < 0 {
			return appendPlain(to, b)
		}
		var err error
		if to, err = appendPlain(to, b[:i]); err != nil {
			return to, err
		}
		n := bytes.IndexByte(b[i:], ';')
		if n < 0 {
			return to, malformed("an entity has no end")
		}
		name, rest := b[i+1:i+n], b[i+n+1:]
		if r, ok := charRef(name); ok && utf16.IsSurrogate(r) {
			r, rest = joinSurrogates(r, rest)
			to = utf8.AppendRune(to, r)
		} else if to, err = appendEntity(to, name); err != nil {
			return to, err
		}
		b = rest
	}
}

// appendPlain adds text that has no entities.
func appendPlain(to, b []byte) ([]byte, error) {
	from := len(to)
	to = append(to, b...)
	ascii, returns := true, false
	for _, c := range b {
		switch {
		case c >= utf8.RuneSelf:
			ascii = false
		case c == '\r':
			returns = true
		case c < ' ' && c != '\n' && c != '\t':
			return to, malformed("a character that XML does not have")
		}
	}
	if !ascii && !utf8.Valid(to[from:]) {
		return to, malformed("bytes that are no UTF-8")
	}
	if returns {
		to = oneLineEnd(to, from)
	}
	return to, nil
}

// oneLineEnd makes each line end one character, as XML reads it.
func oneLineEnd(to []byte, from int) []byte {
	out := to[:from]
	for i := from; i < len(to); i++ {
		switch {
		case to[i] == '\r' && i+1 < len(to) && to[i+1] == '\n':
		case to[i] == '\r':
			out = append(out, '\n')
		default:
			out = append(out, to[i])
		}
	}
	return out
}

func appendEntity(to, name []byte) ([]byte, error) {
	switch string(name) {
	case "lt":
		return append(to, '<'), nil
	case "gt":
		return append(to, '>'), nil
	case "amp":
		return append(to, '&'), nil
	case "quot":
		return append(to, '"'), nil
	case "apos":
		return append(to, '\''), nil
	}
	r, ok := charRef(name)
	if !ok {
		return to, malformed("an entity that is not known")
	}
	if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
		return to, malformed("a character that XML does not have")
	}
	return utf8.AppendRune(to, r), nil
}

// charRef is the character that an entity like #65 or #x41 names.
func charRef(name []byte) (rune, bool) {
	base := 10
	switch {
	case len(name) > 2 && len(name) < 12 && name[0] == '#' && name[1] == 'x':
		name, base = name[2:], 16
	case len(name) > 1 && len(name) < 12 && name[0] == '#':
		name = name[1:]
	default:
		return 0, false
	}
	n, err := strconv.ParseUint(string(name), base, 32)
	return rune(n), err == nil && n <= utf8.MaxRune
}

// joinSurrogates is the character that two entities make: some writers give one beyond the first
// 65,536 as the two halves that their own strings have. Half a character alone is lost already.
func joinSurrogates(high rune, rest []byte) (rune, []byte) {
	if len(rest) > 2 && rest[0] == '&' {
		if n := bytes.IndexByte(rest, ';'); n > 0 {
			low, ok := charRef(rest[1:n])
			if r := utf16.DecodeRune(high, low); ok && r != utf8.RuneError {
				return r, rest[n+1:]
			}
		}
	}
	return utf8.RuneError, rest
}

// unescape undoes, in the text from there on, how workbooks write characters that XML does not
// have: as _x000D_. What is no such form stays.
func unescape(to []byte, from int) []byte {
	i := bytes.Index(to[from:], []byte("_x"))
	if i < 0 {
		return to
	}
	out := to[:from+i]
	for rest := to[from+i:]; len(rest) > 0; {
		r, n := escaped(rest)
		if high := r; n > 0 && utf16.IsSurrogate(high) {
			low, m := escaped(rest[n:])
			if r = utf16.DecodeRune(high, low); m == 0 || r == utf8.RuneError {
				n = 0
			} else {
				n += m
			}
		}
		if n == 0 {
			out = append(out, rest[0])
			rest = rest[1:]
			continue
		}
		rest = rest[n:]
		out = utf8.AppendRune(out, r)
	}
	return out
}

// escaped is the character that b starts with in the form _x000D_, and the length of the form; 0
// where it is none.
func escaped(b []byte) (rune, int) {
	if len(b) < 7 || b[0] != '_' || b[1] != 'x' || b[6] != '_' {
		return 0, 0
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	if err != nil {
		return 0, 0
	}
	return rune(n), 7
}
