package pipeline

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"go.uber.org/zap"

	"palermo/extract"
	"palermo/load/template"
	"palermo/mappings"
	"palermo/transform"
)

// What is left of an erased case is its tomb: a keyed digest of its id, from which nobody comes back to the id, and
// by which its rows are known when they are sent again. Tombs are lines of the ledger.

// tomb is that of a case id of the lake.
func (k key) tomb(caseID string) string { return "t" + k.mac("tomb", caseID)[:32] }

func (l *Ledger) bury(agency, tomb string) {
	if l.Tombs == nil {
		l.Tombs = map[string]map[string]bool{}
	}
	if l.Tombs[agency] == nil {
		l.Tombs[agency] = map[string]bool{}
	}
	l.Tombs[agency][tomb] = true
}

// goneRows is rows by sheet and number.
type goneRows map[[2]int]bool

// purgedOf tells rows and cells of the agency's files that are of erased cases; both are nil where it has none. They
// are for one file at a time.
func (r *run) purgedOf(agency string) (row func(transform.Known) bool, cell func(string) bool) {
	tombs := r.ledger.Tombs[agency]
	if len(tombs) == 0 {
		return nil, nil
	}
	row = func(k transform.Known) bool { return tombs[r.key.tomb(k.Case)] }
	sources := r.caseSources()
	words := map[string]bool{}
	return row, func(text string) bool {
		if len(text) > maxReference {
			return false
		}
		word := mappings.Word(text)
		if word == "" {
			return false
		}
		is, known := words[word]
		if !known {
			is = slices.ContainsFunc(sources, func(s string) bool { return tombs[r.key.tomb(r.key.Case(s, agency, word))] })
			words[word] = is
		}
		return is
	}
}

// leftOutOf is why rows of a submission are left out whose file is gone: erased, refused or withdrawn.
func (r *run) leftOutOf(s *Submission) func(transform.Known) string {
	purged, _ := r.purgedOf(s.Agency)
	struck := r.struck[s.ID]
	return func(k transform.Known) string {
		switch {
		case purged != nil && purged(k):
			return transform.ReasonPurged
		case struck != nil:
			return struck(k)
		}
		return ""
	}
}

// maxReference is how long a cell may be that is a case reference and nothing else.
const maxReference = 128

// caseSources is the sources that have case records.
func (h *Home) caseSources() []string {
	var out []string
	for _, m := range h.Mappings.Mappings {
		if slices.ContainsFunc(m.Tables, func(t mappings.Table) bool { return t.Record != nil }) {
			out = append(out, m.Source.ID)
		}
	}
	return out
}

// purged tells the rows of a sheet that are of erased cases, and notes where they are.
func (j *job) purged(e *SheetEntry) func(transform.Known, int) bool {
	if j.Purged == nil {
		return nil
	}
	return func(k transform.Known, row int) bool {
		if !j.Purged(k) {
			return false
		}
		j.bury(e.No, row)
		return true
	}
}

func (j *job) bury(sheet, row int) {
	if j.gone == nil {
		j.gone = goneRows{}
	}
	j.gone[[2]int{sheet, row}] = true
}

// allGone is the rows that are gone from the file, and those that are to go.
func (j *job) allGone() [][2]int {
	var out [][2]int
	for at := range j.gone {
		out = append(out, at)
	}
	for _, sh := range j.sheets {
		for _, row := range sh.Gone {
			out = append(out, [2]int{sh.No, row})
		}
	}
	slices.SortFunc(out, func(a, b [2]int) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	return slices.Compact(out)
}

// goneWithin reports whether a row of a table that no mapping reads has the case reference of an erased case.
func (j *job) goneWithin(sh extract.Sheet, r *extract.Row) bool {
	if j.PurgedIn == nil || !slices.ContainsFunc(r.Cells, j.PurgedIn) {
		return false
	}
	j.bury(sh.No, r.Num)
	return true
}

// inboxFile is where the bytes lie that the submission is read from: as they were received, or the extract that took
// their place.
func (h *Home) inboxFile(s *Submission) string { return h.path(inboxDir, s.copied()) }

// openInbox opens what lies in the inbox of a submission, to be read in a worker. It is ErrNotFound, and fs.ErrNotExist,
// where that is gone: withdrawn, or deleted by age.
func (h *Home) openInbox(ctx context.Context, s *Submission, o extract.Options) (*extract.File, error) {
	o.TmpDir, o.Secrets, o.Redacted = h.path(stateDir, "tmp"), h.secrets[s.Agency], s.redacted != ""
	f, err := openApart(ctx, h.inboxFile(s), o, h.Config.limits())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the received file is gone: %w: %w", ErrNotFound, fs.ErrNotExist)
	}
	return f, err
}

