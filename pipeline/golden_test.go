package pipeline_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"palermo/pipeline"
)

var update = flag.Bool("update", false, "write the expected outputs")

// TestGolden runs each source's fixtures, found by walking the folder, and compares what becomes
// of them, as text, with what was read and accepted before. `make golden` writes them.
func TestGolden(t *testing.T) {
	t.Parallel()
	sources, err := filepath.Glob("../fixtures/*/in")
	if err != nil || len(sources) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	outer := t
	var shared string // a home with the fixtures of all sources of small tables
	for _, in := range sources {
		source := filepath.Base(filepath.Dir(in))
		t.Run(source, func(t *testing.T) {
			if slices.Contains(together, source) && shared == "" {
				files := map[string][]byte{}
				for _, s := range together {
					maps.Copy(files, fixturesOf(t, s))
				}
				wholeRun(t)
				shared = newHome(outer, files)
				run(t, shared, pipeline.Options{})
			}
			for name, body := range fixturesOf(t, source) {
				file := filepath.Base(name)
				t.Run(file, func(t *testing.T) {
					want := filepath.Join(filepath.Dir(in), "want", strings.ReplaceAll(strings.TrimSuffix(file, ".zip"), ".", "_"))
					if slices.Contains(together, source) {
						compare(t, shared, want, submissionOf(t, shared, source, file))
						return
					}
					home := newHome(t, map[string][]byte{name: body})
					run(t, home, pipeline.Options{})
					compare(t, home, want, "")
				})
			}
		})
	}
}

// together is the sources whose fixtures are run in one home, since a run takes longer than they do.
var together = []string{"ilo", "ncrb", "sdg_16_2_2", "statcan", "treaties", "uk_nrm", "unesco_statistics", "walkfree"}

// fixturesOf is the source's fixtures by their names in a drop folder. Tables in a folder of their own are one
// archive.
func fixturesOf(t *testing.T, source string) map[string][]byte {
	t.Helper()
	in := filepath.Join("../fixtures", source, "in")
	files, err := os.ReadDir(in)
	check(t, err)
	out := map[string][]byte{}
	for _, f := range files {
		if f.IsDir() {
			out[source+"/"+f.Name()+".zip"] = archive(t, filepath.Join(in, f.Name()))
		} else {
			out[source+"/"+f.Name()] = read(t, in, f.Name())
		}
	}
	return out
}

// submissionOf is the submission of an agency's file.
func submissionOf(t *testing.T, home, agency, file string) string {
	t.Helper()
	h, err := pipeline.ReadHome(home, "")
	check(t, err)
	l, err := h.ReadLedger()
	check(t, err)
	for _, s := range l.Submissions {
		if s.Agency == agency && filepath.Base(s.Name) == file {
			return s.ID
		}
	}
	t.Fatalf("nothing was received of %s/%s", agency, file)
	return ""
}

// archive is a zip file of the files in dir, in the order of their names.
func archive(t *testing.T, dir string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	files, err := os.ReadDir(dir)
	check(t, err)
	for _, f := range files {
		w, err := z.Create(f.Name())
		check(t, err)
		_, err = w.Write(read(t, dir, f.Name()))
		check(t, err)
	}
	check(t, z.Close())
	return b.Bytes()
}

// rowIDs is the columns that name the submission by the place of a row.
var rowIDs = map[string][]string{"statistic": {"statistic_id"}, "treaty_action": {"action_id"}, "estimate": {"estimate_id"},
	"claim": {"claim_id", "cites_claim_id"}, "national_law": {"law_id"}}

// compare holds what the home published, of one submission or of all, against the files in dir: each table that has rows from
// cells, the value map and the account as CSV, the findings as lines.
func compare(t *testing.T, home, dir, submission string) {
	t.Helper()
	of := func(column string) string {
		if submission == "" {
			return ""
		}
		return fmt.Sprintf(" WHERE %s = '%s'", column, submission)
	}
	db := open(t, home)
	got := map[string]string{"diagnostics.txt": ""}
	for _, q := range []struct{ table, without, order string }{
		{"value_map", "submission_id, mapping_digest", "sheet, column_no, field, first_row"}, {"row_balance", "submission_id", "sheet"},
	} {
		got[q.table+".csv"] = csvOf(t, home, fmt.Sprintf("SELECT * EXCLUDE (%s) FROM %s%s ORDER BY %s", q.without, q.table, of("submission_id"), q.order), q.table+of("submission_id"))
	}
	for _, table := range query(t, db, `SELECT DISTINCT table_name FROM duckdb_columns() WHERE column_name = '_submission' AND table_name IN (SELECT table_name FROM duckdb_tables())`) {
		if n := query(t, db, "SELECT count(*) FROM "+table+of("_submission"))[0]; n != "0" {
			columns := "* EXCLUDE (_submission)"
			var replaced []string
			for _, id := range rowIDs[table] {
				replaced = append(replaced, fmt.Sprintf("regexp_replace(%[1]s, '^[^.]*', 'S') AS %[1]s", id))
			}
			if len(replaced) > 0 {
				columns += " REPLACE (" + strings.Join(replaced, ", ") + ")"
			}
			got[table+".csv"] = csvOf(t, home, fmt.Sprintf("SELECT %s FROM %s%s ORDER BY _sheet, _row, rowid", columns, table, of("_submission")), table+of("_submission"))
		}
	}
	lines := query(t, db, `SELECT sheet || ':' || coalesce("row"::VARCHAR, '') || ':' || coalesce(col::VARCHAR, '') || ': ' || field || ': ' || message || ' [' || code || '] ' || n || ' of ' || "of" FROM diagnostic`+of("submission_id")+` ORDER BY sheet, "row", col, code, field, n`)
	got["diagnostics.txt"] = strings.Join(lines, "\n") + "\n"
	if *update {
		for name, b := range got {
			write(t, filepath.Join(dir, name), []byte(b))
		}
		return
	}
	for _, name := range sortedNames(got) {
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Errorf("%v (`make golden` writes it)", err)
			continue
		}
		if d := cmp.Diff(string(want), got[name]); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func sortedNames(m map[string]string) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// csvOf is the rows of the query, with a header, without the columns that no row fills.
func csvOf(t *testing.T, home, q, table string) string {
	t.Helper()
	db := open(t, home)
	names := query(t, db, fmt.Sprintf("SELECT column_name FROM (DESCRIBE (%s))", q))
	var filled []string
	for _, n := range names {
		if query(t, db, fmt.Sprintf("SELECT count(%q) FROM %s", n, table))[0] != "0" {
			filled = append(filled, fmt.Sprintf("%q::VARCHAR AS %q", n, n))
		}
	}
	if len(filled) == 0 {
		return ""
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	var header []string
	for _, f := range filled {
		header = append(header, strings.Trim(f[strings.Index(f, " AS ")+4:], `"`))
	}
	_ = w.Write(header)
	for _, row := range query(t, db, fmt.Sprintf("SELECT %s FROM (%s)", strings.Join(filled, ", "), q)) {
		_ = w.Write(strings.Split(row, "|"))
	}
	w.Flush()
	return b.String()
}
