package pipeline

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"palermo/mappings"
	"palermo/transform/link"
)

// captureDraws is how many partitions are drawn beside the best one. Estimates of their counts are
// pooled, as of imputations: twenty leave little noise of the drawing.
const captureDraws = 20

// A captureList is one list on which persons may stand: the case records of a source, whoever
// delivers them. Which lists are dependent is what their mappings say of them.
type captureList struct {
	source  *mappings.Source
	records int64
}

// captureLists is the lists that have records, in the order of their ids.
func (p *publication) captureLists() []*captureList {
	at := map[string]*captureList{}
	for _, w := range p.linked.records {
		l := at[w.source]
		if l == nil {
			l = &captureList{source: &mappings.Source{ID: w.source}}
			if m := p.Mappings.Source(w.source); m != nil {
				l.source = &m.Source
			}
			at[w.source] = l
		}
		l.records++
	}
	var out []*captureList
	for _, id := range sortedKeys(at) {
		out = append(out, at[id])
	}
	return out
}

// dependsOn reports whether the two lists are stated to be dependent.
func (l *captureList) dependsOn(k *captureList) bool {
	a, b := l.source, k.source
	return a.Operator != "" && a.Operator == b.Operator ||
		slices.Contains(a.DependentWith, b.ID) || slices.Contains(b.DependentWith, a.ID)
}

func (l *captureList) overlaps(k *captureList) bool {
	return slices.Contains(l.source.Overlaps, k.source.ID) || slices.Contains(k.source.Overlaps, l.source.ID)
}

// others is the ids of the other lists of which it holds.
func (l *captureList) others(all []*captureList, holds func(k *captureList) bool) string {
	var out []string
	for _, k := range all {
		if k != l && holds(k) {
			out = append(out, k.source.ID)
		}
	}
	return strings.Join(out, "; ")
}

func (p *publication) captureListRows(add func(map[string]any) error) error {
	if p.linked == nil {
		return nil
	}
	all := p.captureLists()
	for _, l := range all {
		if err := add(map[string]any{"source_id": l.source.ID, "records": l.records, "operator": text(l.source.Operator),
			"dependent_with": text(l.others(all, l.dependsOn)), "overlaps_with": text(l.others(all, l.overlaps))}); err != nil {
			return err
		}
	}
	return nil
}

// sightings is each record as capture histories take it. The territory is that of the report: a
// list can only have whom the services of its country met, while the country of exploitation is
// unknown for many, and several for some.
func (k *linkage) sightings() []link.Sighting {
	out := make([]link.Sighting, len(k.records))
	for i := range out {
		w := k.record(int32(i))
		out[i] = link.Sighting{Record: int32(i), List: w.source, Territory: w.reporting}
		if w.years > 0 {
			out[i].Year = strconv.Itoa(w.years)
		}
	}
	return out
}

// captureRows counts persons by the lists on which they stand: as published, and in each draw. The
// draws hang on the model and the records alone.
func (p *publication) captureRows(add func(map[string]any) error) error {
	if p.linked == nil {
		return nil
	}
	k := p.linked
	dependent := dependences(p.captureLists())
	sightings, number := k.sightings(), 0
	for draw := 0; draw <= captureDraws; draw++ {
		for _, h := range link.Histories(k.draws.Draw(k.model.ID, draw), sightings) {
			number++
			row := map[string]any{"history_id": fmt.Sprintf("h%07d", number), "draw": int64(draw), "lists": strings.Join(h.Lists, "; "),
				"combination": h.On, "persons": int64(h.Persons), "dependent": text(dependent(h.Lists))}
			part(row, "territory_code", cmp.Or(h.Territory, "-"), func(s string) any { return s })
			part(row, "year", cmp.Or(h.Year, "-"), func(s string) any {
				n, _ := strconv.ParseInt(s, 10, 64) // it was made of a number
				return n
			})
			if err := add(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// dependences tells which of some lists are dependent.
func dependences(all []*captureList) func(ids []string) string {
	at := map[string]*captureList{}
	for _, l := range all {
		at[l.source.ID] = l
	}
	return func(ids []string) string {
		var out []string
		for i, a := range ids {
			for _, b := range ids[i+1:] {
				if at[a].dependsOn(at[b]) {
					out = append(out, a+" ~ "+b)
				}
			}
		}
		return strings.Join(out, "; ")
	}
}
