package schemas

import (
	"slices"
	"strings"
)

// The files of words for the people of a country, and of words that more than one country could claim.
const (
	demonymFile   = "demonyms.csv"
	ambiguousFile = "ambiguous.csv"
)

// ByCitizenship looks a word up as a text about somebody's citizenship: a name of the country, of now or of
// the past, or a word for its people, in any language. A word that is listed as ambiguous means none.
const ByCitizenship = "citizenship"

// Demonym is a word for the people of a country, as forms of citizenship have it.
type Demonym struct {
	Code string
	Lang string // BCP 47
	Word string

	AddedFor string // the source whose words brought it; empty where it is common knowledge
}

// Ambiguous is a word for the people of more than one country, or of one that is often written for those of
// another. What stands beside it may tell; the word does not.
type Ambiguous struct {
	Word   string
	Lang   string
	Codes  []string // the countries that it may mean
	Reason string
}

// Citizenship is the country that a text about citizenship names, and whether it is certain. Where the word
// is listed as ambiguous, that is why not.
func (s *Schema) Citizenship(word string) (code string, why *Ambiguous, ok bool) {
	key := fold(ByName, word)
	if a := s.ambiguous[key]; a != nil {
		return "", a, false
	}
	codes := s.names[ByCitizenship][key]
	if len(codes) != 1 {
		return "", nil, false
	}
	return codes[0], nil, true
}

// loadCitizenships reads the words for peoples, after the countries.
func (l *loader) loadCitizenships(files []string) {
	l.s.ambiguous = map[string]*Ambiguous{}
	if slices.Contains(files, ambiguousFile) {
		l.fault(readCSV(l.fsys, ambiguousFile, []string{"word", "lang", "codes", "reason"}, nil, l.addAmbiguous))
	}
	if slices.Contains(files, demonymFile) {
		l.fault(readCSV(l.fsys, demonymFile, []string{"code", "lang", "word", "added_for"}, nil, l.addDemonym))
	}
	out := map[string][]string{}
	for name, codes := range l.s.names[ByName] {
		out[name] = slices.Clone(codes)
	}
	for _, d := range l.s.Demonyms {
		key := fold(ByName, d.Word)
		if !slices.Contains(out[key], d.Code) {
			out[key] = append(out[key], d.Code)
		}
	}
	if l.s.names != nil {
		l.s.names[ByCitizenship] = out
	}
}

func (l *loader) addDemonym(r csvRow) error {
	d := Demonym{Code: r.cells[0], Lang: r.cells[1], Word: r.cells[2], AddedFor: r.cells[3]}
	list := l.s.lists[countryList]
	switch {
	case list == nil || list.Index(d.Code) < 0:
		return r.errorf(0, "no country %q", d.Code)
	case d.Lang == "":
		return r.errorf(1, "a word without its language")
	case fold(ByName, d.Word) == "":
		return r.errorf(2, "an empty word")
	case l.s.ambiguous[fold(ByName, d.Word)] != nil:
		return r.errorf(2, "the word is listed as ambiguous")
	}
	l.s.Demonyms = append(l.s.Demonyms, d)
	return nil
}

func (l *loader) addAmbiguous(r csvRow) error {
	a := &Ambiguous{Word: r.cells[0], Lang: r.cells[1], Codes: strings.Split(r.cells[2], ";"), Reason: r.cells[3]}
	list := l.s.lists[countryList]
	for _, c := range a.Codes {
		if list == nil || list.Index(c) < 0 {
			return r.errorf(2, "no country %q", c)
		}
	}
	key := fold(ByName, a.Word)
	switch {
	case key == "" || a.Reason == "" || a.Lang == "":
		return r.errorf(0, "an ambiguous word needs its language and its reason")
	case l.s.ambiguous[key] != nil:
		return r.errorf(0, "word %q twice", a.Word)
	}
	l.s.ambiguous[key] = a
	l.s.Ambiguous = append(l.s.Ambiguous, *a)
	return nil
}
