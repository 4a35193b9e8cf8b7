package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"palermo/pipeline"
	"palermo/transform/link"
)

func (a *app) linkCommand() *cobra.Command {
	o := pipeline.LinkOptions{}
	verbose, fit := false, false
	c := &cobra.Command{
		Use:   "link FILE [FILE] | link --fit",
		Short: "Find the records of one person in a file, or across two",
		Long: `Find which records of a CSV or Parquet file are of one person, or which records of two files. No home is
needed, and nothing is learned from other files: the model is fitted on these records alone.

Without --config the fields, comparisons and rules are inferred from what the columns are called and hold, and
written to DIR/link.yaml, which --config takes again; docs/link.md explains each word of it. A config may leave
parts out: they are inferred.

DIR/clusters.parquet says for each record which cluster it is of; DIR/pairs.parquet has each pair that was
weighed, with its evidence field by field in bits; DIR/model.json is the model. DIR holds ids, and the model
digests of words: keep it as private as the records.

With --fit, and no FILE, it estimates the model anew that weighs pairs of the home's case records, prints it, and
chooses it for the runs to come. Runs do not do so themselves but for the first that has enough records: a model
is an input, and the same inputs give the same output. An estimate that cannot be right changes nothing.`,
		Example: `  palermo link persons.csv --id person_no --out linked
  palermo link a.csv b.parquet --id id --out linked --one-to-one
  palermo link persons.csv --id person_no --out linked --truth cluster --verbose
  palermo link --fit --home home`,
		Args: func(c *cobra.Command, args []string) error {
			if fit {
				return cobra.NoArgs(c, args)
			}
			return cobra.RangeArgs(1, 2)(c, args)
		},
	}
	f := c.Flags()
	f.BoolVar(&fit, "fit", false, "no FILE: estimate the model by which the home's runs link case records anew")
	f.StringVar(&o.ID, "id", "", "the `COLUMN` that names a record; of two files, of both")
	f.StringVar(&o.Out, "out", "", "the `DIR` for the results; it is made")
	f.StringVar(&o.Config, "config", "", "a link.yaml `FILE`: fields, comparisons, rules and thresholds")
	f.StringVar(&o.Model, "model", "", "a model.json `FILE` that was kept: use it, and do not fit")
	f.BoolVar(&o.FitOnly, "fit-only", false, "write link.yaml and model.json, and link nothing")
	f.StringVar(&o.Truth, "truth", "", "hold the result against the truth: a `COLUMN`, or a CSV with id,cluster or id_l,id_r[,score]")
	f.BoolVar(&o.DedupeToo, "dedupe-too", false, "of two files, link records of one file too")
	f.BoolVar(&o.OneToOne, "one-to-one", false, "of two files, a cluster has at most one record of each")
	f.BoolVar(&o.CSV, "csv", false, "write the results as CSV too")
	f.BoolVar(&o.Brief, "brief", false, "of a pair write no evidence, only how probable it is")
	f.BoolVarP(&verbose, "verbose", "v", false, "print the model, and what other thresholds would link")
	c.RunE = a.does("link", func(ctx context.Context, args []string) (*result, error) {
		if fit {
			return a.linkFit(ctx)
		}
		o.Files = args
		return a.link(ctx, o, verbose)
	})
	return c
}

func (a *app) link(ctx context.Context, o pipeline.LinkOptions, verbose bool) (*result, error) {
	if err := checkLink(o); err != nil {
		return nil, err
	}
	l, err := pipeline.LinkFiles(ctx, o)
	if err != nil {
		var insane *pipeline.LinkModelError
		if errors.As(err, &insane) && verbose && !a.json {
			fmt.Fprint(a.stderr, insane.Insane.Model.Table())
		}
		return nil, err
	}
	r := &linked{FileLinkage: l, out: o.Out, verbose: verbose}
	return &result{ok: true, summary: r.headline(), value: l, text: r.text}, nil
}

// checkLink finds what is wrong with the command line before anything is read.
func checkLink(o pipeline.LinkOptions) error {
	switch {
	case o.ID == "":
		return usagef("--id is needed: the column that names a record")
	case o.Out == "":
		return usagef("--out is needed: the folder for the results")
	case len(o.Files) == 1 && o.DedupeToo:
		return usagef("--dedupe-too is for two files: one file is always deduplicated")
	case len(o.Files) == 1 && o.OneToOne:
		return usagef("--one-to-one is for two files")
	case o.FitOnly && o.Truth != "":
		return usagef("--fit-only links nothing that could be held against --truth")
	}
	for _, file := range o.Files {
		if err := plainFile(file); err != nil {
			return err
		}
	}
	for _, given := range [][2]string{{"--config", o.Config}, {"--model", o.Model}} {
		if given[1] == "" {
			continue
		}
		if err := plainFile(given[1]); err != nil {
			return usagef("%s %s", given[0], err)
		}
	}
	return nil
}

