package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) rollbackCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "rollback [RUN]",
		Short: "Make an earlier snapshot the current one",
		Long: `Make the snapshot of an earlier RUN, named by its id or the beginning of it, the current one: the one before the
current where none is named. The snapshot is read as a whole first, and readers see one or the other.

What was received stays received. The next run leaves the snapshot where it is until something has changed: a
file that was withdrawn, a mapping that was mended, a new file. Then it publishes all that stands, so take back
what was wrong before.`,
		Example: `  palermo runs
  palermo rollback 20260102T0300
  palermo withdraw PAL-2026-000123`,
		Args: cobra.MaximumNArgs(1),
	}
	c.RunE = a.does("rollback", func(_ context.Context, args []string) (*result, error) { return a.rollback(arg(args, 0)) })
	return c
}

func (a *app) rollback(id string) (*result, error) {
	h, err := a.openHome(a.homeDir())
	if err != nil {
		return nil, err
	}
	b, err := h.Rollback(id, a.now())
	if err != nil {
		return nil, err
	}
	summary := fmt.Sprintf("Went back from run %s to %s.", b.From, b.To)
	return &result{ok: true, summary: summary, value: b, text: func(p *printer) {
		p.line("%s", p.good(summary))
		p.line("It stays so until something changes; what differed: %s", commandFor(h.Dir, "diff", b.To, b.From))
	}}, nil
}
