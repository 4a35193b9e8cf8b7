package load

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// RowsOf stands in a Question's SQL for the rows of its files.
const RowsOf = "{rows}"

// Question is one statement about the rows of Parquet files. It is asked of a hundred files at a time, so
// that it must be one whose answers can be added up; one without files is asked once.
type Question struct {
	Name  string
	SQL   string   // RowsOf stands for the rows
	Files []string // absolute paths
}

// AskJob is what a worker is asked. It reaches only files below the two folders.
type AskJob struct {
	Dirs      [2]string
	Prepare   []Question // whose answers are of no interest; one without files may copy what the others gathered to a file of Dirs
	Questions []Question

	MemoryBytes int64 `json:",omitempty"` // for DuckDB; 0 means 1 GiB
}

// Answers is the rows that each question gave, by its name, in the order of the files; every value as text.
type Answers map[string][][]string

// Ask asks its questions in a DuckDB of its own, in memory. A value in an error's text is left out.
func Ask(ctx context.Context, job AskJob) (Answers, error) {
	tmp, err := os.MkdirTemp("", "duckdb-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	var files []string
	for _, q := range slices.Concat(job.Prepare, job.Questions) {
		files = append(files, q.Files...)
	}
	s, err := openSession(ctx, BuildJob{ParquetDir: job.Dirs[0], Out: filepath.Join(job.Dirs[1], "none"), Threads: threadsFor(files), MemoryBytes: job.MemoryBytes}, tmp)
	if err != nil {
		return nil, err
	}
	defer s.close()
	if _, err := s.answer(job.Prepare); err != nil {
		return nil, err
	}
	return s.answer(job.Questions)
}

// AskDatabase asks its questions of a database that this project wrote, which it reads only.
func AskDatabase(ctx context.Context, job DatabaseJob) (Answers, error) {
	tmp, err := os.MkdirTemp("", "duckdb-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	dir := filepath.Dir(job.Database)
	s, err := openSession(ctx, BuildJob{ParquetDir: dir, Out: filepath.Join(dir, "none")}, tmp)
	if err != nil {
		return nil, err
	}
	defer s.close()
	if err := s.exec(fmt.Sprintf("ATTACH %s AS %s (READ_ONLY)", literal(job.Database), catalog), "USE "+catalog); err != nil {
		return nil, err
	}
	return s.answer(job.Questions)
}

// DatabaseJob is what a worker is asked of one database.
type DatabaseJob struct {
	Database  string // its path
	Questions []Question
}

func (s *session) answer(questions []Question) (Answers, error) {
	out := Answers{}
	for _, q := range questions {
		out[q.Name] = [][]string{}
		if err := s.ask(q, func(row []string) { out[q.Name] = append(out[q.Name], row) }); err != nil {
			return nil, fmt.Errorf("%s: %w", q.Name, err)
		}
	}
	return out, nil
}

func (s *session) ask(q Question, row func([]string)) error {
	if len(q.Files) == 0 {
		return s.each(q.SQL, row)
	}
	for files := range slices.Chunk(q.Files, filesAtOnce) {
		quoted := make([]string, len(files))
		for i, f := range files {
			quoted[i] = literal(f)
		}
		if err := s.each(strings.ReplaceAll(q.SQL, RowsOf, "read_parquet(["+strings.Join(quoted, ", ")+"])"), row); err != nil {
			return err
		}
	}
	return nil
}

// each calls row for each row that the statement gives. A null is the empty text.
func (s *session) each(statement string, row func([]string)) error {
	rows, err := s.conn.QueryContext(s.ctx, statement)
	if err != nil {
		return systemError(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		texts := make([]string, len(values))
		for i, v := range values {
			if v != nil {
				texts[i] = fmt.Sprint(v)
			}
		}
		row(texts)
	}
	return systemError(rows.Err())
}

// Identifier is a name as SQL has it.
func Identifier(name string) string { return identifier(name) }

// Literal is a text as SQL has it.
func Literal(text string) string { return literal(text) }
