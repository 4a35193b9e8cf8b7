package transform

import (
	"testing"

	"palermo/diag"
)

// open marks an interval without a highest value in the tables below.
const open = -1

func TestParsers(t *testing.T) {
	comma := params{thousands: ","}
	tests := []struct {
		rule      string
		p         params
		word      string
		low, high float64
		bad       diag.Code
	}{
		{"count", comma, "0", 0, 0, ""},
		{"count", comma, "1282", 1282, 1282, ""},
		{"count", comma, "1,282", 1282, 1282, ""},
		{"count", comma, "1,234,567", 1234567, 1234567, ""},
		{"count", comma, "12.0", 12, 12, ""}, // how some workbooks store a whole number
		{"count", comma, "12.5", 0, 0, diag.ValueNotCount},
		{"count", comma, "12.", 0, 0, diag.ValueNotCount},
		{"count", comma, "1,28", 0, 0, diag.ValueNotCount}, // a decimal comma, or a slip: not for us to say
		{"count", comma, "1282,000", 0, 0, diag.ValueNotCount},
		{"count", comma, ",282", 0, 0, diag.ValueNotCount},
		{"count", comma, "-3", 0, 0, diag.ValueNotCount},
		{"count", comma, "+3", 0, 0, diag.ValueNotCount},
		{"count", comma, "1e3", 0, 0, diag.ValueNotCount},
		{"count", comma, "٣", 0, 0, diag.ValueNotCount},
		{"count", comma, "2021-03-04", 0, 0, diag.ValueNotCount}, // a count that a workbook made a date
		{"count", comma, "99999999999999999999", 0, 0, diag.ValueRange},
		{"count", comma, "9007199254740993", 0, 0, diag.ValueRange},
		{"count", params{thousands: "."}, "1.282", 1282, 1282, ""},
		{"count", params{}, "1,282", 0, 0, diag.ValueNotCount},

		{"count_or_below", comma, "<5", 0, 4, ""},
		{"count_or_below", params{below: 1}, "<5", 1, 4, ""},
		{"count_or_below", comma, "< 5", 0, 4, ""},
		{"count_or_below", comma, "<1,000", 0, 999, ""},
		{"count_or_below", comma, "7", 7, 7, ""},
		{"count_or_below", comma, "<", 0, 0, diag.ValueNotCount},
		{"count_or_below", comma, "<0", 0, 0, diag.ValueRange}, // below none is nothing
		{"count_or_below", params{below: 1}, "<1", 0, 0, diag.ValueRange},
		{"count_or_below", comma, ">5", 0, 0, diag.ValueNotCount},
		{"count_or_below", comma, "<five", 0, 0, diag.ValueNotCount},

		{"count_interval", comma, "12", 12, 12, ""},
		{"count_interval", comma, "13--24", 13, 24, ""},
		{"count_interval", comma, "0 to 12", 0, 12, ""},
		{"count_interval", comma, "25+", 25, open, ""},
		{"count_interval", comma, "24-13", 0, 0, diag.ValueRange},
		{"count_interval", comma, "-13", 0, 0, diag.ValueNotCount},
		{"count_interval", comma, "+", 0, 0, diag.ValueNotCount},
		{"count_interval", comma, "13--", 0, 0, diag.ValueNotCount},

		{"year_interval", params{}, "2021", 2021, 2021, ""},
		{"year_interval", params{}, "2014-2018", 2014, 2018, ""},
		{"year_interval", params{}, "2014 – 2018", 2014, 2018, ""},
		{"year_interval", params{}, "2018-2014", 0, 0, diag.ValueRange},
		{"year_interval", params{}, "2014-18", 0, 0, diag.ValueNotYear},
		{"year_interval", params{}, "2014-2018-2020", 0, 0, diag.ValueNotYear},
		{"year_interval", params{}, "-2014", 0, 0, diag.ValueNotYear},

		{"date", params{form: "serial"}, "44197", day(2021, 1, 1), day(2021, 1, 1), ""},
		{"date", params{form: "serial"}, "44197.0", day(2021, 1, 1), day(2021, 1, 1), ""},
		{"date", params{form: "serial"}, "10000", day(1927, 5, 18), day(1927, 5, 18), ""},
		{"date", params{form: "serial"}, "73050", day(2099, 12, 31), day(2099, 12, 31), ""},
		{"date", params{form: "serial"}, "73051", 0, 0, diag.ValueNotDate},
		{"date", params{form: "serial"}, "1981", day(1981, 1, 1), day(1981, 12, 31), ""}, // a year, and no day of 1905
		{"date", params{form: "serial"}, "60", 0, 0, diag.ValueNotDate},
		{"date", params{form: "serial"}, "2021-01-01", day(2021, 1, 1), day(2021, 1, 1), ""},
		{"date", params{form: "serial"}, "01/02/2021", 0, 0, diag.ValueNotDate},
		{"date", params{}, "44197", 0, 0, diag.ValueNotDate}, // where no serials are stated
		{"date", params{}, "2022-01-02T03:04:05.000Z", day(2022, 1, 2), day(2022, 1, 2), ""},

		{"number", params{}, "1.5", 1.5, 1.5, ""},
		{"number", params{}, "-1.5", -1.5, -1.5, ""},
		{"number", params{decimal: ",", thousands: "."}, "1.234,5", 1234.5, 1234.5, ""},
		{"number", params{}, "1,5", 0, 0, diag.ValueNotNumber},
		{"number", params{}, ".5", 0, 0, diag.ValueNotNumber},
		{"number", params{}, "NaN", 0, 0, diag.ValueNotNumber},

		{"year", params{}, "2019", 2019, 2019, ""},
		{"year", params{}, "2019.0", 2019, 2019, ""},
		{"year", params{}, "19", 0, 0, diag.ValueNotYear},
		{"year", params{}, "1899", 0, 0, diag.ValueNotYear},
		{"year", params{}, "2019/20", 0, 0, diag.ValueNotYear},
		{"year_period", params{}, "2019", day(2019, 1, 1), day(2019, 12, 31), ""},

		{"date", params{}, "2003-04-03", day(2003, 4, 3), day(2003, 4, 3), ""},
		{"date", params{form: "dd/mm/yyyy"}, "03/04/2003", day(2003, 4, 3), day(2003, 4, 3), ""},
		{"date", params{form: "mm/dd/yyyy"}, "03/04/2003", day(2003, 3, 4), day(2003, 3, 4), ""},
		{"date", params{form: "dd.mm.yyyy"}, "3.4.2003", day(2003, 4, 3), day(2003, 4, 3), ""},
		{"date", params{form: "dd/mm/yyyy"}, "2003-04-03", day(2003, 4, 3), day(2003, 4, 3), ""},
		{"date", params{form: "d Mon yyyy"}, "3 Apr 2003", day(2003, 4, 3), day(2003, 4, 3), ""},
		{"date", params{form: "d Mon yyyy"}, "03 APR 2003", day(2003, 4, 3), day(2003, 4, 3), ""},
		{"date", params{form: "d Mon yyyy"}, "Apr 2003", day(2003, 4, 1), day(2003, 4, 30), ""},
		{"date", params{form: "d Mon yyyy"}, "31 Apr 2003", 0, 0, diag.ValueNotDate},
		{"date", params{form: "d Mon yyyy"}, "3 Apr 03", 0, 0, diag.ValueNotDate},
		{"date", params{form: "d Mon yyyy"}, "3 avr 2003", 0, 0, diag.ValueNotDate},
		{"date", params{form: "d Mon yyyy"}, "3 April 2003", 0, 0, diag.ValueNotDate},
		{"date", params{form: "dd/mm/yyyy"}, "31/02/2003", 0, 0, diag.ValueNotDate},
		{"date", params{form: "dd/mm/yyyy"}, "03/25/2003", 0, 0, diag.ValueNotDate},
		{"date", params{}, "03/04/2003", 0, 0, diag.ValueNotDate}, // no form stated: not guessed
		{"date", params{}, "0003", 0, 0, diag.ValueRange},

		{"date", params{form: "dd/mm/yyyy"}, "02/1981", day(1981, 2, 1), day(1981, 2, 28), ""},
		{"date", params{form: "dd.mm.yyyy"}, "2.1981", day(1981, 2, 1), day(1981, 2, 28), ""},
		{"date", params{form: "dd/mm/yyyy"}, "1981", day(1981, 1, 1), day(1981, 12, 31), ""},
		{"date", params{form: "dd/mm/yyyy"}, "c. 1981", day(1981, 1, 1), day(1981, 12, 31), ""},
		{"date", params{form: "dd/mm/yyyy"}, "13/1981", 0, 0, diag.ValueNotDate},
		{"date", params{form: "dd/mm/yyyy"}, "81", 0, 0, diag.ValueNotDate},

		{"age_interval", params{}, "0 to 17 years", 0, 17, ""},
		{"age_interval", params{}, "18 years or over", 18, open, ""},
		{"age_interval", params{}, "9--17", 9, 17, ""},
		{"age_interval", params{}, "09--17", 9, 17, ""},
		{"age_interval", params{}, "33-35", 33, 35, ""},
		{"age_interval", params{}, "14–17", 14, 17, ""},
		{"age_interval", params{}, "48+", 48, open, ""},
		{"age_interval", params{}, "Under 18", 0, 17, ""},
		{"age_interval", params{}, "17", 17, 17, ""},
		{"age_interval", params{}, "17-9", 0, 0, diag.ValueRange},
		{"age_interval", params{}, "170", 0, 0, diag.ValueRange},
		{"age_interval", params{}, "adult", 0, 0, diag.ValueNotAge},
	}
	for _, tt := range tests {
		v, bad := parsers[tt.rule].read(tt.word, tt.p)
		if bad != tt.bad {
			t.Errorf("%s(%q) says %q, want %q", tt.rule, tt.word, bad, tt.bad)
			continue
		}
		if bad != "" {
			continue
		}
		if v.low != tt.low || v.hasHigh != (tt.high != open) || v.hasHigh && v.high != tt.high {
			t.Errorf("%s(%q) = %+v, want %v to %v", tt.rule, tt.word, v, tt.low, tt.high)
		}
	}
}

