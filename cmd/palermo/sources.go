package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"palermo/mappings"
)

func (a *app) sourcesCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "sources [SOURCE]",
		Short: "List the sources that mappings know, their forms, and what each was tried on",
		Long: `List every source that a mapping knows: the forms in which it has been published, the tables that each feeds,
and whether a form has been tried on a file of the publisher or only on files made up for its tests.`,
		Example: `  palermo sources
  palermo sources ctdc
  palermo sources --json`,
		Args: cobra.MaximumNArgs(1),
	}
	c.RunE = a.does("sources", func(_ context.Context, args []string) (*result, error) { return a.listSources(args) })
	return c
}

// sourceList is what --json holds of sources.
type sourceList struct {
	Sources []sourceEntry `json:"sources"`
}

type sourceEntry struct {
	Source    string       `json:"source"`
	Title     string       `json:"title"`
	Publisher string       `json:"publisher,omitempty"`
	Licence   string       `json:"licence,omitempty"`
	Fixture   string       `json:"fixture,omitempty"` // in the repository; of built-in mappings
	Forms     []sourceForm `json:"forms"`
}

type sourceForm struct {
	Vintage string   `json:"vintage"`
	Feeds   []string `json:"feeds"` // tables, the target first
	Tried   string   `json:"tried"` // real, fixture, or empty where the mapping does not say
}

func (a *app) listSources(args []string) (*result, error) {
	_, set, err := a.sources()
	if err != nil {
		return nil, err
	}
	builtin, _, err := mappings.Load(mappings.Builtin())
	if err != nil {
		return nil, err
	}
	l := &sourceList{}
	var ids []string
	for _, m := range set.Mappings {
		ids = append(ids, m.Source.ID)
		if len(args) == 0 || args[0] == m.Source.ID {
			l.Sources = append(l.Sources, describeSource(m, builtin.Source(m.Source.ID)))
		}
	}
	if len(args) > 0 && len(l.Sources) == 0 {
		return nil, usagef("no source %q%s", args[0], nearest(args[0], ids))
	}
	forms, untried := 0, 0
	for _, s := range l.Sources {
		for _, f := range s.Forms {
			forms++
			if f.Tried != mappings.TriedReal {
				untried++
			}
		}
	}
	summary := fmt.Sprintf("%s in %s, of which %d not yet tried on a real file", count(len(l.Sources), "source"), count(forms, "form"), untried)
	return &result{ok: true, summary: summary, value: l, text: l.text}, nil
}

// describeSource is one source; builtin is the mapping that comes with palermo, nil where none does.
func describeSource(m, builtin *mappings.Mapping) sourceEntry {
	e := sourceEntry{Source: m.Source.ID, Title: m.Source.Title, Publisher: m.Source.Publisher, Licence: m.Source.Licence}
	if builtin != nil && builtin.Digest == m.Digest {
		e.Fixture = "fixtures/" + m.Source.ID
	}
	for i := range m.Tables {
		t := &m.Tables[i]
		f := sourceForm{Vintage: t.Vintage, Feeds: []string{t.Target}, Tried: t.Tried}
		for _, ch := range t.Children {
			if !slices.Contains(f.Feeds, ch.To) {
				f.Feeds = append(f.Feeds, ch.To)
			}
		}
		e.Forms = append(e.Forms, f)
	}
	return e
}

func (l *sourceList) text(p *printer) {
	for i, s := range l.Sources {
		if i > 0 {
			p.blank()
		}
		p.line("%s  %s", p.bold(s.Source), s.Title)
		if s.Publisher != "" {
			p.line("  %s", p.dim(s.Publisher))
		}
		if s.Fixture != "" {
			p.line("  %s", p.dim("fixture: "+s.Fixture))
		}
		var rows [][]styled
		for _, f := range s.Forms {
			rows = append(rows, []styled{p.sprintf("%s", f.Vintage), p.sprintf("%s", feeds(f.Feeds)), p.tried(f.Tried)})
		}
		p.grid("  ", nil, rows)
	}
}

// tried is what a form was tried on, in words.
func (p *printer) tried(t string) styled {
	if t == mappings.TriedReal {
		return p.good("tried on a real file")
	}
	return p.warn("not yet tried on a real file")
}

// feeds is the tables in one line: of many, the first and how many more.
func feeds(tables []string) string {
	if len(tables) > 3 {
		return fmt.Sprintf("%s and %d more", strings.Join(tables[:2], ", "), len(tables)-2)
	}
	return strings.Join(tables, ", ")
}
