package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"palermo/assist"
	"palermo/extract"
	"palermo/mappings"
	"palermo/pipeline"
)

func (a *app) mapCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "map",
		Short: "Draft a mapping, check it against files, run its examples",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { a.command = "map"; return c.Help() },
	}
	c.AddCommand(a.mapSuggestCommand(), a.mapCheckCommand(), a.mapTestCommand())
	return c
}

func (a *app) mapSuggestCommand() *cobra.Command {
	var o pipeline.MapOptions
	var out string
	c := &cobra.Command{
		Use:   "suggest FILE",
		Short: "Draft a mapping for a spreadsheet that no mapping knows",
		Long: `Look at one sheet of a file and write what its columns and words could mean, with how sure that is and why. What
is not certain is left as a question, marked by “?”: the mapping is refused until each is answered.

Nothing leaves the machine, and the same file and mappings give the same draft. The draft's codes files hold words of
coded columns as they stand in the file.

Where --source names a source that has a mapping, the draft adds a vintage to it, and its codes files keep what was
decided and approved.`,
		Example: `  palermo map suggest survey.xlsx --source national_survey --out mappings
  palermo map suggest survey.xlsx --sheet 2`,
		Args: cobra.ExactArgs(1),
	}
	c.RunE = a.does("map suggest", func(ctx context.Context, args []string) (*result, error) { return a.mapSuggest(ctx, args[0], o, out) })
	c.Flags().StringVar(&o.Source, "source", "", "the source's `ID`; made of the file's name by default")
	c.Flags().StringVar(&o.Sheet, "sheet", "", "the sheet, by its `NAME` or number; the longest by default")
	c.Flags().StringVar(&out, "out", "", "write the mapping's folder into `DIR`")
	return c
}

func (a *app) mapSuggest(ctx context.Context, file string, o pipeline.MapOptions, out string) (*result, error) {
	if err := plainFile(file); err != nil {
		return nil, err
	}
	s, set, err := a.sources()
	if err != nil {
		return nil, err
	}
	m, err := pipeline.SuggestMapping(ctx, file, s, set, o)
	var bad *extract.Error
	switch {
	case errors.Is(err, pipeline.ErrNoTable):
		return nil, usagef("%s: %v", file, err)
	case errors.As(err, &bad):
		return nil, usagef("%s", bad.Diagnostic.String())
	case err != nil:
		return nil, err
	}
	if out != "" {
		if err := writeDraft(filepath.Join(out, m.Source), m); err != nil {
			return nil, err
		}
	}
	r := &suggested{m, out}
	return &result{ok: len(m.Questions)+m.OpenWords == 0, summary: r.headline(), value: m, text: r.text}, nil
}

// writeDraft writes the files of a draft; none may be there.
func writeDraft(dir string, m *pipeline.MapSuggestion) error {
	for _, name := range sortedKeys(m.Files) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // words of a file are nobody else's
		if errors.Is(err, fs.ErrExist) {
			return usagef("%s: is there already; a draft does not write over a mapping", path)
		}
		if err != nil {
			return err
		}
		_, err = f.WriteString(m.Files[name])
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}

type suggested struct {
	*pipeline.MapSuggestion
	out string
}

func (s *suggested) headline() string {
	return fmt.Sprintf("%s: %s filled in, %s, %s without a code", s.File, count(s.Filled, "column"), count(len(s.Questions), "question"), count(s.OpenWords, "word"))
}

func (s *suggested) text(p *printer) {
	if s.out == "" {
		fmt.Fprint(p.w, harmlessLines(s.Files["mapping.yaml"]))
		p.blank()
	}
	p.line("%s", s.headline())
	where := "a header of one row, in row " + number(s.HeaderRow)
	if s.HeaderRows > 1 {
		where = fmt.Sprintf("a header of %d rows, to row %s", s.HeaderRows, number(s.HeaderRow))
	}
	p.line("  table    %s, target %s", where, s.Target)
	for _, name := range sortedKeys(s.Files) {
		if s.out != "" {
			p.line("  written  %s", filepath.Join(s.out, s.Source, name))
		} else if name != "mapping.yaml" {
			p.line("  not written: %s; --out DIR writes all files", name)
		}
	}
	if len(s.Questions)+s.OpenWords > 0 {
		p.line("  Answer what is marked by “?” in the files, then: palermo map check --mappings DIR FILE")
	}
}

