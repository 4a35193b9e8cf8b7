package pipeline

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"palermo/load"
	"palermo/sandbox"
	"palermo/schemas"
)

// people is the persons of a published snapshot as a release takes them: one row a person, whatever number of records
// tells of the person; what identifies coarsened as analysts have it. Words are held once.
type people struct {
	n       int
	columns map[string]*wordColumn
	not     int64 // persons of whom every record with a decision says that they are no victims: not in a release

	records string // path: a line a person, its records' ids joined by blanks
}

// wordColumn is one word for each person; the empty word is none, and has code 0.
type wordColumn struct {
	codes []uint32
	words []string
	at    map[string]uint32
}

func newWordColumn() *wordColumn {
	return &wordColumn{words: []string{""}, at: map[string]uint32{"": 0}}
}

func (c *wordColumn) add(word string) { c.codes = append(c.codes, c.code(word)) }

func (c *wordColumn) code(word string) uint32 {
	code, known := c.at[word]
	if !known {
		word = strings.Clone(word)
		code = uint32(len(c.words))
		c.words, c.at[word] = append(c.words, word), code
	}
	return code
}

func (c *wordColumn) word(person int) string { return c.words[c.codes[person]] }

// releaseField is a field of the schema that a release is made of. Whether it identifies is for its class to say.
type releaseField struct {
	table, field string
}

// releasedColumns is what of a person a release is made of, by the name of the column: which fields, and how they are found
// among the person's records, those of the earliest registration first. What has no SQL is a list: the codes that any
// of the records states, or denies, joined by ";".
var releasedColumns = []struct {
	column string
	from   releaseField
	sql    string
}{
	{"year", releaseField{"record", "registration"}, `min(year) FILTER (year IS NOT NULL)`},
	{"kind", releaseField{"record", "record_kind_code"}, `CASE WHEN bool_and(kind = 'hotline') THEN 'hotline' ELSE min(kind) FILTER (kind <> 'hotline') END`},
	{"sex", releaseField{"person", "sex_code"}, `coalesce(any_value(person_sex), first(sex ORDER BY n) FILTER (sex IS NOT NULL))`},
	{"age", releaseField{"record", "age_years"}, `first(age ORDER BY n) FILTER (age IS NOT NULL)`},
	{"exploited_age", releaseField{"episode", "age_at_exploitation_years"}, `coalesce(any_value(episode_age), first(exploited_age ORDER BY n) FILTER (exploited_age IS NOT NULL))`},
	{"entry_age", releaseField{"record", "age_at_recruitment_years"}, `first(entry_age ORDER BY n) FILTER (entry_age IS NOT NULL)`},
	{"citizenship", releaseField{"person", "citizenship_code"}, `any_value(person_citizenship)`},
	// as CTDC takes it: where the person was exploited last, else where somebody met the person
	{"country", releaseField{"record_exploitation", "country_code"}, `coalesce(last(exploited_in ORDER BY n) FILTER (exploited_in IS NOT NULL), first(met_in ORDER BY n) FILTER (met_in IS NOT NULL))`},
	{"status", releaseField{"record", "trafficking_status_code"}, `last(status ORDER BY n) FILTER (status IS NOT NULL)`},
	{"decider", releaseField{"record", "trafficking_status_decider_code"}, `last(decider ORDER BY n) FILTER (decider IS NOT NULL)`},
	{"case_status", releaseField{"record", "case_status_code"}, `last(case_status ORDER BY n) FILTER (case_status IS NOT NULL)`},
	{"means", releaseField{"record_means", "means_code"}, ""},
	{"means_denied", releaseField{"record_means", "means_code"}, ""},
	{"purposes", releaseField{"record_purpose", "purpose_code"}, ""},
	{"purposes_denied", releaseField{"record_purpose", "purpose_code"}, ""},
	{"activities", releaseField{"record_exploitation", "activity_code"}, ""},
	{"relations", releaseField{"record_perpetrator", "relationship_code"}, ""},
	{"ways", releaseField{"record_act", "way_code"}, ""},
}

// peopleQuery gathers the persons of a snapshot in a DuckDB of its own.
type peopleQuery struct {
	job  load.AskJob
	snap *compared
}

func (q *peopleQuery) run(sql string) {
	q.job.Prepare = append(q.job.Prepare, load.Question{Name: "release", SQL: sql})
}

// gather makes a temporary table of the rows that the statement selects of a table's files.
func (q *peopleQuery) gather(name, columns, table, sql string) {
	if !strings.Contains(sql, load.RowsOf) {
		panic("release: a statement without rows")
	}
	if columns != "" {
		q.run(fmt.Sprintf("CREATE TEMP TABLE %s (%s)", name, columns))
	}
	if len(q.snap.files[table]) > 0 {
		q.job.Prepare = append(q.job.Prepare, load.Question{Name: "release", SQL: "INSERT INTO " + name + " " + sql, Files: q.snap.files[table]})
	}
}

