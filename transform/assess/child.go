package assess

import "math/bits"

// rank is the order in which the parts of the process follow one another. An age at one of them
// bounds the ages at all earlier ones from above, and at all later ones from below.
type rank uint8

const (
	rankRecruitment  rank = iota
	rankMovement          // transportation, transfer
	rankHarbouring        // harbouring and receipt, which begin no later than exploitation
	rankExploitation      // its beginning
	ranks            = int(rankExploitation) + 1
)

// actRanks is when each act takes place, where the record does not say at which stage.
var actRanks = map[string]rank{
	"recruitment":    rankRecruitment,
	"transportation": rankMovement,
	"transfer":       rankMovement,
	"harbouring":     rankHarbouring,
	"receipt":        rankHarbouring,
}

// stageRanks is when an act takes place whose stage is stated.
var stageRanks = [...]rank{StageRecruitment: rankRecruitment, StageMovement: rankMovement, StageExploitation: rankExploitation}

// rankMoments is the moment that an age at each rank is the age of.
var rankMoments = [ranks]Moment{MomentRecruitment, MomentMovement, MomentMovement, MomentExploitation}

// momentSet is a set of moments.
type momentSet uint16

// first is the first moment of a set that is not empty.
func (s momentSet) first() Moment { return Moment(bits.TrailingZeros16(uint16(s))) }

const everyMoment momentSet = 1<<moments - 1<<MomentRecruitment

// notBefore is the moments that are at or after each rank, notAfter those at or before it.
var (
	notBefore = [ranks]momentSet{
		everyMoment,
		everyMoment &^ (1 << MomentRecruitment),
		everyMoment &^ (1<<MomentRecruitment | 1<<MomentMovement),
		everyMoment &^ (1<<MomentRecruitment | 1<<MomentMovement),
	}
	notAfter = [ranks]momentSet{
		1 << MomentRecruitment,
		1<<MomentRecruitment | 1<<MomentMovement,
		1<<MomentRecruitment | 1<<MomentMovement,
		1<<MomentRecruitment | 1<<MomentMovement | 1<<MomentExploitation,
	}
)

// ages is what a statement says of the person's age, asked the one question: under 18?
type ages struct {
	under    momentSet // moments at which under 18 for certain
	adult    momentSet // moments at which 18 or over for certain
	open     momentSet // moments whose age is stated or follows, and is neither
	dated    momentSet // moments whose date is stated
	majority Days      // when the person turned 18, from birth and from every age that has a date
	conflict bool      // ages and dates that cannot all be true
}

// agesOf reads birth, ages and dates.
func agesOf(st *Statement) ages {
	var a ages
	if b := st.Birth.sane(); b.Known {
		a.narrow(Days{addYears(b.Low, 18), addYears(b.High, 18), true})
	}
	var aged momentSet
	for m := MomentRecruitment; int(m) < moments; m++ {
		s := &st.Moments[m]
		if s.When.Known {
			a.dated |= 1 << m
		}
		if s.Age.Known {
			aged |= 1 << m
		}
	}
	for s := a.dated & aged; s != 0; s &= s - 1 {
		m := s.first()
		age, when := st.Moments[m].Age.sane(), st.Moments[m].When.sane()
		if age.Known && when.Known {
			// A day wider on both sides: a year does not always have as many days.
			a.narrow(Days{addYears(when.Low, 17-age.High), addYears(when.High, 18-age.Low) + 1, true})
		}
	}
	for s := a.dated | aged; s != 0; s &= s - 1 {
		a.at(s.first(), &st.Moments[s.first()])
	}
	return a
}

// narrow takes one more interval in which the person turned 18.
func (a *ages) narrow(d Days) {
	if !a.majority.Known {
		a.majority = d
		return
	}
	a.majority.Low, a.majority.High = max(a.majority.Low, d.Low), min(a.majority.High, d.High)
	a.conflict = a.conflict || a.majority.Low > a.majority.High
}

