package load

import (
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"palermo/schemas"
)

// A column gathers the values of one column until a row group is full. It copies: a batch is
// only borrowed. finish hands over the values and starts anew.
type column interface {
	// append takes the rows [from, to) of src and reports whether a null was among them.
	append(src arrow.Array, from, to int) (null bool, err error)
	appendNulls(n int)
	finish() arrow.Array
	release()
}

// lazy holds back the nulls that a column begins with. Most columns of a wide table are empty in most
// sources: they cost nothing until a row group is written.
type lazy struct {
	column
	nulls int // before the first value
	begun bool
}

func (l *lazy) append(src arrow.Array, from, to int) (null bool, err error) {
	if !l.begun {
		if src.NullN() == src.Len() {
			l.nulls += to - from
			_, err = l.column.append(src, from, from) // whether it is of a type that the column takes
			return to > from, err
		}
		l.begin()
	}
	return l.column.append(src, from, to)
}

func (l *lazy) begin() {
	l.begun = true
	l.column.appendNulls(l.nulls)
}

func (l *lazy) finish() arrow.Array {
	if !l.begun {
		l.begin()
	}
	l.begun, l.nulls = false, 0
	return l.column.finish()
}

// newColumn is a column of the type that c has in Parquet, which is that of harmonised batches.
func newColumn(c schemas.Column, mem memory.Allocator) column {
	return &lazy{column: eagerColumn(c, mem)}
}

func eagerColumn(c schemas.Column, mem memory.Allocator) column {
	switch t := c.ArrowType().(type) {
	case *arrow.DictionaryType:
		return newWords(mem)
	case *arrow.StringType:
		return &texts{b: array.NewStringBuilder(mem)}
	case *arrow.Int64Type:
		return &fixed[int64]{b: array.NewInt64Builder(mem), as: exactly[int64]}
	case *arrow.Int32Type:
		return &fixed[int32]{b: array.NewInt32Builder(mem), as: exactly[int32]}
	case *arrow.Float64Type:
		return &fixed[float64]{b: array.NewFloat64Builder(mem), as: exactly[float64]}
	case *arrow.BooleanType:
		return &fixed[bool]{b: array.NewBooleanBuilder(mem), as: exactly[bool]}
	case *arrow.Date32Type:
		return &fixed[arrow.Date32]{b: array.NewDate32Builder(mem), as: exactly[arrow.Date32]}
	case *arrow.TimestampType:
		return &fixed[arrow.Timestamp]{b: array.NewTimestampBuilder(mem, t), as: microseconds}
	default:
		panic(fmt.Sprintf("load: column %s of type %s", c.Name, t))
	}
}

// errType is the error of a column that comes in a type it cannot have.
func errType(src arrow.Array) error { return fmt.Errorf("values of type %s", src.DataType()) }

// fixed gathers values of a fixed width.
type fixed[T any] struct {
	b  builder[T]
	as func(arrow.Array) (values[T], bool)
}

type values[T any] interface {
	arrow.Array
	Value(int) T
}

type builder[T any] interface {
	array.Builder
	UnsafeAppend(T)
	UnsafeAppendBoolToBitmap(bool)
}

// nulls appends n of them.
func nulls(b interface {
	Reserve(n int)
	UnsafeAppendBoolToBitmap(bool)
}, n int) {
	b.Reserve(n)
	for range n {
		b.UnsafeAppendBoolToBitmap(false)
	}
}

// exactly takes arrays of T and no other.
func exactly[T any](src arrow.Array) (values[T], bool) {
	v, ok := src.(values[T])
	return v, ok
}

// microseconds takes timestamps in that unit only: a scaled value would be another moment.
func microseconds(src arrow.Array) (values[arrow.Timestamp], bool) {
	if t, ok := src.DataType().(*arrow.TimestampType); !ok || t.Unit != arrow.Microsecond {
		return nil, false
	}
	return exactly[arrow.Timestamp](src)
}

func (f *fixed[T]) append(src arrow.Array, from, to int) (null bool, err error) {
	v, ok := f.as(src)
	if !ok {
		return false, errType(src)
	}
	f.b.Reserve(to - from)
	whole := src.NullN() == 0
	for i := from; i < to; i++ {
		if whole || v.IsValid(i) {
			f.b.UnsafeAppend(v.Value(i))
			continue
		}
		f.b.UnsafeAppendBoolToBitmap(false)
		null = true
	}
	return null, nil
}

func (f *fixed[T]) appendNulls(n int)   { nulls(f.b, n) }
func (f *fixed[T]) finish() arrow.Array { return f.b.NewArray() }
func (f *fixed[T]) release()            { f.b.Release() }

