package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"palermo/pipeline"
)

func (a *app) planCommand() *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "plan",
		Short: "Say what a run would do and how the snapshot would differ; writes nothing",
		Long: `Do what a run would do, aside, and say what would be made of the files in the drop folder, which checks would
refuse it, and how the snapshot would differ from the current one. Nothing in the home is changed. It takes as long
as a run, and as much of the disk while it is at work.

The exit status is 4 where a run would be refused.`,
		Args: cobra.NoArgs,
	}
	c.RunE = a.does("plan", func(ctx context.Context, _ []string) (*result, error) { return a.plan(ctx, f) })
	c.Flags().BoolVar(&f.full, "full", false, "as a run that makes everything again")
	c.Flags().IntVar(&f.threads, "threads", 0, "work on `N` files at once; one a core by default")
	return c
}

// planned is what --json holds of plan.
type planned struct {
	*pipeline.Planned
	Run *digest `json:"run"`
}

func (a *app) plan(ctx context.Context, f runFlags) (*result, error) {
	if f.threads < 0 {
		return nil, usagef("--threads is a number of files, from 1")
	}
	h, err := a.openHome(a.homeDir())
	if err != nil {
		return nil, err
	}
	if f.threads > 0 {
		h.Config.Threads = f.threads
	}
	p := a.progress()
	made, err := h.Plan(ctx, pipeline.Options{Full: f.full, Progress: p, Now: a.now, Version: buildVersion()})
	p.stop()
	if err != nil {
		return nil, err
	}
	d := planned{made, newDigest(h.Dir, made.Summary)}
	r := &result{ok: len(made.Refused) == 0, summary: d.headline(), value: d, text: d.text}
	if !r.ok {
		r.exit = exitGate
	}
	return r, nil
}

func (d planned) headline() string {
	switch {
	case d.Diff == nil:
		return "A run would publish nothing: there is nothing new."
	case len(d.Refused) > 0:
		return fmt.Sprintf("A run would be refused by %s.", count(len(d.Refused), "check"))
	case d.Diff.From == "":
		return "A run would publish the first snapshot: " + diffWords(d.Diff) + "."
	}
	return "A run would publish: " + diffWords(d.Diff) + "."
}

func (d planned) text(p *printer) {
	paint := p.good
	if len(d.Refused) > 0 {
		paint = p.warn
	}
	p.line("%s", paint(d.headline()))
	for _, c := range d.Refused {
		p.line("  %s", c)
	}
	d.Run.files(p)
	d.Run.waiting(p)
	for _, g := range d.Summary.Agreements {
		p.line("  %s", p.warn(g.Message))
	}
	if d.Diff != nil && len(d.Diff.Changes) > 0 {
		p.blank()
		printDiff(p, d.Diff)
	}
	p.blank()
	p.line("Nothing was changed.")
}
