package receipt

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// toolsDir is where `make test-receipts` has put Python's openpyxl and the modules of node; without it the tests with other
// programs are not run.
const toolsDir = "PALERMO_RECEIPT_TOOLS"

// tool is a program that the tests use, or the test is skipped in a plain word.
func tool(t *testing.T, names ...string) string {
	t.Helper()
	if os.Getenv(toolsDir) == "" {
		t.Skip("`make test-receipts` runs the tests with other programs")
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skipf("not tested: there is no %s here", strings.Join(names, ", and no "))
	return ""
}

// run is what the program says; it fails the test when it fails.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", filepath.Base(name), err, out)
	}
	return string(out)
}

// receipts is a receipt in every language, and one of a file full of payloads.
func receipts(t *testing.T, dir string) (books []string) {
	t.Helper()
	book := sampleBook(t)
	for _, lang := range Languages {
		in := sample(lang)
		books = append(books, write(t, dir, lang+".xlsx", annotated(t, book, in)))
		page(t, dir, lang, in)
	}
	in := sample(English)
	var lines [][]string
	for i, p := range payloads {
		in.Findings = append(in.Findings, Finding{Code: "code.unmapped", Severity: 1, Column: p, Word: p, Count: 1, Cells: []Cell{{2*i + 1, 1}}})
		lines = append(lines, []string{p, "a"})
	}
	in.Contact, in.Name = payloads[0], payloads[41]
	page(t, dir, "payloads", in)
	return append(books, write(t, dir, "payloads.xlsx", annotatedRows(t, lines, in)))
}

func page(t *testing.T, dir, name string, in *Input) {
	t.Helper()
	var b bytes.Buffer
	if err := WriteHTML(&b, in); err != nil {
		t.Fatal(err)
	}
	write(t, dir, name+".html", b.Bytes())
}

func write(t *testing.T, dir, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestToolsOpenpyxl(t *testing.T) {
	python := tool(t, filepath.Join(os.Getenv(toolsDir), "bin/python"))
	if out := run(t, python, append([]string{"../../.ci/receipts/books.py"}, receipts(t, t.TempDir())...)...); out != "" {
		t.Error(out)
	}
}

func TestToolsChromium(t *testing.T) {
	node := tool(t, "node")
	chromium := tool(t, "chromium", "chromium-browser", "google-chrome", "chrome")
	modules := filepath.Join(os.Getenv(toolsDir), "node_modules")
	if _, err := os.Stat(filepath.Join(modules, "playwright-core")); err != nil {
		t.Skip("not tested: node has no playwright-core here")
	}
	dir := keep(t)
	receipts(t, dir)
	script, err := os.ReadFile("../../.ci/receipts/pages.mjs")
	if err != nil {
		t.Fatal(err)
	}
	at := write(t, os.Getenv(toolsDir), "pages.mjs", script) // where node finds its modules
	if out := run(t, node, at, chromium, dir); out != "" {
		t.Error(out)
	}
}

// keep is a folder that is left for somebody to look at, where PALERMO_RECEIPT_KEEP names it.
func keep(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("PALERMO_RECEIPT_KEEP")
	if dir == "" {
		return t.TempDir()
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestToolsLibreOffice(t *testing.T) {
	soffice := tool(t, "soffice", "libreoffice")
	dir, profile := keep(t), t.TempDir()
	receipts(t, dir)
	convert := func(to, out string, names ...string) {
		t.Helper()
		args := []string{"-env:UserInstallation=file://" + profile, "--headless", "--convert-to", to, "--outdir", filepath.Join(dir, out)}
		for _, n := range names {
			args = append(args, filepath.Join(dir, n))
		}
		run(t, soffice, args...)
	}
	convert("pdf", "pdf", "mk.xlsx")
	if b, err := os.ReadFile(filepath.Join(dir, "pdf", "mk.pdf")); err != nil || !bytes.HasPrefix(b, []byte("%PDF")) {
		t.Errorf("LibreOffice made no PDF: %v", err)
	}
	convert("xlsx", "saved", "mk.xlsx", "payloads.xlsx")
	saved, err := os.ReadFile(filepath.Join(dir, "saved", "mk.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	back, s := stripped(t, saved)
	if s == nil || s.Number != "PAL-2026-000123" || s.Sheet != catalogues(t)["mk"].Texts["sheet"] {
		t.Fatalf("LibreOffice saved the receipt, and its stamp is %+v", s)
	}
	checkPackage(t, back)
	same(t, values(t, sampleBook(t)), values(t, back))
	is := openSample(t, back)
	if n := commentsOf(t, is, "Cases & more"); len(n) != 2 || n["C3"] != "look <again>" {
		t.Errorf("comments: %q", n)
	}
	if c := fillOf(t, is, "Cases & more", "B4"); c != "" {
		t.Errorf("B4 still has the colour %q", c)
	}
	live(t, filepath.Join(dir, "saved", "payloads.xlsx"))
}

// values is contents without the results of formulas, which programs work out anew.
func values(t *testing.T, b []byte) map[string]map[string]string {
	all := contents(t, b)
	for _, cells := range all {
		for at, v := range cells {
			if value, formula, _ := strings.Cut(v, "|"); formula != "" && !strings.HasPrefix(value, "=") {
				cells[at] = "|" + strings.TrimPrefix(formula, "=")
			}
		}
	}
	return all
}

// live fails where a workbook that LibreOffice has read and saved has a formula, or a text that is another.
func live(t *testing.T, path string) {
	t.Helper()
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for i, p := range payloads {
		at := fmt.Sprintf("A%d", i+1)
		formula, err := f.GetCellFormula("CSV", at)
		if err != nil || formula != "" {
			t.Errorf("%q became the formula %q, %v", p, formula, err)
		}
		if v, err := f.GetCellValue("CSV", at); err != nil || v != p {
			t.Errorf("%q became %q, %v", p, v, err)
		}
	}
}
