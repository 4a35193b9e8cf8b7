package testlong

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"

	"palermo/fixtures"
	"palermo/pipeline"
)

// TestReadersDuringPublications: who opens the database, at any moment, has one whole snapshot.
func TestReadersDuringPublications(t *testing.T) {
	t.Setenv("PALERMO_KEY_FILE", filepath.Join(t.TempDir(), "key"))
	home := t.TempDir()
	nightOne(t, home)
	check(t, runOnce(home))
	readers := scale(8, 4)
	held := holdOpen(t, home)
	stop, errs, read := make(chan struct{}), make(chan error, readers), make(chan int, readers)
	var wait sync.WaitGroup
	for range readers {
		wait.Go(func() {
			n, err := readUntil(stop, home)
			errs <- err
			read <- n
		})
	}
	publications := scale(200, 4)
	for i := range publications {
		drop(t, home, fmt.Sprintf("unodc/%d.csv", i), func(b *bytes.Buffer) error {
			return fixtures.GlotipCSV(b, fixtures.GlotipOptions{Seed: uint64(100 + i), Rows: 40 + i})
		})
		h, err := pipeline.OpenHome(home, "")
		check(t, err)
		s, err := h.Run(context.Background(), pipeline.Options{})
		check(t, err)
		if s.Status != pipeline.RunPublished {
			t.Errorf("publication %d: %s", i, s.Status)
		}
	}
	close(stop)
	wait.Wait()
	total := 0
	for range readers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
		total += <-read
	}
	if total < publications {
		t.Errorf("only %d readings during %d publications", total, publications)
	}
	held(t)
	text := fmt.Sprintf("%d readers opened the current database %d times while %d snapshots were published: 0 errors, 0 mixed snapshots.\n"+
		"One that held the first database open to the end, when its snapshot had been removed, had the same answers from it.\n", readers, total, publications)
	t.Log(text)
	if full() && !t.Failed() {
		writeSection(t, "readers", text)
	}
}

// holdOpen opens the current database, and returns what says that it still answers as it did.
func holdOpen(t *testing.T, home string) func(t *testing.T) {
	t.Helper()
	db, err := sql.Open("duckdb", filepath.Join(home, "current", "palermo.duckdb")+"?access_mode=READ_ONLY")
	check(t, err)
	answer := func() (out string) {
		check(t, db.QueryRow(`SELECT concat_ws(' ', count(*), sum(value_low), max(statistic_id)) FROM statistic`).Scan(&out))
		return out
	}
	was := answer()
	return func(t *testing.T) {
		defer db.Close()
		if now := answer(); now != was {
			t.Errorf("a database that was held open said %q, and then %q", was, now)
		}
	}
}

// readUntil opens the database over and over, and says how often.
func readUntil(stop <-chan struct{}, home string) (int, error) {
	for n := 0; ; n++ {
		select {
		case <-stop:
			return n, nil
		default:
		}
		if err := readOnce(filepath.Join(home, "current", "palermo.duckdb")); err != nil {
			return n, fmt.Errorf("reading %d: %w", n, err)
		}
		time.Sleep(20 * time.Millisecond) // the runs want the processor too
	}
}

// readOnce holds two tables of one snapshot, and its list of files, against each other.
func readOnce(path string) error {
	db, err := sql.Open("duckdb", path+"?access_mode=READ_ONLY")
	if err != nil {
		return err
	}
	defer db.Close()
	var rows, loaded, files, received int64
	for q, to := range map[string]*int64{
		`SELECT count(*) FROM statistic`:                           &rows,
		`SELECT coalesce(sum(loaded), 0)::BIGINT FROM row_balance`: &loaded,
		`SELECT count(DISTINCT submission_id) FROM row_balance`:    &files,
		`SELECT count(*) FROM submission`:                          &received,
	} {
		if err := db.QueryRow(q).Scan(to); err != nil {
			return err
		}
	}
	if rows == 0 || rows != loaded || files != received {
		return fmt.Errorf("a mixed snapshot: %d rows where %d were loaded, of %d files where %d were received", rows, loaded, files, received)
	}
	return nil
}
