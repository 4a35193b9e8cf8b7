package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"palermo/load/template"
	"palermo/pipeline"
)

type templateFlags struct {
	language, out string
}

func (a *app) templateCommand() *cobra.Command {
	var f templateFlags
	c := &cobra.Command{
		Use:   "template [SOURCE]",
		Short: "Write an empty workbook for an agency to fill in",
		Long: `Write an empty workbook that asks for what a source's forms need: with drop-downs, checks and an example. When
it comes back, filled in, it is known again whatever its name and language, and read by the source's mapping.
Without SOURCE, list the sources that there are templates of.

No home is needed; where there is one, its mappings are used. A file that is there is not written over.`,
		Example: `  palermo template
  palermo template iom_ctm --language mk
  palermo template rcp --language sr-Cyrl --out form.xlsx`,
		Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			_, set, err := a.sources()
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var out []string
			for _, s := range pipeline.TemplateSources(set) {
				out = append(out, s.Source)
			}
			return out, cobra.ShellCompDirectiveNoFileComp
		},
	}
	c.RunE = a.does("template", func(_ context.Context, args []string) (*result, error) {
		if len(args) == 0 {
			return a.templates()
		}
		return a.template(args[0], f)
	})
	c.Flags().StringVar(&f.language, "language", "en", "the `LANGUAGE` of the workbook, as mk")
	c.Flags().StringVar(&f.out, "out", "", "write to `FILE`; SOURCE-LANGUAGE.xlsx by default, - is standard output")
	_ = c.RegisterFlagCompletionFunc("language", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		all, _ := pipeline.TemplateLanguages()
		return all, cobra.ShellCompDirectiveNoFileComp
	})
	return c
}

// templateList is what --json holds of template without a source.
type templateList struct {
	Sources   []pipeline.TemplateSource `json:"sources"`
	Languages []string                  `json:"languages"`
}

func (a *app) templates() (*result, error) {
	_, set, err := a.sources()
	if err != nil {
		return nil, err
	}
	languages, err := pipeline.TemplateLanguages()
	if err != nil {
		return nil, err
	}
	list := &templateList{pipeline.TemplateSources(set), languages}
	summary := fmt.Sprintf("templates of %d sources, in %d languages", len(list.Sources), len(languages))
	return &result{ok: true, summary: summary, value: list, text: func(p *printer) {
		for _, s := range list.Sources {
			fmt.Fprintf(p.w, "%-14s %s (%s)\n", s.Source, s.Title, strings.Join(s.Forms, ", "))
		}
		fmt.Fprintf(p.w, "\nLanguages: %s\nMake one with: palermo template SOURCE --language LANGUAGE\n", strings.Join(languages, ", "))
	}}, nil
}

// templateWritten is what --json holds of template.
type templateWritten struct {
	Source   string   `json:"source"`
	Language string   `json:"language"`
	Version  string   `json:"version"`
	Sheets   []string `json:"sheets"`
	File     string   `json:"file,omitempty"` // empty for standard output
}

func (a *app) template(source string, f templateFlags) (*result, error) {
	s, set, err := a.sources()
	if err != nil {
		return nil, err
	}
	form, err := pipeline.Template(s, set, source, f.language)
	var no *pipeline.NoTemplate
	if errors.As(err, &no) {
		return nil, usagef("%s", no.Error())
	}
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := template.Write(&b, form); err != nil {
		return nil, err
	}
	w := &templateWritten{Source: form.Source, Language: form.Language, Version: form.Version}
	for i := range form.Sheets {
		w.Sheets = append(w.Sheets, form.Sheets[i].Name)
	}
	if f.out == "-" {
		if a.json {
			return nil, usagef("--json and --out - both want standard output")
		}
		_, err := a.stdout.Write(b.Bytes())
		return &result{ok: true, told: true}, err
	}
	w.File = f.out
	if w.File == "" {
		w.File = form.Source + "-" + form.Language + ".xlsx"
	}
	if err := writeNew(w.File, b.Bytes()); err != nil {
		return nil, err
	}
	summary := fmt.Sprintf("wrote %s: %s in %s, sheets %s", w.File, form.Source, form.Language, strings.Join(w.Sheets, ", "))
	return &result{ok: true, summary: summary, value: w, text: func(p *printer) {
		fmt.Fprintf(p.w, "%s\nSend it to the agency. Filled in, it goes into the agency's drop folder.\n", summary)
	}}, nil
}

// writeNew writes a file that is not there yet, or holds the same.
func writeNew(path string, b []byte) error {
	h, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	switch {
	case errors.Is(err, fs.ErrExist):
		if old, err := os.ReadFile(path); err == nil && slices.Equal(old, b) {
			return nil
		}
		return usagef("%s is there already; name another file with --out", path)
	case errors.Is(err, fs.ErrNotExist):
		return usagef("--out %s: no such folder", filepath.Dir(path))
	case err != nil:
		return err
	}
	_, err = h.Write(b)
	return errors.Join(err, h.Close())
}
