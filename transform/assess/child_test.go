package assess_test

import (
	"testing"

	"palermo/transform/assess"
)

func TestChild(t *testing.T) {
	recruited, moved, reg, expl, unstated := assess.MomentRecruitment, assess.MomentMovement, assess.MomentRegistration, assess.MomentExploitation, assess.MomentNotStated
	for _, c := range []struct {
		name string
		st   *assess.Statement
		act  string // child_at_act and its basis
		expl string
	}{
		{"nothing", stated(act("recruitment")), "unknown ", "unknown "},
		{"16 at registration: under 18 at all before", stated(act("recruitment"), age(reg, 16, 16)), "yes registration", "yes registration"},
		{"25 at registration says nothing of before", stated(act("recruitment"), age(reg, 25, 25)), "unknown ", "unknown "},
		{"17 to 19 at registration", stated(act("recruitment"), age(reg, 17, 19)), "possible ", "possible "},
		{"18 at recruitment: an adult at all after", stated(act("recruitment"), age(recruited, 18, 18)), "no recruitment", "no recruitment"},
		{"17 at recruitment", stated(act("recruitment"), age(recruited, 17, 17)), "yes recruitment", "possible "},
		{"17 at exploitation: recruited before", stated(act("recruitment"), age(expl, 17, 17)), "yes exploitation", "yes exploitation"},
		{"18 at exploitation", stated(act("recruitment"), age(expl, 18, 18)), "unknown ", "no exploitation"},
		{"the earliest act decides", stated(act("recruitment"), act("transportation"), age(recruited, 17, 17), age(moved, 18, 18)), "yes recruitment", "no movement"},
		{"an act at which nothing is known", stated(act("recruitment"), act("transportation"), age(moved, 18, 18)), "unknown ", "no movement"},
		{"only the movement is stated", stated(act("transportation"), age(moved, 18, 18)), "no movement", "no movement"},
		{"only harbouring is stated", stated(act("harbouring"), age(expl, 17, 17)), "yes exploitation", "yes exploitation"},
		{"an act denied is no act", stated(actAnswer("recruitment", no), act("transfer"), age(recruited, 17, 17), age(moved, 18, 18)), "no movement", "no movement"},
		{"an age without a basis is that of the record", stated(act("recruitment"), age(unstated, 16, 17)), "yes not_stated", "yes not_stated"},
		{"no act stated", stated(age(reg, 15, 15)), "yes registration", "yes registration"},
		{"ages that contradict each other", stated(act("recruitment"), age(recruited, 20, 20), age(reg, 15, 15)), "possible ", "possible "},
		{"no exploitation", stated(act("recruitment"), age(reg, 15, 15), exploited(no)), "yes registration", "unknown "},
		{"not an interval", stated(act("recruitment"), age(reg, 15, 10)), "unknown ", "unknown "},

		{"born and recruited: the day before the birthday", stated(actOn("recruitment", from("2003-05-31", "")), born(from("1985-06-01", ""))), "yes recruitment", "unknown "},
		{"on the birthday", stated(actOn("recruitment", from("2003-06-01", "")), born(from("1985-06-01", ""))), "no recruitment", "unknown "},
		{"the year of birth only", stated(actOn("recruitment", from("2003-06-01", "")), born(from("1985-01-01", "1985-12-31"))), "possible ", "unknown "},
		{"born and registered", stated(act("recruitment"), born(from("1985-06-01", "")), when(reg, from("2002-01-01", ""))), "yes registration", "yes registration"},
		{"age and date of registration, date of the act", stated(actOn("recruitment", from("2001-01-01", "2001-12-31")), age(reg, 22, 22), when(reg, from("2003-06-01", ""))), "no recruitment", "unknown "},
		{"the same, five years before", stated(actOn("recruitment", from("1996-01-01", "1996-12-31")), age(reg, 22, 22), when(reg, from("2003-06-01", ""))), "yes recruitment", "unknown "},
		{"age and date that leave it open", stated(actOn("recruitment", from("1999-01-01", "1999-12-31")), age(reg, 22, 22), when(reg, from("2003-06-01", ""))), "possible ", "unknown "},
		{"exploitation dated", stated(act("recruitment"), born(from("1985-06-01", "")), when(expl, from("2004-01-01", ""))), "unknown ", "no exploitation"},
		{"born on 29 February", stated(actOn("recruitment", from("2002-02-28", "")), born(from("1984-02-29", ""))), "yes recruitment", "unknown "},
		{"birth and age that contradict each other", stated(actOn("recruitment", from("2003-06-01", "")), born(from("1985-06-01", "")), age(reg, 40, 40),
			when(reg, from("2003-06-01", ""))), "possible ", "possible "},
	} {
		r := one(t, "palermo", c.st)
		if got := r.ChildAtAct.String() + " " + r.ChildAtActBasis.String(); got != c.act {
			t.Errorf("%s: child at act is %q, want %q", c.name, got, c.act)
		}
		if got := r.ChildAtExploitation.String() + " " + r.ChildAtExploitationBasis.String(); got != c.expl {
			t.Errorf("%s: child at exploitation is %q, want %q", c.name, got, c.expl)
		}
	}
}

func TestStageOfAnAct(t *testing.T) {
	// Harboured at a stage that is stated to be recruitment: an age at movement is a later one.
	st := stated(act("harbouring"), age(assess.MomentMovement, 17, 17))
	if got := one(t, "palermo", st).ChildAtAct; got != assess.ChildPossible {
		t.Errorf("harbouring at no stage: %v, want possible", got)
	}
	st.Acts[0].Stage = assess.StageRecruitment
	if got := one(t, "palermo", st).ChildAtAct; got != assess.ChildYes {
		t.Errorf("harbouring at recruitment: %v, want yes", got)
	}
}
