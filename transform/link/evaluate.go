package link

import (
	"cmp"
	"slices"
)

// Quality is precision, recall and their harmonic mean.
type Quality struct {
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

func quality(right, found, true_ float64) Quality {
	q := Quality{}
	if found > 0 {
		q.Precision = right / found
	}
	if true_ > 0 {
		q.Recall = right / true_
	}
	if s := q.Precision + q.Recall; s > 0 {
		q.F1 = 2 * q.Precision * q.Recall / s
	}
	return q
}

// Evaluation holds a linkage against the truth. Recall is of all true pairs, brought together by a
// rule or not.
type Evaluation struct {
	Records     int     `json:"records"`
	TruePairs   int64   `json:"true_pairs"`
	Ceiling     float64 `json:"ceiling"`       // the share of true pairs that any rule brings together
	AtHalf      Quality `json:"pairs_at_half"` // pairs of probability 0.5 or more
	Best        Quality `json:"pairs_best"`    // at the threshold with the highest F1
	BestAt      float64 `json:"best_at"`       // that threshold
	AtLink      Quality `json:"pairs_at_link"` // pairs over the threshold of links
	Clusters    Quality `json:"clusters"`      // pairs of one cluster
	BCubed      Quality `json:"b_cubed"`
	Exact       float64 `json:"exact"`   // the share of true clusters that were found as they are
	Largest     int     `json:"largest"` // records of the largest cluster
	LargestTrue int     `json:"largest_true"`
	OverMerge   float64 `json:"over_merge"` // the largest cluster by the largest true one
	Calibration []Bin   `json:"calibration"`
}

// A Bin is the pairs of a tenth of the probabilities: where the model is right, Observed is Mean.
type Bin struct {
	From     float64 `json:"from"`
	To       float64 `json:"to"`
	Pairs    int64   `json:"pairs"`
	Mean     float64 `json:"mean"`     // of their probabilities
	Observed float64 `json:"observed"` // the share of them that are of one person
}

// bins is how many parts the probabilities are parted in.
const bins = 10

// calibrate holds the pairs' probabilities against the truth. Pairs come in the order of their
// records, so that the sums are the same for any number of threads.
func calibrate(truth []int32, pairs []Pair) []Bin {
	out := make([]Bin, bins)
	for i := range out {
		out[i].From, out[i].To = float64(i)/bins, float64(i+1)/bins
	}
	for _, p := range pairs {
		prob := Probability(p.Bits)
		b := &out[min(int(prob*bins), bins-1)]
		b.Pairs++
		b.Mean += prob
		if truth[p.A] == truth[p.B] {
			b.Observed++
		}
	}
	for i := range out {
		if n := float64(out[i].Pairs); n > 0 {
			out[i].Mean /= n
			out[i].Observed /= n
		}
	}
	return out
}

// Evaluate holds pairs and clusters against the truth: for each record, by number, a number of the
// person that it is of. across counts only pairs of two lists.
func (l *Linker) Evaluate(truth []int32, pairs []Pair, c *Clusters) Evaluation {
	e := Evaluation{Records: len(truth)}
	counts := func(i int32, j int32) bool { return !l.spec.Across || l.table.list(i) != l.table.list(j) }
	e.TruePairs = l.pairsWithin(truth)
	var met int64
	for _, s := range groups(truth) {
		for i, a := range s {
			for _, b := range s[i+1:] {
				if mask := l.blocking.mask(a, b); mask != 0 && counts(a, b) {
					met++
				}
			}
		}
		e.LargestTrue = max(e.LargestTrue, len(s))
	}
	if e.TruePairs > 0 {
		e.Ceiling = float64(met) / float64(e.TruePairs)
	}
	e.pairs(truth, pairs, BitsOf(l.spec.Thresholds.Link))
	e.Calibration = calibrate(truth, pairs)
	found := groups(c.Of)
	right, all := int64(0), l.pairsWithin(c.Of)
	exact := 0
	size := map[int32]int{}
	for _, t := range truth {
		size[t]++
	}
	b3p, b3r := 0.0, 0.0
	for _, s := range found {
		e.Largest = max(e.Largest, len(s))
		in := map[int32]int{}
		for _, i := range s {
			in[truth[i]]++
		}
		if len(in) == 1 && size[truth[s[0]]] == len(s) {
			exact++
		}
		for _, k := range sortedCounts(in) {
			b3p += float64(k.n) * float64(k.n) / float64(len(s))
			b3r += float64(k.n) * float64(k.n) / float64(size[k.of])
		}
		for i, a := range s {
			for _, b := range s[i+1:] {
				if truth[a] == truth[b] && counts(a, b) {
					right++
				}
			}
		}
	}
	e.Clusters = quality(float64(right), float64(all), float64(e.TruePairs))
	n := float64(len(truth))
	e.BCubed = quality(b3p, n, n)
	e.BCubed.Recall = b3r / n
	if sum := e.BCubed.Precision + e.BCubed.Recall; sum > 0 {
		e.BCubed.F1 = 2 * e.BCubed.Precision * e.BCubed.Recall / sum
	}
	e.Exact = float64(exact) / float64(max(len(size), 1))
	e.OverMerge = float64(e.Largest) / float64(max(e.LargestTrue, 1))
	return e
}

// pairs finds the quality of pairs over every threshold.
func (e *Evaluation) pairs(truth []int32, pairs []Pair, link float64) {
	byBits := slices.Clone(pairs)
	slices.SortFunc(byBits, func(x, y Pair) int {
		return cmp.Or(cmp.Compare(y.Bits, x.Bits), cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B))
	})
	right := 0.0
	for i, p := range byBits {
		if truth[p.A] == truth[p.B] {
			right++
		}
		if i+1 < len(byBits) && byBits[i+1].Bits == p.Bits {
			continue
		}
		q := quality(right, float64(i+1), float64(e.TruePairs))
		if p.Bits >= 0 {
			e.AtHalf = q
		}
		if p.Bits >= link {
			e.AtLink = q
		}
		if q.F1 > e.Best.F1 {
			e.Best, e.BestAt = q, Probability(p.Bits)
		}
	}
}

func (l *Linker) pairsWithin(of []int32) int64 {
	n := int64(0)
	for _, s := range groups(of) {
		in := make([]float64, l.table.lists())
		for _, i := range s {
			in[l.table.list(i)]++
		}
		n += int64(pairsOf(in, l.spec.Across))
	}
	return n
}

// groups is the records by what they are of, in the order of their first.
func groups(of []int32) [][]int32 {
	at := map[int32]int{}
	var out [][]int32
	for i, g := range of {
		k, ok := at[g]
		if !ok {
			k = len(out)
			at[g] = k
			out = append(out, nil)
		}
		out[k] = append(out[k], int32(i))
	}
	return out
}

type countOf struct {
	of int32
	n  int
}

func sortedCounts(m map[int32]int) []countOf {
	var out []countOf
	for k, n := range m {
		out = append(out, countOf{k, n})
	}
	slices.SortFunc(out, func(a, b countOf) int { return int(a.of - b.of) })
	return out
}
