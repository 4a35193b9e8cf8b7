package pipeline_test

import (
	"bytes"
	"database/sql"
	"encoding/csv"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"

	"palermo/fixtures"
	"palermo/pipeline"
)

// caseFiles is the generated files of cases, by "agency/name", and the truth about their records,
// by column.
func caseFiles(t *testing.T, o fixtures.CasesOptions) (files map[string][]byte, truth []map[string]string) {
	t.Helper()
	wholeRun(t)
	dir := t.TempDir()
	check(t, fixtures.Cases(dir, o))
	files = map[string][]byte{}
	for _, f := range filesBelow(t, dir) {
		if f != "truth.csv" {
			files[filepath.ToSlash(f)] = read(t, dir, f)
		}
	}
	rows, err := csv.NewReader(bytes.NewReader(read(t, dir, "truth.csv"))).ReadAll()
	check(t, err)
	for _, r := range rows[1:] {
		row := map[string]string{}
		for j, name := range rows[0] {
			row[name] = r[j]
		}
		truth = append(truth, row)
	}
	return files, truth
}

// TestCaseVersions: a file of cases that comes again the next night, with some rows changed and some
// gone, makes new versions of the records that it has and leaves the others.
func TestCaseVersions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	check(t, fixtures.Cases(dir, fixtures.CasesOptions{CTM: 400, Seed: 5}))
	c := readCaseTable(t, filepath.Join(dir, "iom_chisinau", "ctm_assistance.csv"), ',', nil)
	for _, row := range c.rows[1:] {
		c.set(row, "Data consent", "Yes")
		c.set(row, "Threats", "0")
		c.set(row, "Education", "Primary")
	}
	home := newHome(t, map[string][]byte{"iom_chisinau/cases.csv": c.bytes(t)})
	run(t, home, pipeline.Options{Now: clock(1)})
	all := len(c.rows) - 1
	const changed, gone = 5, 3
	for _, row := range c.rows[1 : 1+changed] {
		c.set(row, "Threats", "1")
		c.set(row, "Education", "University")
	}
	c.rows = c.rows[:len(c.rows)-gone]
	drop(t, home, "iom_chisinau/cases.csv", c.bytes(t))
	run(t, home, pipeline.Options{Now: clock(2)})
	db := open(t, home)
	for _, tc := range []struct{ what, q, want string }{
		{"records, and their rows", `SELECT count(DISTINCT record_id), count(*) FROM record`, fmt.Sprintf("%d|%d", all, 2*all-gone)},
		{"versions", `SELECT record_version, is_current, count(*) FROM record GROUP BY ALL ORDER BY ALL`,
			fmt.Sprintf("1|false|%d 1|true|%d 2|true|%d", all-gone, gone, all-gone)},
		{"answers of the changed, by version", `SELECT record_version, education_code, count(*) FROM record WHERE record_id IN
			(SELECT record_id FROM record WHERE education_code <> 'primary') GROUP BY ALL ORDER BY ALL`, fmt.Sprintf("1|primary|%d 2|tertiary|%d", changed, changed)},
		{"threats, by version", `SELECT record_version, answer_code, count(*) FROM record_means WHERE means_code = 'threat' GROUP BY ALL ORDER BY ALL`,
			fmt.Sprintf("1|no|%d 2|no|%d 2|yes|%d", all, all-gone-changed, changed)},
		{"records of persons", `SELECT sum(records) FROM person`, fmt.Sprint(all)},
	} {
		if got := strings.Join(query(t, db, tc.q), " "); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.what, got, tc.want)
		}
	}
	for _, child := range query(t, db, `SELECT DISTINCT table_name FROM duckdb_columns() WHERE column_name = 'record_version' AND table_name <> 'record'
		AND table_name IN (SELECT table_name FROM duckdb_tables())`) {
		if n := query(t, db, fmt.Sprintf(`SELECT count(*) FROM %s AS c ANTI JOIN record AS r
			ON c.record_id = r.record_id AND c.record_version = r.record_version AND c._submission = r._submission`, child)); n[0] != "0" {
			t.Errorf("%s: %s rows of no version of a record in the same submission", child, n[0])
		}
	}
}

