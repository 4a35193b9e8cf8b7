package pipeline

import (
	"testing"

	"palermo/transform/link"
)

// TestRanks: exactness aside, the later record wins, then its source's place, then its agency's.
func TestRanks(t *testing.T) {
	c := Config{Linkage: PersonLinkage{Sources: []string{"court", "police"}}, Agencies: map[string]Agency{"north": {Rank: 2}, "south": {Rank: 1}, "west": {}}}
	on := func(day int32) link.Interval { return link.Interval{From: day, To: day, Known: true} }
	for _, x := range []struct {
		name        string
		first, then caseRecord
	}{
		{"later", caseRecord{id: "b", source: "police", agency: "west", registered: on(9)}, caseRecord{id: "a", source: "court", agency: "south", registered: on(8)}},
		{"source", caseRecord{id: "b", source: "court", agency: "west"}, caseRecord{id: "a", source: "police", agency: "south"}},
		{"agency", caseRecord{id: "b", source: "court", agency: "south"}, caseRecord{id: "a", source: "court", agency: "north"}},
		{"agency without a rank", caseRecord{id: "b", source: "court", agency: "north"}, caseRecord{id: "a", source: "court", agency: "west"}},
		{"id", caseRecord{id: "a", agency: "west"}, caseRecord{id: "b", agency: "east"}},
	} {
		if r := c.ranks(); r.compare(&x.first, &x.then) >= 0 || r.compare(&x.then, &x.first) <= 0 {
			t.Errorf("%s: the first is not before the other", x.name)
		}
	}
}
