package pipeline

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// groupsOf reads clusters as "ab c", each letter a record; letters stand in the order of receipt.
func groupsOf(s string) []*group {
	var out []*group
	for _, word := range strings.Fields(s) {
		out = append(out, &group{records: strings.Split(word, ""), seen: int(word[0])})
	}
	return out
}

func TestRegistry(t *testing.T) {
	for _, tc := range []struct {
		name, nights, persons, events string
	}{
		{"new", "ab c", "a:ab c:c", "created a, created c"},
		{"nothing new", "ab c|ab c", "a:ab c:c", "created a, created c"},
		{"a record joins", "ab c|abd c", "a:abd c:c", "created a, created c"},
		{"two merge", "ab c|abc", "a:abc", "created a, created c, merged c a"},
		{"merged by a later record", "b c|b ac|abc", "b:abc", "created b, created c, merged c b"},
		{"split", "abc|ab c", "a:ab c:c", "created a, created c, split a c"},
		{"the id stays with the anchor", "abc|a bc", "a:a b:bc", "created a, created b, split a b"},
		{"merged and parted again", "a b|ab|a b", "a:a b:b", "created a, created b, merged b a, created b, split a b"},
		{"a record moves", "ab cd|a bcd", "a:a c:bcd", "created a, created c, split a c"},
		{"the anchor goes", "ab c|b c", "a:b c:c", "created a, created c"},
		{"all go", "ab c|c", "c:c", "created a, created c, retired a"},
		{"the anchor goes and comes back", "ab|b|ab", "a:ab", "created a"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := &registry{}
			for n, night := range strings.Split(tc.nights, "|") {
				r = r.next(groupsOf(night), n+1, "digest")
			}
			var persons, events []string
			for _, p := range r.Persons {
				persons = append(persons, p.Anchor+":"+strings.Join(p.Records, ""))
			}
			for _, e := range r.Events {
				events = append(events, strings.TrimSpace(fmt.Sprint(e.Kind, " ", e.Person, " ", e.Other)))
			}
			if d := cmp.Diff(tc.persons, strings.Join(persons, " ")); d != "" {
				t.Errorf("persons (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tc.events, strings.Join(events, ", ")); d != "" {
				t.Errorf("events (-want +got):\n%s", d)
			}
			live := map[string]bool{}
			for _, p := range r.Persons {
				if live[p.Anchor] {
					t.Errorf("two persons have the id of %s", p.Anchor)
				}
				live[p.Anchor] = true
			}
			for from := range r.Superseded {
				if to := r.successor(from); live[from] || !live[to] {
					t.Errorf("%s is superseded by %s", from, to)
				}
			}
		})
	}
}

// TestCasesOnly: what linkage reads is case records and their children; a release of anonymised or
// synthetic cases has no way in.
func TestCasesOnly(t *testing.T) {
	tables := []string{recordTable}
	for _, c := range caseChildren {
		tables = append(tables, c.table)
	}
	for _, name := range tables {
		if name != recordTable && !strings.HasPrefix(name, "record_") {
			t.Errorf("linkage reads %s", name)
		}
	}
	e := &Entry{Files: []LakeFile{{Table: "released_case", Rows: 1}}}
	if hasCases([]*Entry{e}) {
		t.Error("a release is taken for cases")
	}
	p := &publication{run: &run{Home: &Home{Dir: t.TempDir(), Config: &Config{}}, ledger: &Ledger{Submissions: []Submission{{ID: "s1"}}}}, entries: []*Entry{e}}
	if got, err := p.readCases(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("%d records of a release: %v", len(got), err)
	}
}
