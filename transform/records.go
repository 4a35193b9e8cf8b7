package transform

import (
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

	"palermo/mappings"
	"palermo/schemas"
)

// identity is which record a row is of. It is empty for tables that have no records.
type identity struct {
	record  string
	caseID  string
	version int32
}

// Known is what a row of case data is known by, with nothing of what it says.
type Known struct {
	Record string `json:"record"`
	Case   string `json:"case"` // the record's id, where the row has no case reference
}

// own is what palermo fills a field of the record's row with.
func (d identity) own(f ownField) ownOutcome {
	switch f {
	case ownRecordID:
		return ownOutcome{text: d.record}
	case ownCaseID:
		return ownOutcome{text: d.caseID}
	case ownVersion:
		return ownOutcome{number: float64(d.version)}
	}
	return ownOutcome{}
}

// identify says which record each of the rows is of. A record that comes again in the file is the
// next version.
func (t *Table) identify(raw *schemas.Batch, rows []int) []identity {
	out := make([]identity, len(rows))
	if t.plan.entry.Record == nil {
		return out
	}
	for n, i := range rows {
		id := t.known(raw, i)
		h := xxh3.HashString(id.Record)
		t.versions[h]++
		out[n] = identity{id.Record, id.Case, t.versions[h]}
	}
	return out
}

// forget makes room for what the rows of the next batch are known by.
func (t *Table) forget(rows int) {
	t.knowns = slices.Grow(t.knowns[:0], rows)[:rows]
	clear(t.knowns)
}

// known is what row i of the batch is known by. It is made once: equal rows without a case
// reference are told apart by their order. It is zero for tables that have no records.
func (t *Table) known(raw *schemas.Batch, i int) Known {
	k := &t.knowns[i]
	if k.Record == "" && t.plan.entry.Record != nil {
		k.Record = t.recordID(raw, i)
		k.Case = t.caseID(raw, i, k.Record)
	}
	return *k
}

// ReasonPurged is why rows are skipped of which nothing may be kept, since their person was erased.
const ReasonPurged = "purged"

// purged reports whether row i is of somebody who was erased. A row without a case reference does not count then among
// those that say the same: the ids of the others are what they are when it is gone.
func (t *Table) purged(raw *schemas.Batch, i int) bool {
	if t.erased == nil || t.plan.entry.Record == nil {
		return false
	}
	if !t.erased(t.known(raw, i), raw.Row(i)) {
		return false
	}
	if t.caseReference(raw, i) == "" {
		t.unkeyed[t.digest(t.cells(raw, i))]--
	}
	return true
}

// PurgedRagged is whether a row with more cells than the header has columns is of somebody who was erased: since it is
// not clear where its case reference stands, any of its words may be one.
func (t *Table) PurgedRagged(cells []string, row int) bool {
	return t.erased != nil && t.plan.entry.Record != nil && slices.ContainsFunc(cells, func(cell string) bool {
		ref := mappings.Word(cell)
		return ref != "" && t.erased(Known{t.ids.Record(t.origin.Source, t.origin.Agency, t.plan.entry.Record.Form, ref),
			t.ids.Case(t.origin.Source, t.origin.Agency, ref)}, row)
	})
}

// leaves is why row i is left out, or "".
func (t *Table) leaves(raw *schemas.Batch, i int) string {
	if t.leave == nil {
		return ""
	}
	return t.leave(t.known(raw, i))
}

// recordID is the id of row i's record: from its case reference, or where it has none from what
// the row says, so that a file that is sent again keeps the ids of rows that did not change.
func (t *Table) recordID(raw *schemas.Batch, i int) string {
	if ref := t.caseReference(raw, i); ref != "" {
		return t.ids.Record(t.origin.Source, t.origin.Agency, t.plan.entry.Record.Form, ref)
	}
	return t.rowID(t.cells(raw, i))
}

// rowID is the id of a record that is known by what its row says.
func (t *Table) rowID(cells []string) string {
	digest := t.digest(cells)
	t.unkeyed[digest]++
	return t.ids.Row(t.origin.Agency, t.plan.table.Name, digest, t.unkeyed[digest])
}

func (t *Table) digest(cells []string) string {
	sum := sha256.Sum256([]byte(strings.Join(cells, "\x1f")))
	return string(sum[:])
}

// caseID is the id of row i's case: that of the record, where it has no case reference.
func (t *Table) caseID(raw *schemas.Batch, i int, record string) string {
	if ref := t.caseReference(raw, i); ref != "" {
		return t.ids.Case(t.origin.Source, t.origin.Agency, ref)
	}
	return record
}

// caseReference is the words of the case columns of row i, "" where all are blank.
func (t *Table) caseReference(raw *schemas.Batch, i int) string {
	var words []string
	for _, c := range t.caseCols {
		if w := mappings.Word(text(raw.Record.Column(c), i)); w != "" {
			words = append(words, w)
		}
	}
	return strings.Join(words, " ")
}

// RefusedRagged reports whether a row with more cells than the header has columns is of a person
// who does not consent to the keeping of the data, and the id that such a row is known by, which
// is made of what it says: where its case reference stands is not clear. The extra cells may have
// shifted the consent, so that the first word about consent decides from its column on.
func (t *Table) RefusedRagged(cells []string) (id Known, refused bool) {
	if t.plan.consent < 0 {
		return Known{}, false
	}
	f := &t.fields[t.plan.consent]
	for _, c := range f.columns {
		for k := c.col - 1; k < min(c.col+len(cells)-t.width(), len(cells)); k++ {
			o := c.read(mappings.Word(cells[k]))
			if !o.has {
				continue
			}
			if f.refuses(o) {
				id := t.rowID(cells)
				return Known{id, id}, true
			}
			return Known{}, false
		}
	}
	return Known{}, false
}

// width is the column in the file of the header's last name.
func (t *Table) width() int { return t.header[len(t.header)-1].Col }

// refuses reports whether the outcome of the field says that the person does not consent.
func (f *boundField) refuses(o *outcome) bool {
	code := f.plan.list.Codes[int(o.value.low)].Code
	return code == "not_given" || code == "withdrawn"
}
