package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"palermo/diag"
	"palermo/extract"
	"palermo/load"
	"palermo/load/template"
	"palermo/mappings"
	"palermo/schemas"
	"palermo/transform"
)

// Harmoniser makes an Entry of one file: it is what Run does to each submission, and what
// benchmarks measure. It may be used by several goroutines at once.
type Harmoniser struct {
	Schema   *schemas.Schema
	Mappings *mappings.Set
	Examples int            // findings of one kind kept whole for each field of a sheet; 0 means 20
	TmpDir   string         // for the temporary folder of the worker that reads the file
	MaxBytes int64          // of a file; 0 means extract's default
	Limits   extract.Limits // of that worker

	Secrets []extract.Secret // what opens files that their sender closed

	IDs     transform.IDs // for case data
	Sources []string      // ids of those that the file may be of; all where there are none

	Withdrawn bool                         // the submission is: its rows are counted, and nothing of them is kept
	Purged    func(transform.Known) bool   // whether a row is of somebody who was erased; nil where nobody was. Called as Struck is
	PurgedIn  func(cell string) bool       // whether a cell of a table that no mapping knows is such a person's case reference
	Redacted  bool                         // the file is an extract of what was received
	Struck    func(transform.Known) string // why a row is left out, "" where it is not; nil where none is. It may be called for several files at once

	File       func(table string) string // where the harmonised rows of a table go
	Vault      func(table string) string // where its direct fields go, for tables that have any; nil where none has
	Quarantine string                    // where rejected rows go
	Places     string                    // where the places of all findings go; empty where nobody asks for them

	Returned func(number string) bool // whether a receipt of that number is the agency's own; nil where none is
}

// Harmonise reads the file at path as the submission s, in a worker. What is wrong with the file is
// in the entry; an error is about the machine, or a bug. The entry has no key yet. A worker that
// somebody killed is no word about the file: it is read once more.
func (h *Harmoniser) Harmonise(ctx context.Context, path string, s *Submission) (*Entry, error) {
	e, err := h.harmonise(ctx, path, s, true)
	if killed(err) {
		e, err = h.harmonise(ctx, path, s, false)
	}
	return e, err
}

// harmonise is Harmonise; where it is only a try, a worker that was killed is an error.
func (h *Harmoniser) harmonise(ctx context.Context, path string, s *Submission, try bool) (*Entry, error) {
	j := &job{Harmoniser: h, sub: s, entry: &Entry{Submission: s.ID, Status: StatusAccepted}, sheetNo: map[string]int{}, struck: map[transform.Known]string{}, writers: map[string]*load.Split{}}
	j.begin()
	err := j.read(ctx, path)
	var bad *extract.Error
	switch {
	case try && killed(err):
		j.abort()
		return nil, err
	case errors.As(err, &bad):
		// Half a file is no file: what was written of it so far goes, and so do its accounts.
		j.abort()
		j.entry = &Entry{Submission: s.ID, Status: StatusRefused, Format: j.entry.Format}
		if killed(err) {
			j.entry.Killed = 1
		}
		if bad.Diagnostic.Code == diag.FileStopped { // how far it came is chance
			j.begin()
		}
		j.found.Add(bad.Diagnostic)
	case err != nil:
		j.abort()
		return nil, err
	default:
		if err := j.close(ctx); err != nil {
			return nil, err
		}
		j.status()
		j.entry.Struck = struckList(j.struck)
		j.entry.gone, j.entry.Gone = j.gone, j.allGone()
	}
	j.keepFindings()
	if err := j.keepPlaces(); err != nil {
		return nil, err
	}
	if h.Withdrawn {
		j.entry.bare()
	}
	return j.entry, nil
}

// job is the making of one entry.
type job struct {
	*Harmoniser
	sub     *Submission
	entry   *Entry
	found   diag.List
	places  places
	sheets  []extract.Sheet
	struck  map[transform.Known]string // the rows that it left out
	sheetNo map[string]int             // by name, for the sheets looked at so far
	writers map[string]*load.Split     // by table
	aside   *rowWriter                 // the quarantine; nil while no row was rejected
	filled  *filledForm                // nil where the file is no template of ours
	gone    goneRows                   // rows of people who were erased
	drifted bool                       // it is of a source that refuses other columns than it knows
}

