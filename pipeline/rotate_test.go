package pipeline_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"palermo/diag"
	"palermo/pipeline"
)

// decide withdraws one case of the files, and lets a reviewer say that two records are of one person.
func decide(t *testing.T, home string, files map[string][]byte) {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(files["iom_chisinau/ctm_assistance.csv"]))
	r.FieldsPerRecord = -1 // some rows have a cell too many
	rows, err := r.ReadAll()
	check(t, err)
	at, k := slices.Index(rows[0], "Case No"), keyBytes(t)
	h := openHome(t, home)
	about, err := h.CaseSubject(context.Background(), "iom_chisinau", "iom_ctm", rows[4][at])
	check(t, err)
	check(t, h.Decide(pipeline.ActWithdraw, about, false, clock(0)()))
	record := func(row int) string {
		return "r" + mac(k, "record", "iom_ctm", "iom_chisinau", "assistance", rows[row][at])[:24]
	}
	check(t, h.AppendDecision(pipeline.Decision{A: record(2), B: record(3), Verdict: pipeline.VerdictSame, Reviewer: "a", At: clock(0)()}))
}

// runHome runs a home that is open.
func runHome(t *testing.T, h *pipeline.Home, day int) *pipeline.Summary {
	t.Helper()
	s, err := h.Run(t.Context(), pipeline.Options{Now: clock(day), NoReceipts: true})
	check(t, err)
	return s
}

// rotated gives the home a new key: until the next run all is as it was; then the same persons of the same records have
// other ids in every zone, which the tables of the rotation tell, and what was decided holds.
func rotated(t *testing.T, home, keyFile string) {
	now := clock(6)()
	before, was := read(t, keyFile), zonesOf(t, home)
	first := read(t, home, "current", "manifest.json")
	if n := len(was.steward["link_review"]); n != 2 {
		t.Fatalf("%d records have a decision, want 2", n)
	}
	stale := filepath.Join(home, "state", "ids", "0123456789abcdef") // of a rotation that was killed
	write(t, filepath.Join(stale, "analyst.csv"), []byte("kind,old_id,new_id\n"))
	h := openHome(t, home)
	r, err := h.RotateKey(t.Context(), now)
	check(t, err)
	if isThere(stale) {
		t.Error("what a rotation left that was killed is still there")
	}
	after := read(t, keyFile)
	if !bytes.HasPrefix(after, before) || len(after) != 2*len(before) {
		t.Errorf("the key file has %d bytes, had %d", len(after), len(before))
	}
	for path, mode := range map[string]os.FileMode{keyFile: 0o600, r.Tables: 0o700, filepath.Join(r.Tables, "analyst.csv"): 0o600, filepath.Join(r.Tables, "steward.csv"): 0o600} {
		if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != mode {
			t.Errorf("%s: %v %v", filepath.Base(path), fi.Mode(), err)
		}
	}
	if !bytes.Equal(first, read(t, home, "current", "manifest.json")) {
		t.Error("the published snapshot changed")
	}
	known := strings.Split(was.steward["person_record"][0], "|")[1]
	h = openHome(t, home)
	told, err := h.ExplainPerson(t.Context(), known, true)
	check(t, err)
	if told.Person != known || told.Records[0].Name == "" {
		t.Errorf("before the next run, person %s is %+v", known, told)
	}

	s := runHome(t, h, 6)
	if s.Status != pipeline.RunPublished || s.Made > 0 {
		t.Fatalf("the run after it: %s, made %d", s.Status, s.Made)
	}
	now2 := zonesOf(t, home)
	for zone, tables := range map[string][2]map[string][]string{"analyst": {was.analyst, now2.analyst}, "steward": {was.steward, now2.steward}} {
		ids := renamed(t, filepath.Join(r.Tables, zone+".csv"))
		for table, rows := range tables[0] {
			var want []string
			for _, row := range rows {
				cells := strings.Split(row, "|")
				for i, c := range cells {
					if len(c) != 25 {
						continue
					}
					if cells[i] = ids[c]; cells[i] == "" || cells[i] == c {
						t.Fatalf("%s %s: the table of ids does not say what became of an id", zone, table)
					}
				}
				want = append(want, strings.Join(cells, "|"))
			}
			slices.Sort(want)
			if d := cmp.Diff(want, tables[1][table]); d != "" {
				t.Errorf("%s %s (-renamed +published):\n%s", zone, table, d)
			}
		}
	}
	d, err := h.Diff(t.Context(), "", "")
	check(t, err)
	if !d.Rekeyed || !slices.Contains(d.Skipped, "record") || !slices.Contains(d.Skipped, "person") || slices.Contains(d.Skipped, "source") {
		t.Errorf("diff: rekeyed %v, skipped %v", d.Rekeyed, d.Skipped)
	}
	told2, err := h.ExplainPerson(t.Context(), known, false)
	check(t, err)
	if want := renamed(t, filepath.Join(r.Tables, "steward.csv"))[known]; told2.Person != want || len(told2.Records) != len(told.Records) {
		t.Errorf("by its old id, the person is %s of %d records, want %s of %d", told2.Person, len(told2.Records), want, len(told.Records))
	}
	if s := runHome(t, h, 7); s.Status != pipeline.RunNothingNew {
		t.Errorf("another run: %s", s.Status)
	}
	lookedAt(t, h, r)

	for _, other := range [][]byte{before, []byte(strings.Repeat("ab", 32)), after[len(before):]} { // a backup of before the rotation, and keys of another home
		write(t, keyFile, other)
		_, err = pipeline.ReadHome(home, "")
		wantEnvironment(t, err, diag.HomeKeyMissing)
	}
	write(t, keyFile, after)
	b, err := h.Rollback("", clock(7)())
	check(t, err)
	if told, err := h.ExplainPerson(t.Context(), known, false); err != nil || told.Person != known {
		t.Errorf("after a rollback to %s: %+v %v", b.To, told, err)
	}
}

