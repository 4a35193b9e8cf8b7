package testlong

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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

// What one file may cost, whatever it is.
const (
	maxSeconds = 30
	maxMiB     = 512
	homeFiles  = 120 // files of a home
)

// TestHostile puts the whole corpus through homes, and each file alone through a worker.
func TestHostile(t *testing.T) {
	t.Setenv("PALERMO_KEY_FILE", filepath.Join(t.TempDir(), "key"))
	h := &hostility{rows: map[string]*hostileRow{}}
	files, folders := hostile.Files(), hostile.Folders()
	if !full() {
		files, folders = sampled(files, 45), some(folders, 15)
	}
	started := time.Now()
	h.homes(t, files, folders)
	h.alone(t, files)
	table := h.table() + fmt.Sprintf("\nPanics: %d; temporary files left: %d; files around that were touched: %d. Seconds: %.0f.\n",
		h.panics, h.left, h.touched, time.Since(started).Seconds())
	t.Log("\n" + table)
	if !t.Failed() && full() {
		writeSection(t, "hostile", table)
	}
}

// sampled is n of the files that are made quickly, of each group.
func sampled(files []hostile.File, n int) []hostile.File {
	slow := []string{"million", "20mb", "bomb", "10mb", "16mb", "many", "words", "wide", "100000"}
	files = slices.DeleteFunc(slices.Clone(files), func(f hostile.File) bool {
		return slices.ContainsFunc(slow, func(s string) bool { return strings.Contains(f.Name, s) })
	})
	return some(files, n)
}

func some[T any](all []T, n int) []T {
	var out []T
	for i := range n {
		out = append(out, all[i*len(all)/n])
	}
	return out
}

// hostility is what was seen.
type hostility struct {
	mu                    sync.Mutex
	rows                  map[string]*hostileRow
	panics, left, touched int
}

type hostileRow struct {
	files       int
	outcomes    map[hostile.Outcome]int
	mib         int
	seconds     float64
	mostMemory  string
	mostSeconds string
}

func (h *hostility) row(group string) *hostileRow {
	if h.rows[group] == nil {
		h.rows[group] = &hostileRow{outcomes: map[hostile.Outcome]int{}}
	}
	return h.rows[group]
}

// homes runs the corpus in homes of homeFiles files, and one of all folders.
func (h *hostility) homes(t *testing.T, files []hostile.File, folders []hostile.Folder) {
	for len(files) > 0 {
		n := min(homeFiles, len(files))
		h.fileHome(t, files[:n])
		files = files[n:]
	}
	h.folderHome(t, folders)
}

const agency = "sender"

func (h *hostility) fileHome(t *testing.T, files []hostile.File) {
	t.Helper()
	w := newWorld(t)
	defer os.RemoveAll(w.dir)
	for _, f := range files {
		drop(t, w.home, agency+"/"+f.Name, func(b *bytes.Buffer) error { _, err := b.Write(f.Make()); return err })
	}
	begun := time.Now()
	got := w.run(t, h)
	t.Logf("%s and %d more: %.0f s", files[0].Name, len(files)-1, time.Since(begun).Seconds())
	for _, f := range files {
		o := got.of(agency, f.Name)
		r := h.row(f.Group)
		r.files++
		r.outcomes[o.outcome]++
		if o.outcome&f.Want == 0 {
			t.Errorf("%s: %v, want %v", f.Name, o, f.Want)
		}
		if f.Rejected >= 0 && o.rejected != int64(f.Rejected) {
			t.Errorf("%s: %d rows rejected, want %d (%d loaded)", f.Name, o.rejected, f.Rejected, o.loaded)
		}
	}
	w.check(t, h)
}

func (h *hostility) folderHome(t *testing.T, folders []hostile.Folder) {
	t.Helper()
	w := newWorld(t)
	defer func() {
		_ = filepath.WalkDir(w.home, func(p string, d fs.DirEntry, err error) error { return errors.Join(err, os.Chmod(p, 0o700)) })
		_ = os.RemoveAll(w.dir)
	}()
	var stops []func()
	for _, f := range folders {
		dir := filepath.Join(w.home, "drop", f.Name)
		check(t, os.MkdirAll(dir, 0o755))
		stop, err := f.Do(dir, w.around)
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		if stop != nil {
			stops = append(stops, stop)
		}
	}
	got := w.run(t, h)
	for _, stop := range stops {
		stop()
	}
	r := h.row(hostile.InFolder)
	for _, f := range folders {
		r.files++
		os := got.in(f.Name)
		for _, o := range os {
			if o.outcome&f.Want == 0 {
				t.Errorf("%s: %v, want %v", f.Name, o, f.Want)
			}
		}
		if f.Files >= 0 && len(os) != f.Files {
			t.Errorf("%s: %d outcomes, want %d: %v", f.Name, len(os), f.Files, os)
		}
		if len(os) == 0 {
			r.outcomes[hostile.Silent]++
		} else {
			r.outcomes[os[0].outcome]++
		}
	}
	w.check(t, h)
}

