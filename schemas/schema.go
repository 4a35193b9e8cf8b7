package schemas

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
)

// Schema is everything declared: tables, views, code lists, countries.
type Schema struct {
	Version string   // raised by hand when a table changes
	Tables  []*Table // in the order of the dictionary
	Views   []*View
	Lists   []*CodeList // by name

	Countries []Country     // by code
	Names     []CountryName // by code, language and name
	Figures   []Figure      // as published, in the order of the file
	Demonyms  []Demonym     // by code, language and word
	Ambiguous []Ambiguous   // by the countries that they may mean

	byName map[string]*Table
	views  map[string]*View
	lists  map[string]*CodeList
	names  map[string]map[string][]string // by -> word -> country codes
	digest string

	languages []Language
	ambiguous map[string]*Ambiguous // by the word, folded
}

// Group says what kind of thing a table holds.
type Group string

// The groups, in the order of the dictionary.
const (
	GroupCases      Group = "cases"
	GroupAssessment Group = "assessment"
	GroupLinkage    Group = "linkage"
	GroupStatistics Group = "statistics"
	GroupReference  Group = "reference"
	GroupLedger     Group = "ledger" // may carry the run's id and the clock: outside promise 3
	GroupQuality    Group = "quality"
)

// Class says how careful one must be with a field (design: who may see what).
type Class string

// The classes, from harmless to identifying.
const (
	ClassNone      Class = "none"
	ClassQuasi     Class = "quasi"     // could single out a person together with others
	ClassSensitive Class = "sensitive" // ethnicity, health, sexual life, alleged offences
	ClassSafety    Class = "safety"    // shelter, provider, exact place or day of assistance
	ClassFreeText  Class = "free_text"
	ClassStaff     Class = "staff"
	ClassDirect    Class = "direct" // names, birth date to the day, case references, file and sheet names
)

// Zone is a place where an output lies, which says who may read it.
type Zone string

// The zones that hold tables.
const (
	ZonePrivate Zone = "private" // the service account; its lake and its vault are Lake and Vault
	ZoneSteward Zone = "steward" // named stewards
	ZoneAnalyst Zone = "analyst" // users under a data-use agreement
)

// Type is the type of a field.
type Type string

// The types a field may have.
const (
	Text      Type = "text"
	Code      Type = "code" // a code of the list named by Codes
	Integer   Type = "integer"
	Real      Type = "real"
	Truth     Type = "truth"
	Date      Type = "date"
	Timestamp Type = "timestamp" // microseconds, UTC
)

// Table is one target table: what one row is, and its fields.
type Table struct {
	Name    string  `yaml:"table"`
	Title   string  `yaml:"title"`
	Meaning string  `yaml:"meaning"` // "one row is …"
	Group   Group   `yaml:"group"`
	Zone    Zone    `yaml:"zone"`   // the widest zone the table may appear in
	Origin  bool    `yaml:"origin"` // rows come from cells: the table has _submission, _sheet, _row, _col
	Fields  []Field `yaml:"fields"`

	lists map[string]*CodeList // of the schema it belongs to; nil for a table made by hand
}

// Field is one declared field. An interval field stands for two columns (x_low and x_high, or
// x_from and x_to for dates); text adds x_text, the words as published; status adds x_status,
// which says which of the six kinds of empty a null is; precision and basis add
// x_precision_code and x_basis_code; as_reported adds x_as_reported, the source's word.
type Field struct {
	Name       string `yaml:"name"`
	Type       Type   `yaml:"type"`
	Codes      string `yaml:"codes"`    // the code list of a code field
	Unit       string `yaml:"unit"`     // years, persons, USD a month; empty for none
	Key        bool   `yaml:"key"`      // part of the table's primary key
	Required   bool   `yaml:"required"` // without it the row is rejected
	Expected   bool   `yaml:"expected"` // a row in which it is blank loads, and is diagnosed
	Status     bool   `yaml:"status"`   // has the companion x_status
	Interval   bool   `yaml:"interval"` // closed interval
	Text       bool   `yaml:"text"`     // has the companion x_text
	AsReported bool   `yaml:"as_reported"`
	Precision  bool   `yaml:"precision"`
	Basis      bool   `yaml:"basis"`
	References string `yaml:"references"` // table.field that the value is a key of
	Class      Class  `yaml:"class"`
	Coarsen    string `yaml:"coarsen"` // how a quasi or direct field is made fit for a wider zone
	Bands      string `yaml:"bands"`   // the bands of a field that is coarsened to bands
	Keyed      bool   `yaml:"keyed"`   // an id under the key of its zone: another word in each
	Meaning    string `yaml:"meaning"`
	Ref        Refs   `yaml:"ref"`

	// Coarsened is how the table that holds the field has made it coarser, as In, Lake and Vault
	// say; empty where its values are as they came. It is never declared.
	Coarsened string `yaml:"-"`
}

