package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"palermo/diag"
	"palermo/load/template"
	"palermo/mappings"
	"palermo/pipeline"
	"palermo/schemas"
)

func builtinSet(t testing.TB) *mappings.Set {
	t.Helper()
	set, ds, err := mappings.Load(mappings.Builtin())
	if err != nil || len(ds) > 0 {
		t.Fatal(ds, err)
	}
	return set
}

func formFor(t testing.TB, source, language string) *template.Form {
	t.Helper()
	f, err := pipeline.Template(schemas.Builtin(), builtinSet(t), source, language)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func formBytes(t testing.TB, f *template.Form) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := template.Write(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// entered is one cell that a case worker fills in.
type entered struct {
	sheet, cell, text string
	typ               template.Type
}

// below is the first row under the header of the sheet.
func below(s *template.Sheet) int { return 4 + max(s.HeaderRows, 1) }

// fillIn is what a case worker fills into n rows of a sheet: each column in turn each of its words, and in lists two of them.
func fillIn(s *template.Sheet, n int) []entered {
	var out []entered
	for r := range n {
		for i, c := range s.Columns {
			text := c.Example
			switch _, second := strings.CutSuffix(c.Header, " (2)"); {
			case strings.HasSuffix(c.Header, " (3)"), second && r%2 == 0:
				continue
			case c.Type == template.Choice && second:
				text = c.Words[(r+1)%len(c.Words)]
			case c.Type == template.Choice:
				text = c.Words[r%len(c.Words)]
			case c.Type == template.Text && c.Required:
				text = fmt.Sprintf("%s-%03d", strings.ReplaceAll(s.Name, " ", ""), r)
			case text == "":
				text = "made up"
			}
			name, _ := excelize.CoordinatesToCellName(i+1, below(s)+r)
			out = append(out, entered{s.Name, name, text, c.Type})
		}
	}
	return out
}

// filledBook is the template with what was filled in.
func filledBook(t testing.TB, f *template.Form, cells []entered, change func(f *excelize.File)) []byte {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(formBytes(t, f)))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	for _, c := range cells {
		var v any = c.text
		switch c.typ {
		case template.Day:
			if v, err = time.Parse(time.DateOnly, c.text); err != nil {
				t.Fatal(err)
			}
		case template.Whole, template.Number:
			var n float64
			if _, err := fmt.Sscan(c.text, &n); err != nil {
				t.Fatal(err)
			}
			v = n
		}
		if err := book.SetCellValue(c.sheet, c.cell, v); err != nil {
			t.Fatal(err)
		}
	}
	if change != nil {
		change(book)
	}
	var b bytes.Buffer
	if err := book.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func inspected(t testing.TB, name string, b []byte, set *mappings.Set) *pipeline.Inspection {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return inspectedFile(t, path, schemas.Builtin(), set)
}

func inspectedFile(t testing.TB, path string, s *schemas.Schema, set *mappings.Set) *pipeline.Inspection {
	t.Helper()
	in, err := pipeline.Inspect(context.Background(), path, s, set)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// quiet checks that the file was accepted without a finding, and gives its rows.
func quiet(t testing.TB, in *pipeline.Inspection) pipeline.Balance {
	t.Helper()
	for _, f := range in.Found {
		t.Errorf("%s", f.Diagnostic.String())
	}
	if in.Status != pipeline.StatusAccepted {
		t.Errorf("the file is %s", in.Status)
	}
	sum := pipeline.Balance{Skipped: map[string]int{}}
	for _, s := range in.Sheets {
		sum.Read, sum.Loaded, sum.Rejected = sum.Read+s.Rows.Read, sum.Loaded+s.Rows.Loaded, sum.Rejected+s.Rows.Rejected
		for reason, n := range s.Rows.Skipped {
			sum.Skipped[reason] += n
		}
	}
	return sum
}

// spokenHere is the languages in which forms are tried.
var spokenHere = []string{"en", "mk", "ro", "sr-Cyrl", "uk"}

// TestFormsComeBack fills in each column of each source's form, in turn with each word that is offered, in several languages.
func TestFormsComeBack(t *testing.T) {
	t.Parallel()
	if raced {
		t.Skip("nothing in it is done at once")
	}
	set := builtinSet(t)
	for k, src := range pipeline.TemplateSources(set) {
		for l, lang := range spokenHere {
			if lang != "mk" && (k+l)%4 != 3 {
				continue // make test-receipts has them all
			}
			t.Run(src.Source+" "+lang, func(t *testing.T) {
				form := formFor(t, src.Source, lang)
				sheets := form.Sheets[:min(2, len(form.Sheets))]
				var cells []entered
				for i := range sheets {
					n := 0
					for _, c := range sheets[i].Columns {
						n = max(n, len(c.Words))
					}
					if i > 0 {
						n = min(n, 20)
					}
					cells = append(cells, fillIn(&sheets[i], n)...)
				}
				sum := quiet(t, inspected(t, "form.xlsx", filledBook(t, form, cells, nil), set))
				if sum.Loaded == 0 || sum.Rejected > 0 || sum.Read != sum.Loaded+int64(sum.Skipped["no_consent"]+sum.Skipped["template"]) {
					t.Errorf("the rows came to %+v", sum)
				}
				if want := len(form.Sheets); sum.Skipped["template"] != want {
					t.Errorf("%d examples of %d were skipped", sum.Skipped["template"], want)
				}
			})
		}
	}
}

// TestFormsRefuse holds each column that holds a word, a day or a number against what the workbook checks.
func TestFormsRefuse(t *testing.T) {
	t.Parallel()
	if raced {
		t.Skip("nothing in it is done at once")
	}
	for _, src := range pipeline.TemplateSources(builtinSet(t)) {
		form := formFor(t, src.Source, "mk")
		book, err := excelize.OpenReader(bytes.NewReader(formBytes(t, form)))
		if err != nil {
			t.Fatal(err)
		}
		for i := range form.Sheets[:min(2, len(form.Sheets))] {
			s := &form.Sheets[i]
			dvs, err := book.GetDataValidations(s.Name)
			if err != nil {
				t.Fatal(err)
			}
			refused := map[string]string{}
			for _, d := range dvs {
				if d.ErrorStyle != nil && *d.ErrorStyle == "stop" && d.ShowErrorMessage {
					refused[d.Sqref] = d.Type
				}
			}
			free := 0
			for k, c := range s.Columns {
				letters, _ := excelize.ColumnNumberToName(k + 1)
				got := refused[fmt.Sprintf("%s%d:%s1048576", letters, below(s), letters)]
				want := map[template.Type]string{template.Choice: "list", template.Day: "date", template.Whole: "whole", template.Number: "decimal"}[c.Type]
				if got != want {
					t.Errorf("%s, %s, %s: a check of the type %q, want %q", src.Source, s.Name, c.Header, got, want)
				}
				if c.Type == template.Text {
					free++
				}
			}
			if free*2 > len(s.Columns) {
				t.Errorf("%s, %s: %d of %d columns take any text", src.Source, s.Name, free, len(s.Columns))
			}
		}
		book.Close()
	}
}

// TestFormsInARun follows forms from the drop folder to the database.
func TestFormsInARun(t *testing.T) {
	t.Parallel()
	wholeRun(t)
	first := func(f *template.Form, lang string) string { // the name of the first sheet
		book, err := excelize.OpenReader(bytes.NewReader(formBytes(t, f)))
		if err != nil {
			t.Fatal(err)
		}
		defer book.Close()
		return book.GetSheetList()[0]
	}
	ctm, rcp := formFor(t, "iom_ctm", "uk"), formFor(t, "rcp", "mk")
	put := func(name string, values map[string]string) func(*excelize.File) {
		return func(f *excelize.File) {
			for cell, v := range values {
				if err := f.SetCellStr(name, cell, v); err != nil {
					t.Error(err)
				}
			}
		}
	}
	sheet := &ctm.Sheets[0]
	sex := slices.IndexFunc(sheet.Columns, func(c template.Column) bool { return c.Header == "Gender" })
	cells := fillIn(sheet, 3)
	cells = append(cells, fillIn(&ctm.Sheets[1], 2)...)
	consent := slices.IndexFunc(sheet.Columns, func(c template.Column) bool { return c.Header == "DataConsent" })
	for r := range 3 { // all consent
		at, _ := excelize.CoordinatesToCellName(consent+1, below(sheet)+r)
		cells = append(cells, entered{sheet.Name, at, sheet.Columns[consent].Words[0], template.Choice})
		at, _ = excelize.CoordinatesToCellName(sex+1, below(sheet)+r)
		cells = append(cells, entered{sheet.Name, at, sheet.Columns[sex].Words[r%2], template.Choice})
	}
	copied := entered{sheet.Name, "A" + fmt.Sprint(below(sheet)+3), sheet.Columns[0].Example, template.Text} // the example, below the header
	home := newHome(t, map[string][]byte{
		"mission/cases.xlsx": filledBook(t, ctm, append(cells, copied), func(f *excelize.File) {
			put(sheet.Name, map[string]string{"A3": "EDITED-7", "D3": "somebody"})(f)
			if err := f.SetSheetName(first(ctm, "uk"), "Renamed"); err != nil {
				t.Error(err)
			}
		}),
		"skopje/oct.xlsx": filledBook(t, rcp, fillIn(&rcp.Sheets[0], 4), put(first(rcp, "mk"), map[string]string{"B5": "Ги заменува сите случаи од периодот", "B6": "2024-03-01", "B7": "2024-03-31"})),
		"tirana/nil.xlsx": filledBook(t, rcp, nil, put(first(rcp, "mk"), map[string]string{"B6": "2024-04-01", "B7": "2024-04-30", "B8": "да"})),
	})
	s := run(t, home, pipeline.Options{})
	got := map[string]string{}
	for _, f := range s.Files {
		for _, d := range f.Found {
			t.Errorf("%s: %s", f.Name, d.Diagnostic.String())
		}
		got[f.Agency] = fmt.Sprint(f.Status, " ", f.Rows.Read, " ", f.Rows.Loaded, " ", f.Rows.Skipped["template"], " ", f.Stated.Kind, " ", f.Stated.By)
	}
	n := len(rcp.Sheets)
	want := map[string]string{
		"mission": "accepted 8 4 3 new_cases file",
		"skopje":  fmt.Sprintf("accepted %d 4 %d full_replacement file", 4+n, n),
		"tirana":  fmt.Sprintf("accepted %d 0 %d new_cases file", n, n),
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	db := open(t, home)
	rows := query(t, db, `SELECT kind_code, is_nil_report, strftime(period_from, '%Y-%m-%d'), strftime(reported_from, '%Y-%m-%d'), strftime(reported_to, '%Y-%m-%d'), rows_loaded FROM submission ORDER BY rows_loaded, kind_code`)
	if d := cmp.Diff([]string{"new_cases|true||2024-04-01|2024-04-30|0", "full_replacement|false|2024-03-01|2024-03-01|2024-03-31|4", "new_cases|false||||4"}, rows); d != "" {
		t.Error(d)
	}
	rows = query(t, db, `SELECT sex_code, count(*) FROM record WHERE source_id = 'iom_ctm' AND form = 'assistance' GROUP BY 1 ORDER BY 1`)
	if d := cmp.Diff([]string{"female|2", "male|1"}, rows); d != "" {
		t.Error(d)
	}
	record := query(t, db, `SELECT record_id FROM record WHERE source_id = 'iom_ctm' AND form = 'assistance' ORDER BY 1 LIMIT 1`)
	h, err := pipeline.ReadHome(home, "")
	if err != nil {
		t.Fatal(err)
	}
	xs, err := h.ExplainPersonal(context.Background(), record[0])
	if err != nil {
		t.Fatal(err)
	}
	traced := ""
	for _, f := range xs[0].Fields {
		if f.Field == "sex_code" && len(f.Cells) == 1 {
			traced = fmt.Sprint(f.Cells[0].Column, ", ", f.Cells[0].Text, ": ", f.Values["sex_code"], ", ", f.Note)
		}
	}
	words := sheet.Columns[sex].Words
	if traced != "Gender, "+words[0]+": female, offered by the template" && traced != "Gender, "+words[1]+": male, offered by the template" {
		t.Errorf("a value of a template is explained by %q", traced)
	}
}

// TestFormsSayWhatIsWrong is about stamps and first sheets.
func TestFormsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	if raced {
		t.Skip("nothing in it is done at once")
	}
	set := shelterSet(t)
	form, err := pipeline.Template(schemas.Builtin(), set, "demo_shelter", "en")
	if err != nil {
		t.Fatal(err)
	}
	cells := fillIn(&form.Sheets[0], 1)
	stamp := func(value string) func(*excelize.File) {
		return func(f *excelize.File) {
			if err := errors.Join(f.DeleteDefinedName(&excelize.DefinedName{Name: "_palermo_template"}),
				f.SetDefinedName(&excelize.DefinedName{Name: "_palermo_template", RefersTo: value})); err != nil {
				t.Error(err)
			}
		}
	}
	answer := func(cell, text string) func(*excelize.File) {
		return func(f *excelize.File) {
			if err := f.SetCellStr("Start", cell, text); err != nil {
				t.Error(err)
			}
		}
	}
	for name, c := range map[string]struct {
		cells  []entered
		change func(*excelize.File)
		want   []diag.Code
	}{
		"another version":     {cells, stamp(`"1|demo_shelter|en|00000000"`), []diag.Code{diag.TemplateVersion}},
		"an unknown source":   {cells, stamp(`"1|nowhere|en|00000000"`), []diag.Code{diag.TemplateUnknown}},
		"an unknown language": {cells, stamp(`"1|demo_shelter|xx|00000000"`), []diag.Code{diag.TemplateUnknown}},
		"a stamp of later":    {cells, stamp(`"2|demo_shelter|en|00000000|x"`), []diag.Code{diag.TemplateUnknown}},
		"cases and none":      {cells, answer("B8", "yes"), []diag.Code{diag.TemplateAnswer, diag.TemplateNone}},
		"none, and no period": {nil, answer("B8", "yes"), []diag.Code{diag.TemplateAnswer}},
		"an unknown kind":     {cells, answer("B5", "whatever"), []diag.Code{diag.SubmissionKind}},
		"an ambiguous day":    {cells, answer("B6", "03/04/2024"), []diag.Code{diag.TemplateAnswer}},
		"nothing":             {nil, nil, []diag.Code{diag.SheetEmpty}},
	} {
		in := inspected(t, "form.xlsx", filledBook(t, form, c.cells, c.change), set)
		var got []diag.Code
		for _, f := range in.Found {
			if f.Code != diag.CodeUnmapped && f.Code != diag.ValueMissing && (!strings.HasPrefix(name, "an unknown") && name != "a stamp of later" || f.Code == diag.TemplateUnknown || f.Code == diag.SubmissionKind) {
				got = append(got, f.Code)
			}
		}
		slices.Sort(got)
		if d := cmp.Diff(c.want, slices.Compact(got)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// TestFormsHelp holds what is said of fields against the schema, and the forms of sources that come with palermo against it: an
// agency reads its own language.
func TestFormsHelp(t *testing.T) {
	t.Parallel()
	if raced {
		t.Skip("nothing in it is done at once")
	}
	s := schemas.Builtin()
	for _, src := range pipeline.TemplateSources(builtinSet(t)) {
		form := formFor(t, src.Source, "mk")
		for _, c := range form.Sheets[0].Columns {
			for _, table := range s.Tables {
				for _, f := range table.Fields {
					if f.Meaning != "" && slices.Contains(strings.Split(c.Help, "\n"), f.Meaning) {
						t.Errorf("%s: what is said of %s is English: %s.%s", src.Source, c.Header, table.Name, f.Name)
					}
				}
			}
		}
	}
}

// TestFormsOfANewSource makes a form of a mapping that nobody thought of, in words of a schema with labels.
func TestFormsOfANewSource(t *testing.T) {
	t.Parallel()
	if raced {
		t.Skip("nothing in it is done at once")
	}
	set := shelterSet(t)
	if got := pipeline.TemplateSources(set); len(got) != 1 || got[0].Source != "demo_shelter" {
		t.Fatalf("sources %+v", got)
	}
	form, err := pipeline.Template(schemas.Builtin(), set, "demo_shelter", "en")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range form.Sheets[0].Columns {
		n := len(c.Words)
		got = append(got, fmt.Sprint(c.Header, " ", c.Type, " ", c.Required, " ", c.Words[:min(n, 4)]))
	}
	want := []string{"Ref text true []", "Day day false []", "Sex choice false [Female Male Unknown]", "Stopped choice false [Yes No]", "Nationality choice false [Afghanistan Åland Islands Albania Algeria]",
		"Nationality (2) choice false [Afghanistan Åland Islands Albania Algeria]", "Nationality (3) choice false [Afghanistan Åland Islands Albania Algeria]", "Beaten choice false [Yes No]"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	in := inspected(t, "f.xlsx", filledBook(t, form, fillIn(&form.Sheets[0], 4), nil), set)
	sum := quiet(t, in)
	if sum.Loaded != 4 {
		t.Errorf("%+v", sum)
	}
	for _, c := range in.Sheets[len(in.Sheets)-1].Columns {
		if c.State == "extra" {
			t.Errorf("column %d of the template is no part of it", c.Col)
		}
	}
	for _, c := range []struct{ source, lang string }{{"nowhere", "en"}, {"demo_shelter", "tlh"}} {
		_, err := pipeline.Template(schemas.Builtin(), set, c.source, c.lang)
		var no *pipeline.NoTemplate
		if !errors.As(err, &no) {
			t.Errorf("%s in %s: %v", c.source, c.lang, err)
		}
	}
}

func shelterSet(t testing.TB) *mappings.Set {
	t.Helper()
	files := fstest.MapFS{
		"demo_shelter/mapping.yaml": {Data: []byte(newShelter)},
		"demo_shelter/codes/s.csv":  {Data: []byte("source_value,code,note\nw,female,\nm,male,\nn,*unknown,\nx,*unmapped,\n")},
		"demo_shelter/codes/a.csv":  {Data: []byte("source_value,code,note\ny,yes,\nn,no,\n")},
		"demo_shelter/codes/r.csv":  {Data: []byte("source_value,code,note\ny,no,\nn,yes,\n")},
	}
	set, ds, err := mappings.Load(files)
	if err != nil || len(ds) > 0 {
		t.Fatal(ds, err)
	}
	return set
}

const newShelter = `
source: {id: demo_shelter, title: A shelter}
tables:
  - vintage: "2026"
    recognise: {headers: [Ref, Day, Sex]}
    target: record
    record: {case: [Ref], form: intake}
    columns:
      - {from: Day, to: registration, parse: date, form: dd/mm/yyyy}
      - {from: Sex, to: sex_code, codes: s}
      - {from: Stopped, to: attempt_stated_code, codes: a}
      - {from: Stopped, to: exploitation_occurred_code, codes: r}
    children:
      - {to: record_citizenship, split: Nationality, at: ";", field: citizenship_code, by: alpha2}
      - {to: record_means, flags: {Beaten: physical_abuse}, field: means_code, yes: ["1"], no: ["0"], constants: {stage_code: exploitation, is_control: "true"}, when: {Stopped: [n]}}
`

// TestFormsOfOthers is about an agency that sends a template of a source that is not expected from it.
func TestFormsOfOthers(t *testing.T) {
	t.Parallel()
	if raced {
		t.Skip("nothing in it is done at once")
	}
	set := shelterSet(t)
	form, err := pipeline.Template(schemas.Builtin(), set, "demo_shelter", "en")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "f.xlsx"), filledBook(t, form, fillIn(&form.Sheets[0], 1), nil))
	at := func(table string) string { return filepath.Join(dir, table) }
	h := &pipeline.Harmoniser{Schema: schemas.Builtin(), Mappings: set, TmpDir: dir, Quarantine: at("q"), IDs: pipeline.IDs([]byte(testKey)), File: at, Vault: at, Sources: []string{"rcp"}}
	e, err := h.Harmonise(context.Background(), filepath.Join(dir, "f.xlsx"), &pipeline.Submission{ID: "s", Name: "f.xlsx"})
	if err != nil {
		t.Fatal(err)
	}
	if e.Status != pipeline.StatusQuarantined || !slices.ContainsFunc(e.Found, func(f pipeline.Found) bool { return f.Code == diag.FileSource }) {
		t.Errorf("the file is %s: %+v", e.Status, e.Found)
	}
}
