package testlong

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // the driver duckdb

	"palermo/fixtures"
	"palermo/schemas"
)

// TestViewsOfAMillion asks every view of a home's database in which every record, person and episode stands many times, up to
// a million records, and says how long it took (docs/benchmarks-views.md). Counts of persons must grow as the records do.
func TestViewsOfAMillion(t *testing.T) {
	cases, times := 1500, 300
	if !full() {
		cases, times = 60, 3
	}
	home := t.TempDir()
	drop := filepath.Join(home, "drop")
	check(t, fixtures.Cases(drop, fixtures.CasesOptions{CTM: cases, RCP: cases, Seed: 1, NoReports: true}))
	check(t, os.Remove(filepath.Join(drop, "truth.csv")))
	finish(t, home)
	db := multiplied(t, filepath.Join(home, "current", "palermo.duckdb"), times)
	t.Logf("records: %s", one(t, db, "SELECT count(*) FROM record WHERE is_current"))
	persons, before := one(t, db, "SELECT sum(persons) FROM agency_overlap"), one(t, db, "SELECT sum(persons) FROM small.agency_overlap")
	if want := one(t, db, fmt.Sprintf("SELECT (%s * %d)::HUGEINT", before, times)); persons != want {
		t.Errorf("%s persons of %s, %d times; want %s", persons, before, times, want)
	}
	for _, v := range schemas.Builtin().Views {
		start := time.Now()
		rows := one(t, db, "SELECT count(*) FROM (SELECT COLUMNS(*)::VARCHAR FROM "+v.Name+")")
		t.Logf("| `%s` | %s | %.2f |", v.Name, rows, time.Since(start).Seconds())
	}
}

// keyed are the columns whose ids are made others in each copy.
var keyed = regexp.MustCompile(`(^|_)(record|person|episode|case|subject)_id$`)

// multiplied is a database with the tables, macros and views of path, which is attached to it as small, with its records so many times.
func multiplied(t *testing.T, path string, times int) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", filepath.Join(t.TempDir(), "big.duckdb")+"?threads=2")
	check(t, err)
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	do := func(q string) {
		if _, err := db.Exec(q); err != nil {
			t.Fatalf("%v\n%s", err, q)
		}
	}
	do("ATTACH '" + path + "' AS small (READ_ONLY)")
	s := schemas.Builtin()
	for _, table := range s.Tables {
		in := table.In(schemas.ZoneAnalyst)
		if in == nil {
			continue
		}
		var columns []string
		copies := false
		for _, c := range in.Columns() {
			name := `"` + c.Name + `"`
			if keyed.MatchString(c.Name) {
				copies = true
				name = name + " || '_' || i AS " + name
			}
			columns = append(columns, name)
		}
		n := 1
		if copies {
			n = times
		}
		do(fmt.Sprintf("CREATE TABLE %s AS SELECT %s FROM range(%d) t(i), small.%s", table.Name, strings.Join(columns, ", "), n, table.Name))
	}
	for _, m := range schemas.Macros() {
		do(m.DDL())
	}
	for _, v := range s.Views {
		do(s.ViewDDL(v))
	}
	return db
}

func one(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	var s string
	if err := db.QueryRow("SELECT (" + query + ")::VARCHAR").Scan(&s); err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	return s
}
