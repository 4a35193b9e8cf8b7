package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// Cut is what is to go of a batch: rows, and of rows that stay the values of some columns. Columns are by name.
type Cut struct {
	Rows   []bool
	Values map[string][]bool
}

func (c Cut) nothing() bool {
	return !slices.Contains(c.Rows, true) && !slices.ContainsFunc(slices.Collect(maps.Values(c.Values)), func(v []bool) bool { return slices.Contains(v, true) })
}

// Without writes at dst what is left of a Parquet file that this project wrote, whatever its table and the schema's
// version: rows and dictionaries without what cut says, and the footer as it was. cut is asked about batches of the
// columns that it names, of those that the file has, and then about all. Where nothing is to go, nothing is written, and
// it reports false.
func Without(ctx context.Context, src, dst string, columns []string, cut func(arrow.RecordBatch) Cut) (changed bool, err error) {
	err = withReader(src, func(r *file.Reader) error {
		fr, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{BatchSize: projectRows}, memory.DefaultAllocator)
		if err != nil {
			return err
		}
		var some []int
		for _, c := range columns {
			if i := r.MetaData().Schema.ColumnIndexByName(c); i >= 0 {
				some = append(some, i)
			}
		}
		if len(some) == 0 || r.NumRows() == 0 {
			return nil
		}
		err = eachBatch(ctx, fr, some, func(rec arrow.RecordBatch) error {
			if changed = !cut(rec).nothing(); changed {
				return io.EOF
			}
			return nil
		})
		if err != nil || !changed {
			return err
		}
		return rewriteWithout(ctx, r, fr, dst, cut)
	})
	if err != nil {
		return false, fmt.Errorf("erase rows: %w", err)
	}
	return changed, nil
}

