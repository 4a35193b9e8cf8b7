package load

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"palermo/load/loadtest"
	"palermo/sandbox"
	"palermo/schemas"
)

// publishJob makes and publishes a snapshot of some rows, and kills its process at the n-th
// point when KillAt is over 0.
type publishJob struct {
	Home, Run string
	Rows      int
	KillAt    int
}

type publishResult struct{ Points []string }

func publishSnapshot(_ context.Context, j publishJob) (publishResult, error) {
	var r publishResult
	s, err := NewStage(j.Home, j.Run)
	if err != nil {
		return r, err
	}
	s.at = func(point string) {
		r.Points = append(r.Points, point)
		if len(r.Points) == j.KillAt {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			time.Sleep(time.Minute)
		}
	}
	s.point("staged")
	if err := fill(s, j.Rows); err != nil {
		return r, err
	}
	s.point("filled")
	if _, err := s.Seal(Manifest{PalermoVersion: "test"}); err != nil {
		return r, err
	}
	s.point("sealed")
	return r, s.Publish(Modes{})
}

// fill writes one Parquet file and one that stands for the database.
func fill(s *Stage, rows int) error {
	w, err := Create(s.Parquet(loadtest.Table(), "a"), loadtest.Table(), ParquetOptions{})
	if err != nil {
		return err
	}
	b := loadtest.Batch(memory.NewGoAllocator(), 0, rows, loadtest.Plain)
	defer b.Release()
	if err := w.Write(context.Background(), b); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(s.Database(), []byte("a database"), 0o600)
}

func publish(t *testing.T, j publishJob) {
	t.Helper()
	if _, err := publishSnapshot(context.Background(), j); err != nil {
		t.Fatal(err)
	}
}

func TestPublish(t *testing.T) {
	home := t.TempDir()
	if _, _, err := Current(home); !errors.Is(err, ErrNone) {
		t.Errorf("Current of a new home = %v, want %v", err, ErrNone)
	}
	publish(t, publishJob{Home: home, Run: "r1", Rows: 3})
	publish(t, publishJob{Home: home, Run: "r2", Rows: 4})
	dir, m, err := Current(home)
	if err != nil || dir != filepath.Join(home, "snapshots", "r2") || m.Run != "r2" {
		t.Fatalf("Current = %s, %+v, %v", dir, m, err)
	}
	var got []string
	for _, f := range m.Files {
		got = append(got, fmt.Sprint(f.Path, " ", f.Rows))
	}
	if diff := cmp.Diff([]string{"palermo.duckdb 0", "parquet/sample/a.parquet 4"}, got); diff != "" {
		t.Errorf("files differ (-want +got):\n%s", diff)
	}
	for _, run := range []string{"r1", "r2"} {
		if err := Verify(filepath.Join(home, "snapshots", run)); err != nil {
			t.Errorf("Verify(%s) = %v", run, err)
		}
	}
	checkModes(t, home)
	checkNoLeftovers(t, home)
	if target, _ := os.Readlink(filepath.Join(home, "current")); target != "snapshots/r2" {
		t.Errorf("current leads to %q: a home must be movable", target)
	}
}

func checkModes(t *testing.T, home string) {
	t.Helper()
	for path, want := range map[string]fs.FileMode{
		"state": 0o700, "state/tmp": 0o700, "snapshots": 0o755, "snapshots/r2": 0o755, "snapshots/r2/parquet/sample": 0o755,
		"snapshots/r2/palermo.duckdb": 0o644, "snapshots/r2/manifest.json": 0o644, "snapshots/r2/parquet/sample/a.parquet": 0o644,
	} {
		i, err := os.Stat(filepath.Join(home, path))
		if err != nil || i.Mode().Perm() != want {
			t.Errorf("%s has mode %v, %v; want %v", path, i.Mode(), err, want)
		}
	}
}

