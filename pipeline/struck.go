package pipeline

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"palermo/load"
	"palermo/transform"
)

// Why rows are left out that the file itself does not leave out.
const (
	reasonNoConsent = "no_consent"
	reasonWithdrawn = "withdrawn"
	reasonWaiting   = "waiting"
)

// Struck is what rows are known by that are left out of a submission, since somebody refused or
// withdrew their record or case the same night or later. Nothing else of the rows is kept.
type Struck struct {
	transform.Known
	Reason string `json:"reason"` // no_consent or withdrawn
}

// struckList is the rows that a making left out, in the order of their ids.
func struckList(rows map[transform.Known]string) []Struck {
	var out []Struck
	for k, why := range rows {
		out = append(out, Struck{k, why})
	}
	slices.SortFunc(out, func(a, b Struck) int { return cmp.Or(cmp.Compare(a.Record, b.Record), cmp.Compare(a.Case, b.Case)) })
	return out
}

// bare leaves of a withdrawn submission only what was counted, and who refused: a refusal outlasts
// the file that it came in.
func (e *Entry) bare() {
	e.Status, e.Found, e.Struck, e.PlacesBytes = StatusWithdrawn, nil, nil, 0
	for i := range e.Sheets {
		s := &e.Sheets[i]
		e.Sheets[i] = SheetEntry{No: s.No, Name: s.Name, Source: s.Source, Mapping: s.Mapping, Table: s.Table, Vintage: s.Vintage,
			Target: s.Target, Form: s.Form, Stated: s.Stated, Balance: s.Balance, NoConsent: s.NoConsent}
	}
}

// leave says which rows of the sheet are left out: all of a withdrawn submission, those that a
// withdrawal takes back, and those of records and cases that are struck.
func (j *job) leave(e *SheetEntry) func(transform.Known) string {
	switch {
	case j.Withdrawn:
		return func(transform.Known) string { return reasonWithdrawn }
	case e.Stated.Kind != Withdrawal && j.Struck == nil:
		return nil
	}
	return func(k transform.Known) string {
		reason := ""
		if j.Struck != nil {
			if reason = j.Struck(k); reason != "" {
				j.struck[k] = reason
			}
		}
		if e.Stated.Kind == Withdrawal {
			e.TakenBack = append(e.TakenBack, k)
			reason = reasonWithdrawn
		}
		return reason
	}
}

// strikes is who was refused or withdrawn, and until which night their rows are left out.
type strikes struct {
	refused   map[string]int // case ids: by the night of the last refusal
	withdrawn map[string]int // record and case ids
	agencies  map[string]*strikesOfAgency
}

// strikesOfAgency is what an agency's submissions are held against, newest first.
type strikesOfAgency struct {
	all     []strikeLine
	digests []string // of the first n, by n
}

type strikeLine struct {
	night int
	id    string
	why   string
}

// strikesOf gathers them from the entries and from the ledger's decisions. A case that somebody
// withdrew by hand stays out of what is yet to come, too.
func (r *run) strikesOf(entries []*Entry) *strikes {
	k := &strikes{map[string]int{}, map[string]int{}, map[string]*strikesOfAgency{}}
	for i := range r.ledger.Submissions {
		k.agencies[r.ledger.Submissions[i].Agency] = &strikesOfAgency{}
	}
	for i, e := range entries {
		s := &r.ledger.Submissions[i]
		for _, id := range e.Refused {
			k.add(s, reasonNoConsent, id)
		}
		for n := range e.Sheets {
			for _, w := range e.Sheets[n].NoConsent {
				k.add(s, reasonNoConsent, w.Case)
			}
			for _, w := range e.Sheets[n].TakenBack {
				k.add(s, reasonWithdrawn, w.Record)
			}
		}
	}
	for _, id := range r.ledger.withdrawnCases() {
		k.withdrawn[id] = math.MaxInt
		for _, a := range k.agencies { // whose case it is, its id does not tell
			a.all = append(a.all, strikeLine{math.MaxInt, id, reasonWithdrawn})
		}
	}
	for _, a := range k.agencies {
		a.close()
	}
	return k
}

func (k *strikes) add(s *Submission, why, id string) {
	to := k.refused
	if why == reasonWithdrawn {
		to = k.withdrawn
	}
	to[id] = max(to[id], s.Night)
	a := k.agencies[s.Agency]
	a.all = append(a.all, strikeLine{s.Night, id, why})
}

// close makes the digests, one for each number of lines from the newest on.
func (a *strikesOfAgency) close() {
	slices.SortFunc(a.all, func(x, y strikeLine) int {
		return cmp.Or(cmp.Compare(y.night, x.night), cmp.Compare(x.id, y.id), cmp.Compare(x.why, y.why))
	})
	a.digests = []string{""}
	h := sha256.New()
	for _, l := range a.all {
		fmt.Fprintln(h, l.night, l.id, l.why)
		a.digests = append(a.digests, hex.EncodeToString(h.Sum(nil)))
	}
}

