package transform_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"palermo/diag"
	"palermo/mappings"
	"palermo/schemas"
	"palermo/transform"
)

// acts is a mapping whose children make the target's rows.
const acts = `
source: {id: acts, title: "Made up"}
tables:
  - vintage: "one form"
    recognise: {headers: [State, Signed, Bound]}
    target: treaty_action
    columns:
      - {from: State, to: country_code, part: no_number, by: name}
    constants: {treaty_code: untoc}
    children:
      - {to: treaty_action, columns: [{from: Signed, to: acted, parse: date, form: d Mon yyyy}], constants: {act_code: signature}}
      - {to: treaty_action, columns: [{from: Bound, to: acted, part: no_mark, parse: date, form: d Mon yyyy}, {from: Bound, to: act_code, part: mark, codes: act}]}
`

func actsMapping(t *testing.T, text string) (*mappings.Mapping, []diag.Diagnostic) {
	t.Helper()
	m, ds, err := mappings.Decode(fstest.MapFS{
		"acts/mapping.yaml":  {Data: []byte(text)},
		"acts/codes/act.csv": {Data: []byte("source_value,code,note\nnone,ratification,\na,accession,\n")},
	}, "acts")
	if err != nil {
		t.Fatal(err)
	}
	return m, ds
}

// Children of the target make its rows in place of the row itself, and say what its columns say; a
// row of the source is loaded once, however many they are.
func TestChildrenOfTheTarget(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	m, _ := actsMapping(t, acts)
	p, found := transform.Compile(m, 0, schemas.Builtin())
	if len(found) > 0 {
		t.Fatal(found)
	}
	header := []string{"State", "Signed", "Bound"}
	var in transform.Input
	in.Origin.Submission, in.Origin.SheetNo = "s", 1
	in.Above = func(int, int) string { return "" }
	for i, h := range header {
		in.Header = append(in.Header, transform.Header{Name: h, Col: i + 1})
	}
	var ds diag.List
	table, err := p.Open(in, mem, &ds)
	if err != nil {
		t.Fatal(err)
	}
	defer table.Release()
	raw := rawOf(mem, header, "Albania 3|1 Dec 2000|2 Jan 2003 a", "Mali|1 Dec 2000|", "Ghana||", "Atlantis||3 Mar 2003", "Benin||3 Mar 2003 zz")
	defer raw.Release()
	res, err := table.Apply(raw, &ds)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Release()
	if res.Loaded != 5 || len(res.Rejected) > 0 || len(res.Batches) != 1 || res.Batches[0].Table != "treaty_action" {
		t.Fatalf("%d loaded, %d rejected, %d batches", res.Loaded, len(res.Rejected), len(res.Batches))
	}
	want := []string{"s.1.2.2|ALB|untoc|signature|2000-12-01|2", "s.1.2.3|ALB|untoc|accession|2003-01-02|3", "s.1.3.2|MLI|untoc|signature|2000-12-01|2",
		"s.1.5.3|(null)|untoc|ratification|2003-03-03|3"}
	if d := cmp.Diff(want, cellsOf(res.Batches[0], "action_id", "country_code", "treaty_code", "act_code", "acted_from", "_col")); d != "" {
		t.Errorf("rows (-want +got):\n%s", d)
	}
	words := map[string]int{}
	for _, u := range table.Finish(&ds) {
		words[u.Field+"="+u.Word] = u.Rows
	}
	if d := cmp.Diff(map[string]int{"country_code=Albania": 1, "country_code=Mali": 1, "country_code=Ghana": 1, "country_code=Atlantis": 1, "country_code=Benin": 1,
		"treaty_action.act_code=a": 1, "treaty_action.act_code=none": 1, "treaty_action.act_code=zz": 1}, words); d != "" {
		t.Errorf("value map (-want +got):\n%s", d)
	}
}

func TestCompileChildrenOfTheTarget(t *testing.T) {
	for _, tt := range []struct{ name, old, new, want string }{
		{"nothing fills a field", ", constants: {act_code: signature}", "", `nothing fills "act_code"`},
		{"filled twice", "{act_code: signature}", "{act_code: signature, treaty_code: untoc}", `"treaty_code" is filled by the table's own columns already`},
		{"another table too", "{to: treaty_action, columns: [{from: Signed, to: acted, parse: date, form: d Mon yyyy}], constants: {act_code: signature}}",
			"{to: rating, columns: [{from: Signed, to: year, parse: year}]}", "all are of the target"},
		{"no such part", "part: mark", "part: marks", `no part "marks"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, ds := actsMapping(t, strings.Replace(acts, tt.old, tt.new, 1))
			_, found := transform.Compile(m, 0, schemas.Builtin())
			var all []string
			for _, d := range append(ds, found...) {
				all = append(all, d.Message)
			}
			if got := strings.Join(all, "\n"); !strings.Contains(got, tt.want) {
				t.Errorf("found %q, want %q", got, tt.want)
			}
		})
	}
}

// cellsOf is the rows of the batch, some columns of each joined by bars.
func cellsOf(b *schemas.Batch, columns ...string) []string {
	var out []string
	for i := range int(b.Record.NumRows()) {
		var cells []string
		for _, name := range columns {
			col := b.Record.Column(b.Record.Schema().FieldIndices(name)[0])
			if d, ok := col.(*array.Dictionary); ok && d.IsValid(i) {
				cells = append(cells, d.Dictionary().ValueStr(d.GetValueIndex(i)))
				continue
			}
			cells = append(cells, col.ValueStr(i))
		}
		out = append(out, strings.Join(cells, "|"))
	}
	return out
}
