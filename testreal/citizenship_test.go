package testreal

import (
	"fmt"
	"sort"
	"testing"

	"palermo/mappings"
	"palermo/schemas"
)

// labelled is what became of the labels of one file.
type labelled struct {
	labels, rows         int               // different labels of citizenship, and the rows that have one
	schema, schemaRows   int               // resolved by names and words for peoples alone
	mapping, mappingRows int               // resolved by the mapping, which lists what only this source writes
	country, countryRows int               // labels that name a country at all: the others are totals, regions, placeholders
	ambiguous            map[string]string // with the reason
}

// TestCitizenshipLabels measures which share of the labels of citizenship of the two downloads, and of their rows,
// is resolved for certain. Nothing is resolved by guess: what is listed as ambiguous has no code, and where
// both the schema and the mapping know a label, they say the same.
func TestCitizenshipLabels(t *testing.T) {
	s := schemas.Builtin()
	set, ds, err := mappings.Load(mappings.Builtin())
	if err != nil || len(ds) > 0 {
		t.Fatal(err, ds)
	}
	m := set.Source("unodc_glotip")
	for _, v := range []struct {
		folder         string
		labels         int
		schema, mapped float64 // least shares of rows that name a country
	}{{"2023-05-30", 403, 0.94, 0.95}, {"2025-04-14", 698, 0.92, 0.96}} {
		l := labelsOf(t, s, m, v.folder)
		t.Logf("%s: %d labels in %d rows, of which %d (%d rows) name a country. By the schema's names and words for peoples alone: %s of labels, %s of rows; by the mapping: %s of labels, %s of rows",
			v.folder, l.labels, l.rows, l.country, l.countryRows, percent(l.schema, l.country), percent(l.schemaRows, l.countryRows), percent(l.mapping, l.country), percent(l.mappingRows, l.countryRows))
		for _, w := range sortedWords(l.ambiguous) {
			t.Logf("%s: %q is ambiguous: %s", v.folder, w, l.ambiguous[w])
		}
		if l.labels != v.labels {
			t.Errorf("%s: %d labels, want %d", v.folder, l.labels, v.labels)
		}
		if part := float64(l.schemaRows) / float64(l.countryRows); part < v.schema {
			t.Errorf("%s: the schema resolves %.3f of the rows", v.folder, part)
		}
		if part := float64(l.mappingRows) / float64(l.countryRows); part < v.mapped {
			t.Errorf("%s: the mapping resolves %.3f of the rows", v.folder, part)
		}
		if len(l.ambiguous) == 0 {
			t.Errorf("%s: nothing is ambiguous, and it should be", v.folder)
		}
	}
}

func percent(a, b int) string { return fmt.Sprintf("%.1f %%", 100*float64(a)/float64(b)) }

func labelsOf(t *testing.T, s *schemas.Schema, m *mappings.Mapping, folder string) labelled {
	t.Helper()
	rows := rawRows(t, folder)
	at := map[string]int{}
	for i, r := range rows {
		if len(r.Cells) > 3 && r.Cells[0] == "Iso3_code" {
			for k, h := range r.Cells {
				at[h] = k
			}
			rows = rows[i+1:]
			break
		}
	}
	n := map[string]int{}
	for _, r := range rows {
		if len(r.Cells) > at["Category"] && r.Cells[at["Dimension"]] == "by citizenship" {
			n[mappings.Word(r.Cells[at["Category"]])]++
		}
	}
	out := labelled{labels: len(n), ambiguous: map[string]string{}}
	for word, k := range n {
		out.rows += k
		e := m.Codes("citizenship").Lookup(word)
		mapped, listed := "", e != nil
		if e != nil && e.Status() == "" {
			mapped = e.Code
		} else if e == nil {
			mapped, _ = s.Country(schemas.ByName, word)
		}
		own, why, ok := s.Citizenship(word)
		switch {
		case listed && e.Status() == "unmapped":
			out.ambiguous[word] = e.Note
			if ok {
				t.Errorf("%q is listed as ambiguous (%s), and resolved as %s", word, e.Note, own)
			}
		case why != nil && mapped == "":
			out.ambiguous[word] = why.Reason
		case why != nil:
			t.Logf("%q: the mapping says %s, and words for peoples say %s", word, mapped, why.Reason)
		}
		if ok && mapped != "" && own != mapped {
			t.Errorf("%q is %s by the schema and %s by the mapping", word, own, mapped)
		}
		if listed && e.Status() == "not_applicable" {
			if ok {
				t.Errorf("%q names no country for the mapping, and %s for the schema", word, own)
			}
			continue
		}
		out.country++
		out.countryRows += k
		if ok {
			out.schema++
			out.schemaRows += k
		}
		if mapped != "" {
			out.mapping++
			out.mappingRows += k
		}
	}
	return out
}

func sortedWords(m map[string]string) []string {
	var out []string
	for w := range m {
		out = append(out, w)
	}
	sort.Strings(out)
	return out
}
