package pipeline_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/sys/unix"

	"palermo/diag"
	"palermo/extract"
	"palermo/fixtures"
	"palermo/pipeline"
	"palermo/sandbox"
)

// serveOrNot is the role of the workers that read files, in these tests: as it should be, unless the
// file says that it takes its reader over.
func serveOrNot(ctx context.Context, in io.Reader, out io.Writer) error {
	f, err := sandbox.Received(0)
	if err != nil {
		return err
	}
	b, _ := io.ReadAll(io.NewSectionReader(f, 0, 1<<10))
	how, evil := strings.CutPrefix(string(b), "evil ")
	switch word, rest, _ := strings.Cut(how, "\n"); {
	case !evil:
	case word == "panic":
		panic(rest)
	case word == "noise":
		_, err := io.WriteString(out, rest)
		return err
	case word == "silence":
		time.Sleep(time.Hour)
	case word == "error":
		return fmt.Errorf("read: %s", rest)
	case word == "killed once":
		return killed(ctx, in, out, 1)
	case word == "killed twice":
		return killed(ctx, in, out, 2)
	}
	return pipeline.Roles()[extract.Role](ctx, in, out)
}

func someRows(t *testing.T, seed uint64) []byte {
	t.Helper()
	var b bytes.Buffer
	check(t, fixtures.GlotipCSV(&b, fixtures.GlotipOptions{Seed: seed, Rows: 20}))
	return b.Bytes()
}

// TestReadersThatStop: a file that takes its reader over, or stops it, is refused with a plain
// sentence; the others are loaded; and nothing that it held is in the summary, the log, the state or a
// temporary file.
func TestReadersThatStop(t *testing.T) {
	t.Parallel()
	const canary = "Qvyxaeiou"
	files := map[string][]byte{"unodc/good.csv": someRows(t, 1)}
	for _, how := range []string{"panic", "noise", "error", "silence"} {
		files["other/"+how+".csv"] = []byte("evil " + how + "\n" + canary + "\n" + strings.Repeat(canary+",1\n", 20))
	}
	home := newHome(t, files)
	write(t, filepath.Join(home, "palermo.yaml"), []byte("intake: {worker_seconds: 1}\n"))
	core, logs := observer.New(zap.DebugLevel)
	s := run(t, home, pipeline.Options{Log: zap.New(core)})
	for _, f := range s.Files {
		if f.Agency == "unodc" {
			if f.Status != pipeline.StatusAccepted || f.Rows.Loaded == 0 {
				t.Errorf("the good file: %s, %+v", f.Status, f.Rows)
			}
			continue
		}
		if f.Status != pipeline.StatusRefused || len(f.Found) != 1 || f.Found[0].Code != diag.FileStopped {
			t.Errorf("%s: %s, %v", f.Name, f.Status, f.Found)
		}
	}
	b, err := json.Marshal(s)
	check(t, err)
	for _, e := range logs.All() {
		line, err := json.Marshal(e.ContextMap())
		check(t, err)
		b = append(append(b, e.Message...), line...)
	}
	for _, dir := range []string{"state", "lake", "quarantine", "steward", "snapshots"} {
		for _, f := range filesBelow(t, filepath.Join(home, dir)) {
			b = append(b, read(t, home, dir, f)...)
		}
	}
	if bytes.Contains(b, []byte(canary)) {
		t.Error("what a file held is in the summary, the log or what was kept")
	}
	noFiles(t, filepath.Join(home, "state", "tmp"))
	if again := run(t, home, pipeline.Options{}); again.Status != pipeline.RunNothingNew || again.Made != 0 {
		t.Errorf("run again: %s, made %d", again.Status, again.Made)
	}
}

