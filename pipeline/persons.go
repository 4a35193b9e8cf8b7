package pipeline

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"palermo/transform/link"
)

// person is one person as linkage has found it.
type person struct {
	*group
	low     int32 // the cluster it would be in if every pair for review were one person
	members []*caseRecord
	numbers []int32   // of the members in the linker
	held    []holding // by member

	told     []link.Told // by member
	episodes []*episode

	sex, origin, citizenship taken
	birth                    takenDays
	conflicts                []conflict
}

// holding is what holds a record in its person.
type holding struct {
	best, weakest float64 // bits
	linked, weak  bool    // whether there are such
	constrained   bool
	probability   float64
}

// taken is a code, and the record that it was taken from.
type taken struct {
	code   string
	record *caseRecord // nil where no record has one
}

// takenDays is an interval of days, and the record that it was taken from.
type takenDays struct {
	days      link.Interval
	precision string
	record    *caseRecord // nil where no record has any
}

// conflict is what one record says of a field on which the person's records disagree.
type conflict struct {
	field, value string
	record       *caseRecord
	taken        bool
}

// episode is one trafficking of a person.
type episode struct {
	members        []*caseRecord
	started, ended takenDays
	country        taken
	age            link.Ages
	by             string // the rule that parted it from an earlier one
	doubt          bool
}

// inReceipt puts the members in the order of receipt: the first is the anchor of a new person.
func (p *person) inReceipt() {
	order := make([]int, len(p.members))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(p.members[a].seen, p.members[b].seen) })
	members, numbers := make([]*caseRecord, len(order)), make([]int32, len(order))
	for k, i := range order {
		members[k], numbers[k] = p.members[i], p.numbers[i]
	}
	p.members, p.numbers = members, numbers
	p.seen = members[0].seen
	for _, w := range members {
		p.records = append(p.records, w.id)
	}
}

// account is what the record tells of the trafficking.
func (w *caseRecord) account() link.Account {
	a := link.Account{ID: w.id, Case: w.caseID, List: w.list, Met: w.registered, Destinations: w.ways, Purposes: w.purposes,
		Exits: w.exits, ReturnedTo: w.returnedTo, TakenIn: w.reporting, Before: w.before == "yes"}
	if len(a.ReturnedTo) == 0 && len(a.Exits) > 0 { // a return that does not say where to is home
		a.ReturnedTo = with(nil, firstOf(w.origin, w.citizenships))
	}
	for _, x := range w.exploited {
		switch {
		case x.started.Known && x.ended.Known && x.started.From <= x.ended.To:
			a.Exploited = append(a.Exploited, link.Interval{From: x.started.From, To: x.ended.To, Known: true})
		case x.started.Known:
			a.Exploited = append(a.Exploited, x.started)
		}
	}
	return a
}

// tell parts the person's records into episodes.
func (p *person) tell() []*episode {
	accounts := make([]link.Account, len(p.members))
	for i, w := range p.members {
		accounts[i] = w.account()
	}
	p.told = link.Episodes(accounts)
	var out []*episode
	for i, t := range p.told {
		for len(out) <= t.Episode {
			out = append(out, &episode{})
		}
		e := out[t.Episode]
		e.members = append(e.members, p.members[i])
		e.doubt = e.doubt || t.Doubt
	}
	for i, t := range p.told {
		if t.With >= 0 && p.told[t.With].Episode != t.Episode {
			out[t.Episode].by = p.told[i].By
		}
	}
	return out
}

// ranks orders records by how much a value is worth that each has: the more exact one first, then
// the later registered, then by the source's rank in the config, then by the agency's, then the smaller
// id.
type ranks struct {
	sources  []string
	agencies map[string]int // of those that have one
}

func (r ranks) compare(a, b *caseRecord) int {
	return cmp.Or(later(a, b), cmp.Compare(r.of(a.source), r.of(b.source)), cmp.Compare(r.ofAgency(a.agency), r.ofAgency(b.agency)), cmp.Compare(a.id, b.id))
}

func later(a, b *caseRecord) int {
	switch {
	case a.registered.Known != b.registered.Known:
		if a.registered.Known {
			return -1
		}
		return 1
	case !a.registered.Known:
		return 0
	}
	return cmp.Compare(b.registered.From, a.registered.From)
}

func (r ranks) of(source string) int {
	if i := slices.Index(r.sources, source); i >= 0 {
		return i
	}
	return len(r.sources)
}

func (r ranks) ofAgency(agency string) int {
	if n := r.agencies[agency]; n > 0 {
		return n
	}
	return math.MaxInt
}

// code is the value of the best record that has one.
func (r ranks) code(members []*caseRecord, of func(w *caseRecord) string) (out taken) {
	var best *caseRecord
	for _, w := range members {
		if of(w) != "" && (best == nil || r.compare(w, best) < 0) {
			best = w
		}
	}
	if best == nil {
		return taken{}
	}
	return taken{of(best), best}
}

