package assess

import (
	"embed"
	"fmt"
	"sync"
	"time"

	"palermo/diag"
	"palermo/schemas"
)

//go:embed rules/*.yaml
var embedded embed.FS

var builtin = sync.OnceValue(func() *Rules {
	r, err := Decode(embedded, schemas.Builtin())
	if err != nil {
		panic(fmt.Sprintf("assess: the built-in rules are broken: %v", err))
	}
	return r
})

// Builtin is the rules of this package on the built-in code lists, decoded once. The caller must
// not change them. They are safe for several goroutines.
func Builtin() *Rules { return builtin() }

// Rules is the definitions under which statements are assessed, made for fast use: code lists are
// bit sets and a rule is one mask. It is safe for several goroutines.
type Rules struct {
	Definitions []*Definition // in the order of code list definition

	act, means, purpose *schemas.CodeList
	actRank             []rank              // by code of list act
	successors          map[string][]string // of a former country, all that followed it
	digest              string
}

// Definition is the definition with that code of the list, or nil.
func (r *Rules) Definition(code string) *Definition {
	for _, d := range r.Definitions {
		if d.Code == code {
			return d
		}
	}
	return nil
}

// Digest is the SHA-256, in lower-case hex, of the names and bytes of the rules.
func (r *Rules) Digest() string { return r.digest }

// Act is the place of an act's code, and false where the list has none.
func (r *Rules) Act(code string) (Code, bool) { return place(r.act, code) }

// Means is the place of a means' code, and false where the list has none.
func (r *Rules) Means(code string) (Code, bool) { return place(r.means, code) }

// Purpose is the place of a purpose's code, and false where the list has none.
func (r *Rules) Purpose(code string) (Code, bool) { return place(r.purpose, code) }

func place(l *schemas.CodeList, code string) (Code, bool) {
	i := l.Index(code)
	if i < 0 {
		return 0, false
	}
	return Code(i), true
}

// Definition is one legal definition: what counts as its elements, and its rules.
type Definition struct {
	Code     string // of list definition
	Title    string
	Citation string
	Adopted  time.Time // adopted, or enacted
	InForce  time.Time // the first day in force
	Elements []Element
	// Set is the rules each of which gives a row where it matches; no two have one status.
	Set []*Rule
	// Rules is the rules of which the first that matches gives the row, where none of Set did.
	// The last matches everything.
	Rules []*Rule

	place    int   // in Rules.Definitions
	inForce  int32 // InForce in days since 1970
	elements [len(elementNames)]*Element
}

// Element is one element of a definition.
type Element struct {
	Name     string // act, means, purpose, commercial_sex, labour or subjection
	Article  string
	General  bool     // whether a "yes" to the element as a whole, without a code, counts
	Counts   []Word   // the definition's words and which of our codes are one
	Beside   []string // codes of the list that are no part of the element
	DeniedBy []string // codes that, all denied, deny the element; none: only a general "no" does

	counts, denied codeSet
	words          []codeSet // by word of Counts
}

// Word is a word of the definition and the codes that count as it.
type Word struct {
	Word  string
	Codes []string
}

// Rule gives a status where all its conditions hold.
type Rule struct {
	Name    string
	Status  Status
	When    []Condition // in the order of the vocabulary
	Article string
	Note    string // what it means
	Example string
	Said    diag.Pos // where the file of the definition has it

	allowed facts
}

// Condition holds where what Word names is one of Values.
type Condition struct {
	Word   string
	Values []string // as written, with "met" and "missing" as such
}

// codeSet is a set of places in a code list of at most 64 codes.
type codeSet uint64

func (s *codeSet) add(c Code) {
	if c < maxCodes {
		*s |= 1 << c
	}
}

// maxCodes is the longest code list that a codeSet can hold.
const maxCodes = 64

// matches is whether every fact is among those allowed.
func (r *Rule) matches(f facts) bool { return f&^r.allowed == 0 }
