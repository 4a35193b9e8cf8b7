package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"palermo/load"
	"palermo/sandbox"
	"palermo/schemas"
	"palermo/transform"
)

type recordBatch = arrow.RecordBatch

// keyedID is an id of a record, a case, a person or an episode.
var keyedID = regexp.MustCompile(`\b[rcpe][0-9a-f]{24}\b`)

// snapshots rewrites every snapshot that is kept and holds anything of the erased, and what stewards have of it, with
// what its run keeps beside it.
func (x *eraser) snapshots(ctx context.Context) error {
	if err := load.Replaced(x.Dir, x.erasedDir()); err != nil {
		return err
	}
	all := map[string]bool{}
	for _, dir := range []string{x.path(snapshotsDir), x.path(stateDir, runsDir), x.path(stewardDir)} {
		runs, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, d := range runs {
			all[d.Name()] = true
		}
	}
	for _, run := range sortedKeys(all) {
		if err := x.snapshot(ctx, run); err != nil {
			return fmt.Errorf("run %s: %w", run, err)
		}
		if err := x.steward(ctx, run); err != nil {
			return fmt.Errorf("run %s: steward: %w", run, err)
		}
	}
	return os.RemoveAll(x.erasedDir())
}

// snapshot rewrites the snapshot of one run: its Parquet files without the rows, the database built from them, and the
// manifest.
func (x *eraser) snapshot(ctx context.Context, run string) error {
	hashes, files, err := x.states(run)
	if err != nil {
		return err
	}
	dir := x.path(snapshotsDir, run)
	m, err := load.ReadManifest(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return x.writeStates(run, files)
	}
	if err != nil {
		return err
	}
	staged := filepath.Join(x.erasedDir(), run)
	if err := cmpOr(os.RemoveAll(staged), os.MkdirAll(filepath.Dir(staged), 0o700)); err != nil {
		return err
	}
	changed, err := x.parquet(ctx, dir, staged, schemas.ZoneAnalyst)
	if err != nil {
		return err
	}
	states := false
	for name, sum := range hashes {
		if was, named := m.States[name]; named && was != sum {
			m.States[name], states = sum, true
		}
	}
	if !changed && !states {
		return errors.Join(os.RemoveAll(staged), x.writeStates(run, files))
	}
	if changed {
		x.rewrote++
	}
	database := filepath.Base(x.databaseOf(dir))
	err = load.LinkTree(dir, staged, func(path string) bool {
		return path == load.ManifestName || strings.HasSuffix(path, ".parquet") || changed && (path == database || isReport(path))
	})
	if err == nil && changed {
		err = x.build(ctx, x.databaseOf(dir), filepath.Join(staged, "parquet"), filepath.Join(staged, database))
	}
	if err == nil {
		err = load.Reseal(staged, *m, load.Modes{})
	}
	if err == nil {
		err = x.writeStates(run, files)
	}
	if err != nil {
		return err
	}
	return load.Replace(x.Dir, run, staged)
}

// isReport reports whether a file of a snapshot is its page, or the numbers of it: they are of the people that it had.
func isReport(path string) bool { return path == reportPage || path == reportData }

func (x *eraser) databaseOf(dir string) string { return filepath.Join(dir, "palermo.duckdb") }

func cmpOr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (x *eraser) writeStates(run string, files map[string][]byte) error {
	for _, name := range sortedKeys(files) {
		path := x.path(stateDir, runsDir, run, name)
		if files[name] == nil {
			if err := removeIfThere(path); err != nil {
				return err
			}
			continue
		}
		if err := writeFile(path, files[name], 0o600); err != nil {
			return err
		}
	}
	if len(files) == 0 {
		return nil
	}
	return syncDir(x.path(stateDir, runsDir, run))
}

// parquet makes the Parquet files below from again below to, without the erased. It reports whether any is another.
func (x *eraser) parquet(ctx context.Context, from, to string, z schemas.Zone) (changed bool, err error) {
	err = filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".parquet" {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		dst := filepath.Join(to, rel)
		if err := os.MkdirAll(filepath.Dir(dst), 0o700); err != nil {
			return err
		}
		footer, err := load.ReadFooter(path)
		if err != nil {
			return err
		}
		other, err := load.Without(ctx, path, dst, x.columns(footer.Columns), func(rec recordBatch) load.Cut { return x.cut(rec, z) })
		if err != nil {
			return err
		}
		if changed = changed || other; !other {
			return os.Link(path, dst)
		}
		return nil
	})
	return changed, err
}

