package testlong

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"palermo/extract/intake"
)

// racerDir names the folder in which this program, executed again, plays against the intake, and
// racerMoves says how long.
const (
	racerDir   = "PALERMO_LONG_RACER"
	racerMoves = "PALERMO_LONG_RACER_MOVES"
)

// outside is what no claimed file may hold: the text of a file beyond the drop folder.
const outside = "this stands in a file outside of the drop folder\n"

// version is the n-th content of a file: lines that all name n, and a last one that says how many
// there were. Anything else that is read is no state in which its writer left it.
func version(n int) []byte {
	var b bytes.Buffer
	lines := 50 + n*37%2000
	for range lines {
		fmt.Fprintf(&b, "version %08d of the file, a line like all the others\n", n)
	}
	fmt.Fprintf(&b, "end %08d %d\n", n, lines)
	return b.Bytes()
}

// isVersion reports whether the text is the whole of a version.
func isVersion(b []byte) bool {
	if len(b) < 16 || !bytes.HasPrefix(b, []byte("version ")) {
		return false
	}
	n, err := strconv.Atoi(string(b[8:16]))
	return err == nil && bytes.Equal(b, version(n))
}

// racer swaps, links, grows and truncates the files of an agency, as fast as it can.
type racer struct {
	rng   *rand.Rand
	dir   string // the agency's folder
	away  string // a folder outside of the drop folder, with a file "secret"
	n     int
	made  []string // digests of the files that nobody touched again
	moves map[string]int
}

// race makes its moves, and then leaves every name with a whole version; it prints the digests of what
// must have been received, and the count of its moves.
func race(root string) error {
	r := &racer{rng: rand.New(rand.NewPCG(7, 7)), dir: filepath.Join(root, "drop", "racer"), away: filepath.Join(root, "away"), moves: map[string]int{}}
	n, err := strconv.Atoi(os.Getenv(racerMoves))
	if err != nil {
		return err
	}
	for range n {
		r.move()
	}
	return r.end()
}

func (r *racer) name() string { return filepath.Join(r.dir, fmt.Sprintf("file %d.csv", r.rng.IntN(4))) }

func (r *racer) next() []byte { r.n++; return version(r.n) }

// moves is what a racer does, by name.
var moves = []struct {
	name string
	do   func(r *racer, path string) error
}{
	{"link to a file outside", func(r *racer, p string) error {
		return swap(p, func(to string) error { return os.Symlink(filepath.Join(r.away, "secret"), to) })
	}},
	{"hard link to a file outside", func(r *racer, p string) error {
		return swap(p, func(to string) error { return os.Link(filepath.Join(r.away, "secret"), to) })
	}},
	{"named pipe", func(_ *racer, p string) error {
		return swap(p, func(to string) error { return syscall.Mkfifo(to, 0o600) })
	}},
	{"rename of another", func(r *racer, p string) error { return os.Rename(r.name(), p) }},
	{"replaced by rename", func(r *racer, p string) error {
		return swap(p, func(to string) error { return os.WriteFile(to, r.next(), 0o600) })
	}},
	{"written over", func(r *racer, p string) error {
		return r.write(p, os.O_WRONLY|os.O_CREATE|syscall.O_NOFOLLOW|os.O_TRUNC)
	}},
	{"grows", func(r *racer, p string) error {
		return r.write(p, os.O_WRONLY|os.O_CREATE|syscall.O_NOFOLLOW|os.O_EXCL)
	}},
	{"truncated and written", func(r *racer, p string) error { return r.truncate(p) }},
	{"folder becomes a link", func(r *racer, _ string) error { return r.folder() }},
	{"one more file", func(r *racer, _ string) error { return r.more() }},
	{"removed", func(_ *racer, p string) error { return os.Remove(p) }},
}

func (r *racer) move() {
	m := moves[r.rng.IntN(len(moves))]
	r.moves[m.name]++
	_ = m.do(r, r.name()) // often there is no such file at the moment
}

