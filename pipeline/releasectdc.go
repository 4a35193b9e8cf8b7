package pipeline

import (
	"slices"
	"strings"

	"palermo/schemas"
)

// flagColumn is a column of CTDC's layout that is 1 where one of the codes is stated of a person, 0 where one is denied, and
// else blank: that nobody stated it is no answer.
type flagColumn struct {
	name  string
	codes []string
}

// flagGroup is the flags of one question, and the column that joins what they say.
type flagGroup struct {
	from   string // column of the persons
	list   string // code list of its codes
	flags  []flagColumn
	others string // the flag of what is stated and is none of these
	silent string // the flag of nothing being specified
	joined string // the column of all of them; empty: there is none
}

var controlFlags = flagGroup{from: "means", list: "means", others: "meansOfControlOther", silent: "meansOfControlNotSpecified", joined: "meansOfControlConcatenated", flags: []flagColumn{
	{"meansOfControlDebtBondage", []string{"debt_bondage", "debt_or_earnings"}}, {"meansOfControlTakesEarnings", []string{"takes_earnings"}},
	{"meansOfControlRestrictsFinancialAccess", []string{"restricts_finances"}}, {"meansOfControlThreats", []string{"threat", "threat_of_violence"}},
	{"meansOfControlPsychologicalAbuse", []string{"psychological_abuse"}}, {"meansOfControlPhysicalAbuse", []string{"force", "physical_abuse"}},
	{"meansOfControlSexualAbuse", []string{"sexual_abuse"}}, {"meansOfControlFalsePromises", []string{"false_promises", "deception", "deception_about_work", "deception_about_conditions", "false_marriage"}},
	{"meansOfControlPsychoactiveSubstances", []string{"psychoactive_substances"}}, {"meansOfControlRestrictsMovement", []string{"restricts_movement", "confinement"}},
	{"meansOfControlRestrictsMedicalCare", []string{"restricts_medical_care"}}, {"meansOfControlExcessiveWorkingHours", []string{"excessive_working_hours"}},
	{"meansOfControlUsesChildren", []string{"threat_to_family"}}, {"meansOfControlThreatOfLawEnforcement", []string{"threat_of_authorities"}},
	{"meansOfControlWithholdsNecessities", []string{"withholds_necessities"}}, {"meansOfControlWithholdsDocuments", []string{"withholds_documents"}}}}

// labourPurposes is what CTDC counts as labour, whatever else it is too.
var labourPurposes = []string{"forced_labour", "domestic_work", "child_labour", "begging", "peddling", "criminality", "drug_crime"}

var purposeFlags = flagGroup{from: "purposes", list: "purpose", joined: "typeOfExploitConcatenated", flags: []flagColumn{
	{"isForcedLabour", labourPurposes}, {"isSexualExploit", []string{"sexual_exploitation", "prostitution", "pornography", "remote_sexual_services", "private_sexual_services", "sex_tourism"}},
	{"isOtherExploit", []string{"other", "illegal_adoption", "surrogacy", "benefit_fraud", "mixed"}}, {"isForcedMarriage", []string{"forced_marriage"}},
	{"isForcedMilitary", []string{"forced_military"}}, {"isOrganRemoval", []string{"organ_removal"}}, {"isSlaveryAndPractices", []string{"slavery_servitude", "slavery", "servitude", "debt_bondage_purpose"}}}}

var labourFlags = flagGroup{from: "activities", list: "activity", others: "typeOfLabourOther", silent: "typeOfLabourNotSpecified", joined: "typeOfLabourConcatenated", flags: []flagColumn{
	{"typeOfLabourAgriculture", []string{"agriculture", "farming"}}, {"typeOfLabourAquafarming", []string{"fishing"}}, {"typeOfLabourBegging", []string{"begging"}},
	{"typeOfLabourConstruction", []string{"construction"}}, {"typeOfLabourDomesticWork", []string{"households"}}, {"typeOfLabourHospitality", []string{"hospitality"}},
	{"typeOfLabourIllicitActivities", []string{"illicit"}}, {"typeOfLabourManufacturing", []string{"manufacturing", "textiles"}}, {"typeOfLabourMiningOrDrilling", []string{"mining"}},
	{"typeOfLabourPeddling", []string{"street_vending"}}, {"typeOfLabourTransportation", []string{"transport"}}}}

