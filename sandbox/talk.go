package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// A Worker is a process at work in its role that its parent talks with. Requests go to In, and
// what the role writes to its output is read from Out; both take deadlines. What comes from Out is
// a stranger's word: a worker that parses strangers' bytes may have been taken over by them.
//
// Whoever started a Worker closes it.
type Worker struct {
	In, Out *os.File

	worker  *worker
	cmd     *exec.Cmd
	ctx     context.Context // the caller's
	limited context.Context
	kill    context.CancelFunc
	ended   chan struct{} // closed when the process is gone
	err     error         // of its end, or why it could not be started; set before ended is closed
	failed  bool          // it could not be started
}

// grace is how long a worker that closed its output may take to end.
const grace = 2 * time.Second

// Start starts a worker in the role, to be talked with. It lives until it ends by itself, ctx ends,
// its time is over, or it is closed.
func Start(ctx context.Context, role string, o Options) (*Worker, error) {
	w, err := newWorker(role, o)
	if err != nil {
		return nil, err
	}
	t := &Worker{worker: w, ctx: ctx, ended: make(chan struct{})}
	t.limited, t.kill = w.limited(ctx)
	if err := t.start(); err != nil {
		t.kill()
		return nil, fmt.Errorf("worker %s: start: %w", role, errors.Join(err, os.RemoveAll(w.tmp)))
	}
	return t, nil
}

func (t *Worker) start() (err error) {
	if t.cmd, err = t.worker.command(t.limited); err != nil {
		return err
	}
	inRead, inWrite, err := os.Pipe()
	if err != nil {
		return err
	}
	outRead, outWrite, err := os.Pipe()
	if err != nil {
		return errors.Join(err, inRead.Close(), inWrite.Close())
	}
	widen(outRead)
	t.cmd.Stdin, t.cmd.Stdout, t.In, t.Out = inRead, outWrite, inWrite, outRead
	started := make(chan struct{})
	go func() {
		defer close(t.ended)
		// The worker dies with the thread that started it (see bind), so this one is kept until then.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		t.err = t.worker.wait(t.cmd, func() { close(started) })
	}()
	select {
	case <-started:
	case <-t.ended:
		t.failed = t.cmd.ProcessState == nil
	}
	err = errors.Join(inRead.Close(), outWrite.Close())
	if t.failed {
		err = errors.Join(t.err, inWrite.Close(), outRead.Close())
	}
	return err
}

// Failure is why the worker ended, once its output has: nil where it ended well, else a *RoleError,
// a *WorkerError, or an error that wraps ctx's. A worker that goes on without its output is killed.
func (t *Worker) Failure() error {
	select {
	case <-t.ended:
	case <-time.After(grace):
		t.kill()
		<-t.ended
		if t.ctx.Err() == nil && context.Cause(t.limited) != errTimeout {
			return t.worker.died(t.cmd, errors.New("closed its output and went on"))
		}
	}
	switch {
	case t.err == nil:
		return nil
	case t.ctx.Err() != nil:
		return fmt.Errorf("worker %s: %w", t.worker.role, context.Cause(t.ctx))
	}
	return t.worker.ended(t.cmd, t.limited)
}

// Kill ends the worker at once, and says so as a *WorkerError with this cause.
func (t *Worker) Kill(cause error) error {
	t.kill()
	<-t.ended
	return t.worker.died(t.cmd, cause)
}

// Close ends the worker, whatever it does, and removes its temporary folder. It can be called
// again.
func (t *Worker) Close() error {
	t.kill()
	<-t.ended
	t.In.Close()
	t.Out.Close()
	return os.RemoveAll(t.worker.tmp)
}
