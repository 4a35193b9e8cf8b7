package transform_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"palermo/mappings"
	"palermo/schemas"
	"palermo/transform"
)

// TestCompileStated: what is wrong with a statement about submissions is found without data.
func TestCompileStated(t *testing.T) {
	for _, tt := range []struct{ block, want string }{
		{"{kind: replacement}", `no kind of submission is called "replacement" [mapping.unknown_code]`},
		{"{kind: full_replacement, from: soon}", "this is not a day, a month or a year [mapping.unknown_code]"},
		{"{from_cell: [{to: period, at: B1}]}", `a submission has no "period": kind, from and to are what it can say [mapping.unknown_field]`},
		{"{from_cell: [{to: kind, at: first}]}", `"first" does not name a cell [mapping.syntax]`},
		{"{from_cell: [{to: kind, at: B1, codes: kinds}]}", "no codes file codes/kinds.csv [mapping.unknown_codes]"},
		{"{from_cell: [{to: kind, at: B1, codes: sex}]}", `list "submission_kind" has no code "female" [mapping.unknown_code]`},
		{"{from_cell: [{to: from, at: B1, codes: sex}]}", "only the kind has codes [mapping.unknown_codes]"},
		{"{from_cell: [{to: from, at: B1, form: yy}]}", `no form of dates "yy" [mapping.unknown_rule]`},
		{"{from_sheet: [{to: kind, at: B1}]}", "the sheet's name stands in no cell [mapping.syntax]"},
		{"{kind: correction, from_sheet: [{to: from}]}", ""},
	} {
		files := fstest.MapFS{}
		for k, v := range demoFiles {
			files[k] = v
		}
		text := strings.Replace(demo, "    target: statistic\n", "    target: statistic\n    submission: "+tt.block+"\n", 1)
		files["demo/mapping.yaml"] = &fstest.MapFile{Data: []byte(text)}
		m, ds, err := mappings.Decode(files, "demo")
		if err != nil || len(ds) > 0 {
			t.Fatalf("decode: %v %v", err, ds)
		}
		_, ds = transform.Compile(m, 0, schemas.Builtin())
		if got := fmt.Sprint(ds); (tt.want == "") != (len(ds) == 0) || !strings.Contains(got, tt.want) {
			t.Errorf("%s: want %q among %s", tt.block, tt.want, got)
		}
	}
}
