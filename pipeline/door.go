package pipeline

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"

	"palermo/diag"
	"palermo/extract"
	"palermo/sandbox"
)

// opener opens a file to hand it to a worker, and says whether what it gives lies in memory, as what is made of it
// then must.
type opener func(path string) (f *os.File, inMemory bool, err error)

// openAsIs opens any file.
func openAsIs(path string) (*os.File, bool, error) {
	h, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe that nobody writes to is not waited for
	return h, false, err
}

// openApart opens a file whose bytes are a stranger's: they are parsed in a worker. An error that is
// not an *extract.Error is about the machine.
func openApart(ctx context.Context, path string, o extract.Options, l extract.Limits) (*extract.File, error) {
	return openApartBy(ctx, openAsIs, path, o, l)
}

// openApartBy is openApart of a file that is opened so.
func openApartBy(ctx context.Context, open opener, path string, o extract.Options, l extract.Limits) (*extract.File, error) {
	h, inMemory, err := open(path)
	if err != nil {
		return nil, err
	}
	o.InMemory = inMemory
	switch fi, err := h.Stat(); {
	case err != nil:
		return nil, errors.Join(err, h.Close())
	case fi.IsDir():
		return nil, errors.Join(&fs.PathError{Op: "read", Path: path, Err: syscall.EISDIR}, h.Close())
	case !fi.Mode().IsRegular():
		return nil, errors.Join(&extract.Error{Diagnostic: diag.Diagnostic{Code: diag.FileUnsafe, Severity: diag.Codes[diag.FileUnsafe].Severity,
			Pos: diag.Pos{File: o.Name}, Message: "not a plain file"}}, h.Close())
	}
	return extract.OpenApart(ctx, h, o, l)
}

// limits is what a worker that reads a file may use.
func (c *Config) limits() extract.Limits {
	return extract.Limits{MemoryMiB: c.Intake.WorkerMiB, Silence: time.Duration(c.Intake.WorkerSeconds) * time.Second}
}

// killed reports whether somebody killed the worker that read the file, or the machine did for want
// of memory: that may have nothing to do with the file.
func killed(err error) bool {
	var w *sandbox.WorkerError
	return errors.As(err, &w) && w.Signal == syscall.SIGKILL && w.Cause == nil && !w.Timeout && !w.CPU
}
