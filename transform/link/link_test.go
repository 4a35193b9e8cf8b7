package link

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSame: the order of the records and the number of threads change no pair, no bit and no
// cluster.
func TestSame(t *testing.T) {
	tb, _ := madeUpPeople(3, 900)
	outcome := func(tb *Table) string {
		l := mustOpen(t, peopleSpec(), tb)
		m := mustFit(t, l)
		pairs := mustScore(t, l, m)
		return fmt.Sprint(m.ID, named(l, pairs), l.Cluster(pairs, nil).Of)
	}
	want := outcome(tb)
	for _, procs := range []int{1, 2, 5} {
		t.Run(fmt.Sprint(procs), func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			rows := rand.New(rand.NewPCG(uint64(procs), 7)).Perm(tb.Len())
			if got := outcome(subset(tb, rows)); got != want {
				t.Error("another order or number of threads gives another result")
			}
		})
	}
}

// TestFinds holds the whole against a truth that is easy.
func TestFinds(t *testing.T) {
	tb, truth := madeUpPeople(5, 1500)
	l := mustOpen(t, peopleSpec(), tb)
	pairs := mustScore(t, l, mustFit(t, l))
	e := l.Evaluate(inOrderOf(l, truth), pairs, l.Cluster(pairs, nil))
	if e.AtHalf.Precision < 0.97 || e.AtHalf.Recall < 0.9 || e.Clusters.Precision < 0.99 || e.BCubed.F1 < 0.95 {
		t.Errorf("%+v", e)
	}
}

// TestBitsSum: the evidence of every pair sums to its weight, exactly.
func TestBitsSum(t *testing.T) {
	tb, _ := madeUpPeople(7, 600)
	l := mustOpen(t, peopleSpec(), tb)
	s := l.Scorer(mustFit(t, l))
	pairs, err := s.Score(context.Background())
	if err != nil || len(pairs) == 0 {
		t.Fatal(len(pairs), err)
	}
	for _, p := range pairs {
		sum := 0.0
		for _, e := range s.Evidence(p) {
			sum += e.Bits
			sum += e.Rarity
		}
		if sum != p.Bits {
			t.Fatalf("pair %v: evidence sums to %v", p, sum)
		}
	}
	if again, _ := s.Score(context.Background()); !slices.Equal(again, pairs) {
		t.Error("scored a second time, pairs differ")
	}
}

// TestPatternsKeptOrNot: what Fit keeps for Score changes nothing.
func TestPatternsKeptOrNot(t *testing.T) {
	tb, _ := madeUpPeople(9, 400)
	l := mustOpen(t, peopleSpec(), tb)
	m := mustFit(t, l)
	want := mustScore(t, l, m)
	if got := mustScore(t, mustOpen(t, peopleSpec(), tb), m); !slices.Equal(got, want) {
		t.Error("a fresh linker scores otherwise than one that has fitted")
	}
}

// TestUpdate: records that come in batches, in any order and under caps that bite, give the pairs
// and clusters of one run over all of them, by the same model.
func TestUpdate(t *testing.T) {
	tb, _ := madeUpPeople(11, 500)
	spec := peopleSpec()
	spec.Limits.Block = 9
	spec.Blocking[2].Refine = []string{"town"}
	spec.Blocking = append(spec.Blocking, Rule{On: []string{"family"}, Refine: []string{"given.initial"}}, Rule{On: []string{"full.rare"}})
	spec.Fields = append(spec.Fields, Field{Name: "full", From: []string{"given", "family", "town"}, Kind: Name})
	full := mustOpen(t, spec, tb)
	m := mustFit(t, full)
	pairs := mustScore(t, full, m)
	want := named(full, pairs)
	clusters := full.Cluster(pairs, nil).Of
	if lost := full.Blocks().Rules[4].Lost; lost == 0 {
		t.Fatal("no cap bites")
	}
	again := 0 // records that came before and whose rare words are others now
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 3))
		order := r.Perm(tb.Len())
		var kept map[[2]string]Pair
		var gone []Gone
		have := map[string]uint64{}
		var l *Linker
		for n := 0; n < len(order); {
			n = min(len(order), n+1+r.IntN(300))
			l = mustOpen(t, spec, subset(tb, order[:n]))
			number, digests := map[string]int32{}, l.Digests()
			fresh := make([]bool, l.Len())
			for i := range int32(l.Len()) {
				number[l.ID(i)] = i
				now := digests[i]
				if before, ok := have[l.ID(i)]; !ok || before != now {
					fresh[i], have[l.ID(i)] = true, now
					if ok {
						again++
					}
				}
			}
			var before []Pair
			for ids, p := range kept {
				if fresh[number[ids[0]]] || fresh[number[ids[1]]] {
					continue
				}
				p.A, p.B = number[ids[0]], number[ids[1]]
				before = append(before, p)
			}
			var err error
			if pairs, err = l.Scorer(m).Update(context.Background(), before, gone, fresh); err != nil {
				t.Fatal(err)
			}
			kept, gone = map[[2]string]Pair{}, l.Gone()
			for _, p := range pairs {
				kept[[2]string{l.ID(p.A), l.ID(p.B)}] = p
			}
		}
		if d := cmp.Diff(want, named(l, pairs)); d != "" {
			t.Fatalf("seed %d (-at once +in batches):\n%s", seed, d)
		}
		if !slices.Equal(clusters, l.Cluster(pairs, nil).Of) {
			t.Fatalf("seed %d: other clusters", seed)
		}
	}
	if again == 0 {
		t.Error("no record's digest changed: the test shows less than it says")
	}
}

