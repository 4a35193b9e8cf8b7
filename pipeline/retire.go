package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"go.uber.org/zap"

	"palermo/load"
	"palermo/transform"
)

// RetentionSettings is for how long what a home keeps is kept. What is older goes at the end of a run; without a number
// nothing does.
type RetentionSettings struct {
	InboxDays      int `yaml:"inbox_days,omitempty" json:"inbox_days,omitempty" jsonschema:"minimum=1,description=days after which the copy of a received file is deleted; its rows stay as they were made last"`
	VaultDays      int `yaml:"vault_days,omitempty" json:"vault_days,omitempty" jsonschema:"minimum=1,description=days after which the names of a received file are deleted once later files have newer versions of all of its records"`
	QuarantineDays int `yaml:"quarantine_days,omitempty" json:"quarantine_days,omitempty" jsonschema:"minimum=1,description=days after which the rejected rows of a received file are deleted"`
	SnapshotDays   int `yaml:"snapshot_days,omitempty" json:"snapshot_days,omitempty" jsonschema:"minimum=1,description=days after which a snapshot is deleted; never the published one nor the one before it"`
}

// Retired is what a run deleted since it was too old.
type Retired struct {
	Inbox      int `json:"inbox,omitempty"`
	Vault      int `json:"vault,omitempty"`
	Quarantine int `json:"quarantine,omitempty"`
	Snapshots  int `json:"snapshots,omitempty"`
}

// past reports whether so many days have gone by since then; for no number of days they never have.
func (r *run) past(then time.Time, days int) bool {
	return days > 0 && r.started.Sub(then) > time.Duration(days)*24*time.Hour
}

// retire deletes what is too old. The run is done before: what cannot be deleted is logged, and the next run tries
// again. An entry says what is gone before it is, so that nothing is made again without it.
func (r *run) retire(entries []*Entry) {
	s := r.Config.Retention
	var err error
	for i, e := range entries {
		sub := &r.ledger.Submissions[i]
		if r.past(sub.Received, s.InboxDays) && r.received(sub) && e.settled() && !r.stillSent(sub) {
			err = errors.Join(err, r.retireOne(e, &e.Retired, &r.summary.Retired.Inbox, r.inboxFile(sub)))
		}
		if path := r.quarantineFile(e.Submission); r.past(sub.Received, s.QuarantineDays) && isThere(path) {
			err = errors.Join(err, r.retireOne(e, &e.QuarantineGone, &r.summary.Retired.Quarantine, path))
		}
		if path := r.vaultFile(recordTable, e.Submission); r.past(sub.Received, s.VaultDays) && r.versions != nil && r.versions.stands[i] == 0 && isThere(path) {
			err = errors.Join(err, r.retireOne(e, &e.VaultGone, &r.summary.Retired.Vault, path))
		}
	}
	err = errors.Join(err, r.retireSnapshots(s.SnapshotDays))
	if err != nil {
		r.Log.Warn("what is too old not deleted", zap.String("why", receiptTrouble(err)))
	}
}

// settled reports whether anything was made of the file: what waits for a mapping or an agreement needs its copy.
func (e *Entry) settled() bool {
	return e.Status == StatusAccepted || e.Status == StatusAcceptedInPart || e.Status == StatusWithdrawn
}

// stillSent reports whether another agency sent the same bytes later, whose copy it is too.
func (r *run) stillSent(s *Submission) bool {
	return slices.ContainsFunc(r.ledger.Submissions, func(o Submission) bool {
		return o.ID != s.ID && o.copied() == s.copied() && !r.past(o.Received, r.Config.Retention.InboxDays)
	})
}

func (r *run) retireOne(e *Entry, gone *bool, n *int, path string) error {
	if !*gone {
		*gone = true
		if err := writeJSON(r.entryFile(e.Submission), e, 0o600); err != nil {
			return err
		}
	}
	if err := removeIfThere(path); err != nil {
		return err
	}
	*n++
	return nil
}

// retireSnapshots removes the snapshots that are too old, but the published one and the one before it.
func (r *run) retireSnapshots(days int) error {
	if days == 0 {
		return nil
	}
	there, err := r.snapshots()
	if err != nil {
		return err
	}
	current, err := load.CurrentRun(r.Dir)
	if err != nil {
		return err
	}
	at := slices.Index(there, current)
	for i, run := range there {
		if i == at || i == at-1 {
			continue
		}
		m, err := load.ReadManifest(r.path(snapshotsDir, run))
		if err != nil || !r.past(m.Ended, days) {
			continue // one that cannot be read says no age
		}
		if err := r.remove(run); err != nil {
			return err
		}
		r.summary.Retired.Snapshots++
	}
	return nil
}

// retired reports whether the submission's copy was deleted since it was too old: its entry stands as it was made last.
func (h *Home) retired(s *Submission, e *Entry) bool {
	return e.Retired && !h.received(s) && !s.withdrawn
}

// keptRetired is the entry of a submission whose copy is gone by age; nil where it is not.
func (h *Home) keptRetired(s *Submission) *Entry {
	e, err := h.keptEntry(s)
	if err != nil || !h.retired(s, e) {
		return nil
	}
	return e
}

