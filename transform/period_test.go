package transform

import (
	"strconv"
	"testing"

	"palermo/diag"
)

func TestPeriods(t *testing.T) {
	dots := params{form: "dd.mm.yyyy"}
	tests := []struct {
		p        params
		word     string
		from, to string // empty where it is no period
		part     bool
	}{
		{params{}, "2003", "2003-01-01", "2003-12-31", false},
		{params{}, "2003.0", "2003-01-01", "2003-12-31", false}, // how some workbooks store a year
		{params{}, "2003.", "2003-01-01", "2003-12-31", false},  // an ordinal
		{params{}, "2003 година", "2003-01-01", "2003-12-31", false},
		{params{}, "2003. god.", "2003-01-01", "2003-12-31", false},
		{params{}, "Jan-May 2003", "2003-01-01", "2003-05-31", true},
		{params{}, "JAN. – MAY 2003", "2003-01-01", "2003-05-31", true},
		{params{}, "January to May, 2003", "2003-01-01", "2003-05-31", true},
		{params{}, "Jan-Feb 2004", "2004-01-01", "2004-02-29", true},
		{params{}, "January-December 2003", "2003-01-01", "2003-12-31", false},
		{params{}, "May 2003", "2003-05-01", "2003-05-31", true},
		{params{}, "2003 (Jan-May)", "2003-01-01", "2003-05-31", true},
		{params{}, "2003 (maj)", "2003-05-01", "2003-05-31", true},
		{params{}, "јануари-мај 2003", "2003-01-01", "2003-05-31", true},
		{params{}, "Јануар – Мај 2003", "2003-01-01", "2003-05-31", true},
		{params{}, "2003 (јануари-мај)", "2003-01-01", "2003-05-31", true},
		{params{}, "януари-май 2003 г.", "2003-01-01", "2003-05-31", true},
		{dots, "01.01-31.05.2003", "2003-01-01", "2003-05-31", true},
		{dots, "01.01.-31.05.2003.", "2003-01-01", "2003-05-31", true},
		{dots, "1.1.2003 - 31.12.2003", "2003-01-01", "2003-12-31", false},
		{params{}, "2003-01-01/2003-05-31", "2003-01-01", "2003-05-31", true},
		{params{form: "dd/mm/yyyy"}, "01/01-31/05/2003", "2003-01-01", "2003-05-31", true},

		{params{}, "01.01-31.05.2003", "", "", false}, // no form is stated
		{params{form: "mm/dd/yyyy"}, "01.01-31.05.2003", "", "", false},
		{dots, "01.05-31.04.2003", "", "", false},      // no such day
		{dots, "01.06-31.05.2003", "", "", false},      // backwards
		{dots, "01.01.2002-31.05.2003", "", "", false}, // two years
		{params{}, "May-Jan 2003", "", "", false},      // backwards, or over two years
		{params{}, "2003-2004", "", "", false},
		{params{}, "2003/04", "", "", false},  // a school's or a state's year
		{params{}, "I-V 2003", "", "", false}, // months or quarters
		{params{}, "1-5 2003", "", "", false},
		{params{}, "1-5/2003", "", "", false},
		{params{}, "listopad 2003", "", "", false}, // October in Croatian, November in Polish and Czech
		{params{}, "Foo-May 2003", "", "", false},
		{params{}, "May", "", "", false},
		{params{}, "Total", "", "", false},
		{params{}, "1803", "", "", false},
		{params{}, "Jan-May 1803", "", "", false},
	}
	for _, tt := range tests {
		v, bad := parsePeriod(tt.word, tt.p)
		year, badYear := parsePeriodYear(tt.word, tt.p)
		part, badPart := parsePeriodPart(tt.word, tt.p)
		if tt.from == "" {
			if bad == "" || badYear != bad || badPart != bad {
				t.Errorf("%q: %v %q %q %q, want no period", tt.word, v, bad, badYear, badPart)
			}
			continue
		}
		if bad != "" || dateText(v.low) != tt.from || dateText(v.high) != tt.to {
			t.Errorf("parsePeriod(%q) = %s to %s, %q; want %s to %s", tt.word, dateText(v.low), dateText(v.high), bad, tt.from, tt.to)
			continue
		}
		if badYear != "" || strconv.Itoa(int(year.low)) != tt.from[:4] {
			t.Errorf("parsePeriodYear(%q) = %v, %q", tt.word, year.low, badYear)
		}
		if badPart != "" || (part.low == 1) != tt.part {
			t.Errorf("parsePeriodPart(%q) = %v, %q; want %v", tt.word, part.low, badPart, tt.part)
		}
	}
}

// FuzzPeriod holds that whatever is read is days of one year, in order, and that its three readings agree.
func FuzzPeriod(f *testing.F) {
	for _, w := range []string{"2003", "Jan-May 2003", "2003 (јануари-мај)", "01.01-31.05.2003", "2003-01-01/2003-05-31", "- .", "0000"} {
		f.Add(w, "dd.mm.yyyy")
		f.Add(w, "")
	}
	f.Fuzz(func(t *testing.T, word, form string) {
		if _, ok := layouts[form]; !ok {
			return
		}
		p := params{form: form}
		v, bad := parsePeriod(word, p)
		y, badYear := parsePeriodYear(word, p)
		part, badPart := parsePeriodPart(word, p)
		if bad != badYear || bad != badPart {
			t.Fatalf("%q: %q, %q, %q", word, bad, badYear, badPart)
		}
		if bad != "" {
			return
		}
		first, last := day(int(y.low), 1, 1), day(int(y.low), 12, 31)
		if v.low < first || v.high > last || v.high < v.low || (part.low == 0) != (v.low == first && v.high == last) {
			t.Fatalf("%q is %s to %s, year %v, part %v", word, dateText(v.low), dateText(v.high), y.low, part.low)
		}
	})
}

func TestFootnotes(t *testing.T) {
	p := params{footnotes: []string{"*", "†"}}
	for word, want := range map[string]string{"12*": "12", "12 **": "12", "12†*": "12", "*": "*", "": "", "12": "12", "1*2": "1*2"} {
		if got := p.bare(word); got != want {
			t.Errorf("bare(%q) = %q, want %q", word, got, want)
		}
	}
	if _, bad := parsePeriod("2003*", params{}); bad != diag.ValueNotPeriod {
		t.Errorf("a mark that the mapping does not list was taken off")
	}
}
