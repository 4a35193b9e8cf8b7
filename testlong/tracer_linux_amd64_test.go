package testlong

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// tracedHome names the home that this program, executed again, is to run so that every system call that may write
// is seen by its parent before it is made.
const tracedHome = "PALERMO_LONG_TRACED_HOME"

// harmless are the system calls that cannot change a file. All others stop for the tracer: one that nobody thought of
// is seen, and fails the test.
var harmless = []uintptr{
	unix.SYS_READ, unix.SYS_PREAD64, unix.SYS_READV, unix.SYS_PREADV, unix.SYS_PREADV2, unix.SYS_CLOSE, unix.SYS_CLOSE_RANGE,
	unix.SYS_STAT, unix.SYS_FSTAT, unix.SYS_LSTAT, unix.SYS_NEWFSTATAT, unix.SYS_STATX, unix.SYS_STATFS, unix.SYS_FSTATFS,
	unix.SYS_ACCESS, unix.SYS_FACCESSAT, unix.SYS_FACCESSAT2, unix.SYS_READLINK, unix.SYS_READLINKAT, unix.SYS_GETDENTS64, unix.SYS_GETCWD,
	unix.SYS_LSEEK, unix.SYS_FADVISE64, unix.SYS_FLOCK, unix.SYS_FCNTL, unix.SYS_DUP, unix.SYS_DUP2, unix.SYS_DUP3,
	unix.SYS_POLL, unix.SYS_PPOLL, unix.SYS_SELECT, unix.SYS_PSELECT6, unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_WAIT, unix.SYS_EPOLL_PWAIT,
	unix.SYS_EPOLL_PWAIT2, unix.SYS_EVENTFD2, unix.SYS_PIPE2, unix.SYS_INOTIFY_INIT1, unix.SYS_INOTIFY_ADD_WATCH, unix.SYS_INOTIFY_RM_WATCH,
	unix.SYS_MPROTECT, unix.SYS_MUNMAP, unix.SYS_BRK, unix.SYS_MREMAP, unix.SYS_MADVISE, unix.SYS_MINCORE, unix.SYS_MEMBARRIER, unix.SYS_MLOCK,
	unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK, unix.SYS_RT_SIGTIMEDWAIT,
	unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY, unix.SYS_SCHED_SETAFFINITY, unix.SYS_SCHED_GETPARAM, unix.SYS_SCHED_GETSCHEDULER,
	unix.SYS_NANOSLEEP, unix.SYS_CLOCK_GETTIME, unix.SYS_CLOCK_GETRES, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_GETTIMEOFDAY, unix.SYS_TIMES, unix.SYS_GETRUSAGE,
	unix.SYS_TIMER_CREATE, unix.SYS_TIMER_SETTIME, unix.SYS_TIMER_DELETE, unix.SYS_SETITIMER,
	unix.SYS_GETPID, unix.SYS_GETTID, unix.SYS_GETPPID, unix.SYS_GETPGID, unix.SYS_SETPGID, unix.SYS_GETPGRP, unix.SYS_SETSID,
	unix.SYS_GETUID, unix.SYS_GETEUID, unix.SYS_GETGID, unix.SYS_GETEGID, unix.SYS_GETGROUPS, unix.SYS_CAPGET,
	unix.SYS_CLONE, unix.SYS_CLONE3, unix.SYS_FORK, unix.SYS_VFORK, unix.SYS_EXECVE, unix.SYS_EXECVEAT, unix.SYS_EXIT, unix.SYS_EXIT_GROUP,
	unix.SYS_WAIT4, unix.SYS_WAITID, unix.SYS_KILL, unix.SYS_TGKILL, unix.SYS_TKILL, unix.SYS_PIDFD_OPEN, unix.SYS_PIDFD_SEND_SIGNAL,
	unix.SYS_FUTEX, unix.SYS_SET_ROBUST_LIST, unix.SYS_GET_ROBUST_LIST, unix.SYS_SET_TID_ADDRESS, unix.SYS_RSEQ, unix.SYS_ARCH_PRCTL, unix.SYS_PRCTL,
	unix.SYS_GETRLIMIT, unix.SYS_SETRLIMIT, unix.SYS_PRLIMIT64, unix.SYS_GETPRIORITY, unix.SYS_SETPRIORITY, unix.SYS_UNAME, unix.SYS_SYSINFO, unix.SYS_GETRANDOM, unix.SYS_UMASK,
	unix.SYS_SECCOMP, unix.SYS_LANDLOCK_CREATE_RULESET, unix.SYS_LANDLOCK_ADD_RULE, unix.SYS_LANDLOCK_RESTRICT_SELF,
	unix.SYS_MEMFD_CREATE, // what is written into one is on no disk
	unix.SYS_RESTART_SYSCALL, unix.SYS_CHDIR, unix.SYS_FCHDIR, unix.SYS_GETCPU,
	unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_GETSOCKOPT, unix.SYS_SETSOCKOPT, unix.SYS_GETSOCKNAME, unix.SYS_GETPEERNAME,
}

