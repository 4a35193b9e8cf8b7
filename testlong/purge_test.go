package testlong

import (
	"archive/zip"
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"palermo/fixtures"
	"palermo/load"
	"palermo/pipeline"
)

// caseRows is the rows of every table of a snapshot, or of what stewards have, that has ids of records or persons: as a
// set, each as its values.
func caseRows(t *testing.T, path string) map[string][]string {
	t.Helper()
	db, err := sql.Open("duckdb", path+"?access_mode=READ_ONLY")
	check(t, err)
	defer db.Close() // a database that is open stays what it is for all of the process
	out := map[string][]string{}
	for _, table := range query(t, db, `SELECT DISTINCT table_name FROM duckdb_columns() JOIN duckdb_tables() USING (table_oid, table_name)
		WHERE column_name IN ('record_id', 'subject_id', 'person_id', 'record_id_a')`) {
		out[table] = query(t, db, `SELECT * FROM "`+table+`"`)
		slices.Sort(out[table])
	}
	return out
}

// caseHome is a home with files of cases: those of both databases in their published size, or a few small ones; and the
// truth about the records of those that were made.
func caseHome(t *testing.T) (home string, truth []map[string]string) {
	t.Helper()
	if full() {
		return homeOf(t, fixtures.Full(3), nil)
	}
	return homeOf(t, fixtures.CasesOptions{CTM: 30, RCP: 10, Seed: 3, NoReports: true}, []string{"iom_chisinau/ctm_assistance.csv"})
}

// smallHome is a home with a file of each format.
func smallHome(t *testing.T) (home string, truth []map[string]string) {
	t.Helper()
	return homeOf(t, fixtures.CasesOptions{CTM: 30, RCP: 10, Seed: 3, NoReports: true},
		[]string{"iom_chisinau/ctm_assistance.csv", "iom_kyiv/ctm_assistance_1251.txt", "rcp_belgrade/regional_workbook.xlsx"})
}

