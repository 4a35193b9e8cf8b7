package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"palermo/diag"
	"palermo/pipeline"
)

// The exit statuses, beside 128 and the number of a signal.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitEnvironment = 3
	exitGate        = 4
	exitRejected    = 5
	exitLocked      = 11
)

// failure is why a command could not do its work, in the form of the envelope.
type failure struct {
	Code    string `json:"code"` // of package diag where it has one, else one of those below
	Message string `json:"message"`
	Exit    int    `json:"exit"`

	hint  string
	found []diag.Diagnostic // what is wrong with the config or the mappings
}

// Codes of failures that are no finding.
const (
	codeUsage       = "usage"
	codeNoHome      = "no_home"
	codeNotFound    = "not_found"
	codeEnvironment = "environment"
	codeInterrupted = "interrupted"
	codeGate        = "gate_refused"
	codeFailed      = "failed"
)

// usageError is a command line that cannot be followed.
type usageError struct{ message string }

func (e *usageError) Error() string { return e.message }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// classify says what an error of a command means: it is the only place that decides the status.
func classify(ctx context.Context, err error) failure {
	var (
		stop   *interrupted
		config *pipeline.ConfigError
		env    *pipeline.EnvironmentError
		locked *pipeline.LockedError
		usage  *usageError
		gate   *pipeline.GateError
		file   *pipeline.LinkFileError
		model  *pipeline.LinkModelError
		kept   *pipeline.ReleaseRefused
		class  *pipeline.ErrMayNotLeave
	)
	switch {
	case errors.As(err, &config):
		return ofConfig(config)
	case errors.As(context.Cause(ctx), &stop):
		return failure{codeInterrupted, stop.Error(), stop.status(), "what was published before is untouched; run again whenever you like", nil}
	}
	f := failure{Code: codeFailed, Message: err.Error(), Exit: exitFailed}
	switch {
	case errors.As(err, &env):
		f.Code, f.Exit, f.hint = string(env.Code), exitEnvironment, diag.Codes[env.Code].Advice
	case errors.As(err, &locked):
		f.Code, f.Exit, f.hint = string(diag.HomeLocked), exitLocked, diag.Codes[diag.HomeLocked].Advice
	case errors.Is(err, pipeline.ErrNoHome):
		f.Code, f.Exit = codeNoHome, exitUsage
		f.hint = "name the home with --home DIR or PALERMO_HOME; a new one is made by: palermo init DIR"
	case errors.Is(err, pipeline.ErrNotEmpty):
		f.Code, f.Exit = codeUsage, exitUsage
	case errors.As(err, &usage):
		f.Code, f.Exit = codeUsage, exitUsage
	case errors.As(err, &gate):
		f.Code, f.Message, f.Exit = codeGate, gate.Error(), exitGate
		f.hint = "mend what is named and run again; what is right so is taken by: palermo run --accept CHECK"
	case errors.As(err, &kept), errors.As(err, &class):
		f.Code, f.Exit = codeGate, exitGate
	case errors.As(err, &file):
		f.Code, f.hint = string(file.Diagnostic.Code), diag.Codes[file.Diagnostic.Code].Advice
	case errors.As(err, &model):
		f.Code, f.hint = string(diag.LinkModel), diag.Codes[diag.LinkModel].Advice
	case errors.Is(err, pipeline.ErrNotFound):
		f.Code = codeNotFound
	case ofEnvironment(err):
		f.Code, f.Exit = codeEnvironment, exitEnvironment
	}
	return f
}

// ofConfig is the failure of a config or a mapping: its code and hint are those of what was found
// first.
func ofConfig(e *pipeline.ConfigError) failure {
	f := failure{Code: string(diag.ConfigSyntax), Message: "the config cannot be used", Exit: exitUsage, found: e.Diagnostics}
	if len(f.found) > 0 {
		first := f.found[0].Code
		f.Code, f.Message, f.hint = string(first), e.Error(), diag.Codes[first].Advice
	}
	return f
}

// ofEnvironment reports whether a person must mend something about the machine.
func ofEnvironment(err error) bool {
	for _, e := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, fs.ErrPermission} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// commandLine is the failure of a command line that named no command, or one with the wrong
// flags or arguments.
func commandLine(root *cobra.Command, args []string, err error) failure {
	f := failure{Code: codeUsage, Exit: exitUsage}
	f.Message, _, _ = strings.Cut(err.Error(), "\n")
	cmd, rest, ferr := root.Find(args)
	if ferr == nil && cmd != root {
		f.hint = "see " + cmd.CommandPath() + " --help"
		return f
	}
	f.hint = "see palermo --help"
	if len(rest) == 0 {
		rest = args
	}
	for _, a := range rest {
		if strings.HasPrefix(a, "-") {
			continue
		}
		if near := root.SuggestionsFor(a); len(near) > 0 {
			f.hint = "did you mean palermo " + near[0] + "? palermo --help lists the commands"
		}
		break
	}
	return f
}

// write prints the failure for people: the places to mend first, then one line, then a hint.
func (f *failure) write(p *printer) {
	for _, d := range f.found {
		p.line("%s", d)
	}
	switch n := len(f.found); {
	case n > 0 && f.found[0].Pos != (diag.Pos{}):
		p.line("%s nothing was done: %s to mend", p.bad("palermo:"), count(n, "place"))
	case n > 0:
		p.line("%s nothing was done", p.bad("palermo:"))
	default:
		p.line("%s %s", p.bad("palermo:"), f.Message)
	}
	if f.hint != "" {
		p.line("%s %s", p.dim("hint:"), f.hint)
	}
}
