package assess

// Part is what one entry of a statement does for an element of a definition.
type Part uint8

// The parts.
const (
	PartSilent  Part = iota // asked about, and neither stated nor denied
	PartStates              // stated, and the definition's word has the code
	PartInfers              // as PartStates, inferred by the mapping from something else
	PartDenies              // answered "no"
	PartBeside              // stated, and no part of the definition
	PartControl             // control during exploitation, which the mapping does not let count as a means
)

var partNames = [...]string{"is silent", "states it", "infers it", "denies it", "is no part of the definition", "is control, which does not count"}

func (p Part) String() string { return word(partNames[:], p) }

// Entry is one entry of a statement, as an element of a definition reads it.
type Entry struct {
	Place int    // among the acts, means or purposes of the statement
	Part  Part   //
	Word  string // the definition's word for its code; empty where it has none
	Rests bool   // the element's state rests on it
}

// Reason is why an element of a definition stands as it does.
type Reason struct {
	Element *Element
	State   ElementState
	Entries []Entry // one for each act, means or purpose of the statement, in their order
}

// Reasons is, for each element of the definition in its order, how the statement's entries make
// its state: what Assess found, told again for who asks why.
func (d *Definition) Reasons(st *Statement) []Reason {
	t := tallyOf(st)
	s := d.states(st, &t)
	var out []Reason
	for i := range d.Elements {
		e := &d.Elements[i]
		r := Reason{Element: e, State: s[elementOf(e.Name)]}
		for k, n := range e.entries(st) {
			n.Place = k
			n.Rests = r.restsOn(n.Part)
			r.Entries = append(r.Entries, n)
		}
		out = append(out, r)
	}
	return out
}

func elementOf(name string) int {
	for i, n := range elementNames {
		if n == name {
			return i
		}
	}
	return -1 // not reached: a definition has no other elements
}

// restsOn reports whether a state comes of entries with that part.
func (r *Reason) restsOn(p Part) bool {
	switch r.State {
	case StateStated:
		return p == PartStates
	case StateInferred:
		return p == PartInfers
	case StateDenied:
		return p == PartDenies
	case StateUnknown:
		return p == PartSilent || p == PartDenies // there was a question
	}
	return false
}

// entries is what each entry in which the element can be stated does for it.
func (e *Element) entries(st *Statement) []Entry {
	var out []Entry
	add := func(c Code, a Answer, inferred bool) {
		n := Entry{Part: PartSilent, Word: e.wordOf(c)}
		counts := e.counts&(1<<c) != 0
		switch {
		case a == AnswerNo && (counts || e.denied&(1<<c) != 0):
			n.Part = PartDenies
		case !counts && a != AnswerNotCollected:
			n.Part = PartBeside
		case a == AnswerYes && inferred:
			n.Part = PartInfers
		case a == AnswerYes:
			n.Part = PartStates
		}
		out = append(out, n)
	}
	switch e.Name {
	case elementNames[elementAct]:
		for _, a := range st.Acts {
			add(a.Code, a.Answer, a.Inferred)
		}
	case elementNames[elementMeans]:
		for _, m := range st.Means {
			if add(m.Code, m.Answer, m.Inferred); m.Control && !st.ControlCounts {
				out[len(out)-1].Part = PartControl
			}
		}
	default:
		for _, p := range st.Purposes {
			add(p.Code, p.Answer, p.Inferred)
			if e.Name == elementNames[elementCommercialSex] {
				out[len(out)-1].commercial(p)
			}
		}
	}
	return out
}

// commercial is what a purpose does for commercial sex: it infers it by its meaning, and says
// something of it by its answer to the question itself.
func (n *Entry) commercial(p Purpose) {
	switch {
	case p.Answer != AnswerYes:
		n.Part = PartSilent
	case p.CommercialSex == AnswerYes:
		n.Part = PartStates
	case n.Part == PartStates:
		n.Part = PartInfers
	case p.CommercialSex == AnswerNo:
		n.Part = PartDenies
	}
}

// wordOf is the definition's word for a code.
func (e *Element) wordOf(c Code) string {
	for i, w := range e.Counts {
		if e.words[i]&(1<<c) != 0 {
			return w.Word
		}
	}
	return ""
}
