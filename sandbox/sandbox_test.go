//go:build linux

package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// secret stands for a cell's text: no error may show it.
const secret = "Maria Example"

func TestMain(m *testing.M) {
	Main(testRoles())
	os.Exit(m.Run())
}

type job struct {
	Text string
	Path string
	N    int
}

type answer struct {
	Text string
	N    int
	Env  []string
	Temp string
}

func testRoles() map[string]Role {
	return map[string]Role{
		"echo":      Func(echo),
		"print":     Func(func(_ context.Context, j job) (answer, error) { fmt.Println("noise"); return answer{Text: j.Text}, nil }),
		"fail":      Func(func(context.Context, job) (answer, error) { return answer{}, errors.New("read sheet: unexpected EOF") }),
		"panic":     Func(func(_ context.Context, j job) (answer, error) { panic(j.Text) }),
		"index":     Func(func(_ context.Context, j job) (answer, error) { return answer{N: int(j.Text[j.N])}, nil }),
		"far panic": Func(farPanic),
		"exit":      Func(func(_ context.Context, j job) (answer, error) { os.Exit(j.N); return answer{}, nil }),
		"kill":      Func(kill),
		"sleep":     Func(sleep),
		"nest":      Func(nest),
		"huge":      huge,
		"garbage": func(_ context.Context, _ io.Reader, out io.Writer) error {
			_, err := io.WriteString(out, "{")
			return err
		},
		"reach":         Func(reach),
		"talk":          talk,
		"open many":     Func(openMany),
		"nothing":       func(context.Context, io.Reader, io.Writer) error { return nil },
		"allocate":      Func(allocate),
		"write":         Func(writeFile),
		"leave a child": Func(leaveChild),
		"held":          Func(held),
	}
}

func echo(_ context.Context, j job) (answer, error) {
	return answer{Text: j.Text, N: j.N, Env: os.Environ(), Temp: os.TempDir()}, nil
}

func farPanic(_ context.Context, j job) (answer, error) {
	go func() { panic(j.Text + "\n" + j.Text) }()
	time.Sleep(time.Minute)
	return answer{}, nil
}

func kill(_ context.Context, j job) (answer, error) {
	return answer{}, syscall.Kill(os.Getpid(), syscall.SIGKILL)
}

// sleep writes its process id to a file and waits.
func sleep(_ context.Context, j job) (answer, error) {
	if j.Path != "" {
		if err := os.WriteFile(j.Path, []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
			return answer{}, err
		}
	}
	time.Sleep(time.Minute)
	return answer{}, nil
}

