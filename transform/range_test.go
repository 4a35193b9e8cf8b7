package transform

import (
	"testing"

	"palermo/diag"
)

func TestParseCountRange(t *testing.T) {
	for word, want := range map[string]diag.Code{"5 to 10": "", "up to 15": "", "5": "", "5.5 to 10": diag.ValueNotCount, "-5": diag.ValueNotCount, "life": diag.ValueNotNumber} {
		if _, bad := parseCountRange(word, params{}); bad != want {
			t.Errorf("parseCountRange(%q) says %q, want %q", word, bad, want)
		}
	}
}

func TestParseRange(t *testing.T) {
	from := func(x float64) value { return value{low: x, hasLow: true} }
	upTo := func(x float64) value { return value{high: x, hasHigh: true} }
	for _, tt := range []struct {
		word string
		want value
		bad  diag.Code
	}{
		{"27.6 million", exactly(27.6e6), ""},
		{"12,300,000", exactly(12300000), ""},
		{"about 33", exactly(33), ""},
		{"600,000 to 800,000", between(600000, 800000), ""},
		{"600,000-800,000", between(600000, 800000), ""},
		{"some 200,000 to 250,000", between(200000, 250000), ""},
		{"between 7 and 10 billion", between(7e9, 10e9), ""},
		{"7 to 10 billion", between(7e9, 10e9), ""},
		{"900 thousand to 1.2 million", between(9e5, 1.2e6), ""},
		{"19.5–22.3 million", between(19.5e6, 22.3e6), ""},
		{"more than 1,000,000", from(1e6), ""},
		{"up to 200,000", upTo(2e5), ""},
		{"-3", exactly(-3), ""},
		{"800,000 to 600,000", value{}, diag.ValueRange},
		{"many", value{}, diag.ValueNotNumber},
		{"up to many", value{}, diag.ValueNotNumber},
		{"1,2 to 3", value{}, diag.ValueNotNumber},
		{"5,682 (490)", value{}, diag.ValueNotNumber},
	} {
		got, bad := parseRange(tt.word, params{thousands: ","})
		if got != tt.want || bad != tt.bad {
			t.Errorf("parseRange(%q) = %v %q, want %v %q", tt.word, got, bad, tt.want, tt.bad)
		}
	}
}
