package transform_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
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

// wide is a mapping of a table with periods and measures across.
const wide = `
source: {id: demo, title: "Made up"}
tables:
  - vintage: "wide"
    recognise: {headers: [Label, 2000 / n]}
    header: {rows: 2}
    target: statistic
    unpivot:
      levels: [{as: Period, parse: period, is: [Total]}, {as: Measure, is: [n, "%"]}]
      value: Figure
      above: [{as: Topic, column: Label, is: [Sex, Form]}]
      base: {as: Base, column: Label, is: [Known], within: Topic, level: {Measure: n}}
    columns:
      - {from: Label, to: sex_code, codes: sex}
      - {from: Topic, to: breakdown, codes: topic}
      - {from: Period, to: year, parse: period_year}
      - {from: Measure, to: unit_code, codes: unit}
      - {from: Figure, to: value, parse: count_or_below, thousands: ".", zero: ["-"], footnotes: ["*"], below: zeros, when: {Measure: [n]}}
      - {from: Figure, to: value, parse: number, decimal: ",", not_applicable: ["-"], when: {Measure: ["%"]}, fallback: true}
      - {from: Base, to: base, parse: count, thousands: ".", footnotes: ["*"], when: {Measure: ["%"]}}
    several: [{from: [Label], to: is_total, rule: any_is, words: [Known]}]
    facts: {zeros: {column: Figure, rule: has_zero, words: ["-"]}}
    skip: [{column: Period, is: [Total], reason: total_row}]
    constants: {indicator_code: detected_victims, dimension_code: total, age_code: total}
`

var wideCodes = fstest.MapFS{
	"demo/codes/sex.csv":   {Data: []byte("source_value,code,note\nKnown,total,\nFemale,female,\nMale,male,\nOther,total,\n")},
	"demo/codes/topic.csv": {Data: []byte("source_value,code,note\nSex,by sex,\nForm,by form,\n")},
	"demo/codes/unit.csv":  {Data: []byte("source_value,code,note\nn,persons,\n%,percent,\n")},
}

func wideFiles(mapping string) fstest.MapFS {
	out := fstest.MapFS{"demo/mapping.yaml": {Data: []byte(mapping)}}
	for name, f := range wideCodes {
		out[name] = f
	}
	return out
}

// openWide opens a table whose header's rows stand between "|", and gives a maker of its raw batches.
func openWide(t *testing.T, p *transform.Plan, mem memory.Allocator, ds *diag.List, header ...string) (*transform.Table, func(first int, lines ...string) *schemas.Batch) {
	t.Helper()
	var rows []mappings.PreviewRow
	for i, h := range header {
		rows = append(rows, mappings.PreviewRow{Num: i + 1, Cells: strings.Split(h, "|")})
	}
	c := mappings.Candidate{Mapping: p.Mapping(), HeaderRow: len(header)}
	var hs []transform.Header
	var names []string
	var cols []int
	for i, name := range c.HeaderCells(rows) {
		hs = append(hs, transform.Header{Name: name, Col: i + 1, Parts: c.HeaderParts(rows)[i]})
		names, cols = append(names, name), append(cols, i+1)
	}
	tab, err := p.Open(transform.Input{Origin: schemas.Origin{Submission: "s1", SheetNo: 1}, Header: hs, HeaderRow: len(header)}, mem, ds)
	if err != nil {
		t.Fatal(err)
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schemas.RawSchema(names, cols, make([]bool, len(cols))))
	t.Cleanup(b.Release)
	return tab, func(first int, lines ...string) *schemas.Batch {
		for r, l := range lines {
			b.Field(0).(*array.Int64Builder).Append(int64(first + r))
			b.Field(1).AppendNull()
			cells := strings.Split(l, "|")
			for i := range cols {
				f := b.Field(i + 2).(*array.BinaryDictionaryBuilder)
				if i >= len(cells) || cells[i] == "" {
					f.AppendNull()
				} else if err := f.AppendString(cells[i]); err != nil {
					t.Fatal(err)
				}
			}
		}
		return &schemas.Batch{Origin: schemas.Origin{Submission: "s1", SheetNo: 1}, Record: b.NewRecordBatch()}
	}
}

// applyAll applies the batches, and gives the loaded rows and the sums.
func applyAll(t *testing.T, tab *transform.Table, ds *diag.List, columns []string, batches ...*schemas.Batch) (rows []string, sum transform.Result) {
	t.Helper()
	sum.Skipped = map[string]int{}
	for _, raw := range batches {
		for b := range tab.Rows(raw) {
			tab.Facts(b)
		}
	}
	tab.Rewind()
	for _, raw := range batches {
		for b := range tab.Rows(raw) {
			res, err := tab.Apply(b, ds)
			if err != nil {
				t.Fatal(err)
			}
			for _, out := range res.Batches {
				rows = append(rows, table(out, columns...)...)
			}
			sum.Loaded += res.Loaded
			sum.Rejected = append(sum.Rejected, res.Rejected...)
			for reason, n := range res.Skipped {
				sum.Skipped[reason] += n
			}
			res.Release()
		}
	}
	return rows, sum
}

