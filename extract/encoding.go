package extract

import (
	"bytes"
	"encoding/binary"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"palermo/diag"
)

const bomUTF8 = "\ufeff"

// charset is how a text file's bytes become text.
type charset struct {
	name string
	skip int64             // the byte-order mark's length
	enc  encoding.Encoding // nil for UTF-8
}

func (c charset) decode(r io.Reader) io.Reader {
	if c.enc == nil {
		return r
	}
	return transform.NewReader(r, c.enc.NewDecoder())
}

// legacy is the code pages that are tried when a file is not UTF-8, with the bytes that are no
// character in each.
var legacy = []struct {
	name    string
	enc     encoding.Encoding
	invalid string
}{
	{"windows-1252", charmap.Windows1252, "\x81\x8d\x8f\x90\x9d"},
	{"windows-1250", charmap.Windows1250, "\x81\x83\x88\x90\x98"},
	{"windows-1251", charmap.Windows1251, "\x98"},
}

const (
	page1252 = iota
	page1250
	page1251
)

// mixedUTF8 is how many bytes that are not UTF-8 there may be for each that goes on a character of it, before the
// file is text of a code page in which some letters look like UTF-8 by chance. In between it is neither for
// certain.
const mixedUTF8 = 4

// findCharset scans the whole of the file and says how it is decoded. All of it is looked at, so
// that no byte is met later that is not text in the encoding chosen.
func (f *File) findCharset(head []byte) (charset, error) {
	if c, little, ok := sniffUTF16(head); ok {
		return c, f.scanUTF16(c, little)
	}
	s, err := scanBytes(io.NewSectionReader(f.f, 0, f.size))
	if err != nil {
		return charset{}, err
	}
	switch bom := bytes.HasPrefix(head, []byte(bomUTF8)); {
	case !s.text:
		return charset{}, fault(nil, diag.FileEmpty, f.pos(), "the file has no text")
	case s.nul > 0:
		return charset{}, fault(nil, diag.FileEncoding, f.at(s.nul, 0), "a NUL byte is not text")
	case s.bad == 0 && bom:
		return charset{name: "utf-8", skip: int64(len(bomUTF8))}, nil
	case s.bad == 0:
		return charset{name: "utf-8"}, nil
	case bom || s.good*mixedUTF8 > s.bad:
		return charset{}, fault(nil, diag.FileEncoding, f.at(s.badLine, 0), "%d bytes are not UTF-8, which the rest of the file is; the first is in this line", s.bad)
	}
	i := s.page()
	if i < 0 {
		return charset{}, fault(nil, diag.FileEncoding, f.at(s.badLine, 0), "bytes are not text in UTF-8 nor in any code page that is known; the first is in this line")
	}
	return charset{name: legacy[i].name, enc: legacy[i].enc}, nil
}

// sniffUTF16 tells UTF-16 from its byte-order mark, or, without one, from where the zero bytes
// stand: text of mostly Latin letters has them in every second place.
func sniffUTF16(head []byte) (c charset, little, ok bool) {
	le := charset{name: "utf-16le", enc: unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)}
	be := charset{name: "utf-16be", enc: unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)}
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		le.skip = 2
		return le, true, true
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		be.skip = 2
		return be, false, true
	}
	var zero [2]int
	for i, b := range head {
		if b == 0 {
			zero[i&1]++
		}
	}
	half := len(head) / 2
	switch {
	case half < 2 || bytes.IndexByte(head[:min(len(head), 16)], 0) < 0: // it begins as other text
	case zero[1] > half*2/5 && zero[0] <= half/20:
		return le, true, true
	case zero[0] > half*2/5 && zero[1] <= half/20:
		return be, false, true
	}
	return charset{}, false, false
}

// foreignRun is how many characters beyond ASCII may follow each other. Text of bytes that is read as UTF-16 has
// no other.
const foreignRun = 2048

