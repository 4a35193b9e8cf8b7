package transform

import (
	"palermo/schemas"
	"palermo/transform/assess"
)

// assessor gathers what each record of a batch states, and reads it against the definitions.
type assessor struct {
	rules      *assess.Rules
	builder    *assess.Builder
	collects   assess.Elements
	control    bool
	fields     map[string]int // of the record's table
	statements []assess.Statement
	rows       []assess.Row
}

// newAssessor is the assessor of a table of case records; nil for any other.
func (t *Table) newAssessor() (*assessor, error) {
	if t.plan.entry.Record == nil {
		return nil, nil
	}
	rules := assess.Builtin()
	b, err := assess.NewBuilder(t.mem, t.plan.schema, rules)
	if err != nil {
		return nil, err
	}
	a := &assessor{rules: rules, builder: b, control: t.plan.entry.Record.ControlCounts, fields: fieldPlaces(t.plan.fields)}
	for i := range t.plan.childs {
		a.collects |= elementsOf[t.plan.childs[i].table.Name]
	}
	return a, nil
}

// elementsOf is the elements that a table holds statements of: a source whose mapping fills it
// collects them.
var elementsOf = map[string]assess.Elements{
	"record_act":     assess.ElementAct,
	"record_means":   assess.ElementMeans,
	"record_purpose": assess.ElementPurpose,
}

func fieldPlaces(fields []fieldPlan) map[string]int {
	out := make(map[string]int, len(fields))
	for k := range fields {
		out[fields[k].field.Name] = k
	}
	return out
}

// said is what one row says in each of its fields.
type said struct {
	fields []fieldPlan
	at     map[string]int
	of     func(k int) *outcome
}

// outcome is what the field came out as; nil where the table has no such field, or has no value.
func (s said) outcome(field string) *outcome {
	k, ok := s.at[field]
	if !ok {
		return nil
	}
	if o := s.of(k); o != nil && o.has {
		return o
	}
	return nil
}

func (s said) code(field string) string {
	o := s.outcome(field)
	if o == nil {
		return ""
	}
	return s.fields[s.at[field]].list.Codes[int(o.value.low)].Code
}

func (s said) truth(field string) bool {
	o := s.outcome(field)
	return o != nil && o.value.low != 0
}

func (s said) days(field string) assess.Days {
	o := s.outcome(field)
	if o == nil || !o.value.hasLow || !o.value.hasHigh {
		return assess.Days{}
	}
	return assess.DaysBetween(int32(o.value.low), int32(o.value.high))
}

// oldest is the highest age of an interval that is open above.
const oldest = 150

func (s said) years(field string) assess.Years {
	o := s.outcome(field)
	if o == nil || !o.value.hasLow {
		return assess.Years{}
	}
	high := o.value.high
	if !o.value.hasHigh {
		high = oldest
	}
	return assess.YearsBetween(int32(o.value.low), int32(high))
}

func (s said) answer(field string) assess.Answer {
	a, _ := assess.ParseAnswer(s.code(field))
	return a
}

// begin makes room for the statements of n records.
func (a *assessor) begin(n int) {
	for len(a.statements) < n {
		a.statements = append(a.statements, assess.Statement{})
	}
	for i := range a.statements[:n] {
		st := &a.statements[i]
		*st = assess.Statement{Acts: st.Acts[:0], Means: st.Means[:0], Purposes: st.Purposes[:0], Legs: st.Legs[:0],
			Collects: a.collects, ControlCounts: a.control}
	}
}

// record takes what a record's own row says.
func (a *assessor) record(n int, who identity, s said) {
	st := &a.statements[n]
	st.Subject = assess.Subject{Kind: assess.SubjectRecord, ID: who.record, Version: int64(who.version)}
	st.Birth = s.days("birth")
	st.Consent = s.answer("victim_consent_stated_code")
	st.Smuggling = s.answer("smuggling_stated_code")
	st.Attempt = s.answer("attempt_stated_code")
	st.Exploitation = s.answer("exploitation_occurred_code")
	for _, m := range []struct {
		moment assess.Moment
		when   string
	}{
		{assess.MomentRegistration, "registration"}, {assess.MomentInterview, "interview_date"},
		{assess.MomentIdentification, "identification"}, {assess.MomentReferral, "referral"},
	} {
		st.Moments[m.moment].When = s.days(m.when)
	}
	if o := s.outcome("age_years"); o != nil {
		moment, ok := assess.ParseMoment(o.basis)
		if !ok {
			moment = assess.MomentNotStated
		}
		st.Moments[moment].Age = s.years("age_years")
	}
	st.Moments[assess.MomentRecruitment].Age = s.years("age_at_recruitment_years")
	st.Moments[assess.MomentExploitation].Age = s.years("age_at_exploitation_years")
}

// child takes what a row of another table says of the record.
func (a *assessor) child(n int, table string, s said) {
	st := &a.statements[n]
	stage, _ := assess.ParseStage(s.code("stage_code"))
	switch table {
	case "record_act":
		if c, ok := a.rules.Act(s.code("act_code")); ok {
			st.Acts = append(st.Acts, assess.Act{Code: c, Answer: s.answer("answer_code"), Stage: stage, When: s.days("happened")})
		}
	case "record_means":
		if c, ok := a.rules.Means(s.code("means_code")); ok {
			st.Means = append(st.Means, assess.Means{Code: c, Answer: s.answer("answer_code"), Stage: stage, Control: s.truth("is_control")})
		}
	case "record_purpose":
		if c, ok := a.rules.Purpose(s.code("purpose_code")); ok {
			st.Purposes = append(st.Purposes, assess.Purpose{Code: c, Answer: s.answer("answer_code"), Stage: stage,
				CommercialSex: s.answer("commercial_sex_code")})
		}
	case "record_route":
		kind, _ := assess.ParseLegKind(s.code("leg_kind_code"))
		st.Legs = append(st.Legs, assess.Leg{Kind: kind, Country: s.code("country_code")})
	case "record_exploitation":
		if d := s.days("started"); d.Known && !st.Moments[assess.MomentExploitation].When.Known {
			st.Moments[assess.MomentExploitation].When = d
		}
	}
}

// batch is the assessments of the first n statements.
func (a *assessor) batch(n int) *schemas.Batch {
	for i := range n {
		a.rows = assess.Append(a.rows[:0], a.rules, &a.statements[i])
		a.builder.Append(a.rows)
	}
	return a.builder.Batch()
}
