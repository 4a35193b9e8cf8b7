package assist

import (
	"unicode/utf8"

	"palermo/mappings"
)

// Header is where a sheet's header stands.
type Header struct {
	Row    int // the last row of it, in the file; 0 where none was found
	Rows   int
	Merged int // cells that take the text to their left
}

// FindHeader finds the header among the first rows of a sheet without any mapping: the first row most of whose
// cells are labels, all different, as wide as what stands below it. Where the row above it has gaps as
// merged cells leave them, it is the header's first. The texts are one a column, as mappings join them.
func FindHeader(rows []mappings.PreviewRow) (Header, []string) {
	width := commonWidth(rows)
	best, score := -1, 0.0
	for k := range rows {
		if s := headerScore(rows, k, width); s > score+0.05 {
			best, score = k, s
		}
	}
	if best < 0 {
		return Header{}, nil
	}
	best = labelsBelow(rows, best)
	if n := measuresBelow(rows, best); n > 0 {
		if joined, ok := mappings.JoinHeader(rows, best+1, 2); ok {
			return Header{Row: rows[best+1].Num, Rows: 2, Merged: n}, joined
		}
	}
	h := Header{Row: rows[best].Num, Rows: 1}
	if merged := mergedAbove(rows, best); merged > 0 {
		if joined, ok := mappings.JoinHeader(rows, best, 2); ok {
			h.Rows, h.Merged = 2, merged
			return h, joined
		}
	}
	out := make([]string, len(rows[best].Cells))
	for i, c := range rows[best].Cells {
		out[i] = mappings.Word(c)
	}
	return h, out
}

// labelsBelow is the row of the header that people read, where row k holds names for machines: below it, after a row of
// column numbers at most, most of them stand again in words.
func labelsBelow(rows []mappings.PreviewRow, k int) int {
	const near = 2
	for below := k + 1; below <= k+near && below < len(rows); below++ {
		machine, again := 0, 0
		for i, cell := range rows[k].Cells {
			name := mappings.Word(cell)
			if name == "" || i >= len(rows[below].Cells) {
				continue
			}
			if machineName(name) {
				machine++
			}
			if label := mappings.Word(rows[below].Cells[i]); kindOf(label) == Text && phraseOf(bareOf(name)).similar(phraseOf(label)) >= 0.75 {
				again++
			}
		}
		if n := filled(rows[k].Cells); 2*machine > n && 2*again > n {
			return below
		}
	}
	return k
}

// measuresBelow is how many columns of the row below row k are the second and further ones of a heading in row k, where
// that row only says what stands in each: a number and a share for every year. It is 0 where it does not.
func measuresBelow(rows []mappings.PreviewRow, k int) int {
	if k+1 >= len(rows) || rows[k+1].Num != rows[k].Num+1 {
		return 0
	}
	const longest = 12
	gaps, again := 0, map[string]int{}
	for i, cell := range rows[k+1].Cells {
		w := mappings.Word(cell)
		if w == "" {
			continue
		}
		if kindOf(w) != Text || utf8.RuneCountInString(w) > longest {
			return 0
		}
		again[w]++
		if i >= len(rows[k].Cells) || mappings.Word(rows[k].Cells[i]) == "" {
			gaps++
		}
	}
	for _, n := range again {
		if n < 2 {
			return 0
		}
	}
	if gaps < 2 || len(again) > 4 {
		return 0
	}
	return gaps
}

// commonWidth is how many cells most rows fill.
func commonWidth(rows []mappings.PreviewRow) int {
	width := 0
	for _, r := range rows {
		width = max(width, filled(r.Cells))
	}
	return width
}

func filled(cells []string) int {
	n := 0
	for _, c := range cells {
		if mappings.Word(c) != "" {
			n++
		}
	}
	return n
}

// headerScore is how much row k looks like a header.
func headerScore(rows []mappings.PreviewRow, k, width int) float64 {
	n, labels, said := 0, 0, 0
	seen := map[string]bool{}
	for _, c := range rows[k].Cells {
		w := mappings.Word(c)
		if w == "" {
			continue
		}
		n++
		kind := kindOf(w)
		if (kind == Text || kind == Year) && utf8.RuneCountInString(w) <= 100 && !seen[w] {
			labels++
		}
		if flagWord(w) != "" {
			said++
		}
		seen[w] = true
	}
	if n < 2 || 10*labels < 7*n || 2*said >= n {
		return 0
	}
	s := float64(labels) / float64(n) * float64(n) / float64(max(width, 1))
	if k+1 < len(rows) && differs(rows[k].Cells, rows[k+1:]) {
		s += 0.3
	}
	return s - 0.01*float64(k)
}

// differs reports whether what stands below is of another kind: numbers, days, words that come again.
func differs(header []string, below []mappings.PreviewRow) bool {
	again := map[string]int{}
	for _, r := range below[:min(len(below), 8)] {
		for i, c := range r.Cells {
			w := mappings.Word(c)
			if w == "" || i >= len(header) {
				continue
			}
			if kindOf(w) != Text || flagWord(w) != "" {
				return true
			}
			if again[w]++; again[w] > 2 {
				return true
			}
		}
	}
	return false
}

// longestHeading is of how many letters a heading over several columns is at most.
const longestHeading = 60

// mergedAbove is how many cells of row k have their heading in the row above, to the left: 0 where that row is
// none of a header.
func mergedAbove(rows []mappings.PreviewRow, k int) int {
	if k == 0 || rows[k-1].Num != rows[k].Num-1 {
		return 0
	}
	above, own := rows[k-1].Cells, rows[k].Cells
	groups, merged, last := 0, 0, -1
	for i, c := range own {
		up := ""
		if i < len(above) {
			up = mappings.Word(above[i])
		}
		switch {
		case up != "":
			if kindOf(up) != Text && kindOf(up) != Year || utf8.RuneCountInString(up) > longestHeading {
				return 0 // a title, or a note, is none of the header
			}
			groups++
			last = i
		case last >= 0 && mappings.Word(c) != "":
			merged++
		}
	}
	if groups < 2 || merged == 0 || filled(above) > filled(own) {
		return 0
	}
	return merged
}
