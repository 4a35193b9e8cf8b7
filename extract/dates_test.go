package extract

import (
	"errors"
	"io"
	"math"
	"strings"
	"testing"
)

func TestISODate(t *testing.T) {
	for _, c := range []struct {
		serial float64
		how    shows
		b1904  bool
		want   string
	}{
		{45000, showsDate, false, "2023-03-15"},
		{45000.4375, showsBoth, false, "2023-03-15T10:30:00"},
		{45000.4375, showsDate, false, "2023-03-15T10:30:00"}, // by the serial, not by the format
		{45000, showsBoth, false, "2023-03-15"},
		{1, showsDate, false, "1900-01-01"},
		{59, showsDate, false, "1900-02-28"},
		{60, showsDate, false, "1900-02-29"},
		{61, showsDate, false, "1900-03-01"},
		{43538, showsDate, true, "2023-03-15"},
		{0, showsDate, true, "1904-01-01"},
		{0.5, showsBoth, true, "1904-01-01T12:00:00"},
		{60, showsDate, true, "1904-03-01"},
		{0.4375, showsTime, false, "10:30:00"},
		{0.4375, showsTime, true, "10:30:00"},
		{0, showsTime, false, "00:00:00"},
		{0, showsDate, false, ""},
		{0.5, showsBoth, false, "12:00:00"},
		{1.5, showsDuration, false, "36:00:00"},
		{0.000011574, showsTime, false, "00:00:01"},
		{45000.999999999, showsBoth, false, "2023-03-16"},
		{45000.00000289, showsBoth, false, "2023-03-15T00:00:00.250"},
		{-1, showsDate, false, ""},
		{2958465, showsDate, false, "9999-12-31"},
		{2958466, showsDate, false, ""},
		{2958465, showsDate, true, ""},
		{math.NaN(), showsDate, false, ""},
		{math.Inf(1), showsDate, false, ""},
	} {
		got, ok := isoDate(c.serial, c.how, c.b1904)
		if !ok {
			got = ""
		}
		if got != c.want {
			t.Errorf("isoDate(%v, %v, %v) = %q, want %q", c.serial, c.how, c.b1904, got, c.want)
		}
	}
}

func TestFormatShows(t *testing.T) {
	for code, want := range map[string]shows{
		"General": showsNumber, "0.00": showsNumber, "0%": showsNumber, "@": showsNumber, "": showsNumber,
		`#,##0 "dd"`: showsNumber, `0\d`: showsNumber, "[Red]0": showsNumber, "[$€-407] #,##0": showsNumber,
		"0.00E+00": showsNumber, `_-* #,##0_-`: showsNumber, `"d`: showsNumber, "[h": showsNumber, "[]0": showsNumber,
		"dd/mm/yyyy": showsDate, "mmm": showsDate, "[$-409]d-mmm-yy;@": showsDate, `yyyy"年"m"月"`: showsDate, "DD.MM.YYYY": showsDate,
		"hh:mm": showsTime, "h:mm AM/PM": showsTime, "mm:ss.0": showsTime,
		"yyyy-mm-dd hh:mm:ss": showsBoth, `0;dd/mm/yyyy`: showsNumber,
		"[h]:mm:ss": showsDuration, "[mm]:ss": showsDuration, "[SS]": showsDuration,
	} {
		if got := formatShows(code); got != want {
			t.Errorf("formatShows(%q) = %v, want %v", code, got, want)
		}
	}
}

func TestNumber(t *testing.T) {
	for in, want := range map[string]string{
		"0": "0", "-0": "0", "12": "12", "0012": "12", "1.50": "1.5", "1E3": "1000", "0.10000000000000001": "0.1",
		"123456789012345678": "123456789012345680", "1E-9": "1e-09", "1e21": "1e+21", "-2.5": "-2.5",
		"inf": "inf", "0x10": "0x10", "1_000": "1_000", "1.2.3": "1.2.3", "": "", "999999999999999": "999999999999999",
	} {
		if got := number(in); got != want {
			t.Errorf("number(%q) = %q, want %q", in, got, want)
		}
	}
}

// panicking is a workbook library with a fault.
type panicking struct{}

func (panicking) row(int) (v []string, err error) {
	defer recovered(&err)
	panic("a fault")
}

func TestPanicBecomesError(t *testing.T) {
	if _, err := (panicking{}).row(1); err == nil {
		t.Error("no error")
	}
}

// short is a library whose rows end too early, and say nothing of it.
type short struct{}

func (short) row(int) ([]string, error) { return nil, io.ErrUnexpectedEOF }
func (short) close() error              { return nil }

func TestRowsThatEndEarly(t *testing.T) {
	st := &stringTable{}
	st.add(true)
	f := &File{}
	m := merger{s: Sheet{file: f}, v: short{}, sv: newSurvey(strings.NewReader(`<sheetData><row><c><v>1</v></c></row></sheetData>`), st)}
	if _, err := m.next(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error = %v, want unexpected EOF", err)
	}
}
