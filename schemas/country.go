package schemas

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Country is one country or territory, of now or of the past. Serbia and Montenegro, the former
// Yugoslavia and Kosovo are entries of their own: nothing is rolled up unless Successors or
// PartOf is followed on purpose.
type Country struct {
	Code          string // ISO 3166 alpha-3, or user-assigned: XKX Kosovo, XSK Sark
	Alpha2        string // of a former country, the one it had
	Numeric       string // three digits, M49 and ISO
	Kind          string // of the list country_kind
	Label         string // English
	ValidFrom     int    // first year; 0 where it is before 1990
	ValidTo       int    // last year; 0 while it exists
	RegionCode    string // M49
	Region        string
	SubregionCode string
	Subregion     string
	Successors    []string
	PartOf        string
	Note          string
}

// CountryName is one correct name of a country. Misspellings and demonyms are no names: they
// belong to the codes files of mappings.
type CountryName struct {
	Code string
	Lang string // BCP 47
	Name string
	Kind string // of the list name_kind
}

// What a country may be looked up by.
const (
	ByCode    = "code"    // alpha-3
	ByAlpha2  = "alpha2"  // two letters
	ByNumeric = "numeric" // M49, with or without leading zeros
	ByName    = "name"    // any name, in any language, as it is written
)

// Country is the code of the country that word stands for, looked up by one of code, alpha2,
// numeric, name and citizenship. Names are compared after trimming, Unicode NFC, case folding and collapsing
// of spaces, and nothing looser; codes after trimming and in upper case.
//
// It is not ok where no country or more than one fits. A two-letter code or a number that a
// former country left to another means the one that has it now; CS, which two former countries
// had, means none. The name Yugoslavia, which SFR Yugoslavia and FR Yugoslavia had, means none.
// Congo is COG, whose short name it is at the United Nations.
func (s *Schema) Country(by, word string) (code string, ok bool) {
	if by == ByCitizenship {
		code, _, ok = s.Citizenship(word)
		return code, ok
	}
	codes := s.names[by][fold(by, word)]
	if len(codes) != 1 {
		return "", false
	}
	return codes[0], true
}

func fold(by, word string) string {
	word = strings.Join(strings.Fields(word), " ")
	switch by {
	case ByName:
		return cases.Fold().String(norm.NFC.String(word))
	case ByNumeric:
		if n, err := strconv.ParseUint(word, 10, 16); err == nil {
			return strconv.FormatUint(n, 10)
		}
		return ""
	}
	return strings.ToUpper(word)
}

var (
	countryHeader = []string{"code", "alpha2", "numeric", "kind", "label_en", "valid_from", "valid_to", "region_code",
		"region", "subregion_code", "subregion", "successor_codes", "part_of_code", "note"}
	nameHeader = []string{"code", "lang", "name", "kind"}

	alpha3  = regexp.MustCompile(`^[A-Z]{3}$`)
	alpha2  = regexp.MustCompile(`^([A-Z]{2})?$`)
	numeric = regexp.MustCompile(`^([0-9]{3})?$`)
	year    = regexp.MustCompile(`^([12][0-9]{3})?$`)
)

// loadCountries reads the countries and their names, and makes the code list of them.
func (l *loader) loadCountries() {
	list := &CodeList{Name: countryList, index: map[string]int{}}
	var rows []csvRow
	err := readCSV(l.fsys, countryFile, countryHeader, nil, func(r csvRow) error {
		rows = append(rows, r)
		return l.addCountry(list, r)
	})
	if err != nil {
		l.fault(err)
		return
	}
	for i, r := range rows {
		c := &l.s.Countries[i]
		for _, other := range append(slices.Clone(c.Successors), c.PartOf) {
			if other != "" && list.Index(other) < 0 {
				l.fault(r.errorf(0, "no country %q", other))
			}
		}
	}
	l.fault(readCSV(l.fsys, countryNameFile, nameHeader, nil, func(r csvRow) error { return l.addName(list, r) }))
	l.addList(countryFile, list, l.countryMeaning)
	l.s.names = lookups(l.s.Countries, l.s.Names)
	l.labelCountries()
}

