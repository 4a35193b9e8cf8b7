package transform_test

import (
	"fmt"
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

// cases is a mapping of case records, with every kind of child.
const cases = `
source: {id: cases, title: "Made up"}
tables:
  - vintage: "one form"
    recognise: {headers: [Case]}
    target: record
    record: {case: [Case], form: assistance}
    columns:
      - {from: Case, to: case_reference, parse: text}
      - {from: Sex, to: sex_code, codes: sex}
      - {from: Consent, to: data_consent_code, codes: consent}
    children:
      - {to: record_means, flags: {Threats: threat, Fraud: fraud}, field: means_code, yes: ["1"], no: ["0"], unknown: [U], not_collected: ["-99"],
         constants: {stage_code: exploitation, is_control: "true"}}
      - {to: record_citizenship, split: Citizenship, at: ";", field: citizenship_code, codes: citizenship, by: name}
      - {to: record_route, n: 1..2, columns: [{from: "Transit {n}", to: country_code, by: name}], constants: {leg_kind_code: transit}}
      - {to: record_exploitation, columns: [{from: Where, to: country_code, by: name}]}
`

var caseFiles = fstest.MapFS{
	"cases/mapping.yaml":          {Data: []byte(cases)},
	"cases/codes/sex.csv":         {Data: []byte("source_value,code,note\nF,female,\n")},
	"cases/codes/consent.csv":     {Data: []byte("source_value,code,note\nyes,given,\nno,not_given,\n")},
	"cases/codes/citizenship.csv": {Data: []byte("source_value,code,note\nRomanian,ROU,demonym\n")},
}

var caseHeader = []string{"Case", "Sex", "Consent", "Threats", "Fraud", "Citizenship", "Transit 1", "Transit 2", "Where"}

// plainIDs are ids that can be read, which a test may have and a home may not.
type plainIDs struct{}

func (plainIDs) Record(source, agency, form, ref string) string {
	return strings.Join([]string{source, agency, form, ref}, "/")
}

func (plainIDs) Case(source, agency, ref string) string {
	return strings.Join([]string{source, agency, ref}, "/")
}

func (plainIDs) Row(agency, table, text string, ordinal int) string {
	return fmt.Sprintf("%s/%s/%x/%d", agency, table, text[:2], ordinal)
}

func caseRaw(mem memory.Allocator, lines ...string) *schemas.Batch {
	return rawOf(mem, caseHeader, lines...)
}

func rawOf(mem memory.Allocator, header []string, lines ...string) *schemas.Batch {
	cols, plain := make([]int, len(header)), make([]bool, len(header))
	for i := range cols {
		cols[i] = i + 1
	}
	b := array.NewRecordBuilder(mem, schemas.RawSchema(header, cols, plain))
	defer b.Release()
	for r, l := range lines {
		b.Field(0).(*array.Int64Builder).Append(int64(r + 2))
		b.Field(1).AppendNull()
		for i, cell := range strings.Split(l, "|") {
			f := b.Field(i + 2).(*array.BinaryDictionaryBuilder)
			if cell == "" {
				f.AppendNull()
			} else if err := f.AppendString(cell); err != nil {
				panic(err)
			}
		}
	}
	return &schemas.Batch{Record: b.NewRecordBatch()}
}

func openCases(t *testing.T, mem memory.Allocator) *transform.Table {
	t.Helper()
	m, ds, err := mappings.Decode(caseFiles, "cases")
	if err != nil || len(ds) > 0 {
		t.Fatalf("decode: %v %v", err, ds)
	}
	p, ds := transform.Compile(m, 0, schemas.Builtin())
	if len(ds) > 0 {
		t.Fatalf("compile: %v", ds)
	}
	in := transform.Input{Origin: schemas.Origin{Agency: "ngo", File: "f.csv", SheetNo: 1}, HeaderRow: 1, IDs: plainIDs{},
		Above: func(int, int) string { return "" }}
	for i, h := range caseHeader {
		in.Header = append(in.Header, transform.Header{Name: h, Col: i + 1})
	}
	found := &diag.List{}
	tab, err := p.Open(in, mem, found)
	if err != nil || found.Len() > 0 {
		t.Fatal(err, found.Kept())
	}
	return tab
}

func TestChildren(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	tab := openCases(t, mem)
	defer tab.Release()
	in := caseRaw(mem,
		"A1|F|yes|1|0|Romanian; Moldova;Kosovo|Hungary||Italy",
		"A2|F|yes|-99|U|||Serbia|",
		"A1|F|yes||||||",                 // the record again: its next version
		"A3|F|no|1|1|Romanian|Hungary||", // does not consent: nothing but its id is kept
		"|F|yes||x|Atlantis|||",          // no case reference; words without a code
		"A4|F|perhaps||||||",             // whether it may be kept is not known
	)
	defer in.Release()
	ds := &diag.List{}
	res, err := tab.Apply(in, ds)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Release()
	got := map[string][]string{}
	for _, b := range res.Batches {
		columns := map[string][]string{
			"record":              {"record_id", "record_version", "is_current", "source_id", "form", "case_reference", "sex_code", "data_consent_code"},
			"record_means":        {"record_id", "record_version", "ordinal", "means_code", "stage_code", "answer_code", "is_control", "rule", "_row", "_col"},
			"record_citizenship":  {"record_id", "ordinal", "citizenship_code", "citizenship_code_status", "citizenship_code_as_reported"},
			"record_route":        {"record_id", "ordinal", "leg_kind_code", "country_code", "_col"},
			"record_exploitation": {"record_id", "ordinal", "country_code"},
			"assessment":          {"subject_id", "subject_version", "definition_code", "act_state_code", "means_state_code", "purpose_state_code"},
		}[b.Table]
		got[b.Table] = table(b, columns...)
	}
	a1, a2 := "cases/ngo/assistance/A1", "cases/ngo/assistance/A2"
	unkeyed := strings.SplitN(got["record"][3], "|", 2)[0]
	if !strings.HasPrefix(unkeyed, "ngo/record/") {
		t.Errorf("a row without case reference has the id %s", unkeyed)
	}
	want := map[string][]string{
		"record": {a1 + "|1|true|cases|assistance|A1|female|given", a2 + "|1|true|cases|assistance|A2|female|given",
			a1 + "|2|true|cases|assistance|A1|female|given", unkeyed + "|1|true|cases|assistance|-|female|given"},
		"record_means": {
			a1 + "|1|1|fraud|exploitation|no|true|flags:Fraud|2|5",
			a1 + "|1|2|threat|exploitation|yes|true|flags:Threats|2|4",
			a2 + "|1|1|fraud|exploitation|unknown|true|flags:Fraud|3|5",
		},
		"record_citizenship": {a1 + "|1|ROU|-|Romanian", a1 + "|2|MDA|-|Moldova", a1 + "|3|XKX|-|Kosovo",
			unkeyed + "|1|-|unmapped|[8 characters, Latin]"},
		"record_route":        {a1 + "|1|transit|HUN|7", a2 + "|1|transit|SRB|8"},
		"record_exploitation": {a1 + "|1|ITA"},
		// what each record states, under each definition: the means are all of control, which does not count here
		"assessment": {
			a1 + "|1|palermo|not_collected|unknown|not_collected", a1 + "|1|tvpa|not_collected|unknown|not_collected",
			a1 + "|1|coe_2005|not_collected|unknown|not_collected",
		},
	}
	if len(got["assessment"]) != 12 {
		t.Errorf("%d assessments of four records, want 12", len(got["assessment"]))
	}
	got["assessment"] = got["assessment"][:3]
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("tables (-want +got):\n%s", d)
	}
	if len(res.Rejected) != 1 || res.Rejected[0].Field != "data_consent_code" {
		t.Errorf("rejected %v, want the row whose consent is not understood", res.Rejected)
	}
	if res.Rejected[0].Known.Record != "cases/ngo/assistance/A4" {
		t.Errorf("the rejected row is known by %q", res.Rejected[0].Known.Record)
	}
	if len(res.NoConsent) != 1 {
		t.Fatalf("no consent: %v", res.NoConsent)
	}
	if d := cmp.Diff("cases/ngo/assistance/A3", res.NoConsent[0].Record); d != "" || res.Skipped["no_consent"] != 1 {
		t.Errorf("no consent: %v, skipped %v", res.NoConsent, res.Skipped)
	}
	checkCaseWords(t, tab, ds)
}

