package pipeline

import (
	"context"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"palermo/load"
	"palermo/schemas"
)

// versions numbers the versions of records over all submissions. The lake numbers them within a
// submission, from 1, since it does not know the others; a record's versions follow the order of
// receipt.
type versions struct {
	before map[string]map[string]int64 // by submission and record: versions in submissions received earlier
	total  map[string]int64            // by record; a record that is not there has one
}

// recordTable is the table whose rows are versions of records.
const recordTable = "record"

// countVersions reads the ids of all records in the order of receipt.
func (p *publication) countVersions(ctx context.Context) (*versions, error) {
	v := &versions{before: map[string]map[string]int64{}, total: map[string]int64{}}
	for _, e := range p.entries {
		if !e.fills(recordTable) {
			continue
		}
		before := map[string]int64{}
		err := load.Rows(ctx, p.lakeFile(recordTable, e.Submission), []string{"record_id", "record_version"}, func(rec arrow.RecordBatch) error {
			for i := range int(rec.NumRows()) {
				id := load.Text(rec.Column(0), i)
				if n := v.total[id]; n > 0 && rec.Column(1).(*array.Int64).Value(i) == 1 {
					before[id] = n
				}
				v.total[id]++
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("number the versions of records: %w", err)
		}
		v.before[e.Submission] = before
	}
	return v, nil
}

// fills reports whether the submission has rows of the table.
func (e *Entry) fills(table string) bool {
	return slices.ContainsFunc(e.Files, func(f LakeFile) bool { return f.Table == table })
}

// rewrite numbers the rows of a submission through. It is nil for tables without versions.
func (v *versions) rewrite(t *schemas.Table, submission string) load.Rewrite {
	id, version := "record_id", "record_version"
	if t.Field("subject_version") != nil {
		id, version = "subject_id", "subject_version"
	}
	if t.Field(id) == nil || t.Field(version) == nil {
		return func(rec arrow.RecordBatch) (arrow.RecordBatch, error) {
			rec.Retain()
			return rec, nil
		}
	}
	before := v.before[submission]
	return func(rec arrow.RecordBatch) (arrow.RecordBatch, error) {
		ids := rec.Column(rec.Schema().FieldIndices(id)[0])
		local := rec.Column(rec.Schema().FieldIndices(version)[0]).(*array.Int64)
		number := func(i int) int64 { return before[load.Text(ids, i)] + local.Value(i) }
		names := []string{version}
		if t.Field("is_current") != nil {
			names = append(names, "is_current")
		}
		return load.ReplaceColumns(rec, names, func(a arrow.Array) (arrow.Array, error) {
			if _, current := a.(*array.Boolean); current {
				return booleans(a.Len(), func(i int) bool { return number(i) == v.total[load.Text(ids, i)] }), nil
			}
			return integers(a.Len(), number), nil
		})
	}
}

func booleans(n int, of func(i int) bool) arrow.Array {
	b := array.NewBooleanBuilder(memory.DefaultAllocator)
	defer b.Release()
	b.Reserve(n)
	for i := range n {
		b.UnsafeAppend(of(i))
	}
	return b.NewArray()
}

func integers(n int, of func(i int) int64) arrow.Array {
	b := array.NewInt64Builder(memory.DefaultAllocator)
	defer b.Release()
	b.Reserve(n)
	for i := range n {
		b.UnsafeAppend(of(i))
	}
	return b.NewArray()
}
