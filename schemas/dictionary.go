package schemas

import "strings"

// Entry is one table, view, macro or column of the analysts' database, with the comment on it.
type Entry struct {
	Object   string
	Ordinal  int // the column's place, from 1; 0 for the object itself
	Kind     string
	Column   string
	DataType string
	List     string
	IsKey    *bool // nil where no key is declared
	RefersTo string
	Class    Class
	Comment  string
}

// Dictionary is everything that stands in the analysts' database, in the order in which it is made, each with its
// columns after it.
func (s *Schema) Dictionary() []Entry {
	var out []Entry
	for _, t := range s.Tables {
		if in := t.In(ZoneAnalyst); in != nil {
			out = append(out, in.entries()...)
		}
	}
	for _, m := range macros {
		out = append(out, Entry{Object: m.Name, Kind: "macro", DataType: m.Params, Comment: m.Comment()})
	}
	for _, v := range s.Views {
		out = append(out, s.viewEntries(v)...)
	}
	return out
}

func (t *Table) entries() []Entry {
	out := []Entry{{Object: t.Name, Kind: "table", Comment: t.Comment()}}
	for i, c := range t.Columns() {
		e := Entry{Object: t.Name, Ordinal: i + 1, Kind: "table", Column: c.Name, DataType: c.DuckDBType(), List: c.Codes, IsKey: &c.Key,
			Class: c.Class, Comment: c.Comment()}
		if f := t.Field(c.Field); f != nil && c.Part == PartValue {
			e.RefersTo = f.References
		}
		out = append(out, e)
	}
	return out
}

func (s *Schema) viewEntries(v *View) []Entry {
	out := []Entry{{Object: v.Name, Kind: "view", Comment: v.Comment()}}
	keyed := len(v.Keys()) > 0
	for i, c := range v.Columns {
		e := Entry{Object: v.Name, Ordinal: i + 1, Kind: "view", Column: c.Name, Comment: s.MeaningOf(c)}
		if keyed {
			e.IsKey = &c.Key
		}
		out = append(out, e)
	}
	return out
}

// Column is the view's column of that name, or nil.
func (v *View) Column(name string) *ViewColumn {
	for i := range v.Columns {
		if v.Columns[i].Name == name {
			return &v.Columns[i]
		}
	}
	return nil
}

// Keys is the columns that together name a row of the view; none where that is not declared.
func (v *View) Keys() []string {
	var out []string
	for _, c := range v.Columns {
		if c.Key {
			out = append(out, c.Name)
		}
	}
	return out
}

// Answer is the table and the column that hold the answers that a row of the view is about; empty where it is about none, or
// they are worked out.
func (v *View) Answer() (table, column string) {
	from := v.Answers
	if v.Shares != nil {
		from = v.Shares.Category.From
	}
	table, column, _ = strings.Cut(from, ".")
	return table, column
}

// CountsPersons reports whether the column is a number of persons, not of records.
func (v *View) CountsPersons(column string) bool {
	for _, c := range v.Columns {
		if c.Name == column && strings.HasPrefix(c.Meaning, "Persons") || c.Name == column && strings.HasPrefix(c.Meaning, "Number of persons") {
			return true
		}
	}
	return false
}

// Comment is what is said of the table where it stands.
func (t *Table) Comment() string { return t.Title + ". " + t.Meaning }

// Comment is what is said of the view where it stands.
func (v *View) Comment() string { return v.Title + ". " + v.Meaning }

// Comment is what is said of the macro where it stands.
func (m Macro) Comment() string { return m.Meaning + "." }

func (s *Schema) dictionaryRows() ([]map[string]any, error) {
	var rows []map[string]any
	for _, e := range s.Dictionary() {
		row := map[string]any{"object": e.Object, "ordinal": e.Ordinal, "kind": e.Kind, "column_name": text(e.Column), "data_type": text(e.DataType),
			"list": text(e.List), "refers_to": text(e.RefersTo), "class": text(string(e.Class)), "comment": e.Comment}
		if e.IsKey != nil {
			row["is_key"] = *e.IsKey
		}
		rows = append(rows, row)
	}
	return rows, nil
}
