package schemas

import (
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"palermo/diag"
)

// Columns that every batch read from cells has, before its own: a raw one, and one of a table with
// Origin. Names starting with "_" are ours.
const (
	RowColumn = "_row" // int64: the row in the file, from 1
	ColColumn = "_col" // int32: the column in the file, from 1; null unless the row was one cell
)

// ColKey is the key in the metadata of a raw batch's Arrow field that holds the column's number
// in its file, from 1.
const ColKey = "col"

// Origin says which table of which source file a batch was read from, and as what.
type Origin struct {
	Submission string // the submission's id
	Agency     string // who sent it
	File       string // its name as sent: class direct, for messages to its sender only
	SHA256     string // of the file's bytes, lower-case hex
	Sheet      string // empty outside workbooks: class direct
	SheetNo    int    // the sheet's place in the workbook, from 1; 1 outside workbooks
	Source     string // source id: the folder name under mappings/
	Vintage    string // the vintage of the mapping that was chosen
}

// A Batch is rows of one table of one file. It never mixes two origins. It is the same type from
// extract to load; only its schema changes, from raw (all text) to harmonised (typed and coded).
//
// Who pulls a batch releases it; who is handed one borrows it, and calls Retain if it must keep
// it.
type Batch struct {
	Origin Origin
	Table  string            // the target table; empty for a raw batch
	Record arrow.RecordBatch // _row and _col where rows come from cells, then the columns
}

// Release gives up the caller's hold on the batch.
func (b *Batch) Release() { b.Record.Release() }

// Retain keeps the batch for a caller that was handed it.
func (b *Batch) Retain() { b.Record.Retain() }

// Row is the row in the file that row i of the batch came from. The batch must be of rows that
// come from cells.
func (b *Batch) Row(i int) int { return int(b.Record.Column(0).(*array.Int64).Value(i)) }

// Pos is the cell that row i of column j came from. The batch must be of rows that come from
// cells.
func (b *Batch) Pos(i, j int) diag.Pos {
	p := diag.Pos{File: b.Origin.File, Sheet: b.Origin.Sheet, Row: b.Row(i)}
	if col := b.Record.Column(1).(*array.Int32); col.IsValid(i) {
		p.Col = int(col.Value(i))
		return p
	}
	p.Col = ColOf(b.Record.Schema().Field(j))
	return p
}

// ColOf is the column's number in its file that a raw field carries; 0 where it carries none.
func ColOf(f arrow.Field) int {
	s, ok := f.Metadata.GetValue(ColKey)
	if !ok {
		return 0
	}
	n, _ := strconv.Atoi(s)
	return n
}

// RawSchema is the Arrow schema of a raw batch: _row, _col, then one text column for each name.
// cols are the columns' numbers in the file, from 1; plain says which columns carry plain utf8
// in place of a dictionary.
func RawSchema(names []string, cols []int, plain []bool) *arrow.Schema {
	fields := []arrow.Field{
		{Name: RowColumn, Type: arrow.PrimitiveTypes.Int64},
		{Name: ColColumn, Type: arrow.PrimitiveTypes.Int32, Nullable: true},
	}
	for i, n := range names {
		var t arrow.DataType = RawDictionary
		if plain[i] {
			t = arrow.BinaryTypes.String
		}
		md := arrow.NewMetadata([]string{ColKey}, []string{strconv.Itoa(cols[i])})
		fields = append(fields, arrow.Field{Name: n, Type: t, Nullable: true, Metadata: md})
	}
	return arrow.NewSchema(fields, nil)
}

// RawDictionary is the type of a raw column: the distinct words of one column of one file, and
// an index a row. The dictionary only grows while a file is read: an index means the same word
// in every batch. A null row is a cell that is not there or holds no text.
var RawDictionary = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}
