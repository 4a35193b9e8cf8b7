package assist

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"palermo/mappings"
)

// Type is what the cells of a column look like.
type Type string

// The types.
const (
	Blank  Type = "blank"  // nothing stands there
	Whole  Type = "whole"  // whole numbers
	Number Type = "number" // numbers, some with a fraction, or below a bound as <5
	Year   Type = "year"
	Date   Type = "date"
	Flag   Type = "flag"  // yes and no, 1 and 0, in any language, and what else a flag says
	Words  Type = "words" // few different words
	List   Type = "list"  // few different words, several in a cell
	Text   Type = "text"  // nearly every cell is another
)

// Table is a sheet as text.
type Table struct {
	Sheet      string
	HeaderRow  int // the last row of the header, in the file; 0 where none was found
	HeaderRows int
	Merged     int // cells of the header that take the text to their left
	Columns    []Column
	Rows       int // below the header, blank ones left out
}

// Column is one column of a table.
type Column struct {
	Name     string // as mappings name it
	Col      int    // in the file, from 1
	Type     Type
	Filled   int // cells that hold something
	Distinct int // different words; Many where there were more than are kept
	Many     bool
	Words    []WordCount // in the order in which they first stood
	Between  string      // what stands between the words of a List

	asks    bool            // it may be a flag
	bare    string          // its name without a prefix that says what it belongs to
	lone    bool            // no other column's name begins with the same two words
	tongues map[string]bool // the languages that its table's names are in; nil where that is not known
}

// speaks reports whether a name from there could be a word of the column's language: whatever is not of a language
// could, and English always.
func (c *Column) speaks(from string) bool {
	lang, ok := strings.CutPrefix(from, inLanguage)
	return !ok || c.tongues == nil || c.tongues[lang] || lang == "English"
}

// wants reports whether the column is called after what else than yes or no is asked for: the type of something, or
// why, when and where.
func (c *Column) wants() bool {
	tokens := phraseOf(c.said()).tokens
	for _, t := range tokens {
		if !slight[t] {
			return wantsMore(t) || wantsMore(tokens[len(tokens)-1])
		}
	}
	return false
}

// wantsMore reports whether the token is a word for what is asked for.
func wantsMore(t string) bool {
	return slices.ContainsFunc(concepts()[t], func(c string) bool {
		return slices.Contains([]string{"kind", "way", "reason", "date", "place", "number"}, c)
	})
}

// said is the column's name as it is compared.
func (c *Column) said() string { return cmp.Or(c.bare, c.Name) }

// longestPrefix is of how many letters a prefix of machine names is at most.
const longestPrefix = 4

// bareOf is a machine name without its prefix.
func bareOf(name string) string {
	if prefix, rest, ok := strings.Cut(name, "_"); ok && rest != "" && len(prefix) <= longestPrefix && strings.IndexFunc(prefix, func(r rune) bool { return !unicode.IsLower(r) }) < 0 {
		return rest
	}
	return name
}

// bareNames cuts the prefix of machine names, where nearly every name has one: prs_FirstName, cas_Status. Where
// only some have, it says of whom they tell.
func bareNames(t *Table) {
	all, with := 0, 0
	for i := range t.Columns {
		if t.Columns[i].Name == "" {
			continue
		}
		all++
		if bareOf(t.Columns[i].Name) != t.Columns[i].Name {
			with++
		}
	}
	if all < 5 || 5*with < 4*all {
		return
	}
	for i := range t.Columns {
		if prefix, rest, ok := strings.Cut(t.Columns[i].Name, "_"); ok && len(prefix) <= longestPrefix {
			t.Columns[i].bare = rest
		}
	}
}

// WordCount is a word and the cells that hold it.
type WordCount struct {
	Word     string
	Rows     int
	FirstRow int // in the file
}

// keptWords is how many different words of a column are kept.
const keptWords = 2000

// Profiler looks at the rows of one sheet.
type Profiler struct {
	t  Table
	at []map[string]int // by column: the word's place
}

// NewProfiler is for a sheet whose header was found as FindHeader says. header is one text a column of the file.
func NewProfiler(sheet string, h Header, header []string) *Profiler {
	p := &Profiler{t: Table{Sheet: sheet, HeaderRow: h.Row, HeaderRows: h.Rows, Merged: h.Merged}}
	for i, name := range header {
		p.t.Columns = append(p.t.Columns, Column{Name: mappings.Word(name), Col: i + 1})
		p.at = append(p.at, map[string]int{})
	}
	return p
}

// Row takes one row of the file; those up to the header are passed over.
func (p *Profiler) Row(num int, cells []string) {
	if num <= p.t.HeaderRow {
		return
	}
	some := false
	for i := range p.t.Columns {
		if i >= len(cells) {
			break
		}
		w := mappings.Word(cells[i])
		if w == "" {
			continue
		}
		some = true
		c := &p.t.Columns[i]
		c.Filled++
		if at, ok := p.at[i][w]; ok {
			c.Words[at].Rows++
			continue
		}
		if len(c.Words) >= keptWords {
			c.Many = true
			continue
		}
		w = strings.Clone(w)
		p.at[i][w] = len(c.Words)
		c.Words = append(c.Words, WordCount{w, 1, num})
	}
	if some {
		p.t.Rows++
	}
}

