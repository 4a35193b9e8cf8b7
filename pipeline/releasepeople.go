package pipeline

import (
	"context"
	"fmt"
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

// releasedColumns is what of a person a release is made of, by the name of the column: from which field, and which of the person's
// records counts, those of the earliest registration first. A list is the codes that any of the records states, or denies, joined
// by ";".
var releasedColumns = []struct {
	column string
	from   releaseField
	takes  string
}{
	{"year", releaseField{"record", "registration"}, takesFirst},
	{"kind", releaseField{"record", "record_kind_code"}, takesFirst},
	{"sex", releaseField{"person", "sex_code"}, takesFirst},
	{"age", releaseField{"record", "age_years"}, takesFirst},
	{"exploited_age", releaseField{"episode", "age_at_exploitation_years"}, takesFirst},
	{"entry_age", releaseField{"record", "age_at_recruitment_years"}, takesFirst},
	{"citizenship", releaseField{"person", "citizenship_code"}, takesFirst},
	{"country", releaseField{"record_exploitation", "country_code"}, takesLast},
	{"status", releaseField{"record", "trafficking_status_code"}, takesLast},
	{"decider", releaseField{"record", "trafficking_status_decider_code"}, takesLast},
	{"case_status", releaseField{"record", "case_status_code"}, takesLast},
	{"means", releaseField{"record_means", "means_code"}, takesAll},
	{"means_denied", releaseField{"record_means", "means_code"}, takesAll},
	{"purposes", releaseField{"record_purpose", "purpose_code"}, takesAll},
	{"purposes_denied", releaseField{"record_purpose", "purpose_code"}, takesAll},
	{"activities", releaseField{"record_exploitation", "activity_code"}, takesAll},
	{"relations", releaseField{"record_perpetrator", "relationship_code"}, takesAll},
	{"ways", releaseField{"record_act", "way_code"}, takesAll},
}

// Which of a person's records a column is taken from.
const (
	takesFirst = "first" // that has a value
	takesLast  = "last"
	takesAll   = "all"
)

// peopleQuery copies what a release is made of from the files of a snapshot to files of its own, table by table: DuckDB
// joins nothing, and needs little memory.
type peopleQuery struct {
	job  load.AskJob
	snap *compared
	tmp  string
	out  map[string][]string // by table and what is copied of it, the files
}

// peopleMemory is what DuckDB may use, and filesOfCopy how many files it reads for one that it writes.
const (
	peopleMemory = 320 << 20
	filesOfCopy  = 100
)

func (q *peopleQuery) copy(name, table, sql string) {
	n := 0
	for files := range slices.Chunk(q.snap.files[table], filesOfCopy) {
		path := filepath.Join(q.tmp, fmt.Sprintf("%s-%d.csv", name, n))
		n++
		q.out[name] = append(q.out[name], path)
		q.job.Prepare = append(q.job.Prepare, load.Question{Name: "release", Files: files,
			SQL: "COPY (" + sql + ") TO " + load.Literal(path) + " (FORMAT csv, HEADER false)"})
	}
}

func ageText(field string) string {
	return fmt.Sprintf("%[1]s_low || '-' || coalesce(%[1]s_high::VARCHAR, '')", field)
}

// The columns of a copied record that are not among releasedColumns.
var recordTexts = []string{"kind", "own_sex", "age", "own_exploited_age", "entry_age", "met_in", "status", "decider", "case_status"}

// copyAll copies the records, and what hangs on them and on their persons. All rows of a record are in one file.
func (q *peopleQuery) copyAll(extra []string) {
	fields := ""
	for _, f := range extra {
		fields += ", " + load.Identifier(f)
	}
	q.copy("member", "person_record", "SELECT record_id, person_id FROM "+load.RowsOf)
	q.copy("who", "person", "SELECT person_id, sex_code, citizenship_code FROM "+load.RowsOf)
	q.copy("episode", "episode", "SELECT person_id, ordinal, "+ageText("age_at_exploitation_years")+" FROM "+load.RowsOf+" WHERE age_at_exploitation_years_low IS NOT NULL")
	q.copy("record", "record", `SELECT record_id, record_version, registration_from, CASE WHEN year(registration_from) = year(registration_to) THEN year(registration_from) END,
		record_kind_code, sex_code, `+ageText("age_years")+", "+ageText("age_at_exploitation_years")+", "+ageText("age_at_recruitment_years")+`,
		coalesce(interview_country_code, identification_country_code, reporting_country_code),
		trafficking_status_code, trafficking_status_decider_code, case_status_code`+fields+` FROM `+load.RowsOf+` WHERE is_current`)
	for _, l := range peopleLists {
		q.copy(l.name, l.table, fmt.Sprintf(`SELECT record_id, record_version, string_agg(%[1]s, ';') FILTER (%[2]s = 'yes'), string_agg(%[1]s, ';') FILTER (%[2]s = 'no')
			FROM %[3]s WHERE %[1]s IS NOT NULL GROUP BY record_id, record_version`, l.code, l.answer, load.RowsOf))
	}
	q.copy("place", "record_exploitation", "SELECT record_id, record_version, last(country_code ORDER BY ordinal) FROM "+load.RowsOf+" WHERE country_code IS NOT NULL GROUP BY record_id, record_version")
}

// peopleLists is the tables of which each row gives a code, and into which column it goes.
var peopleLists = []struct{ name, column, table, code, answer string }{
	{"means", "means", "record_means", "means_code", "answer_code"},
	{"purposes", "purposes", "record_purpose", "purpose_code", "answer_code"},
	{"exploited", "purposes", "record_exploitation", "purpose_code", "'yes'"},
	{"activities", "activities", "record_purpose", "activity_code", "answer_code"},
	{"worked", "activities", "record_exploitation", "activity_code", "'yes'"},
	{"relations", "relations", "record_perpetrator", "relationship_code", "'yes'"},
	{"ways", "ways", "record_act", "way_code", "answer_code"},
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
	q := &peopleQuery{snap: snap, tmp: tmp, out: map[string][]string{}, job: load.AskJob{Dirs: [2]string{snap.dir, tmp}, MemoryBytes: peopleMemory}}
	q.copyAll(extra)
	var answers load.Answers
	if err := sandbox.Run(ctx, RoleAsk, q.job, &answers, sandbox.Options{TempDir: tmp}); err != nil {
		return nil, fmt.Errorf("gather the persons: %w", err)
	}
	r := &recordSet{at: map[shortID]int32{}, columns: map[string]*wordColumn{}}
	if err := r.read(q.out, extra); err != nil {
		return nil, err
	}
	return r.people(filepath.Join(tmp, "records.txt"), extra)
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
