package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"palermo/transform/disclose"
)

// sdmxDims is the dimensions of the data structure, with those of the tables that fill them. TIME_PERIOD is the year, which
// every observation has.
var sdmxDims = []struct{ id, dim string }{{"REF_AREA", "country"}, {"CITIZENSHIP", "citizenship"}, {"SEX", "sex"}, {"AGE", "adult"}, {"PURPOSE", dimPurpose}}

// sdmxTables is what is released as SDMX where no tables are named: all have the year.
var sdmxTables = [][]string{{"year", "sex", "adult"}, {"year", "country"}, {"year", "citizenship"}, {"year", dimPurpose}}

// The ids of the data flow.
const (
	sdmxAgency  = "PALERMO"
	sdmxFlow    = "DF_PERSONS"
	sdmxVersion = "1.0"
)

// sdmxCodes is the codes of SDMX for the words of the tables.
var sdmxCodes = map[string]string{"female": "F", "male": "M", "other": "_O", wordMinor: "Y0T17", wordAdult: "Y_GE18"}

// fitSDMX refuses tables that the data structure cannot hold.
func (s *tableSet) fitSDMX() error {
	for _, t := range s.tables {
		year := false
		for _, d := range t {
			name, _, _ := strings.Cut(s.dims[d], " ")
			year = year || name == "year"
			if name != "year" && !slices.ContainsFunc(sdmxDims, func(x struct{ id, dim string }) bool { return x.dim == name }) {
				return ConfigFinding(fmt.Sprintf("sdmx has no dimension for %s", name))
			}
		}
		if !year {
			return ConfigFinding("each table of sdmx has the year")
		}
	}
	return nil
}

// writeSDMX writes the observations as SDMX-CSV 2.0 and the structure that they have as SDMX-ML 3.0. Cells whose year is not
// known, or of all years, are not among them: an observation is of a period.
func (s *tableSet) writeSDMX(dir string) error {
	used := map[string]map[string]bool{}
	for _, d := range sdmxDims {
		used[d.id] = map[string]bool{wordTotal: true}
	}
	err := writeCSVFile(filepath.Join(dir, "sdmx.csv"), func(put func([]string) error) (err error) {
		head := []string{"STRUCTURE", "STRUCTURE_ID", "ACTION"}
		for _, d := range sdmxDims {
			head = append(head, d.id)
		}
		if err := put(append(head, "TIME_PERIOD", "OBS_VALUE", "UNIT_MEASURE", "OBS_STATUS", "CONF_STATUS", "BREAKDOWN", "IS_TOTAL")); err != nil {
			return err
		}
		s.safe.Cells(func(c disclose.Cell) {
			if row := s.observation(c, used); row != nil && err == nil {
				err = put(row)
			}
		})
		return err
	})
	if err != nil {
		return err
	}
	return environment(os.WriteFile(filepath.Join(dir, "sdmx-structure.xml"), []byte(s.sdmxStructure(used)), 0o600))
}

// observation is the line of a cell; nil where it is of no year.
func (s *tableSet) observation(c disclose.Cell, used map[string]map[string]bool) []string {
	year := ""
	values := map[string]string{}
	for i, d := range c.Dims {
		name, form, _ := strings.Cut(s.dims[d], " ")
		word := s.words[d][c.At[i]]
		switch {
		case name == "year":
			year = word
		case name == dimPurpose && word == wordUnknown:
			return nil // of those of whom the form is not stated: no form of its own
		case name == dimPurpose:
			values[name] = strings.ToUpper(form)
		case sdmxCodes[word] != "":
			values[name] = sdmxCodes[word]
		default:
			values[name] = word
		}
	}
	if year == "" || year == wordUnknown {
		return nil
	}
	row := []string{"dataflow", fmt.Sprintf("%s:%s(%s)", sdmxAgency, sdmxFlow, sdmxVersion), "I"}
	by := "T"
	for _, d := range sdmxDims {
		v := values[d.dim]
		switch {
		case v == "":
			v = wordTotal
		case d.id == "SEX" || d.id == "AGE":
		case by == "T":
			by = d.id
		default:
			by = "SEVERAL"
		}
		used[d.id][v] = true
		row = append(row, v)
	}
	total := fmt.Sprint(!slices.ContainsFunc(s.tables, func(t []int) bool { return slices.Equal(t, c.Dims) }))
	if c.Withheld {
		return append(row, year, "", "PS", "Q", "C", by, total) // suppressed; confidential
	}
	return append(row, year, fmt.Sprint(c.Shown.Count), "PS", "A", "F", by, total)
}

// sdmxLabel is what a code stands for.
func (s *tableSet) sdmxLabel(id, code string) string {
	switch code {
	case wordTotal:
		return "Total"
	case wordUnknown:
		return "Unknown"
	case "F":
		return "Female"
	case "M":
		return "Male"
	case "_O":
		return "Other"
	case "Y0T17":
		return "Under 18 years"
	case "Y_GE18":
		return "18 years or over"
	}
	list := "country"
	if id == "PURPOSE" {
		list, code = "purpose", strings.ToLower(code)
	}
	l := s.Schema.List(list)
	if i := l.Index(code); i >= 0 {
		return l.Codes[i].Labels["en"]
	}
	return code
}

