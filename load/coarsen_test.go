package load

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"palermo/load/loadtest"
	"palermo/schemas"
)

const null = "(null)"

// made is an array of the words: days, numbers or texts; null stands for none.
func made[B array.Builder](t *testing.T, b B, words ...string) arrow.Array {
	t.Helper()
	defer b.Release()
	for _, w := range words {
		if w == null {
			b.AppendNull()
		} else if err := b.AppendValueFromString(w); err != nil {
			t.Fatal(err)
		}
	}
	return b.NewArray()
}

func wordsOf(a arrow.Array) []string {
	var out []string
	for i := range a.Len() {
		out = append(out, a.ValueStr(i))
	}
	return out
}

// testCoarsening coarsens from to want, and once more, which changes nothing.
func testCoarsening(t *testing.T, mem *memory.CheckedAllocator, c schemas.Column, from arrow.Array, want []string) {
	t.Helper()
	defer mem.AssertSize(t, 0)
	defer from.Release()
	f, err := coarseningOf(c)
	if err != nil {
		t.Fatal(err)
	}
	before := wordsOf(from)
	once, err := f(mem, from)
	if err != nil {
		t.Fatal(err)
	}
	defer once.Release()
	if diff := cmp.Diff(want, wordsOf(once)); diff != "" {
		t.Errorf("coarsened %v (-want +got):\n%s", before, diff)
	}
	again, err := f(mem, once)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Release()
	// The highest of an open band is gone, and stays so.
	if diff := cmp.Diff(want, wordsOf(again)); diff != "" {
		t.Errorf("done twice (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, wordsOf(from)); diff != "" {
		t.Errorf("the values that came were changed (-want +got):\n%s", diff)
	}
}

func TestCoarsenDates(t *testing.T) {
	days := []string{"2004-02-10", "2003-02-01", "1999-12-31", "2000-01-01", "1968-07-15", null, "0001-01-01", "2004-02-29"}
	for _, c := range []struct {
		how  string
		part schemas.Part
		want []string
	}{
		{schemas.CoarsenYear, schemas.PartLow, []string{"2004-01-01", "2003-01-01", "1999-01-01", "2000-01-01", "1968-01-01", null, "0001-01-01", "2004-01-01"}},
		{schemas.CoarsenYear, schemas.PartHigh, []string{"2004-12-31", "2003-12-31", "1999-12-31", "2000-12-31", "1968-12-31", null, "0001-12-31", "2004-12-31"}},
		{schemas.CoarsenMonth, schemas.PartLow, []string{"2004-02-01", "2003-02-01", "1999-12-01", "2000-01-01", "1968-07-01", null, "0001-01-01", "2004-02-01"}},
		{schemas.CoarsenMonth, schemas.PartHigh, []string{"2004-02-29", "2003-02-28", "1999-12-31", "2000-01-31", "1968-07-31", null, "0001-01-31", "2004-02-29"}},
	} {
		t.Run(c.how+" "+string(c.part), func(t *testing.T) {
			mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
			testCoarsening(t, mem, schemas.Column{Name: "d", Part: c.part, Coarsened: c.how}, made(t, array.NewDate32Builder(mem), days...), c.want)
		})
	}
}

// Every day of five years, and the farthest there are, lie in what they become.
func TestCoarsenedDatesHoldTheDay(t *testing.T) {
	day := func(y int) int32 { return int32(time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC).Unix() / secondsADay) }
	from := []int32{math.MinInt32, math.MaxInt32}
	for d := day(1899); d < day(1904); d++ {
		from = append(from, d)
	}
	b := array.NewDate32Builder(memory.NewGoAllocator())
	for _, d := range from {
		b.Append(arrow.Date32(d))
	}
	in := b.NewArray()
	for _, how := range []string{schemas.CoarsenYear, schemas.CoarsenMonth} {
		ends := map[schemas.Part]*array.Date32{}
		for _, p := range []schemas.Part{schemas.PartLow, schemas.PartHigh} {
			f, err := coarseningOf(schemas.Column{Part: p, Coarsened: how})
			if err != nil {
				t.Fatal(err)
			}
			a, err := f(memory.NewGoAllocator(), in)
			if err != nil {
				t.Fatal(err)
			}
			ends[p] = a.(*array.Date32)
		}
		for i, d := range from {
			low, high := int32(ends[schemas.PartLow].Value(i)), int32(ends[schemas.PartHigh].Value(i))
			if d < low || d > high {
				t.Errorf("day %d became [%d, %d]", d, low, high)
			}
		}
	}
}

func TestCoarsenBands(t *testing.T) {
	numbers := []string{"0", "8", "9", "13", "14", "17", "18", "20", "25", "26", "47", "48", "120", null, "-1"}
	for _, c := range []struct {
		bands string
		part  schemas.Part
		want  []string
	}{
		{"age", schemas.PartLow, []string{"0", "0", "9", "9", "14", "14", "18", "18", "24", "26", "39", "48", "48", null, "0"}},
		{"age", schemas.PartHigh, []string{"8", "8", "13", "13", "17", "17", "20", "20", "25", "29", "47", null, null, null, "8"}},
		{"count", schemas.PartLow, []string{"0", "5", "5", "5", "5", "5", "5", "5", "5", "5", "5", "5", "5", null, "0"}},
		{"count", schemas.PartHigh, []string{"0", null, null, null, null, null, null, null, null, null, null, null, null, null, "0"}},
		{"months", schemas.PartHigh, []string{"12", "12", "12", "24", "24", "24", "24", "24", null, null, null, null, null, null, "12"}},
	} {
		t.Run(c.bands+" "+string(c.part), func(t *testing.T) {
			mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
			column := schemas.Column{Name: "n", Part: c.part, Coarsened: schemas.CoarsenBand, Bands: c.bands}
			testCoarsening(t, mem, column, made(t, array.NewInt64Builder(mem), numbers...), c.want)
		})
	}
}

