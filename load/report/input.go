package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"palermo/diag"
)

// Version is that of the JSON form. It is raised when a field changes its meaning or goes; a new field does
// not raise it.
const Version = 1

// Input is all that a report shows. A section that is nil, or has no rows, is not there.
type Input struct {
	Version   int       `json:"version"` // set by WriteJSON
	Run       string    `json:"run"`
	Made      time.Time `json:"made"`
	Palermo   string    `json:"palermo_version"`
	Agency    string    `json:"agency,omitempty"`    // whose page it is; empty for the page of the snapshot
	Contact   string    `json:"contact,omitempty"`   // whom an agency may ask
	Synthetic bool      `json:"synthetic,omitempty"` // the data are made up
	Least     int64     `json:"least"`               // the smallest count of people that is not hidden
	Base      int64     `json:"base"`                // the others are rounded to multiples of it

	Totals       []Total       `json:"totals,omitempty"`
	Cases        []Cases       `json:"cases,omitempty"` // by source: what overlaps is set side by side and never added
	Beside       *Beside       `json:"beside,omitempty"`
	Arrivals     []Arrival     `json:"arrivals,omitempty"`
	Changes      *Changes      `json:"changes,omitempty"`
	Coverage     *Coverage     `json:"coverage,omitempty"`
	Completeness *Completeness `json:"completeness,omitempty"`
	Checks       *Checks       `json:"checks,omitempty"`
	Findings     []Finding     `json:"findings,omitempty"`
	Words        *Words        `json:"words,omitempty"`
	Linkage      *Linkage      `json:"linkage,omitempty"`
}

// A Count is a number of people, or that it is hidden: then it holds none. In JSON a hidden one is null.
type Count struct {
	n      int64
	hidden bool
}

// Of is the count n, to be shown.
func Of(n int64) Count { return Count{n: n} }

// Hidden is a count that is not shown.
func Hidden() Count { return Count{hidden: true} }

// Number is the count, and whether it may be shown.
func (c Count) Number() (n int64, shown bool) { return c.n, !c.hidden }

// MarshalJSON writes the number, or null for a hidden one.
func (c Count) MarshalJSON() ([]byte, error) {
	if c.hidden {
		return []byte("null"), nil
	}
	return json.Marshal(c.n)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (c *Count) UnmarshalJSON(b []byte) error {
	*c = Count{}
	if bytes.Equal(b, []byte("null")) {
		c.hidden = true
		return nil
	}
	return json.Unmarshal(b, &c.n)
}

// Cases is the picture of the cases of one source, or of one agency.
type Cases struct {
	Source   string  `json:"source"` // its title
	Unit     string  `json:"unit"`   // persons, or records on the page of an agency
	Ages     []Age   `json:"ages,omitempty"`
	Purposes *Years  `json:"purposes,omitempty"`
	Flows    *Flows  `json:"flows,omitempty"`
	Means    []Asked `json:"means,omitempty"`
	Law      *Law    `json:"law,omitempty"`
}

// Span is the least and the most that a count can be.
type Span struct {
	Low  Count `json:"low"`
	High Count `json:"high"`
}

// Total is one number that a reader wants first; What is a key of the catalogue, "total_" before it.
type Total struct {
	What string `json:"what"`
	Low  int64  `json:"low"`
	High int64  `json:"high"` // Low, where the number is certain
}

// Age is people of one band of ages by sex. No To is a band that is open above.
type Age struct {
	From   int64 `json:"from"`
	To     int64 `json:"to,omitempty"`
	Female Span  `json:"female"`
	Male   Span  `json:"male"`
	Other  Span  `json:"other"`
}

// Years is people by year and by a code of a list.
type Years struct {
	Basis   string  `json:"basis"` // which day decides the year: exploitation, registration
	List    string  `json:"list"`
	Years   []int   `json:"years"`
	Partial []int   `json:"partial,omitempty"` // years that are not over, or not all reported
	Lines   []Line  `json:"lines"`
	Of      []Count `json:"of,omitempty"` // all people of each year; the lines may sum to more
}

// Line is the counts of one code, one a year.
type Line struct {
	Code   string `json:"code"`
	Counts []Span `json:"counts"`
}

// Flows is people by country of origin and of exploitation.
type Flows struct {
	Flows []Flow `json:"flows"` // the largest first; none of them hidden
	Less  int    `json:"less"`  // how many more there are, hidden or smaller than these
}

// Flow is how many were taken from one country to another, or exploited in their own. A code "" is a country that is not known.
type Flow struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Count Count  `json:"count"`
}

