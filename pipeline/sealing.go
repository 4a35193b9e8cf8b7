package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"palermo/diag"
	"palermo/seal"
)

// Sealing is how the private files of a home lie on the disk: those of the inbox, the vault and the quarantine.
type Sealing struct {
	Files   int `json:"files"`
	Sealed  int `json:"sealed"`  // to the recipients of palermo.yaml
	Others  int `json:"others"`  // sealed to others than these
	Open    int `json:"open"`    // that lie there as they are
	Changed int `json:"changed"` // by the command
	Damaged int `json:"damaged"` // that the command left: they are not what was received, or cannot be decrypted
}

// Sealing looks at each file. It needs no identity.
func (h *Home) Sealing() (*Sealing, error) {
	out := &Sealing{}
	return out, h.eachSealable(func(path string) error {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		how, err := h.how(f, path)
		*out.count(how)++
		out.Files++
		return err
	})
}

// The ways in which a file can lie there.
type lying int

const (
	liesOpen lying = iota
	liesSealed
	liesSealedToOthers
)

func (s *Sealing) count(how lying) *int { return []*int{&s.Open, &s.Sealed, &s.Others}[how] }

func (h *Home) how(f *os.File, path string) (lying, error) {
	sealed, err := h.isSealed(f, path)
	if err != nil || !sealed {
		return liesOpen, err
	}
	mark, _, err := seal.MarkOf(f)
	if mark == h.seal.Mark() {
		return liesSealed, err
	}
	return liesSealedToOthers, err
}

// eachSealable calls f for each file that is sealed where there are recipients.
func (h *Home) eachSealable(f func(path string) error) error {
	for _, dir := range []string{inboxDir, vaultDir, quarantineDir} {
		err := filepath.WalkDir(h.path(dir), func(path string, d fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist): // a home of before its first run, or a file that a run replaced
				return nil
			case err != nil:
				return err
			case !d.Type().IsRegular(), strings.HasPrefix(d.Name(), "."), dir != inboxDir && filepath.Ext(path) != ".parquet":
				return nil
			}
			return f(path)
		})
		if err != nil {
			return environment(err)
		}
	}
	return nil
}

// Seal seals every file that lies open, or is sealed to others than the recipients of palermo.yaml, to these. Killed at any
// moment, each file is as it was or sealed, and Seal goes on where it was. It stops where no identity is here that would
// open what it seals.
func (h *Home) Seal(ctx context.Context, now time.Time) (*Sealing, error) {
	if !h.seal.Seals() {
		return nil, ConfigFinding("seal.recipients: there are none to seal to")
	}
	if err := h.seal.Prove(); err != nil {
		return nil, h.unopened(err)
	}
	return h.reseal(ctx, now, func(how lying) bool { return how != liesSealed }, h.seal.Writer)
}

// Unseal opens every file that is sealed, for good. It is not for a home whose next run would seal again.
func (h *Home) Unseal(ctx context.Context, now time.Time) (*Sealing, error) {
	if h.seal.Seals() {
		return nil, ConfigFinding("seal.recipients: take them out first, or the next run seals again what it writes")
	}
	return h.reseal(ctx, now, func(how lying) bool { return how != liesOpen }, func(w io.Writer) (io.WriteCloser, error) { return asIs{w}, nil })
}

// asIs is a writer of what is not sealed.
type asIs struct{ io.Writer }

func (asIs) Close() error { return nil }

// reseal writes each file anew that wants it, and tells how all lie there in the end.
func (h *Home) reseal(ctx context.Context, now time.Time, wants func(lying) bool, to func(io.Writer) (io.WriteCloser, error)) (*Sealing, error) {
	lock, err := h.takeLock(now)
	if err != nil {
		return nil, err
	}
	defer lock.release()
	if err := os.MkdirAll(h.path(stateDir, "tmp"), 0o700); err != nil {
		return nil, environment(err)
	}
	changed, damaged, dirs := 0, 0, map[string]bool{}
	err = h.eachSealable(func(path string) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		did, err := h.resealOne(path, wants, to)
		if errors.Is(err, seal.ErrDamaged) {
			damaged++
			return nil
		}
		if did {
			changed++
			dirs[filepath.Dir(path)] = true
		}
		return err
	})
	for _, d := range sortedKeys(dirs) {
		err = errors.Join(err, syncDir(d))
	}
	if err != nil {
		return nil, environment(err)
	}
	out, err := h.Sealing()
	if err == nil {
		out.Changed, out.Damaged = changed, damaged
	}
	return out, err
}

// resealOne writes one file anew, aside, and gives it its name when all of it is on disk. Of a file of the inbox the
// plaintext must be what was received.
func (h *Home) resealOne(path string, wants func(lying) bool, to func(io.Writer) (io.WriteCloser, error)) (did bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	how, err := h.how(f, path)
	if err != nil || !wants(how) {
		return false, err
	}
	in, _, err := h.plaintext(f, path)
	if err != nil {
		return false, err
	}
	tmp, err := os.CreateTemp(h.path(stateDir, "tmp"), "seal-") // 0600
	if err != nil {
		return false, err
	}
	defer func() {
		if !did {
			err = errors.Join(err, tmp.Close(), os.Remove(tmp.Name()))
		}
	}()
	w, err := to(tmp)
	if err != nil {
		return false, err
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(w, sum), in)
	if err == nil && filepath.Dir(path) == h.path(inboxDir) && hex.EncodeToString(sum.Sum(nil)) != filepath.Base(path) {
		err = seal.ErrDamaged
	}
	if err == nil {
		err = errors.Join(w.Close(), tmp.Sync())
	}
	if err != nil {
		return false, err
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return false, err
	}
	return true, tmp.Close()
}

// checkSeal says how private files lie on the disk, and whether what is sealed can be opened.
func (h *Home) checkSeal() Check {
	const name = "sealing"
	s, err := h.Sealing()
	if err != nil {
		return failed(name, "the private files cannot be looked at", h.path(inboxDir), "check their owner and permissions")
	}
	sealed := s.Sealed + s.Others
	lies := fmt.Sprintf("of %d private files %d are sealed", s.Files, sealed)
	switch {
	case !h.seal.Seals() && sealed == 0:
		return passed(name, "nothing is sealed: who has the disk or its backup reads it, unless the volume is encrypted (docs/keys.md)", "")
	case !h.seal.Opens():
		return failed(name, lies+", and no identity is here that opens them: a run that must read one will stop", h.identityFile(), diag.Codes[diag.HomeIdentity].Advice)
	case h.seal.Seals() && h.seal.Prove() != nil:
		return failed(name, "the identity that is here does not open what is sealed to seal.recipients", h.identityFile(), "name a recipient whose identity is here: age-keygen -y FILE prints it")
	case !h.seal.Seals():
		return warned(name, lies+", and seal.recipients names nobody: what comes next lies open", "", "name the recipients in palermo.yaml; or open all: palermo seal --open")
	case s.Open+s.Others > 0:
		return warned(name, fmt.Sprintf("%s; lying open: %d, sealed to others than seal.recipients: %d", lies, s.Open, s.Others), "", "palermo seal")
	}
	return passed(name, "the inbox, the vault and the quarantine are sealed; files: "+fmt.Sprint(s.Files), "")
}
