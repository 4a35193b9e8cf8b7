package diag

import (
	"strconv"
	"strings"
)

// Pos is a place in a source file: as exact as is known, never more.
// Row and Col count from 1, as a spreadsheet shows them; zero means unknown.
type Pos struct {
	File, Sheet string
	Row, Col    int
}

// String prints p in the form people click or search for: "cases.csv:118:4" for a text file,
// "annex.xlsx[Table 3]!F42" for a workbook.
func (p Pos) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Sheet != "" {
		b.WriteString("[" + p.Sheet + "]")
		if p.Row > 0 {
			b.WriteString("!" + Cell(p.Row, p.Col))
		}
		return b.String()
	}
	for _, n := range []int{p.Row, p.Col} {
		if n == 0 {
			break
		}
		b.WriteString(":" + strconv.Itoa(n))
	}
	return b.String()
}

// Cell names a cell as a spreadsheet does: Cell(42, 6) is "F42". Without a column it is the row
// alone, "42".
func Cell(row, col int) string {
	return ColumnName(col) + strconv.Itoa(row)
}

// ColumnName is the letters of the column counted from 1: "A", "Z", "AA". It is empty for 0.
func ColumnName(col int) string {
	var s string
	for ; col > 0; col = (col - 1) / 26 {
		s = string(rune('A'+(col-1)%26)) + s
	}
	return s
}

// ParseCell is the reverse of Cell: "F42" is row 42, column 6. It reports whether s names a cell.
func ParseCell(s string) (row, col int, ok bool) {
	i := 0
	for ; i < len(s) && i < 3 && s[i] >= 'A' && s[i] <= 'Z'; i++ {
		col = col*26 + int(s[i]-'A') + 1
	}
	row, err := strconv.Atoi(s[i:])
	if err != nil || i == 0 || row < 1 || s[i] == '+' {
		return 0, 0, false
	}
	return row, col, true
}
