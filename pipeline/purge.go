package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"palermo/extract/intake"
	"palermo/load"
	"palermo/mappings"
	"palermo/schemas"
)

// PurgeOptions is who is to be erased, and how.
type PurgeOptions struct {
	Subjects []string // AGENCY:REFERENCE, or the id of a record, a case or a person in any zone
	Reason   string   // goes to the audit file
	DryRun   bool     // only says what would be erased

	Log      *zap.Logger
	Progress Progress
	Now      func() time.Time
	Version  string
}

// Purged is what a purge erases, and what its search found afterwards.
type Purged struct {
	Subjects    int        `json:"subjects"`
	Cases       int        `json:"cases"`
	Records     int        `json:"records"`     // that the lake had
	Persons     int        `json:"persons"`     // of whom no record is left
	Again       int        `json:"again"`       // subjects that had been erased before
	Submissions []string   `json:"submissions"` // receipt numbers of the files that are read again
	Others      []Other    `json:"others"`      // persons of whom records are left, which no subject names
	Releases    []Release  `json:"releases"`    // that hold records of the erased, and cannot be recalled
	DryRun      bool       `json:"dry_run,omitempty"`
	Resumed     bool       `json:"resumed,omitempty"` // an erasure that was stopped was done as well
	Run         *Summary   `json:"run,omitempty"`
	Refused     bool       `json:"refused,omitempty"` // checks refused the new snapshot; the last one stands, without the erased
	Search      *Search    `json:"search,omitempty"`
	ByPerson    []ByPerson `json:"by_person,omitempty"`
}

// Other is a person who is thought to have more records than were named.
type Other struct {
	Person  string `json:"person"` // the id for analysts
	Records int    `json:"records"`
}

// ByPerson is a subject that was named as a person: all records of it go.
type ByPerson struct {
	Person   string `json:"person"` // as it was named
	Records  int    `json:"records"`
	Agencies int    `json:"agencies"`
}

// ErrSubject says that something cannot be a subject.
var ErrSubject = errors.New("no subject")

// Purge erases people: their rows leave the inbox, the vault, the lake, the quarantine and every snapshot that is kept,
// what stewards have and agencies are given back, and what reviewers decided. What stays is a tomb of each case, by which
// its rows are kept out when they are sent again. Then it searches the home for them. What stops it in between, the
// next run or purge does.
func (h *Home) Purge(ctx context.Context, o PurgeOptions) (*Purged, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	ro := Options{Log: o.Log, Progress: o.Progress, Now: o.Now, Version: o.Version, Wants: func(string, intake.Mark) bool { return false }}
	r := h.newRun(ro)
	l, err := h.takeLock(r.started)
	if err != nil {
		return nil, err
	}
	defer l.release()
	resumed, err := h.finishStopped(ctx, ro, o.DryRun)
	if err != nil {
		return nil, environment(err)
	}
	if r.ledger, err = h.ReadLedger(); err != nil {
		return nil, err
	}
	x := &purge{run: r, words: owners{}, met: map[string]bool{}, out: &Purged{Submissions: []string{}, Others: []Other{}, Releases: []Release{}, DryRun: o.DryRun},
		what: &erasure{ID: r.id, At: r.started, Reason: o.Reason, Cases: map[string][]string{}, Names: map[string]string{}}}
	x.out.Resumed = resumed
	if err := x.resolve(ctx, o.Subjects); err != nil {
		return nil, err
	}
	if o.DryRun {
		return x.out, nil
	}
	return x.out, environment(x.do(ctx))
}

// finishStopped does what a purge or a run left that was stopped: who has rows is known only where all files were
// read. It reports whether there was anything.
func (h *Home) finishStopped(ctx context.Context, o Options, dry bool) (bool, error) {
	before, err := h.readErasure()
	if err != nil {
		return false, err
	}
	l, err := h.ReadLedger()
	if err != nil {
		return false, err
	}
	unread := slices.ContainsFunc(l.Submissions, func(s Submission) bool {
		_, err := h.keptEntry(&s)
		return errors.Is(err, ErrNotFound)
	})
	switch {
	case before == nil && !unread:
		return false, nil
	case dry:
		return false, errors.New("a run or a purge was stopped: palermo run goes on with it, then look again")
	}
	var refused *GateError
	if err := h.newRun(o).do(ctx); err != nil && !errors.As(err, &refused) {
		return false, err
	}
	return before != nil, nil
}

// purge is one purge.
type purge struct {
	*run
	out   *Purged
	what  *erasure
	words owners
	ids   map[string]bool // to be searched for
	met   map[string]bool // cases that anything was found of
}

