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
	for w, h := range f.hash {
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
	keep := func(i int, p Pair) {
		if p.Bits = s.weigh(p.A, p.B, p.Pattern); p.Bits >= least {
			out[i] = append(out[i], p)
		}
	}
	one := func(m *memo, i int) {
		l.blocking.each(shards[i], again, func(a, b int32, mask uint32) {
			keep(i, Pair{A: a, B: b, Rules: mask, Pattern: l.compare.pattern(m, a, b)})
		})
	}
	start := l.newMemo
	if known := l.knownPairs(); known != nil && again == nil {
		most := s.most(known.outcomes)
		start = func() *memo { return nil }
		one = func(_ *memo, i int) {
			l.blocking.repeat(shards[i], &known.shards[i], func(a, b, o int32) {
				if most[o] >= least {
					keep(i, Pair{A: a, B: b, Rules: known.outcomes[o].mask, Pattern: known.outcomes[o].pattern})
				}
			})
		}
	}
	if err := parallel(ctx, len(shards), start, one); err != nil {
		return nil, err
	}
	return l.inOrder(slices.Concat(out...)), nil
}

// inOrder is the pairs in the order of their records.
func (l *Linker) inOrder(pairs []Pair) []Pair {
	from := make([]int, l.Len()+1)
	for i := range pairs {
		from[pairs[i].A+1]++
	}
	for i := range l.Len() {
		from[i+1] += from[i]
	}
	out, at := make([]Pair, len(pairs)), slices.Clone(from)
	for i := range pairs {
		a := pairs[i].A
		out[at[a]] = pairs[i]
		at[a]++
	}
	for i := range l.Len() {
		slices.SortFunc(out[from[i]:from[i+1]], func(x, y Pair) int { return cmp.Compare(x.B, y.B) })
	}
	return out
}

// most is the most bits that a pair of each outcome can have: its own, and the rarest words.
func (s *Scorer) most(outcomes []counted) []float64 {
	rarest := make([][]float64, len(s.rarity))
	for i, levels := range s.rarity {
		rarest[i] = make([]float64, len(s.bits[i][0])+1)
		for k := range levels {
			if r := &levels[k]; r.f != nil && len(r.share) > 0 {
				rarest[i][k+1] = max(0, min(r.u-slices.Min(r.share), maxRarity))
			}
		}
	}
	const rounding = 1e-6
	out := make([]float64, len(outcomes))
	for o, c := range outcomes {
		sum := s.prior[c.stratum] + rounding
		for i := range s.bits {
			if d := s.l.compare.digit(c.pattern, i); d > 0 {
				sum += s.bits[i][s.given(i, c.pattern)][d-1] + rarest[i][d]
			}
		}
		out[o] = sum
	}
	return out
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
	out := []Evidence{{Comparison: "prior", Says: "any two records", Bits: s.Prior(p)}}
	for i := range s.bits {
		c := &s.model.Comparisons[i]
		e := Evidence{Comparison: c.Name, Level: s.Level(p, i), Says: "missing"}
		if e.Level > 0 {
			e.Says = c.Levels[e.Level-1]
			e.Bits, e.Rarity = s.Bits(p, i), s.Rarity(p, i)
		}
		out = append(out, e)
	}
	return out
}

// Prior is the bits of what is known of the pair before any field: the first part of its Evidence.
func (s *Scorer) Prior(p Pair) float64 { return s.prior[s.l.stratum(p.A, p.B)] }

// Level is the pair's level in comparison i.
func (s *Scorer) Level(p Pair, i int) int { return s.l.compare.digit(p.Pattern, i) }

// Bits is what the pair's level in comparison i says.
func (s *Scorer) Bits(p Pair, i int) float64 {
	if d := s.Level(p, i); d > 0 {
		return s.bits[i][s.given(i, p.Pattern)][d-1]
	}
	return 0
}

// Rarity is what the rarity of what the two have in common in comparison i adds to its bits.
func (s *Scorer) Rarity(p Pair, i int) float64 { return s.rare(i, s.Level(p, i), p.Pattern, p.A, p.B) }

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
