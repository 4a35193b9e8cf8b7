package transform_test

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"palermo/mappings"
	"palermo/schemas"
	"palermo/transform"
)

// FuzzMapping reads bytes as a mapping and as one of its codes files, and compiles what can be read.
func FuzzMapping(f *testing.F) {
	names, err := fs.Glob(mappings.Builtin(), "*/mapping.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		b, err := fs.ReadFile(mappings.Builtin(), name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, []byte("source_value,code,note\nF,female,\nM,*unknown,why\n"))
	}
	f.Add([]byte("source: {id: x, title: t}\ntables:\n  - {vintage: a, recognise: {headers: [A]}, target: statistic, columns: [{from: A, to: year, parse: year}]}\n"), []byte("source_value,code\n"))
	f.Add([]byte("a: &a [*a]\n"), []byte(""))
	schema := schemas.Builtin()
	f.Fuzz(func(t *testing.T, yaml, codes []byte) {
		m, _, err := mappings.Decode(fstest.MapFS{"x/mapping.yaml": {Data: yaml}, "x/codes/sex.csv": {Data: codes}, "x/codes/country.csv": {Data: codes}}, "x")
		if err != nil || m == nil {
			return
		}
		for i := range m.Tables {
			transform.Compile(m, i, schema)
		}
	})
}