// callForm says which argument of a call names what it changes.
type callForm struct {
	name string
	fd   int // argument with a descriptor of the file, or -1
	at   int // argument with a folder's descriptor for path, or -1
	path int // argument with a path, or -1
}

// writing are the calls that change files, and how they name them. Of two names the one that becomes is looked at.
var writing = map[uint64]callForm{
	unix.SYS_WRITE: {"write", 0, -1, -1}, unix.SYS_PWRITE64: {"pwrite64", 0, -1, -1}, unix.SYS_WRITEV: {"writev", 0, -1, -1},
	unix.SYS_PWRITEV: {"pwritev", 0, -1, -1}, unix.SYS_PWRITEV2: {"pwritev2", 0, -1, -1},
	unix.SYS_FSYNC: {"fsync", 0, -1, -1}, unix.SYS_FDATASYNC: {"fdatasync", 0, -1, -1}, unix.SYS_SYNC_FILE_RANGE: {"sync_file_range", 0, -1, -1},
	unix.SYS_FTRUNCATE: {"ftruncate", 0, -1, -1}, unix.SYS_FALLOCATE: {"fallocate", 0, -1, -1}, unix.SYS_FCHMOD: {"fchmod", 0, -1, -1}, unix.SYS_FCHOWN: {"fchown", 0, -1, -1},
	unix.SYS_SENDFILE: {"sendfile", 0, -1, -1}, unix.SYS_COPY_FILE_RANGE: {"copy_file_range", 2, -1, -1}, unix.SYS_SPLICE: {"splice", 2, -1, -1},
	unix.SYS_IOCTL: {"ioctl", 0, -1, -1}, unix.SYS_MMAP: {"mmap", 4, -1, -1},
	unix.SYS_OPEN: {"open", -1, -1, 0}, unix.SYS_CREAT: {"creat", -1, -1, 0}, unix.SYS_OPENAT: {"openat", -1, 0, 1}, unix.SYS_OPENAT2: {"openat2", -1, 0, 1},
	unix.SYS_RENAME: {"rename", -1, -1, 1}, unix.SYS_RENAMEAT: {"renameat", -1, 2, 3}, unix.SYS_RENAMEAT2: {"renameat2", -1, 2, 3},
	unix.SYS_LINK: {"link", -1, -1, 1}, unix.SYS_LINKAT: {"linkat", -1, 2, 3}, unix.SYS_SYMLINK: {"symlink", -1, -1, 1}, unix.SYS_SYMLINKAT: {"symlinkat", -1, 1, 2},
	unix.SYS_UNLINK: {"unlink", -1, -1, 0}, unix.SYS_UNLINKAT: {"unlinkat", -1, 0, 1}, unix.SYS_RMDIR: {"rmdir", -1, -1, 0},
	unix.SYS_MKDIR: {"mkdir", -1, -1, 0}, unix.SYS_MKDIRAT: {"mkdirat", -1, 0, 1}, unix.SYS_MKNOD: {"mknod", -1, -1, 0}, unix.SYS_MKNODAT: {"mknodat", -1, 0, 1},
	unix.SYS_TRUNCATE: {"truncate", -1, -1, 0}, unix.SYS_CHMOD: {"chmod", -1, -1, 0}, unix.SYS_FCHMODAT: {"fchmodat", -1, 0, 1}, unix.SYS_FCHMODAT2: {"fchmodat2", -1, 0, 1},
	unix.SYS_CHOWN: {"chown", -1, -1, 0}, unix.SYS_LCHOWN: {"lchown", -1, -1, 0}, unix.SYS_FCHOWNAT: {"fchownat", -1, 0, 1},
	unix.SYS_UTIMENSAT: {"utimensat", -1, 0, 1}, unix.SYS_UTIME: {"utime", -1, -1, 0}, unix.SYS_UTIMES: {"utimes", -1, -1, 0},
}

