package main

import (
	"os"
	"path/filepath"
	"testing"

	"palermo/pipeline"
	"palermo/sandbox"
)

func TestMain(m *testing.M) {
	sandbox.Main(pipeline.Roles())
	if len(os.Args) > 1 && os.Args[1] == "-role" { // a child of the nights
		main()
		return
	}
	os.Exit(m.Run())
}

// TestContestants says that each contestant sees every row of its input, and that the mapping of
// the wide table finds no fault in it.
func TestContestants(t *testing.T) {
	dir := t.TempDir()
	o := options{sheetRows: 300, sheetCols: 12, csvRows: 500, ctmRecords: 500}
	for _, c := range comparisons {
		o.in, o.to = "", filepath.Join(dir, c.input)
		want, err := roles[c.maker](t.Context(), o)
		if err != nil || want < 300 {
			t.Fatal(want, err)
		}
		for _, name := range c.roles {
			o.in, o.to = filepath.Join(dir, c.input), filepath.Join(dir, "out-"+name)
			rows, err := roles[name](t.Context(), o)
			if rows != want || err != nil {
				t.Errorf("%s: %d rows, %v; want %d", name, rows, err, want)
			}
			if n, err := sizeOf(o.to); err != nil || c.withFiles != (n > 0) {
				t.Errorf("%s wrote %d bytes, %v", name, n, err)
			}
		}
	}
}

// TestNights: a small home goes through all kinds of nights, and comes to the same bytes by all ways.
func TestNights(t *testing.T) {
	if raced {
		t.Skip("the race detector looks at runs in package pipeline")
	}
	table, err := nights(t.Context(), options{homeRecords: 300, nightRounds: 1, version: "test"}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if table.persons < 1000 || len(table.one) != 1 {
		t.Errorf("%+v", table)
	}
}

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		in   []float64
		want string
	}{
		{[]float64{2}, "2.0 (2.0 to 2.0)"},
		{[]float64{3, 1, 2}, "2.0 (1.0 to 3.0)"},
		{[]float64{4, 1, 2, 3}, "2.5 (1.0 to 4.0)"},
	} {
		if got := spreadOf(c.in).format(1); got != c.want {
			t.Errorf("spreadOf(%v) = %s, want %s", c.in, got, c.want)
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1000000: "1,000,000"} {
		if got := thousands(n); got != want {
			t.Errorf("thousands(%d) = %s, want %s", n, got, want)
		}
	}
}
