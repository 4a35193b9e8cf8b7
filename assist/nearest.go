package assist

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"palermo/mappings"
)

// Likeness is how like a table entry of a known source a table is.
type Likeness struct {
	Mapping *mappings.Mapping
	Table   int     // index in Mapping.Tables
	Score   float64 // from 0 to 1
	pairs   map[int]string
}

// Entry is the table entry.
func (k *Likeness) Entry() *mappings.Table { return &k.Mapping.Tables[k.Table] }

// meaningCounts is what a column counts that an entry has under another name, beside one of its own name.
const meaningCounts = 0.8

// Nearest is the table entries of the set, the likest first: by the columns that both have, under the same
// name or another of the same meaning, and by the words in them that the source's value maps list. A name of a
// sheet, and where the header stands, say nothing.
func (l *Lexicon) Nearest(t *Table, set *mappings.Set) []Likeness {
	var proposals [][]Proposal
	l.prepare(t)
	for i := range t.Columns {
		proposals = append(proposals, l.propose(&t.Columns[i]))
	}
	var out []Likeness
	for _, m := range set.Mappings {
		for i := range m.Tables {
			if k := likeness(t, proposals, m, i); k.Score > 0 {
				out = append(out, k)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Likeness) int { return cmp.Compare(b.Score, a.Score) })
	return out
}

// likeness holds the table against one entry.
func likeness(t *Table, proposals [][]Proposal, m *mappings.Mapping, i int) Likeness {
	entry := &m.Tables[i]
	k := Likeness{Mapping: m, Table: i, pairs: map[int]string{}}
	byName, byMeaning, files := entryColumns(entry)
	sum, columns, words, listed := 0.0, 0, 0, 0
	left := maps.Clone(byName)
	for c := range t.Columns {
		for _, own := range namesFor(t.Columns[c].Name, entry) {
			if name, ok := left[phraseOf(own).joined]; ok && k.pairs[c] == "" {
				k.pairs[c] = name
				delete(left, phraseOf(name).joined)
			}
		}
	}
	for c := range t.Columns {
		col := &t.Columns[c]
		if mayHold(entry, col.Name) {
			continue // how many figures stand across says nothing
		}
		columns++
		if _, ok := k.pairs[c]; ok {
			sum++
		} else if name := alsoMeant(proposals[c], byMeaning, left); name != "" {
			sum += meaningCounts
			k.pairs[c] = name
			delete(left, phraseOf(name).joined)
		}
		for _, file := range files[k.pairs[c]] {
			if values := m.Codes(file); values != nil {
				for _, w := range col.parts()[:min(len(col.parts()), 100)] {
					words++
					if values.Lookup(w.Word) != nil {
						listed++
					}
				}
			}
		}
	}
	if sum == 0 {
		return k
	}
	known := 2 * sum / float64(columns+len(byName))
	vocabulary := known
	if words > 0 {
		vocabulary = float64(listed) / float64(words)
	}
	k.Score = 0.8*known + 0.2*min(vocabulary, 1)
	return k
}

// namesFor is the names that a column may have in the entry. Where the entry has a header of one row, what stands
// above it may be a banner that only looks like one of the header.
func namesFor(name string, entry *mappings.Table) []string {
	if _, last, ok := cutLast(name); ok && entry.Header.Rows <= 1 {
		return []string{name, last}
	}
	return []string{name}
}

// mayHold reports whether the column could be one of those that the entry unpivots.
func mayHold(entry *mappings.Table, name string) bool {
	return entry.Unpivot != nil && slices.ContainsFunc(namesFor(name, entry), entry.Unpivot.MayHold)
}

// entryColumns is the columns that the entry names: by their folded name, by what they mean, and the codes files
// that read them.
func entryColumns(t *mappings.Table) (byName map[string]string, byMeaning map[Meaning][]string, files map[string][]string) {
	byName, byMeaning, files = map[string]string{}, map[Meaning][]string{}, map[string][]string{}
	for _, d := range append(Decided(t), Joined(t)...) {
		byName[phraseOf(d.Column).joined] = d.Column
		if !d.Unsaid {
			byMeaning[d.What] = append(byMeaning[d.What], d.Column)
		}
		if d.Codes != "" && !slices.Contains(files[d.Column], d.Codes) {
			files[d.Column] = append(files[d.Column], d.Codes)
		}
	}
	for _, name := range t.Ignore {
		byName[phraseOf(name).joined] = name
	}
	return byName, byMeaning, files
}

// alsoMeant is the column of the entry that means what the column most likely does, and is not paired yet.
func alsoMeant(ps []Proposal, byMeaning map[Meaning][]string, left map[string]string) string {
	for _, p := range ps {
		if p.Score < 0.6 {
			break
		}
		for _, name := range byMeaning[p.Meaning] {
			if _, ok := left[phraseOf(name).joined]; ok {
				return name
			}
		}
	}
	return ""
}

// Change is one difference between a table and the entry that it is most like.
type Change struct {
	Kind   string `json:"kind"` // a code of the list drift_kind
	Column string `json:"column,omitempty"`
	Col    int    `json:"col,omitempty"`   // in the file, from 1
	Was    string `json:"was,omitempty"`   // the name that the mapping has for a renamed column
	Words  int    `json:"words,omitempty"` // new words
	Rows   int    `json:"rows,omitempty"`  // that hold them
}

// Drift is how the table differs from the entry: columns that are new, missing, renamed or in another order,
// and words of coded columns that neither the value maps nor the code lists have.
func (l *Lexicon) Drift(t *Table, k *Likeness) []Change {
	return append(columnChanges(t, k), l.newWords(t, k)...)
}

// ColumnDrift is how the columns of a table differ from those of the entry that it was read by, by the words of the
// lexicon where it is not nil: else a column is renamed only where its name is written in another way.
func (l *Lexicon) ColumnDrift(t *Table, m *mappings.Mapping, table int) []Change {
	proposals := make([][]Proposal, len(t.Columns))
	if l != nil {
		l.prepare(t)
		for i := range t.Columns {
			proposals[i] = l.propose(&t.Columns[i])
		}
	}
	k := likeness(t, proposals, m, table)
	return columnChanges(t, &k)
}

// columnChanges is the columns that are new, missing, renamed or in another order.
func columnChanges(t *Table, k *Likeness) []Change {
	var out []Change
	entry := k.Entry()
	byName, _, _ := entryColumns(entry)
	paired := map[string]bool{}
	for c := range t.Columns {
		col := &t.Columns[c]
		switch name, ok := k.pairs[c]; {
		case ok && !slices.Contains(namesFor(col.Name, entry), name):
			out = append(out, Change{Kind: "column_renamed", Column: col.Name, Col: col.Col, Was: name})
			paired[name] = true
		case ok:
			paired[name] = true
		case !mayHold(entry, col.Name) && !entry.Names(col.Name):
			out = append(out, Change{Kind: "column_added", Column: col.Name, Col: col.Col})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(byName)) {
		if !paired[byName[key]] && !optional(entry, byName[key]) {
			out = append(out, Change{Kind: "column_missing", Column: byName[key]})
		}
	}
	return append(out, moved(t, k)...)
}

// optional reports whether the column may be absent: the entry ignores it, or says so wherever it reads it.
func optional(t *mappings.Table, name string) bool {
	if slices.Contains(t.Ignore, name) || slices.ContainsFunc(t.Columns, func(c mappings.Column) bool { return c.From == name && c.Optional }) {
		return true
	}
	for i := range t.Children {
		ch := &t.Children[i]
		if _, flag := ch.Flags[name]; ch.Optional && (flag || ch.Split == name) {
			return true
		}
		for _, n := range ch.Numbers() {
			if slices.ContainsFunc(ch.Columns, func(c mappings.Column) bool {
				return c.Optional && strings.ReplaceAll(c.From, mappings.Numbered, n) == name
			}) {
				return true
			}
		}
	}
	return slices.ContainsFunc(t.Joined, func(j mappings.Joined) bool {
		_, flag := j.Flags[name]
		_, also := j.Also[name]
		return j.Optional && (flag || also || j.Split == name || slices.Contains(j.Unspecified, name))
	})
}

// moved is the columns that no longer stand in the order in which the entry lists the headers it is known by.
func moved(t *Table, k *Likeness) []Change {
	at := map[string]int{}
	for c := range t.Columns {
		if name, ok := k.pairs[c]; ok {
			at[name] = c + 1
		}
	}
	var out []Change
	last := 0
	for _, h := range k.Entry().Recognise.Headers {
		switch c := at[h]; {
		case c == 0:
		case c < last:
			out = append(out, Change{Kind: "column_moved", Column: h, Col: t.Columns[c-1].Col})
		default:
			last = c
		}
	}
	return out
}

// newWords is the coded columns that hold words which nothing has a code for.
func (l *Lexicon) newWords(t *Table, k *Likeness) []Change {
	var out []Change
	decided := Decided(k.Entry())
	for c := range t.Columns {
		name, ok := k.pairs[c]
		if !ok {
			continue
		}
		fresh := map[string]int{}
		coded := 0
		for _, d := range decided {
			if d.Column != name || d.Codes == "" && d.By == "" || d.Part != "" {
				continue
			}
			coded++
			for _, w := range t.Columns[c].parts() {
				if l.unlisted(k.Mapping, d, w.Word) {
					fresh[w.Word]++
				}
			}
		}
		ch := Change{Kind: "word_added", Column: t.Columns[c].Name, Col: t.Columns[c].Col}
		for _, w := range t.Columns[c].parts() {
			if coded > 0 && fresh[w.Word] == coded { // no field of the column has it
				ch.Words++
				ch.Rows += w.Rows
			}
		}
		if ch.Words > 0 {
			out = append(out, ch)
		}
	}
	return out
}

// unlisted reports whether neither the value map nor the code list has the word.
func (l *Lexicon) unlisted(m *mappings.Mapping, d Decision, w string) bool {
	if values := m.Codes(d.Codes); d.Codes != "" && values != nil && values.Lookup(w) != nil {
		return false
	}
	if d.By == "" {
		return true
	}
	f := l.schema.Table(d.What.Table).Field(d.What.Field)
	if f.Codes == countryList || scopes[f.Codes] != nil {
		_, ok := l.schema.Country(d.By, w)
		return !ok
	}
	list := l.schema.List(f.Codes)
	return list == nil || list.Index(w) < 0
}
