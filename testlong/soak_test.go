package testlong

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"palermo/extract"
	"palermo/fixtures"
	"palermo/pipeline"
	"palermo/sandbox"
)

// watchHome names the home that this program, executed again, watches until SIGTERM.
const watchHome = "PALERMO_LONG_WATCH_HOME"

// watchOnce watches the home, and prints the status of each run.
func watchOnce(dir string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	return pipeline.Watch(ctx, dir, pipeline.WatchOptions{
		Open:   func() (*pipeline.Home, error) { return pipeline.OpenHome(dir, "") },
		Settle: time.Second, Poll: 2 * time.Second,
		Tell: func(e pipeline.WatchEvent) {
			fmt.Println(e.Event)
			if e.Err != nil {
				fmt.Fprintln(os.Stderr, e.Event, e.Err)
			}
		},
	})
}

// serveOrNot is the role of the workers that read files, in these tests: as it should be, unless the
// file says that it takes its reader over.
func serveOrNot(ctx context.Context, in io.Reader, out io.Writer) error {
	f, err := sandbox.Received(0)
	if err != nil {
		return err
	}
	head := make([]byte, 16)
	n, _ := f.ReadAt(head, 0)
	switch how, evil := strings.CutPrefix(string(head[:n]), "evil "); {
	case !evil:
	case strings.HasPrefix(how, "panic"):
		panic("as the file says")
	case strings.HasPrefix(how, "noise"):
		for {
			if _, err := out.Write(bytes.Repeat([]byte("R\xff"), 1000)); err != nil {
				return err
			}
		}
	case strings.HasPrefix(how, "memory"):
		var kept [][]byte
		for {
			kept = append(kept, bytes.Repeat([]byte{1}, 1<<20))
			runtime.KeepAlive(kept)
		}
	}
	return pipeline.Roles()[extract.Role](ctx, in, out)
}

// soak is a home that is watched while agencies drop files into it.
type soak struct {
	home    string
	rng     *rand.Rand
	started time.Time
	cmd     *exec.Cmd
	said    bytes.Buffer
	ended   chan error

	dropped    map[string]string // agency and digest of each file, and what kind of file it is
	files      int
	old        map[string][]byte // a file of each agency, to be sent again
	again      int
	killed     int // watchers
	workers    int // and readers of files
	rss        []int64
	lastKilled time.Time
}

// soakMinutes is how long the whole test drops files: an hour, or as PALERMO_SOAK says.
func soakMinutes() float64 {
	if m, err := strconv.ParseFloat(os.Getenv("PALERMO_SOAK"), 64); err == nil {
		return m
	}
	return 60
}

// TestSoak: eight agencies drop files of every kind while the home is watched. Watchers and readers
// of files are killed in the first third. In the end each content has one outcome, none is lost, and
// the watcher takes no more memory than it did in the middle.
func TestSoak(t *testing.T) {
	t.Setenv("PALERMO_KEY_FILE", filepath.Join(t.TempDir(), "key"))
	s := &soak{home: t.TempDir(), rng: rand.New(rand.NewPCG(3, 4)), started: time.Now(), dropped: map[string]string{}, old: map[string][]byte{}}
	check(t, os.MkdirAll(filepath.Join(s.home, "drop"), 0o700))
	check(t, os.WriteFile(filepath.Join(s.home, "palermo.yaml"), []byte("intake: {worker_mib: 256, worker_seconds: 5}\n"), 0o600))
	total, length := scale(2000, 40), time.Duration(soakMinutes()*float64(time.Minute))
	if !full() {
		length = 20 * time.Second
	}
	s.start(t)
	defer func() { _ = s.cmd.Process.Kill() }()
	for i := range total {
		due := s.started.Add(length * time.Duration(i) / time.Duration(total))
		for time.Now().Before(due) {
			kill := i < total/3
			s.watchOver(t, kill)
			if kill { // a reader lives for some milliseconds
				time.Sleep(2 * time.Millisecond)
			} else {
				time.Sleep(min(200*time.Millisecond, time.Until(due)))
			}
		}
		s.dropOne(t, i)
	}
	s.settle(t)
	check(t, s.cmd.Process.Signal(syscall.SIGTERM))
	if err := <-s.ended; err != nil {
		t.Errorf("the watcher ended: %v", err)
	}
	s.report(t, length)
}

