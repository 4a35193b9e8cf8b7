package pipeline_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"palermo/fixtures"
	"palermo/pipeline"
)

func openHome(t *testing.T, dir string) *pipeline.Home {
	t.Helper()
	h, err := pipeline.OpenHome(dir, "")
	check(t, err)
	return h
}

// TestDecisions: what reviewers decide joins and parts records in every later run, the last decision
// on a pair counts, and the persons' ids follow by rule.
func TestDecisions(t *testing.T) {
	t.Parallel()
	files, truth := caseFiles(t, fixtures.CasesOptions{CTM: 300, RCP: 100, Seed: 5})
	home := newHome(t, files)
	run(t, home, pipeline.Options{Now: clock(1)})
	private := privateRecord(t)
	id := stewardRecord(t)
	before := memberships(t, home)
	a, b := joinedPair(t, truth, before, id)
	decide := func(verdict, reason string) {
		check(t, openHome(t, home).AppendDecision(pipeline.Decision{A: private(a), B: private(b), Verdict: verdict, Reviewer: "reviewer 1", At: clock(2)(), Reason: reason}))
	}
	same := func() bool { m := memberships(t, home); return m[id(a)].person == m[id(b)].person }

	decide(pipeline.VerdictDifferent, "another scar")
	if s := run(t, home, pipeline.Options{Now: clock(2)}); s.Status != pipeline.RunPublished || same() {
		t.Fatalf("%s: a decision parts nothing", s.Status)
	}
	if s := run(t, home, pipeline.Options{Now: clock(3)}); s.Status != pipeline.RunNothingNew {
		t.Errorf("without a new decision: %s", s.Status)
	}
	db := openNewestSteward(t, home)
	if got := query(t, db, `SELECT bound_by, is_joined FROM link_pair WHERE bound_by = 'different'`); len(got) != 1 || got[0] != "different|false" {
		t.Errorf("the parted pair: %v", got)
	}
	if got := query(t, open(t, home), `SELECT kind_code, count(*) FROM person_event WHERE kind_code <> 'created' GROUP BY 1`); len(got) != 1 || got[0] != "split|1" {
		t.Errorf("events: %v", got)
	}
	decide(pipeline.VerdictSame, "")
	run(t, home, pipeline.Options{Now: clock(4)})
	if !same() {
		t.Error("the last decision does not count")
	}
	if d := cmp.Diff(before, memberships(t, home), cmp.AllowUnexported(found{})); d != "" {
		t.Errorf("parted and joined again (-before +after):\n%s", d)
	}
	if got := query(t, openNewestSteward(t, home), `SELECT decision_code, replaced_by IS NULL FROM link_review ORDER BY review_id`); strings.Join(got, " ") != "different|false same|true" {
		t.Errorf("decisions: %v", got)
	}
	if got := query(t, open(t, home), `SELECT count(*) FROM person_superseded AS s JOIN person AS p ON p.person_id = s.current_person_id`); got[0] != "1" {
		t.Errorf("superseded ids: %v", got)
	}
	if got := query(t, openNewestSteward(t, home), `SELECT count(*) FROM person_record WHERE is_reviewed`); got[0] != "2" {
		t.Errorf("reviewed records: %v", got)
	}
}

// joinedPair is two records of the truth that are joined and of two cases.
func joinedPair(t *testing.T, truth []map[string]string, m map[string]found, id func(map[string]string) string) (a, b map[string]string) {
	t.Helper()
	size := map[string]int{}
	for _, f := range m {
		size[f.person]++
	}
	byPerson := map[string]map[string]string{}
	for _, r := range truth {
		f, ok := m[id(r)]
		if !ok || size[f.person] != 2 {
			continue
		}
		if other := byPerson[f.person]; other != nil && other["case_reference"] != r["case_reference"] {
			return other, r
		}
		byPerson[f.person] = r
	}
	t.Fatal("no two records are joined")
	return nil, nil
}

func privateRecord(t *testing.T) func(r map[string]string) string {
	k := keyBytes(t)
	return func(r map[string]string) string {
		return "r" + mac(k, "record", r["source"], r["agency"], r["form"], r["case_reference"])[:24]
	}
}

