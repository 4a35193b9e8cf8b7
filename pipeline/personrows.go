package pipeline

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"palermo/transform/link"
)

// status is the kind of empty of a value that no record has.
func status(has bool) any {
	if has {
		return nil
	}
	return statusUnknown
}

// statusUnknown is the code of the list value_status for what is not known.
const statusUnknown = "unknown"

// statusNotApplicable is the code of the list value_status for what cannot be.
const statusNotApplicable = "not_applicable"

func civilDay(d int32) time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// ids is the key of the zone.
func (p *publication) ids() key { return p.key.zone(p.zone) }

// each hands f every person with its id in the zone, in the order of the ids.
func (p *publication) each(f func(id string, w *person) error) error {
	if p.linked == nil {
		return nil
	}
	k, persons := p.ids(), p.linked.persons
	ids := make([]string, len(persons))
	at := make([]int, len(persons))
	for i, w := range persons {
		ids[i], at[i] = k.id(p.key.person(w.anchor)), i
	}
	sort.Slice(at, func(a, b int) bool { return ids[at[a]] < ids[at[b]] })
	for _, i := range at {
		if err := f(ids[i], persons[i]); err != nil {
			return err
		}
	}
	return nil
}

// interval puts an interval and its precision, or the kind of empty, into the row.
func interval(row map[string]any, name string, d takenDays) {
	if !d.days.Known {
		row[name+"_status"] = statusUnknown
		return
	}
	row[name+"_from"], row[name+"_to"], row[name+"_precision_code"] = civilDay(d.days.From), civilDay(d.days.To), text(d.precision)
}

func (p *publication) personRows(add func(map[string]any) error) error {
	k := p.ids()
	return p.each(func(id string, w *person) error {
		row := map[string]any{"person_id": id, "records": int64(len(w.members)), "sources": int64(w.sources()), "episodes": int64(len(w.episodes)),
			"is_conflicting": w.isConflicting(), "birth_record_id": text(k.id(w.birth.record)),
			"sex_code": text(w.sex.code), "sex_code_status": status(w.sex.record != ""), "sex_record_id": text(k.id(w.sex.record)),
			"origin_country_code": text(w.origin.code), "origin_country_code_status": status(w.origin.record != ""), "origin_record_id": text(k.id(w.origin.record)),
			"citizenship_code": text(w.citizenship.code), "citizenship_code_status": status(w.citizenship.record != ""), "citizenship_record_id": text(k.id(w.citizenship.record)),
			"is_returned": w.returned(), "is_followed": w.followed(), "is_stated_again": w.statesAgain()}
		interval(row, "birth", w.birth)
		if least, joined := w.weakest(); joined {
			row["probability_low"] = least
		} else {
			row["probability_low_status"] = statusNotApplicable
		}
		return add(row)
	})
}

func (p *publication) episodeID(w *person, n int) string {
	return p.ids().id(p.key.episode(w.anchor, n+1))
}

