//go:build linux

package sandbox

import (
	"bytes"
	"context"
	"io"
	"os"
	"testing"
)

// held reads the first file that it was handed, tries to change it, and writes into the second.
func held(context.Context, job) (answer, error) {
	f, err := Received(0)
	if err != nil {
		return answer{}, err
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return answer{}, err
	}
	n, _ := f.WriteAt([]byte("X"), 0)
	scratch, err := Received(1)
	if err != nil {
		return answer{}, err
	}
	_, err = scratch.WriteAt(bytes.ToUpper(text), 0)
	return answer{Text: string(text), N: n}, err
}

// TestMemoryFile: a confined worker reads a file that lies in memory, cannot change one that is frozen, and can be given
// one to write to.
func TestMemoryFile(t *testing.T) {
	files := make([]*os.File, 2)
	for i, text := range []string{"names", ""} {
		f, err := MemoryFile()
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		files[i] = f
	}
	if err := Freeze(files[0]); err != nil {
		t.Fatal(err)
	}
	var got answer
	err := Run(t.Context(), "held", job{}, &got, Options{Files: files, Confined: true, TempDir: t.TempDir()})
	if err != nil || got.Text != "names" || got.N != 0 {
		t.Errorf("the worker: %+v, %v", got, err)
	}
	b := make([]byte, 5)
	if _, err := files[1].ReadAt(b, 0); err != nil || string(b) != "NAMES" {
		t.Errorf("the worker wrote %q, %v", b, err)
	}
}
