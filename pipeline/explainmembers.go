package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"palermo/load"
	"palermo/transform"
)

// explainPerson leads from a person or an episode to its records.
func (p *published) explainPerson(ctx context.Context, h *Home, a *ask) (*Explanation, error) {
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
	members, err := h.members(ctx, row)
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

// members is the records of a published person or episode, by the ids of the analysts' zone. Which
// they are is a steward's knowledge: where the home lacks the stewards' database, none are told.
func (h *Home) members(ctx context.Context, row map[string]string) ([]string, error) {
	f, err := h.linkFacts()
	if errors.Is(err, ErrNotSteward) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	person, _, err := f.resolve(row["person_id"])
	if err != nil {
		return nil, err
	}
	rows, err := load.Query(ctx, f.db, `SELECT m.record_id FROM person_record AS m LEFT JOIN episode AS e USING (episode_id)
		WHERE m.person_id = ? AND (? = '' OR e.ordinal::VARCHAR = ?) ORDER BY m.record_id`, person, row["ordinal"], row["ordinal"])
	if err != nil {
		return nil, err
	}
	ids := map[string]string{}
	for _, p := range f.reg.Persons {
		for _, r := range p.Records {
			ids[f.key.id(r)] = f.analyst.id(r)
		}
	}
	var out []string
	for _, r := range rows {
		out = append(out, ids[r["record_id"]])
	}
	slices.Sort(out)
	return out, nil
}