// peopleMemory is what DuckDB may use to gather persons.
const peopleMemory = 640 << 20

func ageText(field string) string {
	return fmt.Sprintf("%[1]s_low || '-' || coalesce(%[1]s_high::VARCHAR, '')", field)
}

// releasePeople reads the persons of the current snapshot; extra are further fields of record, which are read as they
// stand in the person's first record that has them. Files are left in tmp.
func (h *Home) releasePeople(ctx context.Context, tmp string, extra []string) (*people, error) {
	dir, _, err := load.Current(h.Dir)
	if err != nil {
		return nil, err
	}
	snap, err := h.openCompared(dir)
	if err != nil {
		return nil, err
	}
	q := &peopleQuery{snap: snap, job: load.AskJob{Dirs: [2]string{snap.dir, tmp}, MemoryBytes: peopleMemory}}
	out := filepath.Join(tmp, "people.csv")
	q.gatherAll(extra)
	q.copyTo(out, extra)
	var answers load.Answers
	if err := sandbox.Run(ctx, RoleAsk, q.job, &answers, sandbox.Options{TempDir: tmp}); err != nil {
		return nil, fmt.Errorf("gather the persons: %w", err)
	}
	return readPeople(out, extra)
}

func (q *peopleQuery) gatherAll(extra []string) {
	q.gather("member", "record VARCHAR, person VARCHAR", "person_record", "SELECT record_id, person_id FROM "+load.RowsOf)
	q.gather("who", "person VARCHAR, sex VARCHAR, citizenship VARCHAR", "person", "SELECT person_id, sex_code, citizenship_code FROM "+load.RowsOf)
	q.gather("episodes", "person VARCHAR, ordinal BIGINT, age VARCHAR", "episode", "SELECT person_id, ordinal, "+ageText("age_at_exploitation_years")+" FROM "+load.RowsOf+" WHERE age_at_exploitation_years_low IS NOT NULL")
	columns, fields := "", ""
	for i, f := range extra {
		columns += fmt.Sprintf(", x%d VARCHAR", i)
		fields += ", " + load.Identifier(f)
	}
	q.gather("recorded", `record VARCHAR, version BIGINT, since DATE, year BIGINT, kind VARCHAR, sex VARCHAR, age VARCHAR, exploited_age VARCHAR,
		entry_age VARCHAR, met_in VARCHAR, status VARCHAR, decider VARCHAR, case_status VARCHAR`+columns, "record",
		`SELECT record_id, record_version, registration_from, CASE WHEN year(registration_from) = year(registration_to) THEN year(registration_from) END,
		record_kind_code, sex_code, `+ageText("age_years")+", "+ageText("age_at_exploitation_years")+", "+ageText("age_at_recruitment_years")+`,
		coalesce(interview_country_code, identification_country_code, reporting_country_code),
		trafficking_status_code, trafficking_status_decider_code, case_status_code`+fields+` FROM `+load.RowsOf+` WHERE is_current`)
	q.run(`CREATE TEMP TABLE said (record VARCHAR, version BIGINT, what VARCHAR, code VARCHAR, answer VARCHAR)`)
	for _, s := range []struct{ table, what, code, answer string }{
		{"record_means", "means", "means_code", "answer_code"},
		{"record_purpose", "purposes", "purpose_code", "answer_code"},
		{"record_exploitation", "purposes", "purpose_code", "'yes'"},
		{"record_purpose", "activities", "activity_code", "answer_code"},
		{"record_exploitation", "activities", "activity_code", "'yes'"},
		{"record_perpetrator", "relations", "relationship_code", "'yes'"},
		{"record_act", "ways", "way_code", "answer_code"},
	} {
		q.gather("said", "", s.table, fmt.Sprintf("SELECT record_id, record_version, %s, %s, %s FROM %s WHERE %[2]s IS NOT NULL AND %[3]s IN ('yes', 'no')",
			load.Literal(s.what), s.code, s.answer, load.RowsOf))
	}
	q.gather("place", "record VARCHAR, version BIGINT, ordinal BIGINT, country VARCHAR", "record_exploitation",
		"SELECT record_id, record_version, ordinal, country_code FROM "+load.RowsOf+" WHERE country_code IS NOT NULL")
}

