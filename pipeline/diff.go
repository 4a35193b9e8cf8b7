package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"palermo/load"
	"palermo/sandbox"
	"palermo/schemas"
)

// Diff is how two snapshots differ.
type Diff struct {
	From    string   `json:"from"` // run; empty for none
	To      string   `json:"to"`
	Changes []Change `json:"changes"`           // by table, agency and reason
	Skipped []string `json:"skipped"`           // tables whose keys differ, so that rows cannot be told to be the same
	Rekeyed bool     `json:"rekeyed,omitempty"` // the home's key was rotated between them: tables with ids are among those
}

// Change is the rows of one table and one agency that differ for one reason. A row is the same where its key is.
type Change struct {
	Table   string `json:"table"`
	Agency  string `json:"agency,omitempty"` // empty for what comes from no file
	Reason  string `json:"reason"`
	Added   int64  `json:"added"`
	Changed int64  `json:"changed"`
	Removed int64  `json:"removed"`
	Merged  int64  `json:"merged"` // of person: ids that went to another
	Split   int64  `json:"split"`  // of person: ids that some of their records left
}

// Why rows differ.
const (
	ReasonNewFile  = "new_file"         // its submission is new
	ReasonMapping  = "mapping_changed"  // its submission was read with another mapping
	ReasonStatus   = "status_changed"   // what its submission is changed: withdrawn, confirmed, refused
	ReasonLater    = "later_submission" // what came later changed how it stands
	ReasonLinkage  = "linkage"          // other records are of one person
	ReasonSchema   = "schema"           // the declarations or the built-in lists changed
	ReasonAccount  = "account"          // it tells of what was done, not of data
	ReasonEarliest = "first_snapshot"   // there was none before
)

// Diff compares the snapshots of two runs, by their ids or the beginnings of these. Without to it compares with the
// current one, and without from with the one before.
func (h *Home) Diff(ctx context.Context, from, to string) (*Diff, error) {
	there, err := h.snapshots()
	if err != nil {
		return nil, err
	}
	if to == "" {
		if to, err = load.CurrentRun(h.Dir); err != nil {
			return nil, err
		}
	} else if to, err = oneOf(there, to); err != nil {
		return nil, err
	}
	if from == "" {
		at := slices.Index(there, to)
		if at < 1 {
			return nil, fmt.Errorf("a snapshot before %s: %w", to, ErrNotFound)
		}
		from = there[at-1]
	} else if from, err = oneOf(there, from); err != nil {
		return nil, err
	}
	l, err := h.ReadLedger()
	if err != nil {
		return nil, err
	}
	return h.compare(ctx, h.path(snapshotsDir, from), h.path(snapshotsDir, to), l)
}

// compared is one of two snapshots: its files by table, and the columns they have.
type compared struct {
	dir     string
	idKey   string // mark of the key of its ids
	files   map[string][]string
	columns map[string][]string
}

// compare compares two snapshots' folders; from is empty for none.
func (h *Home) compare(ctx context.Context, from, to string, l *Ledger) (*Diff, error) {
	a, err := h.openCompared(from)
	if err != nil {
		return nil, err
	}
	b, err := h.openCompared(to)
	if err != nil {
		return nil, err
	}
	return h.compareOpened(ctx, a, b, l)
}

// compareOpened compares two snapshots, the newer of which may not be published yet.
func (h *Home) compareOpened(ctx context.Context, a, b *compared, l *Ledger) (*Diff, error) {
	d := &Diff{To: filepath.Base(b.dir), Rekeyed: a.dir != "" && a.idKey != b.idKey, Changes: []Change{}, Skipped: []string{}}
	if a.dir != "" {
		d.From = filepath.Base(a.dir)
	}
	q := &comparison{Home: h, a: a, b: b, job: load.AskJob{Dirs: [2]string{cmp.Or(a.dir, b.dir), b.dir}}}
	q.submissions(l)
	for _, t := range h.Schema.Tables {
		if t.In(schemas.ZoneAnalyst) == nil || t.Name == "run" || t.Name == checkTable || len(b.files[t.Name]) == 0 {
			continue
		}
		if !q.table(t.In(schemas.ZoneAnalyst)) {
			d.Skipped = append(d.Skipped, t.Name)
		}
	}
	q.persons()
	tmp := h.path(stateDir, "tmp")
	if _, err := os.Stat(tmp); err != nil {
		tmp = ""
	}
	var answers load.Answers
	if err := sandbox.Run(ctx, RoleAsk, q.job, &answers, sandbox.Options{TempDir: tmp}); err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	return d, d.read(answers, a.dir == "")
}

