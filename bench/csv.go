package main

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/memory"
	_ "github.com/duckdb/duckdb-go/v2" // the driver "duckdb"

	"palermo/diag"
	"palermo/extract"
	"palermo/fixtures"
	"palermo/load"
	"palermo/mappings"
	"palermo/schemas"
	"palermo/transform"
)

// csvCols is how many columns the mapping of the wide table knows.
const csvCols = 40

//go:embed all:schemas mappings
var declared embed.FS

func makeCSV(_ context.Context, o options) (n int64, err error) {
	f, err := os.Create(o.to)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return int64(o.csvRows), fixtures.WideCSV(f, o.csvRows, csvCols, seed)
}

// duckdbCSV is what a DuckDB user would type.
func duckdbCSV(ctx context.Context, o options) (rows int64, err error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	text := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	res, err := db.ExecContext(ctx, fmt.Sprintf("COPY (FROM read_csv(%s, all_varchar=true)) TO %s (FORMAT parquet)", text(o.in), text(o.to)))
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// wide is the schema and the mapping of the wide table.
func wide() (*schemas.Schema, *mappings.Set, error) {
	folder := func(name string) fs.FS {
		sub, err := fs.Sub(declared, name)
		if err != nil {
			panic(err) // the name is a constant
		}
		return sub
	}
	s, err := schemas.Load(folder("schemas"))
	if err != nil {
		return nil, nil, err
	}
	set, ds, err := mappings.Load(folder("mappings"))
	if err == nil && len(ds) > 0 {
		err = errors.New(ds[0].String())
	}
	return s, set, err
}

// palermoCSV takes the file the whole way from bytes to coded Parquet.
func palermoCSV(ctx context.Context, o options) (rows int64, err error) {
	s, set, err := wide()
	if err != nil {
		return 0, err
	}
	f, err := extract.Open(o.in, extract.Options{Name: "wide.csv"})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	t, err := wideTable(ctx, f)
	if err != nil {
		return 0, err
	}
	var ds diag.List
	plan, bound, err := t.plan(set, s, &ds)
	if err != nil {
		return 0, err
	}
	defer bound.Release()
	w, err := load.Create(filepath.Join(o.to, "0.parquet"), plan.Target(), load.ParquetOptions{})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	for raw, err := range t.reader(plain(plan.Entry())).Batches(ctx) {
		if err != nil {
			return rows, err
		}
		n, err := apply(ctx, raw, bound, w, &ds)
		if err != nil {
			return rows, err
		}
		rows += n
	}
	bound.Finish(&ds)
	if n := ds.Len(); n > 0 {
		return rows, fmt.Errorf("%d findings in a table without fault, first %s", n, ds.Kept()[0])
	}
	return rows, nil
}

// plan recognises the table and binds the mapping found to it.
func (t *table) plan(set *mappings.Set, s *schemas.Schema, ds *diag.List) (*transform.Plan, *transform.Table, error) {
	var rows []mappings.PreviewRow
	for _, r := range t.above {
		rows = append(rows, mappings.PreviewRow{Num: r.Num, Cells: r.Cells})
	}
	found := set.Recognise("", rows)
	if len(found) == 0 || !found[0].Matches() {
		return nil, nil, errors.New("the mapping does not know the table")
	}
	plan, bad := transform.Compile(found[0].Mapping, found[0].Table, s)
	if len(bad) > 0 {
		return nil, nil, errors.New(bad[0].String())
	}
	var header []transform.Header
	for i, cell := range t.header.Cells {
		header = append(header, transform.Header{Name: mappings.Word(cell), Col: i + 1})
	}
	cell := func(int, int) string { return "" } // nothing stands above the table
	bound, err := plan.Open(schemas.Origin{Submission: "bench", File: "wide.csv", SheetNo: 1}, header, t.header.Num, cell, memory.DefaultAllocator, ds)
	return plan, bound, err
}

func plain(e *mappings.Table) map[string]bool {
	out := map[string]bool{}
	for _, c := range e.Columns {
		out[c.From] = c.Plain
	}
	return out
}

// apply harmonises and writes one raw batch, which it releases.
func apply(ctx context.Context, raw *schemas.Batch, t *transform.Table, w *load.Writer, ds *diag.List) (int64, error) {
	defer raw.Release()
	res, err := t.Apply(raw, ds)
	if err != nil || res.Batch == nil {
		return 0, err
	}
	defer res.Batch.Release()
	return res.Batch.Record.NumRows(), w.Write(ctx, res.Batch)
}
