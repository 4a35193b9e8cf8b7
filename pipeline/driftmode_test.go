package pipeline_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"palermo/mappings"
	"palermo/pipeline"
	"palermo/schemas"
)

// driftSet is one made-up source with the mode.
func driftSet(t *testing.T, mode string) *mappings.Set {
	t.Helper()
	text := `
source: {id: made_up, title: Made up` + mode + `}
tables:
  - vintage: "one"
    recognise: {headers: [Land, Jahr, Geschlecht, Anzahl]}
    target: statistic
    columns:
      - {from: Land, to: reporter_code, by: name}
      - {from: Jahr, to: year, parse: year}
      - {from: Geschlecht, to: sex_code, codes: sex}
      - {from: Anzahl, to: value, parse: count}
    constants: {indicator_code: detected_victims, dimension_code: total, age_code: total, unit_code: persons, is_total: "false"}
    examples:
      - {row: {Land: Albania, Jahr: "2020", Geschlecht: W, Anzahl: "7"}, gives: {reporter_code: ALB, sex_code: female, value_low: "7", citizenship_code: ""}}
      - {row: {Land: Albania, Jahr: "2020", Geschlecht: W, Anzahl: many}, rejected: value.not_a_count}
      - {row: {Land: Albania, Jahr: "2020", Geschlecht: W, Anzahl: "7"}, gives: {sex_code: male, sexx: male}}
`
	set, ds, err := mappings.Load(fstest.MapFS{
		"made_up/mapping.yaml":  {Data: []byte(text)},
		"made_up/codes/sex.csv": {Data: []byte("source_value,code,note\nW,female,\nM,male,\n")},
	})
	if err != nil || len(ds) > 0 || len(set.Mappings) != 1 {
		t.Fatal(err, ds)
	}
	return set
}

// TestDriftModes holds what becomes of a table with a column too many, and of one without a column that it is
// recognised by.
func TestDriftModes(t *testing.T) {
	t.Parallel()
	if raced {
		t.Skip("looks at results only")
	}
	const (
		whole   = "Land,Jahr,Geschlecht,Anzahl\nAlbania,2020,W,7\n"
		more    = "Land,Jahr,Geschlecht,Anzahl,Neu\nAlbania,2020,W,7,x\n"
		fewer   = "Land,Jahr,Geschlecht,Number\nAlbania,2020,W,7\n"
		without = "Region,Jahr,Geschlecht,Anzahl\nAlbania,2020,W,7\n"
	)
	dir := t.TempDir()
	looks := map[string]*pipeline.Inspector{}
	for _, tt := range []struct {
		mode, file, status string
		loaded             int64
		found              string
	}{
		{"", whole, "accepted", 1, ""},
		{"", more, "accepted", 1, "column.extra"},
		{"", without, "quarantined", 0, "vintage.unknown"},
		{", drift: quarantine", without, "quarantined", 0, "vintage.unknown"},
		{", drift: evolve", more, "accepted", 1, "column.extra"},
		{", drift: evolve", without, "accepted_in_part", 1, "vintage.unknown"}, // who reported is not collected
		{", drift: evolve", fewer, "accepted_in_part", 0, "column.missing"},    // a row cannot do without its value
		{", drift: refuse", whole, "accepted", 1, ""},
		{", drift: refuse", more, "refused", 0, "vintage.unknown"},
		{", drift: refuse", without, "refused", 0, "vintage.unknown"},
	} {
		name := filepath.Join(dir, "file.csv")
		if err := os.WriteFile(name, []byte(tt.file), 0o600); err != nil {
			t.Fatal(err)
		}
		look := looks[tt.mode]
		if look == nil {
			var err error
			if look, err = pipeline.NewInspector(schemas.Builtin(), driftSet(t, tt.mode)); err != nil {
				t.Fatal(err)
			}
			looks[tt.mode] = look
		}
		in, err := look.Inspect(context.Background(), name)
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, f := range in.Found {
			found = append(found, string(f.Code))
		}
		rows := in.Sheets[0].Rows
		if in.Status != tt.status || rows.Loaded != tt.loaded || tt.found != "" && !strings.Contains(strings.Join(found, " "), tt.found) || tt.found == "" && len(found) > 0 {
			t.Errorf("%q, %q: %s, %d loaded, found %q; want %s, %d, %q", tt.mode, strings.SplitN(tt.file, "\n", 2)[0], in.Status, rows.Loaded, found, tt.status, tt.loaded, tt.found)
		}
		if rows.Read != rows.Loaded+rows.Rejected+rows.SkippedAll() || rows.Read == 0 {
			t.Errorf("%q: the account is not whole: %+v", tt.mode, rows)
		}
	}
}

