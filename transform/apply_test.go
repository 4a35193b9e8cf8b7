package transform_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"palermo/diag"
	"palermo/mappings"
	"palermo/schemas"
	"palermo/transform"
)

// demo is a mapping that uses every block, for rows of country, state, measure, kind, word, sex,
// age, year and value.
const demo = `
source: {id: demo, title: "Made up"}
tables:
  - vintage: "one form"
    recognise: {headers: [State, Country, Kind, Word, Sex, Year, N]}
    target: statistic
    from_cell: [{to: vintage_date, at: A1, parse: date, form: dd/mm/yyyy}]
    columns:
      - {from: State, to: reporter_code, by: code}
      - {from: Country, to: reporter_code, by: name, fallback: true}
      - {from: Kind, to: dimension_code, codes: dimension}
      - {from: Word, to: citizenship_code, codes: citizenship, by: name, repair: mojibake, when: {Kind: [citizens]}}
      - {from: Word, to: citizenship_scope_code, by: name, repair: mojibake, when: {Kind: [citizens]}}
      - {from: Sex, to: sex_code, codes: sex}
      - {from: Year, to: year, parse: year}
      - {from: Year, to: period, parse: year_period}
      - {from: N, to: value, parse: count_or_below, thousands: ",", below: zeros, missing: ["-"], suppressed: ["*"]}
    several:
      - {from: [Sex], to: is_total, rule: any_is, words: [all], when: {Kind: [all]}}
      - {from: [Kind], to: is_total, rule: all_are, words: [all], fallback: true}
    facts: {zeros: {column: N, rule: has_zero}}
    skip: [{column: State, is: [Total], reason: total_row}]
    constants: {indicator_code: detected_victims, age_code: total, unit_code: persons}
    key: [reporter_code, dimension_code, citizenship_code, sex_code, year]
`

var demoFiles = fstest.MapFS{
	"demo/mapping.yaml":          {Data: []byte(demo)},
	"demo/codes/dimension.csv":   {Data: []byte("source_value,code,note\nall,total,\ncitizens,by_citizenship,\n")},
	"demo/codes/sex.csv":         {Data: []byte("source_value,code,note\nall,total,\nF,female,\nM,male,\n")},
	"demo/codes/citizenship.csv": {Data: []byte("source_value,code,note\nRomanians,ROU,demonym\nElsewhere,*unknown,\nCongolese,*unmapped,two states\n")},
}

func compile(t *testing.T, files fstest.MapFS) *transform.Plan {
	t.Helper()
	m, ds, err := mappings.Decode(files, "demo")
	if err != nil || len(ds) > 0 {
		t.Fatalf("decode: %v %v", err, ds)
	}
	p, ds := transform.Compile(m, 0, schemas.Builtin())
	if len(ds) > 0 {
		t.Fatalf("compile: %v", ds)
	}
	return p
}

var demoHeader = []string{"State", "Country", "Kind", "Word", "Sex", "Year", "N"}

// raw is a raw batch of the lines, whose cells stand between "|". plain says whether its columns
// carry plain text in place of dictionaries. Rows are numbered from first on.
func raw(mem memory.Allocator, first int, plain bool, lines ...string) *schemas.Batch {
	cols, plains := make([]int, len(demoHeader)), make([]bool, len(demoHeader))
	for i := range cols {
		cols[i], plains[i] = i+1, plain
	}
	b := array.NewRecordBuilder(mem, schemas.RawSchema(demoHeader, cols, plains))
	defer b.Release()
	for r, l := range lines {
		b.Field(0).(*array.Int64Builder).Append(int64(first + r))
		b.Field(1).AppendNull()
		for i, cell := range strings.Split(l, "|") {
			switch f := b.Field(i + 2).(type) {
			case *array.StringBuilder:
				if cell == "" {
					f.AppendNull()
				} else {
					f.Append(cell)
				}
			case *array.BinaryDictionaryBuilder:
				if cell == "" {
					f.AppendNull()
				} else if err := f.AppendString(cell); err != nil {
					panic(err)
				}
			}
		}
	}
	return &schemas.Batch{Origin: schemas.Origin{Submission: "s1", File: "f.csv", SheetNo: 1}, Record: b.NewRecordBatch()}
}

