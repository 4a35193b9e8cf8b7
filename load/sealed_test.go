package load

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"palermo/schemas"
)

// turned is what bytes are sealed with here: each is turned around, and the end is marked.
type turned struct {
	w   io.Writer
	end error
}

func turn(p []byte) []byte {
	out := bytes.Clone(p)
	for i := range out {
		out[i] ^= 0xff
	}
	return out
}

func (s turned) Write(p []byte) (int, error) { return s.w.Write(turn(p)) }

func (s turned) Close() error {
	_, err := s.w.Write([]byte("END"))
	return errors.Join(err, s.end)
}

// unturned is the plaintext of such a file.
type unturned struct{ *bytes.Reader }

func (unturned) Close() error { return nil }

func openTurned(path string) (Source, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	b, ok := bytes.CutSuffix(b, []byte("END"))
	if !ok {
		return nil, errors.New("the end was not sealed")
	}
	return unturned{bytes.NewReader(turn(b))}, nil
}

// TestSealedSplit: the vault is sealed and the lake is not; an opener reads what was written; and a vault that cannot be
// sealed leaves neither.
func TestSealedSplit(t *testing.T) {
	table := schemas.Builtin().Table("record")
	dir := t.TempDir()
	write := func(name string, end error) (lake, vault string, err error) {
		lake, vault = filepath.Join(dir, name, "lake.parquet"), filepath.Join(dir, name, "vault.parquet")
		s, err := CreateSplit(lake, vault, table, ParquetOptions{Seal: func(w io.Writer) (io.WriteCloser, error) { return turned{w, end}, nil }})
		if err != nil {
			return lake, vault, err
		}
		rows := schemas.NewRows(memory.DefaultAllocator, table)
		defer rows.Release()
		b := rows.Batch()
		defer b.Release()
		return lake, vault, errors.Join(s.Write(context.Background(), b), s.Close())
	}
	lake, vault, err := write("whole", nil)
	if err != nil {
		t.Fatal(err)
	}
	none := func(arrow.RecordBatch) error { return nil }
	if err := Rows(t.Context(), lake, []string{"record_id"}, none); err != nil {
		t.Errorf("the lake: %v", err)
	}
	if err := Rows(t.Context(), vault, []string{"record_id", "family_name"}, none); !errors.Is(err, ErrParquet) {
		t.Errorf("the vault, as it lies there: %v", err)
	}
	if err := Opener(openTurned).Rows(t.Context(), vault, []string{"record_id", "family_name"}, none); err != nil {
		t.Errorf("the vault: %v", err)
	}
	if row, err := Opener(openTurned).Lookup(t.Context(), vault, map[string]string{"record_id": "r"}); row != nil || err != nil {
		t.Errorf("look up in the vault: %v %v", row, err)
	}
	lake, vault, err = write("broken", errors.New("no room"))
	if err == nil {
		t.Error("a vault that was not sealed to its end is none")
	}
	for _, path := range []string{lake, vault} {
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	}
}
