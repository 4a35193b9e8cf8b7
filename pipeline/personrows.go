package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"palermo/schemas"
	"palermo/transform/link"
)

// statusUnknown is the code of the list value_status for what is not known.
const statusUnknown = "unknown"

// statusNotApplicable is the code of the list value_status for what cannot be.
const statusNotApplicable = "not_applicable"

// ids is the key of the zone.
func (p *publication) ids() key { return p.keys.ids().zone(p.zone) }

// zoneIDs is the ids of records, persons and episodes as a zone has them.
type zoneIDs struct {
	records []string // by the record's place
	persons []personIDs
	order   []int // places of the persons, in the order of their ids
}

// personIDs is the id of a person and of its episodes.
type personIDs struct {
	id       string
	episodes []string
}

// named is the ids of all that linkage has found, made once and on all cores.
func (p *publication) named(ctx context.Context) (*zoneIDs, error) {
	if p.zoneIDs != nil || p.linked == nil {
		return p.zoneIDs, nil
	}
	k, l := p.ids(), p.linked
	z := &zoneIDs{records: make([]string, len(l.records)), persons: make([]personIDs, len(l.persons)), order: make([]int, len(l.persons))}
	if err := inParts(ctx, len(l.records), p.threads(), func(i int) { z.records[i] = k.id(l.records[i].id) }); err != nil {
		return nil, err
	}
	if err := inParts(ctx, len(l.persons), p.threads(), func(i int) {
		w := l.persons[i]
		of := personIDs{id: k.id(p.key.person(w.anchor)), episodes: make([]string, len(w.episodes))}
		for n := range of.episodes {
			of.episodes[n] = k.id(p.key.episode(w.anchor, n+1))
		}
		z.persons[i], z.order[i] = of, i
	}); err != nil {
		return nil, err
	}
	slices.SortFunc(z.order, func(a, b int) int { return strings.Compare(z.persons[a].id, z.persons[b].id) })
	p.zoneIDs = z
	return z, nil
}

// of is a record's id; "" for none.
func (z *zoneIDs) of(w *caseRecord) string {
	if w == nil {
		return ""
	}
	return z.records[w.no]
}

// inParts calls f for each number below n, in as many parts at once as there are threads.
func inParts(ctx context.Context, n, threads int, f func(i int)) error {
	g, ctx := errgroup.WithContext(ctx)
	size := n/threads + 1
	for from := 0; from < n; from += size {
		g.Go(func() error {
			for i := from; i < min(from+size, n); i++ {
				if i%1024 == 0 && ctx.Err() != nil {
					return ctx.Err()
				}
				f(i)
			}
			return nil
		})
	}
	return g.Wait()
}

// each hands f every person with its ids in the zone, in the order of the ids.
func (p *publication) each(ctx context.Context, f func(z *zoneIDs, of personIDs, w *person) error) error {
	if p.linked == nil {
		return nil
	}
	z, err := p.named(ctx)
	if err != nil {
		return err
	}
	for _, i := range z.order {
		if err := f(z, z.persons[i], p.linked.persons[i]); err != nil {
			return err
		}
	}
	return nil
}

// intervalPlaces is the columns of an interval.
type intervalPlaces struct{ from, to, precision, status schemas.Place }

func (l *lines) interval(name string) intervalPlaces {
	return intervalPlaces{l.at(name + "_from"), l.at(name + "_to"), l.at(name + "_precision_code"), l.at(name + "_status")}
}

// set puts an interval and its precision, or the kind of empty, into the row.
func (at intervalPlaces) set(r *schemas.Rows, d takenDays) {
	if !d.days.Known {
		r.Text(at.status, statusUnknown)
		return
	}
	r.Day(at.from, d.days.From)
	r.Day(at.to, d.days.To)
	r.Text(at.precision, d.precision)
}

// takenPlaces is the columns of a code, of its kind of empty, and of the record that it is from.
type takenPlaces struct{ code, status, record schemas.Place }

func (l *lines) taken(code, record string) takenPlaces {
	return takenPlaces{l.at(code), l.at(code + "_status"), l.at(record)}
}

func (at takenPlaces) set(r *schemas.Rows, z *zoneIDs, t taken) {
	r.Text(at.code, t.code)
	r.Text(at.record, z.of(t.record))
	if t.record == nil {
		r.Text(at.status, statusUnknown)
	}
}