// eachBatch hands f the batches of a file's columns; all where there are none. io.EOF of f ends it.
func eachBatch(ctx context.Context, fr *pqarrow.FileReader, columns []int, f func(arrow.RecordBatch) error) error {
	rr, err := fr.GetRecordReader(ctx, columns, nil)
	if err != nil {
		return err
	}
	defer rr.Release()
	for rr.Next() {
		switch err := f(rr.RecordBatch()); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
	if err := rr.Err(); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

func rewriteWithout(ctx context.Context, r *file.Reader, fr *pqarrow.FileReader, dst string, cut func(arrow.RecordBatch) Cut) error {
	schema, err := fr.Schema()
	if err != nil {
		return err
	}
	out, err := createFile(dst)
	if err != nil {
		return err
	}
	w, err := pqarrow.NewFileWriter(schema, keepOpen{out}, writerProperties(nil, nil), pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema()))
	if err != nil {
		out.abort()
		return err
	}
	was := footerOf(r).Metadata
	for _, k := range slices.Sorted(maps.Keys(was)) {
		err = cmp.Or(err, w.AppendKeyValueMetadata(k, was[k]))
	}
	if err == nil {
		err = eachBatch(ctx, fr, nil, func(rec arrow.RecordBatch) error {
			left, err := withoutRows(rec, cut(rec))
			if err != nil {
				return err
			}
			defer left.Release()
			return w.WriteBuffered(left)
		})
	}
	if err = errors.Join(err, w.Close()); err != nil {
		out.abort()
		return err
	}
	return out.commit()
}

// keepOpen is a file that its writer does not close.
type keepOpen struct{ f *newFile }

func (k keepOpen) Write(p []byte) (int, error) { return k.f.Write(p) }

// withoutRows is what is left of the batch: in arrays of its own, so that nothing else goes with them.
func withoutRows(rec arrow.RecordBatch, c Cut) (arrow.RecordBatch, error) {
	arrays := make([]arrow.Array, rec.NumCols())
	defer func() { releaseAll(slices.DeleteFunc(arrays, func(a arrow.Array) bool { return a == nil })) }()
	rows := int64(0)
	for i, a := range rec.Columns() {
		var err error
		if arrays[i], err = withoutValues(a, c.Rows, c.Values[rec.ColumnName(i)]); err != nil {
			return nil, fmt.Errorf("column %s: %w", rec.ColumnName(i), err)
		}
		rows = int64(arrays[i].Len())
	}
	return array.NewRecordBatch(rec.Schema(), arrays, rows), nil
}

func withoutValues(a arrow.Array, rows, values []bool) (arrow.Array, error) {
	b := array.NewBuilder(memory.DefaultAllocator, a.DataType())
	defer b.Release()
	put, err := putter(a, b)
	if err != nil {
		return nil, err
	}
	for i := range a.Len() {
		switch {
		case rows != nil && rows[i]:
		case a.IsNull(i), values != nil && values[i]:
			b.AppendNull()
		default:
			if err := put(i); err != nil {
				return nil, err
			}
		}
	}
	return b.NewArray(), nil
}

// putter appends value i of a to b, which is of its type.
func putter(a arrow.Array, b array.Builder) (func(i int) error, error) {
	switch a := a.(type) {
	case *array.String:
		return func(i int) error { b.(*array.StringBuilder).Append(a.Value(i)); return nil }, nil
	case *array.Int64:
		return func(i int) error { b.(*array.Int64Builder).Append(a.Value(i)); return nil }, nil
	case *array.Int32:
		return func(i int) error { b.(*array.Int32Builder).Append(a.Value(i)); return nil }, nil
	case *array.Float64:
		return func(i int) error { b.(*array.Float64Builder).Append(a.Value(i)); return nil }, nil
	case *array.Boolean:
		return func(i int) error { b.(*array.BooleanBuilder).Append(a.Value(i)); return nil }, nil
	case *array.Date32:
		return func(i int) error { b.(*array.Date32Builder).Append(a.Value(i)); return nil }, nil
	case *array.Timestamp:
		return func(i int) error { b.(*array.TimestampBuilder).Append(a.Value(i)); return nil }, nil
	case *array.Dictionary:
		words, isText := a.Dictionary().(*array.String)
		to, can := b.(*array.BinaryDictionaryBuilder)
		if isText && can {
			return func(i int) error { return to.AppendString(words.Value(a.GetValueIndex(i))) }, nil
		}
	}
	return nil, fmt.Errorf("values of type %s", a.DataType())
}

// Rebuilt is how a database that this project built is built again from its Parquet files: the statements are those that it was
// made with, whatever the version was.
func Rebuilt(ctx context.Context, path string) (tables []BuildTable, views []BuildView, err error) {
	rows, err := Query(ctx, path, `SELECT table_name AS name, sql, comment FROM duckdb_tables() WHERE NOT internal ORDER BY table_oid`)
	if err != nil {
		return nil, nil, err
	}
	columns, err := Query(ctx, path, `SELECT table_name AS name, column_name AS col, comment FROM duckdb_columns() WHERE NOT internal ORDER BY table_oid, column_index`)
	if err != nil {
		return nil, nil, err
	}
	commented := func(kind string, row map[string]string) (sql string, names []string) {
		sql = strings.TrimSuffix(strings.TrimSpace(row["sql"]), ";") + ";\n" + fmt.Sprintf("COMMENT ON %s %s IS %s;\n", kind, identifier(row["name"]), literal(row["comment"]))
		for _, c := range columns {
			if c["name"] == row["name"] {
				names = append(names, c["col"])
				sql += fmt.Sprintf("COMMENT ON COLUMN %s.%s IS %s;\n", identifier(row["name"]), identifier(c["col"]), literal(c["comment"]))
			}
		}
		return sql, names
	}
	for _, row := range rows {
		t := BuildTable{Name: row["name"]}
		t.SQL, t.Columns = commented("TABLE", row)
		tables = append(tables, t)
	}
	if rows, err = Query(ctx, path, `SELECT view_name AS name, sql, comment FROM duckdb_views() WHERE NOT internal ORDER BY view_oid`); err != nil {
		return nil, nil, err
	}
	for _, row := range rows {
		v := BuildView{Name: row["name"]}
		v.SQL, _ = commented("VIEW", row)
		views = append(views, v)
	}
	return tables, ordered(views), nil
}

// ordered is the views in an order in which they can be created: a file does not keep it.
func ordered(views []BuildView) []BuildView {
	var out []BuildView
	for len(views) > 0 {
		at := slices.IndexFunc(views, func(v BuildView) bool {
			return !slices.ContainsFunc(views, func(o BuildView) bool { return o.Name != v.Name && mentions(v.SQL, o.Name) })
		})
		at = max(at, 0)
		out, views = append(out, views[at]), slices.Delete(views, at, at+1)
	}
	return out
}

// mentions reports whether a name stands in a statement as a word of its own.
func mentions(sql, name string) bool {
	inName := func(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }
	for w := range strings.FieldsFuncSeq(sql, func(r rune) bool { return !inName(r) }) {
		if w == name {
			return true
		}
	}
	return false
}

// Reseal writes the manifest of a snapshot in dir whose files are others now, and puts all of it on disk.
func Reseal(dir string, m Manifest, modes Modes) error {
	files, err := listFiles(dir)
	if err != nil {
		return err
	}
	m.Format, m.Files = manifestFormat, files
	return cmp.Or(m.write(dir), openUp(dir, modes), syncTree(dir))
}

// LinkTree makes the folders below from again below to, with the same files under second names, but those whose path, with
// "/", is left out.
func LinkTree(from, to string, without func(path string) bool) error {
	return filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		switch {
		case d.IsDir():
			return makeDir(filepath.Join(to, rel))
		case without(filepath.ToSlash(rel)):
			return nil
		}
		return os.Link(path, filepath.Join(to, rel))
	})
}

// Replace lets the sealed folder at staged take the place of the run's snapshot, which is removed. Readers see one or
// the other; where the file system cannot exchange two folders, for a moment none, and after a crash in that moment
// Replaced goes on.
func Replace(home, run, staged string) error {
	place := filepath.Join(home, snapshotsName, run)
	done, err := exchange(staged, place)
	if err != nil {
		return err
	}
	away := staged
	if !done {
		away = filepath.Join(home, stateName, tmpName, "replaced-"+run)
		if err := cmp.Or(os.RemoveAll(away), os.Rename(place, away), os.Rename(staged, place)); err != nil {
			return err
		}
	}
	return cmp.Or(syncDir(filepath.Dir(place)), syncDir(filepath.Dir(staged)), os.RemoveAll(away))
}

// Replaced gives the snapshots in dir, by run, their places where a crash left these empty, and removes the others.
func Replaced(home, dir string) error {
	runs, err := os.ReadDir(dir)
	if err != nil {
		return ignoreMissing(err)
	}
	for _, d := range runs {
		staged, place := filepath.Join(dir, d.Name()), filepath.Join(home, snapshotsName, d.Name())
		if _, err := os.Lstat(place); errors.Is(err, os.ErrNotExist) {
			if _, err := ReadManifest(staged); err == nil { // it was sealed: the manifest comes last
				err = cmp.Or(os.Rename(staged, place), syncDir(filepath.Dir(place)))
				if err != nil {
					return err
				}
				continue
			}
		}
		if err := os.RemoveAll(staged); err != nil {
			return err
		}
	}
	return os.RemoveAll(dir)
}
