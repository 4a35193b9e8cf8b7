package pipeline

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"palermo/assist"
	"palermo/diag"
	"palermo/extract/intake"
	"palermo/load"
	"palermo/transform"
)

// Options of a run. The zero value is usable.
type Options struct {
	Full     bool             // make every entry again, whatever the lake holds
	Log      *zap.Logger      // nil logs nothing
	Progress Progress         // nil shows nothing
	Now      func() time.Time // nil is the machine's clock
	Version  string           // of palermo

	Accept []string                  // checks whose failure is right so: by name, or by name and subject as name:subject
	Exit   func(*Summary, error) int // the status that the command will end with, to be told; nil is 0, or 1 where there is an error

	acceptAll bool // for a plan, which publishes nothing

	NoReceipts bool // leaves the receipts to the next run
	NoReport   bool // publishes a snapshot without its page

	Wants  func(path string, m intake.Mark) bool          // which files of the drop folder are taken; nil takes all
	LogFor func(run string) (log *zap.Logger, end func()) // the log of the run of this id, in place of Log; nil for Log
}

// Progress is told how far a run is. Its methods may be called by several goroutines.
type Progress interface {
	Start(step string, total int) // a step begins; total is how many files or tables it has
	Done(step string)             // one of them is done
}

type silent struct{}

func (silent) Start(string, int) {}
func (silent) Done(string)       {}

// What a run came to.
const (
	RunPublished  = "published"
	RunNothingNew = "nothing_new"
	RunRefused    = "gate_refused" // checks failed, and the last snapshot stands
)

// Summary is what a run did.
type Summary struct {
	Run         string            `json:"run"`
	Status      string            `json:"status"`
	Snapshot    string            `json:"snapshot,omitempty"` // the folder of the current snapshot
	Files       []FileSummary     `json:"files"`              // taken in by this run
	Waiting     []diag.Diagnostic `json:"waiting,omitempty"`  // files that stayed in the drop folder, and why
	Remade      []diag.Diagnostic `json:"remade,omitempty"`   // submissions of which the lake was damaged
	Made        int               `json:"made"`               // submissions harmonised by this run
	Reused      int               `json:"reused"`             // submissions whose rows the lake had
	Submissions int               `json:"submissions"`
	Rows        Balance           `json:"rows"` // of all submissions
	Quarantined int64             `json:"quarantined"`
	Tables      map[string]int64  `json:"tables,omitempty"`  // rows published, by table
	Linkage     *LinkageSummary   `json:"linkage,omitempty"` // which records are of one person; of a run that published
	Seconds     float64           `json:"seconds"`

	Unconfirmed []Waits           `json:"unconfirmed,omitempty"` // full replacements that wait for confirmation
	Decided     bool              `json:"decided,omitempty"`     // somebody decided something since the last snapshot
	Agreements  []diag.Diagnostic `json:"agreements,omitempty"`  // that have ended, or end soon
	Overdue     []Overdue         `json:"overdue,omitempty"`     // agencies whose deadline for a new file is over
	Checks      []CheckResult     `json:"checks,omitempty"`      // that did not pass
	Pruned      int               `json:"pruned,omitempty"`      // old snapshots that were removed
	Receipts    Receipts          `json:"receipts,omitzero"`     // of this run
	Retired     Retired           `json:"retired,omitzero"`      // deleted by age
	RolledBack  bool              `json:"rolled_back,omitempty"` // somebody went back to this snapshot, and nothing has changed since
	Struck      int               `json:"struck,omitempty"`      // submissions made again without records and cases that were refused or withdrawn since
}

// FileSummary is what became of one file.
type FileSummary struct {
	Submission string    `json:"submission"`
	Agency     string    `json:"agency"`
	Name       string    `json:"name"`
	Status     string    `json:"status"`
	Sources    []string  `json:"sources,omitempty"`
	Rows       Balance   `json:"rows"`
	Stated     Statement `json:"stated"`              // what it does to what was received before
	Duplicate  bool      `json:"duplicate,omitempty"` // the same content was received before
	Found      []Found   `json:"-"`
}

