package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"go.uber.org/zap"

	"palermo/load"
	"palermo/schemas"
	"palermo/transform/link"
)

// linkage is which records are of one person, and of which episode, as a run has found it. It is
// made once, from the model, the registry and the decisions, and every zone's tables are written
// from it.
type linkage struct {
	model     *link.Model
	before    *registry
	decisions []Decision

	records  []*caseRecord // in the order of receipt
	linker   *link.Linker
	scorer   *link.Scorer
	digests  []uint64    // by number
	fresh    int         // records whose pairs were weighed in this run
	pairs    []link.Pair // with all their weight
	short    map[[2]int32]bool
	clusters *link.Clusters
	draws    *link.Draws         // of partitions beside clusters
	bound    map[[2]int32]string // constraints by pair of numbers: what they come from
	low      []int32             // by number: the cluster that would be if every pair for review were one person
	persons  []*person           // in the order of their anchors
	registry *registry
}

// What a constraint comes from.
const (
	boundByCase      = "case"
	boundBySame      = "same"
	boundByDifferent = "different"
)

// hasCases reports whether any submission has case records.
func hasCases(entries []*Entry) bool {
	return slices.ContainsFunc(entries, func(e *Entry) bool { return e.fills(recordTable) })
}

// openLinkage gathers what decides how records are linked. It is nil where there are no case records.
func (r *run) openLinkage(ctx context.Context, entries []*Entry) (*linkage, error) {
	if !hasCases(entries) {
		return nil, nil
	}
	k := &linkage{}
	var err error
	if k.model, err = r.linkageModel(ctx, entries); err != nil {
		return nil, fmt.Errorf("linkage model: %w", err)
	}
	if k.decisions, err = r.ReadDecisions(); err != nil {
		return nil, err
	}
	return k, nil
}

// digest is of everything that decides how records are linked, but the records and the registry: a
// run whose other inputs are those of the published snapshot finds its registry again.
func (k *linkage) digest(c *Config) string {
	if k == nil {
		return ""
	}
	return fmt.Sprintln("linkage", linkFormat, k.model.ID, decisionsDigest(k.decisions), c.Linkage.Link, c.Linkage.Review, c.Linkage.Sources)
}

// linkFormat is raised by hand when the code links otherwise with the same model.
const linkFormat = 1

// link finds persons and episodes.
func (k *linkage) link(ctx context.Context, r *run, entries []*Entry, inputs string) error {
	var err error
	if k.before, err = r.registryOf(); err != nil {
		return err
	}
	if e := r.estimated; e != nil {
		k.records, k.linker, r.estimated = e.records, e.linker, nil
	} else if k.records, err = r.readRecords(ctx, entries); err != nil {
		return err
	}
	if err := k.score(ctx, r); err != nil {
		return err
	}
	k.cluster(r.Config)
	night := 0
	for i := range r.ledger.Submissions {
		night = max(night, r.ledger.Submissions[i].Night)
	}
	k.name(night, inputs)
	ranks := r.Config.ranks()
	if err := inParts(ctx, len(k.persons), r.threads(), func(i int) {
		w := k.persons[i]
		w.episodes = w.tell()
		w.choose(ranks)
	}); err != nil {
		return err
	}
	r.summary.Linkage = k.summarise()
	r.Log.Info("records linked", zap.String("model", k.model.ID), zap.Int("records", len(k.records)), zap.Int("fresh", k.fresh), zap.Int("pairs", len(k.pairs)),
		zap.Int("persons", len(k.persons)), zap.Int("for_review", r.summary.Linkage.Review))
	return nil
}

// score weighs every pair by the model, whose own spec says how.
func (k *linkage) score(ctx context.Context, r *run) error {
	c := r.Config
	var err error
	if k.linker == nil {
		if k.linker, err = link.Open(withThresholds(k.model.Spec, c), caseTable(k.records)); err != nil {
			return err
		}
	}
	k.scorer = k.linker.Scorer(k.model)
	if err := k.weigh(ctx, r); err != nil {
		return err
	}
	k.short = map[[2]int32]bool{}
	for _, p := range k.pairs {
		if p.Bits >= link.BitsOf(c.Linkage.Link) && tooFew(k.scorer.Evidence(p), k.record(p.A).nameless() || k.record(p.B).nameless()) {
			k.short[[2]int32{p.A, p.B}] = true
		}
	}
	return nil
}

