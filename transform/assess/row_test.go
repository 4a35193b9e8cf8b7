package assess_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"palermo/schemas"
	"palermo/transform/assess"
)

// TestColumns holds every row of every case to the declaration of the table: its columns are all
// there, codes are of their lists, and the key tells rows apart.
func TestColumns(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	table := schemas.Builtin().Table("assessment")
	var want []string
	for _, c := range table.Columns() {
		want = append(want, c.Name)
	}
	slices.Sort(want)
	rows := schemas.NewRows(mem, table)
	for _, c := range cases {
		keys := map[string]bool{}
		for _, r := range assess.Assess(assess.Builtin(), c.st) {
			columns := r.Columns()
			if d := cmp.Diff(want, slices.Sorted(maps.Keys(columns))); d != "" {
				t.Fatalf("columns (-table +row):\n%s", d)
			}
			if err := rows.Add(columns); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			key := columns["definition_code"].(string) + " " + columns["status_code"].(string)
			if keys[key] {
				t.Errorf("%s: two rows with the key %s", c.name, key)
			}
			keys[key] = true
		}
	}
	b := rows.Batch()
	defer b.Record.Release()
	if b.Record.NumRows() < int64(3*len(cases)) {
		t.Errorf("%d rows of %d cases under three definitions", b.Record.NumRows(), len(cases))
	}
}

// TestWordsAreCodes holds the Go constants to the code lists, both ways.
func TestWordsAreCodes(t *testing.T) {
	for list, of := range map[string]func(uint8) string{
		"answer":            func(i uint8) string { return assess.Answer(i).String() },
		"stage":             func(i uint8) string { return assess.Stage(i).String() },
		"basis":             func(i uint8) string { return assess.Moment(i).String() },
		"subject_kind":      func(i uint8) string { return assess.SubjectKind(i).String() },
		"leg_kind":          func(i uint8) string { return assess.LegKind(i).String() },
		"element_state":     func(i uint8) string { return assess.ElementState(i).String() },
		"child_state":       func(i uint8) string { return assess.ChildState(i).String() },
		"consent_effect":    func(i uint8) string { return assess.ConsentEffect(i).String() },
		"border_state":      func(i uint8) string { return assess.Border(i).String() },
		"assessment_status": func(i uint8) string { return assess.Status(i).String() },
	} {
		var got, want []string
		for i := range uint8(255) {
			if s := of(i); s != "" {
				got = append(got, s)
			}
		}
		for _, e := range schemas.Builtin().List(list).Codes {
			want = append(want, e.Code)
		}
		slices.Sort(got)
		slices.Sort(want)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-list +constants):\n%s", list, d)
		}
	}
	for i, e := range schemas.Builtin().List("definition").Codes {
		if got := assess.Builtin().Definitions[i].Code; got != e.Code {
			t.Errorf("definition %d is %s, want %s", i, got, e.Code)
		}
	}
}

func TestParse(t *testing.T) {
	for _, code := range []string{"", "perhaps", "Yes"} {
		if _, ok := assess.ParseAnswer(code); ok {
			t.Errorf("ParseAnswer(%q) is ok", code)
		}
		if _, ok := assess.ParseMoment(code); ok {
			t.Errorf("ParseMoment(%q) is ok", code)
		}
		if _, ok := assess.Builtin().Means(code); ok {
			t.Errorf("Means(%q) is ok", code)
		}
	}
	if a, ok := assess.ParseAnswer("declined"); !ok || a != assess.AnswerDeclined {
		t.Errorf("ParseAnswer(declined) = %v, %v", a, ok)
	}
	if s, ok := assess.ParseStage("movement"); !ok || s != assess.StageMovement {
		t.Errorf("ParseStage(movement) = %v, %v", s, ok)
	}
	if k, ok := assess.ParseLegKind("return"); !ok || k != assess.LegReturn {
		t.Errorf("ParseLegKind(return) = %v, %v", k, ok)
	}
}

// TestDefinitions is what the manual says of when each came into force.
func TestDefinitions(t *testing.T) {
	var got []string
	for _, d := range assess.Builtin().Definitions {
		got = append(got, strings.Join([]string{d.Code, d.Adopted.Format("2006-01-02"), d.InForce.Format("2006-01-02")}, " "))
	}
	want := []string{"palermo 2000-11-15 2003-12-25", "tvpa 2000-10-28 2000-10-28", "coe_2005 2005-05-03 2008-02-01"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
