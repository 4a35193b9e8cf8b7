package template

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"
)

//go:embed catalogues/*.yaml
var embedded embed.FS

const english = "en"

// texts is what a template says in one language.
type texts struct {
	Language   string            `yaml:"language"`
	Status     string            `yaml:"status"` // source, draft or approved
	ApprovedBy string            `yaml:"approved_by"`
	Texts      map[string]string `yaml:"texts"`
	Kinds      map[string]string `yaml:"kinds"`
	Fields     map[string]string `yaml:"fields"`
}

// kindOrder is the kinds in the order in which they are offered.
var kindOrder = []string{"new_cases", "correction", "full_replacement", "withdrawal"}

var builtin = sync.OnceValues(func() (map[string]*texts, error) {
	names, err := fs.Glob(embedded, "catalogues/*.yaml")
	if err != nil {
		return nil, err
	}
	all := map[string]*texts{}
	for _, name := range names {
		b, err := embedded.ReadFile(name)
		if err != nil {
			return nil, err
		}
		t := &texts{}
		dec := yaml.NewDecoder(bytes.NewReader(b))
		dec.KnownFields(true)
		if err := dec.Decode(t); err != nil {
			return nil, fmt.Errorf("read the catalogue %s: %w", path.Base(name), err)
		}
		all[strings.TrimSuffix(path.Base(name), ".yaml")] = t
	}
	return all, nil
})

// textsOf is the catalogue of the language, or the English one where there is none.
func textsOf(lang string) (*texts, error) {
	all, err := builtin()
	if err != nil {
		return nil, err
	}
	if t := all[lang]; t != nil {
		return t, nil
	}
	return all[english], nil
}

// Languages is the languages that the workbook itself can speak, in the order of their tags.
func Languages() ([]string, error) {
	all, err := builtin()
	return slices.Sorted(maps.Keys(all)), err
}

// FieldHelp is what belongs into a column that fills the field, in the language; "" where no catalogue says it. A field of another
// table than that of records has the table's name before it, as record_route.country_code; case is a reference of a case.
func FieldHelp(lang, field string) (string, error) {
	t, err := textsOf(lang)
	if err != nil {
		return "", err
	}
	return t.Fields[field], nil
}