func TestCoarsenAmounts(t *testing.T) {
	amounts := []string{"0", "0.5", "99.99", "99.995", "100", "1e+30", "-3", null}
	for part, want := range map[schemas.Part][]string{
		schemas.PartLow:  {"0", "0", "0", "0", "100", "100", "0", null},
		schemas.PartHigh: {"99.99", "99.99", "99.99", "99.99", null, null, "99.99", null},
	} {
		t.Run(string(part), func(t *testing.T) {
			mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
			column := schemas.Column{Name: "x", Type: schemas.Real, Part: part, Coarsened: schemas.CoarsenBand, Bands: "income"}
			testCoarsening(t, mem, column, made(t, array.NewFloat64Builder(mem), amounts...), want)
		})
	}
}

// A known child stays a child, and an adult an adult, at any age and in any interval of ages.
func TestBandsKeepTheBorderAt18(t *testing.T) {
	lows := schemas.Bands("age")
	for low := range int64(130) {
		for high := low; high < 130; high++ {
			k, l := band(lows, low), band(lows, high)
			if isAdult := low >= 18; isAdult != (lows[k] >= 18) {
				t.Fatalf("from age %d is banded from %d", low, lows[k])
			}
			if isChild := high < 18; isChild != (l < len(lows)-1 && lows[l+1] <= 18) {
				t.Fatalf("to age %d is in the band from %d", high, lows[l])
			}
		}
	}
}

func TestCoarsenPrecision(t *testing.T) {
	all := []string{"exact", "day", "month", "quarter", "year", "band", "estimated", "computed", null}
	for how, want := range map[string][]string{
		schemas.CoarsenMonth: {"month", "month", "month", "quarter", "year", "band", "estimated", "computed", null},
		schemas.CoarsenYear:  {"year", "year", "year", "year", "year", "band", "estimated", "computed", null},
		schemas.CoarsenBand:  {"band", "band", "band", "band", "band", "band", "estimated", "computed", null},
	} {
		column := schemas.Column{Name: "p", Part: schemas.PartPrecision, Coarsened: how}
		t.Run(how+" plain", func(t *testing.T) {
			mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
			testCoarsening(t, mem, column, made(t, array.NewStringBuilder(mem), all...), want)
		})
		t.Run(how+" dictionary", func(t *testing.T) {
			mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
			b := array.NewDictionaryBuilder(mem, schemas.RawDictionary)
			whole := made(t, b, append([]string{"month"}, all...)...)
			from := array.NewSlice(whole, 1, int64(len(all)+1))
			whole.Release()
			testCoarsening(t, mem, column, from, want)
		})
	}
	for _, w := range schemas.Builtin().List("precision").Codes {
		if !slices.Contains(all, w.Code) {
			t.Errorf("precision %q is in no test", w.Code)
		}
	}
}

// Every column that a built-in table says is coarsened can be, and one that cannot be is refused
// before a row is written.
func TestEveryCoarsenedColumnHasItsCoarsening(t *testing.T) {
	n := 0
	for _, table := range schemas.Builtin().Tables {
		for _, in := range []*schemas.Table{table.Lake(), table.In(schemas.ZoneSteward), table.In(schemas.ZoneAnalyst)} {
			if in == nil {
				continue
			}
			for _, c := range in.Columns() {
				f, err := coarseningOf(c)
				if err != nil {
					t.Errorf("%s: %v", table.Name, err)
				}
				if f != nil {
					n++
				}
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d columns are coarsened", n)
	}
	for _, c := range []schemas.Column{
		{Name: "a", Part: schemas.PartText, Coarsened: schemas.CoarsenYear},
		{Name: "b", Part: schemas.PartValue, Coarsened: schemas.CoarsenMonth},
		{Name: "c", Part: schemas.PartLow, Coarsened: schemas.CoarsenBand, Bands: "none of these"},
		{Name: "d", Part: schemas.PartAsReported, Coarsened: schemas.CoarsenBand},
	} {
		if _, err := coarseningOf(c); err == nil || !strings.Contains(err.Error(), "column "+c.Name) {
			t.Errorf("coarseningOf(%v) = %v", c, err)
		}
	}
}

func TestCoarsenRefusesOtherTypes(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	b := loadtest.Batch(mem, 0, 3, loadtest.Plain)
	defer b.Release()
	share := b.Record.Column(b.Record.Schema().FieldIndices("share")[0])
	for _, c := range []schemas.Column{
		{Part: schemas.PartLow, Coarsened: schemas.CoarsenYear},
		{Part: schemas.PartHigh, Coarsened: schemas.CoarsenBand, Bands: "age"},
		{Part: schemas.PartPrecision, Coarsened: schemas.CoarsenMonth},
	} {
		f, err := coarseningOf(c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f(mem, share); err == nil || err.Error() != fmt.Sprintf("values of type %s", share.DataType()) {
			t.Errorf("coarsened a share: %v", err)
		}
	}
}
