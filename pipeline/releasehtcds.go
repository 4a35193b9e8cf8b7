package pipeline

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"palermo/mappings"
	"palermo/schemas"
)

// htcdsSource and htcdsForm say which of the built-in mappings knows the words of the standard's own workbook.
const (
	htcdsSource = "htcds"
	htcdsForm   = "template v2.0"
)

// htcdsLabels is the columns of the standard's workbook from B on, as its row of names and its row of labels have them: the
// names of the address do not stand over their labels, and one has none.
var htcdsLabels = [][2]string{{"cas_CaseOwner", "Case Owner"}, {"prs_Salutation", "Salutation"}, {"prs_FirstName", "First Name"}, {"prs_SecondName", "Second Name"}, {"con_Consent", "Consent"},
	{"prs_Birthdate", "Birthdate"}, {"prs_Gender", "Gender"}, {"prs_Citizenship", "Citizenship"}, {"prs_Title", "Title"}, {"prs_Email", "Email"}, {"prs_HomePhone", "Home Phone"},
	{"prs_MobilePhone", "Mobile Phone"}, {"prs_MailingCity", "Mailing Street"}, {"prs_MailingCountry", "Mailing City"}, {"prs_MailingState", "Mailing State/Province"},
	{"prs_MailingStreet", "Mailing Zip/Postal Code"}, {"prs_MailingPostalCode", "Mailing Country"}, {"vic_TraffickingStatus", "Trafficking Status"},
	{"vic_TraffickinStatusDecisionMakingOrg", "Trafficking Status Decision Making Organization"}, {"vic_MethodOfRecruitment", "Method of Recruitment"},
	{"vic_LocationOfRecruitment", "Location of Recruitment"}, {"vic_MethodsOfControl", "Methods of Control"}, {"vic_TypeOfExploitation", "Type of Exploitation"},
	{"vic_ForcedLabourIndustry", "Forced Labour Industry"}, {"vic_TypeOfSexExploitation", "Type of Sex Exploitation"}, {"vic_LocationOfExploitation", "Location of Exploitation"},
	{"cas_Status", "Status"}, {"cas_ReferringOrganisation", "Referring Organisation"}, {"cas_IncomingReferralDate", "Incoming Referral Date"},
	{"cas_ReferringPrimaryCaseWorker", "Referring Primary Case Worker"}, {"cas_ReasonForIncomingReferral", "Reason for Incoming Referral"}, {"cas_IncomingReferralDetails", "Incoming Referral Details"},
	{"cas_ReferredOrganisation", "Referred Organisation"}, {"cas_ReferredPrimaryCaseWorker", "Referred Primary Case Worker"}, {"", "Reason for Outgoing Referral"},
	{"cas_OutgoingReferralDate", "Outgoing Referral Date"}, {"cas_OutgoingReferralDetails", "Outgoing Referral Details"}, {"cas_ReasonForCaseClosure", "Reason for Case Closure"}}

// htcdsAnswer is a column that is filled: from which column of the persons, and by the words of which list.
type htcdsAnswer struct {
	label string
	from  string
	list  string // code list
	table string // of the mapping's use that says what a word means
	other bool   // the list ends with what is none of it
}

var htcdsAnswers = []htcdsAnswer{
	{"Trafficking Status", "status", "trafficking_status", "record", false},
	{"Trafficking Status Decision Making Organization", "decider", "entity_kind", "record", true},
	{"Status", "case_status", "case_status", "record", false},
	{"Method of Recruitment", "ways", "recruitment_way", "record_act", true},
	{"Methods of Control", "means", "means", "record_means", true},
	{"Type of Exploitation", "purposes", "purpose", "record_purpose", true},
	{"Forced Labour Industry", "activities", "activity", "record_exploitation", false},
	{"Type of Sex Exploitation", "purposes", "purpose", "record_purpose", false},
}

// htcdsTurned is the standard's names of countries that are not the labels of the schema.
var htcdsTurned = map[string]string{"COD": "Congo, Democratic Republic of the", "FLK": "Falkland Islands (Malvinas)", "HKG": "Hong Kong", "PRK": "Korea (Democratic People's Republic of)",
	"KOR": "Korea, Republic of", "MAC": "Macao", "MDA": "Moldova, Republic of", "NLD": "Netherlands", "PSE": "Palestine, State of", "SHN": "Saint Helena, Ascension and Tristan da Cunha",
	"MAF": "Saint Martin (French part)", "SJM": "Svalbard and Jan Mayen", "TZA": "Tanzania, United Republic of", "TUR": "Turkey", "VGB": "Virgin Islands (British)",
	"VIR": "Virgin Islands (U.S.)", "WLF": "Wallis and Futuna"}

// htcdsBlank is a word that stands with a blank behind it in the standard's list: without it the list refuses it.
var htcdsBlank = map[string]string{"Debt bondage": "Debt bondage "}

// htcdsWords is the standard's words, and which of them a code is written with.
type htcdsWords struct {
	offered map[string][]string          // by label, in the order of the standard's list
	word    map[string]map[string]string // by label and code
}

// newHTCDSWords reads the words from the mapping that reads the standard's workbook, so that what is written is what is read.
func newHTCDSWords(s *schemas.Schema, set *mappings.Set) (*htcdsWords, error) {
	m := set.Source(htcdsSource)
	if m == nil {
		return nil, errors.New("there is no mapping " + htcdsSource)
	}
	at := slices.IndexFunc(m.Tables, func(t mappings.Table) bool { return t.Vintage == htcdsForm })
	if at < 0 || m.Tables[at].Template == nil {
		return nil, fmt.Errorf("the mapping %s has no %s", htcdsSource, htcdsForm)
	}
	w := &htcdsWords{offered: map[string][]string{}, word: map[string]map[string]string{}}
	for _, a := range m.Asked(at) {
		w.offer(s, m, &a, m.Tables[at].Template.Offers[a.Header])
	}
	return w, nil
}

