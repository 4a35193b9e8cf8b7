package pipeline

import (
	"context"

	"palermo/assist"
	"palermo/extract"
	"palermo/mappings"
	"palermo/schemas"
	"palermo/transform"
)

// TableProfile is a sheet as it looks without any mapping, which known source it is most like, and how it differs
// from it.
type TableProfile struct {
	HeaderRow  int             `json:"header_row"`
	HeaderRows int             `json:"header_rows"`
	Merged     int             `json:"merged,omitempty"` // cells of the header that take the text to their left
	Rows       int             `json:"rows"`
	Columns    []ColumnProfile `json:"columns"`
	Best       *Likeness       `json:"best,omitempty"`
	RunnerUp   *Likeness       `json:"runner_up,omitempty"` // the best of another source
	Drift      []assist.Change `json:"drift,omitempty"`     // against the best, where it is likely
}

// ColumnProfile is one column. Its name is shown where it is a word for something that a field holds, else as its
// length and script; examples are words that a code list or a mapping has, and never of a column that could
// hold a person's data.
type ColumnProfile struct {
	Name     string            `json:"name"`
	Col      int               `json:"col"`
	Type     assist.Type       `json:"type"`
	Filled   int               `json:"filled"`
	Distinct int               `json:"distinct"`
	More     bool              `json:"more,omitempty"` // there are more different words than were counted
	Examples []string          `json:"examples,omitempty"`
	Could    []assist.Proposal `json:"could,omitempty"` // fields that it could be, the likeliest first
}

// Likeness is how like a known source's table a sheet is, from 0 to 1.
type Likeness struct {
	Source  string  `json:"source"`
	Vintage string  `json:"vintage"`
	Score   float64 `json:"score"`
}

// Likely is the score from which a sheet is said to be another form of a source.
const Likely = 0.35

// tableProfile looks at a sheet. Where a mapping matches it, the header is where that says. It is nil where no header
// was found.
func tableProfile(ctx context.Context, sh extract.Sheet, l *assist.Lexicon, s *schemas.Schema, set *mappings.Set, known *mappings.Candidate, preview []mappings.PreviewRow) (*TableProfile, error) {
	h, header := assist.FindHeader(preview)
	if known != nil {
		h, header = assist.Header{Row: known.HeaderRow, Rows: max(known.Entry().Header.Rows, 1), Merged: h.Merged}, known.HeaderCells(preview)
	}
	if h.Row == 0 {
		return nil, nil
	}
	t, err := profileBelow(ctx, sh, h, header)
	if err != nil {
		return nil, err
	}
	p := &TableProfile{HeaderRow: h.Row, HeaderRows: h.Rows, Merged: h.Merged, Rows: t.Rows}
	nearest := l.Nearest(t, set)
	if known != nil {
		nearest = knownFirst(nearest, known)
	}
	for i := range nearest {
		k := &Likeness{nearest[i].Mapping.Source.ID, nearest[i].Entry().Vintage, round(nearest[i].Score)}
		switch {
		case p.Best == nil:
			p.Best = k
		case p.RunnerUp == nil && k.Source != p.Best.Source:
			p.RunnerUp = k
		}
	}
	if p.Best != nil && nearest[0].Score >= Likely {
		p.Drift = l.Drift(t, &nearest[0])
	}
	for _, a := range l.Suggest(t).Columns {
		p.Columns = append(p.Columns, columnProfile(l, s, set, &a))
	}
	hideNames(p)
	return p, nil
}

// knownFirst puts the entry that a run would load the sheet by before the others.
func knownFirst(all []assist.Likeness, known *mappings.Candidate) []assist.Likeness {
	var out, rest []assist.Likeness
	for _, k := range all {
		if k.Mapping == known.Mapping && k.Table == known.Table {
			out = append(out, k)
		} else {
			rest = append(rest, k)
		}
	}
	return append(out, rest...)
}

func round(x float64) float64 { return float64(int(x*1000+0.5)) / 1000 }

// shownProposals is how many fields a column's profile names, and shownExamples how many words.
const (
	shownProposals = 3
	shownExamples  = 5
)

func columnProfile(l *assist.Lexicon, s *schemas.Schema, set *mappings.Set, a *assist.Assigned) ColumnProfile {
	c := a.Column
	p := ColumnProfile{Name: c.Name, Col: c.Col, Type: c.Type, Filled: c.Filled, Distinct: c.Distinct, More: c.Many}
	for _, q := range a.Proposals[:min(shownProposals, len(a.Proposals))] {
		q.Score = round(q.Score)
		p.Could = append(p.Could, q)
	}
	if !named(set, c.Name) && (len(a.Proposals) == 0 || a.Proposals[0].Score < 0.6) {
		p.Name = transform.Shape(c.Name)
	}
	if len(a.Proposals) == 0 || c.Type == assist.Text {
		return p
	}
	f := s.Table(a.Proposals[0].Table).Field(a.Proposals[0].Field)
	list := f.Codes
	if a.Proposals[0].Code != "" {
		list = "answer"
	}
	if list == "" || f.Class == schemas.ClassDirect {
		return p
	}
	for _, w := range c.Words {
		if len(p.Examples) < shownExamples && l.Certain(list, w.Word) != "" {
			p.Examples = append(p.Examples, w.Word)
		}
	}
	return p
}

// named reports whether any mapping names a column so.
func named(set *mappings.Set, name string) bool {
	for _, m := range set.Mappings {
		for i := range m.Tables {
			if m.Tables[i].Names(name) {
				return true
			}
		}
	}
	return false
}

// hideNames shows the columns of the drift as the profile does.
func hideNames(p *TableProfile) {
	shown := map[int]string{}
	for _, c := range p.Columns {
		shown[c.Col] = c.Name
	}
	for i := range p.Drift {
		if d := &p.Drift[i]; d.Col > 0 && d.Kind != "column_moved" {
			d.Column = shown[d.Col]
		}
	}
}