// run is one execution.
type run struct {
	*Home
	Options
	id      string
	started time.Time
	ledger  *Ledger
	summary *Summary

	struck    map[string]func(transform.Known) string // by submission: why a row is left out; else as by its last making
	mended    bool                                    // all entries were looked at
	versions  *versions                               // nil where nothing asks for them
	estimated *estimated                              // nil where the model is not of this run
	linked    *linkage                                // nil where there are no case records
	made      []account                               // the rows of each submission that were published
	checked   []CheckResult                           // what the checks before publication came to
	chains    *chains
	desk      *desk
	lexicon   func() (*assist.Lexicon, error) // made when first asked for
	answers   load.Answers                    // of the database that the run published, to what reports ask; nil where it published none

	redacting *sync.Mutex // held to write down that a file was redacted
	erasing   *erasure    // what is to be erased by this run; nil for nothing
	done      *eraser     // what was
}

// Run takes in what lies in the drop folder, harmonises what the lake does not hold yet, and
// publishes one whole snapshot, or nothing where nothing changed. Whatever happens to it, readers
// see the last snapshot or the new one, and running again is always safe.
func (h *Home) Run(ctx context.Context, o Options) (*Summary, error) {
	r := h.newRun(o)
	l, err := h.takeLock(r.started)
	if err != nil {
		return nil, err
	}
	defer l.release()
	if r.LogFor != nil {
		log, end := r.LogFor(r.id)
		defer end()
		r.Log = log
	}
	t := r.teller()
	t.started(ctx)
	err = r.do(ctx)
	t.ended(ctx, err, r.exitStatus(err))
	r.summary.Seconds = r.Now().Sub(r.started).Seconds()
	return r.summary, environment(err)
}

