//go:build !race

package pipeline

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"palermo/assist"
	"palermo/extract"
	"palermo/mappings"
	"palermo/schemas"
)

// sample is a sheet of a fixture: its first rows, and the entry that it is recognised by.
type sample struct {
	name  string
	sheet string
	rows  []mappings.PreviewRow
	known mappings.Candidate
}

// samples is the sheets of all fixtures that a mapping knows, by source.
func samples(t *testing.T, set *mappings.Set) map[string][]sample {
	t.Helper()
	const most = 80
	out := map[string][]sample{}
	files, err := filepath.Glob("../fixtures/*/in/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		f, err := extract.Open(name, extract.Options{Name: filepath.Base(name), TmpDir: t.TempDir()})
		if err != nil {
			continue // a fixture may be a file that cannot be read
		}
		for _, sh := range f.Sheets() {
			s := sample{name: filepath.Base(name), sheet: sh.Title()}
			for r, err := range sh.Rows(context.Background()) {
				if err != nil || len(s.rows) == most {
					break
				}
				s.rows = append(s.rows, mappings.PreviewRow{Num: r.Num, Cells: cloneText(r.Cells)})
			}
			best := set.Recognise(s.sheet, s.rows[:min(len(s.rows), mappings.PreviewRows)])
			if len(best) > 0 && best[0].Matches() {
				s.known = best[0]
				out[best[0].Mapping.Source.ID] = append(out[best[0].Mapping.Source.ID], s)
			}
		}
		f.Close()
	}
	return out
}

// vary changes a sheet as people do: its name, where the header stands, the order of columns, which are there, and
// in which language and form they are headed.
func vary(r *rand.Rand, l *assist.Lexicon, s sample) (string, []mappings.PreviewRow) {
	sheet := []string{s.sheet, "Sheet1", "Feuil1", "Лист1", "data (2)"}[r.IntN(5)]
	width := 0
	for _, row := range s.rows {
		width = max(width, len(row.Cells))
	}
	rows := make([]mappings.PreviewRow, len(s.rows))
	for i, row := range s.rows {
		cells := make([]string, width)
		copy(cells, row.Cells)
		rows[i] = mappings.PreviewRow{Num: row.Num, Cells: cells}
	}
	n := max(s.known.Entry().Header.Rows, 1) // of a sheet without a header none is changed
	if s.known.Unheaded {
		n = 0
	}
	h := slices.IndexFunc(rows, func(row mappings.PreviewRow) bool { return row.Num == s.known.HeaderRow })
	if n == 1 && r.IntN(2) == 0 {
		translate(r, l, s.known.Entry(), rows[h].Cells)
	}
	if n == 1 && r.IntN(3) == 0 {
		restyle(r, rows[h].Cells)
	}
	if n == 1 && r.IntN(2) == 0 && s.known.Entry().Unpivot == nil {
		rearrange(r, rows, width)
	}
	move := []int{0, 0, 1, 3, 6}[r.IntN(5)]
	var out []mappings.PreviewRow
	for i := range move {
		out = append(out, mappings.PreviewRow{Num: i + 1, Cells: []string{[]string{"", "Ministry of the Interior", "Tables"}[r.IntN(3)]}})
	}
	for _, row := range rows {
		out = append(out, mappings.PreviewRow{Num: row.Num + move, Cells: row.Cells})
	}
	return sheet, out
}

// translate heads the columns that have a meaning in another language.
func translate(r *rand.Rand, l *assist.Lexicon, entry *mappings.Table, header []string) {
	decided := assist.Decided(entry)
	language := []string{"English", "French", "Spanish", "Russian", "Ukrainian", "Bulgarian", "Macedonian", "Serbian", "Romanian", "Albanian"}[r.IntN(10)]
	used := map[string]bool{}
	for i, h := range header {
		for _, d := range decided {
			if d.Column != mappings.Word(h) || d.Unsaid {
				continue
			}
			names := l.Called(d.What, language)
			if len(names) == 0 {
				continue
			}
			if name := names[r.IntN(len(names))]; !used[name] {
				used[name] = true
				header[i] = name
			}
			break
		}
	}
}

// restyle writes headers as machines or people in a hurry do.
func restyle(r *rand.Rand, header []string) {
	style := []func(string) string{strings.ToUpper, strings.ToLower, func(s string) string { return strings.ReplaceAll(s, " ", "_") }, func(s string) string { return s + " " }}[r.IntN(4)]
	for i := range header {
		header[i] = style(header[i])
	}
}

// rearrange changes the order of columns, and drops some: up to a fifth.
func rearrange(r *rand.Rand, rows []mappings.PreviewRow, width int) {
	order := r.Perm(width)
	if r.IntN(2) == 0 {
		slices.Sort(order)
	}
	for range r.IntN(width/5 + 1) {
		i := r.IntN(len(order))
		order = slices.Delete(order, i, i+1)
	}
	for i := range rows {
		cells := make([]string, len(order))
		for k, from := range order {
			cells[k] = rows[i].Cells[from]
		}
		rows[i].Cells = cells
	}
}

// TestInspectVariants holds 300 changed sheets of all sources against all mappings. The best source is the right
// one in 99 of 100, and none is loaded as another.
func TestInspectVariants(t *testing.T) {
	t.Parallel()
	s := schemas.Builtin()
	set, _, err := mappings.Load(mappings.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	l, err := assist.NewLexicon(s, set)
	if err != nil {
		t.Fatal(err)
	}
	all := samples(t, set)
	delete(all, ownFormat)
	sources := sortedKeys(all)
	const variants = 300
	right, loaded := 0, 0
	for i := range variants {
		r := rand.New(rand.NewPCG(uint64(i), 7))
		source := sources[i%len(sources)]
		smp := all[source][r.IntN(len(all[source]))]
		sheet, rows := vary(r, l, smp)
		preview := rows[:min(len(rows), mappings.PreviewRows)]
		known := set.Recognise(sheet, preview)
		if len(known) > 0 && known[0].Matches() {
			loaded++
			if got := known[0].Mapping.Source.ID; got != source {
				t.Errorf("variant %d of %s is loaded as %s", i, source, got)
			}
		}
		if got := bestSource(l, set, sheet, rows, known); got == source {
			right++
		} else {
			t.Logf("variant %d: %s of %s, %s, looks like %q: %q", i, smp.name, source, smp.known.Entry().Vintage, got, some(rows))
		}
	}
	t.Logf("%d of %d variants have the right source; a run would load %d", right, variants, loaded)
	if 100*right < 99*variants {
		t.Errorf("%d of %d variants have the right source, want 99 of 100", right, variants)
	}
}

func some(rows []mappings.PreviewRow) string { return fmt.Sprint(rows[min(len(rows)-1, 1)].Cells) }

// bestSource is what inspect says first.
func bestSource(l *assist.Lexicon, set *mappings.Set, sheet string, rows []mappings.PreviewRow, known []mappings.Candidate) string {
	if len(known) > 0 && known[0].Matches() {
		return known[0].Mapping.Source.ID
	}
	h, header := assist.FindHeader(rows[:min(len(rows), mappings.PreviewRows)])
	if h.Row == 0 {
		return ""
	}
	p := assist.NewProfiler(sheet, h, header)
	for _, r := range rows {
		p.Row(r.Num, r.Cells)
	}
	if best := l.Nearest(p.Table(), set); len(best) > 0 {
		return best[0].Mapping.Source.ID
	}
	return ""
}
