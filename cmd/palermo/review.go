package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"palermo/pipeline"
)

func (a *app) reviewCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "review",
		Short: "Let people decide which records are of one person",
		Long: `Let people decide on the pairs of case records that the evidence leaves open. export writes them as a workbook,
import reads the verdicts back, and the next run joins and parts records by them, as every later run does.`,
		Example: `  palermo review export --limit 100
  palermo review import review-1.xlsx --reviewer "A. Steward"
  palermo run`,
		Args: cobra.NoArgs,
	}
	c.RunE = a.does("review", func(context.Context, []string) (*result, error) {
		return nil, usagef("review what? export, import or status")
	})
	c.AddCommand(a.reviewExportCommand(), a.reviewImportCommand(), a.reviewStatusCommand())
	return c
}

func (a *app) reviewExportCommand() *cobra.Command {
	o := pipeline.ReviewOptions{}
	c := &cobra.Command{
		Use:   "export",
		Short: "Write the open pairs as a workbook",
		Long: `Write the pairs of the published snapshot that nobody has decided as a workbook, the two records of each side by
side as levels and years, those first whose decision settles most. One pair in twenty stands there twice, to see
how well verdicts can be repeated; which ones, the workbook does not tell.

The workbook lies below steward/ unless --out says otherwise, and can be read by its owner alone. Names and case
references are left out, unless --with-names is given: then a line in state/audit.jsonl of the home says who
asked, when, and for which records, before anything is written.`,
		Args: cobra.NoArgs,
	}
	f := c.Flags()
	f.StringVar(&o.Out, "out", "", "the new workbook `FILE`")
	f.IntVar(&o.Limit, "limit", 0, "so many pairs at most; 0 is all")
	f.BoolVar(&o.WithNames, "with-names", false, "show names and case references; a line in the home's audit file says who asked")
	c.RunE = a.does("review export", func(ctx context.Context, _ []string) (*result, error) {
		if o.Limit < 0 {
			return nil, usagef("--limit %d: below zero", o.Limit)
		}
		h, err := a.openHome(a.homeDir())
		if err != nil {
			return nil, err
		}
		x, err := h.ExportReview(ctx, o, a.now())
		if errors.Is(err, pipeline.ErrFileExists) {
			return nil, usagef("--out %s: the file is there already; it may hold somebody's verdicts", o.Out)
		}
		if err != nil {
			return nil, notHere(err)
		}
		summary := fmt.Sprintf("%s of %s to decide in %s", number(x.Pairs), count(x.Open, "open pair"), x.File)
		return &result{ok: true, summary: summary, value: x, text: func(p *printer) {
			p.line("%s", summary)
			p.line("Give it to a reviewer, and read it back with: palermo review import FILE --reviewer NAME")
		}}, nil
	})
	return c
}

func (a *app) reviewImportCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Read the verdicts of a workbook back",
		Long: `Read the verdicts of a workbook that review export wrote. Rows are known by their pair number. A row that was
changed, a number that nobody was asked about and a word that is no verdict are reported with their cell, and not
read. Two different verdicts about a pair that was asked twice count as unsure. A later decision on a pair takes
the place of an earlier one; both are kept. Reading the same workbook again adds nothing.`,
		Args: cobra.ExactArgs(1),
	}
	reviewer := c.Flags().String("reviewer", "", "the `NAME` of who decided; it is kept with each decision")
	c.RunE = a.does("review import", func(ctx context.Context, args []string) (*result, error) {
		if *reviewer == "" {
			return nil, usagef("review import needs --reviewer NAME: each decision says who made it")
		}
		h, err := a.openHome(a.homeDir())
		if err != nil {
			return nil, err
		}
		x, err := h.ImportReview(ctx, args[0], *reviewer, a.now())
		if err != nil {
			return nil, err
		}
		summary := fmt.Sprintf("%s read, %s, %s not read", count(x.Answered, "verdict"), count(x.Decisions, "new decision"), count(x.Refused, "row"))
		return &result{ok: len(x.Findings) == 0, summary: summary, value: x, text: func(p *printer) { importText(p, x) }}, nil
	})
	return c
}

func importText(p *printer, x *pipeline.ReviewImport) {
	for _, f := range x.Findings {
		p.line("%s", f.String())
	}
	if len(x.Findings) > 0 {
		p.blank()
	}
	p.line("%s: %s with a verdict, %s without, %s not read.", count(x.Rows, "row"), number(x.Answered), number(x.Blank), number(x.Refused))
	p.line("%s, and %s made before.", count(x.Decisions, "new decision"), number(x.Unchanged))
	agreementText(p, &x.Agreement)
	if x.Decisions > 0 {
		p.line("The next palermo run joins and parts records by them.")
	}
}

func agreementText(p *printer, g *pipeline.Agreement) {
	if g.Pairs == 0 {
		p.line("No pair was answered twice yet, so nothing is known of how well verdicts can be repeated.")
		return
	}
	kappa := "no kappa: chance alone would agree as often"
	if g.Kappa != nil {
		kappa = fmt.Sprintf("Cohen's kappa %.2f", *g.Kappa)
	}
	p.line("Of %s answered twice, %s had the same verdict (%.0f %%; %s).", count(g.Pairs, "pair"), number(g.Agreed), 100**g.Share, kappa)
}

func (a *app) reviewStatusCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "status",
		Short: "Say how far the review has come",
		Args:  cobra.NoArgs,
	}
	c.RunE = a.does("review status", func(ctx context.Context, _ []string) (*result, error) {
		h, err := a.readHome()
		if err != nil {
			return nil, err
		}
		x, err := h.ReviewState(ctx)
		if err != nil {
			return nil, notHere(err)
		}
		return &result{ok: true, summary: fmt.Sprintf("%s, %s decided", count(x.Open, "open pair"), number(x.Same+x.Different+x.Unsure)), value: x,
			text: func(p *printer) { statusText(p, x) }}, nil
	})
	return c
}

func statusText(p *printer, x *pipeline.ReviewStatus) {
	p.line("%s; %s stood in a workbook.", count(x.Open, "open pair"), number(x.Asked))
	p.line("%s decided by %s: %s same, %s different, %s unsure.", count(x.Same+x.Different+x.Unsure, "pair"), count(x.Reviewers, "reviewer"),
		number(x.Same), number(x.Different), number(x.Unsure))
	if x.Pending > 0 {
		p.line("%s made since the published snapshot: the next palermo run applies them.", count(x.Pending, "decision"))
	}
	agreementText(p, &x.Agreement)
}
