package pipeline

import (
	"encoding/binary"
	"io"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
)

// What an identifier is that is searched for.
const (
	kindID        = "id"        // of a record, a case, a person or an episode
	kindReference = "reference" // a case reference, or the number of a document
	kindName      = "name"      // a name, an address, a telephone number
	kindBirth     = "birth"     // a birth date to the day
)

// needle is one identifier.
type needle struct {
	text, kind string
	day        arrow.Date32 // of a birth date
}

// leastNeedle is how many bytes an identifier has at least: what is shorter stands in any file.
const leastNeedle = 4

// needles finds identifiers in bytes. It is not for two goroutines.
type needles struct {
	all     []needle
	by      map[uint32][]int // places in all, by the first four bytes
	starts  [1 << 16]bool    // by the first two
	longest int
}

// newNeedles is those of all that are long enough.
func newNeedles(all []needle) *needles {
	n := &needles{by: map[uint32][]int{}}
	for _, x := range all {
		if len(x.text) < leastNeedle {
			continue
		}
		k := binary.LittleEndian.Uint32([]byte(x.text))
		n.by[k] = append(n.by[k], len(n.all))
		n.starts[uint16(k)] = true
		n.longest = max(n.longest, len(x.text))
		n.all = append(n.all, x)
	}
	return n
}

// find calls f for each identifier that stands in the bytes as a word of its own. What stands before from has been looked at.
func (n *needles) find(b []byte, from int, f func(needle)) {
	for i := 0; i+leastNeedle <= len(b); i++ {
		k := binary.LittleEndian.Uint32(b[i:])
		if !n.starts[uint16(k)] {
			continue
		}
		for _, at := range n.by[k] {
			x := n.all[at]
			if end := i + len(x.text); end > from && end <= len(b) && string(b[i:end]) == x.text && (x.kind == kindID || aWord(b, i, end)) {
				f(x)
			}
		}
	}
}

// aWord reports whether the bytes from i to end are a word: no letter or digit is before or after them, or what is
// before is their length, as files of columns have it.
func aWord(b []byte, i, end int) bool {
	n := end - i
	if i >= 4 && int(binary.LittleEndian.Uint32(b[i-4:])) == n || i >= 1 && n < 0x80 && int(b[i-1]) == n {
		return true
	}
	return (i == 0 || !isWord(b[i-1])) && (end == len(b) || !isWord(b[end]))
}

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// scan is find over all that a reader gives; it returns how many bytes those were.
func (n *needles) scan(r io.Reader, f func(needle)) (int64, error) {
	keep := n.longest + 8
	buf := make([]byte, 0, max(1<<20, 4*keep))
	var total int64
	from := 0
	for {
		m, err := io.ReadFull(r, buf[len(buf):cap(buf)])
		total += int64(m)
		buf = buf[:len(buf)+m]
		last := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !last {
			return total, err
		}
		look := buf
		if !last { // what stands at the end may go on
			look = buf[:len(buf)-4]
		}
		n.find(look, from, f)
		if last {
			return total, nil
		}
		start := max(0, len(look)-keep)
		from = len(look) - start
		buf = append(buf[:0], buf[start:]...)
	}
}

// without is the identifiers but those of which drop is true.
func without(all []needle, drop func(needle) bool) []needle {
	return slices.DeleteFunc(slices.Clone(all), drop)
}