func (j *job) read(ctx context.Context, path string) error {
	f, err := openApart(ctx, path, extract.Options{Name: j.sub.Name, TmpDir: j.TmpDir, MaxBytes: j.MaxBytes, Secrets: j.Secrets, Names: template.Names(), Redacted: j.Redacted}, j.Limits)
	if err != nil {
		return err
	}
	defer f.Close()
	j.entry.Format = f.Format()
	if n := f.Mark(); n != "" && j.Returned != nil && j.Returned(n) {
		j.entry.Returns = n
	}
	j.sheets = f.Sheets()
	if err := j.template(ctx, f.Names()); err != nil {
		return err
	}
	var astray bool
	if astray = j.held(); !astray {
		astray, err = j.setAside(ctx)
	}
	if err == nil && !astray {
		j.drifted, err = j.refusesDrift(ctx)
	}
	if err != nil {
		return err
	}
	for _, sh := range j.sheets {
		if astray || j.drifted {
			err = j.unread(ctx, sh)
		} else {
			err = j.sheet(ctx, sh)
		}
		if err != nil {
			return err
		}
	}
	for _, d := range f.Notes() {
		j.found.Add(d)
	}
	if !astray {
		j.reported()
	}
	return nil
}

// setAside finds out whether the whole file is set aside, since one of its tables is of a source
// that its agency does not send.
func (j *job) setAside(ctx context.Context) (bool, error) {
	if len(j.Sources) == 0 {
		return false, nil
	}
	var previews [][]extract.Row
	for _, sh := range j.sheets {
		rows, err := extract.Preview(ctx, sh, mappings.PreviewRows)
		if err != nil {
			return false, err
		}
		previews = append(previews, rows)
	}
	at, astray := j.astray(previews)
	if astray {
		j.find(diag.FileSource, at, "of a source that this agency does not send")
	}
	return astray, nil
}

// unread accounts for a sheet of a file that is set aside: its rows stay in the inbox.
func (j *job) unread(ctx context.Context, sh extract.Sheet) error {
	j.sheetNo[sh.Name] = sh.No
	j.entry.Sheets = append(j.entry.Sheets, SheetEntry{No: sh.No, Name: sh.Name, Balance: Balance{Unit: unitRows}})
	return j.countUnread(ctx, sh, &j.entry.Sheets[len(j.entry.Sheets)-1])
}

// countUnread counts the rows of a sheet as skipped.
func (j *job) countUnread(ctx context.Context, sh extract.Sheet, e *SheetEntry) error {
	for r, err := range sh.Rows(ctx) {
		if err != nil {
			return err
		}
		switch {
		case r.Gone, j.goneWithin(sh, &r):
			e.Balance.Read++
			e.Balance.skip(transform.ReasonPurged, 1)
		case len(r.Cells) > 0:
			e.Balance.Read++
			e.Balance.skip("unmapped_sheet", 1)
		}
	}
	return nil
}

// sheet recognises one sheet and harmonises its table.
func (j *job) sheet(ctx context.Context, sh extract.Sheet) error {
	j.sheetNo[sh.Name] = sh.No
	preview, err := extract.Preview(ctx, sh, mappings.PreviewRows)
	if err != nil {
		return err
	}
	j.entry.Sheets = append(j.entry.Sheets, SheetEntry{No: sh.No, Name: sh.Name, Title: sh.Title(), Balance: Balance{Unit: unitRows}})
	e := &j.entry.Sheets[len(j.entry.Sheets)-1]
	if j.ours(sh) {
		return nil
	}
	if c := j.asked(sh, previewRows(preview)); c != nil {
		return j.answered(ctx, sh, e, c, preview)
	}
	best := j.Mappings.Recognise(sh.Title(), previewRows(preview))
	if (len(best) == 0 || !best[0].Matches()) && !j.evolves(best, previewRows(preview)) {
		return j.unknown(ctx, sh, e, best)
	}
	if !best[0].Matches() {
		j.nearly(sh, &best[0])
	}
	return j.known(ctx, sh, e, &best[0], preview)
}

