package testreal

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"palermo/pipeline"
	"palermo/sandbox"
)

func TestMain(m *testing.M) {
	sandbox.Main(pipeline.Roles())
	if os.Getenv("PALERMO_REAL") == "" {
		fmt.Println("testreal: these tests read real files; `make test-real` runs them")
		os.Exit(0)
	}
	if err := filesAreThere(); err != nil {
		fmt.Fprintln(os.Stderr, "testreal:", err)
		if os.Getenv("CI") == "true" {
			os.Exit(1)
		}
		fmt.Fprintln(os.Stderr, "testreal: nothing was tested; PALERMO_SHARED names the folder that holds data/")
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// shared is the folder that holds data/. Tests run in their package's folder, so the default is
// beside the repository.
func shared() string {
	if dir := os.Getenv("PALERMO_SHARED"); dir != "" {
		return dir
	}
	return filepath.Join("..", "..", "shared")
}

// realFile is the path of a file under data/.
func realFile(parts ...string) string {
	return filepath.Join(append([]string{shared(), "data"}, parts...)...)
}

// needed is the files that the tests read.
var needed = [][]string{
	{"unodc_glotip", "2023-05-30", "data_glotip.xlsx"},
	{"unodc_glotip", "2023-05-30_11col", "data_glotip.xlsx"},
	{"unodc_glotip", "2025-04-14", "data_glotip.xlsx"},
	{"linkage", "ep_name_variants_dev.csv"},
	{"linkage", "bg_mps_terms_dev.csv"},
	{"linkage", "opensanctions_name_pairs_dev.csv"},
}

func filesAreThere() error {
	all := slices.Clone(needed)
	for _, s := range linkageSets {
		for _, f := range s.files {
			all = append(all, []string{"linkage", f})
		}
	}
	for _, f := range sourceFiles {
		all = append(all, strings.Split(f.path, "/"))
	}
	for _, n := range all {
		if _, err := os.Stat(realFile(n...)); err != nil {
			return fmt.Errorf("a real file is missing: %w", err)
		}
	}
	return nil
}
