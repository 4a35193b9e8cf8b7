package mappings

import "palermo/schemas"

// Mapping is one source: what its tables look like in each vintage, and what they mean.
type Mapping struct {
	Source Source  `yaml:"source" json:"source"` // the publisher's data product
	Tables []Table `yaml:"tables" json:"tables"` // its tables, one entry for each form in which they were published

	Digest string                `yaml:"-" json:"-"` // SHA-256 of the folder's files: the mapping's version
	file   string                // path of mapping.yaml, for messages
	files  map[string][]byte     // what it was decoded from, by path below its folder
	doc    *schemas.Document     // a second reading, for places
	codes  map[string]*ValueList // codes files by name
}

// Source is a publisher's data product.
type Source struct {
	ID        string   `yaml:"id" json:"id"`                                                                       // the folder's name
	Title     string   `yaml:"title" json:"title"`                                                                 // what people call it
	Publisher string   `yaml:"publisher,omitempty" json:"publisher,omitempty"`                                     // who publishes it
	Licence   string   `yaml:"licence,omitempty" json:"licence,omitempty"`                                         // under which terms, as CC-BY-4.0
	Citation  string   `yaml:"citation,omitempty" json:"citation,omitempty"`                                       // how the publisher wants to be cited
	Release   string   `yaml:"release,omitempty" json:"release,omitempty" jsonschema:"enum=complete,enum=partial"` // complete: a vintage replaces the one before it as a whole
	Overlaps  []string `yaml:"overlaps,omitempty" json:"overlaps,omitempty"`                                       // sources that count the same people

	Drift string `yaml:"drift,omitempty" json:"drift,omitempty" jsonschema:"enum=evolve,enum=quarantine,enum=refuse"` // what is done with a table whose columns are not those of any vintage; quarantine by default

	// Lists of people are dependent where being on the one says something of being on the other.
	Operator      string   `yaml:"operator,omitempty" json:"operator,omitempty"`             // who keeps the list: lists of one operator are dependent
	DependentWith []string `yaml:"dependent_with,omitempty" json:"dependent_with,omitempty"` // sources whose lists it depends on for another reason, as referral from one to the other
}

// What is done with a table of a source whose columns are not those of any vintage. Whichever it is, the file stays in
// the inbox whole.
const (
	DriftEvolve     = "evolve"     // it is read by the nearest vintage, as far as that goes
	DriftQuarantine = "quarantine" // it is set aside until a mapping knows it
	DriftRefuse     = "refuse"     // the file is refused, with a column too many or too few already
)

// DriftMode is what the source does with a table whose columns are not those of any vintage.
func (s *Source) DriftMode() string {
	if s.Drift == "" {
		return DriftQuarantine
	}
	return s.Drift
}

