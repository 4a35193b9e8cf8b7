package assess_test

import (
	"testing"
	"time"

	"palermo/transform/assess"
)

// option adds one thing that a record states.
type option func(*assess.Statement)

// stated is a statement from a source that collects every element, and what the options add.
func stated(options ...option) *assess.Statement {
	st := &assess.Statement{
		Subject:  assess.Subject{ID: "r", Version: 1},
		Collects: assess.ElementAct | assess.ElementMeans | assess.ElementPurpose,
	}
	for _, o := range options {
		o(st)
	}
	return st
}

func must(code assess.Code, ok bool) assess.Code {
	if !ok {
		panic("no such code")
	}
	return code
}

func act(code string) option { return actAnswer(code, assess.AnswerYes) }

func actAnswer(code string, a assess.Answer) option {
	return func(st *assess.Statement) {
		st.Acts = append(st.Acts, assess.Act{Code: must(assess.Builtin().Act(code)), Answer: a})
	}
}

func actOn(code string, when assess.Days) option {
	return func(st *assess.Statement) {
		st.Acts = append(st.Acts, assess.Act{Code: must(assess.Builtin().Act(code)), Answer: assess.AnswerYes, When: when})
	}
}

func means(code string) option { return meansAnswer(code, assess.AnswerYes) }

func meansAnswer(code string, a assess.Answer) option {
	return func(st *assess.Statement) {
		st.Means = append(st.Means, assess.Means{Code: must(assess.Builtin().Means(code)), Answer: a})
	}
}

func control(code string) option {
	return func(st *assess.Statement) {
		st.Means = append(st.Means, assess.Means{Code: must(assess.Builtin().Means(code)), Answer: assess.AnswerYes, Control: true})
	}
}

func controlCounts(st *assess.Statement) { st.ControlCounts = true }

func purpose(code string) option { return purposeAnswer(code, assess.AnswerYes) }

func purposeAnswer(code string, a assess.Answer) option {
	return func(st *assess.Statement) {
		st.Purposes = append(st.Purposes, assess.Purpose{Code: must(assess.Builtin().Purpose(code)), Answer: a})
	}
}

func inferredPurpose(code string) option {
	return func(st *assess.Statement) {
		st.Purposes = append(st.Purposes, assess.Purpose{Code: must(assess.Builtin().Purpose(code)), Answer: assess.AnswerYes, Inferred: true})
	}
}

// commercialSex answers the question about the last purpose.
func commercialSex(a assess.Answer) option {
	return func(st *assess.Statement) { st.Purposes[len(st.Purposes)-1].CommercialSex = a }
}

func anyMeans(a assess.Answer) option   { return func(st *assess.Statement) { st.AnyMeans = a } }
func anyAct(a assess.Answer) option     { return func(st *assess.Statement) { st.AnyAct = a } }
func anyPurpose(a assess.Answer) option { return func(st *assess.Statement) { st.AnyPurpose = a } }
func consent(a assess.Answer) option    { return func(st *assess.Statement) { st.Consent = a } }
func smuggling(a assess.Answer) option  { return func(st *assess.Statement) { st.Smuggling = a } }
func exploited(a assess.Answer) option  { return func(st *assess.Statement) { st.Exploitation = a } }
func attempt(st *assess.Statement)      { st.Attempt = assess.AnswerYes }
func collects(e assess.Elements) option { return func(st *assess.Statement) { st.Collects = e } }

func subjection(s assess.Subjection, a assess.Answer) option {
	return func(st *assess.Statement) { st.Subjections[s] = a }
}

func age(m assess.Moment, low, high int32) option {
	return func(st *assess.Statement) { st.Moments[m].Age = assess.YearsBetween(low, high) }
}

func when(m assess.Moment, d assess.Days) option {
	return func(st *assess.Statement) { st.Moments[m].When = d }
}

func born(d assess.Days) option { return func(st *assess.Statement) { st.Birth = d } }

func leg(k assess.LegKind, country string) option {
	return func(st *assess.Statement) { st.Legs = append(st.Legs, assess.Leg{Kind: k, Country: country}) }
}

func crossed(a assess.Answer) option { return func(st *assess.Statement) { st.Crossed = a } }

// The two ages of most cases: they settle every moment.
var (
	adult = age(assess.MomentRecruitment, 18, 150)
	minor = age(assess.MomentRegistration, 0, 17)
)

// day is a date in days since 1970.
func day(s string) int32 {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return int32(t.Unix() / (24 * 60 * 60))
}

// from is the days of an interval; an empty high is the same day.
func from(low, high string) assess.Days {
	if high == "" {
		high = low
	}
	return assess.DaysBetween(day(low), day(high))
}

// under is the rows of one definition.
func under(definition string, rows []assess.Row) []assess.Row {
	var out []assess.Row
	for _, r := range rows {
		if r.Definition.Code == definition {
			out = append(out, r)
		}
	}
	return out
}

// one is the only row of a definition.
func one(t *testing.T, definition string, st *assess.Statement) assess.Row {
	t.Helper()
	rows := under(definition, assess.Assess(assess.Builtin(), st))
	if len(rows) != 1 {
		t.Fatalf("%d rows under %s, want 1", len(rows), definition)
	}
	return rows[0]
}
