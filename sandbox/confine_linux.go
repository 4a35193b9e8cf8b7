package sandbox

import (
	"fmt"
	"os"
	"slices"
	"strings"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"github.com/landlock-lsm/go-landlock/landlock"
	"golang.org/x/sys/unix"
)

// pipeBytes is how much of its output a worker may be ahead of its parent.
const pipeBytes = 1 << 20

// widen lets more wait in the pipe; where the user may have no more, less does.
func widen(f *os.File) {
	if c, err := f.SyscallConn(); err == nil {
		_ = c.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, pipeBytes) })
	}
}

// confine takes from this process, for good, what it has no need of: all files but those of the
// folder tmp and the named ones, which it may read; the network; other processes. What the kernel
// cannot take away stays.
func confine(tmp string, readable []string) error {
	readable = slices.DeleteFunc(slices.Clone(readable), inMemory) // within reach as it is, and Landlock takes no rule for it
	err := landlock.V7.BestEffort().Restrict(landlock.RWDirs(tmp).IgnoreIfMissing(), landlock.ROFiles(readable...).IgnoreIfMissing())
	if err != nil {
		return fmt.Errorf("landlock: %w", err)
	}
	if !seccomp.Supported() {
		return nil
	}
	return forbidCalls()
}

// inMemory reports whether an opened file, by its name below /dev/fd, is one of MemoryFile.
func inMemory(name string) bool {
	to, err := os.Readlink(name)
	return err == nil && strings.HasPrefix(to, "/memfd:")
}

// forbidden is the system calls that a confined worker is denied: those that reach the network,
// start or touch another process, or change what the machine is. A worker that parses needs none.
var forbidden = []string{
	"socket", "socketpair", "bind", "connect", "listen", "accept", "accept4", "sendto", "sendmsg", "sendmmsg", "recvfrom", "recvmsg", "recvmmsg",
	"execve", "execveat", "fork", "vfork", "setsid", "setpgid", "unshare", "setns",
	"kill", "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_open", "pidfd_send_signal", "pidfd_getfd",
	"ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "prlimit64", "setrlimit",
	"io_uring_setup", "io_uring_enter", "io_uring_register", "bpf", "perf_event_open", "userfaultfd", "memfd_create", "memfd_secret",
	"shmget", "shmat", "msgget", "semget", "mq_open", "add_key", "request_key", "keyctl",
	"mount", "umount2", "pivot_root", "chroot", "open_by_handle_at", "name_to_handle_at", "fsopen", "fsmount", "move_mount", "open_tree",
	"init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff", "acct", "quotactl",
	"settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname", "syslog", "ioperm", "iopl", "personality",
	"setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups", "capset",
}

// forbidCalls makes them fail, in every thread. A new thread is no new process: clone is denied
// where it would make one. Of clone3 the kernel's filter cannot see that, so there it is said not
// to exist, and the C library takes clone.
func forbidCalls() error {
	info, err := arch.GetInfo("")
	if err != nil {
		return fmt.Errorf("seccomp: %w", err)
	}
	var there []string
	for _, name := range forbidden {
		if _, ok := info.SyscallNames[name]; ok {
			there = append(there, name)
		}
	}
	newProcess := seccomp.ArgumentConditions{{Argument: 0, Operation: seccomp.BitsNotSet, Value: unix.CLONE_THREAD}}
	err = seccomp.LoadFilter(seccomp.Filter{NoNewPrivs: true, Flag: seccomp.FilterFlagTSync, Policy: seccomp.Policy{
		DefaultAction: seccomp.ActionAllow,
		Syscalls: []seccomp.SyscallGroup{
			{Action: seccomp.ActionErrno, Names: there, NamesWithCondtions: []seccomp.NameWithConditions{{Name: "clone", Conditions: newProcess}}},
			{Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS), Names: []string{"clone3"}},
		},
	}})
	if err != nil {
		return fmt.Errorf("seccomp: %w", err)
	}
	return nil
}

// Kernel is what this kernel can do to confine a worker.
func Kernel() Confinement {
	c := Confinement{Calls: seccomp.Supported()}
	v, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno == 0 {
		c.Landlock = int(v)
	}
	return c
}
