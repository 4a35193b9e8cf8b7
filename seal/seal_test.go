package seal_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"palermo/seal"
)

func newIdentity(t *testing.T) (recipient, identity string) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	check(t, err)
	return id.Recipient().String(), "# created by a test\n" + id.String() + "\n"
}

func newKeys(t *testing.T, recipients []string, identity string) *seal.Keys {
	t.Helper()
	k, err := seal.New(recipients, identity)
	check(t, err)
	return k
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func sealed(t *testing.T, k *seal.Keys, plain []byte) *bytes.Reader {
	t.Helper()
	var b bytes.Buffer
	w, err := k.Writer(&b)
	check(t, err)
	_, err = w.Write(plain)
	check(t, errors.Join(err, w.Close()))
	return bytes.NewReader(b.Bytes())
}

// TestSealed: what is sealed comes back, in one go and in pieces, whatever its length; and its length is known
// without an identity.
func TestSealed(t *testing.T) {
	to, id := newIdentity(t)
	other, _ := newIdentity(t)
	k, blind := newKeys(t, []string{other, to}, id), newKeys(t, []string{to, other, to}, "")
	if k.Mark() != blind.Mark() || k.Mark() == "" {
		t.Errorf("marks %q and %q of the same recipients", k.Mark(), blind.Mark())
	}
	const chunk = 64 << 10
	for _, n := range []int{0, 1, 15, 16, 17, chunk - 1, chunk, chunk + 1, 3*chunk - 16, 3 * chunk, 3*chunk + 5} {
		plain := bytes.Repeat([]byte("names "), n/6+1)[:n]
		f := sealed(t, blind, plain)
		if mark, is, err := seal.MarkOf(f); mark != k.Mark() || !is || err != nil {
			t.Errorf("%d bytes: mark %q %v %v", n, mark, is, err)
		}
		if got, err := seal.PlainSize(f, f.Size()); got != int64(n) || err != nil {
			t.Errorf("%d bytes: PlainSize = %d, %v", n, got, err)
		}
		r, err := k.Reader(f, f.Size())
		check(t, err)
		if got, err := io.ReadAll(r); !bytes.Equal(got, plain) || err != nil {
			t.Errorf("%d bytes came back as %d, %v", n, len(got), err)
		}
		at, err := k.ReaderAt(f, f.Size())
		check(t, err)
		if got, err := io.ReadAll(at); !bytes.Equal(got, plain) || at.Size() != int64(n) || err != nil {
			t.Errorf("%d bytes: in pieces %d of %d, %v", n, len(got), at.Size(), err)
		}
		if _, err := blind.Reader(f, f.Size()); !errors.Is(err, seal.ErrClosed) {
			t.Errorf("without an identity: %v", err)
		}
	}
}

// TestDamaged: a sealed file that was changed anywhere says so; one for others is closed.
func TestDamaged(t *testing.T) {
	to, id := newIdentity(t)
	_, stranger := newIdentity(t)
	k := newKeys(t, []string{to}, id)
	f := sealed(t, k, bytes.Repeat([]byte("names "), 40_000))
	whole, err := io.ReadAll(f)
	check(t, err)
	readAll := func(k *seal.Keys, b []byte) error {
		r, err := k.Reader(bytes.NewReader(b), int64(len(b)))
		if err == nil {
			_, err = io.ReadAll(r)
		}
		return err
	}
	for at := 0; at < len(whole); at += 997 {
		b := bytes.Clone(whole)
		b[at] ^= 1
		if err := readAll(k, b); !errors.Is(err, seal.ErrDamaged) && !errors.Is(err, seal.ErrClosed) {
			t.Fatalf("byte %d changed: %v", at, err)
		}
	}
	for _, n := range []int{0, 10, 100, 70_000, len(whole) - 1} {
		if err := readAll(k, whole[:n]); !errors.Is(err, seal.ErrDamaged) {
			t.Errorf("cut off after %d bytes: %v", n, err)
		}
	}
	if err := readAll(newKeys(t, nil, stranger), whole); !errors.Is(err, seal.ErrClosed) {
		t.Errorf("another's identity: %v", err)
	}
}

func TestKeys(t *testing.T) {
	to, id := newIdentity(t)
	_, stranger := newIdentity(t)
	for name, c := range map[string]struct {
		recipients []string
		identity   string
		want       error
	}{
		"no recipient":           {[]string{"age1nobody"}, "", seal.ErrRecipient},
		"an identity as one":     {[]string{strings.TrimSpace(strings.SplitN(id, "\n", 2)[1])}, "", seal.ErrRecipient},
		"no identity":            {nil, "password", seal.ErrIdentities},
		"only a comment":         {nil, "# nothing\n", seal.ErrIdentities},
		"neither":                {nil, "", nil},
		"recipients alone":       {[]string{to}, "", nil},
		"another's, and its own": {[]string{to}, stranger + id, nil},
	} {
		k, err := seal.New(c.recipients, c.identity)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: the error holds what it is about", name)
		}
		if err == nil && k.Seals() != (len(c.recipients) > 0) {
			t.Errorf("%s: Seals = %v", name, k.Seals())
		}
	}
	check(t, newKeys(t, []string{to}, stranger+id).Prove())
	if err := newKeys(t, []string{to}, stranger).Prove(); !errors.Is(err, seal.ErrClosed) {
		t.Errorf("sealed to others than what opens: %v", err)
	}
	beside, err := seal.Throwaway()
	check(t, err)
	check(t, beside.Prove())
}

// TestOthersFiles: an age file of somebody else's is not taken for one of ours, nor is anything that is none.
func TestOthersFiles(t *testing.T) {
	to, _ := newIdentity(t)
	r, err := age.ParseX25519Recipient(to)
	check(t, err)
	var b bytes.Buffer
	w, err := age.Encrypt(&b, r)
	check(t, err)
	check(t, w.Close())
	for name, text := range map[string][]byte{"age": b.Bytes(), "empty": nil, "text": []byte("age-encryption.org/v1\n"), "cut off": []byte("age-encryption.org/v1\n-> palermo.seal abc")} {
		path := filepath.Join(t.TempDir(), "f")
		check(t, os.WriteFile(path, text, 0o600))
		f, err := os.Open(path)
		check(t, err)
		defer f.Close()
		if mark, is, err := seal.MarkOf(f); is || err != nil {
			t.Errorf("%s: mark %q, %v", name, mark, err)
		}
	}
}
