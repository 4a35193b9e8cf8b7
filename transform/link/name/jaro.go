package name

import "math/bits"

// JaroWinkler is how alike two ASCII strings are, from 0 to 1: the Jaro similarity, raised by a
// tenth of what is missing for each of up to four equal first bytes where it is over 0.7. An empty
// string is like nothing, 0.
func JaroWinkler(a, b string) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	if a == b {
		return 1
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	s := 0.0
	if len(b) <= 64 {
		s = jaro(a, b)
	} else {
		s = longJaro(a, b)
	}
	if s <= 0.7 {
		return s
	}
	prefix := 0
	for prefix < min(4, len(a)) && a[prefix] == b[prefix] {
		prefix++
	}
	return s + float64(prefix)*0.1*(1-s)
}

// jaro is for len(a) <= len(b) <= 64: the bytes that found a partner are bits.
func jaro(a, b string) float64 {
	reach := max(len(b)/2-1, 0)
	var inA, inB uint64
	for i := range len(a) {
		c := a[i]
		for j, end := max(i-reach, 0), min(i+reach, len(b)-1); j <= end; j++ {
			if b[j] == c && inB&(1<<j) == 0 {
				inA |= 1 << i
				inB |= 1 << j
				break
			}
		}
	}
	common := bits.OnesCount64(inA)
	moved := 0
	for inA != 0 {
		if a[bits.TrailingZeros64(inA)] != b[bits.TrailingZeros64(inB)] {
			moved++
		}
		inA &= inA - 1
		inB &= inB - 1
	}
	return jaroOf(common, moved, len(a), len(b))
}

func jaroOf(common, moved, lenA, lenB int) float64 {
	if common == 0 {
		return 0
	}
	m := float64(common)
	return (m/float64(lenA) + m/float64(lenB) + (m-float64(moved/2))/m) / 3
}

// longJaro is jaro for strings of any length.
func longJaro(a, b string) float64 {
	reach := max(len(b)/2-1, 0)
	usedB := make([]bool, len(b))
	matched := make([]byte, 0, len(a))
	for i := range len(a) {
		for j, end := max(i-reach, 0), min(i+reach, len(b)-1); j <= end; j++ {
			if b[j] == a[i] && !usedB[j] {
				usedB[j] = true
				matched = append(matched, a[i])
				break
			}
		}
	}
	moved, k := 0, 0
	for j, used := range usedB {
		if used {
			if b[j] != matched[k] {
				moved++
			}
			k++
		}
	}
	return jaroOf(len(matched), moved, len(a), len(b))
}
