package load

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/duckdb/duckdb-go/v2"
	"github.com/google/go-cmp/cmp"

	"palermo/load/loadtest"
	"palermo/sandbox"
	"palermo/schemas"
)

// sqlTypes are the types of columns in the tables that tests build.
var sqlTypes = map[schemas.Type]string{schemas.Text: "VARCHAR", schemas.Code: "VARCHAR", schemas.Integer: "BIGINT",
	schemas.Real: "DOUBLE", schemas.Truth: "BOOLEAN", schemas.Date: "DATE", schemas.Timestamp: "TIMESTAMP WITH TIME ZONE"}

// buildTable is a table with comments, and the statements that make them.
func buildTable(t *schemas.Table, files ...string) BuildTable {
	b := BuildTable{Name: t.Name, Files: files}
	var columns, comments []string
	for _, c := range t.Columns() {
		null := ""
		if !c.Nullable {
			null = " NOT NULL"
		}
		columns = append(columns, identifier(c.Name)+" "+sqlTypes[c.Type]+null)
		comments = append(comments, fmt.Sprintf("COMMENT ON COLUMN %s.%s IS %s;", identifier(t.Name), identifier(c.Name), literal("Column "+c.Name)))
		b.Columns = append(b.Columns, c.Name)
	}
	comments = append(comments, fmt.Sprintf("COMMENT ON TABLE %s IS %s;", identifier(t.Name), literal("Table "+t.Name)))
	b.SQL = fmt.Sprintf("CREATE TABLE %s (%s);\n%s", identifier(t.Name), strings.Join(columns, ", "), strings.Join(comments, "\n"))
	return b
}

// without removes one statement.
func without(t *testing.T, sql *string, statement string) {
	t.Helper()
	lines := strings.Split(*sql, "\n")
	kept := slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return strings.HasPrefix(l, statement) })
	if len(kept) != len(lines)-1 {
		t.Fatalf("no one statement %q in\n%s", statement, *sql)
	}
	*sql = strings.Join(kept, "\n")
}

// sampleJob writes two files of the sample table, and an empty one of another, and is the job
// that builds a database from them.
func sampleJob(t testing.TB, rows int) BuildJob {
	t.Helper()
	dir := t.TempDir()
	job := BuildJob{Out: filepath.Join(dir, "out", "palermo.duckdb"), ParquetDir: filepath.Join(dir, "par'quet")}
	if err := os.Mkdir(filepath.Dir(job.Out), 0o700); err != nil {
		t.Fatal(err)
	}
	writeSample(t, filepath.Join(job.ParquetDir, "sample", "b.parquet"), rows, 4096, loadtest.Dictionary)
	writeSample(t, filepath.Join(job.ParquetDir, "sample", "a.parquet"), 10, 10, loadtest.Plain)
	writeSample(t, filepath.Join(job.ParquetDir, "empty", "a.parquet"), 0, 1, loadtest.Plain)
	empty, none := loadtest.Table(), loadtest.Table()
	empty.Name, none.Name = "empty", "none"
	job.Tables = []BuildTable{
		buildTable(loadtest.Table(), "sample/b.parquet", "sample/a.parquet"),
		buildTable(empty, "empty/a.parquet"),
		buildTable(none),
	}
	job.Views = []BuildView{{Name: "by_sex", SQL: `CREATE VIEW by_sex AS SELECT sex, count(*) AS n FROM sample GROUP BY ALL ORDER BY ALL;
COMMENT ON VIEW by_sex IS 'Rows by sex';
COMMENT ON COLUMN by_sex.sex IS 'Sex';
COMMENT ON COLUMN by_sex.n IS 'How many';`}}
	return job
}

// client opens a database as an analyst does.
func client(t testing.TB, path string) *sql.DB {
	t.Helper()
	c, err := duckdb.NewConnector(path+"?access_mode=READ_ONLY", nil)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	t.Cleanup(func() { db.Close() })
	return db
}