// Asked is the answers about one code: those who say yes, who answered at all, and who were asked.
type Asked struct {
	Code     string `json:"code"`
	Yes      Count  `json:"yes"`
	Answered Count  `json:"answered"`
	Asked    Count  `json:"asked"`
}

// Law is what records state of the elements of Article 3, and how they are read.
type Law struct {
	Elements []Split `json:"elements"` // act, means and purpose, by state
	Statuses Split   `json:"statuses"` // under the Palermo Protocol
}

// Split is the parts of a whole by code.
type Split struct {
	Of    string `json:"of"`
	All   Count  `json:"all"`
	Parts []Part `json:"parts"`
}

// Part is one part.
type Part struct {
	Code  string `json:"code"`
	Count Count  `json:"count"`
}

// Beside is what agencies count beside what states reported to UNODC, by country and year. The two are never added.
type Beside struct {
	Years     []int           `json:"years"`
	Countries []BesideCountry `json:"countries"`
	Less      int             `json:"less"` // countries that there is no room for
}

// BesideCountry is one country, with one Pair a year.
type BesideCountry struct {
	Country string `json:"country"`
	Pairs   []Pair `json:"pairs"`
}

// Pair is the two counts of one year. Published figures are shown as they are.
type Pair struct {
	Agencies     *Span  `json:"agencies"` // nil: no agency has a case
	StatesLow    int64  `json:"states_low"`
	StatesHigh   int64  `json:"states_high"`
	StatesStatus string `json:"states_status"` // reported, nil, late, missing
}

// Arrival is what came from one agency, or, on the page of an agency, with one file.
type Arrival struct {
	No       int       `json:"no,omitempty"`    // of the agency, by when its first file came, where its name is not said
	Name     string    `json:"name,omitempty"`  // of the agency, or the number of a receipt
	State    string    `json:"state,omitempty"` // of a file, as a receipt.State
	Last     time.Time `json:"last"`
	Files    int64     `json:"files"`
	Fresh    int64     `json:"fresh"` // of them, in this night
	Read     int64     `json:"read"`
	Loaded   int64     `json:"loaded"`
	Rejected int64     `json:"rejected"`
	Skipped  int64     `json:"skipped"`
}

// Changes is how the snapshot differs from the one before.
type Changes struct {
	From   string   `json:"from"`            // the run before; empty for none
	Rough  bool     `json:"rough,omitempty"` // too large to be compared row by row: Rows says how many more or fewer there are
	Tables []Change `json:"tables"`
}

// Change is the rows of one table that differ for one reason, as pipeline.Change names it.
type Change struct {
	Table   string `json:"table"`
	Reason  string `json:"reason,omitempty"`
	Added   int64  `json:"added"`
	Changed int64  `json:"changed"`
	Removed int64  `json:"removed"`
}

// Coverage is who has reported on which country and year.
type Coverage struct {
	Years     []int             `json:"years"`
	Countries []CoverageCountry `json:"countries"`
	Less      int               `json:"less"`
}

// CoverageCountry is one country, with a state a year: both, agencies, states, late or missing.
type CoverageCountry struct {
	Country string   `json:"country"`
	States  []string `json:"states"`
}

// Completeness is how many records have each field, of those whose source asks it.
type Completeness struct {
	Records Count          `json:"records"`
	Fields  []FieldAnswers `json:"fields"`
}

