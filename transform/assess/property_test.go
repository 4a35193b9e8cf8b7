package assess_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"palermo/transform/assess"
)

// rounds is how many statements a property is tried on: enough that each rule wins many.
const rounds = 4_000

// anyStatement is a statement of any kind. Its ages and dates are those of one person, so that
// they do not contradict each other.
func anyStatement(r *rand.Rand) *assess.Statement {
	st := &assess.Statement{
		Collects: assess.Elements(r.IntN(8)), ControlCounts: r.IntN(2) == 0,
		AnyAct: anyAnswer(r, 5), AnyMeans: anyAnswer(r, 5), AnyPurpose: anyAnswer(r, 5),
		Consent: anyAnswer(r, 1), Smuggling: anyAnswer(r, 2), Attempt: anyAnswer(r, 2), Exploitation: anyAnswer(r, 2),
		Crossed: anyAnswer(r, 2),
	}
	for range r.IntN(4) {
		st.Acts = append(st.Acts, assess.Act{Code: assess.Code(r.IntN(6)), Answer: anyAnswer(r, 1), Stage: assess.Stage(r.IntN(4)), Inferred: r.IntN(3) == 0})
	}
	for range r.IntN(4) {
		st.Means = append(st.Means, assess.Means{Code: assess.Code(r.IntN(40)), Answer: anyAnswer(r, 1), Inferred: r.IntN(3) == 0, Control: r.IntN(2) == 0})
	}
	for range r.IntN(4) {
		st.Purposes = append(st.Purposes, assess.Purpose{Code: assess.Code(r.IntN(30)), Answer: anyAnswer(r, 1), Inferred: r.IntN(3) == 0, CommercialSex: anyAnswer(r, 2)})
	}
	for i := range st.Subjections {
		st.Subjections[i] = anyAnswer(r, 4)
	}
	countries := []string{"", "MDA", "ROU", "SCG", "SRB"}
	for range r.IntN(4) {
		st.Legs = append(st.Legs, assess.Leg{Kind: assess.LegKind(r.IntN(5)), Country: countries[r.IntN(len(countries))]})
	}
	anyAges(r, st)
	return st
}

func anyAnswer(r *rand.Rand, rare int) assess.Answer {
	if r.IntN(rare+1) > 0 {
		return assess.AnswerNotCollected
	}
	return assess.Answer(r.IntN(6))
}

// anyAges draws a person's true birth and moments, and states some of them with more or less
// precision.
func anyAges(r *rand.Rand, st *assess.Statement) {
	const year = 365.2425
	birth := r.Int32N(8000)
	days := birth + 12*365 + r.Int32N(12*365)
	if r.IntN(2) == 0 {
		st.Birth = assess.DaysBetween(birth-r.Int32N(400), birth+r.Int32N(400))
	}
	for m := assess.MomentRecruitment; m <= assess.MomentNotStated; m++ {
		if m <= assess.MomentReferral {
			days += r.Int32N(700)
		}
		if r.IntN(3) == 0 {
			whole := int32(float64(days-birth) / year)
			st.Moments[m].Age = assess.YearsBetween(whole-1-r.Int32N(3), whole+1+r.Int32N(3))
		}
		if r.IntN(3) == 0 {
			st.Moments[m].When = assess.DaysBetween(days-r.Int32N(60), days+r.Int32N(60))
		}
	}
	if len(st.Acts) > 0 && r.IntN(2) == 0 && st.Acts[0].Stage == assess.StageExploitation {
		st.Acts[0].When = assess.DaysBetween(days-2100, days)
	}
}

