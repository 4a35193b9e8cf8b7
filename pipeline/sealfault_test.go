package pipeline_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"palermo/diag"
)

// TestSecretsOnABadDisk: where the disk is full, or the key file cannot be exchanged, sealing and rotating say so, and files
// and key are what they were; with room they go on.
func TestSecretsOnABadDisk(t *testing.T) {
	wholeRun(t)
	disk := t.TempDir()
	if !mount(t, "tmpfs", disk, "tmpfs", 0, "size=8m") {
		return
	}
	home, keys := filepath.Join(disk, "home"), t.TempDir()
	keyFile := filepath.Join(keys, "key")
	write(t, keyFile, []byte(testKey+"\n"))
	t.Setenv("PALERMO_KEY_FILE", keyFile)
	check(t, os.MkdirAll(filepath.Join(home, "drop"), 0o700))
	to, identity := newIdentity(t)
	sealTo(t, home, identity, to)
	h := openHome(t, home)
	var inbox []string
	for i := range 3 {
		b := bytes.Repeat([]byte{byte('a' + i)}, 1<<20)
		sum := sha256.Sum256(b)
		inbox = append(inbox, filepath.Join(home, "inbox", hex.EncodeToString(sum[:])))
		write(t, inbox[i], b)
	}
	now, filler := clock(1)(), filepath.Join(disk, "filler")
	for _, left := range []int64{0, 64 << 10, 1 << 20} {
		fillDisk(t, filler, left)
		_, err := h.Seal(t.Context(), now)
		wantEnvironment(t, err, diag.HomeDiskFull)
		if s, err := h.Sealing(); err != nil || s.Sealed != 0 || s.Open != 3 {
			t.Errorf("with %d bytes left: %+v %v", left, s, err)
		}
		if left > 0 {
			continue
		}
		_, err = h.RotateKey(t.Context(), now)
		wantEnvironment(t, err, diag.HomeDiskFull)
	}
	check(t, os.Remove(filler))
	noFiles(t, filepath.Join(home, "state", "tmp"))
	if s, err := h.Seal(t.Context(), now); err != nil || s.Sealed != 3 {
		t.Errorf("with room: %+v %v", s, err)
	}
	if isThere(filepath.Join(home, "state", "ids")) || len(read(t, keyFile)) != len(testKey)+1 {
		t.Error("the key was rotated on a full disk")
	}
	if !mount(t, keys, keys, "", syscall.MS_BIND, "") {
		return
	}
	check(t, syscall.Mount("", keys, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	_, err := h.RotateKey(t.Context(), now)
	wantEnvironment(t, err, diag.HomeReadOnly)
	check(t, syscall.Unmount(keys, 0))
	r, err := h.RotateKey(t.Context(), now)
	check(t, err)
	left, err := os.ReadDir(filepath.Join(home, "state", "ids"))
	if err != nil || len(left) != 1 || left[0].Name() != r.Key {
		t.Errorf("%d tables of ids are left, %v", len(left), err)
	}
}
