package main

import (
	"strings"

	"palermo/diag"
	"palermo/pipeline"
	"palermo/transform"
)

// reading tells how an assessment came about.
func (e *explained) reading(p *printer) {
	r := e.Reading
	p.line("%s", p.bold(r.Title))
	p.line("  %s", r.Citation)
	for _, u := range r.Rules {
		p.line("  status      %s, by rule %s, article %s (%s)", u.Status, u.Rule, u.Article, u.Said)
		p.line("    when      %s", conditions(&u))
		p.line("    meaning   %s", u.Note)
	}
	for i := range r.Elements {
		e.element(p, &r.Elements[i])
	}
	if len(r.Ages) > 0 {
		p.blank()
		p.line("  The person's age is read from:")
		e.grid(p, r.Ages)
	}
	if v := e.now("child_at_act_code"); v != "" {
		p.line("  Under 18 at any act: %s; at exploitation: %s", v, e.now("child_at_exploitation_code"))
	}
}

func conditions(u *pipeline.ReadRule) string {
	var out []string
	for _, c := range u.When {
		out = append(out, c.Word+" "+strings.Join(c.Values, " or "))
	}
	if out == nil {
		return "no other rule holds"
	}
	return strings.Join(out, "; ")
}

// element tells which rows an element rests on; rows that make no difference are only counted.
func (e *explained) element(p *printer, el *pipeline.ReadElement) {
	p.blank()
	p.line("  %s is %s (%s)", p.bold(el.Element), strings.ReplaceAll(el.State, "_", " "), el.Article)
	aside := map[string]int{}
	rows := [][]styled{}
	for i := range el.Statements {
		s := &el.Statements[i]
		if !s.Rests {
			aside[s.Part]++
			continue
		}
		rows = append(rows, p.cells(s.Code+" "+s.Answer, s.Part, s.Word, cells(s.Cells), s.Rule, s.ID))
	}
	p.grid("    ", nil, rows)
	for _, part := range sortedKeys(aside) {
		p.line("    besides, %d: %s", aside[part], part)
	}
}

func cells(cs []transform.TraceCell) string {
	var out []string
	for _, c := range cs {
		out = append(out, diag.Cell(c.Row, c.Col))
	}
	return strings.Join(out, " ")
}

// also names what else can be asked.
func (e *explained) also(p *printer) {
	if len(e.Also) == 0 {
		return
	}
	p.blank()
	p.line("  Ask also, with palermo explain:")
	rows := [][]styled{}
	for _, a := range e.Also {
		if a.ID != e.ID {
			rows = append(rows, p.cells(a.ID, a.What))
		}
	}
	p.grid("    ", nil, rows)
}
