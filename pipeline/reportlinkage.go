package pipeline

import (
	"math"

	"palermo/load/report"
	"palermo/transform/link"
)

const (
	weightBin      = 2     // bits
	heaviestBin    = 60    // and above
	lightestBin    = -20   // and below
	waterfallPairs = 2_000 // of which the mean is taken
)

// linkageReport is how well records were joined, without any of them.
func (b *reporter) linkageReport() *report.Linkage {
	k, s := b.linked, b.summary.Linkage
	out := &report.Linkage{Model: k.model.ID, BuiltIn: s.BuiltIn, Link: b.Config.Linkage.Link, Review: b.Config.Linkage.Review, Records: int64(s.Records),
		Pairs: int64(s.Pairs), ForReview: int64(s.Review), PersonsLow: int64(s.Low), PersonsHigh: int64(s.Persons)}
	if len(out.Model) > 12 {
		out.Model = out.Model[:12]
	}
	b.each("sizes", func(a *reportAnswer, r []string) {
		name := r[0]
		if name == "10" {
			name = "10+"
		}
		out.Sizes = append(out.Sizes, report.Part{Code: name, Count: countOf(a.int(r, 1))})
	})
	out.Unlinkable = int64(k.scorer.Unlinkable(link.BitsOf(b.Config.Linkage.Link)))
	out.Weights, out.Wide = k.weights(), weightBin
	out.Waterfall = k.waterfall(b.Config)
	for i := range k.model.Comparisons {
		c := &k.model.Comparisons[i]
		for level, bits := range c.Bits() {
			out.Levels = append(out.Levels, report.Level{Comparison: c.Name, Says: c.Levels[level], Bits: thousandth(bits)})
		}
	}
	return out
}

// weights is the pairs by their weight. Pairs are of people, and few of them are hidden.
func (k *linkage) weights() []report.Bin {
	n := map[int]int64{}
	low, high := math.MaxInt, math.MinInt
	for _, p := range k.pairs {
		bin := min(max(int(math.Floor(p.Bits/weightBin))*weightBin, lightestBin), heaviestBin)
		n[bin]++
		low, high = min(low, bin), max(high, bin)
	}
	var out []report.Bin
	for bin := low; bin <= high && len(k.pairs) > 0; bin += weightBin {
		out = append(out, report.Bin{Bits: int64(bin), Pairs: countOf(n[bin])})
	}
	return out
}

// waterfall is the mean of the evidence of joined pairs, taken at even distances.
func (k *linkage) waterfall(c *Config) *report.Waterfall {
	var joined []link.Pair
	for _, p := range k.pairs {
		if p.Bits >= link.BitsOf(c.Linkage.Link) && k.clusters.Of[p.A] == k.clusters.Of[p.B] {
			joined = append(joined, p)
		}
	}
	out := &report.Waterfall{}
	for i := 0; i < len(joined); i += max(1, len(joined)/waterfallPairs) {
		out.Pairs++
		for n, e := range k.scorer.Evidence(joined[i]) {
			if n == len(out.Steps) {
				out.Steps = append(out.Steps, report.Step{Comparison: e.Comparison})
			}
			out.Steps[n].Bits += e.Bits + e.Rarity
		}
	}
	if out.Pairs < smallCells.Least {
		return nil
	}
	for n := range out.Steps {
		out.Steps[n].Bits = thousandth(out.Steps[n].Bits / float64(out.Pairs))
	}
	return out
}

// thousandth is a weight as exactly as anybody reads it.
func thousandth(bits float64) float64 { return math.Round(bits*1000) / 1000 }