// FieldAnswers is the answers to one field: Known has a value, Empty is asked and not answered, and the rest are
// records whose source does not collect it.
type FieldAnswers struct {
	Field string `json:"field"` // a key of the catalogue, "field_" before it
	Known Count  `json:"known"`
	Empty Count  `json:"empty"`
	None  Count  `json:"none"`
}

// Checks is what the checks before publication came to.
type Checks struct {
	Passed int64   `json:"passed"`
	Others []Check `json:"others"`
}

// Check is one that did not pass.
type Check struct {
	Name     string   `json:"name"`
	Subject  string   `json:"subject"`
	Severity string   `json:"severity"`
	Measured float64  `json:"measured"`
	Low      *float64 `json:"low,omitempty"`
	High     *float64 `json:"high,omitempty"`
}

// Finding is how often something was found.
type Finding struct {
	Code     diag.Code `json:"code"`
	Severity string    `json:"severity"`
	Files    int64     `json:"files"`
	Count    int64     `json:"count"`
}

// Words is the words that have no code yet.
type Words struct {
	All  int64  `json:"all"` // how many there are
	List []Word `json:"list"`
}

// Word is one of them as the zone may show it: by its length and script, or itself where a mapping lists it.
type Word struct {
	Source string `json:"source"`
	Field  string `json:"field"`
	Word   string `json:"word"`
	Listed bool   `json:"listed"`
	Rows   int64  `json:"rows"`
	Files  int64  `json:"files"`
}

// Linkage is how well records were joined to persons.
type Linkage struct {
	Model       string     `json:"model"`
	BuiltIn     bool       `json:"built_in"`
	Link        float64    `json:"link"`   // probability from which two records are one person
	Review      float64    `json:"review"` // and from which a pair is for review
	Records     int64      `json:"records"`
	Pairs       int64      `json:"pairs"`
	ForReview   int64      `json:"for_review"`
	Unlinkable  int64      `json:"unlinkable"` // records that could not reach the threshold even beside their twin
	PersonsLow  int64      `json:"persons_low"`
	PersonsHigh int64      `json:"persons_high"`
	Sizes       []Part     `json:"sizes"`   // persons by how many records they have: "1" to "9", "10+"
	Weights     []Bin      `json:"weights"` // pairs by their weight; the first and the last are open
	Wide        int64      `json:"wide"`    // bits from one Bin to the next
	Waterfall   *Waterfall `json:"waterfall,omitempty"`
	Levels      []Level    `json:"levels"`
}

// Bin is the pairs whose weight lies from Bits to the next Bin's, in bits.
type Bin struct {
	Bits  int64 `json:"bits"`
	Pairs Count `json:"pairs"`
}

// Waterfall is what on average makes the weight of joined pairs, over many of them, so that it is of no one.
type Waterfall struct {
	Pairs int64  `json:"pairs"`
	Steps []Step `json:"steps"` // the first is what is known before any field
}

// Step is what one comparison adds.
type Step struct {
	Comparison string  `json:"comparison"`
	Bits       float64 `json:"bits"`
}

// Level is the weight that the model gives to one outcome of one comparison.
type Level struct {
	Comparison string  `json:"comparison"`
	Says       string  `json:"says"`
	Bits       float64 `json:"bits"`
}

// WriteJSON writes the report for programs. Read reads it.
func WriteJSON(w io.Writer, in *Input) error {
	out := *in
	out.Version = Version
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	return enc.Encode(&out)
}

// Read reads what WriteJSON wrote.
func Read(r io.Reader) (*Input, error) {
	in := &Input{}
	if err := json.NewDecoder(r).Decode(in); err != nil {
		return nil, fmt.Errorf("read the report: %w", err)
	}
	if in.Version != Version {
		return nil, fmt.Errorf("read the report: version %d is not known", in.Version)
	}
	return in, nil
}
