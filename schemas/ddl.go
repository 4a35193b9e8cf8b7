package schemas

import (
	"fmt"
	"strings"
)

// DDL is the statements of DuckDB, each ended by a semicolon and a line break, that make the
// table as the zone may hold it, with a comment on it and on each column. The key of a zone that
// may not hold all of its columns is left out; so is that of a table with rows for each record or cell,
// where the index of a key costs more than the table (1 M × 13: twice the time, 67 MB for 26) and, of the pairs of a million
// records, more memory than there is. It is empty where t.In(z) is nil.
func DDL(t *Table, z Zone) string {
	in := t.In(z)
	if in == nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s (\n", quoteName(in.Name))
	columns := in.Columns()
	for i, c := range columns {
		if i > 0 {
			b.WriteString(",\n")
		}
		fmt.Fprintf(&b, "  %s %s", quoteName(c.Name), c.DuckDBType())
		if !c.Nullable {
			b.WriteString(" NOT NULL")
		}
	}
	if key := in.keyNames(); !t.grows() && len(key) > 0 && len(key) == len(t.keyNames()) {
		fmt.Fprintf(&b, ",\n  PRIMARY KEY (%s)", strings.Join(key, ", "))
	}
	b.WriteString("\n);\n")
	comment(&b, "TABLE", quoteName(in.Name), in.Comment())
	for _, c := range columns {
		comment(&b, "COLUMN", quoteName(in.Name)+"."+quoteName(c.Name), c.Comment())
	}
	return b.String()
}

// grows reports whether the table has rows for each record or cell.
func (t *Table) grows() bool {
	return t.Origin || t.Group == GroupLinkage || t.Group == GroupAssessment || t.Group == GroupQuality || t.Name == "value_map"
}

// ViewDDL is the statements that make the view, with a comment on it and on each column. The
// tables it reads must exist.
func (s *Schema) ViewDDL(v *View) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE VIEW %s AS\n%s;\n", quoteName(v.Name), strings.TrimSpace(v.SQL))
	comment(&b, "VIEW", quoteName(v.Name), v.Comment())
	for _, c := range v.Columns {
		comment(&b, "COLUMN", quoteName(v.Name)+"."+quoteName(c.Name), s.MeaningOf(c))
	}
	return b.String()
}

// MeaningOf is what a view's column means: its own words, or those of the column it is from.
func (s *Schema) MeaningOf(c ViewColumn) string {
	if c.Meaning != "" {
		return c.Meaning + "."
	}
	from, _ := s.column(c.From)
	return from.Comment()
}

// DuckDBType is the type of the column in DuckDB. A code is text: its list is in table code.
func (c Column) DuckDBType() string {
	switch c.Type {
	case Integer:
		if c.Name == ColColumn {
			return "INTEGER"
		}
		return "BIGINT"
	case Real:
		return "DOUBLE"
	case Truth:
		return "BOOLEAN"
	case Date:
		return "DATE"
	case Timestamp:
		return "TIMESTAMP WITH TIME ZONE"
	case Text, Code:
		return "VARCHAR"
	}
	panic(fmt.Sprintf("schemas: column %s has no type %q", c.Name, c.Type))
}

// Comment is what is said of the column where it stands: meaning, unit, code list, how coarse it
// was made, references.
func (c Column) Comment() string {
	parts := []string{c.Meaning}
	if c.Unit != "" {
		parts = append(parts, "Unit: "+c.Unit)
	}
	if c.Codes != "" {
		parts = append(parts, "Codes: "+c.Codes)
	}
	if coarse := c.coarseness(); coarse != "" && (c.Part == PartLow || c.Part == PartHigh) {
		parts = append(parts, coarse)
	}
	if refs := c.Ref.String(); refs != "" {
		parts = append(parts, refs)
	}
	return strings.Join(parts, ". ") + "."
}

// String is the references in one line, as "Palermo 3(a); HTCDS prs_Gender".
func (r Refs) String() string {
	var out []string
	for _, e := range r.list() {
		if e.ref != "" {
			out = append(out, e.name+" "+e.ref)
		}
	}
	return strings.Join(out, "; ")
}

type namedRef struct{ name, ref string }

func (r Refs) list() []namedRef {
	return []namedRef{{"Palermo", r.Palermo}, {"HTCDS", r.HTCDS}, {"CTDC", r.CTDC}, {"SDMX", r.SDMX}}
}

func (t *Table) keyNames() []string {
	var out []string
	for _, c := range t.Columns() {
		if c.Key {
			out = append(out, quoteName(c.Name))
		}
	}
	return out
}

func comment(b *strings.Builder, kind, name, text string) {
	fmt.Fprintf(b, "COMMENT ON %s %s IS '%s';\n", kind, name, strings.ReplaceAll(text, "'", "''"))
}

func quoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
