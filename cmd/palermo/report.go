package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"palermo/pipeline"
)

type reportFlags struct {
	agency, language, out string
	open                  bool
}

func (a *app) reportCommand() *cobra.Command {
	var f reportFlags
	c := &cobra.Command{
		Use:   "report",
		Short: "Find or open the page about the published snapshot, in any language of the project",
		Long: `Say where the report of the published snapshot lies: one page about what came in, what is missing, how records were
joined to persons, and the picture of the data. It needs no network and can be printed. With --agency it is the page
of one agency about its own data.

With --language the same report is written to a file, in that language: the numbers are those of the snapshot.`,
		Example: `  palermo report --open
  palermo report --language ru --out report-ru.html
  palermo report --agency iom_kyiv`,
		Args: cobra.NoArgs,
	}
	c.RunE = a.does("report", func(ctx context.Context, _ []string) (*result, error) { return a.report(ctx, f) })
	c.Flags().StringVar(&f.agency, "agency", "", "the page of the agency whose drop folder is called `NAME`")
	c.Flags().StringVar(&f.language, "language", "", "write it in the `LANGUAGE`, as mk")
	c.Flags().StringVar(&f.out, "out", "", "with --language, write to `FILE`; report-LANGUAGE.html by default")
	c.Flags().BoolVar(&f.open, "open", false, "open it with the program that opens pages here")
	_ = c.RegisterFlagCompletionFunc("language", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return pipeline.ReportLanguages(), cobra.ShellCompDirectiveNoFileComp
	})
	return c
}

func (a *app) report(ctx context.Context, f reportFlags) (*result, error) {
	switch {
	case f.out != "" && f.language == "":
		return nil, usagef("--out says where a page in another language goes: name one with --language")
	case f.language != "" && !slices.Contains(pipeline.ReportLanguages(), f.language):
		return nil, usagef("--language %s: there is none; there are %s", f.language, strings.Join(pipeline.ReportLanguages(), ", "))
	}
	h, err := a.readHome()
	if err != nil {
		return nil, err
	}
	r, err := h.Report(f.agency)
	if err != nil {
		return nil, err
	}
	if f.language != "" {
		file := f.out
		if file == "" {
			file = "report-" + f.language + ".html"
		}
		if file, err = filepath.Abs(file); err != nil {
			return nil, err
		}
		if err := h.ReportIn(r, f.language, file); err != nil {
			return nil, err
		}
		r.Page = file
	}
	if f.open {
		if err := a.openPage(ctx, r.Page); err != nil {
			return nil, err
		}
	}
	summary := fmt.Sprintf("report of run %s: %s", r.Run, r.Page)
	return &result{ok: true, summary: summary, value: r, text: func(p *printer) { p.line("%s", r.Page) }}, nil
}

// openPage opens a page with what the environment names in BROWSER, or what the system has for it.
func (a *app) openPage(ctx context.Context, page string) error {
	args := []string{a.env("BROWSER"), page}
	if args[0] == "" {
		switch runtime.GOOS {
		case "darwin":
			args[0] = "open"
		case "windows":
			args = []string{"rundll32", "url.dll,FileProtocolHandler", page}
		default:
			args[0] = "xdg-open"
		}
	}
	if err := exec.CommandContext(ctx, args[0], args[1:]...).Run(); err != nil {
		return usagef("--open: the page cannot be opened here; open it yourself: %s", page)
	}
	return nil
}
