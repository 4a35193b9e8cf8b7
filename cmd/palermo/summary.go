package main

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"palermo/diag"
	"palermo/pipeline"
)

// digest is a run's summary, sorted for people: what came of its files, and what is to be done.
type digest struct {
	*pipeline.Summary
	Attention []attention `json:"attention"` // empty when nobody needs to do anything

	home                        string
	held                        int // full replacements that wait
	whole, inPart, bad, before  int // files taken in, by what became of them
	exit                        int
	rowsRejected, rowsLoadedNow int64 // of the files taken in
}

// attention is one thing that a person should look at.
type attention struct {
	Submission string `json:"submission,omitempty"`
	File       string `json:"file"`
	Message    string `json:"message"`
	Next       string `json:"next"` // what to do
}

func newDigest(home string, s *pipeline.Summary) *digest {
	if s.Files == nil {
		s.Files = []pipeline.FileSummary{}
	}
	d := &digest{Summary: s, Attention: []attention{}, home: home}
	for _, f := range d.byName() {
		d.file(f)
	}
	for _, w := range s.Unconfirmed {
		d.Attention = append(d.Attention, attention{Submission: w.Submission, File: path.Join(w.Agency, w.Name),
			Message: fmt.Sprintf("%s would remove %d of the %d records that it can replace: it waits, and the last state stands [%s]",
				w.Receipt, w.Removes, w.Of, diag.SubmissionWaits),
			Next: d.command("confirm", w.Receipt) + ", or " + d.command("withdraw", w.Receipt)})
	}
	for _, c := range s.Checks {
		d.Attention = append(d.Attention, attention{File: c.Subject, Message: fmt.Sprintf("%s [check %s]", c.Message, c.Check),
			Next: "look at it; palermo.yaml says what is expected, under checks." + c.Check})
	}
	for _, g := range s.Agreements {
		d.Attention = append(d.Attention, attention{File: g.Pos.File, Message: fmt.Sprintf("%s [%s]", g.Message, g.Code), Next: diag.Codes[g.Code].Advice})
	}
	for _, o := range s.Overdue {
		d.Attention = append(d.Attention, attention{File: o.Agency, Message: fmt.Sprintf("sent nothing for %s: its deadline is over", count(o.Days, "day")),
			Next: "ask the agency for its next file"})
	}
	d.receipts()
	for _, w := range slices.Concat(s.Waiting, s.Remade) {
		if e := diag.Codes[w.Code]; w.Code != diag.FileChanging {
			d.Attention = append(d.Attention, attention{File: w.Pos.File, Message: fmt.Sprintf("%s [%s]", w.Message, w.Code), Next: e.Advice})
		}
	}
	return d
}

// receipts says what went wrong with them: that never fails a run.
func (d *digest) receipts() {
	if n := d.Receipts.Failed; n > 0 {
		d.Attention = append(d.Attention, attention{File: "receipts", Message: fmt.Sprintf("%s could not be written", count(n, "receipt")),
			Next: "see that the folder receipts can be written and has room; the next run tries again, and the log says why"})
	}
	if d.Receipts.Untold {
		d.Attention = append(d.Attention, attention{File: "receipts", Message: "the webhook could not be told",
			Next: "see receipts.webhook of palermo.yaml; the receipts are in the folder all the same"})
	}
}

func (d *digest) file(f *pipeline.FileSummary) {
	if f.Duplicate {
		d.before++
		return
	}
	d.rowsRejected += f.Rows.Rejected
	if f.Status == pipeline.StatusWaiting { // Unconfirmed says so
		d.held++
		return
	}
	d.rowsLoadedNow += f.Rows.Loaded
	switch f.Status {
	case pipeline.StatusAccepted:
		d.whole++
		return
	case pipeline.StatusAcceptedInPart:
		d.inPart++
	default:
		d.bad++
	}
	at := attention{Submission: f.Submission, File: path.Join(f.Agency, f.Name), Message: d.why(f), Next: d.command("inspect", f.Submission)}
	d.Attention = append(d.Attention, at)
}

// unitOf is what the file's account counts, for one of them.
func unitOf(f *pipeline.FileSummary) string {
	switch f.Rows.Unit {
	case "cells":
		return "value cell"
	case "", "rows":
		return "row"
	}
	return "row or value cell"
}

