package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"syscall"
)

// A Role is what a worker does: it reads its job from in, to the end, and writes its result to
// out. An error it returns is reported to the parent with its text, so the text must not quote a
// cell. It ends when the worker does; nothing runs after it.
type Role func(ctx context.Context, in io.Reader, out io.Writer) error

// Func is the role that decodes a job, calls f, and encodes its result.
func Func[J, R any](f func(context.Context, J) (R, error)) Role {
	return func(ctx context.Context, in io.Reader, out io.Writer) error {
		var job J
		dec := json.NewDecoder(in)
		dec.DisallowUnknownFields()
		if err := dec.Decode(&job); err != nil {
			return fmt.Errorf("read job: %w", err)
		}
		result, err := f(ctx, job)
		if err != nil {
			return err
		}
		return json.NewEncoder(out).Encode(result)
	}
}

// What a worker finds in its environment, and the files it is started with.
const (
	roleVariable   = "PALERMO_WORKER"
	limitsVariable = "PALERMO_WORKER_LIMITS"
	lifelineFD     = 3 // read end; closed when the parent dies
	reportFD       = 4 // write end; takes the error that a role returned
	firstFD        = 5 // the first of the files handed to it
)

// Exit statuses of a worker, beside Go's own 2 for a panic.
const (
	exitRoleError = 120 // the role returned an error: it is on reportFD
	exitNoRole    = 121 // no such role, or limits that could not be set
	exitOrphan    = 122 // the parent is gone
	exitPanic     = 123 // the role panicked
)

// report is what a worker says of the error that its role returned.
type report struct {
	Message string        `json:"message"`
	Errno   syscall.Errno `json:"errno,omitempty"`
}

// Main runs the role that this process was started for, and exits; in a process that is no
// worker it returns at once. It is called before anything else in main and TestMain.
func Main(roles map[string]Role) {
	name, ok := os.LookupEnv(roleVariable)
	if !ok {
		return
	}
	os.Exit(work(name, roles))
}

func work(name string, roles map[string]Role) int {
	role, ok := roles[name]
	if !ok {
		fmt.Fprintln(os.Stderr, "sandbox: no such role")
		return exitNoRole
	}
	if err := setLimits(os.Getenv(limitsVariable)); err != nil {
		fmt.Fprintln(os.Stderr, "sandbox: limits not set")
		return exitNoRole
	}
	os.Unsetenv(roleVariable)
	os.Unsetenv(limitsVariable)
	go watchParent()
	return runRole(role)
}

// watchParent ends the process when its parent has closed, by dying, the other end of a pipe on
// which nothing is ever sent.
func watchParent() {
	f := os.NewFile(lifelineFD, "lifeline")
	_, _ = f.Read(make([]byte, 1))
	os.Exit(exitOrphan)
}

// runRole calls the role with its own standard output; what the role prints to os.Stdout goes
// to standard error, and cannot damage the result.
func runRole(role Role) (status int) {
	out := os.Stdout
	os.Stdout = os.Stderr
	defer func() {
		if v := recover(); v != nil {
			fmt.Fprintf(os.Stderr, "sandbox: panic of type %T\n\n%s", v, debug.Stack()) // its value may hold a cell
			status = exitPanic
		}
	}()
	if err := role(context.Background(), os.Stdin, out); err != nil {
		return reportError(err)
	}
	return 0
}

func reportError(err error) int {
	r := report{Message: err.Error()}
	errors.As(err, &r.Errno)
	f := os.NewFile(reportFD, "report")
	if err := json.NewEncoder(f).Encode(r); err != nil {
		fmt.Fprintln(os.Stderr, "sandbox: report not written")
	}
	return exitRoleError
}
