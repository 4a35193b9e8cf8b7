package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// lock is held by the one run that may write to a home. The kernel lets go of it when the
// process ends, however it ends, so that no lock is ever stale.
type lock struct{ f *os.File }

// takeLock takes the home's lock, or says with a LockedError who holds it.
func (h *Home) takeLock(now time.Time) (*lock, error) {
	f, err := os.OpenFile(h.path(stateDir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, environment(err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		defer f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, heldBy(f)
		}
		return nil, fmt.Errorf("lock the home: %w", err)
	}
	host, _ := os.Hostname()
	b, err := json.Marshal(LockedError{PID: os.Getpid(), Host: host, Since: now})
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.WriteAt(b, 0)
	}
	if err != nil {
		f.Close()
		return nil, environment(fmt.Errorf("lock the home: %w", err))
	}
	return &lock{f}, nil
}

func heldBy(f *os.File) *LockedError {
	var e LockedError
	b, _ := io.ReadAll(io.LimitReader(f, 4096))
	_ = json.Unmarshal(b, &e) // the holder may be just about to write it
	return &e
}

// release lets go of the lock. To close the file would not be enough: a worker of another home that is
// just being started holds it too, until it becomes another program.
func (l *lock) release() {
	_ = unix.Flock(int(l.f.Fd()), unix.LOCK_UN)
	l.f.Close()
}
