package testlong

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"palermo/fixtures"
	"palermo/load"
)

// smallNights is a home after a first night, with a file of the second in its drop folder, and what an undisturbed
// run comes to.
type smallNights struct {
	dir    string
	old    map[string]string
	want   outcome
	points []point // of an undisturbed run
}

func newSmallNights(t *testing.T) *smallNights {
	t.Helper()
	n := &smallNights{dir: t.TempDir()}
	check(t, os.WriteFile(filepath.Join(n.dir, "palermo.yaml"), []byte("threads: 1\nsnapshots: {keep: 2}\n"), 0o600))
	for night := range scale(3, 2) { // in full the last run has a snapshot to remove
		if night > 0 {
			finish(t, n.dir)
		}
		drop(t, n.dir, fmt.Sprintf("unodc/%d.csv", night), func(b *bytes.Buffer) error {
			return fixtures.GlotipCSV(b, fixtures.GlotipOptions{Seed: uint64(night + 1), Rows: 6})
		})
	}
	n.old = published(t, n.dir)
	home := n.copied(t)
	got := trace(t, home, func(point) verdict { return verdict{} })
	if got.exit != 0 || len(got.unknown) > 0 {
		t.Fatalf("an undisturbed run: exit %d, calls that nobody knows: %v", got.exit, got.unknown)
	}
	n.points, n.want = got.points, (&killing{}).result(t, home)
	return n
}

func (n *smallNights) copied(t *testing.T) string {
	t.Helper()
	home := filepath.Join(t.TempDir(), "home")
	check(t, os.CopyFS(home, os.DirFS(n.dir)))
	return home
}

// names is how often an undisturbed run changes what.
func (n *smallNights) names() map[string]int {
	out := map[string]int{}
	for _, p := range n.points {
		out[p.name]++
	}
	return out
}

// holds says that readers have the old snapshot or the new one, whole.
func (n *smallNights) holds(t *testing.T, home, after string) {
	t.Helper()
	dir, _, err := load.Current(home)
	if err == nil {
		err = load.Verify(dir)
	}
	if err != nil {
		t.Errorf("%s: %v", after, err)
		return
	}
	if got := published(t, home); !cmp.Equal(got, n.old) && !cmp.Equal(got, n.want.Parquet) {
		t.Errorf("%s: the snapshot is neither the old one nor the new one", after)
	}
}

// converges says that the next run comes to what an undisturbed one does, and leaves nothing behind.
func (n *smallNights) converges(t *testing.T, home, after string) {
	t.Helper()
	finish(t, home)
	if d := cmp.Diff(n.want, (&killing{}).result(t, home)); d != "" {
		t.Errorf("%s, and another run (-undisturbed +this):\n%s", after, d)
	}
	noLeftovers(t, home)
}

// TestEveryWrite disturbs a small run at each call by which it changes something in its home.
func TestEveryWrite(t *testing.T) {
	t.Setenv("PALERMO_KEY_FILE", filepath.Join(t.TempDir(), "key"))
	n := newSmallNights(t)
	if len(n.points) < 200 {
		t.Errorf("only %d calls that change something were seen", len(n.points))
	}
	t.Run("killed", n.killed)
	t.Run("faults", n.faults)
}

// killed kills a small run before each call by which it changes something in its home, one after the
// other, until one comes to its end.
func (n *smallNights) killed(t *testing.T) {
	started := time.Now()
	step := scale(1, len(n.points)/2+1)
	kills, killed := map[string]int{}, 0
	for at := step; ; at += step {
		home := n.copied(t)
		seen, name := 0, ""
		got := trace(t, home, func(p point) verdict {
			seen++
			if seen == at {
				name = p.name
			}
			return verdict{kill: seen == at}
		})
		after := fmt.Sprintf("killed before call %d, %s", at, name)
		if len(got.unknown) > 0 {
			t.Fatalf("%s: calls that nobody knows: %v", after, got.unknown)
		}
		if !got.hit {
			break
		}
		killed++
		call, _, _ := strings.Cut(name, " ")
		kills[call]++
		n.holds(t, home, after)
		n.converges(t, home, after)
		check(t, os.RemoveAll(filepath.Dir(home)))
		if t.Failed() {
			return
		}
		if !full() {
			break
		}
	}
	table := fmt.Sprintf("A run of one file into a home of two, which makes %d calls that change something there (of %d kinds of place), was killed\n"+
		"(SIGKILL) before each of them: %d kills. Every call that cannot be shown to change nothing is seen, by a filter in the kernel; one that\n"+
		"nobody thought of fails the test. After each kill a reader found the old snapshot or the new one, whole, and the next run came to the bytes\n"+
		"of an undisturbed one, with every file received once and nothing left behind. Seconds: %.0f.\n\n| call | kills |\n| --- | ---: |\n",
		len(n.points), len(n.names()), killed, time.Since(started).Seconds())
	for _, call := range slices.Sorted(maps.Keys(kills)) {
		table += fmt.Sprintf("| %s | %d |\n", call, kills[call])
	}
	t.Log("\n" + table)
	if full() {
		writeSection(t, "everywrite", table)
	}
}

