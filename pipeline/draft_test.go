//go:build !race

package pipeline

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"palermo/assist"
	"palermo/mappings"
	"palermo/schemas"
	"palermo/transform"
)

var (
	openColumn   = regexp.MustCompile(`(?m)^ {6}- (?:\{to: [a-z_]+, columns: \[)?\{from: ("(?:[^"\\]|\\.)*"), to: "\?"\}.*\n`)
	openConstant = regexp.MustCompile(`([a-z_]+): "\?"`)
	openCase     = regexp.MustCompile(`(?m)^    # QUESTION \d+: which columns are the case reference.*$`)
)

// answered answers every question of a draft in the simplest way: open columns are ignored, open words have no certain
// code, open constants have the first code of their list.
func answered(t *testing.T, s *schemas.Schema, sug *assist.Suggestion, d *assist.Draft) fstest.MapFS {
	t.Helper()
	text := string(d.Files["mapping.yaml"])
	var ignore []string
	for _, m := range openColumn.FindAllStringSubmatch(text, -1) {
		ignore = append(ignore, m[1])
	}
	text = openColumn.ReplaceAllString(text, "")
	for _, c := range sug.Table.Columns {
		if c.Name != "" {
			text = openCase.ReplaceAllLiteralString(text, fmt.Sprintf("    record: {case: [%q], form: main}", c.Name))
			break
		}
	}
	table := sug.Target
	var lines []string
	for _, line := range strings.Split(text, "\n") {
		switch trimmed := strings.TrimLeft(line, " -"); {
		case strings.HasPrefix(trimmed, "to: record_"), strings.HasPrefix(trimmed, "{to: record_"):
			table = strings.Fields(strings.TrimLeft(trimmed, "{"))[1]
			table = strings.Trim(table, ",")
		case strings.HasPrefix(line, "    constants:"):
			table = sug.Target
		}
		line = openConstant.ReplaceAllStringFunc(line, func(q string) string {
			name, _, _ := strings.Cut(q, ":")
			return fmt.Sprintf("%s: %q", name, some1(s, s.Table(table).Field(name)))
		})
		lines = append(lines, line)
	}
	text = strings.Join(lines, "\n")
	if strings.HasSuffix(strings.TrimSpace(text), "columns:") {
		text = strings.TrimSpace(text) + " []\n"
	}
	text = regexp.MustCompile(`(?m)^    columns:\n(    \S)`).ReplaceAllString(text, "    columns: []\n$1")
	if len(ignore) > 0 {
		text = strings.Replace(text, `headers: ["?"]`, "headers: ["+ignore[0]+"]", 1)
		text += "    ignore: [" + strings.Join(ignore, ", ") + "]\n"
	}
	out := fstest.MapFS{d.Source + "/mapping.yaml": {Data: []byte(text)}}
	for name, b := range d.Files {
		if name != "mapping.yaml" {
			out[d.Source+"/"+name] = &fstest.MapFile{Data: []byte(regexp.MustCompile(`(?m)^(.*),\?,`).ReplaceAllString(string(b), "$1,*unmapped,"))}
		}
	}
	return out
}

// some1 is any value that the field can hold.
func some1(s *schemas.Schema, f *schemas.Field) string {
	switch f.Type {
	case schemas.Code:
		return s.List(f.Codes).Codes[0].Code
	case schemas.Truth:
		return "true"
	case schemas.Date:
		return "2020-01-01"
	case schemas.Integer, schemas.Real:
		return "1"
	}
	return "text"
}