// start starts a watcher.
func (s *soak) start(t *testing.T) {
	t.Helper()
	exe, err := os.Executable()
	check(t, err)
	s.cmd = exec.Command(exe)
	s.cmd.Env = append(os.Environ(), watchHome+"="+s.home)
	s.cmd.Stderr, s.cmd.Stdout = t.Output(), &s.said
	check(t, s.cmd.Start())
	s.lastKilled = time.Now()
	s.ended = make(chan error, 1)
	go func(c *exec.Cmd, ended chan error) { ended <- c.Wait() }(s.cmd, s.ended)
}

// watchOver notes the watcher's memory, and now and then kills it, or a reader of a file, where it may.
func (s *soak) watchOver(t *testing.T, kill bool) {
	t.Helper()
	if !kill {
		s.rss = append(s.rss, rssOf(s.cmd.Process.Pid))
		return
	}
	for _, pid := range readersOf(s.cmd.Process.Pid) {
		if s.rng.IntN(8) == 0 && syscall.Kill(pid, syscall.SIGKILL) == nil {
			s.workers++
		}
	}
	if time.Since(s.lastKilled) > time.Duration(2+s.rng.IntN(scale(30, 3)))*time.Second {
		check(t, s.cmd.Process.Kill())
		<-s.ended
		s.killed++
		s.start(t)
	}
}

// dropOne drops the i-th file: one of many kinds, written at once or slowly, new or sent before.
func (s *soak) dropOne(t *testing.T, i int) {
	t.Helper()
	agency := fmt.Sprintf("agency %d", i%8)
	kind, name, b := s.content(t, i)
	if old := s.old[agency]; i%10 == 9 && old != nil {
		kind, b = "sent again", old
		s.again++
	}
	sum := sha256.Sum256(b)
	s.files++
	if key := agency + " " + hex.EncodeToString(sum[:]); s.dropped[key] == "" {
		s.dropped[key] = kind
	}
	s.old[agency] = b
	path := filepath.Join(s.home, "drop", agency, name)
	check(t, os.MkdirAll(filepath.Dir(path), 0o700))
	if i%3 == 0 { // slowly
		f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
		check(t, err)
		half := len(b) / 2
		_, err = f.Write(b[:half])
		check(t, err)
		time.Sleep(50 * time.Millisecond)
		_, err = f.Write(b[half:])
		check(t, err)
		check(t, f.Close())
		return
	}
	check(t, os.WriteFile(path+".part", b, 0o600))
	check(t, os.Rename(path+".part", path))
	if i%4 == 1 {
		check(t, os.WriteFile(path+".ready", nil, 0o600))
	}
}

// content is the kind, the name and the bytes of the i-th file.
func (s *soak) content(t *testing.T, i int) (kind, name string, content []byte) {
	t.Helper()
	var b bytes.Buffer
	switch i % 8 {
	case 0, 1, 2:
		check(t, fixtures.GlotipCSV(&b, fixtures.GlotipOptions{Seed: uint64(i), Rows: 20}))
		return "CSV", fmt.Sprintf("table %d.csv", i), b.Bytes()
	case 3:
		check(t, fixtures.Glotip(&b, fixtures.GlotipOptions{Seed: uint64(i), Rows: 15}))
		return "workbook", fmt.Sprintf("sub/table %d.xlsx", i), b.Bytes()
	case 4:
		return "unknown form", fmt.Sprintf("list %d.csv", i), fmt.Appendf(nil, "who,what\n%d,2\n", i)
	case 5:
		return "damaged workbook", fmt.Sprintf("broken %d.xlsx", i), fmt.Appendf(nil, "PK\x03\x04 %d", i)
	case 6:
		check(t, fixtures.GlotipCSV(&b, fixtures.GlotipOptions{Seed: uint64(i), Rows: 20}))
		return "rows rejected", fmt.Sprintf("odd %d.csv", i), bytes.ReplaceAll(b.Bytes(), []byte(",Female,"), []byte(",Femail,"))
	}
	how := []string{"panic", "noise", "memory"}[s.rng.IntN(3)]
	return "takes its reader over", fmt.Sprintf("evil %d.csv", i), fmt.Appendf(nil, "evil %s %d\n", how, i)
}

// settle waits until the drop folder is empty and no run is at work.
func (s *soak) settle(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(time.Duration(scale(600, 90)) * time.Second); time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
		s.rss = append(s.rss, rssOf(s.cmd.Process.Pid))
		left := 0
		_ = filepath.WalkDir(filepath.Join(s.home, "drop"), func(_ string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				left++
			}
			return nil
		})
		if left > 0 {
			continue
		}
		l := ledgerOf(t, s.home)
		if len(l.Submissions) == len(s.dropped) && len(l.Runs) > 0 && l.Runs[len(l.Runs)-1].Files == len(s.dropped) {
			return
		}
	}
	t.Error("the drop folder was never empty, with everything received")
}