func (p *publication) personLines(ctx context.Context, l *lines) error {
	id, records, sources, episodes := l.at("person_id"), l.at("records"), l.at("sources"), l.at("episodes")
	conflicting, returned, followed, again := l.at("is_conflicting"), l.at("is_returned"), l.at("is_followed"), l.at("is_stated_again")
	birth, birthRecord := l.interval("birth"), l.at("birth_record_id")
	sex, origin := l.taken("sex_code", "sex_record_id"), l.taken("origin_country_code", "origin_record_id")
	citizenship := l.taken("citizenship_code", "citizenship_record_id")
	low, lowStatus := l.at("probability_low"), l.at("probability_low_status")
	return p.each(ctx, func(z *zoneIDs, of personIDs, w *person) error {
		r := l.rows
		r.Text(id, of.id)
		r.Int(records, int64(len(w.members)))
		r.Int(sources, int64(w.sources()))
		r.Int(episodes, int64(len(w.episodes)))
		r.Truth(conflicting, w.isConflicting())
		r.Truth(returned, w.returned())
		r.Truth(followed, w.followed())
		r.Truth(again, w.statesAgain())
		birth.set(r, w.birth)
		r.Text(birthRecord, z.of(w.birth.record))
		sex.set(r, z, w.sex)
		origin.set(r, z, w.origin)
		citizenship.set(r, z, w.citizenship)
		if least, joined := w.weakest(); joined {
			r.Real(low, least)
		} else {
			r.Text(lowStatus, statusNotApplicable)
		}
		return l.end(ctx)
	})
}

