package sandbox

import (
	"fmt"
	"os/exec"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// apply sets the kernel's limits. Memory is RLIMIT_DATA: under RLIMIT_AS a binary with cgo does
// not start, since Go reserves far more addresses than it uses. Without the signal for a file
// that grows too large, the write itself fails, and the role can say so.
func (l limits) apply() error {
	signal.Ignore(syscall.SIGXFSZ)
	for _, r := range []struct {
		resource int
		most     int64
		set      bool
	}{
		{unix.RLIMIT_CORE, 0, true},
		{unix.RLIMIT_DATA, l.MemoryBytes, l.MemoryBytes > 0 && !raced},
		{unix.RLIMIT_FSIZE, l.FileBytes, l.FileBytes > 0},
		{unix.RLIMIT_CPU, l.Seconds, l.Seconds > 0}, // at the hard limit the kernel kills
		{unix.RLIMIT_NOFILE, int64(firstFD + l.Handed + l.Descriptors), l.Descriptors > 0},
	} {
		if !r.set {
			continue
		}
		var now unix.Rlimit
		if err := unix.Getrlimit(r.resource, &now); err != nil {
			return fmt.Errorf("get resource limit %d: %w", r.resource, err)
		}
		n := min(uint64(r.most), now.Max) // who started us may have less already
		if err := unix.Setrlimit(r.resource, &unix.Rlimit{Cur: n, Max: n}); err != nil {
			return fmt.Errorf("set resource limit %d: %w", r.resource, err)
		}
	}
	return nil
}

// self is this binary, even when its file was replaced since it was started.
func self() (string, error) { return "/proc/self/exe", nil }

// bind puts the worker into a process group of its own, which dies with the thread that starts
// it: the caller keeps that thread until the worker has ended.
func bind(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

// killedBy is the signal that ended the worker, or 0.
func killedBy(cmd *exec.Cmd) syscall.Signal {
	if ws, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return ws.Signal()
	}
	return 0
}
