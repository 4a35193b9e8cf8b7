package report

import (
	"math"
	"slices"
)

// ages is the pyramid.
func (p *Page) ages(c *Cases) []Figure {
	if len(c.Ages) == 0 {
		return nil
	}
	female, male := p.label("sex", "female"), p.label("sex", "male")
	t := p.table(p.unit(c.Unit), "age")
	t.Head = append(t.Head, female, male, p.label("sex", "other"))
	var labels []string
	var sides [][2]side
	for _, a := range c.Ages {
		name, class := p.span(a.From, a.To), "k1"
		switch {
		case a.To == 0:
			name = p.number(a.From) + "+"
		case a.To < 18:
			class = "k0"
		}
		labels = append(labels, name)
		sides = append(sides, [2]side{p.side(female, name, class, a.Female), p.side(male, name, class, a.Male)})
		t.row(name, p.between(a.Female), p.between(a.Male), p.between(a.Other))
	}
	legend := []Key{{"k0", p.Text("children")}, {"k1", p.Text("adults")}}
	if slices.ContainsFunc(c.Ages, func(a Age) bool { return a.Female.Low != a.Female.High || a.Male.Low != a.Male.High }) {
		legend = append(legend, Key{"k1 may", p.Text("at_most")})
	}
	return []Figure{{Chart: pyramid(p.Text("title_ages"), female, male, labels, sides), Legend: legend, Table: t}}
}

func (p *Page) side(sex, band, class string, s Span) side {
	return side{height(s.Low), height(s.High), p.between(s), tip(sex, band, p.between(s)), class}
}

// purposes is a small chart for each form of exploitation.
func (p *Page) purposes(c *Cases) []Figure {
	y := c.Purposes
	if y == nil || len(y.Years) == 0 {
		return nil
	}
	t := p.table(p.unit(c.Unit)+". "+p.Text("basis_"+y.Basis), "year")
	names, partial := years(y.Years), map[int]bool{}
	var list []panel
	for i, l := range y.Lines {
		label := p.label(y.List, l.Code)
		t.Head = append(t.Head, label)
		q := panel{label: label, class: class(i)}
		for k, s := range l.Counts {
			q.columns, q.most = append(q.columns, height(s.Low)), append(q.most, height(s.High))
			q.tips = append(q.tips, tip(label, names[k], p.between(s)))
		}
		list = append(list, q)
	}
	t.Head = append(t.Head, p.Text("all"))
	for k, year := range names {
		if partial[k] = slices.Contains(y.Partial, y.Years[k]); partial[k] {
			year += "\u202f*"
		}
		var cells []string
		for _, l := range y.Lines {
			cells = append(cells, p.between(l.Counts[k]))
		}
		t.row(year, append(cells, p.count(y.Of[k]))...)
	}
	if len(y.Partial) > 0 {
		t.More = p.Text("partial")
	}
	return []Figure{{Below: len(t.Head) > 4, Chart: panels(p.Text("title_purposes"), names, partial, list, true, p.axis), Table: t}}
}

// class is the colour of the i-th of several.
func class(i int) string { return "k" + string(rune('0'+i%6)) }

// flows is the sankey of countries.
func (p *Page) flows(c *Cases) []Figure {
	f := c.Flows
	if f == nil || len(f.Flows) == 0 {
		return nil
	}
	t := p.table(p.unit(c.Unit), "from", "to", "number")
	var from, to []string
	var links []link
	place := func(list *[]string, s string) int {
		if i := slices.Index(*list, s); i >= 0 {
			return i
		}
		*list = append(*list, s)
		return len(*list) - 1
	}
	for _, l := range f.Flows {
		a, b := p.label("country", l.From), p.label("country", l.To)
		links = append(links, link{place(&from, a), place(&to, b), height(l.Count), tip(a+" → "+b, p.count(l.Count))})
		t.Rows = append(t.Rows, []Cell{{Text: a}, {Text: b}, {Text: p.count(l.Count), Class: "n"}})
	}
	if f.Less > 0 {
		t.More = p.more(f.Less)
	}
	return []Figure{{Chart: sankey(p.Text("title_flows"), p.Text("from"), p.Text("to"), from, to, links), Table: t}}
}

