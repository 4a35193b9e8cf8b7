package assist

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"palermo/mappings"
)

// sameAlias reports whether two proposals come from one name that a column has for both.
func sameAlias(a, b Proposal) bool { return a.called == b.called }

// propose is what the column could be in any table, the likeliest first.
func (l *Lexicon) propose(c *Column) []Proposal {
	if c.Name == "" {
		return nil
	}
	best := map[Meaning]Proposal{}
	order := []Meaning{}
	put := func(m Meaning, score float64, reason string) {
		old, ok := best[m]
		if !ok {
			order = append(order, m)
		}
		if !ok || score > old.Score {
			best[m] = Proposal{m, score, reason, reason}
		}
	}
	c.asks = l.saysYesAndNo(c) && !(c.Type == Blank && c.lone && c.wants())
	l.byHeader(c, put)
	l.byAll(c, put)
	named := l.namedKinds(c)
	out := make([]Proposal, 0, len(order))
	for _, m := range order {
		p := best[m]
		l.weigh(c, &p)
		if p.Code != "" && named[p.Table] != nil && !named[p.Table][p.Field] {
			p.Score *= 0.85 // the name says of what kind it is, and it is of another
		}
		if p.Score > 0.2 {
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b Proposal) int { return cmp.Compare(b.Score, a.Score) })
	return out
}

// byHeader proposes by what the column is called.
func (l *Lexicon) byHeader(c *Column, put func(Meaning, float64, string)) {
	whole := phraseOf(c.said())
	if c.bare != "" {
		l.hits(phraseOf(c.Name), 0.97, c, put) // cas_Status: the prefix may be short for what it belongs to
	}
	if c.bare != "" && ofOrganisation(c.Name) {
		return
	}
	l.hits(whole, 1, c, put)
	for _, part := range eitherSide(c.said()) {
		l.hits(phraseOf(part), 0.95, c, put)
	}
	l.implied(whole, c, put)
	above, last, ok := cutLast(c.said())
	if !ok {
		l.inContext(whole, c, put)
		return
	}
	under := *c
	under.asks = c.asks || c.Type == Words && c.Distinct <= 8 // the heading says of what it is the answer
	l.hits(phraseOf(last), 0.97, &under, func(m Meaning, s float64, why string) {
		if m.Code != "" && !l.about(phraseOf(above), m, 0.6) {
			if !c.asks {
				return
			}
			s *= 0.85
		}
		put(m, s, why)
	})
}

// implied proposes by the name together with what its cells are: a column of years that is called published is one of
// the year of publication.
func (l *Lexicon) implied(p phrase, c *Column, put func(Meaning, float64, string)) {
	is := map[Type]string{Year: "year", Date: "date"}[c.Type]
	if is == "" || len(p.tokens) == 0 || slices.ContainsFunc(p.tokens, func(t string) bool { return alike(t, is) > 0.9 }) {
		return
	}
	tokens := append(slices.Clone(p.tokens), is)
	l.hits(phrase{tokens, joinTokens(tokens)}, 0.97, c, put)
}

// ofOrganisation reports whether the prefix of a machine name says that it tells of an organisation, not of a person.
func ofOrganisation(name string) bool {
	prefix, _, _ := strings.Cut(name, "_")
	return slices.Contains(concepts()[fold(prefix)], "organisation")
}

// eitherSide is the names that a slash parts, each of which says what the column is: Nationality/ Country of origin.
func eitherSide(name string) []string {
	parts := strings.Split(name, "/")
	if len(mappings.Parts(name)) > 1 || len(parts) < 2 || machineName(parts[0]) { // a path of a form is one name
		return nil
	}
	return slices.DeleteFunc(parts, func(p string) bool { return len(strings.TrimSpace(p)) < 3 })
}

// machineName reports whether the name is one of a machine: several words written as one.
func machineName(name string) bool {
	return !strings.ContainsAny(strings.TrimSpace(name), " ") && len(phraseOf(name).tokens) > 1
}

