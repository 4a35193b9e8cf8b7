package transform

import (
	"slices"

	"palermo/diag"
	"palermo/schemas"
)

// spots is where a word stands; nil for nowhere that is known.
type spots []diag.Place

func (s *spots) all() []diag.Place {
	if s == nil {
		return nil
	}
	return *s
}

// note keeps the place of a word in row i of the batch, where there is a finding about the word and
// room for it. A word above the table, or in its header, is one place for many rows.
func (t *Table) note(o *outcome, raw *schemas.Batch, i int) {
	if o.finding == "" && o.also == "" || t.places == 0 {
		return
	}
	row, col := t.stands(o.col, raw, i)
	at := diag.Place{Row: int32(row), Col: int32(max(col, 0))}
	if o.at == nil {
		o.at = &spots{}
	}
	known := *o.at
	switch n := len(known); {
	case n > 0 && known[n-1] == at, row != raw.Row(i) && slices.Contains(known, at):
		return
	}
	t.places--
	*o.at = append(known, at)
}
