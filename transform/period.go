package transform

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"palermo/diag"
)

// A period is a year or a part of one, as headers of tables write it: "2003", "Jan-May 2003",
// "2003 (Jan-May)", "јануари-мај 2003", "01.01-31.05.2003". Quarters in Roman numerals, months by
// number and years that span two calendar years are not read: each has more than one reading.

// monthNames is the names and short names of months that mean one month in every language that has
// them: English, the Latin and Cyrillic forms of Bosnian, Montenegrin and Serbian, Macedonian, and
// Bulgarian. Croatian names are left out: listopad is October there and November in Polish and Czech.
var monthNames = func() map[string]time.Month {
	out := map[string]time.Month{}
	for m, names := range map[time.Month]string{
		time.January:   "january jan januar јануар јануари јан януари",
		time.February:  "february feb februar фебруар февруари феб фев",
		time.March:     "march mar mart март мар",
		time.April:     "april apr април апр",
		time.May:       "may maj мај май",
		time.June:      "june jun juni јун јуни юни",
		time.July:      "july jul juli јул јули юли",
		time.August:    "august aug avgust avg август авг",
		time.September: "september sep sept septembar септембар септември сеп септ",
		time.October:   "october oct oktobar okt октобар октомври окт",
		time.November:  "november nov novembar новембар ноември ное нов",
		time.December:  "december dec decembar децембар декември дек",
	} {
		for _, n := range strings.Fields(names) {
			out[n] = m
		}
	}
	return out
}()

const (
	monthText = `(\p{L}{3,})\.?`
	yearText  = `(\d{4})(?:\.0|\.)?(?: ?(?:godina|god\.|g\.|година|год\.|г\.))?`
	toText    = ` ?(?:-|–|—|to) ?`
)

var (
	periodYear   = regexp.MustCompile(`^` + yearText + `$`)
	periodMonth  = regexp.MustCompile(`^` + monthText + ` ` + yearText + `$`)
	periodMonths = regexp.MustCompile(`^` + monthText + toText + monthText + `,? ` + yearText + `$`)
	periodInside = regexp.MustCompile(`^(\d{4})\.? ?\(` + monthText + `(?:` + toText + monthText + `)?\)$`)
	periodISO    = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2})/(\d{4}-\d{2}-\d{2})$`)
	periodDays   = regexp.MustCompile(`^([\d./]+?)\.?` + toText + `([\d./]+?)\.?$`)
)

// parsePeriod reads a year, or months or days of one year, as the interval of its days. Days are read
// only in the form that the mapping states, and as ISO 8601.
func parsePeriod(word string, p params) (value, diag.Code) {
	w := strings.Join(strings.Fields(strings.ToLower(word)), " ")
	switch {
	case periodYear.MatchString(w):
		return parseYearPeriod(periodYear.FindStringSubmatch(w)[1], p)
	case periodMonth.MatchString(w):
		g := periodMonth.FindStringSubmatch(w)
		return monthsOf(g[2], g[1], g[1])
	case periodMonths.MatchString(w):
		g := periodMonths.FindStringSubmatch(w)
		return monthsOf(g[3], g[1], g[2])
	case periodInside.MatchString(w):
		g := periodInside.FindStringSubmatch(w)
		if g[3] == "" {
			g[3] = g[2]
		}
		return monthsOf(g[1], g[2], g[3])
	case periodISO.MatchString(w):
		g := periodISO.FindStringSubmatch(w)
		return daysOf(time.DateOnly, g[1], g[2])
	case periodDays.MatchString(w) && p.form != "":
		g := periodDays.FindStringSubmatch(w)
		return daysOf(layouts[p.form], withYear(p.form, g[1], g[2]), g[2])
	}
	return value{}, diag.ValueNotPeriod
}

func monthsOf(year, from, to string) (value, diag.Code) {
	y, bad := parseYear(year, params{})
	first, known := monthNames[from]
	last, too := monthNames[to]
	if bad != "" || !known || !too || last < first {
		return value{}, diag.ValueNotPeriod
	}
	return between(day(int(y.low), int(first), 1), day(int(y.low), int(last)+1, 0)), ""
}

// withYear is the first day of a period with the year of the last, which such words say once.
func withYear(form, first, last string) string {
	mark := strings.Trim(form, "dmy")
	if mark == "" || !strings.HasSuffix(form, mark[:1]+"yyyy") || strings.Count(first, mark[:1]) != 1 {
		return first
	}
	return first + last[max(strings.LastIndex(last, mark[:1]), 0):]
}

func daysOf(layout, first, last string) (value, diag.Code) {
	from, err := time.Parse(layout, first)
	to, err2 := time.Parse(layout, last)
	if err != nil || err2 != nil || to.Before(from) || from.Year() != to.Year() || from.Year() < 1900 || from.Year() > 2100 {
		return value{}, diag.ValueNotPeriod
	}
	return between(float64(from.Unix()/86400), float64(to.Unix()/86400)), ""
}

// parsePeriodYear reads the year that a period is, or is part of.
func parsePeriodYear(word string, p params) (value, diag.Code) {
	v, bad := parsePeriod(word, p)
	if bad != "" {
		return value{}, bad
	}
	return exactly(float64(yearOf(v.low))), ""
}

// parsePeriodPart reads whether a period is a part of a year only.
func parsePeriodPart(word string, p params) (value, diag.Code) {
	v, bad := parsePeriod(word, p)
	if bad != "" {
		return value{}, bad
	}
	if y := yearOf(v.low); v.low == day(y, 1, 1) && v.high == day(y, 12, 31) {
		return exactly(0), ""
	}
	return exactly(1), ""
}

func yearOf(days float64) int {
	y, _ := strconv.Atoi(dateText(days)[:4])
	return y
}
