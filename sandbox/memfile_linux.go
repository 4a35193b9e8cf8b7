package sandbox

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// MemoryFile makes an empty file that lies in memory, has no name, and is gone when it is closed. It can be handed
// to a worker. The kernel may put it on swap, as any memory.
func MemoryFile() (*os.File, error) {
	fd, err := unix.MemfdCreate("palermo", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("make a file in memory: %w", err)
	}
	return os.NewFile(uintptr(fd), "memory"), nil
}

// Freeze makes a memory file one that nobody can change any longer, a worker that it is handed to neither.
func Freeze(f *os.File) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var frozen error
	err = c.Control(func(fd uintptr) {
		_, frozen = unix.FcntlInt(fd, unix.F_ADD_SEALS, unix.F_SEAL_WRITE|unix.F_SEAL_GROW|unix.F_SEAL_SHRINK|unix.F_SEAL_SEAL)
	})
	if err == nil {
		err = frozen
	}
	return err
}
