package link

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// A Pair is two records that were compared, weighed.
type Pair struct {
	A, B    int32 // numbers of records, A < B
	Rules   uint32
	Pattern Pattern
	Bits    float64 // all evidence, the prior's among it
}

// Probability is that the two are of one person, of so many bits.
func Probability(bits float64) float64 { return 1 / (1 + math.Exp2(-bits)) }

// BitsOf is the weight that gives the probability.
func BitsOf(p float64) float64 { return math.Log2(p / (1 - p)) }

// maxRarity bounds what the rarity of a word may add or take away, in bits.
const maxRarity = 12

// A Scorer weighs pairs by a model. It is safe for many goroutines.
type Scorer struct {
	l      *Linker
	model  *Model
	prior  []float64     // bits, by stratum
	on     []int         // by comparison: the one that it depends on; -1: none
	bits   [][][]float64 // by comparison, level of the one that it depends on (0: missing, or none), and level from 1
	left   [][][]float64 // by the same: the share of rarity that counts
	rarity [][]rarity    // by comparison and level
}

// rarity is log2 of each word's share, by word; nil where the level does not ask for it.
type rarity struct {
	f     *feature
	share []float64
	u     float64 // log2 of how often two records have the same word
}

// Scorer binds a model to the table. The model may be of another table, whose spec was the same.
func (l *Linker) Scorer(m *Model) *Scorer {
	s := &Scorer{l: l, model: m}
	names, _ := l.strata()
	lambda := map[string]float64{}
	least := 1.0
	for _, p := range m.Priors {
		lambda[p.Lists] = p.Lambda
		least = min(least, p.Lambda)
	}
	for _, n := range names {
		p, known := lambda[n]
		if !known { // a list that the model has not seen
			p = least
		}
		s.prior = append(s.prior, BitsOf(p))
	}
	for i := range l.compare.ladders {
		c := &m.Comparisons[i]
		bits, left := [][]float64{c.Bits()}, [][]float64{surpriseLeft(c.U, c.U)}
		if g := c.Given; g != nil {
			for k := range g.M {
				bits, left = append(bits, bitsOf(g.M[k], g.U[k])), append(left, surpriseLeft(g.U[k], c.U))
			}
		}
		s.on, s.bits, s.left = append(s.on, m.dependsOn(i)), append(s.bits, bits), append(s.left, left)
		var rs []rarity
		for k, step := range l.compare.ladders[i].steps {
			var r rarity
			if of := step.frequency; of != nil && m.Frequencies[of.of].Records > 0 { // else the model knows no rarity
				r = newRarity(step.frequency, m.Frequencies[step.frequency.of])
				r.u = math.Log2(cmp.Or(m.Frequencies[step.frequency.of].chance(), c.U[k]))
			}
			rs = append(rs, r)
		}
		s.rarity = append(s.rarity, rs)
	}
	return s
}

func newRarity(f *feature, of Rarity) rarity {
	r := rarity{f: f, share: make([]float64, len(f.words))}
	for w, h := range wordHashes(f) {
		n := max(of.Count[h], 1)
		r.share[w] = math.Log2(float64(n) / float64(max(of.Records, 1)))
	}
	return r
}

// rare is what the words' rarity adds at the level: a word twice as rare as the average one that two
// records have in common is worth a bit more.
func (s *Scorer) rare(i, level int, p Pattern, a, b int32) float64 {
	if level < 1 || level > len(s.rarity[i]) {
		return 0
	}
	r := &s.rarity[i][level-1]
	if r.f == nil || !r.f.has(a) || !r.f.has(b) {
		return 0
	}
	bits := min(max(r.u-max(r.share[r.f.at[a]], r.share[r.f.at[b]]), -maxRarity), maxRarity)
	return bits * s.left[i][s.given(i, p)][level-1]
}