// harmlessLines is the text, each line made harmless.
func harmlessLines(text string) string {
	var out []byte
	for len(text) > 0 {
		line := text
		if i := indexLine(text); i >= 0 {
			line, text = text[:i], text[i+1:]
		} else {
			text = ""
		}
		out = append(append(out, harmless(line)...), '\n')
	}
	return string(out)
}

func indexLine(text string) int {
	for i := range len(text) {
		if text[i] == '\n' {
			return i
		}
	}
	return -1
}

func (a *app) mapCheckCommand() *cobra.Command {
	var source string
	var words bool
	c := &cobra.Command{
		Use:   "check [FILE...]",
		Short: "Name words without a code, and entries that no file uses",
		Long: `Hold the value maps against files, or without one against all that the home has received: every word that has no
code, with its count, its first cell and three suggestions; every entry of a codes file that no file uses; every question
that a draft still has.

A word that no mapping lists is shown as its length and script, as a shifted column can put a name anywhere. --words shows
it as it is: for who may see the files.`,
		Example: `  palermo map check --home /srv/palermo
  palermo map check --mappings mappings --source national_survey survey.xlsx`,
	}
	c.RunE = a.does("map check", func(ctx context.Context, args []string) (*result, error) {
		return a.mapCheck(ctx, args, source, words)
	})
	c.Flags().StringVar(&source, "source", "", "only the mapping of the source `ID`")
	c.Flags().BoolVar(&words, "words", false, "show words that no mapping lists as they are")
	return c
}

func (a *app) mapCheck(ctx context.Context, files []string, source string, words bool) (*result, error) {
	s, set, err := a.sources()
	if err != nil {
		return nil, err
	}
	if source != "" && set.Source(source) == nil {
		return nil, usagef("no mapping of the source %q", source)
	}
	check, err := pipeline.NewMapChecker(s, set, source, words)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		h, err := a.readHome()
		if err != nil {
			return nil, err
		}
		if err := check.Home(h); err != nil {
			return nil, err
		}
	}
	for _, f := range files {
		if err := plainFile(f); err != nil {
			return nil, err
		}
		if err := check.File(ctx, f); err != nil {
			return nil, err
		}
	}
	r := &mapChecked{check.Result()}
	return &result{ok: len(r.Unmapped)+len(r.Open) == 0, summary: r.headline(), value: r.MapCheck, text: r.text}, nil
}

type mapChecked struct{ *pipeline.MapCheck }

func (c *mapChecked) headline() string {
	return fmt.Sprintf("%s: %s without a code, %s that none uses, %s", count(c.Files, "file"), count(len(c.Unmapped), "word"), entries(len(c.Unused)), count(len(c.Open), "open question"))
}

func entries(n int) string {
	if n == 1 {
		return "1 entry"
	}
	return number(n) + " entries"
}

func (c *mapChecked) text(p *printer) {
	p.line("%s", c.headline())
	source := ""
	for i := range c.Unmapped {
		w := &c.Unmapped[i]
		if w.Source != source {
			source = w.Source
			p.blank()
			p.line("%s", p.bold(source))
		}
		p.line("  %s %s %s: %s, in %s, first at %s", w.Column, p.arrow(), w.Field, w.Word, count(w.Rows, "row"), w.First.String())
		if w.Note != "" {
			p.line("      listed as having no certain code: %s", w.Note)
		}
		for _, s := range w.Suggest {
			p.line("      %s (%.2f, %s)", s.Code, s.Score, s.Reason)
		}
	}
	if len(c.Unused) > 0 {
		p.blank()
		p.line("%s", p.bold("No file uses"))
		for _, e := range c.Unused {
			p.line("  %s %s", e.Pos.String(), e.Word)
		}
	}
	for i, at := range c.Open {
		if i == 0 {
			p.blank()
			p.line("%s", p.bold("Open questions"))
		}
		p.line("  %s", at.String())
	}
}

func (a *app) mapTestCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "test [SOURCE...]",
		Short: "Run the examples that mappings hold",
		Long: `Run every row under examples in the mappings named, or in all, and say what did not come out as written. Exit
status 1 where any did not.`,
		Example: "  palermo map test --mappings mappings national_survey",
	}
	c.RunE = a.does("map test", func(_ context.Context, args []string) (*result, error) { return a.mapTest(args) })
	return c
}

