package pipeline_test

import (
	"archive/zip"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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

// purgeFiles is a few small files of cases, in several formats.
func purgeFiles(t *testing.T) (files map[string][]byte, truth []map[string]string) {
	files, all := caseFiles(t, fixtures.CasesOptions{CTM: 40, RCP: 12, Seed: 3, NoReports: true})
	keep := []string{"iom_chisinau/ctm_assistance.csv", "iom_kyiv/ctm_assistance_1251.txt", "rcp_belgrade/regional_workbook.xlsx"}
	maps.DeleteFunc(files, func(name string, _ []byte) bool { return !slices.Contains(keep, name) })
	for _, r := range all {
		if files[r["agency"]+"/"+r["file"]] != nil && r["counted"] == "yes" {
			truth = append(truth, r)
		}
	}
	return files, truth
}

// someOf is the subjects of the first persons of each agency, as they are named, and their references.
func someOf(truth []map[string]string, each int) (subjects, references []string) {
	persons, n := map[string]bool{}, map[string]int{}
	for _, r := range truth {
		if !persons[r["person"]] && n[r["agency"]] < each {
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
// made again, and sending the files again brings nobody back.
func TestPurge(t *testing.T) {
	files, truth := purgeFiles(t)
	home := newHome(t, files)
	runReceipts(t, home, pipeline.Options{Now: clock(1)})
	database := func() string {
		path, err := filepath.EvalSymlinks(filepath.Join(home, "current", "palermo.duckdb"))
		check(t, err)
		return path
	}
	stewards := func() string {
		return filepath.Join(home, "steward", filepath.Base(filepath.Dir(database())), "steward.duckdb")
	}
	first, before, beforeStewards := database(), caseRows(t, database()), caseRows(t, stewards())
	subjects, references := someOf(truth, 2)
	h, err := pipeline.OpenHome(home, "")
	check(t, err)
	dry, err := h.Purge(context.Background(), pipeline.PurgeOptions{Subjects: subjects, DryRun: true, Now: clock(2)})
	check(t, err)
	if dry.Cases != len(subjects) || dry.Run != nil || dry.Search != nil || database() != first {
		t.Fatalf("dry run: %+v", dry)
	}
	p, err := h.Purge(context.Background(), pipeline.PurgeOptions{Subjects: subjects, Reason: "asked for", Now: clock(2)})
	check(t, err)
	if s := p.Search; len(s.Hits) > 0 || s.Identifiers < 3*len(subjects) || s.Files < 100 || p.Records < len(subjects) || p.Run.Status != pipeline.RunPublished {
		t.Fatalf("purge: %+v, search: %+v", p, s)
	}
	left := caseRows(t, database())
	same := func(what string, got map[string][]string, want map[string][]string) {
		for table, rows := range got {
			if lost := len(want[table]) - len(rows); !subset(rows, want[table]) {
				t.Errorf("%s: %s has rows that were not there", what, table)
			} else if table == "record" && lost != p.Records {
				t.Errorf("%s: %d records are gone, want %d", what, lost, p.Records)
			}
		}
	}
	same("the new snapshot", left, before)
	same("the last snapshot", caseRows(t, first), before)
	same("the stewards' database", caseRows(t, stewards()), beforeStewards)
	check(t, load.Verify(filepath.Dir(first)))
	noneOf(t, home, references)

	full := run(t, home, pipeline.Options{Now: clock(3), Full: true})
	if full.Rows.Skipped["purged"] != p.Records || full.Made != len(files) {
		t.Errorf("made again: %+v", full.Rows)
	}
	if got := caseRows(t, database()); !maps.EqualFunc(got, left, slices.Equal) {
		t.Error("made again of the extracts, the rows are others")
	}

	for name, b := range files {
		drop(t, home, name, b)
	}
	renewed := append(slices.Clone(files["iom_chisinau/ctm_assistance.csv"]), '\n')
	drop(t, home, "iom_chisinau/renewed.csv", renewed)
	again := runReceipts(t, home, pipeline.Options{Now: clock(4)})
	fresh := again.Files[slices.IndexFunc(again.Files, func(f pipeline.FileSummary) bool { return !f.Duplicate })]
	if len(again.Files) != 4 || fresh.Rows.Skipped["purged"] == 0 || again.Made != 1 {
		t.Errorf("sent again: %+v", again)
	}
	if got := caseRows(t, database()); len(got["person"]) != len(left["person"]) {
		t.Errorf("%d persons, want %d", len(got["person"]), len(left["person"]))
	}
	noneOf(t, home, references)
	audit := string(read(t, home, "state", "audit.jsonl"))
	if strings.Count(audit, `"command":"purge"`) != 1 || !strings.Contains(audit, `"reason":"asked for"`) {
		t.Errorf("audit: %s", audit)
	}
	if _, err := h.Purge(context.Background(), pipeline.PurgeOptions{Subjects: []string{"iom_chisinau:nobody"}, Now: clock(5)}); err == nil {
		t.Error("somebody unknown was erased")
	}
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
	for _, f := range filesBelow(t, home) {
		if f == "current" {
			continue
		}
		b := read(t, home, f)
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
	}
}

// TestPurgeStopped: an erasure that was written down and not done is done by the next run.
func TestPurgeStopped(t *testing.T) {
	t.Parallel()
	files, truth := purgeFiles(t)
	maps.DeleteFunc(files, func(name string, _ []byte) bool { return name != "iom_chisinau/ctm_assistance.csv" })
	home := newHome(t, files)
	run(t, home, pipeline.Options{Now: clock(1)})
	subjects, references := someOf(slices.DeleteFunc(truth, func(r map[string]string) bool { return r["agency"] != "iom_chisinau" }), 2)
	h, err := pipeline.OpenHome(home, "")
	check(t, err)
	ctx, stop := context.WithCancel(context.Background())
	_, err = h.Purge(ctx, pipeline.PurgeOptions{Subjects: subjects, Now: clock(2), Progress: stopAt{"reading files", stop}})
	if err == nil {
		t.Fatal("it was not stopped")
	}
	var left struct{ Records []string }
	check(t, json.Unmarshal(read(t, home, "state", "erasure.json"), &left))
	if len(left.Records) == 0 {
		t.Error("nothing was written down")
	}
	s := run(t, home, pipeline.Options{Now: clock(3)})
	if s.Status != pipeline.RunPublished || s.Rows.Skipped["purged"] != len(left.Records) {
		t.Errorf("run: %+v", s)
	}
	if _, err := os.Stat(filepath.Join(home, "state", "erasure.json")); err == nil {
		t.Error("it is still written down")
	}
	noneOf(t, home, references)
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
