package testlong

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"palermo/load"
)

// maxKills is how often a run is killed in one home, at most, before one may finish.
const maxKills = 3

// TestKilledRuns kills runs at moments that a seed chooses, and as soon as certain files appear.
// After each kill a reader sees no snapshot, the old one or the new one, and it is whole; and the
// run that may finish publishes the bytes of one that was never disturbed, with every file
// received once and nothing left behind.
func TestKilledRuns(t *testing.T) {
	t.Setenv("PALERMO_KEY_FILE", filepath.Join(t.TempDir(), "key"))
	k := newKilling(t)
	started := time.Now()
	for n := scale(300, 20); k.kills < n; {
		k.home(t, min(1+k.moments.IntN(maxKills), n-k.kills))
		if t.Failed() {
			break
		}
	}
	table := k.table()
	if t.Failed() {
		t.Log("\n" + table)
		return
	}
	table += fmt.Sprintf("\nLost rows: 0; files received twice: 0; temporary files left: 0; Parquet files that differ from those of an\n"+
		"undisturbed home: 0. Seconds: %.0f.\n", time.Since(started).Seconds())
	t.Log("\n" + table)
	if full() {
		writeSection(t, "kills", table)
	}
}

// killing is the homes that runs are killed in, and what was seen.
type killing struct {
	moments *rand.Rand
	before  string            // a home after its first night, with the second night's files in its drop folder
	first   string            // a home whose first night is to come
	old     map[string]string // what the first night publishes
	want    map[bool]outcome  // what an undisturbed run comes to, from first or not
	takes   time.Duration     // an undisturbed run

	kills, late, homes int
	phases             map[string]*phase
}

// outcome is what a home holds after its last run.
type outcome struct {
	Parquet  map[string]string
	Received []string // agency and digest of each submission
	Rows     int64    // loaded and rejected
}

// phase is what was seen of the kills that ended a run there.
type phase struct{ kills, torn int }

func newKilling(t *testing.T) *killing {
	k := &killing{moments: rand.New(rand.NewPCG(1, 2)), phases: map[string]*phase{}, want: map[bool]outcome{}}
	k.first, k.before = t.TempDir(), t.TempDir()
	nightOne(t, k.first)
	nightOne(t, k.before)
	finish(t, k.before)
	k.old = published(t, k.before)
	nightTwo(t, k.before)
	for _, first := range []bool{true, false} {
		home := k.copied(t, first)
		start := time.Now()
		finish(t, home)
		k.takes = time.Since(start)
		k.want[first] = k.result(t, home)
		check(t, os.RemoveAll(home))
	}
	return k
}

func (k *killing) copied(t *testing.T, first bool) string {
	t.Helper()
	from := k.before
	if first {
		from = k.first
	}
	home := filepath.Join(t.TempDir(), "home")
	check(t, os.CopyFS(home, os.DirFS(from)))
	return home
}

// home kills so many runs in one home, and lets one finish.
func (k *killing) home(t *testing.T, kills int) {
	t.Helper()
	k.homes++
	first := k.homes%4 == 0
	home := k.copied(t, first)
	defer os.RemoveAll(home)
	for i := range kills {
		if !k.kill(t, home, i == 0) {
			k.late++
			break
		}
		k.kills++
		k.look(t, home, first)
	}
	finish(t, home)
	got := k.result(t, home)
	if d := cmp.Diff(k.want[first], got); d != "" {
		t.Errorf("home %d: after %d kills (-undisturbed +this):\n%s", k.homes, kills, d)
	}
	noLeftovers(t, home)
}

// look classes what the kill left, and holds the current snapshot to its manifest and to what the
// two nights publish.
func (k *killing) look(t *testing.T, home string, first bool) {
	t.Helper()
	at := where(t, home)
	p := k.phases[at]
	if p == nil {
		p = &phase{}
		k.phases[at] = p
	}
	p.kills++
	dir, _, err := load.Current(home)
	if errors.Is(err, load.ErrNone) && first {
		return
	}
	if err == nil {
		err = load.Verify(dir)
	}
	if err != nil {
		p.torn++
		t.Errorf("home %d, killed %s: %v", k.homes, at, err)
		return
	}
	if got := published(t, home); !cmp.Equal(got, k.want[first].Parquet) && (first || !cmp.Equal(got, k.old)) {
		p.torn++
		t.Errorf("home %d, killed %s: the snapshot is neither the old one nor the new one", k.homes, at)
	}
}

func (k *killing) result(t *testing.T, home string) outcome {
	t.Helper()
	l := ledgerOf(t, home)
	o := outcome{Parquet: published(t, home), Rows: l.Runs[len(l.Runs)-1].Loaded + l.Runs[len(l.Runs)-1].Rejected}
	for _, s := range l.Submissions {
		o.Received = append(o.Received, s.Agency+" "+s.SHA256)
	}
	slices.Sort(o.Received)
	return o
}

