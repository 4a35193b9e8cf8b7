package assess

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"palermo/schemas"
)

// file is one definition as it is written.
type file struct {
	Definition string     `yaml:"definition"`
	Title      string     `yaml:"title"`
	Citation   string     `yaml:"citation"`
	Adopted    string     `yaml:"adopted"`
	InForce    string     `yaml:"in_force"`
	Elements   []elemDecl `yaml:"elements"`
	Set        []ruleDecl `yaml:"set"`
	Rules      []ruleDecl `yaml:"rules"`
}

type elemDecl struct {
	Name     string     `yaml:"name"`
	Article  string     `yaml:"article"`
	General  bool       `yaml:"general"`
	Counts   []wordDecl `yaml:"counts"`
	Beside   []string   `yaml:"beside"`
	DeniedBy []string   `yaml:"denied_by"`
}

type wordDecl struct {
	Word  string   `yaml:"word"`
	Codes []string `yaml:"codes"`
}

type ruleDecl struct {
	Name    string              `yaml:"name"`
	Status  string              `yaml:"status"`
	When    map[string][]string `yaml:"when"`
	Article string              `yaml:"article"`
	Note    string              `yaml:"note"`
	Example string              `yaml:"example"`
}

// Decode reads the definitions under fsys, rules/*.yaml, against the code lists of s. It is
// strict, and its error names every fault found, one a line, each with its place:
// rules/palermo.yaml:10:5: no code "threats" in the list means.
func Decode(fsys fs.FS, s *schemas.Schema) (*Rules, error) {
	r := &Rules{act: s.List("act"), means: s.List("means"), purpose: s.List("purpose"), successors: map[string][]string{}}
	for _, l := range []*schemas.CodeList{r.act, r.means, r.purpose} {
		if l == nil || len(l.Codes) > maxCodes {
			return nil, fmt.Errorf("the lists act, means and purpose must be there, with at most %d codes each", maxCodes)
		}
	}
	if s.List("definition") == nil || s.List("assessment_status") == nil {
		return nil, errors.New("the lists definition and assessment_status must be there")
	}
	names, err := fs.Glob(fsys, "rules/*.yaml")
	if err != nil {
		return nil, err
	}
	var all []error
	sum := sha256.New()
	for _, name := range names {
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("read rules: %w", err)
		}
		fmt.Fprintf(sum, "%s %d\n%s", name, len(b), b)
		d := &decoder{file: name, rules: r, schema: s}
		r.Definitions = append(r.Definitions, d.definition(b))
		all = append(all, d.faults...)
	}
	if len(names) == 0 {
		return nil, errors.New("no rules/*.yaml")
	}
	if err := errors.Join(all...); err != nil {
		return nil, err
	}
	r.digest = hex.EncodeToString(sum.Sum(nil))
	return r, r.finish(s)
}

// finish puts the definitions into the order of their code list and prepares what does not
// depend on a definition.
func (r *Rules) finish(s *schemas.Schema) error {
	list := s.List("definition")
	slices.SortFunc(r.Definitions, func(a, b *Definition) int { return list.Index(a.Code) - list.Index(b.Code) })
	for i, d := range r.Definitions {
		if i > 0 && d.Code == r.Definitions[i-1].Code {
			return fmt.Errorf("two files define %q", d.Code)
		}
		d.place = i
	}
	for _, e := range r.act.Codes {
		k, ok := actRanks[e.Code]
		if !ok {
			k = rankHarbouring
		}
		r.actRank = append(r.actRank, k)
	}
	r.followSuccessors(s.Countries)
	return nil
}

// followSuccessors gathers, for each former country, all countries that followed it.
func (r *Rules) followSuccessors(countries []schemas.Country) {
	direct := map[string][]string{}
	for _, c := range countries {
		direct[c.Code] = c.Successors
	}
	for former, next := range direct {
		all := slices.Clone(next)
		for i := 0; i < len(all); i++ {
			for _, c := range direct[all[i]] {
				if c != former && !slices.Contains(all, c) {
					all = append(all, c)
				}
			}
		}
		if len(all) > 0 {
			r.successors[former] = all
		}
	}
}