func (p *publication) episodeRows(add func(map[string]any) error) error {
	k := p.ids()
	return p.each(func(id string, w *person) error {
		for n, e := range w.episodes {
			row := map[string]any{"episode_id": p.episodeID(w, n), "person_id": id, "ordinal": int64(n + 1), "records": int64(len(e.members)),
				"started_record_id": text(k.id(e.started.record)), "ended_record_id": text(k.id(e.ended.record)),
				"exploitation_country_code": text(e.country.code), "exploitation_country_code_status": status(e.country.record != ""),
				"exploitation_record_id": text(k.id(e.country.record)), "parted_by": text(e.by), "is_in_doubt": e.doubt}
			interval(row, "started", e.started)
			interval(row, "ended", e.ended)
			if e.age.Known {
				row["age_at_exploitation_years_low"], row["age_at_exploitation_years_high"] = int64(e.age.Low), int64(e.age.High)
			} else {
				row["age_at_exploitation_years_status"] = statusUnknown
			}
			if err := add(row); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *publication) membershipRows(add func(map[string]any) error) error {
	k := p.ids()
	reviewers := map[string]string{}
	if p.linked != nil {
		for _, d := range p.linked.decisions { // the last that counts
			if d.Verdict != VerdictUnsure {
				reviewers[d.A], reviewers[d.B] = d.Reviewer, d.Reviewer
			}
		}
	}
	return p.each(func(id string, w *person) error {
		for i, r := range w.members {
			h, t := w.held[w.numbers[i]], w.told[i]
			row := map[string]any{"record_id": k.id(r.id), "person_id": id, "episode_id": p.episodeID(w, t.Episode), "probability": h.probability,
				"decided_by": text(reviewers[r.id]), "is_reviewed": reviewers[r.id] != "", "episode_by": text(t.By), "is_episode_in_doubt": t.Doubt}
			if h.weak {
				row["weakest_bits"] = h.weakest
			}
			if t.With >= 0 {
				row["episode_with_record_id"] = k.id(w.members[t.With].id)
			}
			if err := add(row); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *publication) conflictRows(add func(map[string]any) error) error {
	k := p.ids()
	return p.each(func(id string, w *person) error {
		for _, c := range w.conflicts {
			if err := add(map[string]any{"person_id": id, "field": c.field, "record_id": k.id(c.record), "value": c.value, "is_taken": c.taken}); err != nil {
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

// eachPair hands f every pair that is kept, in the order of the zone's ids.
func (p *publication) eachPair(f func(a, b string, q link.Pair) error) error {
	if p.linked == nil {
		return nil
	}
	type keyed struct {
		a, b string
		q    link.Pair
	}
	out := make([]keyed, len(p.linked.pairs))
	for i, q := range p.linked.pairs {
		a, b := p.pairKey(p.linked.record(q.A).id, p.linked.record(q.B).id)
		out[i] = keyed{a, b, q}
	}
	slices.SortFunc(out, func(x, y keyed) int { return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b)) })
	for _, x := range out {
		if err := f(x.a, x.b, x.q); err != nil {
			return err
		}
	}
	return nil
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

func (p *publication) pairRows(add func(map[string]any) error) error {
	return p.eachPair(func(a, b string, q link.Pair) error {
		k := p.linked
		at := [2]int32{q.A, q.B}
		return add(map[string]any{"record_id_a": a, "record_id_b": b, "rules": strings.Join(k.linker.Rules(q), "; "), "model": k.model.ID,
			"prior_bits": k.scorer.Evidence(q)[0].Bits, "total_bits": q.Bits, "probability": link.Probability(q.Bits), "status_code": k.status(q),
			"is_short": k.short[at], "bound_by": text(k.bound[at]), "is_joined": k.clusters.Of[q.A] == k.clusters.Of[q.B]})
	})
}

func (p *publication) evidenceRows(add func(map[string]any) error) error {
	return p.eachPair(func(a, b string, q link.Pair) error {
		for n, e := range p.linked.scorer.Evidence(q)[1:] {
			if e.Level == 0 {
				continue
			}
			if err := add(map[string]any{"record_id_a": a, "record_id_b": b, "ordinal": int64(n + 1), "comparison": e.Comparison,
				"level": int64(e.Level), "says": e.Says, "bits": e.Bits, "rarity_bits": e.Rarity}); err != nil {
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
	low, high map[string]bool
}

// countRows counts persons by source, country and year of registration, and by some of these: the
// counts of parts do not add up to that of the whole, since a person may be in several.
func (p *publication) countRows(add func(map[string]any) error) error {
	if p.linked == nil {
		return nil
	}
	counts := map[[3]string]*count{}
	for _, w := range p.linked.persons {
		low := fmt.Sprint(w.low)
		for _, r := range w.members {
			year := ""
			if r.years > 0 {
				year = fmt.Sprint(r.years)
			}
			country := firstOf("-", nil)
			if r.reporting != "" {
				country = r.reporting
			}
			if year == "" {
				year = "-"
			}
			for _, at := range [][3]string{{}, {r.source}, {"", country}, {"", "", year}, {r.source, country}, {r.source, "", year}, {r.source, country, year}} {
				c := counts[at]
				if c == nil {
					c = &count{low: map[string]bool{}, high: map[string]bool{}}
					counts[at] = c
				}
				c.records++
				c.low[low], c.high[w.anchor] = true, true
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
			"persons_low": int64(len(c.low)), "persons_high": int64(len(c.high))}
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