// means is a bar for each means, of those who were asked and answered.
func (p *Page) means(c *Cases) []Figure {
	if len(c.Means) == 0 {
		return nil
	}
	t := p.table(p.unit(c.Unit), "means", "answered_yes", "answered", "asked", "share")
	var list []bar
	for _, a := range c.Means {
		name := p.label("means", a.Code)
		b := bar{label: name, value: p.share(a.Yes, a.Answered), n: -1, class: "k0", tip: tip(name, p.count(a.Yes)+" / "+p.count(a.Answered))}
		yes, shown := a.Yes.Number()
		if of, all := a.Answered.Number(); shown && all && of > 0 {
			b.n = min(1, float64(yes)/float64(of))
		}
		if b.value == "" {
			b.value = hiddenMark
		}
		list = append(list, b)
		t.row(name, p.count(a.Yes), p.count(a.Answered), p.count(a.Asked), p.share(a.Yes, a.Answered))
	}
	return []Figure{{Chart: bars(p.Text("title_means"), list, 1), Table: t}}
}

// elementClasses is the colours of the states of an element.
var elementClasses = map[string]string{"stated": "k0", "inferred": "k1", "denied": "k3", "unknown": "k5", "not_collected": "kx"}

// law is what is stated of the elements, and how records are read.
func (p *Page) law(c *Cases) []Figure {
	l := c.Law
	if l == nil {
		return nil
	}
	t := p.table(p.unit("records"), "element", "state", "number", "share")
	var legend []Key
	var all []whole
	for _, sp := range l.Elements {
		w := whole{label: p.Text("element_" + sp.Of), value: p.count(sp.All)}
		for _, part := range sp.Parts {
			label := p.label("element_state", part.Code)
			t.Rows = append(t.Rows, []Cell{{Text: w.label}, {Text: label}, {Text: p.count(part.Count), Class: "n"}, {Text: p.share(part.Count, sp.All), Class: "n"}})
			w.add(elementClasses[part.Code], part.Count, tip(w.label, label, p.count(part.Count)))
			if k := (Key{elementClasses[part.Code], label}); !slices.Contains(legend, k) {
				legend = append(legend, k)
			}
		}
		all = append(all, w)
	}
	states := p.table(p.unit("records"), "reading", "number", "share")
	var list []bar
	for _, part := range l.Statuses.Parts {
		label := p.label("assessment_status", part.Code)
		list = append(list, bar{label: label, value: p.count(part.Count), n: height(part.Count), class: "k1", tip: tip(label, p.count(part.Count))})
		states.row(label, p.count(part.Count), p.share(part.Count, l.Statuses.All))
	}
	return []Figure{{Chart: wholes(p.Text("title_law"), all), Legend: legend, Table: t}, {Chart: bars(p.Text("reading"), list, 0), Table: states}}
}

// add adds a part to a bar; a hidden one is not there.
func (w *whole) add(class string, c Count, tip string) {
	w.parts = append(w.parts, part{class, max(0, height(c)), tip})
}

// beside is a small chart for each country: what agencies count, and what its state reported.
func (p *Page) beside() *Section {
	b := p.in.Beside
	if b == nil || len(b.Countries) == 0 {
		return nil
	}
	t := p.table(p.unit("persons"), "country", "counted_by")
	names := years(b.Years)
	t.Head = append(t.Head, names...)
	var list []panel
	for _, c := range b.Countries {
		name := p.label("country", c.Country)
		q := panel{label: name, class: "k1"}
		agencies, states := []Cell{{Text: name}, {Text: p.Text("agencies")}}, []Cell{{Text: name}, {Text: p.Text("state_unodc")}}
		for k, pair := range c.Pairs {
			low, high, text := math.NaN(), math.NaN(), ""
			if pair.Agencies != nil {
				low, high, text = height(pair.Agencies.Low), height(pair.Agencies.High), p.between(*pair.Agencies)
			}
			mark, reported := math.NaN(), p.Text("status_"+pair.StatesStatus)
			if pair.StatesStatus == "reported" || pair.StatesStatus == "nil" {
				mark, reported = (float64(pair.StatesLow)+float64(pair.StatesHigh))/2, p.span(pair.StatesLow, pair.StatesHigh)
			}
			q.columns, q.most, q.marks = append(q.columns, low), append(q.most, high), append(q.marks, mark)
			q.tips = append(q.tips, tip(name, names[k], text+" / "+reported))
			agencies, states = append(agencies, Cell{Text: text, Class: "n"}), append(states, Cell{Text: reported, Class: "n"})
		}
		list = append(list, q)
		t.Rows = append(t.Rows, agencies, states)
	}
	t.More = p.more(b.Less)
	legend := []Key{{"k1", p.Text("agencies")}, {"mark", p.Text("state_unodc")}}
	return p.section("beside", Figure{Below: true, Chart: panels(p.Text("title_beside"), names, nil, list, false, p.axis), Legend: legend, Table: t})
}
