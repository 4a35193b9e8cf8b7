package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"palermo/load/receipt"
	"palermo/pipeline"
)

type checkFlags struct {
	language, out string
}

func (a *app) checkCommand() *cobra.Command {
	var f checkFlags
	c := &cobra.Command{
		Use:   "check FILE",
		Short: "Write the receipt that a file would get, without sending it",
		Long: `Read a file as a run would, and write the receipt that its agency would get: a page, the same for programs, and the
workbook with the cells to look at coloured. It is written beside FILE, or into the folder that --out names. Nothing is sent or
kept, and no home is needed; where there is one, its mappings are used.

The exit status is 5 where something is to be fixed.`,
		Example: `  palermo check cases.xlsx
  palermo check --language mk --out /tmp/receipt cases.csv`,
		Args: cobra.ExactArgs(1),
	}
	c.RunE = a.does("check", func(ctx context.Context, args []string) (*result, error) { return a.check(ctx, args[0], f) })
	c.Flags().StringVar(&f.language, "language", receipt.English, "write it in `LANGUAGE`: "+strings.Join(receipt.Languages, ", "))
	c.Flags().StringVar(&f.out, "out", "", "write it into `DIR`; beside FILE by default")
	_ = c.RegisterFlagCompletionFunc("language", cobra.FixedCompletions(receipt.Languages, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func (a *app) check(ctx context.Context, file string, f checkFlags) (*result, error) {
	fi, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, usagef("%s: no such file", file)
	case err != nil:
		return nil, err
	case !fi.Mode().IsRegular():
		return nil, usagef("%s: is no plain file", file)
	}
	if c, err := receipt.CatalogueOf(f.language); err != nil {
		return nil, err
	} else if c.Language == receipt.English && !strings.HasPrefix(strings.ToLower(f.language), receipt.English) {
		return nil, usagef("--language %s: there are %s", f.language, strings.Join(receipt.Languages, ", "))
	}
	if f.out == "" && inDrop(file) {
		return nil, usagef("%s: lies in a drop folder, where its receipt would be taken for files of the agency: name another folder with --out", file)
	}
	s, set, err := a.sources()
	if err != nil {
		return nil, err
	}
	got, err := pipeline.CheckFile(ctx, file, s, set, pipeline.CheckOptions{Language: f.language, Out: f.out, Now: a.now().UTC()})
	if err != nil {
		return nil, err
	}
	k := &checked{got}
	r := &result{ok: k.toFix() == 0, summary: k.headline(), value: got, text: k.text}
	if !r.ok {
		r.exit = exitRejected
	}
	return r, nil
}

// inDrop reports whether the file lies in the drop folder of a home.
func inDrop(file string) bool {
	dir, err := filepath.Abs(file)
	if err != nil {
		return false
	}
	for dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir)
		if _, err := os.Stat(filepath.Join(filepath.Dir(dir), "state")); err == nil && filepath.Base(dir) == "drop" {
			return true
		}
	}
	return false
}

// checked is a receipt as it is printed.
type checked struct{ *pipeline.Checked }

// toFix is how many kinds of things are to be fixed.
func (k *checked) toFix() int {
	n := 0
	for _, f := range k.Findings {
		if f.Fix {
			n++
		}
	}
	if k.State == receipt.Refused || k.State == receipt.NeedsYou {
		n = max(n, 1)
	}
	return n
}

func (k *checked) headline() string {
	if n := k.toFix(); n > 0 {
		return fmt.Sprintf("%s: %s; %s to fix", k.File, strings.ToLower(k.StateText), count(n, "thing"))
	}
	return fmt.Sprintf("%s: %s; nothing to fix", k.File, strings.ToLower(k.StateText))
}

// shownCells is how many cells of a finding are printed.
const shownCells = 5

func (k *checked) text(p *printer) {
	paint := p.warn
	if k.toFix() == 0 {
		paint = p.good
	}
	p.line("%s", paint(k.headline()))
	for _, s := range k.Sheets {
		p.line("  %s", sheetLine(&s))
	}
	k.findings(p)
	for _, d := range k.Duplicates {
		rows := make([]string, 0, len(d.Rows))
		for _, r := range d.Rows {
			rows = append(rows, number(r))
		}
		p.line("  rows %s%s may be about one case", some(rows), inSheet(d.Sheet))
	}
	p.blank()
	p.line("Written:")
	for _, f := range k.Files {
		p.line("  %s", f)
	}
}

// shownFindings is how many findings are printed; all are in the receipt.
const shownFindings = 25

func (k *checked) findings(p *printer) {
	n := 0
	for _, f := range k.Findings {
		if !f.Fix {
			continue
		}
		if n++; n > shownFindings {
			p.line("  and %s more", number(k.toFix()-shownFindings))
			return
		}
		p.line("  %s %s%s", severity(p, f.Severity), f.Wrong, k.where(&f))
		p.line("          %s %s", p.arrow(), f.Right)
	}
}

// where is how often something was found, and the first places.
func (k *checked) where(f *receipt.DocumentFinding) string {
	var cells []string
	for _, c := range f.Cells[:min(len(f.Cells), shownCells)] {
		cells = append(cells, c.Name)
	}
	if len(cells) == 0 {
		return inSheet(f.Sheet, f.Column)
	}
	if more := f.Count - len(cells); more > 0 {
		cells = append(cells, fmt.Sprintf("and %s more", number(more)))
	}
	return inSheet(f.Sheet, f.Column) + " [" + strings.Join(cells, ", ") + "]"
}

func inSheet(names ...string) string {
	names = slices.DeleteFunc(names, func(s string) bool { return s == "" })
	if len(names) == 0 {
		return ""
	}
	return " (" + strings.Join(names, ", ") + ")"
}

func sheetLine(s *receipt.DocumentSheet) string {
	var skipped int64
	for _, n := range s.Skipped {
		skipped += n
	}
	name := s.Name
	if name != "" {
		name += ": "
	}
	return fmt.Sprintf("%s%s %s read = %s accepted + %s not read + %s skipped", name, number(s.Read), string(s.Unit), number(s.Loaded), number(s.Rejected), number(skipped))
}
