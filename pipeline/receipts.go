package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"palermo/load/receipt"
)

// receiptFormat is raised by hand when receipts are to be written again, though nothing has become of their
// submissions.
const receiptFormat = 1

// keepReceipts is for how many days receipts are kept where nobody says.
const keepReceipts = 30

// ReceiptSettings is what becomes of the receipts that agencies get for their files.
type ReceiptSettings struct {
	Days    int    `yaml:"days,omitempty" json:"days,omitempty" jsonschema:"minimum=1,description=days after its last change that a receipt is deleted; 30 by default"`
	Contact string `yaml:"contact,omitempty" json:"contact,omitempty"` // whom agencies ask about their receipts
	Webhook string `yaml:"webhook,omitempty" json:"webhook,omitempty" jsonschema:"description=an address of http or https that is told of each receipt with its number and state and the agency's folder; nothing else is sent"`
}

// Receipts is what a run did about them. What failed is tried again by the next.
type Receipts struct {
	Written int  `json:"written,omitempty"` // those of the end of the run
	Deleted int  `json:"deleted,omitempty"` // since they are too old
	Failed  int  `json:"failed,omitempty"`
	Untold  bool `json:"untold,omitempty"` // the webhook could not be told
}

// desk writes the receipts of a home. What it does never fails a run: a receipt that is missing is
// written by the next.
type desk struct {
	*run
	kept deskState
	told []hookNote
	mu   sync.Mutex
}

// deskState is which receipts there are. It may be lost: then those of recent files are written again.
type deskState struct {
	Inputs   string                  `json:"inputs"` // what they were last brought in step with
	Receipts map[string]*keptReceipt `json:"receipts"`
	Reports  map[string]*keptReport  `json:"reports,omitempty"` // by agency
}

// keptReceipt is the receipt of one submission as it was last written.
type keptReceipt struct {
	Key     string        `json:"key,omitempty"` // of all that it says, but when
	State   receipt.State `json:"state"`
	Instead string        `json:"superseded_by,omitempty"`
	Made    time.Time     `json:"made"`
	Files   []string      `json:"files,omitempty"` // their names in the agency's folder
	Gone    bool          `json:"gone,omitempty"`  // deleted, since it was too old
	Again   time.Time     `json:"again,omitzero"`  // when the same content was last received again
	Killed  int           `json:"killed,omitempty"`
}

func (h *Home) deskFile() string { return h.path(stateDir, "receipts.json") }

func (r *run) openDesk() *desk {
	d := &desk{run: r}
	if readJSON(r.deskFile(), &d.kept) != nil || d.kept.Receipts == nil {
		d.kept = deskState{Receipts: map[string]*keptReceipt{}}
	}
	return d
}

func (d *desk) save() {
	if err := writeJSON(d.deskFile(), &d.kept, 0o600); err != nil {
		d.failed("", err)
	}
}

// failed notes that something could not be done. The error may name a folder, and is not logged.
func (d *desk) failed(submission string, err error) {
	d.summary.Receipts.Failed++
	d.Log.Warn("receipt not written", zap.String("submission", submission), zap.String("why", receiptTrouble(err)))
}

// acknowledge says at once that the files were received.
func (d *desk) acknowledge(subs []*Submission, again []*Submission) {
	for _, s := range subs {
		k := &keptReceipt{State: receipt.Received, Made: d.started}
		var err error
		if k.Files, err = d.page(s, d.blank(s, receipt.Received)); err != nil {
			d.failed(s.ID, err)
			continue
		}
		d.kept.Receipts[s.ID] = k
		d.tell(s, receipt.Received)
	}
	for _, s := range again { // its receipt says so, and is there again
		if k := d.kept.Receipts[s.ID]; k != nil {
			k.Again, k.Key, k.Gone = d.started, "", false
		} else {
			d.kept.Receipts[s.ID] = &keptReceipt{Again: d.started}
		}
		d.kept.Inputs = ""
	}
	if len(subs)+len(again) > 0 {
		d.save()
	}
}

// days is for how long receipts are kept.
func (d *desk) days() time.Duration { return time.Duration(d.Config.Receipts.Days) * 24 * time.Hour }

func (d *desk) old(t time.Time) bool { return d.started.Sub(t) > d.days() }