// Table is one kind of table of the source in one vintage.
type Table struct {
	Vintage   string            `yaml:"vintage" json:"vintage"`                                                 // the form's name, as "2025 download"; part of what a mapping is for
	Recognise Recognise         `yaml:"recognise" json:"recognise"`                                             // which tables the entry is for, by content
	Target    string            `yaml:"target" json:"target"`                                                   // table of the schema
	Header    Header            `yaml:"header,omitempty" json:"header,omitempty"`                               // how many rows the header takes
	HeaderRow int               `yaml:"header_row,omitempty" json:"header_row,omitempty"`                       // 0: found among the first rows
	Stop      string            `yaml:"stop,omitempty" json:"stop,omitempty" jsonschema:"enum=blank_row,enum="` // what ends the table; below it all is counted as skipped
	FromSheet []FromSheet       `yaml:"from_sheet,omitempty" json:"from_sheet,omitempty"`                       // fields filled from the sheet's name
	FromCell  []FromCell        `yaml:"from_cell,omitempty" json:"from_cell,omitempty"`                         // fields filled from one cell above the table
	Columns   []Column          `yaml:"columns" json:"columns"`                                                 // which column fills which field
	Several   []Several         `yaml:"several,omitempty" json:"several,omitempty"`                             // fields filled from several columns of a row
	Facts     map[string]Fact   `yaml:"facts,omitempty" json:"facts,omitempty"`                                 // what is found in one pass before the rows are read, by a name of your own
	Record    *Record           `yaml:"record,omitempty" json:"record,omitempty"`                               // how rows of case data are keyed
	Stated    *Stated           `yaml:"submission,omitempty" json:"submission,omitempty"`                       // what a file with such a table does to what was received before
	Children  []Child           `yaml:"children,omitempty" json:"children,omitempty"`                           // rows of other tables, from the same row
	Template  *Template         `yaml:"template,omitempty" json:"template,omitempty"`                           // how an empty workbook for such tables is made
	Unpivot   *Unpivot          `yaml:"unpivot,omitempty" json:"unpivot,omitempty"`                             // one row of each value cell of a row
	Skip      []Skip            `yaml:"skip,omitempty" json:"skip,omitempty"`                                   // rows that are counted as skipped
	Constants map[string]string `yaml:"constants,omitempty" json:"constants,omitempty"`                         // fields that have the same value in every row
	Ignore    []string          `yaml:"ignore,omitempty" json:"ignore,omitempty"`                               // columns that are known and not loaded
	Totals    []Total           `yaml:"totals,omitempty" json:"totals,omitempty"`                               // rows that other rows should add up to; where they do not, all are kept and diagnosed
	Key       []string          `yaml:"key,omitempty" json:"key,omitempty"`                                     // target fields that together should not repeat; a repetition is kept and diagnosed
	Examples  []Example         `yaml:"examples,omitempty" json:"examples,omitempty"`                           // rows, and what each becomes: `palermo map test` runs them

	Tried string `yaml:"tried,omitempty" json:"tried,omitempty" jsonschema:"enum=real,enum=fixture"` // real: a file of the publisher in this form has been read; fixture: only files of our own

	Unnamed map[string]string `yaml:"unnamed,omitempty" json:"unnamed,omitempty"` // columns without a header, by their letter, and the names by which the mapping knows them
	Until   string            `yaml:"until,omitempty" json:"until,omitempty"`     // the last column; what stands to its right is no part of the table
	CopyOf  string            `yaml:"copy_of,omitempty" json:"copy_of,omitempty"` // the sheet of the same file that this table may be a copy of: where it is, its rows are skipped
	Joined  []Joined          `yaml:"joined,omitempty" json:"joined,omitempty"`   // texts of several codes
}

// Example is a made-up row of the table and what it must become. What it does not name is not looked at.
type Example struct {
	Row      map[string]string              `yaml:"row" json:"row"`                               // cells, by the names of their columns
	Gives    map[string]string              `yaml:"gives,omitempty" json:"gives,omitempty"`       // columns of the target, as text; an empty text for none
	Children map[string][]map[string]string `yaml:"children,omitempty" json:"children,omitempty"` // rows of other tables, in their order
	Rejected string                         `yaml:"rejected,omitempty" json:"rejected,omitempty"` // the code for which the row is not loaded
	Skipped  string                         `yaml:"skipped,omitempty" json:"skipped,omitempty"`   // the reason for which the row is skipped
}

// What a table's entry has been tried on.
const (
	TriedReal    = "real"
	TriedFixture = "fixture"
)

// Recognise says which tables the entry is for, by content. All of Headers must stand in one
// row, in any order; Sheets is a pattern of path.Match on the sheet's name, "*" by default.
// A table with more columns than Headers still matches: the most of its columns named wins.
type Recognise struct {
	Headers []string `yaml:"headers,omitempty" json:"headers,omitempty"` // all must stand in one row, in any order
	Sheets  string   `yaml:"sheets,omitempty" json:"sheets,omitempty"`   // a pattern for the sheet's name, as data_*
	Without []string `yaml:"without,omitempty" json:"without,omitempty"` // headers that must not stand there

	Above    []string   `yaml:"above,omitempty" json:"above,omitempty"`       // words that must each stand in a row above the header
	Holds    []Holds    `yaml:"holds,omitempty" json:"holds,omitempty"`       // what must stand below the header, where many tables have such a one
	Unheaded []Unheaded `yaml:"unheaded,omitempty" json:"unheaded,omitempty"` // in place of headers: the columns of a table that has none
}

// Unheaded is a column of a table without a header. The table is known by its words: each of them, in
// the first rows, stands in the codes file or is a country's name or code.
type Unheaded struct {
	Name  string `yaml:"name" json:"name"`                                                                                 // by which the mapping knows the column
	Codes string `yaml:"codes,omitempty" json:"codes,omitempty"`                                                           // the codes file that has its words
	By    string `yaml:"by,omitempty" json:"by,omitempty" jsonschema:"enum=code,enum=alpha2,enum=numeric,enum=name,enum="` // what else its words may be of countries
}

