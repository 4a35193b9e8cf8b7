package schemas

import "github.com/apache/arrow-go/v18/arrow"

// Keys of the metadata that a column carries in its Arrow field, and a file in its footer.
const (
	metaMeaning = "meaning"
	metaUnit    = "unit"
	metaCodes   = "codes"
	metaClass   = "class"
	metaRef     = "ref"

	metaCoarsened = "coarsened"
)

// ParquetMetadata is what a Parquet file of the table says of itself in its footer. It carries no
// clock, host or run.
func (s *Schema) ParquetMetadata(t *Table) map[string]string {
	return map[string]string{
		"palermo.table":          t.Name,
		"palermo.title":          t.Title,
		"palermo.meaning":        t.Meaning,
		"palermo.schema_version": s.Version,
		"palermo.schema_digest":  s.digest,
	}
}

// StoredSchema is the Arrow schema of the table as it is stored: all of Columns, in their order,
// each with its meaning, unit, code list, class, references and how coarse it was made as metadata of
// the field.
func (t *Table) StoredSchema() *arrow.Schema {
	var fields []arrow.Field
	for _, c := range t.Columns() {
		fields = append(fields, arrow.Field{Name: c.Name, Type: c.ArrowType(), Nullable: c.Nullable, Metadata: c.metadata()})
	}
	return arrow.NewSchema(fields, nil)
}

func (c Column) metadata() arrow.Metadata {
	keys, values := []string{metaMeaning, metaClass}, []string{c.Meaning, string(c.Class)}
	for _, e := range []struct{ key, value string }{{metaUnit, c.Unit}, {metaCodes, c.Codes}, {metaRef, c.Ref.String()}, {metaCoarsened, c.Coarsened}} {
		if e.value != "" {
			keys, values = append(keys, e.key), append(values, e.value)
		}
	}
	return arrow.NewMetadata(keys, values)
}
