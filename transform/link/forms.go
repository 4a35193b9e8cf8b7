package link

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"palermo/transform/link/name"
)

// A form makes of a field's distinct words what is compared or blocked on: of each by itself, or of
// all. A word may come to nothing, which is missing, and for blocking to several: a person may have
// been born in any year of an interval.
type form struct {
	one  func(f Field, word string) string                     // "" where it comes to nothing; nil: all has it
	many func(f Field, words []string, count []int) [][]string // count says how many records have each word
}

// make is what each of the words comes to.
func (made *form) make(f Field, words []string, count []int) [][]string {
	if made.one == nil {
		return made.many(f, words, count)
	}
	out := make([][]string, len(words))
	for i, w := range words {
		if s := made.one(f, w); s != "" {
			out[i] = []string{s}
		}
	}
	return out
}

// forms is every form that may stand after a field's point, by name; "" is the field itself.
// firstN, lastN and charsNtoM, some of the letters, are found by findForm.
var forms = map[string]struct {
	kinds []Kind // none: any
	form
}{
	"":           {nil, form{one: standard}},
	"raw":        {nil, form{one: func(_ Field, w string) string { return strings.TrimSpace(w) }}},
	"skeleton":   {[]Kind{Name, Text}, form{one: skeleton}},
	"sorted":     {[]Kind{Name, Text}, form{one: sortedSkeleton}},
	"consonants": {[]Kind{Name, Text}, form{one: consonants}},
	"initial":    {[]Kind{Name, Text}, form{one: initial}},
	"token":      {[]Kind{Name, Text}, form{many: tokens}},
	"first_word": {[]Kind{Name, Text}, form{one: firstWord}},
	"last_word":  {[]Kind{Name, Text}, form{one: lastWord}},
	"rare":       {[]Kind{Name, Text}, form{many: rareTokens}},
	"trigram":    {[]Kind{Name, Text}, form{many: trigrams}},
	"year":       {[]Kind{Date, Birth}, form{one: part(0, 4)}},
	"month":      {[]Kind{Date, Birth}, form{one: part(5, 7)}},
	"day":        {[]Kind{Date, Birth}, form{one: part(8, 10)}},
	"monthday":   {[]Kind{Date, Birth}, form{one: part(5, 10)}},
	"exact":      {[]Kind{Date, Birth}, form{one: part(0, 10)}},
	"years":      {[]Kind{Date, Birth}, form{many: years(0)}},
	"near_years": {[]Kind{Date, Birth}, form{many: years(1)}},
	"months":     {[]Kind{Date, Birth}, form{many: nearMonths}},
	"weeks":      {[]Kind{Date, Birth}, form{many: nearWeeks}},
	"near":       {[]Kind{Number}, form{many: nearNumbers}},
	"words":      {[]Kind{Name, Text}, form{many: plainWords}},
	"user":       {[]Kind{Email}, form{one: func(_ Field, w string) string { return before(standard(Field{Kind: Email}, w), "@") }}},
	"domain":     {[]Kind{Email}, form{one: func(_ Field, w string) string { return after(standard(Field{Kind: Email}, w), "@") }}},
	"each":       {[]Kind{Reference, Code}, form{many: each}},
	"digits":     {[]Kind{Reference, Text, Email}, form{one: func(_ Field, w string) string { return keep(w, digit) }}},
}

// findForm is the form of that name for fields of that kind, or nil.
func findForm(kind Kind, named string) *form {
	if f, ok := forms[named]; ok {
		if f.kinds == nil || slices.Contains(f.kinds, kind) {
			return &f.form
		}
		return nil
	}
	for prefix, cut := range map[string]func(s string, n int) string{"first": firstN, "last": lastN} {
		if n, err := strconv.Atoi(strings.TrimPrefix(named, prefix)); err == nil && strings.HasPrefix(named, prefix) && n > 0 {
			return &form{one: func(f Field, w string) string { return cut(standard(f, w), n) }}
		}
	}
	var from, to int
	if n, err := fmt.Sscanf(named, "chars%dto%d", &from, &to); err == nil && n == 2 && 0 < from && from <= to {
		return &form{one: func(f Field, w string) string {
			s := firstN(standard(f, w), to)
			return s[min(from-1, len(s)):]
		}}
	}
	return nil
}

// standard is the word as it is compared, "" where it says nothing.
func standard(f Field, w string) string {
	switch f.Kind {
	case Name:
		return name.Standard(w)
	case Date, Birth:
		from, to, ok := parseDays(w, f.Form)
		switch {
		case !ok, f.Kind == Date && from != to:
			return ""
		case from == to:
			return isoDay(from)
		}
		return isoDay(from) + "/" + isoDay(to)
	case Reference:
		return strings.ToUpper(keep(w, func(r rune) bool { return digit(r) || letter(r) }))
	case Email:
		return strings.ToLower(strings.TrimSpace(w))
	case Number:
		return strings.TrimSpace(w)
	}
	if s := name.Fold(w); strings.ContainsFunc(s, digit) {
		return s
	}
	return name.Standard(w) // nothing of unknown, n/a, ?
}

// each is the parts of a word, which stand with ";" between.
func each(f Field, words []string, _ []int) [][]string {
	out := make([][]string, len(words))
	for i, w := range words {
		for part := range strings.SplitSeq(w, ";") {
			out[i] = append(out[i], standard(f, part))
		}
		out[i] = distinct(out[i])
	}
	return out
}

