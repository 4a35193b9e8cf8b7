package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"palermo/pipeline"
)

func (a *app) runsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "runs",
		Short: "List the runs of a home, newest first",
		Example: `  palermo runs
  palermo runs show
  palermo runs show 20260102T0300`,
		Args: cobra.NoArgs,
	}
	c.RunE = a.does("runs", func(context.Context, []string) (*result, error) { return a.listRuns() })
	show := &cobra.Command{
		Use:   "show [RUN]",
		Short: "Show one run and the files it received; the newest by default",
		Long:  "Show one run, by its id or the beginning of it, and what became of the files it received: as they stand now.",
		Args:  cobra.MaximumNArgs(1),
	}
	show.RunE = a.does("runs show", func(_ context.Context, args []string) (*result, error) { return a.showRun(strings.Join(args, "")) })
	c.AddCommand(show)
	return c
}

// runList is what --json holds of runs.
type runList struct {
	Home string                `json:"home"`
	Runs []pipeline.RunHistory `json:"runs"`
}

func (a *app) listRuns() (*result, error) {
	h, err := a.readHome()
	if err != nil {
		return nil, err
	}
	all, err := h.History()
	if err != nil {
		return nil, err
	}
	l := &runList{h.Dir, all}
	return &result{ok: true, summary: count(len(all), "run"), value: l, text: l.text}, nil
}

func (l *runList) text(p *printer) {
	if len(l.Runs) == 0 {
		p.line("No run yet.")
		return
	}
	rows := [][]styled{p.cells("RUN", "STARTED (UTC)", "TOOK", "", "RECEIVED", "IN ALL", "LOADED", "REJECTED")}
	for i := range l.Runs {
		r := &l.Runs[i]
		rows = append(rows, p.cells(r.Run, day(r.Started), took(r), p.outcome(r), number(len(r.Received)), number(r.Files), number(r.Loaded), number(r.Rejected)))
	}
	p.grid("", []bool{false, false, true, false, true, true, true, true}, rows)
}

// outcome is what a run came to, in words.
func (p *printer) outcome(r *pipeline.RunHistory) styled {
	switch {
	case r.Current && len(r.Waits) > 0:
		return p.warn(fmt.Sprintf("published, current; %s for confirmation", wait(len(r.Waits))))
	case r.Status == pipeline.RunNothingNew && len(r.Waits) > 0:
		return p.warn(fmt.Sprintf("nothing new; %s for confirmation", wait(len(r.Waits))))
	case r.Status == pipeline.RunRefused:
		return p.bad("refused by a check")
	case r.Current:
		return p.good("published, current")
	case r.Status == pipeline.RunNothingNew:
		return p.dim("nothing new")
	}
	return p.sprintf("%s", strings.ReplaceAll(r.Status, "_", " "))
}

func wait(files int) string {
	if files == 1 {
		return "1 file waits"
	}
	return number(files) + " files wait"
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

func took(r *pipeline.RunHistory) string { return seconds(r.Ended.Sub(r.Started).Seconds()) }

func (a *app) showRun(id string) (*result, error) {
	h, err := a.readHome()
	if err != nil {
		return nil, err
	}
	r, err := h.RunHistory(id)
	if err != nil {
		return nil, err
	}
	return &result{ok: true, summary: fmt.Sprintf("run %s: %s", r.Run, strings.ReplaceAll(r.Status, "_", " ")), value: r,
		text: func(p *printer) { showRun(p, r) }}, nil
}

func showRun(p *printer, r *pipeline.RunHistory) {
	p.line("Run %s: %s", r.Run, p.outcome(r))
	p.line("  started   %s UTC, took %s", day(r.Started), took(r))
	p.line("  palermo   %s", r.Version)
	p.line("  in all    %s, %s loaded, %s rejected", count(r.Files, "file"), count(r.Loaded, "row"), number(r.Rejected))
	for _, c := range r.Checks {
		p.line("  check     %s: %s", c.Outcome, c)
	}
	for _, w := range r.Waits {
		p.line("  waits     %s: would remove %d of the %d records that it can replace", w.Receipt, w.Removes, w.Of)
	}
	for _, g := range r.Agreements {
		p.line("  agreement %s", g.Message)
	}
	if len(r.Received) == 0 {
		p.line("It received no file.")
		return
	}
	p.line("It received %s; as they stand now:", count(len(r.Received), "file"))
	var rows [][]styled
	for i := range r.Received {
		f := &r.Received[i]
		words := p.warn(statusWords(f.Status))
		switch f.Status {
		case pipeline.StatusAccepted:
			words = p.good("accepted")
		case "":
			words = p.warn("not read yet")
		}
		rows = append(rows, p.cells(f.ID, f.Receipt, f.Agency, f.Name, words, sumText(&f.Rows)))
	}
	p.grid("  ", nil, rows)
}
