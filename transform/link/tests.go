package link

import (
	"math"
	"slices"

	"palermo/transform/link/days"
	"palermo/transform/link/name"
)

// maxLevels bounds a ladder; a pattern has a digit for each comparison.
const maxLevels = 14

// A test holds of two records, both of which have its feature, or does not: of their words alone, or of
// more. It is symmetric, unless the records stand on two lists, whose order may count.
type test struct {
	words   func(m *memo, v, w int32) bool // nil where the words alone do not decide
	records func(m *memo, a, b int32) bool
	costly  bool // more than to look up what it said last time
}

func ofWords(f func(m *memo, v, w int32) bool) test   { return test{words: f} }
func costly(f func(m *memo, v, w int32) bool) test    { return test{words: f, costly: true} }
func ofRecords(f func(m *memo, a, b int32) bool) test { return test{records: f} }

// holds reports whether it holds of the records, which have the feature. Of a set, their first words
// count.
func (t *test) holds(m *memo, f *feature, a, b int32) bool {
	if t.words != nil {
		return t.words(m, f.at[a], f.at[b])
	}
	return t.records(m, a, b)
}

// tests is every word that may stand under "is", and what it makes of a feature and a level. What
// is compared is standardised: two words that say the same are one.
var tests = map[string]func(f *feature, l Level, slot int) test{
	equality:      equalTest,       // the same word
	"shares":      sharesTest,      // sets with a word in common
	"jaccard":     jaccardTest,     // sets: what both have of what either has, rare words weighing more: at least
	jaroWinkler:   jaroWinklerTest, // a similarity of at least
	"levenshtein": levenshteinTest, // insertions, deletions, replacements: at most
	"one_edit":    oneEditTest,     // one insertion, deletion, replacement or exchange of neighbours
	daysAfter:     daysAfterTest,   // days from the record of the earlier list to that of the later: from 0 to at most
	"prefix":      prefixTest,      // one is the beginning of the other
	"aligned":     alignedTest,     // each token of the shorter to its best of the other: a mean of at least
	"but_one":     butOneTest,      // the same, where all tokens but one are equal
	"one_token":   oneTokenTest,    // a token of the one and a token of the other are alike: at least
	"days":        daysTest,        // days apart: at most
	"digits":      digitsTest,      // digits of two days that differ: at most
	"swapped":     swappedTest,     // day and month exchanged
	"overlap":     overlapTest,     // intervals that have a day in common, the wider of at most so many days
	"gap":         gapTest,         // days between two intervals: at most
	"difference":  differenceTest,  // of two numbers: at most
	"share":       shareTest,       // the difference of two numbers as a share of the larger: at most
}

func equalTest(_ *feature, _ Level, _ int) test {
	return ofWords(func(_ *memo, v, w int32) bool { return v == w })
}

func sharesTest(f *feature, _ Level, _ int) test {
	return ofRecords(func(_ *memo, a, b int32) bool {
		for _, v := range f.set(a) {
			if slices.Contains(f.set(b), v) {
				return true
			}
		}
		return false
	})
}

func jaroWinklerTest(f *feature, l Level, slot int) test {
	f.sign()
	return costly(func(m *memo, v, w int32) bool {
		return v == w || f.signs[v].MostJaroWinkler(f.signs[w]) >= l.Least &&
			m.of(slot, v, w, func(v, w int32) float64 { return name.JaroWinkler(f.words[v], f.words[w]) }) >= l.Least
	})
}

func levenshteinTest(f *feature, l Level, _ int) test {
	f.sign()
	most := int(l.Most)
	return ofWords(func(_ *memo, v, w int32) bool {
		return v == w || f.signs[v].LeastEdits(f.signs[w]) <= most && name.Levenshtein(f.words[v], f.words[w], most) <= most
	})
}

func oneEditTest(f *feature, _ Level, _ int) test {
	f.sign()
	return ofWords(func(_ *memo, v, w int32) bool {
		return v == w || f.signs[v].LeastEdits(f.signs[w]) <= 1 && name.OneEdit(f.words[v], f.words[w])
	})
}

func prefixTest(f *feature, _ Level, _ int) test {
	return ofWords(func(_ *memo, v, w int32) bool {
		x, y := f.words[v], f.words[w]
		n := min(len(x), len(y))
		return n > 0 && x[:n] == y[:n]
	})
}

func alignedTest(f *feature, l Level, slot int) test {
	return likeness(slot, l, f, func(v, w *name.Text) float64 {
		_, mean := name.Align(*v, *w)
		return mean
	})
}

func butOneTest(f *feature, l Level, slot int) test {
	return likeness(slot, l, f, butOne)
}

// likeness is the test that two names are at least so alike.
func likeness(slot int, l Level, f *feature, of func(v, w *name.Text) float64) test {
	f.parsed()
	return costly(func(m *memo, v, w int32) bool {
		return m.of(slot, v, w, func(v, w int32) float64 { return of(&f.texts[v], &f.texts[w]) }) >= l.Least
	})
}

// butOne is how alike the two names' one unequal token is, where they have as many tokens and all
// others are equal; else 0.
func butOne(a, b *name.Text) float64 {
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
	return likeness(slot, l, f, func(v, w *name.Text) float64 {
		best := 0.0
		for _, s := range v.Tokens {
			for _, t := range w.Tokens {
				best = max(best, name.JaroWinkler(s, t))
			}
		}
		return best
	})
}

func daysTest(f *feature, l Level, _ int) test {
	f.days()
	return ofWords(func(_ *memo, v, w int32) bool {
		return math.Abs(float64(f.from[v])-float64(f.from[w])) <= l.Most
	})
}

func daysAfterTest(f *feature, l Level, _ int) test {
	f.days()
	return ofRecords(func(m *memo, a, b int32) bool {
		if m.list != nil && m.list[a] > m.list[b] {
			a, b = b, a
		}
		d := float64(f.from[f.at[b]]) - float64(f.from[f.at[a]])
		return 0 <= d && d <= l.Most
	})
}

func digitsTest(f *feature, l Level, _ int) test {
	f.days()
	return ofWords(func(_ *memo, v, w int32) bool {
		return float64(days.Digits(f.packed[v], f.packed[w])) <= l.Most
	})
}

func swappedTest(f *feature, _ Level, _ int) test {
	f.days()
	return ofWords(func(_ *memo, v, w int32) bool { return days.Swapped(f.packed[v], f.packed[w]) })
}

func overlapTest(f *feature, l Level, _ int) test {
	f.days()
	return ofWords(func(_ *memo, v, w int32) bool {
		width := max(f.to[v]-f.from[v], f.to[w]-f.from[w]) + 1
		return f.from[v] <= f.to[w] && f.from[w] <= f.to[v] && (l.Most == 0 || float64(width) <= l.Most)
	})
}

func gapTest(f *feature, l Level, _ int) test {
	f.days()
	return ofWords(func(_ *memo, v, w int32) bool {
		return float64(max(f.from[v]-f.to[w], f.from[w]-f.to[v], 0)) <= l.Most
	})
}

func differenceTest(f *feature, l Level, _ int) test {
	f.numbers()
	return ofWords(func(_ *memo, v, w int32) bool { return math.Abs(f.number[v]-f.number[w]) <= l.Most })
}

func shareTest(f *feature, l Level, _ int) test {
	f.numbers()
	return ofWords(func(_ *memo, v, w int32) bool {
		x, y := f.number[v], f.number[w]
		return math.Abs(x-y) <= l.Most*max(math.Abs(x), math.Abs(y))
	})
}
