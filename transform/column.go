package transform

import (
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"palermo/diag"
	"palermo/mappings"
)

// maxWords is how many distinct words of a column without a dictionary are remembered. Past it a
// word is read again in each row; only what is remembered is in the value map.
const maxWords = 1 << 16

// boundColumn is how one column of one file fills one field: the outcome of each distinct word.
type boundColumn struct {
	plan   *columnPlan
	reader wordReader
	raw    int // place in raw records
	col    int // in the file, from 1
	when   []wordSet

	byIndex []*outcome            // by index in the column's dictionary
	byWord  map[string]*outcome   // by word
	byPart  map[string]*outcome   // by the part of the word that is read
	order   []*outcome            // as first seen
	leads   func(string) *outcome // where a word leads to another row; nil where it is read
	empty   *outcome              // a blank cell
	away    *outcome              // a row that the column does not speak about
}

func newBoundColumn(c *columnPlan, f *fieldPlan, raw, col int) *boundColumn {
	b := &boundColumn{plan: c, reader: c.reader, raw: raw, col: col, byWord: map[string]*outcome{}, byPart: map[string]*outcome{},
		away: &outcome{status: statusNotApplicable, rule: "when", away: true, col: col}}
	b.empty = b.blank(f)
	return b
}

// blank is what a blank cell means: what the mapping lists for "", else that nothing was
// collected.
func (b *boundColumn) blank(f *fieldPlan) *outcome {
	o := &outcome{blank: true, status: statusNotCollected, rule: "blank"}
	if s, ok := b.plan.special[""]; ok {
		o = &outcome{blank: true, status: s.status, listed: true, rule: s.rule}
	} else if b.reader.codes.lookup != nil {
		if code, status, ok := b.reader.codes.lookup(""); ok {
			o = &outcome{blank: true, listed: true, rule: "codes:" + b.reader.codes.name}
			o.code(b.reader.list, code, status)
		}
	}
	o.col = b.col
	switch {
	case o.has || o.status == statusNotApplicable || b.plan.table != "": // a child's blank makes no row
	case f.field.Required && !(f.field.Status && o.listed):
		o.finding = diag.ValueMissing
	case f.field.Expected:
		o.finding = diag.ValueBlank
	}
	return o
}

// outcomes puts the outcome of each row of the record into out.
func (b *boundColumn) outcomes(rec arrow.RecordBatch, active [][]bool, out []*outcome) {
	switch col := rec.Column(b.raw).(type) {
	case *array.Dictionary:
		b.grow(col.Dictionary().(*array.String))
		for i := range out {
			switch {
			case !all(active, i):
				out[i] = b.away
			case col.IsNull(i):
				out[i] = b.empty
			default:
				out[i] = b.byIndex[col.GetValueIndex(i)]
			}
		}
	case *array.String:
		for i := range out {
			switch {
			case !all(active, i):
				out[i] = b.away
			case col.IsNull(i):
				out[i] = b.empty
			default:
				out[i] = b.word(col.Value(i))
			}
		}
	}
}

func all(active [][]bool, i int) bool {
	for _, a := range active {
		if !a[i] {
			return false
		}
	}
	return true
}

// grow reads the words that are new in the dictionary.
func (b *boundColumn) grow(words *array.String) {
	for i := len(b.byIndex); i < words.Len(); i++ {
		b.byIndex = append(b.byIndex, b.word(words.Value(i)))
	}
}

// word is the outcome of a word, read once.
func (b *boundColumn) word(raw string) *outcome {
	if o, ok := b.byWord[raw]; ok {
		return o
	}
	o, known := b.part(mappings.Word(raw))
	o.col, o.basis = b.col, b.plan.basis
	// Of more words only those are remembered that there is something to say about.
	if len(b.byWord) < maxWords || (o.finding != "" || o.also != "") && len(b.byWord) < 2*maxWords {
		b.byWord[string([]byte(raw))] = o
		if !known {
			b.order = append(b.order, o)
		}
	}
	return o
}

// part is the outcome of the part of a word that the column reads, the whole by default, and whether
// it was read before.
func (b *boundColumn) part(word string) (o *outcome, known bool) {
	cut := parts[b.plan.column.Part]
	if cut == nil || word == "" {
		return b.read(word), false
	}
	word = cut(word)
	if o, known = b.byPart[word]; known {
		return o, true
	}
	o = b.read(word)
	if len(b.byPart) < maxWords {
		b.byPart[strings.Clone(word)] = o
	}
	return o, false
}

func (b *boundColumn) read(word string) *outcome {
	if word == "" {
		return b.empty
	}
	word = string([]byte(word)) // the batch's memory is not ours to keep
	bare := b.reader.params.bare(word)
	for _, w := range []string{word, bare} {
		if s, ok := b.plan.special[w]; ok {
			return &outcome{word: word, status: s.status, listed: true, rule: s.rule}
		}
	}
	if slices.Contains(b.plan.column.Zero, bare) {
		return &outcome{word: word, value: exactly(0), has: true, listed: true, rule: "zero"}
	}
	if b.leads != nil {
		return b.leads(word)
	}
	if code, ok := b.plan.answers[word]; ok {
		o := &outcome{word: word, listed: true, rule: "flags"}
		o.code(b.reader.list, code, "")
		return o
	}
	return b.reader.read(word)
}

// wordSet says in which rows a column holds one of some words.
type wordSet struct {
	raw     int // -1 for a column that the table lacks: then no row is in the set
	words   []string
	starts  []string // words that begin with one of these are in the set too
	byIndex []bool
}

func newWordSet(raw int, words []string) wordSet { return wordSet{raw: raw, words: words} }

func (s *wordSet) has(word string) bool {
	return slices.Contains(s.words, word) ||
		slices.ContainsFunc(s.starts, func(start string) bool { return strings.HasPrefix(word, start) })
}

// rows says for each row of the record whether its cell is in the set. A blank cell is the word "".
func (s *wordSet) rows(rec arrow.RecordBatch) []bool {
	out := make([]bool, rec.NumRows())
	if s.raw < 0 {
		return out
	}
	blank := slices.Contains(s.words, "")
	switch col := rec.Column(s.raw).(type) {
	case *array.Dictionary:
		words := col.Dictionary().(*array.String)
		for i := len(s.byIndex); i < words.Len(); i++ {
			s.byIndex = append(s.byIndex, s.has(mappings.Word(words.Value(i))))
		}
		for i := range out {
			out[i] = col.IsNull(i) && blank || col.IsValid(i) && s.byIndex[col.GetValueIndex(i)]
		}
	case *array.String:
		for i := range out {
			out[i] = col.IsNull(i) && blank || col.IsValid(i) && s.has(mappings.Word(col.Value(i)))
		}
	}
	return out
}

// text is the cell of row i of a raw column, "" where it is blank.
func text(a arrow.Array, i int) string {
	if a.IsNull(i) {
		return ""
	}
	switch col := a.(type) {
	case *array.Dictionary:
		return col.Dictionary().(*array.String).Value(col.GetValueIndex(i))
	case *array.String:
		return col.Value(i)
	}
	return ""
}
