package pipeline

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"golang.org/x/sync/errgroup"

	"palermo/diag"
	"palermo/extract"
	"palermo/schemas"
	"palermo/transform"
)

// flow is one table of one file on its way: a goroutine reads, one harmonises, one writes. Each
// batch is with one of them at a time, and their order is that of the file.
type flow struct {
	*job
	sheet *SheetEntry
	plan  *transform.Plan
	table *transform.Table
}

// ahead is how many batches may wait between two of the goroutines.
const ahead = 2

// rawItem is what the reading goroutine hands on: a batch, or a row with more cells than the
// header has columns.
type rawItem struct {
	batch  *schemas.Batch
	ragged *extract.Row
}

// run lets the table flow, and returns what its reader went over.
func (f *flow) run(ctx context.Context, sh extract.Sheet) (extract.Counts, error) {
	raw, clean := make(chan rawItem, ahead), make(chan *schemas.Batch, ahead)
	var counts extract.Counts
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		defer close(raw)
		counts, err = f.read(ctx, sh, raw)
		return err
	})
	g.Go(func() error {
		defer close(clean)
		return f.harmonise(ctx, raw, clean)
	})
	g.Go(func() error { return f.write(ctx, clean) })
	err := g.Wait()
	for it := range raw { // what a failure left on the way
		it.release()
	}
	for b := range clean {
		b.Release()
	}
	return counts, err
}

func (it rawItem) release() {
	if it.batch != nil {
		it.batch.Release()
	}
}

// send hands v on, or gives up where another goroutine failed.
func send[T any](ctx context.Context, to chan<- T, v T) error {
	select {
	case to <- v:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *flow) read(ctx context.Context, sh extract.Sheet, to chan<- rawItem) (extract.Counts, error) {
	spec := f.spec(f.sheet, f.plan)
	spec.Ragged = func(r extract.Row) error {
		return send(ctx, to, rawItem{ragged: &extract.Row{Num: r.Num, Cells: cloneText(r.Cells)}})
	}
	r := extract.NewReader(sh, spec, memory.DefaultAllocator)
	for b, err := range r.Batches(ctx) {
		if err != nil {
			return r.Counts(), err
		}
		if err := send(ctx, to, rawItem{batch: b}); err != nil {
			b.Release()
			return r.Counts(), err
		}
	}
	return r.Counts(), nil
}

// harmonise owns each batch that it takes from raw, and releases it.
func (f *flow) harmonise(ctx context.Context, raw <-chan rawItem, to chan<- *schemas.Batch) error {
	for it := range raw {
		var err error
		if it.batch != nil {
			err = f.apply(ctx, it.batch, to)
		} else {
			err = f.ragged(ctx, it.ragged)
		}
		it.release()
		if err != nil {
			return err
		}
	}
	return nil
}

// apply harmonises one raw batch, which it borrows, and hands on what is to be loaded.
func (f *flow) apply(ctx context.Context, raw *schemas.Batch, to chan<- *schemas.Batch) error {
	for rows := range f.table.Rows(raw) {
		if err := f.applyRows(ctx, rows, to); err != nil {
			return err
		}
	}
	return nil
}

func (f *flow) applyRows(ctx context.Context, rows *schemas.Batch, to chan<- *schemas.Batch) error {
	res, err := f.table.Apply(rows, &f.found)
	if err != nil {
		return err
	}
	for reason, n := range res.Skipped {
		f.sheet.Balance.skip(reason, n)
	}
	for _, r := range res.Rejected {
		if err := f.reject(ctx, f.sheet, r); err != nil {
			return err
		}
	}
	f.sheet.Balance.Loaded += int64(res.Loaded)
	f.sheet.NoConsent = append(f.sheet.NoConsent, res.NoConsent...)
	for k, b := range res.Batches {
		if err := send(ctx, to, b); err != nil {
			for _, left := range res.Batches[k:] {
				left.Release()
			}
			return err
		}
	}
	return nil
}

// ragged sets aside a row with more cells than the header has columns; not that of a person who
// does not consent, of which nothing is kept.
func (f *flow) ragged(ctx context.Context, row *extract.Row) error {
	if f.table.PurgedRagged(row.Cells, row.Num) {
		f.sheet.Balance.skip(transform.ReasonPurged, f.table.Units())
		return nil
	}
	if id, refused := f.table.RefusedRagged(row.Cells); refused {
		f.sheet.Balance.skip("no_consent", 1)
		f.sheet.NoConsent = append(f.sheet.NoConsent, id)
		return nil
	}
	if f.Withdrawn {
		f.sheet.Balance.skip(reasonWithdrawn, f.table.Units())
		return nil
	}
	d := diag.Diagnostic{Code: diag.RowRagged, Severity: diag.Error, Pos: diag.Pos{File: f.sub.Name, Sheet: f.sheet.Name, Row: row.Num},
		Message: "more cells than the header has columns"}
	f.found.Add(d)
	for _, r := range f.table.Ragged(row.Num, row.Cells) {
		if err := f.reject(ctx, f.sheet, r); err != nil {
			return err
		}
	}
	return nil
}

// write owns each batch that it takes from clean, and releases it.
func (f *flow) write(ctx context.Context, clean <-chan *schemas.Batch) error {
	for b := range clean {
		err := f.load(ctx, b)
		b.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *flow) load(ctx context.Context, b *schemas.Batch) error {
	w, err := f.writer(b.Table, f.plan)
	if err != nil {
		return err
	}
	return w.Write(ctx, b)
}
