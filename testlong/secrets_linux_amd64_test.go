package testlong

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	gocmp "github.com/google/go-cmp/cmp"

	"palermo/fixtures"
	"palermo/load"
	"palermo/seal"
)

// secrets is a home that has published, with its key in it, whose files lie open or sealed.
type secrets struct {
	dir, identity string
	recipient     string
	keys          *seal.Keys
	plain         map[string]string // digest of what each private file holds
	published     map[string]string
	want          map[string]string // what a run of one more file publishes
}

func newSecrets(t *testing.T) *secrets {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	check(t, err)
	s := &secrets{dir: t.TempDir(), identity: filepath.Join(t.TempDir(), "identity"), recipient: id.Recipient().String()}
	check(t, os.WriteFile(s.identity, []byte(id.String()+"\n"), 0o600))
	s.keys, err = seal.New([]string{s.recipient}, id.String())
	check(t, err)
	drop := filepath.Join(t.TempDir(), "drop")
	check(t, fixtures.Cases(drop, fixtures.CasesOptions{CTM: 40, RCP: 1, Seed: 3}))
	b, err := os.ReadFile(filepath.Join(drop, "iom_chisinau", "ctm_screening.csv"))
	check(t, err)
	check(t, os.MkdirAll(filepath.Join(s.dir, "drop", "iom_chisinau"), 0o700))
	check(t, os.WriteFile(filepath.Join(s.dir, "drop", "iom_chisinau", "a.csv"), b, 0o600))
	s.settle(t, s.dir, false)
	finish(t, s.dir)
	s.plain, s.published = s.contents(t, s.dir), published(t, s.dir)
	return s
}

// settle writes the settings: with recipients, or without.
func (s *secrets) settle(t *testing.T, home string, seals bool) {
	t.Helper()
	to := ""
	if seals {
		to = s.recipient
	}
	check(t, os.WriteFile(filepath.Join(home, "palermo.yaml"), fmt.Appendf(nil, "threads: 1\nseal: {recipients: [%s], identity_file: %q}\n", to, s.identity), 0o600))
}