func (w *htcdsWords) offer(s *schemas.Schema, m *mappings.Mapping, a *mappings.Asked, words []string) {
	w.word[a.Header] = map[string]string{}
	seen := map[string]bool{}
	for _, u := range a.Uses {
		list := words
		if list == nil {
			list = u.Words(m)
		}
		for _, word := range list {
			code := u.Means(m, s, word)
			if code == "" || strings.HasPrefix(code, "*") {
				continue
			}
			if _, known := w.word[a.Header][code]; !known {
				w.word[a.Header][code] = cmp.Or(htcdsBlank[word], word)
				if !seen[word] && words == nil { // of the mapping's words the first for a code is the standard's label
					w.offered[a.Header] = append(w.offered[a.Header], word)
				}
			}
			seen[word] = true
		}
	}
	for _, word := range words {
		w.offered[a.Header] = append(w.offered[a.Header], cmp.Or(htcdsBlank[word], word))
	}
}

// of is the words for codes: the standard's word for the code, or for what it is a kind of; else the last of a list
// that ends with what is none of it. What is a word already stands first.
func (w *htcdsWords) of(s *schemas.Schema, a htcdsAnswer, codes string) []string {
	list := s.List(a.list)
	var out []string
	for code := range strings.SplitSeq(codes, ";") {
		word := ""
		for i := list.Index(code); i >= 0 && word == ""; i = list.Index(list.Codes[i].Parent) {
			word = w.word[a.label][list.Codes[i].Code]
		}
		if word == "" && a.other && code != "" {
			word = "Other"
		}
		if word != "" && !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	order := w.offered[a.label]
	slices.SortFunc(out, func(x, y string) int { return cmp.Compare(slices.Index(order, x), slices.Index(order, y)) })
	return out
}

// htcdsCountries is the standard's names of the countries of its list. Others, as Kosovo and former states, are not in it.
func htcdsCountries(s *schemas.Schema) map[string]string {
	of := map[string]string{}
	for i := range s.Countries {
		c := &s.Countries[i]
		if c.Kind != "former" && c.Numeric != "" {
			of[c.Code] = cmp.Or(htcdsTurned[c.Code], c.Label)
		}
	}
	return of
}

// htcdsRowLimit is the rows that a sheet has below the labels.
const htcdsRowLimit = 1<<20 - 2

// writeHTCDS writes the rows as the sheet of cases of the standard's workbook: a row of names that is hidden, a row of labels,
// and answers that its lists offer, to be opened so or put into it. A cell there holds one answer: of several the first of its list is
// written.
func (s *rowSet) writeHTCDS(path string) error {
	if len(s.order) > htcdsRowLimit {
		return &ReleaseRefused{"a sheet has no room for so many persons"}
	}
	words, err := newHTCDSWords(s.Schema, s.Mappings)
	if err != nil {
		return err
	}
	country := htcdsCountries(s.Schema)
	f := excelize.NewFile()
	defer f.Close()
	const sheet = "Case Sheet"
	if err := f.SetSheetName("Sheet1", sheet); err != nil {
		return err
	}
	last, err := excelize.CoordinatesToCellName(len(htcdsLabels)+1, len(s.order)+2)
	if err != nil {
		return err
	}
	if err := f.SetSheetDimension(sheet, "A1:"+last); err != nil { // some readers believe it
		return err
	}
	w, err := f.NewStreamWriter(sheet)
	if err != nil {
		return err
	}
	if err := s.htcdsRows(w, words, country); err != nil {
		return err
	}
	f.SetActiveSheet(0)
	return environment(errors.Join(w.Flush(), f.SaveAs(path)))
}

func htcdsColumn(label string) int {
	return 1 + slices.IndexFunc(htcdsLabels, func(l [2]string) bool { return l[1] == label })
}

func (s *rowSet) htcdsRows(w *excelize.StreamWriter, words *htcdsWords, country map[string]string) error {
	names, labels := make([]any, len(htcdsLabels)+1), make([]any, len(htcdsLabels)+1)
	for i, l := range htcdsLabels {
		if l[0] != "" {
			names[i+1] = l[0]
		}
		labels[i+1] = l[1]
	}
	if err := errors.Join(w.SetRow("A1", names, excelize.RowOpts{Hidden: true}), w.SetRow("A2", labels)); err != nil {
		return err
	}
	said := make([]map[string]string, len(htcdsAnswers)) // by the persons' words
	for i, a := range htcdsAnswers {
		said[i] = map[string]string{}
		for _, codes := range s.people.columns[a.from].words {
			if of := words.of(s.Schema, a, codes); len(of) > 0 {
				said[i][codes] = of[0]
			}
		}
	}
	gender := map[string]string{"female": "Feminine", "male": "Masculine"}
	row := make([]any, len(htcdsLabels)+1)
	put := func(label, word string) {
		if word != "" {
			row[htcdsColumn(label)] = word
		}
	}
	for i, person := range s.order {
		clear(row)
		row[0] = i + 1
		put("Gender", gender[s.named(int(person), "sex")])
		put("Citizenship", country[s.named(int(person), "citizenship")])
		for j, a := range htcdsAnswers {
			put(a.label, said[j][s.people.columns[a.from].word(int(person))])
		}
		at, err := excelize.CoordinatesToCellName(1, i+3)
		if err != nil {
			return err
		}
		if err := w.SetRow(at, row); err != nil {
			return err
		}
	}
	return nil
}
