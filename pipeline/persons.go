package pipeline

import (
	"context"
	"fmt"
	"sort"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"palermo/load"
)

// person is one person as far as exact keys tell: the records of one source with one case
// reference. Linkage will join persons; the tables, ids and columns are those it fills.
type person struct {
	anchor  string   // the first record received: the person's id is made from it
	records []string // in the order of receipt
	sex     taken
	birth   takenDays
	origin  taken
	differs bool // the records say two things of sex or birth

	exploited taken
	started   takenDays
}

// taken is a code, and the record that it was taken from: the first that has one.
type taken struct{ code, record string }

func (t *taken) take(code, record string) (differs bool) {
	if code == "" {
		return false
	}
	if t.record == "" {
		*t = taken{code, record}
	}
	return t.code != code
}

// takenDays is an interval of days, and the record that it was taken from.
type takenDays struct {
	from, to arrow.Date32
	record   string
}

// take keeps the first interval, and reports one that does not overlap it.
func (t *takenDays) take(from, to arrow.Date32, record string) (differs bool) {
	if t.record == "" {
		*t = takenDays{from, to, record}
	}
	return from > t.to || to < t.from
}

// people gathers the persons from the current versions of all records.
func (p *publication) people(ctx context.Context) ([]*person, error) {
	byCase, byRecord := map[string]*person{}, map[string]*person{}
	var out []*person
	for _, e := range p.entries {
		if !e.fills(recordTable) || !p.versions.taken(e.Submission) {
			continue
		}
		columns := []string{"case_id", "record_id", "record_version", "sex_code", "birth_from", "birth_to", "origin_country_code"}
		err := load.Rows(ctx, p.lakeFile(recordTable, e.Submission), columns, func(rec arrow.RecordBatch) error {
			for i := range int(rec.NumRows()) {
				id := load.Text(rec.Column(1), i)
				if !p.versions.current(e.Submission, id, rec.Column(2).(*array.Int64).Value(i)) {
					continue
				}
				who := byCase[load.Text(rec.Column(0), i)]
				if who == nil {
					who = &person{anchor: id}
					byCase[load.Text(rec.Column(0), i)] = who
					out = append(out, who)
				}
				byRecord[id] = who
				who.add(rec, i, id)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("gather persons: %w", err)
		}
	}
	return out, p.exploitation(ctx, byRecord)
}

func (w *person) add(rec arrow.RecordBatch, i int, record string) {
	w.records = append(w.records, record)
	code := func(c int) string {
		if rec.Column(c).IsNull(i) {
			return ""
		}
		return load.Text(rec.Column(c), i)
	}
	w.differs = w.sex.take(code(3), record) || w.differs
	w.origin.take(code(6), record)
	if from, to := rec.Column(4).(*array.Date32), rec.Column(5).(*array.Date32); from.IsValid(i) && to.IsValid(i) {
		w.differs = w.birth.take(from.Value(i), to.Value(i), record) || w.differs
	}
}

// exploitation adds where and from when the persons were exploited.
func (p *publication) exploitation(ctx context.Context, byRecord map[string]*person) error {
	for _, e := range p.entries {
		if !e.fills("record_exploitation") || !p.versions.taken(e.Submission) {
			continue
		}
		columns := []string{"record_id", "record_version", "country_code", "started_from", "started_to"}
		err := load.Rows(ctx, p.lakeFile("record_exploitation", e.Submission), columns, func(rec arrow.RecordBatch) error {
			for i := range int(rec.NumRows()) {
				id := load.Text(rec.Column(0), i)
				who := byRecord[id]
				if who == nil || !p.versions.current(e.Submission, id, rec.Column(1).(*array.Int64).Value(i)) {
					continue
				}
				if rec.Column(2).IsValid(i) {
					who.exploited.take(load.Text(rec.Column(2), i), id)
				}
				if from, to := rec.Column(3).(*array.Date32), rec.Column(4).(*array.Date32); from.IsValid(i) && to.IsValid(i) {
					who.started.take(from.Value(i), to.Value(i), id)
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("gather episodes: %w", err)
		}
	}
	return nil
}

// each hands f every person with its id in the zone, in the order of the ids.
func (p *publication) each(f func(id string, w *person) error) error {
	k := p.key.zone(p.zone)
	ids := make([]string, len(p.persons))
	at := make([]int, len(p.persons))
	for i, w := range p.persons {
		ids[i], at[i] = k.id(p.key.person(w.anchor)), i
	}
	sort.Slice(at, func(a, b int) bool { return ids[at[a]] < ids[at[b]] })
	for _, i := range at {
		if err := f(ids[i], p.persons[i]); err != nil {
			return err
		}
	}
	return nil
}

// status is the kind of empty of a value that no record has.
func status(has bool) any {
	if has {
		return nil
	}
	return statusUnknown
}

// statusUnknown is the code of the list value_status for what is not known.
const statusUnknown = "unknown"

func (p *publication) personRows(add func(map[string]any) error) error {
	k := p.key.zone(p.zone)
	return p.each(func(id string, w *person) error {
		row := map[string]any{"person_id": id, "records": int64(len(w.records)), "sources": int64(1), "is_conflicting": w.differs,
			"sex_code": text(w.sex.code), "sex_code_status": status(w.sex.record != ""), "sex_record_id": text(k.id(w.sex.record)),
			"origin_country_code": text(w.origin.code), "origin_country_code_status": status(w.origin.record != ""), "origin_record_id": text(k.id(w.origin.record)),
			"citizenship_code_status": statusUnknown, "birth_status": status(w.birth.record != ""), "birth_record_id": text(k.id(w.birth.record)),
			"probability_low_status": "not_applicable"}
		if w.birth.record != "" {
			row["birth_from"], row["birth_to"], row["birth_precision_code"] = w.birth.from.ToTime(), w.birth.to.ToTime(), "year"
		}
		return add(row)
	})
}

func (p *publication) episodeRows(add func(map[string]any) error) error {
	k := p.key.zone(p.zone)
	return p.each(func(id string, w *person) error {
		row := map[string]any{"episode_id": k.id(p.key.episode(w.anchor, 1)), "person_id": id, "ordinal": int64(1), "records": int64(len(w.records)),
			"started_status": status(w.started.record != ""), "started_record_id": text(k.id(w.started.record)), "ended_status": statusUnknown,
			"exploitation_country_code": text(w.exploited.code), "exploitation_country_code_status": status(w.exploited.record != ""),
			"exploitation_record_id": text(k.id(w.exploited.record)), "age_at_exploitation_years_status": statusUnknown}
		if w.started.record != "" {
			row["started_from"], row["started_to"] = w.started.from.ToTime(), w.started.to.ToTime()
		}
		return add(row)
	})
}

func (p *publication) membershipRows(add func(map[string]any) error) error {
	k := p.key.zone(p.zone)
	return p.each(func(id string, w *person) error {
		for _, r := range w.records {
			row := map[string]any{"record_id": k.id(r), "person_id": id, "episode_id": k.id(p.key.episode(w.anchor, 1)),
				"probability": 1.0, "is_reviewed": false}
			if err := add(row); err != nil {
				return err
			}
		}
		return nil
	})
}
