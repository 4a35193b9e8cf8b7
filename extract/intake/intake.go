package intake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"

	"palermo/diag"
)

// Dirs is where intake works. Inbox and Tmp must be on one file system; both exist.
type Dirs struct {
	Drop  string // what agencies write; a home without one has nothing to claim
	Inbox string // received copies, by hash
	Tmp   string // unfinished copies
}

// Limits is what is taken.
type Limits struct {
	MaxBytes int64 // of one file; 0 means 4 GiB

	// Wants, where it is set, says which files are taken: the others are left, and not reported. It is
	// called with the path below the drop folder.
	Wants func(path string, m Mark) bool

	// Seal, where it is set, is between a copy and the disk: what lies in the inbox, under the hash of
	// what was received, is what it makes of that.
	Seal func(io.Writer) (io.WriteCloser, error)
}

const (
	maxBytes = 4 << 30
	maxDepth = 32 // folders below each other
)

// Claimed is one file as received. Its content is in the inbox; its copy in the drop folder is
// still there until Release.
type Claimed struct {
	Agency  string
	Name    string // as sent: the path below the agency's folder, with slashes; what cannot be shown is U+FFFD
	SHA256  string // of its bytes, lower-case hex
	Bytes   int64
	ModTime time.Time
	Path    string // in the inbox
	Drop    string // in the drop folder

	root  string // the drop folder
	rel   string // the path below it, as it is
	ready bool   // it has a marker
	id    identity
}

// A Mark tells a file from others, and from itself before a change. Marks are comparable.
type Mark struct{ id identity }

// identity tells whether a file is still the one that was claimed.
type identity struct {
	dev, ino uint64
	size     int64
	mtime    syscall.Timespec
	ctime    syscall.Timespec
}

func identify(st *syscall.Stat_t) identity {
	return identity{dev: uint64(st.Dev), ino: st.Ino, size: st.Size, mtime: st.Mtim, ctime: st.Ctim}
}

// Claim copies every file in the drop folder that can be taken to the inbox. What is not taken
// is reported, with the agency and name in the place's File, and left where it is: one file's
// trouble never stops the others. The result is in the order of hash, agency and name, whatever
// order files were found in.
//
// The error is for what ends the run: ctx's, or a disk that is full or a folder that cannot be
// written (errors.Is with syscall.ENOSPC or syscall.EROFS). What was claimed before it is
// claimed again by the next run.
func Claim(ctx context.Context, d Dirs, l Limits) ([]Claimed, []diag.Diagnostic, error) {
	return claim(ctx, d, l, nil)
}

// claim is Claim with a hook for tests, which is called with each file's name when it was opened
// and before it is read.
func claim(ctx context.Context, d Dirs, l Limits, copying func(string)) ([]Claimed, []diag.Diagnostic, error) {
	if l.MaxBytes <= 0 {
		l.MaxBytes = maxBytes
	}
	root, err := os.OpenRoot(d.Drop)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("intake: %w", err)
	}
	defer root.Close()
	w := &walk{ctx: ctx, dirs: d, limits: l, copying: copying}
	if err := w.folder(root, ""); err != nil {
		return nil, nil, fmt.Errorf("intake: %w", err)
	}
	if len(w.claimed) > 0 {
		if err := syncDir(d.Inbox); err != nil {
			return nil, nil, fmt.Errorf("intake: %w", err)
		}
	}
	slices.SortFunc(w.claimed, func(a, b Claimed) int {
		return cmp.Or(cmp.Compare(a.SHA256, b.SHA256), cmp.Compare(a.Agency, b.Agency), cmp.Compare(a.Name, b.Name))
	})
	return w.claimed, w.found, nil
}

// walk is one pass over the drop folder.
type walk struct {
	ctx     context.Context
	dirs    Dirs
	limits  Limits
	claimed []Claimed
	found   []diag.Diagnostic
	listed  func(Listed)     // nil where files are claimed
	through func(rel string) // nil, or told of each folder
	copying func(name string)
}

