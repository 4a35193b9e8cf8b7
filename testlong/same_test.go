package testlong

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"palermo/fixtures"
	"palermo/pipeline"
)

// clockVariable sets the clock of a run that this program makes: seconds from now.
const clockVariable = "PALERMO_LONG_CLOCK"

// onlyFull skips a test whose sample the tests of other packages are.
func onlyFull(t *testing.T) {
	t.Helper()
	if !full() {
		t.Skip("the tests of package pipeline are its sample")
	}
}

// finishWith runs the home to its end, with more in its environment.
func finishWith(t *testing.T, home string, env ...string) {
	t.Helper()
	cmd := command(t, home)
	cmd.Env = append(cmd.Env, env...)
	if err := cmd.Run(); err != nil {
		t.Fatalf("run with %v: %v", env, err)
	}
}

// sameFiles is what the homes of a comparison receive, in one night: content by agency.
func sameFiles(t *testing.T) map[string][][]byte {
	t.Helper()
	out := map[string][][]byte{}
	for i, agency := range []string{"unodc", "unodc", "other", "unodc", "third"} {
		var b bytes.Buffer
		check(t, fixtures.GlotipCSV(&b, fixtures.GlotipOptions{Seed: uint64(50 + i), Rows: 20 + 7*i}))
		out[agency] = append(out[agency], b.Bytes())
	}
	return out
}

// shuffled drops the files under names, and so in an order, that a seed chose.
func shuffled(t *testing.T, home string, files map[string][][]byte, r *rand.Rand) {
	t.Helper()
	for agency, contents := range files {
		for _, b := range contents {
			drop(t, home, fmt.Sprintf("%s/%08x.csv", agency, r.Uint32()), func(to *bytes.Buffer) error {
				_, err := to.Write(b)
				return err
			})
		}
	}
}

// TestSameBytesEverywhere: homes that received the same in one night hold the same bytes, whatever the files are called, however many
// threads work, wherever the machine stands and whatever its clock says, and however often runs were killed before.
func TestSameBytesEverywhere(t *testing.T) {
	onlyFull(t)
	t.Setenv("PALERMO_KEY_FILE", filepath.Join(t.TempDir(), "key"))
	files, r, started := sameFiles(t), rand.New(rand.NewPCG(3, 4)), time.Now()
	first := t.TempDir()
	shuffled(t, first, files, r)
	finish(t, first)
	want := published(t, first)
	same := func(home, what string) {
		t.Helper()
		if d := cmp.Diff(want, published(t, home)); d != "" {
			t.Errorf("%s (-first +this):\n%s", what, d)
		}
	}
	homes := 0
	for ; homes < 100 && !t.Failed(); homes++ {
		home := filepath.Join(t.TempDir(), "home")
		shuffled(t, home, files, r)
		procs := []string{"1", "2", "8"}[homes%3]
		finishWith(t, home, "GOMAXPROCS="+procs)
		same(home, "GOMAXPROCS="+procs)
		check(t, os.RemoveAll(home))
	}
	places := []string{"TZ=Pacific/Kiritimati", "TZ=America/St_Johns", "TZ=Asia/Kathmandu", "TZ=No/Such_Place", "TZ=:", "LC_ALL=tr_TR.UTF-8", "LC_ALL=ar_EG.UTF-8", "LC_ALL=C",
		"LC_ALL=not a locale", clockVariable + "=-86400", clockVariable + "=-315360000", clockVariable + "=86400"}
	for _, env := range places {
		home := filepath.Join(t.TempDir(), "home")
		shuffled(t, home, files, r)
		finishWith(t, home, env)
		same(home, env)
		check(t, os.RemoveAll(home))
	}
	kills := 0
	for kills < 200 && !t.Failed() {
		home := filepath.Join(t.TempDir(), "home")
		shuffled(t, home, files, r)
		for range 4 {
			kills += killAfter(t, home, time.Duration(r.Int64N(int64(1500*time.Millisecond))))
		}
		finish(t, home)
		same(home, "after runs that were killed")
		check(t, os.RemoveAll(home))
	}
	clockSetBack(t)
	table := fmt.Sprintf("The Parquet files of %d homes that received the same %d files in one night, under names and so in orders that a seed chose, with GOMAXPROCS 1, 2\n"+
		"and 8: the same bytes. So with %d zones, locales and clocks (a zone that is none, Turkish, ten years ago), and after %d runs that were killed and gone on\n"+
		"with. A home whose clock was set back between two nights goes on. Seconds: %.0f.\n", homes+1, 5, len(places), kills, time.Since(started).Seconds())
	t.Log("\n" + table)
	if !t.Failed() {
		writeSection(t, "same", table)
	}
}

// killAfter runs the home, and kills the run after so long; it says how many were killed.
func killAfter(t *testing.T, home string, after time.Duration) int {
	t.Helper()
	cmd := command(t, home)
	check(t, cmd.Start())
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	if err, killed := cmd.Wait().(*exec.ExitError); killed && err.ExitCode() == -1 {
		return 1
	}
	return 0
}

