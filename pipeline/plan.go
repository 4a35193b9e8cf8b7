package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"palermo/load"
)

// Planned is what a run would do.
type Planned struct {
	Summary *Summary      `json:"summary"`
	Refused []CheckResult `json:"refused"` // checks for which nothing would be published
	Diff    *Diff         `json:"diff,omitempty"`
}

// Plan does what a run would do, beside the home, and says what would be published then and how it differs. Of
// the home nothing changes but what its lock says: the files of the drop folder are copied, and what the home
// holds is linked, below state/tmp, where it is removed again, by the next run where this one is killed.
func (h *Home) Plan(ctx context.Context, o Options) (*Planned, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	l, err := h.takeLock(o.Now().UTC())
	if err != nil {
		return nil, err
	}
	defer l.release()
	if err := os.MkdirAll(h.path(stateDir, "tmp"), 0o700); err != nil {
		return nil, environment(err)
	}
	dir, err := os.MkdirTemp(h.path(stateDir, "tmp"), "plan-")
	if err != nil {
		return nil, environment(err)
	}
	defer os.RemoveAll(dir)
	beside, err := h.beside(dir)
	if err != nil {
		return nil, environment(fmt.Errorf("make a copy of the home: %w", err))
	}
	o.acceptAll, o.NoReceipts, o.NoReport = true, true, true
	s, err := beside.Run(ctx, o)
	if err != nil {
		return nil, err
	}
	p := &Planned{Summary: s, Refused: slices.DeleteFunc(slices.Clone(s.Checks), func(c CheckResult) bool { return !c.Accepted })}
	s.Snapshot = ""
	if s.Status != RunPublished {
		return p, nil
	}
	from := ""
	if now, err := load.CurrentRun(h.Dir); err == nil {
		from = h.path(snapshotsDir, now)
	}
	known, err := beside.ReadLedger()
	if err != nil {
		return nil, err
	}
	p.Diff, err = h.compare(ctx, from, beside.path(snapshotsDir, s.Run), known)
	return p, err
}

// beside is a home in dir that has what this one has, and whose runs change nothing of this one: files are links
// to those here, which a run replaces and never writes into.
func (h *Home) beside(dir string) (*Home, error) {
	out, config := *h, *h.Config
	config.Telemetry = TelemetrySettings{}
	out.Dir, out.Config = dir, &config
	if err := out.makeFolders(); err != nil {
		return nil, err
	}
	for _, d := range []string{inboxDir, vaultDir, lakeDir, quarantineDir, stateDir} {
		if err := mirror(h.path(d), out.path(d), map[string]bool{h.path(stateDir, "tmp"): true, h.path(stateDir, "lock"): true, h.ledgerFile(): true, h.erasureFile(): true, h.erasedDir(): true}); err != nil {
			return nil, err
		}
	}
	if err := copyIfThere(h.ledgerFile(), out.ledgerFile()); err != nil {
		return nil, err
	}
	if err := copyDrop(h.path(dropDir), out.path(dropDir)); err != nil {
		return nil, err
	}
	there, err := h.snapshots()
	if err != nil {
		return nil, err
	}
	for _, run := range there {
		if err := os.Symlink(h.path(snapshotsDir, run), out.path(snapshotsDir, run)); err != nil {
			return nil, err
		}
	}
	switch current, err := load.CurrentRun(h.Dir); {
	case errors.Is(err, load.ErrNone):
	case err != nil:
		return nil, err
	default:
		return &out, os.Symlink(filepath.Join(snapshotsDir, current), out.path("current"))
	}
	return &out, nil
}

// mirror makes the folders below from again below to, with a link to each file.
func mirror(from, to string, without map[string]bool) error {
	return cloneTree(from, to, without, os.Symlink)
}

// copyDrop copies what lies in the drop folder as it is, for what a run would make of it.
func copyDrop(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrPermission) && path != from { // a run could not look there either
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		copied := filepath.Join(to, rel)
		switch {
		case d.IsDir():
			return os.MkdirAll(copied, 0o700)
		case d.Type()&fs.ModeSymlink != 0:
			return os.Symlink("nowhere", copied) // a run takes no link, whatever it leads to
		case !d.Type().IsRegular():
			return nil
		}
		err = copyIfThere(path, copied)
		if errors.Is(err, fs.ErrPermission) { // a run could not read it either
			return nil
		}
		return err
	})
}

func copyIfThere(from, to string) error {
	in, err := os.Open(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
