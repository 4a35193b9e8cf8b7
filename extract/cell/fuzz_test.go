package cell_test

import (
	"math"
	"testing"
	"time"

	"palermo/extract/cell"
)

// FuzzDates: whatever a format code and a number are, what comes out is a date, a time, or not a date.
func FuzzDates(f *testing.F) {
	f.Add("dd/mm/yyyy", 45000.5, false)
	f.Add(`[h]:mm`, 1.25, true)
	f.Add(`[$-409]mmmm\-yy;@`, 60.0, false)
	f.Add(`"day" 0.00`, 2958466.0, true)
	f.Fuzz(func(t *testing.T, code string, serial float64, base1904 bool) {
		b, ok := cell.AppendDate(nil, serial, cell.FormatShows(code), base1904)
		if !ok {
			return
		}
		s := string(b)
		if serial < 0 || math.IsNaN(serial) {
			t.Fatalf("%v is the date %s", serial, s)
		}
		if len(s) >= 10 && s[4] == '-' && s[:10] != "1900-02-29" {
			if _, err := time.Parse(time.DateOnly, s[:10]); err != nil {
				t.Fatalf("%v in %q is %s: %v", serial, code, s, err)
			}
		}
		cell.AppendNumber(nil, b)
	})
}