func count(t testing.TB, db *sql.DB, query string) int64 {
	t.Helper()
	var n int64
	if err := db.QueryRow(query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func TestBuildDatabase(t *testing.T) {
	const rows = 4*groupRows + 1000
	job := sampleJob(t, rows)
	job.MemoryBytes = 256 << 20
	var r BuildResult
	if err := sandbox.Run(context.Background(), "build database", job, &r, sandbox.Options{MemoryBytes: 1 << 30}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int64{"sample": rows + 10, "empty": 0, "none": 0}, r.Rows); diff != "" {
		t.Errorf("rows differ (-want +got):\n%s", diff)
	}
	if info, err := os.Stat(job.Out); err != nil || info.Size() != r.Bytes || r.DuckDBVersion != "v1.5.6" {
		t.Errorf("result = %+v, %v", r, err)
	}
	if files, _ := os.ReadDir(filepath.Dir(job.Out)); len(files) != 1 {
		t.Errorf("%d files beside the database", len(files)-1)
	}
	db := client(t, job.Out)
	checkEqual(t, db, job)
	if n := count(t, db, "SELECT n FROM by_sex WHERE sex = 'male'"); n != rows/4+3 {
		t.Errorf("view by_sex: %d rows of one sex", n)
	}
	if n := count(t, db, "SELECT count(*) FROM duckdb_databases() WHERE database_name = 'palermo' AND tags['storage_version'] = '"+StorageVersion+"+'"); n != 1 {
		t.Errorf("the storage version is not %s", StorageVersion)
	}
}

// checkEqual compares the table with its files, row for row and in order.
func checkEqual(t *testing.T, db *sql.DB, job BuildJob) {
	t.Helper()
	files := fmt.Sprintf("read_parquet([%s, %s])", literal(job.ParquetDir+"/sample/a.parquet"), literal(job.ParquetDir+"/sample/b.parquet"))
	for _, q := range []string{
		"SELECT count(*) FROM (SELECT * FROM sample EXCEPT ALL SELECT * FROM " + files + ")",
		"SELECT count(*) FROM (SELECT * FROM " + files + " EXCEPT ALL SELECT * FROM sample)",
		"SELECT count(*) FROM sample POSITIONAL JOIN (SELECT id FROM " + files + ") AS f WHERE sample.id <> f.id",
	} {
		if n := count(t, db, q); n != 0 {
			t.Errorf("%s = %d", q, n)
		}
	}
}

// Views name no catalog, so the file can be renamed.
func TestRenamedDatabase(t *testing.T) {
	job := sampleJob(t, 100)
	if _, err := BuildDatabase(context.Background(), job); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "other name.duckdb")
	if err := copyFile(context.Background(), job.Out, other); err != nil {
		t.Fatal(err)
	}
	if n := count(t, client(t, other), "SELECT sum(n) FROM by_sex"); n != 110 {
		t.Errorf("by_sex has %d rows", n)
	}
}

func TestBuildDatabaseRefuses(t *testing.T) {
	for _, c := range []struct {
		name, want string
		change     func(*testing.T, *BuildJob)
	}{
		{"a table without a comment", "no comment on sample", func(t *testing.T, j *BuildJob) {
			without(t, &j.Tables[0].SQL, "COMMENT ON TABLE")
		}},
		{"a column without a comment", "no comment on sample.id", func(t *testing.T, j *BuildJob) {
			without(t, &j.Tables[0].SQL, `COMMENT ON COLUMN "sample"."id"`)
		}},
		{"a view without a comment", "no comment on by_sex", func(t *testing.T, j *BuildJob) {
			without(t, &j.Views[0].SQL, "COMMENT ON VIEW")
		}},
		{"a view's column without a comment", "no comment on by_sex.n", func(t *testing.T, j *BuildJob) {
			without(t, &j.Views[0].SQL, "COMMENT ON COLUMN by_sex.n")
		}},
		{"a missing file", "table sample", func(_ *testing.T, j *BuildJob) { j.Tables[0].Files = []string{"sample/none.parquet"} }},
		{"a file outside", "Permission Error", func(_ *testing.T, j *BuildJob) { j.Tables[0].Files = []string{"../../x.parquet"} }},
		{"a view that reads another file", "Permission Error", func(_ *testing.T, j *BuildJob) {
			j.Views[0].SQL = "CREATE VIEW by_sex AS SELECT * FROM read_csv('/etc/passwd')"
		}},
		{"a view of a column that is not there", "view by_sex", func(_ *testing.T, j *BuildJob) {
			j.Views[0].SQL = "CREATE VIEW by_sex AS SELECT nothing FROM sample"
		}},
		{"settings that change", "view by_sex: DuckDB: Invalid Input Error", func(_ *testing.T, j *BuildJob) { j.Views[0].SQL = "SET enable_external_access=true" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			job := sampleJob(t, 10)
			c.change(t, &job)
			if _, err := BuildDatabase(context.Background(), job); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("BuildDatabase = %v, want %q", err, c.want)
			}
			if files, _ := os.ReadDir(filepath.Dir(job.Out)); len(files) != 0 {
				t.Errorf("%d files left", len(files))
			}
		})
	}
}