// Holds is a column that must hold one of the words, or one that begins so, in one of the first rows
// below the header; without a name, any column.
type Holds struct {
	Column string   `yaml:"column,omitempty" json:"column,omitempty"` // the column that is looked at; any, without
	Is     []string `yaml:"is,omitempty" json:"is,omitempty"`         // its words
	Starts []string `yaml:"starts,omitempty" json:"starts,omitempty"` // what its words begin with
}

// Record says how a row of case data is known again when it comes a second time: by who reports it,
// the form, and the case reference.
type Record struct {
	Case []string `yaml:"case" json:"case"` // the columns whose words together are the case reference
	Form string   `yaml:"form" json:"form"` // the form's name, a word of the mapping

	ControlCounts bool `yaml:"control_counts,omitempty" json:"control_counts,omitempty"` // whether control during exploitation counts as a means of Article 3(a)
}

// Stated is what a file with such a table does to what was received before: its kind, and of a full
// replacement the period. A cell wins over a constant.
type Stated struct {
	Kind      string       `yaml:"kind,omitempty" json:"kind,omitempty" jsonschema:"enum=new_cases,enum=correction,enum=full_replacement,enum=withdrawal"` // of every such file
	From      string       `yaml:"from,omitempty" json:"from,omitempty"`                                                                                   // the first day of the period that a full replacement replaces
	To        string       `yaml:"to,omitempty" json:"to,omitempty"`                                                                                       // its last day
	FromCell  []StatedCell `yaml:"from_cell,omitempty" json:"from_cell,omitempty"`                                                                         // parts that a cell of the file says
	FromSheet []StatedCell `yaml:"from_sheet,omitempty" json:"from_sheet,omitempty"`                                                                       // parts that the sheet's name says
}

// StatedCell is one part of a statement that a cell of the file, or the sheet's name, says.
type StatedCell struct {
	To    string `yaml:"to" json:"to" jsonschema:"enum=kind,enum=from,enum=to"` // the part
	At    string `yaml:"at,omitempty" json:"at,omitempty"`                      // a cell, as B2
	Sheet string `yaml:"sheet,omitempty" json:"sheet,omitempty"`                // the sheet of the cell; that of the table, above it, by default
	Codes string `yaml:"codes,omitempty" json:"codes,omitempty"`                // the codes file that has the words for a kind; without it they are the codes themselves
	Form  string `yaml:"form,omitempty" json:"form,omitempty"`                  // the form of dates
}

// Template is what is to be said of an empty workbook for case tables, which is made from the entry.
type Template struct {
	Language string `yaml:"language,omitempty" json:"language,omitempty"`   // the language of the headers; English where it does not say
	OwnWords bool   `yaml:"own_words,omitempty" json:"own_words,omitempty"` // offer the source's words as they are, as those of a standard

	Offers map[string][]string `yaml:"offers,omitempty" json:"offers,omitempty"` // by header: the words that are offered, in their order; else one for each thing that can be meant
}

// Child makes rows of another table from the same row of the source. It is one of three kinds:
// flags (a row for each column that answers a question), split (a row for each word of a list in
// one cell), or columns (a row from some columns, or several from numbered ones). Children of the
// target itself make its rows, in place of one row of it for each of the source.
type Child struct {
	To string `yaml:"to" json:"to"` // the table

	Flags        map[string]string `yaml:"flags,omitempty" json:"flags,omitempty"`                 // column to code
	Yes          []string          `yaml:"yes,omitempty" json:"yes,omitempty"`                     // words of a flag that state the code
	No           []string          `yaml:"no,omitempty" json:"no,omitempty"`                       // words that deny it
	Unknown      []string          `yaml:"unknown,omitempty" json:"unknown,omitempty"`             // words that mean: asked, not known
	Declined     []string          `yaml:"declined,omitempty" json:"declined,omitempty"`           // words that mean: not answered
	NotCollected []string          `yaml:"not_collected,omitempty" json:"not_collected,omitempty"` // words that make no row; a blank is one

	Answers string `yaml:"answers,omitempty" json:"answers,omitempty"` // codes file for what else a flag may say, in place of yes and no

	Split string `yaml:"split,omitempty" json:"split,omitempty"` // the column that holds a list
	At    string `yaml:"at,omitempty" json:"at,omitempty"`       // what stands between the words, as ";"; without it the cell is one word

	Field  string `yaml:"field,omitempty" json:"field,omitempty"`   // the field that takes the code, of flags and split
	Codes  string `yaml:"codes,omitempty" json:"codes,omitempty"`   // codes file of split
	By     string `yaml:"by,omitempty" json:"by,omitempty"`         // property of the code list that words of split may be looked up by
	Repair string `yaml:"repair,omitempty" json:"repair,omitempty"` // named rule tried on a word of split that no list has

	Optional bool `yaml:"optional,omitempty" json:"optional,omitempty"` // the columns of flags, or that of split, may be absent from the table

	N       string   `yaml:"n,omitempty" json:"n,omitempty"`             // of numbered columns, as 1..5: {n} in their names stands for the number
	Columns []Column `yaml:"columns,omitempty" json:"columns,omitempty"` // a row is made where any of them holds something

	When      map[string][]string `yaml:"when,omitempty" json:"when,omitempty"`           // only in rows where the column holds one of the words
	Constants map[string]string   `yaml:"constants,omitempty" json:"constants,omitempty"` // of every row that it makes
}