// nest is a parent that is killed while its worker sleeps.
func nest(ctx context.Context, j job) (answer, error) {
	go func() {
		for {
			if _, err := os.Stat(j.Path); err == nil {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}()
	return answer{}, Run(ctx, "sleep", j, nil, Options{})
}

func huge(_ context.Context, _ io.Reader, out io.Writer) error {
	for {
		if _, err := out.Write(bytes.Repeat([]byte("x"), 1<<16)); err != nil {
			return err
		}
	}
}

func allocate(_ context.Context, j job) (answer, error) {
	var kept [][]byte
	for range j.N {
		b := make([]byte, 1<<20)
		for i := range b {
			b[i] = 1
		}
		kept = append(kept, b)
	}
	return answer{N: len(kept)}, nil
}

func writeFile(_ context.Context, j job) (answer, error) {
	if err := os.WriteFile(j.Path, make([]byte, j.N), 0o600); err != nil {
		return answer{}, fmt.Errorf("write: %w", err)
	}
	return answer{N: j.N}, nil
}

// leaveChild starts a process of the same group that would outlive it.
func leaveChild(_ context.Context, j job) (answer, error) {
	p, err := os.StartProcess("/bin/sh", []string{"sh", "-c", "echo $$ > " + j.Path + "; sleep 60"},
		&os.ProcAttr{Files: []*os.File{nil, os.Stderr, os.Stderr}})
	if err != nil {
		return answer{}, err
	}
	_, err = p.Wait()
	return answer{}, err
}

func TestRun(t *testing.T) {
	t.Setenv("PALERMO_TEST_SECRET", secret)
	tmp := t.TempDir()
	var got answer
	if err := Run(context.Background(), "echo", job{Text: "é", N: 7}, &got, Options{TempDir: tmp, Env: []string{"A=b"}}); err != nil {
		t.Fatal(err)
	}
	if got.Text != "é" || got.N != 7 {
		t.Errorf("answer = %+v", got)
	}
	env := strings.Join(got.Env, "\n")
	if strings.Contains(env, secret) || strings.Contains(env, "HOME=") || !strings.Contains(env, "A=b") {
		t.Errorf("the worker's environment is %q", env)
	}
	if filepath.Dir(got.Temp) != tmp {
		t.Errorf("temporary folder %q is not below %q", got.Temp, tmp)
	}
	if left, _ := os.ReadDir(tmp); len(left) != 0 {
		t.Errorf("%d temporary folders left", len(left))
	}
}

func TestPrintingDoesNotDamageTheResult(t *testing.T) {
	var got answer
	if err := Run(context.Background(), "print", job{Text: "x"}, &got, Options{}); err != nil || got.Text != "x" {
		t.Errorf("Run = %+v, %v", got, err)
	}
}

func TestRoleErrorComesBack(t *testing.T) {
	err := Run(context.Background(), "fail", job{}, &answer{}, Options{})
	var e *RoleError
	if !errors.As(err, &e) || e.Message != "read sheet: unexpected EOF" || e.Unwrap() != nil {
		t.Errorf("Run = %#v", err)
	}
}

// Every way in which a worker can die is a WorkerError that says how, and never quotes a value.
func TestWorkerDeath(t *testing.T) {
	for _, c := range []struct {
		role string
		job  job
		opts Options
		want string
		code int
		sig  syscall.Signal
	}{
		{role: "panic", job: job{Text: secret}, want: "worker panic panicked", code: exitPanic},
		{role: "index", job: job{Text: secret, N: 99}, want: "worker index panicked", code: exitPanic},
		{role: "far panic", job: job{Text: secret}, want: "worker far panic panicked", code: 2},
		{role: "exit", job: job{N: 3}, want: "worker exit ended with status 3", code: 3},
		{role: "kill", want: "worker kill ended by signal 9 (killed)", code: -1, sig: syscall.SIGKILL},
		{role: "sleep", opts: Options{Timeout: 100 * time.Millisecond}, want: "worker sleep ran out of time", code: -1, sig: syscall.SIGKILL},
		{role: "huge", opts: Options{ResultBytes: 1 << 20}, want: "worker huge gave a result over the limit of its size", code: -1, sig: syscall.SIGPIPE},
		{role: "garbage", want: "worker garbage gave a result that is not the JSON expected"},
		{role: "nothing", want: "worker nothing gave a result that is not the JSON expected"},
		{role: "no such", want: "worker no such could not take its role", code: exitNoRole},
	} {
		t.Run(c.role, func(t *testing.T) {
			err := Run(context.Background(), c.role, c.job, &answer{}, c.opts)
			var e *WorkerError
			if !errors.As(err, &e) {
				t.Fatalf("Run = %v, want a WorkerError", err)
			}
			if e.Error() != c.want || e.ExitCode != c.code || e.Signal != c.sig {
				t.Errorf("Run = %q, status %d, signal %d; want %q, %d, %d\n%s", e, e.ExitCode, e.Signal, c.want, c.code, c.sig, e.Stderr)
			}
			if strings.Contains(e.Stderr+e.Error(), "Maria") {
				t.Errorf("the error shows a value:\n%s", e.Stderr)
			}
		})
	}
}

func TestPanicKeepsItsTrace(t *testing.T) {
	var e *WorkerError
	if err := Run(context.Background(), "far panic", job{Text: secret}, &answer{}, Options{}); !errors.As(err, &e) {
		t.Fatal(err)
	}
	if !strings.Contains(e.Stderr, "sandbox_test.go:") || !strings.Contains(e.Stderr, "farPanic") {
		t.Errorf("the trace does not say where:\n%s", e.Stderr)
	}
}

func TestFileLimitIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	err := Run(context.Background(), "write", job{Path: path, N: 1 << 20}, &answer{}, Options{FileBytes: 1 << 16})
	if !errors.Is(err, syscall.EFBIG) {
		t.Errorf("Run = %v, want %v", err, syscall.EFBIG)
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(100*time.Millisecond, cancel)
	if err := Run(ctx, "sleep", job{}, nil, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Run = %v, want %v", err, context.Canceled)
	}
}

// A worker dies with its parent, even when the parent is killed and can do nothing about it.
func TestWorkerDiesWithItsParent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pid")
	if err := Run(context.Background(), "nest", job{Path: path}, nil, Options{}); err == nil {
		t.Fatal("the parent lived")
	}
	waitGone(t, path)
}

// What a worker started dies with it when it is stopped.
func TestTimeoutEndsTheWholeGroup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pid")
	err := Run(context.Background(), "leave a child", job{Path: path}, nil, Options{Timeout: time.Second})
	var e *WorkerError
	if !errors.As(err, &e) || !e.Timeout {
		t.Fatalf("Run = %v, want a timeout", err)
	}
	waitGone(t, path)
}

