package testlong

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"palermo/fixtures"
	"palermo/pipeline"
)

type runLine = pipeline.RunLine

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// nightOne makes the home's drop folder with the files of the first night.
func nightOne(t *testing.T, home string) {
	t.Helper()
	drop(t, home, "unodc/a.xlsx", func(b *bytes.Buffer) error {
		return fixtures.Glotip(b, fixtures.GlotipOptions{Seed: 1, Rows: 60})
	})
	drop(t, home, "unodc/b.csv", func(b *bytes.Buffer) error {
		return fixtures.GlotipCSV(b, fixtures.GlotipOptions{Seed: 2, Rows: 80, Vintage: fixtures.Glotip2025})
	})
}

// nightTwo adds the files of the second: one with rows that are rejected, one that nobody knows.
func nightTwo(t *testing.T, home string) {
	t.Helper()
	drop(t, home, "unodc/c.csv", func(b *bytes.Buffer) error {
		var good bytes.Buffer
		err := fixtures.GlotipCSV(&good, fixtures.GlotipOptions{Seed: 3, Rows: 50})
		b.Write(bytes.ReplaceAll(good.Bytes(), []byte(",Female,"), []byte(",Femail,")))
		return err
	})
	drop(t, home, "other/d.xlsx", func(b *bytes.Buffer) error {
		return fixtures.Glotip(b, fixtures.GlotipOptions{Seed: 4, Rows: 70, Vintage: fixtures.Glotip11Col})
	})
	drop(t, home, "other/e.csv", func(b *bytes.Buffer) error {
		_, err := b.WriteString("who,what\n1,2\n")
		return err
	})
}

func drop(t *testing.T, home, name string, write func(*bytes.Buffer) error) {
	t.Helper()
	var b bytes.Buffer
	check(t, write(&b))
	path := filepath.Join(home, "drop", filepath.FromSlash(name))
	check(t, os.MkdirAll(filepath.Dir(path), 0o755))
	check(t, os.WriteFile(path, b.Bytes(), 0o600))
}

// command is this program again, to run the home.
func command(t *testing.T, home string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	check(t, err)
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

// published is the digest of each Parquet file of the current snapshot but the ledger's, which
// may hold the clock and the run.
func published(t *testing.T, home string) map[string]string {
	t.Helper()
	root, err := filepath.EvalSymlinks(filepath.Join(home, "current", "parquet"))
	check(t, err)
	out := map[string]string{}
	check(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		name := filepath.ToSlash(strings.TrimPrefix(path, root+string(filepath.Separator)))
		if err != nil || d.IsDir() || strings.HasPrefix(name, "ledger/") {
			return err
		}
		b, err := os.ReadFile(path)
		sum := sha256.Sum256(b)
		out[name] = hex.EncodeToString(sum[:])
		return err
	}))
	if len(out) == 0 {
		t.Fatal("the current snapshot has no Parquet file")
	}
	return out
}

// ledgerOf is the home's ledger. One is there from the first run on.
func ledgerOf(t *testing.T, home string) *pipeline.Ledger {
	t.Helper()
	h := &pipeline.Home{Dir: home}
	l, err := h.ReadLedger()
	check(t, err)
	return l
}
