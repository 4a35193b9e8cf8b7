package days

import (
	"math/rand/v2"
	"testing"
	"time"
)

// day is a date written as yyyy-mm-dd.
func day(t *testing.T, s string) int32 {
	t.Helper()
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t.Fatal(err)
	}
	return int32(d.Unix() / 86400)
}

func interval(t *testing.T, lo, hi string) Interval {
	t.Helper()
	return Interval{day(t, lo), day(t, hi)}
}

// TestCalendar holds every day up to the year 2200, and every 17th after it, against package time.
func TestCalendar(t *testing.T) {
	first := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	last := time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	for d, step := first, 1; !d.After(last); d = d.AddDate(0, 0, step) {
		if d.Year() > 2200 {
			step = 17
		}
		n := int32(d.Unix() / 86400)
		if got, ok := Day(d.Year(), int(d.Month()), d.Day()); !ok || got != n {
			t.Fatalf("Day(%s) = %d, %v, want %d", d.Format(time.DateOnly), got, ok, n)
		}
		if y, m, dd := Date(n); y != d.Year() || m != int(d.Month()) || dd != d.Day() {
			t.Fatalf("Date(%d) = %d-%d-%d, want %s", n, y, m, dd, d.Format(time.DateOnly))
		}
	}
}

func TestNoSuchDate(t *testing.T) {
	for _, d := range [][3]int{{2023, 2, 29}, {1900, 2, 29}, {2024, 2, 30}, {2024, 4, 31}, {2024, 0, 1}, {2024, 13, 1}, {2024, 1, 0}, {0, 1, 1}, {10000, 1, 1}, {-5, 1, 1}} {
		if _, ok := Of(d[0], d[1], d[2]); ok {
			t.Errorf("Of(%v) is a date", d)
		}
	}
	if _, ok := Month(2024, 13); ok {
		t.Error("Month(2024, 13) is a month")
	}
	if _, ok := Year(0); ok {
		t.Error("Year(0) is a year")
	}
	for _, b := range [][2]int{{-1, 3}, {5, 4}, {0, 131}} {
		if _, ok := Band(b[0], b[1], 0); ok {
			t.Errorf("Band(%v) is a band", b)
		}
	}
}

func TestIntervals(t *testing.T) {
	of := func(i Interval, ok bool) Interval {
		if !ok {
			t.Fatal("no such interval")
		}
		return i
	}
	tests := []struct {
		what      string
		got, want Interval
	}{
		{"the leap day", of(Of(2000, 2, 29)), interval(t, "2000-02-29", "2000-02-29")},
		{"before 1970", of(Of(1969, 12, 31)), Interval{-1, -1}},
		{"February of a leap year", of(Month(2024, 2)), interval(t, "2024-02-01", "2024-02-29")},
		{"February of 1900", of(Month(1900, 2)), interval(t, "1900-02-01", "1900-02-28")},
		{"December", of(Month(1999, 12)), interval(t, "1999-12-01", "1999-12-31")},
		{"a year", of(Year(2003)), interval(t, "2003-01-01", "2003-12-31")},
		{"an age", of(Age(17, day(t, "2020-06-15"))), interval(t, "2002-06-16", "2003-06-15")},
		{"born today", of(Age(0, day(t, "2020-06-15"))), interval(t, "2019-06-16", "2020-06-15")},
		{"an age on a leap day", of(Age(21, day(t, "2024-02-29"))), interval(t, "2002-03-01", "2003-02-28")},
		{"of those born on a leap day, the day before", of(Age(18, day(t, "2023-02-28"))), interval(t, "2004-02-29", "2005-02-28")},
		{"and on 1 March", of(Age(19, day(t, "2023-03-01"))), interval(t, "2003-03-02", "2004-03-01")},
		{"a band", of(Band(18, 25, day(t, "2020-06-15"))), interval(t, "1994-06-16", "2002-06-15")},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: %v, want %v", tt.what, tt.got, tt.want)
		}
	}
}

