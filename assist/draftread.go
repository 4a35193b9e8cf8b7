package assist

import (
	"fmt"
	"slices"
	"strings"

	"palermo/schemas"
)

// reading is how the column's words become values of the field; not ok with the reason why that is not certain.
func (w *drafter) reading(c *Column, f *schemas.Field, table string) (string, bool) {
	switch f.Type {
	case schemas.Code:
		return w.coding(c, f), true
	case schemas.Date:
		form, ok := formOf(c)
		if !ok {
			return form, false
		}
		if f.Interval && c.Type == Year && f.Name == "period" {
			return "parse: year_period", true
		}
		if f.Class == schemas.ClassDirect {
			form += ", plain: true"
		}
		return "parse: date" + form, true
	case schemas.Integer:
		switch {
		case f.Name == "age_years":
			return "parse: age_interval", true
		case f.Name == "year":
			return "parse: year", true
		}
		return w.numbers(c, "parse: count")
	case schemas.Real:
		if c.Type == Number && !below(c) {
			return w.numbers(c, "parse: number")
		}
		if f.Interval {
			return w.numbers(c, "parse: count_or_below")
		}
		return w.numbers(c, "parse: number")
	case schemas.Text:
		if f.Class == schemas.ClassDirect || c.Type == Text {
			return "parse: text, plain: true", true
		}
		return "parse: text", true
	}
	return "it is yes or no for a field of truths", false
}

func below(c *Column) bool {
	return slices.ContainsFunc(c.Words, func(w WordCount) bool { return strings.HasPrefix(w.Word, "<") })
}

// numbers is the rule, where no word has a mark that could stand between thousands or before decimals.
func (w *drafter) numbers(c *Column, rule string) (string, bool) {
	for _, x := range c.Words {
		if strings.ContainsAny(x.Word, ",") || strings.Count(x.Word, ".") > 1 {
			return rule + " needs its thousands and decimal marks", false
		}
	}
	return rule, true
}

// formOf is the form of dates that all days of the column have, and no other; not ok where several fit.
func formOf(c *Column) (string, bool) {
	forms := map[string]func(p [3]int) bool{
		"dd/mm/yyyy": func(p [3]int) bool { return p[0] <= 31 && p[1] <= 12 },
		"mm/dd/yyyy": func(p [3]int) bool { return p[0] <= 12 && p[1] <= 31 },
	}
	marks := map[string]bool{}
	fits := map[string]bool{"dd/mm/yyyy": true, "mm/dd/yyyy": true}
	for _, w := range c.Words {
		mark, p, ok := dayParts(w.Word)
		if !ok {
			continue
		}
		marks[mark] = true
		if mark == "/" {
			for name, fit := range forms {
				fits[name] = fits[name] && fit(p)
			}
		}
	}
	switch {
	case len(marks) > 1:
		return "its days are written in several ways", false
	case len(marks) == 0, marks["-"]:
		return "", true
	case marks["y/"]:
		return ", form: yyyy/mm/dd", true
	case marks["."]:
		return ", form: dd.mm.yyyy", true
	case marks[" "]:
		return ", form: d Mon yyyy", true
	case fits["dd/mm/yyyy"] && !fits["mm/dd/yyyy"]:
		return ", form: dd/mm/yyyy", true
	case fits["mm/dd/yyyy"] && !fits["dd/mm/yyyy"]:
		return ", form: mm/dd/yyyy", true
	}
	return "its days fit both dd/mm/yyyy and mm/dd/yyyy", false
}

// dayParts is the mark between the parts of a day, and the parts; "y/" where the year is first.
func dayParts(w string) (string, [3]int, bool) {
	var p [3]int
	if _, err := fmt.Sscanf(w, "%4d-%2d-%2d", &p[0], &p[1], &p[2]); err == nil {
		return "-", p, true
	}
	if n, _ := fmt.Sscanf(w, "%d/%d/%d", &p[0], &p[1], &p[2]); n == 3 {
		if p[0] > 31 {
			return "y/", p, true
		}
		return "/", p, true
	}
	if n, _ := fmt.Sscanf(w, "%d.%d.%d", &p[0], &p[1], &p[2]); n == 3 {
		return ".", p, true
	}
	if f := strings.Fields(w); len(f) == 3 && kindOf(w) == Date {
		return " ", p, true
	}
	return "", p, false
}