// Each draft is refused while a question is open, and can be used once all are answered. The same file gives the same draft.
func TestDraftsHold(t *testing.T) {
	t.Parallel()
	s := schemas.Builtin()
	set, _, err := mappings.Load(mappings.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	for source, all := range samples(t, set) {
		l, err := assist.NewLexicon(s, set, source)
		if err != nil {
			t.Fatal(err)
		}
		for _, smp := range all[:min(len(all), 4)] {
			t.Run(source+"/"+smp.name+"/"+smp.sheet, func(t *testing.T) {
				h, header := assist.FindHeader(smp.rows[:min(len(smp.rows), mappings.PreviewRows)])
				p := assist.NewProfiler(smp.sheet, h, header)
				for _, r := range smp.rows {
					p.Row(r.Num, r.Cells)
				}
				sug := l.Suggest(p.Table())
				d, err := l.Draft(sug, assist.DraftOptions{Source: "draft", Title: "A draft", Vintage: "one"})
				if err != nil {
					t.Fatal(err)
				}
				again, err := l.Draft(l.Suggest(p.Table()), assist.DraftOptions{Source: "draft", Title: "A draft", Vintage: "one"})
				if err != nil || string(again.Files["mapping.yaml"]) != string(d.Files["mapping.yaml"]) {
					t.Errorf("the second draft differs: %v", err)
				}
				if len(d.Questions)+d.OpenWords > 0 && len(compiles(t, draftFS(d))) == 0 {
					t.Error("a draft with open questions is accepted")
				}
				if sug.Target == "" || sug.Doubtful {
					return // a person must say what it is at all
				}
				if ds := compiles(t, answered(t, s, sug, d)); len(ds) > 0 {
					t.Errorf("answered, it is refused: %v\n%s", ds, answered(t, s, sug, d)["draft/mapping.yaml"].Data)
				}
			})
		}
	}
}

func draftFS(d *assist.Draft) fstest.MapFS {
	out := fstest.MapFS{}
	for name, b := range d.Files {
		out[filepath.ToSlash(filepath.Join(d.Source, name))] = &fstest.MapFile{Data: b}
	}
	return out
}

// compiles is what is wrong with the mapping.
func compiles(t *testing.T, fsys fstest.MapFS) []string {
	t.Helper()
	m, ds, err := mappings.Decode(fsys, "draft")
	if err != nil {
		t.Fatal(err)
	}
	if len(ds) == 0 {
		_, ds = transform.Compile(m, 0, schemas.Builtin())
	}
	var out []string
	for _, d := range ds {
		out = append(out, d.String())
	}
	return out
}

// A draft for a known source keeps what was decided and approved, word for word.
func TestDraftKeepsApprovals(t *testing.T) {
	t.Parallel()
	s := schemas.Builtin()
	old := fstest.MapFS{
		"old/mapping.yaml":         {Data: []byte("source: {id: old, title: Old}\n\ntables:\n  - vintage: \"2020\"\n    recognise: {headers: [Nr, Geschlecht]}\n    target: record\n    record: {case: [Nr], form: main}\n    columns:\n      - {from: Geschlecht, to: sex_code, codes: geschlecht}\n")},
		"old/codes/geschlecht.csv": {Data: []byte("source_value,code,note,equivalence,approved_by,approved_on\nW,female,weiblich,equal,A. Steward,2026-05-30\nX,*unmapped,not explained,,,\n")},
	}
	set, ds, err := mappings.Load(old)
	if err != nil || len(ds) > 0 {
		t.Fatal(err, ds)
	}
	l, err := assist.NewLexicon(s, set)
	if err != nil {
		t.Fatal(err)
	}
	p := assist.NewProfiler("", assist.Header{Row: 1, Rows: 1}, []string{"Case number", "Geschlecht", "Age"})
	for i, row := range [][]string{{"1", "W", "20"}, {"2", "Female", "30"}, {"3", "X", "31"}, {"4", "D", "40"}} {
		p.Row(i+2, row)
	}
	d, err := l.Draft(l.Suggest(p.Table()), assist.DraftOptions{Source: "old", Title: "Old", Vintage: "2021", Known: set.Source("old")})
	if err != nil {
		t.Fatal(err)
	}
	want := "source_value,code,note,equivalence,approved_by,approved_on\nW,female,weiblich,equal,A. Steward,2026-05-30\nX,*unmapped,not explained,,,\nFemale,female,1.00 the code itself,,,\nD,?,"
	if got := string(d.Files["codes/geschlecht.csv"]); !strings.HasPrefix(got, want) {
		t.Errorf("codes file:\n%s\nwant it to begin\n%s", got, want)
	}
	if text := string(d.Files["mapping.yaml"]); !strings.HasPrefix(text, string(old["old/mapping.yaml"].Data)) || !strings.Contains(text, `- vintage: "2021"`) {
		t.Errorf("the mapping so far is not kept:\n%s", text)
	}
}
