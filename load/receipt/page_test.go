package receipt

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"palermo/diag"
)

// everything is a receipt with every code, state, step and reason in it.
func everything(lang string, state State) *Input {
	in := sample(lang)
	in.State, in.Next, in.SupersededBy = state, Steps, "PAL-2026-000200"
	in.Sheets[0].Skipped = map[string]int64{}
	for i, reason := range SkipReasons {
		in.Sheets[0].Skipped[reason] = int64(i + 1)
	}
	for i, code := range seenCodes() {
		in.Findings = append(in.Findings, Finding{Code: code, Severity: diag.Codes[code].Severity, Sheet: "Totals", Count: i + 1, Cells: []Cell{{i + 5, 2}}})
	}
	return in
}

func TestEveryLanguageIsRendered(t *testing.T) {
	book := sampleBook(t)
	for _, lang := range Languages {
		t.Run(lang, func(t *testing.T) {
			c := catalogues(t)[lang]
			for _, state := range States {
				p, err := NewPage(everything(lang, state))
				if err != nil || p.Word != c.States[state].Word || p.Meaning == "" {
					t.Errorf("%s is said as %q, %q, %v", state, p.Word, p.Meaning, err)
				}
			}
			in := everything(lang, NeedsYou)
			var page, doc bytes.Buffer
			if err := WriteHTML(&page, in); err != nil {
				t.Fatal(err)
			}
			checkPage(t, page.String())
			text := textOfPage(t, page.String())
			for key, want := range flat(c) {
				if said(key) && !strings.Contains(text, want) {
					t.Errorf("%s is not on the page: %q", key, want)
				}
			}
			if w := placeholder.FindString(text); w != "" {
				t.Errorf("the page has %s", w)
			}
			if !strings.Contains(page.String(), `<html lang="`+lang+`" dir="ltr">`) {
				t.Errorf("the page does not say its language")
			}
			if err := WriteJSON(&doc, in); err != nil || !strings.Contains(doc.String(), c.States[NeedsYou].Word) {
				t.Errorf("the JSON form: %v", err)
			}
			got := annotated(t, book, everything(lang, NeedsYou))
			checkPackage(t, got)
			f := openSample(t, got)
			if want := catalogues(t)[lang].Texts["sheet"]; f.GetSheetList()[0] != want {
				t.Errorf("the first sheet is %q", f.GetSheetList()[0])
			}
		})
	}
}

// said reports whether a page with everything has the text as it stands in the catalogue.
func said(key string) bool {
	return strings.HasPrefix(key, "findings.") || strings.HasPrefix(key, "steps.") || strings.HasPrefix(key, "skipped.") ||
		slices.Contains([]string{"texts.draft", "texts.fix", "texts.accepted", "texts.problem", "texts.right", "kinds.full_replacement", "said_by.agency", "texts.duplicates_note"}, key)
}

func textOfPage(t *testing.T, page string) string {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(page))
	var b strings.Builder
	for {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			b.Write(z.Text())
			b.WriteByte(' ')
		}
	}
}

func TestEqualFindingsAreOneLine(t *testing.T) {
	in := &Input{Number: "PAL-2026-000126", State: AcceptedInPart, Sheets: []Sheet{{Name: "S", Unit: Rows, Read: 4000, Rejected: 4000}}}
	for row := 2; row <= 4001; row++ {
		in.Add(diag.Diagnostic{Code: diag.ValueNotDate, Severity: diag.Error, Pos: diag.Pos{Sheet: "S", Row: row, Col: 3}}, "Date", 0)
	}
	p, err := NewPage(in)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Fix.All) != 1 {
		t.Fatalf("%d lines", len(p.Fix.All))
	}
	l := p.Fix.All[0]
	var cells []string
	for _, c := range l.Places {
		cells = append(cells, c.Name)
	}
	if d := cmp.Diff([]string{"C2", "C3", "C4", "C5", "C6"}, cells); d != "" || l.Count != "4000 times" || l.More != "and 3995 more" {
		t.Errorf("%s, %s\n%s", l.Count, l.More, d)
	}
}

// TestAdd is of findings of which only the first few were kept, and of words that may be shown.
func TestAdd(t *testing.T) {
	in := &Input{}
	d := diag.Diagnostic{Code: diag.CodeUnmapped, Severity: diag.Warning, Pos: diag.Pos{Sheet: "S", Row: 2, Col: 1}}
	in.Add(d, "Sex", 700)
	d.Pos.Row = 3
	in.Add(d, "Sex", 700)
	d.Value = "fem"
	in.Add(d, "Sex", 0)
	d.Value, d.Code = "", diag.HomeLocked
	in.Add(d, "", 0)
	want := []Finding{
		{Code: diag.CodeUnmapped, Severity: diag.Warning, Sheet: "S", Column: "Sex", Count: 700, Cells: []Cell{{2, 1}, {3, 1}}},
		{Code: diag.CodeUnmapped, Severity: diag.Warning, Sheet: "S", Column: "Sex", Word: "fem", Count: 1, Cells: []Cell{{3, 1}}},
	}
	if d := cmp.Diff(want, in.seen()); d != "" {
		t.Error(d)
	}
}

func TestDocument(t *testing.T) {
	var b bytes.Buffer
	if err := WriteJSON(&b, sample("fr")); err != nil {
		t.Fatal(err)
	}
	var d map[string]any
	if err := json.Unmarshal(b.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	findings := d["findings"].([]any)
	first := findings[0].(map[string]any)
	for key, want := range map[string]any{"code": "value.not_a_date", "severity": "error", "fix": true, "sheet": "Cases & more", "column": "Date", "count": 7.0} {
		if d := cmp.Diff(want, first[key]); d != "" {
			t.Errorf("%s: %s", key, d)
		}
	}
	if d := cmp.Diff(map[string]any{"name": "C3", "row": 3.0, "column": 3.0}, first["cells"].([]any)[0]); d != "" {
		t.Error(d)
	}
	if d["version"] != 1.0 || d["translation"] != "draft" || d["language"] != "fr" || len(findings) != 7 {
		t.Errorf("version %v, %v, %v, %d findings", d["version"], d["translation"], d["language"], len(findings))
	}
}

func TestSteps(t *testing.T) {
	fix := []Finding{{Code: diag.ValueNotDate, Severity: diag.Error}}
	for _, c := range []struct {
		in   Input
		want []Step
	}{
		{Input{State: Received}, []Step{StepWait}},
		{Input{State: Accepted}, []Step{StepNothing}},
		{Input{State: Accepted, Contact: "x"}, []Step{StepNothing}},
		{Input{State: AcceptedInPart, Findings: fix, Contact: "x"}, []Step{StepCorrect, StepAsk}},
		{Input{State: Refused}, []Step{StepSendAgain}},
		{Input{State: NeedsYou, Contact: "x"}, []Step{StepAnswer, StepAsk}},
		{Input{State: Withdrawn, Findings: fix}, []Step{StepNothing}},
		{Input{State: Accepted, Next: []Step{StepAsk}}, []Step{StepAsk}},
	} {
		if d := cmp.Diff(c.want, c.in.steps()); d != "" {
			t.Errorf("%s: %s", c.in.State, d)
		}
	}
}
