package seal

import (
	"bytes"
	"errors"
	"io"

	"filippo.io/age"
)

// marker adds a line to the header that says what a file is sealed to. It wraps no key, and every reader of age
// files passes over what it does not know.
type marker string

const (
	markType  = "palermo.seal"
	head      = "age-encryption.org/v1\n-> " + markType + " "
	maxHeader = 64 << 10 // some 200 recipients
	nonce     = 16
	chunk     = 64 << 10 // of plaintext, by the form of age files, and
	tag       = 16       // so many bytes more of what is sealed
)

// Wrap is what age asks of a recipient.
func (m marker) Wrap([]byte) ([]*age.Stanza, error) {
	return []*age.Stanza{{Type: markType, Args: []string{string(m)}}}, nil
}

// MarkOf is the mark of a sealed file, and whether there is one: a file without is not sealed. The bytes may be a
// stranger's: a file with a mark can still be one that somebody made so.
func MarkOf(f io.ReaderAt) (mark string, sealed bool, err error) {
	b := make([]byte, len(head)+64)
	n, err := f.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", false, err
	}
	rest, ok := bytes.CutPrefix(b[:n], []byte(head))
	if !ok {
		return "", false, nil
	}
	line, _, ok := bytes.Cut(rest, []byte("\n"))
	return string(line), ok, nil
}

// PlainSize is how long the plaintext of a sealed file of that size is. It needs no identity; what it says of a file that
// was changed is worth nothing.
func PlainSize(f io.ReaderAt, size int64) (int64, error) {
	b := make([]byte, min(size, maxHeader))
	if _, err := f.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	_, mac, ok := bytes.Cut(b, []byte("\n--- "))
	end := bytes.IndexByte(mac, '\n')
	if !ok || end < 0 {
		return 0, ErrDamaged
	}
	payload := size - int64(len(b)-len(mac)+end+1) - nonce
	if payload < tag {
		return 0, ErrDamaged
	}
	chunks := (payload + chunk + tag - 1) / (chunk + tag)
	return payload - chunks*tag, nil
}