// finish brings all receipts in step with what has become of the submissions, and deletes those that are too
// old.
func (d *desk) finish(ctx context.Context, entries []*Entry, inputs string) {
	failed := d.summary.Receipts.Failed
	digest := d.digest(inputs)
	if due := d.due(digest == d.kept.Inputs); len(due) > 0 {
		if err := d.weigh(ctx, entries); err != nil {
			d.failed("", err)
			return
		}
		d.write(ctx, entries, due)
	}
	d.reports(ctx, entries)
	d.sweepReceipts()
	if d.kept.Inputs = digest; d.summary.Receipts.Failed > failed || ctx.Err() != nil {
		d.kept.Inputs = ""
	}
	d.save()
	d.call(ctx)
}

// digest is that of all that decides what receipts say.
func (d *desk) digest(inputs string) string {
	h := sha256.New()
	fmt.Fprintln(h, receiptFormat, inputs, d.Config.Receipts.Contact, d.Version)
	for _, a := range sortedKeys(d.Config.Agencies) {
		fmt.Fprintln(h, a, d.Config.Agencies[a].Title, d.Config.Agencies[a].Language)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// due is the submissions whose receipts are missing, or may say something that is no longer so. settled says that
// nothing has changed that they depend on.
func (d *desk) due(settled bool) []int {
	var out []int
	for i := range d.ledger.Submissions {
		s := &d.ledger.Submissions[i]
		k := d.kept.Receipts[s.ID]
		switch {
		case k == nil && d.old(s.Received), settled && k != nil && k.Key != "" && (k.Gone || d.there(s, k)):
		default:
			out = append(out, i)
		}
	}
	return out
}

// weigh finds out how records stand, where the run had no need to.
func (d *desk) weigh(ctx context.Context, entries []*Entry) (err error) {
	if d.versions != nil {
		return nil
	}
	if err := d.mend(ctx, entries); err != nil {
		return err
	}
	d.versions, err = d.readVersions(ctx, entries)
	return err
}

// there reports whether the files of the receipt are.
func (d *desk) there(s *Submission, k *keptReceipt) bool {
	for _, name := range k.Files {
		if fi, err := os.Stat(d.receiptFile(s, name)); err != nil || fi.Size() == 0 {
			return false
		}
	}
	return len(k.Files) > 0
}

func (d *desk) write(ctx context.Context, entries []*Entry, due []int) {
	d.Progress.Start("writing receipts", len(due))
	var g errgroup.Group
	g.SetLimit(d.threads())
	for _, i := range due {
		g.Go(func() error {
			if ctx.Err() == nil {
				d.one(ctx, &d.ledger.Submissions[i], entries[i])
			}
			d.Progress.Done("writing receipts")
			return nil
		})
	}
	_ = g.Wait() // each says for itself what failed
}

// one writes the receipt of one submission, if it is missing or says something else than it should.
func (d *desk) one(ctx context.Context, s *Submission, e *Entry) {
	d.mu.Lock()
	old := d.kept.Receipts[s.ID]
	d.mu.Unlock()
	if old == nil {
		old = &keptReceipt{}
	}
	k := &keptReceipt{Made: d.started, Again: old.Again}
	k.State, k.Instead = d.state(s, e)
	k.Key = d.key(s, e, k)
	switch {
	case old.Gone && old.State == k.State: // it was deleted, and nothing has become of the submission since
		k.Made, k.Gone = old.Made, true
		d.mu.Lock()
		defer d.mu.Unlock()
		d.kept.Receipts[s.ID] = k
		return
	case old.Key == k.Key && d.there(s, old):
		return
	case old.Key == k.Key: // as it was, since it is only missing
		k.Made = old.Made
	}
	in, err := d.input(ctx, s, e, k)
	if err == nil {
		err = d.files(ctx, s, e, in, old, k)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case err != nil && ctx.Err() != nil:
	case err != nil:
		d.failed(s.ID, err)
	default:
		d.kept.Receipts[s.ID] = k
		d.summary.Receipts.Written++
		d.Log.Info("receipt written", zap.String("submission", s.ID), zap.String("state", string(k.State)), zap.Int("files", len(k.Files)))
		if old.Key != k.Key {
			d.tell(s, k.State)
		}
	}
}

// key is the digest of all that decides what a receipt says, but when it is made.
func (d *desk) key(s *Submission, e *Entry, k *keptReceipt) string {
	a, h := d.Config.Agencies[s.Agency], sha256.New()
	fmt.Fprintln(h, receiptFormat, k.State, k.Instead, k.Again.UnixNano(), a.Title, a.Language, d.Config.Receipts.Contact)
	fmt.Fprintln(h, e.Key, e.Status, e.Rows(), e.PlacesBytes, len(e.Found), e.Killed, e.Locked, struckText(e.Struck)) // maps are printed in the order of their keys
	for _, f := range d.versions.found[s.ID] {
		fmt.Fprintln(h, f)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// files writes the workbook and the page, and removes what the receipt had besides.
func (d *desk) files(ctx context.Context, s *Submission, e *Entry, in *receipt.Input, old, k *keptReceipt) error {
	book, err := d.book(ctx, s, e, in)
	if killed(err) && old.Killed+1 < killedRuns { // that may have nothing to do with the file: the next run tries again
		d.mu.Lock()
		old.Killed++
		d.kept.Receipts[s.ID] = old
		d.mu.Unlock()
		return err
	}
	if err != nil && !killed(err) {
		return err
	}
	if k.Files, err = d.page(s, in); err != nil {
		return err
	}
	if book != "" {
		k.Files = append(k.Files, book)
	}
	for _, ext := range receiptExtensions {
		if name := s.Receipt + ext; !slices.Contains(k.Files, name) {
			if err := removeIfThere(d.receiptFile(s, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// receiptExtensions is what the files of a receipt end with.
var receiptExtensions = []string{".html", ".json", ".xlsx", ".xlsm", ".xltx", ".xltm"}

// receiptName is the name of a file of a receipt, and its number.
var receiptName = regexp.MustCompile(`^(PAL-\d{4}-\d{6,})\.(?:html|json|xl[st][xm])$`)

// unfinished is the name of a file that a run left which was killed while it wrote.
var unfinished = regexp.MustCompile(`^\.PAL-\d{4}-\d{6,}\.\w+\.tmp$`)

// sweepReceipts deletes the receipts that are too old, and what killed runs left.
func (d *desk) sweepReceipts() {
	byNumber := map[string]*Submission{}
	for i := range d.ledger.Submissions {
		s := &d.ledger.Submissions[i]
		byNumber[s.Agency+"/"+s.Receipt] = s
	}
	agencies, err := os.ReadDir(d.path(receiptsDir))
	if err != nil {
		d.failed("", err)
		return
	}
	for _, a := range agencies {
		files, err := os.ReadDir(d.path(receiptsDir, a.Name()))
		if err != nil {
			continue // no folder, or none of ours
		}
		for _, f := range files {
			d.sweepFile(a.Name(), f, byNumber)
		}
	}
	for id, k := range d.kept.Receipts {
		if !k.Gone && len(k.Files) > 0 && d.old(k.Made) {
			k.Gone, k.Files = true, nil
			d.summary.Receipts.Deleted++
			d.Log.Info("receipt deleted", zap.String("submission", id))
		}
	}
}

func (d *desk) sweepFile(agency string, f os.DirEntry, byNumber map[string]*Submission) {
	path := d.path(receiptsDir, agency, f.Name())
	g := receiptName.FindStringSubmatch(f.Name())
	switch {
	case !f.Type().IsRegular():
		return
	case unfinished.MatchString(f.Name()):
	case g == nil:
		return // somebody else's
	default:
		var made time.Time
		if s := byNumber[agency+"/"+g[1]]; s != nil && d.kept.Receipts[s.ID] != nil {
			made = d.kept.Receipts[s.ID].Made
		} else if fi, err := f.Info(); err == nil {
			made = fi.ModTime()
		}
		if !d.old(made) {
			return
		}
	}
	if err := removeIfThere(path); err != nil {
		d.failed("", err)
	}
}

func (h *Home) receiptFile(s *Submission, name string) string {
	return h.path(receiptsDir, s.Agency, name)
}

// receiptTrouble is why a receipt could not be written, without paths or what a worker says.
func receiptTrouble(err error) string {
	var pe *os.PathError
	switch {
	case errors.As(err, &pe):
		return pe.Op + ": " + pe.Err.Error()
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case killed(err):
		return "its writer was killed"
	}
	return fmt.Sprintf("%T", err)
}

// page writes the page and its form for programs.
func (d *desk) page(s *Submission, in *receipt.Input) ([]string, error) {
	if err := os.MkdirAll(d.path(receiptsDir, s.Agency), receiptFolder); err != nil {
		return nil, err
	}
	return writePage(func(ext string) string { return d.receiptFile(s, s.Receipt+ext) }, in)
}
