package report

import (
	"strconv"

	"palermo/load/receipt"
)

// most is how many rows a table of what may be long has.
const most = 25

// arrivals is what came in, and what became of it.
func (p *Page) arrivals() *Section {
	if len(p.in.Arrivals) == 0 {
		return nil
	}
	head := []string{"agency", "last_file", "files", "read", "loaded", "rejected", "skipped"}
	if p.in.Agency != "" {
		head = []string{"receipt", "received", "state", "read", "loaded", "rejected", "skipped"}
	}
	t := p.table(p.Text("unit_rows"), head...)
	var list []whole
	for i, a := range p.in.Arrivals {
		if i == most {
			t.More = p.more(len(p.in.Arrivals) - most)
			break
		}
		name := a.Name
		if a.No > 0 {
			name = p.texts.Text("agency_no", "n", p.number(int64(a.No)))
		}
		second := Cell{Text: p.number(a.Files), Class: "n"}
		if a.Fresh > 0 {
			second.Text += " (+" + p.number(a.Fresh) + ")"
		}
		if p.in.Agency != "" {
			second = Cell{Text: p.state(a.State)}
		}
		t.Rows = append(t.Rows, []Cell{{Text: name, Class: nowrap(name)}, {Text: a.Last.UTC().Format("2006-01-02"), Class: "d"}, second, {Text: p.number(a.Read), Class: "n"},
			{Text: p.number(a.Loaded), Class: "n"}, {Text: p.number(a.Rejected), Class: "n"}, {Text: p.number(a.Skipped), Class: "n"}})
		if a.Read > 0 && i < 12 {
			list = append(list, whole{label: name, value: p.number(a.Read), parts: []part{
				{"k0", float64(a.Loaded), tip(name, p.Text("loaded"), p.number(a.Loaded))},
				{"k3", float64(a.Rejected), tip(name, p.Text("rejected"), p.number(a.Rejected))},
				{"kx", float64(a.Skipped), tip(name, p.Text("skipped"), p.number(a.Skipped))}}})
		}
	}
	legend := []Key{{"k0", p.Text("loaded")}, {"k3", p.Text("rejected")}, {"kx", p.Text("skipped")}}
	return p.section("arrivals", Figure{Chart: wholes(p.Text("title_arrivals"), list), Legend: legend, Table: t})
}

// nowrap is the class of a name that is short enough to stay in one line.
func nowrap(name string) string {
	if len([]rune(name)) > 16 {
		return ""
	}
	return "d"
}

// state is what has become of a file, as its receipt says it.
func (p *Page) state(s string) string {
	c, err := receipt.CatalogueOf(p.Language)
	if err != nil {
		return s
	}
	return c.States[receipt.State(s)].Word
}

// changes is how the snapshot differs from the one before.
func (p *Page) changes() *Section {
	c := p.in.Changes
	if c == nil {
		return nil
	}
	s := p.section("changes")
	switch {
	case c.From == "":
		s.Notes = []string{p.Text("changes_first")}
		return s
	case c.Rough:
		s.Notes = append(s.Notes, p.Text("changes_rough"))
	}
	s.Notes = append(s.Notes, p.texts.Text("changes_from", "run", c.From))
	if len(c.Tables) == 0 {
		s.Notes = append(s.Notes, p.Text("none"))
		return s
	}
	t := p.table(p.Text("unit_rows"), "table", "reason", "added", "changed", "removed")
	for i, x := range c.Tables {
		if i == most {
			t.More = p.more(len(c.Tables) - most)
			break
		}
		why := ""
		if x.Reason != "" {
			why = p.Text("reason_" + x.Reason)
		}
		t.Rows = append(t.Rows, []Cell{{Text: x.Table}, {Text: why}, {Text: p.number(x.Added), Class: "n"}, {Text: p.number(x.Changed), Class: "n"}, {Text: p.number(x.Removed), Class: "n"}})
	}
	s.Figures = []Figure{{Table: t}}
	return s
}

// coverageMarks is the mark and the colour of what is reported of a country and year.
var coverageMarks = map[string][2]string{"both": {"●", "g0"}, "agencies": {"◐", "g1"}, "states": {"○", "g2"}, "late": {"…", "g3"}, "missing": {"·", ""}}

