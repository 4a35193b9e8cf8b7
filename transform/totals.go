package transform

import (
	"slices"

	"github.com/zeebo/xxh3"

	"palermo/diag"
	"palermo/mappings"
	"palermo/schemas"
)

// boundTotal holds one rule of totals against the rows of a file: rows that agree in the key but for
// one field are a group, in which the parts should add up to the total.
type boundTotal struct {
	rule   *mappings.Total
	field  int   // that the total and its parts differ in
	value  int   // that is added up
	within []int // the rest of the key
	when   []wordSet
	groups map[xxh3.Uint128]*totalGroup
	order  []*totalGroup // as first seen
	keys   *keys         // for the bytes of a row's key
}

// totalGroup is what was seen of one total and its parts.
type totalGroup struct {
	at       diag.Pos // of the total
	total    value
	has      bool // the total stands there, with a value
	low      float64
	high     float64
	seen     []string // the parts
	open     bool     // a part has no value, or no highest one
	repeated bool     // a part, or the total, stands there twice: which is meant is not clear
}

// bindTotals binds the mapping's rules of totals.
func (t *Table) bindTotals() error {
	for i := range t.plan.entry.Totals {
		r := &t.plan.entry.Totals[i]
		b := &boundTotal{rule: r, groups: map[xxh3.Uint128]*totalGroup{}, keys: newKeys(nil)}
		for k := range t.fields {
			switch name := t.fields[k].plan.field.Name; {
			case name == r.Field:
				b.field = k
			case name == "value":
				b.value = k
			case slices.Contains(t.plan.entry.Key, name):
				b.within = append(b.within, k)
			}
		}
		b.when = t.when(r.When)
		t.totals = append(t.totals, b)
	}
	return nil
}

// add looks at the loaded rows of a batch.
func (b *boundTotal) add(t *Table, raw *schemas.Batch, got [][]*outcome, loaded []int) {
	speaks := active(raw, b.when)
	for _, i := range loaded {
		if !all(speaks, i) {
			continue
		}
		word := t.saidOf(b.field, t.outcomeOf(got, b.field, i))
		isTotal := word == b.rule.Total
		if !isTotal && (word == "" || len(b.rule.Parts) > 0 && !slices.Contains(b.rule.Parts, word)) {
			continue
		}
		g := b.group(t, got, i)
		v := t.outcomeOf(got, b.value, i)
		if isTotal {
			g.repeated = g.repeated || g.at.Row > 0
			g.at = diag.Pos{File: t.origin.File, Sheet: t.origin.Sheet, Row: raw.Row(i), Col: rawCol(raw, i)}
			g.total, g.has = v.value, v.has
			continue
		}
		g.repeated = g.repeated || slices.Contains(g.seen, word)
		g.seen = append(g.seen, word)
		g.open = g.open || !v.has || !v.value.hasHigh
		if v.has {
			g.low += v.value.low
			g.high += v.value.high
		}
	}
}

func (b *boundTotal) group(t *Table, got [][]*outcome, i int) *totalGroup {
	key := xxh3.Hash128(b.keys.bytes(t, got, i, func(f int) bool { return slices.Contains(b.within, f) }))
	g := b.groups[key]
	if g == nil {
		g = &totalGroup{}
		b.groups[key] = g
		b.order = append(b.order, g)
	}
	return g
}

// report adds a finding at each total that its parts cannot add up to. Parts that are not there, or
// have no value, can only make the sum larger.
func (b *boundTotal) report(ds *diag.List) {
	for _, g := range b.order {
		if !g.has || g.repeated || len(g.seen) == 0 {
			continue
		}
		complete := !g.open && len(g.seen) >= max(2, len(b.rule.Parts))
		switch {
		case g.total.hasHigh && g.low > g.total.high+rounding:
			ds.Add(finding(diag.TotalDiffers, g.at, b.rule.Field, "the rows that this is the total of add up to more"))
		case complete && g.high < g.total.low-rounding:
			ds.Add(finding(diag.TotalDiffers, g.at, b.rule.Field, "the rows that this is the total of add up to less"))
		}
	}
}

// rounding is how far sums of decimals may be off by the way numbers are kept.
const rounding = 1e-6

// outcomeOf is what field k of row i came out as.
func (t *Table) outcomeOf(got [][]*outcome, k, i int) *outcome {
	if o := t.fields[k].fixed; o != nil {
		return o
	}
	return got[k][i]
}

// saidOf is the code or the text that a field came out as; empty for none.
func (t *Table) saidOf(k int, o *outcome) string {
	switch l := t.fields[k].plan.list; {
	case !o.has:
		return ""
	case l != nil:
		return l.Codes[int(o.value.low)].Code
	}
	return o.said()
}
