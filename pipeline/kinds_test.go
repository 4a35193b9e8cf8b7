package pipeline_test

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"palermo/pipeline"
)

// kindsMapping is a source of two forms, told apart by their last column. A row's serial stands in
// the income, so that each can be found again.
const kindsMapping = `source: {id: kinds, title: "Cases of two forms"}
tables:
  - vintage: a
    recognise: {headers: [Case, Registered, Consent, Serial, A]}
    target: record
    record: {case: [Case], form: a}
    submission: {from_cell: [{to: kind, at: B1}, {to: from, at: B2}, {to: to, at: C2}]}
    columns: &columns
      - {from: Registered, to: registration, parse: date}
      - {from: Consent, to: data_consent_code, codes: consent}
      - {from: Serial, to: income_before, parse: number}
    ignore: [A]
  - vintage: b
    recognise: {headers: [Case, Registered, Consent, Serial, B]}
    target: record
    record: {case: [Case], form: b}
    submission: {from_cell: [{to: kind, at: B1}, {to: from, at: B2}, {to: to, at: C2}]}
    columns: *columns
    ignore: [B]
`

func kindsHome(t *testing.T) string {
	t.Helper()
	home := newHome(t, nil)
	write(t, filepath.Join(home, "mappings", "kinds", "mapping.yaml"), []byte(kindsMapping))
	write(t, filepath.Join(home, "mappings", "kinds", "codes", "consent.csv"), []byte("source_value,code,note\nYes,given,\nNo,not_given,\nGone,withdrawn,\n"))
	write(t, filepath.Join(home, "palermo.yaml"), []byte("agencies:\n  one: {cumulative: [kinds]}\n"))
	return home
}

// aRow is a row of a file: of a case, with what it says of registration and consent.
type aRow struct {
	ref, registered, consent string
	serial                   int
}

// aFile is a file of one night.
type aFile struct {
	night            int
	agency, form     string
	kind, from, to   string // kind "" where nobody says
	inCell           bool   // the file says so itself, else its folder
	rows             []aRow
	withdrawn, yes   bool // taken back; confirmed
	submission, name string
}

func (f *aFile) bytes() []byte {
	var b bytes.Buffer
	kind, from, to := "", "", ""
	if f.inCell {
		kind, from, to = f.kind, f.from, f.to
	}
	fmt.Fprintf(&b, "Kind,%s,,,\nPeriod,%s,%s,,\nCase,Registered,Consent,Serial,%s\n", kind, from, to, strings.ToUpper(f.form))
	for _, r := range f.rows {
		fmt.Fprintf(&b, "%s,%s,%s,%d,\n", r.ref, r.registered, r.consent, r.serial)
	}
	return b.Bytes()
}

// folder is where the agency puts the file.
func (f *aFile) folder() string {
	switch {
	case f.kind == "" || f.inCell:
		return ""
	case f.kind == pipeline.FullReplacement:
		return "Full replacement " + f.from + " to " + f.to
	}
	return f.kind
}

func (f *aFile) digest() string {
	sum := sha256.Sum256(f.bytes())
	return hex.EncodeToString(sum[:])
}

// world is a random sequence of nights, and what was decided.
type world struct {
	rnd    *rand.Rand
	files  []*aFile
	cases  map[string]bool // withdrawn by hand: "agency/reference"
	serial int
	ops    map[string]int // how often each thing happened
}

// standsRow is a row as it must be published.
type standsRow struct {
	Serial, Version int
	Current         bool
	Since, Reason   string
}

func day(night int) string { return fmt.Sprintf("2026-01-%02d", night) }

