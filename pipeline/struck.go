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

// Struck is a record or a case whose rows are left out of a submission, since somebody refused or
// withdrew it the same night or later. Nothing else of the rows is kept.
type Struck struct {
	ID     string `json:"id"`
	Reason string `json:"reason"` // no_consent or withdrawn
}

// strike notes which of the ids the file has.
func (e *Entry) strike(reasons map[string]string, has map[string]bool) {
	e.Struck = nil
	for _, id := range sortedKeys(has) {
		e.Struck = append(e.Struck, Struck{id, reasons[id]})
	}
}

// bare leaves of a withdrawn submission only what was counted, and who refused: a refusal outlasts
// the file that it came in.
func (e *Entry) bare() {
	e.Status, e.Found, e.Struck = StatusWithdrawn, nil, nil
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
	case e.Stated.Kind != Withdrawal && len(j.Struck) == 0:
		return nil
	}
	return func(k transform.Known) string {
		reason := ""
		for _, id := range []string{k.Record, k.Case} {
			if why := j.Struck[id]; why != "" {
				j.struck[id] = true
				if reason != reasonWithdrawn {
					reason = why
				}
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
	agency    map[string]map[string]bool
	digests   map[string]map[int]string // by agency and night
}

// strikesOf gathers them from the entries and from the ledger's decisions. A case that somebody
// withdrew by hand stays out of what is yet to come, too.
func (r *run) strikesOf(entries []*Entry) *strikes {
	k := &strikes{map[string]int{}, map[string]int{}, map[string]map[string]bool{}, map[string]map[int]string{}}
	for i, e := range entries {
		s := &r.ledger.Submissions[i]
		add := func(to map[string]int, id string) {
			to[id] = max(to[id], s.Night)
			if k.agency[s.Agency] == nil {
				k.agency[s.Agency] = map[string]bool{}
			}
			k.agency[s.Agency][id] = true
		}
		for _, id := range e.Refused {
			add(k.refused, id)
		}
		for n := range e.Sheets {
			for _, w := range e.Sheets[n].NoConsent {
				add(k.refused, w.Case)
			}
			for _, w := range e.Sheets[n].TakenBack {
				add(k.withdrawn, w.Record)
			}
		}
	}
	for _, id := range r.ledger.withdrawnCases() {
		k.withdrawn[id] = math.MaxInt
		for i := range r.ledger.Submissions { // whose case it is, its id does not tell
			a := r.ledger.Submissions[i].Agency
			if k.agency[a] == nil {
				k.agency[a] = map[string]bool{}
			}
			k.agency[a][id] = true
		}
	}
	return k
}

// reason is why rows of the id are left out of a submission of that night, or "".
func (k *strikes) reason(id string, night int) string {
	switch {
	case k.withdrawn[id] >= night:
		return reasonWithdrawn
	case k.refused[id] >= night:
		return reasonNoConsent
	}
	return ""
}

// digest is that of all that is struck of an agency's submissions of a night; "" for nothing.
func (k *strikes) digest(agency string, night int) string {
	if d, ok := k.digests[agency][night]; ok {
		return d
	}
	h := sha256.New()
	some := false
	for _, id := range sortedKeys(k.agency[agency]) {
		if why := k.reason(id, night); why != "" {
			some = true
			fmt.Fprintln(h, id, why)
		}
	}
	d := ""
	if some {
		d = hex.EncodeToString(h.Sum(nil))
	}
	if k.digests[agency] == nil {
		k.digests[agency] = map[int]string{}
	}
	k.digests[agency][night] = d
	return d
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
		out += s.ID + " " + s.Reason + "\n"
	}
	return out
}

// strikeOne sets what is to be struck of one submission, and reports whether that is another than
// was when it was made.
func (r *run) strikeOne(ctx context.Context, k *strikes, i int, e *Entry) (bool, error) {
	night := r.ledger.Submissions[i].Night
	want := map[string]string{}
	for _, s := range e.Struck {
		if why := k.reason(s.ID, night); why != "" {
			want[s.ID] = why
		}
	}
	look := func(id string) {
		if why := k.reason(id, night); why != "" {
			want[id] = why
		}
	}
	for n := range e.Sheets {
		for _, w := range e.Sheets[n].Named {
			look(w.Record)
			look(w.Case)
		}
	}
	if e.fills(recordTable) {
		err := load.Rows(ctx, r.lakeFile(recordTable, e.Submission), []string{"record_id", "case_id"}, func(rec arrow.RecordBatch) error {
			for i := range int(rec.NumRows()) {
				look(load.Text(rec.Column(0), i))
				look(load.Text(rec.Column(1), i))
			}
			return nil
		})
		if err != nil {
			return false, err
		}
	}
	r.struck[e.Submission] = want
	var list []Struck
	for id, why := range want {
		list = append(list, Struck{id, why})
	}
	slices.SortFunc(list, func(a, b Struck) int { return cmp.Compare(a.ID, b.ID) })
	return !slices.Equal(list, e.Struck), nil
}

// struckBefore is what an earlier making of the submission left out, and who refused in it: rows
// that were struck once do not come back even for a moment while the entry is made again.
func (r *run) struckBefore(s *Submission) (struck map[string]string, refused []string) {
	struck = map[string]string{}
	var old Entry
	if b, err := os.ReadFile(r.entryFile(s.ID)); err == nil {
		_ = json.Unmarshal(b, &old) // one that cannot be read knows nothing
	}
	for _, w := range old.Struck {
		struck[w.ID] = w.Reason
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
