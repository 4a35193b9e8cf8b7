package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// home makes the folders and the files in drop, by path.
func home(t *testing.T, files map[string]string) Dirs {
	t.Helper()
	h := t.TempDir()
	d := Dirs{Drop: filepath.Join(h, "drop"), Inbox: filepath.Join(h, "inbox"), Tmp: filepath.Join(h, "tmp")}
	for _, dir := range []string{d.Drop, d.Inbox, d.Tmp} {
		must(t, os.Mkdir(dir, 0o700))
	}
	for name, text := range files {
		put(t, filepath.Join(d.Drop, name), text)
	}
	return d
}

func put(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o700))
	must(t, os.WriteFile(path, []byte(text), 0o600))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// run claims and prints what was claimed and what was found.
func run(t *testing.T, d Dirs, l Limits, copying func(string)) (claimed []Claimed, names, found []string) {
	t.Helper()
	claimed, ds, err := claim(context.Background(), d, l, copying)
	must(t, err)
	for _, c := range claimed {
		names = append(names, c.Agency+": "+c.Name)
	}
	for _, f := range ds {
		found = append(found, string(f.Code)+" "+f.Pos.File)
	}
	noneLeft(t, d.Tmp)
	return claimed, names, found
}

func noneLeft(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("%d files are left in tmp, %v", len(left), err)
	}
}

func TestClaim(t *testing.T) {
	d := home(t, map[string]string{
		"iom/cases.xlsx": "one", "iom/2024/march/late.csv": "two", "police/cases.xlsx": "one", "police/a b.csv": "",
		"stray.csv": "x", ".hidden/x.csv": "x", "iom/.x": "x", "iom/~$cases.xlsx": "x", "iom/up.csv.part": "x",
		"iom/Thumbs.db": "x", "iom/x.TMP": "x", "iom/.DS_Store": "x", "iom/y.crdownload": "x",
	})
	claimed, _, found := run(t, d, Limits{}, nil)
	if diff := cmp.Diff([]string{"file.no_agency stray.csv"}, found); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
	want := map[string]string{"iom/cases.xlsx": "one", "iom/2024/march/late.csv": "two", "police/cases.xlsx": "one", "police/a b.csv": ""}
	last := ""
	for _, c := range claimed {
		text := want[c.Agency+"/"+c.Name]
		b, err := os.ReadFile(c.Path)
		must(t, err)
		if string(b) != text || c.SHA256 != hashOf(text) || filepath.Base(c.Path) != c.SHA256 || c.Bytes != int64(len(text)) || c.ModTime.IsZero() {
			t.Errorf("claimed %+v, want text %q", c, text)
		}
		if info, err := os.Stat(c.Path); err != nil || info.Mode() != 0o600 {
			t.Errorf("mode of the inbox copy: %v, %v", info.Mode(), err)
		}
		if _, err := os.Stat(c.Drop); err != nil {
			t.Errorf("claiming took the file away: %v", err)
		}
		if key := c.SHA256 + c.Agency + c.Name; key < last {
			t.Errorf("%s: out of order", c.Name)
		} else {
			last = key
		}
		delete(want, c.Agency+"/"+c.Name)
	}
	if len(want) > 0 {
		t.Errorf("not claimed: %v", want)
	}
	again, _, _ := run(t, d, Limits{}, nil)
	if diff := cmp.Diff(claimed, again, cmp.AllowUnexported(Claimed{}, identity{})); diff != "" {
		t.Errorf("claimed again (-want +got):\n%s", diff)
	}
}

func TestNoDropFolder(t *testing.T) {
	got, ds, err := Claim(context.Background(), Dirs{Drop: filepath.Join(t.TempDir(), "none")}, Limits{})
	if len(got)+len(ds) > 0 || err != nil {
		t.Errorf("Claim = %v, %v, %v, want nothing", got, ds, err)
	}
}

