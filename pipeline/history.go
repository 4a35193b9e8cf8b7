package pipeline

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"palermo/load"
)

// RunHistory is one run as the ledger and the lake tell of it.
type RunHistory struct {
	RunLine
	Current  bool         `json:"current"` // its snapshot is the published one
	Received []FileStatus `json:"received"`
}

// FileStatus is a submission and what it is now: a later mapping may have changed what became of
// it since its run.
type FileStatus struct {
	Submission
	Status      string   `json:"status"` // empty where it was not harmonised yet
	Sources     []string `json:"sources,omitempty"`
	Rows        Balance  `json:"rows"`
	Quarantined int64    `json:"quarantined"`
	Found       []Found  `json:"-"`
}

// History is every run of the ledger, newest first.
func (h *Home) History() ([]RunHistory, error) {
	l, err := h.ReadLedger()
	if err != nil {
		return nil, err
	}
	current, err := h.currentRun()
	if err != nil {
		return nil, err
	}
	out := make([]RunHistory, 0, len(l.Runs))
	for i := len(l.Runs) - 1; i >= 0; i-- {
		line := l.Runs[i]
		r := RunHistory{RunLine: line, Current: line.Run == current, Received: []FileStatus{}}
		for k := range l.Submissions {
			if !l.Submissions[k].Received.Equal(line.Started) {
				continue
			}
			f, err := h.fileStatus(l, &l.Submissions[k])
			if err != nil {
				return nil, err
			}
			r.Received = append(r.Received, f)
		}
		out = append(out, r)
	}
	return out, nil
}

// RunHistory is the run of that id, or whose id begins so; the newest where id is empty. It is
// ErrNotFound where no run, or more than one, is meant.
func (h *Home) RunHistory(id string) (*RunHistory, error) {
	all, err := h.History()
	if err != nil {
		return nil, err
	}
	var found *RunHistory
	for i := range all {
		switch {
		case all[i].Run == id, id == "":
			return &all[i], nil
		case !strings.HasPrefix(all[i].Run, id):
		case found != nil:
			return nil, fmt.Errorf("run %s: %w: more than one id begins so", id, ErrNotFound)
		default:
			found = &all[i]
		}
	}
	if found == nil {
		return nil, fmt.Errorf("run %s: %w", id, ErrNotFound)
	}
	return found, nil
}

func (h *Home) currentRun() (string, error) {
	dir, _, err := load.Current(h.Dir)
	if errors.Is(err, load.ErrNone) {
		return "", nil
	}
	if err != nil {
		return "", environment(err)
	}
	return filepath.Base(dir), nil
}

func (h *Home) fileStatus(l *Ledger, s *Submission) (FileStatus, error) {
	f := FileStatus{Submission: *s, Rows: Balance{Unit: "rows"}}
	e, err := h.keptEntry(s)
	if errors.Is(err, ErrNotFound) {
		return f, nil
	}
	if err != nil {
		return f, err
	}
	f.Status, f.Sources, f.Rows, f.Quarantined, f.Found = e.Status, e.sources(), e.Rows(), e.Quarantined, e.Found
	switch {
	case s.withdrawn:
		f.Status = StatusWithdrawn
	case l.waits(s.ID) != nil:
		f.Status = StatusWaiting
		f.Rows.skip(reasonWaiting, int(f.Rows.Loaded))
		f.Rows.Loaded = 0
	}
	return f, nil
}

// Inspect looks at a received file, by the id of its submission, as the function Inspect does at
// any file. It is ErrNotFound where the home never received it.
func (h *Home) Inspect(ctx context.Context, id string) (*Inspection, error) {
	l, err := h.ReadLedger()
	if err != nil {
		return nil, err
	}
	s := l.find(id)
	if s == nil {
		return nil, fmt.Errorf("submission %s: %w", id, ErrNotFound)
	}
	if s.redacted != "" {
		return nil, fmt.Errorf("submission %s: what was received is gone, since a person in it was erased: %w", id, ErrNotFound)
	}
	if err := h.note(time.Now(), "inspect", map[string]any{"submission": s.ID}); err != nil { // headers and names of sheets are shown as they are
		return nil, err
	}
	in, err := Inspect(ctx, h.inboxFile(s), h.Schema, h.Mappings)
	if err != nil {
		return nil, err
	}
	in.File = s.Name
	for i := range in.Found {
		in.Found[i].Pos.File = s.Name
	}
	return in, nil
}