// world is a home with what lies around it.
type world struct{ dir, home, around, tmp, summary string }

func newWorld(t *testing.T) *world {
	t.Helper()
	dir, err := os.MkdirTemp("", "palermo-hostile-")
	check(t, err)
	w := &world{dir: dir, home: filepath.Join(dir, "home"), around: filepath.Join(dir, "around"), tmp: filepath.Join(dir, "tmp"), summary: filepath.Join(dir, "summary.json")}
	for _, d := range []string{filepath.Join(w.home, "drop"), w.around, w.tmp} {
		check(t, os.MkdirAll(d, 0o755))
	}
	check(t, os.WriteFile(filepath.Join(w.around, "victim.csv"), []byte(hostile.Victim), 0o600))
	return w
}

// ended is what became of one file.
type ended struct {
	outcome          hostile.Outcome
	code             string
	loaded, rejected int64
}

func (e ended) String() string { return strings.TrimSpace(fmt.Sprint(e.outcome, " ", e.code)) }

// outcomes is what became of all files, by agency and name.
type outcomes map[string]ended

func (o outcomes) of(agency, name string) ended { return o[agency+"/"+name] }

func (o outcomes) in(agency string) []ended {
	var out []ended
	for name, e := range o {
		if strings.HasPrefix(name, agency+"/") {
			out = append(out, e)
		}
	}
	return out
}

var statuses = map[string]hostile.Outcome{pipeline.StatusAccepted: hostile.Accepted, pipeline.StatusAcceptedInPart: hostile.Accepted,
	pipeline.StatusQuarantined: hostile.Quarantined, pipeline.StatusRefused: hostile.Refused}

// run runs the home in a process of its own, and holds its ledger to what the run says.
func (w *world) run(t *testing.T, h *hostility) outcomes {
	t.Helper()
	cmd := command(t, w.home)
	var stderr bytes.Buffer
	cmd.Env, cmd.Stderr = append(cmd.Env, runSummary+"="+w.summary, "TMPDIR="+w.tmp), &stderr
	if err := cmd.Run(); err != nil || bytes.Contains(stderr.Bytes(), []byte("goroutine ")) {
		h.panics++
		t.Fatalf("run: %v\n%s", err, stderr.String())
	}
	b, err := os.ReadFile(w.summary)
	check(t, err)
	var s pipeline.Summary
	check(t, json.Unmarshal(b, &s))
	received := map[string]int{}
	for _, l := range ledgerOf(t, w.home).Submissions {
		received[l.ID]++
	}
	out := outcomes{}
	for _, f := range s.Files {
		if received[f.Submission] != 1 {
			t.Errorf("%s: %d lines in the ledger, want 1", f.Name, received[f.Submission])
		}
		out[f.Agency+"/"+f.Name] = ended{statuses[f.Status], "", f.Rows.Loaded, f.Rows.Rejected}
	}
	for _, d := range s.Waiting {
		out[d.Pos.File] = ended{outcome: hostile.Waiting, code: string(d.Code)}
	}
	return out
}

// check looks for what a run must not leave, and must not touch.
func (w *world) check(t *testing.T, h *hostility) {
	t.Helper()
	for _, dir := range []string{w.tmp, filepath.Join(w.home, "state", "tmp")} {
		left, err := os.ReadDir(dir)
		check(t, err)
		for _, e := range left {
			h.left++
			t.Errorf("left behind: %s", e.Name())
		}
	}
	entries, err := os.ReadDir(w.around)
	check(t, err)
	b, err := os.ReadFile(filepath.Join(w.around, "victim.csv"))
	if err != nil || len(entries) != 1 || string(b) != hostile.Victim {
		h.touched++
		t.Errorf("the files around were touched: %d there, %v", len(entries), err)
	}
	inbox, err := os.ReadDir(filepath.Join(w.home, "inbox"))
	check(t, err)
	for _, e := range inbox {
		got, err := os.ReadFile(filepath.Join(w.home, "inbox", e.Name()))
		check(t, err)
		if string(got) == hostile.Victim {
			h.touched++
			t.Error("a file from around was taken")
		}
	}
}

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

// table is what was seen, for the manual.
func (h *hostility) table() string {
	var b strings.Builder
	b.WriteString("| group | files | accepted | quarantined | refused | left waiting | passed over | most MiB | most seconds of a processor |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for _, g := range []string{hostile.Container, hostile.Text, hostile.Meaning, hostile.InFolder} {
		r := h.row(g)
		fmt.Fprintf(&b, "| %s | %d |", g, r.files)
		for _, o := range []hostile.Outcome{hostile.Accepted, hostile.Quarantined, hostile.Refused, hostile.Waiting, hostile.Silent} {
			fmt.Fprintf(&b, " %d |", r.outcomes[o])
		}
		if g == hostile.InFolder {
			b.WriteString(" | |\n")
			continue
		}
		fmt.Fprintf(&b, " %d (%s) | %.1f (%s) |\n", r.mib, r.mostMemory, r.seconds, r.mostSeconds)
	}
	return b.String()
}
