package link

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"palermo/transform/link/days"
	"palermo/transform/link/name"
)

// A feature is a field, or a form of it, of all records: distinct words, and which each record
// has. Where a word has come to several, the record has a set of them.
type feature struct {
	of    string
	words []string
	hash  []uint64  // of the words
	at    []int32   // index into words, or Missing; of a set, its first
	sets  [][]int32 // by record, where any record has more than one; else nil

	// What some tests look at, by word; made by the first that asks.
	from, to []int32 // days
	packed   []days.Packed
	number   []float64
	texts    []name.Text
	signs    []name.Sign
}

// has reports whether the record has the feature.
func (f *feature) has(i int32) bool { return f.at[i] != Missing }

// features makes each feature of the spec once.
type features struct {
	spec  *Spec
	table *Table
	made  map[string]*feature
}

func (fs *features) get(of string) *feature {
	if f := fs.made[of]; f != nil {
		return f
	}
	f := fs.make(of)
	fs.made[of] = f
	return f
}

func (fs *features) make(of string) *feature {
	fieldName, formName, _ := strings.Cut(of, ".")
	var field Field
	for _, f := range fs.spec.Fields {
		if f.Name == fieldName {
			field = f
		}
	}
	return newFeature(of, field, findForm(field.Kind, formName), fs.source(field))
}

// makeAll makes every feature that the spec names, several at a time.
func (fs *features) makeAll() {
	var names []string
	add := func(of string) {
		if of != "" && !slices.Contains(names, of) {
			names = append(names, of)
		}
	}
	for _, c := range fs.spec.Comparisons {
		for _, l := range c.Levels {
			for _, of := range append(slices.Clone(l.Of), l.Frequency) {
				add(of)
			}
		}
		for _, of := range slices.Concat(c.UnlessBoth, c.UnlessEqual) {
			add(of)
		}
	}
	for _, r := range fs.spec.Blocking {
		for _, of := range slices.Concat(r.On, r.Refine) {
			add(of)
		}
	}
	made := make([]*feature, len(names))
	_ = parallel(context.Background(), len(names), func() struct{} { return struct{}{} }, func(_ struct{}, i int) {
		made[i] = fs.make(names[i])
	})
	for i, f := range made {
		fs.made[names[i]] = f
	}
}

// source is the field's column, or its columns joined. A column that the table lacks is missing
// everywhere.
func (fs *features) source(field Field) *Column {
	from := field.From
	if len(from) == 0 {
		from = []string{field.Name}
	}
	if len(from) == 1 {
		if c := fs.table.column(from[0]); c != nil {
			return c
		}
	}
	words := make([]string, fs.table.Len())
	for i := range words {
		var parts []string
		for _, name := range from {
			c := fs.table.column(name)
			if c == nil || c.At[i] == Missing {
				if field.Kind == Date { // a day needs all its parts
					parts = nil
					break
				}
				continue
			}
			parts = append(parts, c.Words[c.At[i]])
		}
		words[i] = strings.Join(parts, " ")
	}
	c := NewColumn(field.Name, words)
	return &c
}

func newFeature(of string, field Field, made *form, c *Column) *feature {
	f := &feature{of: of, at: make([]int32, len(c.At))}
	if made.one != nil {
		f.words = f.each(c, func(w string) string { return made.one(field, w) })
	} else {
		f.words = f.all(c, made.many(field, c.Words, c.counts()))
	}
	f.hash = hashesOf(f.words)
	return f
}

// each gives the records what their words come to, one at most.
func (f *feature) each(c *Column, one func(string) string) []string {
	same := 0 // so many words come to themselves
	for same < len(c.Words) && c.Words[same] != "" && one(c.Words[same]) == c.Words[same] {
		same++
	}
	if same == len(c.Words) {
		copy(f.at, c.At)
		return c.Words
	}
	var words Words
	became := make([]int32, len(c.Words))
	for i, w := range c.Words {
		became[i] = Missing
		if i >= same {
			w = one(w)
		}
		if w != "" {
			became[i], _ = words.Index(w)
		}
	}
	for i, w := range c.At {
		if f.at[i] = Missing; w != Missing {
			f.at[i] = became[w]
		}
	}
	return words.List
}

// all gives the records what their words came to.
func (f *feature) all(c *Column, came [][]string) []string {
	var words Words
	became := make([][]int32, len(c.Words))
	for i, list := range came {
		for _, w := range list {
			k, _ := words.Index(w)
			became[i] = append(became[i], k)
		}
		if len(list) > 1 && f.sets == nil {
			f.sets = make([][]int32, len(c.At))
		}
	}
	for i, w := range c.At {
		f.at[i] = Missing
		if w == Missing || len(became[w]) == 0 {
			continue
		}
		f.at[i] = became[w][0]
		if f.sets != nil {
			f.sets[i] = became[w]
		}
	}
	return words.List
}

func hashesOf(words []string) []uint64 {
	out := make([]uint64, len(words))
	for i, w := range words {
		out[i] = hashOf(w)
	}
	return out
}

// set is the words of the record: none, one or several.
func (f *feature) set(i int32) []int32 {
	switch {
	case f.at[i] == Missing:
		return nil
	case f.sets != nil:
		return f.sets[i]
	}
	return f.at[i : i+1]
}

// days makes the words' days: words of dates and births stand in ISO form.
func (f *feature) days() {
	if f.from != nil {
		return
	}
	f.from, f.to, f.packed = make([]int32, len(f.words)), make([]int32, len(f.words)), make([]days.Packed, len(f.words))
	for i, w := range f.words {
		f.from[i], f.to[i], _ = parseDays(w, "")
		f.packed[i] = days.Pack(f.from[i])
	}
}

func (f *feature) numbers() {
	if f.number != nil {
		return
	}
	f.number = make([]float64, len(f.words))
	for i, w := range f.words {
		f.number[i], _ = strconv.ParseFloat(w, 64)
	}
}

// sign makes the words' signs.
func (f *feature) sign() {
	if f.signs != nil {
		return
	}
	f.signs = make([]name.Sign, len(f.words))
	for i, w := range f.words {
		f.signs[i] = name.SignOf(w)
	}
}

// parsed makes the words' tokens.
func (f *feature) parsed() {
	if f.texts != nil {
		return
	}
	f.texts = make([]name.Text, len(f.words))
	for i, w := range f.words {
		f.texts[i] = name.Parse(w)
	}
}

// counts is how many records have each word; of a set, each of its words.
func (f *feature) counts() []int64 {
	n := make([]int64, len(f.words))
	for i := range f.at {
		for _, w := range f.set(int32(i)) {
			n[w]++
		}
	}
	return n
}
