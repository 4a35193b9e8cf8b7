package link

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
)

// A Model is what weighs a pair: it is fitted once, kept, and an input of every later run. It holds
// no word of any record: words stand in it as hashes.
type Model struct {
	ID          string            `json:"id"` // digest of the rest
	Spec        Spec              `json:"spec"`
	Records     int               `json:"records"` // that it was fitted on
	Pairs       int64             `json:"pairs"`   // that were compared
	Priors      []Prior           `json:"priors"`
	Comparisons []ModelComparison `json:"comparisons"`
	Frequencies map[string]Rarity `json:"frequencies,omitempty"` // by feature
	Sessions    []Session         `json:"sessions"`
}

// Prior is the share of a pair of lists' pairs that are of one person.
type Prior struct {
	Lists  string  `json:"lists"` // two names with "|" between; "|" where there is one list
	Lambda float64 `json:"lambda"`
}

// ModelComparison is one comparison's levels: m is their probability among pairs of one person, u
// among pairs of two. The last level is the difference.
type ModelComparison struct {
	Name   string    `json:"name"`
	Levels []string  `json:"levels"`
	M      []float64 `json:"m"`
	U      []float64 `json:"u"`
	Fitted bool      `json:"fitted"` // false: m is a default
	Given  *Given    `json:"given,omitempty"`
}

// Given is the comparison that another one depends on, and m and u of the other one by its level, from
// 1: where it is missing, they are those of all pairs.
type Given struct {
	Comparison string      `json:"comparison"`
	M          [][]float64 `json:"m"`
	U          [][]float64 `json:"u"`
}

// Bits is the weight of each level.
func (c *ModelComparison) Bits() []float64 { return bitsOf(c.M, c.U) }

func bitsOf(m, u []float64) []float64 {
	out := make([]float64, len(m))
	for i := range out {
		out[i] = math.Log2(m[i] / u[i])
	}
	return out
}

// dependsOn is the place of the comparison that comparison i depends on; -1 where there is none.
func (m *Model) dependsOn(i int) int {
	g := m.Comparisons[i].Given
	if g == nil {
		return -1
	}
	return slices.IndexFunc(m.Comparisons, func(c ModelComparison) bool { return c.Name == g.Comparison })
}

// Rarity is how often the words of a feature occur, by the hash of the word; words that occur once
// are left out.
type Rarity struct {
	Records int64            `json:"records"` // that have the feature
	Count   map[uint64]int64 `json:"count"`
}

// chance is how often two records have the same word; 0 where no word stands twice. It counts the
// records as they are, those of one person among them, as each word's own count does: against u, which
// is free of them, the words of a person with many records would look common.
func (r Rarity) chance() float64 {
	pairs := int64(0)
	for _, n := range r.Count {
		pairs += n * (n - 1)
	}
	return float64(pairs) / max(float64(r.Records)*float64(r.Records-1), 1)
}

// Session is what one rule brought.
type Session struct {
	Rule    string  `json:"rule"`
	Pairs   int64   `json:"pairs"`
	Matches float64 `json:"matches"` // expected among them
	Steps   int     `json:"steps"`
}

// seal gives the model its id.
func (m *Model) seal() {
	m.ID = ""
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // numbers and strings always encode
	}
	sum := sha256.Sum256(b)
	m.ID = hex.EncodeToString(sum[:8])
}

// DecodeModel reads a model, and holds it against its id.
func DecodeModel(b []byte) (*Model, error) {
	m := &Model{}
	if err := json.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("link: read the model: %w", err)
	}
	id := m.ID
	if m.seal(); m.ID != id {
		return nil, fmt.Errorf("link: read the model: it is not what its id says")
	}
	return m, nil
}

// Table prints the model as people check it: a line a level, with m, u and bits.
func (m *Model) Table() string {
	var b strings.Builder
	for _, p := range m.Priors {
		fmt.Fprintf(&b, "prior %-30s %.3g (one pair in %.0f)\n", p.Lists, p.Lambda, 1/p.Lambda)
	}
	for i := range m.Comparisons {
		c := &m.Comparisons[i]
		fmt.Fprintf(&b, "%s\n", c.Name)
		for k, bits := range c.Bits() {
			fmt.Fprintf(&b, "  %-44s m %-10.4g u %-10.4g %+6.1f bits\n", c.Levels[k], c.M[k], c.U[k], bits)
		}
		if g := c.Given; g != nil {
			on := &m.Comparisons[m.dependsOn(i)]
			for s := range g.M {
				fmt.Fprintf(&b, "  where %s is %s, bits", on.Name, on.Levels[s])
				for _, bits := range bitsOf(g.M[s], g.U[s]) {
					fmt.Fprintf(&b, " %+.1f", bits)
				}
				fmt.Fprintln(&b)
			}
		}
	}
	return b.String()
}

// InsaneError says that the estimated model cannot be right, and prints it.
type InsaneError struct {
	Comparison string
	Reason     string
	Model      *Model
}

func (e *InsaneError) Error() string {
	return fmt.Sprintf("link: the model is not sane: comparison %q: %s\n%s", e.Comparison, e.Reason, e.Model.Table())
}
