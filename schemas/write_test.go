package schemas

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/dictionary.md anew")

const dictionary = "../docs/dictionary.md"

func TestDictionaryInStep(t *testing.T) {
	var want bytes.Buffer
	if err := WriteMarkdown(&want, Builtin()); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(dictionary, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(dictionary)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.String(), string(got)); diff != "" {
		t.Errorf("docs/dictionary.md is not in step; run go test ./schemas -update (-want +got):\n%s", diff)
	}
}

func TestWriteText(t *testing.T) {
	for _, tt := range []struct{ name, want string }{
		{"", "statistic_current"},
		{"statistic", "value_low"},
		{"statistic_current", "key_rows"},
	} {
		var b bytes.Buffer
		if err := WriteText(&b, Builtin(), tt.name); err != nil || !strings.Contains(b.String(), tt.want) {
			t.Errorf("WriteText(%q) = %v, without %q", tt.name, err, tt.want)
		}
	}
	if err := WriteText(&bytes.Buffer{}, Builtin(), "nothing"); err == nil {
		t.Error("a table that does not exist was written")
	}
}

func TestWriteList(t *testing.T) {
	var b bytes.Buffer
	if err := WriteList(&b, Builtin().List("act")); err != nil {
		t.Fatal(err)
	}
	want := `act: The acts of Article 3(a): what was done to bring a person into exploitation

recruitment       Recruitment
transportation    Transportation
transfer          Transfer
harbouring        Harbouring
receipt           Receipt
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
}

func TestDescribe(t *testing.T) {
	b, err := json.Marshal(Builtin().Describe())
	if err != nil {
		t.Fatal(err)
	}
	var back Description
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Builtin().Table("statistic").Describe(), back.Tables[tablePlace(back, "statistic")]); diff != "" {
		t.Errorf("statistic (-want +got):\n%s", diff)
	}
	if len(back.Lists) != len(Builtin().Lists) || len(back.Views) != len(Builtin().Views) {
		t.Errorf("%d lists, %d views", len(back.Lists), len(back.Views))
	}
}

func tablePlace(d Description, name string) int {
	for i, t := range d.Tables {
		if t.Name == name {
			return i
		}
	}
	return -1
}

func TestParquetMetadata(t *testing.T) {
	s := Builtin()
	table := s.Table("statistic")
	md := s.ParquetMetadata(table)
	if md["palermo.table"] != "statistic" || md["palermo.schema_version"] != s.Version || md["palermo.schema_digest"] != s.Digest() {
		t.Errorf("metadata %v", md)
	}
	stored := table.StoredSchema()
	if stored.NumFields() != len(table.Columns()) {
		t.Fatalf("%d fields, want %d", stored.NumFields(), len(table.Columns()))
	}
	for _, f := range table.BatchSchema().Fields() {
		same, ok := stored.FieldsByName(f.Name)
		if !ok || !arrow.TypeEqual(same[0].Type, f.Type) || same[0].Nullable != f.Nullable {
			t.Errorf("%s is stored as %v, and is %v in a batch", f.Name, same, f)
		}
	}
	for _, f := range stored.Fields() {
		if meaning, _ := f.Metadata.GetValue(metaMeaning); meaning == "" {
			t.Errorf("%s has no meaning", f.Name)
		}
	}
}

// One table, view or list as Markdown is what the whole dictionary says of it.
func TestWriteMarkdownOfOne(t *testing.T) {
	var all bytes.Buffer
	if err := WriteMarkdown(&all, Builtin()); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ list, name, heading string }{
		{"", "statistic", "## Table `statistic`"},
		{"", "statistic_current", "## View `statistic_current`"},
		{"value_status", "", "## Code list `value_status`"},
	} {
		var b bytes.Buffer
		var err error
		if tt.list != "" {
			err = WriteListMarkdown(&b, Builtin().List(tt.list))
		} else {
			err = WriteTableMarkdown(&b, Builtin(), tt.name)
		}
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), tt.heading) || !strings.Contains(all.String(), b.String()) {
			t.Errorf("%s%s: got %s", tt.list, tt.name, b.String())
		}
	}
	if err := WriteTableMarkdown(&bytes.Buffer{}, Builtin(), "nothing"); err == nil {
		t.Error("a table that is not there was written")
	}
}