func (a *app) mapTest(args []string) (*result, error) {
	s, set, err := a.sources()
	if err != nil {
		return nil, err
	}
	chosen := set.Mappings
	if len(args) > 0 {
		chosen = nil
		for _, id := range args {
			m := set.Source(id)
			if m == nil {
				return nil, usagef("no mapping of the source %q", id)
			}
			chosen = append(chosen, m)
		}
	}
	return runExamples(chosen, func(m *mappings.Mapping) ([]pipeline.ExampleResult, error) { return pipeline.TestMapping(m, s) })
}

func runExamples(chosen []*mappings.Mapping, run func(*mappings.Mapping) ([]pipeline.ExampleResult, error)) (*result, error) {
	t := &tested{Examples: []pipeline.ExampleResult{}}
	for _, m := range chosen {
		rs, err := run(m)
		if err != nil {
			return nil, err
		}
		t.Examples = append(t.Examples, rs...)
	}
	for _, e := range t.Examples {
		if len(e.Wrong) > 0 {
			t.Wrong++
		}
	}
	r := &result{ok: t.Wrong == 0, summary: t.headline(), value: t, text: t.text}
	if t.Wrong > 0 {
		r.exit = exitFailed
	}
	return r, nil
}

type tested struct {
	Wrong    int                      `json:"wrong"`
	Examples []pipeline.ExampleResult `json:"examples"`
}

func (t *tested) headline() string {
	if t.Wrong == 0 {
		return fmt.Sprintf("%s: all came out as written", count(len(t.Examples), "example"))
	}
	return fmt.Sprintf("%s: %s did not come out as written", count(len(t.Examples), "example"), number(t.Wrong))
}

func (t *tested) text(p *printer) {
	p.line("%s", t.headline())
	for _, e := range t.Examples {
		for _, w := range e.Wrong {
			p.line("  %s: %s, example %d: %s", e.Pos.String(), e.Source, e.No, w)
		}
	}
}

// profileText is a sheet as it looks without a mapping, and what it is most like.
func profileText(p *printer, t *pipeline.TableProfile) {
	if t == nil {
		return
	}
	if t.HeaderRows > 1 {
		p.line("  found    a header of %d rows, to row %s; %s under a heading to the left", t.HeaderRows, number(t.HeaderRow), count(t.Merged, "column"))
	} else {
		p.line("  found    a header in row %s, %s below it", number(t.HeaderRow), count(t.Rows, "row"))
	}
	switch {
	case t.Best == nil:
	case t.Best.Score < pipeline.Likely:
		p.line("  like     nothing that is known; nearest %s (%s), %.2f", t.Best.Source, t.Best.Vintage, t.Best.Score)
	default:
		p.line("  like     %s (%s), %.2f%s", t.Best.Source, t.Best.Vintage, t.Best.Score, nextBest(t))
	}
	var rows [][]styled
	for i := range t.Columns {
		rows = append(rows, profileRow(p, &t.Columns[i]))
	}
	p.grid("    ", nil, rows)
	drift(p, t.Drift)
}

func nextBest(t *pipeline.TableProfile) string {
	if t.RunnerUp == nil {
		return ""
	}
	return fmt.Sprintf("; next: %s (%s), %.2f", t.RunnerUp.Source, t.RunnerUp.Vintage, t.RunnerUp.Score)
}

func profileRow(p *printer, c *pipeline.ColumnProfile) []styled {
	distinct := count(c.Distinct, "word")
	if c.More {
		distinct = "over " + distinct
	}
	could := ""
	if len(c.Could) > 0 && c.Could[0].Score >= assist.Line/2 {
		could = fmt.Sprintf("%s (%.2f)", c.Could[0].Meaning, c.Could[0].Score)
	}
	return p.cells(c.Name, string(c.Type), distinct, could, someOf(c.Examples))
}

func someOf(examples []string) string {
	if len(examples) == 0 {
		return ""
	}
	return "as " + some(examples)
}

// drift says how a sheet differs from the source that it is most like.
func drift(p *printer, changes []assist.Change) {
	for i, c := range changes {
		if i == 0 {
			p.line("  differs")
		}
		switch c.Kind {
		case "column_added":
			p.line("    new column %s", c.Column)
		case "column_missing":
			p.line("    no column %s", c.Column)
		case "column_renamed":
			p.line("    column %s was %s", c.Column, c.Was)
		case "column_moved":
			p.line("    column %s stands in another place", c.Column)
		case "word_added":
			p.line("    %s in column %s, in %s", count(c.Words, "new word"), c.Column, count(c.Rows, "row"))
		}
	}
}
