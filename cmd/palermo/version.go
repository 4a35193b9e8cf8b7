package main

import (
	"context"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// versions is what --json holds of version.
type versions struct {
	Palermo  string `json:"palermo"`
	Go       string `json:"go"`
	Arrow    string `json:"arrow"`
	DuckDB   string `json:"duckdb,omitempty"` // with --verbose: the library is asked
	Platform string `json:"platform"`
}

func (a *app) versionCommand() *cobra.Command {
	var verbose bool
	c := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
	}
	c.RunE = a.does("version", func(ctx context.Context, _ []string) (*result, error) { return palermoVersion(ctx, verbose) })
	c.Flags().BoolVar(&verbose, "verbose", false, "ask the built-in DuckDB for its version, too")
	return c
}

func palermoVersion(ctx context.Context, verbose bool) (*result, error) {
	v := versions{Palermo: buildVersion(), Go: runtime.Version(), Arrow: moduleVersion("github.com/apache/arrow-go/v18"),
		Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if verbose {
		var err error
		if v.DuckDB, err = duckDBVersion(ctx); err != nil {
			return nil, err
		}
	}
	return &result{ok: true, summary: "palermo " + v.Palermo, value: v, text: v.text}, nil
}

func (v versions) text(p *printer) {
	p.line("palermo %s (%s, arrow-go %s, %s)", v.Palermo, v.Go, v.Arrow, v.Platform)
	if v.DuckDB != "" {
		p.line("duckdb %s", v.DuckDB)
	}
}

// buildVersion is what the linker was told, else what the go command knows.
func buildVersion() string {
	if version != "" {
		return version
	}
	if b, ok := debug.ReadBuildInfo(); ok && b.Main.Version != "" && b.Main.Version != "(devel)" {
		return b.Main.Version
	}
	return "devel"
}

func moduleVersion(path string) string {
	if b, ok := debug.ReadBuildInfo(); ok {
		for _, d := range b.Deps {
			if d.Path == path {
				return d.Version
			}
		}
	}
	return "unknown"
}
