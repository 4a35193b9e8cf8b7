package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"golang.org/x/sync/errgroup"

	"palermo/diag"
	"palermo/load"
	"palermo/transform/link"
)

// linkBatch is how many values of a Parquet column are decoded at once.
const linkBatch = 1 << 16

// readLinkParquet reads a Parquet file column by column. A damaged file is an error, even where the
// library panics over it.
func readLinkParquet(ctx context.Context, path string, wanted wantedColumns) (f *linkFile, err error) {
	name := filepath.Base(path)
	damaged := func() error {
		return linkFileError(diag.FileDamaged, diag.Pos{File: name}, "it is no whole Parquet file")
	}
	foot, err := load.ReadFooter(path)
	if err != nil {
		return nil, damaged()
	}
	if foot.Metadata["palermo.table"] == released {
		return nil, linkFileError(diag.LinkReleased, diag.Pos{File: name}, "its footer says that its rows are of table %s", released)
	}
	in, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	defer func() {
		if v := recover(); v != nil {
			f, err = nil, damaged()
		}
	}()
	f, err = decodeLinkParquet(ctx, in, name, wanted)
	if err != nil && ctx.Err() == nil {
		return nil, damaged()
	}
	if err != nil {
		return nil, err
	}
	return f, f.checkHeader()
}

