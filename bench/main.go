package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"palermo/pipeline"
	"palermo/sandbox"
)

// options is the command line.
type options struct {
	rounds               int
	sheetRows, sheetCols int
	csvRows, ctmRecords  int
	homeRecords          int // case records of the home whose nights are measured; 0 for none
	nightRounds, nth     int // how many nights of each kind, and which
	only                 string
	out                  string // the page to write; empty for standard output
	tmp                  string
	version              string // of palermo, for the page

	role, in, to string // of a child
}

func main() {
	sandbox.Main(pipeline.Roles()) // a worker ends here
	var o options
	flag.IntVar(&o.rounds, "rounds", 5, "how often each contestant runs")
	flag.IntVar(&o.sheetRows, "sheet-rows", 200_000, "rows of the sheet")
	flag.IntVar(&o.sheetCols, "sheet-cols", 30, "columns of the sheet")
	flag.IntVar(&o.csvRows, "csv-rows", 1_000_000, "rows of the CSV file, of 40 columns")
	flag.IntVar(&o.ctmRecords, "ctm-records", 1_000_000, "case records of the CSV file in the form of the CTM")
	flag.IntVar(&o.homeRecords, "home-records", 1_000_000, "case records of the home whose nights are measured; 0 leaves them out")
	flag.IntVar(&o.nightRounds, "night-rounds", 3, "nights of each kind")
	flag.IntVar(&o.nth, "nth", 0, "used by the program itself")
	flag.StringVar(&o.only, "only", "", "measure only what has this in its title")
	flag.StringVar(&o.out, "out", "", "the page to write; standard output by default")
	flag.StringVar(&o.tmp, "tmp", "", "where the inputs are made and removed again")
	flag.StringVar(&o.version, "version", "devel", "the version of palermo, for the page")
	flag.StringVar(&o.role, "role", "", "used by the program itself: the part to play")
	flag.StringVar(&o.in, "in", "", "used by the program itself")
	flag.StringVar(&o.to, "to", "", "used by the program itself")
	flag.Parse()
	if err := run(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if o.role != "" {
		return play(ctx, o)
	}
	dir, err := os.MkdirTemp(o.tmp, "palermo-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	p := newPage(o, time.Now())
	for _, c := range comparisons {
		if !strings.Contains(c.title(o), o.only) {
			continue
		}
		r, err := compare(ctx, c, o, dir)
		if err != nil {
			return fmt.Errorf("%s: %w", c.title(o), err)
		}
		p.results = append(p.results, r)
	}
	if o.homeRecords > 0 && strings.Contains("Nights of a home", o.only) {
		if p.nights, err = nights(ctx, o, dir); err != nil {
			return fmt.Errorf("nights of a home: %w", err)
		}
	}
	if o.out == "" {
		return p.write(os.Stdout)
	}
	return p.writeFile(o.out)
}

// role is a part that a child plays. It reads in, may write to, and says how many rows it saw.
type role func(ctx context.Context, o options) (rows int64, err error)

// roles is every part, by the name in -role.
var roles = map[string]role{
	"make-sheet":     makeSheet,
	"make-csv":       makeCSV,
	"palermo-sheet":  palermoSheet,
	"excelize-sheet": excelizeSheet,
	"palermo-csv":    palermoCSV,
	"duckdb-csv":     duckdbCSV,
	"make-ctm":       makeCTM,
	"palermo-ctm":    palermoCTM,
	"make-home":      makeHome,
	"make-night":     makeNight,
	"night":          night,
	"full-night":     fullNight,
}

// said is what a child prints.
type said struct {
	Rows int64 `json:"rows"`
}

func play(ctx context.Context, o options) error {
	r, ok := roles[o.role]
	if !ok {
		return fmt.Errorf("no role %q", o.role)
	}
	rows, err := r(ctx, o)
	if err != nil {
		return fmt.Errorf("%s: %w", o.role, err)
	}
	return json.NewEncoder(os.Stdout).Encode(said{rows})
}

// comparison is one input and the two contestants that take turns at it. The first is palermo.
type comparison struct {
	title     func(o options) string
	note      string
	maker     string // the role that makes the input
	input     string // the input's file name
	roles     [2]string
	labels    [2]string
	withFiles bool // the contestants write something whose size is worth showing
}

// comparisons is what is measured.
var comparisons = []comparison{
	{
		title: func(o options) string {
			return fmt.Sprintf("Reading a sheet, %s rows × %d columns", thousands(o.sheetRows), o.sheetCols)
		},
		note: "palermo checks the container to its end, then reads the sheet to raw Arrow batches with dictionaries and " +
			"places; excelize, which is no part of palermo's reading, only loops over `Rows` and `Columns`.",
		maker: "make-sheet", input: "wide.xlsx",
		roles:  [2]string{"palermo-sheet", "excelize-sheet"},
		labels: [2]string{"palermo, extract", "excelize, bare `Rows` loop"},
	},
	{
		title: func(o options) string {
			return fmt.Sprintf("CSV to Parquet, %s rows × 40 columns", thousands(o.csvRows))
		},
		note: "palermo recognises, parses, recodes, checks and places every cell, and writes coded Parquet with " +
			"zstd; DuckDB runs `COPY (FROM read_csv('f.csv', all_varchar=true)) TO 'x.parquet'`: text in, text out.",
		maker: "make-csv", input: "wide.csv",
		roles:     [2]string{"palermo-csv", "duckdb-csv"},
		labels:    [2]string{"palermo, CSV to coded Parquet", "DuckDB, `COPY` to Parquet"},
		withFiles: true,
	},
	{
		title: func(o options) string {
			return fmt.Sprintf("Case records to Parquet, %s records × 68 columns", thousands(o.ctmRecords))
		},
		note: "The form of the CTM's legacy export, of which 4 rows in 1,000 refuse that their data are kept. palermo parses, recodes, keys " +
			"each record, reads it against three definitions, splits names off, and writes 13 tables with the balance of rows; DuckDB copies the text, as above.",
		maker: "make-ctm", input: "ctm.csv",
		roles:     [2]string{"palermo-ctm", "duckdb-csv"},
		labels:    [2]string{"palermo, CSV to coded and assessed Parquet", "DuckDB, `COPY` to Parquet"},
		withFiles: true,
	},
}

// compare makes the input and lets the contestants take turns.
func compare(ctx context.Context, c comparison, o options, dir string) (result, error) {
	in := filepath.Join(dir, c.input)
	made, err := child(ctx, c.maker, o, in, in)
	if err != nil {
		return result{}, err
	}
	fi, err := os.Stat(in)
	if err != nil {
		return result{}, err
	}
	r := result{comparison: c, inputBytes: fi.Size()}
	for round := range o.rounds {
		for side, name := range c.roles {
			to := filepath.Join(dir, "out-"+name)
			m, err := child(ctx, name, o, in, to)
			if err != nil {
				return result{}, err
			}
			if m.rows != made.rows {
				return result{}, fmt.Errorf("%s saw %d rows of %d", name, m.rows, made.rows)
			}
			if m.bytes, err = sizeOf(to); err != nil {
				return result{}, err
			}
			if err := os.RemoveAll(to); err != nil {
				return result{}, err
			}
			fmt.Fprintf(os.Stderr, "%d/%d %s: %.2f s, %.2f s of CPU, %.0f MiB\n", round+1, o.rounds, name, m.seconds, m.cpu, m.peakMiB)
			r.runs[side] = append(r.runs[side], m)
		}
	}
	return r, os.Remove(in)
}