// decoder reads one file; its faults have their places.
type decoder struct {
	file   string
	rules  *Rules
	schema *schemas.Schema
	doc    *schemas.Document
	faults []error
}

// definition decodes the bytes; what it returns is of use only where there were no faults.
func (d *decoder) definition(b []byte) *Definition {
	var f file
	doc, faults := schemas.DecodeStrict(d.file, b, &f)
	d.doc = doc
	for _, f := range faults {
		d.faults = append(d.faults, fmt.Errorf("%s: %s", placed(f.Pos), f.Message))
	}
	if len(faults) > 0 {
		return &Definition{}
	}
	out := &Definition{Code: f.Definition, Title: f.Title, Citation: f.Citation}
	if i := d.schema.List("definition").Index(f.Definition); i < 0 {
		d.fault("no such code in the list definition", "definition")
	}
	if f.Title == "" || f.Citation == "" {
		d.fault("title and citation are needed", "title")
	}
	out.Adopted, out.InForce = d.day(f.Adopted, "adopted"), d.day(f.InForce, "in_force")
	out.inForce = int32(out.InForce.Unix() / secondsADay)
	d.elements(out, f.Elements)
	d.allRules(out, &f)
	return out
}

const secondsADay = 24 * 60 * 60

func (d *decoder) day(s, key string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		d.fault("a day as 2003-12-25 is needed", key)
	}
	return t
}

func (d *decoder) elements(out *Definition, decls []elemDecl) {
	for i, e := range decls {
		at := slices.Index(elementNames[:], e.Name)
		switch {
		case at < 0:
			d.fault(fmt.Sprintf("no element %q", e.Name), "elements", i, "name")
			continue
		case out.elements[at] != nil:
			d.fault(fmt.Sprintf("element %q twice", e.Name), "elements", i, "name")
			continue
		case e.Article == "":
			d.fault("the article is needed", "elements", i)
		}
		out.Elements = append(out.Elements, d.element(i, e))
		out.elements[at] = &out.Elements[len(out.Elements)-1]
	}
	// Appending moves the elements, so they are found again.
	for i := range out.Elements {
		out.elements[slices.Index(elementNames[:], out.Elements[i].Name)] = &out.Elements[i]
	}
	d.need(out)
}

// need holds a definition to one of the two shapes that Assess knows.
func (d *decoder) need(out *Definition) {
	has := func(e element) bool { return out.elements[e] != nil }
	us := has(elementCommercialSex) && has(elementLabour) && has(elementSubjection)
	none := !has(elementCommercialSex) && !has(elementLabour) && !has(elementSubjection)
	if !has(elementAct) || !has(elementMeans) || has(elementPurpose) == us || !us && !none {
		d.fault("the elements must be act, means and either purpose or commercial_sex, labour and subjection", "elements")
	}
}

// element is the declaration as sets. Each code of its list must stand in it exactly once, so
// that a new code asks for a decision.
func (d *decoder) element(i int, e elemDecl) Element {
	out := Element{Name: e.Name, Article: e.Article, General: e.General, Beside: e.Beside, DeniedBy: e.DeniedBy}
	list := d.list(e.Name)
	var seen codeSet
	take := func(codes []string, once bool, path ...any) (set codeSet) {
		for j, code := range codes {
			n := list.Index(code)
			switch {
			case n < 0:
				d.fault(fmt.Sprintf("no code %q in the list %s", code, list.Name), append(path, j)...)
				continue
			case once && seen&(1<<n) != 0:
				d.fault(fmt.Sprintf("code %q twice", code), append(path, j)...)
			case once:
				seen.add(Code(n))
			}
			set.add(Code(n))
		}
		return set
	}
	for j, w := range e.Counts {
		if w.Word == "" {
			d.fault("the definition's word is needed", "elements", i, "counts", j)
		}
		out.Counts = append(out.Counts, Word(w))
		set := take(w.Codes, true, "elements", i, "counts", j, "codes")
		out.counts |= set
		out.words = append(out.words, set)
	}
	take(e.Beside, true, "elements", i, "beside")
	out.denied = take(e.DeniedBy, false, "elements", i, "denied_by")
	for n, c := range list.Codes {
		if seen&(1<<n) == 0 {
			d.fault(fmt.Sprintf("code %q of the list %s stands neither under counts nor under beside", c.Code, list.Name), "elements", i)
		}
	}
	return out
}