var sexFlags = flagGroup{from: "purposes", list: "purpose", joined: "typeOfSexConcatenated", flags: []flagColumn{
	{"typeOfSexProstitution", []string{"prostitution"}}, {"typeOfSexPornography", []string{"pornography"}},
	{"typeOfSexRemoteInteractiveServices", []string{"remote_sexual_services"}}, {"typeOfSexPrivateSexualServices", []string{"private_sexual_services"}}}}

var recruiterFlags = flagGroup{from: "relations", list: "recruiter_relationship", others: "recruiterRelationOther", silent: "recruiterRelationUnknown", joined: "RecruiterRelationship", flags: []flagColumn{
	{"recruiterRelationIntimatePartner", []string{"intimate_partner"}}, {"recruiterRelationFriend", []string{"friend"}}, {"recruiterRelationFamily", []string{"family"}}}}

// ctdcColumns is the 63 columns of CTDC's k-anonymised dataset, in their order.
var ctdcColumns = strings.Fields(`yearOfRegistration Datasource gender ageBroad majorityStatus majorityStatusAtExploit majorityEntry citizenship
	meansOfControlDebtBondage meansOfControlTakesEarnings meansOfControlRestrictsFinancialAccess meansOfControlThreats meansOfControlPsychologicalAbuse
	meansOfControlPhysicalAbuse meansOfControlSexualAbuse meansOfControlFalsePromises meansOfControlPsychoactiveSubstances meansOfControlRestrictsMovement
	meansOfControlRestrictsMedicalCare meansOfControlExcessiveWorkingHours meansOfControlUsesChildren meansOfControlThreatOfLawEnforcement
	meansOfControlWithholdsNecessities meansOfControlWithholdsDocuments meansOfControlOther meansOfControlNotSpecified meansOfControlConcatenated
	isForcedLabour isSexualExploit isOtherExploit isSexAndLabour isForcedMarriage isForcedMilitary isOrganRemoval isSlaveryAndPractices typeOfExploitConcatenated
	typeOfLabourAgriculture typeOfLabourAquafarming typeOfLabourBegging typeOfLabourConstruction typeOfLabourDomesticWork typeOfLabourHospitality
	typeOfLabourIllicitActivities typeOfLabourManufacturing typeOfLabourMiningOrDrilling typeOfLabourPeddling typeOfLabourTransportation typeOfLabourOther
	typeOfLabourNotSpecified typeOfLabourConcatenated typeOfSexProstitution typeOfSexPornography typeOfSexRemoteInteractiveServices typeOfSexPrivateSexualServices
	typeOfSexConcatenated isAbduction RecruiterRelationship CountryOfExploitation recruiterRelationIntimatePartner recruiterRelationFriend recruiterRelationFamily
	recruiterRelationOther recruiterRelationUnknown`)

