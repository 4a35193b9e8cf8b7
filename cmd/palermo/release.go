package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"palermo/pipeline"
)

func (a *app) releaseCommand() *cobra.Command {
	var o pipeline.ReleaseOptions
	var tables []string
	c := &cobra.Command{
		Use:   "release KIND [KIND]",
		Short: "Write what may leave the house: k-anonymous rows, or protected tables",
		Long: `Write what may leave the house, of the persons of the current snapshot, into a new folder: with a page that says what
it is, and a report of risk and loss for the house in state/releases of the home.

  microdata  a row a person, k-anonymous, in the layout of CTDC's k-anonymised files
  htcds      the same rows as a workbook of the Human Trafficking Case Data Standard 2.0
  tables     counts of persons, of which small ones are withheld, others beside them, and the rest is rounded
  sdmx       such counts by year as SDMX-CSV, with their structure

Rows and tables of the same people are never in one release: each undoes what the other withholds. A field that names
or endangers somebody, or holds free text, cannot be released by any flag.

k-anonymity holds for one release. Where people are in an earlier release too, rows are refused unless somebody takes it on
by name; tables are protected against the earlier tables.`,
		Example: `  palermo release microdata
  palermo release tables --k 11 --out tables-2026
  palermo release tables --table year,country,sex --table year,purpose
  palermo release microdata htcds --approved-by "Data protection officer"`,
		Args:      cobra.MinimumNArgs(1),
		ValidArgs: pipeline.ReleaseKinds,
	}
	c.RunE = a.does("release", func(ctx context.Context, args []string) (*result, error) {
		o.Kinds = args
		for _, t := range tables {
			o.Tables = append(o.Tables, strings.Split(t, ","))
		}
		return a.release(ctx, o)
	})
	f := c.Flags()
	f.Int64Var(&o.K, "k", 10, "the fewest people that a combination of values, or a count, may be of")
	f.Int64Var(&o.Base, "round", 0, "round counts to `N`; 5 by default, or k where that is less; 1 for not at all")
	f.StringVar(&o.Out, "out", "", "the folder to make; releases/ID in the home by default")
	f.StringVar(&o.ApprovedBy, "approved-by", "", "`NAME` of who takes it on that people are in an earlier release too")
	f.StringArrayVar(&tables, "table", nil, "a table, as its `DIMENSIONS` joined by commas: year, sex, age, adult, citizenship, country, purpose, or a coded field of record")
	f.StringSliceVar(&o.With, "with", nil, "further coded `FIELDS` of record, as columns of microdata")
	return c
}

func (a *app) release(ctx context.Context, o pipeline.ReleaseOptions) (*result, error) {
	if o.K < 1 || o.Base < 0 {
		return nil, usagef("--k and --round are numbers, from 1")
	}
	h, err := a.openHome(a.homeDir())
	if err != nil {
		return nil, err
	}
	o.Now, o.Version = a.now, buildVersion()
	out, err := h.Release(ctx, o)
	if err != nil {
		return nil, err
	}
	summary := fmt.Sprintf("Released %s as %s.", strings.Join(out.Kinds, " and "), out.ID)
	return &result{ok: true, summary: summary, value: out, text: func(p *printer) {
		p.line("%s", p.good(summary))
		p.line("  %s", out.Dir)
		if w := out.Rows; w != nil {
			p.line("  %s shown, %s left out; %s of the values that identify are shown as they are",
				count(w.Shown, "person"), number(w.LeftOut), share(w.Kept, w.Cells))
		}
		if w := out.Tables; w != nil {
			for _, t := range w.Tables {
				p.line("  %s: %s of its cells are shown", t.Name, share(t.Shown, t.Cells))
			}
		}
		p.line("The report for the house: %s", h.ReleaseReport(out.ID))
	}}, nil
}

func share(n, of int64) string {
	if of == 0 {
		return "all"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(of))
}