// known harmonises the table of a sheet that a mapping knows.
func (j *job) known(ctx context.Context, sh extract.Sheet, e *SheetEntry, c *mappings.Candidate, preview []extract.Row) error {
	e.describe(c, preview)
	plan, ds := transform.Compile(c.Mapping, c.Table, j.Schema)
	if len(ds) > 0 {
		return &ConfigError{ds}
	}
	var err error
	if e.Stated, err = j.statement(ctx, sh, plan, preview); err != nil {
		return err
	}
	copied, err := j.copied(ctx, sh, e, plan)
	if err != nil || copied {
		return err
	}
	return j.table(ctx, sh, e, plan)
}

func previewRows(rows []extract.Row) []mappings.PreviewRow {
	out := make([]mappings.PreviewRow, len(rows))
	for i, r := range rows {
		out[i] = mappings.PreviewRow{Num: r.Num, Cells: r.Cells}
	}
	return out
}

// describe notes which mapping the sheet has, where its header is, and what stands above it.
func (e *SheetEntry) describe(c *mappings.Candidate, preview []extract.Row) {
	t := c.Entry()
	e.Source, e.Mapping, e.Table, e.Vintage, e.Target = c.Mapping.Source.ID, c.Mapping.Digest, c.Table, t.Vintage, t.Target
	e.HeaderRow, e.NoHeader = c.HeaderRow, c.Unheaded
	if t.Record != nil {
		e.Form = t.Record.Form
	}
	for _, r := range preview {
		if r.Num < c.HeaderRow {
			for len(e.Above) < r.Num-1 {
				e.Above = append(e.Above, nil)
			}
			e.Above = append(e.Above, r.Cells)
		}
	}
	parts := c.HeaderParts(previewRows(preview))
	for i, name := range c.HeaderCells(previewRows(preview)) {
		h := transform.Header{Name: name, Col: i + 1}
		if t.Unpivot != nil {
			h.Parts = parts[i]
		}
		e.Header = append(e.Header, h)
	}
}

// above is the text of a cell above the header.
func (e *SheetEntry) above(row, col int) string {
	if row > len(e.Above) || col > len(e.Above[row-1]) {
		return ""
	}
	return e.Above[row-1][col-1]
}

// unknown accounts for a sheet that no mapping knows: its rows stay in the inbox, whole, and are
// counted as skipped.
func (j *job) unknown(ctx context.Context, sh extract.Sheet, e *SheetEntry, near []mappings.Candidate) error {
	if err := j.countUnread(ctx, sh, e); err != nil {
		return err
	}
	at := diag.Pos{File: j.sub.Name, Sheet: sh.Name}
	k := slices.IndexFunc(near, func(c mappings.Candidate) bool { return c.Near() })
	switch {
	case e.Balance.Read == 0:
		j.find(diag.SheetEmpty, at, "the sheet has no cells")
	case k >= 0:
		j.nearly(sh, &near[k])
	default:
		j.find(diag.SheetUnmapped, at, "no mapping knows the header of this sheet")
	}
	return nil
}

// nearly reports that the sheet is of a source, and of no vintage that is known.
func (j *job) nearly(sh extract.Sheet, c *mappings.Candidate) {
	at := diag.Pos{File: j.sub.Name, Sheet: sh.Name, Row: c.HeaderRow}
	j.find(diag.VintageUnknown, at, fmt.Sprintf("looks like %s (%s), but %d of its %d columns are not there",
		c.Mapping.Source.ID, c.Entry().Vintage, len(c.Missing), len(c.Missing)+len(c.Found)))
}

func (j *job) find(c diag.Code, at diag.Pos, message string) {
	j.found.Add(diag.Diagnostic{Code: c, Severity: diag.Codes[c].Severity, Pos: at, Message: message})
}

