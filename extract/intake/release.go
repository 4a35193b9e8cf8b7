package intake

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
)

// asidePrefix begins the names of files that are about to be removed. A file of such a name that a
// run finds was left by one that died just then: it is claimed like any other, and is a file
// received before, or a new one that had taken the name.
const asidePrefix = ".palermo-aside-"

// Release removes the claimed file from the drop folder, and its marker, if it is still the same and
// unchanged; what has changed since is left for the next run, as is what its sender took away, and
// what another program has open to write to. The file is looked at and removed under a name that
// nobody else has, so that a file that takes its place at that moment is not removed for it.
func Release(c Claimed) error { return release(c, nil) }

// release is Release with a hook for tests, which is called at each step.
func release(c Claimed, step func(string)) error {
	if step == nil {
		step = func(string) {}
	}
	root, err := os.OpenRoot(c.root)
	if err != nil {
		return fmt.Errorf("intake: release: %w", err)
	}
	defer root.Close()
	dir, err := root.OpenRoot(path.Dir(c.rel))
	if err != nil { // it was taken away, or became a link that leads out: no reason to end a run
		return nil
	}
	defer dir.Close()
	removed, err := c.remove(dir, path.Base(c.rel), step)
	if err == nil && removed && c.ready {
		err = removeMarker(dir, path.Base(c.rel)+readySuffix)
	}
	if err != nil {
		return fmt.Errorf("intake: release: %w", err)
	}
	return nil
}

// remove removes the file of that name, if it is the claimed one.
func (c *Claimed) remove(dir *os.Root, name string, step func(string)) (removed bool, err error) {
	if st, err := lstat(dir, name); st == nil || identify(st) != c.id {
		return false, err
	}
	step("looked at")
	aside := asidePrefix + suffix()
	if err := dir.Rename(name, aside); err != nil {
		return false, gone(err)
	}
	step("put aside")
	same, err := c.same(dir, aside)
	if err == nil && !same {
		return false, putBack(dir, aside, name)
	}
	if err != nil {
		return false, errors.Join(err, putBack(dir, aside, name))
	}
	return true, dir.Remove(aside)
}

// same reports whether the file is the claimed one, unchanged, and nobody is about to change it.
// Its new name has changed the time that the system keeps of that.
func (c *Claimed) same(dir *os.Root, name string) (bool, error) {
	st, err := lstat(dir, name)
	if st == nil {
		return false, err
	}
	now := identify(st)
	now.ctime = c.id.ctime
	if now != c.id {
		return false, nil
	}
	f, err := dir.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return false, gone(err)
	}
	defer f.Close()
	return !isWritten(f), nil
}

// putBack gives a file its name again, or one like it where another file has taken that.
func putBack(dir *os.Root, aside, name string) error {
	stem, ext := strings.TrimSuffix(name, path.Ext(name)), path.Ext(name)
	for n := 1; ; n++ {
		to := name
		if n > 1 {
			to = fmt.Sprintf("%.200s (%d)%.20s", stem, n, ext)
		}
		err := dir.Link(aside, to) // unlike a rename it never takes another's place
		switch {
		case err == nil:
			return dir.Remove(aside)
		case errors.Is(err, fs.ErrExist) && n < 1000:
		case errors.Is(err, fs.ErrNotExist):
			return nil // its sender took it away
		default: // no links here, as on some shares, or a folder: under its own name it is found by the next run
			return nil
		}
	}
}

// removeMarker removes a marker, if it is one.
func removeMarker(dir *os.Root, name string) error {
	info, err := dir.Lstat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > markerBytes {
		return gone(err)
	}
	return gone(dir.Remove(name))
}

// lstat is what stands under the name; nil where nothing does.
func lstat(dir *os.Root, name string) (*syscall.Stat_t, error) {
	info, err := dir.Lstat(name)
	if err != nil {
		return nil, gone(err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil, fs.ErrInvalid
	}
	return st, nil
}

// gone is the error, unless it says that the file is not there.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func suffix() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
