package loadtest

import (
	"fmt"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"palermo/schemas"
)

// Table is a made-up table with a column of every type, whose rows come from cells.
func Table() *schemas.Table {
	return &schemas.Table{
		Name: "sample", Title: "Sample", Meaning: "One row is one made-up case.",
		Group: schemas.GroupStatistics, Zone: schemas.ZoneAnalyst, Origin: true,
		Fields: []schemas.Field{
			{Name: "id", Type: schemas.Text, Key: true, Class: schemas.ClassNone, Meaning: "The row's id"},
			{Name: "sex", Type: schemas.Code, Codes: "sex", Status: true, Class: schemas.ClassNone, Meaning: "Sex"},
			{Name: "note", Type: schemas.Text, Class: schemas.ClassFreeText, Meaning: "A note"},
			{Name: "cases", Type: schemas.Integer, Unit: "persons", Class: schemas.ClassNone, Meaning: "How many"},
			{Name: "share", Type: schemas.Real, Class: schemas.ClassNone, Meaning: "A share"},
			{Name: "is_total", Type: schemas.Truth, Class: schemas.ClassNone, Meaning: "Whether it is a total"},
			{Name: "day", Type: schemas.Date, Class: schemas.ClassNone, Meaning: "A day"},
			{Name: "seen_at", Type: schemas.Timestamp, Class: schemas.ClassNone, Meaning: "A moment"},
		},
	}
}

// Form is how a batch carries its text; the rows are the same in each.
type Form int

// The forms.
const (
	Dictionary Form = iota // codes as dictionaries, in the order of their list
	Shuffled               // codes as dictionaries in another order, with words that no row uses; notes too
	Plain                  // codes as plain utf8
	Forms                  // how many there are
)

// Submission is the submission of every batch.
const Submission = "5f2c"

// Batch is the rows [from, from+n) of Table in a form. The caller releases it.
func Batch(mem memory.Allocator, from, n int, form Form) *schemas.Batch {
	schema := Table().BatchSchema()
	fields := schema.Fields()
	arrays := make([]arrow.Array, len(fields))
	for i, f := range fields {
		arrays[i] = column(mem, f.Name, from, n, form)
		fields[i].Type = arrays[i].DataType()
		defer arrays[i].Release()
	}
	return &schemas.Batch{
		Origin: schemas.Origin{Submission: Submission, SheetNo: 3},
		Table:  "sample",
		Record: array.NewRecordBatch(arrow.NewSchema(fields, nil), arrays, int64(n)),
	}
}

func column(mem memory.Allocator, name string, from, n int, form Form) arrow.Array {
	switch name {
	case schemas.RowColumn:
		return build(array.NewInt64Builder(mem), from, n, func(b *array.Int64Builder, i int) { b.Append(int64(i) + 2) })
	case schemas.ColColumn:
		return build(array.NewInt32Builder(mem), from, n, func(b *array.Int32Builder, i int) { appendSome(i, 3, b.AppendNull, func() { b.Append(int32(i % 9)) }) })
	case "cases":
		return build(array.NewInt64Builder(mem), from, n, func(b *array.Int64Builder, i int) { appendSome(i, 7, b.AppendNull, func() { b.Append(int64(i * i)) }) })
	case "share":
		return build(array.NewFloat64Builder(mem), from, n, func(b *array.Float64Builder, i int) {
			appendSome(i, 5, b.AppendNull, func() { b.Append(float64(i) / 7) })
		})
	case "is_total":
		return build(array.NewBooleanBuilder(mem), from, n, func(b *array.BooleanBuilder, i int) { appendSome(i, 11, b.AppendNull, func() { b.Append(i%2 == 0) }) })
	case "day":
		return build(array.NewDate32Builder(mem), from, n, func(b *array.Date32Builder, i int) {
			appendSome(i, 4, b.AppendNull, func() { b.Append(arrow.Date32(i % 20000)) })
		})
	case "seen_at":
		t := &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
		return build(array.NewTimestampBuilder(mem, t), from, n, func(b *array.TimestampBuilder, i int) {
			appendSome(i, 6, b.AppendNull, func() { b.Append(arrow.Timestamp(i) * 1_000_001) })
		})
	}
	return text(mem, name, from, n, form)
}