func checkCaseWords(t *testing.T, tab *transform.Table, ds *diag.List) {
	t.Helper()
	var words []string
	for _, u := range tab.Finish(ds) {
		if u.Word == "F" || u.Word == "yes" {
			continue
		}
		words = append(words, fmt.Sprintf("%s %s %s %s%s %d", u.Column, u.Field, u.Word, u.Code, u.Status, u.Rows))
	}
	want := []string{
		"Threats record_means.answer_code 1 yes 1",
		"Threats record_means.answer_code -99 not_collected 1",
	}
	for _, w := range want {
		if !strings.Contains(strings.Join(words, "\n"), w) {
			t.Errorf("the value map lacks %q:\n%s", w, strings.Join(words, "\n"))
		}
	}
	var found []string
	for _, d := range ds.Kept() {
		found = append(found, d.String())
	}
	wantFound := []string{
		"f.csv:6:5: record_means.answer_code: no code for this value [code.unmapped]",
		"f.csv:6:6: record_citizenship.citizenship_code: no code for this value [code.unmapped]",
		"f.csv:7:3: data_consent_code: no code for this value [code.unmapped]",
	}
	if d := cmp.Diff(wantFound, found); d != "" {
		t.Errorf("findings (-want +got):\n%s", d)
	}
}

// TestCompileChildren: what is wrong with a child is found without data.
func TestCompileChildren(t *testing.T) {
	for _, tt := range []struct{ old, new, want string }{
		{"to: record_route", "to: record_rout", `no target table "record_rout"`},
		{"n: 1..2", "n: 2..1", `"2..1" is no range of numbers`},
		{"Threats: threat", "Threats: threats", `"means_code" cannot hold this constant`},
		{"constants: {leg_kind_code: transit}", "constants: {leg_kind: transit}", `record_route has no field "leg_kind"`},
		{", constants: {leg_kind_code: transit}", "", `nothing fills "leg_kind_code"`},
		{`yes: ["1"]`, `yes: ["1", "0"]`, "a word is listed as two answers"},
	} {
		files := fstest.MapFS{}
		for k, v := range caseFiles {
			files[k] = v
		}
		if !strings.Contains(cases, tt.old) {
			t.Fatalf("nothing to replace: %q", tt.old)
		}
		files["cases/mapping.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(cases, tt.old, tt.new, 1))}
		m, ds, err := mappings.Decode(files, "cases")
		if err != nil || len(ds) > 0 {
			t.Fatalf("decode: %v %v", err, ds)
		}
		_, ds = transform.Compile(m, 0, schemas.Builtin())
		all := fmt.Sprint(ds)
		if !strings.Contains(all, tt.want) {
			t.Errorf("%s: want %q among %s", tt.new, tt.want, all)
		}
		for _, d := range ds {
			if d.Pos.Row == 0 {
				t.Errorf("%s: %s has no place", tt.new, d)
			}
		}
	}
}

// TestRefusedRagged: a cell too many may have shifted the word about consent.
func TestRefusedRagged(t *testing.T) {
	tab := openCases(t, memory.DefaultAllocator)
	defer tab.Release()
	at := slices.Index(caseHeader, "Consent")
	row := func(consent string) []string {
		cells := make([]string, len(caseHeader)+1)
		cells[at] = consent
		return cells
	}
	for _, tc := range []struct {
		name  string
		cells []string
		want  bool
	}{
		{"given", row("yes"), false},
		{"refused", row("no"), true},
		{"refused, shifted", slices.Insert(row("no")[:len(caseHeader)], at, "x"), true},
		{"given, shifted", slices.Insert(row("yes")[:len(caseHeader)], at, "x"), false},
		{"given, the cell beside it says no", slices.Insert(row("no")[:len(caseHeader)], at, "yes"), false},
		{"nothing said", row(""), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			id, got := tab.RefusedRagged(tc.cells)
			if got != tc.want || got != (id.Record != "") {
				t.Errorf("RefusedRagged = %v, %t, want %t", id, got, tc.want)
			}
		})
	}
}
