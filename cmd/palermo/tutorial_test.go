package main

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2" // the driver duckdb
	"github.com/rogpeppe/go-internal/testscript"
)

// TestTutorial runs docs/tutorial/tutorial.sh as it stands, in an empty folder.
func TestTutorial(t *testing.T) {
	if raced {
		t.Skip("has no goroutines that the scripts lack")
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{Files: []string{"testdata/tutorial.txtar"}, RequireExplicitExec: true, Setup: func(e *testscript.Env) error {
		e.Setenv("LANG", "C")
		b, err := os.ReadFile(filepath.Join(root, "docs", "tutorial", "tutorial.sh"))
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(e.WorkDir, "tutorial.sh"), b, 0o600)
	}})
}

// duckdbCLI stands in for DuckDB's command line, which is not on every machine: duckdb -readonly FILE SQL. What make
// test-analysts runs is the real one.
func duckdbCLI() {
	if err := askDuckDB(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func askDuckDB(args []string) error {
	if len(args) != 3 || args[0] != "-readonly" {
		return fmt.Errorf("usage: duckdb -readonly FILE SQL")
	}
	db, err := sql.Open("duckdb", args[1]+"?access_mode=READ_ONLY")
	if err != nil {
		return err
	}
	defer db.Close()
	rows, err := db.Query(args[2])
	if err != nil {
		return err
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
		fmt.Println(strings.Trim(fmt.Sprintln(values...), "\n"))
	}
	return rows.Err()
}
