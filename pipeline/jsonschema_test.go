package pipeline

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

// updating reports whether the flag -update, which the golden tests declare, is given.
func updating() bool {
	f := flag.Lookup("update")
	return f != nil && f.Value.String() == "true"
}

const configSchema = "../docs/schema/config.schema.json"

// TestJSONSchema holds the JSON Schema of palermo.yaml in step with Config and its comments.
func TestJSONSchema(t *testing.T) {
	got := generateSchema(t)
	if updating() {
		if err := os.WriteFile(configSchema, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(configSchema)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("docs/schema/config.schema.json is not in step (`make docs` writes it):\n%s", d)
	}
}

func generateSchema(t *testing.T) []byte {
	t.Helper()
	r := jsonschema.Reflector{Anonymous: true}
	if err := r.AddGoComments("palermo/pipeline", ".", jsonschema.WithFullComment()); err != nil {
		t.Fatal(err)
	}
	for name, text := range r.CommentMap {
		r.CommentMap[name] = strings.ReplaceAll(text, "\n", " ")
	}
	s := r.Reflect(&Config{})
	s.Title = "palermo.yaml"
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

// TestSchemaAgreesWithReader says that editors and palermo take and refuse the same settings.
func TestSchemaAgreesWithReader(t *testing.T) {
	s, err := validator.NewCompiler().Compile(configSchema)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, text string
		valid      bool
	}{
		{"empty", "{}", true},
		{"everything", "agencies: {unodc: {title: UNODC, contact: data@example.org}}\nmappings: ours\n" +
			"intake: {max_file_mib: 10}\nthreads: 2\nreport: {examples: 5}\n", true},
		{"a setting that does not exist", "thread: 2\n", false},
		{"a setting below another that does not exist", "intake: {max_mib: 2}\n", false},
		{"a word for a number", "threads: two\n", false},
		{"a number below zero", "threads: -1\n", false},
		{"a list of agencies", "agencies: [unodc]\n", false},
	} {
		file := filepath.Join(t.TempDir(), "palermo.yaml")
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readConfig(file); (err == nil) != c.valid {
			t.Errorf("%s: readConfig = %v, want valid = %t", c.name, err, c.valid)
		}
		if err := s.Validate(asJSON(t, c.text)); (err == nil) != c.valid {
			t.Errorf("%s: schema = %v, want valid = %t", c.name, err, c.valid)
		}
	}
}

// asJSON reads YAML as JSON would be read.
func asJSON(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if v, err = validator.UnmarshalJSON(bytes.NewReader(b)); err != nil {
		t.Fatal(err)
	}
	return v
}
