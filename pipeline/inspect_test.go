package pipeline_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"palermo/mappings"
	"palermo/pipeline"
	"palermo/schemas"
)

// TestInspectFixtures: each fixture is inspected as what it is, by the mapping of its folder.
func TestInspectFixtures(t *testing.T) {
	set, ds, err := mappings.Load(mappings.Builtin())
	if err != nil || len(ds) > 0 {
		t.Fatal(err, ds)
	}
	files, err := filepath.Glob("../fixtures/*/in/*.*")
	if err != nil || len(files) == 0 {
		t.Fatal("no fixtures", err)
	}
	together, err := filepath.Glob("../fixtures/*/in/*/*")
	if err != nil {
		t.Fatal(err)
	}
	look, err := pipeline.NewInspector(schemas.Builtin(), set)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(files, together...) {
		in, err := look.Inspect(context.Background(), f)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(f), err)
			continue
		}
		source, loaded := strings.Split(filepath.ToSlash(f), "/")[2], int64(0)
		for _, sh := range in.Sheets {
			if sh.Chosen != nil && sh.Chosen.Matches && sh.Chosen.Source == source {
				loaded += sh.Rows.Loaded
			}
		}
		if known := !strings.HasPrefix(filepath.Base(f), "unknown"); known != (loaded > 0) {
			t.Errorf("%s: %d rows of it would be loaded as %s", filepath.Base(f), loaded, source)
		}
	}
}
