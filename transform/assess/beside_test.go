package assess_test

import (
	"testing"

	"palermo/transform/assess"
)

func TestConsent(t *testing.T) {
	for _, c := range []struct {
		name          string
		st            *assess.Statement
		palermo, tvpa string
	}{
		{"none stated", stated(act("recruitment"), means("force")), "none_stated", "none_stated"},
		{"denied", stated(act("recruitment"), means("force"), consent(no)), "none_stated", "none_stated"},
		{"means", stated(act("recruitment"), means("force"), consent(yes)), "irrelevant_means", "irrelevant_means"},
		{"means of one definition only", stated(act("recruitment"), means("abuse_of_vulnerability"), consent(yes)), "irrelevant_means", "relevant_unknown"},
		{"a child", stated(act("recruitment"), consent(yes), minor), "irrelevant_child", "relevant_unknown"},
		{"a child in prostitution", stated(act("recruitment"), purpose("prostitution"), consent(yes), minor), "irrelevant_child", "irrelevant_child"},
		{"an adult without means", stated(act("recruitment"), purpose("prostitution"), consent(yes), adult), "relevant_unknown", "relevant_unknown"},
	} {
		for definition, want := range map[string]string{"palermo": c.palermo, "coe_2005": c.palermo, "tvpa": c.tvpa} {
			if got := one(t, definition, c.st).Consent.String(); got != want {
				t.Errorf("%s: %s: consent effect %q, want %q", c.name, definition, got, want)
			}
		}
	}
}

func TestBorder(t *testing.T) {
	const origin, transit, destination, back = assess.LegOrigin, assess.LegTransit, assess.LegDestination, assess.LegReturn
	for _, c := range []struct {
		name string
		st   *assess.Statement
		want string
	}{
		{"nothing", stated(), "unknown"},
		{"one place", stated(leg(origin, "MDA")), "unknown"},
		{"two countries", stated(leg(origin, "MDA"), leg(destination, "ITA")), "cross_border"},
		{"one country", stated(leg(origin, "UKR"), leg(destination, "UKR")), "internal"},
		{"one country, and one not known", stated(leg(origin, "UKR"), leg(transit, ""), leg(destination, "UKR")), "unknown"},
		{"only the way back", stated(leg(origin, "UKR"), leg(destination, "UKR"), leg(back, "POL")), "internal"},
		{"a crossing stated", stated(leg(origin, "MDA"), crossed(yes)), "cross_border"},
		{"no crossing, as stated", stated(leg(origin, "MDA"), crossed(no)), "internal"},
		{"a state and one that followed it", stated(leg(origin, "SCG"), leg(destination, "MNE")), "unknown"},
		{"a state and one that followed later", stated(leg(origin, "SRB"), leg(destination, "YUG")), "unknown"},
		{"two that followed the same", stated(leg(origin, "SRB"), leg(destination, "BIH")), "cross_border"},
	} {
		if got := one(t, "palermo", c.st).Border.String(); got != c.want {
			t.Errorf("%s: border %q, want %q", c.name, got, c.want)
		}
	}
}

func TestInForce(t *testing.T) {
	recruited, reg := assess.MomentRecruitment, assess.MomentRegistration
	for _, c := range []struct {
		name                string
		st                  *assess.Statement
		palermo, tvpa, coe5 string
	}{
		{"no date", stated(act("recruitment")), "unknown", "unknown", "unknown"},
		{"on the day", stated(actOn("recruitment", from("2003-12-25", ""))), "yes", "yes", "no"},
		{"the day before", stated(actOn("recruitment", from("2003-12-24", ""))), "no", "yes", "no"},
		{"the year only", stated(actOn("recruitment", from("2003-01-01", "2003-12-31"))), "unknown", "yes", "no"},
		{"an act before and one after", stated(actOn("recruitment", from("2003-12-01", "")), actOn("transportation", from("2004-01-02", ""))), "unknown", "yes", "no"},
		{"an act with no date", stated(actOn("recruitment", from("2009-12-01", "")), act("transportation")), "unknown", "unknown", "unknown"},
		{"registered before", stated(act("recruitment"), when(reg, from("2000-05-01", ""))), "no", "no", "no"},
		{"registered after says nothing of before", stated(act("recruitment"), when(reg, from("2010-05-01", ""))), "unknown", "unknown", "unknown"},
		{"recruited after: so is all that follows", stated(act("harbouring"), when(recruited, from("2010-05-01", ""))), "yes", "yes", "yes"},
		{"no act stated", stated(when(recruited, from("2010-05-01", ""))), "yes", "yes", "yes"},
	} {
		for definition, want := range map[string]string{"palermo": c.palermo, "tvpa": c.tvpa, "coe_2005": c.coe5} {
			if got := one(t, definition, c.st).InForce.String(); got != want {
				t.Errorf("%s: %s in force: %q, want %q", c.name, definition, got, want)
			}
		}
	}
}

func TestAnswersPassThrough(t *testing.T) {
	st := stated(exploited(yes), attempt, smuggling(unknown))
	r := one(t, "palermo", st)
	if r.Exploitation != yes || r.Attempt != yes || r.Smuggling != unknown {
		t.Errorf("exploitation %v, attempt %v, smuggling %v", r.Exploitation, r.Attempt, r.Smuggling)
	}
	st.Attempt = 200
	if got := one(t, "palermo", st).Attempt; got != assess.AnswerNotCollected {
		t.Errorf("an answer that there is not became %v", got)
	}
}

func TestStates(t *testing.T) {
	for _, c := range []struct {
		name string
		st   *assess.Statement
		want string // of the means under Palermo
	}{
		{"collected, blank", stated(), "unknown"},
		{"not collected", stated(collects(0)), "not_collected"},
		{"not collected, and stated", stated(collects(0), means("threat")), "stated"},
		{"asked about one, not known", stated(collects(0), meansAnswer("threat", unknown)), "unknown"},
		{"declined", stated(meansAnswer("threat", assess.AnswerDeclined)), "unknown"},
		{"one denied", stated(meansAnswer("threat", no)), "unknown"},
		{"all denied", stated(meansAnswer("threat", no), meansAnswer("force", no), meansAnswer("other_coercion", no), meansAnswer("abduction", no),
			meansAnswer("fraud", no), meansAnswer("deception", no), meansAnswer("abuse_of_power", no), meansAnswer("abuse_of_vulnerability", no),
			meansAnswer("payment_to_controller", no)), "denied"},
		{"a general no, and one stated", stated(anyMeans(no), means("fraud")), "stated"},
		{"a general yes", stated(anyMeans(yes)), "stated"},
		{"control that does not count", stated(collects(0), control("debt_bondage")), "not_collected"},
	} {
		if got := one(t, "palermo", c.st).Means.String(); got != c.want {
			t.Errorf("%s: means %q, want %q", c.name, got, c.want)
		}
	}
}
