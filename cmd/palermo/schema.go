package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"palermo/schemas"
)

type schemaFlags struct {
	codes, format string
	checks        bool
}

// The forms that schema prints.
const (
	formText     = "text"
	formJSON     = "json"
	formMarkdown = "markdown"
)

func (a *app) schemaCommand() *cobra.Command {
	var f schemaFlags
	c := &cobra.Command{
		Use:   "schema [TABLE]",
		Short: "Print the tables, their columns and the code lists",
		Long: `Print what is published: all tables and views, the columns of one, or the codes of one list. The same
declarations are in the database itself, as comments.`,
		Example: `  palermo schema
  palermo schema statistic
  palermo schema --codes purpose
  palermo schema --format markdown > dictionary.md`,
		Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return describedNames(schemas.Builtin()), cobra.ShellCompDirectiveNoFileComp
		},
	}
	c.RunE = a.does("schema", func(_ context.Context, args []string) (*result, error) {
		return printSchema(schemas.Builtin(), f, args)
	})
	c.Flags().StringVar(&f.codes, "codes", "", "print the codes of one `LIST`")
	c.Flags().BoolVar(&f.checks, "checks", false, "print the checks before publication")
	c.Flags().StringVar(&f.format, "format", formText, "text, json or markdown")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{formText, formJSON, formMarkdown}, cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("codes", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return listNames(schemas.Builtin()), cobra.ShellCompDirectiveNoFileComp
	})
	return c
}

// described is the part of the schema that was asked for.
type described struct {
	name     string
	value    any
	text     func(*bytes.Buffer) error
	markdown func(*bytes.Buffer) error
}

func printSchema(s *schemas.Schema, f schemaFlags, args []string) (*result, error) {
	d, err := describe(s, f, args)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	switch f.format {
	case formText:
		err = d.text(&b)
	case formJSON:
		err = writeJSON(&b, d.value)
	case formMarkdown:
		err = d.markdown(&b)
	default:
		err = usagef("--format is text, json or markdown")
	}
	return &result{ok: true, summary: d.name, value: d.value, text: func(p *printer) { p.w.Write(b.Bytes()) }}, err
}

func describe(s *schemas.Schema, f schemaFlags, args []string) (*described, error) {
	switch {
	case f.checks && (f.codes != "" || len(args) > 0):
		return nil, usagef("--checks stands alone")
	case f.checks:
		return &described{"checks", schemas.Checks(), writeChecks, writeChecks}, nil
	case f.codes != "" && len(args) > 0:
		return nil, usagef("name a table, or a list with --codes, not both")
	case f.codes != "":
		l := s.List(f.codes)
		if l == nil {
			return nil, usagef("no code list %q%s", f.codes, nearest(f.codes, listNames(s)))
		}
		return &described{"code list " + l.Name, l.Describe(),
			func(b *bytes.Buffer) error { return schemas.WriteList(b, l) },
			func(b *bytes.Buffer) error { return schemas.WriteListMarkdown(b, l) }}, nil
	case len(args) == 0:
		return &described{"schema version " + s.Version, s.Describe(),
			func(b *bytes.Buffer) error { return schemas.WriteText(b, s, "") },
			func(b *bytes.Buffer) error { return schemas.WriteMarkdown(b, s) }}, nil
	}
	return describeTable(s, args[0])
}

func describeTable(s *schemas.Schema, name string) (*described, error) {
	d := &described{text: func(b *bytes.Buffer) error { return schemas.WriteText(b, s, name) },
		markdown: func(b *bytes.Buffer) error { return schemas.WriteTableMarkdown(b, s, name) }}
	if t := s.Table(name); t != nil {
		d.name, d.value = "table "+name, t.Describe()
		return d, nil
	}
	if v := s.View(name); v != nil {
		d.name, d.value = "view "+name, s.DescribeView(v)
		return d, nil
	}
	if s.List(name) != nil {
		return nil, usagef("%q is a code list: palermo schema --codes %s", name, name)
	}
	return nil, usagef("no table or view %q%s", name, nearest(name, describedNames(s)))
}

func describedNames(s *schemas.Schema) []string {
	var out []string
	for _, t := range s.Tables {
		out = append(out, t.Name)
	}
	for _, v := range s.Views {
		out = append(out, v.Name)
	}
	return out
}

func listNames(s *schemas.Schema) []string {
	var out []string
	for _, l := range s.Lists {
		out = append(out, l.Name)
	}
	return out
}

// nearest names what was perhaps meant, as the end of a message.
func nearest(word string, names []string) string {
	best, least := "", 4
	for _, n := range names {
		if d := distance(word, n); d < least {
			best, least = n, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// distance is how many letters must be changed, added or taken to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := slices.Clone(row)
		next[0] = i + 1
		for j := range len(b) {
			change := row[j]
			if a[i] != b[j] {
				change++
			}
			next[j+1] = min(change, row[j+1]+1, next[j]+1)
		}
		row = next
	}
	return row[len(b)]
}

// writeChecks lists the checks as the manual does.
func writeChecks(b *bytes.Buffer) error {
	b.WriteString("| check | severity | passes | what is measured |\n| --- | --- | --- | --- |\n")
	for _, c := range schemas.Checks() {
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", c.Name, c.Severity, bounds(c.Low, c.High), c.Meaning)
	}
	return nil
}

func bounds(low, high *float64) string {
	switch {
	case low != nil && high != nil:
		return fmt.Sprintf("%g to %g", *low, *high)
	case low != nil:
		return fmt.Sprintf("from %g", *low)
	case high != nil:
		return fmt.Sprintf("up to %g", *high)
	}
	return "as configured"
}
