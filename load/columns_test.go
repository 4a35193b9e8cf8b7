package load

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"palermo/schemas"
)

// A column that begins with nulls, has none but nulls, or has its values in another row group holds
// what one that keeps each row at once would, and starts anew in each group.
func TestColumnsHoldBackNulls(t *testing.T) {
	groups := [][][]string{ // of batches of cells
		{{null, null}, {null, "2"}, {"3"}},
		{{null}, {null, null}},
		{{"4", null}, {null}, {"5"}},
		{{null, null, null}},
	}
	for name, c := range map[string]schemas.Column{
		"integer": {Name: "n", Type: schemas.Integer, Nullable: true}, "real": {Name: "x", Type: schemas.Real, Nullable: true},
		"text": {Name: "t", Type: schemas.Text, Nullable: true}, "code": {Name: "c", Type: schemas.Code, Nullable: true},
	} {
		t.Run(name, func(t *testing.T) {
			mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
			defer mem.AssertSize(t, 0)
			col := newColumn(c, mem)
			defer col.release()
			for g, batches := range groups {
				var want []string
				for _, cells := range batches {
					want = append(want, cells...)
					src := cellsOf(t, mem, c, cells)
					if _, err := col.append(src, 0, len(cells)); err != nil {
						t.Fatal(err)
					}
					src.Release()
				}
				got := col.finish()
				if d := cmp.Diff(want, shownCells(got)); d != "" {
					t.Errorf("group %d (-want +got):\n%s", g, d)
				}
				got.Release()
			}
		})
	}
}

// Nulls of a type that the column cannot have are refused like values of it.
func TestColumnsRefuseNullsOfAnotherType(t *testing.T) {
	col := newColumn(schemas.Column{Name: "n", Type: schemas.Integer, Nullable: true}, memory.NewGoAllocator())
	defer col.release()
	src := made(t, array.NewStringBuilder(memory.NewGoAllocator()), null, null)
	defer src.Release()
	if _, err := col.append(src, 0, 2); err == nil {
		t.Error("nulls of text went into a column of integers")
	}
}

func cellsOf(t *testing.T, mem memory.Allocator, c schemas.Column, cells []string) arrow.Array {
	if c.Type != schemas.Code {
		return made(t, array.NewBuilder(mem, c.ArrowType()), cells...)
	}
	b := array.NewDictionaryBuilder(mem, schemas.RawDictionary).(*array.BinaryDictionaryBuilder)
	defer b.Release()
	for _, cell := range cells {
		if cell == null {
			b.AppendNull()
		} else if err := b.AppendString(cell); err != nil {
			t.Fatal(err)
		}
	}
	return b.NewArray()
}

func shownCells(a arrow.Array) []string {
	var out []string
	for i := range a.Len() {
		switch d, ok := a.(*array.Dictionary); {
		case a.IsNull(i):
			out = append(out, null)
		case ok:
			out = append(out, d.Dictionary().ValueStr(d.GetValueIndex(i)))
		default:
			out = append(out, a.ValueStr(i))
		}
	}
	return out
}
