package pipeline

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"palermo/load"
	"palermo/mappings"
)

// Ruling is what somebody decided about what was received. It is a line of the ledger, and the next
// run follows it; a later one about the same thing wins.
type Ruling struct {
	Act        string     `json:"act"`
	Submission string     `json:"submission,omitempty"` // by id
	Case       string     `json:"case,omitempty"`       // by id; a case reference is never kept
	Undo       bool       `json:"undo,omitempty"`       // the act is taken back
	Stated     *Statement `json:"stated,omitempty"`     // of ActState
	At         time.Time  `json:"at"`

	Agency   string `json:"agency,omitempty"`   // of ActPurge
	Tomb     string `json:"tomb,omitempty"`     // of ActPurge: what is left of the id of a case
	Redacted string `json:"redacted,omitempty"` // of ActRedact: SHA-256 of the extract
}

// What may be decided.
const (
	ActWithdraw = "withdraw" // a submission, or a case, is taken back
	ActConfirm  = "confirm"  // a full replacement may remove what it lacks
	ActAdmit    = "admit"    // a file that was held may be loaded: its agency has an agreement
	ActPurge    = "purge"    // a case is erased, and kept out
	ActRedact   = "redact"   // an extract without the rows of erased cases takes the place of what was received
	ActState    = "state"    // the agency sent the same file again in a folder that says its kind
)

// decide notes a decision.
func (l *Ledger) decide(d Ruling) {
	l.Rulings = append(l.Rulings, d)
	s := l.find(d.Submission)
	switch {
	case d.Act == ActPurge:
		l.bury(d.Agency, d.Tomb)
	case s == nil:
	case d.Act == ActAdmit:
		s.Held = d.Undo
	case d.Act == ActRedact:
		s.replaced = append(s.replaced, s.copied())
		s.redacted = d.Redacted
	case d.Act == ActWithdraw:
		s.withdrawn = !d.Undo
	case d.Act == ActState:
		s.Stated = d.Stated
	}
}

// decidedSince reports whether somebody decided something since the last snapshot was begun.
func (l *Ledger) decidedSince() bool {
	var last time.Time
	for _, r := range l.Runs {
		if r.Status == RunPublished {
			last = r.Started
		}
	}
	return slices.ContainsFunc(l.Rulings, func(d Ruling) bool { return d.At.After(last) && d.Act != ActRedact })
}

// confirmed reports whether a full replacement was confirmed.
func (l *Ledger) confirmed(submission string) bool {
	yes := false
	for _, d := range l.Rulings {
		if d.Act == ActConfirm && d.Submission == submission {
			yes = !d.Undo
		}
	}
	return yes
}

// withdrawnCases is the ids of the cases that were taken back, sorted.
func (l *Ledger) withdrawnCases() []string {
	out := map[string]bool{}
	for _, d := range l.Rulings {
		if d.Act != ActWithdraw || d.Case == "" {
			continue
		}
		if delete(out, d.Case); !d.Undo {
			out[d.Case] = true
		}
	}
	return sortedKeys(out)
}

// Subject is what a decision is about, as far as it may be shown: never a case reference.
type Subject struct {
	Submission  *Submission `json:"submission,omitempty"`
	Case        string      `json:"case,omitempty"` // its id
	Status      string      `json:"status,omitempty"`
	Withdrawn   bool        `json:"withdrawn"`             // taken back already
	Confirmed   bool        `json:"confirmed"`             // confirmed already
	Replaces    bool        `json:"replaces"`              // it replaces a period as a whole
	Waits       *Waits      `json:"unconfirmed,omitempty"` // what the last run said of it
	Rows        int64       `json:"rows"`                  // loaded of the submission; rows of the case that the lake has
	Submissions int         `json:"submissions,omitempty"` // that have rows of the case
}

// SubmissionSubject is the submission of that receipt number or id. It is ErrNotFound where there
// is none.
func (h *Home) SubmissionSubject(name string) (*Subject, error) {
	l, err := h.ReadLedger()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(l.Submissions, func(s Submission) bool { return s.ID == name || s.Receipt == name })
	if i < 0 {
		return nil, fmt.Errorf("submission %s: %w", name, ErrNotFound)
	}
	s := &l.Submissions[i]
	f, err := h.fileStatus(l, s)
	if err != nil {
		return nil, err
	}
	out := &Subject{Submission: s, Status: f.Status, Withdrawn: s.withdrawn, Confirmed: l.confirmed(s.ID), Rows: f.Rows.Loaded, Waits: l.waits(s.ID)}
	if e, err := h.keptEntry(s); err == nil {
		out.Replaces = e.replaces()
	}
	return out, nil
}

// waits is what the last run said of a full replacement that waits, or nil.
func (l *Ledger) waits(submission string) *Waits {
	if len(l.Runs) == 0 {
		return nil
	}
	last := l.Runs[len(l.Runs)-1].Waits
	if i := slices.IndexFunc(last, func(w Waits) bool { return w.Submission == submission }); i >= 0 {
		return &last[i]
	}
	return nil
}

// CaseSubject is the case with that reference, of one agency and source. A case that nobody sent is
// one with no rows.
func (h *Home) CaseSubject(ctx context.Context, agency, source, reference string) (*Subject, error) {
	if h.key == nil {
		return nil, fmt.Errorf("the home has no key yet, and so no case: %w", ErrNotFound)
	}
	l, err := h.ReadLedger()
	if err != nil {
		return nil, err
	}
	out := &Subject{Case: h.key.Case(source, agency, mappings.Word(reference))}
	out.Withdrawn = slices.Contains(l.withdrawnCases(), out.Case)
	for i := range l.Submissions {
		s := &l.Submissions[i]
		e, err := h.keptEntry(s)
		if err != nil || s.Agency != agency || !e.fills(recordTable) {
			continue
		}
		before := out.Rows
		err = load.Rows(ctx, h.lakeFile(recordTable, s.ID), []string{"case_id"}, func(rec arrow.RecordBatch) error {
			for i := range int(rec.NumRows()) {
				if load.Text(rec.Column(0), i) == out.Case {
					out.Rows++
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if out.Rows > before {
			out.Submissions++
		}
	}
	return out, nil
}

// Decide writes a decision down, durably: the next run follows it. The home's lock is held
// meanwhile.
func (h *Home) Decide(act string, about *Subject, undo bool, now time.Time) error {
	lock, err := h.takeLock(now)
	if err != nil {
		return err
	}
	defer lock.release()
	d := &Ruling{Act: act, Case: about.Case, Undo: undo, At: now.UTC()}
	if about.Submission != nil {
		d.Submission = about.Submission.ID
	}
	return h.appendLedger(line{Ruling: d})
}