// homeOf is a home with some of the generated files, or all.
func homeOf(t *testing.T, o fixtures.CasesOptions, keep []string) (home string, truth []map[string]string) {
	t.Helper()
	home, made := filepath.Join(t.TempDir(), "home"), t.TempDir()
	check(t, fixtures.Cases(made, o))
	f, err := os.Open(filepath.Join(made, "truth.csv"))
	check(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	check(t, err)
	for _, r := range rows[1:] {
		row := map[string]string{}
		for j, name := range rows[0] {
			row[name] = r[j]
		}
		name := row["agency"] + "/" + row["file"]
		if row["counted"] == "yes" && (keep == nil || slices.Contains(keep, name)) {
			truth = append(truth, row)
		}
	}
	check(t, filepath.WalkDir(made, func(path string, d fs.DirEntry, err error) error {
		name := filepath.ToSlash(strings.TrimPrefix(path, made+string(filepath.Separator)))
		if err != nil || d.IsDir() || name == "truth.csv" || keep != nil && !slices.Contains(keep, name) {
			return err
		}
		drop(t, home, name, func(b *bytes.Buffer) error {
			read, err := os.ReadFile(path)
			b.Write(read)
			return err
		})
		return nil
	}))
	return home, truth
}

// night runs the home at a night of its own.
func night(t *testing.T, home string, n int, o pipeline.Options) *pipeline.Summary {
	t.Helper()
	h, err := pipeline.OpenHome(home, "")
	check(t, err)
	o.Now = clockAt(n)
	s, err := h.Run(context.Background(), o)
	check(t, err)
	return s
}

func clockAt(n int) func() time.Time {
	return func() time.Time { return time.Date(2026, 1, n, 3, 4, 5, 0, time.UTC) }
}

// query is the rows of a query, each as its values between "|".
func query(t *testing.T, db *sql.DB, q string) []string {
	t.Helper()
	rows, err := db.Query(q)
	check(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	check(t, err)
	var out []string
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		check(t, rows.Scan(into...))
		texts := make([]string, len(values))
		for i, v := range values {
			texts[i] = fmt.Sprint(v)
		}
		out = append(out, strings.Join(texts, "|"))
	}
	check(t, rows.Err())
	return out
}

// someOf is the subjects of so many persons, of every agency as many as another, as they are named, and their references.
func someOf(truth []map[string]string, all int) (subjects, references []string) {
	persons, n, agencies := map[string]bool{}, map[string]int{}, map[string]bool{}
	for _, r := range truth {
		agencies[r["agency"]] = true
	}
	each := all/len(agencies) + 1
	for _, r := range truth {
		if !persons[r["person"]] && n[r["agency"]] < each && len(persons) < all {
			persons[r["person"]] = true
			n[r["agency"]]++
		}
	}
	for _, r := range truth {
		if persons[r["person"]] {
			subjects, references = append(subjects, r["agency"]+":"+r["case_reference"]), append(references, r["case_reference"])
		}
	}
	slices.Sort(subjects)
	return slices.Compact(subjects), references
}

// TestPurge: whoever is erased is in nothing that the home keeps, everybody else's rows are as they were, also when all is
// made again, and sending the files again brings nobody back. An erasure that was stopped is gone on with by the next run.
func TestPurge(t *testing.T) {
	home, truth := caseHome(t)
	sent := filepath.Join(t.TempDir(), "sent")
	check(t, os.CopyFS(sent, os.DirFS(filepath.Join(home, "drop"))))
	files := len(night(t, home, 1, pipeline.Options{}).Files)
	database := func() string {
		path, err := filepath.EvalSymlinks(filepath.Join(home, "current", "palermo.duckdb"))
		check(t, err)
		return path
	}
	stewards := func() string {
		return filepath.Join(home, "steward", filepath.Base(filepath.Dir(database())), "steward.duckdb")
	}
	first, before, beforeStewards := database(), caseRows(t, database()), caseRows(t, stewards())
	subjects, references := someOf(truth, scale(100, 3))
	h, err := pipeline.OpenHome(home, "")
	check(t, err)
	dry, err := h.Purge(context.Background(), pipeline.PurgeOptions{Subjects: subjects, DryRun: true, Now: clockAt(2)})
	check(t, err)
	if dry.Cases != len(subjects) || dry.Run != nil || dry.Search != nil || database() != first {
		t.Fatalf("dry run: %+v", dry)
	}
	named(t, h, first, stewards())
	stopped := 0
	if full() {
		ctx, stop := context.WithCancel(context.Background())
		if _, err = h.Purge(ctx, pipeline.PurgeOptions{Subjects: subjects[:1], Reason: "asked for", Now: clockAt(2), Progress: stopAt{"reading files", stop}}); err == nil {
			t.Fatal("it was not stopped")
		}
		stopped = 1
	}
	release(t, home, first)
	p, err := h.Purge(context.Background(), pipeline.PurgeOptions{Subjects: subjects, Reason: "asked for", Now: clockAt(2)})
	check(t, err)
	if len(p.Releases) != 1 || p.Releases[0].ID != "r1" || p.Releases[0].Records != p.Records {
		t.Errorf("releases: %+v", p.Releases)
	}
	if s := p.Search; len(s.Hits) > 0 || s.Identifiers < 3*len(subjects) || s.Files < 50 || p.Again != stopped || p.Records+p.Again < len(subjects) || p.Resumed != (stopped > 0) || p.Run.Status != pipeline.RunPublished {
		t.Fatalf("purge: %+v, %+v, search: %+v", p, p.Run, s)
	}
	t.Logf("%d subjects, %d records, %d persons; searched for %d identifiers in %d files, %d bytes; shared %d, short %d",
		p.Subjects, p.Records, p.Persons, p.Search.Identifiers, p.Search.Files, p.Search.Bytes, p.Search.Shared, p.Search.Short)
	left := caseRows(t, database())
	erased := p.Run.Rows.Skipped["purged"]
	same := func(what string, got map[string][]string, want map[string][]string) {
		for table, rows := range got {
			if lost := len(want[table]) - len(rows); !subset(rows, want[table]) {
				t.Errorf("%s: %s has rows that were not there", what, table)
			} else if table == "record" && lost != erased {
				t.Errorf("%s: %d records are gone, want %d", what, lost, erased)
			}
		}
	}
	same("the new snapshot", left, before)
	same("the last snapshot", caseRows(t, first), before)
	same("the stewards' database", caseRows(t, stewards()), beforeStewards)
	check(t, load.Verify(filepath.Dir(first)))
	noneOf(t, home, references)

	if full() {
		again := night(t, home, 3, pipeline.Options{Full: true})
		if again.Rows.Skipped["purged"] != erased || again.Made != files {
			t.Errorf("made again: %+v", again.Rows)
		}
		if got := caseRows(t, database()); !maps.EqualFunc(got, left, slices.Equal) {
			t.Error("made again of the extracts, the rows are others")
		}
	}

	check(t, os.RemoveAll(filepath.Join(home, "drop")))
	check(t, os.CopyFS(filepath.Join(home, "drop"), os.DirFS(sent)))
	drop(t, home, "iom_chisinau/renewed.csv", func(b *bytes.Buffer) error {
		was, err := os.ReadFile(filepath.Join(sent, "iom_chisinau", "ctm_assistance.csv"))
		b.Write(append(was, '\n'))
		return err
	})
	again := night(t, home, 4, pipeline.Options{})
	fresh := again.Files[slices.IndexFunc(again.Files, func(f pipeline.FileSummary) bool { return !f.Duplicate })]
	if len(again.Files) != files+1 || fresh.Rows.Skipped["purged"] == 0 || again.Made != 1 {
		t.Errorf("sent again: %+v", again)
	}
	if got := caseRows(t, database()); len(got["person"]) != len(left["person"]) {
		t.Errorf("%d persons, want %d", len(got["person"]), len(left["person"]))
	}
	noneOf(t, home, references)
	audit, err := os.ReadFile(filepath.Join(home, "state", "audit.jsonl"))
	check(t, err)
	if strings.Count(string(audit), `"command":"purge"`) != 1+stopped || !strings.Contains(string(audit), `"reason":"asked for`) {
		t.Errorf("audit: %s", audit)
	}
	if _, err := h.Purge(context.Background(), pipeline.PurgeOptions{Subjects: []string{"iom_chisinau:nobody"}, Now: clockAt(5)}); err == nil {
		t.Error("somebody unknown was erased")
	}
}

// named names a person, and records, by the ids that databases have of them.
func named(t *testing.T, h *pipeline.Home, analysts, stewards string) {
	t.Helper()
	ids := func(path, q string) []string {
		db, err := sql.Open("duckdb", path+"?access_mode=READ_ONLY")
		check(t, err)
		defer db.Close()
		return query(t, db, q)
	}
	dry := func(id string) *pipeline.Purged {
		p, err := h.Purge(context.Background(), pipeline.PurgeOptions{Subjects: []string{id}, DryRun: true, Now: clockAt(2)})
		check(t, err)
		return p
	}
	most := "SELECT person_id, count(*) FROM person_record GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1"
	for _, path := range []string{analysts, stewards} {
		person, records, _ := strings.Cut(ids(path, most)[0], "|")
		p := dry(person)
		if len(p.ByPerson) != 1 || p.ByPerson[0].Person != person || fmt.Sprint(p.ByPerson[0].Records) != records || fmt.Sprint(p.Records) != records || p.Persons != 1 || len(p.Others) > 0 {
			t.Errorf("a person of %s records: %+v", records, p)
		}
		one := dry(ids(path, "SELECT record_id FROM person_record WHERE person_id = '"+person+"' ORDER BY 1 LIMIT 1")[0])
		left := 0
		if len(one.Others) == 1 {
			left = one.Others[0].Records
		}
		if one.Cases != 1 || fmt.Sprint(one.Records+left) != records || len(one.ByPerson) > 0 {
			t.Errorf("a record of a person of %s: %+v", records, one)
		}
	}
}

// release notes a release that holds every record of a snapshot.
func release(t *testing.T, home, database string) {
	t.Helper()
	db, err := sql.Open("duckdb", database+"?access_mode=READ_ONLY")
	check(t, err)
	defer db.Close()
	dir := filepath.Join(home, "state", "releases", "r1")
	check(t, os.MkdirAll(dir, 0o700))
	check(t, os.WriteFile(filepath.Join(dir, "records.txt"), []byte(strings.Join(query(t, db, `SELECT DISTINCT record_id FROM record`), "\n")+"\n"), 0o600))
}

// purgeHome names the home that this program, executed again, is to purge of the subjects of purgeSubjects.
const (
	purgeHome     = "PALERMO_LONG_PURGE_HOME"
	purgeSubjects = "PALERMO_LONG_PURGE_SUBJECTS"
)

func purgeOnce(dir string) error {
	h, err := pipeline.OpenHome(dir, "")
	if err != nil {
		return err
	}
	_, err = h.Purge(context.Background(), pipeline.PurgeOptions{Subjects: strings.Fields(os.Getenv(purgeSubjects)), Reason: "asked for", Now: clockAt(2)})
	return err
}

// TestPurgeKilled: whenever a purge is killed, readers see a whole snapshot, and the next run ends with nobody left who was
// to be erased.
func TestPurgeKilled(t *testing.T) {
	if !full() {
		t.Skip("kills many times")
	}
	home, truth := smallHome(t)
	night(t, home, 1, pipeline.Options{})
	subjects, references := someOf(slices.DeleteFunc(truth, func(r map[string]string) bool { return strings.Contains(r["case_reference"], " ") }), 4)
	purge := func(home string) *exec.Cmd {
		cmd := command(t, home)
		cmd.Env = append(os.Environ(), purgeHome+"="+home, purgeSubjects+"="+strings.Join(subjects, " "))
		return cmd
	}
	copied := func() string {
		to := filepath.Join(t.TempDir(), "home")
		check(t, exec.Command("cp", "-a", home, to).Run())
		return to
	}
	start := time.Now()
	check(t, purge(copied()).Run())
	whole := time.Since(start)
	begun := 0
	const kills = 40
	for i := range kills {
		home := copied()
		cmd := purge(home)
		check(t, cmd.Start())
		time.Sleep(whole * time.Duration(i+1) / (kills + 1))
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
		_, left := os.Stat(filepath.Join(home, "state", "erasure.json"))
		audit, _ := os.ReadFile(filepath.Join(home, "state", "audit.jsonl"))
		if left != nil && len(audit) == 0 {
			continue // nothing was written down
		}
		begun++
		if path, err := filepath.EvalSymlinks(filepath.Join(home, "current")); err != nil {
			t.Errorf("kill %d: readers see nothing: %v", i, err)
		} else {
			check(t, load.Verify(path))
		}
		finish(t, home)
		noneOf(t, home, references)
		if _, err := os.Stat(filepath.Join(home, "state", "erasure.json")); err == nil {
			t.Errorf("kill %d: it was not gone on with", i)
		}
		runs, err := os.ReadDir(filepath.Join(home, "snapshots"))
		check(t, err)
		for _, r := range runs {
			check(t, load.Verify(filepath.Join(home, "snapshots", r.Name())))
		}
		check(t, os.RemoveAll(home))
	}
	t.Logf("killed %d times, %d of them when something had been written down", kills, begun)
	if begun < kills/4 {
		t.Error("too few")
	}
}

// TestRetention: what is too old goes, the rows stay as they were made last, and whoever is erased then is taken out of
// what is left.
func TestRetention(t *testing.T) {
	if !full() {
		t.Skip("takes some runs")
	}
	home, truth := smallHome(t)
	night(t, home, 1, pipeline.Options{})
	settings := func(text string) { check(t, os.WriteFile(filepath.Join(home, "palermo.yaml"), []byte(text), 0o600)) }
	settings("retention: {inbox_days: 3, quarantine_days: 3, vault_days: 3, snapshot_days: 1}\n")
	s := night(t, home, 9, pipeline.Options{})
	if s.Retired.Inbox != 3 || s.Retired.Snapshots != 0 || s.Retired.Vault != 0 {
		t.Errorf("retired: %+v", s.Retired)
	}
	settings("retention: {inbox_days: 3}\nreport: {examples: 5}\n") // entries would be made again
	s = night(t, home, 10, pipeline.Options{Full: true})
	if s.Made != 0 || s.Rows.Loaded == 0 {
		t.Errorf("made again: %+v", s)
	}
	h, err := pipeline.OpenHome(home, "")
	check(t, err)
	named(t, h, filepath.Join(s.Snapshot, "palermo.duckdb"), filepath.Join(home, "steward", filepath.Base(s.Snapshot), "steward.duckdb"))
	subjects, references := someOf(truth, 2)
	p, err := h.Purge(context.Background(), pipeline.PurgeOptions{Subjects: subjects, Reason: "asked for", Now: clockAt(11)})
	check(t, err)
	if len(p.Search.Hits) > 0 || p.Run.Rows.Skipped["purged"] != p.Records || p.Run.Rows.Loaded != s.Rows.Loaded-int64(p.Records) {
		t.Errorf("purge: %+v, %+v, search: %+v", p, p.Run.Rows, p.Search)
	}
	noneOf(t, home, references)
}

// subset reports whether every row of a is among b's; both are sorted.
func subset(a, b []string) bool {
	for _, row := range a {
		at, found := slices.BinarySearch(b, row)
		if !found {
			return false
		}
		b = b[at+1:]
	}
	return true
}

// noneOf looks for references in every file of the home as it is, in the parts of archives, and in every value of Parquet
// files: other code than that of the search.
func noneOf(t *testing.T, home string, references []string) {
	t.Helper()
	in := func(where string, b []byte) {
		for _, r := range references {
			if len(r) > 5 && bytes.Contains(b, []byte(r)) {
				t.Errorf("%s: a reference", where)
				return
			}
		}
	}
	db, err := sql.Open("duckdb", "")
	check(t, err)
	defer db.Close()
	check(t, filepath.WalkDir(home, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f := strings.TrimPrefix(path, home+string(filepath.Separator))
		b, err := os.ReadFile(path)
		check(t, err)
		in(f, b)
		if filepath.Ext(f) == ".parquet" && (strings.HasPrefix(f, "vault") || strings.HasPrefix(f, "quarantine")) {
			in(f, []byte(strings.Join(query(t, db, `SELECT * FROM read_parquet('`+filepath.Join(home, f)+`', hive_partitioning = false)`), "\n")))
		}
		if z, err := zip.NewReader(bytes.NewReader(b), int64(len(b))); err == nil {
			for _, m := range z.File {
				r, err := m.Open()
				check(t, err)
				part, err := io.ReadAll(r)
				check(t, err)
				in(f+" "+m.Name, part)
			}
		}
		return nil
	}))
}

// stopAt ends a run when a step begins.
type stopAt struct {
	step string
	stop func()
}

func (s stopAt) Start(step string, _ int) {
	if step == s.step {
		s.stop()
	}
}
func (stopAt) Done(string) {}
