package assess

// addYears is the day n years after a day, both counted from 1 January 1970, in the Gregorian
// calendar. From 29 February to a year that has none it is 1 March.
func addYears(day, n int32) int32 {
	y, m, d := civil(int64(day))
	return int32(dayOf(y+int64(n), m, d))
}

// The calendar is counted from 1 March of year 0 in eras of 400 years, so that the leap day is
// the last of its year.
const (
	daysAnEra  = 146097
	epochShift = 719468 // days from 1 March 0000 to 1 January 1970
)

// civil is the year, month and day of the month of a day.
func civil(day int64) (y, m, d int64) {
	day += epochShift
	era := floorDiv(day, daysAnEra)
	doe := day - era*daysAnEra
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	y, m, d = yoe+era*400, mp+3, doy-(153*mp+2)/5+1
	if m > 12 {
		y, m = y+1, m-12
	}
	return y, m, d
}

// dayOf is the day of that date. A day of the month past its month's end runs into the next.
func dayOf(y, m, d int64) int64 {
	mp := m - 3
	if m <= 2 {
		y, mp = y-1, m+9
	}
	era := floorDiv(y, 400)
	yoe := y - era*400
	doe := yoe*365 + yoe/4 - yoe/100 + (153*mp+2)/5 + d - 1
	return era*daysAnEra + doe - epochShift
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