// Refs is where a field stands in the standards of the field of work.
type Refs struct {
	Palermo string `yaml:"palermo"` // paragraph of the Protocol, as "3(a)"
	HTCDS   string `yaml:"htcds"`   // HTCDS 2.0 field
	CTDC    string `yaml:"ctdc"`    // CTDC variable
	SDMX    string `yaml:"sdmx"`    // SDMX concept
}

// Column is one physical column of a table.
type Column struct {
	Name     string
	Type     Type
	Codes    string
	Unit     string
	Key      bool
	Nullable bool
	Class    Class
	Coarsen  string
	Bands    string
	Meaning  string
	Ref      Refs
	Field    string // the declared field it belongs to; empty for our own
	Part     Part

	Coarsened string // how its table has made it coarser: empty for not at all
}

// Part says what a column is of its field.
type Part string

// The parts of a field.
const (
	PartValue      Part = "value"
	PartLow        Part = "low" // x_low or x_from
	PartHigh       Part = "high"
	PartText       Part = "text"
	PartStatus     Part = "status"
	PartPrecision  Part = "precision"
	PartBasis      Part = "basis"
	PartAsReported Part = "as_reported"
)

// Columns that load adds to a table with Origin.
const (
	SubmissionColumn = "_submission"
	SheetColumn      = "_sheet"
)

// Table is the table of that name, or nil.
func (s *Schema) Table(name string) *Table { return s.byName[name] }

// List is the code list of that name, or nil.
func (s *Schema) List(name string) *CodeList { return s.lists[name] }

// View is the view of that name, or nil.
func (s *Schema) View(name string) *View { return s.views[name] }

// Field is the declared field of that name, or nil.
func (t *Table) Field(name string) *Field {
	for i := range t.Fields {
		if t.Fields[i].Name == name {
			return &t.Fields[i]
		}
	}
	return nil
}

// Columns is the physical columns of the field, in their order.
func (f *Field) Columns() []Column {
	base := Column{Type: f.Type, Codes: f.Codes, Unit: f.Unit, Key: f.Key, Nullable: !f.Key && !(f.Required && !f.Status),
		Class: f.Class, Coarsen: f.Coarsen, Bands: f.Bands, Meaning: f.Meaning, Ref: f.Ref, Field: f.Name, Coarsened: f.Coarsened}
	one := func(suffix string, p Part, t Type, codes, meaning string) Column {
		c := base
		c.Name, c.Part, c.Type, c.Codes, c.Meaning = f.Name+suffix, p, t, codes, meaning
		if p != PartValue {
			c.Nullable, c.Key = true, false
		}
		if t != f.Type {
			c.Unit = ""
		}
		return c
	}
	var out []Column
	if f.Text {
		out = append(out, one("_text", PartText, Text, "", f.Meaning+", as published"))
	}
	switch low, high := f.bounds(); {
	case !f.Interval:
		out = append(out, one("", PartValue, f.Type, f.Codes, f.Meaning))
	default:
		least, most := f.extremes()
		out = append(out, one(low, PartLow, f.Type, "", f.Meaning+least),
			one(high, PartHigh, f.Type, "", f.Meaning+most))
	}
	if f.Precision {
		out = append(out, one("_precision_code", PartPrecision, Code, "precision", f.Meaning+": how exact it is"))
	}
	if f.Basis {
		out = append(out, one("_basis_code", PartBasis, Code, "basis", f.Meaning+": at which moment"))
	}
	if f.Status {
		out = append(out, one("_status", PartStatus, Code, "value_status", f.Meaning+": why it is empty; null when it is not"))
	}
	if f.AsReported {
		out = append(out, one("_as_reported", PartAsReported, Text, "", f.Meaning+
			", in the source's word; a word that no mapping lists is shown as its length and script"))
	}
	return out
}

// extremes is what the two bounds add to the meaning.
func (f *Field) extremes() (least, most string) {
	if f.Type == Date || f.Type == Timestamp {
		return ", earliest possible", ", latest possible; null with an earliest: open"
	}
	return ", lowest possible", ", highest possible; null with a lowest: open above"
}

func (f *Field) bounds() (low, high string) {
	if f.Type == Date || f.Type == Timestamp {
		return "_from", "_to"
	}
	return "_low", "_high"
}

