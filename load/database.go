package load

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/duckdb/duckdb-go/v2"
)

// StorageVersion is the format of the database file. DuckDB 1.2 and all later ones read it; the
// default of DuckDB 2 is unreadable for every 1.x, which are the clients that analysts have.
const StorageVersion = "v1.2.0"

// databaseMemory is what DuckDB may use where the job does not say.
const databaseMemory = 1 << 30

// catalog is the name under which the file is attached. It is that of the file, which a client
// uses when it opens it.
const catalog = "palermo"

// BuildJob says what database to build. It holds SQL and paths, and no schema, so that it can be
// handed to a worker as it is. Paths are absolute.
type BuildJob struct {
	Out         string // the database file; it must not exist
	ParquetDir  string
	Tables      []BuildTable
	Macros      []BuildMacro `json:",omitempty"` // made before the views, which may use them
	Views       []BuildView  // in the order in which they can be created
	MemoryBytes int64        // for DuckDB; 0 means 1 GiB
	Threads     int          // 0 means one a processor, or one where the files are small

	Questions []Question `json:",omitempty"` // of the tables, by their names, when all but the late ones are filled
	Asked     []Question `json:",omitempty"` // of the finished file, as a client asks it
}

// BuildTable is one table: the statements that create and comment it, and its files.
type BuildTable struct {
	Name    string
	SQL     string
	Columns []string // filled from the columns of these names
	Files   []string // below ParquetDir, with "/"; read in the order of their names
	Late    bool     `json:",omitempty"` // filled after the questions are answered: its files are written then
}

// BuildView is one view and the statements that create and comment it.
type BuildView struct {
	Name string
	SQL  string
}

// BuildMacro is one macro and the statements that create and comment it.
type BuildMacro BuildView

// BuildResult says what was built.
type BuildResult struct {
	DuckDBVersion string
	Bytes         int64
	Rows          map[string]int64 // by table
	Answers       Answers          `json:",omitempty"` // to what was asked of the finished file
}

// BuildDatabase builds one database file from Parquet files, opens it again and checks it: every
// table has the rows of its files, every table, view, macro and column has a comment, and nothing waits
// in a log beside it. It is meant for a fresh process: DuckDB writes memory that it has used
// before into its file. After an error there is no file.
//
// An error for want of space wraps syscall.ENOSPC.
func BuildDatabase(ctx context.Context, job BuildJob) (BuildResult, error) {
	return buildOrNothing(ctx, job, func(Answers) error { return nil })
}

func buildOrNothing(ctx context.Context, job BuildJob, between func(Answers) error) (BuildResult, error) {
	if _, err := os.Lstat(job.Out); err == nil {
		return BuildResult{}, fmt.Errorf("build %s: %w", job.Out, os.ErrExist)
	}
	r, err := buildDatabase(ctx, job, between)
	if err != nil {
		os.Remove(job.Out)
		os.Remove(job.Out + ".wal")
		return BuildResult{}, fmt.Errorf("build %s: %w", filepath.Base(job.Out), err)
	}
	return r, nil
}

func buildDatabase(ctx context.Context, job BuildJob, between func(Answers) error) (r BuildResult, err error) {
	tmp, err := os.MkdirTemp("", "duckdb-")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(tmp)
	s, err := openSession(ctx, job, tmp)
	if err != nil {
		return r, err
	}
	defer s.close()
	if err := s.build(job, between); err != nil {
		return r, err
	}
	if r, err = s.check(job); err != nil {
		return r, err
	}
	if err := syncDir(job.Out); err != nil {
		return r, err
	}
	info, err := os.Stat(job.Out)
	if err != nil {
		return r, err
	}
	r.Bytes = info.Size()
	return r, nil
}

// session is one connection to a DuckDB that reaches no file but the job's.
type session struct {
	ctx  context.Context // of the one call that the session lives in
	db   *sql.DB
	conn *sql.Conn

	uncommitted int64 // rows
}

func openSession(ctx context.Context, job BuildJob, tmp string) (*session, error) {
	c, err := duckdb.NewConnector("", nil)
	if err != nil {
		return nil, err
	}
	s := &session{ctx: ctx, db: sql.OpenDB(c)}
	if s.conn, err = s.db.Conn(ctx); err != nil {
		s.db.Close()
		return nil, err
	}
	if err := s.exec(hardening(job, tmp)...); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *session) close() {
	s.conn.Close()
	s.db.Close()
}

