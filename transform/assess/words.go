package assess

import "slices"

// Code is the place of a code in its code list (act, means or purpose), as Rules.Act,
// Rules.Means and Rules.Purpose give it. A place that the list does not have is ignored.
type Code uint8

// Answer is what a form says to a question. The zero value is AnswerNotCollected, so that what a
// caller leaves out is never read as an answer.
type Answer uint8

// The answers, as in code list answer.
const (
	AnswerNotCollected Answer = iota
	AnswerNotApplicable
	AnswerDeclined
	AnswerUnknown
	AnswerNo
	AnswerYes
)

var answers = [...]string{"not_collected", "not_applicable", "declined", "unknown", "no", "yes"}

// String is the code.
func (a Answer) String() string { return word(answers[:], a) }

// sane is a, and AnswerNotCollected where it is none of the answers.
func (a Answer) sane() Answer {
	if a > AnswerYes {
		return AnswerNotCollected
	}
	return a
}

// ParseAnswer is the answer of that code, and false where there is none.
func ParseAnswer(code string) (Answer, bool) { return parse[Answer](answers[:], code) }

// Stage is the stage of the process that a statement is about. The zero value is not stated.
type Stage uint8

// The stages, as in code list stage.
const (
	StageNotStated Stage = iota
	StageRecruitment
	StageMovement
	StageExploitation
)

var stages = [...]string{"not_stated", "recruitment", "movement", "exploitation"}

// String is the code.
func (s Stage) String() string { return word(stages[:], s) }

// ParseStage is the stage of that code, and false where there is none.
func ParseStage(code string) (Stage, bool) { return parse[Stage](stages[:], code) }

// Moment is a moment of the process at which an age, or a date, is stated: a code of list basis.
// The zero value is no moment. They stand in the order in which they follow one another: those
// from MomentReferral on are all taken to be at or after the beginning of exploitation.
type Moment uint8

// The moments. An age without a basis is at MomentNotStated: it is read as the age at the time of
// the record.
const (
	NoMoment Moment = iota
	MomentRecruitment
	MomentMovement
	MomentExploitation // when it began
	MomentReferral
	MomentIdentification
	MomentInterview
	MomentRegistration
	MomentReporting
	MomentNotStated

	moments = int(MomentNotStated) + 1
)

var momentCodes = [moments]string{"", "recruitment", "movement", "exploitation", "referral",
	"identification", "interview", "registration", "reporting", "not_stated"}

// String is the code, empty for NoMoment.
func (m Moment) String() string { return word(momentCodes[:], m) }

// ParseMoment is the moment of that code of list basis, and false where there is none.
func ParseMoment(code string) (Moment, bool) {
	m, ok := parse[Moment](momentCodes[:], code)
	return m, ok && m != NoMoment
}

// SubjectKind says what is assessed.
type SubjectKind uint8

// The kinds, as in code list subject_kind.
const (
	SubjectRecord SubjectKind = iota
	SubjectEpisode
)

var subjectKinds = [...]string{"record", "episode"}

// String is the code.
func (k SubjectKind) String() string { return word(subjectKinds[:], k) }

// LegKind says what a place was on the way. The zero value is a place of which that is not said.
type LegKind uint8

// The kinds, as in code list leg_kind.
const (
	LegNotStated LegKind = iota
	LegOrigin
	LegTransit
	LegDestination
	LegReturn
)

var legKinds = [...]string{"", "origin", "transit", "destination", "return"}

// String is the code, empty for LegNotStated.
func (k LegKind) String() string { return word(legKinds[:], k) }

// ParseLegKind is the kind of that code, and false where there is none.
func ParseLegKind(code string) (LegKind, bool) { return parse[LegKind](legKinds[:], code) }

// Subjection is one of the four conditions of 22 U.S.C. 7102(11)(B).
type Subjection uint8

// The conditions.
const (
	InvoluntaryServitude Subjection = iota
	Peonage
	DebtBondage
	Slavery

	subjections = int(Slavery) + 1
)

// ElementState is how an element of a definition stands in a record. The zero value is
// StateNotCollected.
type ElementState uint8

// The states, as in code list element_state.
const (
	StateNotCollected ElementState = iota
	StateUnknown
	StateDenied
	StateInferred
	StateStated
)

var elementStates = [...]string{"not_collected", "unknown", "denied", "inferred", "stated"}

// String is the code.
func (s ElementState) String() string { return word(elementStates[:], s) }

// Met is whether the element is there: stated, or inferred by a rule that is named.
func (s ElementState) Met() bool { return s >= StateInferred }

// ChildState is whether the person was under 18 at a moment. The zero value is ChildUnknown.
type ChildState uint8

// The states, as in code list child_state.
const (
	ChildUnknown ChildState = iota
	ChildPossible
	ChildNo
	ChildYes
)

var childStates = [...]string{"unknown", "possible", "no", "yes"}

// String is the code.
func (s ChildState) String() string { return word(childStates[:], s) }

// ConsentEffect is what the person's consent means under a definition.
type ConsentEffect uint8

// The effects, as in code list consent_effect.
const (
	ConsentNoneStated ConsentEffect = iota
	ConsentIrrelevantMeans
	ConsentIrrelevantChild
	ConsentRelevantUnknown
)

var consentEffects = [...]string{"none_stated", "irrelevant_means", "irrelevant_child", "relevant_unknown"}

// String is the code.
func (e ConsentEffect) String() string { return word(consentEffects[:], e) }

// Border is whether a border was crossed.
type Border uint8

// The states, as in code list border_state.
const (
	BorderUnknown Border = iota
	BorderInternal
	BorderCross
)

var borders = [...]string{"unknown", "internal", "cross_border"}

// String is the code.
func (b Border) String() string { return word(borders[:], b) }

// Status is how a record stands to a definition.
type Status uint8

// The statuses, as in code list assessment_status.
const (
	NoStatus Status = iota
	StatusElementsMet
	StatusElementsMetChild
	StatusElementsMetIfChild
	StatusElementDenied
	StatusSmugglingOnlyStated
	StatusInsufficientInformation
	StatusNotAssessable
	StatusSevereSex
	StatusSevereSexMinor
	StatusSevereLabour
	StatusNotSevere
)

var statuses = [...]string{"", "elements_met", "elements_met_child", "elements_met_if_child", "element_denied",
	"smuggling_only_stated", "insufficient_information", "not_assessable",
	"severe_sex", "severe_sex_minor", "severe_labour", "not_severe"}

// String is the code.
func (s Status) String() string { return word(statuses[:], s) }

// Elements is a set of the three elements of Article 3(a).
type Elements uint8

// The elements. Under the TVPA the purpose is commercial sex, or labour with a subjection.
const (
	ElementAct Elements = 1 << iota
	ElementMeans
	ElementPurpose
)

var elementSets = [...]string{"", "act", "means", "act;means", "purpose", "act;purpose", "means;purpose", "act;means;purpose"}

// String names the elements, joined by semicolons.
func (e Elements) String() string { return word(elementSets[:], e) }

// word is the code of a value; of one that there is not, empty.
func word[T ~uint8](codes []string, v T) string {
	if int(v) >= len(codes) {
		return ""
	}
	return codes[v]
}

func parse[T ~uint8](codes []string, code string) (T, bool) {
	i := slices.Index(codes, code)
	if i < 0 || code == "" {
		return 0, false
	}
	return T(i), true
}