// copyTo writes a line a person: the columns of releasedColumns, the further fields, the records, and whether none says victim.
func (q *peopleQuery) copyTo(out string, extra []string) {
	q.run(`CREATE TEMP TABLE one AS SELECT coalesce(m.person, r.record) AS person, r.*, w.sex AS person_sex, w.citizenship AS person_citizenship,
		p.country AS exploited_in, e.age AS episode_age, row_number() OVER (ORDER BY r.since NULLS LAST, r.record) AS n
		FROM recorded r LEFT JOIN member m USING (record) LEFT JOIN who w ON w.person = m.person
		LEFT JOIN (SELECT person, first(age ORDER BY ordinal) AS age FROM episodes GROUP BY person) e ON e.person = m.person
		LEFT JOIN (SELECT record, version, last(country ORDER BY ordinal) AS country FROM place GROUP BY record, version) p USING (record, version)`)
	q.run(`DROP TABLE recorded`)
	q.run(`CREATE TEMP TABLE stated AS SELECT one.person, what, answer, string_agg(DISTINCT code, ';' ORDER BY code) AS list
		FROM said JOIN one USING (record, version) GROUP BY ALL`)
	q.run(`DROP TABLE said`)
	var lists, columns []string
	for _, t := range releasedColumns {
		if t.sql != "" {
			columns = append(columns, t.sql+" AS "+load.Identifier(t.column))
		}
	}
	for i := range extra {
		columns = append(columns, fmt.Sprintf("first(x%[1]d ORDER BY n) FILTER (x%[1]d IS NOT NULL) AS x%[1]d", i))
	}
	for _, what := range []string{"means", "purposes", "activities", "relations", "ways"} {
		for _, answer := range []string{"yes", "no"} {
			lists = append(lists, fmt.Sprintf("any_value(list) FILTER (what = %s AND answer = %s) AS %s", load.Literal(what), load.Literal(answer), listColumn(what, answer)))
		}
	}
	q.run(`CREATE TEMP TABLE lists AS SELECT person, ` + strings.Join(lists, ", ") + ` FROM stated GROUP BY person`)
	q.run(`DROP TABLE stated`)
	var names []string
	for _, c := range peopleColumns(extra) {
		names = append(names, load.Identifier(c))
	}
	q.run(fmt.Sprintf(`COPY (SELECT %s, records, coalesce(no_victim, false) FROM (SELECT person, %s, string_agg(record, ' ' ORDER BY n) AS records,
		bool_and(status = 'not_a_victim') FILTER (status IS NOT NULL) AS no_victim FROM one GROUP BY person) LEFT JOIN lists USING (person)
		ORDER BY person) TO %s (FORMAT csv, HEADER false)`, strings.Join(names, ", "), strings.Join(columns, ", "), load.Literal(out)))
}

// listColumn is the name of the column of the codes that are stated, or denied.
func listColumn(what, answer string) string {
	if answer == "no" {
		return what + "_denied"
	}
	return what
}

func peopleColumns(extra []string) []string {
	var out []string
	for _, t := range releasedColumns {
		out = append(out, t.column)
	}
	for i := range extra {
		out = append(out, fmt.Sprintf("x%d", i))
	}
	return out
}

// readPeople reads what copyTo wrote, and parts the ids of the records from it: they are wanted at the end only.
func readPeople(path string, extra []string) (p *people, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, environment(err)
	}
	defer f.Close()
	p = &people{columns: map[string]*wordColumn{}, records: path + ".records"}
	records, err := os.OpenFile(p.records, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, environment(err)
	}
	lines := newLineWriter(records)
	defer func() { err = errors.Join(err, lines.close()) }()
	names := peopleColumns(extra)
	columns := make([]*wordColumn, len(names))
	for i, name := range names {
		columns[i] = newWordColumn()
		p.columns[name] = columns[i]
	}
	r := csv.NewReader(f)
	r.ReuseRecord, r.FieldsPerRecord = true, len(names)+2
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return p, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the persons: %w", err)
		}
		if row[len(names)+1] == "true" {
			p.not++
			continue
		}
		for i, c := range columns {
			c.add(row[i])
		}
		p.n++
		if err := lines.line(row[len(names)]); err != nil {
			return nil, environment(err)
		}
	}
}

// ErrMayNotLeave says that a field may not be released by its class.
type ErrMayNotLeave struct {
	Field string
	Class schemas.Class
}

func (e *ErrMayNotLeave) Error() string {
	return fmt.Sprintf("%s is of class %s: it cannot be released", e.Field, e.Class)
}

// leaves is how a field may leave: as it is, or only among what identifies. Any class but these two never
// does, and a quasi field that analysts do not have either.
func (h *Home) leaves(f releaseField) (identifies bool, err error) {
	t := h.Schema.Table(f.table)
	at := -1
	if t != nil {
		at = slices.IndexFunc(t.Fields, func(x schemas.Field) bool { return x.Name == f.field })
	}
	if at < 0 {
		return false, ConfigFinding(fmt.Sprintf("%s.%s: no such field", f.table, f.field))
	}
	x := t.Fields[at]
	switch {
	case x.Class == schemas.ClassNone:
		return false, nil
	case x.Class == schemas.ClassQuasi && x.Coarsen != schemas.CoarsenOmit:
		return true, nil
	}
	return false, &ErrMayNotLeave{f.table + "." + f.field, x.Class}
}
