package extract

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// shows is what a number format makes of a number.
type shows int

const (
	showsNumber   shows = iota
	showsDate           // a day, without a time
	showsTime           // a time, without a day
	showsBoth           // both
	showsDuration       // hours, minutes or seconds counted on beyond a day
)

// builtinShows is what the number formats do that workbooks name by number alone. Those from 27
// to 36 and from 50 to 58 are the dates of East Asian editions.
func builtinShows(id int) shows {
	switch {
	case id >= 14 && id <= 17, id >= 27 && id <= 31, id == 36, id >= 50 && id <= 54, id == 57, id == 58:
		return showsDate
	case id >= 18 && id <= 21, id >= 32 && id <= 35, id == 45, id == 47, id == 55, id == 56:
		return showsTime
	case id == 22:
		return showsBoth
	case id == 46:
		return showsDuration
	}
	return showsNumber
}

// formatShows reads a format code: its first section, without what is quoted, escaped or in
// brackets. Only the letters of dates and times are left to be looked for.
func formatShows(code string) shows {
	letters, elapsed := formatLetters(code)
	if elapsed {
		return showsDuration
	}
	day := strings.ContainsAny(letters, "dy")
	clock := strings.ContainsAny(letters, "hs")
	switch {
	case day && clock:
		return showsBoth
	case clock:
		return showsTime
	case day || strings.Contains(letters, "m"):
		return showsDate
	}
	return showsNumber
}

func formatLetters(code string) (letters string, elapsed bool) {
	var b strings.Builder
	for i := 0; i < len(code); i++ {
		switch c := code[i]; c {
		case ';':
			return b.String(), false
		case '\\', '_', '*':
			i++
		case '"', '[':
			closing := byte('"')
			if c == '[' {
				closing = ']'
			}
			n := strings.IndexByte(code[i+1:], closing)
			if n < 0 {
				return b.String(), false
			}
			if inner := code[i+1 : i+1+n]; c == '[' && inner != "" && strings.Trim(strings.ToLower(inner), string(inner[0]|0x20)) == "" && strings.ContainsAny(inner[:1], "hmsHMS") {
				return "", true
			}
			i += n + 1
		default:
			b.WriteByte(c | 0x20)
		}
	}
	if strings.EqualFold(code, "general") {
		return "", false
	}
	return b.String(), false
}

const (
	dayMillis  = 24 * 60 * 60 * 1000
	lastSerial = 2958465 // 9999-12-31 in the 1900 system
	shift1904  = 1462    // days between the two systems
)

// isoDate is the date or time that a workbook means by a serial number, in ISO 8601, to the
// millisecond: by the serial and the workbook's base, never by how the format would print it. A
// whole number is a day, one below 1 a time, any other both; a duration is hours, minutes and
// seconds. ok is false where the number is no date, as zero, negative or after 9999; it then
// stays a number. The day 60 of the 1900 system is 1900-02-29, which was not: it is given as
// spreadsheets show it.
func isoDate(serial float64, how shows, base1904 bool) (s string, ok bool) {
	if math.IsNaN(serial) || serial < 0 || serial > lastSerial+1 {
		return "", false
	}
	millis := int64(math.Round(serial * dayMillis))
	day, clock := millis/dayMillis, millis%dayMillis
	if how == showsDuration {
		return clockText(millis), true
	}
	if day == 0 && (!base1904 || how == showsTime) {
		return clockText(clock), how != showsDate
	}
	if base1904 {
		day += shift1904
	}
	if day > lastSerial {
		return "", false
	}
	s = dayText(day)
	if clock > 0 {
		s += "T" + clockText(clock)
	}
	return s, true
}

func dayText(day int64) string {
	if day == 60 {
		return "1900-02-29"
	}
	if day < 60 {
		day++
	}
	return time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(day)).Format("2006-01-02")
}

// clockText is hours, minutes and seconds, with milliseconds where there are any.
func clockText(millis int64) string {
	b := make([]byte, 0, 16)
	two := func(n int64) {
		if n < 10 {
			b = append(b, '0')
		}
		b = strconv.AppendInt(b, n, 10)
	}
	two(millis / 3_600_000)
	b = append(b, ':')
	two(millis / 60_000 % 60)
	b = append(b, ':')
	two(millis / 1000 % 60)
	if ms := millis % 1000; ms > 0 {
		b = append(b, '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10))
	}
	return string(b)
}

// number is the shortest decimal that means the same binary number: a workbook may store 0.1 as
// 0.10000000000000001 or 1E-1, and all are "0.1". Very large and very small ones keep an
// exponent. What is not a decimal number comes back as it is.
func number(s string) string {
	if plainInteger(s) {
		return s
	}
	f, ok := parseNumber(s)
	if !ok {
		return s
	}
	if a := math.Abs(f); a != 0 && (a < 1e-7 || a >= 1e21) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	if f == 0 {
		return "0"
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// plainInteger reports whether s is digits alone that number would not change.
func plainInteger(s string) bool {
	if s == "" || len(s) > 15 || s[0] == '0' && len(s) > 1 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func parseNumber(s string) (float64, bool) {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}
