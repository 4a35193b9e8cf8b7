package transform

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"palermo/diag"
	"palermo/schemas"
)

// TestRowOf: a word leads to the row that has it, and to none where no row or two have it. What was found in the first
// pass is held as texts and read back, so that one row can be explained without the others.
func TestRowOf(t *testing.T) {
	first := &Table{indexes: map[string]*rowIndex{"No": {rows: map[string]int{"1": 2, "7 a": 9, "8": 0}}}}
	second := &Table{indexes: map[string]*rowIndex{"No": {rows: map[string]int{}}}, origin: schemas.Origin{Submission: "S", SheetNo: 3}}
	second.assumeIndexes(append(first.holdIndexes(), "zero_printed", indexMark+"\x00Other\x001\x002", indexMark+"\x00No\x001"))
	if d := cmp.Diff(first.indexes["No"].rows, second.indexes["No"].rows); d != "" {
		t.Errorf("held and read back (-held +read):\n%s", d)
	}
	for word, want := range map[string]string{"1": "S.3.2", "7 a": "S.3.9", "8": "", "99": ""} {
		o := second.leads(second.indexes["No"], word)
		if o.text != want || o.has != (want != "") || (o.finding == diag.CodeUnmapped) != (want == "") {
			t.Errorf("%q leads to %q, finding %q; want %q", word, o.text, o.finding, want)
		}
	}
	if o := second.leads(nil, "1"); o.has {
		t.Error("a column that is not there leads somewhere")
	}
}
