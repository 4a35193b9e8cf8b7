package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"palermo/diag"
	"palermo/mappings"
	"palermo/pipeline"
)

// shownOfACode is how many findings of one code are printed.
const shownOfACode = 3

// submissionID is the form of a submission's id.
var submissionID = regexp.MustCompile(`^s[0-9a-f]{16}$`)

func (a *app) inspectCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "inspect FILE",
		Short: "Say what a run would make of a file, and why",
		Long: `Read a file as a run would, keep nothing, and say what was found: its sheets and their headers, the mapping
that was chosen and the next best, which columns and words it covers, and which rows would load. Words that
no mapping lists are shown as their length and script.

FILE may also be the id of a submission that the home has received. No home is needed for a file; where there
is one, its mappings are used.`,
		Example: `  palermo inspect tables.xlsx
  palermo inspect --mappings ./mappings cases.csv`,
		Args: cobra.ExactArgs(1),
	}
	c.RunE = a.does("inspect", func(ctx context.Context, args []string) (*result, error) { return a.inspect(ctx, args[0]) })
	return c
}

func (a *app) inspect(ctx context.Context, file string) (*result, error) {
	in, set, err := a.inspection(ctx, file)
	if err != nil {
		return nil, err
	}
	r := &inspected{Inspection: in, Next: next(in, set)}
	return &result{ok: in.Status == pipeline.StatusAccepted, summary: r.headline(), value: r, text: r.text}, nil
}

func (a *app) inspection(ctx context.Context, file string) (*pipeline.Inspection, *mappings.Set, error) {
	fi, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist) && submissionID.MatchString(file):
		h, err := a.readHome()
		if err != nil {
			return nil, nil, err
		}
		in, err := h.Inspect(ctx, file)
		return in, h.Mappings, err
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, usagef("%s: no such file", file)
	case err != nil:
		return nil, nil, err
	case !fi.Mode().IsRegular():
		return nil, nil, usagef("%s: is no plain file", file)
	}
	s, set, err := a.sources()
	if err != nil {
		return nil, nil, err
	}
	in, err := pipeline.Inspect(ctx, file, s, set)
	return in, set, err
}

// inspected is what --json holds of inspect.
type inspected struct {
	*pipeline.Inspection
	Next []string `json:"next"` // what to do
}

// next is what to do about the file: one advice for each kind of trouble.
func next(in *pipeline.Inspection, set *mappings.Set) []string {
	out := []string{}
	for _, group := range byCode(in.Found) {
		f := group[0]
		if f.Severity == diag.Info {
			continue
		}
		advice := advise(f, in, len(set.Mappings))
		if advice == "" || strings.HasPrefix(advice, "Nothing") || slices.Contains(out, advice) {
			continue
		}
		out = append(out, advice)
	}
	return out
}

// advise is what the manual says to do about a finding; where the manual says to inspect the
// file, which is done, it is what comes after.
func advise(f pipeline.Found, in *pipeline.Inspection, known int) string {
	near := slices.ContainsFunc(in.Found, func(g pipeline.Found) bool { return g.Code == diag.VintageUnknown })
	switch {
	case f.Code == diag.SourceUnknown && near:
		return ""
	case f.Code == diag.SourceUnknown:
		return fmt.Sprintf("None of the sources known here (%s) has this header. A new one is a folder with a mapping.yaml: palermo map suggest FILE drafts it; try it with --mappings DIR.", number(known))
	case f.Code == diag.VintageUnknown:
		return "Mend the header, if it was changed by hand. If the publisher changed it, add a tables entry with the new header to the mapping: palermo map suggest FILE --source ID drafts it."
	}
	return diag.Codes[f.Code].Advice
}

func (r *inspected) headline() string {
	return fmt.Sprintf("%s: %s", r.File, statusWords(r.Status))
}

func (r *inspected) text(p *printer) {
	paint := p.warn
	if r.Status == pipeline.StatusAccepted {
		paint = p.good
	}
	p.line("%s: %s", r.File, paint(statusWords(r.Status)))
	if r.Format != "" {
		p.line("  format   %s", r.Format)
	}
	for i := range r.Sheets {
		r.sheet(p, &r.Sheets[i])
	}
	r.found(p)
	if len(r.Next) > 0 {
		p.blank()
		p.line("%s", p.bold("What to do"))
		for _, n := range r.Next {
			p.line("  %s", n)
		}
	}
}

func (r *inspected) sheet(p *printer, s *pipeline.SheetInspection) {
	p.blank()
	name := "The table"
	if s.Name != "" {
		name = fmt.Sprintf("Sheet %d, %s", s.No, s.Name)
	}
	if s.Hidden {
		name += " (hidden)"
	}
	p.line("%s", p.bold(name))
	match(p, s)
	if len(s.Columns) > 0 {
		columns(p, s.Columns)
	}
	p.line("  rows     %s%s", sumText(&s.Rows), skippedText(&s.Rows))
	if len(s.Words) > 0 {
		words(p, s.Words)
	}
	if s.Chosen == nil || !s.Chosen.Matches {
		profileText(p, s.Profile)
	} else if s.Profile != nil {
		drift(p, s.Profile.Drift)
	}
}

