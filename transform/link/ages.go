package link

import "palermo/transform/link/days"

// Ages is how old someone was, in whole years: from the least to the most that the days allow.
type Ages struct {
	Low, High int
	Known     bool
}

// AgesBetween is the ages of one born in the interval over the days from the first to the last.
func AgesBetween(born, when Interval) Ages {
	if !born.Known || !when.Known || when.To < born.From {
		return Ages{}
	}
	return Ages{Low: max(0, fullYears(born.To, when.From)), High: fullYears(born.From, when.To), Known: true}
}

// fullYears is the birthdays from the day of birth to the day.
func fullYears(born, on int32) int {
	by, bm, bd := days.Date(born)
	y, m, d := days.Date(on)
	n := y - by
	if m < bm || m == bm && d < bd {
		n--
	}
	return n
}

// Years is the years in which the interval begins and ends.
func (i Interval) Years() (from, to int) { return civilYear(i.From), civilYear(i.To) }