// hardening is the settings of a session, in their order: after the last none can be changed.
func hardening(job BuildJob, tmp string) []string {
	memory := job.MemoryBytes
	if memory == 0 {
		memory = databaseMemory
	}
	set := []string{
		"SET autoinstall_known_extensions=false",
		"SET autoload_known_extensions=false",
		"SET TimeZone='UTC'",
		"SET preserve_insertion_order=true",
		fmt.Sprintf("SET memory_limit='%dB'", memory),
		"SET temp_directory=" + literal(tmp),
	}
	if n := cmp.Or(job.Threads, threadsFor(job.files())); n > 0 {
		set = append(set, fmt.Sprintf("SET threads=%d", n))
	}
	return append(set,
		fmt.Sprintf("SET allowed_directories=[%s, %s]", literal(job.ParquetDir+"/"), literal(filepath.Dir(job.Out)+"/")),
		"SET enable_external_access=false",
		"SET lock_configuration=true")
}

// fewBytes is how much one thread reads. With more of them DuckDB's client asks without a pause whether
// the others are done: half the time of a small build was that.
const fewBytes = 16 << 20

// threadsFor is how many DuckDB may use to read the files; 0 leaves it to DuckDB.
func threadsFor(files []string) int {
	var size int64
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			continue // not written yet; else who reads it will say so
		}
		if size += info.Size(); size > fewBytes {
			return 0
		}
	}
	return 1
}

// files is the paths of all files of the job.
func (job *BuildJob) files() []string {
	var out []string
	for _, t := range job.Tables {
		for _, f := range t.Files {
			out = append(out, filepath.Join(job.ParquetDir, filepath.FromSlash(f)))
		}
	}
	return out
}

// build writes the file and lets go of it. A statement of its own waits for the disk, and there are
// more than a thousand comments: so a transaction is as long as memory allows, which DuckDB needs for
// what is not committed yet.
func (s *session) build(job BuildJob, between func(Answers) error) error {
	attach := fmt.Sprintf("ATTACH %s AS %s (STORAGE_VERSION '%s')", literal(job.Out), catalog, StorageVersion)
	if err := s.exec(attach, "USE "+catalog, "BEGIN"); err != nil {
		return err
	}
	if err := s.fillAll(job, false); err != nil {
		return err
	}
	answers, err := s.answer(job.Questions)
	if err != nil {
		return err
	}
	if err := between(answers); err != nil {
		return err
	}
	if err := s.fillAll(job, true); err != nil {
		return err
	}
	for _, m := range job.Macros {
		if err := s.exec(m.SQL); err != nil {
			return fmt.Errorf("macro %s: %w", m.Name, err)
		}
	}
	for _, v := range job.Views {
		if err := s.exec(v.SQL); err != nil {
			return fmt.Errorf("view %s: %w", v.Name, err)
		}
	}
	return s.exec("COMMIT", "CHECKPOINT "+catalog, "USE memory", "DETACH "+catalog)
}

// fillAll makes and fills the tables that come late, or those that do not.
func (s *session) fillAll(job BuildJob, late bool) error {
	for _, t := range job.Tables {
		if t.Late != late {
			continue
		}
		if err := s.fill(job.ParquetDir, t); err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
	}
	return nil
}

func (s *session) fill(dir string, t BuildTable) error {
	if err := s.exec(t.SQL); err != nil || len(t.Files) == 0 {
		return err
	}
	columns := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = identifier(c)
	}
	list := strings.Join(columns, ", ")
	for some := range slices.Chunk(slices.Sorted(slices.Values(t.Files)), filesAtOnce) {
		files := make([]string, len(some))
		for i, f := range some {
			files[i] = literal(filepath.Join(dir, filepath.FromSlash(f)))
		}
		done, err := s.conn.ExecContext(s.ctx, fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM read_parquet([%s])",
			identifier(t.Name), list, list, strings.Join(files, ", ")))
		if err != nil {
			return systemError(err)
		}
		n, err := done.RowsAffected()
		if err != nil {
			return err
		}
		if s.uncommitted += n; s.uncommitted < rowsAtOnce {
			continue
		}
		if err := s.exec("COMMIT", "BEGIN"); err != nil {
			return err
		}
		s.uncommitted = 0
	}
	return nil
}

// rowsAtOnce is how many rows are inserted before they are committed.
const rowsAtOnce = 500_000

// filesAtOnce is how many files one statement reads: DuckDB keeps about a MiB for each until it ends, and
// a thousand submissions took all that the build may use.
const filesAtOnce = 100