// list is the code list in which an element is stated.
func (d *decoder) list(element string) *schemas.CodeList {
	switch element {
	case "act":
		return d.rules.act
	case "means":
		return d.rules.means
	}
	return d.rules.purpose
}

func (d *decoder) allRules(out *Definition, f *file) {
	names := map[string]bool{}
	inSet := map[Status]bool{}
	for i, r := range f.Set {
		rule := d.rule(out, names, r, "set", i)
		if inSet[rule.Status] {
			d.fault(fmt.Sprintf("status %q twice in the set", r.Status), "set", i, "status")
		}
		inSet[rule.Status] = true
		out.Set = append(out.Set, rule)
	}
	for i, r := range f.Rules {
		rule := d.rule(out, names, r, "rules", i)
		if rule.Status != NoStatus && inSet[rule.Status] {
			d.fault(fmt.Sprintf("status %q is one of the set", r.Status), "rules", i, "status")
		}
		if j := slices.IndexFunc(out.Rules, func(p *Rule) bool { return rule.allowed&^p.allowed == 0 }); j >= 0 {
			d.fault(fmt.Sprintf("rule %q is never reached: %q matches whatever it does", r.Name, out.Rules[j].Name), "rules", i)
		}
		out.Rules = append(out.Rules, rule)
	}
	if n := len(f.Rules); n == 0 || len(f.Rules[n-1].When) > 0 {
		d.fault("the last rule must have no conditions", "rules", max(n-1, 0))
	}
}

// rule is one rule; its name must be new among names.
func (d *decoder) rule(def *Definition, names map[string]bool, r ruleDecl, path ...any) *Rule {
	out := &Rule{Name: r.Name, Article: r.Article, Note: strings.TrimSpace(r.Note), Example: r.Example, Said: d.pos(path...), allowed: everything()}
	at := func(more ...any) []any { return append(slices.Clone(path), more...) }
	if r.Name == "" || r.Article == "" || out.Note == "" || r.Example == "" {
		d.fault("a rule needs name, status, article, note and example", path...)
	}
	if names[r.Name] {
		d.fault(fmt.Sprintf("rule %q twice", r.Name), at("name")...)
	}
	names[r.Name] = true
	var ok bool
	if out.Status, ok = parse[Status](statuses[:], r.Status); !ok || d.schema.List("assessment_status").Index(r.Status) < 0 {
		d.fault(fmt.Sprintf("no status %q", r.Status), at("status")...)
	}
	for w, c := range vocabulary {
		if values, asked := r.When[c.word]; asked {
			out.When = append(out.When, Condition{c.word, values})
			out.allowed &^= span(w)
			out.allowed |= d.values(w, values, at("when", c.word))
		}
	}
	for word := range r.When {
		i := wordIndex(word)
		// The TVPA's purpose is made of its other elements; all other words need their own.
		if i < 0 || i < len(elementNames) && def.elements[i] == nil && i != int(elementPurpose) {
			d.fault(fmt.Sprintf("the rules of this definition have no word %q", word), at("when", word)...)
		}
	}
	return out
}

func (d *decoder) values(word int, values []string, path []any) facts {
	var f facts
	for i, v := range values {
		bits, ok := allow(word, v)
		if !ok {
			d.fault(fmt.Sprintf("%s has no value %q", vocabulary[word].word, v), append(path, i)...)
		}
		f |= bits
	}
	if len(values) == 0 {
		d.fault("a condition needs a value", path...)
	}
	return f
}