// hits proposes what has a name like the phrase.
func (l *Lexicon) hits(p phrase, weight float64, c *Column, put func(Meaning, float64, string)) {
	for _, i := range l.like(p) {
		a := &l.aliases[i]
		if a.what.Code != "" && !c.asks {
			continue
		}
		by := alike
		if a.what.Code != "" {
			by = sameStem // a code is one word among others of its kind: work is no employment here
		}
		s := weight * p.similarBy(a.phrase, by)
		if s < 0.95*weight && !(sameScript(c.Name, a.text) && c.speaks(a.from)) {
			continue // in another script or language a word is the same, or it is another
		}
		if a.part {
			s *= 0.92
		}
		if s >= 0.45 {
			put(a.what, s, fmt.Sprintf("called “%s” %s", a.text, a.from))
		}
	}
}

// saysYesAndNo reports whether the column could be a flag.
func (l *Lexicon) saysYesAndNo(c *Column) bool {
	return c.Type == Flag || c.Type == Blank || c.Type == Words && c.Distinct <= 8 && (l.overlap("answer", c) >= 0.5 || l.overlap("assistance_answer", c) >= 0.5)
}

// byAll proposes a field each of whose names is part of what the column is called: "Ratification, Acceptance(A)".
func (l *Lexicon) byAll(c *Column, put func(Meaning, float64, string)) {
	p := phraseOf(c.said())
	if len(p.tokens) < 3 {
		return
	}
	said := map[Meaning]map[string]bool{}
	for _, t := range p.tokens {
		for _, i := range l.begins[t[:min(len(t), stem)]] {
			a := &l.aliases[i]
			if a.what.Code != "" || len(a.tokens) != 1 || alike(t, a.tokens[0]) < 0.9 {
				continue
			}
			if said[a.what] == nil {
				said[a.what] = map[string]bool{}
			}
			said[a.what][t] = true
		}
	}
	for m, tokens := range said {
		if len(tokens) >= 3 {
			put(m, min(0.93, 0.5+0.75*float64(len(tokens))/float64(len(p.tokens))), "called by several of its names")
		}
	}
}

// inContext proposes codes for machine names whose first words say what kind of thing they are: meansThreats.
func (l *Lexicon) inContext(p phrase, c *Column, put func(Meaning, float64, string)) {
	if len(p.tokens) < 2 || !c.asks {
		return
	}
	for k := 1; k < len(p.tokens) && k <= longestHead; k++ {
		head := phrase{p.tokens[:k], joinTokens(p.tokens[:k])}
		rest := phrase{p.tokens[k:], joinTokens(p.tokens[k:])}
		least := 0.6
		if k > 1 { // else the last of them could belong to the code: means of sexual | abuse
			least = 0.9
		}
		l.hits(rest, 0.97, c, func(m Meaning, s float64, why string) {
			if m.Code != "" && (l.about(head, m, least) || s >= 0.95 && wantsMore(head.tokens[0]) && l.about(head, m, 0.6)) {
				put(m, s, why)
			}
		})
	}
}

// namedKinds is, by table, the fields of codes that the first words of a machine name say it is a code of. A word
// alone says too little: it takes two.
func (l *Lexicon) namedKinds(c *Column) map[string]map[string]bool {
	p := phraseOf(c.said())
	if !c.asks || len(p.tokens) < 3 || strings.ContainsAny(c.said(), " ") {
		return nil
	}
	out := map[string]map[string]bool{}
	head := phrase{p.tokens[:2], joinTokens(p.tokens[:2])}
	for _, i := range l.like(head) {
		if a := &l.aliases[i]; a.what.Code == "" && lists[a.what] != "" && head.similar(a.phrase) >= 0.95 {
			if out[a.what.Table] == nil {
				out[a.what.Table] = map[string]bool{}
			}
			out[a.what.Table][a.what.Field] = true
		}
	}
	return out
}

// longestHead is of how many words the kind of thing is at most: meansOfControl.
const longestHead = 3

func joinTokens(tokens []string) string {
	out := ""
	for _, t := range tokens {
		out += t
	}
	return out
}

// about reports whether the phrase names what the meaning's field is, by least how like: the heading over its columns.
func (l *Lexicon) about(p phrase, m Meaning, least float64) bool {
	return slices.ContainsFunc(l.like(p), func(i int) bool {
		a := &l.aliases[i]
		return a.what.Table == m.Table && a.what.Code == "" && a.what.Field == m.Field && p.similar(a.phrase) >= least
	})
}
