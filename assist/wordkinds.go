package assist

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"palermo/schemas"
)

// What a word means can follow from its kind: numbers of ages, several codes in one word, a word for many countries.

// band is what band of ages the numbers of the word say: 0 - 17, 18+, aged over 35 years; empty for none.
func band(list, text string) string {
	if list != "age_dimension" || len(text) > 40 {
		return ""
	}
	from, to, ok := ages(text)
	switch {
	case !ok:
		return ""
	case to == adult-1 && from <= 0:
		return "child"
	case from == adult && to < 0:
		return "adult"
	}
	return "band"
}

// adult is the age from which a person is no child.
const adult = 18

// ages is from which to which age, in years, the word says; to is -1 where it goes on. Not ok where it does not hold one
// number or two, or says something else beside them.
func ages(text string) (from, to int, ok bool) {
	var numbers []int
	digits := ""
	for _, r := range text + " " {
		if r >= '0' && r <= '9' {
			digits += string(r)
			continue
		}
		if digits != "" {
			n, err := strconv.Atoi(digits)
			if err != nil || n > 120 {
				return 0, 0, false
			}
			numbers = append(numbers, n)
			digits = ""
		}
	}
	var up, down bool
	for _, t := range strings.FieldsFunc(fold(text), func(r rune) bool { return !unicode.IsLetter(r) }) {
		switch {
		case upWords[t]:
			up = true
		case downWords[t]:
			down = true
		case !ageWords[t]:
			return 0, 0, false
		}
	}
	up = up || strings.ContainsAny(text, "+>")
	down = down || strings.Contains(text, "<")
	switch {
	case len(numbers) == 2 && numbers[0] < numbers[1] && !up && !down:
		return numbers[0], numbers[1], true
	case len(numbers) == 1 && up && !down:
		return numbers[0], -1, true
	case len(numbers) == 1 && down && !up:
		if numbers[0] == adult && !strings.Contains(fold(text), "or") {
			return 0, adult - 1, true // under 18
		}
		if numbers[0] < adult-1 {
			return 1, numbers[0], true // some of the children
		}
		return 0, numbers[0], true
	}
	return 0, 0, false
}

// upWords and downWords is words for ages from one on, and up to one; ageWords those that say no more beside numbers.
var (
	upWords   = setOf(fold("over above older plus more starije старше више понад над peste plus mayores más"))
	downWords = setOf(fold("under below younger less млађе до moins menores sub nën"))
	ageWords  = setOf(fold("to and or years year yrs y age aged ages between from ans an años год лет года година godina godine ani vjeç de a à et y i и child children adult adults minor minors"))
)

// mixed finds words that name several codes, for lists that have a code for that.
func (l *Lexicon) mixed(list, text string, put func(string, float64, string)) {
	if l.schema.List(list).Index("mixed") < 0 || !strings.ContainsAny(text, "&+/") {
		return
	}
	codes := map[string]bool{}
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("&+/,", r) }) {
		ps := l.Codes(list, part)
		if len(ps) == 0 || ps[0].Score < 0.55 {
			return
		}
		codes[ps[0].Code] = true
	}
	if len(codes) > 1 {
		put("mixed", 0.9, "names several")
	}
}

// severalPlaces finds what stands for more than one country: several named, or a word for many of them; or a region.
func (l *Lexicon) severalPlaces(text string, put func(string, float64, string)) {
	named := 0
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("/&;,", r) }) {
		if c := l.Certain(countryList, part); c != "" && !strings.HasPrefix(c, "*") {
			named++
		}
	}
	if named > 1 {
		put("several", 0.93, "names several")
		return
	}
	tokens := phraseOf(text).tokens
	has := func(words map[string]bool) bool {
		return slices.ContainsFunc(tokens, func(t string) bool { return words[t] })
	}
	switch {
	case len(tokens) > 1 && has(manyCountries):
		put("several", 0.88, "a word for countries")
	case has(l.regions):
		put("region", 0.88, "a word for a part of the world")
	}
}

// manyCountries is words for more than one country, folded.
var manyCountries = setOf(fold("countries states nations pays états países estados nacionales страны государства країни држави државе države zemlje zemalja țări shtete vende"))

// regionsOf is the words of the parts of the world that the list of countries has, but for those that say where in one
// it is.
func regionsOf(s *schemas.Schema) map[string]bool {
	out := map[string]bool{}
	for i := range s.Countries {
		c := &s.Countries[i]
		for _, t := range append(phraseOf(c.Region).tokens, phraseOf(c.Subregion).tokens...) {
			if !directions[t] {
				out[t] = true
			}
		}
	}
	return out
}

// directions is words that say where in a part of the world a region is.
var directions = setOf("northern southern eastern western central middle south north east west south-eastern latin new australia zealand")

// akin is, for a list that says of the sex what another does, the code for each of its codes.
var akin = []struct {
	list, of string
	codes    map[string]string
}{
	{"sex_dimension", "sex", map[string]string{"female": "female", "male": "male"}},
	{"gender", "sex", map[string]string{"female": "feminine", "male": "masculine"}},
}

// addAkin adds the words of lists that say the same.
func (l *Lexicon) addAkin() {
	for _, a := range akin {
		list := l.schema.List(a.list)
		if list == nil {
			continue
		}
		for _, w := range l.words[a.of] {
			if code := a.codes[w.code]; code != "" && list.Index(code) >= 0 {
				l.word(a.list, w.text, w.from, code, w.part)
			}
		}
	}
}
