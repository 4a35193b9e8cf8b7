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

const released = `
source: {id: released, title: "Made up"}
tables:
  - vintage: "one form"
    recognise: {headers: [Threats]}
    target: released_case
    columns: [{from: Case, to: origin_region, parse: text}]
    joined:
      - to: means
        list: means
        denied: means_denied
        status: means_status
        flags: {Fraud: fraud, Threats: threat, Force: force}
        unspecified: [Not specified]
        yes: ["1"]
        no: ["0"]
        unknown: [U]
        not_collected: ["-99"]
        asked: any_yes
      - {to: purposes, list: purpose, denied: purposes_denied, status: purposes_status, flags: {Labour: forced_labour}, also: {Begging: begging}, yes: ["1"], no: ["0"]}
      - {to: perpetrator_sexes, list: sex, split: Sexes, at: [";", "."], codes: sex, not_collected: ["-99"]}
      - {to: perpetrator_ages, split: Ages, at: [";"], codes: age, optional: true}
    skip: [{only: [Number], reason: blank_row}]
    constants: {release_kind_code: synthetic}
    ignore: [Number]
`

var releasedFiles = fstest.MapFS{
	"released/mapping.yaml":  {Data: []byte(released)},
	"released/codes/sex.csv": {Data: []byte("source_value,code,note\nF,female,\nM,male,\nU,*unknown,\n")},
	"released/codes/age.csv": {Data: []byte("source_value,code,note\n48+,48 or more,\n")},
}

var releasedHeader = []string{"Number", "Case", "Threats", "Fraud", "Force", "Not specified", "Labour", "Begging", "Sexes"}

