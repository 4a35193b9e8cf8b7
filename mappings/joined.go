package mappings

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"palermo/diag"
	"palermo/schemas"
)

// Joined fills a text with the codes that a row states, joined by ";": of flags (a column for each code),
// or of split (a list in one cell). The codes stand in the order of their list, each once.
type Joined struct {
	To     string `yaml:"to" json:"to"`                             // the field, a text
	List   string `yaml:"list,omitempty" json:"list,omitempty"`     // the code list of the codes; without it they are texts of the codes file
	Denied string `yaml:"denied,omitempty" json:"denied,omitempty"` // the field for the codes that the row denies
	Status string `yaml:"status,omitempty" json:"status,omitempty"` // the field that says why nothing is stated

	Flags        map[string]string `yaml:"flags,omitempty" json:"flags,omitempty"`                                 // column to code
	Also         map[string]string `yaml:"also,omitempty" json:"also,omitempty"`                                   // flags of which only a yes counts: a no there denies nothing
	Yes          []string          `yaml:"yes,omitempty" json:"yes,omitempty"`                                     // words of a flag that state the code
	No           []string          `yaml:"no,omitempty" json:"no,omitempty"`                                       // words that deny it
	Unknown      []string          `yaml:"unknown,omitempty" json:"unknown,omitempty"`                             // words that mean: asked, not known
	NotCollected []string          `yaml:"not_collected,omitempty" json:"not_collected,omitempty"`                 // words that say nothing; a blank is one
	Unspecified  []string          `yaml:"unspecified,omitempty" json:"unspecified,omitempty"`                     // columns whose yes means: asked, not known which
	Asked        string            `yaml:"asked,omitempty" json:"asked,omitempty" jsonschema:"enum=any_yes,enum="` // any_yes: a no denies only in rows in which another flag states something

	Optional bool `yaml:"optional,omitempty" json:"optional,omitempty"` // the columns may be absent from the table

	Split string   `yaml:"split,omitempty" json:"split,omitempty"` // the column that holds a list
	At    []string `yaml:"at,omitempty" json:"at,omitempty"`       // the marks of which each parts two words
	Codes string   `yaml:"codes,omitempty" json:"codes,omitempty"` // codes file of split
	By    string   `yaml:"by,omitempty" json:"by,omitempty"`       // property of the code list that words of split may be looked up by
}

// AskedAnyYes is the rule that a no is an answer only where something was stated.
const AskedAnyYes = "any_yes"

// Columns is the columns that the block reads, sorted.
func (j *Joined) Columns() []string {
	out := slices.Concat(slices.Sorted(maps.Keys(j.Flags)), slices.Sorted(maps.Keys(j.Also)), j.Unspecified)
	if j.Split != "" {
		out = append(out, j.Split)
	}
	return out
}

// Fields is the fields that the block fills.
func (j *Joined) Fields() []string {
	return slices.DeleteFunc([]string{j.To, j.Denied, j.Status}, func(f string) bool { return f == "" })
}

func (j *Joined) normalise() {
	for _, l := range [][]string{j.Yes, j.No, j.Unknown, j.NotCollected, j.Unspecified} {
		words(l)
	}
	j.Split = Word(j.Split)
	j.Flags, j.Also = wordKeys(j.Flags), wordKeys(j.Also)
}

// wordKeys is the map with its keys in the form in which they are compared.
func wordKeys(in map[string]string) map[string]string {
	if len(in) == 0 {
		return in
	}
	out := map[string]string{}
	for k, v := range in {
		out[Word(k)] = v
	}
	return out
}

// joined checks one block: its fields, and its codes against their list.
func (c *checker) joined(i, k int, target *schemas.Table, filled map[string]bool) {
	j := &c.m.Tables[i].Joined[k]
	at := func(steps ...any) []any { return append([]any{"tables", i, "joined", k}, steps...) }
	for _, name := range j.Fields() {
		c.fill(target, name, filled, at()...)
		if f := target.Field(name); f != nil && f.Type != schemas.Text {
			c.add(diag.MappingField, fmt.Sprintf("%q is no text, so it cannot hold several codes", name), at()...)
		}
	}
	list := c.s.List(j.List)
	if j.List != "" && list == nil {
		c.add(diag.MappingCodes, fmt.Sprintf("no code list %q", j.List), at("list")...)
	}
	if (len(j.Flags) > 0) == (j.Split != "") {
		c.add(diag.MappingIncomplete, "say where the codes stand: flags or split, one of the two", at()...)
	}
	if !slices.Contains([]string{"", AskedAnyYes}, j.Asked) {
		c.add(diag.MappingRule, fmt.Sprintf("no rule %q says what was asked", j.Asked), at("asked")...)
	}
	for _, word := range []string{"flags", "also"} {
		flags := map[string]map[string]string{"flags": j.Flags, "also": j.Also}[word]
		for _, column := range slices.Sorted(maps.Keys(flags)) {
			code := flags[column]
			if list != nil && list.Index(code) < 0 {
				c.add(diag.MappingCode, fmt.Sprintf("list %q has no code %q", j.List, code), at(word, column)...)
			}
			if strings.Contains(code, ";") || code == "" {
				c.add(diag.MappingCode, "a flag states one code", at(word, column)...)
			}
		}
	}
	if j.Split == "" {
		return
	}
	if slices.Contains(j.At, "") || len(j.At) == 0 {
		c.add(diag.MappingIncomplete, "say what stands between the words of the list", at("at")...)
	}
	f := &schemas.Field{Name: j.To, Type: schemas.Text}
	if list != nil {
		f = &schemas.Field{Name: j.To, Type: schemas.Code, Codes: j.List}
	} else if j.Codes == "" {
		c.add(diag.MappingIncomplete, "words need a codes file, or a list of codes", at("codes")...)
	}
	c.codes(f, j.Codes, j.By, at()...)
}
