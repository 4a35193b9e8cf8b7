package main

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"os"
	"strings"

	"palermo/diag"
	"palermo/pipeline"
)

// explainView leads a number of a view back: args are the view, the column, and KEY=VALUE for each column that tells
// the row from others.
func (a *app) explainView(ctx context.Context, args []string, few int, personal bool, html string) (*result, error) {
	h, err := a.readHome()
	if err != nil {
		return nil, err
	}
	view, column, keys := args[0], "", map[string]string{}
	for _, arg := range args[1:] {
		if k, v, ok := strings.Cut(arg, "="); ok {
			keys[k] = v
		} else if column == "" {
			column = arg
		} else {
			return nil, usagef("two columns, %s and %s: one number is explained at a time", column, arg)
		}
	}
	var names []string
	for _, c := range h.Schema.View(view).Columns {
		names = append(names, c.Name)
	}
	if column == "" {
		return nil, usagef("which column of %s? It has %s", view, strings.Join(names, ", "))
	}
	for _, name := range append(sortedKeys(keys), column) {
		if h.Schema.View(view).Column(name) == nil {
			return nil, usagef("view %s has no column %q%s", view, name, nearest(name, names))
		}
	}
	x, err := h.ExplainView(ctx, view, column, keys, few, personal)
	var ambiguous *pipeline.AmbiguousError
	if errors.As(err, &ambiguous) {
		return nil, usagef("%s: %v", view, err)
	}
	if err != nil {
		return nil, err
	}
	if html != "" {
		var b strings.Builder
		if err := viewPage.Execute(&b, x); err != nil {
			return nil, err
		}
		if err := os.WriteFile(html, []byte(b.String()), 0o600); err != nil {
			return nil, err
		}
	}
	return &result{ok: true, summary: viewHeadline(x), value: x, text: func(p *printer) { viewText(p, x) }}, nil
}

func viewHeadline(x *pipeline.ViewExplanation) string {
	var parts []string
	for _, n := range []struct {
		n    int
		what string
	}{{x.Persons, "person"}, {x.Records, "record"}, {x.Others, "published count or submission"}} {
		if n.n > 0 {
			parts = append(parts, count(n.n, n.what))
		}
	}
	if parts == nil {
		parts = []string{"nothing"}
	}
	return fmt.Sprintf("%s.%s = %s: %s behind it", x.View, x.Column, text(x.Value), strings.Join(parts, ", "))
}

func viewText(p *printer, x *pipeline.ViewExplanation) {
	p.line("%s  %s = %s", p.bold(x.View), x.Column, text(x.Value))
	p.line("  %s", x.Means)
	for _, k := range x.Keys {
		p.line("  %-24s %s", k, text(x.Row[k]))
	}
	if x.Counted != x.Column {
		p.line("  It is worked out from %s, which is followed here.", x.Counted)
	}
	p.line("  %s", viewHeadline(x))
	for _, w := range x.People {
		p.line("  %s person %s", p.from(), w.Person)
		for _, r := range w.Records {
			p.line("    %s episode %s", p.from(), text(r.Episode))
			p.line("      %s record %s", p.from(), r.Record)
			for _, c := range r.Cells {
				cellText(p, c)
			}
		}
	}
	if n := x.Persons - len(x.People); n > 0 {
		p.line("  and %s more: --few shows as many as you say", count(n, "person"))
	}
	for _, s := range x.Statistics {
		p.line("  %s published count %s", p.from(), s.ID)
		cellText(p, s)
	}
	for _, s := range x.Submissions {
		p.line("  %s submission %s", p.from(), s)
	}
	p.blank()
	p.line("  %s", x.Caveat)
}

// cellText is the way from a row to its submission and, where one field was asked for, its cell, rule and code.
func cellText(p *printer, x *pipeline.Explanation) {
	e := &explained{Explanation: x}
	p.line("        %s submission %s (receipt %s) from %s, %s", p.from(), x.Submission.ID, x.Submission.Receipt, x.Submission.Agency, e.at(diag.Pos{Row: x.Row, Col: x.Col}))
	if len(x.Fields) > few {
		p.line("          palermo explain %s tells of all its fields", x.ID)
		return
	}
	for i := range x.Fields {
		f := &x.Fields[i]
		cell, word := e.used(f)
		p.line("          %s = %s %s cell %s %s %s rule %s%s", f.Field, values(f), p.from(), text(cell), text(word), p.from(), text(f.Rule), prefixedBy(" at ", said(f)))
	}
}

// few is how many fields of a row are told without being asked for.
const few = 3

func prefixedBy(before, s string) string {
	if s == "" {
		return ""
	}
	return before + s
}

// viewPage is the explanation as a page that needs nothing else.
var viewPage = template.Must(template.New("").Funcs(template.FuncMap{
	"said":   func(x *pipeline.Explanation, i int) string { return said(&x.Fields[i]) },
	"values": func(x *pipeline.Explanation, i int) string { return values(&x.Fields[i]) },
	"cell": func(x *pipeline.Explanation) string {
		e := &explained{Explanation: x}
		return e.at(diag.Pos{Row: x.Row, Col: x.Col})
	},
	"used": func(x *pipeline.Explanation, i int) string {
		cell, word := (&explained{Explanation: x}).used(&x.Fields[i])
		return cell + prefixedBy(": ", word)
	},
	"few": func(x *pipeline.Explanation) bool { return len(x.Fields) <= few }}).Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{{.View}}.{{.Column}}</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}
dt{font-weight:600}dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dd{margin:0}ul{border-left:2px solid #767676;list-style:none;padding-left:1rem}
code{overflow-wrap:anywhere}</style></head><body>
<main><h1>{{.Title}}: {{.Column}} = {{.Value}}</h1><p>{{.Means}}</p>
<dl>{{range .Keys}}<dt>{{.}}</dt><dd>{{index $.Row .}}</dd>{{end}}</dl>
{{if ne .Counted .Column}}<p>It is worked out from {{.Counted}}, which is followed here.</p>{{end}}
<p>Behind it: {{.Persons}} persons, {{.Records}} records, {{.Others}} published counts or submissions.</p>
<ul>{{range .People}}<li>Person <code>{{.Person}}</code><ul>{{range .Records}}<li>Episode <code>{{.Episode}}</code>, record <code>{{.Record}}</code>{{template "cells" .Cells}}</li>{{end}}</ul></li>{{end}}
{{if .Statistics}}<li>Published counts{{template "cells" .Statistics}}</li>{{end}}{{range .Submissions}}<li>Submission <code>{{.}}</code></li>{{end}}</ul>
<p>{{.Caveat}}</p></main></body></html>
{{define "cells"}}<ul>{{range .}}{{$x := .}}<li>Submission <code>{{.Submission.ID}}</code> (receipt {{.Submission.Receipt}}) from {{.Submission.Agency}}, <code>{{cell .}}</code>
{{if few .}}<ul>{{range $i, $f := .Fields}}<li>{{$f.Field}} = {{values $x $i}}, cell {{used $x $i}}, rule {{$f.Rule}} {{said $x $i}}</li>{{end}}</ul>{{end}}</li>{{end}}</ul>{{end}}`))