func TestBuildDatabaseDoesNotOverwrite(t *testing.T) {
	job := sampleJob(t, 10)
	if err := os.WriteFile(job.Out, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := BuildDatabase(context.Background(), job); !errors.Is(err, os.ErrExist) {
		t.Errorf("BuildDatabase = %v", err)
	}
	if b, _ := os.ReadFile(job.Out); string(b) != "x" {
		t.Error("the file was changed")
	}
}

// A session reaches no file but the job's, and its settings stay.
func TestHardening(t *testing.T) {
	job := sampleJob(t, 10)
	s, err := openSession(context.Background(), job, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	for _, q := range []string{
		"SELECT * FROM read_csv('/etc/passwd')",
		"SELECT * FROM read_text('/etc/passwd')",
		"SELECT * FROM glob('/etc/*')",
		"COPY (SELECT 1) TO '/tmp/palermo_test.csv'",
		"ATTACH '/tmp/palermo_test.duckdb'",
		"INSTALL httpfs", "LOAD httpfs",
		"SET enable_external_access=true",
		"SET allowed_directories=['/']",
		"SET memory_limit='10GB'",
		"RESET lock_configuration",
	} {
		if err := s.exec(q); err == nil {
			t.Errorf("%s was allowed", q)
		}
	}
}

// The driver brings what reads Parquet with it: no network is needed.
func TestParquetExtensionIsBuiltIn(t *testing.T) {
	c, err := duckdb.NewConnector("", nil)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	defer db.Close()
	if n := count(t, db, "SELECT count(*) FROM duckdb_extensions() WHERE extension_name = 'parquet' AND loaded AND install_mode = 'STATICALLY_LINKED'"); n != 1 {
		t.Error("the Parquet extension is not linked into the driver")
	}
}

// BenchmarkBuildDatabase loads a million rows of 30 columns.
func BenchmarkBuildDatabase(b *testing.B) {
	const rows, batch = 1_000_000, 8192
	dir := b.TempDir()
	table := wideTable(26)
	writeWide(b, filepath.Join(dir, "a.parquet"), table, rows, wideBatch(memory.NewGoAllocator(), table, batch))
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("threads=%d", threads), func(b *testing.B) {
			for b.Loop() {
				job := BuildJob{Out: filepath.Join(b.TempDir(), "palermo.duckdb"), ParquetDir: dir, Threads: threads,
					Tables: []BuildTable{buildTable(table, "a.parquet")}}
				if _, err := BuildDatabase(context.Background(), job); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
