package intake

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// isWritten reports whether some program has the file open to write to it. The system knows only of
// its own programs, and says it only of files of this user, or to one with the right to ask (CAP_LEASE);
// otherwise, and on most network shares, it is not known, and the answer is no.
func isWritten(f *os.File) bool {
	c, err := f.SyscallConn()
	if err != nil {
		return false
	}
	written := false
	_ = c.Control(func(fd uintptr) {
		_, err := unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_RDLCK)
		written = errors.Is(err, unix.EAGAIN)
		if err == nil {
			_, _ = unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_UNLCK)
		}
	})
	return written
}
