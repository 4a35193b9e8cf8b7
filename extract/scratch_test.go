package extract

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestInMemory: where an archive is unpacked in memory no temporary file is made, and its rows are the same.
func TestInMemory(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := range 3 {
		w, err := z.Create(fmt.Sprintf("%d.csv", i))
		if err == nil {
			_, err = w.Write([]byte(strings.Repeat(fmt.Sprintf("member,%d\n", i), 1000*(i+1))))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	path, nowhere := filepath.Join(t.TempDir(), "a.zip"), filepath.Join(t.TempDir(), "none")
	if err := errors.Join(z.Close(), os.WriteFile(path, b.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	scratch, err := os.Create(filepath.Join(t.TempDir(), "scratch"))
	if err != nil {
		t.Fatal(err)
	}
	defer scratch.Close()
	if _, err := Open(path, Options{TmpDir: nowhere}); err == nil {
		t.Fatal("an archive was unpacked into a folder that is not there: the test sees nothing")
	}
	want := textOf(t)(Open(path, Options{TmpDir: t.TempDir()}))
	if got := textOf(t)(Open(path, Options{TmpDir: nowhere, scratch: scratch})); got != want {
		t.Errorf("%d bytes of rows, want %d", len(got), len(want))
	}
	if runtime.GOOS != "linux" {
		return
	}
	h, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := textOf(t)(OpenApart(t.Context(), h, Options{TmpDir: t.TempDir(), InMemory: true}, Limits{})); got != want {
		t.Errorf("in a worker: %d bytes of rows, want %d", len(got), len(want))
	}
}

// textOf is all the rows of a file, which it closes.
func textOf(t *testing.T) func(*File, error) string {
	return func(f *File, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var b strings.Builder
		for _, s := range f.Sheets() {
			for r, err := range s.Rows(context.Background()) {
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintln(&b, s.Name, r.Num, r.Cells)
			}
		}
		return b.String()
	}
}
