package transform

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"palermo/diag"
	"palermo/schemas"
)

// A parser reads a word as a value, or says with a code why it cannot. It is never given a blank
// word, nor one that the mapping lists as empty.
type parser struct {
	read     func(word string, p params) (value, diag.Code)
	fills    []schemas.Type // types of field it can fill
	interval bool           // needs an interval field
}

// params is what a mapping says about how a column is written.
type params struct {
	thousands string   // the mark between thousands; empty for none
	decimal   string   // the decimal mark
	form      string   // the form of dates
	below     float64  // the lowest value that "<5" can stand for
	footnotes []string // marks of footnotes
}

// bare is the word without the marks of footnotes at its end. A word that is nothing but marks stays.
func (p params) bare(word string) string {
	for rest := word; ; {
		cut := false
		for _, m := range p.footnotes {
			if s, ok := strings.CutSuffix(rest, m); ok && m != "" {
				rest, cut = strings.TrimSpace(s), true
			}
		}
		switch {
		case rest == "":
			return word
		case !cut:
			return rest
		}
	}
}

// parsers is every rule that a mapping may name under "parse". Adding one: a line here, a table
// test in parse_test.go, a line in docs/mapping.md.
var parsers = map[string]parser{
	"text":           {read: parseText, fills: []schemas.Type{schemas.Text}},
	"count":          {read: parseCount, fills: []schemas.Type{schemas.Integer, schemas.Real}},
	"count_or_below": {read: parseCountOrBelow, fills: []schemas.Type{schemas.Integer, schemas.Real}, interval: true},
	"count_interval": {read: parseCountInterval, fills: []schemas.Type{schemas.Integer, schemas.Real}, interval: true},
	"number":         {read: parseNumber, fills: []schemas.Type{schemas.Real}},
	"year":           {read: parseYear, fills: []schemas.Type{schemas.Integer}},
	"year_interval":  {read: parseYearInterval, fills: []schemas.Type{schemas.Integer}, interval: true},
	"year_period":    {read: parseYearPeriod, fills: []schemas.Type{schemas.Date}, interval: true},
	"date":           {read: parseDate, fills: []schemas.Type{schemas.Date}},
	"period":         {read: parsePeriod, fills: []schemas.Type{schemas.Date}, interval: true},
	"period_year":    {read: parsePeriodYear, fills: []schemas.Type{schemas.Integer}},
	"period_part":    {read: parsePeriodPart, fills: []schemas.Type{schemas.Truth}},
	"age_interval":   {read: parseAgeInterval, fills: []schemas.Type{schemas.Integer}, interval: true},
}

func parseText(string, params) (value, diag.Code) { return value{}, "" }

// maxCount is the largest count that is exact as a float64.
const maxCount = 1 << 53

