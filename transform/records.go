package transform

import (
	"crypto/sha256"
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
		id := t.recordID(raw, i)
		h := xxh3.HashString(id)
		t.versions[h]++
		out[n] = identity{id, t.caseID(raw, i, id), t.versions[h]}
	}
	return out
}

// recordID is the id of row i's record: from its case reference, or where it has none from what
// the row says, so that a file that is sent again keeps the ids of rows that did not change.
func (t *Table) recordID(raw *schemas.Batch, i int) string {
	if ref := t.caseReference(raw, i); ref != "" {
		return t.ids.Record(t.origin.Source, t.origin.Agency, t.plan.entry.Record.Form, ref)
	}
	sum := sha256.Sum256([]byte(strings.Join(t.cells(raw, i), "\x1f")))
	digest := string(sum[:])
	t.unkeyed[digest]++
	return t.ids.Row(t.origin.Agency, t.plan.table.Name, digest, t.unkeyed[digest])
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
