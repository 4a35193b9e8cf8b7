package pipeline

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"palermo/load"
	"palermo/mappings"
	"palermo/sandbox"
	"palermo/schemas"
)

// Check is one thing that doctor looked at.
type Check struct {
	Name       string `json:"name"`
	Status     string `json:"status"` // pass, warn or fail
	Message    string `json:"message"`
	Path       string `json:"path,omitempty"`
	Suggestion string `json:"suggestion,omitempty"` // what to do, where the status is not pass
}

// The statuses of a check.
const (
	Pass = "pass"
	Warn = "warn"
	Fail = "fail"
)

// lowDisk is how much room a home should have.
const lowDisk = 1 << 30

// Doctor looks at the home in dir and at what a run needs, and writes nothing. It never fails:
// what is wrong is in the checks.
func Doctor(dir, extra string, now time.Time) []Check {
	out := []Check{checkSchema(), checkConfinement()}
	h, err := readHome(dir, extra)
	if err != nil {
		return append(out, cannotOpen(dir, err))
	}
	return append(out,
		Check{Name: "home", Status: Pass, Message: "has a drop folder, a valid config and valid mappings", Path: h.Dir},
		h.checkWritable(), h.checkPrivate(), h.checkKey(), h.checkDisk(), h.checkLedger(now), h.checkKept(now), h.checkLock(), h.checkSnapshot())
}

func checkSchema() Check {
	set, ds, err := mappings.Load(mappings.Builtin())
	if err != nil || len(ds)+len(checkMappings(set, schemas.Builtin())) > 0 {
		return Check{Name: "built-in mappings", Status: Fail, Message: "do not fit the schema", Suggestion: "this build is broken: install it again"}
	}
	return Check{Name: "built-in mappings", Status: Pass, Message: fmt.Sprintf("all fit the schema; sources: %d", len(set.Mappings))}
}

// checkConfinement says how far this kernel can keep the workers that parse strangers' files apart.
func checkConfinement() Check {
	c := Check{Name: "workers", Status: Pass}
	k := sandbox.Kernel()
	switch {
	case k.Whole():
		c.Message = fmt.Sprintf("files are read in processes without network, other files or other processes (Landlock %d)", k.Landlock)
		return c
	case k.Landlock > 0:
		c.Message = "files are read in processes that reach no other file, but the kernel cannot take the network from them"
	case k.Calls:
		c.Message = "files are read in processes without network, but they can reach what this user can read: the kernel has no Landlock"
	default:
		c.Message = "files are read in processes with limits of memory and time, which can reach what this user can"
	}
	c.Status, c.Suggestion = Warn, "use Linux 5.13 or later with Landlock among its security modules, or run palermo as a user of its own"
	return c
}

func cannotOpen(dir string, err error) Check {
	c := Check{Name: "home", Status: Fail, Message: err.Error(), Path: dir, Suggestion: "mend what the message names"}
	if errors.Is(err, ErrNoHome) {
		c.Message, c.Suggestion = "is no home: it has no drop folder", "make one: mkdir -p "+filepath.Join(dir, dropDir, "AGENCY")
	}
	return c
}

func (h *Home) checkWritable() Check {
	c := Check{Name: "writable", Status: Pass, Message: "the home can be written to", Path: h.Dir}
	if err := unix.Access(h.Dir, unix.W_OK); err != nil {
		c.Status, c.Message, c.Suggestion = Fail, "the home cannot be written to", "check the owner and permissions of the folder, and that its disk is not read-only"
	}
	return c
}

func (h *Home) checkPrivate() Check {
	c := Check{Name: "private folders", Status: Pass, Message: "only the owner can open them"}
	for _, d := range privateDirs {
		fi, err := os.Stat(h.path(d))
		if err == nil && fi.Mode().Perm()&0o077 != 0 {
			return Check{"private folders", Fail, "others can open this folder, and it may hold personal data", h.path(d), "chmod 700 " + h.path(d)}
		}
	}
	return c
}

func (h *Home) checkKey() Check {
	file := h.KeyFile()
	_, err := openKey(h, false)
	if err != nil {
		return Check{"key", Fail, err.Error(), file, "restore the key from its backup, or set PALERMO_KEY_FILE"}
	}
	fi, err := os.Stat(file)
	switch {
	case err != nil:
		return Check{"key", Pass, "none yet: the first run makes one", file, ""}
	case fi.Mode().Perm()&0o077 != 0:
		return Check{"key", Fail, "others can read the key", file, "chmod 600 " + file}
	case file == h.path(vaultDir, "key"):
		return Check{"key", Warn, "the key lies only in the home: if the disk is lost, so is every link to earlier data", file,
			"copy it to a safe place, and set PALERMO_KEY_FILE to a file that is backed up"}
	}
	return Check{"key", Pass, "is kept outside the home", file, ""}
}

func (h *Home) checkDisk() Check {
	var st unix.Statfs_t
	if err := unix.Statfs(h.Dir, &st); err != nil {
		return Check{"disk", Warn, "its free space cannot be read", h.Dir, ""}
	}
	free := st.Bavail * uint64(st.Bsize)
	c := Check{Name: "disk", Status: Pass, Message: fmt.Sprintf("%d MiB free", free>>20), Path: h.Dir}
	if free < lowDisk {
		c.Status, c.Suggestion = Warn, "free some space: a run needs about three times the size of what it publishes"
	}
	return c
}

func (h *Home) checkLedger(now time.Time) Check {
	l, err := h.ReadLedger()
	if err != nil {
		return Check{"ledger", Fail, err.Error(), h.ledgerFile(), "restore it from its backup"}
	}
	for _, r := range l.Runs {
		if r.Started.After(now.Add(time.Hour)) {
			return Check{"clock", Warn, "the ledger has a run in the future: the clock was set back", h.ledgerFile(), "check the machine's clock"}
		}
	}
	return Check{"ledger", Pass, fmt.Sprintf("whole; submissions: %d, runs: %d", len(l.Submissions), len(l.Runs)), h.ledgerFile(), ""}
}

func (h *Home) checkKept(now time.Time) Check {
	l, err := h.ReadLedger()
	if err != nil {
		return Check{Name: "retention", Status: Warn, Message: "cannot be looked at without the ledger"}
	}
	return h.checkRetention(l, now)
}

func (h *Home) checkLock() Check {
	f, err := os.OpenFile(h.path(stateDir, "lock"), os.O_RDONLY, 0)
	if err != nil {
		return Check{"lock", Pass, "no run is at work", "", ""}
	}
	defer f.Close()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB); err != nil {
		return Check{"lock", Warn, heldBy(f).Error(), f.Name(), "wait for it to end"}
	}
	return Check{"lock", Pass, "no run is at work", "", ""}
}

func (h *Home) checkSnapshot() Check {
	dir, m, err := load.Current(h.Dir)
	if errors.Is(err, load.ErrNone) {
		return Check{"snapshot", Pass, "nothing is published yet", "", ""}
	}
	if err == nil {
		err = load.Verify(dir)
	}
	if err != nil {
		return Check{"snapshot", Fail, err.Error(), dir, "run again with --full"}
	}
	return Check{"snapshot", Pass, fmt.Sprintf("whole, as its manifest says: %d files, DuckDB %s", len(m.Files), m.DuckDBVersion), dir, ""}
}
