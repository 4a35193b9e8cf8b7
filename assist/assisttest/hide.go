package assisttest

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"palermo/assist"
	"palermo/extract"
	"palermo/mappings"
	"palermo/schemas"
)

// Figures is what the assistant makes of one source without knowing it.
type Figures struct {
	Columns, Filled, Right    int // columns that the source's mapping reads; those that were filled in; those rightly
	Words, Top1, Top3, Opaque int // words that it has codes for; rightly first; among three; abbreviations, left out

	Wrong []string // columns that were filled in wrongly
	Open  []string // columns that the mapping reads and that were left as questions
	Lost  []string // words whose first proposal is another
}

// Add adds the figures of another source or file.
func (f *Figures) Add(o Figures) {
	f.Columns, f.Filled, f.Right = f.Columns+o.Columns, f.Filled+o.Filled, f.Right+o.Right
	f.Words, f.Top1, f.Top3, f.Opaque = f.Words+o.Words, f.Top1+o.Top1, f.Top3+o.Top3, f.Opaque+o.Opaque
	f.Wrong, f.Open, f.Lost = append(f.Wrong, o.Wrong...), append(f.Open, o.Open...), append(f.Lost, o.Lost...)
}

func share(a, b int) float64 {
	if b == 0 {
		return 1
	}
	return float64(a) / float64(b)
}

// Precision is the share of the columns filled in that were rightly.
func (f *Figures) Precision() float64 { return share(f.Right, f.Filled) }

// Recall is the share of the columns that the mapping reads that were rightly filled in.
func (f *Figures) Recall() float64 { return share(f.Right, f.Columns) }

// First is the share of the words whose first proposal is the mapping's code.
func (f *Figures) First() float64 { return share(f.Top1, f.Words) }

// Three is the share of the words of whose three proposals one is.
func (f *Figures) Three() float64 { return share(f.Top3, f.Words) }

// Row is the figures as a row of the manual's table.
func (f *Figures) Row(name string) string {
	return fmt.Sprintf("| %s | %d | %.2f | %.2f | %d | %.2f | %.2f | %d |", name, f.Columns, f.Precision(), f.Recall(), f.Words, f.First(), f.Three(), f.Opaque)
}

// Hide holds the files of one source against a lexicon that does not know the source: neither its mapping, with all
// its vintages, nor the words that were added for it.
func Hide(ctx context.Context, s *schemas.Schema, set *mappings.Set, source string, files []string, tmp string) (Figures, error) {
	l, err := assist.NewLexicon(s, set, source)
	if err != nil {
		return Figures{}, err
	}
	return measure(ctx, l, s, set, source, files, tmp)
}

// HideAll is Hide where the lexicon has no word of the source's at all, also none that published vocabularies have.
func HideAll(ctx context.Context, s *schemas.Schema, set *mappings.Set, source string, files []string, tmp string) (Figures, error) {
	l, err := assist.NewBlindLexicon(s, set, source)
	if err != nil {
		return Figures{}, err
	}
	return measure(ctx, l, s, set, source, files, tmp)
}

func measure(ctx context.Context, l *assist.Lexicon, s *schemas.Schema, set *mappings.Set, source string, files []string, tmp string) (Figures, error) {
	m := set.Source(source)
	var out Figures
	done := map[string]bool{}
	for _, name := range files {
		f, err := hideFile(ctx, l, set, m, name, tmp, done)
		if err != nil {
			return out, err
		}
		out.Add(f)
	}
	out.Add(hideWords(l, s, m))
	return out, nil
}

// hideFile assigns the columns of one file. A header that was seen is not counted again; a file that cannot be read is
// passed over.
func hideFile(ctx context.Context, l *assist.Lexicon, set *mappings.Set, m *mappings.Mapping, name, tmp string, done map[string]bool) (out Figures, err error) {
	f, err := extract.Open(name, extract.Options{Name: filepath.Base(name), TmpDir: tmp})
	if err != nil {
		return out, nil
	}
	defer f.Close()
	for _, sh := range f.Sheets() {
		rows, err := extract.Preview(ctx, sh, mappings.PreviewRows)
		if err != nil {
			return out, nil
		}
		preview := Preview(rows)
		best := set.Recognise(sh.Title(), preview)
		if len(best) == 0 || !best[0].Matches() || best[0].Mapping != m {
			continue
		}
		key := fmt.Sprint(best[0].Table, best[0].HeaderCells(preview))
		if done[key] {
			continue
		}
		done[key] = true
		table, err := Profile(ctx, sh, preview)
		if err != nil {
			return out, err
		}
		out.Add(hideTable(l, best[0].Entry(), best[0].HeaderCells(preview), table))
	}
	return out, nil
}

// Preview is the rows as mappings look at them.
func Preview(rows []extract.Row) []mappings.PreviewRow {
	out := make([]mappings.PreviewRow, len(rows))
	for i, r := range rows {
		out[i] = mappings.PreviewRow{Num: r.Num, Cells: slices.Clone(r.Cells)}
	}
	return out
}

// profiled is how many rows of a sheet are looked at.
const profiled = 20000

// Profile looks at a sheet without any mapping; nil where no header is found.
func Profile(ctx context.Context, sh extract.Sheet, preview []mappings.PreviewRow) (*assist.Table, error) {
	h, header := assist.FindHeader(preview)
	if h.Row == 0 {
		return nil, nil
	}
	p := assist.NewProfiler(sh.Title(), h, header)
	n := 0
	for r, err := range sh.Rows(ctx) {
		if err != nil {
			return nil, err
		}
		if p.Row(r.Num, r.Cells); n == profiled {
			break
		}
		n++
	}
	return p.Table(), nil
}

