package assess

import "testing"

// TestReasons holds, for every entry that can be, the states of Reasons against those of Assess,
// and names the odd cases of what an entry does.
func TestReasons(t *testing.T) {
	r := Builtin()
	purpose := func(code string, a, commercial Answer) Purpose {
		c, ok := r.Purpose(code)
		if !ok {
			t.Fatalf("no purpose %q", code)
		}
		return Purpose{Code: c, Answer: a, CommercialSex: commercial}
	}
	means := func(code string, a Answer, control bool) Means {
		c, ok := r.Means(code)
		if !ok {
			t.Fatalf("no means %q", code)
		}
		return Means{Code: c, Answer: a, Control: control}
	}
	for _, tt := range []struct {
		name, definition, element string
		st                        Statement
		part                      Part
		rests                     bool
		word                      string
	}{
		{"a means stated", "palermo", "means", Statement{Means: []Means{means("deception", AnswerYes, false)}}, PartStates, true, "deception"},
		{"control does not count", "palermo", "means", Statement{Means: []Means{means("threat", AnswerYes, true)}}, PartControl, false, "threat or use of force"},
		{"control counts", "palermo", "means", Statement{Means: []Means{means("threat", AnswerYes, true)}, ControlCounts: true}, PartStates, true, "threat or use of force"},
		{"one no denies nothing", "palermo", "means", Statement{Means: []Means{means("threat", AnswerNo, false)}}, PartDenies, true, "threat or use of force"},
		{"other means", "palermo", "means", Statement{Means: []Means{means("other_means", AnswerYes, false)}}, PartBeside, false, ""},
		{"long hours, TVPA", "tvpa", "means", Statement{Means: []Means{means("excessive_working_hours", AnswerYes, false)}}, PartBeside, false, ""},
		{"an answer not known", "palermo", "purpose", Statement{Purposes: []Purpose{purpose("begging", AnswerUnknown, 0)}}, PartSilent, true, `"at a minimum": other forms`},
		{"sexual exploitation is not commercial sex", "tvpa", "commercial_sex", Statement{Purposes: []Purpose{purpose("sexual_exploitation", AnswerYes, 0)}}, PartBeside, false, ""},
		{"commercial sex answered", "tvpa", "commercial_sex", Statement{Purposes: []Purpose{purpose("sexual_exploitation", AnswerYes, AnswerYes)}}, PartStates, true, ""},
		{"prostitution implies it", "tvpa", "commercial_sex", Statement{Purposes: []Purpose{purpose("prostitution", AnswerYes, 0)}}, PartInfers, true, "commercial sex act, by the meaning of the word"},
		{"commercial sex denied", "tvpa", "commercial_sex", Statement{Purposes: []Purpose{purpose("pornography", AnswerYes, AnswerNo)}}, PartDenies, true, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := r.Definition(tt.definition)
			for _, why := range d.Reasons(&tt.st) {
				if why.Element.Name != tt.element {
					continue
				}
				if len(why.Entries) != 1 {
					t.Fatalf("%d entries", len(why.Entries))
				}
				if e := why.Entries[0]; e.Part != tt.part || e.Rests != tt.rests || e.Word != tt.word {
					t.Errorf("%s (%s): %s, rests %t, word %q; want %s, %t, %q", tt.element, why.State, e.Part, e.Rests, e.Word, tt.part, tt.rests, tt.word)
				}
			}
			states := map[string]ElementState{}
			for _, why := range d.Reasons(&tt.st) {
				states[why.Element.Name] = why.State
			}
			for _, row := range Assess(r, &tt.st) {
				if row.Definition == d && (states["act"] != row.Act || states["means"] != row.Means) {
					t.Errorf("states %v, Assess says act %s, means %s", states, row.Act, row.Means)
				}
			}
		})
	}
}
