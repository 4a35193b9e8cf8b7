package pipeline

import (
	"context"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"palermo/diag"
	"palermo/extract"
	"palermo/schemas"
	"palermo/transform"
)

// explainCells explains value cells of an unpivoted table. What a cell means hangs on rows above it
// too, so the table is read again from its header on, in one pass for all of them.
func (h *Home) explainCells(ctx context.Context, sub *Submission, e *SheetEntry, plan *transform.Plan, as []asked, pub *published) error {
	wanted := map[[2]int][]*Explanation{}
	for _, a := range as {
		x := a.x
		wanted[[2]int{x.Row, x.Col}] = append(wanted[[2]int{x.Row, x.Col}], x)
	}
	in := transform.Input{Origin: as[0].x.origin(e), Sheet: e.Title, Header: e.Header, HeaderRow: e.HeaderRow, Above: e.above, IDs: h.key}
	t, err := plan.Open(in, memory.DefaultAllocator, &diag.List{})
	if err != nil {
		return err
	}
	defer t.Release()
	t.Assume(e.Facts)
	f, err := h.openInbox(ctx, sub, extract.Options{Name: sub.Name})
	if err != nil {
		return err
	}
	defer f.Close()
	spec := (&job{Harmoniser: &Harmoniser{}, sub: sub}).spec(e, plan)
	for _, sh := range f.Sheets() {
		if sh.No != e.No {
			continue
		}
		for raw, err := range extract.NewReader(sh, spec, memory.DefaultAllocator).Batches(ctx) {
			if err != nil {
				return err
			}
			err := traceCells(t, raw, wanted)
			raw.Release()
			if err != nil {
				return err
			}
		}
	}
	for _, a := range as {
		x := a.x
		if x.Fields == nil {
			return fmt.Errorf("cell %s of submission %s: %w", diag.Cell(x.Row, x.Col), x.Submission.ID, ErrNotFound)
		}
		if err := pub.fill(ctx, a, &transform.RowTrace{Fields: x.Fields}); err != nil {
			return err
		}
	}
	return nil
}

// traceCells follows the fields of those cells of the raw batch that are wanted.
func traceCells(t *transform.Table, raw *schemas.Batch, wanted map[[2]int][]*Explanation) error {
	for rows := range t.Rows(raw) {
		found := map[[2]int]bool{}
		cols := rows.Record.Column(1).(*array.Int32)
		for i := range cols.Len() {
			at := [2]int{rows.Row(i), int(cols.Value(i))}
			for _, x := range wanted[at] {
				var err error
				if x.Fields, err = t.Trace(rows, i); err != nil {
					return err
				}
				found[at] = true
			}
		}
		if len(found) == 0 {
			continue
		}
		res, err := t.Apply(rows, &diag.List{})
		if err != nil {
			return err
		}
		res.Release()
		for _, r := range res.Rejected {
			for _, x := range wanted[[2]int{r.Row, r.Col}] {
				x.Rejected = &Rejection{r.Code, r.Field}
			}
		}
	}
	return nil
}