// expected works out, from all files and decisions and with nothing of palermo, which rows must be
// published up to a night, which files wait, and which serials may be kept anywhere.
func (w *world) expected(upTo int) (rows []standsRow, waits map[*aFile]bool, kept map[int]bool) {
	type record struct {
		rows     []standsRow
		night    int
		reg      string
		removed  int
		exported bool
		key      string
	}
	files := slices.DeleteFunc(slices.Clone(w.files), func(f *aFile) bool { return f.night > upTo })
	slices.SortFunc(files, func(a, b *aFile) int {
		return cmp.Or(cmp.Compare(a.night, b.night), cmp.Compare(a.digest(), b.digest()))
	})
	gone := func(f *aFile, r aRow) bool { // refused, or withdrawn in some way
		if w.cases[f.agency+"/"+r.ref] || f.withdrawn || r.consent == "No" || r.consent == "Gone" || f.kind == pipeline.Withdrawal {
			return true
		}
		for _, g := range files {
			if g.agency != f.agency || g.night < f.night {
				continue
			}
			for _, q := range g.rows {
				refuses := q.consent == "No" || q.consent == "Gone"
				takes := g.kind == pipeline.Withdrawal && !g.withdrawn && g.form == f.form && !refuses
				if q.ref == r.ref && (refuses || takes) {
					return true
				}
			}
		}
		return false
	}
	waits, kept = map[*aFile]bool{}, map[int]bool{}
	records := map[string]*record{}
	exports := map[string][]int{} // nights, by cohort
	cohort := func(f *aFile) string { return f.agency + "/" + f.form }
	for night := 1; night <= upTo; night++ {
		var tonight []*aFile
		groups := map[string][]*aFile{}
		for _, f := range files {
			if f.night != night {
				continue
			}
			tonight = append(tonight, f)
			if f.kind == pipeline.FullReplacement && !f.withdrawn {
				k := cohort(f) + "/" + f.from + "/" + f.to
				groups[k] = append(groups[k], f)
			}
		}
		var removed []*record
		for _, fs := range groups {
			named, yes := map[string]bool{}, false
			for _, f := range fs {
				yes = yes || f.yes
				for _, r := range f.rows {
					named[r.ref] = named[r.ref] || !gone(f, r)
				}
			}
			could, lost := 0, []*record{}
			for key, rec := range records {
				ref, ok := strings.CutPrefix(key, cohort(fs[0])+"/")
				if !ok || rec.removed > 0 || rec.reg == "" || rec.reg < fs[0].from || rec.reg > fs[0].to {
					continue
				}
				could++
				if !named[ref] {
					lost = append(lost, rec)
				}
			}
			if float64(len(lost)) > 0.2*float64(could) && !yes {
				for _, f := range fs {
					waits[f] = true
				}
				continue
			}
			removed = append(removed, lost...)
		}
		for _, rec := range removed {
			rec.removed = night
		}
		for _, f := range tonight {
			for _, r := range f.rows {
				key := cohort(f) + "/" + r.ref
				rec := records[key]
				if gone(f, r) {
					continue
				}
				if r.consent != "perhaps" {
					kept[r.serial] = true
				}
				switch {
				case waits[f]:
				case r.consent == "perhaps": // cannot be read, but names the record
					if rec != nil {
						rec.night, rec.removed = night, 0
					}
				default:
					if rec == nil {
						rec = &record{key: key}
						records[key] = rec
					}
					rec.rows = append(rec.rows, standsRow{Serial: r.serial, Version: len(rec.rows) + 1})
					rec.night, rec.reg, rec.removed = night, r.registered, 0
					rec.exported = rec.exported || f.agency == "one" && f.kind == ""
				}
			}
			if f.agency == "one" && f.kind == "" && !f.withdrawn {
				exports[cohort(f)] = append(exports[cohort(f)], night)
			}
		}
	}
	for key, rec := range records {
		last := &rec.rows[len(rec.rows)-1]
		last.Current = rec.removed == 0
		if rec.removed > 0 {
			last.Since, last.Reason = day(rec.removed), "replaced"
		} else if rec.exported {
			for _, n := range exports[path.Dir(key)] {
				if n > rec.night {
					last.Since, last.Reason = day(n), "missing_from_export"
					break
				}
			}
		}
		rows = append(rows, rec.rows...)
	}
	slices.SortFunc(rows, func(a, b standsRow) int { return cmp.Compare(a.Serial, b.Serial) })
	return rows, waits, kept
}

