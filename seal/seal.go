package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"filippo.io/age"
)

// Keys is whom files are sealed to, and what opens them. The zero value seals nothing and opens nothing. It may be
// used by several goroutines at once.
type Keys struct {
	recipients []age.Recipient
	mark       string
	identities []age.Identity
}

var (
	// ErrRecipient says that a text is no X25519 recipient of age.
	ErrRecipient = errors.New("not a recipient of age (age1…)")

	// ErrIdentities says that a text is not what age-keygen writes. It quotes nothing.
	ErrIdentities = errors.New("not age identities, as age-keygen writes them")

	// ErrClosed says that a file is sealed, and none of the identities opens it.
	ErrClosed = errors.New("sealed, and no identity is here that opens it")

	// ErrDamaged says that a sealed file is not whole, or was changed.
	ErrDamaged = errors.New("sealed, and not whole or changed since")
)

// New is the keys that seal to the recipients, in any order, and open what is sealed to one of the identities, a
// text as age-keygen writes it; empty for none.
func New(recipients []string, identities string) (*Keys, error) {
	k := &Keys{}
	recipients = slices.Compact(slices.Sorted(slices.Values(recipients)))
	for _, r := range recipients {
		to, err := age.ParseX25519Recipient(r)
		if err != nil {
			return nil, ErrRecipient
		}
		k.recipients = append(k.recipients, to)
	}
	if len(recipients) > 0 {
		sum := sha256.Sum256([]byte(strings.Join(recipients, "\n")))
		k.mark = base64.RawURLEncoding.EncodeToString(sum[:12])
		k.recipients = append([]age.Recipient{marker(k.mark)}, k.recipients...)
	}
	if identities != "" {
		ids, err := age.ParseIdentities(strings.NewReader(identities))
		if err != nil {
			return nil, ErrIdentities
		}
		k.identities = ids
	}
	return k, nil
}

// Throwaway is keys that seal, and that nobody but their holder ever opens with.
func Throwaway() (*Keys, error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, fmt.Errorf("make an age identity: %w", err)
	}
	return New([]string{id.Recipient().String()}, id.String())
}

// Seals reports whether there are recipients, and so whether what is written is sealed.
func (k *Keys) Seals() bool { return len(k.recipients) > 0 }

// Opens reports whether there is any identity.
func (k *Keys) Opens() bool { return len(k.identities) > 0 }

// Mark is what the files say that are sealed to the recipients; empty where there are none.
func (k *Keys) Mark() string { return k.mark }

// Writer seals what is written to it. Close writes the end, and leaves w open.
func (k *Keys) Writer(w io.Writer) (io.WriteCloser, error) { return age.Encrypt(w, k.recipients...) }

// Prove seals something and opens it again: an error says that what is sealed now could not be opened here.
func (k *Keys) Prove() error {
	var b bytes.Buffer
	w, err := k.Writer(&b)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return err
	}
	_, err = k.read(&b)
	return err
}

// Reader is the plaintext of a sealed file from its beginning on. The error of a read is ErrDamaged where the file was changed.
func (k *Keys) Reader(f io.ReaderAt, size int64) (io.Reader, error) {
	r, err := k.read(io.NewSectionReader(f, 0, size))
	if err != nil {
		return nil, err
	}
	return honest{r}, nil
}

func (k *Keys) read(in io.Reader) (io.Reader, error) {
	if !k.Opens() {
		return nil, ErrClosed
	}
	r, err := age.Decrypt(in, k.identities...)
	return r, opening(err)
}

// ReaderAt is the plaintext of a sealed file and its length. What is read is decrypted, a chunk at a time, and the
// rest is not.
func (k *Keys) ReaderAt(f io.ReaderAt, size int64) (*io.SectionReader, error) {
	if !k.Opens() {
		return nil, ErrClosed
	}
	r, n, err := age.DecryptReaderAt(f, size, k.identities...)
	if err != nil {
		return nil, opening(err)
	}
	return io.NewSectionReader(r, 0, n), nil
}

// opening is the error of the beginning of a file.
func opening(err error) error {
	var none *age.NoIdentityMatchError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &none):
		return ErrClosed
	}
	return damaged(err)
}

// damaged is the error of reading a sealed file: the system's own, else ErrDamaged.
func damaged(err error) error {
	var sys *os.PathError
	if err == nil || err == io.EOF || errors.As(err, &sys) {
		return err
	}
	return fmt.Errorf("%w (%v)", ErrDamaged, err)
}

// honest says of what cannot be decrypted that it is damaged.
type honest struct{ r io.Reader }

func (h honest) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	return n, damaged(err)
}
