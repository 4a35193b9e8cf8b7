package schemas

import (
	"regexp"
	"slices"
	"strings"
)

var snake = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// What a declaration may say.
var (
	groups = []Group{GroupCases, GroupAssessment, GroupLinkage, GroupStatistics, GroupReference, GroupLedger, GroupQuality}
	zones  = []Zone{ZonePrivate, ZoneSteward, ZoneAnalyst}
	// classes are from harmless to identifying.
	classes    = []Class{ClassNone, ClassQuasi, ClassSensitive, ClassSafety, ClassFreeText, ClassStaff, ClassDirect}
	types      = []Type{Text, Code, Integer, Real, Truth, Date, Timestamp}
	coarsening = []string{CoarsenAsIs, CoarsenYear, CoarsenMonth, CoarsenBand, CoarsenOmit}
	measures   = []Type{Integer, Real, Date, Timestamp} // types that may be an interval
)

// checkName holds a declaration to its file's name.
func (l *loader) checkName(d *document, key, name, file string) {
	if name != file {
		l.fault(d.errorf("%s %q in the file of %q", key, name, file).at(key))
	}
	if !snake.MatchString(name) {
		l.fault(d.errorf("name %q is not snake_case", name).at(key))
	}
}

func (l *loader) checkTable(d *document, t *Table) {
	if !slices.Contains(groups, t.Group) {
		l.fault(d.errorf("no group %q", t.Group).at("group"))
	}
	if !slices.Contains(zones, t.Zone) {
		l.fault(d.errorf("no zone %q", t.Zone).at("zone"))
	}
	if t.Title == "" || t.Meaning == "" {
		l.fault(d.errorf("table without title or meaning"))
	}
	if len(t.Fields) == 0 {
		l.fault(d.errorf("table without fields").at("fields"))
	}
	columns := map[string]string{}
	for i := range t.Fields {
		f := &t.Fields[i]
		l.checkField(d, i, f)
		for _, c := range f.Columns() {
			if other, ok := columns[c.Name]; ok {
				l.fault(d.errorf("column %q is that of field %q too", c.Name, other).at("fields", i, "name"))
			}
			columns[c.Name] = f.Name
		}
	}
}

func (l *loader) checkField(d *document, i int, f *Field) {
	bad := func(key, format string, args ...any) {
		l.fault(d.errorf(format, args...).at("fields", i, key))
	}
	if !snake.MatchString(f.Name) {
		bad("name", "name %q is not snake_case", f.Name)
	}
	if f.Meaning == "" {
		bad("meaning", "field %q without meaning", f.Name)
	}
	if !slices.Contains(types, f.Type) {
		bad("type", "no type %q", f.Type)
	}
	switch {
	case f.Type == Code && l.s.lists[f.Codes] == nil:
		bad("codes", "no code list %q", f.Codes)
	case f.Type != Code && f.Codes != "":
		bad("codes", "a code list for a field that is no code")
	}
	l.checkCare(bad, f)
	if f.Keyed && f.Type != Text {
		bad("keyed", "a keyed id that is no text")
	}
	if f.Interval && !slices.Contains(measures, f.Type) {
		bad("interval", "an interval of type %q", f.Type)
	}
	if f.Text && !f.Interval {
		bad("text", "text companion of a field that is no interval")
	}
	if f.Interval && (f.Key || f.Required && !f.Status) {
		bad("interval", "an interval cannot be a key, and required only with a status that says why it is empty")
	}
	if f.References != "" && !l.refers(f.References) {
		bad("references", "no field %q", f.References)
	}
}

// checkCare is about who may see the field, and how.
func (l *loader) checkCare(bad func(key, format string, args ...any), f *Field) {
	coarse := f.Coarsen == CoarsenYear || f.Coarsen == CoarsenMonth
	switch {
	case !slices.Contains(classes, f.Class):
		bad("class", "no class %q", f.Class)
	case f.Class == ClassQuasi && f.Coarsen == "":
		bad("class", "a quasi field that does not say how it is coarsened")
	case f.Coarsen == "":
	case !slices.Contains(coarsening, f.Coarsen):
		bad("coarsen", "no coarsening %q", f.Coarsen)
	case f.Class != ClassQuasi && f.Class != ClassDirect:
		bad("coarsen", "a coarsening of a field that is neither quasi nor direct")
	case f.Class == ClassDirect && f.Coarsen == CoarsenAsIs:
		bad("coarsen", "a direct field cannot leave the vault as it is")
	case coarse && (f.Type != Date || !f.Interval):
		bad("coarsen", "only an interval of dates becomes its %s", f.Coarsen)
	case f.Coarsen == CoarsenBand && (f.Type != Integer && f.Type != Real || !f.Interval):
		bad("coarsen", "only an interval of numbers becomes a band")
	case f.Coarsen == CoarsenBand && bands[f.Bands] == nil:
		bad("coarsen", "no bands %q", f.Bands)
	}
	if f.Bands != "" && f.Coarsen != CoarsenBand {
		bad("bands", "bands of a field that is not coarsened to bands")
	}
}

// refers reports whether "table.field" is declared.
func (l *loader) refers(to string) bool {
	table, field, _ := strings.Cut(to, ".")
	t := l.s.byName[table]
	return t != nil && t.Field(field) != nil
}

func (l *loader) checkView(d *document, file string, v *View) {
	l.checkName(d, "view", v.Name, file)
	if v.Title == "" || v.Meaning == "" || v.SQL == "" {
		l.fault(d.errorf("view without title, meaning or sql"))
	}
	seen := map[string]bool{}
	for i, c := range v.Columns {
		if seen[c.Name] {
			l.fault(d.errorf("column %q twice", c.Name).at("columns", i, "name"))
		}
		seen[c.Name] = true
		switch _, known := l.s.column(c.From); {
		case c.Meaning != "" && c.From != "":
			l.fault(d.errorf("column %q has both a meaning and from", c.Name).at("columns", i, "from"))
		case c.Meaning == "" && !known:
			l.fault(d.errorf("no column %q to take the meaning of %q from", c.From, c.Name).at("columns", i, "from"))
		}
	}
}

// column is the column named by "table.column".
func (s *Schema) column(name string) (Column, bool) {
	table, column, _ := strings.Cut(name, ".")
	t := s.byName[table]
	if t == nil {
		return Column{}, false
	}
	for _, c := range t.Columns() {
		if c.Name == column {
			return c, true
		}
	}
	return Column{}, false
}