func TestUnpivot(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	var ds diag.List
	tab, batch := openWide(t, compile(t, wideFiles(wide)), mem, &ds, "Label|2000||Jan-May 2001||Total|", "|n|%|n|%|n|note")
	defer tab.Release()
	first := batch(3, "Sex", "Known|1.200|100,0|8*|100,0|1.208", "Female|<5|0,3|-|-|<9")
	second := batch(6, "Male|x|12.5||1,5|3", "Form", "Other|1|2,0|||", "Known|9||7|100,0|")
	defer first.Release()
	defer second.Release()
	got, sum := applyAll(t, tab, &ds, []string{"statistic_id", "sex_code", "breakdown", "year", "unit_code", "value_text", "value_low", "value_high", "value_status", "base_low", "is_total", "_col"}, first, second)
	want := []string{
		"s1.1.4.2|total|by sex|2000|persons|1.200|1200|1200|-|-|true|2",
		"s1.1.4.3|total|by sex|2000|percent|100,0|100|100|-|1200|true|3",
		"s1.1.4.4|total|by sex|2001|persons|8*|8|8|-|-|true|4",
		"s1.1.4.5|total|by sex|2001|percent|100,0|100|100|-|8|true|5",
		"s1.1.5.2|female|by sex|2000|persons|<5|1|4|-|-|false|2",
		"s1.1.5.3|female|by sex|2000|percent|0,3|0.3|0.3|-|1200|false|3",
		"s1.1.5.4|female|by sex|2001|persons|-|0|0|-|-|false|4",
		"s1.1.5.5|female|by sex|2001|percent|-|-|-|not_applicable|8|false|5",
		"s1.1.6.5|male|by sex|2001|percent|1,5|1.5|1.5|-|8|false|5",
		"s1.1.8.2|total|by form|2000|persons|1|1|1|-|-|false|2",
		"s1.1.8.3|total|by form|2000|percent|2,0|2|2|-|-|false|3", // the base of the block above is not its own
		"s1.1.9.2|total|by form|2000|persons|9|9|9|-|-|true|2",
		"s1.1.9.4|total|by form|2001|persons|7|7|7|-|-|true|4",
		"s1.1.9.5|total|by form|2001|percent|100,0|100|100|-|7|true|5",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("rows (-want +got):\n%s", d)
	}
	var rejected []string
	for _, r := range sum.Rejected {
		rejected = append(rejected, fmt.Sprintf("%d:%d %s %s %d cells", r.Row, r.Col, r.Code, r.Field, len(r.Cells)))
	}
	if d := cmp.Diff([]string{"6:2 value.not_a_count value 7 cells", "6:3 value.not_a_number value 7 cells"}, rejected); d != "" {
		t.Errorf("rejected (-want +got):\n%s", d)
	}
	if d := cmp.Diff(map[string]int{"total_row": 7, "blank_cell": 12}, sum.Skipped); d != "" {
		t.Errorf("skipped (-want +got):\n%s", d)
	}
	uses := tab.Finish(&ds)
	for _, u := range uses {
		if u.Column == "Measure" && u.Word == "%" && (u.FirstRow != 2 || u.ColNo != 3) || u.Column == "Topic" && u.Word == "Form" && (u.FirstRow != 7 || u.ColNo != 1) {
			t.Errorf("%s %q stands at %d:%d", u.Column, u.Word, u.FirstRow, u.ColNo)
		}
	}
	var said []string
	for _, d := range ds.Kept() {
		said = append(said, fmt.Sprintf("%d:%d %s", d.Pos.Row, d.Pos.Col, d.Code))
	}
	slices.Sort(said)
	if d := cmp.Diff([]string{"2:7 column.extra", "6:2 value.not_a_count", "6:3 value.not_a_number", "8:3 value.blank"}, said); d != "" {
		t.Errorf("findings (-want +got):\n%s", d)
	}
}

