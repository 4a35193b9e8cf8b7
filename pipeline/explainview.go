package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"palermo/load"
	"palermo/schemas"
	"palermo/transform"
)

// ViewExplanation is the way from one number of a view back to cells: the row, what the number counts, and of the
// first of that the persons with their episodes, the records with their cells, or the published counts.
type ViewExplanation struct {
	View    string            `json:"view"`
	Title   string            `json:"title"`
	Caveat  string            `json:"caveat"`
	Row     map[string]string `json:"row"`
	Keys    []string          `json:"keys"`
	Column  string            `json:"column"`
	Means   string            `json:"means"`
	Value   string            `json:"value,omitempty"`
	Counted string            `json:"counted"` // the column that says what is behind: another where the number is worked out from it
	Persons int               `json:"persons,omitempty"`
	Records int               `json:"records,omitempty"`
	Others  int               `json:"others,omitempty"` // published counts or submissions behind

	People      []BehindPerson `json:"people,omitempty"` // the first of the persons
	Statistics  []*Explanation `json:"statistics,omitempty"`
	Submissions []string       `json:"submissions,omitempty"`
}

// BehindPerson is one person whom a number counts, with the records by which it does.
type BehindPerson struct {
	Person  string         `json:"person"`
	Records []BehindRecord `json:"records"`
}

// BehindRecord is one record by which a person is counted. Cells are its rows that give the answer asked for, or where
// nothing single is asked for the record itself.
type BehindRecord struct {
	Record  string         `json:"record"`
	Episode string         `json:"episode,omitempty"`
	Cells   []*Explanation `json:"cells"`
}

// AmbiguousError says that more than one row of a view, or none, has the values given.
type AmbiguousError struct {
	Rows int
	Keys []string // the columns that together name a row
}

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("%d rows have these values; a row is named by %s", e.Rows, strings.Join(e.Keys, ", "))
}

// ExplainView leads from one number of a view, in the row that has the values of keys, to what it counts, and of the
// first few of that to their cells. What Explain leaves out is left out here too, unless personal: then a line for
// each row that is shown is left in the home's audit file. An unknown column or key wraps ErrNotFound; keys that name
// not just one row are an *AmbiguousError.
func (h *Home) ExplainView(ctx context.Context, view, column string, keys map[string]string, few int, personal bool) (*ViewExplanation, error) {
	v := h.Schema.View(view)
	if v == nil {
		return nil, fmt.Errorf("view %q: %w", view, ErrNotFound)
	}
	dir, _, err := load.Current(h.Dir)
	if err != nil {
		return nil, fmt.Errorf("read the current snapshot: %w", err)
	}
	q := viewQuery{h: h, v: v, db: dir + "/" + databaseFile, keys: keys, show: h.Explain}
	if personal {
		q.show = h.ExplainPersonal
	}
	x, err := q.row(ctx, column)
	if err != nil {
		return nil, err
	}
	return x, q.behind(ctx, x, few)
}

// databaseFile is the analysts' database in a snapshot.
const databaseFile = "palermo.duckdb"

// viewQuery asks for what is behind a view.
type viewQuery struct {
	h    *Home
	v    *schemas.View
	db   string
	keys map[string]string
	show func(context.Context, ...string) ([]*Explanation, error)
}

// row is the row that the keys name, and what the column is.
func (q *viewQuery) row(ctx context.Context, column string) (*ViewExplanation, error) {
	x := &ViewExplanation{View: q.v.Name, Title: q.v.Title, Caveat: strings.TrimSpace(q.v.Meaning), Keys: q.v.Keys(), Column: column}
	at := slices.IndexFunc(q.v.Columns, func(c schemas.ViewColumn) bool { return c.Name == column })
	if at < 0 {
		return nil, fmt.Errorf("column %q of view %s: %w", column, q.v.Name, ErrNotFound)
	}
	x.Means = q.h.Schema.MeaningOf(q.v.Columns[at])
	where, args := []string{"true"}, []any{}
	for _, k := range sortedKeys(q.keys) {
		if !slices.ContainsFunc(q.v.Columns, func(c schemas.ViewColumn) bool { return c.Name == k }) {
			return nil, fmt.Errorf("column %q of view %s: %w", k, q.v.Name, ErrNotFound)
		}
		where, args = append(where, "coalesce("+load.Identifier(k)+"::VARCHAR, '') = ?"), append(args, q.keys[k])
	}
	rows, err := load.Query(ctx, q.db, "SELECT COLUMNS(*)::VARCHAR FROM "+load.Identifier(q.v.Name)+" WHERE "+strings.Join(where, " AND "), args...)
	if err != nil {
		return nil, err
	}
	if len(rows) != 1 {
		return nil, &AmbiguousError{Rows: len(rows), Keys: x.Keys}
	}
	x.Row, x.Value = rows[0], rows[0][column]
	return x, nil
}