func TestUnsafe(t *testing.T) {
	d := home(t, map[string]string{"iom/good.csv": "good", "iom/linked.csv": "twice", "police/secret.csv": "secret"})
	outside := filepath.Join(t.TempDir(), "outside.csv")
	put(t, outside, "outside")
	must(t, os.Symlink(outside, filepath.Join(d.Drop, "iom/out.csv")))
	must(t, os.Symlink("../police/secret.csv", filepath.Join(d.Drop, "iom/in.csv")))
	must(t, os.Symlink("../police", filepath.Join(d.Drop, "iom/folder")))
	must(t, os.Symlink("police", filepath.Join(d.Drop, "other")))
	must(t, os.Link(filepath.Join(d.Drop, "iom/linked.csv"), filepath.Join(d.Drop, "iom/second.csv")))
	must(t, syscall.Mkfifo(filepath.Join(d.Drop, "iom/pipe.csv"), 0o600))
	_, names, found := run(t, d, Limits{}, nil)
	if diff := cmp.Diff(2, len(names)); diff != "" {
		t.Errorf("claimed %v", names)
	}
	want := []string{"file.unsafe iom/folder", "file.unsafe iom/in.csv", "file.unsafe iom/linked.csv", "file.unsafe iom/out.csv",
		"file.unsafe iom/pipe.csv", "file.unsafe iom/second.csv", "file.unsafe other"}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
}