// TestUnpivotLosesNothing makes random tables, and holds that every value cell below the header is
// loaded, rejected or skipped exactly once, wherever its batch begins.
func TestUnpivotLosesNothing(t *testing.T) {
	plan := compile(t, wideFiles(wide))
	words := []string{"", "", "-", "1", "12*", "<5", "1.234", "1,5", "x", "100,0", "٣"}
	labels := []string{"Sex", "Form", "Known", "Female", "Male", "Nobody", "", "Total"}
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		upper, lower, values := "Label", "", 0
		for y := range 1 + rng.IntN(5) {
			for _, m := range []string{"n", "%", "note"}[:1+rng.IntN(3)] {
				upper, lower = upper+fmt.Sprintf("|%d", 2000+y), lower+"|"+m
				if m != "note" {
					values++
				}
			}
		}
		var ds diag.List
		tab, batch := openWide(t, plan, memory.DefaultAllocator, &ds, upper, lower)
		var batches []*schemas.Batch
		row, cells, texts := 3, 0, map[string]string{}
		for range 1 + rng.IntN(4) {
			var lines []string
			for range 1 + rng.IntN(6) {
				line := []string{labels[rng.IntN(len(labels))]}
				for c, m := range strings.Split(lower, "|")[1:] {
					line = append(line, words[rng.IntN(len(words))])
					if m != "note" {
						texts[fmt.Sprintf("%d:%d", row+len(lines), c+2)] = line[len(line)-1]
						cells++
					}
				}
				lines = append(lines, strings.Join(line, "|"))
			}
			batches = append(batches, batch(row, lines...))
			row += len(lines)
		}
		got, sum := applyAll(t, tab, &ds, []string{"_row", "_col", "value_text"}, batches...)
		if tab.Units() != values {
			t.Fatalf("seed %d: %d value columns, want %d", seed, tab.Units(), values)
		}
		skipped := 0
		for _, n := range sum.Skipped {
			skipped += n
		}
		if sum.Loaded+len(sum.Rejected)+skipped != cells || sum.Loaded != len(got) {
			t.Fatalf("seed %d: %d cells: loaded %d, rejected %d, skipped %d", seed, cells, sum.Loaded, len(sum.Rejected), skipped)
		}
		for _, r := range sum.Rejected {
			got = append(got, fmt.Sprintf("%d|%d|%s", r.Row, r.Col, r.Cells[r.Col-1]))
		}
		for _, l := range got {
			part := strings.SplitN(l, "|", 3)
			at := part[0] + ":" + part[1]
			if want, ok := texts[at]; !ok || want != part[2] {
				t.Fatalf("seed %d: cell %s came out as %q, want %q once", seed, at, part[2], want)
			}
			delete(texts, at)
		}
		for at, w := range texts {
			if w != "" {
				t.Fatalf("seed %d: cell %s with %q is nowhere", seed, at, w)
			}
		}
		for _, b := range batches {
			b.Release()
		}
		tab.Release()
	}
}

// TestUnpivotOtherSources reads tables of other shapes: sexes across, and indicators of several kinds.
func TestUnpivotOtherSources(t *testing.T) {
	nrm := `
source: {id: demo, title: "Made up"}
tables:
  - vintage: "sexes across"
    recognise: {headers: [Type, Female, Male, Total]}
    target: statistic
    unpivot: {levels: [{as: Sex, is: [Female, Male, Total]}], value: Persons}
    columns:
      - {from: Sex, to: sex_code, codes: sex}
      - {from: Type, to: age_code, codes: age}
      - {from: Persons, to: value, parse: count}
    several: [{from: [Sex, Type], to: is_total, rule: any_is, words: [Total]}]
    constants: {indicator_code: referred_persons, dimension_code: total, unit_code: persons, year: "2013"}
    ignore: [Change]
`
	sdg := `
source: {id: demo, title: "Made up"}
tables:
  - vintage: "years down, series across"
    recognise: {headers: [Godina, Žene]}
    target: statistic
    unpivot: {levels: [{as: Series, is: [Muškarci, Žene, 0-18 godina]}], value: Rate}
    columns:
      - {from: Godina, to: year, parse: year}
      - {from: Series, to: sex_code, codes: sex}
      - {from: Series, to: age_code, codes: age}
      - {from: Rate, to: value, parse: number, zero: ["-"], missing: [NA]}
    constants: {indicator_code: detected_victims, dimension_code: total, unit_code: per_100000, is_total: "false"}
`
	tests := []struct {
		mapping, sex, age, header string
		lines, want               []string
	}{
		{nrm, "Female,female,\nMale,male,\nTotal,total,\n", "Adult,adult,\nTotal,total,\n", "Type|Female|Male|Total|Change",
			[]string{"Adult|125|16|141|18%", "Total|125|16|141|"},
			[]string{"2|2|female|adult|125|-|false", "2|3|male|adult|16|-|false", "2|4|total|adult|141|-|true", "3|2|female|total|125|-|true", "3|3|male|total|16|-|true", "3|4|total|total|141|-|true"}},
		{sdg, "Muškarci,male,\nŽene,female,\n0-18 godina,total,\n", "Muškarci,total,\nŽene,total,\n0-18 godina,band,\n", "Godina|Muškarci|Žene|0-18 godina",
			[]string{"2017|0.39|-|NA"},
			[]string{"2|2|male|total|0.39|-|false", "2|3|female|total|0|-|false", "2|4|total|band|-|not_collected|false"}},
	}
	for _, tt := range tests {
		const head = "source_value,code,note\n"
		files := fstest.MapFS{"demo/mapping.yaml": {Data: []byte(tt.mapping)}, "demo/codes/sex.csv": {Data: []byte(head + tt.sex)}, "demo/codes/age.csv": {Data: []byte(head + tt.age)}}
		var ds diag.List
		tab, batch := openWide(t, compile(t, files), memory.DefaultAllocator, &ds, tt.header)
		b := batch(2, tt.lines...)
		got, _ := applyAll(t, tab, &ds, []string{"_row", "_col", "sex_code", "age_code", "value_low", "value_status", "is_total"}, b)
		b.Release()
		tab.Release()
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.header, d)
		}
	}
}

