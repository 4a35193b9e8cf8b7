package extract

import (
	"bytes"
)

// delimiters is the marks that may part fields, in the order in which a draw is decided.
var delimiters = []byte{',', ';', '\t', '|'}

const (
	dialectBytes   = 64 << 10 // of text that the delimiter is found from
	dialectRecords = 200
)

// findDelimiter finds the mark that parts fields from the beginning of the text: the one that
// gives the most records the same number of fields, two or more; of those that give as many,
// the one with more fields. Marks within quotation marks do not count. whole says that head is
// all of the text. A first line "sep=;", which spreadsheet programs write and obey, decides.
func findDelimiter(head []byte, whole bool) byte {
	if bytes.HasPrefix(head, []byte("sep=")) && len(head) > 5 && (head[5] == '\r' || head[5] == '\n') && bytes.IndexByte(delimiters, head[4]) >= 0 {
		return head[4]
	}
	best, bestRecords, bestFields := delimiters[0], 0, 0
	for _, d := range delimiters {
		records, fields := mostCommonWidth(head, d, whole)
		if records > bestRecords || records == bestRecords && fields > bestFields {
			best, bestRecords, bestFields = d, records, fields
		}
	}
	return best
}

// mostCommonWidth is the most frequent number of fields, of two or more, that the records have
// when d parts them, and how many records have it.
func mostCommonWidth(text []byte, d byte, whole bool) (records, fields int) {
	count := map[int]int{}
	for seen := 0; seen < dialectRecords && len(text) > 0; seen++ {
		n, size, ended := firstRecord(text, d)
		if !ended && !whole {
			break // cut off by the end of the sample
		}
		if n > 1 {
			count[n]++
		}
		text = text[size:]
	}
	for n, k := range count {
		if k > records || k == records && n > fields {
			records, fields = k, n
		}
	}
	return records, fields
}

// firstRecord is the number of fields and the length in bytes of the first record of text, and
// whether a line break ended it.
func firstRecord(text []byte, d byte) (fields, size int, ended bool) {
	fields = 1
	quoted, start := false, true
	for i, c := range text {
		switch {
		case quoted:
			quoted = c != '"'
		case c == '"' && (start || i > 0 && text[i-1] == '"'):
			quoted = true
		case c == '\n' || c == '\r':
			return fields, i + 1, true
		case c == d:
			fields++
			start = true
			continue
		}
		start = false
	}
	return fields, len(text), false
}