// joinedWords is how CTDC's joined columns write what a flag says.
var joinedWords = map[string]string{
	"meansOfControlDebtBondage": "Debt bondage", "meansOfControlTakesEarnings": "Takes earnings", "meansOfControlRestrictsFinancialAccess": "Restricts financial access",
	"meansOfControlThreats": "Threats", "meansOfControlPsychologicalAbuse": "Psychological abuse", "meansOfControlPhysicalAbuse": "Physical abuse",
	"meansOfControlSexualAbuse": "Sexual abuse", "meansOfControlFalsePromises": "False promises", "meansOfControlPsychoactiveSubstances": "Psychoactive substances",
	"meansOfControlRestrictsMovement": "Restricts movement", "meansOfControlRestrictsMedicalCare": "Restricts medical care", "meansOfControlExcessiveWorkingHours": "Excessive working hours",
	"meansOfControlUsesChildren": "Uses children", "meansOfControlThreatOfLawEnforcement": "Threat of law enforcement", "meansOfControlWithholdsNecessities": "Withholds necessities",
	"meansOfControlWithholdsDocuments": "Withholds documents", "meansOfControlOther": "Other", "meansOfControlNotSpecified": "Not specified",
	"isForcedLabour": "Forced labour", "isSexualExploit": "Sexual exploitation", "isOtherExploit": "Other", "isForcedMarriage": "Forced marriage", "isForcedMilitary": "Forced military",
	"isOrganRemoval": "Organ removal", "isSlaveryAndPractices": "Slavery and similar practices",
	"typeOfLabourAgriculture": "Agriculture", "typeOfLabourAquafarming": "Aquafarming", "typeOfLabourBegging": "Begging", "typeOfLabourConstruction": "Construction",
	"typeOfLabourDomesticWork": "Domestic work", "typeOfLabourHospitality": "Hospitality", "typeOfLabourIllicitActivities": "Illicit activities", "typeOfLabourManufacturing": "Manufacturing",
	"typeOfLabourMiningOrDrilling": "Mining or drilling", "typeOfLabourPeddling": "Peddling", "typeOfLabourTransportation": "Transportation", "typeOfLabourOther": "Other", "typeOfLabourNotSpecified": "Not specified",
	"typeOfSexProstitution": "Prostitution", "typeOfSexPornography": "Pornography", "typeOfSexRemoteInteractiveServices": "Remote interactive services", "typeOfSexPrivateSexualServices": "Private sexual services",
	"recruiterRelationIntimatePartner": "Intimate Partner", "recruiterRelationFriend": "Friend/Acquaintance", "recruiterRelationFamily": "Family/Relative",
	"recruiterRelationOther": "Other", "recruiterRelationUnknown": "Not Specified",
}

func (g *flagGroup) columns() []string {
	var out []string
	for _, f := range g.flags {
		out = append(out, f.name)
	}
	for _, name := range []string{g.others, g.silent, g.joined} {
		if name != "" {
			out = append(out, name)
		}
	}
	return out
}

// flagsOf is a group over the persons: which of its flags each word of the columns stands for.
type flagsOf struct {
	*flagGroup
	stated, denied *wordColumn // denied is nil where the group has no denials
	yes, no        []uint32    // by word, a bit a flag; the one behind the last is that of the others
	at             []int       // places of the columns in a row
}

func (g *flagGroup) over(p *people) *flagsOf {
	f := &flagsOf{flagGroup: g, stated: p.columns[g.from], denied: p.columns[g.from+"_denied"]}
	f.yes = g.bits(f.stated)
	if f.denied != nil {
		f.no = g.bits(f.denied)
	}
	for _, name := range g.columns() {
		f.at = append(f.at, slices.Index(ctdcColumns, name))
	}
	return f
}

func (g *flagGroup) bits(c *wordColumn) []uint32 {
	out := make([]uint32, len(c.words))
	for i, word := range c.words {
		if word == "" {
			continue
		}
		for code := range strings.SplitSeq(word, ";") {
			for j, f := range g.flags {
				if slices.Contains(f.codes, code) {
					out[i] |= 1 << j
				}
			}
			if g.others != "" && g.isOther(code) {
				out[i] |= 1 << len(g.flags)
			}
		}
	}
	return out
}

// fill puts what is stated of a person into the row.
func (f *flagsOf) fill(person int, row []string) {
	yes, no := f.yes[f.stated.codes[person]], uint32(0)
	if f.denied != nil {
		no = f.no[f.denied.codes[person]]
	}
	n := len(f.flags)
	if f.others != "" {
		n++
	}
	var joined []string
	for i := range n {
		switch {
		case yes&(1<<i) != 0:
			row[f.at[i]] = "1"
			joined = append(joined, joinedWords[ctdcColumns[f.at[i]]])
		case no&(1<<i) != 0:
			row[f.at[i]] = "0"
		}
	}
	next := n
	if f.silent != "" {
		row[f.at[next]] = "0"
		if yes|no == 0 {
			row[f.at[next]] = "1"
			joined = append(joined, joinedWords[f.silent])
		}
		next++
	}
	if f.joined != "" {
		row[f.at[next]] = strings.Join(joined, ";")
	}
}

// isOther reports whether a code is none of the flags'. What is a column of its own, or says no more than a flag beside
// it, is not.
func (g *flagGroup) isOther(code string) bool {
	if g.from == "means" && code == "abduction" || g.from == "activities" && code == "sex_industry" {
		return false
	}
	return !slices.ContainsFunc(g.flags, func(f flagColumn) bool { return slices.Contains(f.codes, code) })
}

