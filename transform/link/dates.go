package link

import (
	"strconv"
	"strings"
	"time"
)

// parseDays reads a day, a month, a year, or two of them with "/" between, as a closed interval of
// days since 1970. form is how days are written: yyyy-mm-dd by default, yyyymmdd, dd/mm/yyyy,
// mm/dd/yyyy, dd.mm.yyyy, yyyy m d. It is never guessed from the word.
func parseDays(w, form string) (from, to int32, ok bool) {
	w = strings.TrimSpace(w)
	if a, b, two := strings.Cut(w, "/"); two && (form == "" || strings.HasPrefix(form, "yyyy-")) {
		from, _, ok = parseDays(a, form)
		_, to, ok2 := parseDays(b, form)
		return from, to, ok && ok2 && from <= to
	}
	var y, m, d string
	switch form {
	case "", "yyyy-mm-dd":
		y, m, d = split3(w, "-")
		if len(d) > 2 && (d[2] == ' ' || d[2] == 'T') { // a clock time after the day
			d = d[:2]
		}
	case "yyyy/mm/dd":
		y, m, d = split3(w, "/")
	case "yyyy m d":
		y, m, d = split3(w, " ")
	case "yyyymmdd":
		if len(w) != 8 {
			return 0, 0, false
		}
		y, m, d = w[:4], w[4:6], w[6:]
	case "dd/mm/yyyy":
		d, m, y = split3(w, "/")
	case "dd.mm.yyyy":
		d, m, y = split3(w, ".")
	case "mm/dd/yyyy":
		m, d, y = split3(w, "/")
	default:
		return 0, 0, false
	}
	if y == "" { // a year or month alone
		parts := strings.Split(w, "-")
		if len(parts) > 2 || len(parts[0]) != 4 {
			return 0, 0, false
		}
		y = parts[0]
		if len(parts) == 2 {
			m = parts[1]
		}
	}
	return civilInterval(y, m, d)
}

func split3(s, by string) (a, b, c string) {
	p := strings.Split(s, by)
	if len(p) != 3 {
		return "", "", ""
	}
	return strings.TrimSpace(p[0]), strings.TrimSpace(p[1]), strings.TrimSpace(p[2])
}

func civilInterval(y, m, d string) (from, to int32, ok bool) {
	yy, err := strconv.Atoi(y)
	if err != nil || yy < 1000 || yy > 2200 {
		return 0, 0, false
	}
	if m == "" {
		return dayNumber(yy, 1, 1), dayNumber(yy, 12, 31), true
	}
	mm, err := strconv.Atoi(m)
	if err != nil || mm < 1 || mm > 12 {
		return 0, 0, false
	}
	if d == "" {
		return dayNumber(yy, mm, 1), dayNumber(yy, mm+1, 1) - 1, true
	}
	dd, err := strconv.Atoi(d)
	if err != nil || dd < 1 || dayNumber(yy, mm, dd) >= dayNumber(yy, mm+1, 1) {
		return 0, 0, false
	}
	day := dayNumber(yy, mm, dd)
	return day, day, true
}

func dayNumber(y, m, d int) int32 {
	return int32(time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

func civil(day int32) time.Time { return time.Unix(int64(day)*86400, 0).UTC() }

func civilYear(day int32) int { return civil(day).Year() }

func isoDay(day int32) string { return civil(day).Format("2006-01-02") }

// packDay is the day's digits, four bits each, so that a bytewise comparison counts digits.
func packDay(day int32) uint32 {
	t := civil(day)
	v := uint32(0)
	for _, n := range [...]int{t.Year() / 100, t.Year() % 100, int(t.Month()), t.Day()} {
		v = v<<8 | uint32(n/10)<<4 | uint32(n%10)
	}
	return v
}

// digitsApart is how many decimal digits of two packed days differ.
func digitsApart(a, b uint32) int {
	n := 0
	for x := a ^ b; x != 0; x >>= 4 {
		if x&0xf != 0 {
			n++
		}
	}
	return n
}

// swapped reports whether the two packed days have day and month exchanged.
func swapped(a, b uint32) bool {
	return a>>16 == b>>16 && a>>8&0xff == b&0xff && a&0xff == b>>8&0xff
}