// TestAges holds Age against counting birthdays, and neighbouring ages against each other.
func TestAges(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		at := int32(r.IntN(40000) - 10000)
		birth := at - int32(r.IntN(365*100))
		age := years(birth, at)
		if i, ok := Age(age, at); !ok || birth < i.Lo || birth > i.Hi {
			t.Fatalf("born on %d, %d years old on %d: not in %v", birth, age, at, i)
		}
		older, _ := Age(age+1, at)
		if i, _ := Age(age, at); older.Hi+1 != i.Lo {
			t.Fatalf("on %d, age %d ends on %d and age %d begins on %d", at, age+1, older.Hi, age, i.Lo)
		}
	}
}

// years is the full years from birth to at by package time.
func years(birth, at int32) int {
	b, a := time.Unix(int64(birth)*86400, 0).UTC(), time.Unix(int64(at)*86400, 0).UTC()
	n := a.Year() - b.Year()
	if a.Before(time.Date(a.Year(), b.Month(), b.Day(), 0, 0, 0, 0, time.UTC)) { // 29 February becomes 1 March
		n--
	}
	return n
}

func TestOverlapAndGap(t *testing.T) {
	tests := []struct {
		what         string
		a, b         Interval
		overlap, gap int
	}{
		{"equal days", Interval{5, 5}, Interval{5, 5}, 1, 0},
		{"neighbours", Interval{1, 5}, Interval{6, 9}, 0, 1},
		{"sharing a day", Interval{1, 5}, Interval{5, 9}, 1, 0},
		{"one within the other", Interval{1, 9}, Interval{3, 4}, 2, 0},
		{"apart", Interval{-3, -1}, Interval{10, 12}, 0, 11},
		{"as far apart as can be", Interval{-1 << 31, -1 << 31}, Interval{1<<31 - 1, 1<<31 - 1}, 0, 1<<32 - 1},
	}
	for _, tt := range tests {
		for _, p := range [][2]Interval{{tt.a, tt.b}, {tt.b, tt.a}} {
			if o, g := Overlap(p[0], p[1]), Gap(p[0], p[1]); o != tt.overlap || g != tt.gap {
				t.Errorf("%s: overlap %d, gap %d, want %d, %d", tt.what, o, g, tt.overlap, tt.gap)
			}
		}
	}
	if w := (Interval{3, 5}).Width(); w != 3 {
		t.Errorf("width %d, want 3", w)
	}
}

func TestPacked(t *testing.T) {
	tests := []struct {
		a, b    string
		digits  int
		swapped bool
	}{
		{"1990-03-07", "1990-03-07", 0, false},
		{"1990-03-07", "1990-07-03", 2, true},
		{"1990-03-03", "1990-03-03", 0, false},
		{"1990-03-07", "1991-07-03", 3, false},
		{"1990-03-07", "1990-03-17", 1, false},
		{"1990-12-11", "1990-11-12", 2, true},
		{"1999-12-31", "2000-01-01", 8 - 1, false},
		{"1988-08-08", "1911-11-11", 6, false},
	}
	for _, tt := range tests {
		a, b := Pack(day(t, tt.a)), Pack(day(t, tt.b))
		if d := Digits(a, b); d != tt.digits {
			t.Errorf("Digits(%s, %s) = %d, want %d", tt.a, tt.b, d, tt.digits)
		}
		if s := Swapped(a, b); s != tt.swapped || Swapped(b, a) != s {
			t.Errorf("Swapped(%s, %s) = %v, want %v", tt.a, tt.b, s, tt.swapped)
		}
	}
	if p := Pack(day(t, "1990-12-31")); p != 0x19901231 {
		t.Errorf("Pack = %x", p)
	}
}

// TestDigits holds Digits against the digits as text.
func TestDigits(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 20000 {
		a, b := int32(r.IntN(60000)-30000), int32(r.IntN(60000)-30000)
		text := func(d int32) string { return time.Unix(int64(d)*86400, 0).UTC().Format("20060102") }
		want, x, y := 0, text(a), text(b)
		for i := range x {
			if x[i] != y[i] {
				want++
			}
		}
		if got := Digits(Pack(a), Pack(b)); got != want {
			t.Fatalf("Digits(%s, %s) = %d, want %d", x, y, got, want)
		}
	}
}

func BenchmarkDigits(b *testing.B) {
	x, y := Pack(7000), Pack(7010)
	for b.Loop() {
		Digits(x, y)
	}
}
