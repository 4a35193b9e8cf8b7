package intake

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// left is what lies in the drop folder, by path.
func left(t *testing.T, d Dirs) []string {
	t.Helper()
	out := []string{}
	must(t, fs.WalkDir(os.DirFS(d.Drop), ".", func(p string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			out = append(out, p)
		}
		return err
	}))
	return out
}

// TestNames: whatever a file is called, it is taken and removed, under a name that can be shown.
func TestNames(t *testing.T) {
	long := strings.Repeat("é", 125) + ".xlsx" // 255 bytes, all that a folder takes
	names := map[string]string{
		"a/" + long:                       long,
		"a/\xff\xfe.csv":                  "\ufffd.csv",
		"a/red\x1b[31m.csv":               "red\ufffd[31m.csv",
		"a/line\nbreak.csv":               "line\ufffdbreak.csv",
		"a/turned\u202ecod.csv":           "turned\ufffdcod.csv",
		"a/Cases.csv":                     "Cases.csv",
		"a/cases.csv":                     "cases.csv",
		"a/CASES.CSV":                     "CASES.CSV",
		"a/ .csv":                         " .csv",
		"a/-rf":                           "-rf",
		"a/..csv":                         "",
		"a/Sub/Sub/x\xe9.csv":             "Sub/Sub/x\ufffd.csv",
		"a/.palermo-aside-0011":           ".palermo-aside-0011", // left by a run that died
		"a/x.csv.ready but no marker.csv": "x.csv.ready but no marker.csv",
		"a/" + strings.Repeat("d/", 20) + "deep.csv": strings.Repeat("d/", 20) + "deep.csv",
	}
	files, want := map[string]string{}, map[string]bool{}
	for raw, shown := range names {
		files[raw] = raw
		if shown != "" {
			want[shown] = true
		}
	}
	d := home(t, files)
	claimed, _, found := run(t, d, Limits{}, nil)
	got := map[string]bool{}
	for _, c := range claimed {
		got[c.Name] = true
		if !utf8.ValidString(c.Name) {
			t.Errorf("name %q", c.Name)
		}
		must(t, Release(c))
	}
	if diff := cmp.Diff(want, got); diff != "" || len(found) > 0 || len(claimed) != len(want) {
		t.Errorf("%d claimed, found %v (-want +got):\n%s", len(claimed), found, diff)
	}
	if diff := cmp.Diff([]string{"a/..csv"}, left(t, d)); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}