func (h *Home) openCompared(dir string) (*compared, error) {
	s := &compared{files: map[string][]string{}, columns: map[string][]string{}}
	if dir == "" {
		return s, nil
	}
	var err error
	if s.dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, environment(err)
	}
	m, err := load.ReadManifest(s.dir)
	if err != nil {
		return nil, err
	}
	if k, err := h.keys.published(m); err == nil {
		s.idKey = h.keys.mark(k)
	}
	for _, f := range m.Files {
		table, path := load.TableOf(f.Path), filepath.Join(s.dir, filepath.FromSlash(f.Path))
		if table == "" {
			continue
		}
		s.files[table] = append(s.files[table], path)
		if s.columns[table] == nil {
			footer, err := load.ReadFooter(path)
			if err != nil {
				return nil, err
			}
			s.columns[table] = footer.Columns
		}
	}
	return s, nil
}

// comparison is the questions of a comparison.
type comparison struct {
	*Home
	a, b *compared
	job  load.AskJob
}

func (q *comparison) prepare(sql string, files []string) {
	if strings.Contains(sql, load.RowsOf) && len(files) == 0 {
		return
	}
	q.job.Prepare = append(q.job.Prepare, load.Question{Name: "compare", SQL: sql, Files: files})
}

// submissions gathers whose each submission is, which the ledger knows, and what each side has of it.
func (q *comparison) submissions(l *Ledger) {
	q.prepare("CREATE TEMP TABLE whose (id VARCHAR, agency VARCHAR)", nil)
	for some := range slices.Chunk(l.Submissions, 500) {
		values := make([]string, len(some))
		for i := range some {
			values[i] = fmt.Sprintf("(%s, %s)", load.Literal(some[i].ID), load.Literal(some[i].Agency))
		}
		q.prepare("INSERT INTO whose VALUES "+strings.Join(values, ", "), nil)
	}
	for name, s := range map[string]*compared{"a": q.a, "b": q.b} {
		q.prepare(fmt.Sprintf(`CREATE TEMP TABLE sub_%s (id VARCHAR, status VARCHAR, mapping VARCHAR)`, name), nil)
		q.prepare(fmt.Sprintf(`INSERT INTO sub_%s SELECT submission_id, status_code, mapping_digest FROM %s`, name, load.RowsOf), s.files["submission"])
	}
}

// rekeyed reports whether the ids of the two were made with unlike keys: the key was rotated between them.
func (q *comparison) rekeyed() bool { return q.a.dir != "" && q.a.idKey != q.b.idKey }

// table asks about one table, and reports whether its rows can be compared.
func (q *comparison) table(t *schemas.Table) bool {
	if q.rekeyed() && len(t.Keyed()) > 0 {
		return false
	}
	var keys, rest []string
	submission := "NULL"
	for _, c := range t.Columns() {
		in := slices.Contains(q.b.columns[t.Name], c.Name) && (q.a.columns[t.Name] == nil || slices.Contains(q.a.columns[t.Name], c.Name))
		switch {
		case c.Key && !in:
			return false
		case c.Key:
			keys = append(keys, load.Identifier(c.Name)+"::VARCHAR")
		case in:
			rest = append(rest, load.Identifier(c.Name))
		}
		if in && (c.Name == schemas.SubmissionColumn || c.Name == "submission_id") {
			submission = load.Identifier(c.Name)
		}
	}
	key, hash := strings.Join(keys, ", "), "0::UBIGINT"
	if len(rest) > 0 {
		hash = "hash(row(" + strings.Join(rest, ", ") + "))"
	}
	if len(keys) == 0 {
		key = hash + "::VARCHAR"
	}
	for name, s := range map[string]*compared{"a": q.a, "b": q.b} {
		q.prepare(fmt.Sprintf("CREATE OR REPLACE TEMP TABLE rows_%s_%s (k VARCHAR[], h UBIGINT, s VARCHAR)", name, t.Name), nil)
		q.prepare(fmt.Sprintf("INSERT INTO rows_%s_%s SELECT [%s], %s, %s FROM %s", name, t.Name, key, hash, submission, load.RowsOf), s.files[t.Name])
	}
	q.job.Questions = append(q.job.Questions, load.Question{Name: t.Name, SQL: fmt.Sprintf(`
SELECT coalesce(w.agency, ''), %[2]s AS reason,
  count(*) FILTER (a.k IS NULL)::VARCHAR, count(*) FILTER (a.k IS NOT NULL AND b.k IS NOT NULL)::VARCHAR, count(*) FILTER (b.k IS NULL)::VARCHAR
FROM rows_a_%[1]s a FULL JOIN rows_b_%[1]s b ON a.k = b.k
LEFT JOIN sub_a x ON x.id = coalesce(b.s, a.s) LEFT JOIN sub_b y ON y.id = coalesce(b.s, a.s)
LEFT JOIN whose w ON w.id = coalesce(b.s, a.s)
WHERE a.k IS NULL OR b.k IS NULL OR a.h <> b.h
GROUP BY ALL ORDER BY ALL`, t.Name, reason(t))})
	return true
}