// TestSameBytesOfCases: what the files are called within their agency, how many threads work and
// whether everything is made again change no byte (promise 3).
func TestSameBytesOfCases(t *testing.T) {
	files, _ := caseFiles(t, fixtures.CasesOptions{CTM: sized(60, 12), RCP: sized(30, 6), Seed: 5})
	if raced { // two text files and a workbook are enough for every goroutine
		maps.DeleteFunc(files, func(name string, _ []byte) bool {
			return !strings.HasPrefix(name, "iom_chisinau/") && !strings.HasPrefix(name, "iom_bishkek/")
		})
	}
	first := newHome(t, files)
	run(t, first, pipeline.Options{})
	want := parquetFiles(t, first)
	names := slices.Sorted(maps.Keys(files))
	shuffled := map[string][]byte{}
	for i, name := range names {
		shuffled[fmt.Sprintf("%s/%02d%s", filepath.Dir(name), len(names)-i, filepath.Ext(name))] = files[name]
	}
	for _, procs := range []int{2, 1}[:sized(2, 1)] { // one thread has no races
		t.Run(fmt.Sprintf("GOMAXPROCS=%d", procs), func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			home := newHome(t, shuffled)
			run(t, home, pipeline.Options{})
			if d := cmp.Diff(want, parquetFiles(t, home)); d != "" {
				t.Errorf("bytes differ (-first +this):\n%s", d)
			}
		})
	}
	t.Run("full", func(t *testing.T) {
		if raced {
			t.Skip("makes again what the first run made")
		}
		run(t, first, pipeline.Options{Full: true})
		if d := cmp.Diff(want, parquetFiles(t, first)); d != "" {
			t.Errorf("bytes differ (-first +full):\n%s", d)
		}
	})
}

// TestCases runs generated cases once, and holds the result against what is known of them.
func TestCases(t *testing.T) {
	t.Parallel()
	files, truth := caseFiles(t, fixtures.CasesOptions{CTM: 600, RCP: 200, Seed: 5})
	home := newHome(t, files)
	s := run(t, home, pipeline.Options{})
	t.Run("rows", func(t *testing.T) { checkCaseRows(t, s, files, truth) })
	t.Run("persons", func(t *testing.T) { checkCasePersons(t, home, truth) })
	t.Run("ids", func(t *testing.T) { checkZoneIDs(t, home) })
	t.Run("vault", func(t *testing.T) { checkVault(t, home, files) })
}

// checkCaseRows: each row of each file is a record of the truth that is loaded, one whose person
// refuses, or no record at all and skipped with a reason.
func checkCaseRows(t *testing.T, s *pipeline.Summary, files map[string][]byte, truth []map[string]string) {
	type account struct{ Read, Loaded, Rejected, NoConsent int }
	want, got := map[string]account{}, map[string]account{}
	for _, r := range truth {
		name := r["agency"] + "/" + r["file"]
		a := want[name]
		if r["counted"] == "yes" {
			a.Loaded++
		} else {
			a.NoConsent++
		}
		want[name] = a
	}
	for _, f := range s.Files {
		name := f.Agency + "/" + f.Name
		if strings.HasPrefix(f.Name, "annual_report") { // statistics: no records
			if f.Status != pipeline.StatusAccepted || f.Rows.Unit != "cells" || f.Rows.Loaded == 0 || f.Rows.Rejected != 0 {
				t.Errorf("%s: %s, %+v", f.Name, f.Status, f.Rows)
			}
			continue
		}
		got[name] = account{int(f.Rows.Read) - f.Rows.Skipped["blank_row"], int(f.Rows.Loaded), int(f.Rows.Rejected), f.Rows.Skipped["no_consent"]}
		a := want[name]
		a.Read = rowsBelowHeader(t, f.Name, files[name])
		if others := f.Rows.Skipped["total_row"] + f.Rows.Skipped["footnote"]; a.Read != a.Loaded+a.NoConsent+others {
			t.Errorf("%s: %d rows, %d of the truth, %d totals and notes", name, a.Read, a.Loaded+a.NoConsent, others)
		}
		want[name] = a
	}
	if d := cmp.Diff(want, got); d != "" || len(got) < 10 {
		t.Errorf("accounts of %d files (-want +got):\n%s", len(got), d)
	}
}

