package pipeline

import (
	"context"
	"fmt"
	"slices"

	"palermo/assist"
	"palermo/diag"
	"palermo/extract"
	"palermo/mappings"
)

// refusesDrift reports whether a sheet is of a source that refuses other columns than those of its vintages, and has
// some. It looks at the first rows of all sheets before any is harmonised: half a file is no file.
func (j *job) refusesDrift(ctx context.Context) (bool, error) {
	refuses := func(m *mappings.Mapping) bool { return m.Source.DriftMode() == mappings.DriftRefuse }
	if !slices.ContainsFunc(j.Mappings.Mappings, refuses) {
		return false, nil
	}
	refused := false
	j.drifts = map[int][]Drift{}
	for _, sh := range j.sheets {
		preview, err := extract.Preview(ctx, sh, mappings.PreviewRows)
		if err != nil {
			return false, err
		}
		rows := previewRows(preview)
		best := j.Mappings.Recognise(sh.Title(), rows)
		if len(best) == 0 || !refuses(best[0].Mapping) {
			continue
		}
		c := &best[0]
		at := diag.Pos{File: j.sub.Name, Sheet: sh.Name, Row: c.HeaderRow}
		switch {
		case c.Near():
			j.nearly(sh, c)
			refused = true
		case c.Matches():
			if added, missing := columnDrift(c, rows); added+missing > 0 {
				j.find(diag.VintageUnknown, at, fmt.Sprintf("%s takes no other columns than those of %s: %d are new, and %d are not there",
					c.Mapping.Source.ID, c.Entry().Vintage, added, missing))
				refused = true
			}
		}
		if j.drifts[sh.No], err = j.columnsDrift(c, rows); err != nil {
			return false, err
		}
	}
	return refused, nil
}

// columnDrift is how many columns of the header the entry does not name, and how many that it reads are not there.
func columnDrift(c *mappings.Candidate, rows []mappings.PreviewRow) (added, missing int) {
	t := c.Entry()
	there := map[string]bool{}
	for _, h := range c.HeaderCells(rows) {
		there[h] = true
		if h != "" && !t.Names(h) && (t.Unpivot == nil || !t.Unpivot.MayHold(h)) {
			added++
		}
	}
	counted := map[string]bool{}
	for _, d := range assist.Decided(t) {
		if !there[d.Column] && !counted[d.Column] && !optionalColumn(t, d.Column) {
			counted[d.Column] = true
			missing++
		}
	}
	return added, missing
}

func optionalColumn(t *mappings.Table, name string) bool {
	return slices.ContainsFunc(t.Columns, func(c mappings.Column) bool { return c.From == name && c.Optional })
}

// evolves reports whether a sheet of no known vintage is read by the nearest entry: its source says so, no other source
// is near, and every column is there on which the meaning of others depends. What is missing is not collected, and a row
// that cannot do without it is rejected.
func (j *job) evolves(best []mappings.Candidate, rows []mappings.PreviewRow) bool {
	if len(best) == 0 || !best[0].Near() || len(best[0].Barred) > 0 || best[0].Mapping.Source.DriftMode() != mappings.DriftEvolve {
		return false
	}
	c := &best[0]
	for i := range best[1:] {
		if o := &best[i+1]; o.Mapping != c.Mapping && (o.Near() || o.Matches()) {
			return false
		}
	}
	there := c.HeaderCells(rows)
	for _, name := range c.Entry().Needs() {
		if !slices.Contains(there, name) {
			return false
		}
	}
	return c.Entry().Unpivot == nil
}