// at sets the bits of one moment, from the age stated and from its date.
func (a *ages) at(m Moment, s *AgeAt) {
	under, adult, open := a.on(s.When)
	if age := s.Age.sane(); age.Known {
		under = under || age.High < 18
		adult = adult || age.Low >= 18
		open = true
	}
	switch {
	case under && adult:
		a.conflict = true
	case under:
		a.under |= 1 << m
	case adult:
		a.adult |= 1 << m
	case open:
		a.open |= 1 << m
	}
}

// on is whether the person was under 18, or 18 or over, on all of those days; or, where birth is
// known, neither for certain.
func (a *ages) on(d Days) (under, adult, open bool) {
	d = d.sane()
	if !d.Known || !a.majority.Known {
		return false, false, false
	}
	under, adult = d.High < a.majority.Low, d.Low >= a.majority.High
	return under, adult, !under && !adult
}

// child is whether the person was under 18 at a rank, whose own days are when, and the moment
// whose age settles it.
func (a *ages) child(k rank, when Days) (ChildState, Moment) {
	under, adult := a.under&notBefore[k], a.adult&notAfter[k]
	ownUnder, ownAdult, ownOpen := a.on(when)
	isUnder, isAdult := under != 0 || ownUnder, adult != 0 || ownAdult
	switch {
	case a.conflict, isUnder && isAdult:
		return ChildPossible, NoMoment
	case ownUnder, ownAdult:
		return pick(isUnder), rankMoments[k]
	case isUnder:
		return ChildYes, under.first()
	case isAdult:
		return ChildNo, Moment(bits.Len16(uint16(adult)) - 1)
	case ownOpen, a.under|a.open != 0:
		return ChildPossible, NoMoment
	}
	// No age, or only one of 18 or over at a later moment: it says nothing of this one.
	return ChildUnknown, NoMoment
}

func pick(under bool) ChildState {
	if under {
		return ChildYes
	}
	return ChildNo
}

// childAtAct is whether the person was under 18 at any act that is stated: yes where that is so
// of one, no where it is so of none. Where no act is stated it is read as of the first.
func (r *Rules) childAtAct(st *Statement, a *ages) (ChildState, Moment) {
	state, basis := ChildUnknown, NoMoment
	acts := 0
	for i := range st.Acts {
		k, ok := r.rankOf(&st.Acts[i])
		if !ok {
			continue
		}
		s, m := a.child(k, st.Acts[i].When)
		if acts++; acts == 1 {
			state, basis = s, m
			continue
		}
		state, basis = worse(state, basis, s, m)
	}
	if acts == 0 {
		return a.child(rankRecruitment, Days{})
	}
	return state, basis
}

// worse is the state over two acts, with the moment of the earlier where both settle it.
func worse(s ChildState, m Moment, t ChildState, n Moment) (ChildState, Moment) {
	switch {
	case s == t:
		return s, min(m, n)
	case s == ChildYes:
		return s, m
	case t == ChildYes:
		return t, n
	case s == ChildPossible, t == ChildPossible:
		return ChildPossible, NoMoment
	}
	return ChildUnknown, NoMoment // one is "no", the other unknown
}

// rankOf is when an act took place, and false for what is no act that the record states.
func (r *Rules) rankOf(act *Act) (rank, bool) {
	if act.Answer != AnswerYes || int(act.Code) >= len(r.actRank) {
		return 0, false
	}
	if act.Stage != StageNotStated && int(act.Stage) < len(stageRanks) {
		return stageRanks[act.Stage], true
	}
	return r.actRank[act.Code], true
}

// childAtExploitation is whether the person was under 18 when exploitation began. Where the
// record states that there was none, there was no such moment.
func childAtExploitation(st *Statement, a *ages) (ChildState, Moment) {
	if st.Exploitation == AnswerNo {
		return ChildUnknown, NoMoment
	}
	return a.child(rankExploitation, Days{})
}
