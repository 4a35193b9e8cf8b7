package extract

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode"
)

// ErrNoRow says that a sheet has no row of the number asked for.
var ErrNoRow = errors.New("no such row")

// PreviewRows is how many rows Preview reads when it is not told.
const PreviewRows = 30

// Preview is copies of the sheet's first n rows that stand in the file; PreviewRows of them for
// n of zero or less.
func Preview(ctx context.Context, s Sheet, n int) ([]Row, error) {
	if n <= 0 {
		n = PreviewRows
	}
	var out []Row
	for r, err := range s.Rows(ctx) {
		if err != nil {
			return nil, err
		}
		out = append(out, r.clone())
		if len(out) == n {
			break
		}
	}
	return out, nil
}

// Cells reads one row again, from the start of the sheet: for explaining a value, not for loops.
// It is ErrNoRow where the file has no such row.
func Cells(ctx context.Context, s Sheet, row int) ([]string, error) {
	for r, err := range s.Rows(ctx) {
		switch {
		case err != nil:
			return nil, err
		case r.Num == row:
			return r.clone().Cells, nil
		case r.Num > row:
			return nil, ErrNoRow
		}
	}
	return nil, ErrNoRow
}

// clone copies the row and its text, which may share memory with a far larger record.
func (r Row) clone() Row {
	r.Cells = slices.Clone(r.Cells)
	for i := range r.Cells {
		r.Cells[i] = strings.Clone(r.Cells[i])
	}
	return r
}

// isBlank reports whether a cell holds no text: nothing, or white space, or a stray byte-order
// mark.
func isBlank(s string) bool {
	if s == "" {
		return true
	}
	if s[0] > ' ' && s[0] < 0x80 {
		return false
	}
	for _, r := range s {
		if !isSpace(r) {
			return false
		}
	}
	return true
}

func isSpace(r rune) bool { return r <= ' ' || r == '\ufeff' || unicode.IsSpace(r) }