// hideTable holds what is suggested for each column against what the mapping says of it. The two are brought
// together by the column's place: the assistant may take a title, or names that are hidden, for a row of the header. What
// the mapping reads in a way that says nothing of the column's own meaning is not counted, unless it is filled in with what
// the mapping does not say: one that only says when others speak; one of several that together make a value; one
// whose header is a level, and whose cells become rows; one by whose words the value is read, if it is taken for the value's unit.
func hideTable(l *assist.Lexicon, entry *mappings.Table, header []string, table *assist.Table) (out Figures) {
	said, read := meanings(entry, header)
	if table == nil {
		for _, name := range header {
			if len(said[name]) > 0 {
				out.Columns++
			}
		}
		return out
	}
	for _, a := range l.Suggest(table).Columns {
		name := a.Column.Name
		if at := a.Column.Col - 1; at >= 0 && at < len(header) {
			name = header[at]
		}
		want := said[name]
		if len(want) > 0 {
			out.Columns++
		}
		first := "nothing"
		if len(a.Proposals) > 0 {
			first = fmt.Sprintf("%s %.2f, %s", a.Proposals[0].Meaning, a.Proposals[0].Score, a.Proposals[0].Reason)
		}
		if len(a.Proposals) > 1 {
			first += fmt.Sprintf("; then %s %.2f", a.Proposals[1].Meaning, a.Proposals[1].Score)
		}
		first = fmt.Sprintf("%s (%s): %s; the mapping says %v", a.Column.Name, a.Column.Type, first, want)
		switch {
		case a.Certain && len(want) == 0 && slices.Contains(read[name], a.Proposals[0].Meaning):
		case a.Certain:
			out.Filled++
			if slices.Contains(want, a.Proposals[0].Meaning) {
				out.Right++
			} else {
				out.Wrong = append(out.Wrong, first)
			}
		case len(want) > 0:
			out.Open = append(out.Open, first)
		}
	}
	return out
}

// meanings is what the mapping says each column is, and what else it reads of it.
func meanings(entry *mappings.Table, header []string) (said, read map[string][]assist.Meaning) {
	said, read = map[string][]assist.Meaning{}, map[string][]assist.Meaning{}
	for _, d := range append(assist.Decided(entry), assist.Joined(entry)...) {
		if d.Unsaid {
			read[d.Column] = append(read[d.Column], d.What)
		} else {
			said[d.Column] = append(said[d.Column], d.What)
		}
	}
	for _, c := range entry.Columns {
		for name := range c.When { // by which the value is read in one way or another: it says of what unit it is
			if c.To == "value" {
				read[name] = append(read[name], assist.Meaning{Table: entry.Target, Field: "unit_code"})
			}
		}
	}
	for name := range said { // what a column is and what it is a part of are both right
		said[name] = append(said[name], read[name]...)
	}
	if entry.Unpivot == nil {
		return said, read
	}
	for _, name := range header { // each such header holds a value of what reads it
		if !entry.Unpivot.MayHold(name) {
			continue
		}
		for _, c := range entry.Columns {
			if slices.ContainsFunc(entry.Unpivot.Levels, func(l mappings.Level) bool { return l.As == c.From }) {
				said[name] = append(said[name], assist.Meaning{Table: entry.Target, Field: c.To})
			}
		}
	}
	for _, c := range entry.Columns {
		if c.From != entry.Unpivot.Value {
			continue
		}
		for _, level := range entry.Unpivot.Levels {
			for _, word := range level.Is {
				read[word] = append(read[word], assist.Meaning{Table: entry.Target, Field: c.To})
			}
		}
	}
	return said, read
}

// hideWords holds every word that the source's value maps give a code against what is proposed for it. Words of
// one or two characters, and codes of a machine, are abbreviations that nothing can be said of without their key.
func hideWords(l *assist.Lexicon, s *schemas.Schema, m *mappings.Mapping) (out Figures) {
	done := map[string]bool{}
	for i := range m.Tables {
		if m.Tables[i].Unpivot != nil { // what a label says there, its place says too
			continue
		}
		for _, d := range assist.Decided(&m.Tables[i]) {
			if d.Part == "mark" { // letters behind a day
				continue
			}
			f := s.Table(d.What.Table).Field(d.What.Field)
			values := m.Codes(d.Codes)
			if d.Codes == "" || values == nil || f == nil || f.Codes == "" || done[d.Codes+f.Codes] {
				continue
			}
			done[d.Codes+f.Codes] = true
			for _, e := range values.Entries {
				if e.Status() != "" {
					continue
				}
				if len([]rune(e.Word)) <= 2 || strings.Trim(e.Word, "0123456789-") == "" || assist.MachineCode(e.Word) {
					out.Opaque++
					continue
				}
				out.Words++
				ps := l.CodesUnder(f.Codes, e.Word, d.Column)
				if len(ps) == 0 || ps[0].Code != e.Code {
					out.Lost = append(out.Lost, fmt.Sprintf("%s %q is %s, proposed %v", f.Codes, e.Word, e.Code, ps))
				}
				for k, p := range ps {
					if p.Code != e.Code {
						continue
					}
					out.Top3++
					if k == 0 {
						out.Top1++
					}
				}
			}
		}
	}
	return out
}
