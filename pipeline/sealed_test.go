package pipeline_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"

	"palermo/diag"
	"palermo/fixtures"
	"palermo/pipeline"
)

// newIdentity is an age identity in a file of its own, outside of any home.
func newIdentity(t *testing.T) (recipient, file string) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	check(t, err)
	file = filepath.Join(t.TempDir(), "identity")
	write(t, file, []byte(id.String()+"\n"))
	return id.Recipient().String(), file
}

// sealTo lets the home seal to the recipients, and open with the identities of the file.
func sealTo(t *testing.T, home, identity string, recipients ...string) {
	t.Helper()
	write(t, filepath.Join(home, "palermo.yaml"), fmt.Appendf(nil, "seal: {recipients: [%s], identity_file: %q}\n", strings.Join(recipients, ", "), identity))
}

// ownKey gives the homes of the test a key file of their own, which may be changed.
func ownKey(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key")
	write(t, file, []byte(testKey+"\n"))
	t.Setenv("PALERMO_KEY_FILE", file)
	return file
}

// sealedNight is a file of cases, with canaries in every row and some that are rejected.
func sealedNight(t *testing.T) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	check(t, fixtures.Cases(dir, fixtures.CasesOptions{CTM: 700, RCP: 1, Seed: 11}))
	k := newCanaries()
	c := readCaseTable(t, filepath.Join(dir, "iom_chisinau", "ctm_assistance.csv"), ',', nil)
	c.rows = c.rows[:25]
	k.plant(c, "No", false)
	return map[string][]byte{"iom_chisinau/ctm_assistance.csv": c.bytes(t)}
}

// whoever is what a canary looks like: a name or a reference.
var whoever = regexp.MustCompile(`(Qvyx|Wvqz)[aeioulnrst]{6}|(QX77ZV|WX88ZV)/\d\d/\d{5}`)

// namesIn is how many files of the folders hold a canary, as they lie on the disk, and how many files there are.
func namesIn(t *testing.T, home string, dirs ...string) (with, all int) {
	t.Helper()
	for _, d := range dirs {
		for _, f := range filesBelow(t, filepath.Join(home, d)) {
			if all++; whoever.Match(read(t, home, d, f)) {
				with++
			}
		}
	}
	return with, all
}

var sealedDirs = []string{"inbox", "vault", "quarantine"}

