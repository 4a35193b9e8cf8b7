package load

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/duckdb/duckdb-go/v2"

	"palermo/load/loadtest"
	"palermo/sandbox"
	"palermo/schemas"
)

type writeJob struct {
	Path string
	Rows int
}

// writeManyRows writes more rows than the place for them holds.
func writeManyRows(ctx context.Context, j writeJob) (struct{}, error) {
	w, err := Create(j.Path, loadtest.Table(), ParquetOptions{})
	if err != nil {
		return struct{}{}, err
	}
	for from := 0; from < j.Rows; from += 8192 {
		b := loadtest.Batch(memory.NewGoAllocator(), from, 8192, loadtest.Plain)
		err := w.Write(ctx, b)
		b.Release()
		if err != nil {
			w.Abort()
			return struct{}{}, err
		}
	}
	return struct{}{}, w.Close()
}

// fullDisk calls f with options for a worker, and a folder, in which files cannot grow over a
// megabyte or so, and with the error that this gives: a small file system of its own where the
// test may mount one, and a limit of the file size anywhere.
func fullDisk(t *testing.T, f func(t *testing.T, dir string, o sandbox.Options, want error)) {
	t.Run("limit of the file size", func(t *testing.T) {
		f(t, t.TempDir(), sandbox.Options{FileBytes: 1 << 20}, syscall.EFBIG)
	})
	t.Run("full file system", func(t *testing.T) {
		dir := t.TempDir()
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
			t.Logf("no file system may be mounted here: %v", err)
			return
		}
		t.Cleanup(func() {
			if err := syscall.Unmount(dir, 0); err != nil {
				t.Error(err)
			}
		})
		f(t, dir, sandbox.Options{}, syscall.ENOSPC)
	})
}

func TestParquetOnAFullDisk(t *testing.T) {
	fullDisk(t, func(t *testing.T, dir string, o sandbox.Options, want error) {
		err := sandbox.Run(context.Background(), "write parquet", writeJob{Path: filepath.Join(dir, "sample", "a.parquet"), Rows: 1 << 17}, nil, o)
		if !errors.Is(err, want) {
			t.Errorf("writing gave %v, want %v", err, want)
		}
		if files, _ := os.ReadDir(filepath.Join(dir, "sample")); len(files) != 0 {
			t.Errorf("%d files left", len(files))
		}
	})
}

func TestDatabaseOnAFullDisk(t *testing.T) {
	job := sampleJob(t, 100_000)
	fullDisk(t, func(t *testing.T, dir string, o sandbox.Options, want error) {
		job.Out = filepath.Join(dir, "palermo.duckdb")
		err := sandbox.Run(context.Background(), "build database", job, &BuildResult{}, o)
		if !errors.Is(err, want) {
			t.Errorf("building gave %v, want %v", err, want)
		}
		if files, _ := os.ReadDir(dir); len(files) != 0 {
			t.Errorf("%d files left", len(files))
		}
	})
}

// With a full disk the old snapshot stays.
func TestSnapshotOnAFullDisk(t *testing.T) {
	fullDisk(t, func(t *testing.T, dir string, o sandbox.Options, want error) {
		publish(t, publishJob{Home: dir, Run: "r1", Rows: 3})
		err := sandbox.Run(context.Background(), "publish snapshot", publishJob{Home: dir, Run: "r2", Rows: 1 << 17}, &publishResult{}, o)
		if !errors.Is(err, want) {
			t.Errorf("publishing gave %v, want %v", err, want)
		}
		if err := Sweep(dir); err != nil {
			t.Errorf("Sweep = %v", err)
		}
		checkNoLeftovers(t, dir)
		if current, m, err := Current(dir); err != nil || m.Run != "r1" || Verify(current) != nil {
			t.Errorf("Current = %+v, %v", m, err)
		}
	})
}

// A folder that cannot be written to: a plain file stands where the folder should be, which stops
// even a process that may do everything.
func TestFolderThatCannotBeMade(t *testing.T) {
	dir := t.TempDir()
	blocked := filepath.Join(dir, "state")
	if err := os.WriteFile(blocked, nil, 0o400); err != nil {
		t.Fatal(err)
	}
	if _, err := NewStage(dir, "r1"); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("NewStage = %v", err)
	}
	if _, err := Create(filepath.Join(blocked, "a.parquet"), loadtest.Table(), ParquetOptions{}); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("Create = %v", err)
	}
	if err := Project(context.Background(), filepath.Join(dir, "none"), filepath.Join(dir, "b"), loadtest.Table(), schemas.ZonePrivate, ProjectOptions{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Project = %v", err)
	}
}

// On a file system that is mounted read-only, every write says so.
func TestReadOnlyFileSystem(t *testing.T) {
	dir := t.TempDir()
	publish(t, publishJob{Home: dir, Run: "r1", Rows: 3})
	if err := syscall.Mount(dir, dir, "", syscall.MS_BIND, ""); err != nil {
		t.Logf("nothing may be mounted here: %v", err)
		return
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	if err := syscall.Mount("", dir, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := NewStage(dir, "r2"); !errors.Is(err, syscall.EROFS) {
		t.Errorf("NewStage = %v", err)
	}
	job := sampleJob(t, 10)
	job.Out = filepath.Join(dir, "palermo.duckdb")
	if _, err := BuildDatabase(context.Background(), job); !errors.Is(err, syscall.EROFS) {
		t.Errorf("BuildDatabase = %v", err)
	}
	if err := makeCurrent(dir, "r1", func(string) {}); !errors.Is(err, syscall.EROFS) {
		t.Errorf("makeCurrent = %v", err)
	}
	if _, m, err := Current(dir); err != nil || m.Run != "r1" {
		t.Errorf("Current = %+v, %v", m, err)
	}
}

func TestSystemError(t *testing.T) {
	full := &duckdb.Error{Type: duckdb.ErrorTypeIO, Msg: `IO Error: Could not write file "x": No space left on device`}
	if err := systemError(full); !errors.Is(err, syscall.ENOSPC) || !errors.Is(err, full) {
		t.Errorf("systemError = %v", err)
	}
	late := &duckdb.Error{Type: duckdb.ErrorTypeTransaction, Msg: `TransactionContext Error: Failed to commit: No space left on device`}
	if err := systemError(late); !errors.Is(err, syscall.ENOSPC) || strings.Contains(err.Error(), "Failed to commit") {
		t.Errorf("systemError = %v", err)
	}
	other := errors.New("x")
	if systemError(other) != other {
		t.Error("another error was changed")
	}
}

// An error about values does not quote them.
func TestDatabaseErrorsQuoteNoValue(t *testing.T) {
	for _, c := range []struct{ name, from, to, want string }{
		{"a key twice", `"id" VARCHAR NOT NULL`, `"id" VARCHAR PRIMARY KEY`, "table sample: DuckDB: Constraint Error"},
		{"another type", `"note" VARCHAR`, `"note" BIGINT`, "table sample: DuckDB: Conversion Error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			job := sampleJob(t, 20)
			job.Tables[0].SQL = strings.Replace(job.Tables[0].SQL, c.from, c.to, 1)
			_, err := BuildDatabase(context.Background(), job)
			if err == nil || !strings.HasSuffix(err.Error(), c.want) {
				t.Errorf("BuildDatabase = %v, want %q at its end", err, c.want)
			}
		})
	}
}
