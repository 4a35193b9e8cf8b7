package load

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ErrNone says that a home has published nothing yet.
var ErrNone = errors.New("no snapshot is published")

// Current resolves the link once: the folder of the published snapshot, which stays what it is
// when the next one is published, and its manifest. It is ErrNone when there is none.
func Current(home string) (dir string, m *Manifest, err error) {
	run, err := CurrentRun(home)
	if err != nil {
		return "", nil, err
	}
	dir = filepath.Join(home, snapshotsName, run)
	m, err = ReadManifest(dir)
	if err != nil {
		return "", nil, fmt.Errorf("current snapshot: %w", err)
	}
	return dir, m, nil
}

// CurrentRun is the run whose snapshot is published, whether or not that can be read. It is ErrNone
// when there is none.
func CurrentRun(home string) (string, error) {
	target, err := os.Readlink(filepath.Join(home, currentName))
	if errors.Is(err, fs.ErrNotExist) {
		return "", ErrNone
	}
	if err != nil {
		return "", err
	}
	return filepath.Base(target), nil
}

// Sweep removes what killed runs left: everything under state/tmp, a link that was not yet in its
// place, and a snapshot that was under its name but not yet current. The caller holds the home's
// lock.
func Sweep(home string) error {
	tmp := filepath.Join(home, stateName, tmpName)
	left, err := os.ReadDir(tmp)
	errs := []error{sweepSnapshot(home), ignoreMissing(err), ignoreMissing(os.Remove(filepath.Join(home, currentName+".tmp")))}
	for _, d := range left {
		errs = append(errs, os.RemoveAll(filepath.Join(tmp, d.Name())))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	return nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// sweepSnapshot removes the snapshot that a killed run was about to make current. The mark, not
// its age, tells it from one that a rollback has left behind.
func sweepSnapshot(home string) error {
	mark := filepath.Join(home, stateName, publishingName)
	b, err := os.ReadFile(mark)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	run := strings.TrimSpace(string(b))
	if err := checkRun(run); err != nil {
		return fmt.Errorf("%s: %w", mark, err)
	}
	current, err := CurrentRun(home)
	if err != nil && !errors.Is(err, ErrNone) {
		return err
	}
	if current != run {
		if err := os.RemoveAll(filepath.Join(home, snapshotsName, run)); err != nil {
			return err
		}
	}
	return removeFile(mark)
}