// file makes a random file of the night.
func (w *world) file(night int) *aFile {
	f := &aFile{night: night, agency: []string{"one", "two"}[w.rnd.IntN(2)], form: []string{"a", "b"}[w.rnd.IntN(2)]}
	f.kind = []string{"", "", "", "", pipeline.NewCases, pipeline.Correction, pipeline.FullReplacement, pipeline.FullReplacement, pipeline.Withdrawal}[w.rnd.IntN(9)]
	f.inCell = f.kind != "" && w.rnd.IntN(2) == 0
	if f.kind == pipeline.FullReplacement {
		f.from, f.to = "2025-01-01", "2025-12-31"
		if w.rnd.IntN(3) == 0 {
			f.from, f.to = "2025-01-01", "2025-06-30"
		}
	}
	keep := []float64{0.95, 0.6, 0.2}[w.rnd.IntN(3)]
	if f.kind == pipeline.Withdrawal {
		keep = 0.15
	}
	for ref := range 9 {
		for w.rnd.Float64() < keep {
			w.serial++
			r := aRow{fmt.Sprintf("K%d", ref), fmt.Sprintf("2025-%02d-10", 1+(ref+w.rnd.IntN(2)*4)%12), "Yes", 1000*night + w.serial}
			switch n := w.rnd.IntN(40); {
			case n == 0:
				r.consent = "No"
			case n == 1:
				r.consent = "Gone"
			case n == 2:
				r.consent = "perhaps"
			case n == 3:
				r.registered = ""
			case n < 8:
				r.consent = ""
			}
			f.rows = append(f.rows, r)
			if w.rnd.IntN(10) > 0 {
				break
			}
		}
	}
	w.ops[f.kind]++
	return f
}

// TestKinds holds random nights of all kinds of submission, and decisions about them, against what
// must stand, worked out by other code.
func TestKinds(t *testing.T) {
	t.Parallel()
	wholeRun(t)
	seeds := 2
	if os.Getenv("PALERMO_LONG") != "" {
		seeds = 25
	}
	all := map[string]int{}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := &world{rnd: rand.New(rand.NewPCG(uint64(seed), 7)), cases: map[string]bool{}, ops: all}
			w.play(t)
		})
	}
	for _, op := range []string{"", pipeline.Correction, pipeline.FullReplacement, pipeline.Withdrawal, "replaced", "missing_from_export", "waits", "confirm", "withdraw", "case"} {
		if all[op] == 0 {
			t.Errorf("the nights had none of %q", op)
		}
	}
}

const kindNights = 8

func (w *world) play(t *testing.T) {
	home := kindsHome(t)
	for night := 1; night <= kindNights; night++ {
		for range 1 + w.rnd.IntN(3) {
			f := w.file(night)
			if len(f.rows) == 0 || slices.ContainsFunc(w.files, func(g *aFile) bool { return g.night == night && g.digest() == f.digest() }) {
				continue
			}
			w.files = append(w.files, f)
			f.name = path.Join(f.agency, f.folder(), fmt.Sprintf("f%02d.csv", len(w.files)))
			drop(t, home, f.name, f.bytes())
		}
		w.decide(t, home, night)
		s := run(t, home, pipeline.Options{Now: clock(night)})
		for _, got := range s.Files {
			for _, f := range w.files {
				if f.name == path.Join(got.Agency, got.Name) {
					f.submission = got.Submission
				}
			}
		}
		w.check(t, home, s, night)
		if t.Failed() {
			t.FailNow()
		}
	}
	want := parquetFiles(t, home)
	run(t, home, pipeline.Options{Now: clock(kindNights + 1), Full: true})
	if d := gocmp.Diff(want, parquetFiles(t, home)); d != "" {
		t.Errorf("bytes differ (-first +full):\n%s", d)
	}
	w.forget(t, home, want)
	w.again(t, want)
}

// forget takes away all that an earlier run remembers of what was left out, as a crash can: the next
// run finds it again.
func (w *world) forget(t *testing.T, home string, want map[string]string) {
	check(t, os.RemoveAll(filepath.Join(home, "state", "considered.json")))
	check(t, os.RemoveAll(filepath.Join(home, "lake", "entries")))
	s := run(t, home, pipeline.Options{Now: clock(kindNights + 2)})
	if s.Status != pipeline.RunNothingNew {
		t.Errorf("after entries were lost the run %s, want nothing new", s.Status)
	}
	_, _, kept := w.expected(kindNights)
	w.checkKept(t, home, kept)
	if d := gocmp.Diff(want, parquetFiles(t, home)); d != "" {
		t.Errorf("bytes differ (-first +mended):\n%s", d)
	}
}

