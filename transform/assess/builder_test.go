package assess_test

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"palermo/schemas"
	"palermo/transform/assess"
)

// TestBuilder holds the fast way to the plain one: the same batch, twice.
func TestBuilder(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	s := schemas.Builtin()
	b, err := assess.NewBuilder(mem, s, assess.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Release()
	for range 2 {
		plain := schemas.NewRows(mem, s.Table("assessment"))
		for _, c := range cases {
			rows := assess.Assess(assess.Builtin(), c.st)
			b.Append(rows)
			for i := range rows {
				if err := plain.Add(rows[i].Columns()); err != nil {
					t.Fatal(err)
				}
			}
		}
		if b.Len() != plain.Len() {
			t.Errorf("%d rows, want %d", b.Len(), plain.Len())
		}
		got, want := b.Batch(), plain.Batch()
		if got.Table != want.Table || !got.Record.Schema().Equal(want.Record.Schema()) || !array.RecordEqual(want.Record, got.Record) {
			t.Errorf("the batch differs from that of Row.Columns:\n%v\nwant\n%v", got.Record, want.Record)
		}
		got.Record.Release()
		want.Record.Release()
	}
}

func TestBuilderWithoutTable(t *testing.T) {
	if _, err := assess.NewBuilder(memory.NewGoAllocator(), &schemas.Schema{}, assess.Builtin()); err == nil {
		t.Error("a schema without the table: no error")
	}
}

func BenchmarkBuilder(b *testing.B) {
	out, err := assess.NewBuilder(memory.NewGoAllocator(), schemas.Builtin(), assess.Builtin())
	if err != nil {
		b.Fatal(err)
	}
	defer out.Release()
	rows := assess.Assess(assess.Builtin(), stated(act("recruitment"), means("fraud"), purpose("servitude"), adult))
	for b.Loop() {
		out.Append(rows)
		if out.Len() > 100_000 {
			out.Batch().Record.Release()
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "statements/s")
}
