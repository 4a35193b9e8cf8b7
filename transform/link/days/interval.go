package days

// Interval is the days from Lo to Hi, both included.
type Interval struct{ Lo, Hi int32 }

// maxAge is the highest age in years that an Interval is made of.
const maxAge = 130

// Of is one date, and whether there is one.
func Of(year, month, day int) (Interval, bool) {
	d, ok := Day(year, month, day)
	return Interval{d, d}, ok
}

// Month is the days of a month, and whether there is one.
func Month(year, month int) (Interval, bool) {
	lo, ok := Day(year, month, 1)
	if !ok {
		return Interval{}, false
	}
	return Interval{lo, lo + int32(daysIn(year, month)) - 1}, true
}

// Year is the days of a year, and whether it is from 1 to 9999.
func Year(year int) (Interval, bool) {
	lo, ok := Day(year, 1, 1)
	if !ok {
		return Interval{}, false
	}
	return Interval{lo, number(year, 12, 31)}, true
}

// Age is the births of those who are age years old on day at, and whether an age is from 0 to 130.
// Who is born on 29 February completes a year on 1 March where there is no such day.
func Age(age int, at int32) (Interval, bool) { return Band(age, age, at) }

// Band is the births of those who are from least to most years old on day at.
func Band(least, most int, at int32) (Interval, bool) {
	if least < 0 || most < least || most > maxAge {
		return Interval{}, false
	}
	return Interval{yearsBefore(at, most+1) + 1, yearsBefore(at, least)}, true
}

// Width is the number of days in i.
func (i Interval) Width() int { return int(i.Hi) - int(i.Lo) + 1 }

// Overlap is the number of days that are in both.
func Overlap(a, b Interval) int {
	return max(0, int(min(a.Hi, b.Hi))-int(max(a.Lo, b.Lo))+1)
}

// Gap is the number of days from the last day of the one to the first of the other: 0 where they
// overlap, 1 where the other begins on the next day.
func Gap(a, b Interval) int {
	return max(0, int(max(a.Lo, b.Lo))-int(min(a.Hi, b.Hi)))
}
