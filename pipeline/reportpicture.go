package pipeline

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"palermo/load/report"
)

// How much of the picture a report has room for.
const (
	reportSources   = 4
	reportYears     = 12
	reportFlows     = 14
	reportMeans     = 12
	reportPurposes  = 6
	reportBeside    = 6
	reportCountries = 24
	reportSpan      = 20 // years of coverage
)

// cases is the picture of each source, the largest first.
func (b *reporter) cases(in *report.Input) {
	var ids []string
	b.each("sources", func(a *reportAnswer, r []string) {
		if len(ids) < reportSources {
			ids = append(ids, r[0])
			in.Cases = append(in.Cases, report.Cases{Source: r[1], Unit: "persons"})
		}
	})
	of := func(id string) *report.Cases {
		if i := slices.Index(ids, id); i >= 0 {
			return &in.Cases[i]
		}
		return nil
	}
	b.ages(of)
	b.purposes(of)
	b.flows(of)
	b.means(of)
	b.law(of)
}

func (b *reporter) ages(of func(string) *report.Cases) {
	b.each("ages", func(a *reportAnswer, r []string) {
		if c := of(r[0]); c != nil {
			c.Ages = ofBand(c.Ages, a.int(r, 2), r[3], r[1], peopleSpan(a.int(r, 4), a.int(r, 5)))
		}
	})
}

// ofBand puts the people of one sex into their band, which is begun where it is new.
func ofBand(bands []report.Age, from int64, name, sex string, n report.Span) []report.Age {
	i := slices.IndexFunc(bands, func(b report.Age) bool { return b.From == from })
	if i < 0 {
		i = len(bands)
		bands = append(bands, report.Age{From: from, To: bandEnd(name)})
	}
	switch sex {
	case "female":
		bands[i].Female = n
	case "male":
		bands[i].Male = n
	default:
		bands[i].Other = n
	}
	return bands
}

// bandEnd is the highest age of a band as the view names it, as 9-13; 0 for an open one, as 48+.
func bandEnd(name string) int64 {
	for i := range name {
		if name[i] == '-' {
			n, _ := strconv.ParseInt(name[i+1:], 10, 64)
			return n
		}
	}
	return 0
}

// purposes is by the year of the exploitation where a source says it, else by that of registration.
func (b *reporter) purposes(of func(string) *report.Cases) {
	bases := map[string]map[string]*years{} // by source and basis
	b.each("purposes", func(a *reportAnswer, r []string) {
		if bases[r[0]] == nil {
			bases[r[0]] = map[string]*years{}
		}
		y := bases[r[0]][r[1]]
		if y == nil {
			y = newYears()
			bases[r[0]][r[1]] = y
		}
		y.add(int(a.int(r, 2)), r[3], a.int(r, 5), a.int(r, 6), a.int(r, 7), r[4] == "true")
	})
	for source, found := range bases {
		c := of(source)
		if c == nil {
			continue
		}
		for _, basis := range []string{"exploitation", "registration", "identification"} {
			if y := found[basis]; y != nil {
				c.Purposes = y.report(basis)
				break
			}
		}
	}
}

// years is people by year and code, while they are gathered.
type years struct {
	of      map[int]int64 // all people of a year
	partial map[int]bool
	spans   map[string]map[int][2]int64
}

func newYears() *years {
	return &years{of: map[int]int64{}, partial: map[int]bool{}, spans: map[string]map[int][2]int64{}}
}

func (y *years) add(year int, code string, low, high, of int64, partial bool) {
	y.of[year], y.partial[year] = max(y.of[year], of), y.partial[year] || partial
	if y.spans[code] == nil {
		y.spans[code] = map[int][2]int64{}
	}
	s := y.spans[code][year]
	y.spans[code][year] = [2]int64{s[0] + low, s[1] + high}
}

// report is the last years and the most frequent codes.
func (y *years) report(basis string) *report.Years {
	out := &report.Years{Basis: basis, List: "purpose"}
	if len(y.of) == 0 {
		return nil
	}
	out.Years = lastYears(slices.Collect(maps.Keys(y.of)))
	sum := map[string]int64{}
	for code, spans := range y.spans {
		for _, year := range out.Years {
			sum[code] += spans[year][1]
		}
	}
	codes := slices.SortedFunc(maps.Keys(sum), func(a, b string) int { return cmp.Or(cmp.Compare(sum[b], sum[a]), cmp.Compare(a, b)) })
	for _, code := range codes[:min(len(codes), reportPurposes)] {
		l := report.Line{Code: code}
		for _, year := range out.Years {
			s := y.spans[code][year]
			l.Counts = append(l.Counts, peopleSpan(s[0], s[1]))
		}
		out.Lines = append(out.Lines, l)
	}
	for _, year := range out.Years {
		out.Of = append(out.Of, countOf(y.of[year]))
		if y.partial[year] {
			out.Partial = append(out.Partial, year)
		}
	}
	return out
}

// lastYears is the last of the years, without a gap between them.
func lastYears(all []int) []int {
	last := slices.Max(all)
	var out []int
	for year := max(slices.Min(all), last-reportYears+1); year <= last; year++ {
		out = append(out, year)
	}
	return out
}

// flows is the largest of those that may be shown.
func (b *reporter) flows(of func(string) *report.Cases) {
	b.each("flows", func(a *reportAnswer, r []string) {
		c := of(r[0])
		if c == nil {
			return
		}
		if c.Flows == nil {
			c.Flows = &report.Flows{}
		}
		n := countOf(a.int(r, 3))
		if _, ok := n.Number(); !ok || len(c.Flows.Flows) == reportFlows {
			c.Flows.Less++
			return
		}
		c.Flows.Flows = append(c.Flows.Flows, report.Flow{From: r[1], To: r[2], Count: n})
	})
}

