package pipeline

import (
	"slices"
	"strings"
	"testing"

	"palermo/transform/link"
)

func TestNeedles(t *testing.T) {
	t.Parallel()
	n := newNeedles([]needle{{text: "Petrova", kind: kindName}, {text: "KV-77", kind: kindReference}, {text: "r0123456789abcdef01234567", kind: kindID}, {text: "Ana", kind: kindName}})
	for _, c := range []struct {
		text string
		want int
	}{
		{"Petrova", 1},
		{"Ana Petrova, KV-77", 2}, // three letters are too few
		{"Petrovan", 0},
		{"xPetrova", 0},
		{"KV-771", 0},
		{"\x07\x00\x00\x00Petrova\x41", 1}, // a value of a column, and the length of the next
		{"\x07Petrovaé", 1},
		{"xr0123456789abcdef01234567x", 1},
		{strings.Repeat("-", 1<<20-3) + "Petrova", 1},
		{strings.Repeat("Petrova ", 300_000), 300_000},
	} {
		got := 0
		n.find([]byte(c.text), 0, func(needle) { got++ })
		if got != c.want {
			t.Errorf("find(%.40q) = %d, want %d", c.text, got, c.want)
		}
		read := 0
		if size, err := n.scan(strings.NewReader(c.text), func(needle) { read++ }); err != nil || read != c.want || size != int64(len(c.text)) {
			t.Errorf("scan(%.40q) = %d of %d bytes, %v, want %d", c.text, read, size, err, c.want)
		}
	}
}

// TestStrip: who is gone is gone from a registry; a person of whom a record is left keeps the id, whatever record it was
// made from; places in the list of events stay what they are.
func TestStrip(t *testing.T) {
	t.Parallel()
	k := key(strings.Repeat("k", keyBytes))
	reg := &registry{Next: 5, Persons: []registered{
		{1, "ra", []string{"ra", "rb"}}, // its anchor goes
		{2, "rc", []string{"rc"}},       // it goes
		{3, "rd", []string{"rd"}},
	}, Superseded: map[string]string{"re": "rc", "rb": "ra", "rf": "rd"}, Events: []personEvent{
		{Kind: eventCreated, Person: "ra"}, {Kind: eventCreated, Person: "rc"}, {Kind: eventMerged, Person: "re", Other: "rc"}, {Kind: eventCreated, Person: "rd"}}}
	gone := map[string]bool{"ra": true, "rc": true}
	persons, episodes := k.emptied(reg, gone)
	if len(persons) != 2 || len(episodes) != 1 || !slices.Contains(persons, k.person("rc")) || !slices.Contains(persons, k.person("re")) {
		t.Fatalf("persons of whom nothing is left: %v, %v", persons, episodes)
	}
	x := &eraser{run: &run{Home: &Home{key: k}}, lake: map[string]bool{"ra": true, "rc": true}}
	for _, p := range persons {
		x.lake[p] = true
	}
	if !x.strip(reg) || len(reg.Persons) != 2 || reg.Persons[0].Anchor != k.person("ra") || !slices.Equal(reg.Persons[0].Records, []string{"rb"}) || reg.Persons[1].Anchor != "rd" {
		t.Errorf("persons: %+v", reg.Persons)
	}
	if len(reg.Superseded) != 2 || reg.Superseded["rb"] != k.person("ra") || reg.Superseded["rf"] != "rd" {
		t.Errorf("superseded: %v", reg.Superseded)
	}
	if e := reg.Events; len(e) != 4 || e[0].Person != k.person("ra") || e[1] != (personEvent{}) || e[2] != (personEvent{}) || e[3].Person != "rd" {
		t.Errorf("events: %+v", e)
	}
	if k.person(reg.Persons[0].Anchor) != k.person("ra") {
		t.Error("the person has another id")
	}
	if x.strip(reg) {
		t.Error("stripped twice, it changes again")
	}
	after := reg.next([]*group{{records: []string{"rb"}}, {records: []string{"rd"}, seen: 1}}, 2, "i")
	if after.Persons[0].Anchor != k.person("ra") || after.Persons[0].Number != 1 || len(after.Events) != 4 {
		t.Errorf("the next registry: %+v", after)
	}
}

func TestWeighedWithout(t *testing.T) {
	t.Parallel()
	w := &weighed{Records: []string{"ra", "rb", "rc"}, Digests: []uint64{1, 2, 3}, Pairs: []link.Pair{{A: 0, B: 1}, {A: 0, B: 2, Bits: 7}, {A: 1, B: 2}}}
	w.without(map[string]bool{"rb": true})
	if !slices.Equal(w.Records, []string{"ra", "rc"}) || !slices.Equal(w.Digests, []uint64{1, 3}) || len(w.Pairs) != 1 || w.Pairs[0].B != 1 || w.Pairs[0].Bits != 7 {
		t.Errorf("%+v", w)
	}
}
