//go:build !linux

package sandbox

import (
	"os"
	"os/exec"
	"syscall"
)

// apply sets nothing: Go's soft memory limit is all there is here.
func (limits) apply() error { return nil }

// self is this binary.
func self() (string, error) { return os.Executable() }

// bind changes nothing: the worker ends when the pipe to its parent closes.
func bind(*exec.Cmd) {}

// killedBy is unknown here.
func killedBy(*exec.Cmd) syscall.Signal { return 0 }