// newRun is a run that has not begun yet.
func (h *Home) newRun(o Options) *run {
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Progress == nil {
		o.Progress = silent{}
	}
	if o.Version == "" {
		o.Version = "dev"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	r := &run{Home: h, Options: o, started: o.Now().UTC()}
	r.lexicon = sync.OnceValues(func() (*assist.Lexicon, error) { return assist.NewLexicon(r.Schema, r.Mappings) })
	r.id = r.started.Format("20060102T150405Z") + "-" + suffix()
	r.redacting = &sync.Mutex{}
	r.summary, r.struck = &Summary{Run: r.id}, map[string]func(transform.Known) string{}
	return r
}

// exitStatus is the status that the command will end with.
func (r *run) exitStatus(err error) int {
	switch {
	case r.Exit != nil:
		return r.Exit(r.summary, environment(err))
	case err != nil:
		return 1
	}
	return 0
}

// suffix keeps two runs of one second apart.
func suffix() string {
	b := make([]byte, 2)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func (r *run) do(ctx context.Context) (err error) {
	if err := r.sweep(); err != nil {
		return err
	}
	if err := r.upgrade(); err != nil {
		return err
	}
	if r.ledger, err = r.ReadLedger(); err != nil {
		return err
	}
	if err := r.resumeErasure(); err != nil {
		return err
	}
	r.summary.Decided = r.ledger.decidedSince()
	r.desk = r.openDesk()
	if err := r.admit(); err != nil {
		return err
	}
	if err := r.intake(ctx); err != nil {
		return fmt.Errorf("intake: %w", err)
	}
	entries, err := r.entries(ctx)
	if err != nil {
		return err
	}
	if r.erasing != nil {
		if err := r.erase(ctx, entries); err != nil {
			return err
		}
	}
	if err := r.strike(ctx, entries); err != nil {
		return fmt.Errorf("leave out what was refused or withdrawn: %w", err)
	}
	r.chains = chainsOf(r.ledger, entries)
	if r.linked, err = r.openLinkage(ctx, entries); err != nil {
		return err
	}
	inputs := r.inputs(entries)
	current, manifest, err := r.current()
	if err != nil {
		return err
	}
	same := manifest != nil && manifest.InputsDigest == inputs && !r.Full
	if manifest != nil && !r.Full && r.ledger.heldBack(manifest.Run, inputs) {
		same, r.summary.RolledBack = true, true
	}
	if !same || r.mayWait(entries) {
		if err := r.mend(ctx, entries); err != nil {
			return err
		}
		if r.versions, err = r.readVersions(ctx, entries); err != nil {
			return err
		}
	}
	r.sum(entries)
	if same {
		r.summary.Status, r.summary.Snapshot = RunNothingNew, current
		return r.end(ctx, entries, inputs)
	}
	if err := r.refusedBefore(inputs); err != nil {
		r.summary.Status = RunRefused
		return err
	}
	err = r.publish(ctx, entries, inputs)
	if refused := (*GateError)(nil); errors.As(err, &refused) {
		r.summary.Status = RunRefused
		return errors.Join(refused, r.record(inputs))
	}
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	if err := r.end(ctx, entries, inputs); err != nil {
		return err
	}
	r.prune()
	return nil
}

// end writes the run's line, and then the receipts: what goes wrong with those is no failure of the run.
func (r *run) end(ctx context.Context, entries []*Entry, inputs string) error {
	if err := r.record(inputs); err != nil {
		return err
	}
	if !r.NoReceipts {
		r.desk.finish(ctx, entries, inputs)
	}
	r.retire(entries)
	return nil
}

// current is the folder of the published snapshot and its manifest; nil where there is none, or
// none that can be read: then a new one takes its place. A run that was killed after it published
// and before its line was in the ledger gets that line now.
func (r *run) current() (string, *load.Manifest, error) {
	dir, m, err := load.Current(r.Dir)
	switch {
	case errors.Is(err, load.ErrNone):
		return "", nil, nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, load.ErrManifest):
		r.Log.Warn("current snapshot cannot be read", zap.String("code", string(diag.SnapshotUnreadable)))
		return "", nil, nil
	case err != nil:
		return "", nil, fmt.Errorf("read the current snapshot: %w", err)
	case r.ledger.hasRun(m.Run):
		return dir, m, nil
	}
	l := RunLine{Run: m.Run, Started: m.Started, Ended: m.Ended, Status: RunPublished, Version: m.PalermoVersion, Inputs: m.InputsDigest,
		Loaded: m.RowsLoaded, Rejected: m.RowsRejected, Files: len(m.Submissions), New: m.Made}
	if len(m.Checks) > 0 {
		if err := json.Unmarshal(m.Checks, &l.Checks); err != nil {
			return "", nil, fmt.Errorf("read the current snapshot: %w", err)
		}
	}
	r.ledger.Runs = append(r.ledger.Runs, l)
	return dir, m, r.appendLedger(line{Run: &l})
}

// sweep removes what killed runs left.
func (r *run) sweep() error {
	if err := load.Replaced(r.Dir, r.erasedDir()); err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	if err := load.Sweep(r.Dir); err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	if err := r.sweepSteward(); err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	if err := r.sweepRuns(); err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	return os.MkdirAll(r.path(stateDir, "tmp"), 0o700)
}

// sweepSteward removes what stewards would have had of snapshots that were never published.
func (r *run) sweepSteward() error {
	runs, err := os.ReadDir(r.path(stewardDir))
	if err != nil {
		return err
	}
	for _, d := range runs {
		if _, err := os.Stat(r.path(snapshotsDir, d.Name())); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := os.RemoveAll(r.path(stewardDir, d.Name())); err != nil {
			return err
		}
	}
	return nil
}

// intake claims the files of the drop folder. A file leaves the folder only after its copy and
// its line in the ledger are durable.
func (r *run) intake(ctx context.Context) error {
	claimed, waiting, err := intake.Claim(ctx, intake.Dirs{Drop: r.path(dropDir), Inbox: r.path(inboxDir), Tmp: r.path(stateDir, "tmp")},
		intake.Limits{MaxBytes: int64(r.Config.Intake.MaxFileMiB) << 20, Wants: r.Wants, Seal: r.sealer()})
	if err != nil {
		return err
	}
	r.summary.Waiting = waiting
	night := 1
	for _, s := range r.ledger.Submissions {
		night = max(night, s.Night+1)
	}
	var lines []line
	var fresh, again []*Submission
	for _, c := range claimed {
		stated := folderStatement(c.Name)
		s := Submission{ID: r.key.submissionID(c.Agency, c.SHA256), Agency: c.Agency, SHA256: c.SHA256, Name: c.Name,
			Bytes: c.Bytes, Received: r.started, Stated: stated, Night: night, Held: !r.Agreements.covers(c.Agency, r.started)}
		file := FileSummary{Submission: s.ID, Agency: s.Agency, Name: s.Name, Duplicate: r.ledger.find(s.ID) != nil}
		r.summary.Files = append(r.summary.Files, file)
		if old := r.ledger.find(s.ID); old != nil {
			again = append(again, &s)
			if stated != nil && (old.Stated == nil || *old.Stated != *stated) {
				d := Ruling{Act: ActState, Submission: s.ID, Stated: stated, At: r.started}
				r.ledger.decide(d)
				lines = append(lines, line{Ruling: &d})
			}
			continue
		}
		s.Receipt = r.ledger.nextReceipt(r.started)
		r.ledger.Submissions = append(r.ledger.Submissions, s)
		lines, fresh = append(lines, line{Submission: &s}), append(fresh, &s)
		r.Log.Info("file received", zap.String("submission", s.ID), zap.String("agency", s.Agency), zap.Int64("bytes", s.Bytes))
	}
	if len(lines) > 0 {
		if err := r.appendLedger(lines...); err != nil {
			return err
		}
	}
	if !r.NoReceipts {
		r.desk.acknowledge(fresh, again)
	}
	for _, c := range claimed {
		if err := intake.Release(c); err != nil {
			r.unreleased(&c, err)
		}
	}
	return r.dropOriginals()
}

// unreleased says that a file was received and cannot be taken out of the drop folder. The next run
// finds it again, and knows it.
func (r *run) unreleased(c *intake.Claimed, err error) {
	d := diag.Diagnostic{Code: diag.FileUnreadable, Severity: diag.Codes[diag.FileUnreadable].Severity, Pos: diag.Pos{File: c.Agency + "/" + c.Name},
		Message: "received, but it cannot be removed from the drop folder"}
	r.summary.Waiting = append(r.summary.Waiting, d)
	var no syscall.Errno
	errors.As(err, &no)
	r.Log.Warn("file not removed from the drop folder", zap.String("submission", r.key.submissionID(c.Agency, c.SHA256)), zap.Int("errno", int(no)))
}

// entries is the entry of every submission, in the order of receipt: from the lake, or made now.
func (r *run) entries(ctx context.Context) ([]*Entry, error) {
	out := make([]*Entry, len(r.ledger.Submissions))
	var todo []int
	for i := range r.ledger.Submissions {
		if r.Full && r.keptRetired(&r.ledger.Submissions[i]) == nil || r.erasing.reaches(r.ledger.Submissions[i].ID) {
			todo = append(todo, i)
			continue
		}
		e, damaged, err := r.readEntry(&r.ledger.Submissions[i])
		if err != nil {
			return nil, err
		}
		if damaged {
			r.damaged(&r.ledger.Submissions[i])
		}
		if out[i] = e; e == nil {
			todo = append(todo, i)
		}
	}
	r.summary.Made, r.summary.Reused = len(todo), len(out)-len(todo)
	return out, r.makeEntries(ctx, out, todo)
}

// damaged says that what was kept of the submission is not whole, and will be made again.
func (r *run) damaged(s *Submission) {
	c := diag.LakeEntryUnreadable
	r.summary.Remade = append(r.summary.Remade, diag.Diagnostic{Code: c, Severity: diag.Codes[c].Severity,
		Pos: diag.Pos{File: s.Agency + "/" + s.Name}, Message: "what was kept of submission " + s.ID + " is not whole; it is made again"})
	r.Log.Warn("submission made again", zap.String("submission", s.ID), zap.String("code", string(c)))
}

// mend reads what is about to be published of the lake once more, and makes again what a disk has
// damaged since.
func (r *run) mend(ctx context.Context, entries []*Entry) error {
	if r.mended {
		return nil
	}
	r.mended = true
	var todo []int
	for i, e := range entries {
		ok, err := r.intact(e)
		if err != nil {
			return fmt.Errorf("submission %s: %w", e.Submission, err)
		}
		if !ok {
			r.damaged(&r.ledger.Submissions[i])
			todo = append(todo, i)
		}
	}
	r.summary.Made, r.summary.Reused = r.summary.Made+len(todo), r.summary.Reused-len(todo)
	return r.makeEntries(ctx, entries, todo)
}

// makeEntries makes the entries of the submissions with these numbers.
func (r *run) makeEntries(ctx context.Context, out []*Entry, todo []int) error {
	if len(todo) == 0 {
		return nil
	}
	r.Progress.Start("reading files", len(todo))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(r.threads())
	for _, i := range todo {
		g.Go(func() (err error) {
			out[i], err = r.makeEntry(ctx, &r.ledger.Submissions[i])
			r.Progress.Done("reading files")
			return err
		})
	}
	return g.Wait()
}

func (r *run) threads() int {
	if r.Config.Threads > 0 {
		return r.Config.Threads
	}
	return runtime.GOMAXPROCS(0)
}

// makeEntry harmonises one submission into the lake. The entry is written last.
func (r *run) makeEntry(ctx context.Context, s *Submission) (*Entry, error) {
	if e := r.keptRetired(s); e != nil {
		if ok, err := r.intact(e); ok && err == nil {
			return r.makeWithout(ctx, s, e, r.leftOutOf(s))
		}
	}
	if err := r.openable(r.inboxFile(s)); err != nil { // what there is of the submission stays until then
		return nil, fmt.Errorf("submission %s: %w", s.ID, err)
	}
	struck, refused := r.struckBefore(s)
	killed := r.killedBefore(s)
	if now, ok := r.struck[s.ID]; ok {
		struck = now
	}
	if err := removeIfThere(r.entryFile(s.ID)); err != nil {
		return nil, err
	}
	purged, purgedIn := r.purgedOf(s.Agency)
	h := &Harmoniser{Purged: purged, PurgedIn: purgedIn, Redacted: s.redacted != "", Schema: r.Schema, Mappings: r.Mappings, Examples: r.Config.Report.Examples, TmpDir: r.path(stateDir, "tmp"),
		MaxBytes: int64(r.Config.Intake.MaxFileMiB) << 20, Limits: r.Config.limits(), Secrets: r.secrets[s.Agency], IDs: r.key, Sources: r.Config.Agencies[s.Agency].Sources, Withdrawn: s.withdrawn, Struck: struck,
		File: func(table string) string { return r.lakeFile(table, s.ID) }, Quarantine: r.quarantineFile(s.ID), Places: r.placesFile(s.ID), Returned: r.returned(s),
		Vault: func(table string) string { return r.vaultFile(table, s.ID) }, Open: r.openReceived, Seal: r.sealer(), Lexicon: r.lexicon}
	e, err := r.harmonise(ctx, h, s)
	if err != nil {
		return nil, fmt.Errorf("submission %s: %w", s.ID, err)
	}
	if e.unreceived() || e.stopped() { // who refused is not forgotten with the file
		e.Refused = r.withoutErased(s.Agency, refused)
	}
	if e.Killed > 0 {
		e.Killed += killed
	}
	if s.withdrawn {
		e.bare()
	}
	if err := r.dropStale(s.ID, e); err != nil {
		return nil, err
	}
	if err := r.redact(ctx, s, e); err != nil {
		return nil, fmt.Errorf("submission %s: redact: %w", s.ID, err)
	}
	e.Key = r.entryKey(s)
	if slices.ContainsFunc(e.Found, func(f Found) bool { return f.Code == diag.FilePassword }) {
		e.Locked = r.secretsTried(s.Agency)
	}
	if err := r.keepMappings(e); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(r.path(lakeDir, "entries"), 0o700); err != nil {
		return nil, err
	}
	if err := writeJSON(r.entryFile(s.ID), e, 0o600); err != nil {
		return nil, err
	}
	rows := e.Rows()
	r.Log.Info("file harmonised", zap.String("submission", s.ID), zap.String("status", e.Status), zap.Strings("sources", e.sources()),
		zap.Int64("read", rows.Read), zap.Int64("loaded", rows.Loaded), zap.Int64("rejected", rows.Rejected), zap.Int64("skipped", rows.SkippedAll()))
	return e, nil
}

// harmonise reads the copy in the inbox, if it is still what was received.
func (r *run) harmonise(ctx context.Context, h *Harmoniser, s *Submission) (*Entry, error) {
	copied := r.inboxFile(s)
	sum, err := r.receivedDigest(copied)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return unreceived(s, "the received copy is not in the inbox"), nil
	case err != nil:
		return nil, err
	case sum != s.copied():
		return unreceived(s, "the copy in the inbox is not what was received"), nil
	}
	return h.Harmonise(ctx, copied, s)
}