func FuzzParsers(f *testing.F) {
	for _, s := range []string{"1,282", "<5", "0 to 17 years", "2019", "03/04/2003", "48+", "-1.5"} {
		f.Add(s, ",", ".")
	}
	f.Fuzz(func(t *testing.T, word, thousands, decimal string) {
		for name, p := range parsers {
			v, bad := p.read(word, params{thousands: thousands, decimal: decimal, form: "dd/mm/yyyy"})
			if bad == "" && v.hasLow && v.hasHigh && v.high < v.low {
				t.Errorf("%s(%q) is an interval that ends before it begins: %+v", name, word, v)
			}
		}
	})
}

func TestRepairMojibake(t *testing.T) {
	tests := []struct {
		word, want string
		ok         bool
	}{
		{"TÃ¼rkiye", "Türkiye", true},
		{"CÃ´te d'Ivoire", "Côte d'Ivoire", true},
		{"Ð¡Ñ€Ð±Ð¸Ñ˜Ð°", "Србија", true},
		{"Türkiye", "", false},
		{"Turkey", "", false},
		{"PER\ufffd", "", false},
		{"Србија", "", false},
		{"", "", false},
	}
	for _, tt := range tests {
		got, ok := repairMojibake(tt.word)
		if got != tt.want || ok != tt.ok {
			t.Errorf("repairMojibake(%q) = %q, %t, want %q, %t", tt.word, got, ok, tt.want, tt.ok)
		}
	}
}

