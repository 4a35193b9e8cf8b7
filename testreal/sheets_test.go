package testreal

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"palermo/extract/extracttest"
)

// TestRealSheetsAsExcelize: each real workbook reads cell for cell as excelize reads it.
func TestRealSheetsAsExcelize(t *testing.T) {
	var paths []string
	err := filepath.WalkDir(realFile(), func(path string, d fs.DirEntry, err error) error {
		if ext := strings.ToLower(filepath.Ext(path)); err == nil && (ext == ".xlsx" || ext == ".xlsm") {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil || len(paths) < 10 {
		t.Fatalf("%d workbooks, %v", len(paths), err)
	}
	cells := 0
	for _, path := range paths {
		c, err := extracttest.WithExcelize(path)
		cells += c.Cells
		name := filepath.Base(path)
		if err != nil || len(c.Unlike) > 0 {
			t.Errorf("%s: %v; %d of %d cells unlike excelize: %q", name, err, len(c.Unlike), c.Cells, c.Unlike[:min(len(c.Unlike), 20)])
		}
	}
	if cells < 1_000_000 {
		t.Errorf("only %d cells", cells)
	}
}
