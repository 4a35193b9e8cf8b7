package transform

import (
	"math"
	"regexp"
	"strings"

	"palermo/diag"
)

var (
	rangeScale   = regexp.MustCompile(`^(.*?\d)\s*(thousand|million|billion)$`)
	rangeFrom    = regexp.MustCompile(`^(?:more than|over|at least|>|≥)\s*(.+)$`)
	rangeUpTo    = regexp.MustCompile(`^(?:up to|at most|≤)\s*(.+)$`)
	rangeAbout   = regexp.MustCompile(`^(?:about|some|around|nearly|approximately|c\.|~)\s*(.+)$`)
	rangeBetween = regexp.MustCompile(`^(?:between\s+)?(.+?)(?:\s+to\s+|\s+and\s+|\s*[-–—]\s*)(.+)$`)

	scales = map[string]float64{"thousand": 1e3, "million": 1e6, "billion": 1e9}
)

// parseRange reads a figure as publications print it: one number, a number that is about, from or up to,
// or a range of two; "7 to 10 billion" are billions both. "More than" and "up to" leave the other end
// open. "About" is the figure printed: how far about reaches is not said, so it is not made up.
func parseRange(word string, p params) (value, diag.Code) {
	w := strings.ToLower(word)
	scale := 1.0
	if g := rangeScale.FindStringSubmatch(w); g != nil {
		w, scale = g[1], scales[g[2]]
	}
	number := func(s string) (float64, bool) {
		own := scale
		if g := rangeScale.FindStringSubmatch(s); g != nil {
			s, own = g[1], scales[g[2]]
		}
		v, bad := parseNumber(strings.TrimSpace(s), p)
		return math.Round(v.low*own*1000) / 1000, bad == "" // 24.9 million is 24,900,000, not nearly
	}
	if g := rangeAbout.FindStringSubmatch(w); g != nil {
		w = g[1]
	}
	if x, ok := number(w); ok {
		return exactly(x), ""
	}
	if g := rangeFrom.FindStringSubmatch(w); g != nil {
		if x, ok := number(g[1]); ok {
			return value{low: x, hasLow: true}, ""
		}
	} else if g := rangeUpTo.FindStringSubmatch(w); g != nil {
		if x, ok := number(g[1]); ok {
			return value{high: x, hasHigh: true}, ""
		}
	} else if g := rangeBetween.FindStringSubmatch(w); g != nil {
		low, ok1 := number(g[1])
		high, ok2 := number(g[2])
		switch {
		case ok1 && ok2 && low <= high:
			return between(low, high), ""
		case ok1 && ok2:
			return value{}, diag.ValueRange
		}
	}
	return value{}, diag.ValueNotNumber
}

// parseCountRange reads the same of whole numbers.
func parseCountRange(word string, p params) (value, diag.Code) {
	v, bad := parseRange(word, p)
	if bad == "" && (v.low < 0 || v.low != math.Trunc(v.low) || v.high != math.Trunc(v.high)) {
		return value{}, diag.ValueNotCount
	}
	return v, bad
}
