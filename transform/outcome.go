package transform

import (
	"palermo/diag"
	"palermo/schemas"
)

// The kinds of empty, by their code in the list value_status.
const (
	statusNone          = ""
	statusNotCollected  = "not_collected"
	statusUnknown       = "unknown"
	statusNotApplicable = "not_applicable"
	statusSuppressed    = "suppressed"
	statusUnmapped      = "unmapped"
)

// value is what a word means: a closed interval of numbers, or one number where low is high.
// Dates are days since 1970-01-01, timestamps microseconds, truths 0 or 1, codes the index in
// their list: all are exact in a float64.
type value struct {
	low, high       float64
	hasLow, hasHigh bool   // an open end has none
	precision       string // how exact it is, a code of the list precision; empty where nothing is said
}

func exactly(x float64) value { return value{low: x, high: x, hasLow: true, hasHigh: true} }
func between(low, high float64) value {
	return value{low: low, high: high, hasLow: true, hasHigh: true}
}

// outcome is what became of one distinct word of a column, for one field.
type outcome struct {
	word    string
	value   value
	has     bool      // the word has a value; else status says why not
	status  string    // a kind of empty
	listed  bool      // the mapping, or a reference list it names, has the word: it may be shown
	rule    string    // what decided, as codes:citizenship, by:name, parse:count, missing
	finding diag.Code // what to report of the word; empty for nothing
	also    diag.Code // a second finding, as mojibake
	blank   bool      // the cell held no text
	away    bool      // the column does not speak about the row
	basis   string    // the moment that an age is about

	coded cachedCodes // so that a word's codes are looked up once, not once a row
	shape string      // see shown

	at       *spots // where it stood, of a word with a finding; see Input.Places
	rows     int    // rows in which the word stood and counted
	firstRow int
	firstCol int
	col      int    // in the file, from 1; below 0 for a column that is made by unpivoting
	text     string // of a field of texts: what the codes file gives for the word
}

// cachedCodes is the places in their lists of what an outcome says beside its value, each one more than
// the place, and 0 before it was looked up.
type cachedCodes struct{ status, precision, basis int32 }

// cached is the place that at has, or that look finds.
func cached(at *int32, look func() int) int {
	if *at == 0 {
		*at = int32(look()) + 2
	}
	return int(*at) - 2
}

// seen counts the outcome for one row.
func (o *outcome) seen(row int) {
	if o.rows == 0 {
		o.firstRow = row
	}
	o.rows++
}

// rejects reports whether a row in which the field came out like this cannot be loaded, and why.
// Only a required field rejects. Where it has a status, a word that the mapping lists as empty is
// an answer; a blank that it does not list, or a word that could not be read, is not.
func (o *outcome) rejects(f *schemas.Field) (diag.Code, bool) {
	switch {
	case o == nil || o.has || !f.Required:
		return "", false
	case o.finding != "":
		return o.finding, true
	case f.Status && o.listed:
		return "", false
	}
	return diag.ValueMissing, true
}

// said is the text that a field of texts gets: what the mapping gives for the word, or the word.
func (o *outcome) said() string {
	if o.text != "" {
		return o.text
	}
	return o.word
}
