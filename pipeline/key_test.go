package pipeline

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestKeyIsMadeOnce: first runs that start together have one key, and leave no other file.
func TestKeyIsMadeOnce(t *testing.T) {
	t.Setenv("PALERMO_KEY_FILE", "")
	h := &Home{Dir: t.TempDir()}
	if err := os.Mkdir(h.path(vaultDir), 0o700); err != nil {
		t.Fatal(err)
	}
	const n = 16
	keys, errs := make(chan ring, n), make(chan error, n)
	for range n {
		go func() {
			k, err := openKeys(h, true)
			keys <- k
			errs <- err
		}()
	}
	first := <-keys
	for range n - 1 {
		if k := <-keys; !bytes.Equal(k.encode(), first.encode()) {
			t.Error("two runs have unlike keys")
		}
	}
	for range n {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if left, _ := filepath.Glob(h.path(vaultDir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %d files", len(left))
	}
}