// decide decides something at random, and what was decided before may be taken back.
func (w *world) decide(t *testing.T, home string, night int) {
	_, waits, _ := w.expected(night - 1)
	for _, f := range w.files {
		if f.submission == "" {
			continue
		}
		switch n := w.rnd.IntN(12); {
		case n < 6 && waits[f] && !f.yes:
			f.yes = true
			w.ops["confirm"]++
			w.write(t, home, pipeline.ActConfirm, f, false)
		case n == 11 && w.rnd.IntN(2) == 0:
			f.withdrawn = !f.withdrawn
			w.ops["withdraw"]++
			w.write(t, home, pipeline.ActWithdraw, f, !f.withdrawn)
		}
	}
	if w.rnd.IntN(3) == 0 {
		agency, ref := []string{"one", "two"}[w.rnd.IntN(2)], fmt.Sprintf("K%d", w.rnd.IntN(9))
		k := agency + "/" + ref
		w.cases[k] = !w.cases[k]
		w.ops["case"]++
		w.writeCase(t, home, agency, ref, !w.cases[k])
	}
}

func (w *world) write(t *testing.T, home, act string, f *aFile, undo bool) {
	t.Helper()
	h, err := pipeline.OpenHome(home, "")
	check(t, err)
	s, err := h.SubmissionSubject(f.submission)
	check(t, err)
	check(t, h.Decide(act, s, undo, clock(1)()))
}

func (w *world) writeCase(t *testing.T, home, agency, ref string, undo bool) {
	t.Helper()
	h, err := pipeline.OpenHome(home, "")
	check(t, err)
	s, err := h.CaseSubject(t.Context(), agency, "kinds", ref)
	check(t, err)
	check(t, h.Decide(pipeline.ActWithdraw, s, undo, clock(1)()))
}

func (w *world) check(t *testing.T, home string, s *pipeline.Summary, night int) {
	t.Helper()
	rows, waits, kept := w.expected(night)
	for _, r := range rows {
		w.ops[r.Reason]++
	}
	run, err := filepath.EvalSymlinks(filepath.Join(home, "current"))
	check(t, err)
	db := openFile(t, filepath.Join(home, "steward", filepath.Base(run), "steward.duckdb"))
	var got []standsRow
	res, err := db.Query(`SELECT CAST(income_before_low AS INTEGER), record_version, is_current, coalesce(CAST(absent_since AS VARCHAR), ''),
		coalesce(CAST(absent_reason_code AS VARCHAR), '') FROM record ORDER BY 1`)
	check(t, err)
	defer res.Close()
	for res.Next() {
		var r standsRow
		check(t, res.Scan(&r.Serial, &r.Version, &r.Current, &r.Since, &r.Reason))
		got = append(got, r)
	}
	if d := gocmp.Diff(rows, got); d != "" {
		t.Errorf("night %d: rows of records (-want +got):\n%s", night, d)
	}
	held := 0
	for f := range waits {
		w.ops["waits"]++
		held++
		if !slices.ContainsFunc(s.Unconfirmed, func(u pipeline.Waits) bool { return path.Join(u.Agency, u.Name) == f.name }) {
			t.Errorf("night %d: %s waits, and the run does not say so", night, f.name)
		}
	}
	if held != len(s.Unconfirmed) {
		t.Errorf("night %d: %d files wait, want %d", night, len(s.Unconfirmed), held)
	}
	current := 0
	for _, r := range rows {
		if r.Current {
			current++
		}
	}
	analyst := open(t, home)
	for _, tc := range []struct{ what, q, want string }{
		{"records of persons", `SELECT coalesce(sum(records), 0) FROM person`, fmt.Sprint(current)},
		{"loaded, and rows", `SELECT (SELECT coalesce(sum(loaded), 0) FROM row_balance) - (SELECT count(*) FROM record)`, "0"},
		{"unbalanced tables", `SELECT count(*) FROM row_balance WHERE read <> loaded + rejected + skipped OR
			skipped <> skipped_blank + skipped_total + skipped_note + skipped_repeated_header + skipped_no_consent + skipped_withdrawn + skipped_waiting + skipped_unmapped_sheet + skipped_purged`, "0"},
		{"rows read", `SELECT sum(read) FROM row_balance`, fmt.Sprint(w.rowsUpTo(night))},
		{"assessments of no row", `SELECT count(*) FROM assessment a ANTI JOIN record r ON a.subject_id = r.record_id AND a.subject_version = r.record_version`, "0"},
	} {
		if got := query(t, analyst, tc.q)[0]; got != tc.want {
			t.Errorf("night %d: %s: %s, want %s", night, tc.what, got, tc.want)
		}
	}
	w.checkKept(t, home, kept)
}

func (w *world) rowsUpTo(night int) int {
	n := 0
	for _, f := range w.files {
		if f.night <= night {
			n += len(f.rows)
		}
	}
	return n
}

