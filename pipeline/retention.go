package pipeline

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"slices"

	"go.uber.org/zap"

	"palermo/load"
)

// prune removes the snapshots beyond those that are kept, first those that somebody went back from, then the oldest, with what stewards had of them. What
// is current stays, whatever its age. A snapshot is taken out of its place by one rename, so that nobody finds
// half of one; whoever has a file of it open keeps it. The run is done before: what cannot be removed is logged.
func (r *run) prune() {
	old, err := r.surplus()
	for _, run := range old {
		err = errors.Join(err, r.remove(run))
	}
	if err != nil {
		r.Log.Warn("old snapshots not removed", zap.Int("snapshots", len(old)))
		return
	}
	r.summary.Pruned = len(old)
}

// surplus is the runs whose snapshots are too many.
func (r *run) surplus() ([]string, error) {
	current, err := load.CurrentRun(r.Dir)
	if err != nil {
		return nil, err
	}
	there, err := r.snapshots()
	if err != nil {
		return nil, err
	}
	there = slices.DeleteFunc(there, func(run string) bool { return run == current })
	slices.SortStableFunc(there, func(a, b string) int {
		return cmp.Compare(order(r.ledger.leftBehind(a)), order(r.ledger.leftBehind(b)))
	})
	return there[:max(0, len(there)-(r.Config.Snapshots.Keep-1))], nil
}

// order puts what is left behind first.
func order(leftBehind bool) int {
	if leftBehind {
		return 0
	}
	return 1
}

// snapshots is the runs whose snapshots are there, in the order in which they were published: as the ledger has
// it, since a clock may have been set back; those it does not know come first, by name.
func (h *Home) snapshots() ([]string, error) {
	l, err := h.ReadLedger()
	if err != nil {
		return nil, err
	}
	dirs, err := os.ReadDir(h.path(snapshotsDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	place := map[string]int{}
	for i, line := range l.Runs {
		place[line.Run] = i + 1
	}
	var out []string
	for _, d := range dirs {
		out = append(out, d.Name())
	}
	slices.SortStableFunc(out, func(a, b string) int { return place[a] - place[b] })
	return out, nil
}

// remove removes the run's snapshot and what belongs to it.
func (r *run) remove(run string) error {
	away := r.path(stateDir, "tmp", "pruned-"+run)
	if err := os.Rename(r.path(snapshotsDir, run), away); err != nil {
		return err
	}
	return errors.Join(syncDir(r.path(snapshotsDir)), os.RemoveAll(away), os.RemoveAll(r.path(stewardDir, run)), os.RemoveAll(r.path(stateDir, runsDir, run)))
}
