package load

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/google/go-cmp/cmp"

	"palermo/load/loadtest"
	"palermo/sandbox"
	"palermo/schemas"
)

// sqlTypes are the types of columns in the tables that tests build.
var sqlTypes = map[schemas.Type]string{schemas.Text: "VARCHAR", schemas.Code: "VARCHAR", schemas.Integer: "BIGINT",
	schemas.Real: "DOUBLE", schemas.Truth: "BOOLEAN", schemas.Date: "DATE", schemas.Timestamp: "TIMESTAMP"}

// buildTable is the sample table with comments.
func buildTable(t *schemas.Table, files ...string) BuildTable {
	b := BuildTable{Name: t.Name, Files: files, SQL: []string{""}}
	var columns []string
	for _, c := range t.Columns() {
		null := ""
		if !c.Nullable {
			null = " NOT NULL"
		}
		columns = append(columns, identifier(c.Name)+" "+sqlTypes[c.Type]+null)
		b.Columns = append(b.Columns, c.Name)
		b.SQL = append(b.SQL, fmt.Sprintf("COMMENT ON COLUMN %s.%s IS %s", identifier(t.Name), identifier(c.Name), literal(c.Meaning)))
	}
	b.SQL[0] = fmt.Sprintf("CREATE TABLE %s (%s)", identifier(t.Name), strings.Join(columns, ", "))
	b.SQL = append(b.SQL, fmt.Sprintf("COMMENT ON TABLE %s IS %s", identifier(t.Name), literal(t.Meaning)))
	return b
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
	job.Views = []BuildView{{Name: "by_sex", SQL: []string{
		"CREATE VIEW by_sex AS SELECT sex, count(*) AS n FROM sample GROUP BY ALL ORDER BY ALL",
		"COMMENT ON VIEW by_sex IS 'Rows by sex'",
		"COMMENT ON COLUMN by_sex.sex IS 'Sex'", "COMMENT ON COLUMN by_sex.n IS 'How many'",
	}}}
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
	const rows = rowGroupRows + 1000
	job := sampleJob(t, rows)
	var r BuildResult
	if err := sandbox.Run(context.Background(), "build database", job, &r, sandbox.Options{}); err != nil {
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
		change     func(*BuildJob)
	}{
		{"a table without a comment", "no comment on sample", func(j *BuildJob) {
			j.Tables[0].SQL = j.Tables[0].SQL[:len(j.Tables[0].SQL)-1]
		}},
		{"a column without a comment", "no comment on sample.id", func(j *BuildJob) {
			j.Tables[0].SQL = append(j.Tables[0].SQL[:1:1], j.Tables[0].SQL[2:]...)
		}},
		{"a view without comments", "no comment on by_sex, by_sex.n, by_sex.sex", func(j *BuildJob) { j.Views[0].SQL = j.Views[0].SQL[:1] }},
		{"a missing file", "table sample", func(j *BuildJob) { j.Tables[0].Files = []string{"sample/none.parquet"} }},
		{"a file outside", "Permission Error", func(j *BuildJob) { j.Tables[0].Files = []string{"../../passwd.parquet"} }},
		{"a view that reads another file", "Permission Error", func(j *BuildJob) {
			j.Views[0].SQL = []string{"CREATE VIEW by_sex AS SELECT * FROM read_csv('/etc/passwd')"}
		}},
		{"a view of a column that is not there", "view by_sex", func(j *BuildJob) { j.Views[0].SQL[0] = "CREATE VIEW by_sex AS SELECT nothing FROM sample" }},
		{"settings that change", "configuration", func(j *BuildJob) { j.Views[0].SQL[0] = "SET enable_external_access=true" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			job := sampleJob(t, 10)
			c.change(&job)
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

func BenchmarkBuildDatabase(b *testing.B) {
	const rows = 1_000_000
	dir := b.TempDir()
	table := loadtest.Table()
	writeSample(b, filepath.Join(dir, "sample", "a.parquet"), rows, 16384, loadtest.Dictionary)
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("threads=%d", threads), func(b *testing.B) {
			for b.Loop() {
				job := BuildJob{Out: filepath.Join(b.TempDir(), "palermo.duckdb"), ParquetDir: dir, Threads: threads,
					Tables: []BuildTable{buildTable(table, "sample/a.parquet")}}
				if _, err := BuildDatabase(context.Background(), job); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
