package name

import (
	_ "embed"
	"encoding/csv"
	"strings"
)

//go:embed letters.csv
var lettersCSV string

// letters is what each letter stands for.
var letters = readAlphabet(lettersCSV)

// A language is a code of letters.csv; empty is any.
type language string

// rendering is the two readings of a letter.
type rendering struct{ first, second string }

// spelling is one letter, or two that are read as one, in one language.
type spelling struct {
	runes [2]rune
	lang  language
}

// alphabet is letters.csv by letter and language.
type alphabet struct {
	of    map[spelling]rendering
	known map[rune]bool
	pairs map[rune]bool // the runes that begin a letter of two
}

func readAlphabet(text string) *alphabet {
	a := &alphabet{of: map[spelling]rendering{}, known: map[rune]bool{}, pairs: map[rune]bool{}}
	for _, row := range table(text) {
		var s spelling
		copy(s.runes[:], []rune(row[0]))
		a.known[s.runes[0]] = true
		if s.runes[1] != 0 {
			a.pairs[s.runes[0]] = true
		}
		r := rendering{first: row[2], second: row[2]}
		if row[3] != "" {
			r.second = row[3]
		}
		for _, l := range strings.Fields(row[1]) {
			s.lang = language(strings.TrimPrefix(l, "*"))
			a.of[s] = r
		}
	}
	return a
}

// table is the rows of an embedded CSV without its header.
func table(text string) [][]string {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		panic(err) // the tables are part of the program
	}
	return rows[1:]
}

func (a *alphabet) has(r rune) bool { return a.known[r] }

// write appends both readings of word w.
func (a *alphabet) write(first, second *strings.Builder, w []rune, l language) {
	for i := 0; i < len(w); i++ {
		if w[i] < 0x80 {
			first.WriteByte(byte(w[i]))
			second.WriteByte(byte(w[i]))
			continue
		}
		r, ok := rendering{}, false
		if a.pairs[w[i]] && i+1 < len(w) {
			if r, ok = a.read([2]rune{w[i], w[i+1]}, l); ok {
				i++
			}
		}
		if !ok {
			r, _ = a.read([2]rune{w[i]}, l)
		}
		first.WriteString(r.first)
		second.WriteString(r.second)
	}
}

// read gives the letter as language l has it, else as any has.
func (a *alphabet) read(runes [2]rune, l language) (rendering, bool) {
	if r, ok := a.of[spelling{runes, l}]; ok {
		return r, true
	}
	r, ok := a.of[spelling{runes, ""}]
	return r, ok
}
