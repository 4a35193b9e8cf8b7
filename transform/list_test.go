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

// openMade opens the first table of a made-up mapping over a header.
func openMade(t *testing.T, files fstest.MapFS, header []string) *transform.Table {
	t.Helper()
	m, ds, err := mappings.Decode(files, "made")
	if err != nil || len(ds) > 0 {
		t.Fatal(err, ds)
	}
	p, ds := transform.Compile(m, 0, schemas.Builtin())
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	in := transform.Input{Origin: schemas.Origin{Submission: "s", SheetNo: 1}, HeaderRow: 1, IDs: plainIDs{}, Above: func(int, int) string { return "" }}
	for i, h := range header {
		in.Header = append(in.Header, transform.Header{Name: h, Col: i + 1})
	}
	tab, err := p.Open(in, memory.DefaultAllocator, &diag.List{})
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// texts is a column of the batch of one table.
func texts(t *testing.T, res transform.Result, table, column string) []string {
	t.Helper()
	var out []string
	for _, b := range res.Batches {
		if b.Table != table {
			continue
		}
		c := b.Record.Column(b.Record.Schema().FieldIndices(column)[0])
		for i := range c.Len() {
			if d, ok := c.(*array.Dictionary); ok && d.IsValid(i) {
				out = append(out, d.Dictionary().(*array.String).Value(d.GetValueIndex(i)))
			} else {
				out = append(out, c.ValueStr(i))
			}
		}
	}
	return out
}

// A word of a list may hold the mark that parts words: the longest that the codes file has is read. A list
// whose column the table lacks, and one that hangs on a column that it lacks, make no rows.
func TestWordsWithTheMark(t *testing.T) {
	files := fstest.MapFS{
		"made/mapping.yaml": {Data: []byte(`
source: {id: made, title: "Made up"}
tables:
  - vintage: "one form"
    recognise: {headers: [Case]}
    target: record
    record: {case: [Case], form: one}
    columns: [{from: Case, to: case_reference, parse: text}]
    children:
      - {to: record_exploitation, split: Industry, at: ";", field: activity_code, codes: industry}
      - {to: record_purpose, split: Purpose, at: ";", field: purpose_code, by: code, optional: true, constants: {answer_code: "yes"}}
      - {to: record_route, columns: [{from: Place, to: country_code, by: name}], when: {Kind: [transit]}, constants: {leg_kind_code: transit}}
`)},
		"made/codes/industry.csv": {Data: []byte("source_value,code,note\nTrade; repair; hire,trade,\nTrade,street_vending,\nConstruction,construction,\n")},
	}
	header := []string{"Case", "Industry", "Place"}
	tab := openMade(t, files, header)
	defer tab.Release()
	raw := rawOf(memory.DefaultAllocator, header, "1|Construction; Trade; repair; hire; Trade|Mali", "2|Trade; repair|", "3|repair; hire; Construction|", "4|Trade|")
	defer raw.Release()
	found := &diag.List{}
	res, err := tab.Apply(raw, found)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Release()
	want := []string{"construction", "trade", "street_vending", "street_vending", "(null)", "(null)", "(null)", "construction", "street_vending"}
	if d := cmp.Diff(want, texts(t, res, "record_exploitation", "activity_code")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if got := texts(t, res, "record_route", "country_code"); len(got) > 0 {
		t.Errorf("rows that hang on a column which is not there: %q", got)
	}
}

// One cell may make two rows of the target, with an id each.
func TestTwoNumbersInACell(t *testing.T) {
	files := fstest.MapFS{"made/mapping.yaml": {Data: []byte(`
source: {id: made, title: "Made up"}
tables:
  - vintage: "one form"
    recognise: {headers: [Year]}
    target: statistic
    columns: [{from: Year, to: year, parse: year}]
    children:
      - {to: statistic, columns: [{from: Cases, to: value, part: no_bracket, parse: count, thousands: ","}], constants: {dimension_code: total}}
      - {to: statistic, columns: [{from: Cases, to: value, part: bracket, parse: count, thousands: ","}], constants: {dimension_code: by_exploitation, purpose_code: forced_labour}}
    constants: {indicator_code: prosecutions, unit_code: cases, sex_code: total, age_code: total, is_total: "true", reporter_scope_code: several_countries}
`)}}
	header := []string{"Year", "Cases"}
	tab := openMade(t, files, header)
	defer tab.Release()
	raw := rawOf(memory.DefaultAllocator, header, "2006|5,001", "2007|5,002 (49)")
	defer raw.Release()
	res, err := tab.Apply(raw, &diag.List{})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Release()
	if res.Loaded != 2 {
		t.Errorf("%d rows loaded, want 2", res.Loaded)
	}
	var got []string
	ids, values := texts(t, res, "statistic", "statistic_id"), texts(t, res, "statistic", "value_low")
	for i := range ids {
		got = append(got, ids[i]+" "+values[i]+" "+texts(t, res, "statistic", "reporter_scope_code")[i])
	}
	if d := cmp.Diff("s.1.2.2 5001 several_countries\ns.1.3.2 5002 several_countries\ns.1.3.2.2 49 several_countries", strings.Join(got, "\n")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
