package transform_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"palermo/diag"
	"palermo/mappings"
	"palermo/schemas"
	"palermo/transform"
)

// openWith opens the mapping of cases, with a condition added, for a file of some columns.
func openWith(t *testing.T, mem memory.Allocator, header []string, room int, ds *diag.List) *transform.Table {
	t.Helper()
	files := fstest.MapFS{}
	for name, f := range caseFiles {
		files[name] = f
	}
	files["cases/mapping.yaml"] = &fstest.MapFile{Data: []byte(cases + "      - {to: record_purpose, flags: {Debt: debt_bondage_purpose}, field: purpose_code, yes: [\"1\"], no: [\"0\"], when: {Where: [Italy]}, constants: {stage_code: exploitation}}\n")}
	m, bad, err := mappings.Decode(files, "cases")
	if err != nil || len(bad) > 0 {
		t.Fatal(err, bad)
	}
	p, bad := transform.Compile(m, 0, schemas.Builtin())
	if len(bad) > 0 {
		t.Fatal(bad)
	}
	in := transform.Input{Origin: schemas.Origin{Agency: "ngo", File: "f.csv", SheetNo: 1}, HeaderRow: 1, IDs: plainIDs{}, Places: room,
		Above: func(int, int) string { return "" }}
	for i, h := range header {
		in.Header = append(in.Header, transform.Header{Name: h, Col: i + 1})
	}
	tab, err := p.Open(in, mem, ds)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// TestPlaces: a finding about a word comes with every cell that the word stands in, as far as there is room, and is counted
// for all.
func TestPlaces(t *testing.T) {
	for room, want := range map[int]string{
		100: "citizenship_code 3 [2:4 3:4 5:4], data_consent_code 1 [4:3], sex_code 2 [2:2 5:2]",
		4:   "citizenship_code 3 [2:4], data_consent_code 1 [4:3], sex_code 2 [2:2 5:2]",
		0:   "citizenship_code 3 [], data_consent_code 1 [], sex_code 2 []",
	} {
		mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
		var got []string
		ds := &diag.List{}
		header := []string{"Case", "Sex", "Consent", "Citizenship"}
		tab := openWith(t, mem, header, room, ds)
		ds.Each = func(d diag.Diagnostic, at []diag.Place, n int) {
			_, field, ok := strings.Cut(d.Field, ".")
			if !ok {
				field = d.Field
			}
			var places []string
			for _, p := range at {
				places = append(places, fmt.Sprintf("%d:%d", p.Row, p.Col))
			}
			got = append(got, fmt.Sprintf("%s %d %v", field, n, places))
		}
		in := rawOf(mem, header, "A1|Q|yes|Atlantis", "A2|F|yes|Romanian;Atlantis", "A3|F|perhaps|Romanian", "A4|Q|yes|Atlantis;Romanian")
		res, err := tab.Apply(in, ds)
		if err != nil {
			t.Fatal(err)
		}
		tab.Finish(ds)
		res.Release()
		in.Release()
		tab.Release()
		mem.AssertSize(t, 0)
		if slices.Sort(got); strings.Join(got, ", ") != want {
			t.Errorf("room for %d: %v\nwant %s", room, got, want)
		}
	}
}

// TestConditionOnAMissingColumn: a file that lacks the column which another is conditional on is read without that other.
func TestConditionOnAMissingColumn(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	ds := &diag.List{}
	header := []string{"Case", "Sex", "Consent", "Debt"}
	tab := openWith(t, mem, header, 0, ds)
	defer tab.Release()
	in := rawOf(mem, header, "A1|F|yes|1")
	defer in.Release()
	res, err := tab.Apply(in, ds)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Release()
	if res.Loaded != 1 || ds.CountCode(diag.ColumnMissing) == 0 || slices.ContainsFunc(res.Batches, func(b *schemas.Batch) bool { return b.Table == "record_purpose" }) {
		t.Errorf("%+v, %v", res, ds.Kept())
	}
}
