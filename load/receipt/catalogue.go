package receipt

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"gopkg.in/yaml.v3"

	"palermo/diag"
)

//go:embed catalogues/*.yaml
var embedded embed.FS

// English is the language in which the texts were written, and that of a receipt whose language has no
// catalogue.
const English = "en"

// Languages is the languages that there are catalogues of, in the order in which a manual names them.
var Languages = []string{English, "fr", "es", "ru", "ro", "sq", "sr-Cyrl", "sr-Latn", "bg", "mk", "uk"}

// The status of a catalogue.
const (
	StatusSource   = "source"   // what the others are translated from
	StatusDraft    = "draft"    // nobody who speaks the language has read it
	StatusApproved = "approved" // ApprovedBy has
)

// Catalogue is every text of a receipt in one language. Texts have placeholders as {n}.
type Catalogue struct {
	Language   string                 `yaml:"language"`
	Name       string                 `yaml:"name"` // of the language, in itself
	Direction  string                 `yaml:"direction"`
	Status     string                 `yaml:"status"`
	ApprovedBy string                 `yaml:"approved_by"` // who speaks it and has approved it; empty for a draft
	Texts      map[string]string      `yaml:"texts"`
	Counts     map[string]Forms       `yaml:"counts"`
	States     map[State]Saying       `yaml:"states"`
	Steps      map[Step]string        `yaml:"steps"`
	Kinds      map[string]string      `yaml:"kinds"`
	SaidBy     map[string]string      `yaml:"said_by"`
	Skipped    map[string]string      `yaml:"skipped"`
	Findings   map[diag.Code]Sentence `yaml:"findings"`

	tag language.Tag
}

// Forms is a text with a number, by the plural categories of CLDR: one, two, few, many, other.
type Forms map[string]string

// Saying is the word for a state and what it means.
type Saying struct {
	Word    string `yaml:"word"`
	Meaning string `yaml:"meaning"`
}

// Sentence is what is said of a finding.
type Sentence struct {
	Wrong string `yaml:"wrong"` // what is wrong
	Right string `yaml:"right"` // what would be right
}

var builtin = sync.OnceValues(func() (map[string]*Catalogue, error) { return readCatalogues(embedded) })

// CatalogueOf is the catalogue of the language, which may be said more exactly than the catalogues are, as mk-MK,
// or less, as sr; the English one where there is none.
func CatalogueOf(lang string) (*Catalogue, error) {
	all, err := builtin()
	if err != nil {
		return nil, err
	}
	return all[Match(lang)], nil
}

// Match is the language that a text in lang is to be in: one of Languages.
func Match(lang string) string {
	if slices.Contains(Languages, lang) {
		return lang
	}
	var tags []language.Tag
	for _, l := range Languages {
		tags = append(tags, language.MustParse(l))
	}
	if wanted, err := language.Parse(lang); err == nil {
		if _, i, confidence := language.NewMatcher(tags).Match(wanted); confidence >= language.High {
			return Languages[i]
		}
	}
	return English
}

func readCatalogues(fsys fs.FS) (map[string]*Catalogue, error) {
	names, err := fs.Glob(fsys, "catalogues/*.yaml")
	if err != nil {
		return nil, err
	}
	all := map[string]*Catalogue{}
	for _, name := range names {
		c, err := ReadCatalogue(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("read the catalogue %s: %w", path.Base(name), err)
		}
		all[c.Language] = c
	}
	return all, nil
}

// ReadCatalogue reads the catalogue of one language, of which the file must have the name.
func ReadCatalogue(fsys fs.FS, name string) (*Catalogue, error) {
	b, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	c := &Catalogue{}
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(c); err != nil {
		return nil, err
	}
	if c.tag, err = language.Parse(c.Language); err != nil {
		return nil, err
	}
	if want := strings.TrimSuffix(path.Base(name), ".yaml"); c.Language != want {
		return nil, fmt.Errorf("it says that it is of %q", c.Language)
	}
	return c, nil
}

// Text is the text with its placeholders filled in: names and values take turns.
func (c *Catalogue) Text(key string, pairs ...string) string {
	return fill(c.Texts[key], pairs...)
}

func fill(text string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		pairs[i] = "{" + pairs[i] + "}"
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// Count is the text in the form that the number asks for in the language.
func (c *Catalogue) Count(key string, n int64) string {
	forms := c.Counts[key]
	text, ok := forms[c.category(n)]
	if !ok {
		text = forms["other"]
	}
	return fill(text, "n", c.Number(n))
}

// categories is the names of the plural categories.
var categories = map[plural.Form]string{plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: "other"}

// category is the plural category of a whole number. The library's rules are of CLDR 32; what CLDR has
// changed since for our languages comes first.
func (c *Catalogue) category(n int64) string {
	switch base, _ := c.tag.Base(); {
	case base.String() == "mk" && n%100 == 11:
		return "other"
	case (base.String() == "fr" || base.String() == "es") && n != 0 && n%1_000_000 == 0:
		return "many"
	}
	if n >= 1_000_000 { // the rules look at the last six digits, and at whether there are more
		n = 1_000_000 + n%1_000_000
	}
	return categories[plural.Cardinal.MatchPlural(c.tag, int(n), 0, 0, 0, 0)]
}

// Number is n with a narrow space between thousands, as all the languages can read it; four
// digits stand together.
func (c *Catalogue) Number(n int64) string {
	s := strconv.FormatInt(n, 10)
	if n < 10_000 {
		return s
	}
	var groups []string
	for len(s) > 3 {
		groups = append(groups, s[len(s)-3:])
		s = s[:len(s)-3]
	}
	groups = append(groups, s)
	slices.Reverse(groups)
	return strings.Join(groups, "\u202f")
}

// skipped is the text of the reason.
func (c *Catalogue) skipped(reason string) string {
	if s := c.Skipped[reason]; s != "" {
		return s
	}
	return c.Skipped["other"]
}
