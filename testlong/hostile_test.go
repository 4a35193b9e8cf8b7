package testlong

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"palermo/fixtures/hostile"
	"palermo/pipeline"
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