// why is what is wrong with a file, in one sentence.
func (d *digest) why(f *pipeline.FileSummary) string {
	worst := worstFound(f.Found)
	switch {
	case f.Rows.Rejected > 0 && worst != nil:
		return fmt.Sprintf("%s could not be read; found: %s", count(f.Rows.Rejected, unitOf(f)), placeless(worst.Diagnostic))
	case f.Rows.Rejected > 0:
		return fmt.Sprintf("%s could not be read", count(f.Rows.Rejected, unitOf(f)))
	case worst != nil:
		return placeless(worst.Diagnostic)
	}
	return statusWords(f.Status)
}

// placeless is the finding without the name of its file, which stands before it.
func placeless(g diag.Diagnostic) string {
	file := g.Pos.File
	g.Pos.File = ""
	s := strings.TrimPrefix(g.String(), ":")
	if g.Pos.Sheet == "" && g.Pos.Row > 0 && file != "" {
		return "line " + s
	}
	return s
}

// worstFound is the first finding of the highest severity, or nil where there is none above Info.
func worstFound(found []pipeline.Found) *pipeline.Found {
	var worst *pipeline.Found
	for i := range found {
		if f := &found[i]; f.Severity > diag.Info && (worst == nil || f.Severity > worst.Severity) {
			worst = f
		}
	}
	return worst
}

// command is a palermo command line to paste, for this home.
func (d *digest) command(name string, args ...string) string {
	return commandFor(d.home, name, args...)
}

// commandFor is a palermo command line to paste.
func commandFor(home, name string, args ...string) string {
	parts := []string{"palermo", name}
	if home != "" {
		parts = append(parts, "--home", quoted(home))
	}
	for _, a := range args {
		parts = append(parts, quoted(a))
	}
	return strings.Join(parts, " ")
}

// quoted is the text as a shell takes it for one word.
func quoted(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+:@%,=", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func statusWords(status string) string {
	switch status {
	case pipeline.StatusAccepted:
		return "accepted"
	case pipeline.StatusAcceptedInPart:
		return "accepted in part"
	case pipeline.StatusQuarantined:
		return "set aside: no mapping knows it"
	case pipeline.StatusWaiting:
		return "waits for confirmation"
	case pipeline.StatusWithdrawn:
		return "withdrawn"
	case pipeline.StatusSuperseded:
		return "came back corrected, and that counts instead"
	case pipeline.StatusRefused:
		return "refused: cannot be read"
	}
	return status
}

// onlyBad reports whether files came, and none of them could be used.
func (d *digest) onlyBad() bool { return d.bad > 0 && d.whole+d.inPart == 0 }

// status is the exit status of a run that ended well.
func (d *digest) status(failOn string) int {
	rows, files := d.rowsRejected > 0, d.bad > 0
	if failOn == failRejected && rows || failOn == failQuarantined && (rows || files) {
		return exitRejected
	}
	return exitOK
}

// headline is the run in one line.
func (d *digest) headline() string {
	switch {
	case d.onlyBad() && d.bad == 1:
		return "The only new file could not be used; everything else stands as it was published before."
	case d.onlyBad():
		return fmt.Sprintf("None of the %s new files could be used; everything else stands as it was published before.", number(d.bad))
	case d.RolledBack:
		return "Nothing new since somebody went back to this snapshot: it stands."
	case d.Status == pipeline.RunNothingNew && d.before > 0:
		return fmt.Sprintf("Nothing new: %s received before. The last snapshot stands.", count(d.before, "file"))
	case d.Status == pipeline.RunNothingNew:
		return "Nothing new: the last snapshot stands."
	case len(d.Files) == d.before && d.Decided:
		return "Published again, because somebody decided so: what was withdrawn, refused or confirmed is followed."
	case len(d.Files) == d.before:
		return fmt.Sprintf("Published again, because a mapping or a setting changed: %s made anew.", count(d.Made, "file"))
	}
	return fmt.Sprintf("Published: %s loaded from %s.", count(d.rowsLoadedNow, "row"), count(d.whole+d.inPart, "new file"))
}

func (d *digest) result(quiet bool) *result {
	r := &result{ok: len(d.Attention) == 0 && d.exit == exitOK, summary: d.headline(), value: d, exit: d.exit, text: d.text}
	if quiet {
		r.text = d.attend
	}
	return r
}