// Table is what was seen. Columns without a header and without cells are left out.
func (p *Profiler) Table() *Table {
	t := p.t
	t.Columns = slices.DeleteFunc(slices.Clone(t.Columns), func(c Column) bool { return c.Name == "" && c.Filled == 0 })
	for i := range t.Columns {
		c := &t.Columns[i]
		c.Distinct = len(c.Words)
		c.Type, c.Between = typeOf(c)
	}
	return &t
}

func typeOf(c *Column) (Type, string) {
	if c.Filled == 0 {
		return Blank, ""
	}
	var whole, number, year, date, flag, odd int
	between := map[string]int{}
	for _, w := range c.Words {
		k := kindOf(w.Word)
		switch k {
		case Whole:
			whole++
		case Year:
			year++
		case Number:
			number++
		case Date:
			date++
		default:
			odd++
			for _, b := range []string{";", "|", "\n"} {
				if strings.Contains(w.Word, b) {
					between[b]++
				}
			}
		}
		if flagWord(w.Word) != "" {
			flag++
		}
	}
	n := len(c.Words)
	most := func(k int) bool { return 10*k >= 9*n || n > 3 && 10*(k+2) >= 9*n && k > n/2 }
	switch {
	case flag == n && n <= 8:
		return Flag, ""
	case most(date):
		return Date, ""
	case most(year):
		return Year, ""
	case most(whole + year):
		return Whole, ""
	case most(whole + year + number):
		return Number, ""
	case most(date + year):
		return Date, ""
	}
	for _, b := range slices.Sorted(maps.Keys(between)) {
		if between[b] >= 1 && repeats(c, b) {
			return List, b
		}
	}
	if !c.Many && (n <= 12 || n <= c.Filled/2 && n <= 300 || n*4 <= c.Filled) {
		return Words, ""
	}
	return Text, ""
}

// repeats reports whether the parts of cells come again in others: free text has semicolons too.
func repeats(c *Column, at string) bool {
	seen := map[string]int{}
	total := 0
	for _, w := range c.Words {
		for _, part := range strings.Split(w.Word, at) {
			seen[mappings.Word(part)] += w.Rows
			total += w.Rows
			if utf8.RuneCountInString(part) > 80 {
				return false
			}
		}
	}
	return len(seen)*2 <= total || len(seen) <= 8
}

// kindOf is what one word looks like; Text for anything but numbers and days.
func kindOf(w string) Type {
	digits, others, seps := 0, 0, 0
	for _, r := range w {
		switch {
		case unicode.IsDigit(r):
			digits++
		case strings.ContainsRune(".,/-<>% \u00a0", r):
			seps++
		default:
			others++
		}
	}
	switch {
	case digits == 0:
		return Text
	case others == 0 && seps == 0 && len(w) == 4 && w >= "1900" && w <= "2100":
		return Year
	case isDay(w):
		return Date
	case others > 0:
		return Text
	case seps == 0 || digits == len(w)-1 && w[0] == '-':
		return Whole
	case strings.Count(w, "-") > 0 && w[0] != '-' || strings.Count(w, "/") > 0:
		return Text
	}
	return Number
}

// isDay reports whether the word has the shape of a day, in any order: 14/02/1981, 1981-02-14, 14.2.1981, 02/1981.
func isDay(w string) bool {
	if i := strings.IndexByte(w, 'T'); i == 10 {
		w = w[:i]
	}
	for _, sep := range []string{"/", "-", "."} {
		parts := strings.Split(strings.TrimSuffix(w, "."), sep)
		if len(parts) != 3 && (len(parts) != 2 || sep == "-" || len(parts[0]) != 2) {
			continue
		}
		four := 0
		for _, p := range parts {
			if p = strings.TrimSpace(p); p == "" || len(p) > 4 || strings.Trim(p, "0123456789") != "" {
				four = -9
			}
			if len(p) == 4 {
				four++
			}
		}
		if four == 1 {
			return true
		}
	}
	fields := strings.Fields(w) // 30 May 2023
	return len(fields) == 3 && len(fields[2]) == 4 && strings.Trim(fields[0]+fields[2], "0123456789") == "" && strings.IndexFunc(fields[1], unicode.IsDigit) < 0 && len(fields[1]) <= 12 && len(fields[0]) <= 2
}

// flags is what flags say, by the word, folded.
var flags = flagWords(map[string]string{
	"yes":           "1 yes y x + true oui si sí da да так po tak ✓ √",
	"no":            "0 no n false non ne не нет ні nu jo",
	"unknown":       "u ? unknown inconnu desconocido неизвестно непознато невідомо necunoscut",
	"not_collected": "-99 -999 - n/a na nd n/d",
})

func flagWords(said map[string]string) map[string]string {
	out := map[string]string{}
	for what, words := range said {
		for _, w := range strings.Fields(words) {
			out[fold(w)] = what
		}
	}
	return out
}

// flagWord is what a word of a flag says; empty where it is none.
func flagWord(w string) string { return flags[fold(w)] }

// parts is the words of a column: of a List, what stands between its marks.
func (c *Column) parts() []WordCount {
	if c.Type != List {
		return c.Words
	}
	var out []WordCount
	at := map[string]int{}
	for _, w := range c.Words {
		for _, p := range strings.Split(w.Word, c.Between) {
			p = mappings.Word(p)
			if p == "" {
				continue
			}
			if i, ok := at[p]; ok {
				out[i].Rows += w.Rows
				continue
			}
			at[p] = len(out)
			out = append(out, WordCount{p, w.Rows, w.FirstRow})
		}
	}
	return out
}
