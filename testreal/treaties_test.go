package testreal

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"palermo/pipeline"
)

// TestTreatiesAgree: the acts that the depositary published come to the six figures printed for July 2005.
func TestTreatiesAgree(t *testing.T) {
	home := filepath.Join(t.TempDir(), "home")
	for _, name := range []string{"untoc", "palermo_protocol", "smuggling_protocol"} {
		b, err := os.ReadFile(filepath.Join("..", "fixtures", "treaties", "in", "published", name+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(home, "drop", "depositary", name+".csv")
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h, err := pipeline.OpenHome(home, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Run(context.Background(), pipeline.Options{}); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("duckdb", filepath.Join(home, "current", "palermo.duckdb")+"?access_mode=READ_ONLY")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if n := number(t, db, `SELECT count(*) FROM published_figure WHERE source_id = 'treaties' AND agrees`); n != 6 {
		t.Errorf("%d figures of treaties agree, want 6", n)
	}
	if n := number(t, db, `SELECT count(*) FROM diagnostic`); n > 0 {
		t.Errorf("%d findings", n)
	}
}