// early and late are what a run does that can be seen from outside, as patterns below the home: a
// kill comes as soon as one more path matches. What is early may have been done by a run that was
// killed before.
var (
	early = []string{"inbox/*", "state/tmp/intake-*", "state/ledger.jsonl", "lake/entries/*", "lake/*/*/.*.tmp", "quarantine/*.parquet"}
	late  = []string{"state/tmp/*/parquet/statistic/*", "state/tmp/*/palermo.duckdb", "state/tmp/worker-publish-*", "steward/*",
		"state/publishing", "snapshots/*", "current.tmp", "current"}
)

// kill runs the home and kills the run at a moment of its duration, every other time at an event;
// first says that no run was killed in the home before. It reports whether the run was still at work.
func (k *killing) kill(t *testing.T, home string, first bool) bool {
	t.Helper()
	cmd := command(t, home)
	moment, event := time.Duration(k.moments.Int64N(int64(k.takes))), ""
	if k.kills%2 == 0 {
		moment, event = 3*k.takes, late[k.moments.IntN(len(late))]
		if k.moments.IntN(2) == 0 && first {
			event = early[k.moments.IntN(len(early))]
		}
	}
	had := matches(home, event)
	check(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for start := time.Now(); time.Since(start) < moment && (event == "" || !more(had, matches(home, event))); {
		select {
		case err := <-ended:
			check(t, err)
			return false
		case <-time.After(pause(event)):
		}
	}
	if err := cmd.Process.Kill(); !errors.Is(err, os.ErrProcessDone) {
		check(t, err)
	}
	err := <-ended
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL) {
		t.Fatalf("run: %v", err)
	}
	return err != nil
}

// pause is how long to wait before looking again.
func pause(event string) time.Duration {
	if event == "" {
		return time.Millisecond
	}
	return 50 * time.Microsecond
}

// matches is the paths of the home that the pattern fits, with the length and age of each file.
func matches(home, pattern string) []string {
	found, _ := filepath.Glob(filepath.Join(home, filepath.FromSlash(pattern)))
	for i, f := range found {
		if fi, err := os.Lstat(f); err == nil && !fi.IsDir() {
			found[i] = fmt.Sprintf("%s %d %v", f, fi.Size(), fi.ModTime())
		}
	}
	return found
}

func more(had, have []string) bool {
	return slices.ContainsFunc(have, func(f string) bool { return !slices.Contains(had, f) })
}

// phaseNames is how far a run can have come, in order.
var phaseNames = []string{"before files were received", "while files were read", "while tables were built", "while publishing",
	"after publishing", "at its end"}

// where is how far the run in the home had come, by what it left.
func where(t *testing.T, home string) string {
	t.Helper()
	there := func(pattern string) int { return len(matches(home, pattern)) }
	l := ledgerOf(t, home)
	dir, m, err := load.Current(home)
	known := err == nil && slices.ContainsFunc(l.Runs, func(r runLine) bool { return r.Run == m.Run })
	switch {
	case there("drop/*/*") > 0 && there("inbox/*") <= len(l.Submissions) && there("lake/entries/*") == len(l.Submissions) && there("state/publishing") == 0:
		return phaseNames[0]
	case there("state/publishing") > 0:
		return phaseNames[3]
	case there("lake/entries/*") < len(l.Submissions) || there("drop/*/*") > 0:
		return phaseNames[1]
	case err != nil, len(m.Submissions) < len(l.Submissions):
		return phaseNames[2]
	case dir != "" && !known:
		return phaseNames[4]
	}
	return phaseNames[5]
}

// noLeftovers says that nothing is left of the runs that were killed.
func noLeftovers(t *testing.T, home string) {
	t.Helper()
	if left := matches(home, "state/tmp/*"); len(left) > 0 {
		t.Errorf("left in state/tmp: %d files", len(left))
	}
	if s, p := len(matches(home, "steward/*")), len(matches(home, "snapshots/*")); s != p {
		t.Errorf("%d folders for stewards, %d snapshots", s, p)
	}
	check(t, filepath.WalkDir(home, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".tmp") {
			t.Errorf("left behind: %s", strings.TrimPrefix(path, home))
		}
		return err
	}))
}

// table is what was seen, for the manual.
func (k *killing) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d kills (SIGKILL) in %d homes of %d rows: at moments of the run's duration that a seed chose, half of them as soon\n"+
		"as a file of a certain kind appeared. In each home an undisturbed run came last.\n\n", k.kills, k.homes, k.want[false].Rows)
	b.WriteString("| the run was killed | kills | torn snapshots |\n| --- | ---: | ---: |\n")
	torn := 0
	for _, name := range phaseNames {
		if p := k.phases[name]; p != nil {
			fmt.Fprintf(&b, "| %s | %d | %d |\n", name, p.kills, p.torn)
			torn += p.torn
		}
	}
	fmt.Fprintf(&b, "| **all** (%d more ended before their kill) | **%d** | **%d** |\n", k.late, k.kills, torn)
	return b.String()
}
