package pipeline_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"palermo/diag"
	"palermo/load"
	"palermo/pipeline"
	"palermo/sandbox"
)

// nights is a home after its first night, to be copied and broken, and what it comes to after the
// second when nothing happens.
type nights struct {
	dir    string // of the home after the first night
	second []byte // the file that arrives in the second
	want   map[string]string
}

// TestFaults breaks copies of one home in all ways that are thought of. Whatever happens, a reader
// has last night's snapshot, the run says what a person must mend, and when that is done the next
// run comes to the same bytes as one that nothing happened to.
func TestFaults(t *testing.T) {
	n := twoNights(t)
	t.Run("full disk", n.fullDisk)
	t.Run("file size limit", n.fileSizeLimit)
	t.Run("read only home", n.readOnlyHome)
	t.Run("key", n.key)
	t.Run("locked", n.locked)
	t.Run("broken mappings", n.brokenMappings)
	t.Run("torn ledger", n.tornLedger)
	t.Run("ledger line is rebuilt", n.ledgerLineIsRebuilt)
	t.Run("damaged lake", n.damagedLake)
	t.Run("inbox copy gone", n.inboxCopyGone)
	t.Run("snapshot unreadable", n.snapshotUnreadable)
}

func twoNights(t *testing.T) *nights {
	t.Helper()
	n := &nights{second: table(t, goodRow(2003), badRow(2004, cellValue, "five"))}
	n.dir = newHome(t, map[string][]byte{"unodc/a.csv": table(t, goodRow(2001), badRow(2002, cellSex, "Q"))})
	run(t, n.dir, pipeline.Options{Now: clock(1)})
	home := n.copied(t, t.TempDir())
	n.nextNight(t, home)
	n.want = parquetFiles(t, home)
	return n
}

// copied is a copy of the home after the first night.
func (n *nights) copied(t *testing.T, dir string) string {
	t.Helper()
	home := filepath.Join(dir, "home")
	check(t, os.CopyFS(home, os.DirFS(n.dir)))
	return home
}

func (n *nights) nextNight(t *testing.T, home string) *pipeline.Summary {
	t.Helper()
	drop(t, home, "unodc/b.csv", n.second)
	return run(t, home, pipeline.Options{Now: clock(2)})
}

// mended runs the home, which nothing hinders any longer, and compares it with an undisturbed one.
func (n *nights) mended(t *testing.T, home string) {
	t.Helper()
	run(t, home, pipeline.Options{Now: clock(2)})
	if d := cmp.Diff(n.want, parquetFiles(t, home)); d != "" {
		t.Errorf("after mending, bytes differ (-undisturbed +this):\n%s", d)
	}
	whole(t, home)
	if left, err := os.ReadDir(filepath.Join(home, "state", "tmp")); err != nil || len(left) > 0 {
		t.Errorf("temporary files left: %v %v", left, err)
	}
	if dirs, err := os.ReadDir(filepath.Join(home, "steward")); err != nil || len(dirs) != len(mustRuns(t, home)) {
		t.Errorf("%d folders for stewards, %d snapshots (%v)", len(dirs), len(mustRuns(t, home)), err)
	}
}

func mustRuns(t *testing.T, home string) []os.DirEntry {
	t.Helper()
	dirs, err := os.ReadDir(filepath.Join(home, "snapshots"))
	check(t, err)
	return dirs
}

// whole says that the current snapshot is, and returns its folder.
func whole(t *testing.T, home string) string {
	t.Helper()
	dir, _, err := load.Current(home)
	if err == nil {
		err = load.Verify(dir)
	}
	if err != nil {
		t.Errorf("current snapshot: %v", err)
	}
	return dir
}

// wantEnvironment says that the run failed for that reason.
func wantEnvironment(t *testing.T, err error, code diag.Code) {
	t.Helper()
	var env *pipeline.EnvironmentError
	if !errors.As(err, &env) || env.Code != code {
		t.Errorf("error %v, want one of the environment with %s", err, code)
	}
}

