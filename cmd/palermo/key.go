package main

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"palermo/pipeline"
)

func (a *app) keyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "key",
		Short: "Look at the home's key, or rotate it",
		Long: `The ids of records and persons are made with the key of the home. "key check" says where it lies and whether it
is safe there; "key rotate" makes new ids with a new one. The key itself is never printed. docs/keys.md says which
keys there are, what to back up, and what is lost without them.`,
		Args: cobra.NoArgs,
	}
	c.RunE = func(*cobra.Command, []string) error { return usagef("key what? palermo key --help") }
	c.AddCommand(a.keyCheckCommand(), a.keyRotateCommand())
	return c
}

func (a *app) keyCheckCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "check",
		Short: "Say where the key lies, and whether it is safe there",
		Long: `Say where the key lies, how often it was rotated, and which snapshot's ids it made, by marks from which no key can
be told: a backup of the key file is good when it has the same marks, as "palermo key check" with PALERMO_KEY_FILE
set to it prints them. The exit status is 3 where something about the key must be mended.`,
		Args: cobra.NoArgs,
	}
	c.RunE = a.does("key check", func(context.Context, []string) (*result, error) { return a.keyCheck() })
	return c
}

func (a *app) keyCheck() (*result, error) {
	h, err := a.readHome()
	if err != nil {
		return nil, err
	}
	k, err := h.LookAtKey()
	if err != nil {
		return nil, err
	}
	r := &result{ok: k.Check.Status == pipeline.Pass, summary: "The key: " + k.Check.Message + ".", value: k, text: func(p *printer) { printKey(p, k) }}
	if k.Check.Status == pipeline.Fail {
		r.exit = exitEnvironment
	}
	return r, nil
}

func printKey(p *printer, k *pipeline.KeyState) {
	p.line("key file   %s", k.Check.Path)
	for i, m := range k.Marks {
		what := "ids of zones, before"
		switch {
		case i == len(k.Marks)-1 && i == 0:
			what = "all ids"
		case i == len(k.Marks)-1:
			what = "ids of zones"
		case i == 0:
			what = "private ids"
		}
		p.line("key        %s  %s", m, what)
	}
	if k.Published != "" {
		p.line("snapshot   %s, whose ids were made with %s", k.Published, k.Under)
	}
	p.line("%s: %s", k.Check.Status, k.Check.Message)
	if k.Check.Suggestion != "" {
		p.line("  %s %s", p.arrow(), k.Check.Suggestion)
	}
}

func (a *app) keyRotateCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "rotate",
		Short: "Make new ids of records and persons with a new key",
		Long: `Add a new key to the key file. The next run publishes what stands under new ids of records, cases, persons and
episodes, in the analysts' and the stewards' zone: the same persons of the same records, and nobody can join them to
the old ones without the table of old and new ids, which is written below state/ids for stewards alone.

Nothing is forgotten: reviewers' decisions, withdrawals, refusals and the person registry are kept by private ids,
which stay. Killed at any moment, the home has the old key or the new one. Make a new backup of the key file when
it is done: without the new key, nothing that is published from then on leads back to its record.`,
		Example: "  palermo key rotate\n  palermo run",
		Args:    cobra.NoArgs,
	}
	yes := c.Flags().Bool("yes", false, "do not ask")
	c.RunE = func(c *cobra.Command, args []string) error {
		return a.does("key rotate", func(ctx context.Context, _ []string) (*result, error) { return a.keyRotate(ctx, *yes, c.InOrStdin()) })(c, args)
	}
	return c
}

func (a *app) keyRotate(ctx context.Context, yes bool, in io.Reader) (*result, error) {
	h, err := a.openHome(a.homeDir())
	if err != nil {
		return nil, err
	}
	if !yes {
		if err := a.ask("All ids that are published will be others from the next run on. Rotate the key?", bufio.NewReader(in)); err != nil {
			return nil, err
		}
	}
	r, err := h.RotateKey(ctx, a.now())
	if err != nil {
		return nil, err
	}
	summary := fmt.Sprintf("The key was rotated: the next run publishes under new ids. Ids written down: %d.", r.IDs)
	return &result{ok: true, summary: summary, value: r, text: func(p *printer) {
		p.line("%s", p.good(summary))
		p.line("Back up the key file now: %s", r.KeyFile)
		p.line("Old and new ids, for stewards alone: %s", r.Tables)
	}}, nil
}