// TestSealedHome: what is published is the same whether private files are sealed or not; where they are, no name stands
// in them, and everything that reads them works with the identity, and says that it lacks it without.
func TestSealedHome(t *testing.T) {
	wholeRun(t)
	key := ownKey(t)
	files := sealedNight(t)
	open, home := newHome(t, files), newHome(t, files)
	decide(t, open, files)
	decide(t, home, files)
	run(t, open, pipeline.Options{Now: clock(1)})
	if with, _ := namesIn(t, open, sealedDirs...); with == 0 {
		t.Fatal("no canary lies in the open home: the test sees nothing")
	}
	to, identity := newIdentity(t)
	sealTo(t, home, identity, to)
	away := identity + ".away"
	check(t, os.Rename(identity, away))
	_, err := runWhole(home, pipeline.Options{Now: clock(1)})
	wantEnvironment(t, err, diag.HomeIdentity)
	if left := filesBelow(t, filepath.Join(home, "drop")); len(left) > 0 {
		t.Errorf("not received without an identity: %v", left)
	}
	if c := checkOf(t, home, "sealing"); c.Status != pipeline.Fail {
		t.Errorf("doctor without the identity: %+v", c)
	}
	_, stranger := newIdentity(t)
	t.Setenv("PALERMO_AGE_IDENTITY", stranger)
	_, err = runWhole(home, pipeline.Options{Now: clock(1)})
	wantEnvironment(t, err, diag.HomeIdentity)
	t.Setenv("PALERMO_AGE_IDENTITY", away)
	s := runReceipts(t, home, pipeline.Options{Now: clock(1)})
	if s.Rows.Loaded == 0 || s.Rows.Rejected == 0 || s.Receipts.Failed > 0 {
		t.Fatalf("the run: %+v, receipts %+v", s.Rows, s.Receipts)
	}
	if d := cmp.Diff(parquetFiles(t, open), parquetFiles(t, home)); d != "" {
		t.Errorf("bytes differ (-open +sealed):\n%s", d)
	}
	closed := func(t *testing.T, when string) {
		t.Helper()
		if with, all := namesIn(t, home, sealedDirs...); with > 0 || all < 3 {
			t.Errorf("%s: %d of %d files hold a canary", when, with, all)
		}
	}
	closed(t, "after the run")
	if !isThere(receiptPath(home, "iom_chisinau", 1, ".xlsx")) {
		t.Error("the file has no receipt in its own rows")
	}
	for _, f := range filesBelow(t, filepath.Join(open, "inbox")) {
		b := read(t, open, "inbox", f)
		if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != f || bytes.Equal(b, read(t, home, "inbox", f)) {
			t.Errorf("a sealed file does not lie under the hash of what was received")
		}
	}
	t.Run("readers", func(t *testing.T) { sealedReaders(t, open, home) })
	t.Run("made again", func(t *testing.T) {
		lake := filepath.Join(home, "lake")
		was := contents(t, lake)
		removeAll(t, filepath.Join(lake, "record"))
		if s := run(t, home, pipeline.Options{Now: clock(2)}); s.Made != len(files) || s.Status != pipeline.RunNothingNew {
			t.Errorf("made %d: %s", s.Made, s.Status)
		}
		if !cmp.Equal(was, contents(t, lake)) {
			t.Error("what was made again differs")
		}
		closed(t, "made again")
	})
	t.Run("nothing new", func(t *testing.T) {
		t.Setenv("PALERMO_AGE_IDENTITY", "")
		_, err := tryRun(home, pipeline.Options{Now: clock(2), Full: true})
		wantEnvironment(t, err, diag.HomeIdentity)
		if s := run(t, home, pipeline.Options{Now: clock(2)}); s.Status != pipeline.RunNothingNew {
			t.Errorf("without an identity: %s", s.Status)
		}
	})
	t.Setenv("PALERMO_AGE_IDENTITY", "")
	check(t, os.Rename(away, identity))
	to, next := newIdentity(t)
	both := filepath.Join(t.TempDir(), "both")
	write(t, both, append(read(t, identity), read(t, next)...))
	t.Run("new recipients", func(t *testing.T) { newRecipients(t, home, both, next, to, closed) })
	t.Run("new key", func(t *testing.T) { rotated(t, home, key) })
	noFiles(t, filepath.Join(home, "state", "tmp"))
}

func isThere(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// contents is the files below dir, by path.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, f := range filesBelow(t, dir) {
		out[f] = string(read(t, dir, f))
	}
	return out
}

// sealedReaders: what is told of the sealed home is what is told of the open one.
func sealedReaders(t *testing.T, open, home string) {
	a, b := openHome(t, open), openHome(t, home)
	ids := query(t, openSteward(t, open), `SELECT DISTINCT person_id FROM person_record ORDER BY 1 LIMIT 3`)
	for _, id := range ids {
		told := func(h *pipeline.Home) string {
			x, err := h.ExplainPerson(t.Context(), id, true)
			check(t, err)
			if x.Records[0].Name == "" {
				t.Error("the names in the vault are not told")
			}
			return fmt.Sprintf("%+v", x)
		}
		if d := cmp.Diff(told(a), told(b)); d != "" {
			t.Errorf("explain --with-names (-open +sealed):\n%s", d)
		}
	}
	row := query(t, openSteward(t, open), `SELECT r._submission || '.' || r._sheet || '.' || r._row FROM record AS r ORDER BY 1 LIMIT 1`)[0]
	told := func(h *pipeline.Home) string {
		xs, err := h.Explain(t.Context(), row)
		check(t, err)
		if len(xs) != 1 || len(xs[0].Fields) == 0 {
			t.Fatal("nothing is explained")
		}
		return fmt.Sprintf("%+v", xs[0].Fields)
	}
	if d := cmp.Diff(told(a), told(b)); d != "" {
		t.Errorf("explain (-open +sealed):\n%s", d)
	}
	l, err := b.ReadLedger()
	check(t, err)
	in, err := b.Inspect(t.Context(), l.Submissions[0].ID)
	check(t, err)
	if len(in.Sheets) != 1 || in.Sheets[0].Chosen == nil {
		t.Errorf("inspect: %+v", in)
	}
	if _, err := b.ExportReview(t.Context(), pipeline.ReviewOptions{WithNames: true, Out: filepath.Join(t.TempDir(), "review.xlsx")}, clock(2)()); err != nil {
		t.Errorf("review export --with-names: %v", err)
	}
	p, err := b.Plan(t.Context(), pipeline.Options{Now: clock(2)})
	check(t, err)
	if p.Summary.Status != pipeline.RunNothingNew {
		t.Errorf("plan: %s", p.Summary.Status)
	}
}

