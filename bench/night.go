package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"palermo/fixtures"
	"palermo/load"
	"palermo/pipeline"
)

// nightRows is how many records the one new file of a night has.
const nightRows = 1000

// makeHome fills the drop folder of a home with the cases of all offices.
func makeHome(_ context.Context, o options) (int64, error) {
	drop := filepath.Join(o.to, "drop")
	ctm := o.homeRecords * 52 / 100
	err := fixtures.Cases(drop, fixtures.CasesOptions{CTM: ctm, RCP: o.homeRecords - ctm, Seed: seed, NoReports: true})
	if err != nil {
		return 0, err
	}
	return int64(o.homeRecords), os.Remove(filepath.Join(drop, "truth.csv"))
}

// makeNight puts one new file into the drop folder: o.nth is which.
func makeNight(_ context.Context, o options) (int64, error) {
	dir := filepath.Join(o.to, "drop", "new_office")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, err
	}
	file := filepath.Join(dir, fmt.Sprintf("night%d.csv", o.nth))
	return nightRows, fixtures.CTMFile(file, fixtures.CasesOptions{CTM: nightRows, Seed: seed + uint64(o.nth)})
}

func night(ctx context.Context, o options) (int64, error)     { return runHome(ctx, o, false) }
func fullNight(ctx context.Context, o options) (int64, error) { return runHome(ctx, o, true) }

// runHome runs the home and says how many rows it has loaded in all.
func runHome(ctx context.Context, o options, full bool) (int64, error) {
	h, err := pipeline.OpenHome(o.in, "")
	if err != nil {
		return 0, err
	}
	s, err := h.Run(ctx, pipeline.Options{Full: full, Version: o.version})
	if err != nil {
		return 0, err
	}
	return s.Rows.Loaded, nil
}

// nightTable is a home over some nights.
type nightTable struct {
	records           int
	first             measured
	nothing, one      []measured
	full              measured
	persons, database int64
}

// nights makes a home and measures its nights. A night that adds a file must come to the same as one that
// makes everything anew.
func nights(ctx context.Context, o options, dir string) (*nightTable, error) {
	home := filepath.Join(dir, "home")
	defer os.RemoveAll(home)
	t := &nightTable{records: o.homeRecords}
	play := func(name string) (measured, error) {
		m, err := child(ctx, name, o, home, home)
		if err == nil {
			fmt.Fprintf(os.Stderr, "%s: %.2f s, %.2f s of CPU, %.0f MiB\n", name, m.seconds, m.cpu, m.peakMiB)
		}
		return m, err
	}
	if _, err := play("make-home"); err != nil {
		return nil, err
	}
	var err error
	if t.first, err = play("night"); err != nil {
		return nil, err
	}
	rows := t.first.rows
	for o.nth = 1; o.nth <= o.nightRounds; o.nth++ {
		m, err := play("night")
		if err != nil {
			return nil, err
		}
		if m.rows != rows {
			return nil, fmt.Errorf("a night with nothing new has %d rows, and had %d", m.rows, rows)
		}
		t.nothing = append(t.nothing, m)
		if _, err := play("make-night"); err != nil {
			return nil, err
		}
		if m, err = play("night"); err != nil {
			return nil, err
		}
		if m.rows <= rows {
			return nil, errors.New("a night with a new file has no row more")
		}
		rows, t.one = m.rows, append(t.one, m)
	}
	before, err := dataOf(home)
	if err != nil {
		return nil, err
	}
	if t.full, err = play("full-night"); err != nil {
		return nil, err
	}
	after, err := dataOf(home)
	if err != nil {
		return nil, err
	}
	if !maps.Equal(before, after) {
		return nil, errors.New("a night with a new file and one that makes everything anew have other bytes")
	}
	_, m, err := load.Current(home)
	if err != nil {
		return nil, err
	}
	for _, f := range m.Files {
		switch {
		case strings.HasPrefix(f.Path, "parquet/person/"):
			t.persons += f.Rows
		case strings.HasSuffix(f.Path, ".duckdb"):
			t.database = f.Bytes
		}
	}
	return t, nil
}

// dataOf is the hashes of the published Parquet files that hang on their inputs alone.
func dataOf(home string) (map[string]string, error) {
	_, m, err := load.Current(home)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, f := range m.Files {
		if strings.HasPrefix(f.Path, "parquet/") && !strings.Contains(f.Path, "/run/") && !strings.Contains(f.Path, "/submission/") && !strings.Contains(f.Path, "/check_result/") {
			out[f.Path] = f.SHA256
		}
	}
	if len(out) == 0 {
		return nil, errors.New("the snapshot has no data")
	}
	return out, nil
}

func (t *nightTable) write(w io.Writer) {
	fmt.Fprintf(w, "\n## Nights of a home of %s case records\n\nAll files of ten offices on the first night; then nights with nothing new, and nights with one new file of %s records, "+
		"linkage, both databases and receipts included; then everything made anew, which came to the same bytes. The home has %s persons; the analysts' database has %.0f MiB. Memory is that of the largest process.\n\n",
		thousands(t.records), thousands(nightRows), thousands(int(t.persons)), mib(t.database))
	fmt.Fprint(w, "| night | seconds | CPU seconds | peak MiB |\n| --- | --- | --- | --- |\n")
	for _, row := range []struct {
		name string
		runs []measured
	}{{"the first, all files new", []measured{t.first}}, {"nothing new", t.nothing}, {"one new file", t.one}, {"everything made anew (`--full`)", []measured{t.full}}} {
		fmt.Fprintf(w, "| %s | %s | %s | %s |\n", row.name, spreadOf(seconds(row.runs)).format(2), spreadOf(cpus(row.runs)).format(2), spreadOf(peaks(row.runs)).format(0))
	}
}
