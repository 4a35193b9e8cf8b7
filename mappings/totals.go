package mappings

import (
	"fmt"
	"slices"

	"palermo/diag"
	"palermo/schemas"
)

// Total says that rows which differ in one field of the key alone should add up: those with one of the
// parts there to that with the total.
type Total struct {
	Field string              `yaml:"field" json:"field"`                     // a field of the key
	Total string              `yaml:"total" json:"total"`                     // what stands there in the row that is the total: a code of its list, or a text
	Parts []string            `yaml:"parts,omitempty" json:"parts,omitempty"` // what stands there in the rows that add up to it, each needed; anything else by default
	When  map[string][]string `yaml:"when,omitempty" json:"when,omitempty"`   // only rows where the column holds one of the words
}

// totals checks the rules against the key and the lists of codes.
func (c *checker) totals(i int, t *Table, target *schemas.Table) {
	for j, v := range t.Totals {
		f := target.Field(v.Field)
		switch {
		case f == nil || f.Type != schemas.Code && f.Type != schemas.Text:
			c.add(diag.MappingField, fmt.Sprintf("%s has no field %q that holds codes or texts", target.Name, v.Field), "tables", i, "totals", j, "field")
			continue
		case !slices.Contains(t.Key, v.Field):
			c.add(diag.MappingIncomplete, fmt.Sprintf("%q is not part of the key, so it is not known which rows belong together", v.Field), "tables", i, "totals", j, "field")
		case target.Field("value") == nil:
			c.add(diag.MappingField, fmt.Sprintf("%s has no values to add up", target.Name), "tables", i, "totals", j)
		case v.Total == "" || slices.Contains(v.Parts, v.Total):
			c.add(diag.MappingIncomplete, "say what stands in the row that is the total, and other words for its parts", "tables", i, "totals", j)
		}
		l := c.s.List(f.Codes)
		for _, word := range append([]string{v.Total}, v.Parts...) {
			if f.Type == schemas.Code && l != nil && l.Index(word) < 0 {
				c.add(diag.MappingCode, fmt.Sprintf("list %q has no code %q", f.Codes, word), "tables", i, "totals", j)
			}
		}
	}
}