// copied is the SHA-256 of what lies in the inbox.
func (s *Submission) copied() string {
	if s.redacted != "" {
		return s.redacted
	}
	return s.SHA256
}

// redact lets an extract without the rows of erased cases that the making of e has met take the place of the
// submission's file. The extract is durable before the ledger names it, and the ledger's line before the file goes:
// whatever stops it, the next run goes on.
func (r *run) redact(ctx context.Context, s *Submission, e *Entry) error {
	if len(e.gone) == 0 {
		return nil
	}
	sum, err := r.extractWithout(ctx, s, e.gone)
	if err != nil {
		return err
	}
	r.redacting.Lock()
	defer r.redacting.Unlock()
	d := Ruling{Act: ActRedact, Submission: s.ID, Redacted: sum, At: r.started}
	if err := r.appendLedger(line{Ruling: &d}); err != nil {
		return err
	}
	r.ledger.decide(d)
	r.Log.Info("rows erased", zap.String("submission", s.ID), zap.Int("rows", len(e.gone)))
	return r.dropOriginals()
}

// extractWithout writes the extract to the inbox, and gives its SHA-256.
func (r *run) extractWithout(ctx context.Context, s *Submission, gone goneRows) (string, error) {
	f, err := r.openInbox(ctx, s, extract.Options{Name: s.Name, MaxBytes: int64(r.Config.Intake.MaxFileMiB) << 20, Names: template.Names()})
	if err != nil {
		return "", err
	}
	defer f.Close()
	out, err := os.CreateTemp(r.path(stateDir, "tmp"), "redacted-") // 0600
	if err != nil {
		return "", err
	}
	defer os.Remove(out.Name())
	h := sha256.New()
	rows, err := extract.Redact(ctx, f, func(sheet, row int, _ []string) bool { return gone[[2]int{sheet, row}] }, io.MultiWriter(out, h))
	if err == nil && rows != len(gone) {
		err = fmt.Errorf("%d rows of %d were found again", rows, len(gone))
	}
	if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
		return "", err
	}
	sum := hex.EncodeToString(h.Sum(nil))
	if err := os.Rename(out.Name(), r.path(inboxDir, sum)); err != nil {
		return "", err
	}
	return sum, syncDir(r.path(inboxDir))
}

// dropOriginals removes from the inbox the files that an extract stands in for, unless another agency sent the same
// one, of which nothing was erased. An agency may have sent it again.
func (r *run) dropOriginals() error {
	used := map[string]bool{}
	for i := range r.ledger.Submissions {
		used[r.ledger.Submissions[i].copied()] = true
	}
	dropped := false
	for i := range r.ledger.Submissions {
		for _, sum := range r.ledger.Submissions[i].replaced {
			if path := r.path(inboxDir, sum); !used[sum] && isThere(path) {
				if err := os.Remove(path); err != nil {
					return err
				}
				dropped = true
			}
		}
	}
	if !dropped {
		return nil
	}
	return syncDir(r.path(inboxDir))
}

// withoutErased is the case ids but those of erased cases.
func (r *run) withoutErased(agency string, ids []string) []string {
	tombs := r.ledger.Tombs[agency]
	if len(tombs) == 0 {
		return ids
	}
	return slices.DeleteFunc(ids, func(id string) bool { return tombs[r.key.tomb(id)] })
}

// receiptsOf is the files of a submission's receipt that are there.
func (h *Home) receiptsOf(s *Submission) []string {
	var out []string
	for _, ext := range receiptExtensions {
		if path := h.receiptFile(s, s.Receipt+ext); isThere(path) {
			out = append(out, filepath.Base(path))
		}
	}
	return out
}
