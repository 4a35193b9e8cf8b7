package days

// monthDays is the days of the months of a year that is not a leap year.
var monthDays = [13]int{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

func isLeap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func daysIn(year, month int) int {
	if month == 2 && isLeap(year) {
		return 29
	}
	return monthDays[month]
}

// Day is the day of a date, and whether there is one: years from 1 to 9999.
func Day(year, month, day int) (int32, bool) {
	if year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	return number(year, month, day), true
}

// Date is the date of a day.
func Date(day int32) (year, month, dayOfMonth int) {
	// The year begins in March, so that the leap day is the last of it; an era is 400 years.
	z := int(day) + marchZero
	era := floor(z, eraDays)
	inEra := z - era*eraDays
	inYears := (inEra - inEra/1460 + inEra/36524 - inEra/146096) / 365
	inYear := inEra - (365*inYears + inYears/4 - inYears/100)
	m := (5*inYear + 2) / 153
	dayOfMonth = inYear - (153*m+2)/5 + 1
	month, year = m+3, inYears+era*400
	if month > 12 {
		month, year = month-12, year+1
	}
	return year, month, dayOfMonth
}

const (
	eraDays   = 146097
	marchZero = 719468 // from 0000-03-01 to 1970-01-01
)

// number is Day for a date that there is.
func number(year, month, day int) int32 {
	if month < 3 {
		year, month = year-1, month+12
	}
	era := floor(year, 400)
	inEra := year - era*400
	inYear := (153*(month-3)+2)/5 + day - 1
	return int32(era*eraDays + inEra*365 + inEra/4 - inEra/100 + inYear - marchZero)
}

func floor(a, b int) int {
	if a < 0 {
		a -= b - 1
	}
	return a / b
}

// yearsBefore is the date n years before a day; of 29 February, 28 February where there is none.
func yearsBefore(day int32, n int) int32 {
	y, m, d := Date(day)
	y -= n
	return number(y, m, min(d, daysIn(y, m)))
}
