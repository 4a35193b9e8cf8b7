package link

import (
	"fmt"
	"strings"
)

// A Spec says what is compared and how: which column is which field, which pairs are looked at,
// and in which levels two records may agree. It is data, the same that link.yaml holds.
//
// A feature is a field, or a form of it after a point: "surname", "surname.skeleton",
// "birth.year", "surname.first3". Forms are listed in forms.go.
type Spec struct {
	Fields      []Field      `yaml:"fields" json:"fields"`
	Comparisons []Comparison `yaml:"comparisons" json:"comparisons"`
	Blocking    []Rule       `yaml:"blocking" json:"blocking"`
	Across      bool         `yaml:"across,omitempty" json:"across,omitempty"`         // only pairs of two lists
	OneToOne    bool         `yaml:"one_to_one,omitempty" json:"one_to_one,omitempty"` // a cluster has at most one record of each list
	Limits      Limits       `yaml:"limits,omitempty" json:"limits"`
	Thresholds  Thresholds   `yaml:"thresholds,omitempty" json:"thresholds"`
	Guard       Guard        `yaml:"guard,omitempty" json:"guard"`
}

// A Field is one or more columns that say one thing.
type Field struct {
	Name string   `yaml:"name" json:"name"`
	From []string `yaml:"from,omitempty,flow" json:"from,omitempty"` // columns, whose words are joined by a blank; the column of the field's name by default
	Kind Kind     `yaml:"kind" json:"kind"`
	Form string   `yaml:"form,omitempty" json:"form,omitempty"` // of dates: as in mappings, yyyy-mm-dd by default
}

// A Kind is how a field's words are standardised.
type Kind string

// Kinds is every kind of field.
var Kinds = []Kind{Name, Text, Code, Date, Birth, Number, Reference, Email}

// The kinds of field.
const (
	Name      Kind = "name"      // names of persons, in any script
	Text      Kind = "text"      // other words: places, streets, occupations
	Code      Kind = "code"      // a word of a closed list: sex, country, state
	Date      Kind = "date"      // a day; less than a day is missing
	Birth     Kind = "birth"     // a day, month or year, or two days with "/" between: an interval
	Number    Kind = "number"    // an amount
	Reference Kind = "reference" // an identifier: letters and digits count, nothing else
	Email     Kind = "email"
)

// A Comparison is a ladder: the level of a pair is the first that holds; past the last, the pair
// differs. Where a record has none of the fields of the first level, the comparison is missing and
// says nothing.
type Comparison struct {
	Name        string   `yaml:"name" json:"name"`
	Levels      []Level  `yaml:"levels" json:"levels"`
	UnlessBoth  []string `yaml:"unless_both,omitempty,flow" json:"unless_both,omitempty"`   // missing where both records have these features: another comparison has them
	UnlessEqual []string `yaml:"unless_equal,omitempty,flow" json:"unless_equal,omitempty"` // missing where both have these and one differs: what it says would be said twice
}

// A Level is one way for two records to agree: Is holds of each of the features Of.
type Level struct {
	Is        string   `yaml:"is" json:"is"`
	Of        []string `yaml:"of,flow" json:"of"`
	Least     float64  `yaml:"least,omitempty" json:"least,omitempty"`         // of a similarity, 0 to 1
	Most      float64  `yaml:"most,omitempty" json:"most,omitempty"`           // of a distance: edits, digits, days, a difference
	Frequency string   `yaml:"frequency,omitempty" json:"frequency,omitempty"` // the feature whose rarity counts: agreement on a rare word says more
}

// String says what the level holds for.
func (l Level) String() string {
	s := l.Is + " " + strings.Join(l.Of, ", ")
	switch {
	case l.Least != 0:
		return fmt.Sprintf("%s ≥ %g", s, l.Least)
	case l.Most != 0:
		return fmt.Sprintf("%s ≤ %g", s, l.Most)
	}
	return s
}

// A Rule brings together the records that have all its features in common. Any rule suffices.
type Rule struct {
	Name   string   `yaml:"name,omitempty" json:"name,omitempty"`
	On     []string `yaml:"on,flow" json:"on"`
	Refine []string `yaml:"refine,omitempty,flow" json:"refine,omitempty"` // features that part a block over the cap, one more at a time
}

func (r Rule) String() string {
	if r.Name != "" {
		return r.Name
	}
	return strings.Join(r.On, " + ")
}

// Limits bound the pairs before there is any. Zero values are the defaults.
type Limits struct {
	Block int `yaml:"block,omitempty" json:"block"` // records in one block; larger ones are refined, else dropped and reported. 400
	// Pairs of one person a record of the shorter of two lists, at most, that the estimation may find; 0 sets no limit. Where
	// many strangers have a name in common they look like a person who stands in a list dozens of times.
	MatchesPerRecord float64 `yaml:"matches_per_record,omitempty" json:"matches_per_record,omitempty"`

	PairsPerRecord int `yaml:"pairs_per_record,omitempty" json:"pairs_per_record"` // over all rules; over it, a rule's largest blocks are dropped and reported. 200
}

// Thresholds part pairs into links, possible links and the rest, by probability.
type Thresholds struct {
	Link   float64 `yaml:"link,omitempty" json:"link"`     // 0.95 by default
	Review float64 `yaml:"review,omitempty" json:"review"` // 0.60 by default, or Link where that is lower
	Keep   float64 `yaml:"keep,omitempty" json:"keep"`     // pairs below are not kept at all; 0.001 by default
}

// Guard bounds what may join two clusters.
type Guard struct {
	Average  float64 `yaml:"average,omitempty" json:"average"`   // bits: the average weight between two clusters must reach it; -3 by default
	Unscored float64 `yaml:"unscored,omitempty" json:"unscored"` // bits: what a pair that was not kept counts; -6 by default
	Least    float64 `yaml:"least,omitempty" json:"least"`       // bits: edges below are not looked at; 0 by default
	Off      bool    `yaml:"off,omitempty" json:"off,omitempty"` // joins whatever is linked: connected components of the links
}

const (
	defaultBlock          = 400
	defaultPairsPerRecord = 200
	maxRules              = 32 // a pair's rules are bits of a word
)

// withDefaults is the spec with every zero value set.
func (s Spec) withDefaults() Spec {
	set := func(v *float64, to float64) {
		if *v == 0 {
			*v = to
		}
	}
	if s.Limits.Block == 0 {
		s.Limits.Block = defaultBlock
	}
	if s.Limits.PairsPerRecord == 0 {
		s.Limits.PairsPerRecord = defaultPairsPerRecord
	}
	set(&s.Thresholds.Link, 0.95)
	set(&s.Thresholds.Review, min(0.60, s.Thresholds.Link))
	set(&s.Thresholds.Keep, min(0.001, s.Thresholds.Review))
	set(&s.Guard.Average, -3)
	set(&s.Guard.Unscored, -6)
	return s
}
