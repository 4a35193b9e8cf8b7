package pipeline

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"palermo/diag"
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
	Fixable    bool   `json:"fixable,omitempty"`    // Mend can do it: nothing can be lost by it
	Fixed      bool   `json:"fixed,omitempty"`      // Mend did it

	fix func() error
}

// The statuses of a check.
const (
	Pass = "pass"
	Warn = "warn"
	Fail = "fail"
)

func passed(name, message, path string) Check {
	return Check{Name: name, Status: Pass, Message: message, Path: path}
}

func warned(name, message, path, suggestion string) Check {
	return Check{Name: name, Status: Warn, Message: message, Path: path, Suggestion: suggestion}
}

func failed(name, message, path, suggestion string) Check {
	return Check{Name: name, Status: Fail, Message: message, Path: path, Suggestion: suggestion}
}

// mendable is the check with what Mend is to do.
func (c Check) mendable(fix func() error) Check {
	c.Fixable, c.fix = true, fix
	return c
}

// lowDisk is how much room a home should have.
const lowDisk = 1 << 30

// Doctor looks at the home in dir and at what a run needs, and writes nothing. It never fails:
// what is wrong is in the checks.
func Doctor(dir, extra string, now time.Time) []Check {
	out := []Check{checkSchema(), checkConfinement()}
	h, err := readHome(dir, extra)
	if err != nil {
		return append(out, cannotOpen(dir, err)...)
	}
	l, err := h.ReadLedger()
	out = append(out, passed("home", "has a drop folder, a valid config and valid mappings", h.Dir),
		h.checkWritable(), h.checkOneDisk(), h.checkPrivate(), h.checkDrop(), h.checkKey(), h.checkDisk())
	if err != nil {
		return append(out, failed("ledger", err.Error(), h.ledgerFile(), "restore it from its backup"), h.checkLock(), h.checkSnapshot())
	}
	return append(out, h.checkLedger(l), h.checkClock(l, now), h.checkInbox(l), h.checkRetention(l, now), h.checkAgreements(l, now),
		h.checkLock(), h.checkLeftovers(), h.checkSnapshot(), h.checkDatabase(), h.checkTold())
}

