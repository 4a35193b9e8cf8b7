package testlong

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"palermo/fixtures"
	"palermo/pipeline"
)

// killsPerHome is how often a run is killed in one home before it may finish.
const killsPerHome = 3

// TestKilledRuns kills runs at moments that a seed chooses. After each kill a reader sees no
// snapshot or a whole one; and the run that may finish publishes the same bytes as one that was
// never disturbed, with every file received once.
func TestKilledRuns(t *testing.T) {
	t.Setenv("PALERMO_KEY_FILE", filepath.Join(t.TempDir(), "key"))
	template := t.TempDir()
	if err := fixtures.Demo(template, 1); err != nil {
		t.Fatal(err)
	}
	undisturbed := newHome(t, template)
	start := time.Now()
	finish(t, undisturbed)
	whole := time.Since(start)
	want, received := published(t, undisturbed), submissions(t, undisturbed)

	moments := rand.New(rand.NewPCG(1, 2))
	for range scale(60, 3) {
		home := newHome(t, template)
		for range killsPerHome {
			after := time.Duration(moments.Int64N(int64(whole)))
			killAfter(t, home, after)
			if s := current(t, home); s != "" {
				published(t, home)
			}
		}
		finish(t, home)
		if d := cmp.Diff(want, published(t, home)); d != "" {
			t.Fatalf("after %d kills the snapshot differs from an undisturbed one (-want +got):\n%s", killsPerHome, d)
		}
		if got := submissions(t, home); got != received {
			t.Fatalf("%d submissions after %d kills, want %d", got, killsPerHome, received)
		}
		if err := os.RemoveAll(home); err != nil {
			t.Fatal(err)
		}
	}
}

// newHome is a home whose drop folder is a copy of the template's.
func newHome(t *testing.T, template string) string {
	t.Helper()
	home := t.TempDir()
	if err := os.CopyFS(home, os.DirFS(template)); err != nil {
		t.Fatal(err)
	}
	return home
}

func command(t *testing.T, home string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), runHome+"="+home)
	cmd.Stderr = t.Output()
	return cmd
}

// finish runs the home to its end.
func finish(t *testing.T, home string) {
	t.Helper()
	if err := command(t, home).Run(); err != nil {
		t.Fatalf("run: %v", err)
	}
}

// killAfter starts a run and kills it, if it is still there then.
func killAfter(t *testing.T, home string, after time.Duration) {
	t.Helper()
	cmd := command(t, home)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() }) // it may have ended by itself
	defer timer.Stop()
	var ended *exec.ExitError
	if err := cmd.Wait(); err != nil && (!errors.As(err, &ended) || ended.Exited()) {
		t.Fatalf("run: %v", err)
	}
}

// current is the folder of the current snapshot, or empty.
func current(t *testing.T, home string) string {
	t.Helper()
	s, err := filepath.EvalSymlinks(filepath.Join(home, "current"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("current: %v", err)
	}
	return s
}

// ledger is the folder of the tables that may hold the clock and the run.
const ledger = "ledger"

// published is the digest of each Parquet file of the current snapshot, which must be whole,
// without the ledger's.
func published(t *testing.T, home string) map[string]string {
	t.Helper()
	dir := current(t, home)
	for _, name := range []string{"manifest.json", "palermo.duckdb"} {
		if fi, err := os.Stat(filepath.Join(dir, name)); err != nil || fi.Size() == 0 {
			t.Fatalf("the current snapshot has no whole %s: %v", name, err)
		}
	}
	out := map[string]string{}
	root := filepath.Join(dir, "parquet")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if len(b) < 8 || string(b[len(b)-4:]) != "PAR1" {
			t.Errorf("%s is torn", d.Name())
		}
		name := strings.TrimPrefix(path, root+string(filepath.Separator))
		if !strings.HasPrefix(filepath.ToSlash(name), ledger+"/") {
			sum := sha256.Sum256(b)
			out[name] = hex.EncodeToString(sum[:])
		}
		return nil
	})
	if err != nil || len(out) == 0 {
		t.Fatalf("the current snapshot has %d Parquet files: %v", len(out), err)
	}
	return out
}

// submissions is how many files the home has received.
func submissions(t *testing.T, home string) int {
	t.Helper()
	h, err := pipeline.ReadHome(home, "")
	if err != nil {
		t.Fatal(err)
	}
	l, err := h.ReadLedger()
	if err != nil {
		t.Fatal(err)
	}
	return len(l.Submissions)
}