// columns is those by which rows of the erased are known: ids, and the places of findings and words in the files.
func (x *eraser) columns(all []string) []string {
	var out []string
	for _, c := range all {
		if isID(c) || c == "sheet" || c == "row" || c == "word" || c == "first_row" || c == "column_name" {
			out = append(out, c)
		}
	}
	return out
}

// isID reports whether the column may have keyed ids.
func isID(c string) bool {
	return strings.HasSuffix(c, "_id") || strings.HasSuffix(c, "_id_a") || strings.HasSuffix(c, "_id_b")
}

// cut is what is to go of a batch of any table: the rows whose ids are of the erased; of others that were taken from an
// erased record, the values; and of a file that was read again, the findings in its erased rows and the words that
// nobody else's row has.
func (x *eraser) cut(rec recordBatch, z schemas.Zone) load.Cut {
	c := load.Cut{Rows: make([]bool, rec.NumRows()), Values: map[string][]bool{}}
	at := map[string]arrow.Array{}
	for i, a := range rec.Columns() {
		name := rec.ColumnName(i)
		at[name] = a
		if !isID(name) {
			continue
		}
		from, taken := strings.CutSuffix(name, "_record_id")
		for k := range a.Len() {
			if a.IsNull(k) || !x.zones[z][load.Text(a, k)] {
				continue
			}
			if !taken {
				c.Rows[k] = true
				continue
			}
			for _, f := range rec.Schema().Fields() {
				if strings.HasPrefix(f.Name, from+"_") && f.Nullable {
					if c.Values[f.Name] == nil {
						c.Values[f.Name] = make([]bool, rec.NumRows())
					}
					c.Values[f.Name][k] = true
				}
			}
		}
	}
	x.cutPlaces(c, at)
	return c
}

func (x *eraser) cutPlaces(c load.Cut, at map[string]arrow.Array) {
	sub, sheet, row, word, column := at["submission_id"], at["sheet"], at["row"], at["word"], at["column_name"]
	if sub == nil || sheet == nil || row == nil && word == nil {
		return
	}
	for k := range sub.Len() {
		id := load.Text(sub, k)
		gone, read := x.gone[id]
		if !read || sheet.IsNull(k) {
			continue
		}
		no := int(number(sheet, k))
		switch {
		case row != nil && row.IsValid(k):
			c.Rows[k] = c.Rows[k] || gone[[2]int{no, int(number(row, k))}]
		case word != nil && column != nil:
			c.Rows[k] = c.Rows[k] || !x.words[id][wordKey(no, load.Text(column, k), load.Text(word, k))]
		}
	}
}

func number(a arrow.Array, i int) int64 {
	switch a := a.(type) {
	case *array.Int64:
		return a.Value(i)
	case *array.Int32:
		return int64(a.Value(i))
	}
	return 0
}

// wordsOf is the words of an entry's value map, and their shapes, as wordKey has them.
func wordsOf(e *Entry) map[string]bool {
	out := map[string]bool{}
	for i := range e.Sheets {
		for k := range e.Sheets[i].Values {
			u := &e.Sheets[i].Values[k]
			out[wordKey(e.Sheets[i].No, u.Column, u.Word)] = true
			out[wordKey(e.Sheets[i].No, u.Column, transform.Shape(u.Word))] = true
		}
	}
	return out
}

func wordKey(sheet int, column, word string) string {
	return fmt.Sprint(sheet, "\x1f", column, "\x1f", word)
}

// idRows is the rows of a batch with one of the ids in any column.
func idRows(rec recordBatch, ids map[string]bool) []bool {
	out := make([]bool, rec.NumRows())
	for _, a := range rec.Columns() {
		for k := range a.Len() {
			out[k] = out[k] || a.IsValid(k) && ids[load.Text(a, k)]
		}
	}
	return out
}