// match says where the header is, and which mapping was chosen rather than which.
func match(p *printer, s *pipeline.SheetInspection) {
	c := s.Chosen
	switch {
	case c == nil:
		p.line("  header   none that any mapping knows")
		return
	case !c.Matches && c.Found == 0:
		p.line("  header   none that any mapping knows; nearest is %s", matchName(c))
		return
	case !c.Matches:
		p.line("  header   row %s has %s of the %s headers of %s, so it is not that", number(c.HeaderRow), number(c.Found), number(c.Found+len(c.Missing)), matchName(c))
		p.line("           %s", off(c))
		return
	}
	if c.HeaderRow == 0 {
		p.line("  header   none; its words are those by which %s is recognised", matchName(c))
	} else {
		p.line("  header   row %s, by all %s that %s is recognised by", number(c.HeaderRow), count(c.Found, "header"), matchName(c))
	}
	p.line("  mapping  %s", matchName(c))
	if s.RunnerUp != nil {
		p.line("           next: %s; %s", matchName(s.RunnerUp), off(s.RunnerUp))
	}
}

func matchName(m *pipeline.Match) string { return fmt.Sprintf("%s (%s)", m.Source, m.Vintage) }

// off says how far a mapping is from a sheet.
func off(m *pipeline.Match) string {
	var parts []string
	if len(m.Missing) > 0 {
		parts = append(parts, "not there: "+some(m.Missing))
	}
	if len(m.Barred) > 0 {
		parts = append(parts, "must not be there: "+some(m.Barred))
	}
	if len(parts) == 0 {
		return fmt.Sprintf("it fits too, and names %d of %d columns", m.Named, m.Columns)
	}
	return strings.Join(parts, "; ")
}

// some is the first few of the words.
func some(words []string) string {
	const few = 6
	if len(words) <= few {
		return strings.Join(words, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(words[:few], ", "), len(words)-few)
}

func columns(p *printer, cs []pipeline.Coverage) {
	by := map[string][]string{}
	for _, c := range cs {
		by[c.State] = append(by[c.State], diag.ColumnName(c.Col)+" "+c.Column)
	}
	p.line("  columns  %s: %s mapped, %s ignored, %s not known to the mapping", number(len(cs)),
		number(len(by["mapped"])), number(len(by["ignored"])), number(len(by["extra"])))
	if len(by["extra"]) > 0 {
		p.line("           %s %s", p.warn("not known:"), some(by["extra"]))
	}
}

func words(p *printer, ws []pipeline.Words) {
	p.line("  words")
	var rows [][]styled
	for _, w := range ws {
		known := p.sprintf("%s of %s known", number(w.Mapped), count(w.Distinct, "word"))
		row := p.cells(w.Column, p.arrow(), w.Field, known, fmt.Sprintf("in %s of %s", number(w.Covered), count(w.Rows, "row")), "")
		if len(w.Unmapped) > 0 {
			row[5] = p.warn("no code: " + strings.Join(w.Unmapped, " "))
		}
		rows = append(rows, row)
	}
	p.grid("    ", nil, rows)
}

// skippedText names the reasons for which rows were skipped.
func skippedText(b *pipeline.Balance) string {
	var parts []string
	for _, reason := range sortedKeys(b.Skipped) {
		parts = append(parts, number(b.Skipped[reason])+" "+reasonWords(reason))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// reasonWords is why a row was skipped.
func reasonWords(reason string) string {
	switch reason {
	case "blank_row":
		return "blank"
	case "blank_cell":
		return "blank cells"
	case "total_row":
		return "totals"
	case "footnote":
		return "below the table"
	case "repeated_header":
		return "repeated headers"
	case "repeated_table":
		return "a table that stands in the file twice"
	case "no_consent":
		return "without consent"
	case "waiting":
		return "waiting for confirmation"
	case "unmapped_sheet":
		return "in a sheet that no mapping knows"
	}
	return strings.ReplaceAll(reason, "_", " ")
}

// found prints the first few findings of each code, and how many there were.
func (r *inspected) found(p *printer) {
	if len(r.Found) == 0 {
		return
	}
	p.blank()
	p.line("%s", p.bold("Found"))
	for _, group := range byCode(r.Found) {
		total := 0
		for i, f := range group {
			if f.N == 1 {
				total += f.Of
			}
			if i < shownOfACode {
				p.line("  %s  %s", severity(p, f.Severity), f.Diagnostic)
			}
		}
		if rest := total - min(len(group), shownOfACode); rest > 0 {
			p.line("           and %s more [%s]", number(rest), string(group[0].Code))
		}
	}
}

// byCode is the findings in groups of one code, the worst first.
func byCode(found []pipeline.Found) [][]pipeline.Found {
	var out [][]pipeline.Found
	for _, f := range found {
		i := slices.IndexFunc(out, func(g []pipeline.Found) bool { return g[0].Code == f.Code })
		if i < 0 {
			i = len(out)
			out = append(out, nil)
		}
		out[i] = append(out[i], f)
	}
	slices.SortStableFunc(out, func(a, b []pipeline.Found) int { return cmp.Compare(b[0].Severity, a[0].Severity) })
	return out
}

func severity(p *printer, s diag.Severity) styled {
	word := fmt.Sprintf("%-7s", s)
	switch s {
	case diag.Error:
		return p.bad(word)
	case diag.Warning:
		return p.warn(word)
	}
	return p.dim(word)
}
