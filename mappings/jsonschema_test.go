package mappings_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"palermo/mappings"
	"palermo/schemas"
	"palermo/transform"
)

var update = flag.Bool("update", false, "write docs/schema/mapping.schema.json")

const schemaFile = "../docs/schema/mapping.schema.json"

// TestJSONSchema holds the JSON Schema that editors use in step with the types, their comments,
// the rules and the target tables.
func TestJSONSchema(t *testing.T) {
	got := generate(t)
	if *update {
		if err := os.WriteFile(schemaFile, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("docs/schema/mapping.schema.json is not in step (`make docs` writes it):\n%s", d)
	}
}

// generate makes the schema from the types; the comments of the source describe the properties.
func generate(t *testing.T) []byte {
	t.Helper()
	r := jsonschema.Reflector{Anonymous: true}
	if err := r.AddGoComments("palermo/mappings", ".", jsonschema.WithFullComment()); err != nil {
		t.Fatal(err)
	}
	for name, text := range r.CommentMap {
		r.CommentMap[name] = strings.ReplaceAll(text, "\n", " ")
	}
	s := r.Reflect(&mappings.Mapping{})
	s.Title = "A mapping of palermo"
	rules := transform.Rules()
	var tables []string
	for _, table := range schemas.Builtin().Tables {
		tables = append(tables, table.Name)
	}
	for _, c := range []struct {
		typ, property string
		names         []string
	}{
		{"Table", "target", tables},
		{"Column", "parse", rules["parse"]},
		{"Column", "form", rules["form"]},
		{"Column", "repair", rules["repair"]},
		{"Column", "part", rules["part"]},
		{"FromCell", "parse", rules["parse"]},
		{"FromCell", "form", rules["form"]},
		{"FromSheet", "parse", rules["parse"]},
		{"Level", "parse", rules["parse"]},
		{"Level", "form", rules["form"]},
		{"Several", "rule", rules["several"]},
		{"Fact", "rule", rules["facts"]},
	} {
		p, ok := s.Definitions[c.typ].Properties.Get(c.property)
		if !ok {
			t.Fatalf("%s has no property %q", c.typ, c.property)
		}
		for _, name := range c.names {
			p.Enum = append(p.Enum, name)
		}
	}
	for name, def := range s.Definitions {
		for p := def.Properties.Oldest(); p != nil; p = p.Next() {
			if p.Value.Description == "" && p.Value.Ref == "" {
				t.Errorf("%s: the property %q is not described: its field needs a comment", name, p.Key)
			}
		}
	}
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

func compile(t *testing.T) *validator.Schema {
	t.Helper()
	s, err := validator.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// decode reads YAML as JSON would be read.
func decode(t *testing.T, b []byte) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	j, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if v, err = validator.UnmarshalJSON(bytes.NewReader(j)); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestBuiltinMappingsAreValid(t *testing.T) {
	s := compile(t)
	files, err := fs.Glob(mappings.Builtin(), "*/mapping.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no built-in mapping (%v)", err)
	}
	for _, f := range files {
		b, err := fs.ReadFile(mappings.Builtin(), f)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(decode(t, b)); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
}

func TestBrokenMappingsAreNotValid(t *testing.T) {
	const good = `
source: {id: demo, title: Demo}
tables:
  - vintage: "2021"
    recognise: {headers: [Year, Number]}
    target: statistic
    columns:
      - {from: Year, to: year, parse: year}
      - {from: Number, to: value, parse: count_or_below, suppressed: ["*"]}
    constants: {unit_code: persons}
`
	s := compile(t)
	if err := s.Validate(decode(t, []byte(good))); err != nil {
		t.Fatalf("the mapping that the broken ones are made of: %v", err)
	}
	for _, c := range []struct{ name, old, new string }{
		{"a word that the language lacks", "parse: year}", "formula: year+1}"},
		{"a rule that does not exist", "parse: year}", "parse: yaer}"},
		{"a target that does not exist", "target: statistic", "target: statistics"},
		{"a list that is a word", `["*"]`, `"*"`},
		{"no columns", "    columns:\n", "    ignore:\n"},
		{"no source", "source:", "sauce:"},
		{"a table that is no list", "  - vintage", "    vintage"},
	} {
		broken := strings.Replace(good, c.old, c.new, 1)
		if broken == good {
			t.Fatalf("%s: nothing was broken", c.name)
		}
		if err := s.Validate(decode(t, []byte(broken))); err == nil {
			t.Errorf("%s: the mapping is valid", c.name)
		}
	}
}
