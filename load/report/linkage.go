package report

import (
	"math"
	"strings"
)

// persons is how many records were joined to how many persons.
func (p *Page) persons() *Section {
	l := p.in.Linkage
	if l == nil {
		return nil
	}
	facts := p.table(p.Text("title_persons"), "what", "number")
	facts.row(p.Text("total_records"), p.number(l.Records))
	facts.row(p.Text("total_persons"), p.span(l.PersonsLow, l.PersonsHigh))
	facts.row(p.Text("pairs"), p.number(l.Pairs))
	facts.row(p.Text("for_review"), p.number(l.ForReview))
	facts.row(p.Text("unlinkable"), p.number(l.Unlinkable)+" ("+p.share(Of(l.Unlinkable), Of(l.Records))+")")
	facts.row(p.Text("threshold_link"), plain(l.Link))
	facts.row(p.Text("threshold_review"), plain(l.Review))
	model := l.Model
	if l.BuiltIn {
		model += " (" + p.Text("built_in") + ")"
	}
	facts.Rows = append(facts.Rows, []Cell{{Text: p.Text("model")}, {Text: model, Class: "w"}})
	t := p.table(p.unit("persons"), "size", "number")
	var list []bar
	for _, s := range l.Sizes {
		list = append(list, bar{label: p.texts.Text("size_of", "n", s.Code), value: p.count(s.Count), n: height(s.Count), class: "k0"})
		t.row(s.Code, p.count(s.Count))
	}
	return p.section("persons", Figure{Chart: bars(p.Text("size"), list, 0), Table: t}, Figure{Table: facts})
}

// weights is the pairs by their weight, with the thresholds.
func (p *Page) weights() *Section {
	l := p.in.Linkage
	if l == nil || len(l.Weights) == 0 {
		return nil
	}
	t := p.table(p.Text("pairs"), "bits", "number")
	var list []part
	var labels []string
	for _, b := range l.Weights {
		class := "kx"
		switch {
		case float64(b.Bits)+float64(l.Wide)/2 >= bitsOf(l.Link):
			class = "k0"
		case float64(b.Bits)+float64(l.Wide)/2 >= bitsOf(l.Review):
			class = "k2"
		}
		name := p.number(b.Bits)
		if b.Bits < 0 {
			name = "−" + p.number(-b.Bits)
		}
		list = append(list, part{class, height(b.Pairs), tip(name, p.count(b.Pairs))})
		labels = append(labels, name)
		t.row(name, p.count(b.Pairs))
	}
	var limits []limit
	for _, x := range []limit{{bitsOf(l.Review), "threshold_review_short"}, {bitsOf(l.Link), "threshold_link_short"}} {
		first, wide := float64(l.Weights[0].Bits), float64(l.Wide)
		if at := (x.at - first) / wide; at >= 0 && at <= float64(len(l.Weights)) {
			limits = append(limits, limit{at, p.Text(x.text)})
		}
	}
	legend := []Key{{"k0", p.Text("linked")}, {"k2", p.Text("for_review")}, {"kx", p.Text("apart")}}
	return p.section("weights", Figure{Chart: histogram(p.Text("title_weights"), list, labels, limits, p.axis), Legend: legend, Table: t})
}

// waterfall is what on average makes the weight of joined pairs.
func (p *Page) waterfall() *Section {
	l := p.in.Linkage
	if l == nil || l.Waterfall == nil {
		return nil
	}
	t := p.table(p.Text("bits"), "comparison", "bits")
	var labels, values []string
	var steps []float64
	sum := 0.0
	for _, s := range l.Waterfall.Steps {
		name := p.comparison(s.Comparison)
		labels, values, steps = append(labels, name), append(values, p.decimal(s.Bits)), append(steps, s.Bits)
		t.row(name, p.decimal(s.Bits))
		sum += s.Bits
	}
	labels, values = append(labels, p.Text("sum")), append(values, p.decimal(sum))
	t.row(p.Text("sum"), p.decimal(sum))
	s := p.section("waterfall", Figure{Chart: waterfall(p.Text("title_waterfall"), labels, steps, values), Table: t})
	s.Notes = append(s.Notes, p.texts.Count("mean_of", l.Waterfall.Pairs))
	return s
}

// comparison is what a comparison of the model is called: what it has no text for keeps its name.
func (p *Page) comparison(name string) string {
	if s := p.Text("compare_" + comparisonKey.Replace(name)); s != "" {
		return s
	}
	return name
}

var comparisonKey = strings.NewReplacer(" ", "_", "'", "")

// bitsOf is a probability as weight.
func bitsOf(probability float64) float64 { return math.Log2(probability / (1 - probability)) }

// levels is the weights of the model.
func (p *Page) levels() *Section {
	l := p.in.Linkage
	if l == nil || len(l.Levels) == 0 {
		return nil
	}
	t := p.table(p.Text("model"), "comparison", "outcome", "bits")
	for _, x := range l.Levels {
		t.Rows = append(t.Rows, []Cell{{Text: p.comparison(x.Comparison)}, {Text: x.Says, Class: "w"}, {Text: p.decimal(x.Bits), Class: "n"}})
	}
	return p.section("levels", Figure{Table: t})
}
