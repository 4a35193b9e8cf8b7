package schemas

import (
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

func run() map[string]any {
	return map[string]any{"run_id": "r", "started_at": time.UnixMicro(1_700_000_000_000_001), "palermo_version": "1", "schema_version": "1",
		"inputs_digest": "d", "submissions": 2, "rows_loaded": int64(3), "rows_rejected": 0, "status": "published"}
}

func TestRows(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	r := NewRows(mem, Builtin().Table("run"))
	if err := r.Add(run()); err != nil {
		t.Fatal(err)
	}
	b := r.Batch()
	defer b.Release()
	if !b.Record.Schema().Equal(Builtin().Table("run").BatchSchema()) || b.Table != "run" || b.Record.NumRows() != 1 {
		t.Fatalf("a batch of %s with %v", b.Table, b.Record.Schema())
	}
	at := func(name string) arrow.Array { return b.Record.Column(b.Record.Schema().FieldIndices(name)[0]) }
	if got := at("started_at").(*array.Timestamp).Value(0); got != 1_700_000_000_000_001 {
		t.Errorf("started_at = %d", got)
	}
	if !at("ended_at").IsNull(0) {
		t.Error("ended_at is not null")
	}
	status := at("status").(*array.Dictionary)
	if got, want := status.GetValueIndex(0), Builtin().List("run_status").Index("published"); got != want {
		t.Errorf("index of status = %d, want its place in the list, %d", got, want)
	}
}

func TestRowsRefuse(t *testing.T) {
	for _, tt := range []struct {
		name, column string
		value        any
	}{
		{"an unknown column", "colour", "red"},
		{"a missing value", "run_id", nil},
		{"a number for a text", "run_id", 3},
		{"a text for a number", "submissions", "3"},
		{"a text for a time", "started_at", "today"},
		{"a code of no list", "status", "half"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
			defer mem.AssertSize(t, 0)
			r := NewRows(mem, Builtin().Table("run"))
			defer r.Release()
			row := run()
			row[tt.column] = tt.value
			if err := r.Add(row); err == nil || r.Len() != 0 {
				t.Errorf("Add = %v, %d rows", err, r.Len())
			}
		})
	}
}

// TestRowsOfCells covers the types that the ledger lacks, and the place of a row.
func TestRowsOfCells(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	r := NewRows(mem, Builtin().Table("statistic"))
	row := map[string]any{RowColumn: 4, ColColumn: 2, "statistic_id": "a", "source_id": "s", "vintage": "v",
		"vintage_date": time.Date(2023, 5, 30, 0, 0, 0, 0, time.UTC), "indicator_code": "detected_victims", "dimension_code": "total",
		"sex_code": "total", "age_code": "total", "unit_code": "persons", "value_low": 0, "value_high": 4.0, "is_total": true}
	if err := r.Add(row); err != nil {
		t.Fatal(err)
	}
	row[ColColumn] = 1 << 40
	if err := r.Add(row); err == nil {
		t.Error("a column number beyond 32 bits was taken")
	}
	b := r.Batch()
	defer b.Release()
	if got := b.Pos(0, 2); got.Row != 4 || got.Col != 2 {
		t.Errorf("place = %v", got)
	}
	if got := b.Record.Column(b.Record.Schema().FieldIndices("vintage_date")[0]).(*array.Date32).Value(0).FormattedString(); got != "2023-05-30" {
		t.Errorf("vintage_date = %s", got)
	}
}

func TestBatchSchemaHasPlacesOfCellsOnly(t *testing.T) {
	for name, want := range map[string]bool{"statistic": true, "record": true, "run": false, "country": false} {
		if got := Builtin().Table(name).BatchSchema().HasField(RowColumn); got != want {
			t.Errorf("%s has %s: %t", name, RowColumn, got)
		}
	}
}

func TestReference(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	s := Builtin()
	batches, err := s.Reference(mem)
	if err != nil {
		t.Fatal(err)
	}
	codes, columns := 0, 0
	for _, l := range s.Lists {
		codes += len(l.Codes)
	}
	for _, table := range s.Tables {
		columns += len(table.Columns())
	}
	want := map[string]int{"country": len(s.Countries), "country_name": len(s.Names), "code": codes, "field": columns, "dictionary": len(s.Dictionary()), "figure": len(s.Figures)}
	for _, b := range batches {
		if got := int(b.Record.NumRows()); got != want[b.Table] {
			t.Errorf("%s has %d rows, want %d", b.Table, got, want[b.Table])
		}
		delete(want, b.Table)
		b.Release()
	}
	if len(want) > 0 {
		t.Errorf("without rows: %v", want)
	}
}
