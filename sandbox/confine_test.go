//go:build linux

package sandbox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// reach tries what a confined worker may and may not do, and says what it could.
func reach(_ context.Context, j job) (answer, error) {
	could := map[string]error{}
	try := func(what string, err error) { could[what] = err }
	_, err := os.ReadFile(j.Path)
	try("read a file of the home", err)
	_, err = os.ReadDir(filepath.Dir(j.Path))
	try("list a folder of the home", err)
	try("write into the home", os.WriteFile(j.Path+".new", nil, 0o600))
	try("remove a file of the home", os.Remove(j.Path))
	_, err = os.ReadFile("/etc/passwd")
	try("read a file of the machine", err)
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0)
	try(fmt.Sprintf("open a socket (%t)", fd > 0), err)
	_, err = os.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{})
	try("start a program", err)
	pid, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
	if pid == 0 && errno == 0 {
		syscall.Exit(0)
	}
	try("fork", errnoOf(errno))
	try("signal its parent", syscall.Kill(os.Getppid(), 0))
	lim := unix.Rlimit{Cur: 1 << 40, Max: 1 << 40}
	try("raise its limits", unix.Setrlimit(unix.RLIMIT_DATA, &lim))

	allowed := filepath.Join(os.TempDir(), "scratch")
	if err := os.WriteFile(allowed, []byte("x"), 0o600); err != nil {
		return answer{}, fmt.Errorf("its own folder: %w", err)
	}
	if err := threads(); err != nil {
		return answer{}, err
	}
	f, err := Received(0)
	if err != nil {
		return answer{}, err
	}
	b, err := io.ReadAll(f)
	if err != nil {
		return answer{}, fmt.Errorf("the file handed over: %w", err)
	}
	again, err := os.ReadFile(f.Name())
	if err != nil {
		return answer{}, fmt.Errorf("the file handed over, by its name: %w", err)
	}
	var out []string
	for what, err := range could {
		if err == nil {
			out = append(out, what)
		}
	}
	return answer{Text: string(b) + string(again), Env: out}, nil
}

func errnoOf(e syscall.Errno) error {
	if e == 0 {
		return nil
	}
	return e
}

// threads starts more threads than there were before: the filter must not stop them.
func threads() error {
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			time.Sleep(time.Millisecond)
		})
	}
	wait.Wait()
	return nil
}

func TestConfined(t *testing.T) {
	if k := Kernel(); !k.Whole() {
		t.Skipf("this kernel can confine a worker only in part: %+v", k)
	}
	dir := t.TempDir()
	secretFile, handed := filepath.Join(dir, "key"), filepath.Join(dir, "handed")
	for _, f := range []string{secretFile, handed} {
		if err := os.WriteFile(f, []byte(filepath.Base(f)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(handed)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var got answer
	err = Run(context.Background(), "reach", job{Path: secretFile}, &got, Options{Files: []*os.File{f}, Confined: true, OpenFiles: 20})
	if err != nil {
		t.Fatal(err)
	}
	if got.Text != "handedhanded" {
		t.Errorf("it read %q of the file it was handed", got.Text)
	}
	if len(got.Env) > 0 {
		t.Errorf("a confined worker could: %s", strings.Join(got.Env, "; "))
	}
	if left, _ := os.ReadDir(dir); len(left) != 2 {
		t.Errorf("%d files where there were two", len(left))
	}
	var free answer // what it tries is possible without confinement, so the test can fail
	if err := Run(context.Background(), "reach", job{Path: secretFile}, &free, Options{Files: []*os.File{f}}); err == nil && len(free.Env) < 6 {
		t.Errorf("without confinement it could only: %s", strings.Join(free.Env, "; "))
	}
}

// talk answers each line with its length, until a word says otherwise.
func talk(_ context.Context, in io.Reader, out io.Writer) error {
	for s := bufio.NewScanner(in); s.Scan(); {
		switch s.Text() {
		case "fail":
			return fmt.Errorf("read sheet: %w", syscall.ENOSPC)
		case "panic":
			panic(secret)
		case "spin":
			for i := 0; i >= 0; i++ {
				i &= 1
			}
		case "deaf":
			os.Stdout.Close()
			out.(*os.File).Close()
			time.Sleep(time.Minute)
		}
		if _, err := fmt.Fprintln(out, len(s.Text())); err != nil {
			return err
		}
	}
	return nil
}

func TestTalk(t *testing.T) {
	tmp := t.TempDir()
	w, err := Start(context.Background(), "talk", Options{TempDir: tmp})
	if err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(w.Out)
	for _, word := range []string{"one", "three", ""} {
		fmt.Fprintln(w.In, word)
		if got, err := r.ReadString('\n'); err != nil || got != fmt.Sprintln(len(word)) {
			t.Fatalf("answer %q, %v", got, err)
		}
	}
	w.In.Close()
	if _, err := r.ReadString('\n'); err != io.EOF {
		t.Errorf("after its end: %v", err)
	}
	if err := w.Failure(); err != nil {
		t.Errorf("it ended well, and Failure = %v", err)
	}
	if err := errors.Join(w.Close(), w.Close()); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(tmp); len(left) > 0 {
		t.Errorf("%d temporary folders left", len(left))
	}
}

func TestTalkEnds(t *testing.T) {
	for _, c := range []struct {
		say  string
		opts Options
		want string
	}{
		{say: "fail", want: "talk: read sheet: no space left on device"},
		{say: "panic", want: "worker talk panicked"},
		{say: "deaf", want: "worker talk closed its output and went on"},
		{say: "spin", opts: Options{Timeout: 200 * time.Millisecond}, want: "worker talk ran out of time"},
		{say: "spin", opts: Options{CPU: time.Second}, want: "worker talk ran out of processor time"},
	} {
		w, err := Start(context.Background(), "talk", c.opts)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(w.In, c.say)
		if b, err := io.ReadAll(w.Out); err != nil || len(b) > 0 {
			t.Errorf("%s: read %q, %v", c.say, b, err)
		}
		if diff := cmp.Diff(c.want, fmt.Sprint(w.Failure())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.say, diff)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A worker that is talked with ends when it is closed, whatever it does, and when its caller's
// context ends.
func TestTalkIsStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	w, err := Start(ctx, "talk", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	fmt.Fprintln(w.In, "spin")
	cancel()
	if _, err := io.ReadAll(w.Out); err != nil {
		t.Error(err)
	}
	if err := w.Failure(); !errors.Is(err, context.Canceled) {
		t.Errorf("Failure = %v", err)
	}
	w, err = Start(context.Background(), "talk", Options{})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(w.In, "spin")
	var dead *WorkerError
	if err := w.Kill(errors.New("said nonsense")); !errors.As(err, &dead) || dead.Error() != "worker talk said nonsense" {
		t.Errorf("Kill = %v", err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpenFilesAreLimited(t *testing.T) {
	err := Run(context.Background(), "open many", job{N: 50}, &answer{}, Options{OpenFiles: 20})
	if !errors.Is(err, syscall.EMFILE) {
		t.Errorf("Run = %v, want %v", err, syscall.EMFILE)
	}
}

func openMany(_ context.Context, j job) (answer, error) {
	var kept []*os.File
	for range j.N {
		f, err := os.Open("/dev/null")
		if err != nil {
			return answer{}, err
		}
		kept = append(kept, f)
	}
	return answer{N: len(kept)}, nil
}