func plainFile(file string) error {
	fi, err := os.Stat(file)
	switch {
	case os.IsNotExist(err):
		return usagef("%s: no such file", file)
	case err != nil:
		return err
	case !fi.Mode().IsRegular():
		return usagef("%s: is no plain file", file)
	}
	return nil
}

// linked prints what a linkage came to.
type linked struct {
	*pipeline.FileLinkage
	out     string
	verbose bool
}

func (r *linked) headline() string {
	if r.Clusters == nil {
		return fmt.Sprintf("a model fitted on %s, %s", count(r.Records, "record"), count(r.Model.Pairs, "pair"))
	}
	return fmt.Sprintf("%s in %s, by %s", count(r.Records, "record"), count(r.Clusters.Clusters, "cluster"), count(r.Pairs.Link, "link"))
}

func (r *linked) text(p *printer) {
	p.line("%s", p.bold(r.headline()))
	for i, f := range r.Files {
		if f.Ragged > 0 {
			p.line("  %s file %d: %s with more cells than the header left out", p.warn("!"), i+1, count(f.Ragged, "row"))
		}
		if f.Nested > 0 {
			p.line("  %s file %d: %s of lists or structures left out", p.warn("!"), i+1, count(f.Nested, "column"))
		}
	}
	r.columnsText(p)
	r.rulesText(p)
	if r.verbose {
		r.modelText(p)
	}
	if r.Pairs != nil {
		r.pairsText(p)
		if r.verbose {
			r.thresholdsText(p)
		}
		r.clustersText(p)
	}
	if r.Truth != nil {
		r.truthText(p)
	}
	p.blank()
	p.line("Written to %s: %s", r.out, strings.Join(r.Written, ", "))
}

func (r *linked) columnsText(p *printer) {
	if len(r.Columns) == 0 {
		return
	}
	p.blank()
	p.line("%s", p.bold("Columns, as inferred"))
	var rows [][]styled
	for _, c := range r.Columns {
		field := p.cells(c.Field)[0]
		if c.Field == "" {
			field = p.dim("left out")
		}
		rows = append(rows, p.cells(c.Column, p.arrow(), field, c.Why))
	}
	p.grid("  ", nil, rows)
}

// rulesText says what each rule brings together, and what the caps cost.
func (r *linked) rulesText(p *printer) {
	p.blank()
	p.line("%s", p.bold("Rules that bring records together"))
	rows := [][]styled{p.cells("PAIRS", "BLOCKS", "LARGEST", "DROPPED", "PAIRS LOST", "RULE", "")}
	for _, b := range r.Blocks.Rules {
		note := p.cells("")[0]
		if b.TopShare > link.SkewedShare && b.Biggest > 50 {
			note = p.warn(fmt.Sprintf("skewed: %.0f %% of its pairs in one block", 100*b.TopShare))
		}
		rows = append(rows, p.cells(number(b.Pairs), number(b.Blocks), number(b.Biggest), number(b.Dropped), number(b.Lost), b.Rule, note))
	}
	p.grid("  ", []bool{true, true, true, true, true}, rows)
	if r.Fitted {
		p.line("  %s compared, %.1f a record", count(r.Model.Pairs, "pair"), float64(r.Model.Pairs)/float64(max(r.Records, 1)))
	}
}

func (r *linked) modelText(p *printer) {
	p.blank()
	p.line("%s %s", p.bold("Model"), r.Model.ID)
	for _, c := range r.Model.Priors {
		p.line("  prior %s: one pair in %.0f", priorOf(c.Lists), 1/c.Lambda)
	}
	rows := [][]styled{p.cells("COMPARISON", "LEVEL", "M", "U", "BITS")}
	for i := range r.Model.Comparisons {
		c := &r.Model.Comparisons[i]
		for k, bits := range c.Bits() {
			name := ""
			if k == 0 {
				name = c.Name
			}
			rows = append(rows, p.cells(name, c.Levels[k], fmt.Sprintf("%.4g", c.M[k]), fmt.Sprintf("%.4g", c.U[k]), fmt.Sprintf("%+.1f", bits)))
		}
		if c.Given != nil {
			rows = append(rows, p.cells("", "depends on "+c.Given.Comparison, "", "", ""))
		}
	}
	p.grid("  ", []bool{false, false, true, true, true}, rows)
}

