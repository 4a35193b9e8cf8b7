package schemas_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2" // the driver of database/sql
	"github.com/google/go-cmp/cmp"

	"palermo/schemas"
)

// open is an empty database in memory.
func open(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

func exec(t testing.TB, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.Exec(statement, args...); err != nil {
		t.Fatalf("%v\n%s", err, statement)
	}
}

// rows is what a query gives, each row as its values joined by bars.
func rows(t testing.TB, db *sql.DB, query string) []string {
	t.Helper()
	r, err := db.Query(query)
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	defer r.Close()
	columns, err := r.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for r.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := r.Scan(into...); err != nil {
			t.Fatal(err)
		}
		var words []string
		for _, v := range values {
			words = append(words, fmt.Sprint(v))
		}
		out = append(out, strings.Join(words, "|"))
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// create makes all tables that the zone may hold, and in the analyst zone the views.
func create(t testing.TB, db *sql.DB, z schemas.Zone) {
	t.Helper()
	s := schemas.Builtin()
	for _, table := range s.Tables {
		if ddl := schemas.DDL(table, z); ddl != "" {
			exec(t, db, ddl)
		}
	}
	for _, m := range schemas.Macros() {
		exec(t, db, m.DDL())
	}
	for _, v := range s.Views {
		exec(t, db, s.ViewDDL(v))
	}
}

func TestDDLCommentsEverything(t *testing.T) {
	for _, z := range []schemas.Zone{schemas.ZonePrivate, schemas.ZoneSteward, schemas.ZoneAnalyst} {
		t.Run(string(z), func(t *testing.T) {
			db := open(t)
			create(t, db, z)
			bare := rows(t, db, `
				SELECT table_name FROM duckdb_tables() WHERE coalesce(comment, '') = ''
				UNION ALL SELECT view_name FROM duckdb_views() WHERE NOT internal AND coalesce(comment, '') = ''
				UNION ALL SELECT table_name || '.' || column_name FROM duckdb_columns() WHERE NOT internal AND coalesce(comment, '') = ''`)
			if len(bare) > 0 {
				t.Errorf("without a comment: %v", bare)
			}
		})
	}
}

func TestDDLColumns(t *testing.T) {
	db := open(t)
	create(t, db, schemas.ZoneAnalyst)
	for _, table := range schemas.Builtin().Tables {
		in := table.In(schemas.ZoneAnalyst)
		if in == nil {
			continue
		}
		var want []string
		for _, c := range in.Columns() {
			want = append(want, fmt.Sprintf("%s|%s|%t", c.Name, c.DuckDBType(), c.Nullable))
		}
		got := rows(t, db, `SELECT column_name, data_type, is_nullable FROM duckdb_columns()
			WHERE table_name = '`+table.Name+`' ORDER BY column_index`)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("columns of %s (-want +got):\n%s", table.Name, diff)
		}
	}
}

func TestDDLKey(t *testing.T) {
	db := open(t)
	create(t, db, schemas.ZoneAnalyst)
	exec(t, db, `INSERT INTO country_name VALUES ('ALB', 'sq', 'Shqipëri', 'short')`)
	if _, err := db.Exec(`INSERT INTO country_name VALUES ('ALB', 'sq', 'Shqipëri', 'short')`); err == nil {
		t.Error("the key was taken twice")
	}
}

func TestViewsHaveTheirColumns(t *testing.T) {
	db := open(t)
	create(t, db, schemas.ZoneAnalyst)
	for _, v := range schemas.Builtin().Views {
		var want []string
		for _, c := range v.Columns {
			want = append(want, c.Name)
		}
		got := rows(t, db, `SELECT column_name FROM duckdb_columns() WHERE table_name = '`+v.Name+`' ORDER BY column_index`)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("columns of view %s (-want +got):\n%s", v.Name, diff)
		}
	}
}
