package pipeline

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"palermo/load"
)

// Rollback is that readers were led to another snapshot than the newest. It is a line of the ledger, and
// holds until there is something new to publish.
type Rollback struct {
	From   string    `json:"from"` // the run whose snapshot was left
	To     string    `json:"to"`
	Inputs string    `json:"inputs"` // digest of what From was made of: it is not published again by itself
	At     time.Time `json:"at"`
}

// Rollback makes an earlier snapshot the current one: that of the run whose id is, or begins, so; the one before
// the current where id is empty. It is read as a whole first. What was received and decided stays as it is, and
// the next run publishes only when something has changed, or with Full.
func (h *Home) Rollback(id string, now time.Time) (*Rollback, error) {
	l, err := h.takeLock(now)
	if err != nil {
		return nil, err
	}
	defer l.release()
	if err := load.Sweep(h.Dir); err != nil {
		return nil, environment(err)
	}
	current, err := load.CurrentRun(h.Dir)
	if err != nil {
		return nil, fmt.Errorf("nothing to go back from: %w", err)
	}
	b := &Rollback{From: current, At: now.UTC()}
	if b.To, err = h.snapshotBefore(current, id); err != nil {
		return nil, err
	}
	if err := load.Verify(h.path(snapshotsDir, b.To)); err != nil {
		return nil, fmt.Errorf("the snapshot of run %s is not whole: %w", b.To, err)
	}
	if m, err := load.ReadManifest(h.path(snapshotsDir, current)); err == nil { // a damaged one may be why somebody goes back
		b.Inputs = m.InputsDigest
	}
	if err := h.appendLedger(line{Rollback: b}); err != nil {
		return nil, err
	}
	if err := load.MakeCurrent(h.Dir, b.To); err != nil {
		return nil, environment(err)
	}
	return b, nil
}

// snapshotBefore is the run whose snapshot is meant.
func (h *Home) snapshotBefore(current, id string) (string, error) {
	there, err := h.snapshots()
	if err != nil {
		return "", err
	}
	if id == "" {
		l, err := h.ReadLedger()
		if err != nil {
			return "", err
		}
		there = slices.DeleteFunc(there, func(run string) bool { return run != current && l.leftBehind(run) })
		at := slices.Index(there, current)
		if at < 1 {
			return "", fmt.Errorf("a snapshot before %s: %w", current, ErrNotFound)
		}
		return there[at-1], nil
	}
	run, err := oneOf(there, id)
	if err == nil && run == current {
		err = errors.New("this snapshot is the current one")
	}
	return run, err
}

// oneOf is the run whose id is, or begins, so.
func oneOf(runs []string, id string) (string, error) {
	var found []string
	for _, r := range runs {
		if r == id {
			return r, nil
		}
		if id != "" && strings.HasPrefix(r, id) {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", fmt.Errorf("a snapshot of run %s: %w", id, ErrNotFound)
	}
	return "", fmt.Errorf("a snapshot of run %s: %w: more than one id begins so", id, ErrNotFound)
}

// leftBehind reports whether somebody went back from the run's snapshot, to another.
func (l *Ledger) leftBehind(run string) bool {
	return slices.ContainsFunc(l.Rollbacks, func(b Rollback) bool { return b.From == run })
}

// heldBack reports whether the current snapshot is there by a rollback, and what would be published is what was
// left by it.
func (l *Ledger) heldBack(current, inputs string) bool {
	if len(l.Rollbacks) == 0 {
		return false
	}
	last := l.Rollbacks[len(l.Rollbacks)-1]
	return last.To == current && last.Inputs == inputs
}