func skeleton(_ Field, w string) string { return strings.Join(name.Parse(w).Skeleton, " ") }

func sortedSkeleton(_ Field, w string) string {
	return strings.Join(sorted(w), " ")
}

func sorted(w string) []string {
	s := append([]string(nil), name.Parse(w).Skeleton...)
	sort.Strings(s)
	return s
}

// firstWord is the first of the words' sounds in alphabetical order, lastWord the last where there
// are two: the two halves of a name whose parts may stand in any order.
func firstWord(_ Field, w string) string { return firstOf(sorted(w)) }

func lastWord(_ Field, w string) string {
	if s := sorted(w); len(s) > 1 {
		return s[len(s)-1]
	}
	return ""
}

func firstOf(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}

func consonants(_ Field, w string) string {
	s := name.Parse(w).Skeleton
	for i := range s {
		s[i] = name.Consonants(s[i])
	}
	return strings.Join(s, " ")
}

func initial(_ Field, w string) string {
	if s := name.Parse(w).Skeleton; len(s) > 0 && s[0] != "" {
		return s[0][:1]
	}
	return ""
}

// tokens is each token's skeleton.
func tokens(_ Field, words []string, _ []int) [][]string {
	out := make([][]string, len(words))
	for i, w := range words {
		out[i] = distinct(name.Parse(w).Skeleton)
	}
	return out
}

// rareTokens is, for each word, its two rarest tokens in alphabetical order, joined.
func rareTokens(_ Field, words []string, count []int) [][]string {
	by := byRarity(words, count)
	out := make([][]string, len(words))
	for i := range words {
		if t := by(i); len(t) > 1 {
			two := append([]string(nil), t[:2]...)
			sort.Strings(two)
			out[i] = []string{two[0] + " " + two[1]}
		}
	}
	return out
}

// trigrams is the runs of three letters of each word's rarest token.
func trigrams(_ Field, words []string, count []int) [][]string {
	by := byRarity(words, count)
	out := make([][]string, len(words))
	for i := range words {
		t := by(i)
		if len(t) == 0 {
			continue
		}
		for k := 0; k+3 <= len(t[0]); k++ {
			out[i] = append(out[i], t[0][k:k+3])
		}
		out[i] = distinct(out[i])
	}
	return out
}

// byRarity is a function to a word's distinct token skeletons, the rarest first.
func byRarity(words []string, count []int) func(i int) []string {
	all := tokens(Field{}, words, count)
	n := map[string]int{}
	for i, ts := range all {
		for _, t := range ts {
			n[t] += count[i]
		}
	}
	return func(i int) []string {
		ts := append([]string(nil), all[i]...)
		sort.Slice(ts, func(a, b int) bool {
			if n[ts[a]] != n[ts[b]] {
				return n[ts[a]] < n[ts[b]]
			}
			return ts[a] < ts[b]
		})
		return ts
	}
}

// part is some letters of a day in ISO form; nothing of an interval that is longer than that part.
func part(from, to int) func(Field, string) string {
	return func(f Field, w string) string {
		lo, hi, ok := parseDays(w, f.Form)
		if !ok {
			return ""
		}
		a, b := isoDay(lo), isoDay(hi)
		if a[:to] != b[:to] {
			return ""
		}
		return a[from:to]
	}
}

// maxYears bounds the keys of an interval.
const maxYears = 6

// years is each year of the interval; with one beyond, so that neighbours have a year in common.
func years(beyond int) func(Field, []string, []int) [][]string {
	return func(f Field, words []string, _ []int) [][]string {
		out := make([][]string, len(words))
		for i, w := range words {
			lo, hi, ok := parseDays(w, f.Form)
			if !ok {
				continue
			}
			from, to := civilYear(lo), civilYear(hi)+beyond
			for y := from; y <= to && to-from < maxYears+beyond; y++ {
				out[i] = append(out[i], strconv.Itoa(y))
			}
		}
		return out
	}
}

// nearMonths is the month and the next, so that neighbours have one in common.
func nearMonths(f Field, words []string, _ []int) [][]string {
	out := make([][]string, len(words))
	for i, w := range words {
		lo, hi, ok := parseDays(w, f.Form)
		if !ok || isoDay(lo)[:7] != isoDay(hi)[:7] {
			continue
		}
		y, _ := strconv.Atoi(isoDay(lo)[:4])
		m, _ := strconv.Atoi(isoDay(lo)[5:7])
		out[i] = []string{strconv.Itoa(12*y + m), strconv.Itoa(12*y + m + 1)}
	}
	return out
}

func distinct(in []string) []string {
	out := append([]string(nil), in...)
	sort.Strings(out)
	k := 0
	for i, s := range out {
		if s != "" && (i == 0 || s != out[i-1]) {
			out[k] = s
			k++
		}
	}
	return out[:k]
}

func before(s, mark string) string { b, _, _ := strings.Cut(s, mark); return b }
func after(s, mark string) string  { _, a, _ := strings.Cut(s, mark); return a }

func digit(r rune) bool  { return r >= '0' && r <= '9' }
func letter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 127 }

func keep(s string, ok func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if ok(r) {
			return r
		}
		return -1
	}, s)
}

func firstN(s string, n int) string {
	if len(s) < n {
		return s
	}
	return s[:n]
}

func lastN(s string, n int) string {
	if len(s) < n {
		return s
	}
	return s[len(s)-n:]
}
