package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"palermo/pipeline"
)

func (a *app) initCommand() *cobra.Command {
	var agencies []string
	c := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Make a home: its folders, its key, and a palermo.yaml to fill in",
		Long: `Make a home in DIR, or in the one that --home names: the drop folder, with a folder for each agency, the
private folders, the key, and a palermo.yaml in which every setting stands with its default. A run works at once.

What is there already is kept as it is, so that it can be called again. A folder that holds other things than a
home is left alone.`,
		Example: `  palermo init /srv/palermo --agency unodc --agency ngo
  palermo doctor --home /srv/palermo`,
		Args: cobra.MaximumNArgs(1),
	}
	c.RunE = a.does("init", func(_ context.Context, args []string) (*result, error) { return a.init(args, agencies) })
	c.Flags().StringArrayVar(&agencies, "agency", nil, "make the folder `NAME` for an agency; may be given again")
	return c
}

func (a *app) init(args, agencies []string) (*result, error) {
	dir := a.homeDir()
	if len(args) == 1 {
		if a.home != "" && a.home != args[0] {
			return nil, usagef("the home is named twice: %s and --home %s", args[0], a.home)
		}
		dir = args[0]
	}
	f, err := pipeline.InitHome(dir, agencies)
	if err != nil {
		return nil, err
	}
	summary := fmt.Sprintf("A home is in %s.", f.Home)
	return &result{ok: true, summary: summary, value: f, text: func(p *printer) {
		p.line("%s", p.good(summary))
		for _, m := range f.Made {
			p.line("  made  %s", m)
		}
		for _, k := range f.Kept {
			p.line("  kept  %s", k)
		}
		p.blank()
		p.line("Next: put files into %s, then", filepath.Join(f.Home, "drop", "AGENCY"))
		p.line("  %s", commandFor(f.Home, "run"))
		p.line("Keep a copy of the key in a safe place: %s", commandFor(f.Home, "doctor"))
	}}, nil
}