// coverage is who has reported, by country and year. The table is the chart.
func (p *Page) coverage() *Section {
	c := p.in.Coverage
	if c == nil || len(c.Countries) == 0 {
		return nil
	}
	t := p.table(p.Text("coverage_marks"), "country")
	t.Grid = true
	t.Head = append(t.Head, years(c.Years)...)
	for _, x := range c.Countries {
		row := []Cell{{Text: p.label("country", x.Country)}}
		for _, s := range x.States {
			row = append(row, Cell{Text: coverageMarks[s][0], Class: "m " + coverageMarks[s][1], Hidden: p.Text("coverage_" + s)})
		}
		t.Rows = append(t.Rows, row)
	}
	t.More = p.more(c.Less)
	var legend []Key
	for _, s := range []string{"both", "agencies", "states", "late", "missing"} {
		legend = append(legend, Key{"", coverageMarks[s][0] + " " + p.Text("coverage_"+s)})
	}
	return p.section("coverage", Figure{Legend: legend, Table: t})
}

// completeness is how many records have each field.
func (p *Page) completeness() *Section {
	c := p.in.Completeness
	if c == nil || len(c.Fields) == 0 {
		return nil
	}
	t := p.table(p.unit("records"), "field", "known", "empty", "not_asked", "share")
	var list []whole
	for _, f := range c.Fields {
		name := p.Text("field_" + f.Field)
		share := p.share(f.Known, c.Records)
		t.row(name, p.count(f.Known), p.count(f.Empty), p.count(f.None), share)
		w := whole{label: name, value: share}
		w.add("k0", f.Known, tip(name, p.Text("known"), p.count(f.Known)))
		w.add("k2", f.Empty, tip(name, p.Text("empty"), p.count(f.Empty)))
		w.add("kx", f.None, tip(name, p.Text("not_asked"), p.count(f.None)))
		list = append(list, w)
	}
	legend := []Key{{"k0", p.Text("known")}, {"k2", p.Text("empty")}, {"kx", p.Text("not_asked")}}
	return p.section("completeness", Figure{Chart: wholes(p.Text("title_completeness"), list), Legend: legend, Table: t})
}

// checks is those that did not pass.
func (p *Page) checks() *Section {
	c := p.in.Checks
	if c == nil {
		return nil
	}
	s := p.section("checks")
	s.Notes = append(s.Notes, p.texts.Count("passed", c.Passed))
	if len(c.Others) == 0 {
		return s
	}
	t := p.table(p.Text("checks_others"), "check", "subject", "severity", "measured", "expected")
	for i, x := range c.Others {
		if i == most {
			t.More = p.more(len(c.Others) - most)
			break
		}
		t.Rows = append(t.Rows, []Cell{{Text: x.Name}, {Text: x.Subject}, {Text: p.label("severity", x.Severity)},
			{Text: plain(x.Measured), Class: "n"}, {Text: passes(x.Low, x.High), Class: "n"}})
	}
	s.Figures = []Figure{{Table: t}}
	return s
}

// plain is a measured figure as a program writes it, since it is compared with one of the settings.
func plain(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

func passes(low, high *float64) string {
	switch {
	case low != nil && high != nil:
		return plain(*low) + "–" + plain(*high)
	case low != nil:
		return "≥\u202f" + plain(*low)
	case high != nil:
		return "≤\u202f" + plain(*high)
	}
	return ""
}

// findings is what was found in the files, the most frequent first, as receipts say it.
func (p *Page) findings() *Section {
	if len(p.in.Findings) == 0 {
		return nil
	}
	said, err := receipt.CatalogueOf(p.Language)
	if err != nil {
		return nil
	}
	t := p.table(p.Text("title_findings"), "finding", "severity", "files", "number")
	for i, f := range p.in.Findings {
		if i == most {
			t.More = p.more(len(p.in.Findings) - most)
			break
		}
		what, class := said.Findings[f.Code].Wrong, ""
		if what == "" || p.in.Agency == "" {
			what, class = string(f.Code), "w"
		}
		t.Rows = append(t.Rows, []Cell{{Text: what, Class: class}, {Text: p.label("severity", f.Severity)}, {Text: p.number(f.Files), Class: "n"}, {Text: p.number(f.Count), Class: "n"}})
	}
	return p.section("findings", Figure{Table: t})
}

// words is the words that have no code.
func (p *Page) words() *Section {
	w := p.in.Words
	if w == nil || len(w.List) == 0 {
		return nil
	}
	t := p.table(p.Text("title_words"), "word", "source", "field", "files", "unit_rows")
	for _, x := range w.List {
		t.Rows = append(t.Rows, []Cell{{Text: x.Word, Class: "w"}, {Text: x.Source, Class: "w"}, {Text: x.Field, Class: "w"}, {Text: p.number(x.Files), Class: "n"}, {Text: p.number(x.Rows), Class: "n"}})
	}
	t.More = p.more(int(w.All) - len(w.List))
	return p.section("words", Figure{Table: t})
}
