package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"time"

	"palermo/diag"
)

// ConfigError is a config, a mapping or a command line that cannot be used. Nothing was run.
type ConfigError struct {
	Diagnostics []diag.Diagnostic
}

func (e *ConfigError) Error() string {
	if len(e.Diagnostics) == 1 {
		return e.Diagnostics[0].String()
	}
	return fmt.Sprintf("%s (and %d more)", e.Diagnostics[0], len(e.Diagnostics)-1)
}

// EnvironmentError is something about the machine or the home that stops a run: a disk, a
// permission, a missing key. What was published stays as it was.
type EnvironmentError struct {
	Code diag.Code
	Path string
	Err  error
}

func (e *EnvironmentError) Error() string {
	s := diag.Codes[e.Code].Meaning
	if e.Path != "" {
		s = e.Path + ": " + s
	}
	if e.Err != nil {
		s += " (" + e.Err.Error() + ")"
	}
	return fmt.Sprintf("%s [%s]", s, e.Code)
}

func (e *EnvironmentError) Unwrap() error { return e.Err }

// LockedError says that another run holds the home's lock.
type LockedError struct {
	PID   int       `json:"pid"`
	Host  string    `json:"host"`
	Since time.Time `json:"since"`
}

func (e *LockedError) Error() string {
	if e.PID == 0 {
		return "another run is at work in this home [" + string(diag.HomeLocked) + "]"
	}
	return fmt.Sprintf("another run is at work in this home: process %d on %s, since %s [%s]",
		e.PID, e.Host, e.Since.Format(time.RFC3339), diag.HomeLocked)
}

// environment turns an error of the file system that a person must mend into an
// EnvironmentError, and leaves any other as it is.
func environment(err error) error {
	var known *EnvironmentError
	var pe *fs.PathError
	var path string
	if err == nil || errors.As(err, &known) {
		return err
	}
	if errors.As(err, &pe) {
		path = pe.Path
	}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return &EnvironmentError{diag.HomeDiskFull, path, err}
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return &EnvironmentError{diag.HomeReadOnly, path, err}
	}
	return err
}
