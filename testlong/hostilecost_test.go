package testlong

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"palermo/fixtures/hostile"
	"palermo/pipeline"
	"palermo/sandbox"
	"palermo/schemas"
)

// roleRead reads one file in a worker.
const roleRead = "read-file"

type readJob struct{ Path string }

// cost is what became of a file, and what that took.
type cost struct {
	Status  string
	Seconds float64 // that passed
	CPU     float64 // and that processors worked for it, which other work on the machine does not change
	KiB     int     // the most that was resident
	Grown   int     // and how much of it more than before the file was opened
}

func readFile(ctx context.Context, job readJob) (cost, error) {
	s := schemas.Builtin()
	set, err := pipeline.LoadMappings(s)
	if err != nil {
		return cost{}, err
	}
	dir, err := os.MkdirTemp("", "read-")
	if err != nil {
		return cost{}, err
	}
	defer os.RemoveAll(dir)
	tmp := filepath.Join(dir, "tmp")
	h := &pipeline.Harmoniser{Schema: s, Mappings: set, TmpDir: tmp, MaxBytes: 1 << 30, IDs: pipeline.IDs([]byte("key")), Quarantine: filepath.Join(dir, "quarantine"),
		File: func(table string) string { return filepath.Join(dir, table+".parquet") }, Vault: func(table string) string { return filepath.Join(dir, table+".vault") }}
	if err := os.Mkdir(tmp, 0o700); err != nil {
		return cost{}, err
	}
	before, err := peak()
	if err != nil {
		return cost{}, err
	}
	started, worked := time.Now(), processor()
	e, err := h.Harmonise(ctx, job.Path, &pipeline.Submission{ID: "s", Agency: agency, Name: "f"})
	if err != nil {
		return cost{}, err
	}
	c := cost{Status: e.Status, Seconds: time.Since(started).Seconds(), CPU: processor() - worked}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		return c, errors.New("a temporary file was left")
	}
	c.KiB, err = peak()
	c.Grown = c.KiB - before
	return c, err
}

// processor is the seconds that processors have worked for this process.
func processor() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// peak is the most memory that this process has had resident.
func peak() (int, error) {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(b), "VmHWM:")
	return strconv.Atoi(strings.Fields(after)[0])
}

// alone reads each file in a worker of its own.
func (h *hostility) alone(t *testing.T, files []hostile.File) {
	dir := t.TempDir()
	next := make(chan hostile.File)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for f := range next {
				h.one(t, dir, f)
			}
		})
	}
	for _, f := range files {
		next <- f
	}
	close(next)
	wg.Wait()
}

func (h *hostility) one(t *testing.T, dir string, f hostile.File) {
	path := filepath.Join(dir, f.Name)
	if err := os.WriteFile(path, f.Make(), 0o600); err != nil {
		t.Error(err)
		return
	}
	defer os.Remove(path)
	var c cost
	err := sandbox.Run(context.Background(), roleRead, readJob{path}, &c, sandbox.Options{MemoryBytes: maxMiB << 20, Timeout: 4 * maxSeconds * time.Second, TempDir: dir})
	h.mu.Lock()
	defer h.mu.Unlock()
	var died *sandbox.WorkerError
	if errors.As(err, &died) {
		h.panics++
	}
	if err != nil || c.CPU > maxSeconds || c.KiB > maxMiB<<10 {
		t.Errorf("%s: %v, %.1f s of a processor, %.1f s, %d MiB", f.Name, err, c.CPU, c.Seconds, c.KiB>>10)
	}
	if statuses[c.Status]&f.Want == 0 && err == nil {
		t.Errorf("%s, alone: %s, want %v", f.Name, c.Status, f.Want)
	}
	r := h.row(f.Group)
	if mib := c.KiB >> 10; mib > r.mib {
		r.mib, r.mostMemory = mib, f.Name
	}
	if c.CPU > r.seconds {
		r.seconds, r.mostSeconds = c.CPU, f.Name
	}
}

// TestBombs: a megabyte that would unpack to a thousand is refused before it does.
func TestBombs(t *testing.T) {
	dir := t.TempDir()
	bombs, worst := 0, cost{}
	for _, f := range hostile.Files() {
		if !strings.Contains(f.Name, "bomb") || strings.HasSuffix(f.Name, ".ods") && !strings.Contains(f.Name, "beside") {
			continue
		}
		path := filepath.Join(dir, f.Name)
		check(t, os.WriteFile(path, f.Make(), 0o600))
		best := cost{Seconds: maxSeconds}
		for range 3 { // the machine may be busy with others
			var c cost
			check(t, sandbox.Run(context.Background(), roleRead, readJob{path}, &c, sandbox.Options{MemoryBytes: maxMiB << 20, TempDir: dir}))
			if c.Status != pipeline.StatusRefused {
				t.Errorf("%s: %s, want refused", f.Name, c.Status)
			}
			if c.Seconds < best.Seconds {
				best = c
			}
		}
		if best.Seconds > 0.1 || best.Grown > 64<<10 {
			t.Errorf("%s: %.3f s, %d KiB", f.Name, best.Seconds, best.Grown)
		}
		t.Logf("%s: %.4f s, %d KiB", f.Name, best.Seconds, best.Grown)
		bombs, worst.Seconds, worst.Grown = bombs+1, max(worst.Seconds, best.Seconds), max(worst.Grown, best.Grown)
		if !full() {
			return
		}
	}
	if !t.Failed() {
		writeSection(t, "bombs", fmt.Sprintf("%d bombs, each about a megabyte or less that would unpack to hundreds: refused in %.4f s and %d KiB at most.\n",
			bombs, worst.Seconds, worst.Grown))
	}
}