// waitGone waits until the process whose id stands in the file is no more.
func waitGone(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	for range 500 {
		if !alive(pid) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %d is still there", pid)
}

// alive reports whether the process runs; one that waits to be reaped does not.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || !strings.Contains(string(b), ") Z ")
}

// Many workers at once, from goroutines that come and go, are each their own.
func TestParallel(t *testing.T) {
	errs := make(chan error)
	const n = 16
	for i := range n {
		go func() {
			var got answer
			err := Run(context.Background(), "echo", job{N: i}, &got, Options{})
			if err == nil && got.N != i {
				err = fmt.Errorf("answer %d to job %d", got.N, i)
			}
			errs <- err
		}()
	}
	for range n {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	runtime.GC()
}

func FuzzTrace(f *testing.F) {
	f.Add("panic: Maria\n\ngoroutine 1 [running]:\nmain.f({0xc0, 0x5})\n\t/src/f.go:12 +0x1d\n")
	f.Add("Maria\nfatal error: out of memory\nMaria(0)\npanic: runtime error: index out of range [5] with length 3")
	f.Fuzz(func(t *testing.T, s string) {
		once := trace([]byte(s))
		if strings.Count(once, "\n") > strings.Count(s, "\n")+2 {
			t.Errorf("trace(%q) = %q", s, once)
		}
	})
}

func TestTrace(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"a value", "panic: Maria\n", "[1 lines withheld]\n"},
		{"a value on two lines", "panic: x\nMaria\n\tOkoro\n", "[3 lines withheld]\n"},
		{"the runtime's own", "panic: runtime error: index out of range [5] with length 3\n", "panic: runtime error: index out of range [5] with length 3\n"},
		{"a thread that could not start", "runtime/cgo: pthread_create failed: Resource temporarily unavailable\n", "runtime/cgo: pthread_create failed: Resource temporarily unavailable\n"},
		{"a function without a place", "a.Maria(0x1)\n", "[1 lines withheld]\n"},
		{"a function", "palermo/x.(*T).f(0x1, {0x2, 0x3})\n\t/src/x.go:3 +0x1\n", "palermo/x.(*T).f(0x1, {0x2, 0x3})\n\t/src/x.go:3 +0x1\n"},
	} {
		if got := trace([]byte(c.in)); got != c.want {
			t.Errorf("%s: trace(%q) = %q, want %q", c.name, c.in, got, c.want)
		}
	}
}