func TestUnpivotTrace(t *testing.T) {
	var ds diag.List
	tab, batch := openWide(t, compile(t, wideFiles(wide)), memory.DefaultAllocator, &ds, "Label|2000||2001|", "|n|%|n|%")
	defer tab.Release()
	b := batch(3, "Sex", "Known|20|100,0|8|100,0", "Female|<5|5,0|-|-")
	defer b.Release()
	for rows := range tab.Rows(b) {
		traces, err := tab.Trace(rows, 9) // C5
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, tr := range traces {
			for _, c := range tr.Cells {
				if c.Used {
					got[tr.Field] = fmt.Sprintf("%s %q", diag.Cell(c.Row, c.Col), c.Text)
				}
			}
		}
		want := map[string]string{"sex_code": `A5 "Female"`, "breakdown": `A3 "Sex"`, "year": `B1 "2000"`, "unit_code": `C2 "%"`,
			"value": `C5 "5,0"`, "base": `B4 "20"`, "is_total": `A5 "Female"`}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("cells (-want +got):\n%s", d)
		}
	}
}

// TestCompileUnpivot is what can be wrong with a block without data, each at its place.
func TestCompileUnpivot(t *testing.T) {
	tests := []struct{ old, new, want string }{
		{"{as: Measure, is: [n, \"%\"]}]", "{as: Measure}]", "9:58: a level says which words it knows"},
		{"parse: period, is", "parse: perod, is", `9:36: no parse rule "perod"`},
		{"parse: period, is", "parse: period, form: ddmm, is", `9:50: no form of dates "ddmm"`},
		{"header: {rows: 2}", "header: {rows: 1}", "9:15: the header has 1 row, so there must be as many levels"},
		{"level: {Measure: n}", "level: {Mesure: n}", `12:83: no level is called "Mesure"`},
		{"level: {Measure: n}", "level: {Measure: m}", `12:84: level "Measure" does not list the word "m"`},
		{"within: Topic", "within: Topics", `12:60: nothing above is called "Topics"`},
		{"is: [Known], within", "is: [], within", "a base says which rows hold it"},
		{"value: Figure", "value: Period", `"Period" names two things`},
		{"      - {from: Topic, to: breakdown, codes: topic}\n", "", `nothing reads "Topic"`},
		{"headers: [Label, 2000 / n]", "headers: [Label, MM / n]", `column "MM / n" is neither mapped nor listed under ignore, and no level knows it`},
		{"headers: [Label, 2000 / n]", "headers: [Label, 2000 / m]", `column "2000 / m" is neither mapped`},
		{"to: sex_code, codes: sex}", "to: sex_code, codes: sex, zero: [x]}", `"sex_code" holds no numbers`},
		{"footnotes: [\"*\"]", "footnotes: [\"1)\"]", "a mark of footnotes has no digits"},
		{"not_applicable: [\"-\"]", "not_applicable: [\"-\"], zero: [\"-\"]", "a zero and as a kind of empty"},
		{"target: statistic", "target: statistic\n    children: [{to: record_route, columns: [{from: Label, to: country_code, by: name}]}]", "rows of case data cannot be unpivoted"},
		{"value: Figure", "valu: Figure", `the mapping language has no word "valu" here`},
	}
	for _, tt := range tests {
		if !strings.Contains(wide, tt.old) {
			t.Fatalf("the mapping has no %q", tt.old)
		}
		m, ds, err := mappings.Decode(wideFiles(strings.Replace(wide, tt.old, tt.new, 1)), "demo")
		if err != nil {
			t.Fatal(err)
		}
		if len(ds) == 0 {
			_, ds = transform.Compile(m, 0, schemas.Builtin())
		}
		var said []string
		for _, d := range ds {
			said = append(said, d.String())
		}
		if all := strings.Join(said, "\n"); !strings.Contains(all, tt.want) || len(ds) > 0 && ds[0].Pos.Row == 0 {
			t.Errorf("%q: said\n%s\nwant %q", tt.new, all, tt.want)
		}
	}
}