// checkNoLeftovers looks for what only an unfinished run has.
func checkNoLeftovers(t *testing.T, home string) {
	t.Helper()
	if left, _ := os.ReadDir(filepath.Join(home, "state", "tmp")); len(left) != 0 {
		t.Errorf("%d entries left in state/tmp", len(left))
	}
	for _, name := range []string{"current.tmp", "state/publishing"} {
		if _, err := os.Lstat(filepath.Join(home, name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is left", name)
		}
	}
}

// Killed at any point, a run leaves the old snapshot or the new one, whole; the next run sweeps
// what is left and publishes.
func TestKilledAtEveryPoint(t *testing.T) {
	for n := 1; ; n++ {
		home := t.TempDir()
		publish(t, publishJob{Home: home, Run: "r1", Rows: 3})
		var r publishResult
		err := sandbox.Run(context.Background(), "publish snapshot", publishJob{Home: home, Run: "r2", Rows: 5, KillAt: n}, &r, sandbox.Options{})
		if err == nil {
			if n < 10 {
				t.Errorf("only %d points: %v", n, r.Points)
			}
			return
		}
		var e *sandbox.WorkerError
		if !errors.As(err, &e) || e.Signal != syscall.SIGKILL {
			t.Fatal(err)
		}
		dir, m, err := Current(home)
		if err != nil || Verify(dir) != nil {
			t.Fatalf("killed at point %d: %v, %v", n, err, Verify(dir))
		}
		seen := m.Run
		if err := Sweep(home); err != nil {
			t.Fatal(err)
		}
		checkNoLeftovers(t, home)
		if _, m, err := Current(home); err != nil || m.Run != seen {
			t.Errorf("killed at point %d: sweeping changed %s to %+v, %v", n, seen, m, err)
		}
		snapshots, _ := os.ReadDir(filepath.Join(home, "snapshots"))
		if want := map[string]int{"r1": 1, "r2": 2}[seen]; len(snapshots) != want {
			t.Errorf("killed at point %d: %d snapshots after the sweep, want %d", n, len(snapshots), want)
		}
		if seen == "r1" {
			publish(t, publishJob{Home: home, Run: "r2", Rows: 5})
		}
	}
}

// Sweeping keeps older and newer snapshots that were once published.
func TestSweepKeepsWhatWasPublished(t *testing.T) {
	home := t.TempDir()
	publish(t, publishJob{Home: home, Run: "r1", Rows: 3})
	publish(t, publishJob{Home: home, Run: "r2", Rows: 3})
	if err := makeCurrent(home, "r1", func(string) {}); err != nil { // as a rollback does
		t.Fatal(err)
	}
	if err := Sweep(home); err != nil {
		t.Fatal(err)
	}
	if err := Verify(filepath.Join(home, "snapshots", "r2")); err != nil {
		t.Error(err)
	}
	if err := Sweep(t.TempDir()); err != nil {
		t.Errorf("Sweep(new home) = %v", err)
	}
}

// A reader that opened the old snapshot goes on reading it.
func TestReadersAreUndisturbed(t *testing.T) {
	home := t.TempDir()
	publish(t, publishJob{Home: home, Run: "r1", Rows: 3})
	dir, _, err := Current(home)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(home, "current", "palermo.duckdb"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	publish(t, publishJob{Home: home, Run: "r2", Rows: 4})
	if err := Verify(dir); err != nil {
		t.Error(err)
	}
	if _, err := f.Read(make([]byte, 4)); err != nil {
		t.Error(err)
	}
}

func TestVerifyFindsChanges(t *testing.T) {
	for _, c := range []struct {
		name, want string
		change     func(dir string) error
	}{
		{"a changed file", "palermo.duckdb: not the file that was published", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "palermo.duckdb"), []byte("b database"), 0o600)
		}},
		{"a lost file", "parquet/sample/a.parquet: file does not exist", func(dir string) error {
			return os.Remove(filepath.Join(dir, "parquet/sample/a.parquet"))
		}},
		{"a file too many", "x: not in the manifest", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "x"), nil, 0o600)
		}},
		{"a damaged Parquet file", "parquet/sample/a.parquet: not the file that was published", func(dir string) error {
			return os.Truncate(filepath.Join(dir, "parquet/sample/a.parquet"), 100)
		}},
		{"an unknown format", "format 99 is not known", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, ManifestName), []byte(`{"format": 99}`), 0o600)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			home := t.TempDir()
			publish(t, publishJob{Home: home, Run: "r1", Rows: 3})
			dir := filepath.Join(home, "snapshots", "r1")
			if err := c.change(dir); err != nil {
				t.Fatal(err)
			}
			if err := Verify(dir); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Verify = %v, want %q", err, c.want)
			}
		})
	}
}

func TestStageRefuses(t *testing.T) {
	home := t.TempDir()
	for _, run := range []string{"", ".", "..", ".x", "a/b", `a\b`} {
		if _, err := NewStage(home, run); err == nil {
			t.Errorf("NewStage(%q) = nil", run)
		}
	}
	s, err := NewStage(home, "r1")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Publish(Modes{}); err == nil {
		t.Error("a stage that is not sealed was published")
	}
	if err := s.Discard(); err != nil {
		t.Error(err)
	}
	checkNoLeftovers(t, home)
}

// A run id that is taken is an error, and the snapshot of that name stays.
func TestPublishDoesNotReplace(t *testing.T) {
	home := t.TempDir()
	publish(t, publishJob{Home: home, Run: "r1", Rows: 3})
	if _, err := publishSnapshot(context.Background(), publishJob{Home: home, Run: "r1", Rows: 9}); err == nil {
		t.Error("a second snapshot took the place of the first")
	}
	if err := Sweep(home); err != nil {
		t.Fatal(err)
	}
	if dir, _, err := Current(home); err != nil || Verify(dir) != nil {
		t.Errorf("Current = %v; Verify = %v", err, Verify(dir))
	}
}

func TestParquetPath(t *testing.T) {
	for _, c := range []struct {
		group schemas.Group
		want  string
	}{
		{schemas.GroupStatistics, "parquet/t/a.parquet"},
		{schemas.GroupLedger, "parquet/ledger/t/a.parquet"},
	} {
		if got := ParquetPath(&schemas.Table{Name: "t", Group: c.group}, "a"); got != c.want {
			t.Errorf("ParquetPath(%s) = %q, want %q", c.group, got, c.want)
		}
	}
}