func bind(t *testing.T, mem memory.Allocator, p *transform.Plan, ds *diag.List) *transform.Table {
	t.Helper()
	var header []transform.Header
	for i, h := range demoHeader {
		header = append(header, transform.Header{Name: h, Col: i + 1})
	}
	above := func(row, col int) string {
		if row == 1 && col == 1 {
			return "14/04/2025"
		}
		return ""
	}
	in := transform.Input{Origin: schemas.Origin{Submission: "s1", File: "f.csv", SheetNo: 1}, Header: header, HeaderRow: 2, Above: above}
	tab, err := p.Open(in, mem, ds)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// table prints the named columns of a batch, a row a line.
func table(b *schemas.Batch, columns ...string) []string {
	var out []string
	for i := range int(b.Record.NumRows()) {
		var cells []string
		for _, name := range columns {
			cells = append(cells, cell(b.Record, name, i))
		}
		out = append(out, strings.Join(cells, "|"))
	}
	return out
}

func cell(rec arrow.RecordBatch, name string, i int) string {
	at := rec.Schema().FieldIndices(name)
	if len(at) != 1 {
		return "no column " + name
	}
	col := rec.Column(at[0])
	if col.IsNull(i) {
		return "-"
	}
	if d, ok := col.(*array.Dictionary); ok {
		return d.Dictionary().ValueStr(d.GetValueIndex(i))
	}
	return col.ValueStr(i)
}

func TestApply(t *testing.T) {
	for _, plain := range []bool{false, true} {
		t.Run(fmt.Sprintf("plain=%t", plain), func(t *testing.T) {
			mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
			defer mem.AssertSize(t, 0)
			ds := &diag.List{}
			tab := bind(t, mem, compile(t, demoFiles), ds)
			defer tab.Release()
			in := raw(mem, 3, plain,
				"ROU||all||all|2019|1,282",
				"|Kosovo|all||F|2019|<5",             // the state's code is blank: its name stands in
				"ROU||citizens|Romanians|all|2019|7", // by the codes file
				"ROU||citizens|TÃ¼rkiye|all|2019|7",  // mended, then by name
				"ROU||citizens|Congolese|all|2019|7", // listed as having no certain code
				"ROU||citizens|Maria Pop|all|2019|7", // on no list: a name in a shifted column
				"ROU||citizens|Elsewhere|all|2019|7", // listed as unknown
				"ROU||all|Romanians|M|2019|-",        // the column does not speak here; missing
				"ROU||all||M|2018|*",                 // withheld
				"Total||all||all|2019|9",             // skipped
				"ROU||all||X|2019|5",                 // no code, and the row cannot do without
				"ROU||all||M|2017|five",              // not a count
				"ROU||all||M|2017|",                  // blank
			)
			defer in.Release()
			res, err := tab.Apply(in, ds)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Release()
			want := []string{
				"s1.1.3|ROU|total|total|2019-01-01|1,282|1282|1282|-|true",
				"s1.1.4|XKX|total|female|2019-01-01|<5|0|4|-|false",
				"s1.1.5|ROU|by_citizenship|total|2019-01-01|7|7|7|-|false",
				"s1.1.6|ROU|by_citizenship|total|2019-01-01|7|7|7|-|false",
				"s1.1.7|ROU|by_citizenship|total|2019-01-01|7|7|7|-|false",
				"s1.1.8|ROU|by_citizenship|total|2019-01-01|7|7|7|-|false",
				"s1.1.9|ROU|by_citizenship|total|2019-01-01|7|7|7|-|false",
				"s1.1.10|ROU|total|male|2019-01-01|-|-|-|not_collected|false",
				"s1.1.11|ROU|total|male|2018-01-01|*|-|-|suppressed|false",
			}
			got := table(res.Batches[0], "statistic_id", "reporter_code", "dimension_code", "sex_code", "period_from", "value_text",
				"value_low", "value_high", "value_status", "is_total")
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("rows (-want +got):\n%s", d)
			}
			wantWords := []string{"-|not_applicable|-", "-|not_applicable|-", "ROU|-|Romanians", "TUR|-|TÃ¼rkiye", "-|unmapped|Congolese",
				"-|unmapped|[9 characters, Latin]", "-|unknown|Elsewhere", "-|not_applicable|-", "-|not_applicable|-"}
			got = table(res.Batches[0], "citizenship_code", "citizenship_code_status", "citizenship_code_as_reported")
			if d := cmp.Diff(wantWords, got); d != "" {
				t.Errorf("citizenship (-want +got):\n%s", d)
			}
			var rejects []string
			for _, r := range res.Rejected {
				rejects = append(rejects, fmt.Sprintf("%d:%d %s %s %s", r.Row, r.Col, r.Field, r.Code, strings.Join(r.Cells, "|")))
			}
			wantRejects := []string{
				"13:5 sex_code code.unmapped ROU||all||X|2019|5",
				"14:7 value value.not_a_count ROU||all||M|2017|five",
				"15:7 value value.missing ROU||all||M|2017|",
			}
			if d := cmp.Diff(wantRejects, rejects); d != "" {
				t.Errorf("rejected (-want +got):\n%s", d)
			}
			if d := cmp.Diff(map[string]int{"total_row": 1}, res.Skipped); d != "" {
				t.Errorf("skipped (-want +got):\n%s", d)
			}
			checkFindings(t, tab, ds)
		})
	}
}