func TestTooLarge(t *testing.T) {
	d := home(t, map[string]string{"a/big.csv": "12345", "a/fits.csv": "1234"})
	_, names, found := run(t, d, Limits{MaxBytes: 4}, nil)
	if diff := cmp.Diff([]string{"a: fits.csv", "file.too_large a/big.csv"}, append(names, found...)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestChanging: a file that is written to while it is copied stays for the next run.
func TestChanging(t *testing.T) {
	for name, change := range map[string]func(string) error{
		"grows": func(p string) error {
			f, err := os.OpenFile(p, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteString("more")
			return errors.Join(err, f.Close())
		},
		"shrinks":    func(p string) error { return os.Truncate(p, 1) },
		"is changed": func(p string) error { return os.WriteFile(p, []byte("twoo"), 0o600) },
		"is linked":  func(p string) error { return os.Link(p, filepath.Join(filepath.Dir(p), ".second")) },
	} {
		d := home(t, map[string]string{"a/x.csv": "text", "a/y.csv": "other"})
		_, names, found := run(t, d, Limits{}, func(file string) {
			if file == "a/x.csv" {
				must(t, change(filepath.Join(d.Drop, file)))
			}
		})
		if diff := cmp.Diff([]string{"a: y.csv", "file.changing a/x.csv"}, append(names, found...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestVanishes(t *testing.T) {
	d := home(t, map[string]string{"a/x.csv": "text"})
	claimed, _, _ := run(t, d, Limits{}, func(string) { must(t, os.Remove(filepath.Join(d.Drop, "a/x.csv"))) })
	for _, c := range claimed {
		must(t, Release(c))
	}
}

func TestRelease(t *testing.T) {
	d := home(t, map[string]string{"a/x.csv": "text", "a/y.csv": "other", "a/z.csv": "third"})
	claimed, _, _ := run(t, d, Limits{}, nil)
	must(t, os.WriteFile(filepath.Join(d.Drop, "a/y.csv"), []byte("newer"), 0o600))
	must(t, os.Remove(filepath.Join(d.Drop, "a/z.csv")))
	put(t, filepath.Join(d.Drop, "a/z.csv"), "third") // the same text, but another file
	for _, c := range claimed {
		must(t, Release(c))
		must(t, Release(c)) // twice is as once
	}
	var left []string
	must(t, fs.WalkDir(os.DirFS(d.Drop), ".", func(p string, e fs.DirEntry, err error) error {
		if !e.IsDir() {
			left = append(left, p)
		}
		return err
	}))
	if diff := cmp.Diff([]string{"a/y.csv", "a/z.csv"}, left); diff != "" {
		t.Errorf("left in drop (-want +got):\n%s", diff)
	}
	if inbox, _ := os.ReadDir(d.Inbox); len(inbox) != 3 {
		t.Errorf("%d files in the inbox, want 3", len(inbox))
	}
}

// TestReleaseThroughLink: a folder that became a link since the claim is no reason to end a run, and nothing is
// removed through it.
func TestReleaseThroughLink(t *testing.T) {
	d := home(t, map[string]string{"a/sub/x.csv": "text"})
	claimed, _, _ := run(t, d, Limits{}, nil)
	sub, around := filepath.Join(d.Drop, "a", "sub"), t.TempDir()
	must(t, os.Rename(sub, filepath.Join(around, "sub")))
	for _, target := range []string{filepath.Join(around, "sub"), sub, "/nowhere"} {
		must(t, os.Symlink(target, sub))
		must(t, Release(claimed[0]))
		must(t, os.Remove(sub))
	}
	must(t, os.WriteFile(sub, nil, 0o600)) // and one that became a file
	must(t, Release(claimed[0]))
	if _, err := os.Stat(filepath.Join(around, "sub", "x.csv")); err != nil {
		t.Errorf("removed through a link: %v", err)
	}
}

// TestBrokenInboxCopy: what lies in the inbox under the right name, but is cut off, is replaced.
func TestBrokenInboxCopy(t *testing.T) {
	d := home(t, map[string]string{"a/x.csv": "text"})
	put(t, filepath.Join(d.Inbox, hashOf("text")), "te")
	claimed, _, _ := run(t, d, Limits{}, nil)
	if b, err := os.ReadFile(claimed[0].Path); err != nil || string(b) != "text" {
		t.Errorf("inbox copy %q, %v, want it mended", b, err)
	}
}

func TestCancelled(t *testing.T) {
	d := home(t, map[string]string{"a/x.csv": "text", "a/y.csv": "other"})
	ctx, cancel := context.WithCancel(context.Background())
	_, _, err := claim(ctx, d, Limits{}, func(string) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want context canceled", err)
	}
	noneLeft(t, d.Tmp)
}

func TestDeepFolders(t *testing.T) {
	d := home(t, map[string]string{"a" + strings.Repeat("/b", 31) + "/in.csv": "in", "b" + strings.Repeat("/b", 60) + "/out.csv": "out"})
	_, names, found := run(t, d, Limits{}, nil)
	if len(names) != 1 || len(found) != 1 || !strings.HasPrefix(found[0], "file.unsafe b/") {
		t.Errorf("claimed %v, found %v, want the first only", names, found)
	}
}

// TestHomeTrouble: what is wrong with our own folders ends the run and leaves the drop folder as
// it is.
func TestHomeTrouble(t *testing.T) {
	d := home(t, map[string]string{"a/x.csv": "text"})
	d.Tmp = filepath.Join(d.Tmp, "gone")
	if _, _, err := Claim(context.Background(), d, Limits{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no tmp: %v, want no such file", err)
	}
	d = home(t, map[string]string{"a/x.csv": "text"})
	d.Inbox = filepath.Join(d.Inbox, "gone")
	if _, _, err := Claim(context.Background(), d, Limits{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no inbox: %v, want no such file", err)
	}
	noneLeft(t, d.Tmp)
	if _, err := os.Stat(filepath.Join(d.Drop, "a/x.csv")); err != nil {
		t.Error(err)
	}
}

// TestDiskFull writes through a file system too small for the copy, or, where none can be
// mounted, through the device that is always full.
func TestDiskFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatalf("%s has no /dev/full: %v", runtime.GOOS, err)
	}
	c := copier{h: sha256.New(), dst: full}
	w := &walk{ctx: context.Background()}
	src, err := os.Open(os.Args[0])
	must(t, err)
	defer src.Close()
	err = c.run(w, src, 1<<20)
	var own *homeError
	if !errors.Is(err, syscall.ENOSPC) || !errors.As(err, &own) {
		t.Errorf("error = %v, want ENOSPC of our own", err)
	}
	if again := w.trouble("a/x.csv", err); !errors.Is(again, syscall.ENOSPC) || len(w.found) > 0 {
		t.Errorf("a full disk is taken for one file's trouble: %v", again)
	}
	must(t, full.Close())
}

// TestUnreadable: a file that cannot be opened is reported, and the others are taken.
func TestUnreadable(t *testing.T) {
	w := &walk{ctx: context.Background()}
	err := &fs.PathError{Op: "openat", Path: "a/x.csv", Err: syscall.EACCES}
	if got := w.trouble("a/x.csv", err); got != nil || len(w.found) != 1 || w.found[0].Code != "file.unreadable" {
		t.Errorf("trouble = %v, found %v", got, w.found)
	}
	if got := w.trouble("a/y.csv", fs.ErrNotExist); got != nil || len(w.found) != 1 {
		t.Errorf("a file that was taken away: %v, found %v", got, w.found)
	}
}
