package assess

// Row is one subject under one definition and one status: a row of table assessment. It holds no
// text of its own, so that rows are cheap; Columns spells it out.
type Row struct {
	Subject    Subject
	Definition *Definition
	Rule       *Rule // the rule that gave the status

	// The states of the elements under the definition. Under the TVPA the means are those that are
	// force, fraud or coercion, and the purpose is commercial sex, or labour with a subjection.
	Act, Means, Purpose ElementState

	// Missing is the elements that are needed and denied, where the status is element_denied or
	// smuggling_only_stated; else those that are needed and not there.
	Missing Elements

	ChildAtAct               ChildState
	ChildAtActBasis          Moment // NoMoment unless ChildAtAct is yes or no
	ChildAtExploitation      ChildState
	ChildAtExploitationBasis Moment // NoMoment unless ChildAtExploitation is yes or no

	Consent      ConsentEffect
	Exploitation Answer
	Attempt      Answer
	Border       Border
	Smuggling    Answer
	InForce      Answer // yes, no or unknown
}

// Status is the row's status.
func (r *Row) Status() Status { return r.Rule.Status }

// Columns is the row by the names of the columns of table assessment, as schemas.Rows takes it.
// The map is the caller's.
func (r *Row) Columns() map[string]any {
	return map[string]any{
		"subject_kind_code":                r.Subject.Kind.String(),
		"subject_id":                       r.Subject.ID,
		"subject_version":                  r.Subject.Version,
		"definition_code":                  r.Definition.Code,
		"status_code":                      r.Status().String(),
		"act_state_code":                   r.Act.String(),
		"means_state_code":                 r.Means.String(),
		"purpose_state_code":               r.Purpose.String(),
		"missing_elements":                 orNull(r.Missing.String()),
		"child_at_act_code":                r.ChildAtAct.String(),
		"child_at_act_basis_code":          orNull(r.ChildAtActBasis.String()),
		"child_at_exploitation_code":       r.ChildAtExploitation.String(),
		"child_at_exploitation_basis_code": orNull(r.ChildAtExploitationBasis.String()),
		"consent_effect_code":              r.Consent.String(),
		"exploitation_occurred_code":       r.Exploitation.String(),
		"attempt_stated_code":              r.Attempt.String(),
		"border_code":                      r.Border.String(),
		"smuggling_stated_code":            r.Smuggling.String(),
		"definition_in_force_code":         r.InForce.String(),
		"rule":                             r.Rule.Name,
		"article":                          r.Rule.Article,
	}
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