func build[B array.Builder](b B, from, n int, add func(B, int)) arrow.Array {
	defer b.Release()
	for i := from; i < from+n; i++ {
		add(b, i)
	}
	return b.NewArray()
}

// appendSome makes one row in every few a null.
func appendSome(i, every int, null, value func()) {
	if i%every == 1 {
		null()
		return
	}
	value()
}

// word is the text of a row; ok is false for a null.
func word(name string, i int) (s string, ok bool) {
	switch name {
	case "id":
		return fmt.Sprintf("row-%07d", i), true
	case "sex":
		return [4]string{"female", "male", "other", ""}[i%4], i%4 != 3
	case "sex_status":
		return "unknown", i%4 == 3
	}
	return "note é " + strconv.Itoa(i%1000), i%10 != 0
}

func text(mem memory.Allocator, name string, from, n int, form Form) arrow.Array {
	isCode := name == "sex" || name == "sex_status"
	if name == "id" || form == Plain || form == Dictionary && !isCode {
		return build(array.NewStringBuilder(mem), from, n, func(b *array.StringBuilder, i int) {
			if s, ok := word(name, i); ok {
				b.Append(s)
				return
			}
			b.AppendNull()
		})
	}
	return dictionary(mem, name, from, n, form)
}

func dictionary(mem memory.Allocator, name string, from, n int, form Form) arrow.Array {
	var list []string
	for i := range 1000 {
		if s, ok := word(name, i); ok {
			list = append(list, s)
		}
	}
	if form == Shuffled {
		list = append([]string{"no row says this"}, reversed(list)...)
	}
	at := map[string]int32{}
	words := build(array.NewStringBuilder(mem), 0, len(list), func(b *array.StringBuilder, i int) {
		if _, ok := at[list[i]]; !ok {
			at[list[i]] = int32(i)
		}
		b.Append(list[i])
	})
	defer words.Release()
	rows := build(array.NewInt32Builder(mem), from, n, func(b *array.Int32Builder, i int) {
		if s, ok := word(name, i); ok {
			b.Append(at[s])
			return
		}
		b.AppendNull()
	})
	defer rows.Release()
	return array.NewDictionaryArray(schemas.RawDictionary, rows, words)
}

func reversed(s []string) []string {
	out := make([]string, 0, len(s))
	for i := len(s) - 1; i >= 0; i-- {
		out = append(out, s[i])
	}
	return out
}

// Rows is the rows [from, from+n) as a sink gives them back: a line a row, the columns in the
// order of the table, as Arrow prints them.
func Rows(from, n int) [][]string {
	mem := memory.NewGoAllocator()
	b := Batch(mem, from, n, Plain)
	defer b.Release()
	out := make([][]string, n)
	for _, c := range Table().Columns() {
		at := b.Record.Schema().FieldIndices(c.Name)
		for i := range n {
			out[i] = append(out[i], cell(b, c.Name, at, i))
		}
	}
	return out
}

func cell(b *schemas.Batch, name string, at []int, i int) string {
	switch {
	case len(at) > 0:
		return b.Record.Column(at[0]).ValueStr(i)
	case name == schemas.SubmissionColumn:
		return b.Origin.Submission
	}
	return strconv.Itoa(b.Origin.SheetNo)
}

// Text is a record's rows as Rows has them.
func Text(rec arrow.RecordBatch) [][]string {
	out := make([][]string, rec.NumRows())
	for i := range out {
		for _, c := range rec.Columns() {
			out[i] = append(out[i], c.ValueStr(i))
		}
	}
	return out
}