func TestFacts(t *testing.T) {
	for word, want := range map[string]bool{"0": true, "00": true, "": false, "10": false, "<5": false, "o": false} {
		if got := facts["has_zero"](word); got != want {
			t.Errorf("has_zero(%q) = %t, want %t", word, got, want)
		}
	}
}

func TestSeverals(t *testing.T) {
	total := []string{"Total"}
	for _, tt := range []struct {
		cells    []string
		all, any bool
	}{
		{[]string{"Total", "Total", "Total"}, true, true},
		{[]string{"Total", "Female", "Total"}, false, true},
		{[]string{"Total", ""}, false, true},
		{[]string{"Female", ""}, false, false},
	} {
		if got := severals["all_are"](tt.cells, total); got != tt.all {
			t.Errorf("all_are(%q) = %t, want %t", tt.cells, got, tt.all)
		}
		if got := severals["any_is"](tt.cells, total); got != tt.any {
			t.Errorf("any_is(%q) = %t, want %t", tt.cells, got, tt.any)
		}
	}
}

func TestShape(t *testing.T) {
	for word, want := range map[string]string{
		"Maria":         "[5 characters, Latin]",
		"Мария":         "[5 characters, Cyrillic]",
		"97 albanian":   "[11 characters, digits and Latin]",
		"Ж":             "[1 character, Cyrillic]",
		"?!":            "[2 characters]",
		"Ana Ананьева":  "[12 characters, Latin and Cyrillic]",
		"\u1200\u1201x": "[3 characters, other and Latin]",
	} {
		if got := Shape(word); got != want {
			t.Errorf("Shape(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestParts(t *testing.T) {
	for _, tt := range []struct{ part, word, want string }{
		{"mark", "13 Dec 2000", "none"}, {"mark", "5 Mar 2003 a", "a"}, {"mark", "5 Mar 2003\u00a0AA", "AA"}, {"mark", "a", "none"}, {"mark", "5 Mar 2003 1", "none"}, {"mark", "2003 a b", "b"},
		{"no_mark", "13 Dec 2000", "13 Dec 2000"}, {"no_mark", "5 Mar 2003  a", "5 Mar 2003"}, {"no_mark", "unknown", "unknown"},
		{"no_number", "China 3, 4", "China"}, {"no_number", "China\u00a03", "China"}, {"no_number", "EU-28", "EU-28"}, {"no_number", "Group of 77", "Group of"},
		{"bracket", "5,682 (490)", "490"}, {"bracket", "5,682", ""}, {"bracket", "(490)", "490"}, {"bracket", "a (b) c", ""}, {"bracket", "x (1) (2)", "2"},
		{"no_bracket", "5,682 (490)", "5,682"}, {"no_bracket", "5,682", "5,682"}, {"no_bracket", "0--12 (0-1 yr)", "0--12"}, {"no_bracket", "490)", "490)"},
		{"no_number", "12", "12"}, {"no_number", "Côte d'Ivoire", "Côte d'Ivoire"}, {"no_number", "Viet Nam", "Viet Nam"},
	} {
		if got := parts[tt.part](tt.word); got != tt.want {
			t.Errorf("%s of %q = %q, want %q", tt.part, tt.word, got, tt.want)
		}
	}
}
