package sandbox

import (
	"fmt"
	"strings"
	"syscall"
)

// A RoleError is the error that a role returned. Unwrap gives the system's error number where
// the role's error had one, so that errors.Is(err, syscall.ENOSPC) works across processes.
type RoleError struct {
	Role    string
	Message string
	Errno   syscall.Errno // 0 where there was none
}

func (e *RoleError) Error() string { return e.Role + ": " + e.Message }

// Unwrap is the system's error number, or nil.
func (e *RoleError) Unwrap() error {
	if e.Errno == 0 {
		return nil
	}
	return e.Errno
}

// A WorkerError says that a worker did not end as a worker should: it died, was killed, ran out
// of its time or memory, or answered nonsense.
type WorkerError struct {
	Role     string
	ExitCode int            // -1 when a signal ended it
	Signal   syscall.Signal // 0 when none did
	Timeout  bool           // it was killed because its time was over
	CPU      bool           // it had used up its processor time
	Stderr   string         // first lines of its trace, without any line that could hold a cell's text
	Cause    error          // what was wrong with its answer; nil when it died
}

func (e *WorkerError) Error() string {
	how := fmt.Sprintf("ended with status %d", e.ExitCode)
	switch {
	case e.Timeout:
		how = "ran out of time"
	case e.CPU && e.Signal == syscall.SIGKILL:
		how = "ran out of processor time"
	case e.OutOfMemory():
		how = "ran out of memory"
	case e.Cause != nil:
		how = e.Cause.Error()
	case e.Signal != 0:
		how = fmt.Sprintf("ended by signal %d (%v)", int(e.Signal), e.Signal)
	case e.ExitCode == exitNoRole:
		how = "could not take its role"
	case e.ExitCode == exitPanic || e.ExitCode == 2:
		how = "panicked"
	}
	return "worker " + e.Role + " " + how
}

// Unwrap is what was wrong with the answer, or nil.
func (e *WorkerError) Unwrap() error { return e.Cause }

// Unfit reports whether the worker never began: this program has no such role, or its limits could
// not be set. That is no fault of what it was to work on.
func (e *WorkerError) Unfit() bool { return e.ExitCode == exitNoRole }

// OutOfMemory reports whether the worker's trace says that it could get no more memory.
func (e *WorkerError) OutOfMemory() bool {
	for _, s := range []string{"out of memory", "cannot allocate memory", "failed to allocate", "pthread_create failed"} {
		if strings.Contains(e.Stderr, s) {
			return true
		}
	}
	return false
}