func openReleased(t *testing.T, mem memory.Allocator, found *diag.List) *transform.Table {
	t.Helper()
	m, ds, err := mappings.Decode(releasedFiles, "released")
	if err != nil || len(ds) > 0 {
		t.Fatalf("decode: %v %v", err, ds)
	}
	p, ds := transform.Compile(m, 0, schemas.Builtin())
	if len(ds) > 0 {
		t.Fatalf("compile: %v", ds)
	}
	in := transform.Input{Origin: schemas.Origin{Submission: "s", SheetNo: 1}, HeaderRow: 1, Above: func(int, int) string { return "" }}
	for i, h := range releasedHeader {
		in.Header = append(in.Header, transform.Header{Name: h, Col: i + 1})
	}
	tab, err := p.Open(in, mem, found)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func TestJoined(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	found := &diag.List{}
	tab := openReleased(t, mem, found)
	defer tab.Release()
	if found.Len() > 0 {
		t.Fatal(found.Kept())
	}
	raw := rawOf(mem, releasedHeader,
		"1|stated and denied|1|1|0|0|1|0|F;M",
		"2|zeros, and nothing stated|0|0|0||0|0|M.F",
		"3|zeros, and not specified|0|-99|0|1|0||",
		"4|stated, but not all specified|1|0||1|||F;;F",
		"5|nothing|-99||-99|-99|||-99",
		"6|not known|-99|U|||||U",
		"7|no word for it|2||||x||Q;F",
		"8||||||||",
	)
	defer raw.Release()
	res, err := tab.Apply(raw, found)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Release()
	var got []string
	rec := res.Batches[0].Record
	for i := range int(rec.NumRows()) {
		var line []string
		for _, name := range []string{"means", "means_denied", "means_status", "purposes", "purposes_denied", "purposes_status", "perpetrator_sexes"} {
			c := rec.Column(rec.Schema().FieldIndices(name)[0]).(*array.String)
			line = append(line, c.Value(i))
		}
		got = append(got, strings.Join(line, "|"))
	}
	want := []string{
		"threat;fraud|force||forced_labour|||female;male", // in the order of the list, which is not that of the columns
		"||not_collected||forced_labour||female;male",     // without asked a no is a no
		"||unknown||forced_labour||",
		"threat||||||female",
		"||not_collected|||not_collected|",
		"||unknown|||not_collected|",
		"||unmapped|||unmapped|female",
	}
	want[3] = "threat|||||not_collected|female"
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if d := cmp.Diff(map[string]int{"blank_row": 1}, res.Skipped); d != "" {
		t.Errorf("skipped (-want +got):\n%s", d)
	}
	uses := tab.Finish(found)
	var said []string
	for _, f := range found.Kept() {
		said = append(said, f.String())
	}
	wantSaid := []string{":8:3: means: no code for this value [code.unmapped]", ":8:7: purposes: no code for this value [code.unmapped]", ":8:9: perpetrator_sexes: no code for this value [code.unmapped]"}
	if d := cmp.Diff(wantSaid, said); d != "" {
		t.Errorf("findings (-want +got):\n%s", d)
	}
	for _, u := range uses {
		if u.Column == "Threats" && u.Word == "1" && (u.Code != "yes" || u.Rows != 2 || u.Field != "means") {
			t.Errorf("value map of a flag: %+v", u)
		}
	}
}

func TestJoinedTrace(t *testing.T) {
	tab := openReleased(t, memory.DefaultAllocator, &diag.List{})
	defer tab.Release()
	raw := rawOf(memory.DefaultAllocator, releasedHeader, "1|x|1|0|-99|0|||F;Q")
	defer raw.Release()
	traces, err := tab.Trace(raw, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, tr := range traces {
		switch tr.Field {
		case "means":
			for _, c := range tr.Cells {
				if c.Used != (c.Column == "Threats") {
					t.Errorf("means: the cell of %s decided: %v", c.Column, c.Used)
				}
			}
			if len(tr.Cells) != 4 || tr.Rule != "joined" || tr.Values["means"] != "threat" || tr.Said.Row != 9 {
				t.Errorf("means: %+v", tr)
			}
		case "perpetrator_sexes":
			c := tr.Cells[0]
			c.Hide(false)
			if c.Text != "F;[1 character, Latin]" {
				t.Errorf("a list is shown as %q", c.Text)
			}
		}
	}
}

func TestBrokenJoined(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"no list", "list: means\n", "list: meanings\n", `no code list "meanings"`},
		{"no code", "Threats: threat,", "Threats: threats,", `list "means" has no code "threats"`},
		{"no text", "denied: means_denied", "denied: k", `"k" is no text`},
		{"twice", "to: purposes,", "to: means,", `field "means" is filled already`},
		{"two answers", `unknown: [U]`, `unknown: ["1"]`, "a word is listed as two answers"},
		{"no rule", "asked: any_yes", "asked: perhaps", `no rule "perhaps" says what was asked`},
		{"flags and split", "split: Ages,", "split: Ages, flags: {A: b},", "flags or split, one of the two"},
		{"no mark", `at: [";", "."]`, "at: []", "say what stands between the words"},
		{"no codes", `at: [";"], codes: age,`, `at: [";"],`, "words need a codes file"},
		{"a code of no list", "codes: sex", "codes: age", `list "sex" has no code "48 or more"`},
	} {
		files := fstest.MapFS{"released/codes/sex.csv": releasedFiles["released/codes/sex.csv"], "released/codes/age.csv": releasedFiles["released/codes/age.csv"],
			"released/mapping.yaml": {Data: []byte(strings.Replace(released, c.old, c.new, 1))}}
		m, ds, err := mappings.Decode(files, "released")
		if err != nil || len(ds) > 0 {
			t.Fatal(c.name, err, ds)
		}
		_, ds = transform.Compile(m, 0, schemas.Builtin())
		var all []string
		for _, d := range ds {
			all = append(all, d.Message)
		}
		if !strings.Contains(strings.Join(all, "\n"), c.want) {
			t.Errorf("%s: %q, want one with %q", c.name, all, c.want)
		}
	}
}