// makeWithout makes an entry again whose file is gone, of what the lake has of it: without the rows that are to be left
// out. What went before does not come back.
func (r *run) makeWithout(ctx context.Context, s *Submission, e *Entry, why func(transform.Known) string) (*Entry, error) {
	out := map[string]string{} // record ids, and why
	rows := map[[2]int]bool{}
	reasons := map[int]map[string]int{} // by sheet
	if e.fills(recordTable) {
		err := load.Rows(ctx, r.lakeFile(recordTable, s.ID), []string{"record_id", "case_id", "_sheet", "_row"}, func(rec arrow.RecordBatch) error {
			for i := range int(rec.NumRows()) {
				k := transform.Known{Record: load.Text(rec.Column(0), i), Case: load.Text(rec.Column(1), i)}
				reason := why(k)
				if reason == "" {
					continue
				}
				out[k.Record] = reason
				sheet := int(number(rec.Column(2), i))
				rows[[2]int{sheet, int(number(rec.Column(3), i))}] = true
				if reasons[sheet] == nil {
					reasons[sheet] = map[string]int{}
				}
				reasons[sheet][reason]++
				if reason != transform.ReasonPurged {
					e.Struck = append(e.Struck, Struck{k, reason})
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if err := removeIfThere(r.entryFile(s.ID)); err != nil {
		return nil, err
	}
	for i := range e.Files {
		if err := r.fileWithout(ctx, &e.Files[i], s.ID, out); err != nil {
			return nil, fmt.Errorf("table %s: %w", e.Files[i].Table, err)
		}
	}
	e.Files = slices.DeleteFunc(e.Files, func(f LakeFile) bool { return f.Rows == 0 })
	if err := r.asideWithout(s, e, why); err != nil {
		return nil, err
	}
	for i := range e.Sheets {
		e.Sheets[i].without(rows, reasons[e.Sheets[i].No])
	}
	e.Found = slices.DeleteFunc(e.Found, func(f Found) bool { return rows[[2]int{f.SheetNo, f.Pos.Row}] })
	e.Struck = slices.DeleteFunc(e.Struck, func(k Struck) bool { return why(k.Known) == transform.ReasonPurged })
	for at := range rows {
		e.Gone = append(e.Gone, at)
	}
	if err := r.dropStale(s.ID, e); err != nil {
		return nil, err
	}
	return e, writeJSON(r.entryFile(s.ID), e, 0o600)
}

// fileWithout takes records out of a file of the lake, and of its names in the vault.
func (r *run) fileWithout(ctx context.Context, f *LakeFile, submission string, out map[string]string) error {
	cut := func(rec arrow.RecordBatch) load.Cut {
		c := load.Cut{Rows: make([]bool, rec.NumRows())}
		for i, a := range rec.Columns() {
			if name := rec.ColumnName(i); name != "record_id" && name != "subject_id" {
				continue
			}
			for k := range a.Len() {
				c.Rows[k] = c.Rows[k] || a.IsValid(k) && out[load.Text(a, k)] != ""
			}
		}
		return c
	}
	columns := []string{"record_id", "subject_id"}
	if path := r.vaultFile(f.Table, submission); isThere(path) {
		if _, err := load.Without(ctx, path, path, columns, cut); err != nil {
			return err
		}
	}
	path := r.lakeFile(f.Table, submission)
	if _, err := load.Without(ctx, path, path, columns, cut); err != nil {
		return err
	}
	fi, err := os.Stat(path)
	if err != nil {
		return err
	}
	f.Bytes = fi.Size()
	if f.SHA256, err = fileDigest(path); err != nil {
		return err
	}
	f.Rows, err = load.CountRows(path)
	return err
}

// asideWithout takes the rejected rows away where one of them is to be left out: of whose they are, the rows do not say.
func (r *run) asideWithout(s *Submission, e *Entry, why func(transform.Known) string) error {
	e.PlacesBytes = 0
	hit := false
	for i := range e.Sheets {
		for _, list := range []*[]transform.Known{&e.Sheets[i].Named, &e.Sheets[i].NoConsent, &e.Sheets[i].TakenBack} {
			n := len(*list)
			*list = slices.DeleteFunc(*list, func(k transform.Known) bool { return why(k) == transform.ReasonPurged })
			hit = hit || list == &e.Sheets[i].Named && len(*list) < n
		}
	}
	e.Refused = r.withoutErased(s.Agency, e.Refused)
	if !hit {
		return nil
	}
	e.QuarantineGone = true
	return removeIfThere(r.quarantineFile(s.ID))
}

// without takes rows out of the account of a sheet, and the words that may have stood in no other row.
func (s *SheetEntry) without(rows map[[2]int]bool, reasons map[string]int) {
	gone := 0
	for reason, n := range reasons {
		s.Balance.Loaded -= int64(n)
		s.Balance.skip(reason, n)
		gone += n
	}
	s.Values = slices.DeleteFunc(s.Values, func(u transform.Use) bool { return u.Rows <= gone && rows[[2]int{s.No, u.FirstRow}] })
}
