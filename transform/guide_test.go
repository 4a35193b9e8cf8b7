package transform_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"palermo/mappings"
	"palermo/schemas"
	"palermo/transform"
)

// TestGuideMapping compiles the mapping of docs/adding-a-source.md, with codes files of which each is an empty
// one but for those that the page prints.
func TestGuideMapping(t *testing.T) {
	b, err := os.ReadFile("../docs/adding-a-source.md")
	if err != nil {
		t.Fatal(err)
	}
	yaml := block(string(b), "yaml", "source:\n  id: shelters")
	dir := fstest.MapFS{"shelters/mapping.yaml": {Data: []byte(yaml)}}
	const head = "source_value,code,note\n"
	for name, part := range map[string]string{"sex": "F,female", "age": "", "nationality": "", "form": "sexual,sexual_exploitation", "form_dimension": "sexual,by_exploitation"} {
		text := head
		if part != "" {
			text = block(string(b), "csv", part)
		}
		if !strings.HasPrefix(text, head) {
			t.Errorf("the page prints no codes file with %q", part)
		}
		dir["shelters/codes/"+name+".csv"] = &fstest.MapFile{Data: []byte(text)}
	}
	m, found, err := mappings.Decode(dir, "shelters")
	if err != nil || m == nil || len(found) > 0 {
		t.Fatal(m, found, err)
	}
	if _, found := transform.Compile(m, 0, schemas.Builtin()); len(found) > 0 {
		t.Error(found)
	}
}

// block is the page's first block of code in the language that holds the part.
func block(page, lang, part string) string {
	for _, b := range strings.Split(page, "```"+lang+"\n")[1:] {
		if text, _, ok := strings.Cut(b, "```"); ok && strings.Contains(text, part) {
			return text
		}
	}
	return ""
}