// means is the most frequent. Those who say yes and those who say no add up to those who reportAnswer: where either is small, so
// that the other would give it away, both are hidden.
func (b *reporter) means(of func(string) *report.Cases) {
	b.each("means", func(a *reportAnswer, r []string) {
		c := of(r[0])
		if c == nil || len(c.Means) == reportMeans {
			return
		}
		yes, all := a.int(r, 2), a.int(r, 3)
		parts, sum := smallCells.Row([]int64{yes, max(0, all-yes)})
		c.Means = append(c.Means, report.Asked{Code: r[1], Yes: shown(parts[0]), Answered: shown(sum), Asked: countOf(a.int(r, 4))})
	})
}

func (b *reporter) law(of func(string) *report.Cases) {
	type split struct {
		codes []string
		n     []int64
	}
	splits := map[[2]string]*split{} // by source and what is split
	var order [][2]string
	b.each("law", func(a *reportAnswer, r []string) {
		k := [2]string{r[0], r[1]}
		if splits[k] == nil {
			splits[k] = &split{}
			order = append(order, k)
		}
		splits[k].codes, splits[k].n = append(splits[k].codes, r[2]), append(splits[k].n, a.int(r, 3))
	})
	states := []string{"stated", "inferred", "denied", "unknown", "not_collected"}
	for _, k := range order {
		c := of(k[0])
		if c == nil {
			continue
		}
		if c.Law == nil {
			c.Law = &report.Law{}
		}
		s := splits[k]
		parts, all := smallCells.Row(s.n)
		out := report.Split{Of: k[1], All: shown(all)}
		for i, code := range s.codes {
			out.Parts = append(out.Parts, report.Part{Code: code, Count: shown(parts[i])})
		}
		if k[1] == "status" {
			slices.SortStableFunc(out.Parts, func(a, b report.Part) int { return cmp.Compare(larger(b), larger(a)) })
			c.Law.Statuses = out
			continue
		}
		slices.SortStableFunc(out.Parts, func(a, b report.Part) int {
			return cmp.Compare(slices.Index(states, a.Code), slices.Index(states, b.Code))
		})
		c.Law.Elements = append(c.Law.Elements, out)
	}
}

// larger is a count to sort by; a hidden one comes last.
func larger(p report.Part) int64 {
	if n, ok := p.Count.Number(); ok {
		return n
	}
	return -1
}

// covered is who has reported on which country and year, and the two counts side by side.
func (b *reporter) covered(in *report.Input) {
	type place struct {
		pairs         map[int]report.Pair
		agencies, all int64
		reports       bool // the state has reported of some year
	}
	at := map[string]*place{}
	var all []int
	b.each("coverage", func(a *reportAnswer, r []string) {
		if r[0] == "" {
			return
		}
		p, year := at[r[0]], int(a.int(r, 1))
		if p == nil {
			p = &place{pairs: map[int]report.Pair{}}
			at[r[0]] = p
		}
		q := report.Pair{StatesLow: a.int(r, 4), StatesHigh: a.int(r, 5), StatesStatus: r[6]}
		if high := a.int(r, 3); high >= 0 {
			s := peopleSpan(a.int(r, 2), high)
			q.Agencies = &s
			p.agencies += high
		}
		if reported := q.StatesStatus == "reported" || q.StatesStatus == "nil"; reported {
			p.all, p.reports = p.all+q.StatesHigh, true
		}
		if q.Agencies != nil || q.StatesStatus != "missing" {
			all = append(all, year)
		}
		p.pairs[year] = q
	})
	if len(all) == 0 {
		return
	}
	span := reportedYears(all)
	codes := slices.SortedFunc(maps.Keys(at), func(a, b string) int {
		return cmp.Or(cmp.Compare(at[b].agencies, at[a].agencies), cmp.Compare(at[b].all, at[a].all), cmp.Compare(a, b))
	})
	cover, beside := &report.Coverage{Years: span}, &report.Beside{Years: span}
	for _, code := range codes {
		c, d := report.CoverageCountry{Country: code}, report.BesideCountry{Country: code}
		for _, year := range span {
			q, there := at[code].pairs[year]
			if !there {
				q.StatesStatus = "missing"
			}
			c.States, d.Pairs = append(c.States, reportedBy(q)), append(d.Pairs, q)
		}
		if len(cover.Countries) < reportCountries {
			cover.Countries = append(cover.Countries, c)
		} else {
			cover.Less++
		}
		switch {
		case at[code].agencies == 0 || !at[code].reports:
		case len(beside.Countries) < reportBeside:
			beside.Countries = append(beside.Countries, d)
		default:
			beside.Less++
		}
	}
	in.Coverage = cover
	if len(beside.Countries) > 0 {
		in.Beside = beside
	}
}

// reportedYears is the last of the years of which anybody has reported: a year of which nobody did has no place.
func reportedYears(all []int) []int {
	slices.Sort(all)
	all = slices.Compact(all)
	return all[max(0, len(all)-reportSpan):]
}

// reportedBy is who has reported.
func reportedBy(q report.Pair) string {
	states := q.StatesStatus == "reported" || q.StatesStatus == "nil"
	switch {
	case q.Agencies != nil && states:
		return "both"
	case q.Agencies != nil:
		return "agencies"
	case states:
		return "states"
	case q.StatesStatus == "late":
		return "late"
	}
	return "missing"
}