// clockSetBack runs a home twice, the second time a day before the first.
func clockSetBack(t *testing.T) {
	t.Helper()
	home := filepath.Join(t.TempDir(), "home")
	nightOne(t, home)
	finish(t, home)
	nightTwo(t, home)
	finishWith(t, home, clockVariable+"=-86400")
	l := ledgerOf(t, home)
	if n := len(l.Runs); n != 2 || l.Runs[1].Status != pipeline.RunPublished || !l.Runs[1].Started.Before(l.Runs[0].Started) {
		t.Errorf("with a clock set back: %d runs, the last %s", n, l.Runs[n-1].Status)
	}
	noLeftovers(t, home)
}

// TestRowBalanceOfManyFiles: of ten thousand files that a seed made, with all that can be wrong with a row, every row is accounted for: those that
// are read are those that were written, and each was loaded, rejected or skipped.
func TestRowBalanceOfManyFiles(t *testing.T) {
	onlyFull(t)
	t.Setenv("PALERMO_KEY_FILE", filepath.Join(t.TempDir(), "key"))
	const homes, each = 20, 500
	r, started := rand.New(rand.NewPCG(5, 6)), time.Now()
	var sum pipeline.Balance
	for range homes {
		home := filepath.Join(t.TempDir(), "home")
		rows := map[string]int64{}
		for n := range each {
			name := fmt.Sprintf("%d.csv", n)
			drop(t, home, "unodc/"+name, func(b *bytes.Buffer) error {
				rows[name] = writeSpoiled(b, r)
				return nil
			})
		}
		h, err := pipeline.OpenHome(home, "")
		check(t, err)
		s, err := h.Run(context.Background(), pipeline.Options{})
		check(t, err)
		for _, f := range s.Files {
			b := f.Rows
			if b.Read != rows[f.Name] || b.Read != b.Loaded+b.Rejected+b.SkippedAll() {
				t.Errorf("%s: %d rows were written; %d read, %d loaded, %d rejected, %d skipped", f.Name, rows[f.Name], b.Read, b.Loaded, b.Rejected, b.SkippedAll())
			}
			sum.Read, sum.Loaded, sum.Rejected = sum.Read+b.Read, sum.Loaded+b.Loaded, sum.Rejected+b.Rejected
		}
		if len(s.Files) != each {
			t.Errorf("%d files taken in, want %d", len(s.Files), each)
		}
		check(t, os.RemoveAll(home))
		if t.Failed() {
			return
		}
	}
	table := fmt.Sprintf("%d files that a seed made, with rows that are blank, short, long, repeated headers, totals, or hold what no rule reads: %d rows read, which are those that\n"+
		"were written, %d loaded, %d rejected, %d skipped; each file's account is whole. Seconds: %.0f.\n",
		homes*each, sum.Read, sum.Loaded, sum.Rejected, sum.Read-sum.Loaded-sum.Rejected, time.Since(started).Seconds())
	t.Log("\n" + table)
	writeSection(t, "balance", table)
}

// writeSpoiled writes a table with rows of all kinds, and says how many stand below its header.
func writeSpoiled(b *bytes.Buffer, r *rand.Rand) int64 {
	const header = "Iso3_code,Country,Region,Subregion,Indicator,Dimension,Category,Sex,Age,Year,Unit of measurement,txtVALUE,Source\n"
	b.WriteString("UNODC (made up),,,,,,,,,,,,\n14/04/2025,,,,,,,,,,,,\n" + header)
	words := [][]string{{"FJI", "FRA", "XXQ", ""}, {"Fiji", "France"}, {"Oceania", ""}, {"Melanesia"}, {"Detected trafficking victims", "Something else", ""},
		{"Total", "by sex"}, {"Total"}, {"Total", "Female", "Male", "Femail", ""}, {"Total", "18 years or over", "x"}, {"2021", "1999", "21", "", "two"}, {"Counts", "%"},
		{"12", "<5", "0", "-4", "many", "", "1e9", "1.5"}, {"GLOTIP", ""}}
	n := int64(0)
	for range 1 + r.IntN(30) {
		n++
		switch r.IntN(12) {
		case 0:
			b.WriteString(strings.Repeat(",", 12) + "\n")
		case 1:
			b.WriteString(header)
		case 2:
			b.WriteString("FJI,Fiji\n")
		case 3:
			b.WriteString("FJI,Fiji,Oceania,Melanesia,Detected trafficking victims,Total,Total,Total,Total,2021,Counts,12,GLOTIP,more,and more\n")
		default:
			cells := make([]string, len(words))
			for i, w := range words {
				cells[i] = w[r.IntN(len(w))]
				if r.IntN(3) > 0 {
					cells[i] = w[0]
				}
			}
			b.WriteString(strings.Join(cells, ",") + "\n")
		}
	}
	return n
}
