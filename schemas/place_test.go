package schemas

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// fillRecord sets what every row of person_record must say, but what is left out.
func fillRecord(r *Rows, without string) {
	for name, set := range map[string]func(p Place){
		"record_id":           func(p Place) { r.Text(p, "r1") },
		"person_id":           func(p Place) { r.Text(p, "p1") },
		"episode_id":          func(p Place) { r.Text(p, "e1") },
		"probability":         func(p Place) { r.Real(p, 0.5) },
		"is_reviewed":         func(p Place) { r.Truth(p, true) },
		"is_episode_in_doubt": func(p Place) { r.Truth(p, false) },
	} {
		if name != without {
			set(r.Place(name))
		}
	}
}

// TestPlaces: rows that are set value by value are those that Add makes of maps.
func TestPlaces(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	t1 := Builtin().Table("person_record").In(ZoneSteward)
	set, added := NewRows(mem, t1), NewRows(mem, t1)
	fillRecord(set, "")
	set.Text(set.Place("decided_by"), "")
	set.Text(set.Place("no_such_column"), "let go")
	if err := set.End(); err != nil {
		t.Fatal(err)
	}
	if err := added.Add(map[string]any{"record_id": "r1", "person_id": "p1", "episode_id": "e1", "probability": 0.5, "is_reviewed": true, "is_episode_in_doubt": false}); err != nil {
		t.Fatal(err)
	}
	a, b := set.Batch(), added.Batch()
	defer a.Release()
	defer b.Release()
	if !array.RecordEqual(a.Record, b.Record) {
		t.Errorf("set: %v\nadded: %v", a.Record, b.Record)
	}
}

// TestPlacesRefuse: what does not fit a row fails it, and says where.
func TestPlacesRefuse(t *testing.T) {
	t1 := Builtin().Table("person_record").In(ZoneSteward)
	episode := Builtin().Table("episode").In(ZoneSteward)
	for name, tt := range map[string]struct {
		table *Table
		set   func(r *Rows)
		says  string
	}{
		"a value that is missing": {t1, func(r *Rows) { fillRecord(r, "person_id") }, "person_id: a value is required"},
		"a value twice":           {t1, func(r *Rows) { fillRecord(r, ""); r.Text(r.Place("person_id"), "p2") }, "person_id: set twice"},
		"a number for a text":     {t1, func(r *Rows) { r.Int(r.Place("record_id"), 3) }, "record_id: no column of integers"},
		"a text for a number":     {t1, func(r *Rows) { r.Text(r.Place("probability"), "half") }, "probability: no column of text"},
		"a number for a truth":    {t1, func(r *Rows) { r.Real(r.Place("is_reviewed"), 1) }, "is_reviewed: no column of numbers"},
		"a truth for a date":      {episode, func(r *Rows) { r.Truth(r.Place("started_from"), true) }, "started_from: no column of truth"},
		"a date for a text":       {episode, func(r *Rows) { r.Day(r.Place("person_id"), 1) }, "person_id: no column of dates"},
		"a code of no list":       {episode, func(r *Rows) { r.Text(r.Place("exploitation_country_code"), "Atlantis") }, "not a code"},
	} {
		r := NewRows(memory.DefaultAllocator, tt.table)
		tt.set(r)
		if err := r.End(); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v", name, err)
		}
		r.Release()
	}
}