// parseCount reads a whole number, not negative, with thousands marks as the mapping says:
// "1,282". A mark must stand before each group of three digits or nowhere. A workbook's number
// such as "12.0" is whole.
func parseCount(word string, p params) (value, diag.Code) {
	digits, ok := ungroup(word, p.thousands)
	if whole, frac, dotted := strings.Cut(digits, "."); ok && dotted && strings.Trim(frac, "0") == "" && frac != "" {
		digits = whole
	}
	if !ok || !allDigits(digits) {
		return value{}, diag.ValueNotCount
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || n > maxCount {
		return value{}, diag.ValueRange
	}
	return exactly(float64(n)), ""
}

// ungroup takes the thousands marks out of a number. It reports whether they stood where they
// must: a number with a mark in the wrong place may be a decimal, or two numbers.
func ungroup(word, mark string) (string, bool) {
	if mark == "" || !strings.Contains(word, mark) {
		return word, true
	}
	parts := strings.Split(word, mark)
	for i, g := range parts {
		if i == 0 && (len(g) < 1 || len(g) > 3) || i > 0 && len(g) != 3 || !allDigits(g) {
			return "", false
		}
	}
	return strings.Join(parts, ""), true
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// parseCountOrBelow reads a count, or one that the publisher gives only as below a bound: "<5" is
// from the lowest that it can stand for up to 4.
func parseCountOrBelow(word string, p params) (value, diag.Code) {
	bound, isBelow := strings.CutPrefix(word, "<")
	v, bad := parseCount(strings.TrimSpace(bound), p)
	if !isBelow || bad != "" {
		return v, bad
	}
	if v.low <= p.below {
		return value{}, diag.ValueRange
	}
	return between(p.below, v.low-1), ""
}

var countBand = regexp.MustCompile(`^(\d+)\s*(?:-{1,2}|–|—|to)\s*(\d+)$`)

// parseCountInterval reads a count, or a band of counts, both ends included: "13--24"; "25+" is open above.
func parseCountInterval(word string, p params) (value, diag.Code) {
	if low, open := strings.CutSuffix(word, "+"); open {
		v, bad := parseCount(strings.TrimSpace(low), p)
		v.high, v.hasHigh = 0, false
		return v, bad
	}
	g := countBand.FindStringSubmatch(word)
	if g == nil {
		return parseCount(word, p)
	}
	low, bad := parseCount(g[1], p)
	if bad != "" {
		return value{}, bad
	}
	high, bad := parseCount(g[2], p)
	switch {
	case bad != "":
		return value{}, bad
	case high.low < low.low:
		return value{}, diag.ValueRange
	}
	return between(low.low, high.low), ""
}

// parseNumber reads a decimal number with the marks that the mapping says; it may be negative.
func parseNumber(word string, p params) (value, diag.Code) {
	sign, rest := "", word
	if s, ok := strings.CutPrefix(word, "-"); ok {
		sign, rest = "-", s
	}
	decimal := p.decimal
	if decimal == "" {
		decimal = "."
	}
	whole, frac, dotted := strings.Cut(rest, decimal)
	whole, ok := ungroup(whole, p.thousands)
	if !ok || !allDigits(whole) || dotted && !allDigits(frac) {
		return value{}, diag.ValueNotNumber
	}
	x, err := strconv.ParseFloat(sign+whole+"."+frac+"0", 64)
	if err != nil || math.IsInf(x, 0) {
		return value{}, diag.ValueRange
	}
	return exactly(x), ""
}

// parseYear reads a calendar year from 1900 to 2100.
func parseYear(word string, _ params) (value, diag.Code) {
	word = strings.TrimSuffix(word, ".0")
	n, err := strconv.Atoi(word)
	if err != nil || len(word) != 4 || n < 1900 || n > 2100 || !allDigits(word) {
		return value{}, diag.ValueNotYear
	}
	return exactly(float64(n)), ""
}

// parseYearInterval reads a calendar year, or the years from one to another: "2014-2018".
func parseYearInterval(word string, p params) (value, diag.Code) {
	first, last, several := strings.Cut(strings.ReplaceAll(word, "–", "-"), "-")
	from, bad := parseYear(strings.TrimSpace(first), p)
	if !several || bad != "" {
		return from, bad
	}
	to, bad := parseYear(strings.TrimSpace(last), p)
	switch {
	case bad != "":
		return value{}, bad
	case to.low < from.low:
		return value{}, diag.ValueRange
	}
	return between(from.low, to.low), ""
}

// parseYearPeriod reads a calendar year as the interval of its days.
func parseYearPeriod(word string, p params) (value, diag.Code) {
	y, bad := parseYear(word, p)
	if bad != "" {
		return value{}, bad
	}
	return between(day(int(y.low), 1, 1), day(int(y.low), 12, 31)), ""
}

// day is days since 1970-01-01.
func day(y, m, d int) float64 {
	return float64(time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// layouts is the forms of dates a mapping may state. yyyy-mm-dd is always read too: it is
// unmistakable, and it is how a workbook's own dates arrive.
var layouts = map[string]string{
	"":           time.DateOnly,
	"yyyy-mm-dd": time.DateOnly,
	"dd/mm/yyyy": "2/1/2006",
	"mm/dd/yyyy": "1/2/2006",
	"dd.mm.yyyy": "2.1.2006",
	"yyyy/mm/dd": "2006/1/2",
	"d Mon yyyy": "2 Jan 2006",
	formSerial:   time.DateOnly,
}

// formSerial is days as workbooks count them: 1 is 1900-01-01, and 60 a day that there was not. Only those
// of five digits are read, from 1927-05-18 to 2099-12-31: four may be a year.
const (
	formSerial = "serial"
	minSerial  = 10000
	maxSerial  = 73050
)

func parseSerial(word string) (time.Time, bool) {
	n, err := strconv.Atoi(strings.TrimSuffix(word, ".0"))
	if err != nil || n < minSerial || n > maxSerial {
		return time.Time{}, false
	}
	return time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n), true
}

// parseDate reads a day in the form that the mapping states. The form is never guessed from the
// value: 03/04/2003 is one day here and another there. Less than a day is read too where it is
// unmistakable, as the interval of its days: a month in the stated form without its day, a year
// alone, and "c. 1981", which somebody judged.
func parseDate(word string, p params) (value, diag.Code) {
	if t, ok := parseSerial(word); ok && p.form == formSerial {
		return dated(t, t, "day")
	}
	for _, layout := range []string{layouts[p.form], time.DateOnly, "2006-01-02T15:04:05", time.RFC3339Nano} {
		if t, err := time.Parse(layout, word); err == nil {
			return dated(t, t, "day")
		}
	}
	for _, layout := range []string{months[p.form], "2006-01"} {
		if t, err := time.Parse(layout, word); err == nil && layout != "" {
			return dated(t, t.AddDate(0, 1, -1), "month")
		}
	}
	precision := "year"
	for _, mark := range []string{"c. ", "c.", "ca. ", "~"} {
		if rest, ok := strings.CutPrefix(word, mark); ok {
			word, precision = strings.TrimSpace(rest), "estimated"
			break
		}
	}
	if t, err := time.Parse("2006", word); err == nil {
		return dated(t, t.AddDate(1, 0, -1), precision)
	}
	return value{}, diag.ValueNotDate
}

// months is the forms of dates without the day.
var months = map[string]string{
	"dd/mm/yyyy": "1/2006",
	"mm/dd/yyyy": "1/2006",
	"dd.mm.yyyy": "1.2006",
	"yyyy/mm/dd": "2006/1",
	"d Mon yyyy": "Jan 2006",
}

func dated(from, to time.Time, precision string) (value, diag.Code) {
	if from.Year() < 1800 || to.Year() > 2200 {
		return value{}, diag.ValueRange
	}
	v := between(day(from.Year(), int(from.Month()), from.Day()), day(to.Year(), int(to.Month()), to.Day()))
	v.precision = precision
	return v, ""
}

// maxAge is the highest age in years that is believed.
const maxAge = 120

var (
	ageBand  = regexp.MustCompile(`^(\d{1,3})\s*(?:-{1,2}|–|—|to)\s*(\d{1,3})(?:\s*(?:years?|yrs?))?$`)
	ageOver  = regexp.MustCompile(`^(\d{1,3})\s*(?:\+|years? (?:or|and) (?:over|older|more)|or (?:over|older))$`)
	ageAbove = regexp.MustCompile(`^(?:over|above|more than|>|preko|iznad|преко|изнад|над)\s*(\d{1,3})(?:\s*(?:years?|godina|година|години))?$`)
	ageUnder = regexp.MustCompile(`^(?:under|below|<|ispod|испод|под)\s*(\d{1,3})(?:\s*(?:years?|godina|година|години))?$`)
	ageOne   = regexp.MustCompile(`^(\d{1,3})(?:\s*years?)?$`)
)

// parseAgeInterval reads an age or a band of ages, both ends included: "0 to 17 years", "9--17",
// "09--17", "18 years or over", "48+", "under 18", "33". A band that is open above has no
// highest age.
func parseAgeInterval(word string, _ params) (value, diag.Code) {
	w := strings.ToLower(word)
	num := func(s string) float64 { n, _ := strconv.Atoi(s); return float64(n) }
	var v value
	switch {
	case ageBand.MatchString(w):
		g := ageBand.FindStringSubmatch(w)
		v = between(num(g[1]), num(g[2]))
	case ageOver.MatchString(w):
		v = value{low: num(ageOver.FindStringSubmatch(w)[1]), hasLow: true}
	case ageAbove.MatchString(w):
		v = value{low: num(ageAbove.FindStringSubmatch(w)[1]) + 1, hasLow: true}
	case ageUnder.MatchString(w):
		v = between(0, num(ageUnder.FindStringSubmatch(w)[1])-1)
	case ageOne.MatchString(w):
		v = exactly(num(ageOne.FindStringSubmatch(w)[1]))
	default:
		return value{}, diag.ValueNotAge
	}
	if v.hasHigh && v.high < v.low || v.low > maxAge || v.high > maxAge {
		return value{}, diag.ValueRange
	}
	if v.precision = "band"; v.hasHigh && v.low == v.high {
		v.precision = "exact"
	}
	return v, ""
}