// days is the shortest interval, then that of the best record.
func (r ranks) days(members []*caseRecord, of func(w *caseRecord) (link.Interval, string)) (out takenDays) {
	var best *caseRecord
	for _, w := range members {
		d, precision := of(w)
		if !d.Known {
			continue
		}
		if best == nil || cmp.Or(cmp.Compare(d.To-d.From, out.days.To-out.days.From), r.compare(w, best)) < 0 {
			best, out = w, takenDays{d, precision, w}
		}
	}
	return out
}

func (w *caseRecord) citizenship() string { return firstOf("", w.citizenships) }

// choose takes the person's values from its records, and notes where they disagree.
func (p *person) choose(r ranks) {
	sex := func(w *caseRecord) string { return w.sex }
	origin := func(w *caseRecord) string { return w.origin }
	p.sex, p.origin, p.citizenship = r.code(p.members, sex), r.code(p.members, origin), r.code(p.members, (*caseRecord).citizenship)
	p.birth = r.days(p.members, func(w *caseRecord) (link.Interval, string) { return w.birth, w.birthPrecision })
	p.disagree("sex_code", p.sex, sex, func(w *caseRecord) bool { return w.sex == p.sex.code })
	p.disagree("origin_country_code", p.origin, origin, func(w *caseRecord) bool { return w.origin == p.origin.code })
	p.disagree("citizenship_code", p.citizenship, (*caseRecord).citizenship, func(w *caseRecord) bool { return slices.Contains(w.citizenships, p.citizenship.code) })
	p.disagree("birth", taken{record: p.birth.record}, bornIn, func(w *caseRecord) bool { return w.birth.Overlaps(p.birth.days) })
	for _, e := range p.episodes {
		e.choose(r, p)
	}
}

// bornIn is the year or years of a record's birth.
func bornIn(w *caseRecord) string {
	if !w.birth.Known {
		return ""
	}
	from, to := w.birth.Years()
	if from == to {
		return strconv.Itoa(from)
	}
	return strconv.Itoa(from) + "-" + strconv.Itoa(to)
}

// disagree notes what every record says of a field where one of them does not agree with what was
// taken.
func (p *person) disagree(field string, of taken, says func(w *caseRecord) string, agrees func(w *caseRecord) bool) {
	if !slices.ContainsFunc(p.members, func(w *caseRecord) bool { return says(w) != "" && !agrees(w) }) {
		return
	}
	for _, w := range p.members {
		if v := says(w); v != "" {
			p.conflicts = append(p.conflicts, conflict{field, v, w, w == of.record})
		}
	}
}

// isConflicting reports whether the records contradict each other on sex or birth.
func (p *person) isConflicting() bool {
	return slices.ContainsFunc(p.conflicts, func(c conflict) bool { return c.field == "sex_code" || c.field == "birth" })
}

func (e *episode) choose(r ranks, p *person) {
	exploited := func(of func(x exploitation) link.Interval) func(w *caseRecord) (link.Interval, string) {
		return func(w *caseRecord) (link.Interval, string) {
			for _, x := range w.exploited {
				if d := of(x); d.Known {
					return d, precisionOf(d)
				}
			}
			return link.Interval{}, ""
		}
	}
	e.started = r.days(e.members, exploited(func(x exploitation) link.Interval { return x.started }))
	e.ended = r.days(e.members, exploited(func(x exploitation) link.Interval { return x.ended }))
	e.country = r.code(e.members, func(w *caseRecord) string {
		for _, x := range w.exploited {
			if x.country != "" {
				return x.country
			}
		}
		return ""
	})
	if e.started.days.Known && p.birth.days.Known {
		last := e.started.days
		if e.ended.days.Known && e.ended.days.To >= last.To {
			last = e.ended.days
		}
		e.age = link.AgesBetween(p.birth.days, link.Interval{From: e.started.days.From, To: last.To, Known: true})
	}
}

// precisionOf is the code of how exact an interval is.
func precisionOf(d link.Interval) string {
	switch n := d.To - d.From; {
	case n == 0:
		return "day"
	case n < 31:
		return "month"
	}
	return "year"
}

func (p *person) sources() int {
	var in []string
	for _, w := range p.members {
		in = with(in, w.source)
	}
	return len(in)
}

func (p *person) any(of func(w *caseRecord) bool) bool { return slices.ContainsFunc(p.members, of) }

// returned reports whether any record tells of a return.
func (p *person) returned() bool { return p.any(func(w *caseRecord) bool { return len(w.exits) > 0 }) }

// followed reports whether any follow-up or return is reported.
func (p *person) followed() bool { return p.any(func(w *caseRecord) bool { return w.followed }) }

// statesAgain reports whether any record states an earlier trafficking, or that the person was
// found trafficked again.
func (p *person) statesAgain() bool {
	return p.any(func(w *caseRecord) bool { return w.before == "yes" || w.again })
}

// weakest is the probability of the weakest join that made the person; false where evidence made none.
func (p *person) weakest() (float64, bool) {
	bits, any := 0.0, false
	for _, h := range p.held {
		if h.weak && (!any || h.weakest < bits) {
			bits, any = h.weakest, true
		}
	}
	return link.Probability(bits), any
}
