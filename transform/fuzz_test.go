package transform_test

import (
	"io/fs"
	"maps"
	"path"
	"testing"
	"testing/fstest"

	"palermo/mappings"
	"palermo/schemas"
	"palermo/transform"
)

// FuzzMapping reads bytes as a mapping and as one of its codes files, beside those of the built-in mappings, and
// compiles what can be read. Each built-in mapping, which it starts from, can.
func FuzzMapping(f *testing.F) {
	names, err := fs.Glob(mappings.Builtin(), "*/mapping.yaml")
	if err != nil {
		f.Fatal(err)
	}
	schema := schemas.Builtin()
	compile := func(dir fs.FS, source string) (compiled int) {
		m, _, err := mappings.Decode(dir, source)
		if err != nil || m == nil {
			return 0
		}
		for i := range m.Tables {
			transform.Compile(m, i, schema)
		}
		return len(m.Tables)
	}
	codes := map[string]fstest.MapFS{}
	for _, name := range names {
		source := path.Dir(name)
		codes[source] = fstest.MapFS{}
		files, err := fs.Glob(mappings.Builtin(), source+"/codes/*")
		if err != nil {
			f.Fatal(err)
		}
		for _, c := range append(files, name) {
			b, err := fs.ReadFile(mappings.Builtin(), c)
			if err != nil {
				f.Fatal(err)
			}
			codes[source][c] = &fstest.MapFile{Data: b}
		}
		if compile(codes[source], source) == 0 {
			f.Fatalf("%s cannot be read here", name)
		}
		f.Add(source, codes[source][name].Data, []byte("source_value,code,note\nF,female,\nM,*unknown,why\n"))
	}
	const one = "unodc_glotip"
	f.Add(one, []byte("source: {id: unodc_glotip, title: t}\ntables:\n  - {vintage: a, recognise: {headers: [A]}, target: statistic, columns: [{from: A, to: year, parse: year}]}\n"), []byte("source_value,code\n"))
	f.Add(one, []byte("a: &a [*a]\n"), []byte(""))
	f.Fuzz(func(t *testing.T, source string, yaml, sex []byte) {
		dir := maps.Clone(codes[source])
		if dir == nil {
			return
		}
		dir[source+"/mapping.yaml"], dir[source+"/codes/sex.csv"] = &fstest.MapFile{Data: yaml}, &fstest.MapFile{Data: sex}
		compile(dir, source)
	})
}