// TestDriftTable holds what a run says of tables whose columns and words are not those of their mapping, and that it never
// shows a column or a word of the file's own.
func TestDriftTable(t *testing.T) {
	t.Parallel()
	files := map[string][]byte{
		"police/whole.csv":   []byte("Land,Jahr,Geschlecht,Anzahl\nAlbania,2020,W,7\n"),
		"police/extra.csv":   []byte("Land,Jahr,Geschlecht,Anzahl,Secretname\nAlbania,2021,W,7,x\n"),
		"police/moved.csv":   []byte("Jahr,Land,Geschlecht,Anzahl\n2022,Albania,W,7\n"),
		"police/renamed.csv": []byte("Land,Jahr,Sex,Anzahl\nAlbania,2023,W,7\nAlbania,2024,M,7\n"),
		"police/near.csv":    []byte("Secretname,Jahr,Geschlecht,Anzahl\nx,2020,W,7\n"),
		"police/word.csv":    []byte("Land,Jahr,Geschlecht,Anzahl\nAlbania,2030,Secretword,7\nAlbania,2031,Secretword,7\nAlbania,2032,Verborgen,7\nAlbania,2033,W,7\n"),
	}
	home := newHome(t, files)
	h, err := pipeline.OpenHome(home, "")
	if err != nil {
		t.Fatal(err)
	}
	h.Mappings = driftSet(t, "")
	if _, err := h.Run(context.Background(), pipeline.Options{NoReceipts: true}); err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"column_added||1|||", "column_added||5|||",
		"column_missing|reporter_code||Land||",
		"column_moved|year|1|Jahr||", // the first that stands before one that it stood behind
		"column_renamed|sex_code|3|Geschlecht||",
		"word_added|sex_code|3|Geschlecht|2|3",
	}, "\n")
	db := open(t, home)
	got := strings.Join(query(t, db, `SELECT kind_code, field, column_no, column_name, words, "rows" FROM drift ORDER BY ALL`), "\n")
	if got != want {
		t.Errorf("the table drift holds\n%s\nwant\n%s", got, want)
	}
	if leaks := query(t, db, `SELECT d FROM drift AS d WHERE d::VARCHAR ILIKE '%secret%' OR d::VARCHAR ILIKE '%verborgen%'`); len(leaks) > 0 {
		t.Errorf("what is the file's own is shown: %q", leaks)
	}
}

// TestDriftOfRefused holds that a file which is refused for its columns says which they are, by name only where the
// mapping has it.
func TestDriftOfRefused(t *testing.T) {
	t.Parallel()
	if raced {
		t.Skip("looks at results only")
	}
	dir := t.TempDir()
	name := filepath.Join(dir, "file.csv")
	write(t, name, []byte("Land,Jahr,Geschlecht,Anzahl,Neu\nAlbania,2020,W,7,x\n"))
	at := func(table string) string { return filepath.Join(dir, table+".parquet") }
	h := &pipeline.Harmoniser{Schema: schemas.Builtin(), Mappings: driftSet(t, ", drift: refuse"), TmpDir: dir, Quarantine: at("q"), IDs: pipeline.IDs([]byte(testKey)), File: at, Vault: at}
	e, err := h.Harmonise(context.Background(), name, &pipeline.Submission{ID: "s", Name: "file.csv"})
	if err != nil {
		t.Fatal(err)
	}
	if e.Status != pipeline.StatusRefused || len(e.Sheets) != 1 || len(e.Sheets[0].Drift) != 1 || e.Sheets[0].Drift[0] != (pipeline.Drift{Kind: "column_added", Col: 5}) {
		t.Errorf("%s, %+v", e.Status, e.Sheets)
	}
}

func TestMappingExamples(t *testing.T) {
	t.Parallel()
	got, err := pipeline.TestMapping(driftSet(t, "").Mappings[0], schemas.Builtin())
	if err != nil || len(got) != 3 {
		t.Fatal(got, err)
	}
	for i, want := range []string{"", "", `sex_code is "female", want "male"; statistic has no column "sexx"`} {
		if wrong := strings.Join(got[i].Wrong, "; "); wrong != want {
			t.Errorf("example %d: %q, want %q", i+1, wrong, want)
		}
	}
}

// TestBuiltinExamples runs the examples of the built-in mappings.
func TestBuiltinExamples(t *testing.T) {
	t.Parallel()
	set, _, err := mappings.Load(mappings.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, m := range set.Mappings {
		got, err := pipeline.TestMapping(m, schemas.Builtin())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range got {
			n++
			for _, w := range e.Wrong {
				t.Errorf("%s: %s", e.Pos, w)
			}
		}
	}
	if n == 0 {
		t.Error("no mapping has an example")
	}
}
