package pipeline_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"palermo/extract"
	"palermo/pipeline"
	"palermo/sandbox"
)

// killedOnce is a reader that dies at its beginning, as one that somebody killed, where it is the
// first: it marks the file that it was handed.
func killedOnce(ctx context.Context, in io.Reader, out io.Writer) error {
	f, _ := sandbox.Received(0)
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return err
	}
	if st.Mode&0o100 == 0 {
		if err := unix.Fchmod(int(f.Fd()), st.Mode|0o100); err != nil {
			return err
		}
		_ = unix.Tgkill(os.Getpid(), unix.Gettid(), unix.SIGKILL)
	}
	return extract.Serve(ctx, in, out)
}

// TestReaderKilledOnce: a reader that somebody killed is no word about its file.
func TestReaderKilledOnce(t *testing.T) {
	t.Parallel()
	body := append([]byte("evil killed once\n"), someRows(t, 2)...)
	home := newHome(t, map[string][]byte{"unodc/a.csv": body})
	s := run(t, home, pipeline.Options{})
	if f := s.Files[0]; f.Status == pipeline.StatusRefused {
		t.Errorf("%s, %v", f.Status, f.Found)
	}
	inbox, err := filepath.Glob(filepath.Join(home, "inbox", "*"))
	check(t, err)
	if fi, err := os.Stat(inbox[0]); err != nil || fi.Mode()&0o100 == 0 {
		t.Errorf("no reader was killed: %v, %v", fi, err)
	}
}