// TestAgencyNames: agencies whose folders differ only in case are two; a folder whose name cannot be
// shown is none.
func TestAgencyNames(t *testing.T) {
	d := home(t, map[string]string{"IOM/x.csv": "1", "iom/x.csv": "2", "bad\xff/x.csv": "3", "bad\n/x.csv": "4"})
	_, names, found := run(t, d, Limits{}, nil)
	slices := append(names, found...)
	if diff := cmp.Diff([]string{"IOM: x.csv", "iom: x.csv", "file.no_agency bad\ufffd", "file.no_agency bad\ufffd"}, sorted(slices[:2], slices[2:])); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func sorted(names, found []string) []string {
	if len(names) == 2 && names[0] > names[1] {
		names[0], names[1] = names[1], names[0]
	}
	return append(append([]string{}, names...), found...)
}

// TestMarkers: a marker goes with its file, and is never taken for one; what only looks like a marker
// is a file.
func TestMarkers(t *testing.T) {
	d := home(t, map[string]string{"a/x.csv": "x", "a/x.csv.ready": "", "a/y.csv": "y", "a/y.csv.ready": "ok\n", "a/early.csv.ready": "",
		"a/alone.ready": "text", "a/z.csv": "z", "a/z.csv.ready": strings.Repeat("long", 1000)})
	var ready []string
	all, _, err := List(context.Background(), d.Drop)
	must(t, err)
	for _, l := range all {
		if l.Ready {
			ready = append(ready, l.Path)
		}
	}
	if diff := cmp.Diff([]string{"a/x.csv", "a/y.csv", "a/z.csv"}, ready); diff != "" {
		t.Errorf("ready (-want +got):\n%s", diff)
	}
	claimed, _, found := run(t, d, Limits{}, nil)
	if len(claimed) != 5 || len(found) > 0 {
		t.Errorf("%d claimed, found %v", len(claimed), found)
	}
	for _, c := range claimed {
		must(t, Release(c))
	}
	if diff := cmp.Diff([]string{"a/early.csv.ready"}, left(t, d)); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}

// TestWants: only the files that are wanted are taken; the others are not reported.
func TestWants(t *testing.T) {
	d := home(t, map[string]string{"a/x.csv": "x", "a/y.csv": "y"})
	all, _, err := List(context.Background(), d.Drop)
	must(t, err)
	wanted := all[1]
	_, names, found := run(t, d, Limits{Wants: func(path string, m Mark) bool { return path == wanted.Path && m == wanted.Mark }}, nil)
	if len(names) != 1 || names[0] != "a: y.csv" || len(found) > 0 {
		t.Errorf("claimed %v, found %v", names, found)
	}
	must(t, os.WriteFile(filepath.Join(d.Drop, "a/y.csv"), []byte("changed"), 0o600))
	if _, names, _ := run(t, d, Limits{Wants: func(path string, m Mark) bool { return m == wanted.Mark }}, nil); len(names) > 0 {
		t.Errorf("claimed %v, which changed", names)
	}
}

// TestReleaseRaces: whatever takes the file's place while it is removed stays, under its name or one
// like it.
func TestReleaseRaces(t *testing.T) {
	replace := func(path string) {
		must(t, os.WriteFile(path+".new", []byte("newer"), 0o600))
		must(t, os.Rename(path+".new", path))
	}
	for _, c := range []struct {
		name, at string
		change   func(path string)
		want     []string
		text     string // of the file that stays
	}{
		{"replaced after it was looked at", "looked at", replace, []string{"a/x.csv"}, "newer"},
		{"changed after it was looked at", "looked at", func(p string) { must(t, os.WriteFile(p, []byte("newer"), 0o600)) }, []string{"a/x.csv"}, "newer"},
		{"a new one comes when it is aside", "put aside", func(p string) { must(t, os.WriteFile(p, []byte("newer"), 0o600)) }, []string{"a/x.csv"}, "newer"},
		{"taken away", "looked at", func(p string) { must(t, os.Remove(p)) }, []string{}, ""},
		{"replaced twice", "put aside", func(p string) {
			aside, _ := filepath.Glob(filepath.Join(filepath.Dir(p), asidePrefix+"*"))
			must(t, os.WriteFile(aside[0], []byte("other"), 0o600))
			must(t, os.WriteFile(p, []byte("newer"), 0o600))
		}, []string{"a/x (2).csv", "a/x.csv"}, "newer"},
		{"nothing happens", "", nil, []string{}, ""},
	} {
		d := home(t, map[string]string{"a/x.csv": "text"})
		claimed, _, _ := run(t, d, Limits{}, nil)
		must(t, release(claimed[0], func(step string) {
			if step == c.at {
				c.change(filepath.Join(d.Drop, "a/x.csv"))
			}
		}))
		got := left(t, d)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: left (-want +got):\n%s", c.name, diff)
			continue
		}
		if len(got) > 0 {
			if b, _ := os.ReadFile(filepath.Join(d.Drop, "a/x.csv")); string(b) != c.text {
				t.Errorf("%s: it holds %q", c.name, b)
			}
		}
	}
}

// TestOpenToWrite: a file that a program has open to write to is left, when it is claimed and when it
// is removed.
func TestOpenToWrite(t *testing.T) {
	d := home(t, map[string]string{"a/x.csv": "text", "a/y.csv": "other"})
	f, err := os.OpenFile(filepath.Join(d.Drop, "a/x.csv"), os.O_WRONLY, 0)
	must(t, err)
	defer f.Close()
	if r, err := os.Open(f.Name()); err != nil || !isWritten(r) {
		t.Skipf("this system does not say who writes (%v)", err)
	}
	claimed, names, found := run(t, d, Limits{}, nil)
	if diff := cmp.Diff([]string{"a: y.csv", "file.changing a/x.csv"}, append(names, found...)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	w, err := os.OpenFile(filepath.Join(d.Drop, "a/y.csv"), os.O_RDWR, 0)
	must(t, err)
	must(t, Release(claimed[0]))
	if got := left(t, d); len(got) != 2 {
		t.Errorf("left %v", got)
	}
	must(t, w.Close())
	claimed, _, _ = run(t, d, Limits{}, nil)
	must(t, Release(claimed[0]))
	if diff := cmp.Diff([]string{"a/x.csv"}, left(t, d)); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}

// TestMany: many files in many folders are all taken, and removed.
func TestMany(t *testing.T) {
	files := map[string]string{}
	for i := range 800 {
		files[fmt.Sprintf("agency %d/%d/file %d.csv", i%7, i%50, i)] = fmt.Sprint(i % 700)
	}
	d := home(t, files)
	claimed, _, found := run(t, d, Limits{}, nil)
	if len(claimed) != 800 || len(found) > 0 {
		t.Fatalf("%d claimed, %d found", len(claimed), len(found))
	}
	for _, c := range claimed {
		must(t, Release(c))
	}
	if got := left(t, d); len(got) > 0 {
		t.Errorf("%d left", len(got))
	}
	if inbox, _ := os.ReadDir(d.Inbox); len(inbox) != 700 {
		t.Errorf("%d files in the inbox, want one for each content", len(inbox))
	}
}