// report holds the home to what was dropped, and writes what was seen.
func (s *soak) report(t *testing.T, length time.Duration) {
	t.Helper()
	l := ledgerOf(t, s.home)
	received := map[string]int{}
	outcomes := map[string]map[string]int{}
	for _, sub := range l.Submissions {
		key := sub.Agency + " " + sub.SHA256
		received[key]++
		if _, err := os.Stat(filepath.Join(s.home, "inbox", sub.SHA256)); err != nil {
			t.Errorf("a received copy is not in the inbox: %v", err)
		}
		kind := s.dropped[key]
		if outcomes[kind] == nil {
			outcomes[kind] = map[string]int{}
		}
		outcomes[kind][entryStatus(t, s.home, sub.ID)]++
	}
	lost, twice := 0, 0
	for key := range s.dropped {
		switch n := received[key]; {
		case n == 0:
			lost++
		case n > 1:
			twice++
		}
	}
	if lost+twice > 0 || len(received) != len(s.dropped) {
		t.Errorf("%d contents dropped, %d received; %d lost, %d received twice", len(s.dropped), len(received), lost, twice)
	}
	if s.killed == 0 || s.workers == 0 && full() {
		t.Errorf("%d watchers and %d readers were killed: the test is too easy", s.killed, s.workers)
	}
	noLeftovers(t, s.home)
	middle, end := s.memory(t)
	text := s.table(length, outcomes, len(l.Runs), lost, twice, middle, end)
	t.Log("\n" + text)
	if full() && !t.Failed() {
		writeSection(t, "soak", text)
	}
}

// memory is what the watcher took in the middle and at the end, in MiB.
func (s *soak) memory(t *testing.T) (middle, end int64) {
	t.Helper()
	n := len(s.rss)
	if n < 9 {
		t.Fatalf("only %d looks at the watcher's memory", n)
	}
	middle, end = median(s.rss[:n/3])>>20, median(s.rss[n-n/3:])>>20
	if end > middle+middle/4+32 {
		t.Errorf("the watcher took %d MiB in the middle and takes %d MiB at the end", middle, end)
	}
	return middle, end
}

func median(v []int64) int64 {
	v = slices.Clone(v)
	slices.Sort(v)
	return v[len(v)/2]
}

func (s *soak) table(length time.Duration, outcomes map[string]map[string]int, runs, lost, twice int, middle, end int64) string {
	statuses := []string{pipeline.StatusAccepted, pipeline.StatusAcceptedInPart, pipeline.StatusQuarantined, pipeline.StatusRefused}
	var b strings.Builder
	fmt.Fprintf(&b, "8 agencies dropped %d files, %d of them again, in %.0f minutes; %d runs took them in. %d watchers and %d readers of files\nwere killed (SIGKILL) in the first third.\n\n",
		s.files, s.again, length.Minutes(), runs, s.killed, s.workers)
	b.WriteString("| files | accepted | in part | quarantined | refused |\n| --- | ---: | ---: | ---: | ---: |\n")
	for _, kind := range []string{"CSV", "workbook", "rows rejected", "unknown form", "damaged workbook", "takes its reader over", "sent again"} {
		if outcomes[kind] == nil {
			continue
		}
		fmt.Fprintf(&b, "| %s |", kind)
		for _, status := range statuses {
			fmt.Fprintf(&b, " %d |", outcomes[kind][status])
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "\nContents with no outcome: %d; with more than one: %d; temporary files left: 0. The watcher's memory: %d MiB in the middle, %d MiB at the end.\n", lost, twice, middle, end)
	return b.String()
}

// entryStatus is what became of the submission.
func entryStatus(t *testing.T, home, id string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(home, "lake", "entries", id+".json"))
	check(t, err)
	var e pipeline.Entry
	check(t, json.Unmarshal(b, &e))
	return e.Status
}

// rssOf is the resident memory of a process, in bytes.
func rssOf(pid int) int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b))
	if len(f) < 2 {
		return 0
	}
	n, _ := strconv.ParseInt(f[1], 10, 64)
	return n * int64(os.Getpagesize())
}

// readersOf is the processes that read files for the watcher.
func readersOf(pid int) []int {
	var out []int
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, f := range tasks {
		b, _ := os.ReadFile(f)
		for _, child := range strings.Fields(string(b)) {
			cmd, _ := os.ReadFile("/proc/" + child + "/cmdline")
			if n, err := strconv.Atoi(child); err == nil && strings.HasPrefix(string(cmd), "palermo-extract") {
				out = append(out, n)
			}
		}
	}
	return out
}