// swap makes something new and gives it the name at once.
func swap(path string, create func(string) error) error {
	aside := filepath.Join(filepath.Dir(path), ".new")
	_ = os.Remove(aside)
	if err := create(aside); err != nil {
		return err
	}
	return os.Rename(aside, path)
}

// write writes a version in pieces. What it writes to is not one of several names of a file.
func (r *racer) write(path string, flags int) error {
	if flags&os.O_EXCL == 0 {
		if fi, err := os.Lstat(path); err == nil && (!fi.Mode().IsRegular() || fi.Sys().(*syscall.Stat_t).Nlink > 1) {
			return nil
		}
	}
	f, err := os.OpenFile(path, flags|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	for b := r.next(); len(b) > 0; {
		k := min(len(b), 1+r.rng.IntN(20_000))
		if _, err := f.Write(b[:k]); err != nil {
			return err
		}
		b = b[k:]
	}
	return nil
}

// truncate cuts a file off while it holds it open, and writes it again.
func (r *racer) truncate(path string) error {
	fi, err := os.Lstat(path)
	if err != nil || !fi.Mode().IsRegular() || fi.Sys().(*syscall.Stat_t).Nlink > 1 {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(int64(r.rng.IntN(1000))); err != nil {
		return err
	}
	b := r.next()
	_, err = f.WriteAt(b, 0)
	if err == nil {
		err = f.Truncate(int64(len(b)))
	}
	return err
}

// folder swaps a folder and a link that leads outside.
func (r *racer) folder() error {
	sub := filepath.Join(r.dir, "sub")
	if err := os.RemoveAll(sub); err != nil {
		return err
	}
	if r.rng.IntN(2) == 0 {
		return os.Symlink(r.away, sub)
	}
	if err := os.Mkdir(sub, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(sub, "secret"), r.next(), 0o600)
}

// more drops a file that nobody touches again.
func (r *racer) more() error {
	b := r.next()
	sum := sha256.Sum256(b)
	path := filepath.Join(r.dir, fmt.Sprintf("unique %d.csv", r.n))
	err := swap(path, func(to string) error { return os.WriteFile(to, b, 0o600) })
	if err == nil {
		r.made = append(r.made, hex.EncodeToString(sum[:]))
	}
	return err
}

func (r *racer) end() error {
	w := bufio.NewWriter(os.Stdout)
	for i := range 4 {
		b := r.next()
		sum := sha256.Sum256(b)
		path := filepath.Join(r.dir, fmt.Sprintf("file %d.csv", i))
		if err := swap(path, func(to string) error { return os.WriteFile(to, b, 0o600) }); err != nil {
			return err
		}
		r.made = append(r.made, hex.EncodeToString(sum[:]))
	}
	for _, sum := range r.made {
		fmt.Fprintln(w, "made", sum)
	}
	for name, n := range r.moves {
		fmt.Fprintln(w, "moves", n, name)
	}
	return w.Flush()
}

// TestRaces lets another process swap, link, rename, grow and truncate the files of the drop folder
// while they are claimed and removed. No byte from outside of the folder is taken, no half of a file,
// and what was left alone is received.
func TestRaces(t *testing.T) {
	root := t.TempDir()
	d := intake.Dirs{Drop: filepath.Join(root, "drop"), Inbox: filepath.Join(root, "inbox"), Tmp: filepath.Join(root, "tmp")}
	for _, dir := range []string{filepath.Join(d.Drop, "racer"), d.Inbox, d.Tmp, filepath.Join(root, "away")} {
		check(t, os.MkdirAll(dir, 0o700))
	}
	secret := filepath.Join(root, "away", "secret")
	check(t, os.WriteFile(secret, []byte(strings.Repeat(outside, 200)), 0o600))
	exe, err := os.Executable()
	check(t, err)
	cmd := exec.Command(exe)
	total := scale(10_000, 200)
	cmd.Env = append(os.Environ(), racerDir+"="+root, fmt.Sprintf("%s=%d", racerMoves, total))
	cmd.Stderr = t.Output()
	var said bytes.Buffer
	cmd.Stdout = &said
	check(t, cmd.Start())
	g := &game{d: d, received: map[string]bool{}}
	started := time.Now()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for playing := true; playing; {
		select {
		case err := <-ended:
			check(t, err)
			playing = false
		default:
			g.turn(t)
		}
	}
	for range 3 { // what the last moves left
		g.turn(t)
	}
	made, table := readRacer(t, said.String())
	lost := 0
	for _, sum := range made {
		if !g.received[sum] {
			lost++
		}
	}
	if lost > 0 || g.escapes > 0 || g.partial > 0 {
		t.Errorf("%d escapes, %d partial reads, %d of %d files that were left alone are lost", g.escapes, g.partial, lost, len(made))
	}
	if b, err := os.ReadFile(secret); err != nil || string(b) != strings.Repeat(outside, 200) {
		t.Errorf("the file outside is not what it was: %v", err)
	}
	if left, _ := os.ReadDir(filepath.Join(root, "away")); len(left) != 1 {
		t.Errorf("%d files outside, where there was one", len(left))
	}
	if left, _ := os.ReadDir(d.Tmp); len(left) > 0 {
		t.Errorf("%d unfinished copies left", len(left))
	}
	if g.taken < 8 || g.refused < 8 || g.passes < total/20 {
		t.Errorf("%d taken, %d refused: no race at all", g.taken, g.refused)
	}
	text := fmt.Sprintf("A process made %d moves against the files of a drop folder while %d passes claimed and removed them.\n"+
		"%d times a file was taken, and each was a whole state in which its writer had left it; %d times one was refused and left.\n\n%s\n"+
		"Escapes: %d; partial reads: %d; of %d files that were left alone, lost: %d. Seconds: %.0f.\n",
		total, g.passes, g.taken, g.refused, table, g.escapes, g.partial, len(made), lost, time.Since(started).Seconds())
	t.Log("\n" + text)
	if full() && !t.Failed() {
		writeSection(t, "races", text)
	}
}

// game is the intake's side of the race.
type game struct {
	d                                        intake.Dirs
	received                                 map[string]bool
	passes, taken, refused, escapes, partial int
}

// turn claims what there is, looks at each copy, and removes it from the drop folder.
func (g *game) turn(t *testing.T) {
	t.Helper()
	claimed, found, err := intake.Claim(context.Background(), g.d, intake.Limits{})
	check(t, err)
	g.passes++
	g.refused += len(found)
	for _, c := range claimed {
		b, err := os.ReadFile(c.Path)
		check(t, err)
		sum := sha256.Sum256(b)
		switch {
		case bytes.Contains(b, []byte(outside)):
			g.escapes++
		case !isVersion(b), hex.EncodeToString(sum[:]) != c.SHA256:
			g.partial++
			t.Logf("a partial read of %d bytes", len(b))
		}
		g.taken++
		g.received[c.SHA256] = true
		if err := intake.Release(c); err != nil {
			t.Logf("release: %v", err) // its name is a folder's now, or gone
		}
	}
}

func readRacer(t *testing.T, said string) (made []string, table string) {
	t.Helper()
	counts := map[string]int{}
	for line := range strings.Lines(said) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "made":
			made = append(made, rest)
		case "moves":
			n, name, _ := strings.Cut(rest, " ")
			k, err := strconv.Atoi(n)
			check(t, err)
			counts[name] = k
		}
	}
	if len(made) == 0 {
		t.Fatal("the other process said nothing")
	}
	var b strings.Builder
	b.WriteString("| move | times |\n| --- | ---: |\n")
	for _, m := range moves {
		fmt.Fprintf(&b, "| %s | %d |\n", m.name, counts[m.name])
	}
	return made, b.String()
}
