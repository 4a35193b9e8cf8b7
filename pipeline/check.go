package pipeline

import (
	"palermo/diag"
	"palermo/mappings"
	"palermo/schemas"
	"palermo/transform"
)

// checkMappings compiles every table of every mapping: what can be wrong without data.
func checkMappings(set *mappings.Set, s *schemas.Schema) []diag.Diagnostic {
	var all []diag.Diagnostic
	for _, m := range set.Mappings {
		for i := range m.Tables {
			if _, ds := transform.Compile(m, i, s); len(ds) > 0 {
				all = append(all, ds...)
				break // Check looks at the whole mapping: once is enough
			}
		}
	}
	return all
}
