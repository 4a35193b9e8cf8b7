package extract_test

import (
	"os"

	"golang.org/x/sys/unix"
)

// killSelf is what is left to a worker that may send no signal to a process: one to its own thread.
func killSelf() { _ = unix.Tgkill(os.Getpid(), unix.Gettid(), unix.SIGKILL) }
