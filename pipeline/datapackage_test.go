package pipeline_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// dataPackageHolds compares the data package of a snapshot with its Parquet files and the columns of its database.
func dataPackageHolds(t *testing.T, home string) {
	t.Helper()
	var said struct {
		Resources []struct {
			Name   string
			Path   any
			Schema struct{ Fields []struct{ Name string } }
		}
	}
	if err := json.Unmarshal(read(t, home, "current", "datapackage.json"), &said); err != nil {
		t.Fatal(err)
	}
	db := open(t, home)
	var paths, columns []string
	for _, r := range said.Resources {
		switch p := r.Path.(type) {
		case string:
			paths = append(paths, p)
		case []any:
			for _, one := range p {
				paths = append(paths, one.(string))
			}
		}
		for _, f := range r.Schema.Fields {
			columns = append(columns, r.Name+"."+f.Name)
		}
	}
	var files []string
	current, err := filepath.EvalSymlinks(filepath.Join(home, "current"))
	if err != nil {
		t.Fatal(err)
	}
	err = fs.WalkDir(os.DirFS(current), "parquet", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(paths)
	slices.Sort(files)
	if diff := cmp.Diff(files, paths); diff != "" {
		t.Errorf("files, and those of the data package (-want +got):\n%s", diff)
	}
	want := query(t, db, `SELECT table_name || '.' || column_name FROM duckdb_columns() JOIN duckdb_tables() USING (table_name) WHERE NOT duckdb_columns.internal ORDER BY ALL`)
	slices.Sort(columns)
	slices.Sort(want)
	if diff := cmp.Diff(want, columns); diff != "" {
		t.Errorf("columns, and those of the data package (-want +got):\n%s", diff)
	}
}