// texts gathers text as plain utf8.
type texts struct{ b *array.StringBuilder }

func (x *texts) append(src arrow.Array, from, to int) (null bool, err error) {
	text, err := textOf(src)
	if err != nil {
		return false, err
	}
	x.b.Reserve(to - from)
	for i := from; i < to; i++ {
		if s, ok := text(i); ok {
			x.b.Append(s)
			continue
		}
		x.b.AppendNull()
		null = true
	}
	return null, nil
}

func (x *texts) appendNulls(n int) {
	x.b.Reserve(n)
	x.b.AppendNulls(n)
}

func (x *texts) finish() arrow.Array { return x.b.NewArray() }
func (x *texts) release()            { x.b.Release() }

// textOf reads an array of text in either of its forms; ok is false for a null.
func textOf(src arrow.Array) (func(i int) (s string, ok bool), error) {
	switch a := src.(type) {
	case *array.String:
		return func(i int) (string, bool) {
			if a.IsNull(i) {
				return "", false
			}
			return a.Value(i), true
		}, nil
	case *array.Dictionary:
		if words, ok := a.Dictionary().(*array.String); ok {
			return func(i int) (string, bool) {
				if a.IsNull(i) || words.IsNull(a.GetValueIndex(i)) {
					return "", false
				}
				return words.Value(a.GetValueIndex(i)), true
			}, nil
		}
	}
	return nil, errType(src)
}

// words gathers text as a dictionary of its own, in which each word stands once, in the order of
// its first row in the row group. So the bytes do not depend on the words that the batches'
// dictionaries hold beside, nor on their order, nor on where one batch ends.
type words struct {
	rows  *array.Int32Builder
	dict  *array.StringBuilder
	index map[string]int32
	remap []int32 // from the indices of the batch's dictionary; scratch
}

func newWords(mem memory.Allocator) *words {
	return &words{rows: array.NewInt32Builder(mem), dict: array.NewStringBuilder(mem), index: map[string]int32{}}
}

// Indices that stand for no word.
const (
	noWord  = -1 // null
	notSeen = -2 // not looked up yet
)

func (w *words) append(src arrow.Array, from, to int) (null bool, err error) {
	w.rows.Reserve(to - from)
	if d, ok := src.(*array.Dictionary); ok {
		return w.appendDictionary(d, from, to)
	}
	text, err := textOf(src)
	if err != nil {
		return false, err
	}
	for i := from; i < to; i++ {
		s, ok := text(i)
		if !ok {
			w.rows.UnsafeAppendBoolToBitmap(false)
			null = true
			continue
		}
		w.rows.UnsafeAppend(w.word(s))
	}
	return null, nil
}

// appendDictionary looks at each word of the dictionary that a row uses once.
func (w *words) appendDictionary(d *array.Dictionary, from, to int) (null bool, err error) {
	in, ok := d.Dictionary().(*array.String)
	if !ok {
		return false, errType(d)
	}
	at, ok := d.Indices().(*array.Int32)
	if !ok {
		return false, errType(d)
	}
	w.clearRemap(in.Len())
	whole := d.NullN() == 0
	for i, index := range at.Int32Values()[from:to] {
		n := int32(noWord)
		if whole || d.IsValid(from+i) {
			n = w.lookup(in, index)
		}
		if n == noWord {
			w.rows.UnsafeAppendBoolToBitmap(false)
			null = true
			continue
		}
		w.rows.UnsafeAppend(n)
	}
	return null, nil
}

func (w *words) clearRemap(n int) {
	if cap(w.remap) < n {
		w.remap = make([]int32, n)
	}
	w.remap = w.remap[:n]
	for i := range w.remap {
		w.remap[i] = notSeen
	}
}

func (w *words) lookup(in *array.String, i int32) int32 {
	if w.remap[i] == notSeen {
		w.remap[i] = noWord
		if in.IsValid(int(i)) {
			w.remap[i] = w.word(in.Value(int(i)))
		}
	}
	return w.remap[i]
}

// word is the index of a word, which is new or stands in the dictionary already.
func (w *words) word(s string) int32 {
	if n, ok := w.index[s]; ok {
		return n
	}
	n := int32(len(w.index))
	w.dict.Append(s)
	w.index[strings.Clone(s)] = n // s is the batch's memory
	return n
}

func (w *words) appendNulls(n int) { nulls(w.rows, n) }

func (w *words) finish() arrow.Array {
	rows, dict := w.rows.NewArray(), w.dict.NewArray()
	defer rows.Release()
	defer dict.Release()
	clear(w.index)
	return array.NewDictionaryArray(schemas.RawDictionary, rows, dict)
}

func (w *words) release() {
	w.rows.Release()
	w.dict.Release()
}
