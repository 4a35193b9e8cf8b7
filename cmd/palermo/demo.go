package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"palermo/fixtures"
)

// demoHome is where the demo goes, where nobody says otherwise. PALERMO_HOME is not asked: it
// names the home of real data.
const demoHome = "palermo-demo"

// demoMark is the file that tells a demo's home from any other, and what its data are.
const demoMark = "DEMO.txt"

const demoMarkText = `This home was made by "palermo demo". All data in it are made up: they describe no
person and no country, and must not be cited. Remove the folder when you are done.
`

// demoSeed makes the same demo each time.
const demoSeed = 2000 // the year of the Protocol

const madeUp = "All data of this demo are made up: they describe no person and no country, and must not be cited."

func (a *app) demoCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "demo",
		Short: "Make a home with made-up data, run it, and show what to do with it",
		Long: `Make a home with made-up files, run it to a published snapshot, and print queries to start with: tables in the
form of the UNODC GLOTIP download, the status of three treaties, and case records of an imaginary population as IOM CTM and RCP would have them. The home is ./palermo-demo unless --home names another folder, which must be
missing, empty, or the home of an earlier demo.`,
		Example: `  palermo demo
  palermo demo --home try`,
		Args: cobra.NoArgs,
	}
	c.RunE = a.does("demo", func(ctx context.Context, _ []string) (*result, error) { return a.demo(ctx) })
	return c
}

// demoResult is what --json holds of a demo.
type demoResult struct {
	*digest
	Home      string     `json:"home"`
	Database  string     `json:"database"`
	Questions []question `json:"queries"`
	Explain   string     `json:"explain"` // a command line
	Note      string     `json:"note"`
}

func (a *app) demo(ctx context.Context) (*result, error) {
	dir := a.home
	if dir == "" {
		dir = demoHome
	}
	if err := makeDemoHome(dir); err != nil {
		return nil, err
	}
	h, err := a.openHome(dir)
	if err != nil {
		return nil, err
	}
	d, err := a.runHome(ctx, h, runFlags{failOn: failNever})
	if err != nil {
		return nil, err
	}
	r := &demoResult{digest: d, Home: h.Dir, Database: filepath.Join(h.Dir, "current", "palermo.duckdb"), Questions: questions(), Note: madeUp}
	id, err := anID(ctx, r.Database)
	if err != nil {
		return nil, fmt.Errorf("ask the database for a row: %w", err)
	}
	r.Explain = commandFor(a.shortest(h.Dir), "explain", id, "value")
	return &result{ok: true, summary: d.headline(), value: r, text: r.text}, nil
}

// shortest is the folder as it is shortest to type from here.
func (a *app) shortest(dir string) string {
	wd, err := os.Getwd()
	if err != nil {
		return dir
	}
	if rel, err := filepath.Rel(wd, dir); err == nil && !strings.HasPrefix(rel, "..") {
		return rel
	}
	return dir
}

// makeDemoHome makes the home and fills its drop folder. A folder that is somebody's is refused.
func makeDemoHome(dir string) error {
	mark := filepath.Join(dir, demoMark)
	if fi, err := os.Stat(dir); err == nil && !fi.IsDir() {
		return usagef("%s: is no folder", dir)
	}
	found, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("make the demo's home: %w", err)
	}
	if len(found) > 0 {
		if b, err := os.ReadFile(mark); err != nil || string(b) != demoMarkText {
			return usagef("%s is not empty, and no demo's home: name another folder with --home", dir)
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the demo's home: %w", err)
	}
	if err := os.WriteFile(mark, []byte(demoMarkText), 0o644); err != nil {
		return fmt.Errorf("make the demo's home: %w", err)
	}
	if err := errors.Join(fixtures.Demo(dir, demoSeed), fixtures.DemoCases(dir, demoSeed)); err != nil {
		return fmt.Errorf("fill the demo's drop folder: %w", err)
	}
	return nil
}

// anID is the id of a published count that is worth explaining: a range where there is one.
func anID(ctx context.Context, database string) (string, error) {
	db, err := sql.Open("duckdb", database+"?access_mode=READ_ONLY")
	if err != nil {
		return "", err
	}
	defer db.Close()
	var id string
	err = db.QueryRowContext(ctx, `SELECT statistic_id FROM statistic_current WHERE value_text IS NOT NULL
		ORDER BY value_text LIKE '<%' DESC, purpose_code IS NOT NULL DESC, year DESC, statistic_id LIMIT 1`).Scan(&id)
	return id, err
}

// question is a query to start with.
type question struct {
	Asks string `json:"asks"`
	SQL  string `json:"sql"`
}

// questions work as pasted, on the demo and on real tables.
func questions() []question {
	return []question{
		{"What is in this database?",
			`SELECT table_name, estimated_size AS "rows", comment FROM duckdb_tables() WHERE estimated_size > 0 ORDER BY table_name;`},
		{"What do the case records state, read against three definitions of trafficking?",
			`SELECT a.definition_code, a.status_code, count(*) AS records
  FROM assessment a JOIN record r ON r.record_id = a.subject_id AND r.record_version = a.subject_version
  WHERE r.is_current GROUP BY ALL ORDER BY ALL;`},
		{"Do published figures agree with what is counted here? (In the demo all do: its data are drawn to.)",
			`SELECT figure_id, period, measure, relation_code, published_text, coalesce(measured_text, round(measured, 1)::VARCHAR) AS measured, n, base_n, persons, episodes, agrees
  FROM published_figure WHERE comparable ORDER BY agrees, figure_id;`},
		{"Which countries detected most victims, and how sure is the count?",
			`SELECT reporter_code, year, value_text, value_low, value_high FROM statistic_current
  WHERE indicator_code = 'detected_victims' AND dimension_code = 'total' AND sex_code = 'total' AND age_code = 'total' AND reporter_scope_code = 'country'
  ORDER BY value_low DESC, reporter_code, year LIMIT 10;`},
		{"Is every row of every file accounted for?",
			`SELECT b.submission_id, s.status_code, b.unit, b."read", b.loaded, b.rejected, b.skipped, b."read" = b.loaded + b.rejected + b.skipped AS is_whole
  FROM row_balance b JOIN submission s USING (submission_id) ORDER BY b.submission_id, b.sheet;`},
	}
}

func (r *demoResult) text(p *printer) {
	r.digest.text(p)
	p.blank()
	p.line("%s", p.bold("The database"))
	p.line("  %s", r.Database)
	p.line("Open it with any DuckDB client from 1.2 on, reading only:")
	p.line("  duckdb -readonly %s", quoted(r.Database))
	p.line("  python3 -c 'import duckdb; duckdb.connect(%q, read_only=True).sql(\"FROM statistic_current LIMIT 5\").show()'", r.Database)
	p.blank()
	p.line("%s", p.bold("Five questions to start with"))
	for _, q := range r.Questions {
		p.line("  -- %s", q.Asks)
		for l := range strings.Lines(q.SQL) {
			p.line("  %s", strings.TrimRight(l, "\n"))
		}
	}
	p.blank()
	p.line("%s", p.bold("Where a figure came from"))
	p.line("  %s", r.Explain)
	p.blank()
	p.line("%s", p.warn(madeUp))
}

// duckDBVersion asks the library that is built in.
func duckDBVersion(ctx context.Context) (string, error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return "", err
	}
	defer db.Close()
	var v string
	err = db.QueryRowContext(ctx, "SELECT version()").Scan(&v)
	return strings.TrimPrefix(v, "v"), err
}
