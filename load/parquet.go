package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"palermo/schemas"
)

const (
	// createdBy stands in every footer. It names no version of a library: the bytes of a file are
	// meant to change only when its rows, its table or its metadata do.
	createdBy = "palermo"

	// rowGroupRows is how many rows a row group has, all but the last: that of DuckDB's own
	// storage, so that a thread fills whole row groups from whole row groups.
	rowGroupRows = 122_880

	// dictionaryBytes is more than a row group can need. A column that gave up its dictionary half
	// way would have pages in two encodings, which arrow-go lists in the footer in the order of a
	// Go map: the bytes would differ from run to run.
	dictionaryBytes = 1 << 30

	bufferBytes = 64 << 10
)

// ParquetOptions says what a file carries beside its rows. The zero value is usable.
type ParquetOptions struct {
	Metadata  map[string]string // of the footer, written in the order of the keys
	Various   []string          // columns whose values seldom repeat: a dictionary, or compression, would be for nothing
	Allocator memory.Allocator  // of the rows held until a row group is full; nil means Arrow's default

	// Seal, where it is set, is between the file and the disk: what lies there is what it makes of it.
	Seal func(io.Writer) (io.WriteCloser, error)

	groupRows int // tests make row groups small; 0 means rowGroupRows
}

// Writer writes one Parquet file of one table. It is a sink: it copies what it keeps of a batch.
// It is not safe for two goroutines. After an error it takes no more, and Close returns the
// error; the file then never appears.
type Writer struct {
	table   *schemas.Table
	columns []schemas.Column
	coarse  []coarsening // of the columns; nil for those written as they come
	held    []column
	group   int // rows of a row group
	rows    int // held
	text    int // bytes of text held
	total   int64
	schema  *arrow.Schema
	file    *newFile
	sealed  io.Closer // ends what is sealed; nil where nothing is
	sink    *sink
	pq      *pqarrow.FileWriter
	mem     memory.Allocator
	err     error // the first one
	closed  bool
}

// Create begins the file of the table under a temporary name, and makes its folder. Close gives
// it its name. Of a table as a zone or the lake holds it, columns that stand there only coarser are
// made so: such a file cannot hold more.
func Create(path string, t *schemas.Table, o ParquetOptions) (*Writer, error) {
	f, err := createFile(path)
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", path, err)
	}
	var to io.Writer = f
	var sealed io.WriteCloser
	if o.Seal != nil {
		if sealed, err = o.Seal(f); err != nil {
			f.abort()
			return nil, fmt.Errorf("create %s: %w", path, err)
		}
		to = sealed
	}
	w, err := newWriter(to, t, o)
	if err != nil {
		f.abort()
		return nil, fmt.Errorf("create %s: %w", path, err)
	}
	w.file = f
	if sealed != nil {
		w.sealed = sealed
	}
	return w, nil
}

