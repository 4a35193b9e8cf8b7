package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"palermo/schemas"
	"palermo/transform"
)

// explainPerson leads from a person or an episode to its records.
func (p *published) explainPerson(ctx context.Context, h *Home, ledger *Ledger, a *ask) (*Explanation, error) {
	table, key := "person", "person_id"
	if a.subject[:1] == "e" {
		table, key = "episode", "episode_id"
	}
	if a.table != "" { // only records have assessments and rows of other tables so far
		return nil, fmt.Errorf("%s; ask about one of its records: %w", askForms, ErrNotFound)
	}
	row, err := p.row(ctx, table, table, map[string]string{key: a.subject})
	if err != nil {
		return nil, err
	}
	if row == nil {
		return nil, notPublished(table, a.subject)
	}
	members, err := h.members(ctx, ledger, a.subject)
	if err != nil {
		return nil, err
	}
	x := &Explanation{ID: a.id, Table: table, Published: row}
	for _, m := range members {
		x.Also = append(x.Also, Also{m, recordTable, "a record of the " + table})
	}
	if table == "episode" {
		x.Also = append(x.Also, Also{row["person_id"], "person", "the person"})
	}
	t := p.s.Table(table)
	for i := range t.Fields {
		f := &t.Fields[i]
		tr := transform.Trace{Field: f.Name, Values: map[string]string{}, Rule: "palermo", Status: row[f.Name+"_status"]}
		if from := row[takenFrom(f.Name)]; from != "" {
			tr.Rule = "from record " + from
		}
		for _, c := range f.Columns() {
			if v, ok := row[c.Name]; ok {
				tr.Values[c.Name] = v
			}
		}
		x.Fields = append(x.Fields, tr)
	}
	return x, nil
}

// takenFrom is the column that names the record which a field's value was taken from.
func takenFrom(field string) string {
	if field == "exploitation_country_code" {
		return "exploitation_record_id"
	}
	return strings.TrimSuffix(strings.TrimSuffix(field, "_code"), "_country") + "_record_id"
}

// members is the records of a person or an episode, by the ids of the analysts' zone: which they
// are is not published, and is worked out again from the lake as at publication.
func (h *Home) members(ctx context.Context, ledger *Ledger, id string) ([]string, error) {
	p := &publication{run: &run{Home: h, ledger: ledger}, zone: schemas.ZoneAnalyst}
	for i := range ledger.Submissions {
		e, err := h.keptEntry(&ledger.Submissions[i])
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		p.entries = append(p.entries, e)
	}
	var err error
	if p.versions, err = p.readVersions(ctx, p.entries); err != nil {
		return nil, err
	}
	if p.persons, err = p.people(ctx); err != nil {
		return nil, err
	}
	k := p.key.zone(p.zone)
	var out []string
	err = p.each(func(person string, w *person) error {
		if person == id || k.id(p.key.episode(w.anchor, 1)) == id {
			for _, r := range w.records {
				out = append(out, k.id(r))
			}
		}
		return nil
	})
	return out, err
}
