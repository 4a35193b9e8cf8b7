package cell

import (
	"math"
	"testing"
)

func TestAppendDate(t *testing.T) {
	for _, c := range []struct {
		serial float64
		how    Shows
		b1904  bool
		want   string
	}{
		{45000, ShowsDate, false, "2023-03-15"},
		{45000.4375, ShowsBoth, false, "2023-03-15T10:30:00"},
		{45000.4375, ShowsDate, false, "2023-03-15T10:30:00"}, // by the serial, not by the format
		{45000, ShowsBoth, false, "2023-03-15"},
		{1, ShowsDate, false, "1900-01-01"},
		{59, ShowsDate, false, "1900-02-28"},
		{60, ShowsDate, false, "1900-02-29"},
		{61, ShowsDate, false, "1900-03-01"},
		{43538, ShowsDate, true, "2023-03-15"},
		{0, ShowsDate, true, "1904-01-01"},
		{0.5, ShowsBoth, true, "1904-01-01T12:00:00"},
		{60, ShowsDate, true, "1904-03-01"},
		{0.4375, ShowsTime, false, "10:30:00"},
		{0.4375, ShowsTime, true, "10:30:00"},
		{0, ShowsTime, false, "00:00:00"},
		{0, ShowsDate, false, ""},
		{0.5, ShowsBoth, false, "12:00:00"},
		{1.5, ShowsDuration, false, "36:00:00"},
		{0.000011574, ShowsTime, false, "00:00:01"},
		{45000.999999999, ShowsBoth, false, "2023-03-16"},
		{45000.00000289, ShowsBoth, false, "2023-03-15T00:00:00.250"},
		{-1, ShowsDate, false, ""},
		{2958465, ShowsDate, false, "9999-12-31"},
		{2958466, ShowsDate, false, ""},
		{2958465, ShowsDate, true, ""},
		{math.NaN(), ShowsDate, false, ""},
		{math.Inf(1), ShowsDate, false, ""},
	} {
		b, ok := AppendDate([]byte("x"), c.serial, c.how, c.b1904)
		if got := string(b[1:]); got != c.want || ok != (c.want != "") {
			t.Errorf("AppendDate(%v, %v, %v) = %q, %v, want %q", c.serial, c.how, c.b1904, got, ok, c.want)
		}
	}
}

func TestFormatShows(t *testing.T) {
	for code, want := range map[string]Shows{
		"General": ShowsNumber, "0.00": ShowsNumber, "0%": ShowsNumber, "@": ShowsNumber, "": ShowsNumber,
		`#,##0 "dd"`: ShowsNumber, `0\d`: ShowsNumber, "[Red]0": ShowsNumber, "[$€-407] #,##0": ShowsNumber,
		"0.00E+00": ShowsNumber, `_-* #,##0_-`: ShowsNumber, `"d`: ShowsNumber, "[h": ShowsNumber, "[]0": ShowsNumber,
		"dd/mm/yyyy": ShowsDate, "mmm": ShowsDate, "[$-409]d-mmm-yy;@": ShowsDate, `yyyy"年"m"月"`: ShowsDate, "DD.MM.YYYY": ShowsDate,
		"hh:mm": ShowsTime, "h:mm AM/PM": ShowsTime, "mm:ss.0": ShowsTime,
		"yyyy-mm-dd hh:mm:ss": ShowsBoth, `0;dd/mm/yyyy`: ShowsNumber,
		"[h]:mm:ss": ShowsDuration, "[mm]:ss": ShowsDuration, "[SS]": ShowsDuration,
	} {
		if got := FormatShows(code); got != want {
			t.Errorf("FormatShows(%q) = %v, want %v", code, got, want)
		}
	}
}

func TestAppendNumber(t *testing.T) {
	for in, want := range map[string]string{
		"0": "0", "-0": "0", "12": "12", "0012": "12", "1.50": "1.5", "1E3": "1000", "0.10000000000000001": "0.1",
		"123456789012345678": "123456789012345680", "1E-9": "1e-09", "1e21": "1e+21", "-2.5": "-2.5",
		"inf": "inf", "0x10": "0x10", "1_000": "1_000", "1.2.3": "1.2.3", "": "", "999999999999999": "999999999999999",
	} {
		if got := string(AppendNumber(nil, []byte(in))); got != want {
			t.Errorf("AppendNumber(%q) = %q, want %q", in, got, want)
		}
	}
}