// build builds a database again by the statements of an earlier one, from Parquet files, in a process that has held nothing of
// it.
func (x *eraser) build(ctx context.Context, of, parquet, out string) error {
	job := load.BuildJob{ParquetDir: parquet, Out: out}
	var err error
	if job.Tables, job.Macros, job.Views, err = load.Rebuilt(ctx, of); err != nil {
		return err
	}
	files := map[string][]string{}
	err = filepath.WalkDir(parquet, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(parquet, path)
		if err != nil {
			return err
		}
		table := filepath.Base(filepath.Dir(path))
		files[table] = append(files[table], filepath.ToSlash(rel))
		return nil
	})
	if err != nil {
		return err
	}
	for i := range job.Tables {
		job.Tables[i].Files = files[job.Tables[i].Name]
	}
	_, err = load.Build(ctx, RolePublish, job, func(load.Answers) error { return nil }, sandbox.Options{TempDir: x.path(stateDir, "tmp")})
	return err
}

// steward rewrites the database of stewards. Its Parquet was not kept, and is made of it once more.
func (x *eraser) steward(ctx context.Context, run string) error {
	dir := x.path(stewardDir, run)
	db := filepath.Join(dir, "steward.duckdb")
	if !isThere(db) {
		return x.workbooks(dir)
	}
	tmp, err := os.MkdirTemp(x.path(stateDir, "tmp"), "erase-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	was, is := filepath.Join(tmp, "was"), filepath.Join(tmp, "is")
	tables, _, _, err := load.Rebuilt(ctx, db)
	if err != nil {
		return err
	}
	job := load.AskJob{Dirs: [2]string{dir, tmp}, Prepare: []load.Question{{Name: "attach", SQL: "ATTACH " + load.Literal(db) + " AS was (READ_ONLY)"}}}
	for _, t := range tables {
		if err := os.MkdirAll(filepath.Join(was, t.Name), 0o700); err != nil {
			return err
		}
		job.Prepare = append(job.Prepare, load.Question{Name: t.Name, SQL: fmt.Sprintf("COPY was.main.%s TO %s (FORMAT parquet)",
			load.Identifier(t.Name), load.Literal(filepath.Join(was, t.Name, t.Name+".parquet")))})
	}
	var none load.Answers
	if err := sandbox.Run(ctx, RoleAsk, job, &none, sandbox.Options{TempDir: x.path(stateDir, "tmp")}); err != nil {
		return err
	}
	changed, err := x.parquet(ctx, was, is, schemas.ZoneSteward)
	if err != nil {
		return err
	}
	if changed {
		out := filepath.Join(tmp, "steward.duckdb")
		if err := x.build(ctx, db, is, out); err != nil {
			return err
		}
		if err := cmpOr(os.Rename(out, db), syncDir(dir)); err != nil {
			return err
		}
	}
	return x.workbooks(dir)
}

// workbooks removes what was given out for review beside the database of stewards: any row of it may be of the erased.
func (x *eraser) workbooks(dir string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	for _, f := range files {
		if f.Name() != "steward.duckdb" {
			if err := os.RemoveAll(filepath.Join(dir, f.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// Release is one of the releases that hold records of somebody who was erased: it cannot be recalled.
type Release struct {
	ID      string `json:"id"`
	Records int    `json:"records"` // of the erased

	list, parquet string
}

// releasesOf is the releases that have any of the ids.
func (h *Home) releasesOf(ctx context.Context, ids map[string]bool) ([]Release, error) {
	dirs, err := os.ReadDir(h.path(stateDir, "releases"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var out []Release
	for _, d := range dirs {
		r := Release{ID: d.Name(), list: h.path(stateDir, "releases", d.Name(), "records.txt")}
		found := map[string]bool{}
		b, err := os.ReadFile(r.list)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, id := range strings.Fields(string(b)) {
			if ids[id] {
				found[id] = true
			}
		}
		if p := h.path(stateDir, "releases", d.Name(), "records.parquet"); isThere(p) {
			r.parquet = p
			if err := load.Rows(ctx, p, []string{"record_id"}, func(rec recordBatch) error {
				for i, is := range idRows(rec, ids) {
					if is {
						found[load.Text(rec.Column(0), i)] = true
					}
				}
				return nil
			}); err != nil {
				return nil, err
			}
		}
		if r.Records = len(found); r.Records > 0 {
			out = append(out, r)
		}
	}
	return out, nil
}