// checkKept: the lake, the vault and the quarantine have no row of who refused or was withdrawn.
func (w *world) checkKept(t *testing.T, home string, kept map[int]bool) {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	check(t, err)
	defer db.Close()
	got := map[string]bool{}
	if files, _ := filepath.Glob(filepath.Join(home, "lake", "record", "*", "*.parquet")); len(files) > 0 {
		for _, s := range query(t, db, `SELECT CAST(income_before_low AS INTEGER) FROM read_parquet(?)`, filepath.Join(home, "lake", "record", "*", "*.parquet")) {
			got[s] = true
		}
	}
	want := map[string]bool{}
	for s := range kept {
		want[fmt.Sprint(s)] = true
	}
	if d := gocmp.Diff(want, got); d != "" {
		t.Errorf("serials in the lake (-want +got):\n%s", d)
	}
	if files, _ := filepath.Glob(filepath.Join(home, "vault", "record", "*", "*.parquet")); len(files) > 0 {
		if n := query(t, db, `SELECT count(*) FROM read_parquet(?)`, filepath.Join(home, "vault", "record", "*", "*.parquet"))[0]; n != fmt.Sprint(len(want)) {
			t.Errorf("%s rows in the vault, %d in the lake", n, len(want))
		}
	}
}

// again feeds another home the same nights under other names and with one thread, decides what was
// decided at the end only, and has the same bytes, but for what persons were called.
func (w *world) again(t *testing.T, want map[string]string) {
	home := kindsHome(t)
	for night := 1; night <= kindNights; night++ {
		for i, f := range w.files {
			if f.night == night {
				drop(t, home, path.Join(f.agency, f.folder(), fmt.Sprintf("x%02d.csv", len(w.files)-i)), f.bytes())
			}
		}
		h, err := pipeline.OpenHome(home, "")
		check(t, err)
		h.Config.Threads = 1
		_, err = h.Run(t.Context(), pipeline.Options{Now: clock(night)})
		check(t, err)
	}
	for _, f := range w.files {
		if f.yes {
			w.write(t, home, pipeline.ActConfirm, f, false)
		}
		if f.withdrawn {
			w.write(t, home, pipeline.ActWithdraw, f, false)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(w.cases)) {
		if agency, ref, _ := strings.Cut(k, "/"); w.cases[k] {
			w.writeCase(t, home, agency, ref, false)
		}
	}
	run(t, home, pipeline.Options{Now: clock(kindNights + 1)})
	if d := gocmp.Diff(withoutPersons(want), withoutPersons(parquetFiles(t, home))); d != "" {
		t.Errorf("bytes differ (-first +again):\n%s", d)
	}
}

// withoutPersons leaves out what depends on the registry of persons: who was decided about only at
// the end had a person until then, and persons keep the ids and events of what they were.
func withoutPersons(files map[string]string) map[string]string {
	out := maps.Clone(files)
	maps.DeleteFunc(out, func(name, _ string) bool {
		table, _, _ := strings.Cut(name, "/")
		return slices.Contains([]string{"person", "episode", "person_record", "person_event", "person_superseded"}, table)
	})
	return out
}

// TestStrikesOverlap: a row that two things keep out stays out when one of them is taken back.
func TestStrikesOverlap(t *testing.T) {
	t.Parallel()
	home := kindsHome(t)
	header := fmt.Sprintf(kindsHeader, "", "", "")
	drop(t, home, "two/first.csv", []byte(header+"K1,2024-02-01,Yes,1,\nK2,2024-02-02,Yes,2,\n"))
	run(t, home, pipeline.Options{Now: clock(1)})
	w := &world{}
	w.writeCase(t, home, "two", "K1", false)
	run(t, home, pipeline.Options{Now: clock(2)})
	drop(t, home, "two/second.csv", []byte(header+"K1,2024-02-01,Gone,3,\n"))
	drop(t, home, "two/withdrawal/third.csv", []byte(header+"K1,2024-02-01,Yes,4,\n"))
	run(t, home, pipeline.Options{Now: clock(3)})
	w.writeCase(t, home, "two", "K1", true)
	run(t, home, pipeline.Options{Now: clock(4)})
	w.checkKept(t, home, map[int]bool{2: true})
	if got := query(t, open(t, home), `SELECT sum(skipped_withdrawn), sum(skipped_no_consent) FROM row_balance`)[0]; got != "2|1" {
		t.Errorf("rows withdrawn and refused: %s, want 2|1", got)
	}
}
