package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"palermo/diag"
)

// claim opens one file, once, and copies it to the inbox.
func (w *walk) claim(dir *os.Root, name, rel string, listed fs.FileInfo) (Claimed, error) {
	f, err := dir.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if errors.Is(err, syscall.ELOOP) {
		return Claimed{}, &refusal{diag.FileUnsafe, "not a plain file"}
	}
	if err != nil {
		return Claimed{}, err
	}
	defer f.Close()
	before, err := w.check(f, listed)
	if err != nil {
		return Claimed{}, err
	}
	if isWritten(f) {
		return Claimed{}, &refusal{diag.FileChanging, "another program has the file open to write to it; it is left for the next run"}
	}
	if w.copying != nil {
		w.copying(rel)
	}
	tmp, sum, err := w.copy(f, before)
	if err != nil {
		return Claimed{}, err
	}
	inbox := filepath.Join(w.dirs.Inbox, sum)
	if err := os.Rename(tmp, inbox); err != nil { // over an earlier copy, which has the same bytes
		return Claimed{}, errors.Join(&homeError{err}, os.Remove(tmp))
	}
	agency, rest, _ := strings.Cut(rel, "/")
	return Claimed{Agency: agency, Name: Showable(rest), SHA256: sum, Bytes: before.size,
		ModTime: time.Unix(before.mtime.Unix()), Path: inbox, Drop: filepath.Join(w.dirs.Drop, filepath.FromSlash(rel)),
		root: w.dirs.Drop, rel: rel, id: before}, nil
}

// check looks at the opened file, not at its name.
func (w *walk) check(f *os.File, listed fs.FileInfo) (identity, error) {
	info, err := f.Stat()
	if err != nil {
		return identity{}, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok || !os.SameFile(info, listed):
		return identity{}, &refusal{diag.FileUnsafe, "not the file that was listed"}
	case st.Mode&syscall.S_IFMT != syscall.S_IFREG:
		return identity{}, &refusal{diag.FileUnsafe, "not a plain file"}
	case st.Nlink > 1:
		return identity{}, &refusal{diag.FileUnsafe, "the file has a second name (a hard link)"}
	case st.Size > w.limits.MaxBytes:
		return identity{}, &refusal{diag.FileTooLarge, "the file is over the limit"}
	}
	return identify(st), nil
}

func stat(f *os.File) (*syscall.Stat_t, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil, fs.ErrInvalid
	}
	return st, nil
}

// copy writes the file's bytes to a new file in tmp, durably, and hashes them. A file that
// changed meanwhile is refused; no unfinished copy is left.
func (w *walk) copy(f *os.File, before identity) (tmp, sum string, err error) {
	dst, err := os.CreateTemp(w.dirs.Tmp, "intake-") // 0600
	if err != nil {
		return "", "", &homeError{err}
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(dst.Name()))
		}
	}()
	c := copier{h: sha256.New(), dst: dst, seal: w.limits.Seal}
	err = c.run(w, f, before.size)
	if closed := dst.Close(); err == nil && closed != nil {
		err = &homeError{closed}
	}
	if err != nil {
		return "", "", err
	}
	st, err := stat(f)
	if err != nil {
		return "", "", err
	}
	if identify(st) != before || c.n != before.size || isWritten(f) {
		return "", "", &refusal{diag.FileChanging, "the file changed while it was copied; it is left for the next run"}
	}
	return dst.Name(), hex.EncodeToString(c.h.Sum(nil)), nil
}

// copier writes and hashes; it tells errors of the source from errors of the target.
type copier struct {
	h    hash.Hash
	dst  *os.File
	seal func(io.Writer) (io.WriteCloser, error)
	n    int64
}

// nothingCloses is a writer of what is not sealed.
type nothingCloses struct{ io.Writer }

func (nothingCloses) Close() error { return nil }

// to is what bytes are written to.
func (c *copier) to() (io.WriteCloser, error) {
	if c.seal == nil {
		return nothingCloses{c.dst}, nil
	}
	return c.seal(c.dst)
}

// run copies up to one byte more than the size, which is enough to see that the file grew.
func (c *copier) run(w *walk, src io.Reader, size int64) error {
	src = io.LimitReader(src, size+1)
	buf := make([]byte, 256<<10)
	to, err := c.to()
	if err != nil {
		return &homeError{err}
	}
	for {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		n, err := src.Read(buf)
		c.n += int64(n)
		c.h.Write(buf[:n])
		if _, werr := to.Write(buf[:n]); werr != nil {
			return &homeError{werr}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	if err := errors.Join(to.Close(), c.dst.Sync()); err != nil {
		return &homeError{err}
	}
	return nil
}
