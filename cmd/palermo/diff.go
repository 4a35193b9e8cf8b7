package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"palermo/pipeline"
)

func (a *app) diffCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "diff [RUN [RUN]]",
		Short: "Say how two snapshots differ: rows by table, agency and reason",
		Long: `Compare the snapshots of two runs, named by their ids or the beginnings of these: the first is the older one. With
one RUN it is compared with the current snapshot; with none, the current snapshot with the one before.

Rows are the same where their keys are. For persons it also says how many ids went to another (merged) and how
many lost records to another (split).`,
		Example: `  palermo diff
  palermo diff 20260102T0300 20260103T0300`,
		Args: cobra.MaximumNArgs(2),
	}
	c.RunE = a.does("diff", func(ctx context.Context, args []string) (*result, error) { return a.diff(ctx, args) })
	return c
}

func (a *app) diff(ctx context.Context, args []string) (*result, error) {
	h, err := a.readHome()
	if err != nil {
		return nil, err
	}
	d, err := h.Diff(ctx, arg(args, 0), arg(args, 1))
	if err != nil {
		return nil, err
	}
	return &result{ok: true, summary: diffWords(d), value: d, text: func(p *printer) {
		p.line("From %s to %s: %s.", d.From, d.To, diffWords(d))
		printDiff(p, d)
	}}, nil
}

func arg(args []string, i int) string {
	if i < len(args) {
		return args[i]
	}
	return ""
}

// diffWords is a comparison in one line.
func diffWords(d *pipeline.Diff) string {
	var added, changed, removed int64
	for _, c := range d.Changes {
		added, changed, removed = added+c.Added, changed+c.Changed, removed+c.Removed
	}
	if len(d.Changes) == 0 {
		return "no row differs"
	}
	return fmt.Sprintf("%s added, %s changed, %s removed", count(added, "row"), number(changed), number(removed))
}

func printDiff(p *printer, d *pipeline.Diff) {
	if len(d.Changes) > 0 {
		rows := [][]styled{p.cells("TABLE", "AGENCY", "REASON", "ADDED", "CHANGED", "REMOVED", "MERGED", "SPLIT")}
		for _, c := range d.Changes {
			rows = append(rows, p.cells(c.Table, c.Agency, strings.ReplaceAll(c.Reason, "_", " "), number(c.Added), number(c.Changed), number(c.Removed), number(c.Merged), number(c.Split)))
		}
		p.grid("  ", []bool{false, false, false, true, true, true, true, true}, rows)
	}
	if d.Rekeyed {
		p.line("The key was rotated between them: all ids of records and persons are others.")
	}
	if len(d.Skipped) > 0 {
		p.line("Not compared, since their keys are others: %s", strings.Join(d.Skipped, ", "))
	}
}