// Header is the shape of a table's header. In one of several rows the cells of a column are joined
// from above, as "Victim / Sex"; a blank in a row but the last takes the text to its left, as merged
// cells read.
type Header struct {
	Rows int `yaml:"rows,omitempty" json:"rows,omitempty" jsonschema:"minimum=1,maximum=5"` // 1 where it does not say
}

// FromSheet fills a field from the sheet's name.
type FromSheet struct {
	To    string `yaml:"to" json:"to"`                           // the field of the target
	Codes string `yaml:"codes,omitempty" json:"codes,omitempty"` // the codes file that has the words: codes/NAME.csv
	By    string `yaml:"by,omitempty" json:"by,omitempty"`       // look the word up in the field's own code list: code, alpha2, numeric or name
	Parse string `yaml:"parse,omitempty" json:"parse,omitempty"` // the named rule that reads the text
}

// FromCell fills a field from one cell above the table.
type FromCell struct {
	To    string `yaml:"to" json:"to"`                           // the field of the target
	At    string `yaml:"at" json:"at"`                           // a cell, as A2
	Form  string `yaml:"form,omitempty" json:"form,omitempty"`   // the form of dates
	Parse string `yaml:"parse,omitempty" json:"parse,omitempty"` // the named rule that reads the text
	Codes string `yaml:"codes,omitempty" json:"codes,omitempty"` // the codes file that has the words: codes/NAME.csv
	By    string `yaml:"by,omitempty" json:"by,omitempty"`       // look the word up in the field's own code list: code, alpha2, numeric or name
}

// Column fills one field from one column of the table: by parse (a named rule), or by codes (a
// codes file) and by (a property of the code list that the word may be looked up in). A source
// column may fill several fields, and a field may have a first column and fallbacks.
type Column struct {
	From       string              `yaml:"from" json:"from"`                                                                                                  // the header, after trimming and NFC
	To         string              `yaml:"to" json:"to"`                                                                                                      // the field of the target
	Parse      string              `yaml:"parse,omitempty" json:"parse,omitempty"`                                                                            // the named rule that reads the text
	Part       string              `yaml:"part,omitempty" json:"part,omitempty"`                                                                              // the named rule that says which part of the word is read
	Codes      string              `yaml:"codes,omitempty" json:"codes,omitempty"`                                                                            // the codes file that has the words: codes/NAME.csv
	By         string              `yaml:"by,omitempty" json:"by,omitempty" jsonschema:"enum=code,enum=alpha2,enum=numeric,enum=name,enum=citizenship,enum="` // look the word up in the field's own code list
	Thousands  string              `yaml:"thousands,omitempty" json:"thousands,omitempty"`                                                                    // the mark between thousands, as ","
	Decimal    string              `yaml:"decimal,omitempty" json:"decimal,omitempty"`                                                                        // the decimal mark, "." by default
	Form       string              `yaml:"form,omitempty" json:"form,omitempty"`                                                                              // the form of dates, as dd/mm/yyyy
	Zero       []string            `yaml:"zero,omitempty" json:"zero,omitempty"`                                                                              // words that mean none: the number 0
	Footnotes  []string            `yaml:"footnotes,omitempty" json:"footnotes,omitempty"`                                                                    // marks of footnotes, which are taken off a word before it is read
	Below      string              `yaml:"below,omitempty" json:"below,omitempty"`                                                                            // the fact that says what <5 starts from
	Missing    []string            `yaml:"missing,omitempty" json:"missing,omitempty"`                                                                        // words that mean: not collected
	Unknown    []string            `yaml:"unknown,omitempty" json:"unknown,omitempty"`                                                                        // words that mean: asked, not known
	NotApply   []string            `yaml:"not_applicable,omitempty" json:"not_applicable,omitempty"`                                                          // words that mean: does not apply
	Suppressed []string            `yaml:"suppressed,omitempty" json:"suppressed,omitempty"`                                                                  // words that mean: withheld
	Repair     string              `yaml:"repair,omitempty" json:"repair,omitempty"`                                                                          // named rule tried on a word that no list has
	When       map[string][]string `yaml:"when,omitempty" json:"when,omitempty"`                                                                              // only in rows where the column holds one of the words; else not applicable
	Basis      string              `yaml:"basis,omitempty" json:"basis,omitempty"`                                                                            // the moment that ages are about: a code of the list basis
	Fallback   bool                `yaml:"fallback,omitempty" json:"fallback,omitempty"`                                                                      // only where the columns before it for the same field gave nothing
	RowOf      string              `yaml:"row_of,omitempty" json:"row_of,omitempty"`                                                                          // the word stands in this column of another row of the table, whose id the field becomes
	Optional   bool                `yaml:"optional,omitempty" json:"optional,omitempty"`                                                                      // the column may be absent from the table
	Plain      bool                `yaml:"plain,omitempty" json:"plain,omitempty"`                                                                            // identifiers, free text: no dictionary
}