// folder goes through one opened folder, in the order of names. rel is its path in the drop
// folder.
func (w *walk) folder(dir *os.Root, rel string) error {
	if w.through != nil {
		w.through(rel)
	}
	h, err := dir.Open(".")
	if err != nil {
		return w.trouble(rel, err)
	}
	entries, err := h.ReadDir(-1)
	if err := errors.Join(err, h.Close()); err != nil {
		return w.trouble(rel, err)
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	there := make(map[string]bool, len(entries))
	for _, e := range entries {
		there[e.Name()] = true
	}
	for _, e := range entries {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		if passOver(e.Name()) || isMarker(dir, e.Name(), there) {
			continue
		}
		if err := w.entry(dir, e.Name(), path.Join(rel, e.Name()), there[e.Name()+readySuffix]); err != nil {
			return err
		}
	}
	return nil
}

// entry takes one name of a folder. What is opened must be what the name stood for, not what a
// link leads to.
func (w *walk) entry(dir *os.Root, name, rel string, ready bool) error {
	info, err := dir.Lstat(name)
	switch {
	case err != nil:
		return w.trouble(rel, err)
	case info.IsDir() && rel == name && Showable(name) != name:
		w.report(diag.FileNoAgency, rel, "the folder's name cannot be an agency's: it is not text that can be shown")
		return nil
	case info.IsDir():
		return w.subfolder(dir, name, rel, info)
	case !info.Mode().IsRegular():
		w.report(diag.FileUnsafe, rel, "not a plain file")
		return nil
	case rel == name:
		w.report(diag.FileNoAgency, rel, "not in the folder of an agency")
		return nil
	}
	return w.file(dir, name, rel, info, ready)
}

func (w *walk) subfolder(dir *os.Root, name, rel string, info fs.FileInfo) error {
	if strings.Count(rel, "/") >= maxDepth {
		w.report(diag.FileUnsafe, rel, "folders are nested too deep")
		return nil
	}
	sub, err := dir.OpenRoot(name)
	if err != nil {
		return w.trouble(rel, err)
	}
	defer sub.Close()
	if opened, err := sub.Stat("."); err != nil || !os.SameFile(info, opened) {
		w.report(diag.FileUnsafe, rel, "not a plain folder")
		return nil
	}
	return w.folder(sub, rel)
}

// passOver reports whether a file or folder is left alone in silence.
func passOver(name string) bool {
	if strings.HasPrefix(name, asidePrefix) { // what a run that died had taken aside
		return false
	}
	lower := strings.ToLower(name)
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "~$") || lower == "thumbs.db" || lower == "desktop.ini" {
		return true
	}
	for _, s := range []string{".part", ".tmp", ".crdownload", ".partial", ".download"} {
		if strings.HasSuffix(lower, s) {
			return true
		}
	}
	return false
}

func (w *walk) file(dir *os.Root, name, rel string, info fs.FileInfo, ready bool) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return w.trouble(rel, fs.ErrInvalid)
	}
	m := Mark{identify(st)}
	if w.listed != nil {
		w.listed(Listed{Path: rel, Mark: m, Ready: ready})
		return nil
	}
	if w.limits.Wants != nil && !w.limits.Wants(rel, m) {
		return nil
	}
	c, err := w.claim(dir, name, rel, info)
	c.ready = ready
	var r *refusal
	switch {
	case errors.As(err, &r):
		w.report(r.code, rel, r.why)
		return nil
	case err != nil:
		return w.trouble(rel, err)
	}
	w.claimed = append(w.claimed, c)
	return nil
}

// trouble decides whether an error is one file's, and is reported, or the run's.
func (w *walk) trouble(name string, err error) error {
	var own *homeError
	if errors.As(err, &own) || w.ctx.Err() != nil {
		return err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil // taken away by its sender since it was listed
	}
	w.report(diag.FileUnreadable, name, "cannot be read: "+reason(err))
	return nil
}

// reason is an error's last word, without paths.
func reason(err error) string {
	var no syscall.Errno
	if errors.As(err, &no) {
		return no.Error()
	}
	return "unknown error"
}

func (w *walk) report(c diag.Code, name, message string) {
	w.found = append(w.found, diag.Diagnostic{Code: c, Severity: diag.Codes[c].Severity, Pos: diag.Pos{File: Showable(name)}, Message: message})
}

// homeError is an error of our own folders, which ends the run.
type homeError struct{ err error }

func (e *homeError) Error() string { return e.err.Error() }
func (e *homeError) Unwrap() error { return e.err }

// refusal is why a file is not taken.
type refusal struct {
	code diag.Code
	why  string
}

func (r *refusal) Error() string { return r.why }

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return &homeError{err}
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return &homeError{err}
	}
	return nil
}
