package pipeline

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"palermo/extract"
	"palermo/mappings"
	"palermo/transform"
)

// reasonCopied is why the rows of a table are skipped that stand in the file twice.
const reasonCopied = "repeated_table"

// copied reports whether the table is a copy of the one that its mapping names, on another sheet of the
// file, and accounts for it then: its rows are skipped. A table that differs in any cell below its header
// is none.
func (j *job) copied(ctx context.Context, sh extract.Sheet, e *SheetEntry, plan *transform.Plan) (bool, error) {
	of := plan.Entry().CopyOf
	k := slices.IndexFunc(j.sheets, func(o extract.Sheet) bool { return o.Title() == of && o.No != sh.No })
	if of == "" || k < 0 {
		return false, nil
	}
	preview, err := extract.Preview(ctx, j.sheets[k], mappings.PreviewRows)
	if err != nil {
		return false, err
	}
	best := j.Mappings.Recognise(of, previewRows(preview))
	if len(best) == 0 || !best[0].Matches() || best[0].Mapping.Source.ID != e.Source {
		return false, nil
	}
	mine, read, err := below(ctx, sh, e.HeaderRow)
	if err != nil {
		return false, err
	}
	other, _, err := below(ctx, j.sheets[k], best[0].HeaderRow)
	if err != nil || string(mine) != string(other) {
		return false, err
	}
	e.Balance.Read = read
	gone, err := j.goneBelow(ctx, sh, e.HeaderRow)
	e.Balance.skip(transform.ReasonPurged, int(gone))
	e.Balance.skip(reasonCopied, int(read-gone))
	return true, err
}

// goneBelow is how many rows below the header of a copied table are of erased cases.
func (j *job) goneBelow(ctx context.Context, sh extract.Sheet, header int) (n int64, err error) {
	if j.PurgedIn == nil {
		return 0, nil
	}
	for r, err := range sh.Rows(ctx) {
		if err != nil {
			return 0, err
		}
		if r.Num > header && (r.Gone || j.goneWithin(sh, &r)) {
			n++
		}
	}
	return n, nil
}

// below is a digest of the cells below a header, and how many rows stand there.
func below(ctx context.Context, sh extract.Sheet, header int) ([]byte, int64, error) {
	h := sha256.New()
	n := int64(0)
	for r, err := range sh.Rows(ctx) {
		if err != nil {
			return nil, 0, err
		}
		if r.Num <= header {
			continue
		}
		n++
		for _, cell := range r.Cells {
			fmt.Fprintf(h, "%d:%s,", len(cell), cell)
		}
		fmt.Fprintln(h)
	}
	return h.Sum(nil), n, nil
}
