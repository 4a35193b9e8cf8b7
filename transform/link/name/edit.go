package name

// OneEdit is whether a becomes b by at most one byte put in, taken out or replaced, or by two
// neighbours changing places.
func OneEdit(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	if i == len(a) || a[i+1:] == b[i+1:] {
		return true
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

// Levenshtein is the number of bytes to put in, take out or replace to make b of a, or max+1 where
// it is over max.
func Levenshtein(a, b string, max int) int {
	if len(a) > len(b) {
		a, b = b, a
	}
	for len(a) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	if len(b)-len(a) > max {
		return max + 1
	}
	var few [65]int
	row := few[:]
	if len(a) >= len(few) {
		row = make([]int, len(a)+1)
	}
	return min(levenshtein(a, b, max, row[:len(a)+1]), max+1)
}

// levenshtein works in row, which has one place more than a; over max it gives any number over it.
func levenshtein(a, b string, max int, row []int) int {
	for i := range row {
		row[i] = i
	}
	for j := range len(b) {
		corner, least := row[0], j+1
		row[0] = j + 1
		for i := range len(a) {
			d := corner
			if a[i] != b[j] {
				d = 1 + min(corner, row[i], row[i+1])
			}
			corner, row[i+1] = row[i+1], d
			least = min(least, d)
		}
		if least > max {
			return max + 1
		}
	}
	return row[len(a)]
}