// lookedAt: what is told of the key is where it lies and its marks, and nothing of it.
func lookedAt(t *testing.T, h *pipeline.Home, r *pipeline.Rotation) {
	t.Helper()
	k, err := h.LookAtKey()
	check(t, err)
	if len(k.Marks) != 2 || k.Marks[1] != r.Key || k.Under != r.Key || k.Check.Status != pipeline.Pass {
		t.Errorf("key check: %+v", k)
	}
	check(t, os.Chmod(r.KeyFile, 0o640))
	if c := keyOf(t, h); c.Status != pipeline.Fail || !c.Fixable {
		t.Errorf("a key that others can read: %+v", c)
	}
	check(t, os.Chmod(r.KeyFile, 0o600))
	check(t, os.Chmod(filepath.Dir(r.KeyFile), 0o777))
	if c := keyOf(t, h); c.Status != pipeline.Warn {
		t.Errorf("a key that others can exchange: %+v", c)
	}
	check(t, os.Chmod(filepath.Dir(r.KeyFile), 0o700))
}

func keyOf(t *testing.T, h *pipeline.Home) pipeline.Check {
	t.Helper()
	k, err := h.LookAtKey()
	check(t, err)
	return k.Check
}

// zones is rows with ids, by table.
type zones struct{ analyst, steward map[string][]string }

func zonesOf(t *testing.T, home string) zones {
	t.Helper()
	in := func(db string) map[string][]string {
		out, c := map[string][]string{}, openFile(t, db)
		for table, q := range map[string]string{
			"person_record": `SELECT record_id, person_id, episode_id FROM person_record`,
			"person_event":  `SELECT event_id, person_id, other_person_id, kind_code FROM person_event`,
			"link_review":   `SELECT unnest([record_id_a, record_id_b]) FROM link_review`,
			"record":        `SELECT record_id, case_id FROM record`,
		} {
			if len(query(t, c, `SELECT 1 FROM information_schema.tables WHERE table_name = '`+table+`'`)) == 0 {
				continue
			}
			out[table] = query(t, c, q)
			slices.Sort(out[table])
		}
		return out
	}
	run, err := os.Readlink(filepath.Join(home, "current"))
	check(t, err)
	return zones{in(filepath.Join(home, "current", "palermo.duckdb")), in(filepath.Join(home, "steward", filepath.Base(run), "steward.duckdb"))}
}

// renamed is the new ids of a table of a rotation, by the old ones.
func renamed(t *testing.T, file string) map[string]string {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(read(t, file))).ReadAll()
	check(t, err)
	out, kinds := map[string]string{}, map[string]bool{}
	for _, r := range rows[1:] {
		out[r[1]], kinds[r[0]] = r[2], true
		if r[1][0] != r[2][0] {
			t.Errorf("an id of one kind became one of another")
		}
	}
	if len(kinds) != 4 || len(out) != len(rows)-1 {
		t.Errorf("%d ids of %d kinds in %d rows", len(out), len(kinds), len(rows))
	}
	return out
}