// TestShrinks: when records go, blocks that a cap had dropped bring their pairs again.
func TestShrinks(t *testing.T) {
	tb, _ := madeUpPeople(13, 300)
	spec := peopleSpec()
	spec.Limits.Block = 6
	spec.Blocking = []Rule{{On: []string{"family"}}, {On: []string{"birth", "town"}}}
	all := mustOpen(t, spec, tb)
	m := mustFit(t, all)
	pairs := mustScore(t, all, m)
	var rows []int
	for i := range tb.Len() {
		if i%2 == 0 {
			rows = append(rows, i)
		}
	}
	l := mustOpen(t, spec, subset(tb, rows))
	want := named(l, mustScore(t, l, m))
	number := map[string]int32{}
	for i := range int32(l.Len()) {
		number[l.ID(i)] = i
	}
	var before []Pair
	for _, p := range pairs {
		a, ok := number[all.ID(p.A)]
		b, ok2 := number[all.ID(p.B)]
		if ok && ok2 {
			p.A, p.B = a, b
			before = append(before, p)
		}
	}
	got, err := l.Scorer(m).Update(context.Background(), before, all.Gone(), make([]bool, l.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, named(l, got)); d != "" {
		t.Errorf("(-at once +updated):\n%s", d)
	}
	if len(before) == len(want) {
		t.Error("no block came back: the test shows nothing")
	}
}

func TestAcrossListsOnly(t *testing.T) {
	tb, truth := madeUpPeople(15, 400)
	tb.Lists, tb.List = []string{"one", "two"}, make([]int32, tb.Len())
	for i := range tb.List {
		tb.List[i] = int32(i % 2)
	}
	spec := peopleSpec()
	spec.Across, spec.OneToOne = true, true
	l := mustOpen(t, spec, tb)
	m := mustFit(t, l)
	pairs := mustScore(t, l, m)
	for _, p := range pairs {
		if l.table.list(p.A) == l.table.list(p.B) {
			t.Fatalf("a pair of one list: %v", p)
		}
	}
	if len(m.Priors) != 1 || m.Priors[0].Lists != "one|two" {
		t.Errorf("priors %+v", m.Priors)
	}
	for _, g := range groups(l.Cluster(pairs, nil).Of) {
		if len(g) > 2 || len(g) == 2 && l.table.list(g[0]) == l.table.list(g[1]) {
			t.Fatalf("a cluster of %d", len(g))
		}
	}
	if e := l.Evaluate(inOrderOf(l, truth), pairs, l.Cluster(pairs, nil)); e.AtHalf.Precision < 0.95 {
		t.Errorf("%+v", e)
	}
}

// TestPriorsByLists: lists that share no persons get a smaller prior than lists that do.
func TestPriorsByLists(t *testing.T) {
	tb, truth := madeUpPeople(17, 1200)
	tb.Lists, tb.List = []string{"a", "b", "c"}, make([]int32, tb.Len())
	for i := range tb.List {
		tb.List[i] = int32(i % 2)
		if truth[i]%3 == 0 {
			tb.List[i] = 2
		}
	}
	m := mustFit(t, mustOpen(t, peopleSpec(), tb))
	lambda := map[string]float64{}
	for _, p := range m.Priors {
		lambda[p.Lists] = p.Lambda
	}
	if lambda["a|c"]*5 > lambda["a|b"] || lambda["c|c"] < lambda["a|c"]*5 {
		t.Errorf("priors %v", lambda)
	}
}

// TestNamesakes: in a list whose people share few names, strangers agree on them more often than
// records of all lists do, and look like one person who is there dozens of times. A limit on the
// matches of a record keeps the estimation from believing it.
func TestNamesakes(t *testing.T) {
	r := rand.New(rand.NewPCG(23, 1))
	var columns [5][]string
	tb := &Table{Lists: []string{"few names", "many names"}}
	var truth []int32
	for p := range 3000 {
		list, names := int32(1), 4000
		if p%5 == 0 {
			list, names = 0, 12
		}
		person := [5]string{"", fmt.Sprintf("family%04d", int(list)*5000+r.IntN(names)), fmt.Sprintf("%04d-%02d-%02d", 1960+r.IntN(40), 1+r.IntN(12), 1+r.IntN(28)), "", "x"}
		for range 1 + r.IntN(5)/4 {
			row := person
			if r.IntN(4) == 0 {
				row[2] = fmt.Sprintf("%04d-%02d-%02d", 1960+r.IntN(40), 1+r.IntN(12), 1+r.IntN(28))
			}
			for i := range columns {
				columns[i] = append(columns[i], row[i])
			}
			tb.IDs, tb.List, truth = append(tb.IDs, fmt.Sprintf("r%06d", len(truth))), append(tb.List, list), append(truth, int32(p))
		}
	}
	for i, n := range []string{"given", "family", "birth", "town", "all"} {
		tb.Columns = append(tb.Columns, NewColumn(n, columns[i]))
	}
	fit := func(most float64) (matches float64, q Quality) {
		spec := peopleSpec()
		spec.Blocking = []Rule{{On: []string{"family"}}, {On: []string{"birth"}}}
		spec.Limits = Limits{Block: 4000, PairsPerRecord: 4000, MatchesPerRecord: most}
		l := mustOpen(t, spec, tb)
		m := mustFit(t, l)
		found := mustScore(t, l, m)
		n := l.listSizes()[0]
		return m.Priors[0].Lambda * (n - 1) / 2, l.Evaluate(inOrderOf(l, truth), found, l.Cluster(found, nil)).AtHalf
	}
	without, bad := fit(0)
	with, good := fit(1)
	if without < 10 || with > 1.01 {
		t.Errorf("matches a record in the list of few names: %.2f without a limit, %.2f with one", without, with)
	}
	if bad.Precision > 0.5 || good.Precision < 0.95 {
		t.Errorf("without a limit %+v, with one %+v", bad, good)
	}
}

func TestModelRoundTrip(t *testing.T) {
	tb, _ := madeUpPeople(19, 300)
	l := mustOpen(t, peopleSpec(), tb)
	m := mustFit(t, l)
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	back, err := DecodeModel(b)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(mustScore(t, l, m), mustScore(t, l, back)) {
		t.Error("a model that was kept scores otherwise")
	}
	for _, c := range tb.Columns[1:2] {
		for _, w := range c.Words {
			if len(w) == 6 && strings.Contains(string(b), w) {
				t.Fatalf("the model holds a word of a record")
			}
		}
	}
	if _, err := DecodeModel([]byte(strings.Replace(string(b), `"records":`, `"records": 1`, 1))); err == nil {
		t.Error("a changed model is taken for what its id says")
	}
}

// TestInsane: a comparison whose agreement speaks against one person fails the fit, with the table
// printed: here no two records of a person have the same number.
func TestInsane(t *testing.T) {
	tb, truth := madeUpPeople(21, 600)
	numbers := make([]string, tb.Len())
	for i := range numbers {
		n := 0
		if i > 0 && truth[i] == truth[i-1] {
			n, _ = strconv.Atoi(numbers[i-1])
		}
		numbers[i] = strconv.Itoa(n + 1)
	}
	tb.Columns[4] = NewColumn("all", numbers)
	spec := peopleSpec()
	spec.Comparisons[4] = Comparison{Name: "all", Levels: []Level{{Is: "equal", Of: []string{"all"}}}}
	l := mustOpen(t, spec, tb)
	_, err := l.Fit(context.Background())
	var insane *InsaneError
	if !errors.As(err, &insane) || insane.Comparison != "all" || !strings.Contains(err.Error(), "bits") {
		t.Errorf("fit: %v", err)
	}
}

// TestSpecFaults: what is wrong with a spec is found without data, and all of it.
func TestSpecFaultsAtOnce(t *testing.T) {
	spec := peopleSpec()
	spec.Fields = append(spec.Fields, Field{Name: "odd", Kind: "colour"})
	spec.Comparisons[0].Levels[0].Is = "resembles"
	spec.Comparisons[1].Levels[0].Of = []string{"surname"}
	spec.Blocking[0].On = []string{"given.year"}
	_, err := Open(spec, &Table{})
	for _, want := range []string{`"colour"`, `"resembles"`, `"surname"`, `"year"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %s in: %v", want, err)
		}
	}
}

func TestProbabilityOfBits(t *testing.T) {
	for _, p := range []float64{0.001, 0.5, 0.99, 0.999999} {
		if got := Probability(BitsOf(p)); math.Abs(got-p) > 1e-12 {
			t.Errorf("%v becomes %v", p, got)
		}
	}
}
