package template

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
)

func sample(lang string) *Form {
	zero, most := 0.0, 120.0
	return &Form{Source: "demo_shelter", Title: "Cases of the shelter", Version: "2024 form", Language: lang, Contact: "data@example.org", Sheets: []Sheet{
		{Name: "Cases", Columns: []Column{
			{Header: "Reference", Help: "Your own number of the case", Type: Text, Required: true, Example: "C-001"},
			{Header: "Date of registration", Type: Day, Required: true, From: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), Example: "2003-04-03"},
			{Header: "Age", Type: Whole, Min: &zero, Max: &most, Example: "17"},
			{Header: "Sex", Type: Choice, Words: []string{"female", "male", "=1+1"}, Example: "=1+1"},
			{Header: "Pay", Type: Number, Example: "-12.5"},
		}},
		{Name: "Totals", HeaderRow: 1, Columns: []Column{{Header: "n", Type: Whole, Example: "3"}}},
	}}
}

func written(t testing.TB, form *Form) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, form); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func open(t testing.TB, b []byte) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func saved(t testing.TB, f *excelize.File) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func recognised(t testing.TB, b []byte) *Stamp {
	t.Helper()
	s, err := Recognise(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWrite(t *testing.T) {
	b := written(t, sample("mk"))
	if !bytes.Equal(b, written(t, sample("mk"))) {
		t.Error("the same form gives other bytes")
	}
	f := open(t, b)
	if d := cmp.Diff([]string{"Почеток", listSheet, "Cases", "Totals"}, f.GetSheetList()); d != "" {
		t.Error(d)
	}
	if shown, err := f.GetSheetVisible(listSheet); shown || err != nil {
		t.Error("the lists are shown")
	}
	rows, err := f.GetRows("Cases")
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{nil, {"Измислен пример. Овој ред никогаш не се чита."}, {"C-001", "2003-04-03", "17", "=1+1", "-12.5"}, {"Reference", "Date of registration", "Age", "Sex", "Pay"}}
	if d := cmp.Diff(want, rows); d != "" {
		t.Error(d)
	}
	for _, sheet := range f.GetSheetList() {
		all, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range all {
			for j := range r {
				if formula, err := f.GetCellFormula(sheet, cell(j+1, i+1)); formula != "" || err != nil {
					t.Errorf("%s!%s is the formula %q, %v", sheet, cell(j+1, i+1), formula, err)
				}
			}
		}
	}
	if rows, err := f.GetRows("Totals"); err != nil || len(rows) != 1 {
		t.Errorf("a table whose header is in the first row has %d rows, %v", len(rows), err)
	}
}

func TestCellsAreChecked(t *testing.T) {
	f := open(t, written(t, sample("en")))
	dvs, err := f.GetDataValidations("Cases")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, d := range dvs {
		if d.ErrorStyle == nil || *d.ErrorStyle != "stop" || !d.ShowErrorMessage || d.Error == nil || *d.Error == "" {
			t.Errorf("%s warns at most", d.Sqref)
		}
		got[d.Sqref] = strings.Join([]string{d.Type, d.Formula1, d.Formula2}, " ")
	}
	want := map[string]string{
		"B5:B1048576": "date 36526 73415",
		"C5:C1048576": "whole 0 120",
		"D5:D1048576": "list 'palermo lists'!$C$1:$C$3 ",
		"E5:E1048576": "decimal -1000000000000 1000000000000",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	words, err := f.GetCols(listSheet)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"female", "male", "=1+1"}, words[2]); d != "" {
		t.Error(d)
	}
	notes, err := f.GetComments("Cases")
	if err != nil || len(notes) != 5 {
		t.Errorf("%d headers of 5 have a comment, %v", len(notes), err)
	}
}

func TestATemplateComesBack(t *testing.T) {
	for lang := range catalogues(t) {
		f := open(t, written(t, sample(lang)))
		first := f.GetSheetList()[0]
		want := &Stamp{Source: "demo_shelter", Version: "2024 form", Language: lang, Ours: []string{first, listSheet}, Kind: "new_cases"}
		if d := cmp.Diff(want, recognised(t, saved(t, f))); d != "" {
			t.Errorf("%s, not filled in: %s", lang, d)
		}
		c := catalogues(t)[lang]
		for at, v := range map[string]any{"B5": c.Kinds["full_replacement"], "B6": time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), "B7": "2024-06-30", "B8": c.Texts["yes"]} {
			if err := f.SetCellValue(first, at, v); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.SetSheetName(first, "it's me"); err != nil {
			t.Fatal(err)
		}
		want.Ours[0], want.Kind, want.From, want.To, want.NoCases = "it's me", "full_replacement", "2024-01-01", "2024-06-30", true
		if d := cmp.Diff(want, recognised(t, saved(t, f))); d != "" {
			t.Errorf("%s, filled in: %s", lang, d)
		}
	}
}

func TestAnswersThatCannotBeRead(t *testing.T) {
	f := open(t, written(t, sample("en")))
	for at, v := range map[string]any{"B5": "whatever", "B6": "03/04/2003", "B7": -5, "B8": "perhaps"} {
		if err := f.SetCellValue("Start", at, v); err != nil {
			t.Fatal(err)
		}
	}
	s := recognised(t, saved(t, f))
	if d := cmp.Diff([]string{"kind", "from", "to", "none"}, s.Unread); d != "" || s.Kind != "" || s.From != "" || s.NoCases {
		t.Errorf("%+v\n%s", s, d)
	}
	if s := recognised(t, saved(t, excelize.NewFile())); s != nil {
		t.Errorf("a workbook that is no template: %+v", s)
	}
	if s := recognised(t, []byte("a,b\n")); s != nil {
		t.Errorf("a file that is no workbook: %+v", s)
	}
}

func TestFormsThatNoWorkbookCanHold(t *testing.T) {
	for name, change := range map[string]func(f *Form){
		"no source":       func(f *Form) { f.Source = "" },
		"no sheets":       func(f *Form) { f.Sheets = nil },
		"a bad name":      func(f *Form) { f.Sheets[0].Name = "a/b" },
		"a quoted name":   func(f *Form) { f.Sheets[0].Name = "'a" },
		"a name twice":    func(f *Form) { f.Sheets[1].Name = "CASES" },
		"no columns":      func(f *Form) { f.Sheets[0].Columns = nil },
		"a header twice":  func(f *Form) { f.Sheets[0].Columns[1].Header = "Reference" },
		"an unknown type": func(f *Form) { f.Sheets[0].Columns[0].Type = "colour" },
		"no words":        func(f *Form) { f.Sheets[0].Columns[3].Words = nil },
	} {
		form := sample("en")
		change(form)
		if err := Write(&bytes.Buffer{}, form); err == nil {
			t.Errorf("%s: there is no error", name)
		}
	}
	form := sample("en")
	form.Sheets[0].Name = "START"
	if got := open(t, written(t, form)).GetSheetList()[0]; got != "Start 2" {
		t.Errorf("the first sheet is %q", got)
	}
}

func catalogues(t testing.TB) map[string]*texts {
	t.Helper()
	all, err := builtin()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEverythingIsSaidInEveryLanguage(t *testing.T) {
	all := catalogues(t)
	if len(all) != 11 {
		t.Errorf("%d languages", len(all))
	}
	english := regexp.MustCompile(`(?i)\b(the|of|this|and|file|row|sheet|please|choose|cases)\b`)
	keys, fields := slices.Sorted(maps.Keys(all["en"].Texts)), slices.Sorted(maps.Keys(all["en"].Fields))
	for lang, c := range all {
		if d := cmp.Diff(keys, slices.Sorted(maps.Keys(c.Texts))); d != "" {
			t.Errorf("%s: %s", lang, d)
		}
		if d := cmp.Diff(fields, slices.Sorted(maps.Keys(c.Fields))); d != "" {
			t.Errorf("%s: %s", lang, d)
		}
		if d := cmp.Diff(slices.Sorted(slices.Values(kindOrder)), slices.Sorted(maps.Keys(c.Kinds))); d != "" {
			t.Errorf("%s: %s", lang, d)
		}
		if c.Language != lang || (c.Status == "approved") != (c.ApprovedBy != "") || (lang == "en") != (c.Status == "source") {
			t.Errorf("%s says that it is %s, %s, by %q", lang, c.Language, c.Status, c.ApprovedBy)
		}
		for _, list := range []map[string]string{c.Texts, c.Kinds, c.Fields} {
			for key, text := range list {
				switch {
				case strings.TrimSpace(text) == "" && !(lang == "en" && key == "draft"):
					t.Errorf("%s: %s is missing", lang, key)
				case lang != "en" && english.MatchString(text):
					t.Errorf("%s: %s is English: %q", lang, key, text)
				}
			}
		}
		if n := len([]rune(c.Texts["not_listed"])); n > 32 {
			t.Errorf("%s: the title of a message has %d letters of 32", lang, n)
		}
		if n := len([]rune(c.Texts["start"])); n > 28 {
			t.Errorf("%s: the name of a sheet has %d letters", lang, n)
		}
	}
}

// TestToolsTemplate is a template that LibreOffice has saved. `make test-receipts` runs it.
func TestToolsTemplate(t *testing.T) {
	soffice, err := exec.LookPath("soffice")
	if os.Getenv("PALERMO_RECEIPT_TOOLS") == "" || err != nil {
		t.Skip("not tested: `make test-receipts` runs this, where soffice is")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "t.xlsx")
	if err := os.WriteFile(path, written(t, sample("uk")), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	if b, err := exec.Command(soffice, "-env:UserInstallation=file://"+filepath.Join(dir, "profile"), "--headless", "--convert-to", "xlsx", "--outdir", out, path).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	b, err := os.ReadFile(filepath.Join(out, "t.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	want := &Stamp{Source: "demo_shelter", Version: "2024 form", Language: "uk", Ours: []string{"Початок", listSheet}, Kind: "new_cases"}
	if d := cmp.Diff(want, recognised(t, b)); d != "" {
		t.Error(d)
	}
	dvs, err := open(t, b).GetDataValidations("Cases")
	if err != nil || len(dvs) != 4 {
		t.Errorf("%d columns are checked, %v", len(dvs), err)
	}
}
