package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"palermo/pipeline"
	"palermo/transform/link"
)

func (a *app) linkFitCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "link --fit",
		Short: "Estimate the linkage model of the home anew",
		Long: `Estimate the model that weighs pairs of case records from what the home holds, print it, and choose it for the
runs to come. Runs never do so themselves but for the first that has enough records: a model is an input, and
the same inputs give the same output. An estimate that cannot be right is printed, and changes nothing.`,
		Args: cobra.NoArgs,
	}
	fit := c.Flags().Bool("fit", false, "estimate the model")
	c.RunE = a.does("link", func(ctx context.Context, _ []string) (*result, error) {
		if !*fit {
			return nil, usagef("link does nothing without --fit")
		}
		return a.linkFit(ctx)
	})
	return c
}

// linkFit is palermo link --fit: it estimates the home's linkage model anew, and chooses it for the
// runs to come.
func (a *app) linkFit(ctx context.Context) (*result, error) {
	h, err := a.openHome(a.homeDir())
	if err != nil {
		return nil, err
	}
	f, err := h.FitModel(ctx, zap.NewNop())
	var insane *link.InsaneError
	switch {
	case errors.As(err, &insane):
		return &result{summary: fmt.Sprintf("The estimate cannot be right: %s, %s. The model is as it was.", insane.Comparison, insane.Reason), value: insane.Model,
			text: func(p *printer) { tableText(p, insane.Model.Table()) }}, nil
	case err != nil:
		return nil, err
	}
	return &result{ok: true, summary: fmt.Sprintf("Model %s, estimated from %s; the next run links with it.", f.Model, count(f.Records, "record")), value: f,
		text: func(p *printer) { modelText(p, f) }}, nil
}

func modelText(p *printer, f *pipeline.ModelFit) {
	tableText(p, f.Table)
	if f.Before != "" && f.Before != f.Model {
		p.line("It takes the place of model %s.", f.Before)
	}
}

// tableText prints a model's table, a line a level.
func tableText(p *printer, table string) {
	for line := range strings.Lines(table) {
		p.line("%s", strings.TrimRight(line, "\n"))
	}
}
