package pipeline

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"palermo/schemas"
)

// dataPackageName is the file beside a snapshot's Parquet that describes it to programs that know Frictionless data packages.
const dataPackageName = "datapackage.json"

type dataPackage struct {
	Name        string         `json:"name"`
	Title       string         `json:"title"`
	Description string         `json:"description"`
	Version     string         `json:"version"`
	Resources   []dataResource `json:"resources"`
}

// dataResource is one table: its files, which have one schema and are read as one.
type dataResource struct {
	Name        string     `json:"name"`
	Title       string     `json:"title"`
	Description string     `json:"description"`
	Path        any        `json:"path"` // a text, or of several files a list
	Format      string     `json:"format"`
	MediaType   string     `json:"mediatype"`
	Schema      dataSchema `json:"schema"`
}

type dataSchema struct {
	Fields      []dataField      `json:"fields"`
	PrimaryKey  []string         `json:"primaryKey,omitempty"`
	ForeignKeys []dataForeignKey `json:"foreignKeys,omitempty"`
}

type dataField struct {
	Name        string          `json:"name"`
	Type        string          `json:"type"`
	Description string          `json:"description"`
	Constraints map[string]bool `json:"constraints,omitempty"`
}

type dataForeignKey struct {
	Fields    []string      `json:"fields"`
	Reference dataReference `json:"reference"`
}

type dataReference struct {
	Resource string   `json:"resource"`
	Fields   []string `json:"fields"`
}

// writeDataPackage writes the description of the tables and their files into the snapshot's folder.
func (p *publication) writeDataPackage(dir string) error {
	tables := p.tables()
	d := dataPackage{Name: "palermo", Title: "palermo: counter-trafficking data, harmonised", Version: p.Schema.Version,
		Description: "Under a data-use agreement: personal data, coarsened. Cases that were assisted or referred are no sample, and no measure of prevalence."}
	there := map[string]bool{}
	for _, t := range tables {
		there[t.Name] = true
	}
	for _, t := range tables {
		files, err := relative(dir, p.written[t.Name])
		if err != nil {
			return err
		}
		r := dataResource{Name: t.Name, Title: t.Title, Description: t.Meaning, Path: files, Format: "parquet",
			MediaType: "application/vnd.apache.parquet", Schema: dataSchemaOf(t, there)}
		if len(files) == 1 {
			r.Path = files[0]
		}
		d.Resources = append(d.Resources, r)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(d); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, dataPackageName), b.Bytes(), 0o600)
}

func dataSchemaOf(t *schemas.Table, there map[string]bool) (s dataSchema) {
	for _, c := range t.Columns() {
		f := dataField{Name: c.Name, Type: dataType(c.Type), Description: c.Comment()}
		if !c.Nullable {
			f.Constraints = map[string]bool{"required": true}
		}
		if c.Key {
			s.PrimaryKey = append(s.PrimaryKey, c.Name)
		}
		s.Fields = append(s.Fields, f)
	}
	for _, f := range t.Fields {
		if table, field, _ := strings.Cut(f.References, "."); there[table] {
			s.ForeignKeys = append(s.ForeignKeys, dataForeignKey{[]string{f.Name}, dataReference{table, []string{field}}})
		}
	}
	return s
}

// dataType is a type as Table Schema names it.
func dataType(t schemas.Type) string {
	switch t {
	case schemas.Integer:
		return "integer"
	case schemas.Real:
		return "number"
	case schemas.Truth:
		return "boolean"
	case schemas.Date:
		return "date"
	case schemas.Timestamp:
		return "datetime"
	}
	return "string"
}
