package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"palermo/pipeline"
)

// explainLinkage tells of a person, or of a pair, where the arguments are their ids.
func (a *app) explainLinkage(ctx context.Context, args []string, withNames bool) (*result, error) {
	h, err := a.readHome()
	if err != nil {
		return nil, err
	}
	if len(args) == 2 {
		x, err := h.ExplainPair(ctx, args[0], args[1], withNames)
		if err != nil {
			return nil, notHere(err)
		}
		return &result{ok: true, summary: pairHeadline(x), value: x, text: func(p *printer) { pairText(p, x) }}, nil
	}
	x, err := h.ExplainPerson(ctx, args[0], withNames)
	if err != nil {
		return nil, notHere(err)
	}
	return &result{ok: true, summary: fmt.Sprintf("%s: %s", x.Person, count(len(x.Records), "record")), value: x,
		text: func(p *printer) { personText(p, x) }}, nil
}

// notHere says what a steward lacks.
func notHere(err error) error {
	if errors.Is(err, pipeline.ErrNotSteward) {
		return usagef("%v: links are told to stewards only", err)
	}
	return err
}

func pairHeadline(x *pipeline.PairExplanation) string {
	joined := "not joined"
	if x.Joined {
		joined = "one person"
	}
	return fmt.Sprintf("%s and %s: %s, %.1f bits, probability %.4f", x.A, x.B, joined, x.TotalBits, x.Probability)
}

func pairText(p *printer, x *pipeline.PairExplanation) {
	p.line("%s and %s", p.bold(x.A), p.bold(x.B))
	if x.Names != nil {
		p.line("  names       %s | %s", text(x.Names[0]), text(x.Names[1]))
	}
	p.line("  brought together by %s", x.Rules)
	p.line("  model       %s", x.Model)
	p.blank()
	sum := x.PriorBits
	p.line("  %-16s %-44s %+7.2f          %+7.2f", "prior", "any two records", x.PriorBits, sum)
	for _, e := range x.Evidence {
		sum += e.Bits + e.Rarity
		p.line("  %-16s %-44s %+7.2f %+7.2f  %+7.2f", e.Comparison, e.Says, e.Bits, e.Rarity, sum)
	}
	p.line("  %-16s %-44s %16s %+7.2f", "total", "", "", x.TotalBits)
	p.blank()
	p.line("  probability %.6f: %s", x.Probability, x.Status)
	if x.Short {
		p.line("  too few fields agree for a link without a reviewer")
	}
	if x.Bound != "" {
		p.line("  beside the evidence: %s", map[string]string{"case": "both are of one case", "same": "a reviewer decided: the same person", "different": "a reviewer decided: different persons"}[x.Bound])
	}
	p.line("  %s", map[bool]string{true: "they are one person in this snapshot", false: "they are two persons in this snapshot"}[x.Joined])
}

func personText(p *printer, x *pipeline.PersonExplanation) {
	p.line("%s", p.bold(x.Person))
	for _, r := range x.Records {
		p.line("  %s  episode %d  probability %.4f  %s  %s", r.Record, r.Episode, r.Probability, strings.TrimSpace(r.Source+" "+r.Form), r.Place)
		if r.Name != "" {
			p.line("      name %s", text(r.Name))
		}
		if r.EpisodeBy != "" {
			p.line("      its episode by %s", r.EpisodeBy)
		}
	}
	if len(x.Links) > 0 {
		p.blank()
		p.line("  links")
	}
	for _, l := range x.Links {
		bound := ""
		if l.Bound != "" {
			bound = "  (" + l.Bound + ")"
		}
		p.line("    %s  %s  %+.2f bits%s", l.A, l.B, l.Bits, bound)
	}
	p.blank()
	p.line("  values")
	for _, v := range x.Values {
		p.line("    %-20s %-24s from %s", v.Field, v.Value, v.Record)
	}
	for _, c := range x.Conflicts {
		mark := "not taken"
		if c.Taken {
			mark = "taken"
		}
		p.line("    %-20s %-24s in   %s, %s", c.Field, c.Value, c.Record, mark)
	}
}