// digest is that of all that is struck of an agency's submissions of a night; "" for nothing.
func (k *strikes) digest(agency string, night int) string {
	a := k.agencies[agency]
	n, _ := slices.BinarySearchFunc(a.all, night, func(l strikeLine, night int) int {
		if l.night >= night {
			return -1
		}
		return 1
	})
	return a.digests[n]
}

// reason is why a row is left out of a submission of that night, or "".
func (k *strikes) reason(row transform.Known, night int) string {
	switch {
	case row.Record == "":
		return ""
	case k.withdrawn[row.Record] >= night, k.withdrawn[row.Case] >= night:
		return reasonWithdrawn
	case k.refused[row.Case] >= night:
		return reasonNoConsent
	}
	return ""
}

// consideredFile notes which strikes each submission was held against, so that a quiet night need
// not look again. Without it a run looks again.
func (h *Home) consideredFile() string { return h.path(stateDir, "considered.json") }

// strike makes again every entry that has rows of records or cases that were refused or withdrawn
// since: they leave the lake, the vault and the quarantine.
func (r *run) strike(ctx context.Context, entries []*Entry) error {
	k := r.strikesOf(entries)
	considered := map[string]string{}
	if err := readJSON(r.consideredFile(), &considered); err != nil && !errors.Is(err, fs.ErrNotExist) {
		considered = map[string]string{}
	}
	var look []int
	for i, e := range entries {
		s := &r.ledger.Submissions[i]
		d := k.digest(s.Agency, s.Night)
		if !s.withdrawn && (d != "" || len(e.Struck) > 0) && considered[s.ID] != r.consideredAs(e, d) {
			look = append(look, i)
		}
	}
	if len(look) == 0 {
		return nil
	}
	if err := r.mend(ctx, entries); err != nil { // what is read must be what was written
		return err
	}
	var todo []int
	for _, i := range look {
		changed, err := r.strikeOne(ctx, k, i, entries[i])
		if err != nil {
			return fmt.Errorf("submission %s: %w", entries[i].Submission, err)
		}
		if changed {
			todo = append(todo, i)
		}
	}
	if err := r.makeEntries(ctx, entries, todo); err != nil {
		return err
	}
	r.summary.Struck = len(todo)
	now := map[string]string{}
	for i, e := range entries {
		s := &r.ledger.Submissions[i]
		if d := k.digest(s.Agency, s.Night); d != "" || len(e.Struck) > 0 {
			now[s.ID] = r.consideredAs(e, d)
		}
	}
	return writeJSON(r.consideredFile(), now, 0o600)
}

func (r *run) consideredAs(e *Entry, digest string) string {
	return r.key.mac("considered", digest, e.Key, struckText(e.Struck))
}

func struckText(all []Struck) string {
	out := ""
	for _, s := range all {
		out += s.Record + " " + s.Case + " " + s.Reason + "\n"
	}
	return out
}

// strikeOne reports whether the submission's entry has rows that are to be left out, or left out
// others than it should, or for another reason. Then it is made again by the reasons of now.
func (r *run) strikeOne(ctx context.Context, k *strikes, i int, e *Entry) (changed bool, err error) {
	night := r.ledger.Submissions[i].Night
	r.struck[e.Submission] = func(row transform.Known) string { return k.reason(row, night) }
	for _, s := range e.Struck {
		changed = changed || k.reason(s.Known, night) != s.Reason
	}
	for n := range e.Sheets {
		for _, row := range e.Sheets[n].Named {
			changed = changed || k.reason(row, night) != ""
		}
	}
	if changed || !e.fills(recordTable) {
		return changed, nil
	}
	err = load.Rows(ctx, r.lakeFile(recordTable, e.Submission), []string{"record_id", "case_id"}, func(rec arrow.RecordBatch) error {
		for i := 0; i < int(rec.NumRows()) && !changed; i++ {
			changed = k.reason(transform.Known{Record: load.Text(rec.Column(0), i), Case: load.Text(rec.Column(1), i)}, night) != ""
		}
		return nil
	})
	return changed, err
}

// struckBefore is what an earlier making of the submission left out, and who refused in it: rows
// that were struck once do not come back even for a moment while the entry is made again.
func (r *run) struckBefore(s *Submission) (struck func(transform.Known) string, refused []string) {
	rows := map[transform.Known]string{}
	var old Entry
	if b, err := os.ReadFile(r.entryFile(s.ID)); err == nil {
		_ = json.Unmarshal(b, &old) // one that cannot be read knows nothing
	}
	for _, w := range old.Struck {
		rows[w.Known] = w.Reason
	}
	if len(rows) > 0 {
		struck = func(row transform.Known) string { return rows[row] }
	}
	refused = slices.Clone(old.Refused)
	for i := range old.Sheets {
		for _, w := range old.Sheets[i].NoConsent {
			refused = append(refused, w.Case)
		}
	}
	slices.Sort(refused)
	return struck, slices.Compact(refused)
}