// rowsBelowHeader is the rows with text below the header, read without any of our readers.
func rowsBelowHeader(t *testing.T, name string, b []byte) int {
	t.Helper()
	if filepath.Ext(name) != ".xlsx" {
		return len(csvRows(t, b)) - 1
	}
	header := 1
	if strings.HasPrefix(name, "regional") {
		header = 4
	}
	f, err := excelize.OpenReader(bytes.NewReader(b))
	check(t, err)
	defer f.Close()
	n := 0
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		check(t, err)
		for _, r := range rows[header:] {
			if strings.Join(r, "") != "" {
				n++
			}
		}
	}
	return n
}

// csvRows is the rows of a generated text file, whose first line tells its separator.
func csvRows(t *testing.T, b []byte) [][]string {
	t.Helper()
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	line, _, _ := bytes.Cut(b, []byte("\n"))
	r := csv.NewReader(bytes.NewReader(b))
	for _, mark := range ",;\t" {
		if bytes.Count(line, []byte(string(mark))) > 10 {
			r.Comma = mark
		}
	}
	rows, err := r.ReadAll()
	check(t, err)
	return rows
}

// openSteward opens the database that the only run made for stewards.
func openSteward(t *testing.T, home string) *sql.DB {
	t.Helper()
	dbs, err := filepath.Glob(filepath.Join(home, "steward", "*", "steward.duckdb"))
	if err != nil || len(dbs) != 1 {
		t.Fatalf("%d databases of stewards: %v", len(dbs), err)
	}
	return openFile(t, dbs[0])
}

// checkCasePersons: the records of one case are one person, every record is one person's, and those
// that are joined are of one person in truth.
func checkCasePersons(t *testing.T, home string, truth []map[string]string) {
	t.Helper()
	checkEvidence(t, home)
	q := measure(t, home, truth, nil)
	t.Log(q)
	if q.pairs < 150 || q.precision < 0.98 || q.recall < 0.9 {
		t.Errorf("persons: %s", q)
	}
	db := open(t, home)
	for _, tc := range []struct{ what, q, want string }{
		{"persons that the counts have", `SELECT persons_high FROM person_count WHERE source_id IS NULL AND country_code_status = 'not_applicable' AND year_status = 'not_applicable'`,
			query(t, db, `SELECT count(*) FROM person`)[0]},
		{"counts with more at least than at most", `SELECT count(*) FROM person_count WHERE persons_low > persons_high OR persons_high > records`, "0"},
		{"persons in the view", `SELECT sum(persons) FROM retrafficking`, query(t, db, `SELECT count(*) FROM person`)[0]},
		{"created persons", `SELECT count(*) FROM person_event WHERE kind_code = 'created'`, query(t, db, `SELECT count(*) FROM person`)[0]},
	} {
		if got := query(t, db, tc.q)[0]; got != tc.want {
			t.Errorf("%s: %s, want %s", tc.what, got, tc.want)
		}
	}
}