// table harmonises the rows below the header.
func (j *job) table(ctx context.Context, sh extract.Sheet, e *SheetEntry, plan *transform.Plan) error {
	mem := memory.DefaultAllocator
	t, err := plan.Open(transform.Input{Origin: j.origin(e), Sheet: e.Title, Header: e.Header, HeaderRow: e.HeaderRow, Above: e.above, IDs: j.IDs, Places: j.places.left, Purged: j.purged(e), Leave: j.leave(e)}, mem, &j.found)
	if err != nil {
		return err
	}
	defer t.Release()
	if t.Units() == 0 {
		return j.valueless(ctx, sh, e)
	}
	if plan.NeedsFacts() {
		if err := j.facts(ctx, sh, e, plan, t); err != nil {
			return err
		}
	}
	f := &flow{job: j, sheet: e, plan: plan, table: t}
	counts, err := f.run(ctx, sh)
	if err != nil {
		return err
	}
	e.Values = t.Finish(&j.found)
	if plan.Unpivots() {
		e.Balance.Unit = unitCells
	}
	j.account(e, counts, t.Units())
	return e.Balance.check()
}

// valueless accounts for a table that was known by its labels and has no column of values.
func (j *job) valueless(ctx context.Context, sh extract.Sheet, e *SheetEntry) error {
	at := diag.Pos{File: j.sub.Name, Sheet: sh.Name, Row: e.HeaderRow}
	*e = SheetEntry{No: e.No, Name: e.Name, Title: e.Title, Balance: Balance{Unit: unitRows}}
	if err := j.countUnread(ctx, sh, e); err != nil {
		return err
	}
	j.find(diag.VintageUnknown, at, "the levels of the mapping know no column of values in this header")
	return nil
}

func (j *job) origin(e *SheetEntry) schemas.Origin {
	return schemas.Origin{Submission: j.sub.ID, Agency: j.sub.Agency, File: j.sub.Name, SHA256: j.sub.SHA256, Sheet: e.Name, SheetNo: e.No}
}

func (j *job) spec(e *SheetEntry, plan *transform.Plan) extract.Spec {
	s := extract.Spec{Origin: j.origin(e), HeaderRow: e.HeaderRow, Width: len(e.Header), Stop: plan.Entry().Stop,
		NoHeader: e.NoHeader, Cut: plan.Entry().Until != ""}
	plain := map[string]bool{}
	for _, c := range plan.Entry().Columns {
		plain[c.From] = plain[c.From] || c.Plain
	}
	for _, h := range e.Header {
		s.Columns = append(s.Columns, extract.Column{Name: h.Name, Col: h.Col, Plain: plain[h.Name]})
	}
	return s
}

// facts is the first pass, for a mapping that asks something about the table as a whole.
func (j *job) facts(ctx context.Context, sh extract.Sheet, e *SheetEntry, plan *transform.Plan, t *transform.Table) error {
	for raw, err := range extract.NewReader(sh, j.spec(e, plan), memory.DefaultAllocator).Batches(ctx) {
		if err != nil {
			return err
		}
		for rows := range t.Rows(raw) {
			t.Facts(rows)
		}
		raw.Release()
	}
	t.Rewind()
	e.Facts = t.Holding()
	return nil
}

func cloneText(in []string) []string {
	out := make([]string, len(in))
	for i := range in {
		out[i] = strings.Clone(in[i])
	}
	return out
}

// account adds what the reader itself set aside: blank rows and rows below the table. A row has units
// of the account.
func (j *job) account(e *SheetEntry, n extract.Counts, units int) {
	e.Balance.Read = n.Read * int64(units)
	e.Balance.skip("blank_row", int(n.Blank)*units)
	e.Balance.skip("footnote", int(n.BelowStop)*units)
	e.Balance.skip(transform.ReasonPurged, int(n.Gone)*units)
	switch at := (diag.Pos{File: j.sub.Name, Sheet: e.Name, Row: e.HeaderRow}); {
	case n.Read > 0:
	case e.Template != "": // an agency fills in the sheets that it has something for
		if j.filled.empty == (diag.Pos{}) {
			j.filled.empty = at
		}
	default:
		j.find(diag.SheetEmpty, at, "the table has no rows below its header")
	}
}

// writer is the file for a table, begun with its first batch.
func (j *job) writer(table string, plan *transform.Plan) (*load.Split, error) {
	t := j.Schema.Table(table)
	if w := j.writers[t.Name]; w != nil {
		return w, nil
	}
	w, err := load.CreateSplit(j.File(t.Name), j.vault(t.Name), t, load.ParquetOptions{Metadata: j.footer(t, plan.Mapping())})
	if err != nil {
		return nil, err
	}
	j.writers[t.Name] = w
	return w, nil
}

