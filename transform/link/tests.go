package link

import (
	"math"

	"palermo/transform/link/days"
	"palermo/transform/link/name"
)

// maxLevels bounds a ladder; a pattern has a digit for each comparison.
const maxLevels = 14

// A test holds of two records, both of which have its feature, or does not. It is symmetric, unless the
// records stand on two lists, whose order may count.
type test func(m *memo, a, b int32) bool

// tests is every word that may stand under "is", and what it makes of a feature and a level. What
// is compared is standardised: two words that say the same are one.
var tests = map[string]func(f *feature, l Level, slot int) test{
	equality:       equalTest,       // the same word
	"shares":       sharesTest,      // sets with a word in common
	"jaccard":      jaccardTest,     // sets: what both have of what either has, rare words weighing more: at least
	"jaro_winkler": jaroWinklerTest, // a similarity of at least
	"levenshtein":  levenshteinTest, // insertions, deletions, replacements: at most
	"one_edit":     oneEditTest,     // one insertion, deletion, replacement or exchange of neighbours
	daysAfter:      daysAfterTest,   // days from the record of the earlier list to that of the later: from 0 to at most
	"prefix":       prefixTest,      // one is the beginning of the other
	"aligned":      alignedTest,     // each token of the shorter to its best of the other: a mean of at least
	"but_one":      butOneTest,      // the same, where all tokens but one are equal
	"one_token":    oneTokenTest,    // a token of the one and a token of the other are alike: at least
	"days":         daysTest,        // days apart: at most
	"digits":       digitsTest,      // digits of two days that differ: at most
	"swapped":      swappedTest,     // day and month exchanged
	"overlap":      overlapTest,     // intervals that have a day in common, the wider of at most so many days
	"gap":          gapTest,         // days between two intervals: at most
	"difference":   differenceTest,  // of two numbers: at most
	"share":        shareTest,       // the difference of two numbers as a share of the larger: at most
}

func equalTest(f *feature, _ Level, _ int) test {
	return func(_ *memo, a, b int32) bool { return f.at[a] == f.at[b] }
}

func sharesTest(f *feature, _ Level, _ int) test {
	return func(_ *memo, a, b int32) bool {
		for _, x := range f.set(a) {
			for _, y := range f.set(b) {
				if x == y {
					return true
				}
			}
		}
		return false
	}
}

func jaroWinklerTest(f *feature, l Level, slot int) test {
	return func(m *memo, a, b int32) bool {
		x, y := f.at[a], f.at[b]
		return x == y || m.of(slot, x, y, func(x, y int32) float64 { return name.JaroWinkler(f.words[x], f.words[y]) }) >= l.Least
	}
}

func levenshteinTest(f *feature, l Level, _ int) test {
	most := int(l.Most)
	return func(_ *memo, a, b int32) bool {
		x, y := f.at[a], f.at[b]
		return x == y || name.Levenshtein(f.words[x], f.words[y], most) <= most
	}
}

func oneEditTest(f *feature, _ Level, _ int) test {
	return func(_ *memo, a, b int32) bool {
		x, y := f.at[a], f.at[b]
		return x == y || name.OneEdit(f.words[x], f.words[y])
	}
}

func prefixTest(f *feature, _ Level, _ int) test {
	return func(_ *memo, a, b int32) bool {
		x, y := f.words[f.at[a]], f.words[f.at[b]]
		n := min(len(x), len(y))
		return n > 0 && x[:n] == y[:n]
	}
}

func alignedTest(f *feature, l Level, slot int) test {
	f.parsed()
	return func(m *memo, a, b int32) bool {
		return m.of(slot, f.at[a], f.at[b], func(x, y int32) float64 {
			_, mean := name.Align(f.texts[x], f.texts[y])
			return mean
		}) >= l.Least
	}
}

func butOneTest(f *feature, l Level, slot int) test {
	f.parsed()
	return func(m *memo, a, b int32) bool {
		return m.of(slot, f.at[a], f.at[b], func(x, y int32) float64 { return butOne(f.texts[x], f.texts[y]) }) >= l.Least
	}
}

// butOne is how alike the two names' one unequal token is, where they have as many tokens and all
// others are equal; else 0.
func butOne(a, b name.Text) float64 {
	if len(a.Tokens) != len(b.Tokens) {
		return 0
	}
	odd := -1
	for i := range a.Tokens {
		if a.Skeleton[i] != b.Skeleton[i] {
			if odd >= 0 {
				return 0
			}
			odd = i
		}
	}
	if odd < 0 {
		return 1
	}
	return name.JaroWinkler(a.Tokens[odd], b.Tokens[odd])
}

func oneTokenTest(f *feature, l Level, slot int) test {
	f.parsed()
	return func(m *memo, a, b int32) bool {
		return m.of(slot, f.at[a], f.at[b], func(x, y int32) float64 {
			best := 0.0
			for _, s := range f.texts[x].Tokens {
				for _, t := range f.texts[y].Tokens {
					best = max(best, name.JaroWinkler(s, t))
				}
			}
			return best
		}) >= l.Least
	}
}

func daysTest(f *feature, l Level, _ int) test {
	f.days()
	return func(_ *memo, a, b int32) bool {
		d := float64(f.from[f.at[a]]) - float64(f.from[f.at[b]])
		return math.Abs(d) <= l.Most
	}
}

func daysAfterTest(f *feature, l Level, _ int) test {
	f.days()
	return func(m *memo, a, b int32) bool {
		if m.list != nil && m.list[a] > m.list[b] {
			a, b = b, a
		}
		d := float64(f.from[f.at[b]]) - float64(f.from[f.at[a]])
		return 0 <= d && d <= l.Most
	}
}

func digitsTest(f *feature, l Level, _ int) test {
	f.days()
	return func(_ *memo, a, b int32) bool {
		return float64(days.Digits(f.packed[f.at[a]], f.packed[f.at[b]])) <= l.Most
	}
}

func swappedTest(f *feature, _ Level, _ int) test {
	f.days()
	return func(_ *memo, a, b int32) bool { return days.Swapped(f.packed[f.at[a]], f.packed[f.at[b]]) }
}

func overlapTest(f *feature, l Level, _ int) test {
	f.days()
	return func(_ *memo, a, b int32) bool {
		x, y := f.at[a], f.at[b]
		width := max(f.to[x]-f.from[x], f.to[y]-f.from[y]) + 1
		return f.from[x] <= f.to[y] && f.from[y] <= f.to[x] && (l.Most == 0 || float64(width) <= l.Most)
	}
}

func gapTest(f *feature, l Level, _ int) test {
	f.days()
	return func(_ *memo, a, b int32) bool {
		x, y := f.at[a], f.at[b]
		return float64(max(f.from[x]-f.to[y], f.from[y]-f.to[x], 0)) <= l.Most
	}
}

func differenceTest(f *feature, l Level, _ int) test {
	f.numbers()
	return func(_ *memo, a, b int32) bool { return math.Abs(f.number[f.at[a]]-f.number[f.at[b]]) <= l.Most }
}

func shareTest(f *feature, l Level, _ int) test {
	f.numbers()
	return func(_ *memo, a, b int32) bool {
		x, y := f.number[f.at[a]], f.number[f.at[b]]
		return math.Abs(x-y) <= l.Most*max(math.Abs(x), math.Abs(y))
	}
}
