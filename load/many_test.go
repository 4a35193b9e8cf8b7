package load

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"palermo/sandbox"
)

// TestManyFiles: a table of far more files than one statement reads has all their rows.
func TestManyFiles(t *testing.T) {
	job := sampleJob(t, 100)
	k := 0
	for i := range job.Tables {
		if job.Tables[i].Name == "sample" {
			k = i
		}
	}
	b, err := os.ReadFile(filepath.Join(job.ParquetDir, filepath.FromSlash(job.Tables[k].Files[0])))
	if err != nil {
		t.Fatal(err)
	}
	const n = 2*filesAtOnce + 1
	job.Tables[k].Files = nil
	for i := range n {
		name := fmt.Sprintf("many/%04d.parquet", i)
		path := filepath.Join(job.ParquetDir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		job.Tables[k].Files = append(job.Tables[k].Files, name)
	}
	var one, r BuildResult
	single := job
	single.Tables = append([]BuildTable{}, job.Tables...)
	single.Tables[k].Files = job.Tables[k].Files[:1]
	single.Out += ".one"
	for _, x := range []struct {
		job BuildJob
		r   *BuildResult
	}{{single, &one}, {job, &r}} {
		if err := sandbox.Run(context.Background(), "build database", x.job, x.r, sandbox.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	if want := n * one.Rows["sample"]; r.Rows["sample"] != want || want == 0 {
		t.Errorf("%d rows of %d files, want %d", r.Rows["sample"], n, want)
	}
}
