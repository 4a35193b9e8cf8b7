package palermo_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// link is the target of a Markdown link.
var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// TestLinks follows every link from a page of ours to a file of ours.
func TestLinks(t *testing.T) {
	err := filepath.WalkDir(".", func(page string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && page != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "demo-home") {
			return fs.SkipDir
		}
		if d.IsDir() || filepath.Ext(page) != ".md" {
			return nil
		}
		b, err := os.ReadFile(page)
		if err != nil {
			return err
		}
		for _, g := range link.FindAllStringSubmatch(string(b), -1) {
			target, _, _ := strings.Cut(g[1], "#")
			if target == "" || strings.Contains(target, "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), target)); err != nil {
				t.Errorf("%s links to %s, which is not there", page, g[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
