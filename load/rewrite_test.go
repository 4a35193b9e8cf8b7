package load

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"palermo/load/loadtest"
	"palermo/schemas"
)

func TestRewriteIDs(t *testing.T) {
	for _, form := range []loadtest.Form{loadtest.Plain, loadtest.Dictionary, loadtest.Shuffled} {
		mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
		b := loadtest.Batch(mem, 0, 20, form)
		before := loadtest.Text(b.Record)
		asked := 0
		rec, err := RewriteIDs([]string{"id", "note"}, func(s string) string { asked++; return "z-" + s })(b.Record)
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Clone(before)
		for i := range want {
			want[i] = slices.Clone(want[i])
			for j, f := range b.Record.Schema().Fields() {
				if (f.Name == "id" || f.Name == "note") && b.Record.Column(j).IsValid(i) {
					want[i][j] = "z-" + want[i][j]
				}
			}
		}
		if diff := cmp.Diff(want, loadtest.Text(rec)); diff != "" {
			t.Errorf("form %d (-want +got):\n%s", form, diff)
		}
		if diff := cmp.Diff(before, loadtest.Text(b.Record)); diff != "" {
			t.Errorf("the batch itself was changed (-want +got):\n%s", diff)
		}
		if asked == 0 || asked > 40 {
			t.Errorf("asked %d times", asked)
		}
		rec.Release()
		b.Release()
		mem.AssertSize(t, 0)
	}
}

func TestRewriteIDsRefuses(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	b := loadtest.Batch(mem, 0, 3, loadtest.Plain)
	defer b.Release()
	for column, want := range map[string]string{"person_id": "column person_id: 0 times in the batch", "cases": "column cases: values of type int64"} {
		_, err := RewriteIDs([]string{"id", column}, strings.ToUpper)(b.Record)
		if err == nil || err.Error() != want {
			t.Errorf("RewriteIDs(%s) = %v, want %s", column, err, want)
		}
	}
}

func TestChain(t *testing.T) {
	if Chain() != nil || Chain(nil, nil) != nil {
		t.Error("a chain of nothing is not nil")
	}
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	b := loadtest.Batch(mem, 0, 3, loadtest.Plain)
	defer b.Release()
	add := func(s string) Rewrite {
		return RewriteIDs([]string{"id"}, func(id string) string { return id + s })
	}
	rec, err := Chain(add("a"), nil, add("b"), add("c"))(b.Record)
	if err != nil {
		t.Fatal(err)
	}
	if got := rec.Column(rec.Schema().FieldIndices("id")[0]).ValueStr(2); got != "row-0000002abc" {
		t.Errorf("chained id = %q", got)
	}
	rec.Release()
	broken := func(arrow.RecordBatch) (arrow.RecordBatch, error) { return nil, errFull }
	if _, err := Chain(add("a"), broken, add("b"))(b.Record); !errors.Is(err, errFull) {
		t.Errorf("Chain with a broken step = %v", err)
	}
}

// Two zones have the same rows under other ids, and equal ids stay equal.
func TestProjectRewritesIDs(t *testing.T) {
	dir := t.TempDir()
	src := filepath.Join(dir, "src.parquet")
	writeSample(t, src, 3*groupRows, 999, loadtest.Shuffled)
	dst := filepath.Join(dir, "dst.parquet")
	upper := RewriteIDs([]string{"id"}, strings.ToUpper)
	if err := Project(context.Background(), src, dst, loadtest.Table(), schemas.ZoneSteward, ProjectOptions{Rewrite: upper}); err != nil {
		t.Fatal(err)
	}
	got, err := readRows(dst)
	if err != nil {
		t.Fatal(err)
	}
	want := loadtest.Rows(0, 3*groupRows)
	for i := range want {
		want[i][0] = strings.ToUpper(want[i][0])
		want[i] = append(want[i][:3:3], want[i][4:]...) // without the note, which is free text
	}
	if !slices.EqualFunc(want, got, slices.Equal[[]string]) {
		t.Error("rows differ")
	}
}
