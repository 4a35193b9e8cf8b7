package transform

import (
	"slices"
	"strings"

	"palermo/diag"
	"palermo/schemas"
)

// severalMaker makes a value of some cells of a row, where the rules of severals say only whether. It
// is asked once for each distinct set of words, and never where all are blank.
type severalMaker struct {
	make  func(cells, words []string) *outcome
	fills schemas.Type
}

// severalMakers is the rules that a mapping may name under "several" beside severals.
var severalMakers = map[string]severalMaker{
	"join":    {joined, schemas.Text},
	"quarter": {quarter, schemas.Date},
}

// joined is the words in the order of their columns, with "; " between them. A word that the mapping
// does not list is shown by its shape.
func joined(cells, words []string) *outcome {
	var out []string
	for _, c := range cells {
		switch {
		case c == "":
		case slices.Contains(words, c):
			out = append(out, c)
		default:
			out = append(out, Shape(c))
		}
	}
	return &outcome{text: strings.Join(out, "; "), has: true, listed: true}
}

// quarter is the days of a quarter, from a cell with the year and one with "Q1", "1" or "1st".
func quarter(cells, _ []string) *outcome {
	if len(cells) == 2 {
		n := slices.IndexFunc([]string{"1", "2", "3", "4"}, func(q string) bool {
			return cells[1] == q || strings.EqualFold(cells[1], "Q"+q)
		})
		if y, bad := parseYear(cells[0], params{}); bad == "" && n >= 0 {
			from := 3*n + 1
			v := between(day(int(y.low), from, 1), day(int(y.low), from+3, 1)-1)
			v.precision = "quarter"
			return &outcome{value: v, has: true, listed: true}
		}
	}
	return &outcome{finding: diag.ValueNotPeriod}
}

// value is what a rule that makes values gives for the words, made once.
func (s *boundSeveral) value(cells []string) *outcome {
	key := strings.Join(cells, "\x00")
	if o, ok := s.made[key]; ok {
		return o
	}
	o := &outcome{blank: true, status: statusNotCollected}
	if strings.Trim(key, "\x00") != "" {
		o = s.maker.make(slices.Clone(cells), s.plan.Words)
		o.word = strings.Clone(strings.Join(cells, "; "))
	}
	o.rule = "rule:" + s.plan.Rule
	if s.made == nil {
		s.made = map[string]*outcome{}
	}
	if len(s.made) < maxWords {
		s.made[strings.Clone(key)] = o
		s.order = append(s.order, o)
	}
	return o
}

// gave reports whether the outcome is one that the rule made.
func (s *boundSeveral) gave(o *outcome) bool {
	return o == s.yes || o == s.no || slices.Contains(s.order, o)
}

// report adds what the rule found wrong, each at the first row that holds the words.
func (s *boundSeveral) report(t *Table, ds *diag.List) {
	for _, o := range s.order {
		if o.finding == "" || o.rows == 0 {
			continue
		}
		at := diag.Pos{File: t.origin.File, Sheet: t.origin.Sheet, Row: o.firstRow}
		if r := s.raw[len(s.raw)-1]; r >= 0 {
			at.Col = max(t.header[r-2].Col, 0) // one that unpivoting makes has no column of its own
		}
		d := finding(o.finding, at, s.plan.To, reason(o.finding))
		d.Value = o.word
		ds.AddN(d, o.rows)
	}
}
