package link

import (
	"math"
	"strconv"
	"strings"

	"palermo/transform/link/name"
)

// A profile is what a column holds, in shares of its distinct words where nothing else is said.
type profile struct {
	column   *Column
	role     role
	filled   float64 // of the records
	distinct int
	unique   float64 // distinct words a record that has one
	equal    float64 // of all pairs of records that have a word: the same one
	top      float64 // of those records: the commonest word
	email    float64
	digits   float64 // digits and marks only
	number   float64 // an amount
	letters  float64 // at least one letter
	tokens   float64 // words a word, on average
	length   float64
	dates    map[string]float64 // by form, of the records: their word is a day in it; wrong days are many words of one record each
	partial  float64            // of the records: a year or a month and no day
	year     float64            // four digits between 1850 and 2100
}

// profileWords bounds how many words are looked at.
const profileWords = 20_000

func profileOf(c *Column) profile {
	p := profile{column: c, role: roleOf(c.Name), dates: map[string]float64{}}
	count, filled := make([]float64, len(c.Words)), 0.0
	for _, w := range c.At {
		if w != Missing {
			count[w]++
			filled++
		}
	}
	if filled == 0 {
		return p
	}
	for _, n := range count {
		if n == 0 {
			continue
		}
		p.distinct++
		p.top = max(p.top, n/filled)
		p.equal += n * (n - 1)
	}
	p.filled = filled / float64(len(c.At))
	p.unique = float64(p.distinct) / filled
	p.equal /= math.Max(filled*(filled-1), 1)
	p.words(c, count)
	return p
}

// words looks at the column's words, or at those of them that their hash chooses.
func (p *profile) words(c *Column, count []float64) {
	every := uint64(len(c.Words)/profileWords + 1)
	hashes := []uint64(nil)
	if every > 1 {
		hashes = hashesOf(c.Words)
	}
	n, records := 0.0, 0.0
	share := func(v *float64, holds bool) {
		if holds {
			*v++
		}
	}
	for i, w := range c.Words {
		if count[i] == 0 || every > 1 && mix(hashes[i], 1)%every != 0 {
			continue
		}
		n++
		records += count[i]
		share(&p.email, isEmail(w))
		share(&p.digits, isDigits(w))
		share(&p.number, isNumber(w))
		share(&p.letters, strings.IndexFunc(w, letter) >= 0)
		if isPartialDate(w) {
			p.partial += count[i]
		}
		share(&p.year, isYear(w))
		p.tokens += float64(len(strings.Fields(name.Fold(w))))
		p.length += float64(len(w))
		for _, f := range dateForms {
			if isDay(w, f) {
				p.dates[f] += count[i]
			}
		}
	}
	if n == 0 {
		return
	}
	for _, v := range []*float64{&p.email, &p.digits, &p.number, &p.letters, &p.year, &p.tokens, &p.length} {
		*v /= n
	}
	p.partial /= records
	for f := range p.dates {
		p.dates[f] /= records
	}
}

// DateForms is the forms in which a field's days may be written.
var DateForms = []string{"yyyy-mm-dd", "yyyymmdd", "yyyy/mm/dd", "dd/mm/yyyy", "mm/dd/yyyy", "dd.mm.yyyy", "yyyy m d"}

// dateForms is those that contents are held against: of one column.
var dateForms = DateForms[:6]

// dateForm is the form in which the column's words are days: "" where they are none, or where it
// cannot be told which is the day and which the month.
func (p *profile) dateForm(least float64) (form string, ambiguous bool) {
	best := 0.0
	for _, f := range dateForms {
		if p.dates[f] > best {
			form, best = f, p.dates[f]
		}
	}
	if best == 0 {
		form = dateForms[0] // of partial dates
	}
	if best+p.partial < least {
		return "", false
	}
	if (form == "dd/mm/yyyy" || form == "mm/dd/yyyy") && math.Abs(p.dates["dd/mm/yyyy"]-p.dates["mm/dd/yyyy"]) < 0.02 {
		return "", true
	}
	return form, false
}

func isEmail(w string) bool {
	user, host, ok := strings.Cut(w, "@")
	return ok && user != "" && len(host) > 2 && !strings.ContainsAny(w, " ,;")
}

func isDigits(w string) bool {
	return strings.IndexFunc(w, digit) >= 0 && strings.IndexFunc(w, letter) < 0
}

func isNumber(w string) bool {
	_, err := strconv.ParseFloat(w, 64)
	return err == nil
}

func isDay(w, form string) bool {
	from, to, ok := parseDays(w, form)
	return ok && from == to && plausible(from)
}

func isPartialDate(w string) bool {
	from, to, ok := parseDays(w, "")
	return ok && from != to && plausible(from)
}

func isYear(w string) bool { return len(w) == 4 && isPartialDate(w) }

// plausible is whether a person may have been born on the day, or anything recorded.
func plausible(day int32) bool { y := civilYear(day); return 1400 <= y && y <= 2100 }
