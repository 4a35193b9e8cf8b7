package assess_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"palermo/schemas"
	"palermo/transform/assess"
)

const (
	yes     = assess.AnswerYes
	no      = assess.AnswerNo
	unknown = assess.AnswerUnknown
)

// cases is what records state and what the definitions make of it: "status rule missing", one for
// each row. Every rule of every definition must be the winner of one at least.
var cases = []struct {
	name  string
	st    *assess.Statement
	want  map[string][]string
	wants map[string]string // the one row of a definition
}{
	{name: "a source that collects nothing", st: stated(collects(0)), wants: map[string]string{
		"palermo": "not_assessable nothing_collected act;means;purpose", "coe_2005": "not_assessable nothing_collected act;means;purpose",
		"tvpa": "insufficient_information not_settled act;means;purpose"}},
	{name: "smuggling and no purpose", st: stated(smuggling(yes), anyPurpose(no)), wants: map[string]string{
		"palermo": "smuggling_only_stated smuggling_only purpose", "coe_2005": "smuggling_only_stated smuggling_only purpose"}},
	{name: "smuggling is not inferred", st: stated(smuggling(yes), act("transportation")), wants: map[string]string{
		"palermo": "insufficient_information purpose_missing means;purpose"}},
	{name: "smuggled and trafficked", st: stated(smuggling(yes), act("transportation"), means("deception"), purpose("forced_labour")), wants: map[string]string{
		"palermo": "elements_met all_elements "}},
	{name: "purpose denied as a whole", st: stated(act("recruitment"), means("fraud"), anyPurpose(no)), wants: map[string]string{
		"palermo": "element_denied purpose_denied purpose", "coe_2005": "element_denied purpose_denied purpose"}},
	{name: "every purpose denied", st: stated(act("recruitment"), minor, purposeAnswer("sexual_exploitation", no), purposeAnswer("forced_labour", no),
		purposeAnswer("slavery_servitude", no), purposeAnswer("organ_removal", no), purposeAnswer("other", no)), wants: map[string]string{
		"palermo": "element_denied purpose_denied purpose"}},
	{name: "all but one purpose denied", st: stated(act("recruitment"), purposeAnswer("sexual_exploitation", no), purposeAnswer("forced_labour", no),
		purposeAnswer("slavery_servitude", no), purposeAnswer("organ_removal", no)), wants: map[string]string{
		"palermo": "insufficient_information purpose_missing means;purpose"}},
	{name: "act denied", st: stated(anyAct(no), means("threat"), purpose("begging"), minor), wants: map[string]string{
		"palermo": "element_denied act_denied act", "coe_2005": "element_denied act_denied act", "tvpa": "not_severe act_denied act"}},
	{name: "a child without means", st: stated(act("recruitment"), purpose("forced_labour"), minor), wants: map[string]string{
		"palermo": "elements_met_child child ", "coe_2005": "elements_met_child child ", "tvpa": "insufficient_information not_settled means;purpose"}},
	{name: "a child, means denied", st: stated(act("recruitment"), purpose("forced_labour"), anyMeans(no), minor), wants: map[string]string{
		"palermo": "elements_met_child child "}},
	{name: "a child with means", st: stated(act("recruitment"), means("force"), purpose("forced_labour"), minor), wants: map[string]string{
		"palermo": "elements_met_child child "}},
	{name: "an adult, all elements", st: stated(act("recruitment"), means("deception"), purpose("sexual_exploitation"), adult), wants: map[string]string{
		"palermo": "elements_met all_elements ", "coe_2005": "elements_met all_elements ", "tvpa": "insufficient_information not_settled purpose"}},
	{name: "all elements, no age", st: stated(act("harbouring"), means("threat_to_family"), purpose("domestic_work")), wants: map[string]string{
		"palermo": "elements_met all_elements ", "coe_2005": "elements_met all_elements "}},
	{name: "means stated as a whole", st: stated(act("recruitment"), anyMeans(yes), purpose("domestic_work"), adult), wants: map[string]string{
		"palermo": "elements_met all_elements ", "tvpa": "insufficient_information not_settled means;purpose"}},
	{name: "a purpose inferred", st: stated(act("recruitment"), means("fraud"), inferredPurpose("domestic_work"), adult), wants: map[string]string{
		"palermo": "elements_met all_elements "}},
	{name: "an age that straddles 18", st: stated(act("recruitment"), purpose("begging"), age(assess.MomentRecruitment, 17, 19)), wants: map[string]string{
		"palermo": "elements_met_if_child if_child means", "coe_2005": "elements_met_child child_presumed "}},
	{name: "neither age nor means", st: stated(act("recruitment"), purpose("forced_labour")), wants: map[string]string{
		"palermo": "elements_met_if_child if_child means", "coe_2005": "elements_met_if_child if_child means"}},
	{name: "means denied, age unknown", st: stated(act("recruitment"), anyMeans(no), purpose("forced_labour")), wants: map[string]string{
		"palermo": "elements_met_if_child if_child means"}},
	{name: "an adult, means denied", st: stated(act("recruitment"), anyMeans(no), purpose("domestic_work"), adult), wants: map[string]string{
		"palermo": "element_denied means_denied means", "coe_2005": "element_denied means_denied means"}},
	{name: "an adult, means denied, act unknown", st: stated(anyMeans(no), purpose("domestic_work"), adult), wants: map[string]string{
		"palermo": "element_denied means_denied means"}},
	{name: "an adult, means blank", st: stated(act("recruitment"), purpose("forced_labour"), adult), wants: map[string]string{
		"palermo": "insufficient_information means_missing means", "coe_2005": "insufficient_information means_missing means"}},
	{name: "control that does not count", st: stated(act("recruitment"), control("takes_earnings"), purpose("forced_labour"), adult), wants: map[string]string{
		"palermo": "insufficient_information means_missing means"}},
	{name: "control that counts", st: stated(act("recruitment"), control("takes_earnings"), controlCounts, purpose("forced_labour"), adult), wants: map[string]string{
		"palermo": "elements_met all_elements "}},
	{name: "a means that is none of Article 3", st: stated(act("recruitment"), means("other_means"), purpose("forced_labour"), adult), wants: map[string]string{
		"palermo": "insufficient_information means_missing means"}},
	{name: "the form of exploitation only", st: stated(collects(assess.ElementPurpose), purpose("sexual_exploitation")), wants: map[string]string{
		"palermo": "insufficient_information act_missing act;means", "coe_2005": "insufficient_information act_missing act;means"}},
	{name: "a child, the form of exploitation only", st: stated(collects(assess.ElementPurpose), purpose("sexual_exploitation"), minor), wants: map[string]string{
		"palermo": "insufficient_information act_missing act"}},
	{name: "an act only", st: stated(act("recruitment")), wants: map[string]string{
		"palermo": "insufficient_information purpose_missing means;purpose", "coe_2005": "insufficient_information purpose_missing means;purpose"}},
	{name: "threats only", st: stated(means("threat")), wants: map[string]string{
		"palermo": "insufficient_information act_and_purpose_missing act;purpose", "coe_2005": "insufficient_information act_and_purpose_missing act;purpose"}},
	{name: "one act denied is not all of them", st: stated(actAnswer("recruitment", no), purpose("begging")), wants: map[string]string{
		"palermo": "insufficient_information act_missing act;means"}},
	{name: "stopped before exploitation", st: stated(act("recruitment"), means("deception"), purpose("prostitution"), adult, exploited(no), attempt), wants: map[string]string{
		"palermo": "elements_met all_elements "}},

	{name: "prostitution of an adult by deception", st: stated(act("recruitment"), means("false_promises"), purpose("prostitution"), adult), wants: map[string]string{
		"tvpa": "severe_sex sex "}},
	{name: "sexual exploitation with something of value", st: stated(act("recruitment"), means("force"), purpose("sexual_exploitation"), commercialSex(yes), adult), wants: map[string]string{
		"tvpa": "severe_sex sex "}},
	{name: "a minor in prostitution, no means", st: stated(act("recruitment"), purpose("prostitution"), minor), wants: map[string]string{
		"tvpa": "severe_sex_minor sex_minor "}},
	{name: "a minor by force: both", st: stated(act("recruitment"), means("force"), purpose("prostitution"), minor), want: map[string][]string{
		"tvpa": {"severe_sex sex ", "severe_sex_minor sex_minor "}}},
	{name: "all three", st: stated(act("recruitment"), means("threat_of_authorities"), purpose("prostitution"), purpose("servitude"), minor), want: map[string][]string{
		"tvpa": {"severe_sex sex ", "severe_sex_minor sex_minor ", "severe_labour labour "}}},
	{name: "servitude by fraud", st: stated(act("recruitment"), means("fraud"), purpose("servitude"), adult), wants: map[string]string{
		"tvpa": "severe_labour labour "}},
	{name: "forced labour with peonage", st: stated(act("recruitment"), means("fraud"), purpose("forced_labour"), subjection(assess.Peonage, yes), adult), wants: map[string]string{
		"tvpa": "severe_labour labour "}},
	{name: "forced labour without subjection", st: stated(act("recruitment"), means("fraud"), purpose("forced_labour"), adult), wants: map[string]string{
		"tvpa": "insufficient_information not_settled purpose"}},
	{name: "a minor in servitude without means", st: stated(act("recruitment"), purpose("servitude"), minor), wants: map[string]string{
		"tvpa": "insufficient_information not_settled means"}},
	{name: "abuse of vulnerability is no coercion", st: stated(act("recruitment"), means("abuse_of_vulnerability"), purpose("prostitution"), adult), wants: map[string]string{
		"palermo": "elements_met all_elements ", "tvpa": "insufficient_information not_settled means"}},
	{name: "neither sex nor labour", st: stated(act("recruitment"), means("fraud"), purpose("organ_removal"), commercialSex(no),
		subjection(assess.InvoluntaryServitude, no), subjection(assess.Peonage, no), subjection(assess.DebtBondage, no), subjection(assess.Slavery, no)),
		wants: map[string]string{"palermo": "elements_met all_elements ", "tvpa": "not_severe purpose_denied purpose"}},
	{name: "an adult in prostitution, means denied", st: stated(act("recruitment"), anyMeans(no), purpose("prostitution"), adult), wants: map[string]string{
		"tvpa": "not_severe means_denied_adult means"}},
	{name: "a child at farm work, means and sex denied", st: stated(act("recruitment"), anyMeans(no), purpose("child_labour"), commercialSex(no), minor), wants: map[string]string{
		"palermo": "elements_met_child child ", "tvpa": "not_severe means_denied_no_commercial_sex means"}},
	{name: "commercial sex not known", st: stated(act("recruitment"), means("force"), purpose("sexual_exploitation"), commercialSex(unknown), adult), wants: map[string]string{
		"tvpa": "insufficient_information not_settled purpose"}},
	{name: "recruited at 17, exploited at 18", st: stated(act("recruitment"), purpose("prostitution"), age(assess.MomentRecruitment, 17, 17),
		age(assess.MomentExploitation, 18, 18)), wants: map[string]string{
		"palermo": "elements_met_child child ", "tvpa": "insufficient_information not_settled means"}},
}