// TestWatch: files of two agencies are taken once they have settled, or have their marker; one that
// grows is not; one that cannot be used holds none up; and the watcher waits while another run is at
// work.
func TestWatch(t *testing.T) {
	t.Parallel()
	home := newHome(t, map[string][]byte{"unodc/a.csv": someRows(t, 1)})
	h, err := pipeline.OpenHome(home, "")
	check(t, err)
	lock, err := os.OpenFile(filepath.Join(h.Dir, "state", "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	check(t, err)
	check(t, unix.Flock(int(lock.Fd()), unix.LOCK_EX))

	w := watch(t, home)
	w.next(pipeline.WatchStarted)
	w.next(pipeline.WatchWaits)
	check(t, lock.Close())
	w.received("a.csv")

	stop := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() { growUntil(t, filepath.Join(home, "drop", "other", "grows.csv"), stop) })
	drop(t, home, "other/broken.xlsx", []byte("PK\x03\x04"))
	drop(t, home, "new/ready.csv", someRows(t, 3))
	drop(t, home, "new/ready.csv.ready", nil)
	w.received("ready.csv", "broken.xlsx")
	if _, err := os.Stat(filepath.Join(home, "drop", "other", "grows.csv")); err != nil {
		t.Errorf("the file that grows was taken: %v", err)
	}
	close(stop)
	wait.Wait()
	w.received("grows.csv")
	check(t, os.WriteFile(filepath.Join(home, "palermo.yaml"), []byte("agencies: {a: {nonsense: 1}}"), 0o600))
	drop(t, home, "new/later.csv", someRows(t, 4))
	w.next(pipeline.WatchFailed)
	check(t, os.WriteFile(filepath.Join(home, "palermo.yaml"), []byte("agencies: {a: {rank: 1}}"), 0o600))
	w.received("later.csv")
	w.stop()
	w.next(pipeline.WatchStopped)
	for _, f := range filesBelow(t, filepath.Join(home, "drop")) {
		t.Errorf("left in the drop folder: %s", f)
	}
}

// watched is what a watcher told.
type watched struct {
	t      *testing.T
	events chan pipeline.WatchEvent
	stop   func() // and waits until it has
}

// watch watches the home until it is told to stop.
func watch(t *testing.T, home string) *watched {
	t.Helper()
	w := &watched{t: t, events: make(chan pipeline.WatchEvent, 100)}
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	w.stop = func() {
		cancel()
		wait.Wait()
	}
	wait.Go(func() {
		err := pipeline.Watch(ctx, home, pipeline.WatchOptions{Settle: time.Second, Poll: time.Minute, Tell: func(e pipeline.WatchEvent) { w.events <- e },
			Open: func() (*pipeline.Home, error) { return pipeline.OpenHome(home, "") }})
		if err != nil {
			t.Error(err)
		}
	})
	return w
}

// next waits for an event; runs that took nothing in are passed over.
func (w *watched) next(event string) pipeline.WatchEvent {
	w.t.Helper()
	for {
		select {
		case e := <-w.events:
			if e.Event == event {
				return e
			}
			if e.Event != pipeline.WatchRan {
				w.t.Fatalf("%s (%v), want %s", e.Event, e.Err, event)
			}
		case <-time.After(2 * time.Minute):
			w.t.Fatalf("nothing happened, want %s", event)
		}
	}
}

// received waits until runs have taken in the files of these names, and no other.
func (w *watched) received(names ...string) {
	w.t.Helper()
	for len(names) > 0 {
		e := w.next(pipeline.WatchRan)
		for _, f := range e.Summary.Files {
			i := slices.Index(names, f.Name)
			if i < 0 {
				w.t.Fatalf("received %s, want %v", f.Name, names)
			}
			names = slices.Delete(names, i, i+1)
		}
	}
}

// growUntil writes to a file over and over.
func growUntil(t *testing.T, path string, stop <-chan struct{}) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Error(err)
	}
	for n := 0; ; n++ {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err == nil {
			_, err = fmt.Fprintf(f, "line,%d\n", n)
			f.Close()
		}
		if err != nil {
			t.Error(err)
		}
		select {
		case <-stop:
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}