// writeMicrodata writes the rows in CTDC's layout, and the further fields behind it.
func (s *rowSet) writeMicrodata(path string) error {
	var groups []*flagsOf
	for _, g := range []*flagGroup{&controlFlags, &purposeFlags, &labourFlags, &sexFlags, &recruiterFlags} {
		groups = append(groups, g.over(s.people))
	}
	at := func(name string) int { return slices.Index(ctdcColumns, name) }
	kinds := map[string]string{"hotline": "Hotline"}
	sexes := map[string]string{"female": "Female", "male": "Male"}
	alpha2 := twoLetters(s.Schema)
	year, kind, gender, age, majority, exploit, entry := at("yearOfRegistration"), at("Datasource"), at("gender"), at("ageBroad"), at("majorityStatus"), at("majorityStatusAtExploit"), at("majorityEntry")
	citizenship, country, both, abduction := at("citizenship"), at("CountryOfExploitation"), at("isSexAndLabour"), at("isAbduction")
	labour, sexual := at("isForcedLabour"), at("isSexualExploit")
	abducted := abductions(s.people)
	return writeCSVFile(path, func(put func([]string) error) error {
		if err := put(append(slices.Clone(ctdcColumns), s.o.With...)); err != nil {
			return err
		}
		row := make([]string, len(ctdcColumns)+len(s.o.With))
		for _, person := range s.order {
			i := int(person)
			clear(row)
			row[year], row[age], row[majority] = s.word(i, 0), s.word(i, 2), s.word(i, 3)
			row[gender] = sexes[s.word(i, 1)]
			row[exploit], row[entry] = s.word(i, 4), s.word(i, 5)
			row[citizenship], row[country] = alpha2(s.word(i, 6)), alpha2(s.word(i, 7))
			row[kind] = "Case Management"
			if k := kinds[s.people.columns["kind"].word(i)]; k != "" {
				row[kind] = k
			}
			for _, g := range groups {
				g.fill(i, row)
			}
			row[both] = both3(row[labour], row[sexual])
			row[abduction] = abducted(i)
			for j, name := range s.o.With {
				row[len(ctdcColumns)+j] = s.further(i, j, name)
			}
			if err := put(row); err != nil {
				return err
			}
		}
		return nil
	})
}

// both3 is 1 where both are, and 0 where one is denied.
func both3(a, b string) string {
	switch {
	case a == "1" && b == "1":
		return "1"
	case a == "0" || b == "0":
		return "0"
	}
	return ""
}

// further is what is shown of a further field.
func (s *rowSet) further(person, j int, name string) string {
	if c := slices.IndexFunc(s.columns, func(c identifying) bool { return c.name == name }); c >= 0 {
		return s.word(person, c)
	}
	return s.people.columns[s.plainName(j)].word(person)
}

func (s *rowSet) plainName(j int) string { return peopleColumns(s.o.With)[len(releasedColumns)+j] }

// abductions is whether a person is stated to have been abducted, or denied to.
func abductions(p *people) func(person int) string {
	stated, denied := p.columns["means"], p.columns["means_denied"]
	has := func(c *wordColumn) []bool {
		out := make([]bool, len(c.words))
		for i, w := range c.words {
			out[i] = slices.Contains(strings.Split(w, ";"), "abduction")
		}
		return out
	}
	yes, no := has(stated), has(denied)
	return func(i int) string {
		switch {
		case yes[stated.codes[i]]:
			return "1"
		case no[denied.codes[i]]:
			return "0"
		}
		return ""
	}
}

// twoLetters is the two letters of a country, as CTDC has them; the three of one whose two letters another has too.
func twoLetters(s *schemas.Schema) func(code string) string {
	at := map[string]string{}
	for i := range s.Countries {
		c := &s.Countries[i]
		at[c.Code] = c.Code
		if code, ok := s.Country(schemas.ByAlpha2, c.Alpha2); ok && code == c.Code {
			at[c.Code] = c.Alpha2
		}
	}
	return func(code string) string { return at[code] }
}
