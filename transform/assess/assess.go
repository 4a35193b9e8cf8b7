package assess

import "slices"

// Assess holds a statement against every definition of r and gives its rows: in the order of the
// definitions, and of the rules within one. There is one row a definition, and several where more
// than one rule of a set matches. It is pure, safe for several goroutines, and never panics on
// what a Statement can hold; r must come from Decode or Builtin.
func Assess(r *Rules, st *Statement) []Row {
	return Append(make([]Row, 0, len(r.Definitions)+1), r, st)
}

// Append is Assess for a caller who keeps the slice: it appends the rows to dst and allocates
// nothing where dst has room.
func Append(dst []Row, r *Rules, st *Statement) []Row {
	t := tallyOf(st)
	a := agesOf(st)
	w := r.windowOf(st, a.dated)
	base := Row{
		Subject:      st.Subject,
		Exploitation: st.Exploitation.sane(),
		Attempt:      st.Attempt.sane(),
		Smuggling:    st.Smuggling.sane(),
		Border:       r.border(st),
	}
	base.ChildAtAct, base.ChildAtActBasis = r.childAtAct(st, &a)
	base.ChildAtExploitation, base.ChildAtExploitationBasis = childAtExploitation(st, &a)
	for _, d := range r.Definitions {
		s := d.states(st, &t)
		row := base
		row.Definition = d
		row.Act, row.Means, row.Purpose = s[elementAct], s[elementMeans], s[elementPurpose]
		row.InForce = w.inForce(d.inForce)
		row.Consent = d.consent(st.Consent, &row, &s)
		dst = d.decide(dst, &row, &s)
	}
	return dst
}

// decide appends a row for each rule of the set that matches, or else one for the first other
// rule that does.
func (d *Definition) decide(dst []Row, row *Row, s *states) []Row {
	f := row.facts(s)
	before := len(dst)
	for _, rule := range d.Set {
		if rule.matches(f) {
			dst = append(dst, *row)
			dst[len(dst)-1].Rule = rule
		}
	}
	if len(dst) > before {
		return dst
	}
	for _, rule := range d.Rules {
		if rule.matches(f) {
			row.Rule = rule
			row.Missing = d.missing(row, s)
			return append(dst, *row)
		}
	}
	return dst // not reached: the last rule matches everything
}

// facts is what the rules may ask, as bits.
func (r *Row) facts(s *states) facts {
	f := fact(wordChildAtAct, r.ChildAtAct) | fact(wordChildAtExploitation, r.ChildAtExploitation) |
		fact(wordSmuggling, r.Smuggling)
	for i, state := range s {
		f |= fact(i, state)
	}
	return f
}

// meansWaived is whether the definition needs no means of this person.
func (d *Definition) meansWaived(r *Row, s *states) bool {
	if d.elements[elementCommercialSex] != nil {
		return s[elementCommercialSex].Met() && r.ChildAtExploitation == ChildYes
	}
	return r.ChildAtAct == ChildYes
}

// missing is the elements that stand in the way of the definition: those that are denied where
// the rule rests on that, else those that are not there.
func (d *Definition) missing(r *Row, s *states) (m Elements) {
	status := r.Status()
	denied := status == StatusElementDenied || status == StatusSmugglingOnlyStated || status == StatusNotSevere
	for i, set := range [...]Elements{ElementAct, ElementMeans, ElementPurpose} {
		state := s[i]
		if denied && state == StateDenied || !denied && !state.Met() {
			m |= set
		}
	}
	if status == StatusElementsMetChild || d.meansWaived(r, s) {
		m &^= ElementMeans
	}
	return m
}

// consent is what the person's consent means. It is said beside the status and never changes it.
func (d *Definition) consent(stated Answer, r *Row, s *states) ConsentEffect {
	switch {
	case stated != AnswerYes:
		return ConsentNoneStated
	case r.Means.Met():
		return ConsentIrrelevantMeans
	case d.meansWaived(r, s):
		return ConsentIrrelevantChild
	}
	return ConsentRelevantUnknown
}

// border is whether a border was crossed: as the record says of the crossing, or as the countries
// of the journey show, without the way back.
func (r *Rules) border(st *Statement) Border {
	first, same, unknown := "", 0, false
	for i := range st.Legs {
		leg := &st.Legs[i]
		switch {
		case leg.Kind == LegReturn:
		case leg.Country == "":
			unknown = true
		case first == "":
			first, same = leg.Country, 1
		case leg.Country == first:
			same++
		case r.within(first, leg.Country) || r.within(leg.Country, first):
			unknown = true // a state and one that followed it: the border may not have been there
		default:
			return BorderCross
		}
	}
	switch {
	case st.Crossed == AnswerYes:
		return BorderCross
	case st.Crossed == AnswerNo, same > 1 && !unknown:
		return BorderInternal
	}
	return BorderUnknown
}

// within is whether a country followed on a former one, at once or later.
func (r *Rules) within(former, country string) bool {
	return slices.Contains(r.successors[former], country)
}
