package assess

// tally is what a statement says of one element, code by code.
type tally struct {
	stated, inferred, denied codeSet
	asked                    bool // whether there is an entry at all
}

func (t *tally) add(c Code, a Answer, inferred bool) {
	switch {
	case a == AnswerNotCollected || a > AnswerYes:
		return
	case a == AnswerYes && inferred:
		t.inferred.add(c)
	case a == AnswerYes:
		t.stated.add(c)
	case a == AnswerNo:
		t.denied.add(c)
	}
	t.asked = true
}

// tallies is what a statement says of every element, whatever the definition.
type tallies struct {
	act, means, purpose tally
	commercial          [AnswerYes + 1]bool // which answers there are, beside purposes that are stated
}

// tallyOf reads every entry once, for all definitions.
func tallyOf(st *Statement) (t tallies) {
	for i := range st.Acts {
		a := &st.Acts[i]
		t.act.add(a.Code, a.Answer, a.Inferred)
	}
	for i := range st.Means {
		if m := &st.Means[i]; !m.Control || st.ControlCounts {
			t.means.add(m.Code, m.Answer, m.Inferred)
		}
	}
	for i := range st.Purposes {
		p := &st.Purposes[i]
		t.purpose.add(p.Code, p.Answer, p.Inferred)
		if p.Answer == AnswerYes && p.CommercialSex <= AnswerYes {
			t.commercial[p.CommercialSex] = true
		}
	}
	return t
}

// state is how an element stands: a code that is stated outweighs one that is inferred, and both
// outweigh a general "no".
func (e *Element) state(t *tally, general Answer, collected bool) ElementState {
	switch {
	case t.stated&e.counts != 0, e.General && general == AnswerYes:
		return StateStated
	case t.inferred&e.counts != 0:
		return StateInferred
	case general == AnswerNo, e.denied != 0 && t.denied&e.denied == e.denied:
		return StateDenied
	case collected, t.asked, general != AnswerNotCollected:
		return StateUnknown
	}
	return StateNotCollected
}

// states is how each element of a definition stands.
type states [len(elementNames)]ElementState

func (d *Definition) states(st *Statement, t *tallies) (s states) {
	collects := func(e Elements) bool { return st.Collects&e != 0 }
	purposes := collects(ElementPurpose)
	s[elementAct] = d.elements[elementAct].state(&t.act, st.AnyAct, collects(ElementAct))
	s[elementMeans] = d.elements[elementMeans].state(&t.means, st.AnyMeans, collects(ElementMeans))
	if e := d.elements[elementPurpose]; e != nil {
		s[elementPurpose] = e.state(&t.purpose, st.AnyPurpose, purposes)
		return s
	}
	s[elementCommercialSex] = d.commercialSex(t, purposes)
	s[elementLabour] = d.elements[elementLabour].state(&t.purpose, st.AnyPurpose, purposes)
	s[elementSubjection] = d.subjection(st, t, purposes)
	s[elementPurpose] = either(s[elementCommercialSex], both(s[elementLabour], s[elementSubjection]))
	return s
}

// commercialSex is whether anything of value was given for a sex act. A purpose that is commercial
// sex by its meaning infers it; a general "no" to exploitation does not deny it.
func (d *Definition) commercialSex(t *tallies, collected bool) ElementState {
	c := t.commercial
	switch {
	case c[AnswerYes]:
		return StateStated
	case (t.purpose.stated|t.purpose.inferred)&d.elements[elementCommercialSex].counts != 0:
		return StateInferred
	case c[AnswerUnknown], c[AnswerDeclined], c[AnswerNotApplicable]:
		return StateUnknown
	case c[AnswerNo]:
		return StateDenied
	case collected, t.purpose.asked:
		return StateUnknown
	}
	return StateNotCollected
}

// subjection is whether one of the four conditions is stated, as such or by a purpose that names
// it.
func (d *Definition) subjection(st *Statement, t *tallies, collected bool) ElementState {
	denied, asked := 0, false
	for _, a := range st.Subjections {
		switch a {
		case AnswerYes:
			return StateStated
		case AnswerNo:
			denied++
		}
		asked = asked || a != AnswerNotCollected
	}
	s := d.elements[elementSubjection].state(&t.purpose, st.AnyPurpose, collected || asked)
	if !s.Met() && denied == subjections {
		return StateDenied
	}
	return s
}

// either is the state of what one of two is enough for.
func either(a, b ElementState) ElementState {
	switch { // where one way is shut, the other decides
	case a == StateDenied:
		return b
	case b == StateDenied:
		return a
	}
	return max(a, b)
}

// both is the state of what needs two.
func both(a, b ElementState) ElementState {
	if a == StateDenied || b == StateDenied {
		return StateDenied
	}
	return min(a, b)
}