// Mend is Doctor, and does what can be done without a loss: permissions of what is private, folders that
// are missing, and what killed runs left. A check says whether it was mended.
func Mend(dir, extra string, now time.Time) []Check {
	tried := map[string]error{}
	for _, c := range Doctor(dir, extra, now) {
		if c.fix != nil {
			tried[c.Name] = c.fix()
		}
	}
	out := Doctor(dir, extra, now)
	for i := range out {
		c := &out[i]
		switch err, ok := tried[c.Name]; {
		case ok && c.Status == Pass:
			c.Fixed = true
		case ok && err != nil:
			c.Suggestion += " (--fix could not: " + err.Error() + ")"
		}
	}
	return out
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

// cannotOpen says why a home cannot be opened: each place of a config or a mapping that is wrong, with what
// to do about it.
func cannotOpen(dir string, err error) []Check {
	if errors.Is(err, ErrNoHome) {
		return []Check{failed("home", "is no home: it has no drop folder", dir, "make one: palermo init "+dir)}
	}
	var bad *ConfigError
	if !errors.As(err, &bad) {
		return []Check{failed("home", err.Error(), dir, "mend what the message names")}
	}
	var out []Check
	for _, d := range bad.Diagnostics {
		place := ""
		if d.Pos != (diag.Pos{}) {
			place = d.Pos.String()
		}
		out = append(out, failed("config and mappings", fmt.Sprintf("%s [%s]", d.Message, d.Code), place, diag.Codes[d.Code].Advice))
	}
	return out
}

func (h *Home) checkWritable() Check {
	c := Check{Name: "writable", Status: Pass, Message: "the home can be written to", Path: h.Dir}
	if err := unix.Access(h.Dir, unix.W_OK); err != nil {
		c.Status, c.Message, c.Suggestion = Fail, "the home cannot be written to", "check the owner and permissions of the folder, and that its disk is not read-only"
	}
	return c
}

// checkOneDisk says that what is built aside can be put in its place by a rename.
func (h *Home) checkOneDisk() Check {
	first := uint64(0)
	for _, d := range []string{"", stateDir, snapshotsDir, stewardDir, inboxDir, lakeDir} {
		var st unix.Stat_t
		if unix.Stat(h.path(d), &st) != nil {
			continue
		}
		dev := uint64(st.Dev)
		if first == 0 {
			first = dev
		}
		if dev != first {
			return failed("one file system", "this folder lies on another file system than the home: nothing can be renamed into it", h.path(d),
				"mount the home as a whole")
		}
	}
	return passed("one file system", "the home lies on one, so that a snapshot is published by one rename", h.Dir)
}

func (h *Home) checkPrivate() Check {
	var open []string
	for _, d := range privateDirs {
		fi, err := os.Stat(h.path(d))
		if err == nil && fi.Mode().Perm()&0o077 != 0 {
			open = append(open, h.path(d))
		}
	}
	if len(open) == 0 {
		return passed("private folders", "only the owner can open them", "")
	}
	return failed("private folders", "others can open this folder, and it may hold personal data", open[0], "chmod 700 "+strings.Join(open, " ")).
		mendable(func() error { return chmodAll(open, 0o700) })
}

func chmodAll(paths []string, mode os.FileMode) error {
	var errs []error
	for _, p := range paths {
		errs = append(errs, os.Chmod(p, mode))
	}
	return errors.Join(errs...)
}

// checkDrop says whether a run can take files out of the agencies' folders.
func (h *Home) checkDrop() Check {
	agencies, err := os.ReadDir(h.path(dropDir))
	if err != nil {
		return failed("drop folder", "cannot be read", h.path(dropDir), "check its owner and permissions")
	}
	n := 0
	for _, a := range agencies {
		if !a.IsDir() {
			continue
		}
		n++
		if path := h.path(dropDir, a.Name()); unix.Access(path, unix.R_OK|unix.W_OK|unix.X_OK) != nil {
			return failed("drop folder", "files cannot be taken out of this folder", path, "let the user that runs palermo read and write it")
		}
	}
	if n == 0 {
		return warned("drop folder", "no agency has a folder yet", h.path(dropDir), "make one for each agency, and give its people the right to write there")
	}
	return passed("drop folder", fmt.Sprintf("files can be taken from it; folders of agencies: %d", n), h.path(dropDir))
}

func (h *Home) checkKey() Check {
	file := h.KeyFile()
	_, err := openKey(h, false)
	if err != nil {
		return failed("key", err.Error(), file, "restore the key from its backup, or set PALERMO_KEY_FILE")
	}
	fi, err := os.Stat(file)
	switch {
	case err != nil:
		return passed("key", "none yet: the first run makes one", file)
	case fi.Mode().Perm()&0o077 != 0:
		return failed("key", "others can read the key", file, "chmod 600 "+file).mendable(func() error { return os.Chmod(file, 0o600) })
	case file == h.path(vaultDir, "key"):
		return warned("key", "the key lies only in the home: if the disk is lost, so is every link to earlier data", file,
			"copy it to a safe place, and set PALERMO_KEY_FILE to a file that is backed up")
	}
	return passed("key", "is kept outside the home", file)
}

// checkDisk says whether a run will find room for a snapshot beside the last one, and for what it makes on
// the way.
func (h *Home) checkDisk() Check {
	var st unix.Statfs_t
	if err := unix.Statfs(h.Dir, &st); err != nil {
		return warned("disk", "its free space cannot be read", h.Dir, "")
	}
	free, needed := int64(st.Bavail)*int64(st.Bsize), int64(lowDisk)
	if _, m, err := load.Current(h.Dir); err == nil {
		published := int64(0)
		for _, f := range m.Files {
			published += f.Bytes
		}
		needed = max(needed, 3*published)
	}
	switch message := fmt.Sprintf("%d MiB free", free>>20); {
	case free < needed:
		return warned("disk", message, h.Dir, fmt.Sprintf("free some space: %d MiB are safe, three times what is published", needed>>20))
	case st.Files > 0 && st.Ffree < leastInodes:
		return warned("disk", fmt.Sprintf("%s, and only %d files more", message, st.Ffree), h.Dir, "remove files that nobody needs: each submission is some tens of them")
	default:
		return passed("disk", message, h.Dir)
	}
}

// leastInodes is how many files a home should have room for.
const leastInodes = 10_000

func (h *Home) checkLedger(l *Ledger) Check {
	if l.Torn {
		return warned("ledger", "its last line was cut off by a crash", h.ledgerFile(), "nothing: the next run writes it again")
	}
	return passed("ledger", fmt.Sprintf("whole; submissions: %d, runs: %d", len(l.Submissions), len(l.Runs)), h.ledgerFile())
}

// checkClock holds the machine's clock against what the ledger has seen of it.
func (h *Home) checkClock(l *Ledger, now time.Time) Check {
	for _, r := range l.Runs {
		if ahead := r.Started.Sub(now); ahead > time.Hour {
			return warned("clock", "the ledger has a run "+ahead.Round(time.Minute).String()+" in the future: the clock was set back", h.ledgerFile(), "check the machine's clock")
		}
	}
	return passed("clock", "no run of the ledger lies in the future", "")
}

// checkInbox holds the received files against the ledger: without them nothing can be made again.
func (h *Home) checkInbox(l *Ledger) Check {
	gone := 0
	for i := range l.Submissions {
		if !l.Submissions[i].withdrawn && !h.received(&l.Submissions[i]) && h.keptRetired(&l.Submissions[i]) == nil {
			gone++
		}
	}
	if gone == 0 {
		return passed("inbox", fmt.Sprintf("the copies of the received files are there: %d", len(l.Submissions)), h.path(inboxDir))
	}
	return failed("inbox", fmt.Sprintf("the copies of %d of %d received files are not there", gone, len(l.Submissions)), h.path(inboxDir),
		"mount what is not mounted, or restore them from a backup; withdraw what shall be gone")
}

func (h *Home) checkLock() Check {
	f, err := os.OpenFile(h.path(stateDir, "lock"), os.O_RDONLY, 0)
	if err != nil {
		return passed("lock", "no run is at work", "")
	}
	defer f.Close()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB); err != nil {
		return warned("lock", heldBy(f).Error(), f.Name(), "wait for it to end")
	}
	return passed("lock", "no run is at work", "")
}