// scanUTF16 looks for what the decoder would replace without a word: half a pair, a cut-off
// unit, NUL.
func (f *File) scanUTF16(c charset, little bool) error {
	var order binary.ByteOrder = binary.BigEndian
	if little {
		order = binary.LittleEndian
	}
	buf := make([]byte, 64<<10)
	r := io.NewSectionReader(f.f, c.skip, f.size-c.skip)
	line, high, text, foreign := 1, false, false, 0
	for {
		n, err := io.ReadFull(r, buf)
		for i := 0; i+1 < n; i += 2 {
			u := order.Uint16(buf[i:])
			low := u >= 0xdc00 && u < 0xe000
			if low != high || u == 0 {
				return fault(nil, diag.FileEncoding, f.at(line, 0), "a character in this line is not whole in %s", c.name)
			}
			if foreign++; u < 0x80 {
				foreign = 0
			}
			if foreign > foreignRun {
				return fault(nil, diag.FileEncoding, f.at(line, 0), "thousands of characters without a digit, a separator or a line end, so that this is not all %s", c.name)
			}
			high = u >= 0xd800 && u < 0xdc00
			text = text || u > ' '
			if u == '\n' {
				line++
			}
		}
		if n%2 == 1 || high && (err == io.EOF || err == io.ErrUnexpectedEOF) {
			return fault(nil, diag.FileEncoding, f.at(line, 0), "the file ends in the middle of a character of %s", c.name)
		}
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			if !text {
				return fault(nil, diag.FileEmpty, f.pos(), "the file has no text")
			}
			return nil
		case err != nil:
			return err
		}
	}
}

// byteScan is what one pass over a file's bytes finds.
type byteScan struct {
	text          bool     // something is not white space
	good, bad     int      // bytes that go on a character of UTF-8, bytes that are not UTF-8
	badLine, nul  int      // lines of the first such byte, and of the first NUL
	hist          [256]int // of bytes that are not ASCII
	high, touches int      // bytes that are not ASCII in the sample, and those with such a neighbour
	central       int      // the sample's leaning: above zero to Windows-1250, below to Windows-1252
	lf, cr        int
}

// sampleBytes is how many bytes beyond ASCII the choice among code pages rests on. The check that
// every byte is a character in the one chosen is always of the whole file.
const sampleBytes = 1 << 16

func scanBytes(r io.Reader) (*byteScan, error) {
	var s byteScan
	buf := make([]byte, 64<<10)
	kept := 0
	for {
		n, err := io.ReadFull(r, buf[kept:])
		end := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !end {
			return nil, err
		}
		b := buf[:kept+n]
		if !end {
			b = b[:wholeRunes(b)]
		}
		s.chunk(b)
		if end {
			return &s, nil
		}
		kept = copy(buf, buf[len(b):kept+n])
	}
}

// wholeRunes is the length of b without a character at its end that may go on in the next piece.
func wholeRunes(b []byte) int {
	for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
		if c := b[len(b)-i]; utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-i:]) {
				return len(b) - i
			}
			break
		}
	}
	return len(b)
}

func (s *byteScan) chunk(b []byte) {
	if !s.text {
		s.text = len(bytes.Trim(bytes.TrimPrefix(b, []byte(bomUTF8)), " \t\r\n")) > 0
	}
	if s.nul == 0 {
		if i := bytes.IndexByte(b, 0); i >= 0 {
			s.nul = s.line(b[:i])
		}
	}
	if !utf8.Valid(b) || s.bad > 0 {
		s.broken(b)
	} else {
		s.good += len(b) - utf8.RuneCount(b)
	}
	s.lf += bytes.Count(b, []byte{'\n'})
	s.cr += bytes.Count(b, []byte{'\r'})
}

// line is the number of the line after what was scanned and then b.
func (s *byteScan) line(b []byte) int {
	lf, cr := s.lf+bytes.Count(b, []byte{'\n'}), s.cr+bytes.Count(b, []byte{'\r'})
	if lf == 0 {
		return cr + 1
	}
	return lf + 1
}

