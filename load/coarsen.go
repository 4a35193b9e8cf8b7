package load

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"palermo/schemas"
)

// A coarsening makes the values of one column coarser. It looks at each value alone, leaves nulls,
// and done twice it is as done once. The caller releases its array.
type coarsening func(mem memory.Allocator, a arrow.Array) (arrow.Array, error)

// coarseningOf is what is to be done to a column of a table that In or Lake derived; nil for
// nothing. Only intervals can be made coarser: a single value would claim to be exact.
func coarseningOf(c schemas.Column) (coarsening, error) {
	if c.Coarsened == "" {
		return nil, nil
	}
	switch c.Part {
	case schemas.PartStatus, schemas.PartBasis: // say nothing of the value
		return nil, nil
	case schemas.PartPrecision:
		return atLeast(c.Coarsened), nil
	case schemas.PartLow, schemas.PartHigh:
		if f := endOf(c); f != nil {
			return f, nil
		}
	}
	return nil, fmt.Errorf("column %s: cannot be made coarser by %q", c.Name, c.Coarsened)
}

// endOf is the coarsening of one end of an interval, or nil.
func endOf(c schemas.Column) coarsening {
	low := c.Part == schemas.PartLow
	switch {
	case c.Coarsened == schemas.CoarsenYear && low:
		return dates(func(y int, _ time.Month) time.Time { return civil(y, time.January, 1) })
	case c.Coarsened == schemas.CoarsenYear:
		return dates(func(y int, _ time.Month) time.Time { return civil(y, time.December, 31) })
	case c.Coarsened == schemas.CoarsenMonth && low:
		return dates(func(y int, m time.Month) time.Time { return civil(y, m, 1) })
	case c.Coarsened == schemas.CoarsenMonth:
		return dates(func(y int, m time.Month) time.Time { return civil(y, m+1, 0) })
	case c.Coarsened == schemas.CoarsenBand && schemas.Bands(c.Bands) != nil:
		if c.Type == schemas.Real {
			return realsInBands(schemas.Bands(c.Bands), low)
		}
		return inBands(schemas.Bands(c.Bands), low)
	}
	return nil
}

func civil(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

const secondsADay = 24 * 60 * 60

// dates puts in the place of each day the one that to gives for its year and month.
func dates(to func(y int, m time.Month) time.Time) coarsening {
	return func(mem memory.Allocator, a arrow.Array) (arrow.Array, error) {
		in, ok := a.(*array.Date32)
		if !ok {
			return nil, errType(a)
		}
		b := array.NewDate32Builder(mem)
		defer b.Release()
		b.Reserve(in.Len())
		for i := range in.Len() {
			if in.IsNull(i) {
				b.AppendNull()
				continue
			}
			y, m, _ := time.Unix(int64(in.Value(i))*secondsADay, 0).UTC().Date()
			day := to(y, m).Unix() / secondsADay
			b.Append(arrow.Date32(min(max(day, math.MinInt32), math.MaxInt32)))
		}
		return b.NewArray(), nil
	}
}

// inBands puts in the place of each number the lowest or the highest of its band. The last band
// is open: it has no highest. A number below the first is in the first.
func inBands(lows []int64, low bool) coarsening {
	return func(mem memory.Allocator, a arrow.Array) (arrow.Array, error) {
		in, ok := a.(*array.Int64)
		if !ok {
			return nil, errType(a)
		}
		b := array.NewInt64Builder(mem)
		defer b.Release()
		b.Reserve(in.Len())
		for i := range in.Len() {
			if in.IsNull(i) {
				b.AppendNull()
				continue
			}
			switch k := band(lows, in.Value(i)); {
			case low:
				b.Append(lows[k])
			case k == len(lows)-1:
				b.AppendNull()
			default:
				b.Append(lows[k+1] - 1)
			}
		}
		return b.NewArray(), nil
	}
}

// realsInBands is inBands for amounts. One between the highest of a band and the lowest of the next
// is in the lower band.
func realsInBands(lows []int64, low bool) coarsening {
	return func(mem memory.Allocator, a arrow.Array) (arrow.Array, error) {
		in, ok := a.(*array.Float64)
		if !ok {
			return nil, errType(a)
		}
		b := array.NewFloat64Builder(mem)
		defer b.Release()
		b.Reserve(in.Len())
		for i := range in.Len() {
			if in.IsNull(i) || math.IsNaN(in.Value(i)) {
				b.AppendNull()
				continue
			}
			// far above the last band a conversion to int64 would not be defined
			x := math.Floor(min(in.Value(i), float64(lows[len(lows)-1])))
			switch k := band(lows, int64(max(x, 0))); {
			case low:
				b.Append(float64(lows[k]))
			case k == len(lows)-1:
				b.AppendNull()
			default:
				b.Append(schemas.BandEnd(lows[k+1], schemas.Real))
			}
		}
		return b.NewArray(), nil
	}
}

// band is the place of the band that holds n.
func band(lows []int64, n int64) int {
	k, found := slices.BinarySearch(lows, n)
	if !found {
		k--
	}
	return max(k, 0)
}

// precisions is the codes of the list precision that say how wide a value is, from narrow to
// wide. The others, as estimated, say how it was found, and stay.
var precisions = []string{"exact", "day", "month", "quarter", "year", "band"}

// atLeast puts in the place of each precision the coarser of itself and the one named, which has
// the name of the coarsening.
func atLeast(name string) coarsening {
	least := slices.Index(precisions, name)
	coarser := func(word string) string {
		if at := slices.Index(precisions, word); at >= 0 && at < least {
			return name
		}
		return word
	}
	return func(mem memory.Allocator, a arrow.Array) (arrow.Array, error) {
		d, ok := a.(*array.Dictionary)
		if !ok {
			return mapWords(mem, a, coarser)
		}
		words, err := mapWords(mem, d.Dictionary(), coarser)
		if err != nil {
			return nil, err
		}
		defer words.Release()
		return array.NewDictionaryArray(d.DataType(), d.Indices(), words), nil
	}
}

func mapWords(mem memory.Allocator, a arrow.Array, f func(string) string) (arrow.Array, error) {
	in, ok := a.(*array.String)
	if !ok {
		return nil, errType(a)
	}
	b := array.NewStringBuilder(mem)
	defer b.Release()
	b.Reserve(in.Len())
	for i := range in.Len() {
		if in.IsNull(i) {
			b.AppendNull()
			continue
		}
		b.Append(f(in.Value(i)))
	}
	return b.NewArray(), nil
}
