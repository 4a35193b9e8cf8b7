package link

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
)

// withPostcodes is made-up persons with a postcode that their town has, and a coarser copy of the
// family name in a column of its own.
func withPostcodes(seed uint64, persons int) (*Table, []int32, Spec) {
	tb, truth := madeUpPeople(seed, persons)
	town, family := tb.column("town"), tb.column("family")
	codes, parts := make([]string, tb.Len()), make([]string, tb.Len())
	for i := range codes {
		if w := town.At[i]; w != Missing {
			codes[i] = strconv.Itoa(1000 + int(w))
		}
		if w := family.At[i]; w != Missing {
			parts[i] = firstN(family.Words[w], 2)
		}
	}
	tb.Columns[4] = NewColumn("all", codes)
	tb.Columns = append(tb.Columns, NewColumn("part", parts))
	s := peopleSpec()
	s.Fields = append(s.Fields, Field{Name: "part", Kind: Text})
	s.Comparisons = append(s.Comparisons, Comparison{Name: "postcode", Levels: []Level{{Is: "equal", Of: []string{"all"}, Frequency: "all"}}})
	return tb, truth, s
}

// TestSaidTwice: a column that says what another one says adds nothing where that one has said it,
// neither by its level nor by its rarity.
func TestSaidTwice(t *testing.T) {
	tb, truth, s := withPostcodes(23, 1500)
	l := mustOpen(t, s, tb)
	m := mustFit(t, l)
	of := func(name string) int {
		for i := range m.Comparisons {
			if m.Comparisons[i].Name == name {
				return i
			}
		}
		return -1
	}
	town, code := of("town"), of("postcode")
	child, on := code, town
	if m.dependsOn(code) != town {
		child, on = town, code
	}
	if m.dependsOn(child) != on {
		t.Fatalf("neither town nor postcode depends on the other:\n%s", m.Table())
	}
	scorer, seen := l.Scorer(m), 0
	pairs := mustScore(t, l, m)
	for _, p := range pairs {
		e := scorer.Evidence(p)[1:]
		if e[child].Level == 1 && e[on].Level == 1 {
			seen++
			if b := math.Abs(e[child].Bits) + math.Abs(e[child].Rarity); b > 0.3 {
				t.Fatalf("%s counts %.2f bits beside %s", m.Comparisons[child].Name, b, m.Comparisons[on].Name)
			}
		}
	}
	if seen == 0 {
		t.Fatal("no pair of one town")
	}
	if e := l.Evaluate(inOrderOf(l, truth), pairs, l.Cluster(pairs, nil)); e.AtHalf.Precision < 0.97 || e.AtHalf.Recall < 0.9 {
		t.Errorf("%+v", e.AtHalf)
	}
	if !strings.Contains(m.Table(), "where "+m.Comparisons[on].Name+" is equal") {
		t.Errorf("the table does not show what depends on what:\n%s", m.Table())
	}
}

// TestIndependent: fields that say nothing of one another stay apart.
func TestIndependent(t *testing.T) {
	tb, _ := madeUpPeople(25, 1500)
	for _, c := range mustFit(t, mustOpen(t, peopleSpec(), tb)).Comparisons {
		if c.Given != nil {
			t.Errorf("%s depends on %s", c.Name, c.Given.Comparison)
		}
	}
}

// TestRuleOnACopy: a rule on a column that is a part of a compared one, which nothing says, brings
// strangers who agree in that one, and they are not taken for persons.
func TestRuleOnACopy(t *testing.T) {
	tb, truth, s := withPostcodes(27, 1500)
	s.Comparisons = s.Comparisons[:5]
	known := mustFit(t, mustOpen(t, s, tb))
	s.Blocking = append(s.Blocking, Rule{On: []string{"part", "birth.years"}}, Rule{On: []string{"part", "town"}})
	l := mustOpen(t, s, tb)
	m := mustFit(t, l)
	for i := range m.Comparisons {
		a, b := known.Comparisons[i], m.Comparisons[i]
		if math.Abs(a.M[0]-b.M[0]) > 0.05 {
			t.Errorf("%s: persons agree in %.3f of pairs; with strangers among them in %.3f", a.Name, a.M[0], b.M[0])
		}
	}
	pairs := mustScore(t, l, m)
	if e := l.Evaluate(inOrderOf(l, truth), pairs, l.Cluster(pairs, nil)); e.AtHalf.Precision < 0.97 || e.AtHalf.Recall < 0.9 {
		t.Errorf("%+v", e.AtHalf)
	}
}

func TestMutual(t *testing.T) {
	for name, tc := range map[string]struct {
		joint [][]float64
		want  float64
	}{
		"independent": {[][]float64{{1, 3}, {2, 6}}, 0},
		"the same":    {[][]float64{{4, 0}, {0, 4}}, 1},
		"no pairs":    {[][]float64{{0, 0}, {0, 0}}, 0},
	} {
		if got, _ := mutual(tc.joint); math.Abs(got-tc.want) > 1e-12 {
			t.Errorf("%s: %v bits, want %v", name, got, tc.want)
		}
	}
}

// TestLift: what is seen as often as expected keeps its share; what is seldom seen stays near it.
func TestLift(t *testing.T) {
	all := []float64{0.1, 0.9}
	for name, tc := range map[string]struct {
		seen []float64
		want string
	}{
		"as expected": {[]float64{100, 900}, "[0.10 0.90]"},
		"nothing":     {[]float64{0, 0}, "[0.10 0.90]"},
		"always":      {[]float64{1000, 0}, "[1.00 0.00]"},
		"once":        {[]float64{1, 0}, "[0.28 0.72]"},
	} {
		row := make([]float64, 2)
		lift(row, all, tc.seen, 1)
		if got := fmt.Sprintf("%.2f", row); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}
