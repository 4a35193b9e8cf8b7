package pipeline_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"palermo/diag"
	"palermo/extract"
	"palermo/pipeline"
	"palermo/sandbox"
)

// killed is a reader that dies at its beginning, as one that somebody killed, where it is one of the
// first: each marks the file that it was handed.
func killed(ctx context.Context, in io.Reader, out io.Writer, times int) error {
	f, err := sandbox.Received(0)
	if err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return err
	}
	for _, mark := range []uint32{0o100, 0o010}[:times] {
		if st.Mode&mark != 0 {
			continue
		}
		if err := unix.Fchmod(int(f.Fd()), st.Mode|mark); err != nil {
			return err
		}
		_ = unix.Tgkill(os.Getpid(), unix.Gettid(), unix.SIGKILL)
	}
	return extract.Serve(ctx, in, out)
}

// TestReadersKilled: that somebody killed a reader is no word about its file: another reads it at
// once, and where that is killed too, the next run does.
func TestReadersKilled(t *testing.T) {
	t.Parallel()
	home := newHome(t, map[string][]byte{"unodc/a.csv": append([]byte("evil killed once\n"), someRows(t, 2)...),
		"unodc/b.csv": append([]byte("evil killed twice\n"), someRows(t, 3)...)})
	s := run(t, home, pipeline.Options{})
	for _, f := range s.Files {
		if refused := f.Status == pipeline.StatusRefused; refused != (f.Name == "b.csv") {
			t.Errorf("%s: %s, %v", f.Name, f.Status, f.Found)
		}
	}
	inbox, err := filepath.Glob(filepath.Join(home, "inbox", "*"))
	check(t, err)
	for _, f := range inbox {
		if fi, err := os.Stat(f); err != nil || fi.Mode()&0o100 == 0 {
			t.Errorf("no reader was killed: %v, %v", fi, err)
		}
	}
	if s = run(t, home, pipeline.Options{}); s.Made != 1 || s.Status != pipeline.RunPublished {
		t.Errorf("the next run: made %d, %s", s.Made, s.Status)
	}
	if s = run(t, home, pipeline.Options{}); s.Made != 0 || s.Status != pipeline.RunNothingNew {
		t.Errorf("the one after: made %d, %s", s.Made, s.Status)
	}
}

// TestWatchHeldFile: a file with a marker that a program still has open to write to is left, is no
// reason for one run after the other, and is taken when it is closed.
func TestWatchHeldFile(t *testing.T) {
	t.Parallel()
	home := newHome(t, map[string][]byte{"unodc/held.csv": someRows(t, 5), "unodc/held.csv.ready": nil})
	path := filepath.Join(home, "drop", "unodc", "held.csv")
	held, err := os.OpenFile(path, os.O_WRONLY, 0)
	check(t, err)
	r, err := os.Open(path)
	check(t, err)
	if _, err := unix.FcntlInt(r.Fd(), unix.F_SETLEASE, unix.F_RDLCK); err != unix.EAGAIN {
		t.Skipf("this file system does not say who writes: %v", err)
	}
	check(t, r.Close())
	w := watch(t, home)
	w.next(pipeline.WatchStarted)
	if e := w.next(pipeline.WatchRan); len(e.Summary.Files) > 0 || len(e.Summary.Waiting) != 1 || e.Summary.Waiting[0].Code != diag.FileChanging {
		t.Errorf("a file that is open to be written to: %+v", e.Summary)
	}
	check(t, held.Close())
	w.received("held.csv")
	w.stop()
	w.next(pipeline.WatchStopped)
}
