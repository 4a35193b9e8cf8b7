package schemas

import "slices"

// How a quasi field is made fit for the analyst zone.
const (
	CoarsenAsIs  = "as_is" // needs none
	CoarsenYear  = "year"  // a date becomes its year
	CoarsenMonth = "month" // a date becomes its month
	CoarsenBand  = "band"  // a number becomes a band
	CoarsenOmit  = "omit"  // does not go there
)

// In is the table as the zone may hold it: with the fields whose class the zone allows. It is nil
// where the table may not stand in the zone at all, or nothing of it may.
//
// A quasi field may stand in the analyst zone only coarsened. Nothing coarsens yet, so it is left
// out there, whatever its Coarsen says; so is a sensitive field, which needs a configured purpose.
func (t *Table) In(z Zone) *Table {
	if slices.Index(zones, z) < 0 || slices.Index(zones, z) > slices.Index(zones, t.Zone) {
		return nil
	}
	out := *t
	out.Fields = nil
	for _, f := range t.Fields {
		if z.Allows(f.Class) {
			out.Fields = append(out.Fields, f)
		}
	}
	if len(out.Fields) == 0 {
		return nil
	}
	return &out
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
