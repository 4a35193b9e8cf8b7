package pipeline

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"palermo/diag"
	"palermo/load"
	"palermo/sandbox"
	"palermo/seal"
)

// SealSettings is whom the private files of a home are sealed to, with age.
type SealSettings struct {
	Recipients   []string `yaml:"recipients,omitempty,flow" json:"recipients,omitempty" jsonschema:"description=recipients of age (age1…) to whom the inbox and the vault and the quarantine are sealed; nothing is sealed where there are none"`
	IdentityFile string   `yaml:"identity_file,omitempty" json:"identity_file,omitempty" jsonschema:"description=a file of mode 0600 outside of the home with the age identity that opens what is sealed; PALERMO_AGE_IDENTITY wins over it"`
}

// identityFile is the file with what opens sealed files; empty where none is named.
func (h *Home) identityFile() string {
	return h.below(cmp.Or(os.Getenv("PALERMO_AGE_IDENTITY"), h.Config.Seal.IdentityFile))
}

// readSeal reads whom files are sealed to, and the identity that opens them. One that is not there is missed only
// by who needs it: a night with nothing new does not.
func (h *Home) readSeal() error {
	wrong := func(what string, why any) error {
		return ConfigFinding(fmt.Sprintf("seal.%s: %v", what, why))
	}
	if len(h.Config.Seal.Recipients) > 0 && runtime.GOOS != "linux" {
		return wrong("recipients", "sealing needs Linux, where a file can be handed on in memory alone")
	}
	text, file := "", h.identityFile()
	if file != "" && isThere(file) {
		if h.holds(file) {
			return wrong("identity_file", "it lies in the home, and would be copied with what it opens; keep it elsewhere")
		}
		var why string
		if text, why = readPrivate(file); why != "" {
			return wrong("identity_file", why)
		}
	}
	var err error
	switch h.seal, err = seal.New(h.Config.Seal.Recipients, text); {
	case errors.Is(err, seal.ErrIdentities):
		return wrong("identity_file", err)
	case err != nil:
		return wrong("recipients", err)
	}
	return nil
}

// holds reports whether the file lies in the home, whatever links lead to it.
func (h *Home) holds(file string) bool {
	home, err := filepath.EvalSymlinks(h.Dir)
	if err != nil {
		return false
	}
	if file, err = filepath.EvalSymlinks(file); err != nil {
		return false
	}
	rel, err := filepath.Rel(home, file)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, "../")
}

// sealer is what closes a file on its way to the disk; nil where nothing is sealed.
func (h *Home) sealer() func(io.Writer) (io.WriteCloser, error) {
	if h.seal == nil || !h.seal.Seals() {
		return nil
	}
	return h.seal.Writer
}

// unopened is the error of a sealed file: what a person must mend, or the file's damage.
func (h *Home) unopened(err error) error {
	if errors.Is(err, seal.ErrClosed) {
		return &EnvironmentError{diag.HomeIdentity, h.identityFile(), nil}
	}
	return err
}

// isSealed reports whether an opened file is sealed. One of the inbox that only looks so is what somebody sent: its
// name is the hash of its own bytes.
func (h *Home) isSealed(f *os.File, path string) (bool, error) {
	_, marked, err := seal.MarkOf(f)
	if err != nil || !marked || filepath.Dir(path) != h.path(inboxDir) {
		return marked, err
	}
	sum, err := digestOf(f)
	return sum != filepath.Base(path), err
}

// plaintext is what a sealed or open file holds, from its beginning on.
func (h *Home) plaintext(f *os.File, path string) (r io.Reader, sealed bool, err error) {
	if sealed, err = h.isSealed(f, path); err != nil {
		return nil, false, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil || !sealed {
		return f, false, err
	}
	fi, err := f.Stat()
	if err != nil {
		return nil, true, err
	}
	r, err = h.seal.Reader(f, fi.Size())
	return r, true, h.unopened(err)
}

// openable is an error where a file of the inbox is sealed and there is no identity at all. A file that is not there is not
// sealed.
func (h *Home) openable(path string) error {
	if h.seal.Opens() {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil // who reads it says why not
	}
	defer f.Close()
	if sealed, err := h.isSealed(f, path); err != nil || !sealed {
		return err
	}
	return h.unopened(seal.ErrClosed)
}

// openReceived opens a file of the inbox for a worker: as it lies there, or, of a sealed one, its plaintext as a
// file in memory. The error is a seal.ErrDamaged
// where the copy is not what was received.
func (h *Home) openReceived(path string) (f *os.File, inMemory bool, err error) {
	if f, err = os.Open(path); err != nil {
		return nil, false, err
	}
	r, sealed, err := h.plaintext(f, path)
	if err != nil || !sealed {
		return keepOpen(f, err), false, err
	}
	defer f.Close()
	m, err := sandbox.MemoryFile()
	if err != nil {
		return nil, true, err
	}
	_, err = io.Copy(m, r)
	if err == nil {
		_, err = m.Seek(0, io.SeekStart)
	}
	if err == nil {
		err = sandbox.Freeze(m)
	}
	return keepOpen(m, err), true, err
}

// keepOpen is the file, or none where something went wrong.
func keepOpen(f *os.File, err error) *os.File {
	if err != nil {
		f.Close()
		return nil
	}
	return f
}

// receivedDigest is the SHA-256 of what a file of the inbox holds, in hexadecimal; empty of a sealed one that is
// damaged.
func (h *Home) receivedDigest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	r, _, err := h.plaintext(f, path)
	if err != nil {
		return "", undamaged(err)
	}
	sum, err := digestOf(r)
	return sum, undamaged(err)
}

// undamaged is the error, unless it says that the file is damaged.
func undamaged(err error) error {
	if errors.Is(err, seal.ErrDamaged) {
		return nil
	}
	return err
}

// vault opens files of the vault, sealed or not. Nothing of a sealed one is written anywhere.
func (h *Home) vault() load.Opener {
	return func(path string) (load.Source, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		sealed, err := h.isSealed(f, path)
		if err != nil || !sealed {
			return keepOpen(f, err), err
		}
		fi, err := f.Stat()
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		in, err := h.seal.ReaderAt(f, fi.Size())
		if err != nil {
			return nil, errors.Join(h.unopened(err), f.Close())
		}
		return opened{in, f}, nil
	}
}

// opened is the plaintext of a sealed file, which is closed with it.
type opened struct {
	*io.SectionReader
	io.Closer
}

// plainLength is how long what a file holds is, sealed or not.
func plainLength(path string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if _, marked, err := seal.MarkOf(f); err != nil || !marked {
		return fi.Size(), err
	}
	return seal.PlainSize(f, fi.Size())
}