// behind fills in what the number counts.
func (q *viewQuery) behind(ctx context.Context, x *ViewExplanation, few int) error {
	where, args := []string{"true"}, []any{}
	for _, k := range x.Keys {
		where, args = append(where, "coalesce("+load.Identifier(k)+"::VARCHAR, '') IN (?, '*')"), append(args, x.Row[k])
	}
	rows, err := load.Query(ctx, q.db, "SELECT DISTINCT * FROM ("+q.v.Behind+") WHERE "+strings.Join(where, " AND ")+" ORDER BY ALL", args...)
	if err != nil {
		return err
	}
	x.Counted = countedBy(x.Column, rows)
	ids := map[string][]string{}
	for _, r := range rows {
		if r["counted"] != x.Counted {
			continue
		}
		for _, id := range []string{"record_id", "statistic_id", "submission_id"} {
			if r[id] != "" && !slices.Contains(ids[id], r[id]) {
				ids[id] = append(ids[id], r[id])
				break
			}
		}
	}
	if err := q.people(ctx, x, ids["record_id"], few); err != nil {
		return err
	}
	statistics, submissions := ids["statistic_id"], ids["submission_id"]
	x.Others = len(statistics) + len(submissions)
	x.Submissions = submissions[:min(few, len(submissions))]
	if x.Statistics, err = q.h.Explain(ctx, statistics[:min(few, len(statistics))]...); err != nil {
		return err
	}
	for _, e := range x.Statistics {
		keepFields(e, "value")
	}
	return nil
}

// keepFields leaves of a row's fields only those named.
func keepFields(e *Explanation, names ...string) {
	e.Fields = slices.DeleteFunc(e.Fields, func(f transform.Trace) bool { return !slices.Contains(names, f.Field) })
	e.Also, e.Published = nil, nil
}

// countedBy is the column whose ids are behind the one asked for: itself, else the number that it is worked out from.
func countedBy(column string, rows []map[string]string) string {
	has := func(name string) bool {
		return slices.ContainsFunc(rows, func(r map[string]string) bool { return r["counted"] == name })
	}
	for _, name := range []string{column, strings.NewReplacer("share_answered", "n_yes", "share_all", "n_yes").Replace(column), "n_yes", "persons_low", "persons_high", "value_low", "persons"} {
		if has(name) {
			return name
		}
	}
	if len(rows) == 0 {
		return column
	}
	return rows[0]["counted"]
}

// people puts the records under their persons, and leads the first few of them to their cells.
func (q *viewQuery) people(ctx context.Context, x *ViewExplanation, records []string, few int) error {
	if len(records) == 0 {
		return nil
	}
	x.Records = len(records)
	rows, err := load.Query(ctx, q.db, `SELECT DISTINCT r.record_id, coalesce(m.person_id, r.record_id) AS person_id, m.episode_id
		FROM record r LEFT JOIN person_record m USING (record_id) WHERE list_contains(string_split(?, ' '), r.record_id) ORDER BY person_id, record_id`, strings.Join(records, " "))
	if err != nil {
		return err
	}
	for _, r := range rows {
		if n := len(x.People); n == 0 || x.People[n-1].Person != r["person_id"] {
			x.People = append(x.People, BehindPerson{Person: r["person_id"]})
		}
		p := &x.People[len(x.People)-1]
		p.Records = append(p.Records, BehindRecord{Record: r["record_id"], Episode: r["episode_id"]})
	}
	x.Persons = len(x.People)
	x.People = x.People[:min(few, len(x.People))]
	for i := range x.People {
		for k := range x.People[i].Records {
			if err := q.cells(ctx, x, &x.People[i].Records[k]); err != nil {
				return err
			}
		}
	}
	return nil
}

// cells leads a record to the rows of it that give the answer.
func (q *viewQuery) cells(ctx context.Context, x *ViewExplanation, r *BehindRecord) error {
	table, column := q.v.Answer()
	ids, field := []string{r.Record}, ""
	if strings.HasPrefix(x.Counted, "n_yes") && table != "" {
		field = column
	}
	if field != "" && table != recordTable {
		rows, err := load.Query(ctx, q.db, fmt.Sprintf(`SELECT record_id || '/%[1]s/' || ordinal AS id FROM %[2]s JOIN record USING (record_id, record_version)
			WHERE is_current AND record_id = ? AND (%[3]s = ? OR %[3]s IN (SELECT code FROM code WHERE parent_code = ?)) ORDER BY ordinal`,
			table, load.Identifier(table), load.Identifier(column)), r.Record, x.Row[column], x.Row[column])
		if err != nil {
			return err
		}
		ids = ids[:0]
		for _, row := range rows {
			ids = append(ids, row["id"])
		}
	}
	all, err := q.show(ctx, ids...)
	if err != nil {
		return err
	}
	for _, e := range all {
		if field != "" {
			keepFields(e, field, "answer_code")
		}
	}
	r.Cells = all
	return nil
}
