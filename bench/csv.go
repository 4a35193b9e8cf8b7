package main

import (
	"bufio"
	"context"
	"database/sql"
	"embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2" // the driver "duckdb"

	"palermo/fixtures"
	"palermo/mappings"
	"palermo/pipeline"
	"palermo/schemas"
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

// palermoCSV takes the file the whole way from bytes to coded Parquet, as a run does.
func palermoCSV(ctx context.Context, o options) (int64, error) {
	s, set, err := wide()
	if err != nil {
		return 0, err
	}
	h := pipeline.Harmoniser{Schema: s, Mappings: set, Quarantine: filepath.Join(o.to, "quarantine.parquet"),
		File: func(table string) string { return filepath.Join(o.to, table+".parquet") }}
	e, err := h.Harmonise(ctx, o.in, &pipeline.Submission{ID: "bench", Agency: "bench", Name: "wide.csv"})
	if err != nil {
		return 0, err
	}
	if e.Status != pipeline.StatusAccepted || len(e.Found) > 0 {
		return 0, fmt.Errorf("the file is %s, with %d findings; it is without fault", e.Status, len(e.Found))
	}
	return e.Rows().Loaded, nil
}

// csvRows is the rows of a CSV file below its header.
func csvRows(path string) (n int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	r := csv.NewReader(bufio.NewReaderSize(f, 1<<20))
	r.ReuseRecord = true
	for {
		if _, err := r.Read(); errors.Is(err, io.EOF) {
			return n - 1, nil
		} else if err != nil {
			return 0, err
		}
		n++
	}
}