func checkFindings(t *testing.T, tab *transform.Table, ds *diag.List) {
	t.Helper()
	var words []string
	for _, u := range tab.Finish(ds) {
		if u.Column == "Word" && u.Field == "citizenship_code" {
			words = append(words, fmt.Sprintf("%s|%t|%s|%s|%s|%d|%d", u.Word, u.Listed, u.Code, u.Status, u.Rule, u.Rows, u.FirstRow))
		}
	}
	wantWords := []string{
		"Romanians|true|ROU||codes:citizenship|1|5",
		"TÃ¼rkiye|true|TUR||repair:mojibake+by:name|1|6",
		"Congolese|true||unmapped|codes:citizenship|1|7",
		"Maria Pop|false||unmapped|unmapped|1|8",
		"Elsewhere|true||unknown|codes:citizenship|1|9",
	}
	if d := cmp.Diff(wantWords, words); d != "" {
		t.Errorf("value map (-want +got):\n%s", d)
	}
	var found []string
	for _, d := range ds.Kept() {
		found = append(found, d.String())
	}
	want := []string{
		"f.csv:5:4: citizenship_scope_code: no code for this value [code.unmapped]",
		"f.csv:6:4: citizenship_code: a wrong encoding was undone [value.repaired]",
		"f.csv:7:4: citizenship_code: no code for this value [code.unmapped]",
		"f.csv:7:4: citizenship_scope_code: no code for this value [code.unmapped]",
		"f.csv:8:4: citizenship_code: no code for this value [code.unmapped]",
		"f.csv:8:4: citizenship_scope_code: no code for this value [code.unmapped]",
		"f.csv:9:4: citizenship_scope_code: no code for this value [code.unmapped]",
		"f.csv:13:5: sex_code: no code for this value [code.unmapped]",
		"f.csv:14:7: value: not a whole number of zero or more [value.not_a_count]",
		"f.csv:15:7: value: the cell is blank, and the row cannot do without it [value.missing]",
	}
	if d := cmp.Diff(want, found); d != "" {
		t.Errorf("findings (-want +got):\n%s", d)
	}
	for _, d := range ds.Kept() {
		if strings.Contains(d.String(), "Maria") {
			t.Errorf("a message quotes a cell: %s", d)
		}
	}
}

// TestBelow: what "<5" starts from is a fact about the file.
func TestBelow(t *testing.T) {
	for _, tt := range []struct {
		zero string
		low  string
	}{{"10", "0"}, {"0", "1"}} {
		mem := memory.NewGoAllocator()
		ds := &diag.List{}
		tab := bind(t, mem, compile(t, demoFiles), ds)
		in := raw(mem, 3, false, "ROU||all||all|2019|<5", "ROU||all||F|2019|"+tt.zero)
		tab.Facts(in)
		res, err := tab.Apply(in, ds)
		if err != nil {
			t.Fatal(err)
		}
		if got := cell(res.Batches[0].Record, "value_low", 0); got != tt.low {
			t.Errorf("in a file that prints %q, <5 starts from %s, want %s", tt.zero, got, tt.low)
		}
	}
}

// TestKeys: a repeated key is kept, and said.
func TestKeys(t *testing.T) {
	mem := memory.NewGoAllocator()
	ds := &diag.List{}
	tab := bind(t, mem, compile(t, demoFiles), ds)
	for _, in := range []*schemas.Batch{
		raw(mem, 3, false, "ROU||all||F|2019|7", "ROU||citizens|Kurds|F|2019|7", "ROU||citizens|Tatars|F|2019|8"),
		raw(mem, 6, true, "ROU||all||F|2019|7", "ROU||all||F|2019|8", "ROU||citizens|Kurds|F|2019|8"),
	} {
		res, err := tab.Apply(in, ds)
		if err != nil {
			t.Fatal(err)
		}
		if n := res.Loaded; n != 3 {
			t.Errorf("%d rows loaded, want 3", n)
		}
	}
	for code, want := range map[diag.Code]int{diag.KeyDuplicate: 1, diag.KeyConflict: 2} {
		if got := ds.CountCode(code); got != want {
			t.Errorf("%s: %d, want %d", code, got, want)
		}
	}
}

