package transform

import (
	"testing"

	"palermo/diag"
	"palermo/mappings"
)

func TestTotals(t *testing.T) {
	group := func(total value, has bool, parts ...value) *totalGroup {
		g := &totalGroup{at: diag.Pos{Row: 2}, total: total, has: has}
		for i, p := range parts {
			g.seen = append(g.seen, string(rune('a'+i)))
			g.low, g.high, g.open = g.low+p.low, g.high+p.high, g.open || !p.hasHigh
		}
		return g
	}
	twice := group(exactly(39), true, exactly(14), exactly(35))
	twice.repeated = true
	for name, tt := range map[string]struct {
		g    *totalGroup
		want string
	}{
		"equal":                      {group(exactly(9), true, exactly(4), exactly(5)), ""},
		"more":                       {group(exactly(39), true, exactly(14), exactly(35)), "more"},
		"one part is more by itself": {group(exactly(20), true, exactly(39)), "more"},
		"a part has no value":        {group(exactly(20), true, exactly(4), value{}), ""},
		"less":                       {group(exactly(30), true, exactly(10), exactly(12)), "less"},
		"one part alone is less":     {group(exactly(30), true, exactly(10)), ""},
		"hidden counts may fit":      {group(exactly(9), true, between(0, 4), exactly(5)), ""},
		"hidden counts cannot fit":   {group(exactly(20), true, between(0, 4), exactly(5)), "less"},
		"decimals":                   {group(exactly(0.3), true, exactly(0.1), exactly(0.2)), ""},
		"no total":                   {group(value{}, false, exactly(4), exactly(5)), ""},
		"a part stands there twice":  {twice, ""},
	} {
		var ds diag.List
		b := boundTotal{rule: &mappings.Total{Field: "sex_code", Parts: []string{"female", "male"}}, order: []*totalGroup{tt.g}}
		b.report(&ds)
		got := ""
		for _, d := range ds.Kept() {
			got = d.Message[len(d.Message)-4:]
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
