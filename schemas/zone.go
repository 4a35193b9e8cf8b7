package schemas

import (
	"fmt"
	"slices"
	"strings"
)

// How a quasi field is made fit for the analyst zone, and a direct one for every zone but the
// vault.
const (
	CoarsenAsIs  = "as_is" // needs none; never of a direct field
	CoarsenYear  = "year"  // each end of an interval of dates becomes that of its year
	CoarsenMonth = "month" // the same, of its month
	CoarsenBand  = "band"  // each end of an interval of numbers becomes that of its band
	CoarsenOmit  = "omit"  // does not go there
)

// bands is every division of the numbers from 0 that a field may name, as the lowest number
// of each band; the last is open above.
//
// No band of ages may hold both 17 and 18: who is known to be a child, or an adult, stays known
// to be one. Those of CTDC's second age range have further borders at 14 and 26, and not at 27,
// since the published figures of the region's databases ask for them.
var bands = map[string][]int64{
	"age":       {0, 9, 14, 18, 21, 24, 26, 30, 39, 48},
	"count":     {0, 1, 2, 3, 4, 5},
	"income":    {0, 100},    // the one border that a published figure asks for
	"months":    {0, 13, 25}, // CTDC's, of how long exploitation lasted
	"schooling": {0, 1, 5, 9, 13},
}

// Bands is the lowest number of each band of a division, in ascending order; nil where there is
// none of the name. The caller must not change it.
func Bands(name string) []int64 { return bands[name] }

// In is the table as the zone may hold it: with the fields whose class the zone allows, and, made
// coarser, the quasi and direct ones that say how. It is nil where the table may not stand in the
// zone at all, or nothing of it may.
//
// Sensitive fields stand in no analyst zone: they need a configured purpose. A coarsened field
// loses its words as published, which would undo it; Column.Coarsened says what else is to be
// done to its values, and load does it to whatever is written as the table.
func (t *Table) In(z Zone) *Table {
	if slices.Index(zones, z) < 0 || slices.Index(zones, z) > slices.Index(zones, t.Zone) {
		return nil
	}
	return t.with(func(f Field) (Field, bool) {
		if z.Allows(f.Class) {
			return f, true
		}
		return f.coarser()
	})
}

// Lake is the table as the lake holds it: all but the direct fields, of which it has none, or,
// where they say how, a coarser form. It is nil where nothing is left.
func (t *Table) Lake() *Table {
	return t.with(func(f Field) (Field, bool) {
		if f.Class != ClassDirect {
			return f, true
		}
		return f.coarser()
	})
}

// Vault is what of the table only the vault may hold: its direct fields in full, and its key. It
// is nil where the table has no direct field.
func (t *Table) Vault() *Table {
	if !slices.ContainsFunc(t.Fields, func(f Field) bool { return f.Class == ClassDirect }) {
		return nil
	}
	out := t.with(func(f Field) (Field, bool) { return f, f.Key || f.Class == ClassDirect })
	out.Zone = ZonePrivate
	return out
}

// Keyed is the names of the table's columns that hold ids under the key of the zone, in their
// order: another zone has other words there.
func (t *Table) Keyed() []string {
	var out []string
	for _, f := range t.Fields {
		if f.Keyed {
			out = append(out, f.Name)
		}
	}
	return out
}

// with is the table with each field as keep returns it, without those it does not keep; nil where
// it keeps none.
func (t *Table) with(keep func(Field) (Field, bool)) *Table {
	out := *t
	out.Fields = nil
	for _, f := range t.Fields {
		if f, ok := keep(f); ok {
			out.Fields = append(out.Fields, f)
		}
	}
	if len(out.Fields) == 0 {
		return nil
	}
	return &out
}

// coarser is the field made as coarse as it says; ok is false where it may only be left out.
func (f Field) coarser() (coarse Field, ok bool) {
	if f.Class != ClassQuasi && f.Class != ClassDirect {
		return f, false
	}
	switch f.Coarsen {
	case CoarsenAsIs:
		return f, f.Class == ClassQuasi
	case CoarsenYear, CoarsenMonth, CoarsenBand:
		f.Coarsened, f.Text, f.AsReported = f.Coarsen, false, false
		return f, true
	}
	return f, false
}

// ShowsWords reports whether the zone has the field's values as they came, so that the words they
// were read from say no more than they do. The line of a value map that gives the word, and the
// row, of another field would undo what the zone leaves out.
func (f *Field) ShowsWords(z Zone) bool {
	return z.Allows(f.Class) || f.Class == ClassQuasi && f.Coarsen == CoarsenAsIs
}

// coarseness is the words for what was done to the values; empty for nothing.
func (c Column) coarseness() string {
	switch c.Coarsened {
	case CoarsenYear, CoarsenMonth:
		return "Coarsened to the " + c.Coarsened
	case CoarsenBand:
		return "Coarsened to the bands " + bandWords(bands[c.Bands], c.Type)
	}
	return ""
}

// BandEnd is the highest value of the band below the next one's lowest: of whole numbers the one
// before it, of others, which are amounts of money, a hundredth less.
func BandEnd(next int64, t Type) float64 {
	if t == Real {
		return float64(next) - 0.01
	}
	return float64(next - 1)
}

// bandWords is bands as "0-8, 9-17, 18+".
func bandWords(lows []int64, t Type) string {
	var words []string
	for i, low := range lows {
		switch {
		case i == len(lows)-1:
			words = append(words, fmt.Sprintf("%d+", low))
		case lows[i+1] == low+1 && t == Integer:
			words = append(words, fmt.Sprint(low))
		default:
			words = append(words, fmt.Sprintf("%d-%v", low, BandEnd(lows[i+1], t)))
		}
	}
	return strings.Join(words, ", ")
}

// Widest is the widest zone that may hold a column of the class as it is.
func (c Class) Widest() Zone {
	for _, z := range slices.Backward(zones) {
		if z.Allows(c) {
			return z
		}
	}
	return ZonePrivate
}

// narrower is the one of two zones that fewer may read.
func narrower(a, b Zone) Zone {
	if slices.Index(zones, a) < slices.Index(zones, b) {
		return a
	}
	return b
}