// each runs a property over many statements.
func each(t *testing.T, holds func(r *rand.Rand, st *assess.Statement)) {
	t.Helper()
	for seed := range uint64(rounds) {
		r := rand.New(rand.NewPCG(seed, 1))
		holds(r, anyStatement(r))
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// outcome is what the rules gave: the statuses by definition.
func outcome(st *assess.Statement) map[string][]string {
	out := map[string][]string{}
	for _, r := range assess.Assess(assess.Builtin(), st) {
		out[r.Definition.Code] = append(out[r.Definition.Code], r.Status().String())
	}
	return out
}

func met(statuses []string) bool {
	return slices.ContainsFunc(statuses, func(s string) bool {
		return slices.Contains([]string{"elements_met", "elements_met_child", "severe_sex", "severe_sex_minor", "severe_labour"}, s)
	})
}

func TestEveryDefinitionAnswers(t *testing.T) {
	each(t, func(_ *rand.Rand, st *assess.Statement) {
		rows := assess.Assess(assess.Builtin(), st)
		for _, d := range assess.Builtin().Definitions {
			got := under(d.Code, rows)
			if len(got) == 0 || len(got) > 1 && len(d.Set) == 0 {
				t.Errorf("%d rows under %s", len(got), d.Code)
			}
		}
		if d := cmp.Diff(lines(rows), lines(assess.Assess(assess.Builtin(), st))); d != "" {
			t.Errorf("the same statement, another answer: %s", d)
		}
	})
}

// TestNothingBesideChangesAStatus is Article 3(b) and the rest of what a status never depends on.
func TestNothingBesideChangesAStatus(t *testing.T) {
	each(t, func(r *rand.Rand, st *assess.Statement) {
		want := outcome(st)
		st.Consent = assess.Answer(r.IntN(6))
		st.Attempt = assess.Answer(r.IntN(6))
		st.Crossed = assess.Answer(r.IntN(6))
		st.Legs = nil
		if st.Exploitation != no {
			st.Exploitation = yes
		}
		if d := cmp.Diff(want, outcome(st)); d != "" {
			t.Errorf("consent, attempt, border or exploitation changed a status (-before +after):\n%s", d)
		}
	})
}

// TestExploitationIsNotNeeded: a purpose is an intent. Under the TVPA the age when a sex act was
// induced is asked for, and there is none without exploitation.
func TestExploitationIsNotNeeded(t *testing.T) {
	each(t, func(_ *rand.Rand, st *assess.Statement) {
		want := outcome(st)
		st.Exploitation = no
		got := outcome(st)
		for _, d := range []string{"palermo", "coe_2005"} {
			if diff := cmp.Diff(want[d], got[d]); diff != "" {
				t.Errorf("%s: that no exploitation took place changed the status:\n%s", d, diff)
			}
		}
	})
}

func TestAMeansMoreNeverUnmeets(t *testing.T) {
	each(t, func(r *rand.Rand, st *assess.Statement) {
		before := outcome(st)
		st.Means = append(slices.Clone(st.Means), assess.Means{Code: assess.Code(r.IntN(34)), Answer: yes})
		after := outcome(st)
		for d, statuses := range before {
			if met(statuses) && !met(after[d]) {
				t.Errorf("%s: a means more turned %v into %v", d, statuses, after[d])
			}
		}
	})
}

// TestADenialNeverMeets: a "no" more, to a code or to an element, never meets a definition.
func TestADenialNeverMeets(t *testing.T) {
	each(t, func(r *rand.Rand, st *assess.Statement) {
		before := outcome(st)
		switch r.IntN(4) {
		case 0:
			st.Acts = append(slices.Clone(st.Acts), assess.Act{Code: assess.Code(r.IntN(5)), Answer: no})
		case 1:
			st.Means = append(slices.Clone(st.Means), assess.Means{Code: assess.Code(r.IntN(34)), Answer: no})
		case 2:
			st.Purposes = append(slices.Clone(st.Purposes), assess.Purpose{Code: assess.Code(r.IntN(25)), Answer: no})
		case 3:
			st.AnyAct, st.AnyMeans, st.AnyPurpose = min(st.AnyAct, no), no, min(st.AnyPurpose, no)
		}
		for d, statuses := range outcome(st) {
			if met(statuses) && !met(before[d]) {
				t.Errorf("%s: a denial turned %v into %v", d, before[d], statuses)
			}
		}
	})
}

// TestALessExactAgeNeverMakesAChild: wider ages and dates never turn another status into
// elements_met_child, save by the presumption of the Council of Europe Convention, which rests on
// doubt.
func TestALessExactAgeNeverMakesAChild(t *testing.T) {
	rules := assess.Builtin()
	each(t, func(r *rand.Rand, st *assess.Statement) {
		before := assess.Assess(rules, st)
		widen(r, st)
		for i, row := range assess.Assess(rules, st) {
			if i >= len(before) || row.Definition != before[i].Definition {
				break // the TVPA's set became smaller
			}
			if row.ChildAtAct == assess.ChildYes && before[i].ChildAtAct != assess.ChildYes ||
				row.ChildAtAct == assess.ChildNo && before[i].ChildAtAct != assess.ChildNo {
				t.Errorf("a wider age turned child_at_act from %v to %v", before[i].ChildAtAct, row.ChildAtAct)
			}
			if row.Definition.Code == "palermo" && row.Status() == assess.StatusElementsMetChild && before[i].Status() != assess.StatusElementsMetChild {
				t.Errorf("a wider age turned %v into %v", before[i].Status(), row.Status())
			}
		}
	})
}

// widen makes one age or date, or the birth, less exact.
func widen(r *rand.Rand, st *assess.Statement) {
	m := &st.Moments[1+r.IntN(len(st.Moments)-1)]
	switch r.IntN(4) {
	case 0:
		m.Age.Low, m.Age.High = m.Age.Low-r.Int32N(5), m.Age.High+r.Int32N(5)
	case 1:
		m.When.Low, m.When.High = m.When.Low-r.Int32N(500), m.When.High+r.Int32N(500)
	case 2:
		st.Birth.Low, st.Birth.High = st.Birth.Low-r.Int32N(500), st.Birth.High+r.Int32N(500)
	case 3:
		*m = assess.AgeAt{}
	}
}

// TestOrderOfEntries: the order in which a record lists things does not matter.
func TestOrderOfEntries(t *testing.T) {
	each(t, func(_ *rand.Rand, st *assess.Statement) {
		want := lines(assess.Assess(assess.Builtin(), st))
		st.Acts, st.Means, st.Purposes = slices.Clone(st.Acts), slices.Clone(st.Means), slices.Clone(st.Purposes)
		slices.Reverse(st.Acts)
		slices.Reverse(st.Means)
		slices.Reverse(st.Purposes)
		slices.Reverse(st.Legs)
		if d := cmp.Diff(want, lines(assess.Assess(assess.Builtin(), st))); d != "" {
			t.Errorf("another order, another answer:\n%s", d)
		}
	})
}

// FuzzAssess: no statement, however wrong, makes Assess panic or leaves a definition without an
// answer.
func FuzzAssess(f *testing.F) {
	f.Add([]byte("a statement"), int32(0), int32(0))
	f.Add([]byte{255, 255, 255, 255, 255, 255, 255, 255}, int32(-1<<31), int32(1<<31-1))
	f.Fuzz(func(t *testing.T, b []byte, low, high int32) {
		at := func(i int) byte {
			if i < len(b) {
				return b[i]
			}
			return 0
		}
		st := &assess.Statement{Collects: assess.Elements(at(0)), AnyAct: assess.Answer(at(1)), AnyMeans: assess.Answer(at(2)),
			AnyPurpose: assess.Answer(at(3)), Consent: assess.Answer(at(4)), Smuggling: assess.Answer(at(5)), Exploitation: assess.Answer(at(6)),
			Attempt: assess.Answer(at(7)), Crossed: assess.Answer(at(8)), Birth: assess.DaysBetween(low, high)}
		for i := range st.Moments {
			st.Moments[i] = assess.AgeAt{Age: assess.YearsBetween(low+int32(at(i)), high), When: assess.DaysBetween(high, low)}
		}
		for i := 9; i+4 <= len(b); i += 4 {
			st.Acts = append(st.Acts, assess.Act{Code: assess.Code(b[i]), Answer: assess.Answer(b[i+1]), Stage: assess.Stage(b[i+2]), When: assess.DaysBetween(low, high)})
			st.Means = append(st.Means, assess.Means{Code: assess.Code(b[i]), Answer: assess.Answer(b[i+1])})
			st.Purposes = append(st.Purposes, assess.Purpose{Code: assess.Code(b[i]), Answer: assess.Answer(b[i+1]), CommercialSex: assess.Answer(b[i+3])})
			st.Legs = append(st.Legs, assess.Leg{Kind: assess.LegKind(b[i]), Country: string(b[i : i+3])})
		}
		got := map[string]int{}
		for _, r := range assess.Assess(assess.Builtin(), st) {
			got[r.Definition.Code]++
			if r.Status().String() == "" || len(r.Columns()) == 0 {
				t.Errorf("a row without a status")
			}
		}
		if len(got) != len(assess.Builtin().Definitions) {
			t.Errorf("definitions that answered: %v", got)
		}
	})
}

// BenchmarkAssess has statements of every kind, so that hardly a branch can be foreseen.
func BenchmarkAssess(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	var all []*assess.Statement
	for range 1024 {
		all = append(all, anyStatement(r))
	}
	benchmark(b, all)
}

// BenchmarkAssessTypical has the statement of a form that asks much: two acts, six means, a
// purpose, birth, three dates and a journey.
func BenchmarkAssessTypical(b *testing.B) {
	st := stated(act("recruitment"), act("transportation"), control("takes_earnings"), control("withholds_documents"), means("false_promises"),
		meansAnswer("threat", no), meansAnswer("force", unknown), meansAnswer("abduction", no), purpose("sexual_exploitation"), commercialSex(yes),
		born(from("1983-01-01", "1983-12-31")), when(assess.MomentRecruitment, from("2003-05-01", "2003-05-31")),
		when(assess.MomentExploitation, from("2003-06-01", "2003-06-30")), when(assess.MomentRegistration, from("2004-02-03", "")),
		age(assess.MomentRegistration, 20, 21), leg(assess.LegOrigin, "MDA"), leg(assess.LegTransit, "ROU"), leg(assess.LegDestination, "MKD"),
		consent(unknown), exploited(yes))
	benchmark(b, []*assess.Statement{st})
}

func benchmark(b *testing.B, all []*assess.Statement) {
	rules := assess.Builtin()
	var rows []assess.Row
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		rows = assess.Append(rows[:0], rules, all[i%len(all)])
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "statements/s")
}