func TestCases(t *testing.T) {
	rules := assess.Builtin()
	won := map[*assess.Rule]bool{}
	for _, c := range cases {
		rows := assess.Assess(rules, c.st)
		for _, r := range rows {
			won[r.Rule] = true
		}
		for definition, line := range c.wants {
			if d := cmp.Diff([]string{line}, lines(under(definition, rows))); d != "" {
				t.Errorf("%s: %s (-want +got):\n%s", c.name, definition, d)
			}
		}
		for definition, want := range c.want {
			if d := cmp.Diff(want, lines(under(definition, rows))); d != "" {
				t.Errorf("%s: %s (-want +got):\n%s", c.name, definition, d)
			}
		}
	}
	for _, d := range rules.Definitions {
		for _, r := range slices.Concat(d.Set, d.Rules) {
			if !won[r] {
				t.Errorf("%s: no case is won by the rule %q", d.Code, r.Name)
			}
		}
	}
}

// TestEveryStatus holds the cases to the code list: each status is given by a rule.
func TestEveryStatus(t *testing.T) {
	given := map[string]bool{}
	for _, c := range cases {
		for _, r := range assess.Assess(assess.Builtin(), c.st) {
			given[r.Status().String()] = true
		}
	}
	for _, e := range schemas.Builtin().List("assessment_status").Codes {
		if !given[e.Code] {
			t.Errorf("no case has the status %q", e.Code)
		}
	}
}

func lines(rows []assess.Row) []string {
	var out []string
	for _, r := range rows {
		out = append(out, strings.Join([]string{r.Status().String(), r.Rule.Name, r.Missing.String()}, " "))
	}
	return out
}