// checkLeftovers looks for what killed runs left. The next run removes it, as Mend does.
func (h *Home) checkLeftovers() Check {
	left, _ := os.ReadDir(h.path(stateDir, "tmp"))
	if len(left) == 0 {
		return passed("leftovers", "nothing is left of runs that were killed", "")
	}
	if h.checkLock().Status != Pass {
		return passed("leftovers", "there are temporary files, of the run at work", "")
	}
	return warned("leftovers", fmt.Sprintf("a run that was killed left %d temporary files or folders", len(left)), h.path(stateDir, "tmp"),
		"nothing: the next run removes them; or palermo doctor --fix").
		mendable(func() error {
			l, err := h.takeLock(time.Now())
			if err != nil {
				return err
			}
			defer l.release()
			return load.Sweep(h.Dir)
		})
}

func (h *Home) checkSnapshot() Check {
	dir, m, err := load.Current(h.Dir)
	if errors.Is(err, load.ErrNone) {
		return passed("snapshot", "nothing is published yet", "")
	}
	if err == nil {
		err = load.Verify(dir)
	}
	if err != nil {
		return failed("snapshot", err.Error(), dir, "run again with --full, or go back: palermo rollback")
	}
	return passed("snapshot", fmt.Sprintf("whole, as its manifest says: %d files, DuckDB %s", len(m.Files), m.DuckDBVersion), dir)
}

// checkDatabase holds the DuckDB that is built in against the one that the snapshot was built with.
func (h *Home) checkDatabase() Check {
	version, err := load.DuckDBVersion()
	if err != nil {
		return failed("DuckDB", err.Error(), "", "this build is broken: install it again")
	}
	message := fmt.Sprintf("DuckDB %s is built in; its files are read by DuckDB 1.2 and later", version)
	if _, m, err := load.Current(h.Dir); err == nil && m.DuckDBVersion != version {
		return warned("DuckDB", fmt.Sprintf("%s. The snapshot was built with %s", message, m.DuckDBVersion), "", "nothing: the next snapshot is built with the one built in")
	}
	return passed("DuckDB", message, "")
}

// checkTold says whether the files can be written by which others are told of runs. Addresses are not asked: whoever
// is there would take it for a run.
func (h *Home) checkTold() Check {
	t := h.Config.Telemetry
	for _, f := range []string{t.Textfile, t.OpenLineage} {
		if f = h.below(f); f == "" || strings.Contains(f, "://") {
			continue
		}
		if dir := filepath.Dir(f); unix.Access(dir, unix.W_OK|unix.X_OK) != nil {
			return warned("telemetry", "no file can be written in this folder: runs go on, and nobody is told", dir, "make the folder, and let the user that runs palermo write there")
		}
	}
	if t == (TelemetrySettings{TimeoutSeconds: t.TimeoutSeconds}) {
		return passed("telemetry", "nobody is told of runs: palermo.yaml can say whom", "")
	}
	return passed("telemetry", "what palermo.yaml names can be told of runs, as far as it lies here", "")
}