// Columns is the table's physical columns: those of its fields, then, where rows come from
// cells, _submission, _sheet, _row and _col.
func (t *Table) Columns() []Column {
	var out []Column
	for i := range t.Fields {
		out = append(out, t.Fields[i].Columns()...)
	}
	if !t.Origin {
		return out
	}
	own := func(name string, typ Type, null bool, meaning string) Column {
		return Column{Name: name, Type: typ, Class: ClassNone, Nullable: null, Meaning: meaning}
	}
	return append(out,
		own(SubmissionColumn, Text, false, "The submission the row came from (table submission)"),
		own(SheetColumn, Integer, false, "The sheet's place in its workbook, from 1; 1 for a text file"),
		own(RowColumn, Integer, false, "The row in the file, from 1"),
		own(ColColumn, Integer, true, "The column in the file, from 1; null unless the row was one cell"))
}

// Allows reports whether the zone may hold a column of the class as it is. A column that may stand
// there only coarsened is not allowed as it is.
func (z Zone) Allows(c Class) bool {
	switch z {
	case ZonePrivate:
		return true
	case ZoneSteward:
		return c == ClassNone || c == ClassQuasi || c == ClassSensitive
	case ZoneAnalyst:
		return c == ClassNone
	}
	return false
}

// ArrowType is the Arrow type of a column's values in a harmonised batch. A code is a dictionary
// over its code list; a text is plain utf8.
func (c Column) ArrowType() arrow.DataType {
	switch c.Type {
	case Code:
		return RawDictionary
	case Integer:
		if c.Name == ColColumn {
			return arrow.PrimitiveTypes.Int32
		}
		return arrow.PrimitiveTypes.Int64
	case Real:
		return arrow.PrimitiveTypes.Float64
	case Truth:
		return arrow.FixedWidthTypes.Boolean
	case Date:
		return arrow.FixedWidthTypes.Date32
	case Timestamp:
		return &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	case Text:
		return arrow.BinaryTypes.String
	}
	panic(fmt.Sprintf("schemas: column %s has no type %q", c.Name, c.Type))
}

// BatchSchema is the Arrow schema of the table's harmonised batches: _row and _col where rows
// come from cells, then the columns of its fields. _submission and _sheet are constant over a
// batch: they stay in its Origin until load.
func (t *Table) BatchSchema() *arrow.Schema {
	var fields []arrow.Field
	if t.Origin {
		fields = append(fields,
			arrow.Field{Name: RowColumn, Type: arrow.PrimitiveTypes.Int64},
			arrow.Field{Name: ColColumn, Type: arrow.PrimitiveTypes.Int32, Nullable: true})
	}
	for i := range t.Fields {
		for _, c := range t.Fields[i].Columns() {
			fields = append(fields, arrow.Field{Name: c.Name, Type: c.ArrowType(), Nullable: c.Nullable})
		}
	}
	return arrow.NewSchema(fields, nil)
}

// CodeList is a closed list of codes.
type CodeList struct {
	Name    string
	Meaning string
	Codes   []CodeEntry
	index   map[string]int
}

// CodeEntry is one code: its place in the list is its index in dictionaries.
type CodeEntry struct {
	Code       string
	Parent     string            // the code it is a kind of, empty for none
	Labels     map[string]string // by language, "en" always
	Definition string
	Ref        string // article, standard or publisher's code
}

// Index is the place of a code in the list, or -1.
func (l *CodeList) Index(code string) int {
	if i, ok := l.index[code]; ok {
		return i
	}
	return -1
}

// View is a named question over the tables.
//
// Behind has the columns that are keys of a row, as text, in which * stands for any value; record_id, statistic_id or
// submission_id, the id of one thing that is counted; and counted, the column of the view that counts it. A number is
// that of distinct persons where unit_code or the column's name says so, else of distinct ids.
type View struct {
	Name    string       `yaml:"view"`
	Title   string       `yaml:"title"`
	Meaning string       `yaml:"meaning"` // what it may be used for, and its caveat
	Columns []ViewColumn `yaml:"columns"`
	SQL     string       `yaml:"sql"`
	Behind  string       `yaml:"behind"`  // a query of what is behind each number; see TestBehindIsWhatIsCounted
	Answers string       `yaml:"answers"` // table.column whose rows say what the key of the same name asks for; of shares, their category's
	Shares  *Shares      `yaml:"shares"`  // of a view of shares, from which its columns and its SQL follow
}

// ViewColumn is one column of a view and what it means. A column that keeps the name and meaning
// of a table's column may leave Meaning empty: From names it then.
type ViewColumn struct {
	Name    string `yaml:"name"`
	Meaning string `yaml:"meaning"`
	From    string `yaml:"from"` // table.column whose meaning it keeps
	Key     bool   `yaml:"key"`  // one of the columns that together name a row
}
