package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Options are the limits of one worker. The zero value sets none but that of the result's size.
type Options struct {
	Timeout     time.Duration // until the worker has ended; 0 for none
	CPU         time.Duration // of processor time, of all its threads, in whole seconds; 0 for no limit
	MemoryBytes int64         // of data, for Go and C together; 0 for no limit
	FileBytes   int64         // of any one file that it writes; 0 for no limit
	OpenFiles   int           // at once, beside the three that every process has; 0 for no limit
	ResultBytes int           // of its result; 0 means 64 MiB
	TempDir     string        // where its private temporary folder is made; empty: the system's
	Env         []string      // further variables, as NAME=value

	Files    []*os.File // handed to it, opened; Received gives them. The caller still closes its own
	Confined bool       // no network, no other process, no file but those handed to it and its temporary folder, as far as the kernel can
}

// resultBytes is how long a result may be where Options do not say.
const resultBytes = 64 << 20

// inherited are the variables that a worker keeps: what steers Go's runtime, and no more.
const inherited = "GOMAXPROCS GODEBUG GOCOVERDIR SYSTEMROOT"

var errResultTooLong = errors.New("gave a result over the limit of its size")

// Run starts a worker in the role, sends it the job, waits for its end, and decodes its result
// into result, which may be nil for a role that has none. Paths in a job are best absolute. When
// ctx ends the worker is killed, with every process of its group, and the error wraps ctx's.
func Run(ctx context.Context, role string, job, result any, o Options) error {
	in, err := json.Marshal(job)
	if err != nil {
		return fmt.Errorf("worker %s: write job: %w", role, err)
	}
	w, err := newWorker(role, o)
	if err != nil {
		return err
	}
	defer os.RemoveAll(w.tmp)
	out, err := w.run(ctx, in)
	if err != nil {
		return err
	}
	if result == nil {
		return nil
	}
	if err := json.Unmarshal(out, result); err != nil {
		return &WorkerError{Role: role, Cause: errors.New("gave a result that is not the JSON expected")}
	}
	return nil
}

// worker is one run of one process.
type worker struct {
	role   string
	opts   Options
	tmp    string
	out    result
	stderr head
	report bytes.Buffer
}

// newWorker is a worker that was not started, with its temporary folder.
func newWorker(role string, o Options) (*worker, error) {
	tmp, err := os.MkdirTemp(o.TempDir, "worker-"+filepath.Base(role)+"-") // 0700
	if err != nil {
		return nil, fmt.Errorf("worker %s: %w", role, err)
	}
	w := &worker{role: role, opts: o, tmp: tmp, stderr: head{max: traceBytes}, out: result{max: o.ResultBytes}}
	if w.out.max == 0 {
		w.out.max = resultBytes
	}
	return w, nil
}

var errTimeout = errors.New("time is over")

// limited is ctx with the worker's limit of time.
func (w *worker) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if w.opts.Timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, w.opts.Timeout, errTimeout)
}

func (w *worker) run(ctx context.Context, in []byte) ([]byte, error) {
	limited, cancel := w.limited(ctx)
	defer cancel()
	cmd, err := w.command(limited)
	if err != nil {
		return nil, fmt.Errorf("worker %s: %w", w.role, err)
	}
	cmd.Stdin, cmd.Stdout = bytes.NewReader(in), &w.out
	// The worker dies with the thread that started it (see bind), so this one is kept until then.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err = w.wait(cmd, func() {})
	switch {
	case cmd.ProcessState == nil:
		return nil, fmt.Errorf("worker %s: start: %w", w.role, err)
	case err == nil && w.out.full:
		return nil, w.died(cmd, errResultTooLong)
	case err == nil:
		return w.out.buf.Bytes(), nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("worker %s: %w", w.role, context.Cause(ctx))
	}
	return nil, w.ended(cmd, limited)
}

// ended is why a worker ended that did not end well.
func (w *worker) ended(cmd *exec.Cmd, limited context.Context) error {
	if e := w.roleError(cmd); e != nil {
		return e
	}
	e := w.died(cmd, nil)
	e.Timeout = context.Cause(limited) == errTimeout
	if w.out.full {
		e.Cause = errResultTooLong
	}
	return e
}

// command is the worker's process, not yet started.
func (w *worker) command(ctx context.Context) (*exec.Cmd, error) {
	exe, err := self()
	if err != nil {
		return nil, err
	}
	o := w.opts
	l, err := json.Marshal(limits{MemoryBytes: o.MemoryBytes, FileBytes: o.FileBytes, Seconds: int64(o.CPU / time.Second),
		Descriptors: o.OpenFiles, Handed: len(o.Files), Confined: o.Confined})
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, exe)
	cmd.Args = []string{"palermo-" + w.role}
	cmd.Env = w.environment(string(l))
	cmd.Stderr = &w.stderr
	cmd.WaitDelay = 5 * time.Second // for what a dead worker left holding its pipes
	bind(cmd)
	return cmd, nil
}

func (w *worker) environment(limits string) []string {
	env := []string{roleVariable + "=" + w.role, limitsVariable + "=" + limits, "TMPDIR=" + w.tmp, "TMP=" + w.tmp}
	for _, name := range strings.Fields(inherited) {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return append(env, w.opts.Env...)
}

// wait starts the worker with its lifeline, its report pipe and the files handed to it, calls
// started, and waits for its end.
func (w *worker) wait(cmd *exec.Cmd, started func()) error {
	lifeRead, lifeWrite, err := os.Pipe()
	if err != nil {
		return err
	}
	defer lifeWrite.Close() // held open as long as the worker may live
	reportRead, reportWrite, err := os.Pipe()
	if err != nil {
		lifeRead.Close()
		return err
	}
	defer reportRead.Close()
	cmd.ExtraFiles = append([]*os.File{lifeRead, reportWrite}, w.opts.Files...)
	err = cmd.Start()
	lifeRead.Close()
	reportWrite.Close()
	if err != nil {
		return err
	}
	started()
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(&w.report, io.LimitReader(reportRead, traceBytes))
	}()
	err = cmd.Wait()
	select {
	case <-read:
	case <-time.After(cmd.WaitDelay): // a child of the worker's holds the pipe
		reportRead.Close()
		<-read
	}
	return err
}

// roleError is the error that the role returned, or nil when the worker ended in another way.
func (w *worker) roleError(cmd *exec.Cmd) error {
	var r report
	if cmd.ProcessState.ExitCode() != exitRoleError || json.Unmarshal(w.report.Bytes(), &r) != nil {
		return nil
	}
	return &RoleError{Role: w.role, Message: r.Message, Errno: r.Errno}
}

func (w *worker) died(cmd *exec.Cmd, cause error) *WorkerError {
	spent := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return &WorkerError{Role: w.role, ExitCode: cmd.ProcessState.ExitCode(), Signal: killedBy(cmd),
		CPU:    w.opts.CPU > 0 && spent >= w.opts.CPU*3/4, // the kernel counts in ticks
		Stderr: trace(w.stderr.buf.Bytes()), Cause: cause}
}

// result takes what the worker writes to its standard output; past its limit it refuses, which
// closes the pipe.
type result struct {
	max  int
	full bool
	buf  bytes.Buffer
}

func (r *result) Write(p []byte) (int, error) {
	if r.buf.Len()+len(p) > r.max {
		r.full = true
		return 0, errResultTooLong
	}
	return r.buf.Write(p)
}
