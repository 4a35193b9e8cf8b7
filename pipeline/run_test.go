package pipeline_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/google/go-cmp/cmp"

	"palermo/diag"
	"palermo/fixtures"
	"palermo/pipeline"
)

// glotip is a table in GLOTIP's form.
func glotip(t *testing.T, o fixtures.GlotipOptions) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := fixtures.Glotip(&b, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func threeForms(t *testing.T) map[string][]byte {
	return map[string][]byte{
		"unodc/a.xlsx": glotip(t, fixtures.GlotipOptions{Seed: 1, Rows: 300, Vintage: fixtures.Glotip2023}),
		"unodc/b.xlsx": glotip(t, fixtures.GlotipOptions{Seed: 1, Rows: 300, Vintage: fixtures.Glotip11Col}),
		"unodc/c.xlsx": glotip(t, fixtures.GlotipOptions{Seed: 1, Rows: 400, Vintage: fixtures.Glotip2025}),
	}
}

// TestSameBytes: equal inputs give equal bytes, whatever the files are called and found in, and
// however many threads work (promise 3).
func TestSameBytes(t *testing.T) {
	files := threeForms(t)
	first := newHome(t, files)
	run(t, first, pipeline.Options{})
	want := parquetFiles(t, first)
	if len(want) < 30 {
		t.Fatalf("only %d Parquet files", len(want))
	}
	shuffled := map[string][]byte{"unodc/z.xlsx": files["unodc/a.xlsx"], "unodc/y.xlsx": files["unodc/b.xlsx"], "unodc/x.xlsx": files["unodc/c.xlsx"]}
	for _, procs := range []int{1, 2} {
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
		run(t, first, pipeline.Options{Full: true})
		if d := cmp.Diff(want, parquetFiles(t, first)); d != "" {
			t.Errorf("bytes differ (-first +full):\n%s", d)
		}
	})
}

// TestNothingNew: a second run publishes nothing and says so.
func TestNothingNew(t *testing.T) {
	t.Parallel()
	home := newHome(t, map[string][]byte{"unodc/a.xlsx": glotip(t, fixtures.GlotipOptions{Seed: 1, Rows: 50, Vintage: fixtures.Glotip2023})})
	one := run(t, home, pipeline.Options{})
	if one.Status != pipeline.RunPublished {
		t.Fatalf("first run: %s", one.Status)
	}
	was, err := os.Readlink(filepath.Join(home, "current"))
	if err != nil {
		t.Fatal(err)
	}
	two := run(t, home, pipeline.Options{})
	if two.Status != pipeline.RunNothingNew || two.Made != 0 || two.Reused != 1 {
		t.Errorf("second run: %+v", two)
	}
	if now, _ := os.Readlink(filepath.Join(home, "current")); now != was {
		t.Errorf("current moved from %s to %s", was, now)
	}
	if dirs, _ := os.ReadDir(filepath.Join(home, "snapshots")); len(dirs) != 1 {
		t.Errorf("%d snapshots, want 1", len(dirs))
	}
	// The same content again is one submission, under whatever name.
	drop(t, home, "unodc/again.xlsx", glotip(t, fixtures.GlotipOptions{Seed: 1, Rows: 50, Vintage: fixtures.Glotip2023}))
	three := run(t, home, pipeline.Options{})
	if three.Status != pipeline.RunNothingNew || len(three.Files) != 1 || !three.Files[0].Duplicate || three.Submissions != 1 {
		t.Errorf("the same content again: %+v", three)
	}
}

// TestDropIsEmptied: what was taken in is in the inbox, and no longer in the drop folder.
func TestDropIsEmptied(t *testing.T) {
	t.Parallel()
	home := newHome(t, threeForms(t))
	run(t, home, pipeline.Options{})
	left, err := filepath.Glob(filepath.Join(home, "drop", "*", "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left in the drop folder: %v %v", left, err)
	}
	inbox, err := os.ReadDir(filepath.Join(home, "inbox"))
	if err != nil || len(inbox) != 3 {
		t.Errorf("%d files in the inbox, want 3 (%v)", len(inbox), err)
	}
	tmp, err := os.ReadDir(filepath.Join(home, "state", "tmp"))
	if err != nil || len(tmp) > 0 {
		t.Errorf("temporary files left: %v %v", tmp, err)
	}
	for _, dir := range []string{"inbox", "vault", "lake", "quarantine", "state", "steward"} {
		fi, err := os.Stat(filepath.Join(home, dir))
		if err != nil || fi.Mode().Perm() != 0o700 {
			t.Errorf("%s: mode %v, want 0700 (%v)", dir, fi.Mode().Perm(), err)
		}
	}
}