// checkZoneIDs: who holds the analysts' database, the stewards' and the lake cannot join them by an
// id, and each has as many.
func checkZoneIDs(t *testing.T, home string) {
	zones := map[string]*sql.DB{"analyst": open(t, home), "steward": openSteward(t, home)}
	lake, err := sql.Open("duckdb", "")
	check(t, err)
	defer lake.Close()
	for _, column := range []string{"record_id", "case_id"} {
		sets := map[string][]string{"lake": query(t, lake, fmt.Sprintf(`SELECT DISTINCT %s FROM read_parquet(?)`, column), filepath.Join(home, "lake", "record", "*", "*.parquet"))}
		for name, db := range zones {
			sets[name] = query(t, db, fmt.Sprintf(`SELECT DISTINCT %s FROM record`, column))
		}
		checkDisjoint(t, column, sets)
	}
	for table, column := range map[string]string{"person": "person_id", "episode": "episode_id"} {
		sets := map[string][]string{}
		for name, db := range zones {
			if query(t, db, `SELECT count(*) FROM duckdb_tables() WHERE table_name = ?`, table)[0] == "1" {
				sets[name] = query(t, db, fmt.Sprintf(`SELECT %s FROM %s`, column, table))
			}
		}
		checkDisjoint(t, column, sets)
	}
}

func checkDisjoint(t *testing.T, column string, sets map[string][]string) {
	t.Helper()
	seen := map[string]string{}
	for _, zone := range slices.Sorted(maps.Keys(sets)) {
		if len(sets[zone]) == 0 || len(sets[zone]) != len(sets["analyst"]) {
			t.Errorf("%s: %d in the zone %s, %d in the analysts'", column, len(sets[zone]), zone, len(sets["analyst"]))
		}
		for _, id := range sets[zone] {
			if other := seen[id]; other != "" {
				t.Fatalf("%s: one of the zone %s is one of %s too", column, zone, other)
			}
			seen[id] = zone
		}
	}
}

// checkVault: the vault has the names of all who consent, as they were written, and nothing else has
// a column for them.
func checkVault(t *testing.T, home string, files map[string][]byte) {
	db, err := sql.Open("duckdb", "")
	check(t, err)
	defer db.Close()
	kept := map[string]bool{}
	for _, name := range query(t, db, `SELECT family_name || '/' || given_name FROM read_parquet(?)`, filepath.Join(home, "vault", "record", "*", "*.parquet")) {
		kept[name] = true
	}
	n := 0
	for _, f := range []struct {
		name string
		page *charmap.Charmap
	}{{"iom_chisinau/ctm_assistance.csv", nil}, {"iom_kyiv/ctm_assistance_1251.txt", charmap.Windows1251}} {
		b := files[f.name]
		if f.page != nil {
			b, err = f.page.NewDecoder().Bytes(b)
			check(t, err)
		}
		c := caseTable{rows: csvRows(t, b)}
		for _, row := range c.rows[1:] {
			who := row[c.col("Family name")] + "/" + row[c.col("Given name")]
			consents := slices.Contains([]string{"", "Yes", "Да"}, row[c.col("Data consent")])
			if consents && !strings.HasPrefix(who, "/") && !strings.HasSuffix(who, "/") {
				n++
				if !kept[who] {
					t.Errorf("%s: a name is not in the vault", f.name)
				}
			}
		}
	}
	if n < 50 {
		t.Fatalf("only %d names looked at", n)
	}
	direct := `'given_name', 'family_name', 'father_name', 'other_names', 'case_reference', 'other_reference', 'identity_number', 'file_name', 'sha256'`
	for _, dir := range []string{"lake", "snapshots"} {
		if got := query(t, db, `SELECT DISTINCT file_name, name FROM parquet_schema(?) WHERE name IN (`+direct+`)`, filepath.Join(home, dir, "**", "*.parquet")); len(got) > 0 {
			t.Errorf("%s: columns for names: %d", dir, len(got))
		}
	}
	for _, zone := range []string{"snapshots", "steward"} {
		dbs, err := filepath.Glob(filepath.Join(home, zone, "*", "*.duckdb"))
		check(t, err)
		for _, path := range dbs {
			if got := query(t, openFile(t, path), `SELECT table_name || '.' || column_name FROM duckdb_columns() WHERE NOT internal AND column_name IN (`+direct+`)`); len(got) > 0 {
				t.Errorf("%s: %v", zone, got)
			}
		}
	}
}
