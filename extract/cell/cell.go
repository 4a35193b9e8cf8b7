package cell

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Shows is what a number format makes of a number.
type Shows int

const (
	ShowsNumber   Shows = iota
	ShowsDate           // a day, without a time
	ShowsTime           // a time, without a day
	ShowsBoth           // both
	ShowsDuration       // hours, minutes or seconds counted on beyond a day
)

// BuiltinShows is what the number formats do that workbooks name by number alone. Those from 27
// to 36 and from 50 to 58 are the dates of East Asian editions.
func BuiltinShows(id int) Shows {
	switch {
	case id >= 14 && id <= 17, id >= 27 && id <= 31, id == 36, id >= 50 && id <= 54, id == 57, id == 58:
		return ShowsDate
	case id >= 18 && id <= 21, id >= 32 && id <= 35, id == 45, id == 47, id == 55, id == 56:
		return ShowsTime
	case id == 22:
		return ShowsBoth
	case id == 46:
		return ShowsDuration
	}
	return ShowsNumber
}

// FormatShows reads a format code: its first section, without what is quoted, escaped or in
// brackets. Only the letters of dates and times are left to be looked for.
func FormatShows(code string) Shows {
	letters, elapsed := formatLetters(code)
	if elapsed {
		return ShowsDuration
	}
	day := strings.ContainsAny(letters, "dy")
	clock := strings.ContainsAny(letters, "hs")
	switch {
	case day && clock:
		return ShowsBoth
	case clock:
		return ShowsTime
	case day || strings.Contains(letters, "m"):
		return ShowsDate
	}
	return ShowsNumber
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
	unixSerial = 25569   // 1970-01-01 in the 1900 system
)

// AppendDate adds the date or time that a workbook means by a serial number, in ISO 8601, to the
// millisecond: by the serial and the workbook's base, never by how the format would print it. A
// whole number is a day, one below 1 a time, any other both; a duration is hours, minutes and
// seconds. ok is false, and nothing is added, where the number is no date, as zero, negative or
// after 9999; it then stays a number. The day 60 of the 1900 system is 1900-02-29, which was not:
// it is given as spreadsheets show it.
func AppendDate(to []byte, serial float64, how Shows, base1904 bool) (out []byte, ok bool) {
	if math.IsNaN(serial) || serial < 0 || serial > lastSerial+1 {
		return to, false
	}
	millis := int64(math.Round(serial * dayMillis))
	day, clock := millis/dayMillis, millis%dayMillis
	if how == ShowsDuration {
		return AppendClock(to, millis), true
	}
	if day == 0 && (!base1904 || how == ShowsTime) {
		if how == ShowsDate {
			return to, false
		}
		return AppendClock(to, clock), true
	}
	if base1904 {
		day += shift1904
	}
	if day > lastSerial {
		return to, false
	}
	to = appendDay(to, day)
	if clock > 0 {
		to = AppendClock(append(to, 'T'), clock)
	}
	return to, true
}

func appendDay(to []byte, day int64) []byte {
	if day == 60 {
		return append(to, "1900-02-29"...)
	}
	if day < 60 {
		day++
	}
	year, month, d := time.Unix((day-unixSerial)*24*60*60, 0).UTC().Date()
	to = append(to, byte('0'+year/1000), byte('0'+year/100%10))
	to = append(appendTwo(to, int64(year%100)), '-')
	to = append(appendTwo(to, int64(month)), '-')
	return appendTwo(to, int64(d))
}

// AppendClock adds hours, minutes and seconds, with milliseconds where there are any.
func AppendClock(to []byte, millis int64) []byte {
	to = append(appendTwo(to, millis/3_600_000), ':')
	to = append(appendTwo(to, millis/60_000%60), ':')
	to = appendTwo(to, millis/1000%60)
	if ms := millis % 1000; ms > 0 {
		to = append(to, '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10))
	}
	return to
}

// appendTwo adds a number with two digits at least.
func appendTwo(to []byte, n int64) []byte {
	if n < 10 {
		to = append(to, '0')
	}
	return strconv.AppendInt(to, n, 10)
}

// AppendNumber adds the shortest decimal that means the same binary number: a workbook may store
// 0.1 as 0.10000000000000001 or 1E-1, and all are "0.1". Very large and very small ones keep an
// exponent. What is not a decimal number is added as it is.
func AppendNumber(to, text []byte) []byte {
	if plainInteger(text) {
		return append(to, text...)
	}
	f, ok := ParseNumber(text)
	if !ok {
		return append(to, text...)
	}
	if a := math.Abs(f); a != 0 && (a < 1e-7 || a >= 1e21) {
		return strconv.AppendFloat(to, f, 'e', -1, 64)
	}
	if f == 0 {
		return append(to, '0')
	}
	return strconv.AppendFloat(to, f, 'f', -1, 64)
}

// plainInteger reports whether b is digits alone that AppendNumber would not change.
func plainInteger(b []byte) bool {
	if len(b) == 0 || len(b) > 15 || b[0] == '0' && len(b) > 1 {
		return false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// ParseNumber is the number that the text is. ok is false where it is none, or one too large.
func ParseNumber(text []byte) (f float64, ok bool) {
	for _, c := range text {
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(string(text), 64)
	return f, err == nil
}
