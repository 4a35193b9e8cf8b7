package pipeline

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"palermo/transform/link"
)

//go:embed caselink.yaml
var caseLinkYAML []byte

// caseSpec is how case records are compared, with the home's thresholds.
func caseSpec(c *Config) (link.Spec, error) {
	var s link.Spec
	dec := yaml.NewDecoder(bytes.NewReader(caseLinkYAML))
	dec.KnownFields(true)
	if err := dec.Decode(&s); err != nil {
		return s, fmt.Errorf("read how case records are compared: %w", err)
	}
	return withThresholds(s, c), nil
}

// withThresholds is the spec with the home's thresholds: they are the home's to choose, and no part
// of what a model was fitted to.
func withThresholds(s link.Spec, c *Config) link.Spec {
	s.Thresholds = link.Thresholds{Link: c.Linkage.Link, Review: c.Linkage.Review, Keep: s.Thresholds.Keep}
	return s
}

// caseTable is the case records as linkage takes them.
func caseTable(records []*caseRecord) *link.Table {
	t := &link.Table{}
	lists := map[string]int32{}
	column := func(name string, word func(w *caseRecord) string) {
		words := make([]string, len(records))
		for i, w := range records {
			words[i] = word(w)
		}
		t.Columns = append(t.Columns, link.NewColumn(name, words))
	}
	for _, w := range records {
		t.IDs = append(t.IDs, w.id)
		t.Lists = append(t.Lists, w.list)
	}
	slices.Sort(t.Lists) // a pair of lists has one name in the model, whichever came first
	t.Lists = slices.Compact(t.Lists)
	for i, l := range t.Lists {
		lists[l] = int32(i)
	}
	for _, w := range records {
		t.List = append(t.List, lists[w.list])
	}
	column("given_name", func(w *caseRecord) string { return strings.TrimSpace(w.given + " " + w.middle) })
	column("family_name", func(w *caseRecord) string { return w.family })
	column("father_name", func(w *caseRecord) string { return w.father })
	column("sex", func(w *caseRecord) string { return w.sex })
	column("birth", func(w *caseRecord) string { return w.birth.String() })
	column("citizenship", func(w *caseRecord) string { return strings.Join(w.citizenships, ";") })
	column("origin", func(w *caseRecord) string { return firstOf(w.origin, w.citizenships) })
	column("place", func(w *caseRecord) string { return w.place })
	column("region", func(w *caseRecord) string { return w.region })
	column("reference", func(w *caseRecord) string { return strings.Join(w.references, ";") })
	column("nameless", func(w *caseRecord) string {
		if w.nameless() {
			return "yes"
		}
		return ""
	})
	column("met", func(w *caseRecord) string { return w.registered.String() })
	column("destination", func(w *caseRecord) string { return firstOf("", w.ways) })
	return t
}

// firstOf is s, else the first of the list.
func firstOf(s string, list []string) string {
	if s == "" && len(list) > 0 {
		return list[0]
	}
	return s
}

// fewest is how many fields two records must agree on to be linked where either has no name and
// they share no reference: the day of birth among them, since place, sex, citizenship and a year
// are those of many.
const fewest = 4

// tooFew reports whether the pair rests on too few fields to be a link without a reviewer, whatever
// its weight: names, sex and citizenship go together, and a year of birth is that of many, so with
// names a second field must agree that is none of these; without there is little to go by.
func tooFew(evidence []link.Evidence, nameless bool) bool {
	agree, dated := 0, false
	for _, e := range evidence {
		best, counts := agreeing[e.Comparison]
		if !counts || e.Level == 0 || e.Level > best {
			continue
		}
		switch e.Comparison {
		case "reference":
			return false
		case "birth date":
			dated = true
		case "citizenship", "sex", "origin", "birth interval":
			if !nameless {
				continue
			}
		}
		agree++
	}
	if nameless {
		return agree < fewest || !dated
	}
	return agree < 2
}

// agreeing is, by comparison, the last level at which two records agree.
var agreeing = map[string]int{"name": 4, "father's name": 2, "sex": 1, "birth date": 3, "birth interval": 3, "citizenship": 2, "origin": 1, "place": 1, "reference": 1}