var xmlText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// sdmxStructure is the structure message: code lists of what is used, concepts, the data structure and the data flow.
func (s *tableSet) sdmxStructure(used map[string]map[string]bool) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	name := func(text string) string { return `<com:Name xml:lang="en">` + xmlText.Replace(text) + `</com:Name>` }
	urn := func(class, id, item string) string {
		return fmt.Sprintf("urn:sdmx:org.sdmx.infomodel.%s=%s:%s(%s)%s", class, sdmxAgency, id, sdmxVersion, item)
	}
	own := fmt.Sprintf(`agencyID="%s" version="%s"`, sdmxAgency, sdmxVersion)
	line(`<?xml version="1.0" encoding="UTF-8"?>`)
	line(`<mes:Structure xmlns:mes="http://www.sdmx.org/resources/sdmxml/schemas/v3_0/message" xmlns:str="http://www.sdmx.org/resources/sdmxml/schemas/v3_0/structure" xmlns:com="http://www.sdmx.org/resources/sdmxml/schemas/v3_0/common">`)
	line(`<mes:Header><mes:ID>%s</mes:ID><mes:Test>false</mes:Test><mes:Prepared>%s</mes:Prepared><mes:Sender id="%s"/></mes:Header>`, s.out.ID, s.prepared(), sdmxAgency)
	line(`<mes:Structures>`)
	line(`<str:Codelists>`)
	lists := map[string][]string{"CL_UNIT_MEASURE": {"PS"}, "CL_OBS_STATUS": {"A", "Q"}, "CL_CONF_STATUS": {"F", "C"},
		"CL_BREAKDOWN": {"T", "REF_AREA", "CITIZENSHIP", "PURPOSE", "SEVERAL"}}
	labels := map[string]string{"CL_UNIT_MEASUREPS": "Persons", "CL_OBS_STATUSA": "Normal value", "CL_OBS_STATUSQ": "Missing value; suppressed", "CL_CONF_STATUSF": "Free", "CL_CONF_STATUSC": "Confidential",
		"CL_BREAKDOWNT": "By sex and age at most", "CL_BREAKDOWNREF_AREA": "By country of exploitation", "CL_BREAKDOWNCITIZENSHIP": "By citizenship",
		"CL_BREAKDOWNPURPOSE": "By form of exploitation", "CL_BREAKDOWNSEVERAL": "By several of these"}
	for _, d := range sdmxDims {
		lists["CL_"+d.id] = sortedKeys(used[d.id])
	}
	for _, id := range sortedKeys(lists) {
		line(`<str:Codelist id="%s" %s>%s`, id, own, name(strings.TrimPrefix(id, "CL_")))
		for _, code := range lists[id] {
			label := labels[id+code]
			if label == "" {
				label = s.sdmxLabel(strings.TrimPrefix(id, "CL_"), code)
			}
			line(`<str:Code id="%s">%s</str:Code>`, code, name(label))
		}
		line(`</str:Codelist>`)
	}
	line(`</str:Codelists>`)
	concepts := []string{"TIME_PERIOD", "OBS_VALUE", "UNIT_MEASURE", "OBS_STATUS", "CONF_STATUS", "BREAKDOWN", "IS_TOTAL"}
	line(`<str:ConceptSchemes><str:ConceptScheme id="CS_PERSONS" %s>%s`, own, name("Concepts"))
	for _, d := range sdmxDims {
		concepts = append(concepts, d.id)
	}
	for _, c := range concepts {
		line(`<str:Concept id="%s">%s</str:Concept>`, c, name(c))
	}
	line(`</str:ConceptScheme></str:ConceptSchemes>`)
	concept := func(id string) string {
		return `<str:ConceptIdentity>` + urn("conceptscheme.Concept", "CS_PERSONS", "."+id) + `</str:ConceptIdentity>`
	}
	coded := func(id string) string {
		return `<str:LocalRepresentation><str:Enumeration>` + urn("codelist.Codelist", "CL_"+id, "") + `</str:Enumeration></str:LocalRepresentation>`
	}
	line(`<str:DataStructures><str:DataStructure id="DSD_PERSONS" %s>%s<str:DataStructureComponents>`, own, name("Persons found by linkage"))
	line(`<str:DimensionList id="DimensionDescriptor">`)
	for i, d := range sdmxDims {
		line(`<str:Dimension id="%s" position="%d">%s%s</str:Dimension>`, d.id, i+1, concept(d.id), coded(d.id))
	}
	line(`<str:TimeDimension id="TIME_PERIOD">%s<str:LocalRepresentation><str:TextFormat textType="ObservationalTimePeriod"/></str:LocalRepresentation></str:TimeDimension>`, concept("TIME_PERIOD"))
	line(`</str:DimensionList>`)
	line(`<str:AttributeList id="AttributeDescriptor">`)
	for _, a := range []string{"UNIT_MEASURE", "OBS_STATUS", "CONF_STATUS", "BREAKDOWN"} {
		line(`<str:Attribute id="%s" usage="mandatory">%s%s<str:AttributeRelationship><str:Observation/></str:AttributeRelationship></str:Attribute>`, a, concept(a), coded(a))
	}
	line(`<str:Attribute id="IS_TOTAL" usage="mandatory">%s<str:LocalRepresentation><str:TextFormat textType="Boolean"/></str:LocalRepresentation><str:AttributeRelationship><str:Observation/></str:AttributeRelationship></str:Attribute>`, concept("IS_TOTAL"))
	line(`</str:AttributeList>`)
	line(`<str:MeasureList id="MeasureDescriptor"><str:Measure id="OBS_VALUE" usage="optional">%s<str:LocalRepresentation><str:TextFormat textType="Integer"/></str:LocalRepresentation></str:Measure></str:MeasureList>`, concept("OBS_VALUE"))
	line(`</str:DataStructureComponents></str:DataStructure></str:DataStructures>`)
	line(`<str:Dataflows><str:Dataflow id="%s" %s>%s<str:Structure>%s</str:Structure></str:Dataflow></str:Dataflows>`, sdmxFlow, own, name("Persons found by linkage"), urn("datastructure.DataStructure", "DSD_PERSONS", ""))
	line(`</mes:Structures>`)
	line(`</mes:Structure>`)
	return b.String()
}