func (p *publication) episodeLines(ctx context.Context, l *lines) error {
	id, personID, ordinal, records := l.at("episode_id"), l.at("person_id"), l.at("ordinal"), l.at("records")
	startedRecord, endedRecord := l.at("started_record_id"), l.at("ended_record_id")
	country := l.taken("exploitation_country_code", "exploitation_record_id")
	by, doubt, started, ended := l.at("parted_by"), l.at("is_in_doubt"), l.interval("started"), l.interval("ended")
	low, high, ageStatus := l.at("age_at_exploitation_years_low"), l.at("age_at_exploitation_years_high"), l.at("age_at_exploitation_years_status")
	return p.each(ctx, func(z *zoneIDs, of personIDs, w *person) error {
		for n, e := range w.episodes {
			r := l.rows
			r.Text(id, of.episodes[n])
			r.Text(personID, of.id)
			r.Int(ordinal, int64(n+1))
			r.Int(records, int64(len(e.members)))
			r.Text(startedRecord, z.of(e.started.record))
			r.Text(endedRecord, z.of(e.ended.record))
			country.set(r, z, e.country)
			r.Text(by, e.by)
			r.Truth(doubt, e.doubt)
			started.set(r, e.started)
			ended.set(r, e.ended)
			if e.age.Known {
				r.Int(low, int64(e.age.Low))
				r.Int(high, int64(e.age.High))
			} else {
				r.Text(ageStatus, statusUnknown)
			}
			if err := l.end(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *publication) membershipLines(ctx context.Context, l *lines) error {
	reviewers := map[string]string{}
	if p.linked != nil {
		for _, d := range p.linked.decisions { // the last that counts
			if d.Verdict != VerdictUnsure {
				reviewers[d.A], reviewers[d.B] = d.Reviewer, d.Reviewer
			}
		}
	}
	record, personID, episode, probability := l.at("record_id"), l.at("person_id"), l.at("episode_id"), l.at("probability")
	decidedBy, reviewed, by, doubt := l.at("decided_by"), l.at("is_reviewed"), l.at("episode_by"), l.at("is_episode_in_doubt")
	weakest, with := l.at("weakest_bits"), l.at("episode_with_record_id")
	return p.each(ctx, func(z *zoneIDs, of personIDs, w *person) error {
		for i, c := range w.members {
			r, h, t := l.rows, w.held[i], w.told[i]
			r.Text(record, z.of(c))
			r.Text(personID, of.id)
			r.Text(episode, of.episodes[t.Episode])
			r.Real(probability, h.probability)
			r.Text(decidedBy, reviewers[c.id])
			r.Truth(reviewed, reviewers[c.id] != "")
			r.Text(by, t.By)
			r.Truth(doubt, t.Doubt)
			if h.weak {
				r.Real(weakest, h.weakest)
			}
			if t.With >= 0 {
				r.Text(with, z.of(w.members[t.With]))
			}
			if err := l.end(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *publication) conflictLines(ctx context.Context, l *lines) error {
	personID, field, record, value, taken := l.at("person_id"), l.at("field"), l.at("record_id"), l.at("value"), l.at("is_taken")
	return p.each(ctx, func(z *zoneIDs, of personIDs, w *person) error {
		for _, c := range w.conflicts {
			r := l.rows
			r.Text(personID, of.id)
			r.Text(field, c.field)
			r.Text(record, z.of(c.record))
			r.Text(value, c.value)
			r.Truth(taken, c.taken)
			if err := l.end(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// pairKey is a pair's ids in the zone, the smaller first.
func (p *publication) pairKey(a, b string) (x, y string) {
	k := p.ids()
	x, y = k.id(a), k.id(b)
	return min(x, y), max(x, y)
}

// eachPair hands f every pair that is kept, in the order of the zone's ids, the smaller of each first.
func (p *publication) eachPair(ctx context.Context, f func(a, b string, q link.Pair) error) error {
	if p.linked == nil {
		return nil
	}
	order, err := p.pairOrder(ctx)
	if err != nil {
		return err
	}
	for _, i := range order {
		q := p.linked.pairs[i]
		a, b := p.pairIDs(q)
		if err := f(a, b, q); err != nil {
			return err
		}
	}
	return nil
}

func (p *publication) pairIDs(q link.Pair) (a, b string) {
	a, b = p.zoneIDs.of(p.linked.record(q.A)), p.zoneIDs.of(p.linked.record(q.B))
	return min(a, b), max(a, b)
}

// pairOrder is the places of the pairs in the order of the zone's ids, found once.
func (p *publication) pairOrder(ctx context.Context) ([]int32, error) {
	if p.inOrder != nil {
		return p.inOrder, nil
	}
	z, err := p.named(ctx)
	if err != nil {
		return nil, err
	}
	rank := make([]int32, len(z.records)) // by number in the linker: its id's place among all
	byID := make([]int32, len(z.records))
	for i := range byID {
		byID[i] = int32(i)
	}
	l := p.linked
	slices.SortFunc(byID, func(a, b int32) int { return strings.Compare(z.of(l.record(a)), z.of(l.record(b))) })
	for n, i := range byID {
		rank[i] = int32(n)
	}
	p.inOrder = make([]int32, len(l.pairs))
	keys := make([]uint64, len(l.pairs))
	for i, q := range l.pairs {
		a, b := rank[q.A], rank[q.B]
		p.inOrder[i], keys[i] = int32(i), uint64(min(a, b))<<32|uint64(max(a, b))
	}
	slices.SortFunc(p.inOrder, func(x, y int32) int { return cmp.Compare(keys[x], keys[y]) })
	return p.inOrder, nil
}

// What a pair came to, codes of the list link_status.
const (
	pairLink     = "link"
	pairPossible = "possible"
	pairNonLink  = "non_link"
)

func (k *linkage) status(q link.Pair) string {
	t := k.linker.Spec().Thresholds
	switch {
	case q.Bits >= link.BitsOf(t.Link) && !k.short[[2]int32{q.A, q.B}]:
		return pairLink
	case q.Bits >= link.BitsOf(t.Review):
		return pairPossible
	}
	return pairNonLink
}

func (p *publication) pairLines(ctx context.Context, l *lines) error {
	first, second, rules, model := l.at("record_id_a"), l.at("record_id_b"), l.at("rules"), l.at("model")
	prior, total, probability, status := l.at("prior_bits"), l.at("total_bits"), l.at("probability"), l.at("status_code")
	short, bound, joined := l.at("is_short"), l.at("bound_by"), l.at("is_joined")
	named := map[uint32]string{} // sets of rules
	return p.eachPair(ctx, func(a, b string, q link.Pair) error {
		k, r := p.linked, l.rows
		at := [2]int32{q.A, q.B}
		if named[q.Rules] == "" {
			named[q.Rules] = strings.Join(k.linker.Rules(q), "; ")
		}
		r.Text(first, a)
		r.Text(second, b)
		r.Text(rules, named[q.Rules])
		r.Text(model, k.model.ID)
		r.Real(prior, k.scorer.Prior(q))
		r.Real(total, q.Bits)
		r.Real(probability, link.Probability(q.Bits))
		r.Text(status, k.status(q))
		r.Truth(short, k.short[at])
		r.Text(bound, k.bound[at])
		r.Truth(joined, k.clusters.Of[q.A] == k.clusters.Of[q.B])
		return l.end(ctx)
	})
}

func (p *publication) evidenceLines(ctx context.Context, l *lines) error {
	first, second, ordinal, comparison := l.at("record_id_a"), l.at("record_id_b"), l.at("ordinal"), l.at("comparison")
	level, says, bits, rarity := l.at("level"), l.at("says"), l.at("bits"), l.at("rarity_bits")
	return p.eachPair(ctx, func(a, b string, q link.Pair) error {
		k := p.linked
		for i := range k.model.Comparisons {
			d := k.scorer.Level(q, i)
			if d == 0 {
				continue
			}
			r, c := l.rows, &k.model.Comparisons[i]
			r.Text(first, a)
			r.Text(second, b)
			r.Int(ordinal, int64(i+1))
			r.Text(comparison, c.Name)
			r.Int(level, int64(d))
			r.Text(says, c.Levels[d-1])
			r.Real(bits, k.scorer.Bits(q, i))
			r.Real(rarity, k.scorer.Rarity(q, i))
			if err := l.end(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *publication) reviewRows(add func(map[string]any) error) error {
	if p.linked == nil {
		return nil
	}
	ds := p.linked.decisions
	last := map[[2]string]int{}
	for i := range ds {
		last[ds[i].pair()] = i
	}
	name := func(i int) string { return fmt.Sprintf("d%06d", i+1) }
	for i := range ds {
		d := &ds[i]
		a, b := p.pairKey(d.A, d.B)
		row := map[string]any{"review_id": name(i), "record_id_a": a, "record_id_b": b, "decision_code": d.Verdict, "reviewer": d.Reviewer,
			"decided_at": d.At, "reason": text(d.Reason), "model": text(d.Model)}
		if n := last[d.pair()]; n != i {
			row["replaced_by"] = name(n)
		}
		if err := add(row); err != nil {
			return err
		}
	}
	return nil
}

func (p *publication) eventRows(add func(map[string]any) error) error {
	if p.linked == nil {
		return nil
	}
	k := p.ids()
	for i, e := range p.linked.registry.Events {
		if e.Kind == "" { // it was of somebody who was erased
			continue
		}
		row := map[string]any{"event_id": fmt.Sprintf("v%08d", i+1), "person_id": k.id(p.key.person(e.Person)), "kind_code": e.Kind,
			"inputs_digest": e.Inputs, "night": int64(e.Night)}
		if e.Other != "" {
			row["other_person_id"] = k.id(p.key.person(e.Other))
		}
		if err := add(row); err != nil {
			return err
		}
	}
	return nil
}

func (p *publication) supersededRows(add func(map[string]any) error) error {
	if p.linked == nil {
		return nil
	}
	k, r := p.ids(), p.linked.registry
	of := map[string]string{}
	for from := range r.Superseded {
		of[k.id(p.key.person(from))] = k.id(p.key.person(r.successor(from)))
	}
	for _, from := range sortedKeys(of) {
		if err := add(map[string]any{"person_id": from, "current_person_id": of[from]}); err != nil {
			return err
		}
	}
	return nil
}

// count is how many persons the records of a part are of, at least and at most.
type count struct {
	records   int64
	low, high []int32 // persons, none twice in a row
}

// with adds a record of a person.
func (c *count) with(low, high int32) {
	c.records++
	if n := len(c.low); n == 0 || c.low[n-1] != low {
		c.low = append(c.low, low)
	}
	if n := len(c.high); n == 0 || c.high[n-1] != high {
		c.high = append(c.high, high)
	}
}

// different is how many different ones there are.
func different(of []int32) int64 {
	slices.Sort(of)
	return int64(len(slices.Compact(of)))
}

// countRows counts persons by source, country and year of registration, and by some of these: the
// counts of parts do not add up to that of the whole, since a person may be in several.
func (p *publication) countRows(add func(map[string]any) error) error {
	if p.linked == nil {
		return nil
	}
	counts := map[[3]string]*count{}
	years := map[int]string{0: "-"}
	for n, w := range p.linked.persons {
		for _, r := range w.members {
			if years[r.years] == "" {
				years[r.years] = strconv.Itoa(r.years)
			}
			year, country := years[r.years], cmp.Or(r.reporting, "-")
			for _, at := range [][3]string{{}, {r.source}, {"", country}, {"", "", year}, {r.source, country}, {r.source, "", year}, {r.source, country, year}} {
				c := counts[at]
				if c == nil {
					c = &count{}
					counts[at] = c
				}
				c.with(w.low, int32(n))
			}
		}
	}
	keys := make([][3]string, 0, len(counts))
	for k := range counts {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b [3]string) int {
		return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]), cmp.Compare(a[2], b[2]))
	})
	for n, at := range keys {
		c := counts[at]
		row := map[string]any{"count_id": fmt.Sprintf("n%06d", n+1), "source_id": text(at[0]), "records": c.records,
			"persons_low": different(c.low), "persons_high": different(c.high)}
		part(row, "country_code", at[1], func(s string) any { return s })
		part(row, "year", at[2], func(s string) any {
			var y int64
			fmt.Sscan(s, &y)
			return y
		})
		if err := add(row); err != nil {
			return err
		}
	}
	return nil
}

// part puts one value of a part into the row: not applicable where the count is of all, unknown
// where it is of the records that do not say.
func part(row map[string]any, name, value string, of func(string) any) {
	switch value {
	case "":
		row[name+"_status"] = statusNotApplicable
	case "-":
		row[name+"_status"] = statusUnknown
	default:
		row[name] = of(value)
	}
}