// TestTrace: each field leads back to its cells and to the place in the mapping that says so.
func TestTrace(t *testing.T) {
	mem := memory.NewGoAllocator()
	tab := bind(t, mem, compile(t, demoFiles), &diag.List{})
	in := raw(mem, 3, true, "|Kosovo|citizens|Romanians|all|2019|<5")
	traces, err := tab.Trace(in, 0)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, tr := range traces {
		for _, c := range tr.Cells {
			if c.Used {
				got[tr.Field] += fmt.Sprintf("%s %s %s %s;", diag.Cell(c.Row, c.Col), c.Text, tr.Rule, tr.Said)
			}
		}
	}
	for field, want := range map[string]string{
		"reporter_code":    "B3 Kosovo by:name demo/mapping.yaml:10:9;",
		"citizenship_code": "D3 Romanians codes:citizenship demo/mapping.yaml:12:9;",
		"value":            "G3 <5 parse:count_or_below demo/mapping.yaml:17:9;",
		"vintage_date":     "A1 14/04/2025 parse:date demo/mapping.yaml:7:16;",
	} {
		if got[field] != want {
			t.Errorf("%s: %q, want %q", field, got[field], want)
		}
	}
}

// TestHeader: a column that is gone, and one that is new, are said at the header.
func TestHeader(t *testing.T) {
	ds := &diag.List{}
	p := compile(t, demoFiles)
	header := []transform.Header{{Name: "State", Col: 1}, {Name: "Kind", Col: 2}, {Name: "Note", Col: 3}, {Name: "Sex", Col: 4},
		{Name: "Year", Col: 5}, {Name: "N", Col: 6}, {Name: "Word", Col: 7}}
	in := transform.Input{Origin: schemas.Origin{File: "f.csv"}, Header: header, HeaderRow: 2, Above: func(int, int) string { return "" }}
	if _, err := p.Open(in, memory.NewGoAllocator(), ds); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range ds.Kept() {
		got = append(got, d.String())
	}
	want := []string{
		"f.csv:1:1: vintage_date: the cell above the table is blank [value.blank]",
		`f.csv:2: reporter_code: the table has no column "Country" [column.missing]`,
		"f.csv:2:3: the mapping does not name this column [column.extra]",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("findings (-want +got):\n%s", d)
	}
}

// TestCompile: what is wrong with a mapping is found without data, at its place.
func TestCompile(t *testing.T) {
	tests := []struct {
		name, old, new, want string
	}{
		{"field", "to: sex_code", "to: sexx", `demo/mapping.yaml:14:25: statistic has no field "sexx" [mapping.unknown_field]`},
		{"codes file", "codes: sex}", "codes: sexx}", `demo/mapping.yaml:14:42: no codes file codes/sexx.csv [mapping.unknown_codes]`},
		{"parse rule", "parse: year}", "parse: yaer}", `demo/mapping.yaml:15:39: no parse rule "yaer" [mapping.unknown_rule]`},
		{"rule for another type", "parse: year_period", "parse: count", `demo/mapping.yaml:16:41: rule "count" does not fill a field like "period" [mapping.unknown_rule]`},
		{"fact", "below: zeros", "below: zeroes", `demo/mapping.yaml:17:76: no fact "zeroes" [mapping.unknown_rule]`},
		{"several", "rule: all_are", "rule: all", `demo/mapping.yaml:20:44: no rule "all" for several columns [mapping.unknown_rule]`},
		{"constant", "unit_code: persons", "unit_code: people", `demo/mapping.yaml:23:79: list "unit" has no code "people" [mapping.unknown_code]`},
		{"target", "target: statistic", "target: statistics", `demo/mapping.yaml:6:13: no target table "statistics" [mapping.unknown_target]`},
		{"required", "{indicator_code: detected_victims, ", "{", `demo/mapping.yaml:4:5: nothing fills "indicator_code", and statistic cannot do without it [mapping.incomplete]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := fstest.MapFS{}
			for k, v := range demoFiles {
				files[k] = v
			}
			files["demo/mapping.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(demo, tt.old, tt.new, 1))}
			m, ds, err := mappings.Decode(files, "demo")
			if err != nil || len(ds) > 0 {
				t.Fatalf("decode: %v %v", err, ds)
			}
			_, ds = transform.Compile(m, 0, schemas.Builtin())
			if len(ds) == 0 {
				t.Fatal("compiled")
			}
			if got := ds[0].String(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
