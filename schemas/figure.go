package schemas

import (
	"strconv"
	"time"
)

// Figure is one figure that was published about a population, as a reader of the publication
// finds it. What ours come to is the business of the view published_figure.
type Figure struct {
	ID           string
	Source       string // whose rows of ours it may be held against; empty where it may not
	Population   string
	Counted      string    // what is counted: records, countries, states
	PeriodStated string    // as the publication says
	From, To     time.Time // the days over which ours are counted; zero for an open end
	Measure      string
	Base         string // what a share is of; empty for none
	BaseStated   string // of the list figure_base; empty where there is no base
	Relation     string // of the list figure_relation
	Text         string // the value as printed; words are separated by a blank
	Low, High    *float64
	Unit         string
	Nature       string // of the list figure_nature
	Comparable   bool
	Reason       string // why it is not comparable
	Citation     string
}

// figuresFile has the published figures.
const figuresFile = "figures.csv"

var figureHeader = []string{"figure_id", "source_id", "population", "counted_unit", "period_stated", "period_from", "period_to",
	"measure", "base", "base_stated", "relation", "value_text", "value_low", "value_high", "value_unit", "nature", "comparable", "reason", "citation"}

func (l *loader) loadFigures() {
	seen := map[string]bool{}
	l.fault(readCSV(l.fsys, figuresFile, figureHeader, nil, func(r csvRow) error {
		if seen[r.cells[0]] {
			return r.errorf(0, "figure %q twice", r.cells[0])
		}
		seen[r.cells[0]] = true
		return l.addFigure(r)
	}))
}

func (l *loader) addFigure(r csvRow) error {
	c := r.cells
	f := Figure{ID: c[0], Source: c[1], Population: c[2], Counted: c[3], PeriodStated: c[4], Measure: c[7], Base: c[8], BaseStated: c[9],
		Relation: c[10], Text: c[11], Unit: c[14], Nature: c[15], Comparable: c[16] == "yes", Reason: c[17], Citation: c[18]}
	for _, i := range []int{0, 2, 3, 4, 7, 11, 14, 18} {
		if c[i] == "" {
			return r.errorf(i, "figure without %s", r.header[i])
		}
	}
	for i, list := range map[int]string{9: "figure_base", 10: "figure_relation", 15: "figure_nature"} {
		if known := l.s.lists[list]; known == nil || known.Index(c[i]) < 0 && (i != 9 || c[i] != "") {
			return r.errorf(i, "list %q has no code %q", list, c[i])
		}
	}
	for i, day := range map[int]*time.Time{5: &f.From, 6: &f.To} {
		var err error
		if *day, err = time.Parse(time.DateOnly, c[i]); err != nil && c[i] != "" {
			return r.errorf(i, "%q is no day", c[i])
		}
	}
	for i, end := range map[int]**float64{12: &f.Low, 13: &f.High} {
		x, err := strconv.ParseFloat(c[i], 64)
		switch {
		case err == nil:
			*end = &x
		case c[i] != "":
			return r.errorf(i, "%q is no number", c[i])
		}
	}
	switch {
	case c[16] != "yes" && c[16] != "no":
		return r.errorf(16, "comparable is yes or no")
	case f.Comparable != (f.Source != ""):
		return r.errorf(1, "a figure has a source where it is comparable")
	case f.Comparable != (f.Reason == ""):
		return r.errorf(17, "a figure has a reason where it is not comparable")
	case f.Low != nil && f.High != nil && *f.Low > *f.High || !f.To.IsZero() && f.From.After(f.To):
		return r.errorf(12, "an interval that ends before it begins")
	}
	l.s.Figures = append(l.s.Figures, f)
	return nil
}
