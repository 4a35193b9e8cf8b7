package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"palermo/pipeline"
)

func (a *app) sealCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "seal",
		Short: "Seal the received files and the names of a home with age",
		Long: `Seal every file of the inbox, the vault and the quarantine that lies open, or is sealed to others, to the
recipients that palermo.yaml names under seal. Runs seal what they write by themselves: this is for what was
there before, and for new recipients.

It can be stopped at any moment, and goes on where it was. It stops where no identity is here that would open
what it seals. With --open all is opened for good, once palermo.yaml names no recipient any longer.

What lay open before may still be found on the disk, and in its backups. docs/keys.md says more.`,
		Example: `  palermo seal
  palermo seal --open`,
		Args: cobra.NoArgs,
	}
	open := c.Flags().Bool("open", false, "open what is sealed")
	c.RunE = a.does("seal", func(ctx context.Context, _ []string) (*result, error) { return a.seal(ctx, *open) })
	return c
}

func (a *app) seal(ctx context.Context, open bool) (*result, error) {
	h, err := a.openHome(a.homeDir())
	if err != nil {
		return nil, err
	}
	do, word := h.Seal, "sealed"
	if open {
		do, word = h.Unseal, "opened"
	}
	s, err := do(ctx, a.now())
	if err != nil {
		return nil, err
	}
	summary := fmt.Sprintf("%s %s; sealed now: %d of %d.", count(s.Changed, "file"), word, s.Sealed+s.Others, s.Files)
	r := &result{ok: s.Damaged == 0, summary: summary, value: s, text: func(p *printer) { printSealing(p, summary, s) }}
	if s.Damaged > 0 {
		r.exit = exitFailed
	}
	return r, nil
}

func printSealing(p *printer, summary string, s *pipeline.Sealing) {
	if s.Damaged > 0 {
		p.line("%s", p.bad(fmt.Sprintf("%s left as they are: they are not what was received, or not whole.", count(s.Damaged, "file"))))
	}
	p.line("%s", summary)
}
