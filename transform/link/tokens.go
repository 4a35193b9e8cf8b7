package link

import (
	"math"
	"strconv"
	"strings"

	"palermo/transform/link/name"
)

// plainWords is each word's distinct tokens as they are spelled: what free text is compared by.
func plainWords(_ Field, words []string, _ []int) [][]string {
	out := make([][]string, len(words))
	for i, w := range words {
		out[i] = distinct(strings.Fields(name.Fold(w)))
	}
	return out
}

// nearWeeks is the fortnight and the next, so that days a week or two apart have one in common.
func nearWeeks(f Field, words []string, _ []int) [][]string {
	out := make([][]string, len(words))
	for i, w := range words {
		if lo, hi, ok := parseDays(w, f.Form); ok && lo == hi {
			n := int(math.Floor(float64(lo) / 14))
			out[i] = []string{strconv.Itoa(n), strconv.Itoa(n + 1)}
		}
	}
	return out
}

// nearNumbers is the step of a ladder of a twentieth each that the amount stands on, and the next,
// so that amounts a few hundredths apart have one in common.
func nearNumbers(_ Field, words []string, _ []int) [][]string {
	out := make([][]string, len(words))
	for i, w := range words {
		v, err := strconv.ParseFloat(strings.TrimSpace(w), 64)
		if err != nil || v == 0 || math.IsInf(v, 0) || math.IsNaN(v) {
			continue
		}
		sign := ""
		if v < 0 {
			sign = "-"
		}
		n := int(math.Floor(math.Log(math.Abs(v)) / math.Log(1.05)))
		out[i] = []string{sign + strconv.Itoa(n), sign + strconv.Itoa(n+1)}
	}
	return out
}

// jaccardTest weighs each word of a set by the surprise of meeting it, log2 of records by records
// with it, so that a word that everybody has is worth next to nothing.
func jaccardTest(f *feature, l Level, _ int) test {
	weight := f.surprise()
	return ofRecords(func(_ *memo, a, b int32) bool {
		both, either := 0.0, 0.0
		x, y := f.set(a), f.set(b)
		for _, w := range x {
			either += weight[w]
			for _, v := range y {
				if v == w {
					both += weight[w]
				}
			}
		}
		for _, w := range y {
			either += weight[w]
		}
		either -= both
		return either > 0 && both/either >= l.Least
	})
}

// surprise is what each word of the feature weighs in a set.
func (f *feature) surprise() []float64 {
	n := 0.0
	for i := range f.at {
		if f.has(int32(i)) {
			n++
		}
	}
	out := make([]float64, len(f.words))
	for w, k := range f.counts() {
		out[w] = math.Log2((n + 1) / float64(max(k, 1)))
	}
	return out
}
