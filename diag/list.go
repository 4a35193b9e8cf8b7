package diag

import "sort"

// keepDefault is how many findings of one group a List keeps whole.
const keepDefault = 20

// Group is what findings are counted by: the same code about the same field of the same sheet.
type Group struct {
	Code  Code
	Sheet string
	Field string
}

// Place is a cell, counted as in Pos, without its file and sheet: findings can have millions.
type Place struct{ Row, Col int32 }

// List counts every finding and keeps the first few of each group. The zero value is ready to
// use and keeps 20 of each group. It is not safe for two goroutines.
type List struct {
	Keep int // how many of each group to keep whole; 0 means 20

	// Each, where it is set, is told of each finding that is added, kept or not: how often it was found, and
	// all places that are known of one about a distinct word.
	Each func(d Diagnostic, at []Place, n int)

	kept   []Diagnostic
	counts map[Group]int
}

// Add counts d, and keeps it when its group has room.
func (l *List) Add(d Diagnostic) { l.AddN(d, 1) }

// AddN counts d n times, and keeps it once when its group has room: for findings about a
// distinct value, which stands in n rows.
func (l *List) AddN(d Diagnostic, n int) { l.AddAt(d, nil, n) }

// AddAt is AddN with the places of the rows, as far as they are known. The list does not keep them.
func (l *List) AddAt(d Diagnostic, at []Place, n int) {
	if l.Each != nil {
		l.Each(d, at, n)
	}
	if l.counts == nil {
		l.counts = map[Group]int{}
	}
	keep := l.Keep
	if keep == 0 {
		keep = keepDefault
	}
	g := Group{d.Code, d.Pos.Sheet, d.Field}
	if l.counts[g] < keep {
		l.kept = append(l.kept, d)
	}
	l.counts[g] += n
}

// Kept is the findings kept whole, in the order of their sheet, row, column, code and field. The
// caller must not change them.
func (l *List) Kept() []Diagnostic {
	sort.SliceStable(l.kept, func(i, j int) bool { return less(l.kept[i], l.kept[j]) })
	return l.kept
}

func less(a, b Diagnostic) bool {
	switch {
	case a.Pos.Sheet != b.Pos.Sheet:
		return a.Pos.Sheet < b.Pos.Sheet
	case a.Pos.Row != b.Pos.Row:
		return a.Pos.Row < b.Pos.Row
	case a.Pos.Col != b.Pos.Col:
		return a.Pos.Col < b.Pos.Col
	case a.Code != b.Code:
		return a.Code < b.Code
	}
	return a.Field < b.Field
}

// Count is how many findings of d's group there were.
func (l *List) Count(d Diagnostic) int { return l.counts[Group{d.Code, d.Pos.Sheet, d.Field}] }

// CountCode is how many findings had the code.
func (l *List) CountCode(c Code) int {
	n := 0
	for g, k := range l.counts {
		if g.Code == c {
			n += k
		}
	}
	return n
}

// CountSeverity is how many findings had the severity.
func (l *List) CountSeverity(s Severity) int {
	n := 0
	for g, k := range l.counts {
		if Codes[g.Code].Severity == s {
			n += k
		}
	}
	return n
}

// Len is how many findings there were, kept or not.
func (l *List) Len() int {
	n := 0
	for _, k := range l.counts {
		n += k
	}
	return n
}