// check opens the file as a client does, and looks at all of it.
func (s *session) check(job BuildJob) (BuildResult, error) {
	r := BuildResult{Rows: map[string]int64{}}
	if _, err := os.Lstat(job.Out + ".wal"); err == nil {
		return r, errors.New("a log is left beside the database")
	}
	if err := s.exec(fmt.Sprintf("ATTACH %s AS %s (READ_ONLY)", literal(job.Out), catalog), "USE "+catalog); err != nil {
		return r, err
	}
	if err := s.conn.QueryRowContext(s.ctx, "SELECT version()").Scan(&r.DuckDBVersion); err != nil {
		return r, err
	}
	for _, t := range job.Tables {
		n, err := s.checkRows(job.ParquetDir, t)
		if err != nil {
			return r, fmt.Errorf("table %s: %w", t.Name, err)
		}
		r.Rows[t.Name] = n
	}
	for _, v := range job.Views { // it is bound and planned: to compute all of them took longer than to build a small database
		if err := s.exec("SELECT * FROM " + identifier(v.Name) + " LIMIT 0"); err != nil {
			return r, fmt.Errorf("view %s: %w", v.Name, err)
		}
	}
	if err := s.checkComments(); err != nil {
		return r, err
	}
	var err error
	if r.Answers, err = s.answer(job.Asked); err != nil {
		return r, err
	}
	return r, s.exec("USE memory", "DETACH "+catalog)
}

// checkRows compares a table with the footers of its files.
func (s *session) checkRows(dir string, t BuildTable) (int64, error) {
	var want, got int64
	for _, f := range t.Files {
		n, err := CountRows(filepath.Join(dir, filepath.FromSlash(f)))
		if err != nil {
			return 0, err
		}
		want += n
	}
	if err := s.conn.QueryRowContext(s.ctx, "SELECT count(*) FROM "+identifier(t.Name)).Scan(&got); err != nil {
		return 0, err
	}
	if got != want {
		return 0, fmt.Errorf("%d rows, and %d in its files", got, want)
	}
	return got, nil
}

// uncommented is every table, view, macro and column without a comment.
const uncommented = `
SELECT table_name FROM duckdb_tables() WHERE database_name = '` + catalog + `' AND coalesce(comment, '') = ''
UNION ALL SELECT view_name FROM duckdb_views() WHERE database_name = '` + catalog + `' AND NOT internal AND coalesce(comment, '') = ''
UNION ALL SELECT function_name FROM duckdb_functions() WHERE database_name = '` + catalog + `' AND NOT internal AND coalesce(comment, '') = ''
UNION ALL SELECT table_name || '.' || column_name FROM duckdb_columns() WHERE database_name = '` + catalog + `' AND NOT internal AND coalesce(comment, '') = ''
ORDER BY 1`

func (s *session) checkComments() error {
	rows, err := s.conn.QueryContext(s.ctx, uncommented)
	if err != nil {
		return err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		names = append(names, name)
	}
	if len(names) > 0 {
		return fmt.Errorf("no comment on %s", strings.Join(names, ", "))
	}
	return rows.Err()
}

// exec runs statements in order; each text may hold several.
func (s *session) exec(statements ...string) error {
	for _, q := range statements {
		if _, err := s.conn.ExecContext(s.ctx, q); err != nil {
			return systemError(err)
		}
	}
	return nil
}

// sayable are the kinds of DuckDB's errors that speak of files, names and settings. The others,
// as for a constraint, may quote a value.
var sayable = map[duckdb.ErrorType]bool{
	duckdb.ErrorTypeIO: true, duckdb.ErrorTypePermission: true, duckdb.ErrorTypeCatalog: true, duckdb.ErrorTypeBinder: true,
	duckdb.ErrorTypeParser: true, duckdb.ErrorTypeSyntax: true, duckdb.ErrorTypeOutOfMemory: true, duckdb.ErrorTypeInterrupt: true,
}

// systemError gives DuckDB's errors about files the number that the system gave, which DuckDB has
// only as text, and takes from the others the text that may quote a value.
func systemError(err error) error {
	var e *duckdb.Error
	if !errors.As(err, &e) {
		return err
	}
	said := err
	if !sayable[e.Type] {
		kind, _, _ := strings.Cut(e.Msg, ":")
		said = fmt.Errorf("DuckDB: %s", kind)
	}
	for _, n := range []syscall.Errno{syscall.ENOSPC, syscall.EROFS, syscall.EACCES, syscall.EFBIG, syscall.EDQUOT} {
		if strings.Contains(strings.ToLower(e.Msg), n.Error()) {
			return fmt.Errorf("%w: %w", said, n)
		}
	}
	return said
}

// identifier quotes a name for SQL.
func identifier(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// literal quotes a text for SQL.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