// underFilter runs the home in dir with a filter by which every call that is not harmless stops for the tracer.
func underFilter(dir string) error {
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	load := func(offset uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
	}
	give := func(action uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: action}
	}
	program := []unix.SockFilter{load(0)}
	for _, nr := range harmless {
		program = append(program, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: uint32(nr)}, give(unix.SECCOMP_RET_ALLOW))
	}
	program = append(program, give(unix.SECCOMP_RET_TRACE))
	prog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	if _, _, no := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&prog))); no != 0 {
		return no
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	env := slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, tracedHome+"=") })
	return syscall.Exec(self, []string{self}, append(env, runHome+"="+dir))
}

// point is one call by which a run changes something in its home.
type point struct {
	name string // of the call and the path, without what differs from run to run
	nth  int    // of this name, from 1
	nr   uint64
}

// verdict is what is to happen to a call: nothing, or one of these.
type verdict struct {
	kill  bool
	errno syscall.Errno // the call is not made, and gives this
	short bool          // half of what is to be written is
}

// traced is how a traced run ended, and all that it did to its home.
type traced struct {
	points  []point
	unknown []string // calls that are neither harmless nor known to be looked at
	exit    int      // -1 where it was killed
	hit     bool     // a verdict was carried out
}

// tracer follows a run and all of its threads and processes.
type tracer struct {
	t     *testing.T
	home  string
	judge func(point) verdict
	main  int
	count map[string]int
	seen  map[int]bool
	out   traced
}

// trace runs the home, asks judge about each call that changes something there, before it is made, and says how
// it ended. Only one run can be traced at a time.
func trace(t *testing.T, home string, judge func(point) verdict) traced {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	real, err := filepath.EvalSymlinks(home)
	check(t, err)
	exe, err := os.Executable()
	check(t, err)
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), tracedHome+"="+real, "GOMAXPROCS=1")
	var said bytes.Buffer
	sink, err := os.CreateTemp(t.TempDir(), "stderr")
	check(t, err)
	defer sink.Close()
	cmd.Stderr = sink
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	check(t, cmd.Start())
	r := &tracer{t: t, home: real, judge: judge, main: cmd.Process.Pid, count: map[string]int{}, seen: map[int]bool{}}
	var ws unix.WaitStatus
	if _, err := unix.Wait4(r.main, &ws, 0, nil); err != nil {
		t.Fatal(err)
	}
	check(t, unix.PtraceSetOptions(r.main, unix.PTRACE_O_TRACECLONE|unix.PTRACE_O_TRACEFORK|unix.PTRACE_O_TRACEVFORK|unix.PTRACE_O_TRACEEXEC|unix.PTRACE_O_TRACESECCOMP|unix.PTRACE_O_EXITKILL))
	r.seen[r.main] = true
	check(t, unix.PtraceCont(r.main, 0))
	r.follow()
	if b, err := os.ReadFile(sink.Name()); err == nil && len(b) > 0 {
		said.Write(b)
		t.Logf("the run said: %s", strings.TrimSpace(said.String()))
	}
	return r.out
}

