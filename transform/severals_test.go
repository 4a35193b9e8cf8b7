package transform

import "testing"

func TestSeveralsThatMake(t *testing.T) {
	for _, tt := range []struct {
		year, quarter string
		low, high     float64
		ok            bool
	}{
		{"2009", "Q2", day(2009, 4, 1), day(2009, 6, 30), true},
		{"2012", "Q1", day(2012, 1, 1), day(2012, 3, 31), true},
		{"2012", "q4", day(2012, 10, 1), day(2012, 12, 31), true},
		{"2012", "3", day(2012, 7, 1), day(2012, 9, 30), true},
		{"2012", "Q5", 0, 0, false},
		{"2012/13", "Q1", 0, 0, false},
		{"2012", "", 0, 0, false},
	} {
		o := quarter([]string{tt.year, tt.quarter}, nil)
		if o.has != tt.ok || o.value.low != tt.low || o.value.high != tt.high || o.has == (o.finding != "") {
			t.Errorf("quarter(%q, %q) = %+v", tt.year, tt.quarter, o)
		}
	}
	for _, tt := range []struct {
		cells []string
		want  string
	}{
		{[]string{"Unseen", "Total"}, "Unseen; Total"},
		{[]string{"", "Total"}, "Total"},
		{[]string{"Unseen", "A name"}, "Unseen; [6 characters, Latin]"},
	} {
		if o := joined(tt.cells, []string{"Unseen", "Total"}); o.said() != tt.want {
			t.Errorf("joined(%q) = %q, want %q", tt.cells, o.said(), tt.want)
		}
	}
}
