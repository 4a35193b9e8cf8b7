package main

import (
	"fmt"
	"path/filepath"
	"runtime"
	"testing"

	"palermo/transform/link"
)

// spent is what a loop allocates for each of its rows.
type spent struct{ allocations, bytes float64 }

// guarded is what the loops that meet every row were seen to allocate a row, on one core. Seconds hang on the machine;
// these do not. A change that needs more says so here.
var guarded = map[string]spent{
	"read a sheet":           {3.4, 718},
	"harmonise case records": {348, 75140},
	"link records":           {2.2, 1351},
}

// TestAllocations holds the loops to what they allocate a row: a tenth more fails, and a third less asks to be written down.
func TestAllocations(t *testing.T) {
	if raced {
		t.Skip("the race detector allocates, too")
	}
	dir := t.TempDir()
	o := options{sheetRows: 20_000, sheetCols: 12, ctmRecords: 3000}
	play := func(name string, in, to string) {
		o.in, o.to = in, to
		if _, err := roles[name](t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	sheet, cases := filepath.Join(dir, "wide.xlsx"), filepath.Join(dir, "ctm.csv")
	play("make-sheet", "", sheet)
	play("make-ctm", "", cases)
	table := people(4000)
	n := 0
	for _, c := range []struct {
		name string
		rows int
		loop func()
	}{
		{"read a sheet", o.sheetRows, func() { play("palermo-sheet", sheet, "") }},
		{"harmonise case records", o.ctmRecords, func() {
			n++
			play("palermo-ctm", cases, filepath.Join(dir, fmt.Sprint("out", n)))
		}},
		{"link records", len(table.IDs), func() { linkAll(t, table) }},
	} {
		got, want := measure(c.rows, c.loop), guarded[c.name]
		t.Logf("%s: %.1f allocations and %.0f bytes a row", c.name, got.allocations, got.bytes)
		if got.allocations > want.allocations*1.1 || got.bytes > want.bytes*1.1 {
			t.Errorf("%s: %.1f allocations and %.0f bytes a row, and had %.1f and %.0f", c.name, got.allocations, got.bytes, want.allocations, want.bytes)
		}
		if got.allocations < want.allocations/1.5 && got.bytes < want.bytes/1.5 {
			t.Errorf("%s: it needs a third less: write %.1f and %.0f down", c.name, got.allocations, got.bytes)
		}
	}
}

// measure is what the second of two goes allocates a row: the first fills what is made once.
func measure(rows int, loop func()) spent {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	loop()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	loop()
	runtime.ReadMemStats(&after)
	return spent{float64(after.Mallocs-before.Mallocs) / float64(rows), float64(after.TotalAlloc-before.TotalAlloc) / float64(rows)}
}

// people is records of made-up people, some of them twice.
func people(n int) *link.Table {
	var columns [3][]string
	t := &link.Table{}
	for i := range n {
		p := i * 7 / 10
		person := [3]string{fmt.Sprintf("Given%c%c", 'a'+p%26, 'a'+p/26%7), fmt.Sprintf("Family%c%c", 'a'+p%23, 'a'+p/23%19), fmt.Sprintf("%d-%02d-%02d", 1960+p%40, 1+p%12, 1+p%28)}
		if i%9 == 0 {
			person[1] += "x"
		}
		for k := range columns {
			columns[k] = append(columns[k], person[k])
		}
		t.IDs = append(t.IDs, fmt.Sprintf("r%06d", i))
	}
	for k, name := range []string{"given", "family", "birth"} {
		t.Columns = append(t.Columns, link.NewColumn(name, columns[k]))
	}
	return t
}

// linkAll estimates a model from the records, weighs their pairs and joins them.
func linkAll(t *testing.T, table *link.Table) {
	t.Helper()
	spec := link.Spec{
		Fields: []link.Field{{Name: "given", Kind: link.Name}, {Name: "family", Kind: link.Name}, {Name: "birth", Kind: link.Birth}},
		Comparisons: []link.Comparison{
			{Name: "given", Levels: []link.Level{{Is: "equal", Of: []string{"given"}, Frequency: "given"}, {Is: "jaro_winkler", Of: []string{"given"}, Least: 0.85}}},
			{Name: "family", Levels: []link.Level{{Is: "equal", Of: []string{"family"}, Frequency: "family"}, {Is: "jaro_winkler", Of: []string{"family"}, Least: 0.85}}},
			{Name: "birth", Levels: []link.Level{{Is: "equal", Of: []string{"birth.exact"}}}},
		},
		Blocking: []link.Rule{{On: []string{"given", "family"}}, {On: []string{"birth.exact"}}},
	}
	l, err := link.Open(spec, table)
	if err != nil {
		t.Fatal(err)
	}
	m, err := l.Fit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pairs, err := l.Scorer(m).Score(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c := l.Cluster(pairs, nil); len(c.Of) != len(table.IDs) || len(c.Merges) == 0 {
		t.Fatal("nobody is joined")
	}
}