// contents is the digest of what each private file holds, however it lies there.
func (s *secrets) contents(t *testing.T, home string) map[string]string {
	t.Helper()
	out := map[string]string{}
	s.each(t, home, func(name string, f *os.File, sealed bool) {
		var r io.Reader = f
		if sealed {
			fi, err := f.Stat()
			check(t, err)
			if r, err = s.keys.Reader(f, fi.Size()); err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
		}
		sum := sha256.New()
		if _, err := io.Copy(sum, r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		out[name] = hex.EncodeToString(sum.Sum(nil))
	})
	return out
}

// sealed is how many private files are sealed, and how many there are.
func (s *secrets) sealed(t *testing.T, home string) (sealed, all int) {
	t.Helper()
	s.each(t, home, func(_ string, _ *os.File, is bool) {
		if all++; is {
			sealed++
		}
	})
	return sealed, all
}

func (s *secrets) each(t *testing.T, home string, do func(name string, f *os.File, sealed bool)) {
	t.Helper()
	for _, dir := range []string{"inbox", "vault", "quarantine"} {
		check(t, filepath.WalkDir(filepath.Join(home, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.Contains(d.Name(), "key") {
				return err
			}
			f, err := os.Open(path)
			if err != nil {
				return err
			}
			defer f.Close()
			_, sealed, err := seal.MarkOf(f)
			name, _ := filepath.Rel(home, path)
			do(name, f, sealed)
			return err
		}))
	}
}

// killedAction is what is killed, in a copy of the home that begin has changed.
type killedAction struct {
	action string // empty for a run
	begin  func(t *testing.T, home string)
	holds  func(t *testing.T, home, after string)
	ends   func(t *testing.T, home, after string)
	sample int // the call before which a sample is killed; 0 for no sample
	step   int // how many calls lie between two kills
}

// TestKilledSecrets kills the sealing of a home, its opening, the rotation of its key, and a run that seals, before each call
// by which they change something. Afterwards every file holds what it held, readers have what they had, the key is the old
// one or the new one, and who goes on comes to the end.
func TestKilledSecrets(t *testing.T) {
	t.Setenv("PALERMO_KEY_FILE", "")
	t.Setenv(runAction, "")
	s := newSecrets(t)
	table := "| what | calls that change something | kills |\n| --- | ---: | ---: |\n"
	started := time.Now()
	for _, k := range []killedAction{
		{"seal", func(t *testing.T, home string) { s.settle(t, home, true) }, s.keeps, s.sealedAll, 8, 1},
		{"open", func(t *testing.T, home string) {
			s.settle(t, home, true)
			s.do(t, home, "seal")
			s.settle(t, home, false)
		}, s.keeps, s.openedAll, 0, 1},
		{"rotate", func(*testing.T, string) {}, s.oldOrNew, s.rotatedOnce, 20, 1},
		{"", s.beginRun, s.oldOrNewSealed, s.ranOnce, 0, 20},
	} {
		if !full() && k.sample == 0 {
			continue
		}
		calls, kills := s.kill(t, k)
		t.Logf("%s: %d calls, %d kills", cmp.Or(k.action, "run"), calls, kills)
		if kills == 0 {
			t.Errorf("%s: nothing was killed", k.action)
		}
		table += fmt.Sprintf("| %s | %d | %d |\n", cmp.Or(k.action, "a run that seals"), calls, kills)
	}
	table = "Sealing a home, opening it and rotating its key were killed (SIGKILL) before each call by which they change something in the\n" +
		"home, and a run that seals before each twentieth. After each kill every private file held what it had held, readers had the old snapshot or\n" +
		"the new one, the key file had the old key or the old and the new one, nothing that is to be sealed lay open, and going on came to the end.\n" +
		fmt.Sprintf("Seconds: %.0f.\n\n", time.Since(started).Seconds()) + table
	t.Log("\n" + table)
	if full() && !t.Failed() {
		writeSection(t, "secrets", table)
	}
}

// kill kills the action before each of its calls, and says how many there are, and how often it was killed.
func (s *secrets) kill(t *testing.T, k killedAction) (calls, kills int) {
	t.Helper()
	before := filepath.Join(t.TempDir(), "before")
	check(t, os.CopyFS(before, os.DirFS(s.dir)))
	k.begin(t, before)
	t.Setenv(runAction, k.action)
	for at := scale(k.step, k.sample); ; at += k.step {
		home := filepath.Join(t.TempDir(), "home")
		check(t, os.CopyFS(home, os.DirFS(before)))
		seen, name := 0, ""
		got := trace(t, home, func(p point) verdict {
			if seen++; seen == at {
				name = p.name
			}
			return verdict{kill: seen == at}
		})
		after := fmt.Sprintf("%s, killed before call %d, %s", k.action, at, name)
		if len(got.unknown) > 0 {
			t.Fatalf("%s: calls that nobody knows: %v", after, got.unknown)
		}
		calls = max(calls, len(got.points))
		if got.hit {
			kills++
		}
		k.holds(t, home, after)
		k.ends(t, home, after)
		check(t, os.RemoveAll(filepath.Dir(home)))
		if t.Failed() || !got.hit || !full() {
			return calls, kills
		}
	}
}

// beginRun seals the home, and lets a file arrive.
func (s *secrets) beginRun(t *testing.T, home string) {
	s.settle(t, home, true)
	s.do(t, home, "seal")
	drop(t, home, "unodc/new.csv", func(b *bytes.Buffer) error {
		return fixtures.GlotipCSV(b, fixtures.GlotipOptions{Seed: 1, Rows: 6})
	})
	undisturbed := filepath.Join(t.TempDir(), "home")
	check(t, os.CopyFS(undisturbed, os.DirFS(home)))
	s.do(t, undisturbed, "")
	s.want = published(t, undisturbed)
}

// oldOrNewSealed says that readers have the old snapshot or the new one, and that no private file lies open.
func (s *secrets) oldOrNewSealed(t *testing.T, home, after string) {
	t.Helper()
	if got := published(t, home); !gocmp.Equal(got, s.published) && !gocmp.Equal(got, s.want) {
		t.Errorf("%s: the snapshot is neither the old one nor the new one", after)
	}
	if n, all := s.sealed(t, home); n != all {
		t.Errorf("%s: %d of %d private files are sealed", after, n, all)
	}
}

func (s *secrets) ranOnce(t *testing.T, home, after string) {
	t.Helper()
	s.do(t, home, "")
	s.oldOrNewSealed(t, home, after+", and gone on with")
	if d := gocmp.Diff(s.want, published(t, home)); d != "" {
		t.Errorf("%s, and gone on with (-undisturbed +this):\n%s", after, d)
	}
	noLeftovers(t, home)
}

// do carries an action out to its end; none is a run.
func (s *secrets) do(t *testing.T, home, action string) {
	t.Helper()
	cmd := command(t, home)
	cmd.Env = append(cmd.Env, runAction+"="+action)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v", action, err)
	}
}

