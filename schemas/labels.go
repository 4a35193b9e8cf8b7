package schemas

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// The status of a language's labels, as that of a catalogue of receipts.
const (
	LabelsSource   = "source"   // what the others are translated from
	LabelsDraft    = "draft"    // nobody who speaks the language has read them
	LabelsApproved = "approved" // ApprovedBy has
)

// Language is a language in which the codes of every list have labels.
type Language struct {
	Tag        string `json:"language"` // BCP 47
	Name       string `json:"name"`     // in itself
	Status     string `json:"status"`
	ApprovedBy string `json:"approved_by,omitempty"` // who speaks it and has approved it; empty for a draft
}

// Languages is the languages in which codes have labels, English first, then by tag. The caller must not
// change it.
func (s *Schema) Languages() []Language { return s.languages }

// Label is the code's label in the language; where there is none, in the language without its script or
// country (names of countries say sr for Cyrillic); else in English.
func (e *CodeEntry) Label(lang string) string {
	for _, l := range []string{lang, strings.SplitN(lang, "-", 2)[0], "en"} {
		if label := e.Labels[l]; label != "" {
			return label
		}
	}
	return ""
}

// HasLabel reports whether the code has a label in the language itself. Serbian in Latin letters is no
// label for Cyrillic, nor the other way round.
func (e *CodeEntry) HasLabel(lang string) bool {
	return e.Labels[lang] != "" || lang == "sr-Cyrl" && e.Labels["sr"] != ""
}

// labelFile is labels/LANG.yaml.
type labelFile struct {
	Language   string                       `yaml:"language"`
	Name       string                       `yaml:"name"`
	Status     string                       `yaml:"status"`
	ApprovedBy string                       `yaml:"approved_by"`
	Labels     map[string]map[string]string `yaml:"labels"` // by list and code
}

// loadLabels reads labels/*.yaml into the lists, which must be there. A label of the lists' own files and a
// name of a country win over none, and lose to one that is written here.
func (l *loader) loadLabels(files []string) {
	l.s.languages = []Language{{Tag: "en", Name: "English", Status: LabelsSource}}
	for _, name := range files {
		if path.Dir(name) == "labels" {
			l.fault(l.labelsOf(name))
		}
	}
}

func (l *loader) labelsOf(name string) error {
	b, err := fs.ReadFile(l.fsys, name)
	if err != nil {
		return err
	}
	var f labelFile
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(&f); err != nil {
		return fmt.Errorf("%s:1:1: %w", name, err)
	}
	switch {
	case f.Language != strings.TrimSuffix(path.Base(name), ".yaml"):
		return fmt.Errorf("%s:1:1: language %q in the file of another", name, f.Language)
	case f.Name == "":
		return fmt.Errorf("%s:1:1: a language without its name", name)
	case !slices.Contains([]string{LabelsDraft, LabelsApproved}, f.Status):
		return fmt.Errorf("%s:1:1: no status %q", name, f.Status)
	case (f.Status == LabelsApproved) != (f.ApprovedBy != ""):
		return fmt.Errorf("%s:1:1: who approves says so in both status and approved_by", name)
	}
	l.s.languages = append(l.s.languages, Language{Tag: f.Language, Name: f.Name, Status: f.Status, ApprovedBy: f.ApprovedBy})
	for list, labels := range f.Labels {
		if err := l.s.label(f.Language, list, labels); err != nil {
			return fmt.Errorf("%s:1:1: %w", name, err)
		}
	}
	return nil
}

func (s *Schema) label(lang, name string, labels map[string]string) error {
	list := s.lists[name]
	if list == nil {
		return fmt.Errorf("no code list %q", name)
	}
	for code, label := range labels {
		i := list.Index(code)
		switch {
		case i < 0:
			return fmt.Errorf("list %q has no code %q", name, code)
		case strings.TrimSpace(label) == "":
			return fmt.Errorf("list %q has an empty label of %q", name, code)
		}
		list.Codes[i].Labels[lang] = label
	}
	return nil
}

// labelCountries gives countries without a short name in a language the first other name that is in use.
func (l *loader) labelCountries() {
	list := l.s.lists[countryList]
	if list == nil {
		return
	}
	for _, n := range l.s.Names {
		i := list.Index(n.Code)
		if i < 0 || n.Kind == "former" && l.s.Countries[i].ValidTo == 0 {
			continue
		}
		if labels := list.Codes[i].Labels; labels[n.Lang] == "" {
			labels[n.Lang] = n.Name
		}
	}
}
