package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"palermo/load"
	"palermo/schemas"
)

// ask is what an id of explain names.
type ask struct {
	id      string
	subject string // an id of a record, person or episode; empty where a place is named
	version int    // of the record; 0 for the current one
	place   place

	table      string // another table than that of the subject or place; empty for that one
	ordinal    int    // of a row of the table
	definition string // of an assessment
}

const assessmentTable = "assessment"

// askForms is what an id may look like, for those who mistyped one.
const askForms = "an id is SUBMISSION.SHEET.ROW, as in column statistic_id; a record_id, person_id or episode_id; " +
	"or RECORD_ID/TABLE/ORDINAL or RECORD_ID/assessment/DEFINITION"

// parseAsk reads an id: a place or a subject, and what of it.
func parseAsk(id string) (*ask, error) {
	a := &ask{id: id}
	bad := fmt.Errorf("%s: %w", askForms, ErrNotFound)
	base, below, _ := strings.Cut(id, "/")
	if err := a.base(base); err != nil {
		return nil, bad
	}
	if below == "" {
		return a, nil
	}
	table, of, ok := strings.Cut(below, "/")
	if !ok {
		return nil, bad
	}
	if a.table = table; table == assessmentTable {
		a.definition = of
		return a, nil
	}
	n, err := strconv.Atoi(of)
	if err != nil || n < 1 {
		return nil, bad
	}
	a.ordinal = n
	return a, nil
}

func (a *ask) base(s string) error {
	if strings.Contains(s, ".") {
		p, err := parsePlace(s)
		a.place = p
		return err
	}
	id, version, versioned := strings.Cut(s, "@")
	if len(id) < 2 || !strings.Contains("rpe", id[:1]) {
		return ErrNotFound
	}
	a.subject = id
	if !versioned {
		return nil
	}
	n, err := strconv.Atoi(version)
	if err != nil || n < 1 || id[:1] != "r" {
		return ErrNotFound
	}
	a.version = n
	return nil
}

// published is the current snapshot, as explain asks it. Its zero value has no rows.
type published struct {
	dir string
	s   *schemas.Schema
}

func (h *Home) published() (*published, error) {
	dir, _, err := load.Current(h.Dir)
	if errors.Is(err, load.ErrNone) {
		err = nil
	}
	return &published{dir, h.Schema}, err
}

// row is the first row of a table's file that has the values; nil where there is none. A file is
// named by its submission, or like its table.
func (p *published) row(ctx context.Context, table, name string, where map[string]string) (map[string]string, error) {
	if p.dir == "" {
		return nil, nil
	}
	row, err := load.Lookup(ctx, p.path(table, name), where)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return row, err
}

func (p *published) rows(ctx context.Context, table, name string, where map[string]string) ([]map[string]string, error) {
	if p.dir == "" {
		return nil, nil
	}
	rows, err := load.Select(ctx, p.path(table, name), where)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return rows, err
}

func (p *published) path(table, name string) string {
	return filepath.Join(p.dir, filepath.FromSlash(load.ParquetPath(p.s.Table(table), name)))
}

// record is where the row stands that a version of a record came from; version 0 is the current.
func (p *published) record(ctx context.Context, id string, version int) (place, error) {
	where := map[string]string{"record_id": id, "is_current": "true"}
	if version > 0 {
		where = map[string]string{"record_id": id, "record_version": strconv.Itoa(version)}
	}
	files, err := filepath.Glob(p.path(recordTable, "*"))
	if err != nil || p.dir == "" {
		return place{}, errors.Join(err, notPublished("record", id))
	}
	slices.Sort(files)
	for _, f := range files {
		row, err := load.Lookup(ctx, f, where)
		if err != nil {
			return place{}, err
		}
		if row == nil {
			continue
		}
		at := place{submission: row[schemas.SubmissionColumn]}
		at.sheet, _ = strconv.Atoi(row[schemas.SheetColumn])
		at.row, _ = strconv.Atoi(row[schemas.RowColumn])
		return at, nil
	}
	return place{}, notPublished("record", id)
}

func notPublished(what, id string) error {
	return fmt.Errorf("the current snapshot has no %s %s: %w", what, id, ErrNotFound)
}
