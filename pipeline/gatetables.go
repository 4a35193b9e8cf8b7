package pipeline

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"palermo/load"
	"palermo/schemas"
)

// RoleAsk is the role of the process that asks questions of Parquet files: DuckDB stays out of the one that
// holds names.
const RoleAsk = "ask"

// tableQuestion is a question of a check, whose answers are counts of rows and the places of some.
type tableQuestion struct {
	schemas.Check
	subject string
	ask     load.Question
}

// namedRows is how many rows a result names.
const namedRows = 5

// questions is what the checks ask of the rows of the tables. A table without rows has nothing to ask about, and one that
// is built in is the same in every run.
func (g *gate) questions() []tableQuestion {
	var out []tableQuestion
	ask := func(c schemas.Check, t *schemas.Table, subject, where string) {
		if where != "" && t.Name != checkTable && t.Group != schemas.GroupReference && g.hasRows(t.Name) {
			out = append(out, g.asks(c, t, subject, where))
		}
	}
	tables := g.publication.tables()
	for _, c := range g.checks() {
		switch c.Kind {
		case schemas.CheckReference:
			for _, t := range tables {
				for i := range t.Fields {
					ask(c, t, t.Name+"."+t.Fields[i].Name, g.astray(t, &t.Fields[i]))
				}
			}
		case schemas.CheckInterval:
			for _, t := range tables {
				ask(c, t, t.Name, crossed(t))
			}
		case schemas.CheckRange:
			ask(c, g.Schema.Table(c.Table).In(g.zone), c.Table+"."+c.Column, outside(c))
		}
	}
	return out
}

// answered measures what the questions came to.
func (g *gate) answered(all []tableQuestion, answers load.Answers) error {
	for _, a := range all {
		n, places, err := added(answers[a.ask.Name])
		if err != nil {
			return fmt.Errorf("%s: %w", a.ask.Name, err)
		}
		message := fmt.Sprintf("%d rows", n)
		if len(places) > 0 {
			message += ": " + strings.Join(places, ", ")
		}
		g.measure(a.Check, a.subject, float64(n), message)
	}
	return nil
}

// hasRows reports whether the table's files have any row.
func (g *gate) hasRows(table string) bool {
	has, known := g.filled[table]
	if !known {
		has = anyRows(g.written[table])
		g.filled[table] = has
	}
	return has
}

func anyRows(files []string) bool {
	return slices.ContainsFunc(files, func(f string) bool {
		n, err := load.CountRows(f)
		return err != nil || n > 0
	})
}

// asks is the question how many rows of the table are as where says, and which.
func (g *gate) asks(c schemas.Check, t *schemas.Table, subject, where string) tableQuestion {
	return tableQuestion{c, subject, load.Question{Name: c.Name + " " + subject, SQL: fmt.Sprintf(
		`SELECT count(*)::VARCHAR, coalesce(string_agg(place, chr(10) ORDER BY n) FILTER (n <= %d), '')
FROM (SELECT %s AS place, row_number() OVER () AS n FROM %s AS c WHERE %s)`, namedRows, placeOf(t), load.Identifier(t.Name), where)}}
}

// placeOf is SQL for what names a row: where it stands in its file, or its key.
func placeOf(t *schemas.Table) string {
	if t.Origin {
		return fmt.Sprintf("'submission ' || %s || ' sheet ' || %s || ' row ' || %s", schemas.SubmissionColumn, schemas.SheetColumn, schemas.RowColumn)
	}
	var keys []string
	for _, c := range t.Columns() {
		if c.Key {
			keys = append(keys, load.Identifier(c.Name)+"::VARCHAR")
		}
	}
	if len(keys) == 0 {
		return "''"
	}
	return "concat_ws('/', " + strings.Join(keys, ", ") + ")"
}

// outside is SQL for a row whose column lies outside what a check allows.
func outside(c schemas.Check) string {
	column := load.Identifier(c.Column)
	var or []string
	if c.From != nil {
		or = append(or, column+" < "+strconv.FormatFloat(*c.From, 'f', -1, 64))
	}
	if c.To != nil {
		or = append(or, column+" > "+strconv.FormatFloat(*c.To, 'f', -1, 64))
	}
	out := strings.Join(or, " OR ")
	if c.Where != nil {
		var codes []string
		for _, code := range c.Where.Is {
			codes = append(codes, load.Literal(code))
		}
		out = fmt.Sprintf("%s IN (%s) AND (%s)", load.Identifier(c.Where.Column), strings.Join(codes, ", "), out)
	}
	return out
}

// crossed is SQL for a row with an interval that ends before it begins; empty where the table has none.
func crossed(t *schemas.Table) string {
	low := map[string]string{} // by field
	var or []string
	for _, c := range t.Columns() {
		switch c.Part {
		case schemas.PartLow:
			low[c.Field] = c.Name
		case schemas.PartHigh:
			or = append(or, load.Identifier(low[c.Field])+" > "+load.Identifier(c.Name))
		}
	}
	return strings.Join(or, " OR ")
}

// astray is SQL for a row whose field leads to no row of the table that it names; empty where it names none, or one
// that the zone lacks.
func (g *gate) astray(t *schemas.Table, f *schemas.Field) string {
	target, column, ok := strings.Cut(f.References, ".")
	if !ok || len(g.written[target]) == 0 {
		return ""
	}
	field := "c." + load.Identifier(f.Name)
	return fmt.Sprintf("%s NOT IN (SELECT %s FROM %s WHERE %[2]s IS NOT NULL)", field, load.Identifier(column), load.Identifier(target))
}

// added is the sum of a question's answers, and the places that they name.
func added(rows [][]string) (n int64, places []string, err error) {
	for _, r := range rows {
		k, err := strconv.ParseInt(r[0], 10, 64)
		if err != nil {
			return 0, nil, err
		}
		n += k
		for _, place := range strings.Split(r[1], "\n") {
			if place != "" && len(places) < namedRows {
				places = append(places, place)
			}
		}
	}
	return n, places, nil
}

// checkTable holds the results themselves, and is written after all others.
const checkTable = "check_result"