// do writes down what is to be erased, lets a run do it that takes in nothing new, and searches.
func (x *purge) do(ctx context.Context) error {
	if err := errors.Join(os.MkdirAll(x.path(stateDir, "tmp"), 0o700), writeJSON(x.erasureFile(), x.what, 0o600)); err != nil {
		return err
	}
	err := x.run.do(ctx)
	var refused *GateError
	if x.out.Run = x.summary; errors.As(err, &refused) {
		x.out.Refused, err = true, nil
	}
	if err != nil {
		return err
	}
	x.out.Persons = len(x.what.Persons)
	if x.done != nil {
		x.ids, x.out.Persons = x.done.everyID(), len(x.done.Persons)
	}
	x.Progress.Start("searching", 1)
	defer x.Progress.Done("searching")
	x.out.Search, err = x.search(ctx, x.ledger, x.ids, x.words)
	return err
}

// resumeErasure buries the cases of an erasure that was written down, so that no row of theirs is made again.
func (r *run) resumeErasure() (err error) {
	if r.erasing, err = r.readErasure(); err != nil || r.erasing == nil {
		return err
	}
	var lines []line
	for _, agency := range sortedKeys(r.erasing.Cases) {
		for _, id := range r.erasing.Cases[agency] {
			if t := r.key.tomb(id); !r.ledger.Tombs[agency][t] {
				d := Ruling{Act: ActPurge, Agency: agency, Tomb: t, At: r.erasing.At}
				r.ledger.decide(d)
				lines = append(lines, line{Ruling: &d})
			}
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return r.appendLedger(lines...)
}

// subject is one as it was named.
type subject struct {
	agency, reference string
	id                string
	found             bool
}

var subjectID = regexp.MustCompile(`^[rcp][0-9a-f]{24}$`)

func parseSubject(s string) (*subject, error) {
	s = strings.TrimSpace(s)
	if subjectID.MatchString(s) {
		return &subject{id: s}, nil
	}
	agency, reference, ok := strings.Cut(s, ":")
	if reference = mappings.Word(reference); !ok || strings.TrimSpace(agency) == "" || reference == "" {
		return nil, fmt.Errorf("%w: a subject is AGENCY:REFERENCE, or the id of a record, a case or a person", ErrSubject)
	}
	return &subject{agency: strings.TrimSpace(agency), reference: reference}, nil
}

// resolve finds what the subjects are: cases, their records, and the files that may have any of them.
func (x *purge) resolve(ctx context.Context, named []string) error {
	if x.key == nil {
		return fmt.Errorf("%w: the home has no key yet, and so no case", ErrSubject)
	}
	var subjects []*subject
	cases := map[string]map[string]*subject{} // by agency and case id
	want := map[string]*subject{}             // by id of any zone
	for i, s := range named {
		p, err := parseSubject(s)
		if err != nil {
			return fmt.Errorf("subject %d: %w", i+1, err)
		}
		subjects = append(subjects, p)
		if p.id != "" {
			want[p.id] = p
			continue
		}
		x.words.add(needle{text: p.reference, kind: kindReference}, 0)
		for _, source := range x.caseSources() {
			put(cases, p.agency, x.key.Case(source, p.agency, p.reference), p)
		}
	}
	reg, err := x.currentRegistry()
	if err != nil {
		return err
	}
	byRecord := x.ofPersons(reg, want)
	if err := x.casesOf(ctx, want, byRecord, cases); err != nil {
		return err
	}
	records, err := x.recordsOf(ctx, cases)
	if err != nil {
		return err
	}
	if err := x.tellSubjects(subjects, cases); err != nil {
		return err
	}
	x.what.Records = sortedKeys(records)
	x.what.Subjects = len(subjects)
	x.tellPersons(reg, records)
	return x.known(ctx, records)
}

func put(cases map[string]map[string]*subject, agency, id string, s *subject) {
	if cases[agency] == nil {
		cases[agency] = map[string]*subject{}
	}
	if cases[agency][id] == nil {
		cases[agency][id] = s
	}
}

// currentRegistry is the registry in force; an empty one where there is none.
func (x *purge) currentRegistry() (*registry, error) {
	run, err := load.CurrentRun(x.Dir)
	if errors.Is(err, load.ErrNone) {
		return &registry{}, nil
	}
	if err != nil {
		return nil, err
	}
	reg, err := x.registryAt(run)
	if reg == nil && err == nil {
		reg = &registry{}
	}
	return reg, err
}

// forms is an id of the lake as each zone has it.
func (h *Home) forms(id string) [3]string {
	return [3]string{id, h.key.zone(schemas.ZoneAnalyst).id(id), h.key.zone(schemas.ZoneSteward).id(id)}
}

// ofPersons is the records of the persons that are wanted, by their ids of the lake.
func (x *purge) ofPersons(reg *registry, want map[string]*subject) map[string]*subject {
	out := map[string]*subject{}
	if !slices.ContainsFunc(slices.Collect(maps.Keys(want)), func(id string) bool { return id[0] == 'p' }) {
		return out
	}
	into := map[string]*subject{} // by anchor
	note := func(anchor, of string) {
		for _, id := range x.forms(x.key.person(anchor)) {
			if s := want[id]; s != nil {
				into[of] = s
			}
		}
	}
	for from := range reg.Superseded {
		note(from, reg.successor(from))
	}
	for i := range reg.Persons {
		note(reg.Persons[i].Anchor, reg.Persons[i].Anchor)
	}
	for i := range reg.Persons {
		p := &reg.Persons[i]
		s := into[p.Anchor]
		if s == nil {
			continue
		}
		x.out.ByPerson = append(x.out.ByPerson, ByPerson{Person: s.id, Records: len(p.Records)})
		for _, r := range p.Records {
			out[r] = s
		}
	}
	return out
}

// eachCase hands f every record of the lake with its case and place.
func (x *purge) eachCase(ctx context.Context, f func(s *Submission, record, caseID string, at [2]int)) error {
	for i := range x.ledger.Submissions {
		s := &x.ledger.Submissions[i]
		e, err := x.keptEntry(s)
		if err != nil || !e.fills(recordTable) || !isThere(x.lakeFile(recordTable, s.ID)) {
			continue
		}
		err = load.Rows(ctx, x.lakeFile(recordTable, s.ID), []string{"record_id", "case_id", schemas.SheetColumn, schemas.RowColumn}, func(rec recordBatch) error {
			for i := range int(rec.NumRows()) {
				f(s, load.Text(rec.Column(0), i), load.Text(rec.Column(1), i), [2]int{int(number(rec.Column(2), i)), int(number(rec.Column(3), i))})
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// casesOf adds the cases of records and cases that are wanted by an id.
func (x *purge) casesOf(ctx context.Context, want, byRecord map[string]*subject, cases map[string]map[string]*subject) error {
	if len(want) == 0 {
		return nil
	}
	agencies := map[*subject]map[string]bool{}
	err := x.eachCase(ctx, func(s *Submission, record, caseID string, _ [2]int) {
		found := byRecord[record]
		for _, id := range [][3]string{x.forms(record), x.forms(caseID)} {
			for _, f := range id {
				if found == nil {
					found = want[f]
				}
			}
		}
		if found != nil {
			put(cases, s.Agency, caseID, found)
			if agencies[found] == nil {
				agencies[found] = map[string]bool{}
			}
			agencies[found][s.Agency] = true
		}
	})
	for i := range x.out.ByPerson {
		p := &x.out.ByPerson[i]
		p.Agencies = len(agencies[want[p.Person]])
	}
	return err
}

// recordsOf is the records of the cases, and of those that the same bytes gave another agency; it notes the files that
// may have rows of them.
func (x *purge) recordsOf(ctx context.Context, cases map[string]map[string]*subject) (map[string]bool, error) {
	records, reach := map[string]bool{}, map[string]bool{}
	for before := -1; before != len(records); {
		before = len(records)
		places := map[string]map[[2]int]*subject{} // by the bytes of a file
		err := x.eachCase(ctx, func(s *Submission, record, caseID string, at [2]int) {
			if p := cases[s.Agency][caseID]; p != nil {
				p.found, x.met[caseID], records[record], reach[s.ID] = true, true, true, true
				if places[s.SHA256] == nil {
					places[s.SHA256] = map[[2]int]*subject{}
				}
				places[s.SHA256][at] = p
			}
		})
		if err != nil {
			return nil, err
		}
		err = x.eachCase(ctx, func(s *Submission, _, caseID string, at [2]int) {
			if p := places[s.SHA256][at]; p != nil && s.redacted == "" {
				put(cases, s.Agency, caseID, p)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	for i := range x.ledger.Submissions {
		s := &x.ledger.Submissions[i]
		e, err := x.keptEntry(s)
		if err != nil || len(cases[s.Agency]) == 0 {
			continue
		}
		if x.asideOf(e, cases[s.Agency], records) || e.mayHide() {
			reach[s.ID] = true
		}
	}
	x.what.Submissions = sortedKeys(reach)
	for _, id := range x.what.Submissions {
		x.out.Submissions = append(x.out.Submissions, x.ledger.find(id).Receipt)
	}
	return records, nil
}

// asideOf adds the records of the cases that the lake has no row of: rejected, refused, withdrawn.
func (x *purge) asideOf(e *Entry, cases map[string]*subject, records map[string]bool) bool {
	found := false
	note := func(record, caseID string) {
		if p := cases[caseID]; p != nil {
			p.found, x.met[caseID], found = true, true, true
			if record != "" {
				records[record] = true
			}
		}
	}
	for _, s := range e.Struck {
		note(s.Record, s.Case)
	}
	for _, id := range e.Refused {
		note("", id)
	}
	for i := range e.Sheets {
		for _, k := range slices.Concat(e.Sheets[i].NoConsent, e.Sheets[i].TakenBack, e.Sheets[i].Named) {
			note(k.Record, k.Case)
		}
	}
	return found
}

// mayHide reports whether the submission's file may have rows that the entry does not tell the case of: a table that no
// mapping knows, rows that were rejected, and all of a file that was taken back or set aside.
func (e *Entry) mayHide() bool {
	return e.Status == StatusWithdrawn || e.Quarantined > 0 || slices.ContainsFunc(e.Sheets, func(s SheetEntry) bool { return s.Source == "" && s.Balance.Read > 0 })
}

// tellSubjects notes the cases to be erased, and is an error where nothing is known of a subject.
func (x *purge) tellSubjects(subjects []*subject, cases map[string]map[string]*subject) error {
	real := map[string]map[string]bool{} // cases that rows were found of
	for agency, ids := range cases {
		for id, p := range ids {
			if p.found && p.reference == "" {
				put2(real, agency, id)
			}
		}
	}
	for i, p := range subjects {
		if p.reference != "" {
			for _, source := range x.caseSources() {
				id := x.key.Case(source, p.agency, p.reference)
				if x.ledger.Tombs[p.agency][x.key.tomb(id)] && !p.found {
					x.out.Again++
					p.found = true
				}
				put2(real, p.agency, id) // of whatever source it may come from yet
			}
		}
		if !p.found {
			return fmt.Errorf("subject %d: %w: nothing is known of it here, and nothing was changed", i+1, ErrNotFound)
		}
	}
	for _, agency := range sortedKeys(real) {
		x.what.Cases[agency] = sortedKeys(real[agency])
	}
	for agency, ids := range cases { // those that the same bytes gave another agency
		for id, p := range ids {
			if p.found {
				x.what.Cases[agency] = distinct(append(x.what.Cases[agency], id))
			}
		}
	}
	x.out.Subjects = len(subjects)
	return nil
}

func put2(set map[string]map[string]bool, agency, id string) {
	if set[agency] == nil {
		set[agency] = map[string]bool{}
	}
	set[agency][id] = true
}

// tellPersons counts the persons of whom nothing is left, and names those who have more records.
func (x *purge) tellPersons(reg *registry, records map[string]bool) {
	x.out.Records = len(records)
	x.what.Persons, x.what.Episodes = x.key.emptied(reg, records)
	for i := range reg.Persons {
		p := &reg.Persons[i]
		left := 0
		for _, r := range p.Records {
			if !records[r] {
				left++
			}
		}
		switch {
		case left == 0 && len(p.Records) > 0:
			x.out.Persons++
		case left < len(p.Records):
			x.out.Others = append(x.out.Others, Other{x.forms(x.key.person(p.Anchor))[1], left})
		}
	}
	slices.SortFunc(x.out.Others, func(a, b Other) int { return strings.Compare(a.Person, b.Person) })
}

// known gathers the identifiers to be searched for, the releases that cannot be recalled, and the names of files that
// name somebody.
func (x *purge) known(ctx context.Context, records map[string]bool) error {
	words, err := x.identifiers(ctx, x.what.Submissions, records)
	if err != nil {
		return err
	}
	for n, of := range words {
		x.words[n] = append(x.words[n], of...)
	}
	e := &eraser{run: x.run, erasure: x.what}
	e.index()
	x.ids = e.everyID()
	x.out.Cases = len(x.met)
	if x.out.Releases, err = x.releasesOf(ctx, x.ids); err != nil {
		return err
	}
	names := newNeedles(without(sortedNeedles(x.words), func(n needle) bool { return n.kind == kindBirth }))
	for _, id := range x.what.Submissions {
		s := x.ledger.find(id)
		names.find([]byte(s.Name), 0, func(needle) { x.what.Names[id] = renamed(s) })
	}
	return nil
}
