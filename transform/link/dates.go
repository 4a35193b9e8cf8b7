package link

import (
	"fmt"
	"strconv"
	"strings"

	"palermo/transform/link/days"
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
	var i days.Interval
	mm, errM := strconv.Atoi(m)
	dd, errD := strconv.Atoi(d)
	switch {
	case m == "":
		i, ok = days.Year(yy)
	case errM != nil:
	case d == "":
		i, ok = days.Month(yy, mm)
	case errD == nil:
		i, ok = days.Of(yy, mm, dd)
	}
	return i.Lo, i.Hi, ok
}

func civilYear(day int32) int { y, _, _ := days.Date(day); return y }

func isoDay(day int32) string {
	y, m, d := days.Date(day)
	return fmt.Sprintf("%04d-%02d-%02d", y, m, d)
}