// mount mounts something on dir until the test ends, or reports that this is not allowed here.
func mount(t *testing.T, source, dir, kind string, flags uintptr, data string) bool {
	t.Helper()
	if err := syscall.Mount(source, dir, kind, flags, data); err != nil {
		t.Logf("nothing may be mounted here: %v", err)
		return false
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil && !errors.Is(err, syscall.EINVAL) {
			t.Error(err)
		}
	})
	return true
}

// fullDisk: whatever is left of the disk, a run that finds it full says so and leaves last
// night's snapshot.
func (n *nights) fullDisk(t *testing.T) {
	disk := t.TempDir()
	if !mount(t, "tmpfs", disk, "tmpfs", 0, "size=96m") {
		return
	}
	home := n.copied(t, disk)
	was := whole(t, home)
	drop(t, home, "unodc/b.csv", n.second)
	filler := filepath.Join(disk, "filler")
	for _, left := range []int64{0, 8 << 10, 128 << 10, 512 << 10, 2 << 20} {
		fillDisk(t, filler, left)
		_, err := tryRun(home, pipeline.Options{Now: clock(2)})
		if err == nil {
			t.Fatalf("a run with %d bytes left did not fail", left)
		}
		wantEnvironment(t, err, diag.HomeDiskFull)
		if now := whole(t, home); now != was {
			t.Fatalf("with %d bytes left, current went from %s to %s", left, was, now)
		}
	}
	check(t, os.Remove(filler))
	n.mended(t, home)
}

// fillDisk makes the file as long as it can be with so many bytes left on its disk.
func fillDisk(t *testing.T, file string, left int64) {
	t.Helper()
	if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var st syscall.Statfs_t
	check(t, syscall.Statfs(filepath.Dir(file), &st))
	check(t, os.WriteFile(file, make([]byte, int64(st.Bavail)*st.Bsize-left), 0o600))
}

// roleRun is the role of a process that runs a home, so that it can have limits of its own.
const roleRun = "run a home"

type runAnswer struct {
	Code diag.Code // of the EnvironmentError; empty where the run ended well
}

func runRole(_ context.Context, home string) (runAnswer, error) {
	_, err := tryRun(home, pipeline.Options{Now: clock(2)})
	var env *pipeline.EnvironmentError
	if errors.As(err, &env) {
		return runAnswer{env.Code}, nil
	}
	return runAnswer{}, err
}

// fileSizeLimit: a process that may write no long file is as one on a full disk.
func (n *nights) fileSizeLimit(t *testing.T) {
	home := n.copied(t, t.TempDir())
	was := whole(t, home)
	drop(t, home, "unodc/b.csv", n.second)
	for _, limit := range []int64{1 << 10, 16 << 10, 512 << 10} {
		var got runAnswer
		check(t, sandbox.Run(context.Background(), roleRun, home, &got, sandbox.Options{FileBytes: limit,
			Env: []string{"PALERMO_KEY_FILE=" + os.Getenv("PALERMO_KEY_FILE")}}))
		if got.Code != diag.HomeDiskFull {
			t.Errorf("files of %d bytes: code %q, want %s", limit, got.Code, diag.HomeDiskFull)
		}
		if now := whole(t, home); now != was {
			t.Fatalf("files of %d bytes: current went from %s to %s", limit, was, now)
		}
	}
	n.mended(t, home)
}

