package receipt

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"palermo/diag"
)

// maxNotes is how many cells of one finding have a comment, and maxSheetNotes how many of a
// sheet. A program shows some thousands of comments slowly; each cell has its colour.
const (
	maxNotes      = 500
	maxSheetNotes = 5000
)

// mark is a cell to colour. Its findings are numbers in the list of those seen.
type mark struct {
	row, col int
	severity diag.Severity
	note     string // of the comment; empty where the cell has only its colour
}

// placed is a finding at one cell.
type placed struct {
	row, col int32
	finding  int32
	noted    bool
}

// marks is the cells to colour by the number of their sheet, each in the order of its rows, and
// whether some have no comment.
func marks(b *book, c *Catalogue, seen []Finding) (bySheet map[int][]mark, capped bool) {
	all := map[int][]placed{}
	for i, f := range seen {
		no := b.sheet(f.Sheet)
		if no < 0 {
			continue
		}
		for n, cell := range f.Cells {
			if !inGrid(cell) {
				continue
			}
			all[no] = append(all[no], placed{int32(cell.Row), int32(max(cell.Col, 1)), int32(i), n < maxNotes})
		}
	}
	bySheet = map[int][]mark{}
	for no, cells := range all {
		slices.SortStableFunc(cells, func(x, y placed) int {
			return cmp.Or(cmp.Compare(x.row, y.row), cmp.Compare(x.col, y.col), cmp.Compare(x.finding, y.finding))
		})
		var lost bool
		bySheet[no], lost = joined(c, seen, cells)
		capped = capped || lost
	}
	return bySheet, capped
}

// The size of a sheet.
const (
	maxRow = 1 << 20
	maxCol = 1 << 14
)

func inGrid(c Cell) bool { return c.Row >= 1 && c.Row <= maxRow && c.Col >= 0 && c.Col <= maxCol }

// joined makes one mark of all that is at one cell; the worst comes first, as in seen.
func joined(c *Catalogue, seen []Finding, cells []placed) (out []mark, capped bool) {
	notes := 0
	for len(cells) > 0 {
		n := 1
		for n < len(cells) && cells[n].row == cells[0].row && cells[n].col == cells[0].col {
			n++
		}
		m := mark{row: int(cells[0].row), col: int(cells[0].col)}
		noted := false
		for _, p := range cells[:n] {
			m.severity = max(m.severity, shade(seen[p.finding]))
			noted = noted || p.noted
		}
		if noted && notes < maxSheetNotes {
			m.note = note(c, seen, cells[:n])
			notes++
		} else {
			capped = true
		}
		out = append(out, m)
		cells = cells[n:]
	}
	return out, capped
}

// note is the text of a cell's comment.
func note(c *Catalogue, seen []Finding, at []placed) string {
	var lines []string
	for _, p := range at {
		said := c.Findings[seen[p.finding].Code]
		lines = append(lines, said.Wrong, "→ "+said.Right)
	}
	return strings.Join(lines, "\n")
}

// shade is the severity that a finding is coloured by: what asks nothing is for information.
func shade(f Finding) diag.Severity {
	if !toFix(f) {
		return diag.Info
	}
	return f.Severity
}

// noteTitle is the first line of a comment of ours, and noteAuthor who it is by. The two are what
// it is known by when the workbook comes back.
func noteTitle(number string) string { return fmt.Sprintf("%s %s", noteAuthor, number) }

const noteAuthor = "palermo"
