package pipeline

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"golang.org/x/text/language"

	"palermo/diag"
	"palermo/extract"
)

// checkAgencies holds what palermo.yaml says of agencies against what there is.
func (h *Home) checkAgencies() error {
	for _, name := range sortedKeys(h.Config.Agencies) {
		a := h.Config.Agencies[name]
		at := func(setting, format string, args ...any) error {
			return ConfigFinding(fmt.Sprintf("agencies.%s.%s: ", name, setting) + fmt.Sprintf(format, args...))
		}
		for setting, sources := range map[string][]string{"cumulative": a.Cumulative, "sources": a.Sources} {
			for _, s := range sources {
				if h.Mappings.Source(s) == nil {
					return at(setting, "there is no source %q", s)
				}
			}
		}
		for _, s := range a.Cumulative {
			if !a.sends(s) {
				return at("cumulative", "%q is not among its sources", s)
			}
		}
		if a.Language != "" {
			if _, err := language.Parse(a.Language); err != nil {
				return at("language", "%q is no tag of a language, as fr or pt-BR", a.Language)
			}
		}
		if a.Rank < 0 || a.DeadlineDays < 0 || a.RetentionDays < 0 {
			return at("rank, deadline_days, retention_days", "a number below zero")
		}
	}
	return nil
}

// sends reports whether files of the source are taken from the agency.
func (a Agency) sends(source string) bool {
	return len(a.Sources) == 0 || slices.Contains(a.Sources, source)
}

// ranks is whose values are taken of a person, as the config says.
func (c *Config) ranks() ranks {
	r := ranks{sources: c.Linkage.Sources, agencies: map[string]int{}}
	for name, a := range c.Agencies {
		if a.Rank > 0 {
			r.agencies[name] = a.Rank
		}
	}
	return r
}

// Overdue is an agency that should have sent a file by now.
type Overdue struct {
	Agency string    `json:"agency"`
	Last   time.Time `json:"last"` // when its last file was received
	Days   int       `json:"days"` // since then
}

// overdue is the agencies whose deadline is over. One that never sent anything has none yet.
func (h *Home) overdue(l *Ledger, now time.Time) []Overdue {
	last := map[string]time.Time{}
	for _, s := range l.Submissions {
		if s.Received.After(last[s.Agency]) {
			last[s.Agency] = s.Received
		}
	}
	var out []Overdue
	for _, name := range sortedKeys(h.Config.Agencies) {
		most, sent := h.Config.Agencies[name].DeadlineDays, last[name]
		if days := int(now.Sub(sent) / (24 * time.Hour)); most > 0 && !sent.IsZero() && days > most {
			out = append(out, Overdue{name, sent, days})
		}
	}
	return out
}

// checkRetention names the agencies whose files are kept longer than was agreed.
func (h *Home) checkRetention(l *Ledger, now time.Time) Check {
	old := map[string]int{}
	for i := range l.Submissions {
		s := &l.Submissions[i]
		days := h.Config.Agencies[s.Agency].RetentionDays
		if days > 0 && now.Sub(s.Received) > time.Duration(days)*24*time.Hour && h.received(s) {
			old[s.Agency]++
		}
	}
	if len(old) == 0 {
		return Check{Name: "retention", Status: Pass, Message: "no received file is kept longer than its agency agreed to"}
	}
	names := sortedKeys(old)
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(old[b], old[a]) })
	return Check{Name: "retention", Status: Warn, Message: fmt.Sprintf("files of %d agencies are kept longer than agreed; %s has %d of them", len(names), names[0], old[names[0]]),
		Path: h.path(inboxDir), Suggestion: "withdraw what must go, or change agencies.FOLDER.retention_days"}
}

// astray reports whether a sheet is of a source that its agency does not send. It looks at the first
// rows of all sheets before any is harmonised.
func (j *job) astray(previews [][]extract.Row) (diag.Pos, bool) {
	for i, sh := range j.sheets {
		if c := j.asked(sh, previewRows(previews[i])); c != nil && !slices.Contains(j.Sources, c.Mapping.Source.ID) {
			return diag.Pos{File: j.sub.Name, Sheet: sh.Name, Row: c.HeaderRow}, true
		}
		best := j.Mappings.Recognise(sh.Name, previewRows(previews[i]))
		if len(best) > 0 && best[0].Matches() && !slices.Contains(j.Sources, best[0].Mapping.Source.ID) {
			return diag.Pos{File: j.sub.Name, Sheet: sh.Name, Row: best[0].HeaderRow}, true
		}
	}
	return diag.Pos{}, false
}