func (d *digest) text(p *printer) {
	paint := p.good
	if d.bad > 0 {
		paint = p.warn
	}
	p.line("%s", paint(d.headline()))
	d.files(p)
	d.waiting(p)
	p.blank()
	p.line("In all:    %s, %s", count(d.Submissions, "file"), sumText(&d.Rows))
	d.linkage(p)
	if d.Snapshot != "" {
		p.line("Snapshot:  %s", d.Snapshot)
	}
	if n := d.Receipts.Written; n > 0 {
		p.line("Receipts:  %s written for agencies, in %s", number(n), path.Join(d.home, "receipts"))
	}
	if g := d.Retired; g != (pipeline.Retired{}) {
		p.line("By age:    deleted %s, names of %s, rejected rows of %s, %s", count(g.Inbox, "received file"), number(g.Vault), number(g.Quarantine), count(g.Snapshots, "snapshot"))
	}
	p.line("Run:       %s, %s", d.Run, seconds(d.Seconds))
	d.attend(p)
}

// linkage says whose the case records are, where there are any.
func (d *digest) linkage(p *printer) {
	k := d.Linkage
	if k == nil {
		return
	}
	p.line("Persons:   %s of %s: at least %s, with %s for review; %s", count(k.Persons, "person"), count(k.Records, "case record"),
		number(k.Low), count(k.Review, "pair"), count(k.Episodes, "episode"))
	if k.BuiltIn {
		p.line("           linked with the built-in model: none could be estimated from these records")
	}
	if k.Broken > 0 {
		p.line("           %s", p.warn(count(k.Broken, "decision")+" of reviewers contradict others"))
	}
}

func (d *digest) files(p *printer) {
	if len(d.Files) == 0 {
		return
	}
	p.blank()
	p.line("Taken in:")
	var rows [][]styled
	for _, f := range d.byName() {
		row := p.cells(f.Agency, f.Name, statusWords(f.Status), "")
		switch {
		case f.Duplicate && f.Status == pipeline.StatusWithdrawn:
			row[2] = p.warn("received before, and withdrawn since")
		case f.Duplicate:
			row[2] = p.dim("received before, counted once")
		case f.Status == pipeline.StatusAccepted:
			row[2] = p.good("accepted")
		default:
			row[2] = p.warn(statusWords(f.Status))
		}
		if !f.Duplicate && f.Rows.Read > 0 {
			row[3] = styled(sumText(&f.Rows) + statedWords(f.Stated))
		}
		rows = append(rows, row)
	}
	p.grid("  ", nil, rows)
}

// byName is the files as a person looks for them.
func (d *digest) byName() []*pipeline.FileSummary {
	var out []*pipeline.FileSummary
	for i := range d.Files {
		out = append(out, &d.Files[i])
	}
	slices.SortFunc(out, func(a, b *pipeline.FileSummary) int {
		return cmp.Or(cmp.Compare(a.Agency, b.Agency), cmp.Compare(a.Name, b.Name))
	})
	return out
}

func (d *digest) waiting(p *printer) {
	if len(d.Waiting) == 0 {
		return
	}
	p.blank()
	p.line("Left in the drop folder:")
	for _, w := range d.Waiting {
		p.line("  %s", w)
	}
}

// attend says what a person should look at, and how.
func (d *digest) attend(p *printer) {
	if len(d.Attention) == 0 {
		return
	}
	if p.w.Len() > 0 {
		p.blank()
	}
	p.line("%s", p.bold("To look at:"))
	for _, a := range d.Attention {
		p.line("  %s: %s", a.File, a.Message)
		p.line("    %s %s", p.arrow(), a.Next)
	}
}

// statedWords is what a file does to what was received before, where it is case data or somebody said so.
func statedWords(s pipeline.Statement) string {
	kind := strings.ReplaceAll(s.Kind, "_", " ")
	switch {
	case s.Kind == "":
		return ""
	case s.By == pipeline.SaidByNobody:
		return "; taken as " + kind + ", since nobody says"
	case s.From != "":
		return fmt.Sprintf("; %s of %s to %s", kind, s.From, s.To)
	}
	return "; " + kind
}

// sumText is a row balance as a sum that is visibly whole.
func sumText(b *pipeline.Balance) string {
	unit := b.Unit
	if unit == "" {
		unit = "rows"
	}
	return fmt.Sprintf("%s %s read = %s loaded + %s rejected + %s skipped",
		number(b.Read), unit, number(b.Loaded), number(b.Rejected), number(b.SkippedAll()))
}