// reason is SQL for why a row differs.
func reason(t *schemas.Table) string {
	other := map[schemas.Group]string{schemas.GroupLinkage: ReasonLinkage, schemas.GroupReference: ReasonSchema, schemas.GroupLedger: ReasonAccount}[t.Group]
	return fmt.Sprintf(`CASE WHEN coalesce(b.s, a.s) IS NULL THEN %s
  WHEN x.id IS NULL AND y.id IS NOT NULL THEN %s
  WHEN x.mapping IS DISTINCT FROM y.mapping AND x.status IS NOT DISTINCT FROM y.status THEN %s
  WHEN x.status IS DISTINCT FROM y.status THEN %s ELSE %s END`,
		load.Literal(cmp.Or(other, ReasonLater)), load.Literal(ReasonNewFile), load.Literal(ReasonMapping), load.Literal(ReasonStatus), load.Literal(ReasonLater))
}

// persons asks which ids of persons went to others, or lost records to them, by the agencies whose records are of
// those that they went to.
func (q *comparison) persons() {
	if len(q.b.files["person_event"]) == 0 || len(q.b.files["person_record"]) == 0 || len(q.b.files["record"]) == 0 {
		return
	}
	q.prepare("CREATE TEMP TABLE seen (id VARCHAR)", nil)
	q.prepare("INSERT INTO seen SELECT event_id FROM "+load.RowsOf, q.a.files["person_event"])
	q.prepare("CREATE TEMP TABLE happened (person VARCHAR, other VARCHAR, kind VARCHAR)", nil)
	q.prepare("INSERT INTO happened SELECT person_id, other_person_id, kind_code FROM "+load.RowsOf+" WHERE kind_code IN ('merged', 'split') AND event_id NOT IN (SELECT id FROM seen)", q.b.files["person_event"])
	q.prepare("CREATE TEMP TABLE of_person (person VARCHAR, record VARCHAR)", nil)
	q.prepare("INSERT INTO of_person SELECT person_id, record_id FROM "+load.RowsOf, q.b.files["person_record"])
	q.prepare("CREATE TEMP TABLE of_agency (record VARCHAR, agency VARCHAR)", nil)
	q.prepare("INSERT INTO of_agency SELECT DISTINCT record_id, y.agency FROM "+load.RowsOf+" JOIN whose y ON y.id = _submission", q.b.files["record"])
	q.job.Questions = append(q.job.Questions, load.Question{Name: personEvents, SQL: `
SELECT coalesce(w.agency, ''), count(DISTINCT person) FILTER (kind = 'merged')::VARCHAR, count(DISTINCT person) FILTER (kind = 'split')::VARCHAR
FROM happened LEFT JOIN (SELECT DISTINCT p.person AS whose, agency FROM of_person p JOIN of_agency r USING (record)) w ON w.whose = happened.other
GROUP BY ALL ORDER BY ALL`})
}

// personEvents is the question about persons' ids among the answers.
const personEvents = "events of persons"

// read makes changes of the answers.
func (d *Diff) read(answers load.Answers, first bool) error {
	for _, table := range sortedKeys(answers) {
		for _, row := range answers[table] {
			c := Change{Table: table, Agency: row[0]}
			figures := []*int64{&c.Added, &c.Changed, &c.Removed}
			texts := row[1:]
			if table == personEvents {
				c.Table, c.Reason, figures = "person", ReasonLinkage, []*int64{&c.Merged, &c.Split}
			} else {
				c.Reason, texts = row[1], row[2:]
			}
			if first {
				c.Reason = ReasonEarliest
			}
			for i, to := range figures {
				n, err := strconv.ParseInt(texts[i], 10, 64)
				if err != nil {
					return fmt.Errorf("compare: %w", err)
				}
				*to = n
			}
			d.Changes = append(d.Changes, c)
		}
	}
	slices.SortFunc(d.Changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Agency, b.Agency), cmp.Compare(a.Reason, b.Reason))
	})
	return nil
}