// keeps says that no private file holds anything else than before, nor what is published.
func (s *secrets) keeps(t *testing.T, home, after string) {
	t.Helper()
	if d := gocmp.Diff(s.plain, s.contents(t, home)); d != "" {
		t.Errorf("%s: private files differ (-before +after):\n%s", after, d)
	}
	if !gocmp.Equal(s.published, published(t, home)) {
		t.Errorf("%s: what is published differs", after)
	}
}

func (s *secrets) sealedAll(t *testing.T, home, after string) {
	t.Helper()
	s.do(t, home, "seal")
	if n, all := s.sealed(t, home); n != all || all == 0 {
		t.Errorf("%s, and gone on with: %d of %d files are sealed", after, n, all)
	}
	s.keeps(t, home, after+", and gone on with")
	s.do(t, home, "")
	noLeftovers(t, home)
}

func (s *secrets) openedAll(t *testing.T, home, after string) {
	t.Helper()
	s.do(t, home, "open")
	if n, _ := s.sealed(t, home); n != 0 {
		t.Errorf("%s, and gone on with: %d files are sealed", after, n)
	}
	s.keeps(t, home, after+", and gone on with")
	s.do(t, home, "")
	noLeftovers(t, home)
}

// keysOf is the keys of the home.
func keysOf(t *testing.T, home string) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(home, "vault", "key"))
	check(t, err)
	return strings.Fields(string(b))
}

// oldOrNew says that the key file is as it was, or has one key more, and that readers have what they had.
func (s *secrets) oldOrNew(t *testing.T, home, after string) {
	t.Helper()
	s.keeps(t, home, after)
	was, is := keysOf(t, s.dir), keysOf(t, home)
	if len(is) > 2 || is[0] != was[0] {
		t.Errorf("%s: the key file has %d keys", after, len(is))
	}
}

// rotatedOnce lets a home whose key is still the old one have a new one, and says that the next run publishes as many rows as
// before under the new one.
func (s *secrets) rotatedOnce(t *testing.T, home, after string) {
	t.Helper()
	if len(keysOf(t, home)) == 1 {
		s.do(t, home, "rotate")
	}
	_, before, err := load.Current(home)
	check(t, err)
	s.do(t, home, "")
	_, now, err := load.Current(home)
	check(t, err)
	rows := func(m *load.Manifest) map[string]int64 {
		out := map[string]int64{}
		for _, f := range m.Files {
			if !strings.Contains(f.Path, "ledger/") && strings.HasSuffix(f.Path, ".parquet") {
				out[f.Path] = f.Rows
			}
		}
		return out
	}
	if now.IDKey == "" || now.Run == before.Run {
		t.Errorf("%s: the next run published under the old key", after)
	}
	if d := gocmp.Diff(rows(before), rows(now)); d != "" {
		t.Errorf("%s: rows (-old key +new key):\n%s", after, d)
	}
	tables, err := os.ReadDir(filepath.Join(home, "state", "ids"))
	if err != nil || len(tables) != 1 || tables[0].Name() != now.IDKey {
		t.Errorf("%s: %d tables of old and new ids, %v", after, len(tables), err)
	}
	noLeftovers(t, home)
}