func TestDecisionsTorn(t *testing.T) {
	h := openHome(t, newHome(t, nil))
	d := pipeline.Decision{A: "r1", B: "r2", Verdict: pipeline.VerdictSame, Reviewer: "x", At: time.Unix(0, 0).UTC()}
	for _, bad := range []pipeline.Decision{{}, {A: "r1", B: "r1", Verdict: "same", Reviewer: "x", At: d.At}, {A: "r1", B: "r2", Verdict: "maybe", Reviewer: "x", At: d.At},
		{A: "r1", B: "r2", Verdict: "same", At: d.At}, {A: "r1", B: "r2", Verdict: "same", Reviewer: "x"}} {
		if h.AppendDecision(bad) == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
	check(t, h.AppendDecision(d))
	file := filepath.Join(h.Dir, "state", "reviews", "decisions.jsonl")
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	check(t, err)
	_, err = f.WriteString(`{"a":"r1","b":"r3","verd`)
	check(t, err)
	check(t, f.Close())
	for n := 1; n <= 2; n++ {
		got, err := h.ReadDecisions()
		if err != nil || len(got) != n {
			t.Fatalf("%d decisions, want %d: %v", len(got), n, err)
		}
		check(t, h.AppendDecision(d))
	}
}

// TestRegistryIsHeld: a run does not name persons anew where the registry of the published snapshot
// is missing or another.
func TestRegistryIsHeld(t *testing.T) {
	t.Parallel()
	files, _ := caseFiles(t, fixtures.CasesOptions{CTM: 60, RCP: 30, Seed: 5})
	home := newHome(t, files)
	s := run(t, home, pipeline.Options{Now: clock(1)})
	file := filepath.Join(home, "state", "runs", s.Run, "persons.json")
	whole, err := os.ReadFile(file)
	check(t, err)
	for what, b := range map[string][]byte{"another": append(whole, '\n'), "none": nil} {
		check(t, os.WriteFile(file, b, 0o600))
		if _, err := tryRun(home, pipeline.Options{Full: true, Now: clock(2)}); err == nil || !strings.Contains(err.Error(), "person registry") {
			t.Errorf("%s: %v", what, err)
		}
	}
	check(t, os.WriteFile(file, whole, 0o600))
	run(t, home, pipeline.Options{Full: true, Now: clock(3)})
	if kept, err := filepath.Glob(filepath.Join(home, "state", "runs", "*")); err != nil || len(kept) != 2 {
		t.Errorf("%d registries of 2 snapshots: %v", len(kept), err)
	}
	for what, harm := range map[string]func(snapshot string) error{
		"a torn manifest": func(dir string) error { return os.Truncate(filepath.Join(dir, "manifest.json"), 40) },
		"no snapshot":     os.RemoveAll,
	} {
		dir, err := filepath.EvalSymlinks(filepath.Join(home, "current"))
		check(t, err)
		check(t, harm(dir))
		s := run(t, home, pipeline.Options{Now: clock(4)})
		if d := cmp.Diff(whole, read(t, home, "state", "runs", s.Run, "persons.json")); d != "" {
			t.Errorf("%s: another registry (-before +after):\n%s", what, d)
		}
	}
}

// TestPersonsOverNights: homes that were fed over one night and over several, with one model, have
// the same persons, episodes and values, but for what each person is named after.
func TestPersonsOverNights(t *testing.T) {
	t.Parallel()
	files, _ := caseFiles(t, fixtures.CasesOptions{CTM: 900, RCP: 500, Seed: 5})
	at := newHome(t, files)
	s := run(t, at, pipeline.Options{})
	if s.Linkage.BuiltIn {
		t.Fatal("no model was estimated")
	}
	want := parquetFiles(t, at)
	run(t, at, pipeline.Options{Full: true})
	if d := cmp.Diff(want, parquetFiles(t, at)); d != "" {
		t.Errorf("bytes differ (-first +full):\n%s", d)
	}
	over := newHome(t, nil)
	check(t, os.MkdirAll(filepath.Join(over, "state"), 0o700))
	check(t, os.CopyFS(filepath.Join(over, "state", "models"), os.DirFS(filepath.Join(at, "state", "models"))))
	names := slices.Sorted(maps.Keys(files))
	const nights = 3
	for n := range nights {
		for i, name := range names {
			if i%nights == n {
				drop(t, over, name, files[name])
			}
		}
		if n == nights-1 {
			check(t, os.CopyFS(filepath.Join(filepath.Dir(over), "damaged"), os.DirFS(over)))
		}
		core, logs := observer.New(zap.InfoLevel)
		run(t, over, pipeline.Options{Now: clock(n + 1), Log: zap.New(core)})
		linked := logs.FilterMessage("records linked").All()[0].ContextMap()
		if fresh, all := linked["fresh"].(int64), linked["records"].(int64); fresh == 0 || n > 0 && fresh == all {
			t.Errorf("night %d: the pairs of %d of %d records were weighed", n+1, fresh, all)
		}
	}
	gradually := parquetFiles(t, over)
	run(t, over, pipeline.Options{Now: clock(nights), Full: true})
	if d := cmp.Diff(gradually, parquetFiles(t, over)); d != "" {
		t.Errorf("bytes differ (-with what was weighed before +full):\n%s", d)
	}
	damaged := filepath.Join(filepath.Dir(over), "damaged")
	kept, err := filepath.Glob(filepath.Join(damaged, "state", "runs", "*", "pairs.gob"))
	check(t, err)
	for _, f := range kept {
		b := read(t, f)
		write(t, f, b[:len(b)/2])
	}
	run(t, damaged, pipeline.Options{Now: clock(nights)})
	if d := cmp.Diff(gradually, parquetFiles(t, damaged)); d != "" || len(kept) == 0 {
		t.Errorf("%d files of pairs were damaged; bytes differ (-whole +damaged):\n%s", len(kept), d)
	}
	for what, q := range map[string]string{
		"persons": `SELECT min(m.record_id), string_agg(m.record_id, ' ' ORDER BY m.record_id), any_value(p.sex_code), any_value(p.sex_record_id), any_value(p.birth_from),
			any_value(p.birth_record_id), any_value(p.citizenship_code), any_value(p.citizenship_record_id), any_value(p.episodes), any_value(round(p.probability_low, 9))
			FROM person_record AS m JOIN person AS p USING (person_id) GROUP BY m.person_id ORDER BY 1`,
		"episodes": `SELECT string_agg(m.record_id, ' ' ORDER BY m.record_id), any_value(e.ordinal), any_value(e.started_from), any_value(e.exploitation_country_code), any_value(e.parted_by)
			FROM person_record AS m JOIN episode AS e USING (episode_id) GROUP BY m.episode_id ORDER BY 1`,
		"pairs": `SELECT record_id_a, record_id_b, total_bits, status_code, is_joined FROM link_pair ORDER BY ALL`,
	} {
		if d := cmp.Diff(query(t, openNewestSteward(t, at), q), query(t, openNewestSteward(t, over), q)); d != "" {
			t.Errorf("%s (-one night +several):\n%.2000s", what, d)
		}
	}
	if got := query(t, open(t, over), `SELECT count(DISTINCT night) FROM person_event`); got[0] != fmt.Sprint(nights) {
		t.Errorf("events of %s nights", got[0])
	}
}
