package link

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Fault is something wrong with a spec, and where in it: keys and places from 0, as in its YAML.
type Fault struct {
	Path    []any
	Message string
}

func (f Fault) Error() string { return f.Message }

// CheckFields finds what is wrong with fields alone.
func CheckFields(fs []Field) []Fault {
	c := &specCheck{kinds: map[string]Kind{}}
	c.fields(fs)
	return c.faults
}

// Check finds everything that is wrong with the spec without data.
func (s *Spec) Check() []Fault {
	c := &specCheck{kinds: map[string]Kind{}}
	if c.fields(s.Fields); len(s.Fields) == 0 {
		c.fail("there is no field", "fields")
	}
	names := map[string]bool{}
	for i := range s.Comparisons {
		if n := s.Comparisons[i].Name; n == "" || names[n] {
			c.fail("a comparison has a name, and no other has it", "comparisons", i, "name")
		} else {
			names[n] = true
		}
		c.comparison(i, &s.Comparisons[i])
	}
	if n := patterns(s.Comparisons); n > maxPatterns {
		c.fail("the comparisons have too many levels together", "comparisons")
	}
	c.blocking(s.Blocking)
	c.shares(s)
	return c.faults
}

func (s *Spec) check() error {
	var errs []error
	for _, f := range s.Check() {
		errs = append(errs, f)
	}
	return errors.Join(errs...)
}

// maxPatterns bounds the patterns that a pair may have, so that one fits a Pattern.
const maxPatterns = 1 << 62

// patterns is the product of the levels of all comparisons, missing and difference among them.
func patterns(cs []Comparison) float64 {
	n := 1.0
	for _, c := range cs {
		n *= float64(len(c.Levels) + 2)
	}
	return n
}

type specCheck struct {
	kinds  map[string]Kind
	faults []Fault
}

func (c *specCheck) fail(message string, path ...any) {
	c.faults = append(c.faults, Fault{path, message})
}

func (c *specCheck) fields(fs []Field) {
	for i, f := range fs {
		if !slices.Contains(Kinds, f.Kind) {
			c.fail(fmt.Sprintf("no kind %q", f.Kind), "fields", i, "kind")
		}
		if _, twice := c.kinds[f.Name]; twice || f.Name == "" || strings.Contains(f.Name, ".") {
			c.fail("a field's name stands once, and has no point", "fields", i, "name")
		}
		if f.Form != "" && !slices.Contains(DateForms, f.Form) {
			c.fail(fmt.Sprintf("dates have no form %q", f.Form), "fields", i, "form")
		}
		c.kinds[f.Name] = f.Kind
	}
}

func (c *specCheck) feature(of string, path ...any) {
	field, form, _ := strings.Cut(of, ".")
	kind, ok := c.kinds[field]
	switch {
	case !ok:
		c.fail(fmt.Sprintf("no field %q", field), path...)
	case slices.Contains(Kinds, kind) && findForm(kind, form) == nil:
		c.fail(fmt.Sprintf("a field of kind %s has no form %q", kind, form), path...)
	}
}

func (c *specCheck) comparison(i int, cmp *Comparison) {
	if len(cmp.Levels) == 0 || len(cmp.Levels) > maxLevels {
		c.fail(fmt.Sprintf("a comparison has from 1 to %d levels", maxLevels), "comparisons", i, "levels")
	}
	for k, l := range cmp.Levels {
		at := func(more ...any) []any { return append([]any{"comparisons", i, "levels", k}, more...) }
		if _, ok := tests[l.Is]; !ok && l.Is != exchanged {
			c.fail(fmt.Sprintf("no test %q", l.Is), at("is")...)
		}
		if l.Is == exchanged && len(l.Of) != 2 {
			c.fail(exchanged+" is of two features", at("of")...)
		}
		if len(l.Of) == 0 {
			c.fail("a level is of nothing", at()...)
		}
		for j, of := range l.Of {
			c.feature(of, at("of", j)...)
		}
		if l.Frequency != "" {
			c.feature(l.Frequency, at("frequency")...)
		}
	}
	for k, of := range cmp.UnlessBoth {
		c.feature(of, "comparisons", i, "unless_both", k)
	}
	for k, of := range cmp.UnlessEqual {
		c.feature(of, "comparisons", i, "unless_equal", k)
	}
}

func (c *specCheck) blocking(rules []Rule) {
	if len(rules) == 0 || len(rules) > maxRules {
		c.fail(fmt.Sprintf("blocking has from 1 to %d rules", maxRules), "blocking")
	}
	for i, r := range rules {
		if len(r.On) == 0 {
			c.fail("a rule is on nothing", "blocking", i)
		}
		for k, of := range r.On {
			c.feature(of, "blocking", i, "on", k)
		}
		for k, of := range r.Refine {
			c.feature(of, "blocking", i, "refine", k)
		}
	}
}

func (c *specCheck) shares(s *Spec) {
	t := s.withDefaults().Thresholds
	for _, e := range []struct {
		name string
		v    float64
	}{{"keep", t.Keep}, {"review", t.Review}, {"link", t.Link}} {
		if !(0 < e.v && e.v < 1) {
			c.fail("a threshold is a probability, over 0 and under 1", "thresholds", e.name)
		}
	}
	if t.Keep > t.Review || t.Review > t.Link {
		c.fail("keep is the lowest threshold and link the highest", "thresholds")
	}
	if s.Limits.Block < 0 || s.Limits.PairsPerRecord < 0 || s.Limits.MatchesPerRecord < 0 {
		c.fail("a limit is not below zero", "limits")
	}
}