// record is the record of that number.
func (k *linkage) record(i int32) *caseRecord { return k.records[k.linker.Row(i)] }

// constraints is what is known beside the evidence: the records of one case are one person's, but
// where a reviewer parts them; and what reviewers decided.
func (k *linkage) constraints() []link.Constraint {
	number := map[string]int32{}
	cases := map[string][]int32{}
	for i := range int32(k.linker.Len()) {
		number[k.linker.ID(i)] = i
		c := k.record(i).caseID
		cases[c] = append(cases[c], i)
	}
	k.bound = map[[2]int32]string{}
	var out []link.Constraint
	bind := func(a, b int32, by string) {
		a, b = min(a, b), max(a, b)
		if k.bound[[2]int32{a, b}] == "" {
			k.bound[[2]int32{a, b}] = by
			out = append(out, link.Constraint{A: a, B: b, Same: by != boundByDifferent})
		}
	}
	decided := lastDecisions(k.decisions)
	for _, pair := range slices.SortedFunc(maps.Keys(decided), func(x, y [2]string) int { return cmp.Or(cmp.Compare(x[0], y[0]), cmp.Compare(x[1], y[1])) }) {
		a, here := number[pair[0]]
		b, too := number[pair[1]]
		if v := decided[pair].Verdict; here && too && v != VerdictUnsure {
			bind(a, b, v)
		}
	}
	for _, c := range slices.Sorted(maps.Keys(cases)) {
		members := cases[c]
		for n, b := range members[1:] {
			for _, a := range members[:n+1] {
				if k.bound[[2]int32{a, b}] != boundByDifferent {
					bind(a, b, boundByCase)
					break
				}
			}
		}
	}
	return out
}

// cluster joins what is linked. A pair on too few fields does not join, whatever its weight.
func (k *linkage) cluster(c *Config) {
	edges := slices.Clone(k.pairs)
	below := link.BitsOf(c.Linkage.Link) - 1e-6
	for i := range edges {
		if k.short[[2]int32{edges[i].A, edges[i].B}] {
			edges[i].Bits = below
		}
	}
	constraints := k.constraints()
	k.clusters = k.linker.Cluster(edges, constraints)
	k.draws = k.linker.Draws(k.clusters, edges, constraints, func(p link.Pair) bool { return k.forReview(p, c) })
	k.low = slices.Clone(k.clusters.Of)
	find := func(i int32) int32 {
		for k.low[i] != i {
			i = k.low[i]
		}
		return i
	}
	for _, p := range k.pairs {
		if k.forReview(p, c) {
			a, b := find(p.A), find(p.B)
			k.low[max(a, b)] = min(a, b)
		}
	}
	for i := range k.low {
		k.low[i] = find(int32(i))
	}
}

// forReview reports whether a person should look at the pair: it may be one person, and is not
// joined, and no reviewer has parted it.
func (k *linkage) forReview(p link.Pair, c *Config) bool {
	return p.Bits >= link.BitsOf(c.Linkage.Review) && k.clusters.Of[p.A] != k.clusters.Of[p.B] && k.bound[[2]int32{p.A, p.B}] != boundByDifferent
}

// name makes persons of the clusters, and gives them their ids by the registry.
func (k *linkage) name(night int, inputs string) {
	of := map[int32]*person{}
	var groups []*group
	row := make([]int32, len(k.records)) // number of each record in the order of receipt
	for i := range int32(k.linker.Len()) {
		row[k.linker.Row(i)] = i
	}
	for n, w := range k.records {
		c := k.clusters.Of[row[n]]
		p := of[c]
		if p == nil {
			p = &person{group: &group{seen: w.seen}, low: k.low[row[n]]}
			of[c] = p
			groups, k.persons = append(groups, p.group), append(k.persons, p)
		}
		p.members, p.numbers = append(p.members, w), append(p.numbers, row[n])
	}
	for _, p := range k.persons {
		p.inReceipt()
	}
	k.registry = k.before.next(groups, night, inputs)
	k.hold(of)
	slices.SortFunc(k.persons, func(a, b *person) int { return cmp.Compare(a.anchor, b.anchor) })
}