// open opens the current database as an analyst does.
func open(t *testing.T, home string) *sql.DB {
	t.Helper()
	path, err := filepath.EvalSymlinks(filepath.Join(home, "current", "palermo.duckdb"))
	if err != nil {
		t.Fatal(err)
	}
	return openFile(t, path)
}

func openFile(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", path+"?access_mode=READ_ONLY")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// query is the rows of a query, each as its values between "|".
func query(t *testing.T, db *sql.DB, q string, args ...any) []string {
	t.Helper()
	rows, err := db.Query(q, args...)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	defer rows.Close()
	cols, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for rows.Next() {
		vals, ptrs := make([]any, len(cols)), make([]any, len(cols))
		for i := range vals {
			ptrs[i] = &vals[i]
		}
		if err := rows.Scan(ptrs...); err != nil {
			t.Fatal(err)
		}
		var cells []string
		for _, v := range vals {
			if v == nil {
				cells = append(cells, "")
				continue
			}
			cells = append(cells, fmt.Sprint(v))
		}
		out = append(out, strings.Join(cells, "|"))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestEverythingCommented: each table, view and column says what it is.
func TestEverythingCommented(t *testing.T) {
	t.Parallel()
	home := newHome(t, threeForms(t))
	run(t, home, pipeline.Options{})
	steward, err := filepath.Glob(filepath.Join(home, "steward", "*", "steward.duckdb"))
	if err != nil || len(steward) != 1 {
		t.Fatalf("steward's database: %v %v", steward, err)
	}
	for name, db := range map[string]*sql.DB{"analyst": open(t, home), "steward": openFile(t, steward[0])} {
		bare := query(t, db, `
			SELECT 'table ' || table_name FROM duckdb_tables() WHERE NOT internal AND coalesce(comment, '') = ''
			UNION ALL SELECT 'view ' || view_name FROM duckdb_views() WHERE NOT internal AND coalesce(comment, '') = ''
			UNION ALL SELECT 'column ' || table_name || '.' || column_name FROM duckdb_columns() WHERE NOT internal AND coalesce(comment, '') = ''`)
		if len(bare) > 0 {
			t.Errorf("%s: without comment: %v", name, bare)
		}
		if n := query(t, db, `SELECT count(*) FROM duckdb_tables() WHERE NOT internal`); n[0] == "0" {
			t.Errorf("%s: no tables", name)
		}
	}
}

// TestStatisticCurrent: one vintage and one submission a cell; copies are kept and not counted.
func TestStatisticCurrent(t *testing.T) {
	t.Parallel()
	home := newHome(t, threeForms(t))
	run(t, home, pipeline.Options{})
	db := open(t, home)
	if got := query(t, db, `SELECT count(*) FROM statistic`); got[0] != "1000" {
		t.Errorf("statistic has %s rows, want all 1000", got[0])
	}
	if got := query(t, db, `SELECT DISTINCT vintage FROM statistic_current`); len(got) != 1 || got[0] != "2025-04-14" {
		t.Errorf("current vintages %v, want only the newest", got)
	}
	if got := query(t, db, `SELECT count(*) FROM statistic_current`); got[0] != "400" {
		t.Errorf("statistic_current has %s rows, want the 400 of the newest vintage", got[0])
	}
}

// TestOldReaderUndisturbed: who has the database open keeps its answers while runs publish.
func TestOldReaderUndisturbed(t *testing.T) {
	t.Parallel()
	home := newHome(t, map[string][]byte{"unodc/a.xlsx": glotip(t, fixtures.GlotipOptions{Seed: 1, Rows: 50, Vintage: fixtures.Glotip2023})})
	run(t, home, pipeline.Options{})
	db := open(t, home)
	ask := func() string { return query(t, db, `SELECT count(*), sum(value_high) FROM statistic`)[0] }
	before := ask()
	drop(t, home, "unodc/b.xlsx", glotip(t, fixtures.GlotipOptions{Seed: 2, Rows: 70, Vintage: fixtures.Glotip2025}))
	run(t, home, pipeline.Options{})
	if after := ask(); after != before {
		t.Errorf("the old reader saw %s, then %s", before, after)
	}
	if now := query(t, open(t, home), `SELECT count(*) FROM statistic`)[0]; now != "120" {
		t.Errorf("a new reader sees %s rows, want 120", now)
	}
}

// TestExplain walks from 200 random published values back to the cells, which an independent
// reader of the files then shows to be the right ones.
func TestExplain(t *testing.T) {
	t.Parallel()
	files := threeForms(t)
	home := newHome(t, files)
	run(t, home, pipeline.Options{})
	sheets := map[string]map[int][]string{} // by content digest, by row
	for _, name := range []string{"unodc/a.xlsx", "unodc/b.xlsx", "unodc/c.xlsx"} {
		path := filepath.Join(t.TempDir(), "f.xlsx")
		write(t, path, files[name])
		rows, err := fixtures.RawSheet(path)
		if err != nil {
			t.Fatal(err)
		}
		byRow := map[int][]string{}
		for _, r := range rows {
			byRow[r.Num] = r.Cells
		}
		sheets[name] = byRow
	}
	h, err := pipeline.ReadHome(home, "")
	if err != nil {
		t.Fatal(err)
	}
	db := open(t, home)
	ids := query(t, db, `SELECT statistic_id FROM statistic ORDER BY statistic_id`)
	rng := rand.New(rand.NewPCG(7, 7))
	var chosen []string
	for range 200 {
		chosen = append(chosen, ids[rng.IntN(len(ids))])
	}
	explained, err := h.Explain(context.Background(), chosen...)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range explained {
		id := chosen[i]
		if d := x.Differs(); len(d) > 0 || len(x.Published) == 0 {
			t.Fatalf("%s: differs in %v, published %d columns", id, d, len(x.Published))
		}
		cells := sheets["unodc/"+x.Submission.Name][x.Row]
		want := query(t, db, `SELECT value_text, year, _row FROM statistic WHERE statistic_id = ?`, id)[0]
		got := map[string]string{}
		for _, f := range x.Fields {
			for _, c := range f.Cells {
				if c.Row == x.Row && (c.Col > len(cells) && c.Text != "" || c.Col <= len(cells) && cells[c.Col-1] != c.Text) {
					t.Errorf("%s: %s leads to %s, which holds something else", id, f.Field, diag.Cell(c.Row, c.Col))
				}
				if c.Used {
					got[f.Field] = c.Text
				}
			}
			if len(f.Cells) > 0 && f.Said.Row == 0 {
				t.Errorf("%s: %s does not lead to the mapping", id, f.Field)
			}
		}
		if w := got["value"] + "|" + got["year"] + "|" + strconv.Itoa(x.Row); w != want {
			t.Errorf("%s: the cells say %q, published is %q", id, w, want)
		}
	}
}

// TestExplainUnknown: an id that names nothing is not found; it is no crash.
func TestExplainUnknown(t *testing.T) {
	t.Parallel()
	home := newHome(t, map[string][]byte{"unodc/a.xlsx": glotip(t, fixtures.GlotipOptions{Seed: 1, Rows: 50, Vintage: fixtures.Glotip2023})})
	s := run(t, home, pipeline.Options{})
	h, err := pipeline.ReadHome(home, "")
	if err != nil {
		t.Fatal(err)
	}
	sub := s.Files[0].Submission
	for _, id := range []string{"", "x", "s1.1.1", sub, sub + ".1", sub + ".2.5", sub + ".1.9999", sub + ".1.0", sub + ".1.x", sub + ".1.5.5.5", sub + ".1.5.5.1", sub + ".1.5.5.5.5"} {
		if _, err := h.Explain(context.Background(), id); !errors.Is(err, pipeline.ErrNotFound) {
			t.Errorf("Explain(%q): %v, want not found", id, err)
		}
	}
}
