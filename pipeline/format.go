package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"palermo/diag"
)

// homeFormat is raised by hand when a version before would misread what this one writes into a home, and then
// steps has one more.
const homeFormat = 1

// steps is what makes a home of each format one of the next, from 0: that of homes before there was a number.
var steps = [homeFormat]func(h *Home) error{
	func(*Home) error { return nil }, // only the number is new
}

func (h *Home) formatFile() string { return h.path(stateDir, "format") }

// format is the home's; that of a new home where nothing was written yet.
func (h *Home) format() (int, error) {
	b, err := os.ReadFile(h.formatFile())
	if errors.Is(err, fs.ErrNotExist) {
		if isThere(h.ledgerFile()) {
			return 0, nil
		}
		return homeFormat, nil
	}
	if err != nil {
		return 0, environment(err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || n < 0 {
		return 0, environment(fmt.Errorf("%s: not the number of a format", h.formatFile()))
	}
	return n, nil
}

// checkFormat refuses a home that a later version has written to.
func (h *Home) checkFormat() error {
	n, err := h.format()
	if err == nil && n > homeFormat {
		err = &EnvironmentError{diag.HomeNewer, h.Dir, nil}
	}
	return err
}

// upgrade makes the home one of this version's format, after a copy of what is not made again by itself. Killed at any
// moment, it is done again. The caller holds the home's lock.
func (h *Home) upgrade() error {
	n, err := h.format()
	if err != nil {
		return err
	}
	if n == homeFormat && isThere(h.formatFile()) {
		return nil
	}
	for ; n < homeFormat; n++ {
		if err := h.backUp(n); err != nil {
			return fmt.Errorf("copy the state of the home: %w", err)
		}
		if err := steps[n](h); err != nil {
			return fmt.Errorf("bring the home from format %d to %d: %w", n, n+1, err)
		}
	}
	return writeFile(h.formatFile(), []byte(strconv.Itoa(homeFormat)+"\n"), 0o600)
}

// backUp copies the ledger, the decisions, the models, the registry and the config to state/backup/format-N.
func (h *Home) backUp(format int) error {
	to := h.path(stateDir, "backup", fmt.Sprintf("format-%d", format))
	if isThere(to) { // an upgrade that was killed has made it
		return nil
	}
	tmp, err := os.MkdirTemp(h.path(stateDir, "tmp"), "backup-")
	if err != nil {
		return err
	}
	for _, name := range []string{"ledger.jsonl", "audit.jsonl", "reviews", "models", runsDir} {
		if err := copyTree(h.path(stateDir, name), filepath.Join(tmp, name)); err != nil {
			return err
		}
	}
	if err := copyTree(h.path("palermo.yaml"), filepath.Join(tmp, "palermo.yaml")); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if err := os.Rename(tmp, to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

// copyTree copies a file or a folder as it is, where it is there.
func copyTree(from, to string) error {
	return cloneTree(from, to, nil, func(path, copied string) error {
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return writeFile(copied, b, 0o600)
	})
}

// cloneTree makes the folders and links below from again below to, where it is there, and lets file make each file.
// What stands in without is left out.
func cloneTree(from, to string, without map[string]bool, file func(path, copied string) error) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path == from {
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
		case without[path] && d.IsDir():
			return filepath.SkipDir
		case without[path]:
			return nil
		case d.IsDir():
			return os.MkdirAll(copied, 0o700)
		case d.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(target, copied)
		}
		return file(path, copied)
	})
}
