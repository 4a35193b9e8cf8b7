package mappings_test

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"palermo/mappings"
	"palermo/schemas"
)

// forms is a source of which two forms have the same header, and one has none.
const forms = `
source: {id: forms, title: "Made up"}
tables:
  - vintage: "named above"
    recognise: {headers: [Land, Jahr], above: [x_land]}
    target: rating
    unnamed: {A: Number}
    until: Jahr
    columns: [{from: Land, to: country_code, by: name}, {from: Jahr, to: year, parse: year}]
    ignore: [Number, "Terms*"]
  - vintage: "with dashes"
    recognise: {headers: [Land, Jahr], holds: ["-99"]}
    target: rating
    columns: [{from: Land, to: country_code, by: name}, {from: Jahr, to: year, parse: year}]
  - vintage: "plain"
    recognise: {headers: [Land, Jahr]}
    target: rating
    columns: [{from: Land, to: country_code, by: name}, {from: Jahr, to: year, parse: year}]
  - vintage: "no header"
    recognise: {unheaded: [{name: From, codes: place, by: name}, {name: To, by: name}]}
    target: reported_flow
    columns: [{from: From, to: origin_code, codes: place, by: name}, {from: To, to: destination_code, by: name}]
`

func decodeForms(t *testing.T, text string) *mappings.Mapping {
	t.Helper()
	m, ds, err := mappings.Decode(fstest.MapFS{"forms/mapping.yaml": {Data: []byte(text)}, "forms/codes/place.csv": {Data: []byte("source_value,code,note\nBurmuda,BMU,\n")}}, "forms")
	if err != nil || len(ds) > 0 {
		t.Fatal(err, ds)
	}
	return m
}

func sheetRows(lines ...string) []mappings.PreviewRow {
	var out []mappings.PreviewRow
	for i, l := range lines {
		r := mappings.PreviewRow{Num: i + 1}
		if l != "" {
			r.Cells = strings.Split(l, "|")
		}
		out = append(out, r)
	}
	return out
}

func TestRecogniseAroundTheHeader(t *testing.T) {
	m := decodeForms(t, forms)
	if ds := m.Check(schemas.Builtin()); len(ds) > 0 {
		t.Fatal(ds)
	}
	set := &mappings.Set{Mappings: []*mappings.Mapping{m}}
	for _, c := range []struct {
		name, want string
		header     []string
		rows       []mappings.PreviewRow
	}{
		{"a word above", "named above", []string{"Number", "Land", "Jahr"}, sheetRows("|x_land|", "|Land|Jahr|List", "1|Mali|2001|a")},
		{"a word above, and in no cell without a header of its own", "named above", []string{"Nr", "Land", "Jahr"}, sheetRows("|x_land|", "Nr|Land|Jahr", "1|Mali|2001")},
		{"a word below", "with dashes", []string{"Land", "Jahr"}, sheetRows("Land|Jahr", "Mali|2001", "Mali|-99")},
		{"neither", "plain", []string{"Land", "Jahr"}, sheetRows("Land|Jahr", "Mali|2001")},
		{"the word of the other place", "plain", []string{"Land", "Jahr"}, sheetRows("-99", "Land|Jahr", "Mali|2001", "x_land|2")},
		{"no header", "no header", []string{"From", "To"}, sheetRows("Mali|Ghana", "Burmuda|Fiji", "", "Chad|Mali", "Mali|Chad", "Fiji|Mali")},
		{"too few rows without a header", "", nil, sheetRows("Mali|Ghana", "Chad|Mali")},
		{"a word that is no country", "", nil, sheetRows("Mali|Ghana", "Burmuda|Fiji", "Chad|Mali", "Mali|Burmuda", "Fiji|Mali")},
		{"another column", "", nil, sheetRows("Mali|Ghana", "Burmuda|Fiji|1", "Chad|Mali", "Mali|Fiji", "Fiji|Mali")},
		{"a blank cell", "", nil, sheetRows("Mali|Ghana", "|Fiji", "Chad|Mali", "Mali|Fiji", "Fiji|Mali")},
	} {
		got := set.Recognise("", c.rows)
		if len(got) == 0 || !got[0].Matches() {
			if c.want != "" {
				t.Errorf("%s: nothing matches", c.name)
			}
			continue
		}
		if v := got[0].Entry().Vintage; v != c.want {
			t.Errorf("%s: recognised as %q, want %q", c.name, v, c.want)
			continue
		}
		if d := cmp.Diff(c.header, got[0].HeaderCells(c.rows)); d != "" {
			t.Errorf("%s: header (-want +got):\n%s", c.name, d)
		}
	}
}

func TestIgnoreByStart(t *testing.T) {
	e := &decodeForms(t, forms).Tables[0]
	for header, want := range map[string]bool{"Terms of use: none": true, "Terms": true, "Term": false, "Land": true, "Other": false} {
		if got := e.Names(header); got != want {
			t.Errorf("Names(%q) = %v, want %v", header, got, want)
		}
	}
}

// A mapping that repeats a part of itself by an alias has places there, too.
func TestAliasesHavePlaces(t *testing.T) {
	text := "source: {id: forms, title: Made up}\ntables:\n  - vintage: a\n    recognise: {headers: [A]}\n    target: rating\n    columns: &same\n      - {from: A, to: year, parse: year}\n" +
		"  - vintage: b\n    recognise: {headers: [A]}\n    target: rating\n    columns: *same\n"
	m := decodeForms(t, text)
	if got := m.Pos("tables", 1, "columns", 0, "parse"); got.Row != 7 {
		t.Errorf("the alias is at %s, want row 7", got)
	}
}

func TestBrokenForms(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"no column", "unnamed: {A: Number}", "unnamed: {a1: Number}", `"a1" is no column`},
		{"a column that nobody reads", "unnamed: {A: Number}", "unnamed: {A: Nr}", `column "Nr" is neither mapped nor listed under ignore`},
		{"tried on nothing", `vintage: "plain"`, "vintage: plain\n    tried: guess", `not on "guess"`},
		{"headers beside none", "recognise: {unheaded:", "recognise: {headers: [From], unheaded:", "recognised by nothing else"},
		{"words of nothing", "codes: place, by: name}, {name: To", "codes: plaice, by: name}, {name: To", "no codes file codes/plaice.csv"},
		{"skip by both", `ignore: [Number, "Terms*"]`, "ignore: [Number]\n    skip: [{column: Land, is: [x], only: [Number], reason: blank_row}]", "rows are skipped by the words of a column, or"},
	} {
		m := decodeForms(t, strings.Replace(forms, c.old, c.new, 1))
		var all []string
		for _, d := range m.Check(schemas.Builtin()) {
			all = append(all, d.Message)
		}
		if !strings.Contains(strings.Join(all, "\n"), c.want) {
			t.Errorf("%s: %q, want one with %q", c.name, all, c.want)
		}
	}
}

// Every form that comes with palermo says what it was tried on, and every source has small files of our own.
func TestBuiltinFormsAreTried(t *testing.T) {
	set, ds, err := mappings.Load(mappings.Builtin())
	if err != nil || len(ds) > 0 {
		t.Fatal(err, ds)
	}
	for _, m := range set.Mappings {
		if files, err := filepath.Glob(filepath.Join("..", "fixtures", m.Source.ID, "in", "*")); err != nil || len(files) == 0 {
			t.Errorf("%s has no fixture", m.Source.ID)
		}
		for i := range m.Tables {
			if m.Tables[i].Tried == "" {
				t.Errorf("%s (%s) does not say what it was tried on", m.Source.ID, m.Tables[i].Vintage)
			}
		}
	}
}
