package pipeline_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"palermo/diag"
	"palermo/load"
	"palermo/pipeline"
)

// unpackHome is a copy of a home that an earlier version made.
func unpackHome(t *testing.T, file string) string {
	t.Helper()
	dir := t.TempDir()
	f, err := os.Open(file)
	check(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	check(t, err)
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return filepath.Join(dir, "home")
		}
		check(t, err)
		path := filepath.Join(dir, filepath.FromSlash(h.Name))
		switch h.Typeflag {
		case tar.TypeDir:
			check(t, os.MkdirAll(path, h.FileInfo().Mode()))
		case tar.TypeSymlink:
			check(t, os.Symlink(h.Linkname, path))
		default:
			b, err := io.ReadAll(r)
			check(t, err)
			check(t, os.WriteFile(path, b, h.FileInfo().Mode()))
		}
	}
}

// TestEarlierHomes: a home that an earlier version left opens, says what it said, and goes on: the same submissions and
// the same persons, after a copy of its state.
func TestEarlierHomes(t *testing.T) {
	t.Parallel()
	homes, err := filepath.Glob("testdata/homes/*.tar.gz")
	if err != nil || len(homes) == 0 {
		t.Fatal("no homes", err)
	}
	for _, file := range homes {
		t.Run(filepath.Base(file), func(t *testing.T) {
			wholeRun(t)
			home := unpackHome(t, file)
			dir, _, err := load.Current(home)
			check(t, err)
			check(t, load.Verify(dir))
			h, err := pipeline.ReadHome(home, "")
			check(t, err)
			was, err := h.History()
			check(t, err)
			persons := query(t, open(t, home), `SELECT person_id, records FROM person ORDER BY 1`)
			received := query(t, open(t, home), `SELECT submission_id, rows_read FROM submission ORDER BY 1`)
			ledger := read(t, home, "state", "ledger.jsonl")
			if len(persons) == 0 || len(received) == 0 {
				t.Fatalf("%d persons, %d submissions", len(persons), len(received))
			}
			run(t, home, pipeline.Options{Now: clock(9)})
			if d := cmp.Diff(persons, query(t, open(t, home), `SELECT person_id, records FROM person ORDER BY 1`)); d != "" {
				t.Errorf("persons (-then +now):\n%s", d)
			}
			if d := cmp.Diff(received, query(t, open(t, home), `SELECT submission_id, rows_read FROM submission ORDER BY 1`)); d != "" {
				t.Errorf("submissions (-then +now):\n%s", d)
			}
			if now, err := h.History(); err != nil || len(now) != len(was)+1 {
				t.Errorf("%d runs, and then %d (%v)", len(was), len(now), err)
			}
			if kept := read(t, home, "state", "backup", "format-0", "ledger.jsonl"); string(kept) != string(ledger) {
				t.Error("the ledger that was kept is not the one that was there")
			}
		})
	}
}

// TestLaterHome: what a later version wrote is left alone.
func TestLaterHome(t *testing.T) {
	t.Parallel()
	home := filepath.Join(t.TempDir(), "home")
	_, err := pipeline.InitHome(home, nil)
	check(t, err)
	write(t, filepath.Join(home, "state", "format"), []byte("99\n"))
	_, err = pipeline.OpenHome(home, "")
	wantEnvironment(t, err, diag.HomeNewer)
}