// newWriter writes to any sink, with no file to name in the end. pqarrow works in Go's own memory:
// after a failed write it does not give back what it took from an allocator.
func newWriter(to io.Writer, t *schemas.Table, o ParquetOptions) (*Writer, error) {
	w := &Writer{table: t, columns: t.Columns(), schema: t.StoredSchema(), mem: o.Allocator, group: o.groupRows}
	if w.group == 0 {
		w.group = rowGroupRows
	}
	if w.mem == nil {
		w.mem = memory.DefaultAllocator
	}
	for _, c := range w.columns {
		f, err := coarseningOf(c)
		if err != nil {
			return nil, err
		}
		w.coarse = append(w.coarse, f)
	}
	w.sink = &sink{buf: bufio.NewWriterSize(to, bufferBytes)}
	props := writerProperties(w.columns, o.Various)
	err := w.sink.guard(func() (err error) {
		w.pq, err = pqarrow.NewFileWriter(w.schema, w.sink, props,
			pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema()))
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, k := range slices.Sorted(maps.Keys(o.Metadata)) {
		if err := w.pq.AppendKeyValueMetadata(k, o.Metadata[k]); err != nil {
			return nil, err
		}
	}
	for _, c := range w.columns {
		w.held = append(w.held, newColumn(c, w.mem))
	}
	return w, nil
}

func writerProperties(columns []schemas.Column, various []string) *parquet.WriterProperties {
	props := []parquet.WriterProperty{
		parquet.WithCreatedBy(createdBy),
		parquet.WithVersion(parquet.V2_6),
		parquet.WithCompression(compress.Codecs.Zstd),
		parquet.WithCompressionLevel(1), // of pages like ours the fastest level makes less than the default, in less time
		parquet.WithMaxRowGroupLength(rowGroupRows),
		parquet.WithDictionaryPageSizeLimit(dictionaryBytes),
		// Rows count up: their differences take a tenth of the room that a dictionary takes.
		parquet.WithDictionaryFor(schemas.RowColumn, false),
		parquet.WithEncodingFor(schemas.RowColumn, parquet.Encodings.DeltaBinaryPacked),
	}
	for _, name := range various {
		props = append(props, parquet.WithDictionaryFor(name, false), parquet.WithCompressionFor(name, compress.Codecs.Uncompressed))
	}
	for _, c := range columns {
		switch {
		case c.Type == schemas.Text && c.Key: // ids do not repeat
			props = append(props, parquet.WithDictionaryFor(c.Name, false))
		case c.Type == schemas.Code:
			// The least and greatest code of a row group helps no reader, and took a quarter of
			// the time.
			props = append(props, parquet.WithStatsFor(c.Name, false))
		}
	}
	return parquet.NewWriterProperties(props...)
}

// Write adds the rows of a batch. The batch has the table's columns by name, in any order;
// columns that the table lacks, as when it was projected to a zone, are left out. Where the
// table's rows come from cells, _submission and _sheet are taken from the batch's origin.
func (w *Writer) Write(ctx context.Context, b *schemas.Batch) error {
	if w.err != nil {
		return w.err
	}
	if w.closed {
		return errors.New("write to a closed writer")
	}
	if err := w.write(ctx, b); err != nil {
		w.err = fmt.Errorf("table %s: %w", w.table.Name, err)
	}
	return w.err
}

func (w *Writer) write(ctx context.Context, b *schemas.Batch) error {
	if b.Table != w.table.Name {
		return fmt.Errorf("a batch of table %s", b.Table)
	}
	src, err := w.sources(b)
	if err != nil {
		return err
	}
	defer releaseAll(src)
	return w.add(ctx, src, int(b.Record.NumRows()))
}

// sources is the arrays of the batch in the order of the table's columns; the caller releases
// them.
func (w *Writer) sources(b *schemas.Batch) ([]arrow.Array, error) {
	n := int(b.Record.NumRows())
	var src []arrow.Array
	for i, c := range w.columns {
		switch at := b.Record.Schema().FieldIndices(c.Name); {
		case len(at) == 1:
			a, err := w.coarser(i, b.Record.Column(at[0]))
			if err != nil {
				releaseAll(src)
				return nil, fmt.Errorf("column %s: %w", c.Name, err)
			}
			src = append(src, a)
		case len(at) > 1:
			releaseAll(src)
			return nil, fmt.Errorf("column %s: twice in the batch", c.Name)
		case c.Name == schemas.SubmissionColumn:
			src = append(src, w.constantText(b.Origin.Submission, n))
		case c.Name == schemas.SheetColumn:
			src = append(src, w.constantInt(int64(b.Origin.SheetNo), n))
		default:
			releaseAll(src)
			return nil, fmt.Errorf("column %s: not in the batch", c.Name)
		}
	}
	return src, nil
}

// coarser is the array as column i holds it; the caller releases it.
func (w *Writer) coarser(i int, a arrow.Array) (arrow.Array, error) {
	if f := w.coarse[i]; f != nil {
		return f(w.mem, a)
	}
	a.Retain()
	return a, nil
}

func (w *Writer) constantText(s string, n int) arrow.Array {
	b := array.NewStringBuilder(w.mem)
	defer b.Release()
	b.Reserve(n)
	b.ReserveData(n * len(s))
	for range n {
		b.Append(s)
	}
	return b.NewArray()
}

func (w *Writer) constantInt(v int64, n int) arrow.Array {
	b := array.NewInt64Builder(w.mem)
	defer b.Release()
	b.Reserve(n)
	for range n {
		b.UnsafeAppend(v)
	}
	return b.NewArray()
}

func releaseAll(arrays []arrow.Array) {
	for _, a := range arrays {
		a.Release()
	}
}

// add appends n rows, and writes a row group whenever one is full.
func (w *Writer) add(ctx context.Context, src []arrow.Array, n int) error {
	for from := 0; from < n; {
		if err := ctx.Err(); err != nil {
			return err
		}
		to := min(n, from+w.group-w.rows)
		if err := w.hold(src, from, to); err != nil {
			return err
		}
		w.rows += to - from
		w.text += textBytes(src, from, to)
		from = to
		if w.rows == w.group || w.text >= groupText {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// groupText is the bytes of text that end a row group before its rows do, so that rows of megabytes are not held
// together. Words of dictionaries do not count: they are held once.
const groupText = 24 << 20

func textBytes(src []arrow.Array, from, to int) int {
	n := 0
	for _, a := range src {
		if s, ok := a.(*array.String); ok && s.Len() > 0 {
			at := s.ValueOffsets()
			n += int(at[to] - at[from])
		}
	}
	return n
}

func (w *Writer) hold(src []arrow.Array, from, to int) error {
	for i, c := range w.columns {
		null, err := w.held[i].append(src[i], from, to)
		if err != nil {
			return fmt.Errorf("column %s: %w", c.Name, err)
		}
		if null && !c.Nullable {
			return fmt.Errorf("column %s: a null where none may be", c.Name)
		}
	}
	return nil
}

// flush writes the rows that are held as one row group.
func (w *Writer) flush() error {
	arrays := make([]arrow.Array, len(w.held))
	for i, c := range w.held {
		arrays[i] = c.finish()
	}
	defer releaseAll(arrays)
	rec := array.NewRecordBatch(w.schema, arrays, int64(w.rows))
	defer rec.Release()
	w.total += int64(w.rows)
	w.rows, w.text = 0, 0
	return w.sink.guard(func() error { return w.pq.Write(rec) })
}

// Rows is how many rows were taken so far.
func (w *Writer) Rows() int64 { return w.total + int64(w.rows) }

// Close writes what is held and the footer, puts the file on disk and gives it its name. After
// an error, its own or an earlier one, there is no file. Closing again does nothing.
func (w *Writer) Close() error {
	if w.closed {
		return w.err
	}
	if err := w.finish(); err != nil {
		w.Abort()
		return w.err
	}
	w.release()
	if w.file != nil {
		if err := w.file.commit(); err != nil {
			w.err = fmt.Errorf("table %s: %w", w.table.Name, err)
		}
	}
	return w.err
}

func (w *Writer) finish() error {
	if w.err != nil {
		return w.err
	}
	var err error
	if w.rows > 0 {
		err = w.flush()
	}
	if err == nil {
		err = w.sink.guard(w.pq.Close)
	}
	if err == nil {
		err = w.sink.buf.Flush()
	}
	if err == nil && w.sealed != nil {
		err = w.sealed.Close()
	}
	if err != nil {
		w.err = fmt.Errorf("table %s: %w", w.table.Name, err)
	}
	return w.err
}

// Abort gives the file up. After Close it does nothing.
func (w *Writer) Abort() {
	if w.closed {
		return
	}
	w.sink.err = errAborted
	_ = w.sink.guard(w.pq.Close) // the sink takes nothing more
	w.release()
	if w.file != nil {
		w.file.abort()
	}
	if w.err == nil {
		w.err = errAborted
	}
}

var errAborted = errors.New("aborted")

func (w *Writer) release() {
	w.closed = true
	for _, c := range w.held {
		c.release()
	}
}

// sink is where pqarrow writes to. It remembers the first error: pqarrow panics at some of them.
type sink struct {
	buf *bufio.Writer
	err error
}

func (s *sink) Write(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.buf.Write(p)
	s.err = err
	return n, err
}

// guard runs a step of pqarrow. A panic is an error when writing had failed before it.
func (s *sink) guard(step func() error) (err error) {
	defer func() {
		if s.err == nil {
			return
		}
		if v := recover(); v != nil || err != nil {
			err = s.err
		}
	}()
	return step()
}
