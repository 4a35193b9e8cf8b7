package report

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// toolsDir is where `make test-receipts` has put what drives Chromium; without it the test is not run.
const toolsDir = "PALERMO_RECEIPT_TOOLS"

// TestToolsChromium: each page renders, says nothing on the console, asks for nothing, is no wider than a phone, prints, and axe finds
// nothing, at three widths.
func TestToolsChromium(t *testing.T) {
	tools := os.Getenv(toolsDir)
	if tools == "" {
		t.Skip("`make test-receipts` runs the tests with other programs")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("not tested: there is no node here")
	}
	chromium := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil && chromium == "" {
			chromium = path
		}
	}
	if _, err := os.Stat(filepath.Join(tools, "node_modules", "playwright-core")); err != nil || chromium == "" {
		t.Skip("not tested: there is no Chromium here, or nothing that drives it")
	}
	dir := t.TempDir()
	if keep := os.Getenv("PALERMO_RECEIPT_KEEP"); keep != "" {
		dir = keep
	}
	pages(t, dir)
	script, err := os.ReadFile("../../.ci/receipts/pages.mjs")
	if err != nil {
		t.Fatal(err)
	}
	write(t, tools, "report-pages.mjs", string(script)) // where node finds its modules
	out, err := exec.Command(node, filepath.Join(tools, "report-pages.mjs"), chromium, dir).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
	printed, err := filepath.Glob(filepath.Join(dir, "*.pdf"))
	if err != nil || len(printed) != 3 {
		t.Errorf("%d pages were printed, %v", len(printed), err)
	}
}
