package schemas

// Description is a schema in the form that `palermo schema --format json` prints.
type Description struct {
	Version string             `json:"version"`
	Digest  string             `json:"digest"`
	Tables  []TableDescription `json:"tables"`
	Views   []ViewDescription  `json:"views"`
	Lists   []ListDescription  `json:"code_lists"`

	Languages []Language `json:"languages"` // of the labels: which are drafts
}

// TableDescription is a table as JSON.
type TableDescription struct {
	Name    string              `json:"table"`
	Title   string              `json:"title"`
	Meaning string              `json:"meaning"`
	Group   Group               `json:"group"`
	Zone    Zone                `json:"zone"`
	Key     []string            `json:"key"`
	Columns []ColumnDescription `json:"columns"`
}

// ColumnDescription is a column as JSON.
type ColumnDescription struct {
	Name       string            `json:"name"`
	Type       Type              `json:"type"`
	Codes      string            `json:"codes,omitempty"`
	Unit       string            `json:"unit,omitempty"`
	Required   bool              `json:"required"`
	Class      Class             `json:"class"`
	Coarsen    string            `json:"coarsen,omitempty"`
	Bands      string            `json:"bands,omitempty"`
	References string            `json:"references,omitempty"`
	Field      string            `json:"field,omitempty"`
	Part       Part              `json:"part,omitempty"`
	Meaning    string            `json:"meaning"`
	Ref        map[string]string `json:"ref,omitempty"`
}

// ViewDescription is a view as JSON.
type ViewDescription struct {
	Name    string            `json:"view"`
	Title   string            `json:"title"`
	Meaning string            `json:"meaning"`
	Columns []ViewColumnShort `json:"columns"`
	SQL     string            `json:"sql"`
	Key     []string          `json:"key,omitempty"`    // the columns that together name a row
	Behind  string            `json:"behind,omitempty"` // a query of what each number counts
}

// ViewColumnShort is a view's column as JSON, with the meaning it has or takes.
type ViewColumnShort struct {
	Name    string `json:"name"`
	Meaning string `json:"meaning"`
}

// ListDescription is a code list as JSON.
type ListDescription struct {
	Name    string            `json:"list"`
	Meaning string            `json:"meaning"`
	Codes   []CodeDescription `json:"codes"`
}

// CodeDescription is a code as JSON.
type CodeDescription struct {
	Code       string            `json:"code"`
	Parent     string            `json:"parent,omitempty"`
	Labels     map[string]string `json:"labels"`
	Definition string            `json:"definition,omitempty"`
	Ref        string            `json:"ref,omitempty"`
}

// Describe is the whole schema, for JSON.
func (s *Schema) Describe() Description {
	d := Description{Version: s.Version, Digest: s.digest, Tables: []TableDescription{}, Views: []ViewDescription{},
		Lists: []ListDescription{}, Languages: s.languages}
	for _, t := range s.Tables {
		d.Tables = append(d.Tables, t.Describe())
	}
	for _, v := range s.Views {
		d.Views = append(d.Views, s.DescribeView(v))
	}
	for _, l := range s.Lists {
		d.Lists = append(d.Lists, l.Describe())
	}
	return d
}

// Describe is the table, for JSON.
func (t *Table) Describe() TableDescription {
	d := TableDescription{Name: t.Name, Title: t.Title, Meaning: t.Meaning, Group: t.Group, Zone: t.Zone, Key: []string{}}
	for _, c := range t.Columns() {
		cd := ColumnDescription{Name: c.Name, Type: c.Type, Codes: c.Codes, Unit: c.Unit, Required: !c.Nullable,
			Class: c.Class, Coarsen: c.Coarsen, Bands: c.Bands, Field: c.Field, Part: c.Part, Meaning: c.Meaning, Ref: c.Ref.byName()}
		if f := t.Field(c.Field); f != nil && c.Part == PartValue {
			cd.References = f.References
		}
		if c.Key {
			d.Key = append(d.Key, c.Name)
		}
		d.Columns = append(d.Columns, cd)
	}
	return d
}

func (r Refs) byName() map[string]string {
	var out map[string]string
	for _, e := range r.list() {
		if e.ref != "" {
			if out == nil {
				out = map[string]string{}
			}
			out[e.name] = e.ref
		}
	}
	return out
}

// DescribeView is the view, for JSON.
func (s *Schema) DescribeView(v *View) ViewDescription {
	d := ViewDescription{Name: v.Name, Title: v.Title, Meaning: v.Meaning, SQL: v.SQL, Key: v.Keys(), Behind: v.Behind, Columns: []ViewColumnShort{}}
	for _, c := range v.Columns {
		d.Columns = append(d.Columns, ViewColumnShort{Name: c.Name, Meaning: s.MeaningOf(c)})
	}
	return d
}

// Describe is the code list, for JSON.
func (l *CodeList) Describe() ListDescription {
	d := ListDescription{Name: l.Name, Meaning: l.Meaning, Codes: []CodeDescription{}}
	for _, e := range l.Codes {
		d.Codes = append(d.Codes, CodeDescription(e))
	}
	return d
}