// surpriseLeft is, for each level, how much of the surprise of meeting it is left where another
// comparison has said a part of it: of two records of one town the rarity of the postcode says nothing
// any more.
func surpriseLeft(given, all []float64) []float64 {
	out := make([]float64, len(all))
	for k := range all {
		if out[k] = 1; given[k] > all[k] {
			out[k] = math.Log2(given[k]) / math.Log2(all[k])
		}
	}
	return out
}

// given is the level of the comparison that comparison i depends on; 0 where it is missing, or there
// is none.
func (s *Scorer) given(i int, p Pattern) int {
	if on := s.on[i]; on >= 0 {
		return s.l.compare.digit(p, on)
	}
	return 0
}

// weigh sums the evidence, in the order in which Evidence has it.
func (s *Scorer) weigh(a, b int32, p Pattern) float64 {
	sum := s.prior[s.l.stratum(a, b)]
	for i := range s.bits {
		if d := s.l.compare.digit(p, i); d > 0 {
			sum += s.bits[i][s.given(i, p)][d-1]
			sum += s.rare(i, d, p, a, b)
		}
	}
	return sum
}

// Score streams every pair and keeps those whose probability is at least the spec's Keep, in the
// order of their records.
func (s *Scorer) Score(ctx context.Context) ([]Pair, error) { return s.score(ctx, nil) }

// score streams the pairs of which again is true; all where it is nil.
func (s *Scorer) score(ctx context.Context, again *revisit) ([]Pair, error) {
	l := s.l
	shards := l.blocking.shards()
	out := make([][]Pair, len(shards))
	least := BitsOf(l.spec.Thresholds.Keep)
	known := l.knownPatterns()
	if again != nil {
		known = nil // the patterns are of all pairs
	}
	err := parallel(ctx, len(shards), l.newMemo, func(m *memo, i int) {
		var rest []Pattern
		if known != nil {
			rest = known[i]
		}
		l.blocking.each(shards[i], again, func(a, b int32, mask uint32) {
			var p Pattern
			if known != nil {
				p, rest = rest[0], rest[1:]
			} else {
				p = l.compare.pattern(m, a, b)
			}
			if bits := s.weigh(a, b, p); bits >= least {
				out[i] = append(out[i], Pair{a, b, mask, p, bits})
			}
		})
	})
	if err != nil {
		return nil, err
	}
	pairs := slices.Concat(out...)
	slices.SortFunc(pairs, func(x, y Pair) int { return cmp.Or(cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B)) })
	return pairs, nil
}

// Evidence is one part of a pair's weight.
type Evidence struct {
	Comparison string  `json:"comparison"` // "prior" for what is known before any field
	Level      int     `json:"level"`      // 0: missing
	Says       string  `json:"says"`       // the level in words
	Bits       float64 `json:"bits"`
	Rarity     float64 `json:"rarity"` // bits for the rarity of what the two have in common
}

// Evidence is the parts of the pair's weight: their bits and rarities sum to it exactly, in this
// order.
func (s *Scorer) Evidence(p Pair) []Evidence {
	out := []Evidence{{Comparison: "prior", Says: "any two records", Bits: s.prior[s.l.stratum(p.A, p.B)]}}
	for i := range s.bits {
		c := &s.model.Comparisons[i]
		e := Evidence{Comparison: c.Name, Level: s.l.compare.digit(p.Pattern, i), Says: "missing"}
		if e.Level > 0 {
			e.Says, e.Bits, e.Rarity = c.Levels[e.Level-1], s.bits[i][s.given(i, p.Pattern)][e.Level-1], s.rare(i, e.Level, p.Pattern, p.A, p.B)
		}
		out = append(out, e)
	}
	return out
}

// Rules names the rules that brought the pair together.
func (l *Linker) Rules(p Pair) []string {
	var out []string
	for r, rule := range l.spec.Blocking {
		if p.Rules>>r&1 == 1 {
			out = append(out, rule.String())
		}
	}
	return out
}