// unreceived is the entry of a submission whose bytes are no longer in the inbox.
func unreceived(s *Submission, why string) *Entry {
	d := diag.Diagnostic{Code: diag.FileWithdrawn, Severity: diag.Error, Pos: diag.Pos{File: s.Name}, Message: why}
	return &Entry{Submission: s.ID, Status: StatusRefused, Found: []Found{{Diagnostic: d, N: 1, Of: 1}}}
}

// dropStale removes what an earlier making of the submission left in tables it no longer fills.
func (r *run) dropStale(id string, e *Entry) error {
	for _, t := range r.Schema.Tables { // what a run left that was killed while it wrote
		if err := errors.Join(removeIfThere(temporary(r.lakeFile(t.Name, id))), removeIfThere(temporary(r.vaultFile(t.Name, id)))); err != nil {
			return err
		}
	}
	if err := errors.Join(removeIfThere(temporary(r.quarantineFile(id))), removeIfThere(temporary(r.placesFile(id)))); err != nil {
		return err
	}
	if e.PlacesBytes == 0 {
		if err := removeIfThere(r.placesFile(id)); err != nil {
			return err
		}
	}
	for _, t := range r.Schema.Tables {
		if !slices.ContainsFunc(e.Files, func(f LakeFile) bool { return f.Table == t.Name }) {
			if err := errors.Join(removeIfThere(r.lakeFile(t.Name, id)), removeIfThere(r.vaultFile(t.Name, id))); err != nil {
				return err
			}
		}
	}
	return nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// sum fills the summary from the entries.
func (r *run) sum(entries []*Entry) {
	s := r.summary
	s.Submissions = len(entries)
	s.Overdue = r.overdue(r.ledger, r.started)
	s.Agreements = r.Agreements.findings(r.agencies(r.ledger), r.started)
	s.Rows.Unit = unitRows
	for i, e := range entries {
		rows := r.rows(e)
		s.Rows.add(&rows)
		s.Quarantined += e.Quarantined
		for k := range s.Files {
			if f := &s.Files[k]; f.Submission == r.ledger.Submissions[i].ID {
				f.Status, f.Sources, f.Rows, f.Found, f.Stated = r.status(e), e.sources(), rows, r.findings(e), e.statedOfCases()
			}
		}
		if r.versions != nil {
			if w, waits := r.versions.waiting[e.Submission]; waits {
				s.Unconfirmed = append(s.Unconfirmed, w)
			}
		}
	}
}

// mayWait reports whether any full replacement was not confirmed, and so may wait.
func (r *run) mayWait(entries []*Entry) bool {
	return slices.ContainsFunc(entries, func(e *Entry) bool {
		return e.replaces() && e.Status != StatusWithdrawn && !r.ledger.confirmed(e.Submission)
	})
}

// waits reports whether the submission waits for confirmation.
func (r *run) waits(e *Entry) bool {
	if r.versions == nil {
		return false
	}
	_, waits := r.versions.waiting[e.Submission]
	return waits
}

// leftOut is why the rows of a submission are in nothing that is published, or "".
func (r *run) leftOut(e *Entry) string {
	switch {
	case r.waits(e):
		return reasonWaiting
	case r.chains.replaced(e.Submission):
		return reasonSuperseded
	}
	return ""
}

// status is what became of the submission.
func (r *run) status(e *Entry) string {
	switch r.leftOut(e) {
	case reasonWaiting:
		return StatusWaiting
	case reasonSuperseded:
		return StatusSuperseded
	}
	return e.Status
}

// balance is the account of one sheet: of a submission that waits or was replaced, what would be loaded is skipped.
func (r *run) balance(e *Entry, s *SheetEntry) Balance {
	b := s.Balance
	if why := r.leftOut(e); why != "" && b.Loaded > 0 {
		b.Skipped = maps.Clone(b.Skipped)
		b.skip(why, int(b.Loaded))
		b.Loaded = 0
	}
	return b
}

// rows is the sum of the balances, as balance has them.
func (r *run) rows(e *Entry) Balance {
	b := e.Rows()
	if why := r.leftOut(e); why != "" {
		b.skip(why, int(b.Loaded))
		b.Loaded = 0
	}
	return b
}

// findings is what was found of the submission, in its file and beside the others.
func (r *run) findings(e *Entry) []Found {
	if r.versions == nil {
		return e.Found
	}
	return slices.Concat(e.Found, r.versions.found[e.Submission])
}

// inputs is the digest of everything that decides the bytes of what is published.
func (r *run) inputs(entries []*Entry) string {
	d := sha256.New()
	fmt.Fprintln(d, lakeFormat, r.Schema.Digest(), r.Mappings.Digest(), r.keys.ids().mac("inputs"))
	fmt.Fprint(d, r.linked.digest(r.Config))
	if ranks := r.Config.ranks().agencies; r.linked != nil && len(ranks) > 0 {
		fmt.Fprintln(d, "ranks", ranks) // printed in the order of names
	}
	if r.Agreements != nil {
		fmt.Fprintln(d, "agreements", r.Agreements.digest)
	}
	for i, e := range entries {
		s := &r.ledger.Submissions[i]
		fmt.Fprintln(d, s.Night, e.Key, e.Status)
		if e.Retired {
			fmt.Fprintln(d, "gone", len(e.Gone))
		}
		fmt.Fprint(d, struckText(e.Struck))
		dated := e.replaces()
		for n := range e.Sheets {
			dated = dated || r.cumulative(s, &e.Sheets[n])
			fmt.Fprint(d, r.cumulative(s, &e.Sheets[n]), " ")
		}
		if dated { // its day stands in absent_since
			fmt.Fprintln(d, s.Received.UTC().Format(time.DateOnly), r.ledger.confirmed(s.ID))
		}
	}
	return hex.EncodeToString(d.Sum(nil))
}

// record writes the run's line to the ledger.
func (r *run) record(inputs string) error {
	s := r.summary
	r.Log.Info("run ended", zap.String("run", r.id), zap.String("status", s.Status), zap.Int("submissions", s.Submissions),
		zap.Int("made", s.Made), zap.Int("reused", s.Reused), zap.Int64("loaded", s.Rows.Loaded), zap.Int64("rejected", s.Rows.Rejected))
	return r.appendLedger(line{Run: r.runLine(inputs)})
}

func (r *run) runLine(inputs string) *RunLine {
	s := r.summary
	l := &RunLine{Run: r.id, Started: r.started, Ended: r.Now().UTC(), Status: s.Status, Version: r.Version, Inputs: inputs,
		Loaded: s.Rows.Loaded, Rejected: s.Rows.Rejected, Files: s.Submissions, New: s.Made, Waits: s.Unconfirmed,
		Checks: r.notPassed(), Agreements: s.Agreements}
	if s.Status == RunRefused {
		l.Gate = r.gateDigest()
	}
	return l
}

// notPassed is what of the checks is kept in the ledger.
func (r *run) notPassed() []CheckResult {
	return r.summary.Checks[:min(len(r.summary.Checks), maxLedgerChecks)]
}

// maxLedgerChecks is how many results a line of the ledger holds: of thousands, the first say what is wrong.
const maxLedgerChecks = 100

// keepMappings keeps the files of every mapping that the entry was made with, under their
// digest, so that a value can be explained after the mapping has changed.
func (r *run) keepMappings(e *Entry) error {
	for i := range e.Sheets {
		if e.Sheets[i].Mapping == "" {
			continue
		}
		if err := r.keepMapping(e.Sheets[i].Source, e.Sheets[i].Mapping); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) keepMapping(source, digest string) error {
	dir := r.path(stateDir, "mappings", digest)
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	m := r.Mappings.Source(source)
	if m == nil || m.Digest != digest {
		return fmt.Errorf("keep mapping %s: it is not the one the rows were made with", source)
	}
	tmp, err := os.MkdirTemp(r.path(stateDir, "tmp"), "mapping-")
	if err != nil {
		return err
	}
	for name, b := range m.Files() {
		path := filepath.Join(tmp, source, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := writeFile(path, b, 0o600); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return err
	}
	if err := os.Rename(tmp, dir); err != nil {
		if _, there := os.Stat(dir); there == nil { // another goroutine was first
			return os.RemoveAll(tmp)
		}
		return err
	}
	return nil
}
