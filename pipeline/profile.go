package pipeline

import (
	"context"

	"palermo/assist"
	"palermo/extract"
	"palermo/mappings"
)

// profile reads a sheet as text, without any mapping. The table is nil where no header was found.
func profile(ctx context.Context, sh extract.Sheet) (*assist.Table, error) {
	preview, err := extract.Preview(ctx, sh, mappings.PreviewRows)
	if err != nil {
		return nil, err
	}
	h, header := assist.FindHeader(previewRows(preview))
	if h.Row == 0 {
		return nil, nil
	}
	return profileBelow(ctx, sh, h, header)
}

func profileBelow(ctx context.Context, sh extract.Sheet, h assist.Header, header []string) (*assist.Table, error) {
	p := assist.NewProfiler(sh.Title(), h, cloneText(header))
	for r, err := range sh.Rows(ctx) {
		if err != nil {
			return nil, err
		}
		p.Row(r.Num, r.Cells)
	}
	return p.Table(), nil
}