// hold notes what holds each record in its person: its best link to another of its records, and of
// the joins that were made, the weakest that it is an end of.
func (k *linkage) hold(of map[int32]*person) {
	holds := make([]holding, k.linker.Len()) // by number
	for i := range holds {
		holds[i].probability = 1
	}
	for _, q := range k.pairs {
		if k.clusters.Of[q.A] != k.clusters.Of[q.B] {
			continue
		}
		for _, i := range [2]int32{q.A, q.B} {
			if h := &holds[i]; !h.linked || q.Bits > h.best {
				h.best, h.linked = q.Bits, true
			}
		}
	}
	for _, m := range k.clusters.Merges {
		for _, i := range [2]int32{m.By.A, m.By.B} {
			switch h := &holds[i]; {
			case m.Constrained:
				h.constrained = true
			case !h.weak || m.By.Bits < h.weakest:
				h.weakest, h.weak = m.By.Bits, true
			}
		}
	}
	for i := range holds {
		if h := &holds[i]; h.linked && !h.constrained && len(of[k.clusters.Of[i]].members) > 1 {
			h.probability = link.Probability(h.best)
		}
	}
	for _, p := range k.persons {
		p.held = make([]holding, len(p.numbers))
		for n, i := range p.numbers {
			p.held[n] = holds[i]
		}
	}
}

// LinkageSummary is what linkage came to.
type LinkageSummary struct {
	Model    string `json:"model"`
	BuiltIn  bool   `json:"built_in,omitempty"` // the model is the built-in one: from these records none could be estimated
	Records  int    `json:"records"`
	Pairs    int    `json:"pairs"`  // that are kept
	Review   int    `json:"review"` // pairs for review
	Persons  int    `json:"persons"`
	Low      int    `json:"persons_low"` // persons if every pair for review were one person
	Episodes int    `json:"episodes"`
	Doubts   int    `json:"episode_doubts"` // records that nothing tells the episode of
	Broken   int    `json:"contradictions"` // decisions that others contradict
	// Trafficked again, of persons who returned and of whom any follow-up is reported: what the
	// episodes show beside what the records state. It is no gate and no rate.
	Returned      int `json:"returned"`
	ReturnedAgain int `json:"returned_with_episodes"` // of them, with more than one episode
	ReturnedState int `json:"returned_stating"`       // of them, with a record that states it
}

func (k *linkage) summarise() *LinkageSummary {
	s := &LinkageSummary{Model: k.model.ID, BuiltIn: k.model.Records == 0, Records: len(k.records), Pairs: len(k.pairs), Persons: len(k.persons), Broken: len(k.clusters.Broken)}
	low := map[int32]bool{}
	for _, p := range k.persons {
		low[p.low] = true
		s.Episodes += len(p.episodes)
		for _, t := range p.told {
			if t.Doubt {
				s.Doubts++
			}
		}
		if p.returned() && p.followed() {
			s.Returned++
			if len(p.episodes) > 1 {
				s.ReturnedAgain++
			}
			if p.statesAgain() {
				s.ReturnedState++
			}
		}
	}
	s.Low = len(low)
	spec := k.linker.Spec()
	for _, q := range k.pairs {
		if q.Bits >= link.BitsOf(spec.Thresholds.Review) && k.clusters.Of[q.A] != k.clusters.Of[q.B] && k.bound[[2]int32{q.A, q.B}] != boundByDifferent {
			s.Review++
		}
	}
	return s
}

// linkRecords finds persons and episodes, where there are case records.
func (r *run) linkRecords(ctx context.Context, entries []*Entry, inputs string) error {
	if r.linked == nil {
		return nil
	}
	r.Progress.Start("linking records", 1)
	defer r.Progress.Done("linking records")
	return r.linked.link(ctx, r, entries, inputs)
}

// footer is what a table's file says of itself: of a table of linkage, the model too.
func (p *publication) footer(t *schemas.Table) map[string]string {
	out := p.Schema.ParquetMetadata(t)
	if p.linked != nil && t.Group == "linkage" {
		out["palermo.linkage_model"] = p.linked.model.ID
	}
	return out
}

// sweepRuns removes what runs that never published kept beside their snapshot.
func (r *run) sweepRuns() error {
	runs, err := os.ReadDir(r.path(stateDir, runsDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	current, err := load.CurrentRun(r.Dir)
	if err != nil && !errors.Is(err, load.ErrNone) {
		return err
	}
	for _, d := range runs {
		if d.Name() == current { // its snapshot may be gone: its registry is what persons keep their ids by
			continue
		}
		if _, err := os.Stat(r.path(snapshotsDir, d.Name())); errors.Is(err, fs.ErrNotExist) {
			if err := os.RemoveAll(r.path(stateDir, runsDir, d.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}
