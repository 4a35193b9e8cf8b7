package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Modes of what only the service account may read.
const (
	privateDir  fs.FileMode = 0o700
	privateFile fs.FileMode = 0o600
)

// newFile is a file being written beside its name: commit gives it the name, when all of it is
// on disk.
type newFile struct {
	*os.File
	path string
}

// createFile begins the file under the temporary name ".<name>.tmp", which the next attempt
// overwrites, and makes the folder it lies in.
func createFile(path string) (*newFile, error) {
	dir, name := filepath.Split(path)
	if err := makeDir(filepath.Clean(dir)); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, "."+name+".tmp"), os.O_RDWR|os.O_CREATE|os.O_TRUNC, privateFile)
	if err != nil {
		return nil, err
	}
	return &newFile{File: f, path: path}, nil
}

// commit flushes the file to disk and gives it its name; after an error nothing has the name
// that had it not before.
func (f *newFile) commit() error {
	if err := f.Sync(); err != nil {
		f.abort()
		return err
	}
	if err := f.File.Close(); err != nil {
		os.Remove(f.Name())
		return err
	}
	if err := os.Rename(f.Name(), f.path); err != nil {
		os.Remove(f.Name())
		return err
	}
	return syncDir(filepath.Dir(f.path))
}

// abort removes the file. Its errors are of no use: an error has brought us here.
func (f *newFile) abort() {
	f.File.Close()
	os.Remove(f.Name())
}

// writeFile writes a small file as a whole.
func writeFile(path string, b []byte) error {
	f, err := createFile(path)
	if err != nil {
		return err
	}
	if _, err := f.Write(b); err != nil {
		f.abort()
		return err
	}
	return f.commit()
}

// copyFile copies a file as a whole. It is never a link: the copy may get other permissions.
func copyFile(ctx context.Context, src, dst string) error {
	in, err := os.Open(src)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := createFile(dst)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, cancellable{ctx, in}); err != nil {
		out.abort()
		return err
	}
	return out.commit()
}

// cancellable is a reader that ends when its context does.
type cancellable struct {
	ctx context.Context
	r   io.Reader
}

func (c cancellable) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// makeDir makes a private folder and those above it, each on disk when it returns.
func makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if parent := filepath.Dir(dir); parent != dir {
		if err := makeDir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, privateDir); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

// syncDir puts the names in a folder on disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	return nil
}

// syncTree puts a folder, and all files and folders in it, on disk.
func syncTree(root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return syncDir(path) // a file is synced in the same way
	})
}
