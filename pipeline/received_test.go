package pipeline

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"testing"

	"palermo/seal"
)

// TestReceived: a file of the inbox is what was received, whether it lies there sealed or not, and a sender's age file that
// bears the mark of ours is only that.
func TestReceived(t *testing.T) {
	ours, err := seal.Throwaway()
	if err != nil {
		t.Fatal(err)
	}
	strangers, err := seal.Throwaway()
	if err != nil {
		t.Fatal(err)
	}
	plain := bytes.Repeat([]byte("a,b\n1,2\n"), 30_000)
	sealed := sealedWith(t, ours, plain)
	damaged := bytes.Clone(sealed)
	damaged[len(damaged)-100] ^= 1
	lookalike := sealedWith(t, strangers, plain)
	for name, c := range map[string]struct {
		lies, sent []byte
		inMemory   bool
		whole      bool
	}{
		"open":                     {plain, plain, false, true},
		"sealed":                   {sealed, plain, true, true},
		"damaged":                  {damaged, plain, true, false},
		"cut off":                  {sealed[:70_000], plain, true, false},
		"a lookalike":              {lookalike, lookalike, false, true},
		"a lookalike, sealed":      {sealedWith(t, ours, lookalike), lookalike, true, true},
		"sealed twice by a sender": {sealedWith(t, ours, sealed), sealed, true, true},
		"another's bytes":          {plain[:100], plain, false, false},
	} {
		h := &Home{Dir: t.TempDir(), Config: &Config{}, seal: ours}
		sum := sha256.Sum256(c.sent)
		want := hex.EncodeToString(sum[:])
		path := h.path(inboxDir, want)
		if err := errors.Join(os.Mkdir(h.path(inboxDir), 0o700), os.WriteFile(path, c.lies, 0o600)); err != nil {
			t.Fatal(err)
		}
		if got, err := h.receivedDigest(path); err != nil || (got == want) != c.whole {
			t.Errorf("%s: digest is right %v, want %v, %v", name, got == want, c.whole, err)
		}
		f, inMemory, err := h.openReceived(path)
		if inMemory != c.inMemory || (err == nil) != c.whole && c.inMemory {
			t.Errorf("%s: in memory %v, want %v; %v", name, inMemory, c.inMemory, err)
		}
		if err != nil {
			if !errors.Is(err, seal.ErrDamaged) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		defer f.Close()
		if got, err := io.ReadAll(f); err != nil || c.whole && !bytes.Equal(got, c.sent) {
			t.Errorf("%s: %d bytes were opened, want %d, %v", name, len(got), len(c.sent), err)
		}
		if _, err := f.WriteAt([]byte("x"), 0); err == nil {
			t.Errorf("%s: what a worker is handed can be changed", name)
		}
		if n, err := plainLength(path); name == "sealed" && n != int64(len(plain)) {
			t.Errorf("plainLength = %d, %v", n, err)
		}
	}
}

func sealedWith(t *testing.T, k *seal.Keys, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := k.Writer(&b)
	if err == nil {
		_, err = w.Write(plain)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
