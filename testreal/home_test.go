package testreal

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"palermo/pipeline"
)

// dropped is a real file, and where it is put below drop/.
type dropped struct {
	from []string
	to   string
}

// homeOf is one home with the files in it, run once for all tests that ask.
func homeOf(files func() []dropped) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		dir, err := os.MkdirTemp("", "palermo-real-")
		if err != nil {
			return "", err
		}
		home := filepath.Join(dir, "home")
		for _, f := range files() {
			b, err := os.ReadFile(realFile(f.from...))
			if err != nil {
				return "", err
			}
			to := filepath.Join(home, "drop", f.to)
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				return "", err
			}
			if err := os.WriteFile(to, b, 0o600); err != nil {
				return "", err
			}
		}
		h, err := pipeline.OpenHome(home, "")
		if err != nil {
			return "", err
		}
		_, err = h.Run(context.Background(), pipeline.Options{})
		return home, err
	})
}

// openHome is the home's database, and the id of each submission by what named says of it.
func openHome(t *testing.T, made func() (string, error), named func(pipeline.Submission) string) (*sql.DB, map[string]string) {
	t.Helper()
	home, err := made()
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("duckdb", filepath.Join(home, "current", "palermo.duckdb")+"?access_mode=READ_ONLY")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	h, err := pipeline.ReadHome(home, "")
	if err != nil {
		t.Fatal(err)
	}
	l, err := h.ReadLedger()
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	for _, s := range l.Submissions {
		ids[named(s)] = s.ID
	}
	return db, ids
}
