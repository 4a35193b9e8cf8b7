package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"palermo/pipeline"
)

func (a *app) doctorCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Check the home and the machine before a night's run",
		Long: `Check what a run needs: the home, its config and mappings, permissions, disk, key, clock, ledger, received
files, lock and snapshot. For what is wrong it says the place and what to do. Nothing is written; with --fix it
does what can be done without a loss: permissions of what is private, and what killed runs left.

The exit status is 3 where a check fails.`,
		Args: cobra.NoArgs,
	}
	fix := c.Flags().Bool("fix", false, "mend what can be mended without a loss")
	c.RunE = a.does("doctor", func(context.Context, []string) (*result, error) { return a.doctor(*fix) })
	return c
}

// checkup is what --json holds of doctor.
type checkup struct {
	Home   string           `json:"home"`
	Checks []pipeline.Check `json:"checks"`
	Warned int              `json:"warned"`
	Failed int              `json:"failed"`
	Fixed  int              `json:"fixed"`
}

func (a *app) doctor(fix bool) (*result, error) {
	if err := a.checkMappings(); err != nil {
		return nil, err
	}
	look := pipeline.Doctor
	if fix {
		look = pipeline.Mend
	}
	c := &checkup{Home: a.homeDir(), Checks: look(a.homeDir(), a.mappings, a.now())}
	for _, k := range c.Checks {
		if k.Fixed {
			c.Fixed++
		}
		switch k.Status {
		case pipeline.Warn:
			c.Warned++
		case pipeline.Fail:
			c.Failed++
		}
	}
	r := &result{ok: c.Failed == 0, summary: c.headline(), value: c, text: c.text}
	if c.Failed > 0 {
		r.exit = exitEnvironment
	}
	return r, nil
}

func (c *checkup) headline() string {
	switch {
	case c.Failed > 0:
		return fmt.Sprintf("%s failed: a run would not be safe.", count(c.Failed, "check"))
	case c.Warned > 0:
		return fmt.Sprintf("A run can start; %s to look at.", count(c.Warned, "thing"))
	}
	return "A run can start."
}

func (c *checkup) text(p *printer) {
	paint := map[string]func(string) styled{pipeline.Pass: p.good, pipeline.Warn: p.warn, pipeline.Fail: p.bad}
	for _, k := range c.Checks {
		word := paint[k.Status](fmt.Sprintf("%-4s", k.Status))
		if k.Fixed {
			word = p.good("done")
		}
		p.line("%s  %s: %s", word, k.Name, k.Message)
		if k.Status != pipeline.Pass && k.Path != "" {
			p.line("      %s", k.Path)
		}
		if k.Suggestion != "" {
			p.line("      %s %s", p.arrow(), k.Suggestion)
		}
	}
	p.blank()
	p.line("%s", c.headline())
}
