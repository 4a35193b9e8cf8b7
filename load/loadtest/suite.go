package loadtest

import (
	"context"
	"errors"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"palermo/schemas"
)

// Sink is what is tested: it takes batches of one table, in order, and keeps none of them.
type Sink interface {
	Write(ctx context.Context, b *schemas.Batch) error
	Close() error
}

// Open begins a sink for a table. read gives back, after Close, what the sink holds, as Rows has
// it; its error wraps fs.ErrNotExist or another of the sink's own when there is nothing to read.
type Open func(t *testing.T, table *schemas.Table) (s Sink, read func() ([][]string, error))

// Run tests what any sink promises: rows come back whole and in order, in whatever form and
// batches they were written; nothing of a batch is kept; a cancelled or failed write leaves
// nothing behind.
func Run(t *testing.T, open Open) {
	t.Run("no rows", func(t *testing.T) { testRows(t, open, nil, Plain) })
	t.Run("one empty batch", func(t *testing.T) { testRows(t, open, []int{0}, Dictionary) })
	t.Run("dictionaries", func(t *testing.T) { testRows(t, open, []int{100, 1, 899}, Dictionary) })
	t.Run("other dictionaries", func(t *testing.T) { testRows(t, open, []int{1000}, Shuffled) })
	t.Run("plain text", func(t *testing.T) { testRows(t, open, []int{500, 0, 500}, Plain) })
	t.Run("every form in turn", func(t *testing.T) { testRows(t, open, []int{10, 20, 30, 40}, Forms) })
	t.Run("close twice", func(t *testing.T) { testCloseTwice(t, open) })
	t.Run("cancelled", func(t *testing.T) { testCancelled(t, open) })
	t.Run("a batch of another table", func(t *testing.T) { testOtherTable(t, open) })
	t.Run("a null where none may be", func(t *testing.T) { testNull(t, open) })
}

// testRows writes batches of the sizes in one form, or in each in turn, and reads them back.
func testRows(t *testing.T, open Open, sizes []int, form Form) {
	s, read := open(t, Table())
	total := 0
	for i, n := range sizes {
		f := form
		if form == Forms {
			f = Form(i) % Forms
		}
		mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
		b := Batch(mem, total, n, f)
		if err := s.Write(context.Background(), b); err != nil {
			t.Fatalf("Write(batch %d) = %v", i, err)
		}
		b.Release()
		mem.AssertSize(t, 0) // or the sink has kept some of it
		total += n
	}
	if err := s.Close(); err != nil {
		t.Fatalf("Close() = %v", err)
	}
	got, err := read()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Rows(0, total), got); diff != "" {
		t.Errorf("rows differ (-want +got):\n%s", diff)
	}
}

func testCloseTwice(t *testing.T, open Open) {
	s, _ := open(t, Table())
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	}
}

func testCancelled(t *testing.T, open Open) {
	s, read := open(t, Table())
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	b := Batch(memory.NewGoAllocator(), 0, 10, Plain)
	defer b.Release()
	if err := s.Write(ctx, b); !errors.Is(err, context.Canceled) {
		t.Errorf("Write(cancelled) = %v, want %v", err, context.Canceled)
	}
	checkNothing(t, s, read)
}

func testOtherTable(t *testing.T, open Open) {
	s, _ := open(t, Table())
	b := Batch(memory.NewGoAllocator(), 0, 10, Plain)
	defer b.Release()
	b.Table = "another"
	if err := s.Write(context.Background(), b); err == nil {
		t.Error("a batch of another table was taken")
	}
	_ = s.Close()
}

// testNull writes rows without a sex into a table that requires one.
func testNull(t *testing.T, open Open) {
	table := Table()
	table.Fields[1].Required, table.Fields[1].Status = true, false
	s, read := open(t, table)
	b := Batch(memory.NewGoAllocator(), 0, 10, Dictionary)
	defer b.Release()
	if err := s.Write(context.Background(), b); err == nil {
		t.Error("a null was taken where none may be")
	}
	checkNothing(t, s, read)
}

// checkNothing closes a sink that has failed: it says so, and nothing is left of it.
func checkNothing(t *testing.T, s Sink, read func() ([][]string, error)) {
	t.Helper()
	if err := s.Close(); err == nil {
		t.Error("Close() after a failed write = nil, want the error")
	}
	if rows, err := read(); err == nil {
		t.Errorf("%d rows are left after a failed write", len(rows))
	}
}