// broken counts a piece that is not UTF-8, or follows one that is not.
func (s *byteScan) broken(b []byte) {
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		_, n := utf8.DecodeRune(b[i:])
		if n > 1 {
			s.good += n - 1
		} else {
			if s.bad == 0 {
				s.badLine = s.line(b[:i])
			}
			s.bad++
		}
		for ; n > 0; n-- {
			s.byteAt(b, i)
			i++
		}
	}
}

// byteAt counts the byte b[i], which is not ASCII, as one of a code page.
func (s *byteScan) byteAt(b []byte, i int) {
	s.hist[b[i]]++
	if s.high == sampleBytes {
		return
	}
	s.high++
	var prev, next byte
	if i > 0 {
		prev = b[i-1]
	}
	if i+1 < len(b) {
		next = b[i+1]
	}
	if prev >= 0xc0 || next >= 0xc0 {
		s.touches++
	}
	s.central += leaning(prev, b[i], next)
}

// page chooses among the code pages in which all bytes are characters; -1 where there is none.
//
// Cyrillic words are runs of bytes beyond ASCII, where Latin ones have one among ASCII letters:
// above six in ten with such a neighbour, it is Windows-1251. Between the two Latin pages each
// byte votes by what it would be in both and by the letters beside it (leaning); a draw is
// Windows-1252.
func (s *byteScan) page() int {
	order := []int{page1252, page1250, page1251}
	switch {
	case s.touches*10 > s.high*6 && s.high > 3:
		order = []int{page1251, page1252, page1250}
	case s.central > 0:
		order = []int{page1250, page1252, page1251}
	}
	for _, i := range order {
		if s.fits(i) {
			return i
		}
	}
	return -1
}

func (s *byteScan) fits(i int) bool {
	for _, c := range []byte(legacy[i].invalid) {
		if s.hist[c] > 0 {
			return false
		}
	}
	return true
}

// leaning is one byte's vote between Windows-1250 (above zero: Polish ł, Czech ě, Croatian ć,
// Romanian ţ) and Windows-1252 (below: French è, Spanish ñ, Danish ø, Portuguese ã). Bytes that
// are the same letter in both have none.
func leaning(prev, c, next byte) int {
	in := letter(prev) || letter(next) // part of a word
	vowel := isVowel(next)
	consonant := letter(next) && !vowel
	yes := func(b bool, then, otherwise int) int {
		if b {
			return then
		}
		return otherwise
	}
	switch c {
	case 0xb9, 0xb3, 0x9f, 0xbf, 0xa3, 0xa5, 0xaf, 0xbe, 0x9c, 0x8c: // ą ł ź ż Ł Ą Ż ľ ś Ś; in 1252 signs
		return yes(in && (letter(next) || letter(prev) && c != 0xbf), 3, 0)
	case 0xba, 0xaa: // ş Ş; º ª, which end a number
		return yes(letter(prev) && letter(next), 3, -1)
	case 0xfe, 0xde: // ţ Ţ; þ Þ
		return 2
	case 0xe6: // ć ends a word or stands before a vowel; æ before a consonant
		return yes(consonant, -2, 2)
	case 0xe8, 0xf8: // č ř before a vowel; è ø before a consonant
		return yes(vowel || next >= 0xc0, 2, -1)
	case 0xec: // ě within words; ì ends them
		return yes(letter(next), 2, -1)
	case 0xf1: // ń before a consonant or at the end; ñ before a vowel
		return yes(vowel || next >= 0xc0, -2, 2)
	case 0xe3: // ã before o; ă elsewhere
		return yes(next == 'o' || next == 'e', -3, 1)
	case 0xf5: // õ before e; ő elsewhere
		return yes(next == 'e', -3, 1)
	case 0xe0, 0xe5: // à å; ŕ ĺ are rare
		return -3
	case 0xf2: // ò; ň is rarer
		return -1
	case 0xf0, 0xfb: // đ ű; ð û
		return yes(c == 0xf0, 1, yes(consonant && prev != 'o' && prev != 'a', 1, -1))
	}
	return 0
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0xc0 }

func isVowel(c byte) bool { return bytes.IndexByte([]byte("aeiouyAEIOUY"), c) >= 0 && c != 0 }
