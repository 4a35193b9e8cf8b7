package assess

import "slices"

// facts is what a definition's rules may ask of a statement, as bits: for each word of the
// vocabulary exactly one of its values is set. A rule is the set of the values it allows, so that
// to match is one operation.
type facts uint64

// element is the place of an element in the vocabulary.
type element int

const (
	elementAct element = iota
	elementMeans
	elementPurpose
	elementCommercialSex
	elementLabour
	elementSubjection
)

var elementNames = [...]string{"act", "means", "purpose", "commercial_sex", "labour", "subjection"}

// condition is one word of the vocabulary: what may be asked, and its values in the order of the
// Go constants.
type condition struct {
	word   string
	values []string
	asks   string // for the manual
}

// vocabulary is all that a rule may ask, and is closed: consent, borders, attempts, whether
// exploitation took place, and what an agency decided are not in it. The elements come first.
var vocabulary = [...]condition{
	{"act", elementStates[:], "How the act stands"},
	{"means", elementStates[:], "How the means stand, of those that count under the definition"},
	{"purpose", elementStates[:], "How the purpose stands; under the TVPA: commercial sex, or labour with a subjection"},
	{"commercial_sex", elementStates[:], "Whether something of value was given for a sex act (TVPA)"},
	{"labour", elementStates[:], "Whether the purpose is labour or services (TVPA)"},
	{"subjection", elementStates[:], "Whether it is involuntary servitude, peonage, debt bondage or slavery (TVPA)"},
	{"child_at_act", childStates[:], "Whether under 18 at any act stated"},
	{"child_at_exploitation", childStates[:], "Whether under 18 when exploitation began"},
	{"smuggling", answers[:], "Whether the record states that the person was smuggled"},
}

const (
	wordChildAtAct = iota + len(elementNames)
	wordChildAtExploitation
	wordSmuggling
)

// shorthand is what may stand for several states of an element.
var shorthand = map[string][]string{
	"met":     {StateStated.String(), StateInferred.String()},
	"missing": {StateUnknown.String(), StateNotCollected.String()},
}

// bitsOf is where the values of a word begin among the bits of facts.
var bitsOf = offsets()

func offsets() (at [len(vocabulary) + 1]int) {
	for i, c := range vocabulary {
		at[i+1] = at[i] + len(c.values)
	}
	return at
}

func fact[T ~uint8](word int, v T) facts { return 1 << (bitsOf[word] + int(v)) }

// span is all the values of a word.
func span(word int) facts { return 1<<bitsOf[word+1] - 1<<bitsOf[word] }

// everything is all values of all words: what the rule without conditions allows.
func everything() facts { return 1<<bitsOf[len(vocabulary)] - 1 }

// wordIndex is the place of a word in the vocabulary, or -1.
func wordIndex(word string) int {
	return slices.IndexFunc(vocabulary[:], func(c condition) bool { return c.word == word })
}

// allow is the bits of the values of a word, and false where one is no value of it.
func allow(word int, value string) (facts, bool) {
	values := []string{value}
	if long, ok := shorthand[value]; ok && word < len(elementNames) {
		values = long
	}
	var f facts
	for _, v := range values {
		i := slices.Index(vocabulary[word].values, v)
		if i < 0 {
			return 0, false
		}
		f |= fact(word, uint8(i))
	}
	return f, true
}
