package schemas

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	_ "embed"
)

// Check is one thing that is looked at before a snapshot is published. What its kind does is code; what it is
// held against is data.
type Check struct {
	Name     string   `yaml:"name"`
	Kind     string   `yaml:"kind"`
	Severity string   `yaml:"severity"` // a code of the list severity; a failure of severity error refuses publication
	Low      *float64 `yaml:"low"`      // the least figure that passes; nil for none
	High     *float64 `yaml:"high"`     // the greatest
	Table    string   `yaml:"table"`    // of CheckRange
	Column   string   `yaml:"column"`   // likewise: a column of numbers
	From     *float64 `yaml:"from"`     // likewise: the least value that a row may have
	To       *float64 `yaml:"to"`       // likewise: the greatest
	Where    *Where   `yaml:"where"`    // likewise: the rows that are looked at; nil for all
	Meaning  string   `yaml:"meaning"`
}

// Where is rows that hold one of some codes in a column.
type Where struct {
	Column string   `yaml:"column"`
	Is     []string `yaml:"is"`
}

// The kinds of checks.
const (
	CheckReference         = "reference"
	CheckInterval          = "interval"
	CheckRange             = "range"
	CheckBalance           = "balance"
	CheckUnexplainedLoss   = "unexplained_loss"
	CheckSourceRows        = "source_rows"
	CheckSourceCount       = "source_count"
	CheckShareRejected     = "share_rejected"
	CheckShareUnmapped     = "share_unmapped"
	CheckShareUnlinkable   = "share_unlinkable"
	CheckShareRetrafficked = "share_retrafficked"
)

var checkKinds = []string{CheckReference, CheckInterval, CheckRange, CheckBalance, CheckUnexplainedLoss, CheckSourceRows, CheckSourceCount,
	CheckShareRejected, CheckShareUnmapped, CheckShareUnlinkable, CheckShareRetrafficked}

//go:embed checks.yaml
var checksFile []byte

var builtinChecks = sync.OnceValue(func() []Check {
	cs, err := LoadChecks("checks.yaml", checksFile, Builtin())
	if err != nil {
		panic(fmt.Sprintf("schemas: the built-in checks are broken: %v", err))
	}
	return cs
})

// Checks is those declared in this package. The caller must not change them.
func Checks() []Check { return builtinChecks() }

// LoadChecks reads checks strictly and holds them against the schema. Its error names every fault with its place.
func LoadChecks(file string, b []byte, s *Schema) ([]Check, error) {
	var list struct {
		Checks []Check `yaml:"checks"`
	}
	doc, faults := DecodeStrict(file, b, &list)
	var all []error
	for _, f := range faults {
		all = append(all, fmt.Errorf("%s: %s", f.Pos, f.Message))
	}
	if len(all) > 0 {
		return nil, errors.Join(all...)
	}
	seen := map[string]bool{}
	for i, c := range list.Checks {
		wrong := func(field, format string, args ...any) {
			all = append(all, fmt.Errorf("%s: %s", doc.Pos("checks", i, field), fmt.Sprintf(format, args...)))
		}
		if c.Name == "" || seen[c.Name] {
			wrong("name", "a check has a name of its own")
		}
		seen[c.Name] = true
		if !slices.Contains(checkKinds, c.Kind) {
			wrong("kind", "no kind of check %q", c.Kind)
		}
		if s.List("severity").Index(c.Severity) < 0 {
			wrong("severity", "no severity %q", c.Severity)
		}
		if c.Meaning == "" {
			wrong("name", "no meaning")
		}
		if c.Kind == CheckRange && !s.hasNumber(c.Table, c.Column) {
			wrong("column", "no column of numbers %s.%s that analysts see", c.Table, c.Column)
		}
		if w := c.Where; w != nil && c.Kind == CheckRange && !s.hasCodes(c.Table, w) {
			wrong("where", "no column %s.%s of such codes", c.Table, w.Column)
		}
	}
	return list.Checks, errors.Join(all...)
}

// hasCodes reports whether the table has the column, and its list the codes.
func (s *Schema) hasCodes(table string, w *Where) bool {
	t := s.Table(table)
	if t == nil || len(w.Is) == 0 {
		return false
	}
	return slices.ContainsFunc(t.Columns(), func(c Column) bool {
		list := s.List(c.Codes)
		return c.Name == w.Column && list != nil && !slices.ContainsFunc(w.Is, func(code string) bool { return list.Index(code) < 0 })
	})
}

// hasNumber reports whether the analysts' form of the table has the column, and it holds numbers.
func (s *Schema) hasNumber(table, column string) bool {
	t := s.Table(table)
	if t == nil || t.In(ZoneAnalyst) == nil {
		return false
	}
	return slices.ContainsFunc(t.In(ZoneAnalyst).Columns(), func(c Column) bool {
		return c.Name == column && (c.Type == Integer || c.Type == Real)
	})
}
