package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// The demo goes from nothing to a snapshot, and what it tells a newcomer to do works as pasted.
func TestDemo(t *testing.T) {
	if raced {
		t.Skip("the demo does what the raced scripts do, with more files")
	}
	home := filepath.Join(t.TempDir(), "demo home")
	var out struct {
		OK     bool
		Result struct {
			Status   string
			Database string
			Queries  []struct{ Asks, SQL string }
			Explain  string
			Note     string
		}
	}
	if err := json.Unmarshal(demoOutput(t, "demo", "--home", home, "--json"), &out); err != nil {
		t.Fatal(err)
	}
	if !out.OK || out.Result.Status != "published" || !strings.Contains(out.Result.Note, "made up") {
		t.Fatalf("got %+v", out)
	}
	db, err := sql.Open("duckdb", out.Result.Database+"?access_mode=READ_ONLY")
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Result.Queries) != 5 {
		t.Errorf("%d queries, want 5", len(out.Result.Queries))
	}
	if n := countRows(t, db, "SELECT 1 FROM row_balance WHERE target IS NULL"); n != 0 {
		t.Errorf("%d tables of the demo were set aside", n)
	}
	for _, q := range []string{"population_code = 'agencies_identified'", "is_partial_period AND base_low > 0", "reporter_code = 'MKD' AND unit_code = 'percent'"} {
		if countRows(t, db, "SELECT 1 FROM statistic_current WHERE source_id = 'rcp' AND "+q) == 0 {
			t.Errorf("the annual reports gave no row with %s", q)
		}
	}
	for _, q := range out.Result.Queries {
		if n := countRows(t, db, q.SQL); n == 0 {
			t.Errorf("%s\n%s\nhas no rows", q.Asks, q.SQL)
		}
	}
	checkDemoReport(t, db, home)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(out.Result.Explain)
	id := words[len(words)-2]
	if got := string(demoOutput(t, "explain", "--home", home, id, "value")); !strings.Contains(got, "value_text = <5") || !strings.Contains(got, "mapping.yaml:") {
		t.Errorf("%s: %s", out.Result.Explain, got)
	}
	again := string(demoOutput(t, "demo", "--home", home))
	for _, want := range []string{"Nothing new: 17 files received before.", "duckdb -readonly '" + out.Result.Database + "'", "palermo explain --home '" + home + "'", madeUp} {
		if !strings.Contains(again, want) {
			t.Errorf("no %q in:\n%s", want, again)
		}
	}
}

func demoOutput(t *testing.T, args ...string) []byte {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if got := testApp(&stdout, &stderr).execute(t.Context(), args); got != exitOK {
		t.Fatalf("%v: exit %d: %s", args, got, stderr.String())
	}
	return stdout.Bytes()
}

func countRows(t *testing.T, db *sql.DB, query string) int {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		n++
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}
