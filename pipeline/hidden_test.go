//go:build !race

package pipeline

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"palermo/assist"
	"palermo/extract"
	"palermo/mappings"
	"palermo/schemas"
)

// hiddenFigures is what the assistant makes of one source without knowing it.
type hiddenFigures struct {
	columns, filled, right    int // columns that the source's mapping reads; those that were filled in; those rightly
	words, top1, top3, opaque int // words that it has codes for; rightly first; among three; abbreviations, left out
}

func (f *hiddenFigures) add(o hiddenFigures) {
	f.columns, f.filled, f.right = f.columns+o.columns, f.filled+o.filled, f.right+o.right
	f.words, f.top1, f.top3, f.opaque = f.words+o.words, f.top1+o.top1, f.top3+o.top3, f.opaque+o.opaque
}

func share(a, b int) float64 {
	if b == 0 {
		return 1
	}
	return float64(a) / float64(b)
}

func (f hiddenFigures) String() string {
	return fmt.Sprintf("| %d | %.2f | %.2f | %d | %.2f | %.2f | %d |", f.columns, share(f.right, f.filled), share(f.right, f.columns), f.words, share(f.top1, f.words), share(f.top3, f.words), f.opaque)
}

// hide holds the files of one source against a lexicon that does not know the source.
func hide(t *testing.T, s *schemas.Schema, set *mappings.Set, source string, files []string) hiddenFigures {
	t.Helper()
	l, err := assist.NewLexicon(s, set, source)
	if err != nil {
		t.Fatal(err)
	}
	m := set.Source(source)
	var out hiddenFigures
	done := map[string]bool{}
	for _, name := range files {
		out.add(hideFile(t, l, set, m, name, done))
	}
	out.add(hideWords(l, s, m))
	return out
}

// hideFile assigns the columns of one file. A header that was seen is not counted again.
func hideFile(t *testing.T, l *assist.Lexicon, set *mappings.Set, m *mappings.Mapping, name string, done map[string]bool) (out hiddenFigures) {
	t.Helper()
	ctx := context.Background()
	f, err := extract.Open(name, extract.Options{Name: filepath.Base(name), TmpDir: t.TempDir()})
	if err != nil {
		t.Logf("%s: %v", filepath.Base(name), err)
		return out
	}
	defer f.Close()
	for _, sh := range f.Sheets() {
		preview, err := extract.Preview(ctx, sh, mappings.PreviewRows)
		if err != nil {
			t.Fatal(err)
		}
		best := set.Recognise(sh.Title(), previewRows(preview))
		if len(best) == 0 || !best[0].Matches() || best[0].Mapping != m {
			continue
		}
		table, err := profile(ctx, sh)
		if err != nil {
			t.Fatal(err)
		}
		key := fmt.Sprint(best[0].Table, best[0].HeaderCells(previewRows(preview)))
		if done[key] {
			continue
		}
		done[key] = true
		out.add(hideTable(t, l, best[0].Entry(), table))
	}
	return out
}

func hideTable(t *testing.T, l *assist.Lexicon, entry *mappings.Table, table *assist.Table) (out hiddenFigures) {
	truth := map[string][]assist.Meaning{}
	for _, d := range assist.Decided(entry) {
		truth[d.Column] = append(truth[d.Column], d.What)
	}
	if table == nil {
		out.columns += len(truth)
		return out
	}
	for _, a := range l.Suggest(table).Columns {
		want := truth[a.Column.Name]
		if len(want) > 0 {
			out.columns++
		}
		said := "-"
		if len(a.Proposals) > 0 {
			said = fmt.Sprintf("%s %.2f %s", a.Proposals[0].Meaning, a.Proposals[0].Score, a.Proposals[0].Reason)
		}
		if a.Certain {
			out.filled++
			if slices.Contains(want, a.Proposals[0].Meaning) {
				out.right++
			} else {
				t.Logf("WRONG %s: %s; want %v", a.Column.Name, said, want)
			}
		} else if len(want) > 0 && testing.Verbose() && os.Getenv("PALERMO_ASSIST") != "" {
			t.Logf("open  %s (%s): %s; want %v", a.Column.Name, a.Column.Type, said, want)
		}
	}
	return out
}

// hideWords holds every word that the source's value maps give a code against what is proposed for it. Words of
// one or two characters are abbreviations that nothing can be said of.
func hideWords(l *assist.Lexicon, s *schemas.Schema, m *mappings.Mapping) (out hiddenFigures) {
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
				if len([]rune(e.Word)) <= 2 || strings.Trim(e.Word, "0123456789-") == "" {
					out.opaque++
					continue
				}
				out.words++
				ps := l.Codes(f.Codes, e.Word)
				if os.Getenv("PALERMO_ASSIST") != "" && (len(ps) == 0 || ps[0].Code != e.Code) {
					fmt.Printf("MISS %s %s %q want %s got %v\n", m.Source.ID, f.Codes, e.Word, e.Code, ps)
				}
				for k, p := range ps {
					if p.Code != e.Code {
						continue
					}
					out.top3++
					if k == 0 {
						out.top1++
					}
				}
			}
		}
	}
	return out
}

// TestSuggestHidden hides each source that has fixtures, and measures what is suggested for it.
func TestSuggestHidden(t *testing.T) {
	t.Parallel()
	s := schemas.Builtin()
	set, _, err := mappings.Load(mappings.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	var all hiddenFigures
	for _, m := range set.Mappings {
		files, err := filepath.Glob(filepath.Join("../fixtures", m.Source.ID, "in", "*"))
		if err != nil {
			t.Fatal(err)
		}
		if len(files) == 0 {
			continue
		}
		f := hide(t, s, set, m.Source.ID, files)
		t.Logf("| %s %s", m.Source.ID, f)
		all.add(f)
	}
	t.Logf("| all %s", all)
}