// readOnlyHome: nothing can be written, and what was published can be read.
func (n *nights) readOnlyHome(t *testing.T) {
	home := n.copied(t, t.TempDir())
	was := whole(t, home)
	drop(t, home, "unodc/b.csv", n.second)
	if !mount(t, home, home, "", syscall.MS_BIND, "") {
		return
	}
	check(t, syscall.Mount("", home, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	_, err := tryRun(home, pipeline.Options{})
	wantEnvironment(t, err, diag.HomeReadOnly)
	if now := whole(t, home); now != was {
		t.Errorf("current went from %s to %s", was, now)
	}
	check(t, syscall.Unmount(home, 0))
	n.mended(t, home)
}

// key: a home that has published never gets another key.
func (n *nights) key(t *testing.T) {
	home := n.copied(t, t.TempDir())
	file := filepath.Join(home, "vault", "key")
	write(t, file, []byte(testKey))
	t.Setenv("PALERMO_KEY_FILE", "")
	was := whole(t, home)
	drop(t, home, "unodc/b.csv", n.second)
	for name, b := range map[string][]byte{"gone": nil, "garbage": []byte("this is no key"), "empty": {}, "short": []byte(testKey[:62]), "binary": {0, 1, 2}} {
		t.Run(name, func(t *testing.T) {
			check(t, os.Remove(file))
			if b != nil {
				write(t, file, b)
			}
			_, err := tryRun(home, pipeline.Options{})
			wantEnvironment(t, err, diag.HomeKeyMissing)
			if now := whole(t, home); now != was {
				t.Errorf("current went from %s to %s", was, now)
			}
			got, err := os.ReadFile(file)
			if b == nil && !os.IsNotExist(err) || b != nil && !slices.Equal(got, b) {
				t.Errorf("the key file was written: %v", err)
			}
			write(t, file, []byte(testKey))
		})
	}
	n.mended(t, home)
}

// duringRun calls its function once, in the middle of a run.
type duringRun struct{ call func() }

func (d *duringRun) Start(string, int) {
	if d.call != nil {
		call := d.call
		d.call = nil
		call()
	}
}

func (d *duringRun) Done(string) {}

// locked: a second run says who is at work, and does nothing.
func (n *nights) locked(t *testing.T) {
	home := n.copied(t, t.TempDir())
	var second error
	drop(t, home, "unodc/b.csv", n.second)
	run(t, home, pipeline.Options{Now: clock(2), Progress: &duringRun{func() {
		_, second = tryRun(home, pipeline.Options{Now: clock(3)})
	}}})
	var locked *pipeline.LockedError
	if !errors.As(second, &locked) || locked.PID != os.Getpid() || !locked.Since.Equal(clock(2)()) {
		t.Errorf("second run: %v, want one that says process %d has been at work since %v", second, os.Getpid(), clock(2)())
	}
	n.mended(t, home)
}

// brokenMappings: what is wrong with a mapping is said with its place, before anything is run.
func (n *nights) brokenMappings(t *testing.T) {
	const broken = "source: {id: mine, title: Mine}\ntables:\n  - vintage: one\n    recognise: {headers: [A, B]}\n    target: statistic\n    columns:\n" +
		"      - {from: A, to: year, parse: year}\n      - {from: B, to: value, parse: count_or_below}\n\n      - {from: C, to: sex_code, codes: sexx}\n"
	for _, c := range []struct {
		name  string
		make  func(t *testing.T, home string)
		where string
		code  diag.Code
	}{
		{"an unknown codes file", func(t *testing.T, home string) {
			write(t, filepath.Join(home, "mappings", "mine", "mapping.yaml"), []byte(broken))
		}, "mine/mapping.yaml:10:40", diag.MappingCodes},
		{"a word that is not of the language", func(t *testing.T, home string) {
			write(t, filepath.Join(home, "mappings", "mine", "mapping.yaml"), []byte(strings.Replace(broken, "to: year", "onto: year", 1)))
		}, "mine/mapping.yaml:7:19", diag.MappingSyntax},
		{"no YAML", func(t *testing.T, home string) {
			write(t, filepath.Join(home, "mappings", "mine", "mapping.yaml"), []byte("source: {id: [\n"))
		}, "mine/mapping.yaml:1", diag.MappingSyntax},
		{"a mapping that cannot be read", func(t *testing.T, home string) {
			check(t, os.MkdirAll(filepath.Join(home, "mappings", "mine", "mapping.yaml"), 0o755))
		}, "mine/mapping.yaml", diag.MappingUnreadable},
		{"a file in place of the folder", func(t *testing.T, home string) {
			write(t, filepath.Join(home, "mappings"), nil)
		}, "mappings", diag.MappingUnreadable},
		{"a folder named in the config that is not there", func(t *testing.T, home string) {
			write(t, filepath.Join(home, "palermo.yaml"), []byte("mappings: elsewhere\n"))
		}, "elsewhere", diag.MappingUnreadable},
		{"a link that leads nowhere", func(t *testing.T, home string) {
			check(t, os.Symlink("nowhere", filepath.Join(home, "mappings")))
		}, "mappings", diag.MappingUnreadable},
		{"a setting that does not exist", func(t *testing.T, home string) {
			write(t, filepath.Join(home, "palermo.yaml"), []byte("threads: 1\nthreds: 2\n"))
		}, "palermo.yaml:2", diag.ConfigSyntax},
	} {
		t.Run(c.name, func(t *testing.T) {
			home := n.copied(t, t.TempDir())
			was := whole(t, home)
			c.make(t, home)
			_, err := tryRun(home, pipeline.Options{})
			var bad *pipeline.ConfigError
			if !errors.As(err, &bad) || len(bad.Diagnostics) == 0 {
				t.Fatalf("error %v, want one of the config", err)
			}
			if d := bad.Diagnostics[0]; d.Code != c.code || !strings.HasSuffix(d.Pos.String(), c.where) {
				t.Errorf("%v, want %s at %s", d, c.code, c.where)
			}
			if now := whole(t, home); now != was {
				t.Errorf("current went from %s to %s", was, now)
			}
		})
	}
}

// tornLedger: a line that a crash cut off is no line, and is not in the way of the next.
func (n *nights) tornLedger(t *testing.T) {
	home := n.copied(t, t.TempDir())
	file := filepath.Join(home, "state", "ledger.jsonl")
	write(t, file, append(read(t, file), `{"submission":{"id":"s0123`...))
	n.nextNight(t, home)
	n.mended(t, home)
	for i, l := range strings.Split(strings.TrimSpace(string(read(t, file))), "\n") {
		if !json.Valid([]byte(l)) {
			t.Errorf("line %d of the ledger is torn", i+1)
		}
	}
}

// ledgerLineIsRebuilt: a run that was killed between its publication and its line in the
// ledger gets the line from its manifest.
func (n *nights) ledgerLineIsRebuilt(t *testing.T) {
	home := n.copied(t, t.TempDir())
	file := filepath.Join(home, "state", "ledger.jsonl")
	before := string(read(t, file))
	lines := strings.SplitAfter(before, "\n")
	write(t, file, []byte(strings.Join(lines[:len(lines)-2], "")))
	n.nextNight(t, home)
	if after := string(read(t, file)); !strings.Contains(after, lines[len(lines)-2]) {
		t.Errorf("the line of the first run is not as it was:\n%s\nin\n%s", lines[len(lines)-2], after)
	}
	if got := query(t, open(t, home), `SELECT count(*), count(DISTINCT run_id) FROM run`); got[0] != "2|2" {
		t.Errorf("runs in the database: %s, want 2", got[0])
	}
	n.mended(t, home)
}

// damagedLake: what of the lake is not whole is made again from the inbox, and said.
func (n *nights) damagedLake(t *testing.T) {
	one := func(t *testing.T, parts ...string) string {
		t.Helper()
		found, err := filepath.Glob(filepath.Join(parts...))
		if err != nil || len(found) != 1 {
			t.Fatalf("%v: %d files, %v", parts, len(found), err)
		}
		return found[0]
	}
	statistic := []string{"lake", "statistic", "*", "0.parquet"}
	for _, c := range []struct {
		name, glob string
		harm       func(b []byte) []byte // nil removes the file
	}{
		{"an entry that is garbage", "lake/entries/*.json", func([]byte) []byte { return []byte("{garbage") }},
		{"an entry that is cut off", "lake/entries/*.json", func(b []byte) []byte { return b[:len(b)/2] }},
		{"an entry that is empty", "lake/entries/*.json", func([]byte) []byte { return nil }},
		{"rows that are cut off", filepath.Join(statistic...), func(b []byte) []byte { return b[:len(b)-100] }},
		{"rows with a flipped bit", filepath.Join(statistic...), func(b []byte) []byte { b[len(b)/3] ^= 4; return b }},
		{"rows that are gone", filepath.Join(statistic...), nil},
		{"a quarantine that is gone", "quarantine/*.parquet", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			home := n.copied(t, t.TempDir())
			file := one(t, home, c.glob)
			if c.harm == nil {
				check(t, os.Remove(file))
			} else {
				write(t, file, c.harm(read(t, file)))
			}
			s := n.nextNight(t, home)
			if len(s.Remade) != 1 || s.Remade[0].Code != diag.LakeEntryUnreadable || s.Remade[0].Pos.File != "unodc/a.csv" {
				t.Errorf("made again: %v, want unodc/a.csv alone", s.Remade)
			}
			if s.Made != 2 || s.Reused != 0 {
				t.Errorf("%d made, %d reused, want 2 and 0", s.Made, s.Reused)
			}
			n.mended(t, home)
			if q, err := filepath.Glob(filepath.Join(home, "quarantine", "*.parquet")); err != nil || len(q) != 2 {
				t.Errorf("%d files in quarantine, want 2 (%v)", len(q), err)
			}
		})
	}
}

// inboxCopyGone: without the received copy nothing can be made again; with it back, in
// whatever way, all is as it was.
func (n *nights) inboxCopyGone(t *testing.T) {
	for _, c := range []struct {
		name string
		harm func(t *testing.T, copied string)
		back func(t *testing.T, home, copied string, b []byte)
	}{
		{"gone, restored", func(t *testing.T, f string) { check(t, os.Remove(f)) },
			func(t *testing.T, _, f string, b []byte) { write(t, f, b) }},
		{"gone, sent again", func(t *testing.T, f string) { check(t, os.Remove(f)) },
			func(t *testing.T, home, _ string, b []byte) { drop(t, home, "unodc/again.csv", b) }},
		{"altered, restored", func(t *testing.T, f string) { write(t, f, []byte("another text")) },
			func(t *testing.T, _, f string, b []byte) { write(t, f, b) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			home := n.copied(t, t.TempDir())
			inbox, err := os.ReadDir(filepath.Join(home, "inbox"))
			check(t, err)
			copied := filepath.Join(home, "inbox", inbox[0].Name())
			b := read(t, copied)
			c.harm(t, copied)
			old := whole(t, home)
			drop(t, home, "unodc/b.csv", n.second)
			_, err = tryRun(home, pipeline.Options{Now: clock(2), Full: true})
			var gate *pipeline.GateError
			if !errors.As(err, &gate) || gate.Results[0].Check != "unexplained_loss" {
				t.Errorf("a run without the received file: %v, want one that unexplained_loss refuses", err)
			}
			if now := whole(t, home); now != old {
				t.Errorf("refused, and current went from %s to %s", old, now)
			}
			run(t, home, pipeline.Options{Now: clock(2), Full: true, Accept: []string{"unexplained_loss", "source_rows:unodc_glotip"}})
			db := open(t, home)
			if got := query(t, db, `SELECT code, row, severity FROM diagnostic WHERE code = 'file.withdrawn'`); !slices.Equal(got, []string{"file.withdrawn||error"}) {
				t.Errorf("findings: %v", got)
			}
			if got := query(t, db, `SELECT status_code FROM submission ORDER BY receipt_no`); !slices.Equal(got, []string{"refused", "accepted_in_part"}) {
				t.Errorf("statuses: %v", got)
			}
			if err := load.Verify(old); err != nil {
				t.Errorf("the old snapshot: %v", err)
			}
			c.back(t, home, copied, b)
			n.mended(t, home)
		})
	}
}

// snapshotUnreadable: a current snapshot that is gone or torn is published anew.
func (n *nights) snapshotUnreadable(t *testing.T) {
	for _, c := range []struct {
		name string
		harm func(t *testing.T, dir string)
	}{
		{"gone", func(t *testing.T, dir string) { check(t, os.RemoveAll(dir)) }},
		{"without its manifest", func(t *testing.T, dir string) { check(t, os.Remove(filepath.Join(dir, "manifest.json"))) }},
		{"with a torn manifest", func(t *testing.T, dir string) { check(t, os.Truncate(filepath.Join(dir, "manifest.json"), 40)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			home := n.copied(t, t.TempDir())
			c.harm(t, whole(t, home))
			if s := run(t, home, pipeline.Options{Now: clock(2)}); s.Status != pipeline.RunPublished || s.Made != 0 {
				t.Errorf("run: %s, %d made", s.Status, s.Made)
			}
			whole(t, home)
			drop(t, home, "unodc/b.csv", n.second)
			n.mended(t, home)
		})
	}
}