// faultKinds is what can happen to a call that changes something.
var faultKinds = []struct {
	name string
	verdict
	fits func(call string) bool
	exit []int // 0 where the run does without
}{
	{"input/output error", verdict{errno: unix.EIO}, func(string) bool { return true }, []int{0, 1}},
	{"no space", verdict{errno: unix.ENOSPC}, func(call string) bool { return !strings.HasPrefix(call, "unlink") && call != "rmdir" }, []int{0, 1, 3}},
	{"over quota", verdict{errno: unix.EDQUOT}, func(call string) bool {
		return !strings.HasPrefix(call, "unlink") && call != "rmdir" && !strings.HasSuffix(call, "sync")
	}, []int{0, 1, 3}},
	{"read-only", verdict{errno: unix.EROFS}, func(call string) bool {
		return !strings.HasPrefix(call, "write") && !strings.HasPrefix(call, "pwrite") && !strings.HasSuffix(call, "sync")
	}, []int{0, 1, 3}},
	{"half is written", verdict{short: true}, func(call string) bool { return call == "write" || call == "pwrite64" }, []int{0, 1}},
	{"interrupted", verdict{errno: unix.EINTR}, func(call string) bool { return call == "openat" || strings.HasSuffix(call, "sync") }, []int{0, 1}},
}

// faults lets each kind of call at each place fail in each way that fits it: the first such call, and the last.
func (n *smallNights) faults(t *testing.T) {
	started := time.Now()
	names := n.names()
	if len(names) < 60 {
		t.Errorf("only %d places", len(names))
	}
	of := map[string]*faultCounts{}
	cases := 0
	for _, name := range slices.Sorted(maps.Keys(names)) {
		call, _, _ := strings.Cut(name, " ")
		for _, kind := range faultKinds {
			if !kind.fits(call) || !full() && (kind.errno != unix.ENOSPC || name != "openat state/lock") {
				continue
			}
			for _, nth := range slices.Compact([]int{1, names[name]}) {
				got, ok := n.fault(t, name, nth, kind.verdict, fmt.Sprintf("%s at %s (%d)", kind.name, name, nth), kind.exit)
				if !ok {
					continue
				}
				cases++
				if of[kind.name] == nil {
					of[kind.name] = &faultCounts{exits: map[int]int{}}
				}
				of[kind.name].cases++
				of[kind.name].exits[got]++
			}
		}
	}
	table := fmt.Sprintf("Each kind of call that changes something in a home, at each of %d places (one for all tables of a snapshot), failed in each way\n"+
		"that fits it, at its first and at its last time in a run: %d cases. Each run ended with its documented exit status; readers had a\n"+
		"whole snapshot, and the next run came to the bytes of an undisturbed one. A run that ends with 0 could do without the call.\n"+
		"Seconds: %.0f.\n\n| fault | cases | exit 0 | exit 1 | exit 3 |\n| --- | ---: | ---: | ---: | ---: |\n",
		len(names), cases, time.Since(started).Seconds())
	for _, kind := range faultKinds {
		if c := of[kind.name]; c != nil {
			table += fmt.Sprintf("| %s | %d | %d | %d | %d |\n", kind.name, c.cases, c.exits[0], c.exits[1], c.exits[3])
		}
	}
	t.Log("\n" + table)
	if full() && !t.Failed() {
		if cases < 300 {
			t.Errorf("only %d cases", cases)
		}
		writeSection(t, "faults", table)
	}
}

// faultCounts is what a kind of fault came to.
type faultCounts struct {
	cases int
	exits map[int]int
}

// fault lets one call of a run fail, and says with which status the run ended; false where it made no such call.
func (n *smallNights) fault(t *testing.T, name string, nth int, v verdict, after string, allowed []int) (int, bool) {
	t.Helper()
	home := n.copied(t)
	defer os.RemoveAll(filepath.Dir(home))
	got := trace(t, home, func(p point) verdict {
		if p.name == name && p.nth == nth {
			return v
		}
		return verdict{}
	})
	if !got.hit {
		return 0, false
	}
	if !slices.Contains(allowed, got.exit) {
		t.Errorf("%s: exit status %d, want one of %v", after, got.exit, allowed)
	}
	n.holds(t, home, after)
	if full() {
		n.converges(t, home, after)
	}
	return got.exit, true
}