// follow handles stops until nobody is left.
func (r *tracer) follow() {
	for {
		var ws unix.WaitStatus
		pid, err := unix.Wait4(-1, &ws, unix.WALL, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil { // ECHILD: nobody is left
			return
		}
		switch {
		case ws.Exited(), ws.Signaled():
			if pid == r.main {
				r.out.exit = ws.ExitStatus()
				if ws.Signaled() {
					r.out.exit = -1
				}
			}
		case ws.Stopped():
			signal := 0
			switch {
			case ws.StopSignal() == unix.SIGTRAP && ws.TrapCause() == unix.PTRACE_EVENT_SECCOMP:
				r.call(pid)
			case ws.StopSignal() == unix.SIGTRAP:
			case ws.StopSignal() == unix.SIGSTOP && !r.seen[pid]: // the first of a new thread
			default:
				signal = int(ws.StopSignal())
			}
			r.seen[pid] = true
			_ = unix.PtraceCont(pid, signal) // it may just have been killed
		}
	}
}

// call looks at a call that is about to be made.
func (r *tracer) call(pid int) {
	var regs unix.PtraceRegs
	if unix.PtraceGetRegs(pid, &regs) != nil {
		return // killed meanwhile
	}
	w, known := writing[regs.Orig_rax]
	if !known {
		r.out.unknown = append(r.out.unknown, fmt.Sprintf("call %d", regs.Orig_rax))
		return
	}
	args := [6]uint64{regs.Rdi, regs.Rsi, regs.Rdx, regs.R10, regs.R8, regs.R9}
	if !changes(regs.Orig_rax, args) {
		return
	}
	path, ok := r.pathOf(pid, w, args)
	if !ok {
		return
	}
	if regs.Orig_rax == unix.SYS_MMAP {
		r.out.unknown = append(r.out.unknown, "a file written to by memory: "+path)
		return
	}
	name := w.name + " " + steady(path)
	r.count[name]++
	p := point{name, r.count[name], regs.Orig_rax}
	r.out.points = append(r.out.points, p)
	v := r.judge(p)
	switch {
	case v.kill:
		r.out.hit = true
		_ = unix.Kill(r.main, unix.SIGKILL)
		if group := threadGroup(pid); group != r.main {
			_ = unix.Kill(group, unix.SIGKILL)
		}
	case v.errno != 0:
		r.out.hit = true
		regs.Orig_rax, regs.Rax = ^uint64(0), uint64(-int64(v.errno))
		check(r.t, unix.PtraceSetRegs(pid, &regs))
	case v.short && regs.Rdx > 1:
		r.out.hit = true
		regs.Rdx /= 2
		check(r.t, unix.PtraceSetRegs(pid, &regs))
	}
}

// changes reports whether the call, as it is made, may change a file.
func changes(nr uint64, args [6]uint64) bool {
	const opening = unix.O_CREAT | unix.O_TRUNC
	switch nr {
	case unix.SYS_OPEN:
		return args[1]&opening != 0
	case unix.SYS_OPENAT:
		return args[2]&opening != 0
	case unix.SYS_MMAP:
		return args[2]&unix.PROT_WRITE != 0 && args[3]&unix.MAP_SHARED != 0 && args[3]&unix.MAP_ANONYMOUS == 0
	case unix.SYS_IOCTL:
		return args[1] == unix.FICLONE || args[1] == unix.FICLONERANGE || args[1] == unix.FIDEDUPERANGE
	}
	return true
}

// pathOf is the path below the home that the call changes.
func (r *tracer) pathOf(pid int, w callForm, args [6]uint64) (string, bool) {
	link := func(name string) string {
		s, _ := os.Readlink(fmt.Sprintf("/proc/%d/%s", pid, name))
		return strings.TrimSuffix(s, " (deleted)")
	}
	var path string
	if w.fd >= 0 {
		path = link(fmt.Sprintf("fd/%d", int32(args[w.fd])))
	} else {
		path = r.text(pid, args[w.path])
		if !filepath.IsAbs(path) {
			base := link("cwd")
			if w.at >= 0 && int32(args[w.at]) != unix.AT_FDCWD {
				base = link(fmt.Sprintf("fd/%d", int32(args[w.at])))
			}
			path = filepath.Join(base, path)
		}
	}
	below, ok := strings.CutPrefix(path, r.home+"/")
	return below, ok || path == r.home
}

// text is a text of the traced process.
func (r *tracer) text(pid int, at uint64) string {
	var out []byte
	word := make([]byte, 8)
	for len(out) < 4096 {
		if n, err := unix.PtracePeekData(pid, uintptr(at)+uintptr(len(out)), word); err != nil || n == 0 {
			break
		}
		if end := bytes.IndexByte(word, 0); end >= 0 {
			return string(append(out, word[:end]...))
		}
		out = append(out, word...)
	}
	return string(out)
}

// threadGroup is the process that the thread is of.
func threadGroup(tid int) int {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", tid))
	var group int
	if _, rest, ok := bytes.Cut(b, []byte("\nTgid:")); ok {
		_, _ = fmt.Sscan(string(rest), &group)
	}
	return group
}

var unsteady = []struct {
	what *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(`\d{8}T\d{6}Z-[0-9a-f]{4}`), "RUN"},
	{regexp.MustCompile(`\b[0-9a-f]{64}\b`), "DIGEST"},
	{regexp.MustCompile(`s[0-9a-f]{16}`), "SUBMISSION"},
	{regexp.MustCompile(`\d{5,}`), "N"},
	{regexp.MustCompile(`parquet/(ledger/)?[a-z_]+/\.[a-z_]+\.`), "parquet/TABLE/.FILE."},
	{regexp.MustCompile(`parquet/(ledger/)?[a-z_]+/[a-z_]+\.`), "parquet/TABLE/FILE."},
	{regexp.MustCompile(`parquet/(ledger/[a-z_]+|[a-z_]+)$`), "parquet/TABLE"},
	{regexp.MustCompile(`parquet/(ledger/)?[a-z_]+/`), "parquet/TABLE/"},
}

// steady is the path without what differs from run to run, and with one name for all tables of a snapshot.
func steady(path string) string {
	for _, u := range unsteady {
		path = u.what.ReplaceAllString(path, u.as)
	}
	return path
}