func decodeLinkParquet(ctx context.Context, in *os.File, name string, wanted wantedColumns) (*linkFile, error) {
	pq, err := file.NewParquetReader(in)
	if err != nil {
		return nil, err
	}
	defer pq.Close()
	props := pqarrow.ArrowReadProperties{BatchSize: linkBatch}
	for i := range pq.MetaData().Schema.NumColumns() {
		if isCoded(pq, i) {
			props.SetReadDict(i, true)
		}
	}
	r, err := pqarrow.NewFileReader(pq, props, memory.DefaultAllocator)
	if err != nil {
		return nil, err
	}
	f := &linkFile{name: name, rows: int(pq.NumRows())}
	columns := make([]*linkColumn, len(r.Manifest.Fields))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, i := range largestFirst(pq, r.Manifest.Fields) {
		field := &r.Manifest.Fields[i]
		if !wanted.has(headerName(field.Field.Name)) {
			continue
		}
		if field.ColIndex < 0 || len(field.Children) > 0 || formatterOf(field.Field.Type) == nil {
			f.nested++
			continue
		}
		g.Go(func() (err error) {
			columns[i], err = readLinkColumn(ctx, r, i)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for i, c := range columns {
		if n := headerName(r.Manifest.Fields[i].Field.Name); c != nil && n != "" {
			f.columns = append(f.columns, c.column(n))
		}
	}
	return f, nil
}

// largestFirst is the places of the fields, those with the most bytes first, so that no goroutine is
// left with a large one at the end.
func largestFirst(pq *file.Reader, fields []pqarrow.SchemaField) []int {
	bytes, order := make([]int64, len(fields)), make([]int, len(fields))
	for i, f := range fields {
		order[i] = i
		for g := range pq.NumRowGroups() {
			if f.ColIndex < 0 {
				continue
			}
			if c, err := pq.MetaData().RowGroup(g).ColumnChunk(f.ColIndex); err == nil {
				bytes[i] += c.TotalUncompressedSize()
			}
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(bytes[b], bytes[a]) })
	return order
}

// isCoded reports whether a column of texts has a dictionary: then each of its words is looked at once.
func isCoded(pq *file.Reader, i int) bool {
	if pq.MetaData().Schema.Column(i).PhysicalType() != parquet.Types.ByteArray || pq.NumRowGroups() == 0 {
		return false
	}
	c, err := pq.MetaData().RowGroup(0).ColumnChunk(i)
	return err == nil && c.HasDictionaryPage()
}

// readLinkColumn reads one column. A panic of the library is an error: it runs on a goroutine of its own.
func readLinkColumn(ctx context.Context, r *pqarrow.FileReader, i int) (c *linkColumn, err error) {
	defer func() {
		if v := recover(); v != nil {
			c, err = nil, fmt.Errorf("column %d is damaged", i+1)
		}
	}()
	col, err := r.GetColumn(ctx, i)
	if err != nil {
		return nil, err
	}
	defer col.Release()
	c = newLinkColumn()
	rows := int(r.ParquetReader().NumRows())
	c.at = make([]int32, 0, rows)
	for len(c.at) < rows {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		values, err := col.NextBatch(linkBatch)
		if err != nil {
			return nil, err
		}
		before := len(c.at)
		for _, a := range values.Chunks() {
			c.addArray(a)
		}
		if len(c.at) == before {
			return nil, fmt.Errorf("a column ends before its rows")
		}
	}
	return c, nil
}

// addArray adds the values of an array. A dictionary's words are looked at once.
func (c *linkColumn) addArray(a arrow.Array) {
	values := a
	d, coded := a.(*array.Dictionary)
	if coded {
		values = d.Dictionary()
	}
	format := formatterOf(values.DataType())(values)
	at := func(i int) int32 {
		if values.IsNull(i) {
			return link.Missing
		}
		return c.index(format(i))
	}
	if days, ok := values.(*array.Date32); ok {
		at = c.ofDay(days, at)
	}
	if !coded {
		for i := range a.Len() {
			c.at = append(c.at, at(i))
		}
		return
	}
	words := make([]int32, values.Len())
	for i := range words {
		words[i] = at(i)
	}
	for i := range d.Len() {
		if d.IsNull(i) {
			c.at = append(c.at, link.Missing)
			continue
		}
		c.at = append(c.at, words[d.GetValueIndex(i)])
	}
}

// ofDay writes each day once.
func (c *linkColumn) ofDay(days *array.Date32, write func(i int) int32) func(i int) int32 {
	if c.days == nil {
		c.days = map[arrow.Date32]int32{}
	}
	return func(i int) int32 {
		if days.IsNull(i) {
			return link.Missing
		}
		place, known := c.days[days.Value(i)]
		if !known {
			place = write(i)
			c.days[days.Value(i)] = place
		}
		return place
	}
}

// formatterOf is how values of the type are written as words; nil where they are none.
func formatterOf(t arrow.DataType) func(arrow.Array) func(int) string {
	switch t := t.(type) {
	case *arrow.DictionaryType:
		return formatterOf(t.ValueType)
	case *arrow.StringType, *arrow.LargeStringType, *arrow.BooleanType, *arrow.Int8Type, *arrow.Int16Type, *arrow.Int32Type,
		*arrow.Int64Type, *arrow.Uint8Type, *arrow.Uint16Type, *arrow.Uint32Type, *arrow.Uint64Type, *arrow.Decimal128Type:
		return func(a arrow.Array) func(int) string { return a.ValueStr }
	case *arrow.BinaryType: // text without a mark that it is
		return func(a arrow.Array) func(int) string { return a.(*array.Binary).ValueString }
	case *arrow.Float32Type:
		return func(a arrow.Array) func(int) string {
			return func(i int) string { return real32(a.(*array.Float32).Value(i)) }
		}
	case *arrow.Float64Type:
		return func(a arrow.Array) func(int) string {
			return func(i int) string { return strconv.FormatFloat(a.(*array.Float64).Value(i), 'f', -1, 64) }
		}
	case *arrow.Date32Type:
		return func(a arrow.Array) func(int) string {
			return func(i int) string { return a.(*array.Date32).Value(i).ToTime().Format(time.DateOnly) }
		}
	case *arrow.Date64Type:
		return func(a arrow.Array) func(int) string {
			return func(i int) string { return a.(*array.Date64).Value(i).ToTime().Format(time.DateOnly) }
		}
	case *arrow.TimestampType:
		return func(a arrow.Array) func(int) string {
			return func(i int) string {
				return a.(*array.Timestamp).Value(i).ToTime(t.Unit).UTC().Format("2006-01-02 15:04:05")
			}
		}
	}
	return nil
}

func real32(v float32) string { return strconv.FormatFloat(float64(v), 'f', -1, 32) }