func (j *job) vault(table string) string {
	if j.Vault == nil {
		return ""
	}
	return j.Vault(table)
}

// footer is what a file of harmonised rows says about how it was made: no clock, no host, no run.
func (j *job) footer(t *schemas.Table, m *mappings.Mapping) map[string]string {
	out := j.Schema.ParquetMetadata(t)
	out["palermo.mapping"] = m.Source.ID
	out["palermo.mapping_digest"] = m.Digest
	return out
}

// close ends every file of the submission, and writes the rejected rows to the quarantine.
func (j *job) close(ctx context.Context) error {
	for _, name := range sortedKeys(j.writers) {
		w := j.writers[name]
		delete(j.writers, name)
		if err := w.Close(); err != nil {
			j.abort()
			return err
		}
		fi, err := os.Stat(j.File(name))
		if err != nil {
			return err
		}
		sum, err := fileDigest(j.File(name))
		if err != nil {
			return err
		}
		j.entry.Files = append(j.entry.Files, LakeFile{Table: name, Rows: w.Rows(), Bytes: fi.Size(), SHA256: sum})
	}
	if j.aside == nil { // an earlier making of the submission may have rejected some
		return removeIfThere(j.Quarantine)
	}
	if err := j.aside.close(ctx); err != nil {
		return err
	}
	fi, err := os.Stat(j.Quarantine)
	if err != nil {
		return err
	}
	j.entry.QuarantineBytes = fi.Size()
	return nil
}

// abort removes what was begun.
func (j *job) abort() {
	for _, w := range j.writers {
		w.Abort()
	}
	j.writers = nil
	if j.aside != nil {
		j.aside.abort()
	}
}

// status sums up what became of the file.
func (j *job) status() {
	e := j.entry
	known := slices.ContainsFunc(e.Sheets, func(s SheetEntry) bool { return s.Source != "" })
	rows := e.Rows()
	at := diag.Pos{File: j.sub.Name}
	switch {
	case j.found.CountCode(diag.FileSource)+j.found.CountCode(diag.FileAgreement) > 0:
		e.Status = StatusQuarantined
	case j.drifted:
		e.Status = StatusRefused // the finding says which columns
	case !known && j.filled != nil && j.filled.stamp.NoCases: // its other sheets were deleted, or hold something else
	case !known && rows.Read == 0:
		e.Status = StatusRefused
		j.find(diag.FileEmpty, at, "the file has no cells")
	case !known && j.found.CountCode(diag.VintageUnknown) > 0:
		e.Status = StatusQuarantined // the finding names the source that it is nearest to
	case !known:
		e.Status = StatusQuarantined
		j.find(diag.SourceUnknown, at, "no mapping knows any table of this file")
	case rows.Rejected > 0 || j.found.CountCode(diag.VintageUnknown) > 0:
		e.Status = StatusAcceptedInPart
	}
}

// quarantine writes a rejected row, whole, to the quarantine.
func (j *job) reject(ctx context.Context, e *SheetEntry, r transform.Reject) error {
	e.Balance.Rejected++
	j.entry.Quarantined++
	if r.Known != (transform.Known{}) {
		e.Named = append(e.Named, r.Known)
	}
	if j.aside == nil {
		var err error
		if j.aside, err = newRowWriter(j.Schema.ParquetMetadata(j.Schema.Table("quarantine")), j.Quarantine, j.Schema.Table("quarantine")); err != nil {
			return err
		}
	}
	return j.aside.add(ctx, quarantineRow(j.entry.Submission, e, &r))
}

// keepFindings puts the findings into the entry, in the order of their places.
func (j *job) keepFindings() {
	nth := map[diag.Group]int{}
	for _, d := range j.found.Kept() {
		g := diag.Group{Code: d.Code, Sheet: d.Pos.Sheet, Field: d.Field}
		nth[g]++
		j.entry.Found = append(j.entry.Found, Found{Diagnostic: d, SheetNo: j.sheetNo[d.Pos.Sheet], N: nth[g], Of: j.found.Count(d)})
	}
}