// priorOf names the lists of a prior.
func priorOf(lists string) string {
	if lists == "|" {
		return "of any two records"
	}
	return "of lists " + strings.ReplaceAll(lists, "|", " and ")
}

func (r *linked) pairsText(p *printer) {
	t := r.Threshold
	p.blank()
	p.line("%s", p.bold("Pairs"))
	p.grid("  ", []bool{true}, [][]styled{
		p.cells(number(r.Pairs.Link), fmt.Sprintf("linked (probability %.2f or more)", t.Link)),
		p.cells(number(r.Pairs.Review), fmt.Sprintf("for review (%.2f or more)", t.Review)),
		p.cells(number(r.Pairs.Below), fmt.Sprintf("below (%g or more)", t.Keep)),
	})
	p.line("  estimated share of false links: %.2f %%", 100*r.Pairs.FalseLinks)
}

// thresholdsText is what other thresholds would link, for who wonders.
func (r *linked) thresholdsText(p *printer) {
	p.blank()
	p.line("%s", p.bold("Other thresholds, as the probabilities say"))
	rows := [][]styled{p.cells("THRESHOLD", "LINKS", "FALSE", "MISSED")}
	for _, t := range r.Pairs.Thresholds {
		rows = append(rows, p.cells(fmt.Sprintf("%g", t.Threshold), number(t.Links), fmt.Sprintf("%.2f %%", 100*t.FalseLinks), fmt.Sprintf("%.2f %%", 100*t.Missed)))
	}
	p.grid("  ", []bool{true, true, true, true}, rows)
}

func (r *linked) clustersText(p *printer) {
	p.blank()
	p.line("%s", p.bold("Clusters"))
	rows := [][]styled{p.cells("RECORDS", "CLUSTERS")}
	for _, s := range r.Clusters.Sizes {
		rows = append(rows, p.cells(number(s.Records), number(s.Clusters)))
	}
	p.grid("  ", []bool{true, true}, rows)
	if n := r.Clusters.Refused; n > 0 {
		p.line("  %s kept apart: the other records of the two clusters speak against", count(n, "link"))
	}
	if n := r.Clusters.Unlinkable; n > 0 {
		p.line("  %s of %s can link to none: what they hold is too little for the threshold", number(n), count(r.Records, "record"))
	}
}

func (r *linked) truthText(p *printer) {
	e := r.Truth
	p.blank()
	p.line("%s", p.bold("Against the truth"))
	p.line("  %s; the rules bring together %.2f %% of them", count(e.TruePairs, "true pair"), 100*e.Ceiling)
	row := func(name string, q link.Quality) []styled {
		return p.cells(name, fmt.Sprintf("%.4f", q.Precision), fmt.Sprintf("%.4f", q.Recall), fmt.Sprintf("%.4f", q.F1))
	}
	p.grid("  ", []bool{false, true, true, true}, [][]styled{
		p.cells("", "PRECISION", "RECALL", "F1"),
		row("pairs at 0.5", e.AtHalf),
		row(fmt.Sprintf("pairs at best (%.3f)", e.BestAt), e.Best),
		row(fmt.Sprintf("pairs at the threshold (%.2f)", r.Threshold.Link), e.AtLink),
		row("pairs of one cluster", e.Clusters),
		row("B-cubed", e.BCubed),
	})
	p.line("  exactly right: %.1f %% of the persons; largest cluster %s, largest person %s (%.2f times)", 100*e.Exact, count(e.Largest, "record"), count(e.LargestTrue, "record"), e.OverMerge)
	p.blank()
	rows := [][]styled{p.cells("PROBABILITY", "PAIRS", "MEAN", "OBSERVED")}
	for _, b := range e.Calibration {
		mean, observed := "", ""
		if b.Pairs > 0 {
			mean, observed = fmt.Sprintf("%.3f", b.Mean), fmt.Sprintf("%.3f", b.Observed)
		}
		rows = append(rows, p.cells(fmt.Sprintf("%.1f to %.1f", b.From, b.To), number(b.Pairs), mean, observed))
	}
	p.grid("  ", []bool{false, true, true, true}, rows)
}
