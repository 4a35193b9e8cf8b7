package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.uber.org/zap"

	"palermo/pipeline"
	"palermo/transform/link"
)

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
