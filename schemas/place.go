package schemas

import (
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// A Place is a column of Rows: -1 for one that the table does not have, of which every value is
// let go. It is the same for all Rows of a table.
type Place int

// Place finds a column by its name.
func (r *Rows) Place(name string) Place {
	if i, ok := r.place[name]; ok {
		return Place(i)
	}
	return -1
}

// Text sets a text or code of the row at hand; an empty one is null. The setters are for tables of
// millions of rows, of which a map each would cost more than all the rest: each column is set at
// most once a row, then End ends it. They are not mixed with Add within a row.
func (r *Rows) Text(p Place, s string) {
	if p < 0 || s == "" {
		return
	}
	switch b := r.build[p].(type) {
	case *array.StringBuilder:
		b.Append(s)
	case *array.Int32Builder:
		c := r.codes[p]
		if c == nil || c.list != nil && c.list.Index(s) < 0 {
			r.wrong(p, "not a code of its list")
			return
		}
		b.Append(c.of(s))
	default:
		r.wrong(p, "no column of text")
	}
}

// Int sets an integer.
func (r *Rows) Int(p Place, n int64) {
	if p < 0 {
		return
	}
	switch b := r.build[p].(type) {
	case *array.Int64Builder:
		b.Append(n)
	case *array.Int32Builder:
		if n < math.MinInt32 || n > math.MaxInt32 {
			r.wrong(p, "beyond 32 bits")
			return
		}
		b.Append(int32(n))
	default:
		r.wrong(p, "no column of integers")
	}
}

// Real sets a number.
func (r *Rows) Real(p Place, x float64) {
	if p < 0 {
		return
	}
	if b, ok := r.build[p].(*array.Float64Builder); ok {
		b.Append(x)
		return
	}
	r.wrong(p, "no column of numbers")
}

// Truth sets yes or no.
func (r *Rows) Truth(p Place, yes bool) {
	if p < 0 {
		return
	}
	if b, ok := r.build[p].(*array.BooleanBuilder); ok {
		b.Append(yes)
		return
	}
	r.wrong(p, "no column of truth")
}

// Day sets a date, in days since 1970.
func (r *Rows) Day(p Place, day int32) {
	if p < 0 {
		return
	}
	if b, ok := r.build[p].(*array.Date32Builder); ok {
		b.Append(arrow.Date32(day))
		return
	}
	r.wrong(p, "no column of dates")
}

func (r *Rows) wrong(p Place, why string) {
	if r.err == nil {
		r.err = fmt.Errorf("table %s: column %s: %s", r.table.Name, r.columns[p].Name, why)
	}
}

// End ends the row: what was not set is null. It is an error where a value did not fit, a required
// one is missing, or one was set twice; the rows are then of no use.
func (r *Rows) End() error {
	if r.err != nil {
		return r.err
	}
	r.n++
	for i, b := range r.build {
		switch missing := int(r.n) - b.Len(); {
		case missing == 0:
		case missing == 1 && r.columns[i].Nullable:
			b.AppendNull()
		case missing == 1:
			return fmt.Errorf("table %s: column %s: a value is required", r.table.Name, r.columns[i].Name)
		default:
			return fmt.Errorf("table %s: column %s: set twice in a row", r.table.Name, r.columns[i].Name)
		}
	}
	return nil
}