// Several fills one field from several columns of a row by a named rule.
type Several struct {
	From     []string            `yaml:"from" json:"from"`                             // the columns
	To       string              `yaml:"to" json:"to"`                                 // the field of the target
	Rule     string              `yaml:"rule" json:"rule"`                             // the named rule
	Words    []string            `yaml:"words,omitempty" json:"words,omitempty"`       // what the rule looks for
	When     map[string][]string `yaml:"when,omitempty" json:"when,omitempty"`         // only in rows where the column holds one of the words
	Fallback bool                `yaml:"fallback,omitempty" json:"fallback,omitempty"` // only where those before it for the same field did not speak
}

// Fact is something about the whole table that a named rule finds in one pass before the rows
// are applied.
type Fact struct {
	Column string   `yaml:"column" json:"column"`                   // the column that is looked at
	Rule   string   `yaml:"rule" json:"rule"`                       // the named rule that it holds by
	Words  []string `yaml:"words,omitempty" json:"words,omitempty"` // what it holds by too, as "-" for a zero
}

// Skip counts the rows whose column holds one of the words as skipped, with the reason.
type Skip struct {
	Column string   `yaml:"column,omitempty" json:"column,omitempty"`                                                           // the column that is looked at
	Is     []string `yaml:"is,omitempty" json:"is,omitempty"`                                                                   // its words
	Starts []string `yaml:"starts,omitempty" json:"starts,omitempty"`                                                           // what its words begin with
	Reason string   `yaml:"reason" json:"reason" jsonschema:"enum=total_row,enum=footnote,enum=repeated_header,enum=blank_row"` // why the row is no data
	Only   []string `yaml:"only,omitempty" json:"only,omitempty"`                                                               // in place of a column: rows in which no column but these holds anything
}

// ValueList is a codes file: the source's words, and the code each means.
type ValueList struct {
	Name    string
	Entries []ValueEntry
	file    string
	index   map[string]int
}

// The headers that a codes file may have. Who approves a line says so in the second: it stays with the word, and so
// holds for every vintage that uses it.
const (
	CodesHeader    = "source_value,code,note"
	ApprovedHeader = CodesHeader + ",equivalence,approved_by,approved_on"
)

// Equivalences is how a word and its code may compare: they say the same; the code says more than the word, or less;
// or each says something that the other does not.
var Equivalences = []string{"equal", "wider", "narrower", "inexact"}

// ValueEntry is one line of a codes file: source_value, code, note. Code is a code of the target
// field's list, or one of the words for an empty value with a star before it: *unknown,
// *not_collected, *not_applicable, *declined, *suppressed, *unmapped (listed, and known to have
// no certain code).
type ValueEntry struct {
	Word string
	Code string
	Note string // why, where it is a judgement

	Equivalence string // how the word and the code compare: equal, wider, narrower or inexact; empty where nobody says
	ApprovedBy  string // who approved the line; empty where nobody has
	ApprovedOn  string // the day on which they did, as 2026-05-30

	Line int // in the codes file
}