func (l *loader) addCountry(list *CodeList, r csvRow) error {
	c := r.cells
	for i, form := range []*regexp.Regexp{0: alpha3, 1: alpha2, 2: numeric, 5: year, 6: year, 7: numeric, 9: numeric} {
		if form != nil && !form.MatchString(c[i]) {
			return r.errorf(i, "%s %q is not of its form", r.header[i], c[i])
		}
	}
	kinds := l.s.lists["country_kind"]
	switch {
	case list.Index(c[0]) >= 0:
		return r.errorf(0, "country %q twice", c[0])
	case kinds == nil || kinds.Index(c[3]) < 0:
		return r.errorf(3, "no kind %q", c[3])
	case c[4] == "":
		return r.errorf(4, "country without an English label")
	}
	from, _ := strconv.Atoi(c[5])
	to, _ := strconv.Atoi(c[6])
	country := Country{Code: c[0], Alpha2: c[1], Numeric: c[2], Kind: c[3], Label: c[4], ValidFrom: from, ValidTo: to,
		RegionCode: c[7], Region: c[8], SubregionCode: c[9], Subregion: c[10], PartOf: c[12], Note: c[13]}
	if c[11] != "" {
		country.Successors = strings.Split(c[11], ";")
	}
	l.s.Countries = append(l.s.Countries, country)
	list.index[c[0]] = len(list.Codes)
	list.Codes = append(list.Codes, CodeEntry{Code: c[0], Labels: map[string]string{"en": c[4]}, Definition: c[13],
		Ref: strings.TrimSpace(c[1] + " " + c[2])})
	return nil
}

// addName keeps a name; the first short one of a language is the label of the code.
func (l *loader) addName(list *CodeList, r csvRow) error {
	n := CountryName{Code: r.cells[0], Lang: r.cells[1], Name: r.cells[2], Kind: r.cells[3]}
	i := list.Index(n.Code)
	kinds := l.s.lists["name_kind"]
	switch {
	case i < 0:
		return r.errorf(0, "no country %q", n.Code)
	case n.Lang == "":
		return r.errorf(1, "name without its language")
	case n.Name == "" || fold(ByName, n.Name) == "":
		return r.errorf(2, "an empty name")
	case kinds == nil || kinds.Index(n.Kind) < 0:
		return r.errorf(3, "no kind %q", n.Kind)
	}
	l.s.Names = append(l.s.Names, n)
	if _, have := list.Codes[i].Labels[n.Lang]; !have && n.Kind == "short" {
		list.Codes[i].Labels[n.Lang] = n.Name
	}
	return nil
}

// lookups is the words that stand for countries, by what they are.
func lookups(countries []Country, names []CountryName) map[string]map[string][]string {
	out := map[string]map[string][]string{ByCode: {}, ByAlpha2: {}, ByNumeric: {}, ByName: {}}
	put := func(by, word, code string) {
		key := fold(by, word)
		if key != "" && !slices.Contains(out[by][key], code) {
			out[by][key] = append(out[by][key], code)
		}
	}
	for _, c := range countries {
		put(ByCode, c.Code, c.Code)
		put(ByName, c.Label, c.Code)
		if c.ValidTo == 0 {
			put(ByAlpha2, c.Alpha2, c.Code)
			put(ByNumeric, c.Numeric, c.Code)
		}
	}
	taken := map[string]map[string]bool{ByAlpha2: {}, ByNumeric: {}}
	for by, words := range taken {
		for w := range out[by] {
			words[w] = true
		}
	}
	for _, c := range countries {
		if c.ValidTo == 0 {
			continue
		}
		for by, word := range map[string]string{ByAlpha2: c.Alpha2, ByNumeric: c.Numeric} {
			if !taken[by][fold(by, word)] {
				put(by, word, c.Code)
			}
		}
	}
	for _, n := range names {
		put(ByName, n.Name, n.Code)
	}
	return out
}

// CountryKind is the kind of the country, of the list country_kind; empty for no such code.
func (s *Schema) CountryKind(code string) string {
	for i := range s.Countries {
		if s.Countries[i].Code == code {
			return s.Countries[i].Kind
		}
	}
	return ""
}
