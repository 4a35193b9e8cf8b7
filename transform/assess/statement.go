package assess

// Statement is what one version of a record, or one episode, states. The zero value states
// nothing and comes from a source that collects nothing. Assess borrows it: slices stay the
// caller's and are not changed.
type Statement struct {
	Subject Subject

	// Collects is the elements that the source's form asks about at all, whatever this record
	// answers. What is stated counts even where the source is not said to collect it.
	Collects Elements

	// The elements stated, one entry a row of record_act, record_means and record_purpose.
	Acts     []Act
	Means    []Means
	Purposes []Purpose

	// AnyAct, AnyMeans and AnyPurpose are the record's answers about an element as a whole
	// ("Was any form of force or deception used?"). AnswerYes states it without saying which;
	// AnswerNo denies it, unless a single act, means or purpose is stated.
	AnyAct, AnyMeans, AnyPurpose Answer

	// ControlCounts is whether the mapping lets a method of control during exploitation count as
	// a means of an act. Where it does not, entries with Means.Control are as if not there.
	ControlCounts bool

	// Subjections is what the record answers about each condition of 22 U.S.C. 7102(11)(B), for
	// sources that ask; a purpose that is one by its name needs no entry here.
	Subjections [subjections]Answer

	// Birth is the first and the last day on which the person can have been born.
	Birth Days

	// Moments is the age stated at each moment, and when the moment was. Slot 0 is not used.
	Moments [moments]AgeAt

	// Consent is whether the record states that the person consented to the exploitation. It is
	// not consent to the keeping of data.
	Consent Answer

	Smuggling    Answer // whether the record states that the person was smuggled
	Attempt      Answer // whether it states an attempt that was stopped
	Exploitation Answer // whether it states that exploitation took place

	// Legs is the places of the journey. Legs of return do not tell whether a border was crossed.
	Legs []Leg

	// Crossed is what the record says of the crossing of a border as such.
	Crossed Answer
}

// Subject is what is assessed: the key of the rows that come of it.
type Subject struct {
	Kind    SubjectKind
	ID      string // record_id or episode_id
	Version int64  // of the record; 0 for an episode
}

// Act is one act stated, denied or asked about.
type Act struct {
	Code   Code
	Answer Answer
	Stage  Stage
	// Inferred is whether the mapping's rule infers the act from something else that the record
	// states, as recruitment from a recruiter, and does not read it.
	Inferred bool
	// When is the days between which the act took place.
	When Days
}

// Means is one means stated, denied or asked about.
type Means struct {
	Code     Code
	Answer   Answer
	Stage    Stage // kept for the reader; no rule depends on it
	Inferred bool  // as in Act
	Control  bool  // listed as a method of control during exploitation, not as a means of an act
}

// Purpose is one purpose stated, denied or asked about. A purpose is an intent: the record of a
// person who was stopped before any exploitation can state it.
type Purpose struct {
	Code     Code
	Answer   Answer
	Stage    Stage // kept for the reader; no rule depends on it
	Inferred bool  // as in Act; also where only a form of exploitation is stated
	// CommercialSex is whether anything of value was given for a sex act: the test of the TVPA,
	// which is not that of sexual exploitation. It is read where Answer is AnswerYes.
	CommercialSex Answer
}

// AgeAt is the age at one moment and when that was; each may be unknown.
type AgeAt struct {
	Age  Years
	When Days
}

// Leg is one place of a journey.
type Leg struct {
	Kind    LegKind
	Country string // a code of list country; empty where it is not known
}

// Days is a closed interval of days, counted from 1 January 1970. The zero value is unknown, and
// so is one whose Low is after its High.
type Days struct {
	Low, High int32
	Known     bool
}

// Years is a closed interval of ages in full years. The zero value is unknown, and so is one
// whose Low is after its High. An age open upwards has a High of 150, one open downwards a Low
// of 0.
type Years struct {
	Low, High int32
	Known     bool
}

// DaysBetween is the interval from low to high, both included.
func DaysBetween(low, high int32) Days { return Days{low, high, true} }

// YearsBetween is the interval from low to high, both included.
func YearsBetween(low, high int32) Years { return Years{low, high, true} }

// What days and ages are held to, so that no sum of them overflows: about 8,000 years either
// side of 1970, and the longest of lives.
const (
	maxDay = 3_000_000
	maxAge = 150
)

// sane is d within the bounds, and unknown where it is no interval.
func (d Days) sane() Days {
	if !d.Known || d.Low > d.High || d.Low > maxDay || d.High < -maxDay {
		return Days{}
	}
	return Days{max(d.Low, -maxDay), min(d.High, maxDay), true}
}

// sane is y within the bounds, and unknown where it is no interval.
func (y Years) sane() Years {
	if !y.Known || y.Low > y.High || y.Low > maxAge || y.High < 0 {
		return Years{}
	}
	return Years{max(y.Low, 0), min(y.High, maxAge), true}
}