func checkOf(t *testing.T, home, name string) pipeline.Check {
	t.Helper()
	cs := pipeline.Doctor(home, "", clock(5)())
	i := slices.IndexFunc(cs, func(c pipeline.Check) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("doctor does not look at %s: %+v", name, cs)
	}
	return cs[i]
}

// newRecipients: files are sealed to new recipients, and opened, and sealed again, without a change of what they hold.
func newRecipients(t *testing.T, home, both, next, to string, closed func(*testing.T, string)) {
	sealTo(t, home, both, to)
	if c := checkOf(t, home, "sealing"); c.Status != pipeline.Warn {
		t.Errorf("doctor with new recipients: %+v", c)
	}
	ctx, now := context.Background(), clock(5)()
	h := openHome(t, home)
	s, err := h.Seal(ctx, now)
	check(t, err)
	if s.Changed != s.Files || s.Sealed != s.Files || s.Damaged > 0 {
		t.Errorf("sealed to new recipients: %+v", s)
	}
	if s, err := h.Seal(ctx, now); err != nil || s.Changed > 0 {
		t.Errorf("sealed again: %+v %v", s, err)
	}
	if _, err := h.Unseal(ctx, now); err == nil {
		t.Error("a home that seals was opened")
	}
	closed(t, "sealed to new recipients")
	sealTo(t, home, next)
	h = openHome(t, home)
	if s, err = h.Unseal(ctx, now); err != nil || s.Open != s.Files || s.Changed != s.Files {
		t.Errorf("opened: %+v %v", s, err)
	}
	if with, _ := namesIn(t, home, sealedDirs...); with == 0 {
		t.Error("nothing was opened")
	}
	damaged := filepath.Join(home, "inbox", filesBelow(t, filepath.Join(home, "inbox"))[0])
	was := read(t, damaged)
	write(t, damaged, was[:len(was)-1])
	sealTo(t, home, next, to)
	h = openHome(t, home)
	if s, err = h.Seal(ctx, now); err != nil || s.Damaged != 1 || s.Sealed != s.Files-1 {
		t.Errorf("sealed beside a damaged file: %+v %v", s, err)
	}
	write(t, damaged, was)
	if s, err = h.Seal(ctx, now); err != nil || s.Changed != 1 || s.Sealed != s.Files {
		t.Errorf("sealed when it was whole again: %+v %v", s, err)
	}
	closed(t, "sealed again")
	if s := runHome(t, h, 5); s.Status != pipeline.RunNothingNew || s.Made > 0 || len(s.Remade) > 0 {
		t.Errorf("a run with the new identity alone: %s, made %d", s.Status, s.Made)
	}
	if c := checkOf(t, home, "sealing"); c.Status != pipeline.Pass {
		t.Errorf("doctor afterwards: %+v", c)
	}
}

// TestSealSettings: what cannot be right stops a run before its first file.
func TestSealSettings(t *testing.T) {
	wholeRun(t)
	to, identity := newIdentity(t)
	home := filepath.Join(t.TempDir(), "home")
	check(t, os.MkdirAll(filepath.Join(home, "drop"), 0o700))
	inside, wide, garbage := filepath.Join(home, "identity"), filepath.Join(t.TempDir(), "wide"), filepath.Join(t.TempDir(), "garbage")
	write(t, inside, read(t, identity))
	write(t, wide, read(t, identity))
	check(t, os.Chmod(wide, 0o644))
	write(t, garbage, []byte("AGE-SECRET-KEY-1QQ\n"))
	link := filepath.Join(t.TempDir(), "link")
	check(t, os.Symlink(inside, link))
	for name, c := range map[string]struct{ recipient, identity, want string }{
		"fine":                       {to, identity, ""},
		"identity away":              {to, identity + ".none", ""},
		"recipient":                  {"age1xyz", identity, "seal.recipients: not a recipient"},
		"identity in the home":       {to, inside, "lies in the home"},
		"identity in the home, link": {to, link, "lies in the home"},
		"others can read it":         {to, wide, "others can read the file"},
		"no identity":                {to, garbage, "not age identities"},
	} {
		sealTo(t, home, c.identity, c.recipient)
		_, err := pipeline.ReadHome(home, "")
		switch {
		case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", name, err, c.want)
		case err != nil && strings.Contains(err.Error(), "SECRET"):
			t.Errorf("%s: the error holds the secret", name)
		}
	}
}
