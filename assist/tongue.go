package assist

import "strings"

// prepare finds out what the names of a table have in common: a prefix of machine names, and their languages.
func (l *Lexicon) prepare(t *Table) {
	bareNames(t)
	tongues := l.tonguesOf(t)
	begin := map[string]int{}
	for i := range t.Columns {
		begin[beginning(&t.Columns[i])]++
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		c.tongues, c.lone = tongues, begin[beginning(c)] == 1
	}
}

// beginning is the first two words of the column's name.
func beginning(c *Column) string {
	tokens := phraseOf(c.said()).tokens
	return joinTokens(tokens[:min(len(tokens), 2)])
}

// tonguesOf is the languages in which most of the columns that are called by a word of one are. One word of another
// language is often the same as one of the table's: what looks like it is then no word of that language.
func (l *Lexicon) tonguesOf(t *Table) map[string]bool {
	n, all := map[string]int{}, 0
	for i := range t.Columns {
		in := l.tongues(&t.Columns[i])
		for lang := range in {
			n[lang]++
		}
		all += min(len(in), 1)
	}
	out := map[string]bool{}
	for lang, k := range n {
		if 3*k >= all {
			out[lang] = true
		}
	}
	return out
}

// tongues is the languages of which the column's name is a word for a field.
func (l *Lexicon) tongues(c *Column) map[string]bool {
	out := map[string]bool{}
	_, last, _ := cutLast(c.said())
	for _, name := range []string{c.said(), last} {
		p := phraseOf(name)
		for _, i := range l.like(p) {
			if lang, ok := strings.CutPrefix(l.aliases[i].from, inLanguage); ok && l.aliases[i].joined == p.joined {
				out[lang] = true
			}
		}
	}
	return out
}
