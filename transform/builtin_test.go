package transform_test

import (
	"testing"

	"palermo/mappings"
	"palermo/schemas"
	"palermo/transform"
)

// TestBuiltinMappings compiles every table of every built-in mapping: `make check-mappings` runs
// it, and a mapping that is not quiet is reported with its places.
func TestBuiltinMappings(t *testing.T) {
	set, found, err := mappings.Load(mappings.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Mappings) == 0 {
		t.Error("there is no built-in mapping")
	}
	for _, m := range set.Mappings {
		for i := range m.Tables {
			_, ds := transform.Compile(m, i, schemas.Builtin())
			found = append(found, ds...)
		}
	}
	told := map[string]bool{} // what is wrong with the whole mapping is found with each table
	for _, d := range found {
		if s := "mappings/" + d.String(); !told[s] {
			told[s] = true
			t.Error(s)
		}
	}
}
